//! Faults on the wire of a serial line, between its slaves and the master: the same as on a TCP connection. A cut, a reset
//! and a half-open connection are all a wire that is cut for good.

use std::sync::{Mutex, OnceLock, PoisonError};

use palisade_load::fault::{Applied, Departure, Fault, Leaves, Line, Way};
use palisade_sim::words::AgentKey;

use crate::record::Micros;

/// What disturbs a wire, once it is known.
#[derive(Debug, Default)]
pub(super) struct Noise {
    plan: OnceLock<Plan>,
    log: Mutex<Vec<(Micros, Applied)>>,
}

#[derive(Debug)]
struct Plan {
    faults: Vec<Fault>,
    seed: u64,
    from_us: Micros,
}

impl Noise {
    /// From this instant on there are faults. Said once; what is said later changes nothing.
    pub(super) fn begin(&self, faults: Vec<Fault>, seed: u64, from_us: Micros) {
        let _ = self.plan.set(Plan { faults, seed, from_us });
    }

    /// What was done since this was asked the last time, with its instant on the run's clock.
    pub(super) fn take_log(&self) -> Vec<(Micros, Applied)> {
        std::mem::take(&mut self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One end of the wire, in the thread that plays the slaves.
#[derive(Debug, Default)]
pub(super) struct Wire {
    line: Option<(Line, Micros)>,
}

impl Wire {
    /// Bytes go onto the wire. They come back as they are when nothing disturbs it.
    pub(super) fn push<'a>(
        &mut self,
        (noise, name): (&Noise, &str),
        way: Way,
        bytes: &'a [u8],
        now_us: Micros,
    ) -> Option<&'a [u8]> {
        if self.line.is_none() {
            self.line = noise.plan.get().filter(|plan| plan.from_us <= now_us).map(|plan| {
                let key = AgentKey::of(name).0;
                (Line::with_key(&plan.faults, (plan.seed, key), 0, 0), plan.from_us)
            });
        }
        let Some((line, from_us)) = &mut self.line else { return Some(bytes) };
        line.push(way, bytes, ns(now_us - *from_us));
        None
    }

    /// What leaves the wire by now.
    pub(super) fn pull(&mut self, noise: &Noise, now_us: Micros) -> Option<(Way, Vec<u8>)> {
        let (line, from_us) = self.line.as_mut()?;
        let left = loop {
            match line.pull(ns(now_us - *from_us)) {
                Some(Departure { way, what: Leaves::Bytes(bytes), .. }) => break Some((way, bytes)),
                // Nobody is told of a wire that is cut.
                Some(_) => {}
                None => break None,
            }
        };
        let done = line.take_log();
        if !done.is_empty() {
            let at = |one: Applied| (*from_us + i64::try_from(one.at / 1_000).unwrap_or(i64::MAX), one);
            noise.log.lock().unwrap_or_else(PoisonError::into_inner).extend(done.into_iter().map(at));
        }
        left
    }

    /// When something leaves next, µs.
    pub(super) fn wakes_us(&self) -> Option<Micros> {
        let (line, from_us) = self.line.as_ref()?;
        Some(from_us + i64::try_from(line.next()?.div_ceil(1_000)).unwrap_or(i64::MAX))
    }
}

fn ns(us: Micros) -> u64 {
    us.max(0).unsigned_abs() * 1_000
}

#[cfg(test)]
mod tests {
    use palisade_load::fault::{Done, Moment, What};

    use super::*;

    fn fault(ways: Vec<Way>, what: What) -> Fault {
        Fault { ways, connections: 1.0, from: 0, until: u64::MAX, what }
    }

    #[test]
    fn a_quiet_wire_gives_bytes_back_and_a_disturbed_one_holds_and_loses_them() {
        let (noise, mut wire) = (Noise::default(), Wire::default());
        assert_eq!(wire.push((&noise, "line-1"), Way::Up, b"ab", 5), Some(&b"ab"[..]));
        let delay = What::Delay { by: 3_000_000, jitter: 0 };
        let cut = What::Cut(Moment::At(50_000_000, 0));
        noise.begin(vec![fault(vec![Way::Up], delay), fault(Way::BOTH.to_vec(), cut)], 1, 10_000);
        assert_eq!(wire.push((&noise, "line-1"), Way::Up, b"cd", 9_999), Some(&b"cd"[..]), "not yet");
        assert_eq!(wire.push((&noise, "line-1"), Way::Up, b"ef", 12_000), None);
        assert_eq!((wire.pull(&noise, 14_999), wire.wakes_us()), (None, Some(15_000)));
        assert_eq!(wire.pull(&noise, 15_000), Some((Way::Up, b"ef".to_vec())));
        assert_eq!(wire.push((&noise, "line-1"), Way::Down, b"gh", 20_000), None);
        assert_eq!(wire.pull(&noise, 20_000), Some((Way::Down, b"gh".to_vec())));
        assert_eq!(wire.pull(&noise, 60_000), None);
        assert_eq!(wire.push((&noise, "line-1"), Way::Down, b"ij", 61_000), None);
        assert_eq!(wire.pull(&noise, 70_000), None, "a wire that is cut stays so");
        let done: Vec<_> = noise.take_log().into_iter().map(|(at, one)| (at, one.done)).collect();
        assert_eq!(done, [(12_000, Done::Held(3_000_000)), (60_000, Done::Cut)]);
    }
}
