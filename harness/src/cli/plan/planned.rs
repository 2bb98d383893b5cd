//! One layout planned from end to end.

use std::sync::Arc;

use palisade_sim::analysis::against::Side;
use palisade_sim::analysis::beam::beams;
use palisade_sim::analysis::caster::Caster;
use palisade_sim::analysis::detection::detection;
use palisade_sim::analysis::facade::facade;
use palisade_sim::analysis::fixes::{fix_gaps, sequence};
use palisade_sim::analysis::prices::Prices;
use palisade_sim::analysis::privacy::privacy;
use palisade_sim::analysis::repairs::{repairs, unrepaired};
use palisade_sim::analysis::rules::{self, Measured, RuleBook};
use palisade_sim::analysis::tiers::{Tier, tiers};
use palisade_sim::analysis::views::Views;
use palisade_sim::analysis::{PlanReport, plan_with};
use palisade_sim::model::Scenario;

use super::super::{Exit, Failure};

/// A layout and what was found of it.
pub(super) struct Planned {
    pub(super) scenario: Arc<Scenario>,
    pub(super) caster: Caster,
    pub(super) views: Views,
    pub(super) report: PlanReport,
}

/// What every plan of a command is made with.
pub(super) struct Tools {
    pub(super) book: RuleBook,
    pub(super) prices: Prices,
    pub(super) threads: usize,
}

impl Planned {
    /// Plans a layout of which a run and a log may say something, with fixes for so many of its largest gaps.
    pub(super) fn of(
        scenario: Arc<Scenario>,
        tools: &Tools,
        measured: Option<&Measured>,
        fixes: usize,
    ) -> Result<Planned, Failure> {
        let caster = Caster::of(&scenario);
        let views = Views::of(&scenario, &caster);
        let mut answer = plan_with(&scenario, &caster, &views);
        let layout = (scenario.as_ref(), &caster, &views);
        let asked = (&tools.book, &tools.prices);
        let worth = sequence(layout, asked, &answer, (fixes, tools.threads));
        (answer.measures, answer.cheapest) = (worth.measures, worth.cheapest);
        fix_gaps(layout, asked, &mut answer, (fixes, tools.threads));
        answer.perimeter.repairs = repairs(layout, asked, &answer, tools.threads);
        answer.perimeter.unrepaired = unrepaired(&scenario, &answer.perimeter, &tools.book);
        let privacy = privacy(&scenario, &caster, &views, tools.book.private_px_per_m());
        let known = (&answer, Some(&privacy));
        let rules = rules::assess_known(&tools.book, &scenario, (&caster, &views), known, measured);
        let shipped = Tier::shipped().map_err(|e| Failure::new(Exit::Bug, e))?;
        let report = PlanReport {
            format: 1,
            scenario: scenario.file.name.clone(),
            beams: beams(&scenario).map_err(|e| Failure::new(Exit::Bug, e))?,
            facade: facade(&scenario, &caster),
            detection: detection(&scenario, caster.conditions()),
            privacy,
            tiers: tiers((&shipped, &tools.prices), &scenario, &answer, &rules),
            rules,
            answer,
            ..PlanReport::default()
        };
        Ok(Planned { scenario, caster, views, report })
    }

    /// The same as one side of a comparison.
    pub(super) fn side(&self) -> Side<'_> {
        Side { scenario: &self.scenario, views: &self.views, report: &self.report }
    }
}
