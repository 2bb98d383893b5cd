//! A change made, and told.

use super::super::answer::{Fix, Table};
use super::super::bill::{bill, of_camera, total};
use super::choice::Trial;
use super::place::Place;
use super::trial::Edit;
use super::{Ask, apply, words};
use crate::model::{Scenario, devices};

/// The layout after a change.
pub(super) fn edited(layout: &Scenario, edit: &Edit) -> Scenario {
    let mut new = layout.clone();
    match edit {
        Edit::Camera(row, camera) => match new.file.kit.camera.get_mut(*row) {
            Some(old) => *old = camera.clone(),
            None => new.file.kit.camera.push(camera.clone()),
        },
        Edit::Tree(row, tree) => new.site.trees[*row] = tree.clone(),
        Edit::Lamp(lamp) => new.site.lamps.push(lamp.clone()),
    }
    new.devices = devices(&new.file, &new.site);
    new
}

/// What a change costs, yuan.
pub(super) fn price(ask: &Ask<'_>, edit: &Edit) -> f64 {
    total(&match edit {
        Edit::Camera(row, camera) => {
            of_camera(ask.layout, ask.layout.file.kit.camera.get(*row), camera, ask.prices)
        }
        _ => bill(ask.layout, &edited(ask.layout, edit), ask.prices),
    })
}

/// A change as a fix, with what it does and costs.
pub(super) fn told(ask: &Ask<'_>, trial: &Trial, place: &Place) -> Fix {
    let items = bill(ask.layout, &edited(ask.layout, &trial.edit), ask.prices);
    let (ground, effect) = (ask.views.ground(), trial.effect);
    let (device, change) = match &trial.edit {
        Edit::Camera(row, camera) => {
            let old = ask.layout.file.kit.camera.get(*row);
            (camera.id.clone(), apply::changes(Table::Camera, camera.id.as_str(), old, camera))
        }
        Edit::Tree(row, tree) => {
            let old = ask.layout.site.trees.get(*row);
            (tree.id.clone(), apply::changes(Table::Tree, tree.id.as_str(), old, tree))
        }
        Edit::Lamp(lamp) => (lamp.id.clone(), apply::changes(Table::Lamp, lamp.id.as_str(), None, lamp)),
    };
    Fix {
        what: words::sentence(ask.layout, &trial.edit),
        device,
        change,
        enough: place.is_enough(effect.closes),
        closes_m2: ground.area_m2(effect.closes),
        left_m2: ground.area_m2(place.cells.len() - effect.closes),
        gains_m2: ground.area_m2(effect.day.gains),
        loses_m2: ground.area_m2(effect.day.loses),
        gains_night_m2: ground.area_m2(effect.night.gains),
        loses_night_m2: ground.area_m2(effect.night.loses),
        cost_yuan: total(&items),
        cost_label: ask.prices.how.word().into(),
        bill: items,
    }
}
