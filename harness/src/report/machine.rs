//! What the machine was doing while the gateway was driven, and what that means for the figures.

use super::model::{MachinePart, OtherProgram};
use crate::record::{Beside, Machine};

/// Share of time given to other guests of the host above which latency moves by itself.
const STEAL: f64 = 0.01;
/// Share of time in which something waited for a processor above which it does, too.
const PRESSURE: f64 = 0.2;

/// The part of the report.
pub(super) fn part(machine: &Machine) -> MachinePart {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let mut told = format!("{} processors, {} busy", machine.cores, percent(machine.busy));
    told += &format!(", {} given to others by the host", percent(machine.steal));
    if let Some(pressure) = machine.pressure {
        told += &format!(", something waited for one in {} of the time", percent(pressure));
    }
    if !machine.others.is_empty() {
        let used = |other: &Beside| format!("{} {}", other.program, percent(other.processors));
        let others: Vec<String> = machine.others.iter().map(used).collect();
        told += &format!(", others beside the run: {} of one", others.join(", "));
    }
    if machine.steal > STEAL {
        told +=
            "; the host took time away: repeat the run, name several baselines, or take a machine of its own";
    } else if machine.pressure.is_some_and(|p| p > PRESSURE) {
        told += "; the processors were too few for all that ran: a latency may be the machine's, so look at the floor beside it, \
                 keep other jobs away, or name several baselines";
    }
    MachinePart {
        cores: machine.cores,
        busy: machine.busy,
        steal: machine.steal,
        pressure: machine.pressure,
        others: machine.others.iter().map(shown).collect(),
        told,
    }
}

fn shown(other: &Beside) -> OtherProgram {
    OtherProgram { program: other.program.clone(), processors: other.processors }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_machine_is_told_with_what_to_do() {
        let quiet = Machine {
            at_us: 0,
            part: "main".into(),
            cores: 2,
            busy: 0.3,
            steal: 0.0,
            pressure: Some(0.02),
            others: Vec::new(),
        };
        let check = |machine: Machine, advice: Option<&str>| {
            let told = part(&machine).told;
            assert_eq!(
                told.split_once("; ").map(|(_, advice)| advice.split(':').next().unwrap_or("")),
                advice
            );
        };
        check(quiet.clone(), None);
        check(Machine { pressure: None, ..quiet.clone() }, None);
        check(Machine { steal: 0.04, ..quiet.clone() }, Some("the host took time away"));
        check(
            Machine { pressure: Some(0.5), ..quiet.clone() },
            Some("the processors were too few for all that ran"),
        );
        let beside = |program: &str, processors| Beside { program: program.into(), processors };
        let others = vec![beside("cargo", 0.974), beside("kdamond.0", 0.016)];
        let told = part(&Machine { others, ..quiet }).told;
        assert!(told.ends_with(", others beside the run: cargo 97.4 %, kdamond.0 1.6 % of one"), "{told}");
    }
}
