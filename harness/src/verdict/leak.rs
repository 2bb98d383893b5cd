//! Figures of what the gateway's processes hold: `leak.memory`, kB a minute, and `leak.files`, a minute.

use super::figure::{Figure, What};

/// By how much the fastest-growing process grows each minute, with a sentence about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeakFacts {
    /// Memory, kB a minute.
    pub memory: Option<(f64, String)>,
    /// Open files a minute.
    pub files: Option<(f64, String)>,
    /// Why neither can be told, where the processes were not looked at for long enough; else empty.
    pub too_short: String,
}

impl LeakFacts {
    fn of(&self, what: &What) -> Option<&(f64, String)> {
        if *what == What::LeakMemory { self.memory.as_ref() } else { self.files.as_ref() }
    }
}

/// The figure behind `leak.`; nothing when there is no such name.
pub(super) fn figure(rest: &str, facts: &LeakFacts) -> Option<Figure> {
    let what = match rest {
        "memory" => What::LeakMemory,
        "files" => What::LeakFiles,
        _ => return None,
    };
    let value = facts.of(&what).map(|(slope, _)| *slope);
    let why_not = match facts.too_short.as_str() {
        "" => "no process of the gateway was started here, or it was looked at too seldom",
        why => why,
    };
    let why_not = why_not.to_owned();
    Some(Figure { class: None, what, value, why_not })
}

/// Why a threshold on it does not hold.
pub(super) fn sentence(name: &str, what: &What, found: &str, must: &str, facts: &LeakFacts) -> String {
    let told = facts.of(what).map_or("", |(_, told)| told.as_str());
    format!("{name} is {found}, must be {must}; {told}")
}
