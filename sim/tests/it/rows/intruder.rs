//! Row 14: the intruder's choice.

use super::yard::{Lived, live, yard};
use palisade_sim::contract::IncidentKind;
use palisade_sim::model::Scenario;
use palisade_sim::model::cast::Policy;
use palisade_sim::model::scenario::Duration;

/// A night in which somebody comes; which seed does not matter, only what he knows.
fn night(policy: Policy, change: impl FnOnce(&mut Scenario)) -> Lived {
    live(yard(vec![], |s| {
        s.file.cast.intrusions_per_day = 30.0;
        s.file.cast.intruder_policy = policy;
        s.file.day.lasting = Duration::seconds(5.0 * 3600.0);
        change(s);
    }))
}

fn alarms(lived: &Lived) -> usize {
    lived.said.iter().filter(|s| matches!(s.2.word().as_str(), "beam_broken" | "line_crossed")).count()
}

fn raids(lived: &Lived) -> Vec<&str> {
    let raids = lived.incidents.iter().filter(|i| i.kind == IncidentKind::Intrusion);
    raids.map(|i| i.outcome.as_str()).collect()
}

/// Adds beams on the given walls like the one on the north wall.
fn beams(s: &mut Scenario, walls: &[(&str, &str, [f64; 2], [f64; 2])]) {
    for (id, wall, from_m, to_m) in walls {
        let mut beam = s.file.kit.beam[0].clone();
        (beam.id, beam.wall, beam.from_m, beam.to_m) = ((*id).into(), (*wall).into(), *from_m, *to_m);
        s.file.kit.beam.push(beam);
    }
}

const SOUTH: [(&str, &str, [f64; 2], [f64; 2]); 2] =
    [("beam-s1", "w-south", [0.0, 0.0], [48.0, 0.0]), ("beam-s2", "w-south", [52.0, 0.0], [100.0, 0.0])];

#[test]
fn the_covert_one_finds_the_gap_and_the_rushing_one_runs_through_a_beam() {
    // The door looks south and the south wall has beams; the west wall has none.
    let [covert, rushing] =
        [Policy::Covert, Policy::Rushing].map(|policy| night(policy, |s| beams(s, &SOUTH)));
    let (sly, hasty) = (raids(&covert), raids(&rushing));
    assert!(sly.len() >= 3 && sly.len() == hasty.len(), "{sly:#?}");
    assert_eq!(alarms(&covert), 0, "he knows the beams and the cameras: {sly:#?}");
    assert!(alarms(&rushing) >= hasty.len(), "{hasty:#?}");
    assert!(hasty.iter().all(|o| o.contains("w-south")), "{hasty:#?}");
}

#[test]
fn closing_the_gap_leaves_the_covert_one_only_the_gate() {
    let closed = night(Policy::Covert, |s| {
        beams(s, &SOUTH);
        beams(s, &[("beam-w", "w-west", [0.0, 0.0], [0.0, 80.0])]);
    });
    assert!(raids(&closed).len() >= 3);
    assert!(raids(&closed).iter().all(|o| o.contains("in through gate")), "{:#?}", raids(&closed));
}
