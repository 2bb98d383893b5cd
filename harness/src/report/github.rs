//! What failed as annotations of a job on GitHub: workflow commands, one a line.
//!
//! GitHub shows ten errors of a step, so the verdict's reasons come first, and devices that are left out are counted.

use super::model::{CheckPart, DevicePart};
use super::{Report, told};
use crate::pairing::Outcome;
use crate::verdict::is_of_the_harness;
use crate::words::counted;

/// Errors of a step that GitHub shows.
const SHOWN: usize = 10;

/// The annotations; nothing for a run that passed without a remark.
pub fn render(report: &Report) -> String {
    let mut errors: Vec<(String, String)> = Vec::new();
    let mut say = |title: &str, text: String| errors.push((title.to_owned(), text));
    let harness = report.harness.reasons.iter().filter(|_| !report.harness.valid);
    harness.for_each(|why| say("the harness cannot be trusted", why.clone()));
    // Why it was cut is why everything else is missing.
    let cut = report.verdict.reasons.first().filter(|why| !report.harness.reasons.contains(why));
    cut.filter(|_| report.partial).into_iter().for_each(|why| say("cut", why.clone()));
    // A threshold on the harness itself is among its reasons.
    let is_told = |c: &CheckPart| !report.harness.valid && is_of_the_harness(&c.figure) && c.found.is_some();
    let checks = report.verdict.checks.iter().filter(|c| !c.pass && !is_told(c));
    checks.for_each(|c| say(&c.figure, format!("must be {}, it is {}", c.must, c.found_text)));
    let worse = report.baseline.iter().flat_map(|c| &c.reasons);
    worse.for_each(|why| say("baseline", why.clone()));
    let bad: Vec<&DevicePart> = report.devices.iter().filter(|d| d.outcomes.failed() > 0).collect();
    if errors.is_empty() && bad.is_empty() {
        // A run that was cut, or a rule that does not hold.
        report.verdict.reasons.iter().for_each(|why| errors.push(("verdict".into(), why.clone())));
    }
    let room = SHOWN.saturating_sub(errors.len() + 1).max(1);
    let shown = if bad.len() <= room + 1 { bad.len() } else { room };
    errors.extend(bad.iter().take(shown).map(|d| device(d, report)));
    if shown < bad.len() {
        let text =
            format!("{} more devices were not answered as they should be; see the report", bad.len() - shown);
        errors.push(("more".into(), text));
    }
    let path = &report.scenario.path;
    let errors = errors.iter().map(|(title, text)| command("error", path, title, text));
    let remarks = report.baseline.iter().flat_map(|c| &c.remarks);
    let remarks = remarks.map(|text| command("warning", path, "baseline", text));
    let open = open(&report.devices).map(|text| command("warning", path, "undecidable", &text));
    errors.chain(open).chain(remarks).collect()
}

/// Answers of which nobody knows whether they would have come: no device is blamed for them.
fn open(devices: &[DevicePart]) -> Option<String> {
    let open: usize = devices.iter().map(|d| d.outcomes.undecidable).sum();
    let of = devices.iter().filter(|d| d.outcomes.undecidable > 0).count();
    (open > 0).then(|| format!("{} of {} cannot be judged", counted(open, "answer"), counted(of, "device")))
}

fn device(device: &DevicePart, report: &Report) -> (String, String) {
    let open = Outcome::Undecidable.word();
    let first = report.failures.iter().find(|f| f.device == device.id && f.outcome != open);
    let first = first.map_or_else(String::new, |f| {
        format!("; the first: {} {} {}, {}", f.signal, f.id, f.outcome.replace('_', " "), f.text)
    });
    let bad = told::bad(&device.outcomes).unwrap_or_default();
    (device.id.clone(), format!("{bad}{first}"))
}

fn command(kind: &str, file: &str, title: &str, text: &str) -> String {
    format!("::{kind} file={},title={}::{}\n", property(file), property(title), message(text))
}

fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::model::{FailurePart, Tally};
    use super::*;
    use crate::baseline::Comparison;

    fn report(devices: usize) -> Report {
        let outcomes = Tally { expected: 3, answered: 2, missed: 1, ..Tally::default() };
        let device = |n: usize| DevicePart { id: format!("beam-{n}"), outcomes, ..DevicePart::default() };
        let mut report = Report { devices: (0..devices).map(device).collect(), ..Report::default() };
        report.scenario.path = "palisade/a,b.toml".into();
        report.harness.valid = true;
        let (figure, must) = ("missed".to_owned(), "== 0".to_owned());
        let check = CheckPart {
            figure,
            must,
            found: Some(1.0),
            found_text: "100 %\nof all".into(),
            ..CheckPart::default()
        };
        report.verdict.checks = vec![check];
        report
    }

    #[test]
    fn what_failed_is_told_in_the_words_of_a_workflow() {
        let mut report = report(1);
        let remarks = vec!["nothing could be tested".to_owned()];
        report.baseline = Some(Comparison { remarks, ..Comparison::default() });
        let expected = "::error file=palisade/a%2Cb.toml,title=missed::must be == 0, it is 100 %25%0Aof all\n\
             ::error file=palisade/a%2Cb.toml,title=beam-0::1 of 3 answers did not come as they should\n\
             ::warning file=palisade/a%2Cb.toml,title=baseline::nothing could be tested\n";
        assert_eq!(render(&report), expected);
        assert_eq!(render(&Report::default()), "");
    }

    #[test]
    fn a_threshold_on_the_harness_is_told_once() {
        let mut report = report(0);
        report.verdict.checks[0].figure = "lateness.p99".into();
        assert!(render(&report).contains("title=lateness.p99"));
        report.harness.valid = false;
        report.harness.reasons = vec!["lateness.p99 is 12.0 ms".into()];
        let text = render(&report);
        assert!(text.contains("::lateness.p99 is 12.0 ms") && text.lines().count() == 1, "{text}");
    }

    #[test]
    fn why_a_run_was_cut_comes_before_what_is_missing_because_of_it() {
        let mut report = report(20);
        report.partial = true;
        report.verdict.reasons = vec!["nobody listens at 127.0.0.1:1883".into(), "missed".into()];
        let text = render(&report);
        assert!(
            text.lines().next().is_some_and(|first| first.ends_with("::nobody listens at 127.0.0.1:1883"))
        );
        assert_eq!(text.lines().count(), SHOWN, "{text}");
    }

    #[test]
    fn a_device_is_not_blamed_for_what_nobody_can_judge() {
        let mut report = report(2);
        report.partial = true;
        report.verdict.reasons = vec!["the run was cut".into()];
        let outcomes = Tally { expected: 3, answered: 1, undecidable: 2, ..Tally::default() };
        report.devices[0].outcomes = outcomes;
        report.devices[1].outcomes = Tally { answered: 0, late: 1, ..outcomes };
        let failure = |id: &str, outcome: &str| FailurePart {
            id: id.into(),
            outcome: outcome.into(),
            device: "beam-1".into(),
            class: "beam".into(),
            signal: "beam_broken".into(),
            due_ms: 0,
            intended_us: 0,
            left_us: None,
            observed_us: None,
            text: "why".into(),
        };
        report.failures = vec![failure("r1-1", "undecidable"), failure("r1-2", "late")];
        let text = render(&report);
        assert!(!text.contains("title=beam-0"), "{text}");
        let late = "title=beam-1::1 of 3 answers did not come as they should, 2 cannot be judged; the first: beam_broken r1-2 late, why\n";
        assert!(text.contains(late), "{text}");
        assert!(text.contains("::warning file=palisade/a%2Cb.toml,title=undecidable::4 answers of 2 devices cannot be judged"), "{text}");
    }

    #[test]
    fn no_more_errors_than_are_shown() {
        for devices in [0, 1, 8, 9, 10, 40] {
            let text = render(&report(devices));
            assert_eq!(text.lines().count(), (devices + 1).min(SHOWN), "{devices}: {text}");
        }
        assert!(render(&report(40)).contains("32 more devices"));
    }
}
