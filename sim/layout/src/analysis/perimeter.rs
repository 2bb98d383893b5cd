//! Whether the beams close the perimeter, worked out along its length and never on a grid.
//!
//! A zone guards a stretch of wall where its beam runs within [`aside_m`](assumed::PerimeterFigures::aside_m) of it, along it (not more than
//! [`bend_deg`](assumed::PerimeterFigures::bend_deg) off), with all rays above the wall's top and the highest within [`under_m`](assumed::PerimeterFigures::under_m) of it: all must be broken
//! at once, so the highest decides what passes under. A zone that is longer than its rated range or not aligned
//! guards nothing. Gates open the wall and are guarded by people; where nobody stands, only a zone over the shut leaf
//! guards one ([`gates`](super::gates)). What is left is a gap, however short, but for the
//! width of a post ([`post_m`](assumed::PerimeterFigures::post_m)) between two zones or a zone and a gate. The height of a wall is part of this: where a
//! beam runs on over a lower wall, it may be too high there.

use geo::Coord;

use super::answer::{HeldBy, Part, PartOf, Perimeter, Stretch};
use super::assumed;
use super::beam::link::{Optics, lost_to};
use super::caster::Caster;
use super::closing::Outlines;
use super::gates::{Unattended, opens, unattended};
use super::parts::parts;
use super::sightlines::working;
use super::wall_line::{Span, WallLine, distance, inside_band, total, union, without};
use crate::contract::{Class, Nuisance};
use crate::model::kit::Beam;
use crate::model::scenario::Day;
use crate::model::site::{Gate, Wall, WallKind};
use crate::model::{Scenario, Site};
use crate::words::Id;

/// The continuity of a site's perimeter under a list of beams on a clear day.
#[cfg(test)]
pub(super) fn perimeter(site: &Site, beams: &[Beam]) -> Perimeter {
    perimeter_within(&Outlines::of(site), site, (beams, &Day::default()), &[])
}

/// Works out the continuity of a compound's perimeter under the conditions of a caster: fog and rain that leave a receiver
/// too little open its zone.
pub fn perimeter_on(scenario: &Scenario, caster: &Caster) -> Perimeter {
    perimeter_known(&Outlines::of(&scenario.site), scenario, caster)
}

/// The same for a site whose outlines are known already.
pub(super) fn perimeter_known(outlines: &Outlines, scenario: &Scenario, caster: &Caster) -> Perimeter {
    let conditions = caster.conditions();
    let beams = working(&scenario.file.kit.beam, conditions.out_of(Class::Beam));
    let beams: Vec<Beam> = beams.map(|(_, beam)| beam.clone()).collect();
    let day = caster.weather(&scenario.file.day);
    perimeter_within(outlines, &scenario.site, (&beams, &day), &unattended(scenario, conditions))
}

/// The same under a list of beams on a given day, with the gates where nobody stands.
pub(super) fn perimeter_within(
    outlines: &Outlines,
    site: &Site,
    (beams, day): (&[Beam], &Day),
    alone: &[Unattended],
) -> Perimeter {
    let walls = rim(site);
    if walls.is_empty() {
        return Perimeter { status: "no boundary in the data".into(), ..Perimeter::default() };
    }
    let mut answer = Perimeter::default();
    for wall in &walls {
        let line = WallLine::new(&wall.line);
        let gates = line.openings(&site.gates);
        let whole = [[0.0, line.length()]];
        let mut run = Run {
            wall,
            standing: without(&whole, &gates),
            gates,
            alone: alone.iter().filter_map(|u| Some((site.gate_by_id(u.gate.as_str())?, u))).collect(),
            line,
            zones: Vec::new(),
            walls: &walls,
            beams,
            day,
        };
        run.zones = beams.iter().flat_map(|beam| run.zones_of(beam)).collect();
        run.judge(&mut answer);
    }
    for gate in outlines.gates.iter().filter_map(|id| site.gate_by_id(id.as_str())) {
        if !walls.iter().any(|wall| opens(gate, &wall.line)) {
            between_walls(gate, alone, &mut answer);
        }
    }
    answer.unwalled.clone_from(&outlines.unwalled);
    answer.parts.extend(outlines.parts.iter().cloned());
    answer.status = status(&answer);
    answer
}

/// Adds a gate between the ends of two walls: a line of its own.
fn between_walls(gate: &Gate, alone: &[Unattended], answer: &mut Perimeter) {
    answer.length_m += gate.width_m;
    let part = Part { id: gate.id.clone(), along_m: [0.0, gate.width_m], ..Part::default() };
    let Some(why) = alone.iter().find(|u| u.gate == gate.id) else {
        answer.gates_m += gate.width_m;
        answer.parts.push(Part { held_by: HeldBy::Gate, ..part });
        return;
    };
    let at = [gate.at.x, gate.at.y];
    answer.gaps.push(Stretch {
        beam: None,
        wall: gate.id.clone(),
        gate: Some(gate.id.clone()),
        along_m: part.along_m,
        ends_m: [at, at],
        reason: why.reason(),
    });
    answer.parts.push(Part { held_by: HeldBy::Gap, reason: why.reason(), ..part });
}

/// Walls, fences and hedges of the perimeter.
pub(super) fn rim(site: &Site) -> Vec<&Wall> {
    site.walls.iter().filter(|w| w.perimeter && w.made_of != WallKind::Retaining).collect()
}

/// The answer in a sentence.
fn status(answer: &Perimeter) -> String {
    let open: f64 = answer.gaps.iter().map(|g| g.along_m[1] - g.along_m[0]).sum();
    let along_walls = match answer.gaps.len() {
        0 => "closed".to_owned(),
        1 => format!("1 gap, {open:.1} m"),
        gaps => format!("{gaps} gaps, {open:.1} m"),
    };
    let bare: f64 = answer.unwalled.iter().map(|u| u.missing_m).sum();
    if answer.unwalled.is_empty() {
        return along_walls;
    }
    let along_walls = if answer.gaps.is_empty() { "no gap along the walls".into() } else { along_walls };
    format!("{along_walls}; {bare:.1} m of the outline has no wall")
}

/// A stretch of wall along which a beam runs.
struct Zone<'a> {
    beam: &'a Beam,
    span: Span,
    /// Why it guards nothing.
    fault: Option<&'static str>,
}

/// A wall with what runs along it.
struct Run<'a> {
    wall: &'a Wall,
    line: WallLine,
    gates: Vec<Span>,
    standing: Vec<Span>,
    /// Gates where at some hours nobody stands, of this wall or of another.
    alone: Vec<(&'a Gate, &'a Unattended)>,
    zones: Vec<Zone<'a>>,
    /// All walls of the perimeter.
    walls: &'a [&'a Wall],
    /// All beams.
    beams: &'a [Beam],
    day: &'a Day,
}

impl<'a> Run<'a> {
    /// The stretches along which a beam runs.
    fn zones_of(&self, beam: &'a Beam) -> Vec<Zone<'a>> {
        let spans = self.line.pieces().filter_map(|(start, a, b)| {
            let [from, to] = beside(beam, a, b)?;
            Some([start + from, start + to])
        });
        let fault = fault(beam, self.wall.height_m, self.day);
        union(spans.collect()).into_iter().map(|span| Zone { beam, span, fault }).collect()
    }

    /// The union of the zones that are sound, or of those that are not.
    fn covered(&self, sound: bool) -> Vec<Span> {
        union(self.zones.iter().filter(|z| z.fault.is_none() == sound).map(|z| z.span).collect())
    }

    /// Adds this wall to the answer.
    fn judge(&self, answer: &mut Perimeter) {
        let before = answer.gaps.len();
        answer.length_m += self.line.length();
        for zone in self.zones.iter().filter(|z| z.fault.is_none()) {
            let stretched = length(zone.beam) > assumed::perimeter().margin * zone.beam.rated_range_m;
            let reason = if stretched {
                "longer than 70 % of its rated range: no margin for fog and rain"
            } else {
                ""
            };
            for span in without(&[zone.span], &self.gates) {
                answer.zones.push(self.stretch(span, Some(zone.beam), reason));
            }
        }
        let mut open = 0.0;
        for left in without(&self.standing, &self.covered(true)) {
            if !self.on_a_post(left) && !self.closed_corner(left) {
                self.gaps(left, answer);
                open += left[1] - left[0];
            }
        }
        answer.guarded_m += total(&self.standing) - open;
        self.left_alone(answer);
        answer.gaps[before..].sort_by(|a, b| a.along_m[0].total_cmp(&b.along_m[0]));
        answer.parts.extend(self.parts(&answer.gaps[before..]));
    }

    /// Gates in this wall: attended ones are held by people, others by a zone over their shut leaf or by nobody.
    fn left_alone(&self, answer: &mut Perimeter) {
        let mut alone_m = 0.0;
        for (gate, why) in &self.alone {
            let opened = self.line.openings(std::slice::from_ref(*gate));
            let zones = self.over_leaf(gate);
            alone_m += total(&opened);
            let open = without(&opened, &zones);
            answer.guarded_m += total(&opened) - total(&open);
            for span in open {
                let gap = self.stretch(span, None, &why.reason());
                answer.gaps.push(Stretch { gate: Some(gate.id.clone()), ..gap });
            }
        }
        answer.gates_m += total(&self.gates) - alone_m;
    }

    /// Where sound zones run over a gate's shut leaf.
    fn over_leaf(&self, gate: &Gate) -> Vec<Span> {
        let Some(top_m) = gate.height_m else { return Vec::new() };
        let sound = self.zones.iter().filter(|zone| fault(zone.beam, top_m, self.day).is_none());
        union(sound.map(|zone| zone.span).collect())
    }

    /// This wall from its beginning to its end, once its gaps are known.
    fn parts(&self, gaps: &[Stretch]) -> impl Iterator<Item = Part> {
        let zones = self.zones.iter().filter(|z| z.fault.is_none()).map(|z| z.span);
        let openings =
            self.alone.iter().flat_map(|(gate, _)| self.line.openings(std::slice::from_ref(*gate)));
        let ends =
            self.gates.iter().copied().chain(zones).chain(gaps.iter().map(|g| g.along_m)).chain(openings);
        let found = parts(self.line.length(), ends, |at| self.part(at, gaps));
        found.into_iter().map(|(along_m, part)| Part { along_m, ..part })
    }

    /// What holds the wall at a distance along it.
    fn part(&self, at: f64, gaps: &[Stretch]) -> Part {
        let holds = |span: &Span| span[0] <= at && at <= span[1];
        let part = Part { on: PartOf::Wall, id: self.wall.id.clone(), ..Part::default() };
        let gap = gaps.iter().find(|gap| holds(&gap.along_m));
        let here = |gate: &Gate| self.line.openings(std::slice::from_ref(gate)).iter().any(holds);
        let alone = self.alone.iter().find(|(gate, _)| here(gate)).map(|(gate, _)| gate);
        let unheld = gap.is_some_and(|gap| gap.gate.is_some());
        if self.gates.iter().any(holds) && !unheld && alone.is_none() {
            return Part { held_by: HeldBy::Gate, ..part };
        }
        let sound = self.zones.iter().filter(|z| z.fault.is_none());
        let zones: Vec<&Beam> = sound.filter(|z| holds(&z.span)).map(|z| z.beam).collect();
        if !zones.is_empty() && !unheld {
            let top_m = alone.and_then(|gate| gate.height_m).unwrap_or(self.wall.height_m);
            let over = zones.iter().map(|beam| lowest(beam)).fold(f64::NEG_INFINITY, f64::max);
            let under = zones.iter().map(|beam| highest(beam)).fold(f64::INFINITY, f64::min);
            return Part {
                held_by: HeldBy::Zone,
                beams: zones.iter().map(|beam| beam.id.clone()).collect(),
                passes_under_m: Some(under - top_m),
                passes_over_m: Some(over - top_m),
                ..part
            };
        }
        match gap {
            Some(gap) => {
                let beams = gap.beam.iter().cloned().collect();
                Part { held_by: HeldBy::Gap, beams, reason: gap.reason.clone(), ..part }
            }
            None if self.bends_near(at) => Part { held_by: HeldBy::Corner, ..part },
            None => Part { held_by: HeldBy::Post, ..part },
        }
    }

    /// True when a corner of the perimeter lies in the stretch about a point that no zone covers.
    fn bends_near(&self, at: f64) -> bool {
        let open = without(&self.standing, &self.covered(true));
        open.into_iter().any(|[from, to]| from <= at && at <= to && !self.corners_in([from, to]).is_empty())
    }

    /// True for what a post fills: a short stretch with a sound zone at one end at least.
    fn on_a_post(&self, [from, to]: Span) -> bool {
        let ends_here = |at: f64| self.zones.iter().any(|z| z.fault.is_none() && touches(z.span, at));
        to - from <= assumed::perimeter().post_m && (ends_here(from) || ends_here(to))
    }

    /// True when a short stretch about a corner is closed by two zones that meet on one post there.
    fn closed_corner(&self, left: Span) -> bool {
        let beside = |zone: &&Zone| zone.fault.is_none() && left.iter().any(|&at| touches(zone.span, at));
        left[1] - left[0] <= assumed::perimeter().corner_m
            && self.corners_in(left).iter().any(|&corner| {
                self.zones.iter().filter(beside).any(|zone| meets_another(zone.beam, corner, self.beams))
            })
    }

    /// Corners of the perimeter within a stretch: bends of this wall, and its ends where another wall begins.
    fn corners_in(&self, [from, to]: Span) -> Vec<Coord<f64>> {
        let mut corners: Vec<Coord<f64>> = self
            .line
            .inner_corners()
            .iter()
            .filter(|&&s| s >= from && s <= to)
            .map(|&s| self.line.at(s))
            .collect();
        for end in [0.0, self.line.length()] {
            let at = self.line.at(end);
            let reached = (from - end).abs() < 1e-6 || (to - end).abs() < 1e-6;
            if reached
                && ends_of(self.walls)
                    .filter(|&other| distance(at, other) < assumed::perimeter().aside_m)
                    .count()
                    > 1
            {
                corners.push(at);
            }
        }
        corners
    }

    /// Why no zone runs along a stretch.
    fn reason(&self, span: Span) -> &'static str {
        let bounded = |at: f64| self.zones.iter().find(|z| touches(z.span, at)).map(|z| &z.beam.id);
        let (before, after) = (bounded(span[0]), bounded(span[1]));
        let corners = self.corners_in(span);
        let another = |own: &Id| {
            let ends = self.beams.iter().filter(|b| b.id != *own).flat_map(|b| [b.from_m, b.to_m]);
            let near = |end: [f64; 2]| {
                corners.iter().any(|&c| distance(c, end.into()) <= 2.0 * assumed::perimeter().corner_m)
            };
            ends.into_iter().any(near)
        };
        match (before, after) {
            (Some(_), Some(_)) if corners.is_empty() => "between zones",
            (Some(_), Some(_)) => "corner between zones",
            (Some(own), None) | (None, Some(own))
                if span[1] - span[0] <= assumed::perimeter().corner_m && another(own) =>
            {
                "corner between zones"
            }
            _ => "no zone here",
        }
    }

    /// Writes a stretch down as gaps, one for each cause.
    fn gaps(&self, left: Span, answer: &mut Perimeter) {
        let faulty = self.covered(false);
        for span in without(&[left], &faulty) {
            let reason = self.reason(span);
            answer.gaps.push(self.stretch(span, None, reason));
        }
        let mut taken = Vec::new();
        for zone in &self.zones {
            if let Some(fault) = zone.fault {
                let inside = [zone.span[0].max(left[0]), zone.span[1].min(left[1])];
                for span in without(&[inside], &taken) {
                    answer.gaps.push(self.stretch(span, Some(zone.beam), fault));
                }
                taken = union([taken, vec![inside]].concat());
            }
        }
    }

    fn stretch(&self, span: Span, beam: Option<&Beam>, reason: &str) -> Stretch {
        Stretch {
            beam: beam.map(|b| b.id.clone()),
            wall: self.wall.id.clone(),
            gate: None,
            along_m: span,
            ends_m: span.map(|s| self.line.at(s)).map(|c| [c.x, c.y]),
            reason: reason.into(),
        }
    }
}

/// The part of a wall's straight piece from `a` to `b` along which a beam runs, as distances from `a`.
fn beside(beam: &Beam, a: Coord<f64>, b: Coord<f64>) -> Option<Span> {
    let [ex, ey] = away(beam, 0)?;
    let piece = distance(a, b);
    let parallel = ((b.x - a.x) * ex + (b.y - a.y) * ey) / piece;
    if parallel.abs() < libm::cos(assumed::perimeter().bend_deg.to_radians()) {
        return None;
    }
    inside_band([a, b], [beam.from_m.into(), beam.to_m.into()], assumed::perimeter().aside_m)
}

/// Why a beam guards nothing on a wall of a height.
fn fault(beam: &Beam, top_m: f64, day: &Day) -> Option<&'static str> {
    let (lowest, highest) = (lowest(beam), highest(beam));
    if length(beam) > beam.rated_range_m {
        Some("zone too long for its rated range")
    } else if beam.misaligned_deg.abs() > assumed::perimeter().lost_deg {
        Some("zone misaligned")
    } else if highest <= top_m {
        Some("zone below the wall's top")
    } else if lowest <= top_m {
        Some("a ray of the zone runs into the wall")
    } else if highest > top_m + assumed::perimeter().under_m {
        Some("zone too high above the wall")
    } else if lost_to(beam, day, Optics::of_catalogue()) == Some(Nuisance::Rain) {
        Some("fog and rain leave the zone's receiver too little")
    } else {
        None
    }
}

pub(super) fn length(beam: &Beam) -> f64 {
    libm::hypot(beam.to_m[0] - beam.from_m[0], beam.to_m[1] - beam.from_m[1])
}

/// Height of a beam's lowest ray above ground, m.
pub(super) fn lowest(beam: &Beam) -> f64 {
    beam.rays_m.iter().copied().fold(f64::INFINITY, f64::min)
}

/// Height of a beam's highest ray above ground, m.
pub(super) fn highest(beam: &Beam) -> f64 {
    beam.rays_m.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// The unit direction of a beam away from one of its ends (0 transmitter, 1 receiver).
fn away(beam: &Beam, end: usize) -> Option<[f64; 2]> {
    let ends = [beam.from_m, beam.to_m];
    let (here, there) = (ends[end], ends[1 - end]);
    let length = length(beam);
    (length > 0.0).then(|| [(there[0] - here[0]) / length, (there[1] - here[1]) / length])
}

/// True when a beam ends near a corner on the same post as another sound beam that leaves another way.
fn meets_another(beam: &Beam, corner: Coord<f64>, beams: &[Beam]) -> bool {
    let at = |beam: &Beam, end: usize| Coord::from([beam.from_m, beam.to_m][end]);
    let sound = |other: &&Beam| {
        other.id != beam.id
            && length(other) <= other.rated_range_m
            && other.misaligned_deg.abs() <= assumed::perimeter().lost_deg
    };
    beams.iter().filter(sound).any(|other| {
        [(0, 0), (0, 1), (1, 0), (1, 1)].into_iter().any(|(mine, theirs)| {
            let post = at(beam, mine);
            let together = distance(post, at(other, theirs)) <= assumed::perimeter().post_m
                && distance(post, corner) <= assumed::perimeter().corner_m;
            let (Some(a), Some(b)) = (away(beam, mine), away(other, theirs)) else { return false };
            together && a[0] * b[0] + a[1] * b[1] < libm::cos(assumed::perimeter().bend_deg.to_radians())
        })
    })
}

pub(crate) fn ends_of<'a>(walls: &'a [&'a Wall]) -> impl Iterator<Item = Coord<f64>> + 'a {
    walls.iter().flat_map(|w| [w.line.0.first(), w.line.0.last()]).flatten().copied()
}

fn touches(span: Span, at: f64) -> bool {
    span.iter().any(|end| (end - at).abs() < 1e-6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::sample;
    use crate::model::scenario::Duration;

    fn beam(name: &str, from_m: [f64; 2], to_m: [f64; 2]) -> Beam {
        Beam {
            id: name.into(),
            from_m,
            to_m,
            wall: "rim".into(),
            model: None,
            rays_m: vec![2.3, 2.5],
            interruption: Duration::seconds(0.05),
            hold: Duration::seconds(2.0),
            rated_range_m: 200.0,
            misaligned_deg: 0.0,
        }
    }

    fn straight(length: f64) -> Site {
        let mut site = sample::bare(0.0, 0.0, length, 50.0);
        site.compounds.clear();
        site.walls.push(sample::wall("rim", WallKind::Fence, &[(0.0, 0.0), (length, 0.0)], 2.2));
        site
    }

    /// A closed rim of 100 × 50 m.
    fn rim() -> Site {
        let mut site = sample::bare(0.0, 0.0, 100.0, 50.0);
        let corners = [(0.0, 0.0), (100.0, 0.0), (100.0, 50.0), (0.0, 50.0), (0.0, 0.0)];
        site.walls.push(sample::wall("rim", WallKind::Wall, &corners, 2.2));
        site
    }

    /// Four zones on brackets `aside` inside the rim, meeting at the corners.
    fn four(aside: f64) -> Vec<Beam> {
        let corners =
            [[aside, aside], [100.0 - aside, aside], [100.0 - aside, 50.0 - aside], [aside, 50.0 - aside]];
        (0..4).map(|i| beam(&format!("z{i}"), corners[i], corners[(i + 1) % 4])).collect()
    }

    /// Each gap as (from, to, reason), after checking that lengths add up.
    fn gaps(site: &Site, beams: &[Beam]) -> Vec<(f64, f64, String)> {
        let answer = perimeter(site, beams);
        let open: f64 = answer.gaps.iter().map(|g| g.along_m[1] - g.along_m[0]).sum();
        assert!((answer.length_m - answer.guarded_m - answer.gates_m - open).abs() < 1e-6, "{answer:#?}");
        conserved(site, &answer);
        assert_eq!(answer.status == "closed", answer.gaps.is_empty() && answer.unwalled.is_empty());
        let mm = |m: f64| libm::round(m * 1000.0) / 1000.0;
        answer.gaps.into_iter().map(|g| (mm(g.along_m[0]), mm(g.along_m[1]), g.reason)).collect()
    }

    /// Parts of each line follow each other from 0 to its length, and say what the sums say.
    fn conserved(site: &Site, answer: &Perimeter) {
        let walls = site.walls.iter().filter(|w| w.perimeter).map(|w| (PartOf::Wall, &w.id, &w.line));
        let outlines = site.compounds.iter().map(|c| (PartOf::Outline, &c.id, c.outline.exterior()));
        for (on, id, line) in walls.chain(outlines) {
            let length = WallLine::new(line).length();
            let own: Vec<&Part> = answer.parts.iter().filter(|p| p.on == on && p.id == *id).collect();
            let ends: Vec<f64> = std::iter::once(0.0).chain(own.iter().map(|p| p.along_m[1])).collect();
            assert!(own.iter().zip(&ends).all(|(p, end)| p.along_m[0] == *end), "{own:#?}");
            assert!((ends[own.len()] - length).abs() < 1e-6, "{id}: {own:#?}");
        }
        let of = |held: HeldBy| -> f64 {
            let own = answer.parts.iter().filter(|p| p.on == PartOf::Wall && p.held_by == held);
            own.map(|p| p.along_m[1] - p.along_m[0]).sum()
        };
        let guarded = of(HeldBy::Zone) + of(HeldBy::Post) + of(HeldBy::Corner);
        assert!(
            (guarded - answer.guarded_m).abs() < 1e-6 && (of(HeldBy::Gate) - answer.gates_m).abs() < 1e-6
        );
    }

    /// Who holds the walls, from the beginning of the first to the end of the last, mm apart.
    fn held(site: &Site, beams: &[Beam]) -> Vec<(f64, HeldBy)> {
        let answer = perimeter(site, beams);
        conserved(site, &answer);
        let mm = |m: f64| libm::round(m * 1000.0) / 1000.0;
        let own = answer.parts.iter().filter(|p| p.on == PartOf::Wall);
        own.map(|p| (mm(p.along_m[1] - p.along_m[0]), p.held_by)).collect()
    }

    #[test]
    fn every_metre_of_a_wall_is_held_once() {
        use HeldBy::{Corner, Gap, Gate, Post, Zone};
        let mut site = straight(100.0);
        site.gates.push(sample::gate("g", 50.0, 0.0, 6.0));
        let zones = [beam("a", [0.0, 0.0], [46.9, 0.0]), beam("b", [53.2, 0.0], [99.8, 0.0])];
        let found = held(&site, &zones);
        let expected = [(46.9, Zone), (0.1, Post), (6.0, Gate), (0.2, Gap), (46.6, Zone), (0.2, Gap)];
        assert_eq!(found, expected);
        let corners = held(&rim(), &four(0.3));
        assert_eq!(corners.iter().filter(|(m, by)| *by == Corner && *m <= 0.6).count(), 5, "{corners:?}");
        assert!(corners.iter().all(|(_, by)| matches!(by, Corner | Zone)));
    }

    #[test]
    fn where_zones_overlap_both_must_be_passed() {
        let mut upper = beam("b", [20.0, 0.0], [60.0, 0.0]);
        upper.rays_m = vec![2.35, 2.6];
        let answer = perimeter(&straight(60.0), &[beam("a", [0.0, 0.0], [40.0, 0.0]), upper]);
        let mm = |m: Option<f64>| libm::round(m.expect("a zone") * 1000.0);
        let passes: Vec<_> = answer
            .parts
            .iter()
            .filter(|p| p.held_by == HeldBy::Zone)
            .map(|p| (mm(p.passes_under_m), mm(p.passes_over_m)))
            .collect();
        assert_eq!(passes, [(300.0, 100.0), (300.0, 150.0), (400.0, 150.0)]);
    }

    /// One beam over a wall of 2.2 m that goes on at 1.8 m: on the lower one a body passes under the upper ray.
    #[test]
    fn a_step_in_the_height_of_the_wall_opens_a_gap() {
        let mut site = straight(40.0);
        site.walls.push(sample::wall("low", WallKind::Fence, &[(40.0, 0.0), (70.0, 0.0)], 1.8));
        let zone = [beam("a", [0.0, 0.0], [70.0, 0.0])];
        assert_eq!(gaps(&site, &zone), [(0.0, 30.0, "zone too high above the wall".into())]);
        site.walls[1].height_m = 2.0;
        assert_eq!(gaps(&site, &zone), []);
        site.walls[1].height_m = 2.4;
        assert_eq!(gaps(&site, &zone), [(0.0, 30.0, "a ray of the zone runs into the wall".into())]);
    }

    #[test]
    fn a_gap_of_two_hand_breadths_is_found_and_a_post_is_none() {
        let site = straight(100.0);
        let zones =
            |second: f64| [beam("a", [0.0, 0.0], [50.0, 0.0]), beam("b", [second, 0.0], [100.0, 0.0])];
        assert_eq!(gaps(&site, &zones(50.2)), [(50.0, 50.2, "between zones".into())]);
        assert_eq!(perimeter(&site, &zones(50.2)).status, "1 gap, 0.2 m");
        assert_eq!(gaps(&site, &zones(50.1)), []);
        assert_eq!(gaps(&site, &zones(40.0)), [], "zones that overlap count once");
        assert_eq!(perimeter(&site, &zones(40.0)).guarded_m, 100.0);
    }

    #[test]
    fn without_zones_all_is_open_and_without_walls_there_is_no_boundary() {
        assert_eq!(gaps(&straight(80.0), &[]), [(0.0, 80.0, "no zone here".into())]);
        let mut site = straight(80.0);
        site.walls[0].perimeter = false;
        assert_eq!(perimeter(&site, &[]).status, "no boundary in the data");
    }

    #[test]
    fn a_gate_is_a_gate_and_not_a_gap() {
        let mut site = straight(100.0);
        site.gates.push(sample::gate("g", 50.0, 0.0, 6.0));
        let zones = [beam("a", [0.0, 0.0], [46.9, 0.0]), beam("b", [53.0, 0.0], [100.0, 0.0])];
        assert_eq!(gaps(&site, &zones), []);
        assert_eq!(perimeter(&site, &zones).gates_m, 6.0);
        let through = [beam("a", [0.0, 0.0], [100.0, 0.0])];
        assert_eq!(
            perimeter(&site, &through).zones.len(),
            2,
            "a beam across a gate guards the wall on both sides"
        );
        assert_eq!(perimeter(&site, &through).guarded_m, 94.0);
    }

    /// A wall of 100 m with a gate of 6 m at which nobody stands, and a zone across it.
    fn left_alone(leaf_m: Option<f64>, rays_m: [f64; 2]) -> Perimeter {
        let mut site = straight(100.0);
        site.gates.push(Gate { height_m: leaf_m, ..sample::gate("g", 50.0, 0.0, 6.0) });
        let zones = [Beam { rays_m: rays_m.to_vec(), ..beam("a", [0.0, 0.0], [100.0, 0.0]) }];
        let nobody = [Unattended { gate: "g".into(), hours_ms: vec![[0, 86_400_000]] }];
        let answer = perimeter_within(&Outlines::of(&site), &site, (&zones, &Day::default()), &nobody);
        conserved(&site, &answer);
        answer
    }

    #[test]
    fn a_gate_where_nobody_stands_is_a_gap_unless_a_zone_runs_over_its_leaf() {
        let over = [2.3, 2.5];
        for (leaf_m, rays_m, open) in [
            (Some(2.2), over, false),
            (Some(2.4), over, true),
            (Some(1.2), over, true),
            (None, over, true),
            (Some(2.2), [2.1, 2.3], true),
        ] {
            let answer = left_alone(leaf_m, rays_m);
            let gap = answer.gaps.iter().find(|gap| gap.gate.is_some());
            assert_eq!(gap.map(|gap| gap.along_m), open.then_some([47.0, 53.0]), "{leaf_m:?} {rays_m:?}");
            assert_eq!(answer.gates_m, 0.0);
            assert!(gap.is_none_or(|gap| gap.reason.starts_with("nobody stands at g")));
        }
        assert_eq!(left_alone(Some(2.2), over).guarded_m, 100.0);
        assert_eq!(left_alone(None, over).status, "1 gap, 6.0 m");
    }

    #[test]
    fn a_gate_between_two_walls_is_a_line_of_its_own() {
        let mut site = rim();
        let corners = site.walls[0].line.0.clone();
        site.walls[0].line.0 = vec![corners[0], corners[1], corners[2], (53.0, 50.0).into()];
        let rest = [(47.0, 50.0), (0.0, 50.0), (0.0, 0.0)];
        site.walls.push(sample::wall("rest", WallKind::Wall, &rest, 2.2));
        site.gates.push(sample::gate("g", 50.0, 50.5, 5.6));
        let of = |alone: &[Unattended]| {
            let outlines = Outlines::of(&site);
            perimeter_within(&outlines, &site, (&four(0.0), &Day::default()), alone)
        };
        let held = of(&[]);
        assert_eq!((held.status.as_str(), held.length_m, held.gates_m), ("closed", 299.6, 5.6));
        let left = of(&[Unattended { gate: "g".into(), hours_ms: vec![[0, 86_400_000]] }]);
        assert_eq!((left.status.as_str(), left.length_m, left.gates_m), ("1 gap, 5.6 m", 299.6, 0.0));
    }

    #[test]
    fn zones_that_meet_on_a_post_close_the_corner() {
        assert_eq!(gaps(&rim(), &four(0.0)), []);
        assert_eq!(gaps(&rim(), &four(0.3)), []);
        let mut apart = four(0.0);
        apart[1].from_m = [100.0, 0.6];
        assert_eq!(gaps(&rim(), &apart), [(100.0, 100.6, "corner between zones".into())]);
        let three = &four(0.3)[..3];
        let open = gaps(&rim(), three);
        assert_eq!(open.len(), 2, "{open:?}");
        assert_eq!(open[0], (0.0, 0.3, "no zone here".into()));
        assert_eq!((open[1].0, open[1].1), (249.7, 300.0));
    }

    #[test]
    fn separate_walls_meet_at_corners_too() {
        let mut site = rim();
        let corners = site.walls[0].line.0.clone();
        site.walls = (0..4)
            .map(|i| {
                let ends = [(corners[i].x, corners[i].y), (corners[i + 1].x, corners[i + 1].y)];
                sample::wall(&format!("w{i}"), WallKind::Wall, &ends, 2.2)
            })
            .collect();
        assert_eq!(gaps(&site, &four(0.3)), []);
        assert_eq!(gaps(&site, &four(0.3)[1..]).len(), 3, "its own length and a bit at both neighbours");
    }

    #[test]
    fn each_fault_of_a_zone_has_its_words() {
        let site = straight(60.0);
        let with = |change: fn(&mut Beam)| {
            let mut zone = beam("a", [0.0, 0.1], [60.0, -0.1]);
            change(&mut zone);
            gaps(&site, &[zone])
        };
        let all = |reason: &str| vec![(0.0, 60.0, reason.to_owned())];
        assert_eq!(with(|_| {}), []);
        assert_eq!(with(|z| z.rated_range_m = 59.0), all("zone too long for its rated range"));
        assert_eq!(with(|z| z.misaligned_deg = 1.5), all("zone misaligned"));
        assert_eq!(with(|z| z.rays_m = vec![1.0, 2.0]), all("zone below the wall's top"));
        assert_eq!(with(|z| z.rays_m = vec![2.9, 3.2]), all("zone too high above the wall"));
        assert_eq!(with(|z| (z.from_m[1], z.to_m[1]) = (0.6, 0.6)), all("no zone here"));
        let tight = {
            let mut zone = beam("a", [0.0, 0.0], [60.0, 0.0]);
            zone.rated_range_m = 80.0;
            perimeter(&site, &[zone])
        };
        assert!(tight.zones[0].reason.contains("70 %"), "{tight:?}");
    }

    #[test]
    fn a_faulty_zone_is_named_only_where_no_sound_zone_helps() {
        let mut bad = beam("bad", [0.0, 0.0], [40.0, 0.0]);
        bad.misaligned_deg = 2.0;
        let zones = [bad, beam("good", [30.0, 0.0], [60.0, 0.0])];
        let site = straight(70.0);
        assert_eq!(
            gaps(&site, &zones),
            [(0.0, 30.0, "zone misaligned".into()), (60.0, 70.0, "no zone here".into())]
        );
        assert_eq!(perimeter(&site, &zones).gaps[0].beam, Some("bad".into()));
    }

    /// A slanting beam leaves the wall where the offset passes half a metre, exactly.
    #[test]
    fn a_slanting_beam_guards_until_it_is_too_far_aside() {
        let site = straight(100.0);
        let zone = beam("a", [0.0, 0.0], [100.0, 2.0]);
        let slope = libm::atan(0.02);
        // The lateral offset of a wall's point at s is s sin(slope).
        let leaves = assumed::perimeter().aside_m / libm::sin(slope);
        let found = gaps(&site, &[zone]);
        assert_eq!(found.len(), 1);
        assert!((found[0].0 - leaves).abs() < 1e-3 && found[0].1 == 100.0, "{found:?} {leaves}");
    }
}
