//! What a storm of a load's shape means for what the compound says: its devices lose their connections on purpose, keep
//! what they have to say, and send it when they are back.

use palisade_sim::words::DeviceIx;

use super::assumed::assumed;
use crate::record::{Expected, Left, Micros, Storm};

/// What a storm makes of what is owed for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swept {
    /// Nothing: it is owed as it would be without.
    No,
    /// Its device kept it and tells it from this instant on, which is then its due one, µs.
    Kept(Micros),
    /// It was under way when its connection broke, and may have to leave again: its answer may come later by so much if it
    /// does, µs.
    Later(Micros),
    /// It was under way at QoS 0, and nobody promised that it comes: the number of the storm. If it came, it is owed.
    Taken(usize),
}

/// What the storms of a part mean for a message.
pub fn swept<'a>(
    storms: impl IntoIterator<Item = &'a Storm>,
    expected: &Expected,
    left: Option<&Left>,
) -> Swept {
    let due_us = expected.intended_us;
    for storm in storms {
        let Some(back_us) = back_us(storm, expected.device) else { continue };
        if !(storm.at_us - assumed().under_way_us()..back_us).contains(&due_us) {
            continue;
        }
        // A line is taken some instants after the storm's: what left until then is under way.
        return match left.map(|left| (left.left_us >= back_us, left.qos)) {
            Some((true, _)) => Swept::Kept(back_us),
            None if due_us >= storm.at_us => Swept::Kept(back_us),
            // Also one that was prepared and not written: it is nowhere any more.
            None | Some((false, Some(0) | None)) => Swept::Taken(storm.number),
            Some((false, Some(_))) => Swept::Later(back_us - due_us),
        };
    }
    Swept::No
}

fn back_us(storm: &Storm, device: DeviceIx) -> Option<Micros> {
    storm.back.iter().find(|kept| kept.device == device).map(|kept| kept.back_us)
}

#[cfg(test)]
mod tests {
    use palisade_sim::contract::Severity;
    use palisade_sim::words::StimulusId;

    use super::*;
    use crate::record::Kept;

    #[test]
    fn a_storm_keeps_delays_and_takes() {
        let back = vec![Kept { device: DeviceIx(1), back_us: 8_000_000 }];
        let storm = Storm { number: 1, part: "main".into(), at_us: 5_000_000, cause: "storm".into(), back };
        let check = |device, due_us, left: Option<(Micros, u8)>, expected| {
            let (stimulus, part) = (StimulusId(7), "main".to_owned());
            let owed = Expected {
                stimulus,
                device: DeviceIx(device),
                part: part.clone(),
                intended_us: due_us,
                severity: Severity::Alarm,
                deadline_us: 2_000_000,
                correlate: Vec::new(),
            };
            let left = left.map(|(left_us, qos)| Left {
                stimulus,
                part,
                left_us,
                topic: "t".into(),
                payload: "p".into(),
                qos: Some(qos),
            });
            assert_eq!(swept([&storm], &owed, left.as_ref()), expected, "{due_us} {left:?}");
        };
        check(1, 6_000_000, Some((8_100_000, 1)), Swept::Kept(8_000_000));
        check(1, 6_000_000, None, Swept::Kept(8_000_000));
        check(1, 4_900_000, Some((4_900_100, 1)), Swept::Later(3_100_000));
        check(1, 4_900_000, Some((4_900_100, 0)), Swept::Taken(1));
        check(1, 4_999_999, None, Swept::Taken(1));
        // Its line was taken some milliseconds after the storm's instant; one that waited leaves when it is back.
        check(1, 5_000_500, Some((5_000_900, 0)), Swept::Taken(1));
        check(1, 5_000_500, Some((5_000_900, 1)), Swept::Later(2_999_500));
        check(1, 4_999_999, Some((8_100_000, 0)), Swept::Kept(8_000_000));
        // Long before, after it, and another device.
        check(1, 3_000_000, Some((3_000_100, 0)), Swept::No);
        check(1, 8_500_000, Some((8_500_100, 0)), Swept::No);
        check(2, 6_000_000, Some((6_000_100, 1)), Swept::No);
    }
}
