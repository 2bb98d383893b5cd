//! What a layout does under some conditions, measure by measure. Why gaps are there is not asked: that takes most of the time
//! of a plan.

use std::collections::BTreeMap;

use super::ByClass;
use super::measure::Measure;
use super::service::services;
use crate::analysis::answer::{PlanAnswer, Share};
use crate::analysis::caster::Caster;
use crate::analysis::closing::Outlines;
use crate::analysis::conditions::Conditions;
use crate::analysis::coverage::{HEIGHTS_M, shares};
use crate::analysis::detection::detection;
use crate::analysis::facade::facade;
use crate::analysis::light::Light;
use crate::analysis::perimeter::perimeter_known;
use crate::analysis::rules::{self, Finding, RuleBook, assess};
use crate::analysis::sightlines::BODY_LEVEL;
use crate::analysis::views::Views;
use crate::contract::Class;
use crate::model::Scenario;
use crate::model::kit::OuterPost;
use crate::words::Ms;

/// An amount, and the things that make it up where they have names.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Held {
    pub(super) amount: f64,
    pub(super) things: BTreeMap<String, f64>,
}

impl Held {
    fn amount(amount: f64) -> Held {
        Held { amount, ..Held::default() }
    }

    /// Things with what each counts; what counts nothing is not held.
    pub(super) fn things(things: impl IntoIterator<Item = (String, f64)>) -> Held {
        let things: BTreeMap<String, f64> = things.into_iter().filter(|(_, counts)| *counts > 0.0).collect();
        Held { amount: things.values().sum(), things }
    }
}

/// Each measure of a layout.
pub(super) type Holdings = BTreeMap<Measure, Held>;

/// What is asked of a layout under some conditions.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Planned {
    pub(super) held: Holdings,
    /// By day and by night.
    pub(super) classes: [ByClass<Share>; 2],
    pub(super) rules: Vec<Finding>,
}

/// A layout with caster and views under some conditions.
#[derive(Clone, Copy)]
pub(super) struct Under<'a> {
    pub(super) layout: &'a Scenario,
    pub(super) caster: &'a Caster,
    pub(super) views: &'a Views,
    /// Nothing that is out changes them.
    pub(super) outlines: &'a Outlines,
}

const LIGHTS: [Light; 2] = [Light::Day, Light::Night];
/// Classes whose devices decide what is seen of the ground.
const SIGHT: [Class; 2] = [Class::Camera, Class::OuterPost];

impl Planned {
    /// Works everything out.
    pub(super) fn of(under: Under<'_>, book: &RuleBook) -> Planned {
        let mut held = ground(under);
        held.extend(facades(under));
        let perimeter = perimeter(under, &mut held);
        held.extend(others(under));
        let Under { layout, caster, views, .. } = under;
        Planned {
            held,
            classes: LIGHTS.map(|light| shares(views, light)),
            rules: assess(book, layout, (caster, views), &perimeter, None),
        }
    }

    /// The same from what is known of other conditions: what nothing that differs bears on is kept.
    pub(super) fn from(&self, known: &Conditions, under: Under<'_>, book: &RuleBook) -> Planned {
        let now = under.caster.conditions();
        let same = |classes: &[Class]| known.with_out_only(classes) == now.with_out_only(classes);
        let mut next = self.clone();
        if !same(&SIGHT) {
            next.held.extend(ground(under));
            next.classes = LIGHTS.map(|light| shares(under.views, light));
        }
        if !same(&[Class::FacadeCamera]) {
            next.held.extend(facades(under));
        }
        next.held.extend(others(under));
        if !same(&rules::ASKED) {
            let perimeter = perimeter(under, &mut next.held);
            next.rules = assess(book, under.layout, (under.caster, under.views), &perimeter, None);
        }
        next
    }
}

/// Ground that cameras see, and ground that cameras or posts watch.
fn ground(Under { layout, views, .. }: Under<'_>) -> Holdings {
    let public_m2 = views.ground().public_m2();
    let area_m2 = |cells: Vec<bool>| views.ground().area_m2(cells.into_iter().filter(|open| *open).count());
    let seen = |light| {
        let open: f64 = (0..HEIGHTS_M.len()).map(|level| area_m2(views.gap_by(level, light))).sum();
        Held::amount(HEIGHTS_M.len() as f64 * public_m2 - open)
    };
    let watched = |light| {
        let mut open = views.gap_by(BODY_LEVEL, light);
        let posts = layout.file.kit.outer_post.iter().zip(views.posts());
        for (_, cells) in posts.filter(|(post, _)| manned(post, light)) {
            let noticed = cells.iter().filter(|c| light == Light::Day || c.by_night);
            noticed.for_each(|c| open[c.cell as usize] = false);
        }
        Held::amount(public_m2 - area_m2(open))
    };
    let [by_day, by_night] = LIGHTS;
    Holdings::from([
        (Measure::Ground, seen(by_day)),
        (Measure::GroundNight, seen(by_night)),
        (Measure::Watched, watched(by_day)),
        (Measure::WatchedNight, watched(by_night)),
    ])
}

/// Whether somebody stands at a post at noon, for the day, or at midnight, for the night.
fn manned(post: &OuterPost, light: Light) -> bool {
    let at = if light == Light::Day { Ms(Ms::DAY.0 / 2) } else { Ms(0) };
    post.manned.is_none_or(|[from, to]| {
        let (since, lasts) = (at.0 - from.0.0, to.0.0 - from.0.0);
        since.rem_euclid(Ms::DAY.0) < lasts.rem_euclid(Ms::DAY.0)
    })
}

/// Windows, and falls from them.
fn facades(Under { layout, caster, .. }: Under<'_>) -> Holdings {
    let all = facade(layout, caster).buildings;
    let sum = |of: fn(&crate::analysis::facade::BuildingAnswer) -> usize| {
        Held::amount(all.iter().map(of).sum::<usize>() as f64)
    };
    Holdings::from([
        (Measure::Windows, sum(|b| b.seen)),
        (Measure::WindowsNight, sum(|b| b.seen_by_night)),
        (Measure::Falls, sum(|b| b.traced)),
        (Measure::FallsNight, sum(|b| b.traced_by_night)),
    ])
}

/// The perimeter, as rules ask for it.
fn perimeter(Under { layout, caster, outlines, .. }: Under<'_>, held: &mut Holdings) -> PlanAnswer {
    let perimeter = perimeter_known(outlines, layout, caster);
    held.insert(Measure::Perimeter, Held::amount(perimeter.guarded_m + perimeter.gates_m));
    PlanAnswer { perimeter, ..PlanAnswer::default() }
}

/// What does not depend on sight.
fn others(Under { layout, caster, .. }: Under<'_>) -> Holdings {
    let mut held = services(layout, caster.conditions());
    let found = detection(layout, caster.conditions());
    let sockets = found.chargers.iter().map(|c| (c.charger.to_string(), c.detected as f64));
    held.insert(Measure::SocketsDetected, Held::things(sockets));
    let stairwells = found.stairwells.iter().filter(|s| !s.detectors.is_empty());
    held.insert(Measure::StairwellsDetected, Held::things(stairwells.map(|s| (s.entrance.to_string(), 1.0))));
    held
}
