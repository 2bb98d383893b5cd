//! JUnit XML for CI: a suite for the run with a case for each threshold and one for the verdict with all its reasons, a
//! suite for each baseline with a case for each figure and class, and a suite for each device class with a case for each
//! device. A run with another exit code than 0 has a case that failed.

use std::collections::BTreeMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::model::{CheckPart, DevicePart, FailurePart};
use super::write::bug;
use super::{Report, told};
use crate::baseline::{Comparison, Finding, Standing};
use crate::exit::{Exit, Failure};

/// The document.
pub(super) fn render(report: &Report) -> Result<String, Failure> {
    let mut document = Document::new(format!("palisade {}", report.scenario.path));
    document.set_time(Duration::try_from_secs_f64(report.run.lasted_s).unwrap_or_default());
    document.add_test_suite(run_suite(report));
    document.add_test_suites(report.baseline.iter().flat_map(against));
    let mut classes: BTreeMap<&str, Vec<&DevicePart>> = BTreeMap::new();
    for device in report.devices.iter().filter(|d| d.outcomes.expected > 0) {
        classes.entry(&device.class).or_default().push(device);
    }
    for (class, devices) in classes {
        let of_class: Vec<&CheckPart> =
            report.verdict.checks.iter().filter(|c| class_of(c) == Some(class)).collect();
        let mut suite = TestSuite::new(class);
        suite.add_test_cases(of_class.into_iter().map(|c| threshold(c, class, report)));
        suite.add_test_cases(devices.into_iter().map(|d| case(d, &report.failures)));
        document.add_test_suite(suite);
    }
    document.to_string().map_err(|e| bug("junit.xml", e))
}

/// The device class that a threshold is limited to, if any.
fn class_of(check: &CheckPart) -> Option<&str> {
    let (first, _) = check.figure.split_once('.')?;
    (!["lateness", "service", "response"].contains(&first)).then_some(first)
}

fn run_suite(report: &Report) -> TestSuite {
    let mut suite = TestSuite::new("run");
    let classes: Vec<&str> =
        report.devices.iter().filter(|d| d.outcomes.expected > 0).map(|d| d.class.as_str()).collect();
    let general =
        report.verdict.checks.iter().filter(|c| class_of(c).is_none_or(|class| !classes.contains(&class)));
    suite.add_test_cases(general.map(|c| threshold(c, "run", report)));
    suite.add_test_case(whole("complete", report.partial, "the run was cut", &report.verdict.reasons));
    suite.add_test_case(whole(
        "harness valid",
        !report.harness.valid,
        "the harness cannot be trusted",
        &report.harness.reasons,
    ));
    suite.add_test_cases(report.baseline.iter().map(baseline));
    suite.add_test_case(verdict(report));
    suite
}

/// Fails with the run, whatever it is that failed.
fn verdict(report: &Report) -> TestCase {
    let mut status = TestCaseStatus::success();
    if report.exit() != Exit::Ok || !report.verdict.pass {
        status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        let reasons = told::reasons(report);
        let first = reasons
            .first()
            .map_or_else(|| format!("exit code {}", report.exit() as u8), |why| (*why).clone());
        let all: Vec<&str> = reasons.into_iter().chain(&report.verdict.stands).map(String::as_str).collect();
        status.set_type("verdict").set_message(first).set_description(all.join("\n"));
    }
    let mut case = TestCase::new("verdict", status);
    case.set_classname("run");
    let unsure = told::not_assessed(&report.verdict);
    if !unsure.is_empty() {
        case.set_system_out(unsure.join("\n"));
    }
    case
}

/// A suite for each baseline. What is worse than in one of several only does not fail; what cannot be compared or tested is
/// skipped, with the reason.
fn against(comparison: &Comparison) -> impl Iterator<Item = TestSuite> {
    comparison.baselines.iter().map(|baseline| {
        let mut suite = TestSuite::new(format!("baseline {}", baseline.run));
        let case = |name: String, finding: Finding, sentence: String| {
            let status = match finding {
                Finding::Worse if comparison.regressed.contains(&name) => {
                    TestCaseStatus::non_success(NonSuccessKind::Failure)
                }
                Finding::TooFew => TestCaseStatus::skipped(),
                _ => TestCaseStatus::success(),
            };
            held(&name, status, sentence)
        };
        let why_not = baseline.why_not.iter();
        suite.add_test_cases(why_not.map(|why| held("comparable", TestCaseStatus::skipped(), why.clone())));
        let latency = baseline.latency.iter();
        suite.add_test_cases(latency.map(|c| case(c.name(), c.finding, c.sentence())));
        suite.add_test_cases(baseline.answers.iter().map(|l| case(l.name(), l.finding, l.sentence())));
        suite
    })
}

fn held(name: &str, mut status: TestCaseStatus, sentence: String) -> TestCase {
    status.set_type("baseline").set_message(sentence);
    let mut case = TestCase::new(name, status);
    case.set_classname("baseline");
    case
}

/// The comparison with earlier runs: what could not be compared or tested is skipped, and is no pass.
fn baseline(comparison: &Comparison) -> TestCase {
    let mut status = match comparison.outcome {
        Standing::Stands => TestCaseStatus::success(),
        Standing::Worse => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Standing::Untested | Standing::Incomparable => TestCaseStatus::skipped(),
    };
    let told: Vec<&str> = comparison.reasons.iter().chain(&comparison.remarks).map(String::as_str).collect();
    if comparison.outcome != Standing::Stands {
        status.set_message(told.first().copied().unwrap_or_default()).set_description(told.join("\n"));
    }
    let mut case = TestCase::new("baseline", status);
    case.set_classname("run");
    case
}

fn whole(name: &str, wrong: bool, message: &str, reasons: &[String]) -> TestCase {
    let mut status = TestCaseStatus::success();
    if wrong {
        status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(message).set_description(reasons.join("\n"));
    }
    let mut case = TestCase::new(name, status);
    case.set_classname("run");
    case
}

fn threshold(check: &CheckPart, class: &str, report: &Report) -> TestCase {
    let mut status = TestCaseStatus::success();
    if !check.pass {
        status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status
            .set_type("threshold")
            .set_message(format!("{} must be {}, it is {}", check.figure, check.must, check.found_text))
            .set_description(report.verdict.reasons.join("\n"));
    } else if check.not_assessed {
        status = TestCaseStatus::skipped();
        status.set_message(told::not_assessed(&report.verdict).join("\n"));
    }
    let unasked = if check.implied { " (unasked)" } else { "" };
    let mut case = TestCase::new(format!("{} {}{unasked}", check.figure, check.must), status);
    case.set_classname(class);
    case
}

fn case(device: &DevicePart, failures: &[FailurePart]) -> TestCase {
    let o = &device.outcomes;
    let mut status = TestCaseStatus::success();
    if let Some(bad) = told::bad(o) {
        let lines: Vec<String> = failures
            .iter()
            .filter(|f| f.device == device.id)
            .map(|f| format!("{} {} {}: {}", f.outcome, f.signal, f.id, f.text))
            .collect();
        let kind = if o.failed() == 0 { NonSuccessKind::Error } else { NonSuccessKind::Failure };
        status = TestCaseStatus::non_success(kind);
        status.set_type("answers").set_message(bad).set_description(lines.join("\n"));
    }
    let mut case = TestCase::new(device.id.as_str(), status);
    case.set_classname(device.class.as_str()).set_assertions(o.expected);
    let slowest = device.response_ms.max.unwrap_or_default() / 1000.0;
    case.set_time(Duration::try_from_secs_f64(slowest).unwrap_or_default());
    case
}

#[cfg(test)]
mod tests {
    use super::super::model::{NotAssessedPart, Tally};
    use super::*;
    use crate::baseline::{Against, Change, Lost};

    /// Cases that failed, and those that were skipped.
    fn cases(report: &Report) -> (Vec<String>, Vec<String>) {
        let text = render(report).expect("it renders");
        let of = |word: &str| {
            let with = |case: &&str| case.split("</testcase>").next().is_some_and(|case| case.contains(word));
            let name = |case: &str| case.split('"').next().unwrap_or_default().to_owned();
            text.split("<testcase name=\"").skip(1).filter(with).map(name).collect::<Vec<_>>()
        };
        ([of("<failure"), of("<error")].concat(), of("<skipped"))
    }

    fn sound() -> Report {
        let mut report = Report::default();
        report.harness.valid = true;
        report.verdict.pass = true;
        report
    }

    fn change(finding: Finding) -> Change {
        Change {
            class: "beam".into(),
            figure: "p99".into(),
            count: 100,
            seconds: 20,
            before_ms: 1.0,
            after_ms: 2.0,
            between_ms: Some([0.5, 1.5]),
            floor_ms: None,
            p: Some(0.001),
            finding,
        }
    }

    fn held_against(finding: Finding, regressed: bool) -> Report {
        let lost = Lost {
            class: "all".into(),
            lost: 0,
            won: 0,
            seconds: 20,
            p: 1.0,
            needed: 0.005,
            finding: Finding::Same,
            messages: Vec::new(),
        };
        let against = Against {
            run: "before".into(),
            latency: vec![change(finding)],
            answers: vec![lost],
            ..Against::default()
        };
        let regressed = if regressed { vec!["beam response p99".to_owned()] } else { Vec::new() };
        let mut report = sound();
        report.verdict.pass = regressed.is_empty();
        report.verdict.reasons = regressed.iter().map(|name| format!("{name} is slower")).collect();
        report.baseline = Some(Comparison { baselines: vec![against], regressed, ..Comparison::default() });
        report
    }

    #[test]
    fn a_run_that_is_not_well_has_a_case_that_failed_and_a_sound_one_has_none() {
        assert_eq!(cases(&sound()), (Vec::new(), Vec::new()));
        let spoilt: [fn(&mut Report); 6] = [
            |report| report.run.interrupted = true,
            |report| report.sut.lost = true,
            |report| report.partial = true,
            |report| report.harness.valid = false,
            |report| report.verdict.pass = false,
            |report| {
                report.verdict.pass = false;
                report.verdict.reasons = vec!["no answer was expected, so nothing could be judged".into()];
            },
        ];
        for (i, spoil) in spoilt.into_iter().enumerate() {
            let mut report = sound();
            spoil(&mut report);
            assert_ne!(report.exit(), Exit::Ok, "{i}");
            let (failed, _) = cases(&report);
            assert!(failed.contains(&"verdict".to_owned()), "{i}: {failed:?}");
        }
    }

    #[test]
    fn a_device_is_not_blamed_for_what_nobody_can_judge() {
        let device = |late, undecidable| DevicePart {
            id: format!("beam-{late}"),
            class: "beam".into(),
            outcomes: Tally {
                expected: 3,
                answered: 3 - late - undecidable,
                late,
                undecidable,
                ..Tally::default()
            },
            ..DevicePart::default()
        };
        let report = Report { devices: vec![device(1, 2), device(0, 2)], ..sound() };
        let text = render(&report).expect("it renders");
        assert!(text.contains("1 of 3 answers did not come as they should, 2 cannot be judged"), "{text}");
        assert!(text.contains("<error message=\"2 of 3 answers cannot be judged\""), "{text}");
    }

    #[test]
    fn a_figure_that_is_worse_than_in_every_baseline_fails_by_its_name() {
        let (failed, _) = cases(&held_against(Finding::Worse, true));
        assert_eq!(failed, ["verdict", "beam response p99"]);
        assert!(cases(&held_against(Finding::Worse, false)).0.is_empty(), "worse than in one of several");
        let too_few = cases(&held_against(Finding::TooFew, false));
        assert_eq!(too_few, (Vec::new(), vec!["beam response p99".to_owned()]));
        let text = render(&held_against(Finding::Same, false)).expect("it renders");
        assert!(text.contains("baseline before") && text.contains("all answers"), "{text}");
    }

    #[test]
    fn a_threshold_of_which_faults_took_too_much_is_skipped_and_says_why() {
        let mut report = sound();
        let check = |figure: &str, not_assessed| CheckPart {
            figure: figure.into(),
            must: "== 0".into(),
            found: Some(0.0),
            pass: true,
            not_assessed,
            ..CheckPart::default()
        };
        report.verdict.checks = vec![check("missed", false), check("beam.missed", true)];
        let told = "beam is not assessed: faults took 99 of 100 messages".to_owned();
        report.verdict.not_assessed =
            vec![NotAssessedPart { class: Some("beam".into()), taken: 99, of: 100, told }];
        assert_eq!(cases(&report), (Vec::new(), vec!["beam.missed == 0".to_owned()]));
        let text = render(&report).expect("it renders");
        assert!(
            text.contains("faults took 99 of 100") && text.contains("beam.missed holds says nothing"),
            "{text}"
        );
    }
}
