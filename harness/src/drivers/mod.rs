//! Drivers: they carry bytes at the instants that they are told, stamp when the bytes left, and judge nothing.

pub mod between;
pub mod city;
pub mod crowd;
pub mod fleet;
pub mod mqtt;
pub mod orders;
mod outage;
pub mod platform;
pub mod serial;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

use crate::record::Micros;

/// The one clock of a run: monotonic, with the wall clock only as a label of its start.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    wall_ms: i64,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Clock {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Clock { start: Instant::now(), wall_ms: wall.as_millis() as i64 }
    }

    /// Now, µs since the start.
    pub fn now_us(&self) -> Micros {
        self.start.elapsed().as_micros() as Micros
    }

    /// Where the machine's monotonic clock stood at the start, µs: another process counts from it.
    pub fn zero_us(&self) -> Micros {
        monotonic_us() - self.now_us()
    }

    /// An instant on this clock.
    pub fn at(&self, instant: Instant) -> Micros {
        instant.saturating_duration_since(self.start).as_micros() as Micros
    }

    /// An instant of this clock as one of the machine's.
    pub fn instant(&self, at_us: Micros) -> Instant {
        self.start + Duration::from_micros(at_us.max(0).unsigned_abs())
    }

    /// How long until an instant of this clock; nothing when it is past.
    pub fn until(&self, at_us: Micros) -> Duration {
        Duration::from_micros(u64::try_from(at_us - self.now_us()).unwrap_or(0))
    }

    /// An instant of this clock as wall time, ms after the epoch.
    pub fn epoch_ms(&self, at_us: Micros) -> i64 {
        self.wall_ms + at_us.div_euclid(1000)
    }
}

/// The machine's monotonic clock, µs; the same for all its processes.
pub fn monotonic_us() -> Micros {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec * 1_000_000 + now.tv_nsec / 1_000
}

/// Waits for an instant: sleeps until shortly before, then spins, since a sleep ends tens of µs late and a timer of
/// the runtime a millisecond. False when `stop` said so before.
pub fn wait_until(clock: &Clock, at_us: Micros, stop: &dyn Fn() -> bool) -> bool {
    const SPIN: Duration = Duration::from_micros(150);
    const LOOK: Duration = Duration::from_millis(20);
    loop {
        if stop() {
            return false;
        }
        let left = clock.until(at_us);
        if left <= SPIN {
            break;
        }
        std::thread::sleep((left - SPIN).min(LOOK));
    }
    while !clock.until(at_us).is_zero() {
        std::hint::spin_loop();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_until_the_instant_and_not_less() {
        let clock = Clock::start();
        for at_us in [2_000, 7_500, 7_500, 9_000] {
            assert!(wait_until(&clock, at_us, &|| false));
            assert!(clock.now_us() >= at_us);
        }
        assert!(!wait_until(&clock, i64::MAX / 2, &|| true));
    }
}
