//! Who answers whom: by id first, then by key and order.

use std::collections::BTreeMap;

use palisade_sim::words::StimulusId;

use super::{By, Extra, ExtraKind, Given};
use crate::contract::Correlate;
use crate::record::{Expected, Micros, Observation};

/// A stimulus that was sent or should have been, and the observations that speak of it.
#[derive(Debug)]
pub(super) struct Slot<'a> {
    pub(super) stimulus: StimulusId,
    pub(super) expected: Option<&'a Expected>,
    pub(super) left_us: Option<Micros>,
    /// Indexes into [`Matched::observed`], in order of reception.
    pub(super) answers: Vec<usize>,
    pub(super) by: Option<By>,
    /// An observation speaks of it or of another one, and the contract gives no way to tell.
    pub(super) ambiguous: bool,
}

impl Slot<'_> {
    /// Whether an answer at that instant can be one to it; see the head of the room.
    fn may_be_gone(&self, at_us: Micros) -> bool {
        let due = self.expected.map(|e| e.intended_us).or(self.left_us);
        due.is_some_and(|due| due <= at_us)
    }

    /// Whether its answer may be found in this way.
    fn by(&self, way: Correlate) -> bool {
        match self.expected.map(|e| e.correlate.as_slice()) {
            None | Some([]) => way != Correlate::Window,
            Some(ways) => ways.contains(&way),
        }
    }

    fn deadline_us(&self) -> Option<Micros> {
        self.expected.map(|e| e.intended_us + e.deadline_us)
    }
}

/// Slots with their observations, and the observations that speak of nothing.
#[derive(Debug)]
pub(super) struct Matched<'a> {
    pub(super) slots: Vec<Slot<'a>>,
    /// In an order that does not depend on how they were stored.
    pub(super) observed: Vec<&'a Observation>,
    pub(super) extras: Vec<Extra>,
    pub(super) by_id: usize,
    pub(super) by_key: usize,
    pub(super) by_window: usize,
}

pub(super) fn match_up(given: Given<'_>) -> Matched<'_> {
    let mut observed: Vec<&Observation> = given.observed.iter().collect();
    observed.sort_by(|a, b| canonical(a).cmp(&canonical(b)));
    let mut matched =
        Matched { slots: slots(given), observed, extras: Vec::new(), by_id: 0, by_key: 0, by_window: 0 };
    let mut without_id = Vec::new();
    for i in 0..matched.observed.len() {
        let seen = matched.observed[i];
        let kind = match seen.correlation.as_deref().filter(|id| !id.is_empty()) {
            _ if seen.retained => Some(ExtraKind::RetainedReplay),
            None if given.outages.explains(&seen.device, &seen.signal, seen.received_us) => {
                Some(ExtraKind::DeviceOffline)
            }
            None => {
                without_id.push(i);
                None
            }
            Some(id) => match matched.by_id(i, id, given.run) {
                // An id of the gateway's own says nothing about ours.
                Err(ExtraKind::OtherRun) if !like_ours(id, given.run) => {
                    without_id.push(i);
                    None
                }
                other => other.err(),
            },
        };
        matched.extras.extend(kind.map(|kind| Extra { kind, observation: seen.clone() }));
    }
    matched.by_key(&without_id, given);
    matched.extras.sort_by(|a, b| canonical(&a.observation).cmp(&canonical(&b.observation)));
    for slot in &mut matched.slots {
        slot.answers.sort_unstable();
    }
    matched
}

/// Whether an id has the form of our run's, `0123abcd-45`: it is then a leftover of another run.
fn like_ours(id: &str, ours: &str) -> bool {
    id.split_once('-').is_some_and(|(run, number)| {
        run.len() >= ours.len()
            && run.chars().all(|c| c.is_ascii_alphanumeric())
            && !number.is_empty()
            && number.chars().all(|c| c.is_ascii_digit())
    })
}

type Canonical<'a> = (Micros, &'a str, &'a str, &'a str, &'a str, Option<&'a str>, bool);

fn canonical(o: &Observation) -> Canonical<'_> {
    (o.received_us, &o.topic, &o.payload, &o.device, &o.signal, o.correlation.as_deref(), o.retained)
}

/// One slot for each expected answer, and one for each message that was sent without expecting any; in order of
/// stimulus.
fn slots(given: Given<'_>) -> Vec<Slot<'_>> {
    let mut left: BTreeMap<StimulusId, Micros> = BTreeMap::new();
    for l in given.left {
        let at = left.entry(l.stimulus).or_insert(l.left_us);
        *at = l.left_us.min(*at);
    }
    let mut slots: Vec<Slot<'_>> = given
        .expected
        .iter()
        .map(|e| Slot {
            stimulus: e.stimulus,
            expected: Some(e),
            left_us: left.get(&e.stimulus).copied(),
            answers: Vec::new(),
            by: None,
            ambiguous: false,
        })
        .collect();
    slots.sort_by_key(|s| (s.stimulus, s.expected.map(|e| e.intended_us)));
    let known: Vec<StimulusId> = slots.iter().map(|s| s.stimulus).collect();
    let unasked = left.iter().filter(|(id, _)| known.binary_search(id).is_err());
    let unasked: Vec<Slot<'_>> = unasked
        .map(|(&stimulus, &at)| Slot {
            stimulus,
            expected: None,
            left_us: Some(at),
            answers: Vec::new(),
            by: None,
            ambiguous: false,
        })
        .collect();
    slots.extend(unasked);
    slots.sort_by_key(|s| s.stimulus);
    slots
}

impl Matched<'_> {
    fn by_id(&mut self, observation: usize, id: &str, run: &str) -> Result<(), ExtraKind> {
        let number =
            id.strip_prefix(run).and_then(|rest| rest.strip_prefix('-')).ok_or(ExtraKind::OtherRun)?;
        let number: u32 = number.parse().map_err(|_| ExtraKind::NoSuchStimulus)?;
        let at = self.slots.partition_point(|s| s.stimulus < StimulusId(number));
        let slot = self.slots.get_mut(at).filter(|s| s.stimulus.0 == number);
        let slot = slot.filter(|s| s.by(Correlate::Id)).ok_or(ExtraKind::NoSuchStimulus)?;
        slot.answers.push(observation);
        slot.by = Some(By::Id);
        self.by_id += 1;
        Ok(())
    }

    fn by_key(&mut self, without_id: &[usize], given: Given<'_>) {
        let mut of_key: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        for (i, slot) in self.slots.iter().enumerate() {
            if let (Some(fact), Some(_), true) =
                (given.facts.get(&slot.stimulus), slot.left_us, slot.by(Correlate::Key))
            {
                of_key.entry((&fact.device, &fact.signal)).or_default().push(i);
            }
        }
        for sent in of_key.values_mut() {
            sent.sort_by_key(|&i| (self.slots[i].left_us, self.slots[i].stimulus));
        }
        for &observation in without_id {
            let seen = self.observed[observation];
            let sent = of_key.get(&(seen.device.as_str(), seen.signal.as_str()));
            if sent.is_some_and(|sent| self.undecided(sent, seen.received_us)) {
                self.by_key += 1;
            } else if let Some(slot) = sent.and_then(|sent| self.choose(sent, seen.received_us)) {
                self.slots[slot].answers.push(observation);
                self.slots[slot].by.get_or_insert(By::Key);
                self.by_key += 1;
            } else if let Some(found) = self.in_window(seen, given) {
                if let Some(slot) = found {
                    self.slots[slot].answers.push(observation);
                    self.slots[slot].by.get_or_insert(By::Window);
                }
                self.by_window += 1;
            } else {
                self.extras.push(Extra { kind: ExtraKind::NoSuchStimulus, observation: seen.clone() });
            }
        }
    }

    /// Whether several open messages of one key could be meant and the contract does not let their order decide. They
    /// are marked then.
    fn undecided(&mut self, sent: &[usize], received_us: Micros) -> bool {
        let could = |slot: &Slot<'_>| {
            slot.answers.is_empty()
                && slot.may_be_gone(received_us)
                && slot.deadline_us().is_some_and(|d| received_us <= d)
                && !slot.by(Correlate::Order)
        };
        let open: Vec<usize> = sent.iter().copied().filter(|&i| could(&self.slots[i])).collect();
        if open.len() > 1 {
            open.iter().for_each(|&i| self.slots[i].ambiguous = true);
        }
        open.len() > 1
    }

    /// The slot that an observation answers which names a device and no signal that it said: the one open in its time;
    /// the earliest of several where the contract lets their order decide. Of several else none is chosen, and all are
    /// marked.
    fn in_window(&mut self, seen: &Observation, given: Given<'_>) -> Option<Option<usize>> {
        let fits = |slot: &Slot<'_>| {
            slot.by(Correlate::Window)
                && slot.answers.is_empty()
                && slot.left_us.is_some()
                && slot.may_be_gone(seen.received_us)
                && slot.deadline_us().is_some_and(|d| seen.received_us <= d)
                && given.facts.get(&slot.stimulus).is_some_and(|f| f.device == seen.device)
        };
        let open: Vec<usize> = (0..self.slots.len()).filter(|&i| fits(&self.slots[i])).collect();
        let first = *open.first()?;
        if open.len() == 1 || self.slots[first].by(Correlate::Order) {
            return Some(Some(first));
        }
        open.iter().for_each(|&i| self.slots[i].ambiguous = true);
        Some(None)
    }

    /// The slot that an observation without an id answers: see the rule at the head of the room.
    fn choose(&self, sent: &[usize], received_us: Micros) -> Option<usize> {
        // In order of leaving: what has left by its own stamp comes first.
        let gone = || sent.iter().copied().filter(|&i| self.slots[i].may_be_gone(received_us));
        let in_time = |slot: &Slot<'_>| slot.deadline_us().is_none_or(|d| received_us <= d);
        let open = || gone().filter(|&i| self.slots[i].answers.is_empty());
        open()
            .find(|&i| in_time(&self.slots[i]))
            .or_else(|| open().next())
            .or_else(|| gone().next_back().filter(|&i| in_time(&self.slots[i])))
    }
}
