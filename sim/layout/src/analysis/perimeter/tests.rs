//! Walls, zones, posts, corners and gates of a perimeter, each metre of them.

use super::*;
use crate::analysis::answer::{HeldBy, Part, PartOf};
use crate::analysis::wall_line::WallLine;
use crate::analysis::{assumed, sample};
use crate::model::scenario::Duration;
use crate::model::site::{Gate, WallKind};

fn beam(name: &str, from_m: [f64; 2], to_m: [f64; 2]) -> Beam {
    Beam {
        id: name.into(),
        from_m,
        to_m,
        wall: "rim".into(),
        model: None,
        rays_m: vec![2.3, 2.5],
        interruption: Duration::seconds(0.05),
        hold: Duration::seconds(2.0),
        rated_range_m: 200.0,
        misaligned_deg: 0.0,
    }
}

fn straight(length: f64) -> Site {
    let mut site = sample::bare(0.0, 0.0, length, 50.0);
    site.compounds.clear();
    site.walls.push(sample::wall("rim", WallKind::Fence, &[(0.0, 0.0), (length, 0.0)], 2.2));
    site
}

/// A closed rim of 100 × 50 m.
fn rim() -> Site {
    let mut site = sample::bare(0.0, 0.0, 100.0, 50.0);
    let corners = [(0.0, 0.0), (100.0, 0.0), (100.0, 50.0), (0.0, 50.0), (0.0, 0.0)];
    site.walls.push(sample::wall("rim", WallKind::Wall, &corners, 2.2));
    site
}

/// Four zones on brackets `aside` inside the rim, meeting at the corners.
fn four(aside: f64) -> Vec<Beam> {
    let corners =
        [[aside, aside], [100.0 - aside, aside], [100.0 - aside, 50.0 - aside], [aside, 50.0 - aside]];
    (0..4).map(|i| beam(&format!("z{i}"), corners[i], corners[(i + 1) % 4])).collect()
}

/// To the millimetre.
fn mm(m: f64) -> f64 {
    libm::round(m * 1000.0) / 1000.0
}

/// Each gap as (from, to, reason), after checking that lengths add up.
fn gaps(site: &Site, beams: &[Beam]) -> Vec<(f64, f64, String)> {
    let answer = perimeter(site, beams);
    let open: f64 = answer.gaps.iter().map(|g| g.along_m[1] - g.along_m[0]).sum();
    assert!((answer.length_m - answer.guarded_m - answer.gates_m - open).abs() < 1e-6, "{answer:#?}");
    conserved(site, &answer);
    assert_eq!(answer.status == "closed", answer.gaps.is_empty() && answer.unwalled.is_empty());
    answer.gaps.into_iter().map(|g| (mm(g.along_m[0]), mm(g.along_m[1]), g.reason)).collect()
}

/// Parts of each line follow each other from 0 to its length, and say what the sums say.
fn conserved(site: &Site, answer: &Perimeter) {
    let walls = site.walls.iter().filter(|w| w.perimeter).map(|w| (PartOf::Wall, &w.id, &w.line));
    let outlines = site.compounds.iter().map(|c| (PartOf::Outline, &c.id, c.outline.exterior()));
    for (on, id, line) in walls.chain(outlines) {
        let length = WallLine::new(line).length();
        let own: Vec<&Part> = answer.parts.iter().filter(|p| p.on == on && p.id == *id).collect();
        let ends: Vec<f64> = std::iter::once(0.0).chain(own.iter().map(|p| p.along_m[1])).collect();
        assert!(own.iter().zip(&ends).all(|(p, end)| p.along_m[0] == *end), "{own:#?}");
        assert!((ends[own.len()] - length).abs() < 1e-6, "{id}: {own:#?}");
    }
    let of = |held: HeldBy| -> f64 {
        let own = answer.parts.iter().filter(|p| p.on == PartOf::Wall && p.held_by == held);
        own.map(|p| p.along_m[1] - p.along_m[0]).sum()
    };
    let guarded = of(HeldBy::Zone) + of(HeldBy::Post) + of(HeldBy::Corner);
    assert!((guarded - answer.guarded_m).abs() < 1e-6 && (of(HeldBy::Gate) - answer.gates_m).abs() < 1e-6);
}

/// Who holds the walls, from the beginning of the first to the end of the last, mm apart.
fn held(site: &Site, beams: &[Beam]) -> Vec<(f64, HeldBy)> {
    let answer = perimeter(site, beams);
    conserved(site, &answer);
    let own = answer.parts.iter().filter(|p| p.on == PartOf::Wall);
    own.map(|p| (mm(p.along_m[1] - p.along_m[0]), p.held_by)).collect()
}

#[test]
fn every_metre_of_a_wall_is_held_once() {
    use HeldBy::{Corner, Gap, Gate, Post, Zone};
    let mut site = straight(100.0);
    site.gates.push(sample::gate("g", 50.0, 0.0, 6.0));
    let zones = [beam("a", [0.0, 0.0], [46.9, 0.0]), beam("b", [53.2, 0.0], [99.8, 0.0])];
    let found = held(&site, &zones);
    let expected = [(46.9, Zone), (0.1, Post), (6.0, Gate), (0.2, Gap), (46.6, Zone), (0.2, Gap)];
    assert_eq!(found, expected);
    let corners = held(&rim(), &four(0.3));
    assert_eq!(corners.iter().filter(|(m, by)| *by == Corner && *m <= 0.6).count(), 5, "{corners:?}");
    assert!(corners.iter().all(|(_, by)| matches!(by, Corner | Zone)));
}

#[test]
fn where_zones_overlap_both_must_be_passed() {
    let mut upper = beam("b", [20.0, 0.0], [60.0, 0.0]);
    upper.rays_m = vec![2.35, 2.6];
    let answer = perimeter(&straight(60.0), &[beam("a", [0.0, 0.0], [40.0, 0.0]), upper]);
    let mm = |m: Option<f64>| libm::round(m.expect("a zone") * 1000.0);
    let passes: Vec<_> = answer
        .parts
        .iter()
        .filter(|p| p.held_by == HeldBy::Zone)
        .map(|p| (mm(p.passes_under_m), mm(p.passes_over_m)))
        .collect();
    assert_eq!(passes, [(300.0, 100.0), (300.0, 150.0), (400.0, 150.0)]);
}

/// One beam over a wall of 2.2 m that goes on at 1.8 m: on the lower one a body passes under the upper ray.
#[test]
fn a_step_in_the_height_of_the_wall_opens_a_gap() {
    let mut site = straight(40.0);
    site.walls.push(sample::wall("low", WallKind::Fence, &[(40.0, 0.0), (70.0, 0.0)], 1.8));
    let zone = [beam("a", [0.0, 0.0], [70.0, 0.0])];
    assert_eq!(gaps(&site, &zone), [(0.0, 30.0, "zone too high above the wall".into())]);
    site.walls[1].height_m = 2.0;
    assert_eq!(gaps(&site, &zone), []);
    site.walls[1].height_m = 2.4;
    assert_eq!(gaps(&site, &zone), [(0.0, 30.0, "a ray of the zone runs into the wall".into())]);
}

#[test]
fn a_gap_of_two_hand_breadths_is_found_and_a_post_is_none() {
    let site = straight(100.0);
    let zones = |second: f64| [beam("a", [0.0, 0.0], [50.0, 0.0]), beam("b", [second, 0.0], [100.0, 0.0])];
    assert_eq!(gaps(&site, &zones(50.2)), [(50.0, 50.2, "between zones".into())]);
    assert_eq!(perimeter(&site, &zones(50.2)).status, "1 gap, 0.2 m");
    assert_eq!(gaps(&site, &zones(50.1)), []);
    assert_eq!(gaps(&site, &zones(40.0)), [], "zones that overlap count once");
    assert_eq!(perimeter(&site, &zones(40.0)).guarded_m, 100.0);
}

#[test]
fn without_zones_all_is_open_and_without_walls_there_is_no_boundary() {
    assert_eq!(gaps(&straight(80.0), &[]), [(0.0, 80.0, "no zone here".into())]);
    let mut site = straight(80.0);
    site.walls[0].perimeter = false;
    assert_eq!(perimeter(&site, &[]).status, "no boundary in the data");
}

#[test]
fn a_gate_is_a_gate_and_not_a_gap() {
    let mut site = straight(100.0);
    site.gates.push(sample::gate("g", 50.0, 0.0, 6.0));
    let zones = [beam("a", [0.0, 0.0], [46.9, 0.0]), beam("b", [53.0, 0.0], [100.0, 0.0])];
    assert_eq!(gaps(&site, &zones), []);
    assert_eq!(perimeter(&site, &zones).gates_m, 6.0);
    let through = [beam("a", [0.0, 0.0], [100.0, 0.0])];
    assert_eq!(
        perimeter(&site, &through).zones.len(),
        2,
        "a beam across a gate guards the wall on both sides"
    );
    assert_eq!(perimeter(&site, &through).guarded_m, 94.0);
}

/// A wall of 100 m with a gate of 6 m at which nobody stands, and a zone across it.
fn left_alone(leaf_m: Option<f64>, rays_m: [f64; 2]) -> Perimeter {
    let mut site = straight(100.0);
    site.gates.push(Gate { height_m: leaf_m, ..sample::gate("g", 50.0, 0.0, 6.0) });
    let zones = [Beam { rays_m: rays_m.to_vec(), ..beam("a", [0.0, 0.0], [100.0, 0.0]) }];
    let nobody = [Unattended { gate: "g".into(), hours_ms: vec![[0, 86_400_000]] }];
    let answer = perimeter_within(&Outlines::of(&site), &site, (&zones, &Day::default()), &nobody);
    conserved(&site, &answer);
    answer
}

#[test]
fn a_gate_where_nobody_stands_is_a_gap_unless_a_zone_runs_over_its_leaf() {
    let over = [2.3, 2.5];
    for (leaf_m, rays_m, open) in [
        (Some(2.2), over, false),
        (Some(2.4), over, true),
        (Some(1.2), over, true),
        (None, over, true),
        (Some(2.2), [2.1, 2.3], true),
    ] {
        let answer = left_alone(leaf_m, rays_m);
        let gap = answer.gaps.iter().find(|gap| gap.gate.is_some());
        assert_eq!(gap.map(|gap| gap.along_m), open.then_some([47.0, 53.0]), "{leaf_m:?} {rays_m:?}");
        assert_eq!(answer.gates_m, 0.0);
        assert!(gap.is_none_or(|gap| gap.reason.starts_with("nobody stands at g")));
    }
    assert_eq!(left_alone(Some(2.2), over).guarded_m, 100.0);
    assert_eq!(left_alone(None, over).status, "1 gap, 6.0 m");
}

/// The rim, open in the north from x = `from` to `to`, and a gate there at which nobody stands, or somebody does.
fn open_in_the_north([from, to]: [f64; 2], gate: Gate, beams: &[Beam], attended: bool) -> Perimeter {
    let mut site = rim();
    let corners = site.walls[0].line.0.clone();
    site.walls[0].line.0 = vec![corners[0], corners[1], corners[2], (to, 50.0).into()];
    let rest = [(from, 50.0), (0.0, 50.0), (0.0, 0.0)];
    site.walls.push(sample::wall("rest", WallKind::Wall, &rest, 2.2));
    let nobody = [Unattended { gate: gate.id.clone(), hours_ms: vec![[0, 86_400_000]] }];
    site.gates.push(gate);
    let alone = if attended { &[][..] } else { &nobody };
    let answer = perimeter_within(&Outlines::of(&site), &site, (beams, &Day::default()), alone);
    conserved(&site, &answer);
    let open: f64 = answer.gaps.iter().map(|g| g.along_m[1] - g.along_m[0]).sum();
    assert!((answer.length_m - answer.guarded_m - answer.gates_m - open).abs() < 1e-6, "{answer:#?}");
    answer
}

#[test]
fn a_gate_between_two_walls_is_a_line_of_its_own() {
    let of = |attended: bool| {
        let gate = Gate { height_m: Some(2.2), ..sample::gate("g", 50.0, 50.5, 5.6) };
        let mut zones = four(0.0);
        zones[2].to_m = [53.0, 50.0];
        zones.push(beam("west", [47.0, 50.0], [0.0, 50.0]));
        open_in_the_north([47.0, 53.0], gate, &zones, attended)
    };
    let held = of(true);
    assert_eq!((held.status.as_str(), mm(held.length_m), mm(held.gates_m)), ("closed", 299.6, 5.6));
    let left = of(false);
    assert_eq!((left.status.as_str(), mm(left.length_m), mm(left.gates_m)), ("1 gap, 5.6 m", 299.6, 0.0));
    assert_eq!(left.gaps[0].ends_m.map(|end| end.map(mm)), [[52.8, 50.5], [47.2, 50.5]]);
    assert_eq!(left.gaps[0].reason, "nobody stands at g, and no zone runs over its shut leaf");
}

/// A zone over the leaf of a gate between two walls guards it as it guards one inside a wall: as far as it runs along the
/// leaf, above it and not too high.
#[test]
fn a_zone_runs_over_the_leaf_of_a_gate_between_two_walls() {
    let with = |height_m: Option<f64>, north: f64, until: f64| {
        let gate = Gate { height_m, ..sample::gate("g", 50.0, 50.0, 5.6) };
        let mut zones = four(0.0);
        (zones[2].from_m[1], zones[2].to_m) = (north, [until, north]);
        open_in_the_north([47.0, 53.0], gate, &zones, false)
    };
    let leaf = |answer: &Perimeter| {
        let gap = answer.gaps.iter().find(|gap| gap.gate.is_some());
        gap.map(|gap| gap.along_m.map(mm))
    };
    let held = with(Some(2.2), 50.0, 0.0);
    assert_eq!((held.status.as_str(), mm(held.gates_m)), ("closed", 0.0));
    let own = held.parts.iter().find(|part| part.id == "g".into()).expect("the leaf");
    assert_eq!((own.held_by, own.beams.as_slice()), (HeldBy::Zone, &["z2".into()][..]));
    assert!((own.passes_under_m.expect("a zone") - 0.3).abs() < 1e-9);
    assert_eq!(leaf(&with(Some(2.2), 50.0, 50.0)), Some([2.8, 5.6]), "the zone ends over the leaf");
    assert_eq!(leaf(&with(Some(2.2), 50.6, 0.0)), Some([0.0, 5.6]), "too far aside");
    assert_eq!(leaf(&with(Some(2.4), 50.0, 0.0)), Some([0.0, 5.6]), "a ray runs into the leaf");
    assert_eq!(leaf(&with(Some(1.6), 50.0, 0.0)), Some([0.0, 5.6]), "too high above the leaf");
    let unknown = with(None, 50.0, 0.0);
    assert_eq!(leaf(&unknown), Some([0.0, 5.6]));
    assert!(unknown.gaps[0].reason.contains("without its `height_m`"), "{unknown:#?}");
}

/// A gate that is a little wider than the way that the walls leave takes a bit of each, and the way between them is open, too.
#[test]
fn a_gate_between_two_walls_is_open_from_wall_to_wall() {
    let of = |attended: bool| {
        let gate = sample::gate("g", 50.0, 50.0, 5.6);
        let mut zones = four(0.0);
        zones[2].to_m = [52.7, 50.0];
        zones.push(beam("west", [47.3, 50.0], [0.0, 50.0]));
        open_in_the_north([47.3, 52.7], gate, &zones, attended)
    };
    assert_eq!(of(true).status, "closed");
    assert!((of(true).gates_m - 5.6).abs() < 1e-6);
    let left = of(false);
    assert_eq!((left.status.as_str(), left.gaps.len()), ("3 gaps, 5.6 m", 3));
}

#[test]
fn a_gate_behind_a_wall_closes_nothing_and_opens_nothing() {
    let mut site = rim();
    site.gates.push(sample::gate("g", 50.0, 3.2, 6.0));
    let nobody = [Unattended { gate: "g".into(), hours_ms: vec![[0, 86_400_000]] }];
    let answer = perimeter_within(&Outlines::of(&site), &site, (&four(0.0), &Day::default()), &nobody);
    assert_eq!((answer.status.as_str(), mm(answer.length_m)), ("closed", 300.0));
}

#[test]
fn where_two_gates_open_a_wall_people_hold_what_both_open() {
    let mut site = straight(100.0);
    site.gates.push(sample::gate("main", 50.0, 0.0, 6.0));
    site.gates.push(sample::gate("wicket", 53.0, 0.0, 2.0));
    let nobody = [Unattended { gate: "wicket".into(), hours_ms: vec![[0, 86_400_000]] }];
    let zones = [beam("a", [0.0, 0.0], [47.0, 0.0]), beam("b", [54.0, 0.0], [100.0, 0.0])];
    let answer = perimeter_within(&Outlines::of(&site), &site, (&zones, &Day::default()), &nobody);
    conserved(&site, &answer);
    let found: Vec<_> = answer.gaps.iter().map(|gap| (gap.along_m.map(mm), gap.gate.clone())).collect();
    assert_eq!(found, [([53.0, 54.0], Some("wicket".into()))]);
    assert_eq!((mm(answer.gates_m), mm(answer.guarded_m)), (6.0, 93.0));
}

/// The outline of a compound without walls is told like any other.
#[test]
fn an_outline_without_a_wall_is_open() {
    let site = sample::bare(0.0, 0.0, 100.0, 50.0);
    let answer = perimeter(&site, &[]);
    conserved(&site, &answer);
    assert_eq!(answer.status, "no wall in the data; 300.0 m of the outline has no wall");
    assert_eq!((answer.open_places(), mm(answer.open_m()), answer.length_m), (1, 300.0, 0.0));
    // Buildings round a court close it, but for where nobody stands at the gate between them.
    let mut court = site;
    let blocks = [
        (0.0, 0.0, 100.0, 8.0),
        (0.0, 8.0, 8.0, 50.0),
        (92.0, 8.0, 100.0, 50.0),
        (8.0, 42.0, 60.0, 50.0),
        (64.8, 42.0, 92.0, 50.0),
    ];
    for (i, (west, south, east, north)) in blocks.into_iter().enumerate() {
        let block = geo::Rect::new((west, south), (east, north)).to_polygon();
        court.buildings.push(sample::building(&format!("b{i}"), block, 9.0));
    }
    assert_eq!(perimeter(&court, &[]).status, "no wall in the data; 4.8 m of the outline has no wall");
    court.gates.push(sample::gate("g", 62.4, 50.0, 4.0));
    assert_eq!(perimeter(&court, &[]).status, "closed");
    let nobody = [Unattended { gate: "g".into(), hours_ms: vec![[0, 86_400_000]] }];
    let left = perimeter_within(&Outlines::of(&court), &court, (&[], &Day::default()), &nobody);
    assert_eq!(
        (left.status.as_str(), left.gaps[0].ends_m.map(|end| end.map(mm))),
        ("1 gap, 4.0 m", [[64.4, 50.0], [60.4, 50.0]])
    );
}

#[test]
fn zones_that_meet_on_a_post_close_the_corner() {
    assert_eq!(gaps(&rim(), &four(0.0)), []);
    assert_eq!(gaps(&rim(), &four(0.3)), []);
    let mut apart = four(0.0);
    apart[1].from_m = [100.0, 0.6];
    assert_eq!(gaps(&rim(), &apart), [(100.0, 100.6, "corner between zones".into())]);
    let three = &four(0.3)[..3];
    let open = gaps(&rim(), three);
    assert_eq!(open.len(), 2, "{open:?}");
    assert_eq!(open[0], (0.0, 0.3, "no zone here".into()));
    assert_eq!((open[1].0, open[1].1), (249.7, 300.0));
}

#[test]
fn separate_walls_meet_at_corners_too() {
    let mut site = rim();
    let corners = site.walls[0].line.0.clone();
    site.walls = (0..4)
        .map(|i| {
            let ends = [(corners[i].x, corners[i].y), (corners[i + 1].x, corners[i + 1].y)];
            sample::wall(&format!("w{i}"), WallKind::Wall, &ends, 2.2)
        })
        .collect();
    assert_eq!(gaps(&site, &four(0.3)), []);
    assert_eq!(gaps(&site, &four(0.3)[1..]).len(), 3, "its own length and a bit at both neighbours");
}

#[test]
fn each_fault_of_a_zone_has_its_words() {
    let site = straight(60.0);
    let with = |change: fn(&mut Beam)| {
        let mut zone = beam("a", [0.0, 0.1], [60.0, -0.1]);
        change(&mut zone);
        gaps(&site, &[zone])
    };
    let all = |reason: &str| vec![(0.0, 60.0, reason.to_owned())];
    assert_eq!(with(|_| {}), []);
    assert_eq!(with(|z| z.rated_range_m = 59.0), all("zone too long for its rated range"));
    assert_eq!(with(|z| z.misaligned_deg = 1.5), all("zone misaligned"));
    assert_eq!(with(|z| z.rays_m = vec![1.0, 2.0]), all("zone below the wall's top"));
    assert_eq!(with(|z| z.rays_m = vec![2.9, 3.2]), all("zone too high above the wall"));
    assert_eq!(with(|z| (z.from_m[1], z.to_m[1]) = (0.6, 0.6)), all("no zone here"));
    let tight = {
        let mut zone = beam("a", [0.0, 0.0], [60.0, 0.0]);
        zone.rated_range_m = 80.0;
        perimeter(&site, &[zone])
    };
    assert!(tight.zones[0].reason.contains("70 %"), "{tight:?}");
}

#[test]
fn a_faulty_zone_is_named_only_where_no_sound_zone_helps() {
    let mut bad = beam("bad", [0.0, 0.0], [40.0, 0.0]);
    bad.misaligned_deg = 2.0;
    let zones = [bad, beam("good", [30.0, 0.0], [60.0, 0.0])];
    let site = straight(70.0);
    assert_eq!(
        gaps(&site, &zones),
        [(0.0, 30.0, "zone misaligned".into()), (60.0, 70.0, "no zone here".into())]
    );
    assert_eq!(perimeter(&site, &zones).gaps[0].beam, Some("bad".into()));
}

/// A slanting beam leaves the wall where the offset passes half a metre, exactly.
#[test]
fn a_slanting_beam_guards_until_it_is_too_far_aside() {
    let site = straight(100.0);
    let zone = beam("a", [0.0, 0.0], [100.0, 2.0]);
    let slope = libm::atan(0.02);
    // The lateral offset of a wall's point at s is s sin(slope).
    let leaves = assumed::perimeter().aside_m / libm::sin(slope);
    let found = gaps(&site, &[zone]);
    assert_eq!(found.len(), 1);
    assert!((found[0].0 - leaves).abs() < 1e-3 && found[0].1 == 100.0, "{found:?} {leaves}");
}
