//! Rules that only a run against the SUT can judge. The run has judged them; its answers are taken over here, with where
//! they are written.

use std::collections::BTreeMap;

use super::{Basis, Finding, Rule, Status};

pub(super) const A_RUN: &str = "a run against the gateway: `palisade run`, then `palisade plan … --run RUN`";

/// What a run says of the rules about the SUT.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunJudged {
    /// Where it is written: the run's journal.
    pub journal: String,
    /// Rule -> how it came out.
    pub rules: BTreeMap<String, Judged>,
}

/// How one rule came out in a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Whether it holds; never a pass where a class that it is about was not driven.
    pub status: Status,
    /// What was measured, in `unit`, also where that is not enough to tell.
    pub measured: Option<f64>,
    /// What is demanded, in `unit`.
    pub demanded: Option<f64>,
    /// Unit of both.
    pub unit: String,
    /// What the run lacks.
    pub needs: Option<String>,
    /// Messages that do not hold it.
    pub evidence: Vec<String>,
    /// Classes that it was judged on.
    pub driven: Vec<String>,
    /// Classes that it is about, that stand in the compound, and that the run did not drive.
    pub undriven: Vec<String>,
}

pub(super) fn take_over(found: &mut Finding, rule: &Rule, run: Option<&RunJudged>) {
    let unknown = |needs: String| (Status::NotAssessable, Some(needs));
    let Some(run) = run else {
        (found.status, found.needs) = unknown(A_RUN.into());
        return;
    };
    found.record = Some(run.journal.clone());
    let Some(judged) = run.rules.get(&rule.id) else {
        (found.status, found.needs) = unknown("the run's report made again: `palisade report RUN`".into());
        return;
    };
    (found.driven, found.undriven) = (judged.driven.clone(), judged.undriven.clone());
    (found.status, found.needs) = match judged.status {
        // Whoever says so: what was not driven was not seen to hold.
        Status::Pass if !judged.undriven.is_empty() => unknown(speaks(&judged.undriven)),
        status @ (Status::Pass | Status::Fail) => (status, None),
        Status::NotApplicable => (Status::NotApplicable, None),
        Status::NotAssessable => unknown(judged.needs.clone().unwrap_or_else(|| A_RUN.into())),
    };
    (found.measured, found.demanded) = (judged.measured, judged.demanded);
    (found.unit, found.evidence) = (judged.unit.clone(), judged.evidence.clone());
    found.basis = found.measured.map(|_| Basis::Measured);
    if matches!(found.status, Status::Pass | Status::Fail) {
        found.basis = Some(Basis::Measured);
        (found.unchecked, found.assumed) = (rule.unchecked.clone(), rule.assumed.clone());
    }
}

fn speaks(classes: &[String]) -> String {
    format!("a run in which {} speak", classes.join(", "))
}
