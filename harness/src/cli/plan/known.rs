//! What is known beyond a layout: a run against the gateway, which judged the rules about it, a log of patrols, and records of
//! the trial run.

use std::path::Path;

use palisade_sim::analysis::rules::{Judged, Measured, RunJudged, Status};
use palisade_sim::model::Scenario;
use palisade_sim::model::kit::Kit;

use super::super::{Exit, Failure};
use crate::report::{Report, RulePart, RuleStatus, scenario_of};

/// Where it is written, as far as it was named.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Records<'a> {
    /// A run's folder.
    pub(super) run: Option<&'a Path>,
    /// A log of patrols.
    pub(super) log: Option<&'a Path>,
    /// Records of the trial run.
    pub(super) trial: Option<&'a Path>,
}

/// What it says.
#[derive(Debug, Default)]
pub(super) struct Known {
    measured: Option<Measured>,
    /// Whether the log was read from a file: it is one of real rounds, whatever is planned.
    is_real: bool,
}

impl Known {
    /// Reads what was named, of the scenario at a path. A log of real rounds goes before the rounds of the twin's day.
    ///
    /// # Errors
    /// When one cannot be read, or the run is one of another compound or of other devices.
    pub(super) fn of(
        Records { run, log, trial }: Records<'_>,
        (path, scenario): (&Path, &Scenario),
    ) -> Result<Known, Failure> {
        let input = |error: crate::patrols::BadLog| Failure::new(Exit::Input, error);
        let mut measured = run.map(|run| judged(run, (path, scenario))).transpose()?;
        if let Some(log) = log {
            let known = measured.get_or_insert_default();
            let read = crate::patrols::read(log, scenario).map_err(input)?;
            (known.patrols, known.log) = (Some(read), Some(log.display().to_string()));
        }
        if let Some(trial) = trial {
            let known = measured.get_or_insert_default();
            let read = crate::trial::read(trial).map_err(input)?;
            (known.trial, known.trial_file) = (Some(read), Some(trial.display().to_string()));
        }
        Ok(Known { measured, is_real: log.is_some() })
    }

    pub(super) fn measured(&self) -> Option<&Measured> {
        self.measured.as_ref()
    }

    /// What of it says something of another layout, too.
    pub(super) fn of_another(&self, ours: &Scenario, other: &Scenario) -> Option<Measured> {
        let mut measured = self.measured.clone()?;
        if difference(ours, other).is_some() {
            measured.run = None;
        }
        if !self.is_real && ours.digest != other.digest {
            (measured.patrols, measured.log) = (None, None);
        }
        Some(measured)
    }
}

/// What a run's report says of the rules about the gateway, and its tape of the rounds that were walked.
fn judged(run: &Path, (path, scenario): (&Path, &Scenario)) -> Result<Measured, Failure> {
    let report = report(run)?;
    let driven = scenario_of(run)?;
    if let Some(what) = difference(&driven, scenario) {
        let (theirs, ours) = (&report.scenario.path, path.display());
        let text = format!(
            "{}: this is a run of {theirs} ({}), and {ours} ({}) is planned: {what}\n  remedy: run what is planned, `palisade run {ours}`, and name that run's folder with --run",
            run.display(),
            report.scenario.name,
            scenario.file.name,
        );
        return Err(Failure::new(Exit::Input, text));
    }
    let rules = report.rules.iter().map(|part| (part.id.clone(), taken(part))).collect();
    let journal = run.join("journal.jsonl").display().to_string();
    // Rounds are those of that very day: another cast or script walks others.
    let same_day = driven.digest == scenario.digest;
    let patrols = same_day.then(|| crate::patrols::lived(run, scenario)).flatten();
    let log = patrols.as_ref().map(|_| run.join("tape.bin").display().to_string());
    Ok(Measured { run: Some(RunJudged { journal, rules }), patrols, log, ..Measured::default() })
}

fn report(run: &Path) -> Result<Report, Failure> {
    let path = run.join("report.json");
    let wrong = |why: String| {
        let remedy = "give the folder of a run that has a report (`palisade report RUN` makes it again)";
        Failure::new(Exit::Input, format!("{}: {why}; {remedy}", path.display()))
    };
    let text = std::fs::read_to_string(&path).map_err(|e| wrong(e.to_string()))?;
    serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))
}

fn taken(part: &RulePart) -> Judged {
    Judged {
        status: match part.status {
            RuleStatus::Pass => Status::Pass,
            RuleStatus::Fail => Status::Fail,
            RuleStatus::NotMeasured => Status::NotAssessable,
        },
        measured: part.measured,
        demanded: part.demanded,
        unit: part.unit.clone(),
        needs: part.needs.clone(),
        evidence: part.evidence.clone(),
        driven: part.driven.clone(),
        undriven: part.undriven.clone(),
    }
}

/// In what two layouts differ, in a few words; nothing when place and kit are the same, whoever lives there.
fn difference(one: &Scenario, other: &Scenario) -> Option<String> {
    if one.site != other.site {
        return Some("their sites differ".into());
    }
    let [ours, theirs] = [&one.file.kit, &other.file.kit];
    (ours != theirs).then(|| match first_row(ours, theirs) {
        Some(row) => format!("their kits differ, first in {row}"),
        None => "their kits differ".to_owned(),
    })
}

/// The first row in which two kits differ, such as `camera cam-3`.
fn first_row(ours: &Kit, theirs: &Kit) -> Option<String> {
    let [ours, theirs] = [ours, theirs].map(|kit| serde_json::to_value(kit).unwrap_or_default());
    let (table, (rows, others)) = ours.as_object()?.iter().find_map(|(table, rows)| {
        let others = &theirs[table];
        (rows != others).then_some((table, (rows, others)))
    })?;
    let (Some(rows), Some(others)) = (rows.as_array(), others.as_array()) else { return Some(table.clone()) };
    let at = (0..rows.len().max(others.len())).find(|at| rows.get(*at) != others.get(*at))?;
    let id = rows.get(at).or(others.get(at))?.get("id")?.as_str()?;
    Some(format!("{table} {id}"))
}

#[cfg(test)]
mod tests {
    use palisade_sim::model::load::{SourceText, load};

    use super::*;

    fn yard() -> Scenario {
        let source = |name: &str, text: &str| SourceText { name: name.to_owned(), text: text.to_owned() };
        let (toml, site) = (
            include_str!("../../../../scenarios/tiny.toml"),
            include_str!("../../../../scenarios/sites/tiny.geojson"),
        );
        load(&source("tiny.toml", toml), Some(&source("tiny.geojson", site))).expect("sound")
    }

    #[test]
    fn layouts_differ_by_what_stands_there_and_not_by_who_lives_there() {
        let check = |change: fn(&mut Scenario), expected: Option<&str>| {
            let (one, mut other) = (yard(), yard());
            change(&mut other);
            assert_eq!(difference(&one, &other).as_deref(), expected);
        };
        check(|_| (), None);
        check(|s| s.file.cast.occupancy = 0.1, None);
        check(|s| s.site.walls[0].height_m += 1.0, Some("their sites differ"));
        check(
            |s| s.file.kit.camera[1].bearing_deg += 1.0,
            Some("their kits differ, first in camera cam-south-gate"),
        );
        check(|s| drop(s.file.kit.beam.pop()), Some("their kits differ, first in beam beam-west"));
        check(|s| s.file.kit.provision.key_site = true, Some("their kits differ, first in provision"));
    }

    #[test]
    fn of_another_layout_a_log_of_real_rounds_alone_says_something() {
        let (one, mut other) = (yard(), yard());
        other.file.kit.camera[1].bearing_deg += 1.0;
        other.digest = "another".into();
        let measured = Measured {
            run: Some(RunJudged::default()),
            patrols: Some(palisade_sim::analysis::rules::PatrolLog::imported(Vec::new())),
            log: Some("rounds.csv".into()),
            ..Measured::default()
        };
        let left = |is_real: bool, other: &Scenario| {
            let known = Known { measured: Some(measured.clone()), is_real };
            let left = known.of_another(&one, other).expect("something");
            (left.run.is_some(), left.patrols.is_some(), left.log.is_some())
        };
        assert_eq!(left(true, &other), (false, true, true));
        assert_eq!(left(false, &other), (false, false, false));
        assert_eq!(left(false, &yard()), (true, true, true));
    }
}
