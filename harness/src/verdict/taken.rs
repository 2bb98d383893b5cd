//! What faults left too little of to judge.

use super::figure::What;
use super::{Check, Evidence, Figure, load};
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
        let what = match class.map(String::as_str) {
            None => "the compound",
            Some(load::LOAD) => "what became of answers to the copies",
            Some(class) => class,
        };
        let told = format!(
            "{what} is not assessed: faults took {taken} of {of} messages on their way, more than {} %",
            assumed().taken_share * 100.0
        );
        NotAssessed { class: class.cloned(), taken, of, told }
    }
}

/// All together first, then classes by name, then the answers to copies.
pub(super) fn not_assessed(evidence: &Evidence<'_>) -> Vec<NotAssessed> {
    let of = |class: Option<&String>, tally: &Tally| {
        let (taken, of) = (tally.taken, tally.taken + tally.expected);
        let too_many = taken as f64 > assumed().taken_share * of as f64;
        too_many.then(|| NotAssessed::taken(class, taken, of))
    };
    let classes = evidence.by_class.iter().filter_map(|(class, tally)| of(Some(class), tally));
    let load = evidence.load.filter(|facts| facts.answers.promised);
    let copies = load.and_then(|facts| of(Some(&load::LOAD.to_owned()), &facts.answers.all));
    of(None, evidence.tally).into_iter().chain(classes).chain(copies).collect()
}

/// Whether a figure that holds says nothing, since it is one of answers of which faults left too few.
pub(super) fn says_nothing(check: &Check, figure: Option<&Figure>, not_assessed: &[NotAssessed]) -> bool {
    let class = figure.and_then(|figure| match figure.what {
        What::Outcome(_) | What::Expected | What::Time(_) => Some(figure.class.as_deref()),
        ref what => load::is_of_answers(what).then_some(Some(load::LOAD)),
    });
    check.pass && class.is_some_and(|class| not_assessed.iter().any(|one| one.class.as_deref() == class))
}
