use geo::{Coord, LineString, Polygon};

use super::*;
use crate::model::site::{Building, Entrance, Gate, GateFor, Path, PathFor, Use, Wall, WallKind, Wgs84};
use crate::words::Id;

fn coord(p: [f64; 2]) -> Coord<f64> {
    Coord { x: p[0], y: p[1] }
}

fn line(points: &[[f64; 2]]) -> LineString<f64> {
    LineString(points.iter().map(|p| coord(*p)).collect())
}

/// A walled square of 60 m with a block in its middle and a gate in the south.
fn yard() -> Site {
    let square = [[0.0, 0.0], [60.0, 0.0], [60.0, 60.0], [0.0, 60.0], [0.0, 0.0]];
    let block = [[20.0, 20.0], [40.0, 20.0], [40.0, 40.0], [20.0, 40.0], [20.0, 20.0]];
    let wall = Wall {
        id: Id::from("wall"),
        made_of: WallKind::Wall,
        line: line(&square),
        height_m: 2.5,
        perimeter: true,
        bar_gap_m: None,
        lowest_rail_m: None,
        delay_s: None,
    };
    let building = Building {
        id: Id::from("b1"),
        name: None,
        usage: Use::Residential,
        outline: Polygon::new(line(&block), vec![]),
        storeys: 6,
        height_m: 18.0,
        flats_per_storey: 2,
        height_assumed: false,
    };
    let gate = Gate {
        id: Id::from("south"),
        name: None,
        at: coord([30.0, 0.0]),
        width_m: 3.0,
        passage: GateFor::Both,
        height_m: None,
        delay_s: None,
    };
    let door = Entrance { id: Id::from("b1-1"), building: Id::from("b1"), at: coord([30.0, 40.0]) };
    let road = |id: &str, points: &[[f64; 2]]| Path {
        id: Id::from(id),
        passage: PathFor::Road,
        line: line(points),
        width_m: 5.0,
    };
    Site {
        origin: Wgs84::default(),
        compounds: vec![],
        buildings: vec![building],
        walls: vec![wall],
        gates: vec![gate],
        paths: vec![
            road("r1", &[[30.0, 2.0], [30.0, 10.0], [10.0, 10.0]]),
            road("r2", &[[10.0, 5.0], [10.0, 50.0]]),
        ],
        trees: vec![],
        lamps: vec![],
        entrances: vec![door],
        areas: vec![],
    }
}

#[test]
fn the_way_leads_round_the_block_and_through_the_gate() {
    let mut nav = Nav::of(&yard());
    let door = nav.places.doors[0].expect("the door can be reached");
    let portal = nav.places.portals[0].clone();
    assert!(portal.street.iter().all(|at| at[1] < -5.0), "the street is outside: {:?}", portal.street);
    let way = nav.way(door, portal.street[0]).expect("there is a way");
    assert!((71.0..74.0).contains(&way.length_m), "{}", way.length_m);
    let inside_block = |p: [f64; 2]| (20.0..40.0).contains(&p[0]) && (20.0..40.0).contains(&p[1]);
    for pair in way.points.windows(2) {
        for step in 0..=100 {
            let share = f64::from(step) / 100.0;
            let at = [0, 1].map(|i| pair[0][i] + (pair[1][i] - pair[0][i]) * share);
            assert!(!inside_block(at), "{at:?} is in the block");
            assert!(at[1].abs() > 0.3 || (at[0] - 30.0).abs() <= 1.5, "{at:?} is in the wall");
        }
    }
    let back = nav.way(portal.street[0], door).expect("and a way back");
    assert_eq!(*back, way.reversed());
}

#[test]
fn without_a_gate_there_is_no_way_out() {
    let mut closed = yard();
    let gates = std::mem::take(&mut closed.gates);
    let mut nav = Nav::of(&closed);
    let outside = [gates[0].at.x, -10.0];
    assert_eq!(nav.way([30.0, 10.0], outside), None);
    assert!(nav.way([30.0, 10.0], [10.0, 50.0]).is_some());
}

#[test]
fn an_open_compound_is_entered_from_its_edge() {
    let mut open = yard();
    open.gates.clear();
    open.walls.clear();
    let nav = Nav::of(&open);
    assert!(!nav.places.portals.is_empty());
    assert!(nav.places.portals.iter().all(|portal| portal.gate.is_none() && portal.foot));
}

#[test]
fn vehicles_keep_to_the_roads() {
    let mut nav = Nav::of(&yard());
    let way = nav.drive([30.0, -10.0], [10.0, 48.0]).expect("there is a road");
    assert!(way.points.contains(&[10.0, 10.0]), "round the corner: {:?}", way.points);
}
