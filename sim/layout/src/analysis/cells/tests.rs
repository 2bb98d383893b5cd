use geo::Rect;

use super::*;
use crate::analysis::caster::Caster;
use crate::analysis::sample;
use crate::model::kit::{Checkpoint, DutyRoom, Kit, OuterPost};
use crate::model::scenario::{Duration, TimeOfDay};
use crate::model::site::{Lamp, WallKind};
use crate::words::Ms;

fn hours(h: i64) -> TimeOfDay {
    TimeOfDay(Ms(h * 3_600_000))
}

fn cell(id: &str, [west, east]: [f64; 2], guard: &str) -> GridCell {
    let outline_m = vec![[west, 0.0], [east, 0.0], [east, 40.0], [west, 40.0]];
    GridCell { id: id.into(), outline_m, guard: guard.into() }
}

fn guard(id: &str, duty: Duty, shift: [i64; 2]) -> Guard {
    Guard { id: id.into(), duty, shift: shift.map(hours), filed: true, trained: true, radio: true }
}

/// A street of 100 × 40 m without a fence: two cells, a duty room at its west end.
fn street() -> Scenario {
    let kit = Kit {
        grid_cell: vec![cell("west", [0.0, 50.0], "g1"), cell("east", [50.0, 100.0], "g1")],
        duty_room: vec![DutyRoom {
            id: "room".into(),
            at_m: [1.0, 21.0],
            operators: 1,
            acknowledge: Duration::seconds(8.0),
        }],
        ..Kit::default()
    };
    let mut scenario = sample::scenario(sample::bare(0.0, 0.0, 100.0, 40.0), kit);
    let room = |id, shift| guard(id, Duty::DutyRoom("room".into()), shift);
    scenario.file.cast.guard = vec![room("g1", [7, 19]), room("g2", [19, 7])];
    scenario
}

fn found(scenario: &Scenario) -> Vec<CellAnswer> {
    cells(scenario, &Views::of(scenario, &Caster::new(&scenario.site)))
}

fn lamp(at: [f64; 2]) -> Lamp {
    Lamp { id: format!("lamp-{}", at[0]).as_str().into(), at: at.into(), height_m: 5.0, flux_lm: 6_000.0 }
}

fn longest_m(answer: &CellAnswer) -> f64 {
    answer.response.as_ref().map_or(f64::INFINITY, |r| r.longest_m)
}

#[test]
fn a_guard_needs_longer_to_the_farther_cell_and_the_time_is_the_way() {
    let answer = found(&street());
    assert_eq!(answer.iter().map(|c| c.open_m2).sum::<f64>(), 4_000.0);
    assert!(answer.iter().all(|c| c.problems.is_empty() && c.overlaps.is_empty()), "{answer:#?}");
    let straight = libm::hypot(99.0 - 1.0, 39.0 - 21.0);
    let way = longest_m(&answer[1]);
    assert!(way >= straight - 1e-6 && way <= 1.083 * straight, "{way} m, {straight} m straight");
    assert!(longest_m(&answer[0]) < way);
    let response = answer[1].response.as_ref().expect("a way");
    assert!((response.longest_s - way / walk_m_s()).abs() < 1e-9 && response.median_s < response.longest_s);
    assert_eq!((response.from.as_str(), response.reached), ("duty room room", 1.0));
}

#[test]
fn a_building_and_a_wall_lengthen_the_way_and_a_closed_wall_ends_it() {
    let open = longest_m(&found(&street())[1]);
    let mut site_with_block = street();
    let block = Rect::new((46.0, 4.0), (54.0, 36.0)).to_polygon();
    site_with_block.site.buildings.push(sample::building("b", block, 9.0));
    assert!(longest_m(&found(&site_with_block)[1]) > open + 1.0);
    let mut walled = street();
    let ring = [(50.0, -1.0), (101.0, -1.0), (101.0, 41.0), (50.0, 41.0), (50.0, -1.0)];
    walled.site.walls.push(sample::wall("w", WallKind::Fence, &ring, 2.0));
    let shut = &found(&walled)[1];
    assert_eq!(shut.response, None);
    assert_eq!(shut.problems, ["no way leads there from where its guard is"]);
    walled.site.gates.push(sample::gate("g", 50.0, 39.0, 6.0));
    assert!(longest_m(&found(&walled)[1]) > open + 1.0);
}

#[test]
fn a_guard_starts_beside_the_house_that_stands_in_the_middle_of_his_cell() {
    let mut scenario = street();
    scenario.file.cast.guard[0].duty = Duty::GridCell(scenario.file.kit.grid_cell[0].id.clone());
    let bare = found(&scenario)[0].response.clone().expect("he walks it");
    let house = Rect::new((5.0, 5.0), (35.0, 35.0)).to_polygon();
    scenario.site.buildings.push(sample::building("b", house, 9.0));
    let built = found(&scenario)[0].response.clone().expect("he walks round it");
    assert!(built.reached == 1.0 && built.longest_m > bare.longest_m, "{bare:?} {built:?}");
}

#[test]
fn a_camera_and_a_post_are_named_where_they_see() {
    let mut scenario = street();
    assert_eq!(found(&scenario)[0].seen, 0.0);
    scenario.file.kit.camera.push(sample::camera("cam", [0.0, 20.0], 90.0));
    let with_camera = found(&scenario);
    assert_eq!(with_camera[0].cameras, ["cam".into()]);
    assert!(with_camera[0].seen_by_cameras > 0.3 && with_camera[0].seen == with_camera[0].seen_by_cameras);
    scenario.file.kit.outer_post.push(OuterPost {
        id: "post".into(),
        at_m: [99.0, 20.0],
        bearing_deg: 270.0,
        fov_deg: 120.0,
        range_m: 45.0,
        manned: None,
    });
    let with_post = found(&scenario);
    assert_eq!(with_post[1].posts, ["post".into()]);
    assert!(with_post[1].seen > with_post[1].seen_by_cameras);
    // By night his torch reaches 15 m and the infrared light 30 m, and no lamp burns.
    assert_eq!(with_post[0].seen_by_cameras_night, with_camera[0].seen_by_cameras_night);
    assert!((0.1..with_post[0].seen_by_cameras).contains(&with_post[0].seen_by_cameras_night));
    assert!(with_post[1].seen_night > 0.0 && with_post[1].seen_night < with_post[1].seen);
    scenario.site.lamps = [[20.0, 20.0], [60.0, 20.0], [80.0, 20.0]].map(lamp).to_vec();
    assert!(found(&scenario)[1].seen_night > with_post[1].seen_night);
}

#[test]
fn overlaps_missing_guards_and_empty_hours_are_said() {
    let mut scenario = street();
    scenario.file.kit.grid_cell[1] = cell("east", [40.0, 100.0], "nobody");
    let answer = found(&scenario);
    assert_eq!(answer[0].overlaps, ["east".into()]);
    assert_eq!(answer[1].problems[0], "nobody answers for it: there is no guard nobody on the roster");
    assert_eq!(answer[1].response, None);
    let mut by_day = street();
    by_day.file.cast.guard.pop();
    assert_eq!(found(&by_day)[0].problems, ["outside 07:00–19:00 nobody answers for it"]);
}

#[test]
fn the_duty_says_where_a_guard_starts() {
    let mut scenario = street();
    scenario.file.kit.checkpoint = [("near", 60.0), ("far", 5.0)]
        .map(|(id, x)| Checkpoint { id: id.into(), at_m: [x, 21.0], key_area: false })
        .to_vec();
    scenario.file.kit.guard_tour.push(crate::model::kit::GuardTour {
        id: "tour".into(),
        checkpoints: vec!["near".into(), "far".into()],
        starts: vec![hours(1)],
        window: Duration::seconds(180.0),
        speed_m_s: 1.1,
        dwell: Duration::seconds(15.0),
    });
    let from_room = longest_m(&found(&scenario)[1]);
    scenario.file.cast.guard[0].duty = Duty::Tour("tour".into());
    let on_tour = found(&scenario).remove(1);
    assert!(longest_m(&on_tour) < from_room - 30.0);
    scenario.file.cast.guard[0].duty = Duty::GridCell("east".into());
    let walking = found(&scenario).remove(1);
    assert_eq!(walking.response.map(|r| r.from), Some("middle of cell east, which he walks".into()));
}
