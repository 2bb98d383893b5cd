//! When the connections of devices were down.

use std::collections::BTreeMap;

use palisade_sim::words::DeviceIx;

use super::absence::Absence;
use crate::record::{Link, Micros};

/// How long after a reconnect messages that waited for it are still leaving, µs.
const RECONNECT_US: Micros = 100_000;
/// The signal by which a gateway says that a device has gone away.
pub(super) const OFFLINE: &str = "device_offline";

/// A stretch of time in which a device had no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// The device.
    pub device: DeviceIx,
    /// When the connection went down, µs.
    pub from_us: Micros,
    /// When it came back, µs; nothing when it did not.
    pub until_us: Option<Micros>,
}

/// All outages of one part of a run, by device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outages {
    by_device: BTreeMap<DeviceIx, Vec<Outage>>,
    names: BTreeMap<String, DeviceIx>,
}

impl Outages {
    /// Outages of the links of one part: each lasts from a connection that goes down to the next one of its device
    /// that comes up. A connection that comes up first was never down.
    pub fn of<'a>(links: impl IntoIterator<Item = &'a Link>, name: impl Fn(DeviceIx) -> String) -> Outages {
        let mut links: Vec<&Link> = links.into_iter().collect();
        links.sort_by_key(|l| (l.device, l.at_us, l.up));
        let mut outages = Outages::default();
        for link in links {
            let of_device = outages.by_device.entry(link.device).or_default();
            let open = of_device.last_mut().filter(|o| o.until_us.is_none());
            match (open, link.up) {
                (Some(open), true) => open.until_us = Some(link.at_us),
                (None, false) => {
                    of_device.push(Outage { device: link.device, from_us: link.at_us, until_us: None });
                    outages.names.insert(name(link.device), link.device);
                }
                (Some(_), false) | (None, true) => {}
            }
        }
        outages
    }

    /// All of them, in order of their beginning.
    pub fn all(&self) -> Vec<&Outage> {
        let mut all: Vec<&Outage> = self.by_device.values().flatten().collect();
        all.sort_by_key(|o| (o.from_us, o.device));
        all
    }

    /// Whether the device had no connection, or was just coming back, at some instant from `from_us` to `until_us`.
    pub fn touches(&self, device: DeviceIx, from_us: Micros, until_us: Micros) -> bool {
        self.by_device.get(&device).is_some_and(|outages| {
            outages
                .iter()
                .any(|o| o.from_us <= until_us && o.until_us.is_none_or(|up| from_us <= up + RECONNECT_US))
        })
    }

    /// When the device had its first fresh connection after an instant, µs; nothing when it never had one.
    pub fn next_up(&self, device: DeviceIx, after_us: Micros) -> Option<Micros> {
        self.by_device.get(&device)?.iter().filter_map(|o| o.until_us).find(|up| *up > after_us)
    }

    /// The same by names of devices: for as long a gateway may believe that they are gone.
    pub(super) fn absences(&self) -> impl Iterator<Item = (&String, Absence)> {
        self.names.iter().flat_map(|(name, device)| {
            let of_device = self.by_device.get(device).into_iter().flatten();
            of_device.map(move |outage| {
                let (from_us, until_us) = (outage.from_us, outage.until_us);
                (name, Absence { from_us, until_us, connection: None, restless: false })
            })
        })
    }
}
