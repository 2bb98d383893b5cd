//! A guard's eye that knows nothing of the plan: no triangle of its mesh, no ray of its caster, no cell of its table.
//!
//! It has the site as it is drawn and plane geometry. A building hides what lies behind its outline and below its roof, a wall
//! or a hedge what lies behind its line and below its top but where a gate is, a crown what lies behind an ellipsoid. Bars,
//! bare crowns and fog take their share of the contrast; by night lamps, sky and torch must give light enough. Figures are
//! those of `assets/catalogue/sight.toml`, laws those that it names: Koschmieder, and the cylindrical illuminance of EN 12464-1.

use std::f64::consts::{PI, TAU};

use geo::{Contains, Coord, Line, Point};
use palisade_sim::analysis::figures::figures;
use palisade_sim::model::Scenario;
use palisade_sim::model::site::{Building, Site, Tree, Wall, WallKind};

/// Crowns are drawn of flat faces inside their ellipsoid, eight about it and four upwards: their middles lie at this share of
/// its radius, the square of the cosine of a sixteenth of a turn.
pub(super) const FACES: f64 = 0.853;
/// Lamps that give less are not asked for, lx: a thousandth of what an eye needs for each of them.
const FAINT_LUX: f64 = 5e-4;
/// A lamp shines from so far before what it hangs on, m.
const HANGS_M: f64 = 0.1;

/// An eye on a day, and how large it takes crowns to be.
#[derive(Clone, Copy)]
pub(super) struct Eye<'a> {
    site: &'a Site,
    visibility_m: f64,
    /// Whether deciduous crowns are in leaf.
    leaves: bool,
    crowns: f64,
}

type Spot = [f64; 3];

impl<'a> Eye<'a> {
    pub(super) fn on(scenario: &'a Scenario, crowns: f64) -> Eye<'a> {
        let month: i8 = scenario.file.day.date[5..7].parse().expect("a date has a month");
        let leaves = !figures().bare_crown.months.contains(&month);
        Eye { site: &scenario.site, visibility_m: scenario.file.day.visibility_m, leaves, crowns }
    }

    /// Whether an eye at one point sees somebody at another.
    pub(super) fn sees(&self, from: Spot, to: Spot, night: bool) -> bool {
        let eye = figures().eye;
        let contrast =
            || figures().target_contrast * self.through_air(from, to) * self.through_veils(from, to);
        let light = || {
            let reach = eye.torch_m / apart(from, to);
            let torch = eye.min_lux * reach * reach * self.through_air(from, to);
            self.lux(to) + torch >= eye.min_lux
        };
        !self.hidden(from, to) && contrast() >= eye.threshold && (!night || light())
    }

    /// What fog leaves over a distance: a fiftieth at the visibility.
    fn through_air(&self, from: Spot, to: Spot) -> f64 {
        libm::pow(50.0, -apart(from, to) / self.visibility_m)
    }

    /// Light on somebody upright by night, lx.
    fn lux(&self, at: Spot) -> f64 {
        let lamps = self.site.lamps.iter().map(|lamp| {
            let from = [lamp.at.x, lamp.at.y, lamp.height_m];
            let metres = apart(from, at);
            let sine = libm::hypot(at[0] - from[0], at[1] - from[1]) / metres;
            let lux = lamp.flux_lm / TAU * sine / (PI * metres * metres) * self.through_air(from, at);
            let lights = at[2] < from[2] && lux > FAINT_LUX && {
                let before = [0, 1, 2].map(|k| from[k] + (at[k] - from[k]) * HANGS_M / metres);
                !self.hidden(before, at)
            };
            if lights { lux } else { 0.0 }
        });
        figures().night.sky_lux + lamps.sum::<f64>()
    }

    fn hidden(&self, from: Spot, to: Spot) -> bool {
        let solid = |wall: &&Wall| wall.made_of != WallKind::Fence;
        self.site.buildings.iter().any(|building| behind(building, from, to))
            || self
                .site
                .walls
                .iter()
                .filter(solid)
                .any(|wall| self.crossings(wall, from, to).next().is_some())
            || self.site.trees.iter().any(|tree| self.dense(tree) && self.crown(tree, from, to))
    }

    fn dense(&self, tree: &Tree) -> bool {
        tree.evergreen || self.leaves
    }

    fn through_veils(&self, from: Spot, to: Spot) -> f64 {
        let bare =
            self.site.trees.iter().filter(|tree| !self.dense(tree) && self.crown(tree, from, to)).count();
        let fences = self.site.walls.iter().filter(|wall| wall.made_of == WallKind::Fence);
        let bars = fences.flat_map(|fence| {
            let (bar, gap) = (figures().bars.bar_m, fence.bar_gap_m.unwrap_or(figures().bars.gap_m));
            self.crossings(fence, from, to).map(move |sine| (1.0 - bar / (bar + gap) / sine).max(0.0))
        });
        libm::pow(figures().bare_crown.passes, bare as f64) * bars.product::<f64>()
    }

    /// Where a line crosses a wall below its top and beside its gates: the sine of the angle between them in plan.
    fn crossings(&self, wall: &'a Wall, from: Spot, to: Spot) -> impl Iterator<Item = f64> {
        wall.line.lines().filter_map(move |piece| {
            let share = crossing(piece, from, to)?;
            let [x, y, z] = along(from, to, share);
            let open = self.site.gates.iter().any(|g| libm::hypot(g.at.x - x, g.at.y - y) < g.width_m / 2.0);
            let (way, line) = ([to[0] - from[0], to[1] - from[1]], piece.delta());
            let sine = (way[0] * line.y - way[1] * line.x).abs()
                / (libm::hypot(way[0], way[1]) * libm::hypot(line.x, line.y));
            (z <= wall.height_m && !open).then_some(sine)
        })
    }

    /// Whether a line passes into a crown or out of it.
    fn crown(&self, tree: &Tree, from: Spot, to: Spot) -> bool {
        let half = (tree.height_m - tree.crown_base_m) / 2.0;
        let radii = [tree.crown_radius_m, tree.crown_radius_m, half].map(|radius| radius * self.crowns);
        let middle = [tree.at.x, tree.at.y, tree.crown_base_m + half];
        // In a space in which the crown is a ball of radius one.
        let [a, b] = [from, to].map(|p| [0, 1, 2].map(|k| (p[k] - middle[k]) / radii[k]));
        let way = [0, 1, 2].map(|k| b[k] - a[k]);
        let dot = |u: Spot, v: Spot| u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
        let nearest = along(a, b, (-dot(a, way) / dot(way, way)).clamp(0.0, 1.0));
        half > 0.0 && dot(nearest, nearest) < 1.0 && (dot(a, a) > 1.0 || dot(b, b) > 1.0)
    }
}

fn apart(a: Spot, b: Spot) -> f64 {
    let [x, y, z] = [0, 1, 2].map(|k| b[k] - a[k]);
    libm::sqrt(x * x + y * y + z * z)
}

fn along(from: Spot, to: Spot, share: f64) -> Spot {
    [0, 1, 2].map(|k| from[k] + share * (to[k] - from[k]))
}

/// The share of a line at which it crosses a piece of another in plan.
fn crossing(piece: Line<f64>, from: Spot, to: Spot) -> Option<f64> {
    let (way, line) = (Coord { x: to[0] - from[0], y: to[1] - from[1] }, piece.delta());
    let first = Coord { x: piece.start.x - from[0], y: piece.start.y - from[1] };
    let cross = |u: Coord<f64>, v: Coord<f64>| u.x * v.y - u.y * v.x;
    let turn = cross(way, line);
    let (share, at) = (cross(first, line) / turn, cross(first, way) / turn);
    (turn != 0.0 && (0.0..=1.0).contains(&share) && (0.0..=1.0).contains(&at)).then_some(share)
}

/// Whether a building stands between two points: where the line runs inside its outline it is below the roof at one end.
fn behind(building: &Building, from: Spot, to: Spot) -> bool {
    let outline = &building.outline;
    let rings = std::iter::once(outline.exterior()).chain(outline.interiors());
    let mut shares: Vec<f64> =
        rings.flat_map(|ring| ring.lines()).filter_map(|piece| crossing(piece, from, to)).collect();
    if shares.is_empty() {
        return false;
    }
    shares.extend([0.0, 1.0]);
    shares.sort_by(f64::total_cmp);
    shares.windows(2).any(|ends| {
        let [x, y, _] = along(from, to, (ends[0] + ends[1]) / 2.0);
        let lower = ends.iter().map(|share| along(from, to, *share)[2]).fold(f64::INFINITY, f64::min);
        ends[1] > ends[0] && lower < building.height_m && outline.contains(&Point::new(x, y))
    })
}

#[cfg(test)]
mod tests {
    use geo::{LineString, Rect};
    use palisade_sim::model::site::{Gate, GateFor, Lamp, Use};

    use super::*;
    use crate::common::tiny;

    /// The tiny scenario's day on ground of which everything has been cleared away.
    fn bare(change: impl FnOnce(&mut Scenario)) -> Scenario {
        let mut scenario = tiny();
        let site = &mut scenario.site;
        (site.buildings, site.walls, site.gates, site.trees, site.lamps) = Default::default();
        change(&mut scenario);
        scenario
    }

    fn sees(scenario: &Scenario, to: Spot, night: bool) -> bool {
        Eye::on(scenario, 1.0).sees([0.0, 0.0, 1.6], to, night)
    }

    fn wall(made_of: WallKind, height_m: f64) -> Wall {
        Wall {
            id: "w".into(),
            made_of,
            line: LineString::from(vec![(-20.0, 10.0), (20.0, 10.0)]),
            height_m,
            perimeter: true,
            bar_gap_m: Some(0.08),
            lowest_rail_m: None,
            delay_s: None,
        }
    }

    #[test]
    fn a_wall_hides_below_its_top_and_beside_its_gate() {
        let walled = |height_m| bare(|s| s.site.walls.push(wall(WallKind::Wall, height_m)));
        // From 1.6 m over a top of 2 m at 10 m, at 20 m only what is above 2.4 m is seen.
        for (height_m, to, seen) in [
            (2.0, [0.0, 20.0, 2.3], false),
            (2.0, [0.0, 20.0, 2.5], true),
            (2.0, [0.0, 9.0, 1.0], true),
            (1.0, [0.0, 20.0, 1.5], true),
        ] {
            assert_eq!(sees(&walled(height_m), to, false), seen, "{height_m} {to:?}");
        }
        let mut gated = walled(2.0);
        gated.site.gates.push(Gate {
            id: "g".into(),
            name: None,
            at: Coord { x: 3.0, y: 10.0 },
            width_m: 2.0,
            passage: GateFor::Both,
            height_m: None,
            delay_s: None,
        });
        let through = [3.9, 4.1].map(|x| sees(&gated, [2.0 * x, 20.0, 1.5], false));
        assert_eq!(through, [true, false]);
    }

    #[test]
    fn a_building_hides_up_to_its_roof_and_a_crown_what_is_behind_it() {
        let house = bare(|s| {
            s.site.buildings.push(Building {
                id: "b".into(),
                name: None,
                usage: Use::Other,
                outline: Rect::new((-5.0, 10.0), (5.0, 20.0)).to_polygon(),
                storeys: 1,
                height_m: 3.6,
                flats_per_storey: 0,
                height_assumed: false,
            });
        });
        // Over the near edge of the roof, 2 m above the eye at 10 m, one sees at 40 m what is 8 m above it.
        for (to, seen) in [
            ([0.0, 30.0, 1.5], false),
            ([0.0, 40.0, 9.4], false),
            ([0.0, 40.0, 9.8], true),
            ([8.0, 30.0, 1.5], false),
            ([16.0, 30.0, 1.5], true),
        ] {
            assert_eq!(sees(&house, to, false), seen, "{to:?}");
        }
        let tree = |date: &str, crown_base_m| {
            bare(|s| {
                s.file.day.date = date.into();
                s.site.trees.push(Tree {
                    id: "t".into(),
                    at: Coord { x: 0.0, y: 10.0 },
                    height_m: 8.0,
                    crown_radius_m: 2.0,
                    crown_base_m,
                    evergreen: false,
                });
            })
        };
        for (date, base_m, x, seen) in [
            ("2026-07-01", 0.0, 0.0, false),
            ("2026-01-20", 0.0, 0.0, true),
            ("2026-07-01", 3.0, 0.0, true),
            ("2026-07-01", 0.0, 4.5, true),
        ] {
            assert_eq!(sees(&tree(date, base_m), [x, 20.0, 1.5], false), seen, "{date} {base_m} {x}");
        }
    }

    #[test]
    fn fog_bars_and_the_dark_take_what_the_laws_say() {
        // A contrast of 0.5 falls to 0.02 in ln 25 / ln 50 of the visibility.
        let fog = bare(|s| s.file.day.visibility_m = 50.0);
        let far = 50.0 * libm::log(25.0) / libm::log(50.0);
        assert_eq!([0.99, 1.01].map(|share| sees(&fog, [0.0, share * far, 1.6], false)), [true, false]);
        // A fifth is bar, looked at squarely 0.8 passes; at a sine of a fifth nothing does.
        let fence = bare(|s| s.site.walls.push(wall(WallKind::Fence, 2.0)));
        let eye = Eye::on(&fence, 1.0);
        assert!((eye.through_veils([0.0, 0.0, 1.6], [0.0, 20.0, 1.5]) - 0.8).abs() < 1e-9);
        assert_eq!(eye.through_veils([-15.0, 8.0, 1.6], [15.0, 12.0, 1.5]), 0.0);
        // Beyond the torch's reach there must be a lamp: 4,000 lm, 3 m aside and 3 m up, give 7.95 lx, the sky 0.02 more.
        let dark = bare(|_| ());
        assert_eq!([14.0, 16.0].map(|y| sees(&dark, [0.0, y, 1.6], true)), [true, false]);
        let lamp = Lamp { id: "l".into(), at: Coord { x: 3.0, y: 25.0 }, height_m: 4.5, flux_lm: 4_000.0 };
        let lit = bare(|s| s.site.lamps.push(lamp));
        assert!((Eye::on(&lit, 1.0).lux([0.0, 25.0, 1.5]) - 7.967).abs() < 0.002);
        assert!(sees(&lit, [0.0, 25.0, 1.5], true) && !sees(&lit, [0.0, 25.0, 4.6], true));
    }
}
