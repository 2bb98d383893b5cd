use super::*;
use crate::analysis::rules::Status;
use crate::analysis::sample;
use crate::model::kit::Kit;
use crate::model::site::{Lamp, Path, PathFor, WallKind};

fn yard() -> Scenario {
    let mut site = sample::bare(-20.0, -10.0, 20.0, 40.0);
    site.walls.push(sample::wall("w", WallKind::Wall, &[(-20.0, 40.0), (20.0, 40.0)], 2.5));
    site.trees.push(crate::model::site::Tree { evergreen: false, ..sample::tree("t", 0.0, 12.0) });
    let line = geo::LineString::from(vec![(-20.0, 20.0), (20.0, 20.0)]);
    site.paths.push(Path { id: "road".into(), passage: PathFor::Road, line, width_m: 5.0 });
    let lamp =
        |id: &str, x: f64| Lamp { id: id.into(), at: (x, 23.0).into(), height_m: 5.0, flux_lm: 4_000.0 };
    site.lamps.extend([lamp("west", -10.0), lamp("east", 10.0)]);
    let camera = vec![sample::camera("a", [0.0, 0.0], 0.0), sample::camera("b", [1.0, 0.0], 0.0)];
    let zone = serde_json::json!({
        "id": "zone", "wall": "w", "from_m": [-19.9, 40.0], "to_m": [19.9, 40.0], "rays_m": [2.6, 2.8],
    });
    let beam = vec![serde_json::from_value(zone).expect("a beam")];
    let outline = geo::Rect::new((12.0, 28.0), (20.0, 36.0)).to_polygon();
    site.buildings.push(sample::building("b", outline, 12.0));
    let others: Kit = serde_json::from_value(serde_json::json!({
        "facade_camera": [{
            "id": "facade", "at_m": [16.0, 20.0], "height_m": 3.0, "building": "b", "bearing_deg": 0.0,
            "elevation_deg": 40.0, "hfov_deg": 90.0,
        }],
        "charger": [{ "id": "row", "at_m": [-18.0, 0.0], "sockets": 10 }],
        "smoke_detector": [{ "id": "smoke", "at_m": [-18.0, 1.0], "height_m": 2.6 }],
        "heat_detector": [{ "id": "heat", "at_m": [-18.0, 8.0], "height_m": 2.6 }],
        "outer_post": [{ "id": "post", "at_m": [-15.0, -5.0], "bearing_deg": 45.0 }],
    }))
    .expect("a kit");
    sample::scenario(site, Kit { camera, beam, ..others })
}

fn one<'a>(found: &'a [Suffers], part: &str) -> &'a Suffers {
    found.iter().find(|s| s.name.contains(part)).unwrap_or_else(|| panic!("no variant with {part}"))
}

#[test]
fn each_variant_takes_what_it_hides_and_threads_do_not_matter() {
    let (yard, book) = (yard(), RuleBook::residential().expect("the shipped book"));
    let asked = variants(&yard, 26, 3);
    assert_eq!(asked.len(), 26);
    let few = variants(&yard, 16, 3);
    assert!(
        few.len() == 20 && few.iter().any(|v| v.kind == Kind::Vans),
        "devices leave room for lamps and vans"
    );
    for kind in Kind::ALL {
        assert!(asked.iter().any(|v| v.kind == kind), "{kind:?} is among them");
    }
    let found = what_if(&yard, &book, &asked, 3);
    assert_eq!(found, what_if(&yard, &book, &asked, 1));
    assert!(found.is_sorted_by(|x, y| x.worst_m2() >= y.worst_m2()));
    let lost = |part: &str| one(&found, part).lost_m2;
    assert!(lost("visibility of 50 m") > 0.0, "{found:#?}");
    assert!(lost("trees are bare") < 0.0 && lost("trees are in leaf") == 0.0);
    assert!(lost("1.5 times") > lost("1.2 times") && lost("1.2 times") > 0.0);
    assert!(lost("vans are parked") > 0.0);
    let zone = one(&found, "zone is out");
    assert!(zone.lost_m2 == 0.0 && (zone.perimeter_lost_m - 40.0).abs() < 0.5, "{zone:?}");
    assert!(lost("a is out") > 0.0, "the other camera hangs a metre aside and shows less");
}

/// Every short cut gives what the long way gives.
#[test]
fn what_is_kept_under_a_variant_is_what_would_be_worked_out_anew() {
    let yard = yard();
    let (caster, book) = (Caster::of(&yard), RuleBook::residential().expect("the shipped book"));
    let views = Views::of(&yard, &caster);
    let base = Base { layout: &yard, caster: &caster, views: &views };
    for variant in variants(&yard, 40, 7) {
        let (caster, kept) = base.under(&variant.conditions);
        assert!(kept == Views::of(&yard, &caster), "{}", variant.name);
        assert_eq!(
            planned(&yard, &book, &caster, &kept).facades.seen[1],
            0,
            "4,000 lm do not light a facade"
        );
    }
}

#[test]
fn a_rule_that_can_no_longer_be_assessed_is_lost_as_one_that_fails_is() {
    let (yard, book) = (yard(), RuleBook::residential().expect("the shipped book"));
    let caster = Caster::of(&yard);
    let views = Views::of(&yard, &caster);
    let today = planned(&yard, &book, &caster, &views);
    let variant = variants(&yard, 0, 1).remove(0);
    let met = today.rules.iter().position(|f| f.status == Status::Pass).expect("a rule that is met");
    for (status, lost) in [(Status::Pass, false), (Status::Fail, true), (Status::NotAssessable, true)] {
        let mut then = planned(&yard, &book, &caster, &views);
        then.rules[met].status = status;
        let expected: Vec<String> = lost.then(|| today.rules[met].id.clone()).into_iter().collect();
        assert_eq!(suffers(&variant, &today, &then).rules_lost, expected, "{status:?}");
    }
}

#[test]
fn facade_cameras_and_detectors_take_windows_falls_and_sockets_with_them() {
    let (mut yard, book) = (yard(), RuleBook::residential().expect("the shipped book"));
    let found = what_if(&yard, &book, &variants(&yard, 0, 1), 2);
    let out = one(&found, "facade is out");
    let seen = facade(&yard, &Caster::of(&yard)).buildings[0].clone();
    assert_eq!((out.windows_lost, out.falls_lost), (seen.seen as i64, seen.traced as i64));
    assert!(seen.traced > 0 && out.kind == Kind::FacadeCamera && out.lost_m2 == 0.0, "{out:?}");
    let night = one(&found, "night falls");
    assert_eq!(night.windows_lost, (seen.seen - seen.seen_by_night) as i64);
    // Sockets 0 to 7 of the row are within 5.8 m of one, 5 to 9 within 3.6 m of the other.
    let sockets = |part: &str| one(&found, part).sockets_lost;
    assert_eq!((sockets("smoke is out"), sockets("heat is out"), sockets("facade is out")), (5, 2, 0));
    yard.file.kit.heat_detector.clear();
    let alone = what_if(&yard, &book, &variants(&yard, 0, 1), 1);
    assert_eq!(one(&alone, "smoke is out").sockets_lost, 8);
}

#[test]
fn a_camera_out_of_order_is_a_layout_without_it() {
    let book = RuleBook::residential().expect("the shipped book");
    let mut both = yard();
    both.file.kit.camera[1].bearing_deg = 180.0;
    let found = what_if(&both, &book, &variants(&both, 0, 1), 2);
    let open = |yard: &Scenario| {
        let plan = crate::analysis::plan(yard);
        plan.gaps.iter().map(|g| g.area_m2).sum::<f64>() + plan.small_gaps.area_m2
    };
    let mut one_less = both.clone();
    one_less.file.kit.camera.remove(1);
    assert_eq!(one(&found, "b is out").lost_m2, open(&one_less) - open(&both));
    assert!(one(&found, "b is out").lost_m2 > 0.0);
}

/// Open ground by day and by night, both heights together, m².
fn open_m2(yard: &Scenario) -> [f64; 2] {
    let plan = crate::analysis::plan(yard);
    let sum = |gaps: &[crate::analysis::answer::Gap]| gaps.iter().map(|g| g.area_m2).sum::<f64>();
    [sum(&plan.gaps) + plan.small_gaps.area_m2, sum(&plan.gaps_night) + plan.small_gaps_night.area_m2]
}

#[test]
fn a_lamp_that_does_not_burn_is_a_site_without_it_and_nightfall_is_the_difference() {
    let book = RuleBook::residential().expect("the shipped book");
    let mut dark = yard();
    dark.file.kit.camera.iter_mut().for_each(|camera| (camera.ir_range_m, camera.min_lux) = (0.0, 1.0));
    let found = what_if(&dark, &book, &variants(&dark, 24, 1), 2);
    let mut one_less = dark.clone();
    one_less.site.lamps.remove(0);
    let (before, after) = (open_m2(&dark), open_m2(&one_less));
    let west = one(&found, "west does not burn");
    assert_eq!([west.lost_m2, west.lost_night_m2], [0.0, after[1] - before[1]]);
    assert!(west.lost_night_m2 > 0.0, "{west:?}");
    let row = one(&found, "the 2 lamps along road do not burn");
    assert!(row.lost_night_m2 > west.lost_night_m2 && row.kind == Kind::LampRow, "{row:?}");
    let night = one(&found, "night falls");
    assert_eq!([night.lost_m2, night.lost_night_m2], [before[1] - before[0], 0.0]);
    assert!(night.lost_by_class_m2["2014"]["1.5"]["detect"] > 0.0);
}
