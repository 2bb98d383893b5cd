//! Places that want a repair, and what might be done at each.

use super::walls::across;
use super::zones::zones;
use super::{JOIN_M, Work, with};
use crate::analysis::answer::{Perimeter, Stretch};
use crate::analysis::caster::Caster;
use crate::analysis::perimeter::perimeter_on;
use crate::analysis::wall_line::Span;
use crate::model::Scenario;
use crate::model::kit::Beam;
use crate::model::site::Wall;
use crate::words::Id;

/// A place that wants a repair.
pub(super) enum Place<'a> {
    /// Gaps that follow each other on one wall: their places in the answer, the wall, the stretch.
    Stretch(Vec<usize>, &'a Wall, Span),
    /// A hole, by its place in the answer.
    Hole(usize),
}

impl Place<'_> {
    pub(super) fn gaps(&self) -> &[usize] {
        match self {
            Place::Stretch(gaps, ..) => gaps,
            Place::Hole(_) => &[],
        }
    }

    pub(super) fn hole(&self) -> Option<usize> {
        match self {
            Place::Stretch(..) => None,
            Place::Hole(hole) => Some(*hole),
        }
    }

    pub(super) fn wall(&self) -> Id {
        match self {
            Place::Stretch(_, wall, _) => wall.id.clone(),
            Place::Hole(_) => Id::default(),
        }
    }
}

/// What might be done at a place.
pub(super) struct Draft {
    /// Zones, new ones and such as are put right.
    pub(super) beams: Vec<Beam>,
    /// The wall across a hole.
    pub(super) wall: Option<Wall>,
    /// The stretch of the wall that it is about.
    pub(super) along_m: Span,
}

impl Draft {
    /// Its zones that the layout does not have.
    pub(super) fn new_zones(&self, layout: &Scenario) -> Vec<Beam> {
        let new = |beam: &&Beam| layout.file.kit.beam.iter().all(|old| old.id != beam.id);
        self.beams.iter().filter(new).cloned().collect()
    }
}

/// Every stretch of wall that nobody guards, then every hole.
pub(super) fn places<'a>(layout: &'a Scenario, today: &Perimeter) -> Vec<Place<'a>> {
    let mut found: Vec<Place<'a>> = Vec::new();
    let gaps: Vec<(usize, &Stretch)> =
        today.gaps.iter().enumerate().filter(|(_, gap)| gap.gate.is_none()).collect();
    for (i, gap) in gaps {
        let Some(wall) = layout.site.wall_by_id(gap.wall.as_str()) else { continue };
        match found.last_mut() {
            Some(Place::Stretch(all, last, span))
                if last.id == wall.id && gap.along_m[0] <= span[1] + JOIN_M =>
            {
                all.push(i);
                span[1] = span[1].max(gap.along_m[1]);
            }
            _ => found.push(Place::Stretch(vec![i], wall, gap.along_m)),
        }
    }
    found.extend((0..today.unwalled.len()).map(Place::Hole));
    found
}

/// What might be done at a place: zones that are at fault put right and others where none runs, or others all along; a wall
/// with zones on it.
pub(super) fn drafts(work: &Work<'_>, place: &Place<'_>) -> Vec<Draft> {
    match place {
        Place::Stretch(gaps, wall, span) => {
            let mended = mended(work, gaps, wall, *span);
            mended.into_iter().chain(along(work, wall, *span)).collect()
        }
        Place::Hole(hole) => walled(work, *hole).into_iter().collect(),
    }
}

fn along(work: &Work<'_>, wall: &Wall, span: Span) -> Option<Draft> {
    let beams = zones(work.ask.layout, (wall, span), (&work.limits, work.ask.prices), &[])?;
    Some(Draft { beams, wall: None, along_m: span })
}

fn mended(work: &Work<'_>, gaps: &[usize], wall: &Wall, along_m: Span) -> Option<Draft> {
    let (layout, prices) = (work.ask.layout, work.ask.prices);
    let (mut beams, mut bare): (Vec<Beam>, Vec<Span>) = (Vec::new(), Vec::new());
    for gap in gaps.iter().map(|i| &work.plan.perimeter.gaps[*i]) {
        let fault = layout.file.kit.beam.iter().find(|beam| Some(&beam.id) == gap.beam.as_ref());
        match fault.and_then(|beam| work.limits.mended(beam, wall, prices)) {
            Some(beam) if beams.iter().any(|other| other.id == beam.id) => {}
            Some(beam) => beams.push(beam),
            None => bare.push(gap.along_m),
        }
    }
    if beams.is_empty() {
        return None;
    }
    for span in crate::analysis::wall_line::union(bare) {
        let more = zones(layout, (wall, span), (&work.limits, prices), &beams)?;
        beams.extend(more);
    }
    Some(Draft { beams, wall: None, along_m })
}

/// A wall across a hole with zones wherever none that is there guards it.
fn walled(work: &Work<'_>, hole: usize) -> Option<Draft> {
    let layout = work.ask.layout;
    let wall = across(layout, &work.plan.perimeter.unwalled[hole], work.book)?;
    let new = with(layout, (&[], &[], std::slice::from_ref(&wall)));
    let then = perimeter_on(&new, &Caster::under(&new.site, work.ask.caster.conditions().clone()));
    let mut beams: Vec<Beam> = Vec::new();
    for gap in then.gaps.iter().filter(|gap| gap.wall == wall.id) {
        let more = zones(layout, (&wall, gap.along_m), (&work.limits, work.ask.prices), &beams)?;
        beams.extend(more);
    }
    let along_m = [0.0, crate::analysis::wall_line::WallLine::new(&wall.line).length()];
    Some(Draft { beams, wall: Some(wall), along_m })
}
