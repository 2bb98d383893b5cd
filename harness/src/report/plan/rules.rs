//! Rules that hold, that do not, and that cannot be assessed, as a table.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use palisade_sim::analysis::rules::{Basis, Finding, RuleBook, Seen, Status};

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
    let _ = writeln!(out, "  Figures of those that pass or fail: {}.", bases(rules));
    for finding in of(Status::Fail) {
        let [measured, demanded] = finding.figures().map(Option::unwrap_or_default);
        let unconfirmed = if finding.seen == Seen::Recall { " (unconfirmed)" } else { "" };
        let _ = writeln!(
            out,
            "  FAIL {:<4} {}{unconfirmed}\n            {measured} {} ({}) where {demanded} is demanded; {}",
            finding.id,
            finding.title,
            finding.unit,
            finding.basis.map_or("no figure", Basis::word),
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
    let mut records: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (finding, record) in rules.iter().filter_map(|f| Some((f, f.record.as_deref()?))) {
        records.entry(record).or_default().push(&finding.id);
    }
    for (record, ids) in records {
        let _ = writeln!(out, "  judged by {record}: {}", ids.join(", "));
    }
    for finding in rules.iter().filter(|finding| !finding.unchecked.is_empty()) {
        let _ = writeln!(out, "  in part {}: not checked {}", finding.id, finding.unchecked.join("; "));
    }
    for finding in rules.iter().filter(|finding| !finding.assumed.is_empty()) {
        let _ = writeln!(out, "  assumed for {}: {}", finding.id, finding.assumed.join("; "));
    }
    out
}

/// How many figures of rules rest on what: one that passes on the author's word is not one that was worked out.
fn bases(rules: &[Finding]) -> String {
    let mut counts: BTreeMap<Basis, usize> = BTreeMap::new();
    let settled = rules.iter().filter(|finding| matches!(finding.status, Status::Pass | Status::Fail));
    for basis in settled.filter_map(|finding| finding.basis) {
        *counts.entry(basis).or_default() += 1;
    }
    let told: Vec<String> = counts.iter().map(|(basis, n)| format!("{n} {}", basis.word())).collect();
    if told.is_empty() { "none".to_owned() } else { told.join(", ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn finding(status: Status, basis: Basis) -> Finding {
        let value = json!({
            "id": "9", "title": "It is wide", "title_zh": "宽", "clause": "§1", "source": "a copy", "seen": "seen",
            "strength": "shall", "kind": "geometry", "status": status, "measured": 1.0, "demanded": 2.0,
            "unit": "m", "basis": basis, "needs": null, "evidence": [],
        });
        serde_json::from_value(value).expect("a finding")
    }

    #[test]
    fn a_figure_says_what_it_rests_on() {
        let book = RuleBook::residential().expect("the shipped book");
        for (basis, word) in [(Basis::Measured, "measured"), (Basis::Assumed, "assumed")] {
            let told = table(&[finding(Status::Fail, basis), finding(Status::Pass, Basis::Computed)], &book);
            assert!(told.contains(&format!("1 m ({word}) where 2 is demanded")), "{told}");
            assert!(
                told.contains(&format!("Figures of those that pass or fail: 1 computed, 1 {word}.")),
                "{told}"
            );
        }
    }
}
