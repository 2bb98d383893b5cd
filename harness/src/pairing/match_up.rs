//! Who answers whom: each way that the contract names is tried at its place in the list, for all answers, before the
//! next one is.

use std::collections::BTreeMap;

use palisade_sim::words::StimulusId;

use super::absence::Absences;
use super::outages::OFFLINE;
use super::{By, Extra, ExtraKind, Given};
use crate::contract::Correlate;
use crate::record::{Expected, Micros, Observation};
use crate::wire::id;

/// Ways of a message of which nothing is said.
const UNSAID: [Correlate; 3] = [Correlate::Id, Correlate::Key, Correlate::Order];

/// A stimulus that was sent or should have been, and the observations that speak of it.
#[derive(Debug)]
pub(super) struct Slot<'a> {
    pub(super) stimulus: StimulusId,
    pub(super) expected: Option<&'a Expected>,
    pub(super) left_us: Option<Micros>,
    /// The quality of service with which it left.
    pub(super) qos: Option<u8>,
    /// Indexes into [`Matched::observed`], in order of reception.
    pub(super) answers: Vec<usize>,
    pub(super) by: Option<By>,
    /// An observation speaks of it or of another one, and the contract gives no way to tell.
    pub(super) ambiguous: bool,
    /// Several could be meant by its answer, and their order decided: it says nothing about that order itself.
    pub(super) by_order: bool,
}

impl Slot<'_> {
    /// Whether an answer at that instant can be one to it; see the head of the room.
    fn may_be_gone(&self, at_us: Micros) -> bool {
        let due = self.expected.map(|e| e.intended_us).or(self.left_us);
        due.is_some_and(|due| due <= at_us)
    }

    /// Its ways, in the order in which they are tried.
    fn ways(&self) -> &[Correlate] {
        match self.expected.map(|e| e.correlate.as_slice()) {
            None | Some([]) => &UNSAID,
            Some(ways) => ways,
        }
    }

    /// The place of a way in its list.
    fn rank(&self, way: Correlate) -> Option<usize> {
        self.ways().iter().position(|w| *w == way)
    }

    /// Whether the order decides among several that a way leaves open: it stands behind that way.
    fn ordered(&self, way: Correlate) -> bool {
        self.rank(Correlate::Order).is_some_and(|order| self.rank(way).is_some_and(|at| at < order))
    }

    fn deadline_us(&self) -> Option<Micros> {
        self.expected.map(|e| e.intended_us + e.deadline_us)
    }

    /// Whether it waits for an answer at that instant, and may still get one in time.
    fn waits_at(&self, at_us: Micros) -> bool {
        self.answers.is_empty() && self.may_be_gone(at_us) && self.deadline_us().is_some_and(|d| at_us <= d)
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
    let mut absences = Absences::of(given.outages, given.ways);
    let mut open = Vec::new();
    for i in 0..matched.observed.len() {
        let seen = matched.observed[i];
        let of_ids = seen.correlation.as_deref().is_some_and(|id| !id.is_empty());
        if seen.retained {
            matched.extra(i, ExtraKind::RetainedReplay);
        } else if !of_ids
            && seen.signal == OFFLINE
            && absences.explain(&seen.device, seen.received_us, given.ways)
        {
            matched.extra(i, ExtraKind::DeviceOffline);
        } else {
            open.push(i);
        }
    }
    let ranks = matched.slots.iter().map(|slot| slot.ways().len()).max().unwrap_or(UNSAID.len());
    // Leftovers and inventions are known by their ids, as soon as anybody looks at ids.
    let looks = matched.slots.iter().filter_map(|slot| slot.rank(Correlate::Id)).min();
    let looks = if matched.slots.is_empty() { Some(0) } else { looks };
    for rank in 0..ranks {
        open = matched.by_id(open, rank, looks == Some(rank), given);
        open = matched.by_key(open, rank, given);
        open = matched.by_window(open, rank, given);
    }
    matched.left_over(open, given);
    matched.extras.sort_by(|a, b| canonical(&a.observation).cmp(&canonical(&b.observation)));
    for slot in &mut matched.slots {
        slot.answers.sort_unstable();
    }
    matched
}

type Canonical<'a> = (Micros, &'a str, &'a str, &'a str, &'a str, Option<&'a str>, bool);

fn canonical(o: &Observation) -> Canonical<'_> {
    (o.received_us, &o.topic, &o.payload, &o.device, &o.signal, o.correlation.as_deref(), o.retained)
}

/// One slot for each expected answer, and one for each message that was sent without expecting any; in order of
/// stimulus.
fn slots(given: Given<'_>) -> Vec<Slot<'_>> {
    let mut left: BTreeMap<StimulusId, (Micros, Option<u8>)> = BTreeMap::new();
    for l in given.left {
        let first = left.entry(l.stimulus).or_insert((l.left_us, l.qos));
        *first = (l.left_us, l.qos).min(*first);
    }
    let mut slots: Vec<Slot<'_>> = given
        .expected
        .iter()
        .map(|e| Slot {
            stimulus: e.stimulus,
            expected: Some(e),
            left_us: left.get(&e.stimulus).map(|(at, _)| *at),
            qos: left.get(&e.stimulus).and_then(|(_, qos)| *qos),
            answers: Vec::new(),
            by: None,
            ambiguous: false,
            by_order: false,
        })
        .collect();
    slots.sort_by_key(|s| (s.stimulus, s.expected.map(|e| e.intended_us)));
    let known: Vec<StimulusId> = slots.iter().map(|s| s.stimulus).collect();
    let unasked = left.iter().filter(|(id, _)| known.binary_search(id).is_err());
    let unasked: Vec<Slot<'_>> = unasked
        .map(|(&stimulus, &(at, qos))| Slot {
            stimulus,
            expected: None,
            left_us: Some(at),
            qos,
            answers: Vec::new(),
            by: None,
            ambiguous: false,
            by_order: false,
        })
        .collect();
    slots.extend(unasked);
    slots.sort_by_key(|s| s.stimulus);
    slots
}

impl Matched<'_> {
    fn extra(&mut self, observation: usize, kind: ExtraKind) {
        self.extras.push(Extra { kind, observation: self.observed[observation].clone() });
    }

    fn answer(&mut self, slot: usize, observation: usize, by: By) {
        self.slots[slot].answers.push(observation);
        self.slots[slot].by.get_or_insert(by);
    }

    /// Answers that carry the id of a message whose row looks at ids at this place. `first`: nobody looked at ids
    /// before, so that those which name nothing of this run are sorted out. Returns the rest.
    fn by_id(&mut self, open: Vec<usize>, rank: usize, first: bool, given: Given<'_>) -> Vec<usize> {
        let mut rest = Vec::new();
        for i in open {
            let id = self.observed[i].correlation.as_deref().filter(|id| !id.is_empty());
            let Some(id) = id else {
                rest.push(i);
                continue;
            };
            let run = given.run;
            match self.meant(id, run) {
                Err(_) if first && given.ways.made(id) => self.extra(i, ExtraKind::Altered),
                // A fault made the id of one message into that of another.
                Ok(slot) if given.ways.made(id) && self.speaks_of_another(slot, i, given) => {
                    self.extra(i, ExtraKind::Altered);
                }
                Ok(slot) if self.slots[slot].rank(Correlate::Id) == Some(rank) => {
                    self.answer(slot, i, By::Id);
                    self.by_id += 1;
                }
                // An id of the gateway's own says nothing about ours.
                Err(ExtraKind::OtherRun) if !id::has_the_form(run, id) => rest.push(i),
                Err(kind) if first => self.extra(i, kind),
                Ok(_) | Err(_) => rest.push(i),
            }
        }
        rest
    }

    /// Whether an answer is about another device or signal than a message.
    fn speaks_of_another(&self, slot: usize, observation: usize, given: Given<'_>) -> bool {
        let seen = self.observed[observation];
        let fact = given.facts.get(&self.slots[slot].stimulus);
        fact.is_some_and(|fact| fact.device != seen.device || fact.signal != seen.signal)
    }

    /// What no way explains. Without an id nobody can tell what a gateway made of an event that a fault had altered, so each
    /// such event excuses one that came after it.
    fn left_over(&mut self, open: Vec<usize>, given: Given<'_>) {
        let mut altered: Vec<Micros> = given.ways.altered_us().collect();
        altered.sort_unstable();
        for i in open {
            let seen = self.observed[i];
            let nameless = seen.correlation.as_deref().is_none_or(str::is_empty);
            match altered.iter().position(|at| *at <= seen.received_us).filter(|_| nameless) {
                Some(one) => {
                    altered.remove(one);
                    self.extra(i, ExtraKind::Altered);
                }
                None => self.extra(i, ExtraKind::NoSuchStimulus),
            }
        }
    }

    /// The slot of an id.
    fn meant(&self, id: &str, run: &str) -> Result<usize, ExtraKind> {
        let stimulus = id::read(run, id).ok_or(ExtraKind::OtherRun)?.ok_or(ExtraKind::NoSuchStimulus)?;
        let at = self.slots.partition_point(|s| s.stimulus < stimulus);
        let found = self.slots.get(at).is_some_and(|s| s.stimulus == stimulus);
        if found { Ok(at) } else { Err(ExtraKind::NoSuchStimulus) }
    }

    /// Slots that have left and for which a way stands at this place, by what `key` makes of them, in order of
    /// leaving.
    fn at_rank<'g, K: Ord>(
        &self,
        (way, rank): (Correlate, usize),
        given: Given<'g>,
        key: impl Fn(&'g super::Fact) -> K,
    ) -> BTreeMap<K, Vec<usize>> {
        let mut of_key: BTreeMap<K, Vec<usize>> = BTreeMap::new();
        for (i, slot) in self.slots.iter().enumerate() {
            if let (Some(fact), Some(_), true) =
                (given.facts.get(&slot.stimulus), slot.left_us, slot.rank(way) == Some(rank))
            {
                of_key.entry(key(fact)).or_default().push(i);
            }
        }
        for sent in of_key.values_mut() {
            sent.sort_by_key(|&i| (self.slots[i].left_us, self.slots[i].stimulus));
        }
        of_key
    }

    /// Answers to messages whose row looks at device and signal at this place. Returns the rest.
    fn by_key(&mut self, open: Vec<usize>, rank: usize, given: Given<'_>) -> Vec<usize> {
        let of_key = self.at_rank((Correlate::Key, rank), given, |f| (f.device.as_str(), f.signal.as_str()));
        let mut rest = Vec::new();
        for i in open {
            let seen = self.observed[i];
            let sent = of_key.get(&(seen.device.as_str(), seen.signal.as_str()));
            if sent.is_some_and(|sent| self.undecided(sent, seen.received_us)) {
                self.by_key += 1;
            } else if let Some((slot, by_order)) = sent.and_then(|sent| self.choose(sent, seen.received_us)) {
                self.slots[slot].by_order |= by_order;
                self.answer(slot, i, By::Key);
                self.by_key += 1;
            } else {
                rest.push(i);
            }
        }
        rest
    }

    /// Answers to messages whose row looks at device and time at this place: the one that is open then; the earliest of
    /// several where the order decides, else none, and all are marked. Returns the rest.
    fn by_window(&mut self, open: Vec<usize>, rank: usize, given: Given<'_>) -> Vec<usize> {
        let of_device = self.at_rank((Correlate::Window, rank), given, |f| f.device.as_str());
        let mut rest = Vec::new();
        for i in open {
            let seen = self.observed[i];
            let sent = of_device.get(seen.device.as_str()).into_iter().flatten().copied();
            let meant: Vec<usize> =
                sent.filter(|&slot| self.slots[slot].waits_at(seen.received_us)).collect();
            match meant.as_slice() {
                [] => {
                    rest.push(i);
                    continue;
                }
                [first, others @ ..]
                    if others.is_empty() || self.slots[*first].ordered(Correlate::Window) =>
                {
                    self.slots[*first].by_order |= !others.is_empty();
                    self.answer(*first, i, By::Window);
                }
                several => several.iter().for_each(|&slot| self.slots[slot].ambiguous = true),
            }
            self.by_window += 1;
        }
        rest
    }

    /// Whether several open messages of one key could be meant and the contract does not let their order decide. They
    /// are marked then.
    fn undecided(&mut self, sent: &[usize], received_us: Micros) -> bool {
        let could = |slot: &Slot<'_>| slot.waits_at(received_us) && !slot.ordered(Correlate::Key);
        let open: Vec<usize> = sent.iter().copied().filter(|&i| could(&self.slots[i])).collect();
        if open.len() > 1 {
            open.iter().for_each(|&i| self.slots[i].ambiguous = true);
        }
        open.len() > 1
    }

    /// The slot that an observation without an id answers, and whether another one could be meant: see the rule at the head
    /// of the room.
    fn choose(&self, sent: &[usize], received_us: Micros) -> Option<(usize, bool)> {
        // In order of leaving: what has left by its own stamp comes first.
        let gone = || sent.iter().copied().filter(|&i| self.slots[i].may_be_gone(received_us));
        let in_time = |slot: &Slot<'_>| slot.deadline_us().is_none_or(|d| received_us <= d);
        let open = || gone().filter(|&i| self.slots[i].answers.is_empty());
        let mut timely = open().filter(|&i| in_time(&self.slots[i]));
        let first = timely.next();
        let alone = timely.next().is_none();
        first
            .map(|slot| (slot, !alone))
            .or_else(|| open().next().map(|slot| (slot, true)))
            .or_else(|| gone().next_back().filter(|&i| in_time(&self.slots[i])).map(|slot| (slot, false)))
    }
}
