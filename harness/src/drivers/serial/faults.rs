//! What slaves do wrong when asked to: `slow=0.01/500ms,silent=0.01,busy=0.02,wrong-unit=0.01,crc=0.01,stale=0.01`.
//!
//! Each answer suffers at most one fault, drawn from the seed, the unit and the answer's number.

use std::fmt;
use std::str::FromStr;

use palisade_sim::words::{AgentKey, Dice};
use thiserror::Error;

use crate::record::Micros;

/// What can happen to an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// It comes late.
    Slow,
    /// It does not come.
    Silent,
    /// The slave refuses: busy, exception 6.
    Busy,
    /// It carries the unit of a neighbour.
    WrongUnit,
    /// A byte of it is damaged.
    CheckSum,
    /// It is the answer to the poll before.
    Stale,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 6] =
        [Fault::Slow, Fault::Silent, Fault::Busy, Fault::WrongUnit, Fault::CheckSum, Fault::Stale];

    /// The word used in specifications and reports.
    pub fn word(self) -> &'static str {
        match self {
            Fault::Slow => "slow",
            Fault::Silent => "silent",
            Fault::Busy => "busy",
            Fault::WrongUnit => "wrong-unit",
            Fault::CheckSum => "crc",
            Fault::Stale => "stale",
        }
    }
}

/// How often each happens. None by default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// Shares of all answers, 0..1, in the order of [`Fault::ALL`].
    shares: [f64; Fault::ALL.len()],
    /// How much a slow answer is late, µs.
    pub slow_by_us: Micros,
}

/// What is wrong with a specification, ready to show.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct BadSpec(String);

impl FromStr for Faults {
    type Err = BadSpec;

    fn from_str(spec: &str) -> Result<Faults, BadSpec> {
        let mut faults = Faults::default();
        for part in spec.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| BadSpec(format!("`{part}` has no value; write it like `silent=0.01`")))?;
            let at = Fault::ALL.iter().position(|fault| fault.word() == name.trim()).ok_or_else(|| {
                let known = Fault::ALL.map(Fault::word).join(", ");
                BadSpec(format!("there is no fault `{}`; there are {known}", name.trim()))
            })?;
            let share = match (Fault::ALL[at], value.split_once('/')) {
                (Fault::Slow, Some((share, by))) => {
                    let by: palisade_sim::model::scenario::Duration =
                        by.trim().parse().map_err(|error| BadSpec(format!("`slow`: {error}")))?;
                    faults.slow_by_us = by.0.0 * 1_000;
                    share
                }
                (Fault::Slow, None) => {
                    let text = format!("`{part}` does not say how slow; write it like `slow=0.01/500ms`");
                    return Err(BadSpec(text));
                }
                _ => value,
            };
            let wrong = || {
                BadSpec(format!("`{}={share}` is no probability; write a number from 0 to 1", name.trim()))
            };
            let share: f64 = share.trim().parse().map_err(|_| wrong())?;
            if !(0.0..=1.0).contains(&share) {
                return Err(wrong());
            }
            faults.shares[at] = share;
        }
        if faults.shares.iter().sum::<f64>() > 1.0 {
            return Err(BadSpec(
                "an answer suffers at most one fault, so all shares sum to 1 at most".into(),
            ));
        }
        Ok(faults)
    }
}

/// Written as it was typed, in a fixed order.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = Fault::ALL
            .iter()
            .zip(self.shares)
            .filter(|(_, share)| *share > 0.0)
            .map(|(fault, share)| match fault {
                Fault::Slow => format!("slow={share}/{}ms", self.slow_by_us / 1_000),
                fault => format!("{}={share}", fault.word()),
            })
            .collect();
        f.write_str(&parts.join(","))
    }
}

impl Faults {
    /// What happens to one answer of a unit, if anything.
    pub fn draw(&self, dice: Dice, line: &str, unit: u8, number: u64) -> Option<Fault> {
        if self.shares.iter().all(|share| *share == 0.0) {
            return None;
        }
        let mut lot = dice.draw(AgentKey::of(&format!("{line}/{unit}")), "serial fault", number).unit();
        Fault::ALL.into_iter().zip(self.shares).find_map(|(fault, share)| {
            let hit = lot < share;
            lot -= share;
            hit.then_some(fault)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_specification_reads_and_writes() {
        let spec = "slow=0.1/500ms,silent=0.05,stale=0.2";
        let faults: Faults = spec.parse().expect("sound");
        assert_eq!((faults.to_string().as_str(), faults.slow_by_us), (spec, 500_000));
        for (spec, expected) in [
            ("deaf=1", "there are slow, silent, busy, wrong-unit, crc, stale"),
            ("silent", "write it like `silent=0.01`"),
            ("slow=0.1", "write it like `slow=0.01/500ms`"),
            ("crc=2", "from 0 to 1"),
            ("crc=0.6,busy=0.6", "at most one fault"),
        ] {
            let said = spec.parse::<Faults>().expect_err(spec).to_string();
            assert!(said.contains(expected), "{spec}: {said}");
        }
    }

    #[test]
    fn the_seed_decides_which_answers_suffer() {
        let faults: Faults = "silent=0.1,crc=0.2".parse().expect("sound");
        let drawn = |seed, unit| -> Vec<Option<Fault>> {
            (0..5_000).map(|n| faults.draw(Dice::new(seed), "line-1", unit, n)).collect()
        };
        let first = drawn(1, 1);
        let count = |fault| first.iter().filter(|f| **f == Some(fault)).count();
        assert!((400..600).contains(&count(Fault::Silent)), "{}", count(Fault::Silent));
        assert!((880..1_120).contains(&count(Fault::CheckSum)), "{}", count(Fault::CheckSum));
        assert_eq!(first, drawn(1, 1));
        assert_ne!(first, drawn(2, 1));
        assert_ne!(first, drawn(1, 2));
        assert_eq!(Faults::default().draw(Dice::new(1), "line-1", 1, 0), None);
    }
}
