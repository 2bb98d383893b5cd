//! JUnit XML for CI: a suite for the run with a case for each threshold, and a suite for each device class with a
//! case for each device.

use std::collections::BTreeMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::Report;
use super::model::{CheckPart, DevicePart, FailurePart};
use super::write::bug;
use crate::baseline::{Comparison, Standing};
use crate::exit::Failure;

/// The document.
pub(super) fn render(report: &Report) -> Result<String, Failure> {
    let mut document = Document::new(format!("palisade {}", report.scenario.path));
    document.set_time(Duration::try_from_secs_f64(report.run.lasted_s).unwrap_or_default());
    document.add_test_suite(run_suite(report));
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
    suite
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
    }
    let mut case = TestCase::new(format!("{} {}", check.figure, check.must), status);
    case.set_classname(class);
    case
}

fn case(device: &DevicePart, failures: &[FailurePart]) -> TestCase {
    let o = &device.outcomes;
    let bad = o.expected - o.answered;
    let mut status = TestCaseStatus::success();
    if bad > 0 {
        let lines: Vec<String> = failures
            .iter()
            .filter(|f| f.device == device.id)
            .map(|f| format!("{} {} {}: {}", f.outcome, f.signal, f.id, f.text))
            .collect();
        let kind = if bad == o.undecidable { NonSuccessKind::Error } else { NonSuccessKind::Failure };
        status = TestCaseStatus::non_success(kind);
        status
            .set_type("answers")
            .set_message(format!("{bad} of {} answers did not come as they should", o.expected))
            .set_description(lines.join("\n"));
    }
    let mut case = TestCase::new(device.id.as_str(), status);
    case.set_classname(device.class.as_str()).set_assertions(o.expected);
    let slowest = device.response_ms.max.unwrap_or_default() / 1000.0;
    case.set_time(Duration::try_from_secs_f64(slowest).unwrap_or_default());
    case
}
