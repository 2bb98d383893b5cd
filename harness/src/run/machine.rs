//! What the machine did between two instants, as the kernel counts it.

use std::fs;
use std::time::Instant;

use palisade_load::others::Others;

use crate::record::{Beside, Machine, Micros};

/// The kernel's counters at one instant.
pub(super) struct Gauge {
    began: Instant,
    ticks: Option<Ticks>,
    waited_us: Option<u64>,
    others: Others,
}

/// Time of all processors, in the kernel's ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ticks {
    all: u64,
    idle: u64,
    steal: u64,
}

impl Gauge {
    /// Reads the counters.
    pub(super) fn read() -> Gauge {
        let read = |path| fs::read_to_string(path).ok();
        Gauge {
            began: Instant::now(),
            ticks: read("/proc/stat").and_then(|text| ticks(&text)),
            waited_us: read("/proc/pressure/cpu").and_then(|text| waited_us(&text)),
            others: Others::look(),
        }
    }

    /// What was done since; nothing on a machine without such counters.
    pub(super) fn since(&self, at_us: Micros, part: &str) -> Option<Machine> {
        let now = Gauge::read();
        let (was, is) = self.ticks.zip(now.ticks)?;
        let all = is.all.saturating_sub(was.all).max(1) as f64;
        let share = |was: u64, is: u64| is.saturating_sub(was) as f64 / all;
        let us = now.began.duration_since(self.began).as_micros().max(1) as f64;
        let steal = share(was.steal, is.steal);
        Some(Machine {
            at_us,
            part: part.to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            busy: (1.0 - share(was.idle, is.idle) - steal).max(0.0),
            steal,
            pressure: self
                .waited_us
                .zip(now.waited_us)
                .map(|(was, is)| (is.saturating_sub(was) as f64 / us).min(1.0)),
            others: self
                .others
                .until(&now.others)
                .into_iter()
                .map(|other| Beside { program: other.name, processors: other.processors })
                .collect(),
        })
    }
}

/// The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal. Guests' time is in user's.
fn ticks(stat: &str) -> Option<Ticks> {
    let all: Vec<u64> =
        stat.lines().next()?.split_whitespace().skip(1).take(8).map_while(|n| n.parse().ok()).collect();
    let [_, _, _, idle, iowait, _, _, steal] = all[..] else { return None };
    Some(Ticks { all: all.iter().sum(), idle: idle + iowait, steal })
}

/// `some avg10=0.00 avg60=0.00 avg300=0.00 total=123`: µs in which something waited.
fn waited_us(pressure: &str) -> Option<u64> {
    let some = pressure.lines().find(|line| line.starts_with("some "))?;
    some.rsplit_once("total=")?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_counters_are_read() {
        let stat = "cpu  10 1 5 100 4 0 1 7 3 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n";
        assert_eq!(ticks(stat), Some(Ticks { all: 128, idle: 104, steal: 7 }));
        assert_eq!(ticks("intr 1 2"), None);
        assert_eq!(
            waited_us("some avg10=0.00 avg60=0.10 avg300=0.00 total=4711\nfull avg10=0\n"),
            Some(4711)
        );
        assert_eq!(waited_us(""), None);
    }

    #[test]
    fn a_share_is_one() {
        let gauge = Gauge::read();
        let Some(machine) = gauge.since(5, "main") else { return assert!(gauge.ticks.is_none()) };
        for share in [machine.busy, machine.steal, machine.pressure.unwrap_or_default()] {
            assert!((0.0..=1.0).contains(&share), "{machine:?}");
        }
    }
}
