//! One line of the perimeter, a wall or the leaf of a gate between two, with what runs along it.

use geo::Coord;

use crate::analysis::answer::{HeldBy, Part, PartOf, Perimeter, Stretch};
use crate::analysis::assumed;
use crate::analysis::beam::link::{Optics, lost_to};
use crate::analysis::gates::Unattended;
use crate::analysis::parts::parts;
use crate::analysis::wall_line::{Span, WallLine, distance, inside_band, total, union, without};
use crate::contract::Nuisance;
use crate::model::kit::Beam;
use crate::model::scenario::Day;
use crate::model::site::{Gate, Wall};
use crate::words::Id;

/// A stretch of wall along which a beam runs.
struct Zone<'a> {
    beam: &'a Beam,
    span: Span,
    /// Why it guards nothing.
    fault: Option<&'static str>,
}

/// A gate where at some hours nobody stands, and the stretches that it opens where no other gate does.
struct Alone<'a> {
    gate: &'a Gate,
    why: &'a Unattended,
    opened: Vec<Span>,
}

/// A gate, and when nobody stands there.
type Guarded<'a> = (&'a Gate, Option<&'a Unattended>);

/// A line of the perimeter.
pub(super) struct Line<'a> {
    id: &'a Id,
    top_m: f64,
    line: WallLine,
    /// Stretches that gates open.
    gates: Vec<Span>,
    standing: Vec<Span>,
    alone: Vec<Alone<'a>>,
}

impl<'a> Line<'a> {
    pub(super) fn of_wall(wall: &'a Wall, gates: &[Guarded<'a>]) -> Line<'a> {
        let line = WallLine::new(&wall.line);
        let openings = |gate: &Gate| line.openings(std::slice::from_ref(gate));
        let attended = gates.iter().filter(|(_, alone)| alone.is_none());
        let mut opened = union(attended.flat_map(|(gate, _)| openings(gate)).collect());
        let mut alone = Vec::new();
        for (gate, why) in gates.iter().filter_map(|(gate, why)| Some((*gate, (*why)?))) {
            let own = without(&openings(gate), &opened);
            opened = union([opened, own.clone()].concat());
            alone.push(Alone { gate, why, opened: own });
        }
        let standing = without(&[[0.0, line.length()]], &opened);
        Line { id: &wall.id, top_m: wall.height_m, line, gates: opened, standing, alone }
    }

    /// The leaf of a gate between two walls.
    pub(super) fn of_leaf(ends: [Coord<f64>; 2], (gate, why): Guarded<'a>) -> Line<'a> {
        let line = WallLine::new(&ends.to_vec().into());
        let gates = vec![[0.0, line.length()]];
        let alone = why.map(|why| Alone { gate, why, opened: gates.clone() }).into_iter().collect();
        let top_m = gate.height_m.unwrap_or_default();
        Line { id: &gate.id, top_m, line, gates, standing: Vec::new(), alone }
    }
}

/// A line with what runs along it.
pub(super) struct Run<'a> {
    own: Line<'a>,
    zones: Vec<Zone<'a>>,
    /// All walls of the perimeter.
    walls: &'a [&'a Wall],
    /// All beams.
    beams: &'a [Beam],
    day: &'a Day,
}

impl<'a> Run<'a> {
    pub(super) fn along(
        own: Line<'a>,
        walls: &'a [&'a Wall],
        (beams, day): (&'a [Beam], &'a Day),
    ) -> Run<'a> {
        let zones = beams.iter().flat_map(|beam| {
            let spans = own.line.pieces().filter_map(|(start, a, b)| {
                let [from, to] = beside(beam, a, b)?;
                Some([start + from, start + to])
            });
            let fault = fault(beam, own.top_m, day);
            union(spans.collect()).into_iter().map(move |span| Zone { beam, span, fault })
        });
        let zones = zones.collect();
        Run { own, zones, walls, beams, day }
    }

    /// The union of the zones that are sound, or of those that are not.
    fn covered(&self, sound: bool) -> Vec<Span> {
        union(self.zones.iter().filter(|z| z.fault.is_none() == sound).map(|z| z.span).collect())
    }

    /// Adds this line to the answer.
    pub(super) fn judge(&self, answer: &mut Perimeter) {
        let before = answer.gaps.len();
        answer.length_m += self.own.line.length();
        let margin = assumed::perimeter().margin;
        for zone in self.zones.iter().filter(|z| z.fault.is_none()) {
            let stretched = zone.beam.length_m() > margin * zone.beam.rated_range_m;
            let reason = if stretched {
                let percent = libm::round(margin * 100.0);
                format!("longer than {percent} % of its rated range: no margin for fog and rain")
            } else {
                String::new()
            };
            for span in without(&[zone.span], &self.own.gates) {
                answer.zones.push(self.stretch(span, Some(zone.beam), &reason));
            }
        }
        let mut open = 0.0;
        for left in without(&self.own.standing, &self.covered(true)) {
            if !self.on_a_post(left) && !self.closed_corner(left) {
                self.gaps(left, answer);
                open += left[1] - left[0];
            }
        }
        answer.guarded_m += total(&self.own.standing) - open;
        self.left_alone(answer);
        answer.gaps[before..].sort_by(|a, b| a.along_m[0].total_cmp(&b.along_m[0]));
        answer.parts.extend(self.parts(&answer.gaps[before..]));
    }

    /// Gates in this line: attended ones are held by people, others by a zone over their shut leaf or by nobody.
    fn left_alone(&self, answer: &mut Perimeter) {
        let mut alone_m = 0.0;
        for Alone { gate, why, opened } in &self.own.alone {
            let zones = union(self.over_leaf(gate).map(|zone| zone.span).collect());
            let open = without(opened, &zones);
            alone_m += total(opened);
            answer.guarded_m += total(opened) - total(&open);
            for span in open {
                let meets = |zone: &Zone<'_>| zone.span[0] < span[1] && span[0] < zone.span[1];
                let unknown = gate.height_m.is_none() && self.zones.iter().any(meets);
                let gap = self.stretch(span, None, &why.reason(unknown));
                answer.gaps.push(Stretch { gate: Some(gate.id.clone()), ..gap });
            }
        }
        answer.gates_m += total(&self.own.gates) - alone_m;
    }

    /// Sound zones over a gate's shut leaf; none where nobody knows how high that is.
    fn over_leaf(&self, gate: &Gate) -> impl Iterator<Item = &Zone<'a>> {
        let top_m = gate.height_m;
        let clears =
            move |zone: &&Zone<'_>| top_m.is_some_and(|top_m| fault(zone.beam, top_m, self.day).is_none());
        self.zones.iter().filter(clears)
    }

    /// This line from its beginning to its end, once its gaps are known.
    fn parts(&self, gaps: &[Stretch]) -> impl Iterator<Item = Part> {
        let zones = self.zones.iter().map(|z| z.span);
        let openings = self.own.alone.iter().flat_map(|alone| alone.opened.iter().copied());
        let ends = self.own.gates.iter().copied();
        let ends = ends.chain(zones).chain(gaps.iter().map(|g| g.along_m)).chain(openings);
        let found = parts(self.own.line.length(), ends, |at| self.part(at, gaps));
        found.into_iter().map(|(along_m, part)| Part { along_m, ..part })
    }

    /// What holds the line at a distance along it.
    fn part(&self, at: f64, gaps: &[Stretch]) -> Part {
        let holds = |span: &Span| span[0] <= at && at <= span[1];
        let part = Part { on: PartOf::Wall, id: self.own.id.clone(), ..Part::default() };
        let gap = gaps.iter().find(|gap| holds(&gap.along_m));
        let alone = self.own.alone.iter().find(|alone| alone.opened.iter().any(holds));
        if alone.is_none() && self.own.gates.iter().any(holds) {
            return Part { held_by: HeldBy::Gate, ..part };
        }
        let (zones, top_m): (Vec<&Zone<'_>>, f64) = match alone {
            Some(Alone { gate, .. }) => (self.over_leaf(gate).collect(), gate.height_m.unwrap_or_default()),
            None => (self.zones.iter().filter(|z| z.fault.is_none()).collect(), self.own.top_m),
        };
        let here: Vec<&Beam> = zones.into_iter().filter(|z| holds(&z.span)).map(|z| z.beam).collect();
        if !here.is_empty() {
            let over = here.iter().map(|beam| beam.lowest_m()).fold(f64::NEG_INFINITY, f64::max);
            let under = here.iter().map(|beam| beam.highest_m()).fold(f64::INFINITY, f64::min);
            return Part {
                held_by: HeldBy::Zone,
                beams: here.iter().map(|beam| beam.id.clone()).collect(),
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
        let open = without(&self.own.standing, &self.covered(true));
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
            .own
            .line
            .inner_corners()
            .iter()
            .filter(|&&s| s >= from && s <= to)
            .map(|&s| self.own.line.at(s))
            .collect();
        for end in [0.0, self.own.line.length()] {
            let at = self.own.line.at(end);
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
            wall: self.own.id.clone(),
            gate: None,
            along_m: span,
            ends_m: span.map(|s| self.own.line.at(s)).map(|c| [c.x, c.y]),
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
    let (lowest, highest) = (beam.lowest_m(), beam.highest_m());
    if beam.length_m() > beam.rated_range_m {
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

/// The unit direction of a beam away from one of its ends (0 transmitter, 1 receiver).
fn away(beam: &Beam, end: usize) -> Option<[f64; 2]> {
    let ends = [beam.from_m, beam.to_m];
    let (here, there) = (ends[end], ends[1 - end]);
    let length = beam.length_m();
    (length > 0.0).then(|| [(there[0] - here[0]) / length, (there[1] - here[1]) / length])
}

/// True when a beam ends near a corner on the same post as another sound beam that leaves another way.
fn meets_another(beam: &Beam, corner: Coord<f64>, beams: &[Beam]) -> bool {
    let at = |beam: &Beam, end: usize| Coord::from([beam.from_m, beam.to_m][end]);
    let sound = |other: &&Beam| {
        other.id != beam.id
            && other.length_m() <= other.rated_range_m
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

fn ends_of<'a>(walls: &'a [&'a Wall]) -> impl Iterator<Item = Coord<f64>> + 'a {
    walls.iter().flat_map(|w| [w.line.0.first(), w.line.0.last()]).flatten().copied()
}

fn touches(span: Span, at: f64) -> bool {
    span.iter().any(|end| (end - at).abs() < 1e-6)
}
