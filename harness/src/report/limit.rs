//! What a search for a gateway's limit came to, as data (`limit.json`, `palisade schema limit`) and in words.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use palisade_sim::model::drive::Drive;
use schemars::JsonSchema;
use serde::Serialize;

use crate::words::counted;

use super::Report;
use super::model::WindowPart;
use super::terminal::ms;
use crate::exit::Exit;
use crate::limit::{Knee, Search};

/// The file of the answer in the search's folder.
pub const FILE: &str = "limit.json";

/// What the search came to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Limit {
    /// Version of this format: 1.
    pub format: u32,
    /// The scenario's path as typed.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// Devices of one compound.
    pub devices: usize,
    /// Compounds at which half of the runs pass; nothing when none broke a threshold.
    pub knee: Option<f64>,
    /// The knee lies between these with 90 % probability.
    pub between: Option<[f64; 2]>,
    /// What a fleet of the knee's size would offer, messages a second; nothing without a knee.
    pub offered_per_s: Option<f64>,
    /// The same in a sentence.
    pub told: String,
    /// Each run, in order.
    pub runs: Vec<LimitRun>,
}

/// One run of the search.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LimitRun {
    /// Compounds in the fleet.
    pub fleet: u32,
    /// `pass`, `fail`, `void` when the harness itself was too slow, or `cut` when somebody stopped it.
    pub verdict: &'static str,
    /// Messages that were due while windows were driven, a second, with signs of life: the compound's that left, and those
    /// of its copies whether they left or not.
    pub offered_per_s: f64,
    /// How long windows were driven, s. What builds up over a longer time is not seen.
    pub driven_s: f64,
    /// Answers that the compound was owed.
    pub expected: usize,
    /// Of those, answered well.
    pub answered: usize,
    /// Intended instant to answer, ms: half of the answers took no longer.
    pub response_p50_ms: Option<f64>,
    /// 99 % of the answers took no longer, ms.
    pub response_p99_ms: Option<f64>,
    /// Its folder.
    pub folder: PathBuf,
    /// The first reason of a run that did not pass.
    pub why: String,
}

impl LimitRun {
    /// A run with so many compounds, by its report.
    pub fn of(fleet: u32, report: &Report, drive: &Drive, folder: PathBuf) -> LimitRun {
        let verdict = match report.exit() {
            Exit::Ok => "pass",
            Exit::Harness => "void",
            Exit::Interrupted => "cut",
            _ => "fail",
        };
        let reasons = report.harness.reasons.first().or(report.verdict.reasons.first());
        LimitRun {
            fleet,
            verdict,
            offered_per_s: offered_per_s(report, drive),
            driven_s: driven_s(report),
            expected: report.outcomes.expected,
            answered: report.outcomes.answered,
            response_p50_ms: report.latency_all_ms.response.p50,
            response_p99_ms: report.latency_all_ms.response.p99,
            folder,
            why: reasons.cloned().unwrap_or_default(),
        }
    }
}

fn offered_per_s(report: &Report, drive: &Drive) -> f64 {
    let own: usize = report.published_by_qos.values().sum();
    let on_lines: usize = report.links.iter().map(|link| link.devices).sum();
    let beats_per_s = |devices: usize| match drive.heartbeat.as_seconds() {
        every_s if every_s > 0.0 => devices as f64 / every_s,
        _ => 0.0,
    };
    // Copies show that they live while the last answers of a window are waited for, too.
    let waited_s = drive.drain.as_seconds() * main_windows(report).count() as f64;
    let copies = report.load.as_ref().map_or(0.0, |load| {
        let due = load.counts.left + load.counts.refused + load.counts.unsent;
        (due as f64 - beats_per_s(load.counts.clients) * waited_s).max(0.0)
    });
    let own_beats_per_s = beats_per_s(report.devices.len().saturating_sub(on_lines));
    (own as f64 + copies) / driven_s(report).max(0.001) + own_beats_per_s
}

fn main_windows(report: &Report) -> impl Iterator<Item = &WindowPart> {
    report.windows.iter().filter(|window| window.part == "main")
}

fn driven_s(report: &Report) -> f64 {
    main_windows(report).map(|window| window.lasting_ms).sum::<i64>() as f64 / 1_000.0
}

/// What a fleet of any size offers, by the smallest and the largest that were driven: each copy offers the same.
fn offered_by(runs: &[LimitRun], fleet: f64) -> Option<f64> {
    let least = runs.iter().min_by_key(|run| run.fleet)?;
    let most = runs.iter().max_by_key(|run| run.fleet)?;
    if least.fleet == most.fleet {
        return Some(least.offered_per_s * fleet / f64::from(least.fleet));
    }
    let a_copy = (most.offered_per_s - least.offered_per_s) / f64::from(most.fleet - least.fleet);
    Some(least.offered_per_s + a_copy * (fleet - f64::from(least.fleet)))
}

impl Limit {
    /// What a search knows after these runs. `scenario`: its path as typed.
    pub fn of(
        search: &Search,
        (scenario, seed, devices): (String, u64, usize),
        runs: Vec<LimitRun>,
    ) -> Limit {
        let broke = search.trials().iter().any(|t| !t.pass);
        let Knee { fleet, low, high } = search.knee();
        let offered_per_s = offered_by(&runs, fleet).filter(|_| broke);
        Limit {
            format: 1,
            scenario,
            seed,
            devices,
            knee: broke.then_some(fleet),
            between: broke.then_some([low, high]),
            offered_per_s,
            told: told(search, devices, offered_per_s, &runs),
            runs,
        }
    }

    /// The search as a table, with its answer.
    pub fn text(&self, folder: &Path) -> String {
        let mut out = format!("limit  {}, seed {}\n\n", self.scenario, self.seed);
        out += "    fleet  offered/s  verdict   answered       response p50 / p99  why\n";
        for run in &self.runs {
            let share = format!("{} / {}", run.answered, run.expected);
            let response = format!("{} / {} ms", ms(run.response_p50_ms), ms(run.response_p99_ms));
            let why: String = run.why.chars().take(60).collect();
            // Writing into a string does not fail.
            let _ = writeln!(
                out,
                "  {:>7}  {:>9.1}  {:<7} {share:>12}  {response:>22}  {why}",
                run.fleet, run.offered_per_s, run.verdict
            );
        }
        let _ = write!(out, "\n  {}\n  {}/{FILE}\n", self.told, folder.display());
        out
    }
}

fn told(search: &Search, devices: usize, offered_per_s: Option<f64>, runs: &[LimitRun]) -> String {
    let driven_s = runs.iter().map(|run| run.driven_s).fold(0.0, f64::max);
    let lasting = if driven_s > 0.0 { format!(" of {driven_s} s") } else { String::new() };
    let (most, count) = (search.most(), format!("{}{lasting}", counted(runs.len(), "run")));
    let bound = match search.is_capped() {
        true => {
            format!("; larger fleets could not be driven on this machine, the harness was late above {most}")
        }
        false => String::new(),
    };
    if search.trials().is_empty() {
        let why = runs.last().map_or("nothing was driven", |run| run.why.as_str());
        return format!("nothing is known of the limit, in {count}: {why}");
    }
    if !search.trials().iter().any(|t| !t.pass) {
        let largest = search.trials().iter().map(|t| t.fleet).max().unwrap_or_default();
        return format!(
            "no threshold broke up to {} ({}), in {count}: the limit lies above{bound}",
            counted(largest as usize, "compound"),
            counted(largest as usize * devices, "device")
        );
    }
    let Knee { fleet, low, high } = search.knee();
    if search.fails_alone() {
        let why = runs.iter().find(|r| r.verdict == "fail").map_or("", |r| r.why.as_str());
        return format!(
            "a run with one compound ({devices} devices) fails already, in {count}: {why}{bound}"
        );
    }
    let offered = offered_per_s.map_or_else(String::new, |rate| format!(", {rate:.0} messages/s"));
    format!(
        "half of the runs pass at {fleet:.1} compounds ({:.0} devices{offered}), with 90 % probability between {low:.1} and \
         {high:.1}, by {count}{bound}; a queue that grows too slowly to show in {driven_s} s would in longer windows",
        fleet * devices as f64
    )
}

#[cfg(test)]
mod tests {
    use super::super::model::{DevicePart, LoadPart};
    use super::*;
    use crate::limit::Trial;

    /// A run of 10 s, in which each of 20 devices of a compound says one thing and shows once that it lives.
    fn run(fleet: u32) -> LimitRun {
        let window = WindowPart { part: "main".into(), lasting_ms: 10_000, ..WindowPart::default() };
        let mut report = Report { windows: vec![window], ..Report::default() };
        report.published_by_qos.insert(1, 20);
        report.devices = (0..20)
            .map(|i| DevicePart {
                id: format!("beam-{i}"),
                class: "beam".into(),
                at_m: [0.0; 3],
                stimuli: 1,
                outcomes: Default::default(),
                response_ms: Default::default(),
            })
            .collect();
        let copies = u64::from(fleet) - 1;
        let mut load = LoadPart::default();
        // 2 s are waited for the last answers, in which a fifth of them beats once more.
        load.counts.left = copies * (20 + 24);
        load.counts.clients = copies as usize * 20;
        report.load = (copies > 0).then_some(load);
        LimitRun::of(fleet, &report, &Drive::default(), PathBuf::new())
    }

    #[test]
    fn each_compound_offers_the_same_with_its_signs_of_life() {
        assert_eq!([1, 2, 5].map(|fleet| run(fleet).offered_per_s), [4.0, 8.0, 20.0]);
    }

    #[test]
    fn the_answer_says_how_long_was_driven() {
        let mut search = Search::new(10);
        search.take(Trial { fleet: 1, pass: true });
        let told = |search: &Search| Limit::of(search, (String::new(), 1, 20), vec![run(1), run(2)]).told;
        assert!(told(&search).contains("in 2 runs of 10 s: the limit lies above"), "{}", told(&search));
        search.take(Trial { fleet: 2, pass: false });
        assert!(
            told(&search).contains("by 2 runs of 10 s; a queue that grows too slowly"),
            "{}",
            told(&search)
        );
    }
}
