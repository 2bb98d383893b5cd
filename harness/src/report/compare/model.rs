//! The comparison as data: what `--output-format json` prints.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::exit::Exit;
use crate::report::Report;
use crate::report::model::{LinkPart, Spread, Tally};
use crate::report::told;

/// Version of this format.
const FORMAT: u32 = 1;

/// Runs side by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Version of this format: 1.
    pub format: u32,
    /// True when all runs drove the same tape.
    pub same_tape: bool,
    /// True when all runs drove the same windows of the day.
    pub same_windows: bool,
    /// What a reader must know before comparing figures, the gravest first; empty when they may simply be compared.
    pub warnings: Vec<String>,
    /// The runs, in the order given.
    pub runs: Vec<RunColumn>,
}

/// One run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunColumn {
    /// Its letter in the table: A, B ...
    pub letter: String,
    /// Its folder, as given.
    pub folder: String,
    /// The gateway, with its defects if it was given any.
    pub gateway: String,
    /// What people call the compound.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// `pass`, `fail`, `void` (the harness was too slow), `cut`, `interrupted` or `lost` (the gateway was).
    pub verdict: &'static str,
    /// The run's exit code.
    pub exit: u8,
    /// True when the run was cut: figures hold for what was measured.
    pub partial: bool,
    /// Why the verdict is not `pass`: the first reason; empty otherwise.
    pub why: String,
    /// What became of the answers that were expected, measured.
    pub outcomes: Tally,
    /// From the intended instant to the answer, all classes together, measured.
    pub response_ms: Times,
    /// The same by device class, with the answers that were expected.
    pub by_class: BTreeMap<String, ClassTimes>,
    /// Commands to devices that came.
    pub commands_received: usize,
    /// Commands that were owed.
    pub commands_expected: usize,
    /// Of those, never came.
    pub commands_missed: usize,
    /// From the alarm that caused a command to the command, measured.
    pub commands_response_ms: Times,
    /// How answers were found: by their id, by device, signal and order, by device and time alone; measured.
    pub found_by: FoundBy,
    /// Messages that left, by the MQTT quality of service with which they were published, measured.
    pub published_by_qos: BTreeMap<u8, usize>,
    /// What serial lines carried; nothing without one that was polled.
    pub polled: Option<PolledTimes>,
    /// Response of the harness's own echo, measured.
    pub floor_ms: Times,
    /// Half of the messages left no later than this after their intended instant, ms, measured.
    pub lateness_p50_ms: Option<f64>,
    /// 99 % of messages left no later than this after their intended instant, ms, measured.
    pub lateness_p99_ms: Option<f64>,
    /// Digest of the tape, hex; empty when there is none.
    pub tape: String,
    /// The windows of the day that were driven: from and length, ms.
    pub windows_ms: Vec<[i64; 2]>,
}

/// How many answers were found in each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FoundBy {
    /// By the id that they carried.
    pub id: usize,
    /// By device, signal and order.
    pub order: usize,
    /// By device and time alone.
    pub window: usize,
}

/// What serial lines carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct PolledTimes {
    /// Answered messages.
    pub messages: u64,
    /// The usual time between two polls of a unit (p50), of the unit polled most often, ms, measured.
    pub shortest_ms: f64,
    /// The same of the unit polled most seldom.
    pub longest_ms: f64,
}

/// A length of time in three figures, ms; nothing without samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Times {
    /// Half of the samples are no longer.
    pub p50: Option<f64>,
    /// 99 % are no longer.
    pub p99: Option<f64>,
    /// The longest.
    pub max: Option<f64>,
}

/// A device class of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ClassTimes {
    /// Answers expected.
    pub expected: usize,
    /// Of those, answered well.
    pub answered: usize,
    /// From the intended instant to the answer.
    pub response_ms: Times,
}

impl Times {
    fn of(spread: &Spread) -> Times {
        Times { p50: spread.p50, p99: spread.p99, max: spread.max }
    }
}

impl Comparison {
    /// Sets reports side by side.
    pub fn of(reports: &[Report]) -> Comparison {
        let runs: Vec<RunColumn> =
            reports.iter().enumerate().map(|(i, r)| RunColumn::of(letter(i), r)).collect();
        let same = |key: fn(&RunColumn) -> String| runs.iter().map(key).collect::<BTreeSet<_>>().len() <= 1;
        let known = runs.iter().all(|r| !r.tape.is_empty());
        let same_tape = known && same(|r| r.tape.clone());
        let same_windows = same(|r| format!("{:?}", r.windows_ms));
        let warnings = warnings(&runs, same_tape, same_windows);
        Comparison { format: FORMAT, same_tape, same_windows, warnings, runs }
    }
}

/// A, B ... Z, then A2, B2 ...
fn letter(index: usize) -> String {
    let letter = char::from(b'A' + (index % 26) as u8);
    if index < 26 { letter.to_string() } else { format!("{letter}{}", index / 26 + 1) }
}

impl RunColumn {
    fn of(letter: String, report: &Report) -> RunColumn {
        let sut = &report.sut;
        let defects =
            if sut.defects.is_empty() { String::new() } else { format!(" with defects {}", sut.defects) };
        let by_class = report.outcomes_by_class.iter().filter(|(_, tally)| tally.expected > 0);
        let by_class = by_class.map(|(class, tally)| {
            let response_ms =
                report.latency_ms.get(class).map(|p| Times::of(&p.response)).unwrap_or_default();
            (class.clone(), ClassTimes { expected: tally.expected, answered: tally.answered, response_ms })
        });
        RunColumn {
            letter,
            folder: report.run.folder.clone(),
            gateway: match (sut.name.as_str(), sut.address.as_str()) {
                ("", "") => "unknown".to_owned(),
                ("", address) => format!("{address}{defects}"),
                (name, _) => format!("{name}{defects}"),
            },
            scenario: report.scenario.name.clone(),
            seed: report.scenario.seed,
            verdict: verdict(report),
            exit: report.exit() as u8,
            partial: report.partial,
            why: told::reasons(report).first().copied().cloned().unwrap_or_default(),
            outcomes: report.outcomes,
            response_ms: Times::of(&report.latency_all_ms.response),
            by_class: by_class.collect(),
            commands_received: report.commands.received,
            commands_expected: report.commands.expected,
            commands_missed: report.commands.missed,
            commands_response_ms: Times::of(&report.commands.response_ms),
            found_by: FoundBy {
                id: report.correlation.by_id,
                order: report.correlation.by_key,
                window: report.correlation.by_window,
            },
            published_by_qos: report.published_by_qos.clone(),
            polled: polled(&report.links),
            floor_ms: Times::of(&report.floor_all_ms.response),
            lateness_p50_ms: report.harness.lateness_ms.p50,
            lateness_p99_ms: report.harness.lateness_ms.p99,
            tape: report.tape.digest.clone(),
            windows_ms: report
                .windows
                .iter()
                .filter(|w| w.part == "main")
                .map(|w| [w.from_ms, w.lasting_ms])
                .collect(),
        }
    }
}

fn verdict(report: &Report) -> &'static str {
    match report.exit() {
        Exit::Ok => "pass",
        Exit::Interrupted => "interrupted",
        Exit::Sut => "lost",
        Exit::Harness if report.harness.valid => "cut",
        Exit::Harness => "void",
        _ => "fail",
    }
}

fn polled(links: &[LinkPart]) -> Option<PolledTimes> {
    let times = links.iter().flat_map(|link| &link.units).filter_map(|unit| unit.interval_p50_ms);
    let (shortest_ms, longest_ms) = times.fold(None, |range, ms| {
        let (shortest, longest) = range.unwrap_or((ms, ms));
        Some((ms.min(shortest), ms.max(longest)))
    })?;
    let messages = links.iter().map(|link| link.measured_ms.count).sum();
    Some(PolledTimes { messages, shortest_ms, longest_ms })
}

fn warnings(runs: &[RunColumn], same_tape: bool, same_windows: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    let told = |key: &dyn Fn(&RunColumn) -> String| {
        let each: Vec<String> = runs.iter().map(|r| format!("{} {}", r.letter, key(r))).collect();
        each.join(", ")
    };
    if !same_tape {
        let digests = told(&|r| r.tape.get(..12).unwrap_or("without a tape").to_owned());
        warnings.push(format!("NOT THE SAME TAPE: the gateways were given different days ({digests})"));
    }
    if !same_windows {
        let windows = told(&|r| match r.windows_ms.len() {
            0 => "none".into(),
            n => format!("{n} of {} s", r.windows_ms.iter().map(|w| w[1]).sum::<i64>() / 1000),
        });
        warnings.push(format!("NOT THE SAME WINDOWS of the day were driven ({windows})"));
    }
    for run in runs {
        let letter = &run.letter;
        match run.verdict {
            "void" => warnings.push(format!(
                "{letter}: the harness cannot be trusted, as its own report says; its times say nothing of the gateway"
            )),
            "lost" => warnings.push(format!("{letter}: the gateway was lost or never reached")),
            _ if run.partial => {
                warnings.push(format!("{letter} was cut: its figures hold for what was measured before"));
            }
            _ => {}
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::WindowPart;

    fn report(digest: &str, from_ms: i64) -> Report {
        let mut report = Report::default();
        report.tape.digest = digest.into();
        report.harness.valid = true;
        report.verdict.pass = true;
        let window = |part: &str, from_ms| WindowPart {
            part: part.into(),
            from_ms,
            lasting_ms: 10_000,
            ..WindowPart::default()
        };
        report.windows = vec![window("floor", 7), window("main", from_ms)];
        report
    }

    #[test]
    fn runs_of_one_tape_and_windows_may_be_compared() {
        let both = Comparison::of(&[report("abc", 5), report("abc", 5)]);
        assert_eq!((both.same_tape, both.same_windows, both.warnings.len()), (true, true, 0));
        assert_eq!(both.runs[1].windows_ms, [[5, 10_000]]);
    }

    #[test]
    fn what_may_not_be_compared_is_said_first() {
        let tapes = Comparison::of(&[report("abcdefabcdefab", 5), report("fedcbafedcba99", 5)]);
        assert_eq!((tapes.same_tape, tapes.same_windows), (false, true));
        assert!(
            tapes.warnings[0].starts_with("NOT THE SAME TAPE")
                && tapes.warnings[0].contains("B fedcbafedcba")
        );
        let windows = Comparison::of(&[report("abc", 5), report("abc", 6)]);
        assert_eq!((windows.same_tape, windows.same_windows), (true, false));
        assert_eq!(
            windows.warnings,
            ["NOT THE SAME WINDOWS of the day were driven (A 1 of 10 s, B 1 of 10 s)"]
        );
        assert!(!Comparison::of(&[report("", 5), report("", 5)]).same_tape, "no tape is no same tape");
    }

    #[test]
    fn a_cut_run_and_a_slow_harness_are_named() {
        let mut cut = report("abc", 5);
        cut.partial = true;
        let mut slow = report("abc", 5);
        slow.harness.valid = false;
        slow.sut.address = "scenarios/sut/x/contract.toml".into();
        slow.sut.name = "X 4.1".into();
        let both = Comparison::of(&[cut, slow]);
        assert_eq!(both.runs.iter().map(|r| r.verdict).collect::<Vec<_>>(), ["cut", "void"]);
        assert_eq!(both.runs.iter().map(|r| r.gateway.as_str()).collect::<Vec<_>>(), ["unknown", "X 4.1"]);
        assert!(both.warnings[0].starts_with("A was cut") && both.warnings[1].starts_with("B: the harness"));
    }

    #[test]
    fn letters_go_on_after_z() {
        assert_eq!([0, 2, 25, 26, 53].map(letter), ["A", "C", "Z", "A2", "B3"]);
    }
}
