//! What faults left too little of to judge.

use super::figure::What;
use super::{Check, Evidence, Figure};
use crate::pairing::{Tally, assumed};

/// What is not assessed: a device class, or all of them, most of whose events faults took, or the answers to copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAssessed {
    /// The class, or `load` for the answers to copies; nothing for all of the compound together.
    pub class: Option<String>,
    /// Events that faults took.
    pub taken: usize,
    /// Events in all.
    pub of: usize,
    /// The same in a sentence.
    pub told: String,
}

impl NotAssessed {
    fn taken(class: Option<&String>, taken: usize, of: usize) -> NotAssessed {
        let what = class.map_or("the compound", String::as_str);
        let told = format!(
            "{what} is not assessed: faults took {taken} of {of} messages on their way, more than {} %",
            assumed().taken_share * 100.0
        );
        NotAssessed { class: class.cloned(), taken, of, told }
    }
}

/// All together first, then classes by name.
pub(super) fn not_assessed(evidence: &Evidence<'_>) -> Vec<NotAssessed> {
    let of = |class: Option<&String>, tally: &Tally| {
        let (taken, of) = (tally.taken, tally.taken + tally.expected);
        let too_many = taken as f64 > assumed().taken_share * of as f64;
        too_many.then(|| NotAssessed::taken(class, taken, of))
    };
    let classes = evidence.by_class.iter().filter_map(|(class, tally)| of(Some(class), tally));
    of(None, evidence.tally).into_iter().chain(classes).collect()
}

/// Whether a figure that holds says nothing, since it is one of answers of which faults left too few.
pub(super) fn says_nothing(check: &Check, figure: Option<&Figure>, not_assessed: &[NotAssessed]) -> bool {
    let of_answers =
        |figure: &&Figure| matches!(figure.what, What::Outcome(_) | What::Expected | What::Time(_));
    let figure = figure.filter(of_answers);
    check.pass && figure.is_some_and(|figure| not_assessed.iter().any(|one| one.class == figure.class))
}
