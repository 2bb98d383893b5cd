//! Which defect explains what a gateway did? From the [`Record`] of an exercise alone: nothing here knows the gateway.
//!
//! | file | what |
//! |---|---|
//! | [`record`] | what was sent, what came, when |
//! | [`case`] | symptoms: what is not as it should be |
//! | [`told`] | the same of commands |
//! | `losses`, `extras`, `contents`, `delays`, `links` | explainers: which symptoms would follow from a defect |
//!
//! Of all sets of explanations that one is said which describes the symptoms in the fewest bits (minimum description
//! length, Rissanen 1978): a defect costs [`DEFECT`] bits and the choice of its parameter, each exception to what it
//! predicts [`EXCEPTION`] bits, each symptom that nobody explains [`UNEXPLAINED`] bits. So a rule that says exactly which
//! messages are lost wins over chance, one defect over two, and chance over an unlikely rule. The three weights are
//! assumed; they only have to lie in this order.

pub mod case;
mod contents;
mod delays;
mod extras;
mod links;
mod losses;
pub mod record;
#[cfg(test)]
mod tests;
pub mod told;

pub use case::{Case, Symptom};
pub use record::Record;

/// Bits that a defect costs.
pub const DEFECT: f64 = 12.0;
/// Bits that a message costs which does not suffer though it should.
pub const EXCEPTION: f64 = 14.0;
/// Bits that a symptom costs which nothing explains.
pub const UNEXPLAINED: f64 = 20.0;
/// The most defects that one gateway is said to have.
const MOST: usize = 3;
/// The most symptoms and ids that are shown as evidence.
const SHOWN: usize = 4;

/// A defect that would explain symptoms.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The defect.
    pub id: &'static str,
    /// Which symptoms follow from it: places in [`Case::symptoms`].
    pub covers: Vec<usize>,
    /// What it costs to say, bits.
    pub bits: f64,
    /// What speaks for it, with ids.
    pub evidence: String,
}

/// What is said of a gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// `healthy`, the defects' ids with ` + ` between, or `unknown: …`.
    pub said: String,
    /// The ids of the defects, sorted.
    pub defects: Vec<&'static str>,
    /// What speaks for each, and what nothing explains.
    pub evidence: Vec<String>,
    /// How many symptoms nothing explains.
    pub unexplained: usize,
}

/// Judges a record.
pub fn diagnose(record: &Record) -> Diagnosis {
    let case = Case::of(record);
    if case.symptoms.is_empty() {
        return Diagnosis { said: "healthy".into(), ..Diagnosis::default() };
    }
    let chosen = cheapest(&explanations(&case), case.symptoms.len());
    let mut diagnosis = Diagnosis::default();
    for explanation in &chosen {
        diagnosis.defects.push(explanation.id);
        diagnosis.evidence.push(format!("{}: {}", explanation.id, explanation.evidence));
    }
    diagnosis.defects.sort_unstable();
    diagnosis.said = diagnosis.defects.join(" + ");
    let covered = |place: &usize| chosen.iter().any(|explanation| explanation.covers.contains(place));
    let left: Vec<usize> = (0..case.symptoms.len()).filter(|place| !covered(place)).collect();
    diagnosis.unexplained = left.len();
    if !left.is_empty() {
        let shown: Vec<String> = left.iter().take(SHOWN).map(|place| case.words(*place)).collect();
        let more = left.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let unknown = format!("unknown: {}{more}", shown.join("; "));
        diagnosis.said =
            if chosen.is_empty() { unknown.clone() } else { format!("{} + unknown", diagnosis.said) };
        diagnosis.evidence.push(unknown);
    }
    diagnosis
}

/// All that would explain something.
fn explanations(case: &Case<'_>) -> Vec<Explanation> {
    let mut all = losses::all(case);
    all.extend(extras::all(case));
    all.extend(contents::all(case));
    all.extend(delays::all(case));
    all.extend(links::all(case));
    all.retain(|explanation| !explanation.covers.is_empty());
    all
}

/// The set that describes `symptoms` symptoms in the fewest bits.
fn cheapest(all: &[Explanation], symptoms: usize) -> Vec<Explanation> {
    let bits = |set: &[usize]| {
        let mut covered = vec![false; symptoms];
        set.iter().flat_map(|i| &all[*i].covers).for_each(|place| covered[*place] = true);
        let left = covered.iter().filter(|covered| !**covered).count();
        set.iter().map(|i| all[*i].bits).sum::<f64>() + left as f64 * UNEXPLAINED
    };
    let mut best: Vec<usize> = Vec::new();
    let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..MOST {
        let larger = sets.iter().flat_map(|set| {
            let from = set.last().map_or(0, |last| last + 1);
            (from..all.len()).map(move |i| set.iter().copied().chain([i]).collect::<Vec<usize>>())
        });
        sets = larger.collect();
        for set in &sets {
            if bits(set) < bits(&best) {
                best.clone_from(set);
            }
        }
    }
    best.iter().map(|i| all[*i].clone()).collect()
}

/// Bits to say which of so many.
fn choice(of: usize) -> f64 {
    (of.max(1) as f64).log2()
}

/// Bits to say which `k` of `n` were hit by chance.
fn chance(k: usize, n: usize) -> f64 {
    let share = (k as f64 / n.max(1) as f64).clamp(1e-9, 1.0 - 1e-9);
    let entropy = -share * share.log2() - (1.0 - share) * (1.0 - share).log2();
    n as f64 * entropy
}

impl Case<'_> {
    /// The places of the symptoms that a test picks.
    pub(crate) fn places(&self, test: impl Fn(&Symptom) -> bool) -> Vec<usize> {
        (0..self.symptoms.len()).filter(|place| test(&self.symptoms[*place])).collect()
    }

    /// The first ids of some messages, for evidence.
    pub(crate) fn ids(&self, messages: impl IntoIterator<Item = usize>) -> String {
        let all: Vec<&str> = messages.into_iter().map(|i| self.record.sent[i].id.as_str()).collect();
        let more = if all.len() > SHOWN { ", …" } else { "" };
        format!("{}{more}", all[..all.len().min(SHOWN)].join(", "))
    }

    /// A symptom in words, with the id of its message.
    fn words(&self, place: usize) -> String {
        let id = |i: &usize| self.record.sent[*i].id.as_str();
        let raw = |h: &usize| self.record.heard[*h].raw.chars().take(120).collect::<String>();
        let device = |h: &usize| self.record.heard[*h].topic.as_str();
        match &self.symptoms[place] {
            Symptom::Missed(i) => format!("{} was not answered", id(i)),
            Symptom::Twice(i, _) => format!("{} was answered again", id(i)),
            Symptom::Late(i) => {
                format!("{} was answered after {} ms", id(i), self.waited_us(*i).unwrap_or_default() / 1000)
            }
            Symptom::Overtaken(i) => format!("{} was overtaken", id(i)),
            Symptom::Wrong(i, h, field) => {
                format!("{}: {field:?} is wrong in {}", id(i), raw(h))
            }
            Symptom::Unreadable(h, _) => format!("{}: nobody can read {}", device(h), raw(h)),
            Symptom::Spurious(h) => format!("{}: nothing led to {}", device(h), raw(h)),
            Symptom::Retained(h) => format!("{}: retained {}", device(h), raw(h)),
            Symptom::Bypassed(i, _) => format!("{} was passed on, and its zone was bypassed", id(i)),
            Symptom::Unacknowledged(i) => format!("{} was not acknowledged", id(i)),
            Symptom::AcknowledgedLate(i) => format!("{} was acknowledged late", id(i)),
            Symptom::WillMissing(l) => {
                format!("nothing was said when {} vanished", self.record.links[*l].device)
            }
            Symptom::FalseOffline(h) => format!("{} was said to be offline, and was not", device(h)),
            Symptom::OfflineTwice(h) => format!("{} was said again to be offline", device(h)),
            Symptom::NotForwarded(h) => format!("{}: the city platform never had {}", device(h), raw(h)),
            Symptom::Command(told) => format!("{told:?}"),
            Symptom::Grew(bytes) => format!("{} kB more memory", bytes / 1000),
        }
    }
}
