//! Rules that hold, that do not, and that cannot be assessed, as a table.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use palisade_sim::analysis::rules::{Finding, RuleBook, Seen, Status};

/// Names that the table gives for a rule that is not met; the file holds all.
const EVIDENCE: usize = 4;

/// How many hold, which do not, and what is missing for the rest.
pub(super) fn table(rules: &[Finding], book: &RuleBook) -> String {
    let of = |status: Status| rules.iter().filter(move |f| f.status == status);
    let mut out = format!(
        "\nRules ({}, {}): {} pass, {} fail, {} not assessable, {} not applicable.\n",
        book.name,
        book.dated,
        of(Status::Pass).count(),
        of(Status::Fail).count(),
        of(Status::NotAssessable).count(),
        of(Status::NotApplicable).count(),
    );
    for finding in of(Status::Fail) {
        let figure =
            |x: Option<f64>| x.map_or_else(String::new, |x| format!("{}", (x * 100.0).round() / 100.0));
        let unconfirmed = if finding.seen == Seen::Recall { " (unconfirmed)" } else { "" };
        let _ = writeln!(
            out,
            "  FAIL {:<4} {}{unconfirmed}\n            {} {} where {} is demanded; {}",
            finding.id,
            finding.title,
            figure(finding.measured),
            finding.unit,
            figure(finding.demanded),
            finding.clause,
        );
        if !finding.evidence.is_empty() {
            let more = finding.evidence.len().saturating_sub(EVIDENCE);
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            let shown: Vec<&str> = finding.evidence.iter().take(EVIDENCE).map(String::as_str).collect();
            let _ = writeln!(out, "            {}{more}", shown.join(", "));
        }
    }
    let mut needs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for finding in of(Status::NotAssessable) {
        needs.entry(finding.needs.as_deref().unwrap_or_default()).or_default().push(&finding.id);
    }
    for (what, ids) in needs {
        let _ = writeln!(out, "  not assessable {}: needs {what}", ids.join(", "));
    }
    for finding in rules.iter().filter(|finding| !finding.unchecked.is_empty()) {
        let _ = writeln!(out, "  in part {}: not checked {}", finding.id, finding.unchecked.join("; "));
    }
    out
}
