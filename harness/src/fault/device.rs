//! Faults of devices: what one does wrong, which ones, and when.

use std::fmt;

use palisade_sim::contract::Class;
use palisade_sim::model::scenario::Duration;
use palisade_sim::words::{AgentKey, DeviceIx};
use schemars::JsonSchema;
use serde::Deserialize;

/// Devices that do something wrong. Instants count from the run's first message.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceFault {
    /// Devices of these classes; of all when left out.
    #[serde(default)]
    pub class: Vec<Class>,
    /// These devices, by their names; all of the classes when left out.
    #[serde(default)]
    pub devices: Vec<String>,
    /// Which share of them, drawn device by device, over 0 and up to 1; all when left out.
    pub share: Option<f64>,
    /// From when on; from the start when left out.
    pub from: Option<Duration>,
    /// Until when; to the end when left out.
    pub until: Option<Duration>,
    /// What they do.
    pub what: Ail,
}

/// What a device does wrong. Externally tagged: `what = "silent"`, `what = { chatter = { times = 5, every = "100ms" } }`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Ail {
    /// It says nothing, not even that it is alive; its connection stands.
    Silent,
    /// It says one more thing, and then nothing changes any more; it is alive.
    Stuck,
    /// It says everything several times, each time as a message of its own.
    Chatter {
        /// How often more, from 1.
        times: u32,
        /// After each such time.
        every: Duration,
    },
    /// Its clock is wrong: what it says bears another time. One of `ahead` and `behind`.
    Clock {
        /// By so much too late.
        ahead: Option<Duration>,
        /// By so much too early.
        behind: Option<Duration>,
    },
    /// It starts anew again and again: its connection breaks without a goodbye, and what is due meanwhile is never said.
    Reboot {
        /// After each such time.
        every: Duration,
        /// It is away for so long.
        down: Duration,
    },
    /// Another client has its name, so that the two throw each other out.
    DuplicateId,
    /// Its messages lack fields of the contract's.
    OldFirmware {
        /// Which: `id`, `ts`, `device`, `class`, `kind`, `signal`.
        without: Vec<String>,
    },
}

impl Ail {
    /// Its word in files and reports.
    pub fn word(&self) -> &'static str {
        match self {
            Ail::Silent => "silent",
            Ail::Stuck => "stuck",
            Ail::Chatter { .. } => "chatter",
            Ail::Clock { .. } => "clock",
            Ail::Reboot { .. } => "reboot",
            Ail::DuplicateId => "duplicate_id",
            Ail::OldFirmware { .. } => "old_firmware",
        }
    }

    /// Whether a gateway may well say that such a device is gone.
    pub fn seems_gone(word: &str) -> bool {
        ["silent", "reboot", "duplicate_id"].contains(&word)
    }

    /// Whether it needs a connection of the device's own; the others befall devices on serial lines, too.
    pub fn needs_connection(&self) -> bool {
        !matches!(self, Ail::Silent | Ail::Stuck)
    }
}

/// A device that does something wrong for a while, µs after the run's first message.
#[derive(Clone, Debug, PartialEq)]
pub struct Ailing {
    /// The device.
    pub device: DeviceIx,
    /// Its fault's place in the file, from 1.
    pub number: usize,
    /// What.
    pub ail: Ail,
    /// From when on.
    pub from_us: i64,
    /// Until when, exclusive.
    pub until_us: i64,
}

impl Ailing {
    /// Whether it does so at an instant.
    pub fn holds(&self, at_us: i64) -> bool {
        (self.from_us..self.until_us).contains(&at_us)
    }

    /// When it is away for a reboot: stretches, µs.
    pub fn away(&self, ends_us: i64) -> Vec<(i64, i64)> {
        let Ail::Reboot { every, down } = self.ail else { return Vec::new() };
        let (period, down) = (every.0.0 * 1_000, down.0.0 * 1_000);
        let until = self.until_us.min(ends_us);
        let begins = (1..).map(|round| self.from_us + round * period).take_while(|at| *at < until);
        begins.map(|at| (at, (at + down).min(until))).collect()
    }
}

impl DeviceFault {
    /// The devices that it befalls, of a kit in its order. `number` is its place in the file, from 1; `wired` says which
    /// devices have no connection of their own.
    pub fn befallen(
        &self,
        (seed, number): (u64, usize),
        kit: &[(String, Class)],
        wired: &dyn Fn(DeviceIx) -> bool,
    ) -> Vec<Ailing> {
        let us = |time: Option<Duration>| time.map(|time| time.0.0 * 1_000);
        let drawn = |name: &str| {
            let key = AgentKey::of(&format!("{seed}/device-fault/{number}/{name}")).0;
            (key >> 11) as f64 / (1_u64 << 53) as f64
        };
        let of_class = |class: Class| self.class.is_empty() || self.class.contains(&class);
        let named = |name: &String| self.devices.is_empty() || self.devices.contains(name);
        let hit = kit.iter().enumerate().filter(|(i, (name, class))| {
            let fits = of_class(*class) && named(name) && drawn(name) < self.share.unwrap_or(1.0);
            fits && !(self.ail_needs_connection() && wired(DeviceIx(*i as u32)))
        });
        hit.map(|(i, _)| Ailing {
            device: DeviceIx(i as u32),
            number,
            ail: self.what.clone(),
            from_us: us(self.from).unwrap_or(0),
            until_us: us(self.until).unwrap_or(i64::MAX),
        })
        .collect()
    }

    fn ail_needs_connection(&self) -> bool {
        self.what.needs_connection()
    }

    /// Names in it that no device of a kit has.
    pub fn strangers<'a>(&'a self, kit: &[(String, Class)]) -> Vec<&'a str> {
        let is_device = |name: &String| kit.iter().any(|(other, _)| other == name);
        self.devices.iter().filter(|name| !is_device(name)).map(String::as_str).collect()
    }
}

impl fmt::Display for DeviceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whom = match (self.devices.as_slice(), self.class.as_slice()) {
            ([], []) => "all devices".to_owned(),
            ([], classes) => classes.iter().map(|c| c.word()).collect::<Vec<_>>().join(", "),
            (names, _) => names.join(", "),
        };
        write!(f, "{}: {whom}", self.what)?;
        if let Some(share) = self.share {
            write!(f, ", {} % of them", share * 100.0)?;
        }
        if let Some(from) = self.from {
            write!(f, ", from {from}")?;
        }
        self.until.map_or(Ok(()), |until| write!(f, ", until {until}"))
    }
}

impl fmt::Display for Ail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word().replace('_', " "))?;
        match self {
            Ail::Silent | Ail::Stuck | Ail::DuplicateId => Ok(()),
            Ail::Chatter { times, every } => write!(f, " {times} times more every {every}"),
            Ail::Clock { ahead: Some(ahead), .. } => write!(f, " {ahead} ahead"),
            Ail::Clock { behind, .. } => write!(f, " {} behind", behind.unwrap_or_default()),
            Ail::Reboot { every, down } => write!(f, " every {every} for {down}"),
            Ail::OldFirmware { without } => write!(f, " without {}", without.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kit() -> Vec<(String, Class)> {
        (0..40).map(|i| (format!("d-{i}"), if i % 2 == 0 { Class::Beam } else { Class::Camera })).collect()
    }

    fn fault(what: Ail) -> DeviceFault {
        DeviceFault { class: Vec::new(), devices: Vec::new(), share: None, from: None, until: None, what }
    }

    fn hit(fault: &DeviceFault, seed: u64, wired: bool) -> Vec<u32> {
        fault.befallen((seed, 1), &kit(), &|_| wired).iter().map(|one| one.device.0).collect()
    }

    #[test]
    fn a_fault_befalls_its_classes_its_names_and_its_share() {
        assert_eq!(hit(&fault(Ail::Silent), 1, false).len(), 40);
        let beams = DeviceFault { class: vec![Class::Beam], ..fault(Ail::Stuck) };
        assert!(hit(&beams, 1, false).iter().all(|i| i % 2 == 0) && hit(&beams, 1, false).len() == 20);
        let named = DeviceFault { devices: vec!["d-3".into(), "d-4".into()], ..beams.clone() };
        assert_eq!(hit(&named, 1, false), [4]);
        let half = DeviceFault { share: Some(0.5), ..fault(Ail::Silent) };
        let (one, two) = (hit(&half, 1, false), hit(&half, 2, false));
        assert!(one != two && (8..=32).contains(&one.len()), "{one:?} {two:?}");
        // Devices on a line can be silent, and have no connection that could break.
        assert_eq!(hit(&fault(Ail::Silent), 1, true).len(), 40);
        assert!(hit(&fault(Ail::DuplicateId), 1, true).is_empty());
    }

    #[test]
    fn a_reboot_takes_a_device_away_again_and_again() {
        let seconds = |s: f64| Duration::seconds(s);
        let ail = Ail::Reboot { every: seconds(2.0), down: seconds(0.5) };
        let one = Ailing { device: DeviceIx(0), number: 1, ail, from_us: 1_000_000, until_us: 8_000_000 };
        let away = one.away(6_000_000);
        assert_eq!(away, [(3_000_000, 3_500_000), (5_000_000, 5_500_000)]);
    }
}
