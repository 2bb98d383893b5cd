//! Defects that are late.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::defects::Stall;
use super::{Arrival, Flaw, InOrder, Saying, millis};

/// From the beginning of one standstill to the next.
const STALL_EVERY: Duration = Duration::from_millis(1_700);
/// Idleness after which the first message is slow.
const IDLE: Duration = Duration::from_millis(500);
/// The class that is late, in the order in which classes are heard.
const LATE_CLASS: usize = 3;

pub(super) fn make(id: &str, strength: f64) -> Option<Vec<Flaw>> {
    let by = millis(strength);
    let flaw = match id {
        "delayed" => held(move |_| by),
        "delayed-under-load" => under_load(by),
        "delay-grows" => held(move |arrival| arrival.at.mul_f64(strength / 1000.0)),
        "stalls" => Flaw::Plain(|defects, ms| {
            defects.stall = Some(Stall { lasting: millis(ms), every: STALL_EVERY });
        }),
        "batches" => held(move |arrival| {
            let late = arrival.at.as_nanos() % by.as_nanos().max(1);
            by - Duration::from_nanos(late as u64)
        }),
        "device-throttled" => throttled(by),
        "slow-start" => held(move |arrival| by.saturating_sub(arrival.at)),
        "slow-after-idle" => {
            let mut last: Option<Duration> = None;
            held(move |arrival| {
                let idle = last.replace(arrival.at).is_some_and(|last| arrival.at - last >= IDLE);
                if idle { by } else { Duration::ZERO }
            })
        }
        "class-late" => {
            let mut classes = InOrder::default();
            held(move |arrival| if classes.place(&arrival.class) == LATE_CLASS { by } else { Duration::ZERO })
        }
        "reordered" => Flaw::Plain(|defects, share| defects.reorder = share),
        _ => return None,
    };
    Some(vec![flaw])
}

fn held(mut late: impl FnMut(&Arrival) -> Duration + Send + 'static) -> Flaw {
    Flaw::Says(Box::new(move |arrival, saying| {
        let after = saying.after + late(arrival);
        vec![Saying { after, ..saying }]
    }))
}

/// One server with a service time: an alarm leaves when those before it have left.
fn under_load(service: Duration) -> Flaw {
    let mut free = Duration::ZERO;
    held(move |arrival| {
        free = free.max(arrival.at) + service;
        free - arrival.at
    })
}

/// At least `space` between two alarms of a device.
fn throttled(space: Duration) -> Flaw {
    let mut free: BTreeMap<String, Duration> = BTreeMap::new();
    held(move |arrival| {
        let free = free.entry(arrival.device.clone()).or_default();
        let leaves = arrival.at.max(*free);
        *free = leaves + space;
        leaves - arrival.at
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How late each of the messages at these instants is, ms.
    fn late(id: &str, strength: f64, at_ms: &[u64]) -> Vec<u128> {
        let mut flaws = make(id, strength).unwrap_or_default();
        let Some(Flaw::Says(says)) = flaws.first_mut() else { return Vec::new() };
        let arrivals =
            at_ms.iter().map(|ms| Arrival { at: Duration::from_millis(*ms), ..Arrival::default() });
        arrivals.map(|arrival| says(&arrival, Saying::default())[0].after.as_millis()).collect()
    }

    #[test]
    fn how_late_follows_from_the_instants() {
        assert_eq!(late("delayed", 400.0, &[0, 10]), [400, 400]);
        assert_eq!(late("delayed-under-load", 30.0, &[0, 10, 20, 500]), [30, 50, 70, 30]);
        assert_eq!(late("delay-grows", 100.0, &[0, 1000, 5000]), [0, 100, 500]);
        assert_eq!(late("batches", 500.0, &[100, 499, 600]), [400, 1, 400]);
        assert_eq!(late("device-throttled", 100.0, &[0, 10, 20, 500]), [0, 90, 180, 0]);
        assert_eq!(late("slow-start", 1000.0, &[0, 900, 2000]), [1000, 100, 0]);
        assert_eq!(late("slow-after-idle", 300.0, &[0, 400, 1000]), [0, 0, 300]);
    }
}
