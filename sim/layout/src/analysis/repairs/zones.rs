//! Zones along a stretch of wall, as long as the rules permit, and zones that are put right where they stand.

use super::JOIN_M;
use crate::analysis::assumed;
use crate::analysis::prices::Prices;
use crate::analysis::rules::{Check, RuleBook};
use crate::analysis::wall_line::{Span, WallLine};
use crate::model::Scenario;
use crate::model::catalogue::{BeamModel, Catalogue};
use crate::model::kit::Beam;
use crate::model::site::Wall;
use crate::words::Id;

/// What a book asks of zones.
pub(super) struct Limits {
    longest_m: f64,
    share: f64,
    rays: u32,
    above_m: f64,
}

impl Limits {
    pub(super) fn of(book: &RuleBook) -> Limits {
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

    /// A zone that is out of line, or longer than its pair is rated for, put right where it stands; nothing for one with no
    /// such fault.
    pub(super) fn mended(&self, beam: &Beam, wall: &Wall, prices: &Prices) -> Option<Beam> {
        let long_m = beam.length_m();
        let aligned = Beam { misaligned_deg: 0.0, ..beam.clone() };
        if long_m <= beam.rated_range_m {
            return (beam.misaligned_deg.abs() > assumed::perimeter().lost_deg).then_some(aligned);
        }
        let model = self.cheapest(long_m, prices).filter(|_| long_m <= self.longest_m + JOIN_M)?;
        let rays_m = if model.rays as usize == beam.rays_m.len() {
            beam.rays_m.clone()
        } else {
            self.rays_m(model, wall)
        };
        Some(Beam { model: Some(model.id.clone()), rated_range_m: model.rated_range_m, rays_m, ..aligned })
    }

    /// Heights of a pair's rays: the lowest just clears the wall's top; the highest stays as low as what lies on the wall
    /// asks for.
    fn rays_m(&self, model: &BeamModel, wall: &Wall) -> Vec<f64> {
        let room_m = assumed::perimeter().under_m.min(self.above_m);
        let step = room_m / f64::from(model.rays + 1);
        (1..=model.rays).map(|ray| wall.height_m + step * f64::from(ray)).collect()
    }
}

/// Zones along a stretch of wall; nothing where no pair of the catalogue is enough. `taken` are zones of the same repair.
pub(super) fn zones(
    scenario: &Scenario,
    (wall, [from, to]): (&Wall, Span),
    (limits, prices): (&Limits, &Prices),
    taken: &[Beam],
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
            let [from_m, to_m] = [i as f64, i as f64 + 1.0].map(|n| line.at(piece[0] + long * n).into());
            let begins_m = piece[0] + long * i as f64;
            let id = unused(scenario, (&wall.id, begins_m), taken.iter().chain(&beams));
            let rays_m = limits.rays_m(model, wall);
            let zone = Beam { id, from_m, to_m, wall: wall.id.clone(), rays_m, ..Beam::of_model(model) };
            // A shorter one is set up nowhere: what it would close stays open.
            if zone.length_m() >= Beam::SHORTEST_M {
                beams.push(zone);
            }
        }
    }
    (!beams.is_empty()).then_some(beams)
}

/// A name that no device has: by the centimetre at which the zone begins along its wall, so that repairs of other places
/// have others.
fn unused<'a>(
    scenario: &Scenario,
    (wall, from_m): (&Id, f64),
    new: impl Iterator<Item = &'a Beam> + Clone,
) -> Id {
    let taken = |id: &Id| {
        scenario.devices.iter().any(|device| device.id == *id) || new.clone().any(|beam| beam.id == *id)
    };
    let base = format!("beam-{wall}-{:.0}", from_m * 100.0);
    let mut names = std::iter::once(Id::from(base.as_str())).chain((2..).map(|n| Id(format!("{base}-{n}"))));
    names.find(|id| !taken(id)).unwrap_or_else(|| wall.clone())
}
