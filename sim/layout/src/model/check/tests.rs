#![allow(clippy::unwrap_used, reason = "tests")]
//! One change to the tiny scenario, one list of problems.

use crate::model::load::{Problems, load};
use crate::model::tests::tiny_texts;

/// The problems of the tiny scenario after replacing text in the scenario and in the geometry.
fn problems(toml: &[(&str, &str)], geometry: &[(&str, &str)]) -> Problems {
    let (mut a, mut b) = tiny_texts();
    for (text, changes) in [(&mut a, toml), (&mut b, geometry)] {
        for (from, to) in changes {
            assert!(text.text.contains(from), "{from} is not in {}", text.name);
            text.text = text.text.replacen(from, to, 1);
        }
    }
    load(&a, Some(&b)).err().unwrap_or_default()
}

fn codes(toml: &[(&str, &str)], geometry: &[(&str, &str)]) -> Vec<&'static str> {
    problems(toml, geometry).iter().map(|p| p.code()).collect()
}

#[test]
fn what_cannot_be_read_of_a_map_is_told_once_and_missed_nowhere() {
    let shed = ("[[[120.1307444, 30.28195103], [120.13088992,", "[[[13373000.1, 3370921.1], [13373020.2,");
    assert_eq!(codes(&[], &[shed]), ["geometry::out-of-range"]);
    let crs = "\"crs\": {\"properties\": {\"name\": \"EPSG:3857\"}},";
    let said = problems(&[], &[shed, ("\"features\":", &format!("{crs} \"features\":"))]);
    let of_shed = said.iter().next().unwrap();
    assert_eq!(
        of_shed.message(),
        "[13373000.1, 3370921.1] is no longitude and latitude, nor is one more point of this map"
    );
    assert!(of_shed.help().contains("this file says `EPSG:3857`: export"), "{}", of_shed.help());
    let stray = format!("{}，", " ".repeat(2_000));
    let said = problems(&[], &[("\"features\":", &format!("{stray} \"features\":"))]);
    let mut told = String::new();
    miette::NarratableReportHandler::new().render_report(&mut told, said.iter().next().unwrap()).unwrap();
    assert!(told.contains("this is not JSON") && told.contains('，'), "{told}");
}

#[test]
fn one_change_one_problem() {
    for (from, to, code) in [
        ("wall = \"wall-north\"", "wall = \"wall-noth\"", "scenario::unknown-id"),
        ("from_m = [0.5, 60.0]", "from_m = [0.5, 58.0]", "kit::beam-off-wall"),
        ("rays_m = [2.4, 2.6]", "rays_m = [2.0, 2.6]", "kit::beam-below-top"),
        ("rays_m = [2.4, 2.6]", "rays_m = []", "kit::no-rays"),
        ("rated_range_m = 100.0", "rated_range_m = 60.0", "kit::beam-too-long"),
        ("at_m = [60.0, 30.0]", "at_m = [40.0, 40.0]", "kit::camera-inside"),
        ("at_m = [60.0, 30.0]", "at_m = [400.0, 30.0]", "kit::outside-site"),
        ("at_m = [69.0, 53.0]", "at_m = [57.0, 30.0]", "kit::detector-outdoors"),
        ("at_m = [8.0, 53.0]", "at_m = [8.0, 70.0]", "kit::tour-blocked"),
        ("shift = [\"06:00\", \"22:00\"]", "shift = [\"06:00\", \"06:00\"]", "cast::empty-shift"),
        ("id = \"cp-2\"", "id = \"cp-1\"", "kit::duplicate-id"),
        ("date = \"2026-04-14\"", "date = \"2026-02-30\"", "day::bad-date"),
        ("storey = 5", "storey = 9", "script::no-storey"),
        ("camera = 0", "camera = 3", "kit::bad-qos"),
        ("lasting = \"24h\"", "lasting = \"22h\"", "script::after-the-day"),
        ("missed = \"== 0\"", "mised = \"== 0\"", "thresholds::unknown-figure"),
        ("missed = \"== 0\"", "missed = \"< 2s\"", "thresholds::bad-comparison"),
        ("misread = 0.02", "misread = 2.0", "scenario::not-a-share"),
        ("misread = 0.02", "misreed = 0.02", "scenario::unknown-key"),
        ("heartbeat = \"10s\"", "heartbeat = \"often\"", "scenario::wrong-text"),
        ("owners_willing = 0.7", "owners_willing = 1.7", "scenario::not-a-share"),
        ("money_yuan = 120000.0", "money_yuan = -1.0", "scenario::negative"),
        ("owners = 0.4", "owners = 0.5", "project::not-the-whole"),
        ("format = 1 ", "format = 2 ", "scenario::format"),
    ] {
        let found = codes(&[(from, to)], &[]);
        assert!(found.contains(&code), "{to}: {found:?}");
        let expected = if from.contains("cp-2") { 2 } else { 1 };
        assert!(found.len() <= expected || code == "script::after-the-day", "{to}: {found:?}");
    }
}

#[test]
fn geometry_is_checked() {
    for (from, to, code) in [
        ("\"height_m\": 18.0", "\"height_m\": -18.0", "geometry::not-positive"),
        ("\"kind\": \"lamp\"", "\"kind\": \"lampe\"", "geometry::unknown-kind"),
        ("\"id\": \"b01\", ", "", "geometry::missing-property"),
        ("\"usage\": \"residential\"", "\"usage\": \"residental\"", "geometry::unknown-word"),
        ("\"features\": [", "\"features\": [ , ", "geometry::syntax"),
    ] {
        let found = codes(&[], &[(from, to)]);
        assert!(found.contains(&code), "{to}: {found:?}");
    }
}

#[test]
fn all_problems_at_once_with_their_places() {
    let changes = [
        ("misread = 0.02", "misreed = 0.02"),
        ("gate = \"gate-east\"", "gate = \"gate-west\""),
        ("from_m = [0.5, 60.0]", "from_m = [0.5, 58.0]"),
    ];
    let found = problems(
        &changes,
        &[("\"id\": \"lamp-1\", \"height_m\": 5.0", "\"id\": \"lamp-1\", \"height_m\": 0")],
    );
    let codes: Vec<_> = found.iter().map(|p| p.code()).collect();
    let expected =
        ["scenario::unknown-id", "scenario::unknown-key", "kit::beam-off-wall", "geometry::not-positive"];
    assert_eq!(codes, expected);
    let text = tiny_texts().0.text.replacen(changes[0].0, changes[0].1, 1);
    let line = text.lines().position(|l| l.starts_with("misreed")).unwrap() + 1;
    assert_eq!(found.iter().nth(1).unwrap().line_column(), (line, 1));
}
