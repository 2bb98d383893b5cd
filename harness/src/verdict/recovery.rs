//! Figures of a disturbed run: `recovery.p99`, `recovery.unrecovered`, `taken`.

use super::figure::{Figure, What, of_series};
use super::reason::list;
use crate::latency::Series;

/// How soon the gateway answered again after it was disturbed, with the names that a reader needs.
#[derive(Clone, Debug, Default)]
pub struct RecoveryFacts {
    /// Times to recover.
    pub times: Series,
    /// The slowest, for a reader.
    pub slowest: String,
    /// Disturbances after which events were due and none was answered in time.
    pub unrecovered: Vec<String>,
    /// Disturbances in all; after some nothing was due.
    pub disturbances: usize,
    /// There were faults, though perhaps none that ended.
    pub lasting: bool,
}

/// The figure behind `recovery.`; nothing when there is no such name.
pub(super) fn figure(rest: &str, facts: &RecoveryFacts) -> Option<Figure> {
    let of = |what, value, why_not: &str| Some(Figure { class: None, what, value, why_not: why_not.into() });
    if rest == "unrecovered" {
        return of(What::Unrecovered, Some(facts.unrecovered.len() as f64), "");
    }
    let (value, too_few) = of_series(&facts.times, rest)?;
    let why_not = match (too_few, facts.disturbances) {
        (Some(why), _) => why,
        (None, 0) if facts.lasting => {
            "no fault ended while the run lasted, so there was nothing to recover from".into()
        }
        (None, 0) => "nothing disturbed the run; see --fault".into(),
        (None, _) => "nothing was due after a disturbance, or nothing was answered in time".into(),
    };
    of(What::Recovery, value, &why_not)
}

/// Why a threshold on it does not hold.
pub(super) fn sentence(name: &str, what: &What, found: &str, must: &str, facts: &RecoveryFacts) -> String {
    if *what == What::Unrecovered {
        let names = list(&facts.unrecovered);
        return format!("after {found} disturbances nothing was answered in time (must be {must}): {names}");
    }
    format!("{name} is {found}, must be {must}; the slowest: {}", facts.slowest)
}
