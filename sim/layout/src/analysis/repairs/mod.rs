//! What would close the gaps along the walls: for each stretch as many zones as the rules permit, tried in the model and
//! priced.
//!
//! A zone is no longer than the book lets it be, and than the catalogue's range with the margin that the book asks for.
//! On each straight piece of wall zones of one length follow each other; each is the cheapest pair that is enough. What
//! a repair closes is found by working the perimeter out again with it.

use super::answer::{Perimeter, Repair, Stretch};
use super::assumed;
use super::bill::{bill, total};
use super::caster::Caster;
use super::closing::Outlines;
use super::perimeter::perimeter_known;
use super::prices::Prices;
use super::rules::{Check, RuleBook};
use super::wall_line::{Span, WallLine};
use crate::model::catalogue::{BeamModel, Catalogue};
use crate::model::kit::Beam;
use crate::model::site::Wall;
use crate::model::{Scenario, devices};
use crate::words::Id;

/// Gaps closer to each other than this are one, m; rounding.
const JOIN_M: f64 = 1e-6;

/// What a book asks of zones.
struct Limits {
    longest_m: f64,
    share: f64,
    rays: u32,
    above_m: f64,
}

impl Limits {
    fn of(book: &RuleBook) -> Limits {
        let asked = assumed::perimeter();
        let start = Limits { longest_m: f64::INFINITY, share: asked.margin, rays: 1, above_m: asked.under_m };
        book.rules.iter().fold(start, |limits, rule| match rule.check {
            Check::ZoneLength { most_m, .. } => Limits { longest_m: limits.longest_m.min(most_m), ..limits },
            Check::BeamMargin { most_share } => Limits { share: limits.share.min(most_share), ..limits },
            Check::BeamRays { least } => Limits { rays: limits.rays.max(least as u32), ..limits },
            Check::BeamOnTop { most_above_m } => {
                Limits { above_m: limits.above_m.min(most_above_m), ..limits }
            }
            _ => limits,
        })
    }

    /// The cheapest pair for a zone of a length.
    fn cheapest(&self, long_m: f64, prices: &Prices) -> Option<&'static BeamModel> {
        let enough = |model: &&BeamModel| {
            model.rays >= self.rays && model.rated_range_m * self.share >= long_m - JOIN_M
        };
        let price = |model: &BeamModel| prices.beam.get(&model.id).copied().unwrap_or(f64::INFINITY);
        let models = Catalogue::shipped().beams.iter().filter(enough);
        models.min_by(|a, b| price(a).total_cmp(&price(b)))
    }

    /// The longest zone that any pair of the catalogue may have.
    fn longest_m(&self) -> f64 {
        let models = Catalogue::shipped().beams.iter().filter(|model| model.rays >= self.rays);
        let range = models.map(|model| model.rated_range_m).fold(0.0, f64::max);
        self.longest_m.min(range * self.share)
    }
}

/// A repair for each stretch of wall that nobody guards, the cheapest first; of equal prices the one that closes more. A gate
/// where nobody stands asks for people and has none, and a stretch whose zones close nothing has none either.
pub fn repairs(
    (scenario, caster): (&Scenario, &Caster),
    (book, prices): (&RuleBook, &Prices),
    today: &Perimeter,
) -> Vec<Repair> {
    let (limits, outlines) = (Limits::of(book), Outlines::of(&scenario.site));
    let tried = |(gaps, wall, span): (Vec<usize>, &Wall, Span)| {
        let beams = zones(scenario, wall, span, (&limits, prices))?;
        let new = with(scenario, &beams);
        let then = perimeter_known(&outlines, &new, caster);
        let closes_m = along_walls(today) - along_walls(&then);
        (closes_m > JOIN_M).then(|| Repair {
            wall: wall.id.clone(),
            gaps,
            along_m: span,
            closes_m,
            cost_yuan: total(&bill(scenario, &new, prices)),
            beams,
        })
    };
    let mut found: Vec<Repair> = stretches(scenario, today).into_iter().filter_map(tried).collect();
    found.sort_by(|a, b| a.cost_yuan.total_cmp(&b.cost_yuan).then(b.closes_m.total_cmp(&a.closes_m)));
    found
}

/// Metres that nobody guards, holes left out.
fn along_walls(perimeter: &Perimeter) -> f64 {
    perimeter.gaps.iter().map(|gap| gap.along_m[1] - gap.along_m[0]).sum()
}

/// The compound with more zones.
pub fn with(scenario: &Scenario, beams: &[Beam]) -> Scenario {
    let mut new = scenario.clone();
    new.file.kit.beam.extend_from_slice(beams);
    new.devices = devices(&new.file, &new.site);
    new
}

/// Gaps that follow each other on one wall, as one: their places in the answer, the wall, the stretch.
fn stretches<'a>(scenario: &'a Scenario, today: &Perimeter) -> Vec<(Vec<usize>, &'a Wall, Span)> {
    let mut found: Vec<(Vec<usize>, &Wall, Span)> = Vec::new();
    let gaps: Vec<(usize, &Stretch)> =
        today.gaps.iter().enumerate().filter(|(_, gap)| gap.gate.is_none()).collect();
    for (i, gap) in gaps {
        let Some(wall) = scenario.site.wall_by_id(gap.wall.as_str()) else { continue };
        match found.last_mut() {
            Some((all, last, span)) if last.id == wall.id && gap.along_m[0] <= span[1] + JOIN_M => {
                all.push(i);
                span[1] = span[1].max(gap.along_m[1]);
            }
            _ => found.push((vec![i], wall, gap.along_m)),
        }
    }
    found
}

/// Zones along a stretch of wall; nothing where no pair of the catalogue is enough.
fn zones(
    scenario: &Scenario,
    wall: &Wall,
    [from, to]: Span,
    (limits, prices): (&Limits, &Prices),
) -> Option<Vec<Beam>> {
    let line = WallLine::new(&wall.line);
    let corners = line.inner_corners().iter().copied().filter(|&m| m > from + JOIN_M && m < to - JOIN_M);
    let cuts: Vec<f64> = std::iter::once(from).chain(corners).chain([to]).collect();
    let mut beams: Vec<Beam> = Vec::new();
    for piece in cuts.windows(2) {
        let count = libm::ceil((piece[1] - piece[0]) / limits.longest_m() - 1e-9).max(1.0);
        let long = (piece[1] - piece[0]) / count;
        let model = limits.cheapest(long, prices)?;
        for i in 0..count as usize {
            let ends = [i as f64, i as f64 + 1.0].map(|n| line.at(piece[0] + long * n).into());
            let id = unused(scenario, &wall.id, &beams);
            beams.push(zone(id, wall, ends, (model, limits)));
        }
    }
    Some(beams)
}

fn zone(id: Id, wall: &Wall, [from_m, to_m]: [[f64; 2]; 2], (model, limits): (&BeamModel, &Limits)) -> Beam {
    // The lowest ray just clears the wall's top; the highest stays as low as what lies on the wall asks for.
    let room_m = assumed::perimeter().under_m.min(limits.above_m);
    let step = room_m / f64::from(model.rays + 1);
    let rays_m = (1..=model.rays).map(|ray| wall.height_m + step * f64::from(ray)).collect();
    let pair = Beam::of_model(model);
    Beam { id, from_m, to_m, wall: wall.id.clone(), rays_m, ..pair }
}

/// A name that no device has.
fn unused(scenario: &Scenario, wall: &Id, new: &[Beam]) -> Id {
    let taken = |id: &Id| {
        scenario.devices.iter().any(|device| device.id == *id) || new.iter().any(|beam| beam.id == *id)
    };
    let mut names = (1..).map(|n| Id(format!("beam-{wall}-{n}")));
    names.find(|id| !taken(id)).unwrap_or_else(|| wall.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::plan;
    use crate::analysis::sample;
    use crate::model::kit::Kit;
    use crate::model::site::WallKind;

    fn yard(beams: Vec<Beam>) -> Scenario {
        let mut site = sample::bare(0.0, 0.0, 160.0, 50.0);
        let corners = [(0.0, 0.0), (160.0, 0.0), (160.0, 50.0), (0.0, 50.0), (0.0, 0.0)];
        site.walls.push(sample::wall("rim", WallKind::Wall, &corners, 2.2));
        sample::scenario(site, Kit { beam: beams, ..Kit::default() })
    }

    fn found(yard: &Scenario) -> Vec<Repair> {
        let (book, prices) = (RuleBook::residential().expect("rules"), Prices::shipped().expect("prices"));
        repairs((yard, &Caster::of(yard)), (&book, &prices), &plan(yard).perimeter)
    }

    #[test]
    fn a_wall_gets_as_many_zones_as_the_rules_permit() {
        let found = found(&yard(Vec::new()));
        let [all] = found.as_slice() else { panic!("{found:#?}") };
        // 160 m are three zones, 50 m one: none is longer than 70 m or than 70 % of its range.
        assert_eq!(all.beams.len(), 8, "{all:#?}");
        for zone in &all.beams {
            let long = crate::analysis::perimeter::length(zone);
            assert!(long <= 70.0 + 1e-9 && long <= 0.7 * zone.rated_range_m + 1e-9, "{zone:?}");
            assert!(zone.rays_m.iter().all(|ray| *ray > 2.2 && *ray < 2.7), "{zone:?}");
        }
        assert!((all.closes_m - 420.0).abs() < 1e-6);
    }

    /// Each repair is made and the plan asked again: what is closed and what it costs come out as promised.
    #[test]
    fn each_repair_keeps_its_promise() {
        let prices = Prices::shipped().expect("prices");
        let whole = found(&yard(Vec::new())).remove(0).beams;
        for gone in [vec![0], vec![1, 4], vec![3, 7], vec![0, 2, 5]] {
            let left = whole.iter().enumerate().filter(|(i, _)| !gone.contains(i));
            let yard = yard(left.map(|(_, beam)| beam.clone()).collect());
            let before = plan(&yard).perimeter;
            let found = found(&yard);
            assert!(!found.is_empty() && found.is_sorted_by(|a, b| a.cost_yuan <= b.cost_yuan));
            let mut all = yard.clone();
            for repair in &found {
                let new = with(&yard, &repair.beams);
                let after = plan(&new).perimeter;
                let closed = before.open_m() - after.open_m();
                assert!((closed - repair.closes_m).abs() < 1e-6, "{repair:#?} closes {closed} m");
                let cost = total(&bill(&yard, &new, &prices));
                assert!((cost - repair.cost_yuan).abs() < 1e-6, "{repair:#?} costs {cost}");
                all = with(&all, &repair.beams);
            }
            assert_eq!(plan(&all).perimeter.status, "closed");
        }
    }
}
