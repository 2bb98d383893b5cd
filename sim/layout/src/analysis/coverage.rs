//! Coverage of public ground by cameras, and the gaps in it.
//!
//! Public ground is what [`public_ground`] says. Each cell is asked at two heights: [`LOW_M`], somebody who lies or
//! crouches, a child, a thing left behind; and [`BODY_M`], the chest of somebody who stands, which is also what the
//! twin asks. A cell is a gap when no camera sees it at that camera's working density.

use std::collections::BTreeMap;

use super::answer::{Cause, Gap, GapReason, Grid, Layer, Share, Shortfall, SmallGaps};
use super::caster::Caster;
use super::light::Light;
use super::miss::{Culprit, Eye, Miss, why};
use super::projection::EDITIONS;
use super::sightlines::{BODY_M, working};
use super::trace;
use super::views::{Ground, Views};
use crate::contract::Class;
use crate::model::Scenario;

/// Height of the lower target above ground, m.
pub const LOW_M: f64 = 0.5;
/// Heights at which public ground is asked for, m.
pub const HEIGHTS_M: [f64; 2] = [LOW_M, BODY_M];
/// Gaps smaller than this are counted and not drawn, m².
pub const SMALL_GAP_M2: f64 = 4.0;

/// Coverage and gaps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coverage {
    /// Edition, height, class, share: see [`super::answer::PlanAnswer::coverage`].
    pub classes: BTreeMap<String, BTreeMap<String, BTreeMap<String, Share>>>,
    /// Public ground, m².
    pub public_ground_m2: f64,
    /// Gaps of at least [`SMALL_GAP_M2`], the largest first.
    pub gaps: Vec<Gap>,
    /// The gaps that are smaller.
    pub small_gaps: SmallGaps,
    /// The same by night.
    pub night: Found,
    /// The raster.
    pub grid: Grid,
}

/// Coverage and gaps in one light.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Edition, height, class, share: see [`super::answer::PlanAnswer::coverage`].
    pub classes: BTreeMap<String, BTreeMap<String, BTreeMap<String, Share>>>,
    /// Gaps of at least [`SMALL_GAP_M2`], the largest first.
    pub gaps: Vec<Gap>,
    /// The gaps that are smaller.
    pub small_gaps: SmallGaps,
}

/// Works out the coverage of a scenario's public ground, under the caster's conditions.
pub fn coverage(scenario: &Scenario, caster: &Caster) -> Coverage {
    coverage_of(scenario, caster, &Views::of(scenario, caster))
}

/// The same from views that are there already. The caster says what hides a gap.
pub fn coverage_of(scenario: &Scenario, caster: &Caster, views: &Views) -> Coverage {
    let ground = views.ground();
    let layer = |(level, height_m): (usize, f64)| {
        let shown = |(&best, &public): (&f32, &bool)| if public { libm::floorf(best) as i32 } else { -1 };
        let by = |light| views.best_by(level, light).iter().zip(&ground.public).map(shown).collect();
        Layer { height_m, px_per_m: by(Light::Day), px_per_m_night: by(Light::Night) }
    };
    let Found { classes, gaps, small_gaps } = found(scenario, caster, views, Light::Day);
    Coverage {
        classes,
        public_ground_m2: ground.public_m2(),
        gaps,
        small_gaps,
        night: found(scenario, caster, views, Light::Night),
        grid: Grid {
            origin_m: ground.raster.origin_m,
            cell_m: ground.raster.cell_m,
            columns: ground.raster.columns,
            rows: ground.raster.rows,
            layers: HEIGHTS_M.into_iter().enumerate().map(layer).collect(),
        },
    }
}

fn found(scenario: &Scenario, caster: &Caster, views: &Views, light: Light) -> Found {
    let mut found = Found::default();
    for (level, height_m) in HEIGHTS_M.into_iter().enumerate() {
        classes(views.ground(), &views.best_by(level, light), height_m, &mut found);
        gaps(scenario, caster, (views, level, light), &mut found);
    }
    found.gaps.sort_by(|a, b| b.area_m2.total_cmp(&a.area_m2).then(a.height_m.total_cmp(&b.height_m)));
    found
}

/// Edition, height, class, share: how much of the public ground reaches each class in one light.
pub(crate) fn shares(
    views: &Views,
    light: Light,
) -> BTreeMap<String, BTreeMap<String, BTreeMap<String, Share>>> {
    let mut found = Found::default();
    for (level, height_m) in HEIGHTS_M.into_iter().enumerate() {
        classes(views.ground(), &views.best_by(level, light), height_m, &mut found);
    }
    found.classes
}

fn classes(ground: &Ground, best: &[f32], height_m: f64, found: &mut Found) {
    let public_m2 = ground.public_m2();
    for edition in EDITIONS {
        let at_height = found.classes.entry(edition.name.to_owned()).or_default();
        let by_class = at_height.entry(height_m.to_string()).or_default();
        for class in edition.classes {
            let reaches = |(&best, &public): (&f32, &bool)| public && f64::from(best) >= class.px_per_m;
            let cells = best.iter().zip(&ground.public).filter(|&cell| reaches(cell)).count();
            let area_m2 = ground.area_m2(cells);
            let share = if public_m2 > 0.0 { area_m2 / public_m2 } else { 0.0 };
            by_class.insert(class.name.to_owned(), Share { share, area_m2 });
        }
    }
}

fn gaps(
    scenario: &Scenario,
    caster: &Caster,
    (views, level, light): (&Views, usize, Light),
    answer: &mut Found,
) {
    let (raster, height_m) = (&views.ground().raster, HEIGHTS_M[level]);
    let demanded: Vec<f64> = scenario.file.kit.camera.iter().map(|c| c.working_px_per_m).collect();
    let mut lacks = views.shortfall(level, &demanded);
    let cameras = working(&scenario.file.kit.camera, caster.conditions().out_of(Class::Camera));
    let eyes: Vec<Eye> = cameras.map(|(row, camera)| Eye::new(row, camera)).collect();
    let gap = &views.gap_by(level, light);
    for region in trace::regions(raster, gap) {
        let area_m2 = region.len() as f64 * raster.cell_area_m2();
        if area_m2 < SMALL_GAP_M2 {
            answer.small_gaps.count += 1;
            answer.small_gaps.area_m2 += area_m2;
            continue;
        }
        let mut cells: BTreeMap<Miss, usize> = BTreeMap::new();
        for &cell in &region {
            let [x, y] = raster.centre(cell);
            let found = why(&eyes, caster, [x, y, height_m], light);
            *cells.entry(found.miss).or_default() += 1;
            lacks[cell] = found.lacks_px_per_m.map_or(lacks[cell], |more| more.min(lacks[cell]));
        }
        let (reason, culprit) = majority(&cells);
        answer.gaps.push(Gap {
            height_m,
            area_m2,
            reason,
            culprit: culprit.and_then(|c| name(scenario, caster, c)),
            causes: causes(scenario, caster, &cells, raster.cell_area_m2()),
            shortfall_px_per_m: shortfall(&region, &lacks),
            polygon: trace::outlines(raster, &region),
            ..Gap::default()
        });
    }
}

fn shortfall(region: &[usize], lacks: &[f64]) -> Shortfall {
    let mut lacking: Vec<f64> = region.iter().map(|&cell| lacks[cell]).collect();
    lacking.sort_by(f64::total_cmp);
    let worst = lacking.last().copied().unwrap_or_default();
    Shortfall { median: lacking.get((lacking.len() - 1) / 2).copied().unwrap_or_default(), worst }
}

/// The commonest reason, and what most of its cells are owed to if that is more than half of them.
fn majority(cells: &BTreeMap<Miss, usize>) -> (GapReason, Option<Culprit>) {
    let mut by_reason: BTreeMap<GapReason, usize> = BTreeMap::new();
    cells.iter().for_each(|(miss, count)| *by_reason.entry(miss.reason).or_default() += count);
    let most = by_reason.into_iter().rev().max_by_key(|(_, count)| *count);
    let Some((reason, all)) = most else { return (GapReason::NoCamera, None) };
    let mut of_reason = cells.iter().filter(|(miss, _)| miss.reason == reason);
    let culprit = of_reason.find(|(_, count)| 2 * **count > all).and_then(|(miss, _)| miss.culprit);
    (reason, culprit)
}

fn causes(scenario: &Scenario, caster: &Caster, cells: &BTreeMap<Miss, usize>, cell_m2: f64) -> Vec<Cause> {
    let all: usize = cells.values().sum();
    let mut kept: Vec<(&Miss, usize)> =
        cells.iter().map(|(miss, &count)| (miss, count)).filter(|(_, count)| 100 * count >= all).collect();
    kept.sort_by_key(|(miss, count)| (std::cmp::Reverse(*count), **miss));
    let cause = |(miss, count): (&Miss, usize)| Cause {
        reason: miss.reason,
        culprit: miss.culprit.and_then(|c| name(scenario, caster, c)),
        area_m2: count as f64 * cell_m2,
    };
    kept.into_iter().map(cause).collect()
}

fn name(scenario: &Scenario, caster: &Caster, culprit: Culprit) -> Option<String> {
    match culprit {
        Culprit::Camera(row) => scenario.file.kit.camera.get(row).map(|c| c.id.to_string()),
        Culprit::Thing(thing) => caster.name(&scenario.site, thing).map(|id| id.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::raster::public_ground;
    use crate::analysis::sample;
    use crate::analysis::sightlines::SightTable;
    use crate::model::kit::{Camera, Kit};
    use crate::model::site::{Area, Ground, WallKind};

    fn of(scenario: &Scenario) -> Coverage {
        coverage(scenario, &Caster::new(&scenario.site))
    }

    fn large(cameras: usize) -> Scenario {
        let mut draw = crate::words::Dice::new(2).draw(crate::words::AgentKey::of("sample"), "cameras", 0);
        let mut camera = |i: usize| -> Camera {
            let at = [draw.between(-148.0, 148.0), draw.between(-123.0, 123.0)];
            sample::camera(&format!("c{i}"), at, draw.between(0.0, 360.0))
        };
        let camera = (0..cameras).map(&mut camera).collect();
        sample::scenario(sample::large(3), Kit { camera, ..Kit::default() })
    }

    fn detect(coverage: &Coverage, height: &str) -> f64 {
        coverage.classes["2014"][height]["detect"].area_m2
    }

    #[test]
    fn shares_and_areas_hang_together() {
        let scenario = large(40);
        let answer = of(&scenario);
        let public_cells = answer.grid.layers[0].px_per_m.iter().filter(|px| **px >= 0).count();
        assert_eq!(answer.public_ground_m2, public_cells as f64 * 0.25);
        for (edition, heights) in &answer.classes {
            assert_eq!(heights.keys().collect::<Vec<_>>(), ["0.5", "1.5"]);
            for classes in heights.values() {
                let order = EDITIONS.iter().find(|e| e.name == edition).expect("a known edition").classes;
                let areas: Vec<f64> = order.iter().map(|c| classes[c.name].area_m2).collect();
                assert!(
                    areas.is_sorted_by(|a, b| a >= b),
                    "{edition}: a finer class covers no more: {areas:?}"
                );
                for share in classes.values() {
                    assert!((0.0..=1.0).contains(&share.share));
                    assert!((share.share * answer.public_ground_m2 - share.area_m2).abs() < 1e-6);
                }
            }
        }
        // All cameras here work at the density of `detect`, so gaps are what `detect` leaves.
        let gaps: f64 = answer.gaps.iter().map(|g| g.area_m2).sum::<f64>() + answer.small_gaps.area_m2;
        let left = 2.0 * answer.public_ground_m2 - detect(&answer, "0.5") - detect(&answer, "1.5");
        assert!((gaps - left).abs() < 1e-6, "{gaps} m² in gaps, {left} m² below detect");
        assert!(answer.gaps.is_sorted_by(|a, b| a.area_m2 >= b.area_m2));
        assert!(answer.small_gaps.count > 0 && answer.gaps.len() > 10);
        for gap in &answer.gaps {
            let drawn: f64 = gap.polygon.iter().map(|ring| trace::signed_area(ring)).sum();
            assert_eq!(drawn, gap.area_m2);
        }
        assert_eq!(answer, of(&scenario), "the same twice");
    }

    /// The plan's cells and the twin's table name the same covered ground.
    #[test]
    fn the_plan_and_the_twin_see_the_same() {
        let scenario = large(40);
        let (answer, table) = (of(&scenario), SightTable::build(&scenario));
        let raster = table.raster();
        let public = public_ground(&scenario.site, raster);
        let mut covered = 0;
        for cell in (0..raster.len()).filter(|&cell| public[cell]) {
            let seen = table.cameras_at(raster.centre(cell));
            let best = seen.iter().map(|s| s.px_per_m).fold(0.0, f32::max);
            let planned = answer.grid.layers[1].px_per_m[cell];
            if seen.is_empty() {
                assert!(planned < 25, "cell {cell}");
            } else {
                assert_eq!(planned, best as i32);
                covered += 1;
            }
        }
        assert!((f64::from(covered) * 0.25 - detect(&answer, "1.5")).abs() < 1e-6);
    }

    #[test]
    fn a_wall_or_a_camera_less_covers_less_and_water_is_not_public() {
        let kit = |cameras: Vec<Camera>| Kit { camera: cameras, ..Kit::default() };
        let two = || vec![sample::camera("a", [0.0, 0.0], 0.0), sample::camera("b", [30.0, 60.0], 200.0)];
        let ground = || sample::bare(-40.0, -10.0, 60.0, 70.0);
        let full = of(&sample::scenario(ground(), kit(two())));
        assert_eq!(full.public_ground_m2, 8_000.0);
        let one = of(&sample::scenario(ground(), kit(two()[..1].to_vec())));
        let mut site = ground();
        site.walls.push(sample::wall("w", WallKind::Wall, &[(-20.0, 8.0), (20.0, 8.0)], 3.0));
        let walled = of(&sample::scenario(site, kit(two())));
        let none = of(&sample::scenario(ground(), kit(Vec::new())));
        for height in ["0.5", "1.5"] {
            assert!(detect(&full, height) > detect(&one, height) + 100.0);
            assert!(detect(&full, height) > detect(&walled, height) + 100.0);
            assert_eq!(detect(&none, height), 0.0);
        }
        let behind = |c: &Cause| c.reason == GapReason::Wall && c.culprit.as_deref() == Some("w");
        assert!(walled.gaps.iter().flat_map(|g| &g.causes).any(behind));
        assert!(!full.gaps.iter().flat_map(|g| &g.causes).any(behind));
        assert_eq!(none.gaps.len(), 2);
        assert_eq!(none.gaps[0].reason, GapReason::NoCamera);
        let mut site = ground();
        let outline = geo::Rect::new((0.0, 20.0), (10.0, 30.0)).to_polygon();
        site.areas.push(Area { id: "pond".into(), ground: Ground::Water, outline });
        assert_eq!(of(&sample::scenario(site, kit(two()))).public_ground_m2, 7_900.0);
    }

    /// The camera looks north over a strip: beyond the distance at which it loses its working density, the strip lacks what the
    /// projection says; behind the camera it lacks all.
    #[test]
    fn a_gap_says_how_much_density_it_lacks() {
        let lacking = |south: f64, north: f64| {
            let mut camera = sample::camera("c", [0.0, 0.0], 0.0);
            (camera.range_m, camera.working_px_per_m) = (200.0, 60.0);
            let kit = Kit { camera: vec![camera.clone()], ..Kit::default() };
            let answer = of(&sample::scenario(sample::bare(-0.5, south, 0.5, north), kit));
            let view = crate::analysis::projection::View::of(&camera);
            let shown = |y: f64| view.project([0.25, y, BODY_M]).map_or(0.0, |shown| shown.px_per_m);
            let gap = answer.gaps.into_iter().find(|g| g.height_m == BODY_M).expect("a gap");
            (gap.shortfall_px_per_m, 60.0 - shown(north - 0.25))
        };
        let (far, worst) = lacking(60.0, 65.0);
        assert!((far.worst - worst).abs() < 1e-3 && far.median < far.worst && far.median > 0.0, "{far:?}");
        // Farther than the camera is used, and dense enough: only its range is missing.
        let mut short = sample::camera("c", [0.0, 0.0], 0.0);
        (short.range_m, short.working_px_per_m) = (20.0, 25.0);
        let kit = Kit { camera: vec![short], ..Kit::default() };
        let used = of(&sample::scenario(sample::bare(-0.5, 24.0, 0.5, 29.0), kit));
        let gap = used.gaps.into_iter().find(|g| g.height_m == BODY_M).expect("a gap");
        assert_eq!((gap.reason, gap.shortfall_px_per_m), (GapReason::Range, Shortfall::default()));
        let (behind, _) = lacking(-15.0, -10.0);
        assert_eq!(behind, Shortfall { median: 60.0, worst: 60.0 });
        let bare = of(&sample::scenario(sample::bare(0.0, 0.0, 5.0, 5.0), Kit::default()));
        assert_eq!(bare.gaps[0].shortfall_px_per_m, Shortfall { median: 25.0, worst: 25.0 });
    }

    #[test]
    fn without_an_outline_the_rectangle_of_the_site_is_public() {
        let mut site = sample::bare(0.0, 0.0, 1.0, 1.0);
        site.compounds.clear();
        site.walls.push(sample::wall("w", WallKind::Fence, &[(0.0, 0.0), (50.0, 0.0), (50.0, 40.0)], 2.0));
        assert_eq!(of(&sample::scenario(site, Kit::default())).public_ground_m2, 2_000.0);
    }
}
