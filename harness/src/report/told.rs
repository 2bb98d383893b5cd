//! Sentences that the terminal and the page share.

use std::collections::BTreeMap;

use crate::words::counted;
use palisade_sim::analysis::answer::Gap;

use super::Report;
use super::model::{CheckPart, Tally, VerdictPart};
use crate::baseline::{self, Against, Finding, Lost};

/// What was driven and what came, where not all of it could be judged; nothing for a whole run.
pub(super) fn driven(report: &Report) -> Option<String> {
    let o = &report.outcomes;
    let driven = report.run.driven;
    let bad = o.failed();
    let open = driven.saturating_sub(o.answered + bad);
    if o.expected == 0 || (!report.partial && o.undecidable == 0) {
        return None;
    }
    let came = match (o.answered, bad, open) {
        (0, 0, _) => "none can be judged".to_owned(),
        (n, 0, 0) => format!("all {n} came"),
        (n, bad, open) => {
            let open = if open > 0 { format!(", {open} cannot be judged") } else { String::new() };
            format!("{n} came as they should, {bad} did not{open}")
        }
    };
    let when = if report.partial { " before the run was cut" } else { "" };
    Some(match driven {
        0 => format!("none of {} was driven{when}", counted(o.expected, "message")),
        _ => format!("{driven} of {} were driven{when}; {came}", counted(o.expected, "message")),
    })
}

/// How many answers did not come as they should, apart from those that nobody can judge; nothing where all came.
pub(super) fn bad(o: &Tally) -> Option<String> {
    let bad = o.failed();
    let judged = format!("{bad} of {} answers did not come as they should", o.expected);
    match (bad, o.undecidable) {
        (0, 0) => None,
        (_, 0) => Some(judged),
        (0, open) => Some(format!("{open} of {} answers cannot be judged", o.expected)),
        (_, open) => Some(format!("{judged}, {open} cannot be judged")),
    }
}

/// Gaps with their area, for each height by itself: the same ground may be unseen at two heights.
pub(super) fn gaps(gaps: &[Gap]) -> String {
    let mut heights: BTreeMap<i64, (f64, usize, f64)> = BTreeMap::new();
    for gap in gaps {
        let (_, count, area) =
            heights.entry((gap.height_m * 100.0).round() as i64).or_insert((gap.height_m, 0, 0.0));
        *count += 1;
        *area += gap.area_m2;
    }
    let told = heights.values().map(|(height, count, area)| format!("{count} at {height} m ({area:.0} m²)"));
    let told: Vec<String> = told.collect();
    if told.is_empty() { "none".into() } else { told.join(", ") }
}

/// How a run stands beside a baseline that it can be compared with.
pub(super) fn against(against: &Against) -> String {
    let run = &against.run;
    let count = |finding: Finding| {
        let latency = against.latency.iter().filter(|c| c.finding == finding).count();
        latency + against.answers.iter().filter(|l| l.finding == finding && !l.is_unproved()).count()
    };
    let unproved: Vec<&Lost> = against.answers.iter().filter(|l| l.is_unproved()).collect();
    let words = [
        (Finding::Worse, "worse"),
        (Finding::Better, "better"),
        (Finding::Machine, "moved with the machine"),
        (Finding::Same, "the same"),
        (Finding::TooFew, "too few messages to say"),
    ];
    let told: Vec<String> = words
        .map(|(f, word)| (count(f), word))
        .into_iter()
        .chain([(unproved.len(), "lost, not proved")])
        .filter(|(n, _)| *n > 0)
        .map(|(n, w)| format!("{n} {w}"))
        .collect();
    let all = against.latency.iter().find(|c| c.class == "all");
    let all = all.map_or_else(String::new, |c| format!("; {}", c.sentence()));
    let unproved: String = unproved
        .iter()
        .map(|l| {
            let (won, p) =
                (if l.won > 0 { format!(", {} won", l.won) } else { String::new() }, baseline::told(l.p));
            format!(
                "; {}: {} lost{won}, not proved (p {p}; below {:.4} is needed)",
                l.name(),
                l.lost,
                l.needed
            )
        })
        .collect();
    format!("{run}: {} messages in both; figures: {}{unproved}{all}", against.paired, told.join(", "))
}

/// What speaks against a run, each reason once: what makes it void comes before anything else.
pub(super) fn reasons(report: &Report) -> Vec<&String> {
    let void = &report.harness.reasons;
    void.iter().chain(report.verdict.reasons.iter().filter(|reason| !void.contains(reason))).collect()
}

/// That all thresholds of which something was found hold, and how many of them nobody typed.
pub(super) fn hold(checks: &[CheckPart]) -> String {
    let checks = || checks.iter().filter(|check| check.found.is_some());
    let all = match checks().count() {
        0 => return "no threshold could be assessed".to_owned(),
        1 => "the one threshold holds".to_owned(),
        n => format!("all {n} thresholds hold"),
    };
    match checks().filter(|check| check.implied).count() {
        0 => all,
        n => format!("{all}, {n} of them unasked"),
    }
}

/// What is not assessed, with the thresholds that hold of too little or ask for it.
pub(super) fn not_assessed(verdict: &VerdictPart) -> Vec<String> {
    let told = verdict.not_assessed.iter().map(|one| {
        let of = |figure: &str| match &one.class {
            Some(class) => figure.strip_prefix(class.as_str()).is_some_and(|rest| rest.starts_with('.')),
            None => true,
        };
        let checks = || verdict.checks.iter().filter(|check| check.not_assessed && of(&check.figure));
        let names: Vec<&str> = checks().map(|check| check.figure.as_str()).collect();
        match (names.as_slice(), checks().all(|check| check.found.is_some())) {
            ([], _) => one.told.clone(),
            (names, true) => format!("{}; that {} holds says nothing", one.told, names.join(", ")),
            (names, false) => format!("{}; nothing is said of {}", one.told, names.join(", ")),
        }
    });
    told.collect()
}

/// The harness's lateness in a few words.
pub(super) fn lateness(report: &Report) -> Option<&super::model::Spread> {
    Some(&report.harness.lateness_ms).filter(|s| s.count > 0)
}

/// A sentence's beginning.
pub(super) fn capital(text: &str) -> String {
    let first = text.chars().next();
    first.map_or_else(String::new, |c| c.to_uppercase().chain(text.chars().skip(1)).collect())
}

/// A word for a shell.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::NotAssessedPart;
    use super::*;

    fn report(partial: bool, driven: usize, outcomes: Tally) -> Report {
        let mut report = Report { partial, outcomes, ..Report::default() };
        report.run.driven = driven;
        report
    }

    #[test]
    fn what_makes_a_run_void_is_told_first_and_nothing_is_told_twice() {
        let mut report = Report::default();
        report.verdict.reasons = ["slow", "deaf"].map(str::to_owned).to_vec();
        report.harness.reasons = ["deaf", "leaks"].map(str::to_owned).to_vec();
        assert_eq!(reasons(&report), ["deaf", "leaks", "slow"]);
    }

    #[test]
    fn a_cut_run_says_what_was_driven_and_a_whole_one_nothing() {
        let cut = Tally { expected: 142, answered: 61, undecidable: 81, ..Tally::default() };
        assert_eq!(
            driven(&report(true, 61, cut)).as_deref(),
            Some("61 of 142 messages were driven before the run was cut; all 61 came")
        );
        let open = driven(&report(true, 64, Tally { missed: 1, undecidable: 80, ..cut }));
        assert_eq!(
            open.as_deref(),
            Some(
                "64 of 142 messages were driven before the run was cut; 61 came as they should, 1 did not, 2 cannot be judged"
            )
        );
        let none = driven(&report(true, 0, Tally { expected: 9, undecidable: 9, ..Tally::default() }));
        assert_eq!(none.as_deref(), Some("none of 9 messages was driven before the run was cut"));
        let whole = Tally { expected: 61, answered: 61, ..Tally::default() };
        assert_eq!(driven(&report(false, 61, whole)), None);
        assert!(driven(&report(true, 61, whole)).is_some());
    }

    #[test]
    fn lost_answers_that_chance_may_explain_are_told_and_not_called_the_same() {
        let lost = |class: &str, lost| Lost {
            class: class.into(),
            lost,
            won: 0,
            seconds: 20,
            p: 0.004,
            needed: 0.0025,
            finding: Finding::Same,
            messages: Vec::new(),
        };
        let compared = Against {
            run: "before".into(),
            paired: 27,
            answers: vec![lost("beam", 0), lost("all", 8)],
            ..Against::default()
        };
        assert_eq!(
            against(&compared),
            "before: 27 messages in both; figures: 1 the same, 1 lost, not proved; all answers: 8 lost, not proved (p 0.004; \
             below 0.0025 is needed)"
        );
    }

    #[test]
    fn words_are_quoted_where_a_shell_would_break_them() {
        assert_eq!(quoted("mqtt://127.0.0.1:1883"), "mqtt://127.0.0.1:1883");
        assert_eq!(quoted("my site's.toml"), "'my site'\\''s.toml'");
    }

    #[test]
    fn thresholds_of_what_is_not_assessed_do_not_hold_and_are_named() {
        let check = |figure: &str, found| CheckPart {
            figure: figure.into(),
            found,
            pass: true,
            not_assessed: found.is_none(),
            ..CheckPart::default()
        };
        let one =
            NotAssessedPart { class: Some("load".into()), told: "spoiled".into(), ..Default::default() };
        let checks = vec![check("missed", Some(0.0)), check("load.missed", None)];
        let verdict = VerdictPart { checks, not_assessed: vec![one], ..VerdictPart::default() };
        assert_eq!(hold(&verdict.checks), "the one threshold holds");
        assert_eq!(not_assessed(&verdict), ["spoiled; nothing is said of load.missed"]);
    }
}
