//! What one eye sees of a level sheet of points, all at once: every triangle throws its shadow on the sheet.
//!
//! The points that a triangle hides from an eye are those inside four half-spaces ([`Cone`]): on a level sheet, between
//! straight lines. Row by row, the points that are inside for certain are struck out together; the few that lie so
//! near to a line that rounding could decide are asked by [`Scene::stops`], as a single ray would be. The answer is
//! therefore the same, point by point, as that of [`Scene::clear`], and no ray is cast for all the others.

use std::ops::Range;

use super::raster::Raster;
use super::scene::{Cone, Ends, PAD_M, Scene};
use super::vector::{Vec3, sub};

/// Points of a raster at one height: which are asked, and then which are seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet<'a> {
    raster: &'a Raster,
    height_m: f64,
    columns: Range<usize>,
    rows: Range<usize>,
    words: usize,
    /// A bit for each column of each row.
    bits: Vec<u64>,
    /// First and last asked column of each row, counted in the sheet; empty where the first is greater.
    spans: Vec<[usize; 2]>,
}

impl<'a> Sheet<'a> {
    /// A sheet over some columns and rows of a raster, with nothing asked yet.
    pub fn new(raster: &'a Raster, height_m: f64, columns: Range<usize>, rows: Range<usize>) -> Sheet<'a> {
        let words = columns.len().div_ceil(64);
        let (bits, spans) = (vec![0; words * rows.len()], vec![[1, 0]; rows.len()]);
        Sheet { raster, height_m, columns, rows, words, bits, spans }
    }

    /// A sheet over the cells whose middles lie within a distance of a point in plan.
    pub fn about(raster: &'a Raster, height_m: f64, at_m: [f64; 2], reach_m: f64) -> Sheet<'a> {
        let along = |axis: usize| raster.middles_within(axis, at_m[axis] - reach_m, at_m[axis] + reach_m);
        Sheet::new(raster, height_m, along(0), along(1))
    }

    /// Asks for the points of which `wanted` is true.
    pub fn ask(&mut self, mut wanted: impl FnMut(usize, [f64; 3]) -> bool) {
        for row in self.rows.clone() {
            let y = row - self.rows.start;
            for column in self.columns.clone() {
                let [east, north] = self.raster.middle(column, row);
                if wanted(row * self.raster.columns + column, [east, north, self.height_m]) {
                    self.mark(column - self.columns.start, y);
                }
            }
        }
    }

    /// Asks for the points of one row, `row`, of which `wanted` is true, among those between two eastings, m.
    pub fn ask_row(&mut self, row: usize, between_m: [f64; 2], mut wanted: impl FnMut([f64; 3]) -> bool) {
        let some = self.raster.middles_within(0, between_m[0], between_m[1]);
        for column in some.start.max(self.columns.start)..some.end.min(self.columns.end) {
            let [east, north] = self.raster.middle(column, row);
            if wanted([east, north, self.height_m]) {
                self.mark(column - self.columns.start, row - self.rows.start);
            }
        }
    }

    /// Rows of the raster that the sheet covers.
    pub fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    fn mark(&mut self, x: usize, y: usize) {
        self.bits[y * self.words + x / 64] |= 1 << (x % 64);
        let span = &mut self.spans[y];
        *span = if span[0] > span[1] { [x, x] } else { [span[0].min(x), span[1].max(x)] };
    }

    /// Drops the points that another sheet of the same place and size holds.
    pub(crate) fn leave_out(&mut self, other: &Sheet) {
        self.bits.iter_mut().zip(&other.bits).for_each(|(word, drop)| *word &= !drop);
    }

    /// Points that are asked, or seen once [`Sheet::look`] has been called.
    pub fn count(&self) -> usize {
        self.bits.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Calls `found` for each of these points, with its cell and its place, m.
    pub fn each(&self, mut found: impl FnMut(usize, [f64; 3])) {
        for y in 0..self.rows.len() {
            for w in 0..self.words {
                let mut word = self.bits[y * self.words + w];
                while word != 0 {
                    let x = w * 64 + word.trailing_zeros() as usize;
                    word &= word - 1;
                    found(self.cell(x, y), self.point(x, y));
                }
            }
        }
    }

    fn cell(&self, x: usize, y: usize) -> usize {
        (self.rows.start + y) * self.raster.columns + self.columns.start + x
    }

    fn point(&self, x: usize, y: usize) -> Vec3 {
        let [east, north] = self.raster.middle(self.columns.start + x, self.rows.start + y);
        [east, north, self.height_m]
    }

    /// Keeps the points that an eye sees.
    pub fn look(&mut self, scene: &Scene, eye_m: [f64; 3], ends: Ends) {
        let Some(reach) = Reach::of(self, eye_m) else { return };
        let mut caught = Vec::new();
        scene.search(
            |low, high| reach.touches(scene.middle, low, high),
            |facet| {
                caught.push(facet);
                true
            },
        );
        for facet in caught {
            let cone = Cone::new(&scene.facets[facet], eye_m, reach.length_m, ends);
            self.strike(&Shadow::new(&cone, self, eye_m), |point| scene.stops(facet, eye_m, point, ends));
        }
    }

    /// Strikes out the points in a shadow; `stops` decides for those on its rim.
    fn strike(&mut self, shadow: &Shadow, stops: impl Fn(Vec3) -> bool) {
        let Some([first, last]) = shadow.rows(self.spans.len(), self.columns.len()) else { return };
        for y in first..=last {
            let [from, to] = self.spans[y];
            if from > to {
                continue;
            }
            let Some((outer, inner)) = shadow.in_row(y, [from as f64, to as f64]) else { continue };
            if inner[0] > inner[1] {
                self.settle(y, outer[0], outer[1], &stops);
                continue;
            }
            if outer[0] < inner[0] {
                self.settle(y, outer[0], inner[0] - 1, &stops);
            }
            if outer[1] > inner[1] {
                self.settle(y, inner[1] + 1, outer[1], &stops);
            }
            self.clear_run(y, inner[0], inner[1]);
        }
    }

    fn settle(&mut self, y: usize, from: usize, to: usize, stops: &impl Fn(Vec3) -> bool) {
        for x in from..=to {
            let (word, bit) = (y * self.words + x / 64, 1 << (x % 64));
            if self.bits[word] & bit != 0 && stops(self.point(x, y)) {
                self.bits[word] &= !bit;
            }
        }
    }

    fn clear_run(&mut self, y: usize, from: usize, to: usize) {
        let (first, last) = (from / 64, to / 64);
        let row = &mut self.bits[y * self.words..(y + 1) * self.words];
        let (head, tail) = (!0u64 << (from % 64), !0u64 >> (63 - to % 64));
        if first == last {
            row[first] &= !(head & tail);
        } else {
            row[first] &= !head;
            row[first + 1..last].fill(0);
            row[last] &= !tail;
        }
    }
}

/// The room between an eye and the points that are asked: nothing outside it can hide one from the other.
struct Reach {
    low: Vec3,
    high: Vec3,
    /// Vertical planes through the eye, inward normals in plan; none when the points lie all about it.
    wedge: Option<[[f64; 2]; 2]>,
    eye: Vec3,
    /// No point is farther from the eye than this, m.
    length_m: f64,
}

impl Reach {
    /// Nothing when no point is asked.
    fn of(sheet: &Sheet, eye: Vec3) -> Option<Reach> {
        let mut ends = Vec::with_capacity(2 * sheet.spans.len());
        for (y, &[from, to]) in sheet.spans.iter().enumerate() {
            if from <= to {
                ends.extend([sheet.point(from, y), sheet.point(to, y)]);
            }
        }
        ends.first()?;
        let (mut low, mut high, mut length2) = (eye, eye, 0f64);
        for end in &ends {
            for k in 0..3 {
                low[k] = low[k].min(end[k]);
                high[k] = high[k].max(end[k]);
            }
            let way = sub(*end, eye);
            length2 = length2.max(way[0] * way[0] + way[1] * way[1] + way[2] * way[2]);
        }
        let ways = ends.iter().map(|end| [end[0] - eye[0], end[1] - eye[1]]).collect::<Vec<_>>();
        Some(Reach { low, high, wedge: wedge(&ways), eye, length_m: libm::sqrt(length2) })
    }

    /// True when a box, given about the scene's middle, reaches into it.
    fn touches(&self, middle: Vec3, low: [f32; 3], high: [f32; 3]) -> bool {
        let (low, high) = (
            [0, 1, 2].map(|k| f64::from(low[k]) + middle[k]),
            [0, 1, 2].map(|k| f64::from(high[k]) + middle[k]),
        );
        let apart = (0..3).any(|k| low[k] > self.high[k] + PAD_M || high[k] < self.low[k] - PAD_M);
        let inside = |n: [f64; 2]| {
            let best = |k: usize| n[k] * (if n[k] > 0.0 { high[k] } else { low[k] } - self.eye[k]);
            best(0) + best(1) >= -PAD_M
        };
        !apart && self.wedge.is_none_or(|sides| sides.into_iter().all(inside))
    }
}

/// The narrowest wedge in plan that holds all ways from an eye, as two inward unit normals; nothing when they spread
/// over nearly half a turn or more.
fn wedge(ways: &[[f64; 2]]) -> Option<[[f64; 2]; 2]> {
    let unit = |[x, y]: [f64; 2]| {
        let l = libm::sqrt(x * x + y * y);
        (l > 1e-6).then(|| [x / l, y / l])
    };
    let units = ways.iter().map(|way| unit(*way)).collect::<Option<Vec<_>>>()?;
    let ahead = unit(units.iter().fold([0.0; 2], |sum, way| [sum[0] + way[0], sum[1] + way[1]]))?;
    let (mut left, mut right) = (f64::NEG_INFINITY, f64::INFINITY);
    for way in units {
        let depth = ahead[0] * way[0] + ahead[1] * way[1];
        if depth < 0.05 {
            return None;
        }
        let slope = (ahead[0] * way[1] - ahead[1] * way[0]) / depth;
        (left, right) = (left.max(slope), right.min(slope));
    }
    // Ahead plus `slope` times the way to the left of it, turned a quarter inwards.
    let edge = |slope: f64| [ahead[0] - slope * ahead[1], ahead[1] + slope * ahead[0]];
    let (l, r) = (unit(edge(left))?, unit(edge(right))?);
    Some([[l[1], -l[0]], [-r[1], r[0]]])
}

/// A cone cut by a sheet: four lines in its columns and rows.
struct Shadow {
    /// `a x + b y + c` grows inwards, with x the column and y the row in the sheet.
    lines: [[f64; 3]; 4],
    sure: [f64; 4],
    out: f64,
    never_sure: bool,
    /// Column where the line is crossed in row 0, how it moves from row to row, and how far rounding reaches to
    /// the outside and the inside of it. For lines along a row nothing of this holds.
    crossings: [Crossing; 4],
}

#[derive(Clone, Copy)]
struct Crossing {
    /// 1 when the inside is to the east of the line, -1 when to the west, 0 for a line along the rows.
    way: f64,
    at: f64,
    per_row: f64,
    out: f64,
    sure: f64,
}

impl Shadow {
    fn new(cone: &Cone, sheet: &Sheet, eye: Vec3) -> Shadow {
        let cell = sheet.raster.cell_m;
        let origin = sub(sheet.point(0, 0), eye);
        let lines = cone.sides.map(|(n, offset)| {
            [n[0] * cell, n[1] * cell, n[0] * origin[0] + n[1] * origin[1] + n[2] * origin[2] - offset]
        });
        let width = sheet.columns.len() as f64;
        let crossings = [0, 1, 2, 3].map(|k| {
            let [a, b, c] = lines[k];
            let flat = a.abs() * width <= cone.out;
            let inverse = if flat { 0.0 } else { 1.0 / a };
            Crossing {
                way: if flat { 0.0 } else { a.signum() },
                at: -c * inverse,
                per_row: -b * inverse,
                out: cone.out * inverse.abs(),
                sure: cone.sure[k] * inverse.abs(),
            }
        });
        Shadow { lines, sure: cone.sure, out: cone.out, never_sure: cone.never_sure, crossings }
    }

    /// First and last row that it may touch.
    fn rows(&self, rows: usize, columns: usize) -> Option<[usize; 2]> {
        let (right, top) = (columns as f64 - 0.5, rows as f64 - 0.5);
        let mut corners = [[0.0; 2]; 12];
        corners[..4].copy_from_slice(&[[-0.5, -0.5], [right, -0.5], [right, top], [-0.5, top]]);
        let mut count = 4;
        for &[a, b, c] in &self.lines {
            let above = |[x, y]: [f64; 2]| a * x + b * y + c + 2.0 * self.out;
            let (mut kept, mut kept_count) = ([[0.0; 2]; 12], 0);
            let mut last = corners[count - 1];
            let mut last_above = above(last);
            for &corner in &corners[..count] {
                let now = above(corner);
                if (now >= 0.0) != (last_above >= 0.0) {
                    let t = last_above / (last_above - now);
                    kept[kept_count] = [0, 1].map(|k| last[k] + t * (corner[k] - last[k]));
                    kept_count += 1;
                }
                if now >= 0.0 {
                    kept[kept_count] = corner;
                    kept_count += 1;
                }
                (last, last_above) = (corner, now);
            }
            if kept_count == 0 {
                return None;
            }
            (corners, count) = (kept, kept_count);
        }
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for corner in &corners[..count] {
            (low, high) = (low.min(corner[1]), high.max(corner[1]));
        }
        let (first, last) = (up((low - 1e-6).max(0.0)), (high + 1e-6).min(rows as f64 - 1.0));
        (last >= 0.0 && first <= last as usize).then_some([first, last as usize])
    }

    /// Columns of a row between two of it that may be inside, and those that are for certain (first and last; none
    /// when the first is greater); nothing when none may be.
    fn in_row(&self, y: usize, [from, to]: [f64; 2]) -> Option<([usize; 2], [usize; 2])> {
        let row = y as f64;
        let (mut outer, mut inner) = ([from, to], [from, to]);
        let mut sure = !self.never_sure;
        for (k, crossing) in self.crossings.iter().enumerate() {
            let at = crossing.at + crossing.per_row * row;
            if crossing.way > 0.0 {
                outer[0] = outer[0].max(at - crossing.out);
                inner[0] = inner[0].max(at + crossing.sure);
            } else if crossing.way < 0.0 {
                outer[1] = outer[1].min(at + crossing.out);
                inner[1] = inner[1].min(at - crossing.sure);
            } else {
                let value = self.lines[k][1] * row + self.lines[k][2];
                if value < -2.0 * self.out {
                    return None;
                }
                sure &= value > self.sure[k] + self.out;
            }
        }
        if outer[0] > outer[1] {
            return None;
        }
        let outer = [up(outer[0]), outer[1] as usize];
        if outer[0] > outer[1] {
            return None;
        }
        let none = [1, 0];
        let inner = if sure && inner[0] <= inner[1] { [up(inner[0]), inner[1] as usize] } else { none };
        Some((outer, if inner[0] <= inner[1] { inner } else { none }))
    }
}

/// The least whole number that is not less.
fn up(x: f64) -> usize {
    let whole = x as usize;
    whole + usize::from(x > whole as f64)
}

#[cfg(test)]
mod tests {
    use geo::Rect;

    use super::*;
    use crate::analysis::bundle::WIDTH;
    use crate::analysis::caster::Caster;
    use crate::analysis::sample;
    use crate::words::{AgentKey, Dice, Draw};

    /// Asks some eyes all three ways; returns how many points were asked and how many seen.
    fn all_three_ways(
        scene: &Scene,
        extent_m: f64,
        eyes: u64,
        ends: Ends,
        eye: impl Fn(&mut Draw) -> Vec3,
    ) -> [usize; 2] {
        let raster = Raster::covering(Rect::new((-extent_m, -extent_m), (extent_m, extent_m)), 0.0);
        let mut counts = [0; 2];
        for i in 0..eyes {
            let mut draw = Dice::new(3).draw(AgentKey::of("eye"), "shadow", i);
            let (eye, height) = (eye(&mut draw), [0.5, 1.5, 6.0, 3.25][i as usize % 4]);
            let (ahead, half) = (draw.between(0.0, std::f64::consts::TAU), draw.between(0.3, 3.2));
            let mut sheet = Sheet::about(&raster, height, [eye[0], eye[1]], draw.between(5.0, 60.0));
            let mut asked = Vec::new();
            sheet.ask(|cell, [x, y, z]| {
                let mut turn = (libm::atan2(y - eye[1], x - eye[0]) - ahead).abs();
                turn = turn.min(std::f64::consts::TAU - turn);
                let wanted = turn <= half && cell % 7 != 0;
                if wanted {
                    asked.push((cell, [x, y, z]));
                }
                wanted
            });
            assert_eq!(sheet.count(), asked.len());
            sheet.look(scene, eye, ends);
            let mut seen = Vec::new();
            sheet.each(|cell, _| seen.push(cell));
            let by_rays: Vec<usize> =
                asked.iter().filter(|(_, at)| scene.clear(eye, *at, ends)).map(|(cell, _)| *cell).collect();
            assert!(seen == by_rays, "eye {i} {eye:?}: shadows {} rays {}", seen.len(), by_rays.len());
            for chunk in asked.chunks(WIDTH - (i as usize % 5)) {
                let points: Vec<Vec3> = chunk.iter().map(|(_, at)| *at).collect();
                let bits = scene.clear_bundle(eye, &points, ends);
                for (k, (cell, at)) in chunk.iter().enumerate() {
                    let single = by_rays.binary_search(cell).is_ok();
                    assert_eq!(bits >> k & 1 == 1, single, "eye {i} {eye:?} to {at:?}");
                }
                assert!(chunk.len() == WIDTH || bits >> chunk.len() == 0);
            }
            counts = [counts[0] + asked.len(), counts[1] + seen.len()];
        }
        counts
    }

    #[test]
    fn shadows_bundles_and_single_rays_see_the_same() {
        let caster = Caster::new(&sample::large(3));
        for ends in
            [Ends::default(), Ends { mount_m: 0.05, short_m: 0.0 }, Ends { mount_m: 0.0, short_m: 0.001 }]
        {
            let [asked, seen] = all_three_ways(caster.scene(), 150.0, 24, ends, |draw| {
                [draw.between(-140.0, 140.0), draw.between(-115.0, 115.0), draw.between(0.4, 9.0)]
            });
            assert!(asked > 100_000 && (asked / 10..asked * 9 / 10).contains(&seen), "{seen} of {asked}");
        }
    }

    /// Everything stands on the lines of the raster's middles and corners, and so do the eyes: what rounding decides.
    #[test]
    fn they_see_the_same_where_everything_is_aligned() {
        let mut site = sample::bare(-40.0, -40.0, 40.0, 40.0);
        for (i, x) in [-30.0, -10.25, 4.0, 20.75].into_iter().enumerate() {
            let outline = Rect::new((x, -12.0), (x + 8.0, 5.25)).to_polygon();
            site.buildings.push(sample::building(&format!("b{i}"), outline, 6.0));
            site.trees.push(sample::tree(&format!("t{i}"), x + 2.25, 12.75));
        }
        let kind = crate::model::site::WallKind::Wall;
        site.walls.push(sample::wall("w", kind, &[(-30.25, 9.25), (30.25, 9.25), (30.25, -20.25)], 1.5));
        let caster = Caster::new(&site);
        for mount_m in [0.0, 0.05] {
            let ends = Ends { mount_m, short_m: 0.0 };
            let [asked, seen] = all_three_ways(caster.scene(), 40.0, 60, ends, |draw| {
                let mut quarter = |low: f64, high: f64| libm::round(draw.between(low, high) * 4.0) / 4.0;
                [quarter(-40.0, 40.0), quarter(-40.0, 40.0), quarter(0.5, 7.0)]
            });
            assert!(asked > 50_000 && (asked / 10..asked * 9 / 10).contains(&seen), "{seen} of {asked}");
        }
    }

    #[test]
    fn nothing_asked_and_nothing_there() {
        let raster = Raster::covering(Rect::new((-10.0, -10.0), (10.0, 10.0)), 0.0);
        let mut sheet = Sheet::about(&raster, 1.0, [0.0, 0.0], 5.0);
        sheet.look(Caster::new(&sample::large(3)).scene(), [0.0, 0.0, 3.0], Ends::default());
        assert_eq!(sheet.count(), 0);
        sheet.ask(|_, _| true);
        let asked = sheet.count();
        sheet.look(&Scene::default(), [0.0, 0.0, 3.0], Ends::default());
        assert_eq!((asked, sheet.count()), (400, 400));
    }
}
