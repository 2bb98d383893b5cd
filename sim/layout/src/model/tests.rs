#![allow(clippy::unwrap_used, reason = "tests")]
//! The shipped tiny scenario through the loader.

use super::load::{SourceText, geometry_path, load};
use super::{Scenario, ScenarioFile};
use crate::contract::Class;

pub(crate) fn tiny_texts() -> (SourceText, SourceText) {
    let text = |name: &str, text: &str| SourceText { name: name.into(), text: text.into() };
    (
        text("tiny.toml", include_str!("../../../../scenarios/tiny.toml")),
        text("sites/tiny.geojson", include_str!("../../../../scenarios/sites/tiny.geojson")),
    )
}

fn tiny() -> Scenario {
    let (toml, geometry) = tiny_texts();
    load(&toml, Some(&geometry)).unwrap_or_else(|problems| {
        panic!("{problems}: {:#?}", problems.iter().map(|p| (p.code(), p.message())).collect::<Vec<_>>())
    })
}

#[test]
fn tiny_is_sound() {
    let scenario = tiny();
    assert_eq!(geometry_path(&tiny_texts().0).unwrap(), "sites/tiny.geojson");
    assert_eq!(scenario.households.len(), 48);
    assert_eq!(scenario.households[0].flat, "b01-1-0101");
    assert_eq!(scenario.households[47].flat, "b02-2-0602");
    let corner = scenario.site.compounds[0].outline.exterior().0[2];
    assert!((corner.x - 80.0).abs() < 0.002 && (corner.y - 60.0).abs() < 0.002, "{corner:?}");
}

#[test]
fn devices_stand_in_the_documented_order() {
    let scenario = tiny();
    let classes: Vec<Class> = scenario.devices.iter().map(|d| d.class).collect();
    assert!(classes.is_sorted(), "{classes:?}");
    assert_eq!(scenario.count_of(Class::GuardRadio), 11);
    assert_eq!(scenario.count_of(Class::FireStation), 3);
    let beam = scenario.device_by_id("beam-west").unwrap();
    assert_eq!(scenario.device_of(Class::Beam, 5), Some(beam));
    assert_eq!(scenario.device(beam).at_m, [0.0, 30.0, 2.6]);
    assert_eq!(scenario.device(scenario.device_by_id("cam-shed").unwrap()).qos, 0);
}

#[test]
fn a_written_scenario_is_read_again() {
    let file = tiny().file;
    let text = toml::to_string(&file).unwrap();
    let again: ScenarioFile = toml::from_str(&text).unwrap();
    assert_eq!(again, file);
    let (_, geometry) = tiny_texts();
    load(&SourceText { name: "again.toml".into(), text }, Some(&geometry)).unwrap();
}
