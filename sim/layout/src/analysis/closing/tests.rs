//! Holes of every width, where walls, gates and buildings meet.

use geo::{Polygon, Rect};

use crate::analysis::answer::{HeldBy, PartOf, Perimeter};
use crate::analysis::assumed;
use crate::analysis::perimeter::perimeter;
use crate::analysis::sample;
use crate::model::Site;
use crate::model::site::WallKind;

/// A compound of 100 × 50 m whose wall leaves out the north side and stands 2 m inside the outline.
fn three_sides() -> Site {
    let mut site = sample::bare(0.0, 0.0, 100.0, 50.0);
    let corners = [(2.0, 48.0), (2.0, 2.0), (98.0, 2.0), (98.0, 48.0)];
    site.walls.push(sample::wall("u", WallKind::Wall, &corners, 2.2));
    site
}

/// The same with more walls.
fn with(walls: &[(&str, &[(f64, f64)])]) -> Site {
    let mut site = three_sides();
    for (name, points) in walls {
        site.walls.push(sample::wall(name, WallKind::Wall, points, 2.2));
    }
    site
}

fn answer(site: &Site) -> Perimeter {
    let answer = perimeter(site, &[]);
    let own = answer.parts.iter().filter(|p| p.on == PartOf::Outline);
    let mut end = 0.0;
    for part in own {
        assert!((part.along_m[0] - end).abs() < 1e-6 && part.along_m[1] > end, "{answer:#?}");
        end = part.along_m[1];
    }
    assert!((end - 300.0).abs() < 1e-6, "{answer:#?}");
    answer
}

/// What it takes to close each hole, and what stands at its sides.
fn holes(site: &Site) -> Vec<(f64, String)> {
    let mut found: Vec<(f64, String)> = answer(site)
        .unwalled
        .iter()
        .map(|hole| {
            let mut sides: Vec<&str> = hole.between.iter().map(|id| id.as_str()).collect();
            sides.sort_unstable();
            (libm::round(hole.missing_m * 1000.0) / 1000.0, sides.join(" "))
        })
        .collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found
}

fn check(site: &Site, expected: &[(f64, &str)]) {
    let expected: Vec<(f64, String)> = expected.iter().map(|(m, sides)| (*m, (*sides).to_owned())).collect();
    assert_eq!(holes(site), expected);
}

const WIDTHS_M: [f64; 6] = [0.3, 0.5, 1.0, 2.0, 5.0, 7.0];

/// Each width, and the holes that are expected: none where no body passes.
fn each(site: impl Fn(f64) -> Site, sides: &str) {
    for wide in WIDTHS_M {
        let passes = wide > assumed::perimeter().body_m;
        let expected = [(wide, sides)];
        check(&site(wide), if passes { &expected } else { &[] });
    }
}

#[test]
fn the_side_without_a_wall_is_found() {
    check(&three_sides(), &[(96.0, "u u")]);
    let answer = answer(&three_sides());
    assert_eq!(answer.unwalled[0].way_m, [[98.0, 48.0], [2.0, 48.0]]);
    assert_eq!(answer.status, "1 gap, 188.0 m; 96.0 m of the outline has no wall");
}

#[test]
fn a_hole_in_a_straight_wall_is_found_whatever_its_width() {
    each(
        |wide| with(&[("w", &[(2.0, 48.0), (40.0, 48.0)]), ("e", &[(40.0 + wide, 48.0), (98.0, 48.0)])]),
        "e w",
    );
}

#[test]
fn a_hole_at_a_corner_is_found_whatever_its_width() {
    each(|wide| with(&[("n", &[(2.0, 48.0), (98.0 - wide, 48.0)])]), "n u");
    // Round the corner, where neither wall reaches it.
    let mut site = with(&[("n", &[(2.0, 48.0), (95.0, 48.0)])]);
    site.walls[0].line.0[3].y = 44.0;
    check(&site, &[(5.0, "n u")]);
    // Where nothing is near the corner, as much is missing as the outline is long: 50 m and 40 m, but for 2 m twice.
    let mut site = with(&[("n", &[(2.0, 48.0), (60.0, 48.0)])]);
    site.walls[0].line.0[3].y = 10.0;
    check(&site, &[(40.0 + 40.0 - 2.0 * 2.0, "n u")]);
}

#[test]
fn a_hole_beside_a_gate_is_found_but_for_its_pier() {
    let pier = assumed::perimeter().pier_m;
    let site = |beside: f64| {
        let mut site =
            with(&[("w", &[(2.0, 48.0), (50.0, 48.0)]), ("e", &[(54.0 + beside, 48.0), (98.0, 48.0)])]);
        site.gates.push(sample::gate("g", 52.0, 48.0, 4.0));
        site
    };
    each(|wide| site(wide + pier), "e g");
    check(&site(0.0), &[]);
    check(&site(pier), &[]);
}

#[test]
fn a_hole_between_a_wall_and_a_building_is_found_whatever_its_width() {
    each(
        |wide| {
            let mut site = with(&[("e", &[(60.0 + wide, 48.0), (98.0, 48.0)])]);
            let block = Rect::new((2.0, 40.0), (60.0, 49.0)).to_polygon();
            site.buildings.push(sample::building("b", block, 9.0));
            site
        },
        "b e",
    );
}

#[test]
fn walls_that_pass_each_other_leave_a_way_between_them() {
    each(
        |wide| {
            with(&[("w", &[(2.0, 48.0), (60.0, 48.0)]), ("e", &[(40.0, 48.0 - wide), (98.0, 48.0 - wide)])])
        },
        "e w",
    );
}

#[test]
fn several_holes_are_several() {
    let site = with(&[("w", &[(2.0, 48.0), (40.0, 48.0)]), ("e", &[(41.0, 48.0), (92.0, 48.0)])]);
    check(&site, &[(1.0, "e w"), (6.0, "e u")]);
}

#[test]
fn drawing_makes_no_hole() {
    // Walls off the outline on either side of it, a corner whose walls do not quite meet, a wall a hand's breadth off.
    check(&with(&[("n", &[(1.8, 47.8), (30.0, 54.0), (60.0, 46.0), (97.7, 48.2)])]), &[]);
    // A gate drawn a metre off the wall's line opens less of it than its width.
    let mut site = with(&[("n", &[(2.0, 48.0), (98.0, 48.0)])]);
    site.gates.push(sample::gate("g", 50.0, 49.0, 4.0));
    check(&site, &[]);
    // A wall drawn open for a gate that is a little narrower, and whose middle is a little off.
    let mut site = with(&[("w", &[(2.0, 48.0), (47.3, 48.0)]), ("e", &[(52.7, 48.0), (98.0, 48.0)])]);
    site.gates.push(sample::gate("g", 50.1, 48.3, 4.4));
    check(&site, &[]);
    // A wall that begins inside a building, and a recess: the way in lies back from the outline.
    let mut site = with(&[("e", &[(55.0, 45.0), (98.0, 48.0)])]);
    site.buildings.push(sample::building("b", Rect::new((1.8, 40.0), (60.0, 49.0)).to_polygon(), 9.0));
    check(&site, &[]);
    let recess = [(2.0, 48.0), (40.0, 48.0), (44.0, 41.0), (56.0, 41.0), (60.0, 48.0), (98.0, 48.0)];
    check(&with(&[("n", &recess)]), &[]);
    // Walls far inside an acute corner of the outline, where the nearest side of it changes from one to the other.
    let mut site = with(&[("n", &[(-13.2, 45.6), (98.0, 48.0)])]);
    site.walls[0].line.0[0] = (-13.4, 45.4).into();
    site.compounds[0].outline =
        Polygon::new([(0.0, 0.0), (100.0, 0.0), (100.0, 50.0), (-20.0, 50.0)].to_vec().into(), vec![]);
    assert!(perimeter(&site, &[]).unwalled.is_empty());
}

#[test]
fn a_building_behind_a_hole_bars_it_only_when_it_stands_there() {
    let open = with(&[("w", &[(2.0, 48.0), (30.0, 48.0)]), ("e", &[(70.0, 48.0), (98.0, 48.0)])]);
    let behind = |north: f64| {
        let mut site = open.clone();
        let block = Rect::new((31.0, north - 9.0), (69.0, north)).to_polygon();
        site.buildings.push(sample::building("b", block, 9.0));
        site
    };
    check(&behind(48.0), &[(1.0, "b e"), (1.0, "b w")]);
    check(&behind(40.0), &[(40.0, "e w")]);
}

#[test]
fn a_wall_in_the_middle_closes_nothing() {
    let mut site = sample::bare(0.0, 0.0, 100.0, 50.0);
    let square = [(30.0, 15.0), (70.0, 15.0), (70.0, 35.0), (30.0, 35.0), (30.0, 15.0)];
    site.walls.push(sample::wall("inner", WallKind::Wall, &square, 2.2));
    check(&site, &[(300.0, "")]);
    assert!(
        answer(&site).parts.iter().filter(|p| p.on == PartOf::Outline).all(|p| p.held_by == HeldBy::Open)
    );
}

#[test]
fn an_outline_says_what_stands_for_each_metre() {
    let mut site = three_sides();
    site.buildings.push(sample::building("b", Rect::new((20.0, 47.5), (60.0, 49.5)).to_polygon(), 9.0));
    site.gates.push(sample::gate("g", 80.0, 50.0, 4.0));
    let answer = answer(&site);
    let own = answer.parts.iter().filter(|p| p.on == PartOf::Outline);
    let sums = own.fold(std::collections::BTreeMap::new(), |mut sums, p| {
        *sums.entry(p.held_by).or_insert(0.0) += p.along_m[1] - p.along_m[0];
        sums
    });
    assert!((sums[&HeldBy::Facade] - 40.0).abs() < 1e-6, "{sums:?}");
    assert!((sums[&HeldBy::Gate] - 4.8).abs() < 0.1, "its clear width and its piers: {sums:?}");
    let bare: f64 = answer.unwalled.iter().map(|u| u.along_m[1] - u.along_m[0]).sum();
    assert!((sums[&HeldBy::Open] - bare).abs() < 1e-6 && bare > 50.0, "{sums:?}");
    assert_eq!(holes(&site).len(), 3, "before and behind the building, and beyond the gate");
}

#[test]
fn a_building_or_a_wall_closes_it() {
    let mut site = three_sides();
    site.buildings.push(sample::building("b", Rect::new((1.0, 47.5), (99.0, 49.5)).to_polygon(), 9.0));
    check(&site, &[]);
    check(&with(&[("n", &[(2.0, 48.0), (98.0, 48.0)])]), &[]);
}

/// The compound whose wall leaves its line in the south, from x = 50 - `half` to 50 + `half`, and goes on in some more walls.
fn bulge(half: f64, south: f64, way: &[&[(f64, f64)]]) -> Site {
    let mut site = three_sides();
    site.walls.clear();
    let ring =
        [(50.0 + half, south), (98.0, south), (98.0, 48.0), (2.0, 48.0), (2.0, south), (50.0 - half, south)];
    site.walls.push(sample::wall("u", WallKind::Wall, &ring, 2.2));
    for (i, points) in way.iter().enumerate() {
        site.walls.push(sample::wall(&format!("w{i}"), WallKind::Wall, points, 2.2));
    }
    site
}

/// A wall that runs on without a break stands for the outline as well where it strays from it, a finger's breadth beyond what
/// a wall may be off it or some metres, inwards or outwards, in one piece or in several.
#[test]
fn a_wall_that_goes_on_where_it_strays_is_no_hole() {
    let most = assumed::perimeter().outline_m;
    for deep in [most - 0.01, most + 0.01, most + 0.5, most + 5.0, -most + 0.01, -most - 0.01, -most - 5.0] {
        for half in [0.25, 3.0, 30.0] {
            let corners = [(50.0 - half, 2.0), (50.0 - half, deep), (50.0 + half, deep), (50.0 + half, 2.0)];
            check(&bulge(half, 2.0, &[&corners]), &[]);
            check(&bulge(half, 2.0, &[&corners[..2], &corners[1..3], &corners[2..]]), &[]);
        }
        // A break in the part that strays is a hole again, as wide as it is.
        let corners = [(47.0, 2.0), (47.0, deep), (53.0, deep), (53.0, 2.0)];
        let short = [corners[1], (52.5, deep)];
        check(&bulge(3.0, 2.0, &[&corners[..2], &short, &corners[2..]]), &[(0.5, "w1 w2")]);
    }
    // A gate in the part that strays closes what it opens.
    let mut gated = bulge(6.0, 2.0, &[&[(44.0, 2.0), (44.0, most + 5.0), (56.0, most + 5.0), (56.0, 2.0)]]);
    gated.gates.push(sample::gate("g", 50.0, most + 5.0, 4.0));
    check(&gated, &[]);
    // The whole south side 1 cm too far from the outline, and what holds it at both ends.
    let south = most + 0.01;
    check(&bulge(20.0, south, &[&[(30.0, south), (70.0, south)]]), &[]);
}

/// What is nearer to the middle of a compound than to its outline closes nothing, though it goes on without a break: else a wall
/// across the middle would stand for half the outline.
#[test]
fn a_wall_across_the_middle_closes_nothing() {
    let middle = 100.0 * 50.0 / 300.0;
    let deep = |m: f64| {
        let corners = [(40.0, 2.0), (40.0, m), (60.0, m), (60.0, 2.0)];
        bulge(10.0, 2.0, &[&corners])
    };
    check(&deep(middle - 0.01), &[]);
    // As far as from one leg to the other, at whichever height: the walls that meet there are one.
    let found = holes(&deep(middle + 0.01));
    assert!(found.len() == 1 && found[0].0 == 20.0, "{found:?}");
    let mut half = sample::bare(0.0, 0.0, 100.0, 50.0);
    let west = [(50.0, 2.0), (2.0, 2.0), (2.0, 48.0), (50.0, 48.0), (50.0, 2.0)];
    half.walls.push(sample::wall("west", WallKind::Wall, &west, 2.2));
    check(&half, &[(130.0, "west west")]);
}

/// A wall strays too far for less than a body: both its parts still meet.
#[test]
fn a_wall_that_strays_too_far_for_less_than_a_body_is_no_hole() {
    let off = 100.0 * 50.0 / 300.0 - 0.05;
    let bulge = |half: f64| {
        let corners = [(50.0 - half, off), (50.0, off + 0.15), (50.0 + half, off)];
        let legs = [[(30.0, 2.0), (30.0, off), corners[0]], [corners[2], (70.0, off), (70.0, 2.0)]];
        bulge(20.0, 2.0, &[&legs[0], &corners, &legs[1]])
    };
    check(&bulge(0.25), &[]);
    assert_eq!(holes(&bulge(3.0)).len(), 1);
}
