//! Faults on demand: `drop=0.05,delay=200ms,duplicate=0.02,reorder=0.02,deaf-to=beam-07,stall=500ms/5s,work=3ms,no-commands`,
//! and every defect of the catalogue by its id: `oversize-lost=8000` or, in the middle of its range, `oversize-lost`.
//!
//! Which message suffers is drawn from the seed and the message's own number, so the same seed hurts the same
//! messages again, in whatever order they arrive.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use palisade_sim::words::{AgentKey, Dice};

use super::flaws::catalogue::{self, Drawn};

const NAMES: [&str; 11] = [
    "drop",
    "delay",
    "duplicate",
    "reorder",
    "deaf-to",
    "stall",
    "work",
    "no-commands",
    "unlocks-on-call",
    "arm-reversed",
    "other-sites-lost",
];

/// Which faults the gateway has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Defects {
    /// Probability that an alarm is lost, 0..1.
    pub drop: f64,
    /// How long every alarm is held back.
    pub delay: Duration,
    /// Probability that an alarm is said twice, 0..1.
    pub duplicate: f64,
    /// Probability that an alarm is said only after the device's next one (or a second later), 0..1.
    pub reorder: f64,
    /// Devices that are not heard.
    pub deaf_to: Vec<String>,
    /// The whole gateway stands still for this long, each time this much has passed.
    pub stall: Option<Stall>,
    /// How long each message of a device keeps the gateway's only thread busy: it bears 1 / `work` of them a second.
    pub work: Duration,
    /// No device is told anything.
    pub no_commands: bool,
    /// Probability that an alarm is not passed on to the city platform, 0..1; the catalogue's `upstream-forgotten`.
    pub upstream_forgotten: f64,
    /// A door is opened when somebody rings, and not when the resident says yes.
    pub unlocks_on_call: bool,
    /// A barrier that should rise is told to come down.
    pub arm_reversed: bool,
    /// Probability that an alarm of a site other than the first one heard is lost, 0..1.
    pub other_sites_lost: f64,
    /// Defects of the catalogue.
    pub catalogue: Vec<Drawn>,
}

/// A gateway that stands still again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    /// How long it stands still.
    pub lasting: Duration,
    /// From the beginning of one standstill to the next.
    pub every: Duration,
}

/// What is wrong with a specification of defects, ready to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("--defect: {0}")]
pub struct BadSpec(String);

impl FromStr for Defects {
    type Err = BadSpec;

    fn from_str(spec: &str) -> Result<Defects, BadSpec> {
        let mut defects = Defects::default();
        for part in spec.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            if let Some(alone) = defects.alone(part) {
                *alone = true;
                continue;
            }
            let (id, strength) = part.split_once('=').unwrap_or((part, ""));
            if let Some(entry) = catalogue::find(id.trim()) {
                defects.catalogue.push(of_strength(entry, strength)?);
                continue;
            }
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| BadSpec(format!("`{part}` has no value; write it like `drop=0.05`")))?;
            match name.trim() {
                "drop" => defects.drop = share(name, value)?,
                "duplicate" => defects.duplicate = share(name, value)?,
                "reorder" => defects.reorder = share(name, value)?,
                "other-sites-lost" => defects.other_sites_lost = share(name, value)?,
                "delay" => defects.delay = duration(name, value)?,
                "work" => defects.work = duration(name, value)?,
                "deaf-to" => defects.deaf_to.push(value.trim().to_owned()),
                "stall" => defects.stall = Some(stall(value)?),
                name if defects.alone(name).is_some() => {
                    return Err(BadSpec(format!("`{name}` stands alone, without `={value}`")));
                }
                other => {
                    return Err(BadSpec(format!(
                        "there is no defect `{other}`; there are {}, and those that `palisade defects --list` names",
                        NAMES.join(", ")
                    )));
                }
            }
        }
        Ok(defects)
    }
}

/// A defect of the catalogue with the strength that was typed, in the middle of its range without one.
fn of_strength(entry: &'static catalogue::Entry, typed: &str) -> Result<Drawn, BadSpec> {
    let usual = entry.usual();
    if typed.is_empty() {
        return Ok(usual);
    }
    let id = &entry.id;
    let Some(unit) = &entry.unit else {
        return Err(BadSpec(format!("`{id}` stands alone, without `={typed}`")));
    };
    match typed.trim().parse::<f64>() {
        Ok(strength) if strength.is_finite() && strength >= 0.0 => Ok(Drawn { strength, ..usual }),
        _ => Err(BadSpec(format!("`{id}={typed}` is no strength; write a number, in {unit}"))),
    }
}

fn share(name: &str, value: &str) -> Result<f64, BadSpec> {
    let wrong = || BadSpec(format!("`{name}={value}` is no probability; write a number from 0 to 1"));
    let share: f64 = value.trim().parse().map_err(|_| wrong())?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err(wrong()) }
}

fn duration(name: &str, value: &str) -> Result<Duration, BadSpec> {
    let parsed: palisade_sim::model::scenario::Duration =
        value.trim().parse().map_err(|error| BadSpec(format!("`{name}`: {error}")))?;
    Ok(Duration::from_millis(parsed.0.0.unsigned_abs()))
}

fn stall(value: &str) -> Result<Stall, BadSpec> {
    let (lasting, every) = value.split_once('/').ok_or_else(|| {
        BadSpec(format!("`stall={value}` lacks its period; write it like `stall=500ms/5s`"))
    })?;
    let stall = Stall { lasting: duration("stall", lasting)?, every: duration("stall", every)? };
    if stall.lasting >= stall.every {
        return Err(BadSpec(format!("`stall={value}` never ends; the first length must be the shorter one")));
    }
    Ok(stall)
}

/// Written as it was typed, in a fixed order.
impl fmt::Display for Defects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        for (name, share) in [
            ("drop", self.drop),
            ("duplicate", self.duplicate),
            ("reorder", self.reorder),
            ("other-sites-lost", self.other_sites_lost),
        ] {
            if share > 0.0 {
                parts.push(format!("{name}={share}"));
            }
        }
        if !self.delay.is_zero() {
            parts.push(format!("delay={}ms", self.delay.as_millis()));
        }
        if !self.work.is_zero() {
            parts.push(format!("work={}ms", self.work.as_millis()));
        }
        parts.extend(self.deaf_to.iter().map(|device| format!("deaf-to={device}")));
        if let Some(stall) = self.stall {
            parts.push(format!("stall={}ms/{}ms", stall.lasting.as_millis(), stall.every.as_millis()));
        }
        for (name, is_set) in [
            ("no-commands", self.no_commands),
            ("unlocks-on-call", self.unlocks_on_call),
            ("arm-reversed", self.arm_reversed),
        ] {
            if is_set {
                parts.push(name.into());
            }
        }
        for Drawn { id, strength } in &self.catalogue {
            let has_degrees = catalogue::find(id).is_some_and(|entry| entry.unit.is_some());
            parts.push(if has_degrees { format!("{id}={strength}") } else { (*id).to_owned() });
        }
        f.write_str(&parts.join(","))
    }
}

/// What is done to one alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    /// It is never said.
    pub lost: bool,
    /// It is said twice.
    pub twice: bool,
    /// It is said after the device's next one.
    pub overtaken: bool,
}

impl Defects {
    /// The defect of this name, if it is one without a value.
    fn alone(&mut self, name: &str) -> Option<&mut bool> {
        match name {
            "no-commands" => Some(&mut self.no_commands),
            "unlocks-on-call" => Some(&mut self.unlocks_on_call),
            "arm-reversed" => Some(&mut self.arm_reversed),
            _ => None,
        }
    }

    /// Whether an alarm is not passed on to the city platform.
    pub fn forgets(&self, dice: Dice, device: &str, id: Option<&str>) -> bool {
        let share = self.upstream_forgotten;
        share > 0.0 && dice.draw(message(device, id), "upstream-forgotten", 0).chance(share)
    }

    /// Whether an alarm of a site other than the first one is lost.
    pub fn loses_elsewhere(&self, dice: Dice, device: &str, id: Option<&str>) -> bool {
        let share = self.other_sites_lost;
        share > 0.0 && dice.draw(message(device, id), "other-sites-lost", 0).chance(share)
    }

    /// What happens to the alarm of a message; `id` is the message's wire id, `<run>-<number>`.
    pub fn fate(&self, dice: Dice, device: &str, id: Option<&str>) -> Fate {
        let who = message(device, id);
        let hit = |purpose, share| share > 0.0 && dice.draw(who, purpose, 0).chance(share);
        Fate {
            lost: self.deaf_to.iter().any(|deaf| deaf == device) || hit("drop", self.drop),
            twice: hit("duplicate", self.duplicate),
            overtaken: hit("reorder", self.reorder),
        }
    }
}

/// Whose dice a message has: its device's and its own number's.
fn message(device: &str, id: Option<&str>) -> AgentKey {
    let number = id.map_or("", |id| id.rsplit_once('-').map_or(id, |(_, number)| number));
    AgentKey::of(&format!("{device}/{number}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_specification_reads_and_writes() {
        let spec = "drop=0.05,duplicate=0.02,delay=200ms,deaf-to=beam-07,stall=500ms/5s,work=3ms,no-commands,\
                    unlocks-on-call,arm-reversed,oversize-lost=8000,qos-0-lost";
        let defects: Defects = spec.parse().unwrap();
        assert_eq!(defects.drop, 0.05);
        assert_eq!(defects.delay, Duration::from_millis(200));
        assert_eq!(
            (defects.work, &defects.deaf_to[..]),
            (Duration::from_millis(3), &["beam-07".to_owned()][..])
        );
        assert_eq!(defects.stall.unwrap().every, Duration::from_secs(5));
        assert_eq!(defects.to_string().parse::<Defects>().unwrap(), defects);
        assert_eq!("".parse::<Defects>().unwrap(), Defects::default());
    }

    #[test]
    fn what_is_wrong_is_said_with_the_remedy() {
        for (spec, expected) in [
            ("dorp=0.5", "drop, delay, duplicate, reorder, deaf-to, stall, work, no-commands"),
            ("no-commands=1", "stands alone"),
            ("qos-0-lost=1", "stands alone"),
            ("oversize-lost=big", "write a number, in bytes"),
            ("drop", "write it like `drop=0.05`"),
            ("drop=2", "from 0 to 1"),
            ("drop=NaN", "from 0 to 1"),
            ("delay=fast", "not a length of time"),
            ("stall=5s", "lacks its period"),
            ("stall=5s/5s", "never ends"),
        ] {
            let said = spec.parse::<Defects>().unwrap_err().to_string();
            assert!(said.contains(expected), "{spec}: {said}");
        }
    }

    #[test]
    fn the_seed_decides_whom_it_hurts() {
        let defects: Defects = "drop=0.1".parse().unwrap();
        let lost = |seed: u64, run: &str| -> Vec<u32> {
            (0..5000)
                .filter(|n| defects.fate(Dice::new(seed), "cam-1", Some(&format!("{run}-{n}"))).lost)
                .collect()
        };
        let first = lost(1, "ra");
        assert!((420..580).contains(&first.len()), "{} of 5000 lost at 0.1", first.len());
        assert_eq!(first, lost(1, "rb"), "another run of the same seed hurts the same messages");
        assert_ne!(first, lost(2, "ra"));
    }
}
