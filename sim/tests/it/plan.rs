//! The plan of the shipped yard: what one change of the kit or the site does to it, and to nothing else.

#![allow(clippy::unwrap_used, reason = "tests")]

use geo::{LineString, Rect};
use palisade_sim::analysis::answer::{GapReason, PlanAnswer};
use palisade_sim::analysis::plan;
use palisade_sim::analysis::sightlines::SightTable;
use palisade_sim::model::Scenario;
use palisade_sim::model::load::{SourceText, load};
use palisade_sim::model::site::{Building, Use, Wall, WallKind};

fn yard() -> Scenario {
    let text = |name: &str, text: &str| SourceText { name: name.into(), text: text.into() };
    let toml = text("tiny.toml", include_str!("../../../scenarios/tiny.toml"));
    let geometry = text("sites/tiny.geojson", include_str!("../../../scenarios/sites/tiny.geojson"));
    load(&toml, Some(&geometry)).unwrap()
}

fn detect(answer: &PlanAnswer, height: &str) -> f64 {
    answer.coverage["2014"][height]["detect"].area_m2
}

/// Cells that changed between two plans at the height of a standing body, as middles.
fn changed(a: &PlanAnswer, b: &PlanAnswer) -> Vec<[f64; 2]> {
    let (grid, other) = (&a.grid, &b.grid);
    assert_eq!((grid.origin_m, grid.columns, grid.rows), (other.origin_m, other.columns, other.rows));
    let middle = |cell: usize| {
        let place = |k: usize, n: usize| grid.origin_m[k] + (n as f64 + 0.5) * grid.cell_m;
        [place(0, cell % grid.columns), place(1, cell / grid.columns)]
    };
    let pairs = grid.layers[1].px_per_m.iter().zip(&other.layers[1].px_per_m).enumerate();
    pairs.filter(|(_, (a, b))| a != b).map(|(cell, _)| middle(cell)).collect()
}

#[test]
fn shares_areas_and_gaps_hang_together() {
    let answer = plan(&yard());
    for heights in answer.coverage.values() {
        assert_eq!(heights.len(), 2);
        for share in heights.values().flat_map(|classes| classes.values()) {
            assert!((0.0..=1.0).contains(&share.share));
            assert!((share.share * answer.public_ground_m2 - share.area_m2).abs() < 1e-6);
        }
    }
    let open: f64 = answer.gaps.iter().map(|g| g.area_m2).sum::<f64>() + answer.small_gaps.area_m2;
    let seen = detect(&answer, "0.5") + detect(&answer, "1.5");
    assert!((open + seen - 2.0 * answer.public_ground_m2).abs() < 1e-6);
    assert!(seen > 0.0 && !answer.gaps.is_empty());
    assert_eq!(answer, plan(&yard()), "the same twice");
}

#[test]
fn a_camera_less_changes_only_what_it_saw() {
    let full = yard();
    let mut less = full.clone();
    let gone = less.file.kit.camera.pop().unwrap();
    let (with, without) = (plan(&full), plan(&less));
    for height in ["0.5", "1.5"] {
        assert!(detect(&without, height) < detect(&with, height));
    }
    let cells = changed(&with, &without);
    assert!(!cells.is_empty());
    for [x, y] in cells {
        let distance = libm::hypot(x - gone.at_m[0], y - gone.at_m[1]);
        assert!(distance <= gone.range_m, "{x} {y} lies beyond the range of the camera that is gone");
    }
    assert_eq!(with.perimeter, without.perimeter);
}

#[test]
fn a_wall_before_a_camera_hides_what_lies_behind_it() {
    let open = yard();
    let mut walled = open.clone();
    // `cam-middle` looks west from (60, 30); the wall stands 4 m before it.
    walled.site.walls.push(Wall {
        id: "screen".into(),
        made_of: WallKind::Wall,
        line: LineString::from(vec![(56.0, 27.0), (56.0, 33.0)]),
        height_m: 3.0,
        perimeter: false,
        bar_gap_m: None,
        lowest_rail_m: None,
        delay_s: None,
    });
    let (before, after) = (plan(&open), plan(&walled));
    assert!(detect(&after, "1.5") < detect(&before, "1.5"));
    let cells = changed(&before, &after);
    assert!(!cells.is_empty());
    let causes = after.gaps.iter().flat_map(|g| &g.causes);
    assert!(causes.clone().any(|c| c.reason == GapReason::Wall && c.culprit.as_deref() == Some("screen")));
    let behind = |[x, _]: &[f64; 2]| *x < 56.0;
    assert!(cells.iter().filter(|at| behind(at)).count() * 10 > cells.len() * 9, "{cells:?}");
    assert_eq!(before.perimeter, after.perimeter);
}

#[test]
fn a_beam_a_metre_aside_opens_its_own_stretch_and_no_other() {
    let sound = yard();
    let mut aside = sound.clone();
    let north = aside.file.kit.beam.iter_mut().find(|b| b.wall.as_str() == "wall-north").unwrap();
    for end in [&mut north.from_m, &mut north.to_m] {
        end[1] -= 1.0;
    }
    let name = north.id.clone();
    let (before, after) = (plan(&sound).perimeter, plan(&aside).perimeter);
    let guarded: Vec<_> = before.zones.iter().filter(|z| z.beam.as_ref() != Some(&name)).cloned().collect();
    assert_eq!(after.zones, guarded, "the other zones guard what they did");
    assert!(after.guarded_m < before.guarded_m - 10.0);
    let elsewhere = |p: &palisade_sim::analysis::answer::Perimeter| {
        p.gaps.iter().filter(|g| g.wall.as_str() != "wall-north").cloned().collect::<Vec<_>>()
    };
    assert_eq!(elsewhere(&before), elsewhere(&after));
}

/// What the plan paints as covered is what the twin's cameras report.
#[test]
fn the_plan_and_the_twin_see_the_same() {
    let mut scenario = yard();
    scenario.site.buildings.push(Building {
        id: "extra".into(),
        name: None,
        usage: Use::Other,
        outline: Rect::new((63.0, 20.0), (66.0, 24.0)).to_polygon(),
        storeys: 1,
        height_m: 3.0,
        flats_per_storey: 0,
        height_assumed: false,
    });
    let (answer, table) = (plan(&scenario), SightTable::build(&scenario));
    let (raster, mut covered) = (table.raster(), 0);
    for (cell, &px) in answer.grid.layers[1].px_per_m.iter().enumerate().filter(|(_, px)| **px >= 0) {
        let best = table.cameras_at(raster.centre(cell)).iter().map(|s| s.px_per_m).fold(0.0, f32::max);
        // All cameras of the yard work at 25 px/m.
        assert_eq!(if px >= 25 { px } else { 0 }, best as i32, "cell {cell}");
        covered += usize::from(px >= 25);
    }
    assert!((covered as f64 * raster.cell_area_m2() - detect(&answer, "1.5")).abs() < 1e-6);
}

/// By night and in fog, too: the cells that the plan counts are the cells on which the twin's cameras report.
#[test]
fn the_plan_and_the_twin_agree_by_night_and_in_fog() {
    let counted = |change: &dyn Fn(&mut Scenario)| {
        let mut scenario = yard();
        change(&mut scenario);
        let (answer, table) = (plan(&scenario), SightTable::build(&scenario));
        let raster = table.raster();
        let (mut day, mut night) = (0.0, 0.0);
        let public = answer.grid.layers[1].px_per_m.iter().enumerate().filter(|(_, px)| **px >= 0);
        for seen in public.map(|(cell, _)| table.cameras_at(raster.centre(cell))) {
            day += if seen.is_empty() { 0.0 } else { raster.cell_area_m2() };
            night += if seen.iter().any(|s| s.by_night) { raster.cell_area_m2() } else { 0.0 };
        }
        let by_night = answer.coverage_night["2014"]["1.5"]["detect"].area_m2;
        assert!((detect(&answer, "1.5") - day).abs() < 1e-6);
        assert!((by_night - night).abs() < 1e-6, "{by_night} {night}");
        [day, night]
    };
    let dark = |s: &mut Scenario| {
        s.site.lamps.clear();
        s.file.kit.camera.iter_mut().for_each(|c| c.ir_range_m = 8.0);
    };
    let clear = counted(&|_| ());
    let unlit = counted(&dark);
    let fog = counted(&|s| s.file.day.visibility_m = 40.0);
    assert_eq!(unlit[0], clear[0], "light has nothing to say by day");
    assert!(unlit[1] < clear[1] && unlit[1] > 0.0, "{clear:?} {unlit:?}");
    assert!(fog[0] < clear[0] && fog[1] <= fog[0], "{clear:?} {fog:?}");
}
