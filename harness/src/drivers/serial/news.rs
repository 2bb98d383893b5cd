//! What inputs show that no master has been told yet, on lines whose slaves do wrong when asked to: which answers would have
//! told it, and suffered. A master may well wait before it asks a unit again whose last answer suffered, so that this one
//! counts, too.

use std::collections::BTreeMap;

use palisade_sim::words::StimulusId;

use super::faults::Fault;
use crate::record::Micros;
use crate::wire::modbus::Frame;
use crate::wire::modbus::meaning::{Request, Table};

/// How long a master may wait before it asks a unit again whose last answer suffered, µs: assumed. Some double their waiting
/// with each answer that they miss; one that waits longer has given the unit up.
const WAITS_US: Micros = 5_000_000;

/// A change of an input that a device caused.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    stimulus: StimulusId,
    input: (u8, u16),
    /// What the answers suffered that would have told it, in order, behind the unit's last one before.
    spoilt: Vec<Fault>,
}

/// A change of which at least one answer suffered that would have told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spoilt {
    pub(super) stimulus: StimulusId,
    /// When an answer told it whole, or when there was nothing left to tell.
    pub(super) at_us: Micros,
    /// An answer told it whole.
    pub(super) told: bool,
    /// What the answers before suffered.
    pub(super) by: Vec<Fault>,
}

/// All of a line.
#[derive(Debug, Default)]
pub(super) struct News {
    open: Vec<Change>,
    done: Vec<Spoilt>,
    /// What the last answer of a unit suffered, and when.
    last: BTreeMap<u8, (Fault, Micros)>,
}

impl News {
    /// An input of a unit shows something new because of a stimulus, if it was one.
    pub(super) fn shows(&mut self, input: (u8, u16), stimulus: Option<StimulusId>, at_us: Micros) {
        self.is_over(input, at_us);
        let last = self.last.get(&input.0).filter(|(_, spoilt_us)| at_us - spoilt_us <= WAITS_US);
        let spoilt = last.map(|(fault, _)| *fault).into_iter().collect();
        self.open.extend(stimulus.map(|stimulus| Change { stimulus, input, spoilt }));
    }

    /// An input does not show any more what it showed.
    pub(super) fn is_over(&mut self, input: (u8, u16), at_us: Micros) {
        self.close(at_us, false, |change| change.input == input);
    }

    /// What an honest answer to a request tells.
    pub(super) fn told_by(&self, request: &Frame) -> Vec<StimulusId> {
        let Ok(Request::Read { table: Table::Inputs, start, quantity }) = Request::decode(request.pdu())
        else {
            return Vec::new();
        };
        let read = |change: &&Change| {
            let (unit, address) = change.input;
            unit == request.unit() && address.checked_sub(start).is_some_and(|n| n < quantity)
        };
        self.open.iter().filter(read).map(|change| change.stimulus).collect()
    }

    /// An answer of a unit that tells this is whole at an instant, or suffers something.
    pub(super) fn answered(
        &mut self,
        (unit, told): (u8, &[StimulusId]),
        fault: Option<Fault>,
        at_us: Micros,
    ) {
        match fault {
            None => {
                self.last.remove(&unit);
                self.close(at_us, true, |change| told.contains(&change.stimulus));
            }
            Some(fault) => {
                self.last.insert(unit, (fault, at_us));
                let told = self.open.iter_mut().filter(|change| told.contains(&change.stimulus));
                told.for_each(|change| change.spoilt.push(fault));
            }
        }
    }

    /// What is known since this was asked the last time; at the end, that nothing more will be told.
    pub(super) fn take(&mut self, end_us: Option<Micros>) -> Vec<Spoilt> {
        end_us.into_iter().for_each(|at_us| self.close(at_us, false, |_| true));
        std::mem::take(&mut self.done)
    }

    fn close(&mut self, at_us: Micros, told: bool, which: impl Fn(&Change) -> bool) {
        let closed = self.open.extract_if(.., |change| which(change));
        let spoilt = closed.filter(|change| !change.spoilt.is_empty());
        self.done.extend(spoilt.map(|change| Spoilt {
            stimulus: change.stimulus,
            at_us,
            told,
            by: change.spoilt,
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(unit: u8, start: u16, quantity: u16) -> Frame {
        let request = Request::Read { table: Table::Inputs, start, quantity };
        Frame::new(unit, request.encode()).expect("short")
    }

    #[test]
    fn a_change_is_told_by_the_first_whole_answer_and_what_suffered_before_is_kept() {
        let (one, two, three) = (StimulusId(1), StimulusId(2), StimulusId(3));
        let mut news = News::default();
        news.shows((1, 4), Some(one), 0);
        news.shows((1, 9), Some(two), 0);
        news.shows((2, 4), Some(three), 0);
        assert_eq!(news.told_by(&read(1, 0, 8)), [one], "another input, another unit");
        assert_eq!(news.told_by(&read(1, 0, 10)), [one, two]);
        assert_eq!(news.told_by(&read(1, 5, 3)), []);
        let writes = Frame::new(1, vec![5, 0, 4, 0xFF, 0]).expect("short");
        assert_eq!(news.told_by(&writes), []);
        news.answered((1, &[one]), Some(Fault::Silent), 10);
        news.answered((1, &[one, two]), None, 20);
        news.answered((1, &[one, two]), Some(Fault::Busy), 30);
        let told = Spoilt { stimulus: one, at_us: 20, told: true, by: vec![Fault::Silent] };
        assert_eq!(news.take(None), [told], "what was told at once is no news");
        // Nothing is left to tell of what an input shows no more.
        news.answered((2, &[three]), Some(Fault::CheckSum), 40);
        news.is_over((2, 4), 50);
        let kept = |stimulus, at_us, by| Spoilt { stimulus, at_us, told: false, by };
        assert_eq!(news.take(None), [kept(three, 50, vec![Fault::CheckSum])]);
        // A master that waits since the last answer suffered is no more to blame than one that asks.
        news.shows((1, 4), Some(two), 60);
        news.shows((1, 4), None, 70);
        assert_eq!(news.take(None), [kept(two, 70, vec![Fault::Busy])]);
        news.shows((1, 4), Some(two), 30 + WAITS_US + 1);
        assert_eq!(news.take(Some(70 + WAITS_US)), [], "one that has given the unit up is");
        news.answered((1, &[]), None, 80);
        news.shows((1, 4), Some(one), 90);
        assert_eq!(news.take(Some(95)), [], "it could have asked");
        news.shows((1, 4), Some(one), 90);
        news.answered((1, &[one]), Some(Fault::Slow), 95);
        assert_eq!(
            (news.take(None), news.take(Some(99))),
            (Vec::new(), vec![kept(one, 99, vec![Fault::Slow])])
        );
    }
}
