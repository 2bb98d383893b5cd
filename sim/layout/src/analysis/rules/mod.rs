//! Rules as data: does a layout meet them?
//!
//! A rule names its clause, its source, how far that source was seen, for whom it holds, and one check with its
//! threshold. What cannot be worked out from what is there says what is missing and never counts as passed.

mod barrier;
mod beam;
mod check;
mod data;
mod facade;
mod gate;
mod geometry;
mod log;
mod on_duty;
mod passage;
mod places;
mod rounds;
mod timed;
mod trial;
mod watching;

pub(crate) use beam::broken_at;
pub use data::{Applies, Check, Kind, Rule, RuleBook, Seen, Strength, Unreadable};
pub use log::{PatrolLog, Touch};
pub(crate) use passage::passages;
pub use timed::{Judged, RunJudged};
pub use trial::{System, TrialRecords};
pub use watching::watching;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::PlanAnswer;
use super::caster::Caster;
use super::privacy::PrivacyAnswer;
use super::projection::View;
use super::sightlines::{Look, SightTable, look, working};
use super::views::Views;
use crate::contract::Class;
use crate::model::Scenario;
use crate::model::kit::Camera;
use crate::words::{Id, apart};

/// How a rule came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Met.
    Pass,
    /// Not met.
    Fail,
    /// What is there does not say: see `needs`.
    NotAssessable,
    /// There is nothing here that the rule is about.
    NotApplicable,
}

/// What a figure rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Worked out from the scenario.
    Computed,
    /// Measured in a run against a gateway.
    Measured,
    /// Read from somebody's record.
    Imported,
    /// Stated by the scenario's author, and not seen by anybody here.
    Assumed,
}

impl Basis {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Basis::Computed => "computed",
            Basis::Measured => "measured",
            Basis::Imported => "imported",
            Basis::Assumed => "assumed",
        }
    }
}

/// What was found for one rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The rule.
    pub id: String,
    /// What it asks for.
    pub title: String,
    /// The same in Chinese.
    pub title_zh: String,
    /// Where it stands.
    pub clause: String,
    /// The same in Chinese.
    #[serde(default)]
    pub clause_zh: String,
    /// Where that was read.
    pub source: String,
    /// How far the source was seen.
    pub seen: Seen,
    /// How strongly it is put.
    pub strength: Strength,
    /// What it is about.
    pub kind: Kind,
    /// How it came out.
    pub status: Status,
    /// What was measured, in `unit`.
    pub measured: Option<f64>,
    /// What is demanded, in `unit`.
    pub demanded: Option<f64>,
    /// Unit of both.
    pub unit: String,
    /// What `measured` rests on; nothing where nothing was measured.
    #[serde(default)]
    pub basis: Option<Basis>,
    /// What must be known before it can be assessed.
    pub needs: Option<String>,
    /// What fails it: devices, walls, doors, the worst first.
    pub evidence: Vec<String>,
    /// What it asks about one by one, where it counts: gates, entrances, places, cameras.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub each: Vec<Each>,
    /// What else its text asks for, and was not checked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unchecked: Vec<String>,
    /// Which of its figures are assumed, because its text gives none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumed: Vec<String>,
    /// Where it is written what it was judged by, when that is not the layout: the journal of a run, a log of patrols.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// Classes of devices that the run drove and that it was judged on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub driven: Vec<String>,
    /// Classes that it is about, that stand here, and of which the run has nothing that could be judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undriven: Vec<String>,
}

/// Classes of device of which some rule asks whether they are in order.
pub(crate) const ASKED: [Class; 6] =
    [Class::Camera, Class::FacadeCamera, Class::OuterPost, Class::Beam, Class::GatePost, Class::Barrier];

impl Finding {
    /// True when this was met and `after` is not: it fails, or can no longer be assessed, which never counts as met.
    pub fn is_lost(&self, after: &Finding) -> bool {
        self.status == Status::Pass && after.status != Status::Pass
    }

    /// What was measured and what is demanded, as people read it.
    pub fn figures(&self) -> [Option<String>; 2] {
        apart([self.measured, self.demanded])
    }
}

/// One of the things that a rule asks about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Each {
    /// Its name.
    pub id: Id,
    /// How much of what is asked for it has: cameras of a gate or an entrance, the share of a place that is seen, the light of a
    /// camera's scene in times of what it needs.
    pub found: f64,
    /// How much is asked for.
    pub demanded: f64,
}

/// What is known beyond the layout: how a run against the SUT came out, and a log of patrols.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// What a run judged.
    pub run: Option<RunJudged>,
    /// Patrols that were walked, where there is a log.
    pub patrols: Option<PatrolLog>,
    /// The file that the log was read from.
    pub log: Option<String>,
    /// Records of the trial run.
    pub trial: Option<TrialRecords>,
    /// The file that they were read from.
    pub trial_file: Option<String>,
}

/// All that a check may look at.
pub(crate) struct Layout<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) caster: &'a Caster,
    pub(crate) views: &'a Views,
    /// The kit's cameras with their views.
    pub(crate) cameras: Vec<(View, &'a Camera)>,
    pub(crate) plan: &'a PlanAnswer,
    pub(crate) sight: &'a SightTable,
    pub(crate) measured: Option<&'a Measured>,
    /// What cameras show of dwellings, where it was worked out already.
    pub(crate) privacy: Option<&'a PrivacyAnswer>,
}

impl Layout<'_> {
    /// The cameras that show a point, and how.
    pub(crate) fn showing(&self, at: [f64; 3]) -> impl Iterator<Item = (&Camera, Look)> {
        self.cameras
            .iter()
            .filter_map(move |(view, camera)| Some((*camera, look(view, camera, self.caster, at)?)))
    }

    /// The cameras that see a point at their working density.
    pub(crate) fn seeing(&self, at: [f64; 3]) -> impl Iterator<Item = &Camera> {
        self.showing(at).filter(|(c, look)| look.px_per_m >= c.working_px_per_m).map(|(c, _)| c)
    }
}

/// What a check found, before it is held against its rule.
pub(crate) enum Outcome {
    /// A figure on one side of the threshold or the other.
    Figure { measured: f64, demanded: f64, unit: String, holds: bool, evidence: Vec<String>, each: Vec<Each> },
    /// What is missing.
    Needs(String),
    /// What is missing beyond what was counted, all of which holds.
    NeedsMore { needs: String, each: Vec<Each> },
    /// There is nothing here that the rule is about.
    NotApplicable,
}

impl Outcome {
    /// The same with what was counted, one by one.
    fn of_each(mut self, of: Vec<Each>) -> Outcome {
        if let Outcome::Figure { each, .. } = &mut self {
            *each = of;
        }
        self
    }
}

/// Holds a layout against a book of rules, in the book's order. Caster and views are those of the scenario.
pub fn assess(
    book: &RuleBook,
    scenario: &Scenario,
    (caster, views): (&Caster, &Views),
    plan: &PlanAnswer,
    measured: Option<&Measured>,
) -> Vec<Finding> {
    assess_known(book, scenario, (caster, views), (plan, None), measured)
}

/// The same where privacy may have been worked out for the plan already, under the same conditions.
pub fn assess_known(
    book: &RuleBook,
    scenario: &Scenario,
    (caster, views): (&Caster, &Views),
    (plan, privacy): (&PlanAnswer, Option<&PrivacyAnswer>),
    measured: Option<&Measured>,
) -> Vec<Finding> {
    let sight = SightTable::of(views);
    let working = working(&scenario.file.kit.camera, caster.conditions().out_of(Class::Camera));
    let cameras = working.map(|(_, camera)| (View::of(camera), camera)).collect();
    let layout = Layout { scenario, caster, views, cameras, plan, sight: &sight, measured, privacy };
    book.rules.iter().map(|rule| finding(rule, &layout)).collect()
}

fn finding(rule: &Rule, layout: &Layout<'_>) -> Finding {
    let mut found = Finding {
        id: rule.id.clone(),
        title: rule.title.clone(),
        title_zh: rule.title_zh.clone(),
        clause: rule.clause.clone(),
        clause_zh: rule.clause_zh.as_ref().unwrap_or(&rule.clause).clone(),
        source: rule.source.clone(),
        seen: rule.seen,
        strength: rule.strength,
        kind: rule.kind,
        status: Status::NotApplicable,
        measured: None,
        demanded: None,
        unit: String::new(),
        basis: None,
        needs: None,
        evidence: Vec::new(),
        each: Vec::new(),
        unchecked: Vec::new(),
        assumed: Vec::new(),
        record: None,
        driven: Vec::new(),
        undriven: Vec::new(),
    };
    if !check::applies(rule.applies, layout) {
        return found;
    }
    if rule.check.is_of_a_run() {
        timed::take_over(&mut found, rule, layout.measured.and_then(|known| known.run.as_ref()));
        return found;
    }
    match check::check(&rule.check, layout) {
        Outcome::NotApplicable => {}
        Outcome::Needs(what) => {
            found.status = Status::NotAssessable;
            found.needs = Some(what);
        }
        Outcome::NeedsMore { needs, each } => {
            found.status = Status::NotAssessable;
            (found.needs, found.each) = (Some(needs), each);
        }
        Outcome::Figure { measured, demanded, unit, holds, evidence, each } => {
            found.status = if holds { Status::Pass } else { Status::Fail };
            found.basis = Some(check::basis(&rule.check, layout));
            found.measured = Some(measured);
            found.demanded = Some(demanded);
            found.unit = unit;
            (found.evidence, found.each) = (evidence, each);
            (found.unchecked, found.assumed) = (rule.unchecked.clone(), rule.assumed.clone());
            let by_log = rule.kind == Kind::Process && found.basis != Some(Basis::Assumed);
            let file = |known: &Measured| match rule.check {
                Check::Trial { .. } => known.trial_file.clone().or_else(|| known.log.clone()),
                _ => known.log.clone(),
            };
            found.record = layout.measured.and_then(file).filter(|_| by_log);
        }
    }
    found
}

#[cfg(test)]
mod tests;
