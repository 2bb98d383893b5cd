use geo::Rect;

use super::super::caster::Caster;
use super::super::coverage::HEIGHTS_M;
use super::super::projection::EDITIONS;
use super::super::rules::{RuleBook, assess};
use super::super::sightlines::look;
use super::super::tiers::{Tier, tiers};
use super::super::{bill, plan_with, sample};
use super::*;
use crate::model::kit::Kit;
use crate::model::site::WallKind;

struct Planned {
    scenario: Scenario,
    views: Views,
    report: PlanReport,
}

impl Planned {
    fn of(mut scenario: Scenario) -> Planned {
        scenario.devices = crate::model::devices(&scenario.file, &scenario.site);
        let caster = Caster::of(&scenario);
        let views = Views::of(&scenario, &caster);
        let answer = plan_with(&scenario, &caster, &views);
        let book = RuleBook::residential().expect("the shipped book");
        let rules = assess(&book, &scenario, (&caster, &views), &answer, None);
        let (shipped, prices) =
            (Tier::shipped().expect("the shipped tiers"), Prices::shipped().expect("prices"));
        let report = PlanReport {
            beams: super::super::beam::beams(&scenario).expect("the shipped optics"),
            facade: super::super::facade::facade(&scenario, &caster),
            privacy: super::super::privacy::privacy(&scenario, &caster, &views, book.private_px_per_m()),
            tiers: tiers((&shipped, &prices), &scenario, &answer, &rules),
            answer,
            rules,
            ..PlanReport::default()
        };
        Planned { scenario, views, report }
    }

    fn side(&self) -> Side<'_> {
        Side { scenario: &self.scenario, views: &self.views, report: &self.report }
    }
}

/// A yard with a building, a tree, a wall with a zone, and two cameras.
fn yard() -> Scenario {
    let mut site = sample::bare(-20.0, -10.0, 20.0, 40.0);
    site.walls.push(sample::wall("w", WallKind::Wall, &[(-20.0, 40.0), (20.0, 40.0)], 2.5));
    site.trees.push(sample::tree("t", 0.0, 12.0));
    site.buildings.push(sample::building("b", Rect::new((-15.0, 20.0), (-5.0, 30.0)).to_polygon(), 18.0));
    let kit = serde_json::json!({
        "beam": [{ "id": "zone", "wall": "w", "from_m": [-19.9, 40.0], "to_m": [19.9, 40.0], "rays_m": [2.6, 2.8] }],
        "facade_camera": [{
            "id": "up", "at_m": [-10.0, 2.0], "height_m": 1.5, "building": "b", "bearing_deg": 0.0,
            "elevation_deg": 30.0, "hfov_deg": 90.0,
        }],
    });
    let kit: Kit = serde_json::from_value(kit).expect("a kit");
    let camera = vec![sample::camera("a", [0.0, 0.0], 0.0), sample::camera("c", [15.0, 35.0], 200.0)];
    sample::scenario(site, Kit { camera, ..kit })
}

fn changed(change: impl FnOnce(&mut Scenario)) -> Planned {
    let mut scenario = yard();
    change(&mut scenario);
    Planned::of(scenario)
}

fn held(before: &Planned, after: &Planned) -> Against {
    let prices = Prices::shipped().expect("the shipped prices");
    against(&before.side(), &after.side(), &prices).expect("two plans of one compound")
}

/// A change by hand, and what must be said of it.
type Case = (&'static str, fn(&mut Scenario));

const CHANGES: [Case; 9] = [
    ("a camera is turned", |s| s.file.kit.camera[0].bearing_deg = 40.0),
    ("a camera is moved off the old grid", |s| s.file.kit.camera[1].at_m = [55.0, 35.0]),
    ("a camera is taken down", |s| drop(s.file.kit.camera.pop())),
    ("one is put up", |s| s.file.kit.camera.push(sample::camera("d", [-18.0, 0.0], 45.0))),
    ("the zone is shorter", |s| s.file.kit.beam[0].to_m[0] = 12.0),
    ("the facade camera turns away", |s| s.file.kit.facade_camera[0].bearing_deg = 180.0),
    ("a building goes", |s| drop(s.site.buildings.pop())),
    ("the ground is larger", |s| {
        s.site.compounds[0].outline = Rect::new((-20.0, -10.0), (32.0, 40.0)).to_polygon();
    }),
    ("the tree grows", |s| s.site.trees[0].crown_radius_m = 4.0),
];

#[test]
fn a_plan_against_itself_changes_nothing() {
    let plan = changed(|_| {});
    let told = held(&plan, &plan);
    for sight in [&told.day, &told.night] {
        assert!(sight.patches.is_empty() && sight.gaps.changed.is_empty(), "{told:#?}");
        assert!(sight.gaps.unchanged > 0);
        for seen in sight.seen.values() {
            assert_eq!(
                *seen,
                SeenChange { before_m2: seen.before_m2, after_m2: seen.before_m2, ..SeenChange::default() }
            );
        }
    }
    assert!(told.rules.is_empty() && told.tiers.is_empty() && told.beams.is_empty() && told.cells.is_empty());
    assert!(told.devices.is_empty() && told.things.is_empty() && told.notes.is_empty());
    assert!(told.facade.buildings.is_empty() && told.privacy.cameras.is_empty());
    assert!(told.perimeter.stretches.is_empty() && !told.perimeter.guarded_m.differs());
    assert_eq!(told.money.yuan, 0.0);
    assert_eq!((told.ground.only_before_m2, told.ground.only_after_m2), (0.0, 0.0));
}

fn conserved(seen: &SeenChange) {
    let after = seen.before_m2 + seen.gained_m2 - seen.lost_m2 + seen.appeared_m2 - seen.vanished_m2;
    assert_eq!(seen.after_m2, after, "{seen:?}");
}

type Coverage = BTreeMap<String, BTreeMap<String, BTreeMap<String, super::super::answer::Share>>>;

/// A sight holds what both plans say, and no square metre gets lost between them.
fn sound(what: &str, sight: &Sight, plans: [&Coverage; 2], open_m2: [f64; 2]) {
    for (edition, heights) in &sight.coverage {
        for (height, classes) in heights {
            for (class, seen) in classes {
                conserved(seen);
                let areas = plans.map(|plan| plan[edition][height][class].area_m2);
                assert_eq!([seen.before_m2, seen.after_m2], areas, "{what} {class}");
            }
        }
    }
    for (height, seen) in &sight.seen {
        conserved(seen);
        let sum = |turn: Turn| -> f64 {
            let of = sight.patches.iter().filter(|p| p.turn == turn && p.height_m.to_string() == *height);
            of.map(|p| p.area_m2).sum()
        };
        assert_eq!([sum(Turn::Gained), sum(Turn::Lost)], [seen.gained_m2, seen.lost_m2], "{what}");
    }
    assert_eq!([sight.gaps.area_m2.before, sight.gaps.area_m2.after], open_m2, "{what}");
}

#[test]
fn whatever_is_changed_no_square_metre_gets_lost() {
    let before = changed(|_| {});
    let same = held(&before, &before);
    for (what, change) in CHANGES {
        let after = changed(change);
        let told = held(&before, &after);
        let plans = [&before.report.answer, &after.report.answer];
        let open = |gaps: &[Gap], small_m2: f64| gaps.iter().map(|g| g.area_m2).sum::<f64>() + small_m2;
        let by_day = plans.map(|p| open(&p.gaps, p.small_gaps.area_m2));
        let by_night = plans.map(|p| open(&p.gaps_night, p.small_gaps_night.area_m2));
        sound(what, &told.day, plans.map(|p| &p.coverage), by_day);
        sound(what, &told.night, plans.map(|p| &p.coverage_night), by_night);
        let rim = &told.perimeter;
        let guarded = rim.guarded_m.before + rim.gained_m - rim.lost_m + rim.appeared_m - rim.vanished_m;
        assert!((rim.guarded_m.after - guarded).abs() < 1e-6, "{what}: {rim:?}");
        assert_ne!(told, same, "{what} is told");
    }
}

/// Everything that has a mirror, as words in order; `back` tells it the other way round.
fn words(told: &Against, back: bool) -> Vec<String> {
    let turn = |turn: Turn| match (turn, back) {
        (Turn::Gained, false) | (Turn::Lost, true) => "gained",
        _ => "lost",
    };
    let mut words = Vec::new();
    for sight in [&told.day, &told.night] {
        for seen in sight
            .seen
            .values()
            .chain(sight.coverage.values().flat_map(|h| h.values().flat_map(|c| c.values())))
        {
            let mut pairs = [
                [seen.before_m2, seen.after_m2],
                [seen.gained_m2, seen.lost_m2],
                [seen.appeared_m2, seen.vanished_m2],
            ];
            pairs.iter_mut().filter(|_| back).for_each(|pair| pair.reverse());
            words.push(format!("{pairs:?}"));
        }
        words.extend(sight.patches.iter().map(|p| format!("{} {} {:?}", turn(p.turn), p.area_m2, p.polygon)));
        for gap in &sight.gaps.changed {
            let outcome = match (gap.outcome, back) {
                (Outcome::Closed, true) => Outcome::Opened,
                (Outcome::Opened, true) => Outcome::Closed,
                (Outcome::Shrunk, true) => Outcome::Grown,
                (Outcome::Grown, true) => Outcome::Shrunk,
                (same, _) => same,
            };
            words.push(format!(
                "{outcome:?} {} {} {}",
                both(&gap.area_m2, back),
                both(&gap.pieces, back),
                both(&gap.why, back)
            ));
        }
    }
    let held = told.perimeter.stretches.iter();
    words.extend(held.map(|h| format!("{} {} {:.6?}", turn(h.turn), h.wall, h.along_m)));
    words.extend(
        told.rules.iter().map(|r| format!("{} {} {}", r.id, both(&r.status, back), both(&r.measured, back))),
    );
    words.extend(told.tiers.iter().map(|t| format!("{} {}", t.name, both(&t.cost_yuan, back))));
    words.extend(told.beams.iter().map(|z| format!("{} {}", z.beam, both(&z.miss, back))));
    words.extend(told.facade.buildings.iter().map(|b| format!("{} {}", b.building, both(&b.seen, back))));
    words.extend(told.privacy.cameras.iter().map(|c| format!("{} {}", c.camera, both(&c.private_m2, back))));
    words.extend(told.devices.iter().map(|d| {
        let fate = match (d.fate, back) {
            (Fate::Added, true) => Fate::Removed,
            (Fate::Removed, true) => Fate::Added,
            (same, _) => same,
        };
        format!(
            "{} {fate:?} {} {}",
            d.id,
            both(&d.at_m, back),
            d.keys.iter().map(|k| both(&k.value, back)).collect::<String>()
        )
    }));
    words.sort();
    words
}

fn both<T: std::fmt::Debug>(two: &Two<T>, back: bool) -> String {
    let (first, second) = if back { (&two.after, &two.before) } else { (&two.before, &two.after) };
    format!("{first:?} -> {second:?}")
}

#[test]
fn the_other_way_round_is_the_mirror() {
    let before = changed(|_| {});
    for (what, change) in CHANGES {
        let after = changed(change);
        let (there, back) = (held(&before, &after), held(&after, &before));
        assert_eq!(words(&there, true), words(&back, false), "{what}");
        assert_ne!(words(&there, false), words(&back, false), "{what}: it is no mirror of itself");
    }
}

/// Ground with nothing on it, one camera: each cell is asked by itself, before and after.
#[test]
fn a_camera_that_is_moved_gains_and_loses_what_each_cell_says() {
    let of = |at_m: [f64; 2]| {
        let camera = vec![sample::camera("a", at_m, 0.0)];
        Planned::of(sample::scenario(
            sample::bare(-20.0, -10.0, 20.0, 40.0),
            Kit { camera, ..Kit::default() },
        ))
    };
    let (before, after) = (of([0.0, 0.0]), of([6.0, 3.0]));
    let told = held(&before, &after);
    let sees = |plan: &Planned, at: [f64; 3]| {
        let (camera, caster) = (&plan.scenario.file.kit.camera[0], Caster::of(&plan.scenario));
        let view = super::super::projection::View::of(camera);
        look(&view, camera, &caster, at).is_some_and(|l| l.px_per_m >= camera.working_px_per_m)
    };
    for height_m in HEIGHTS_M {
        let (mut gained, mut lost) = (0.0, 0.0);
        for cell in 0..80 * 100 {
            let [x, y] = [f64::from(cell % 80) * 0.5 - 19.75, f64::from(cell / 80) * 0.5 - 9.75];
            let (was, is) = (sees(&before, [x, y, height_m]), sees(&after, [x, y, height_m]));
            gained += if is && !was { 0.25 } else { 0.0 };
            lost += if was && !is { 0.25 } else { 0.0 };
        }
        let seen = told.day.seen[&height_m.to_string()];
        assert!(gained > 10.0 && lost > 10.0, "the camera moves far enough");
        assert_eq!([seen.gained_m2, seen.lost_m2], [gained, lost]);
    }
    let device = &told.devices[0];
    assert_eq!((device.fate, device.keys.len(), device.keys[0].key.as_str()), (Fate::Changed, 1, "at_m"));
    assert_eq!(device.at_m, Two { before: Some([0.0, 0.0]), after: Some([6.0, 3.0]) });
}

#[test]
fn gaps_that_overlap_are_one_case() {
    let none = changed(|s| s.file.kit.camera.clear());
    let one = changed(|s| drop(s.file.kit.camera.pop()));
    let told = held(&none, &one);
    let body: Vec<&GapChange> = told.day.gaps.changed.iter().filter(|g| g.height_m == 1.5).collect();
    assert_eq!(body.len(), 1, "one gap without cameras, however it falls apart: {:#?}", told.day.gaps);
    assert_eq!((body[0].outcome, body[0].pieces.before), (Outcome::Shrunk, 1));
    assert_eq!(body[0].stays_m2, body[0].area_m2.after, "a camera more opens nothing");
    assert_eq!(
        body[0].why.before.as_ref().map(|w| w.reason),
        Some(super::super::answer::GapReason::NoCamera)
    );
    assert_eq!(body[0].area_m2.before - body[0].area_m2.after, told.day.seen["1.5"].gained_m2);
}

#[test]
fn a_shorter_zone_loses_its_metres_and_a_rule_may_fall() {
    let (before, after) = (changed(|_| {}), changed(|s| s.file.kit.beam[0].to_m[0] = 12.0));
    let told = held(&before, &after);
    let [stretch] = told.perimeter.stretches.as_slice() else { panic!("{:?}", told.perimeter) };
    assert_eq!((stretch.turn, stretch.wall.as_str(), stretch.beams[0].as_str()), (Turn::Lost, "w", "zone"));
    assert!(
        (stretch.along_m[0] - 32.0).abs() < 0.2 && (stretch.along_m[1] - 40.0).abs() < 0.2,
        "{stretch:?}"
    );
    assert!(told.rules.iter().any(|r| r.measured.differs()), "{:#?}", told.rules);
    assert_eq!(told.beams[0].length_m.after, Some(31.9));
}

#[test]
fn the_price_is_the_bill_and_what_has_no_price_is_named() {
    let prices = Prices::shipped().expect("the shipped prices");
    let before = changed(|_| {});
    let after = changed(|s| {
        s.file.kit.camera.push(sample::camera("d", [-18.0, 0.0], 45.0));
        s.site.buildings.clear();
    });
    let money = held(&before, &after).money;
    assert_eq!(money.bill, bill::bill(&before.scenario, &after.scenario, &prices));
    assert_eq!(money.yuan, bill::total(&money.bill));
    assert_eq!(money.yuan_per_m2_gained, Some(money.yuan / money.gained_m2));
    assert_eq!(money.unpriced, ["building b is gone"]);
}

#[test]
fn plans_of_other_ground_are_refused_with_a_remedy() {
    let prices = Prices::shipped().expect("the shipped prices");
    let refused = |change: fn(&mut Scenario)| {
        let (before, after) = (changed(|_| {}), changed(change));
        against(&before.side(), &after.side(), &prices).expect_err("not the same ground").to_string()
    };
    let origin = refused(|s| s.site.origin.lon_deg += 0.1);
    assert!(
        origin.contains("120 30") && origin.contains("give both scenarios the same `origin`"),
        "{origin}"
    );
    let elsewhere = refused(|s| {
        s.site = sample::bare(500.0, 500.0, 520.0, 520.0);
        s.file.kit = Kit::default();
    });
    assert!(elsewhere.contains("compare two plans of one compound"), "{elsewhere}");
}

#[test]
fn patches_of_a_class_add_up_to_what_is_told_of_it() {
    let (before, after) = (changed(|_| {}), changed(|s| s.file.kit.camera[0].hfov_deg = 50.0));
    let told = held(&before, &after);
    let patches = class_patches(&before.side(), &after.side()).expect("two plans of one compound");
    for edition in EDITIONS {
        for class in edition.classes {
            let sum = |turn: Turn| -> f64 {
                let of = patches.iter().filter(|p| p.edition == edition.name && p.class == class.name);
                of.filter(|p| p.patch.turn == turn && p.patch.height_m == 1.5).map(|p| p.patch.area_m2).sum()
            };
            let seen = told.day.coverage[edition.name]["1.5"][class.name];
            assert_eq!(
                [sum(Turn::Gained), sum(Turn::Lost)],
                [seen.gained_m2, seen.lost_m2],
                "{}",
                class.name
            );
        }
    }
    assert!(patches.iter().any(|p| p.patch.turn == Turn::Gained && p.class == "recognise"));
}
