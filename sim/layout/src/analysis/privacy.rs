//! Privacy: how much of dwellings' windows each camera shows well enough to look in, and masks that take it away.
//!
//! A window is a flat rectangle; it is cut to the picture exactly, and what is hidden of the rest is asked by the one
//! rule of sight on [`ACROSS`] × [`UP`] patches of it. A patch whose neighbour differs may hold the edge of what hides
//! it: the area of all those is the bound of the error, as long as nothing narrower than a patch stands before it.
//!
//! A mask is the hull of a facade's windows on the picture. Whoever stands before that part of the facade is lost
//! with it: the public ground on which that happens is its cost.

use geo::{ConvexHull, Coord, LineString, MultiPoint, Point};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::caster::Caster;
use super::coverage::HEIGHTS_M;
use super::facade::window::{Window, windows};
use super::projection::View;
use super::sightlines::{look, working};
use super::views::Views;
use crate::contract::Class;
use crate::model::kit::Camera;
use crate::model::site::Use;
use crate::model::{Scenario, Site};
use crate::words::Id;

/// Patches of a window from side to side, and from the sill up.
const ACROSS: usize = 5;
const UP: usize = 4;
/// A mask reaches this far beyond the windows, px: rounding, and a camera that shakes.
const MARGIN_PX: f64 = 3.0;
/// The row of [`HEIGHTS_M`] at which the cost of a mask is told: a standing body.
const STANDING: usize = HEIGHTS_M.len() - 1;

/// What cameras show of dwellings. Computed; the windows are assumed (see the facade's answer).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PrivacyAnswer {
    /// Pixels per metre from which a window counts: the rule's own figure.
    pub from_px_per_m: f64,
    /// All of it, each camera's own added up, m².
    pub private_m2: f64,
    /// Bound of the error of the sum, m².
    pub error_m2: f64,
    /// Public ground on which a standing body would no longer be seen by any camera with every mask in place, m².
    pub lost_ground_m2: f64,
    /// Cameras that show some, the most first.
    pub cameras: Vec<CameraPrivacy>,
}

/// What one camera shows of dwellings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CameraPrivacy {
    /// The camera.
    pub camera: Id,
    /// Windows of which it shows some.
    pub windows: usize,
    /// Area of windows that it shows, m².
    pub private_m2: f64,
    /// Bound of the error, m².
    pub error_m2: f64,
    /// Pixels per metre on the window that it shows best.
    pub best_px_per_m: f64,
    /// A mask for it: polygons on the picture, pixels from the left and from the top; ready for `mask_px`.
    pub mask_px: Vec<Vec<[f64; 2]>>,
    /// Share of the picture that the mask takes, 0..1; where polygons overlap it counts twice.
    pub masked_share: f64,
    /// Public ground on which this camera would no longer see a standing body, m².
    pub lost_ground_m2: f64,
}

/// Works out what every camera of a scenario shows of dwellings' windows at a density or better, outside the masks that
/// it has.
pub fn privacy(scenario: &Scenario, caster: &Caster, views: &Views, from_px_per_m: f64) -> PrivacyAnswer {
    let homes = Homes::of(&scenario.site);
    let mut lost = vec![0_u32; views.ground().raster.len()];
    let mut answer = PrivacyAnswer { from_px_per_m, ..PrivacyAnswer::default() };
    for (row, camera) in working(&scenario.file.kit.camera, caster.conditions().out_of(Class::Camera)) {
        let found = homes.shown_by(camera, caster, from_px_per_m);
        if found.windows == 0 {
            continue;
        }
        let cells = masked_cells(camera, row, views, &found.mask_px);
        cells.iter().for_each(|cell| lost[*cell] += 1);
        answer.private_m2 += found.private_m2;
        answer.error_m2 += found.error_m2;
        let lost_ground_m2 = views.ground().area_m2(cells.len());
        answer.cameras.push(CameraPrivacy { lost_ground_m2, ..found });
    }
    answer.cameras.sort_by(|a, b| b.private_m2.total_cmp(&a.private_m2));
    let mut seen_by = vec![0_u32; lost.len()];
    for seen in views.cameras() {
        seen.at(STANDING).iter().filter(|s| s.works).for_each(|s| seen_by[s.cell as usize] += 1);
    }
    let gone = lost.iter().zip(&seen_by).filter(|(lost, seen)| **lost > 0 && lost == seen).count();
    answer.lost_ground_m2 = views.ground().area_m2(gone);
    answer
}

/// The windows of each dwelling house.
pub struct Homes(Vec<Vec<Window>>);

impl Homes {
    /// The windows of a site.
    pub fn of(site: &Site) -> Homes {
        let dwellings = site.buildings.iter().filter(|building| building.usage == Use::Residential);
        Homes(dwellings.map(windows).collect())
    }

    /// What one camera shows of them at a density or better, outside the masks that it has.
    pub fn shown_by(&self, camera: &Camera, caster: &Caster, from_px_per_m: f64) -> CameraPrivacy {
        of_camera(camera, &self.0, caster, from_px_per_m)
    }
}

fn of_camera(camera: &Camera, homes: &[Vec<Window>], caster: &Caster, from_px_per_m: f64) -> CameraPrivacy {
    let view = View::of(camera);
    let mut answer = CameraPrivacy { camera: camera.id.clone(), ..CameraPrivacy::default() };
    for home in homes {
        let mut faces: std::collections::BTreeMap<&str, Vec<Coord<f64>>> = std::collections::BTreeMap::new();
        for window in home.iter().filter(|w| before(w, &view) && near(w, &view, camera.range_m)) {
            let cut = view.cut(&window.corners_m());
            let patches = patches(&view, camera, window, caster, from_px_per_m);
            if cut.len() < 3 || patches.shown == 0 {
                continue;
            }
            answer.windows += 1;
            // The exact part of it on the picture, and of that the share which is shown.
            let on_picture = area_m2(&cut);
            let patch_m2 = window.area_m2() / (ACROSS * UP) as f64;
            answer.private_m2 += on_picture * patches.shown as f64 / patches.on_picture as f64;
            answer.error_m2 += (patch_m2 * patches.edges as f64).min(on_picture);
            answer.best_px_per_m = answer.best_px_per_m.max(patches.best_px_per_m);
            let corners = cut.iter().filter_map(|at| view.project(*at)).map(|s| Coord::from(s.at_px));
            faces.entry(window.column.face()).or_default().extend(corners);
        }
        let size = camera.pixels.map(f64::from);
        answer.mask_px.extend(faces.into_values().filter_map(|points| hull(&points, size)));
    }
    let [wide, high] = camera.pixels.map(f64::from);
    answer.masked_share = answer.mask_px.iter().map(|mask| area_px(mask)).sum::<f64>() / (wide * high);
    answer
}

/// True when the lens is on the glass's outer side.
fn before(window: &Window, view: &View) -> bool {
    let ([x, y, _], [ox, oy]) = (window.middle_m(), window.column.outward);
    let eye = view.eye_m();
    (eye[0] - x) * ox + (eye[1] - y) * oy > 0.0
}

fn near(window: &Window, view: &View, range_m: f64) -> bool {
    window.corners_m().iter().any(|corner| view.distance_m(*corner) <= range_m)
}

/// What was asked of a window's patches.
#[derive(Default)]
struct Patches {
    /// On the picture, near and dense enough.
    on_picture: usize,
    /// Of those, not hidden and not masked.
    shown: usize,
    /// Those of the picture's with a neighbour on the picture that differs.
    edges: usize,
    best_px_per_m: f64,
}

fn patches(view: &View, camera: &Camera, window: &Window, caster: &Caster, from_px_per_m: f64) -> Patches {
    let at = |i: usize, j: usize| window.at((i as f64 + 0.5) / ACROSS as f64, (j as f64 + 0.5) / UP as f64);
    let mut found = Patches::default();
    let mut grid = [[None; UP]; ACROSS];
    for (i, column) in grid.iter_mut().enumerate() {
        for (j, patch) in column.iter_mut().enumerate() {
            if !view.on_picture(at(i, j)) {
                continue;
            }
            let look = look(view, camera, caster, at(i, j)).filter(|l| l.px_per_m >= from_px_per_m);
            *patch = Some(look.is_some());
            found.on_picture += 1;
            found.shown += usize::from(look.is_some());
            found.best_px_per_m = look.map_or(found.best_px_per_m, |l| found.best_px_per_m.max(l.px_per_m));
        }
    }
    let differs = |i: usize, j: usize| {
        let beside = [(i + 1, j), (i.wrapping_sub(1), j), (i, j + 1), (i, j.wrapping_sub(1))];
        let neighbour = |(i, j): (usize, usize)| grid.get(i).and_then(|c| c.get(j)).copied().flatten();
        grid[i][j].is_some() && beside.into_iter().filter_map(neighbour).any(|n| Some(n) != grid[i][j])
    };
    found.edges =
        (0..ACROSS).flat_map(|i| (0..UP).map(move |j| (i, j))).filter(|&(i, j)| differs(i, j)).count();
    found
}

/// Area of a flat convex polygon, m².
fn area_m2(corners: &[[f64; 3]]) -> f64 {
    use super::vector::{cross, length, sub};
    let fan =
        corners.windows(2).skip(1).map(|pair| cross(sub(pair[0], corners[0]), sub(pair[1], corners[0])));
    fan.map(|twice| length(twice) / 2.0).sum()
}

fn area_px(ring: &[[f64; 2]]) -> f64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum::<f64>().abs() / 2.0
}

/// The hull of points on the picture, a little larger, whole pixels; nothing when they have no area.
fn hull(points: &[Coord<f64>], [wide, high]: [f64; 2]) -> Option<Vec<[f64; 2]>> {
    let grown = points.iter().flat_map(|p| {
        [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(|(x, y)| {
            let at = |v: f64, sign: f64, most: f64| libm::round(v + sign * MARGIN_PX).clamp(0.0, most);
            Point::new(at(p.x, x, wide), at(p.y, y, high))
        })
    });
    let hull = MultiPoint::from_iter(grown).convex_hull();
    let LineString(ring) = hull.exterior();
    let open = &ring[..ring.len().saturating_sub(1)];
    (open.len() >= 3).then(|| open.iter().map(|c| [c.x, c.y]).collect())
}

/// Public ground that a camera would no longer show at its working density behind a mask.
fn masked_cells(camera: &Camera, row: usize, views: &Views, mask_px: &[Vec<[f64; 2]>]) -> Vec<usize> {
    let (bare, ground) = (View::of(camera), views.ground());
    let masked = View::of(&Camera { mask_px: mask_px.to_vec(), ..camera.clone() });
    let Some(seen) = views.cameras().nth(row) else { return Vec::new() };
    let cells = seen.at(STANDING).iter().filter(|s| s.works).map(|s| s.cell as usize);
    cells
        .filter(|cell| {
            let [x, y] = ground.raster.centre(*cell);
            let body = [x, y, HEIGHTS_M[STANDING]];
            ground.public[*cell] && bare.shows(body) && !masked.shows(body)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use geo::Rect;

    use super::*;
    use crate::analysis::sample;
    use crate::model::kit::Kit;
    use crate::model::site::{Building, WallKind};

    /// A slab of six storeys of 3 m, 20 m wide, its south face on y = 10.
    fn site() -> Site {
        let mut site = sample::bare(-30.0, -30.0, 30.0, 30.0);
        let outline = Rect::new((-10.0, 10.0), (10.0, 20.0)).to_polygon();
        site.buildings.push(Building { storeys: 6, ..sample::building("b", outline, 18.0) });
        site
    }

    fn looking(hfov_deg: f64, tilt_deg: f64) -> Camera {
        Camera { hfov_deg, tilt_deg, ..sample::camera("c", [0.0, -5.0], 0.0) }
    }

    fn of(site: Site, cameras: Vec<Camera>) -> (Scenario, PrivacyAnswer) {
        let scenario = sample::scenario(site, Kit { camera: cameras, ..Kit::default() });
        let caster = Caster::new(&scenario.site);
        let views = Views::of(&scenario, &caster);
        let answer = privacy(&scenario, &caster, &views, 100.0);
        (scenario, answer)
    }

    #[test]
    fn the_windows_in_the_picture_are_counted_to_the_square_decimetre() {
        // 2560 px at 90° and 15 m: 85 px/m, too coarse. 60°: 148 px/m; ±8.7 m and, at 16:9, ±4.9 m about the lens's 4 m.
        assert_eq!(
            of(site(), vec![looking(90.0, 0.0)]).1,
            PrivacyAnswer { from_px_per_m: 100.0, ..PrivacyAnswer::default() }
        );
        let (_, answer) = of(site(), vec![looking(60.0, 0.0)]);
        let half = 15.0 * libm::tan(30.0_f64.to_radians()) - 0.05 / libm::sqrt(3.0);
        let (left, top) = (half, 4.0 + half * 9.0 / 16.0);
        // Six columns of windows of 1.8 m, 20/6 m apart, from the middle outwards; sills at 1, 4, 7 m.
        let pitch = 20.0 / 6.0;
        let across: f64 = (0..6)
            .map(|n| {
                let middle = (f64::from(n) - 2.5) * pitch;
                ((middle + 0.9).min(left) - (middle - 0.9).max(-left)).max(0.0)
            })
            .sum();
        let up: f64 = [1.0, 4.0, 7.0].iter().map(|sill| (sill + 1.5_f64).min(top) - sill).sum();
        assert!((answer.private_m2 - across * up).abs() < 1e-6, "{} {}", answer.private_m2, across * up);
        assert_eq!(answer.error_m2, 0.0, "nothing stands before them");
    }

    #[test]
    fn a_wall_hides_the_lower_windows_within_the_bound() {
        let mut walled = site();
        walled.walls.push(sample::wall("w", WallKind::Wall, &[(-30.0, 9.0), (30.0, 9.0)], 1.9));
        let (open, hidden) = (of(site(), vec![looking(60.0, 0.0)]).1, of(walled, vec![looking(60.0, 0.0)]).1);
        // From 4 m, over a top of 1.9 m at 14 m, one sees 1.76 m on glass at 14.95 m: half of the lowest row is lost.
        let seen_from = 4.0 - (4.0 - 1.9) * 14.95 / 14.0;
        let full = open.private_m2 / (1.5 * 3.0);
        let expected = open.private_m2 - full * (seen_from - 1.0);
        assert!((hidden.private_m2 - expected).abs() <= hidden.error_m2, "{hidden:?} {expected}");
        assert!(hidden.error_m2 > 0.0 && hidden.error_m2 < 0.2 * open.private_m2);
    }

    #[test]
    fn turned_away_or_of_another_use_nothing_is_private() {
        let away = Camera { bearing_deg: 180.0, ..looking(60.0, 0.0) };
        assert_eq!(of(site(), vec![away]).1.private_m2, 0.0);
        let mut shops = site();
        shops.buildings[0].usage = Use::Service;
        assert_eq!(of(shops, vec![looking(60.0, 0.0)]).1.private_m2, 0.0);
    }

    #[test]
    fn the_proposed_masks_take_the_windows_away_at_the_promised_price() {
        let cameras = vec![
            looking(60.0, 10.0),
            Camera { id: "d".into(), at_m: [-20.0, -8.0], bearing_deg: 40.0, ..looking(50.0, 12.0) },
        ];
        let (mut scenario, before) = of(site(), cameras);
        assert!(before.private_m2 > 20.0 && before.cameras.len() == 2, "{before:?}");
        let caster = Caster::new(&scenario.site);
        let seen = |scenario: &Scenario| {
            let views = Views::of(scenario, &caster);
            let (public, gap) = (views.ground().public.iter().filter(|p| **p).count(), views.gap(STANDING));
            let covered = public - gap.iter().filter(|g| **g).count();
            (views.ground().area_m2(covered), privacy(scenario, &caster, &views, 100.0))
        };
        let (covered, _) = seen(&scenario);
        for told in &before.cameras {
            let row = scenario.file.kit.camera.iter().position(|c| c.id == told.camera).expect("in the kit");
            scenario.file.kit.camera[row].mask_px = told.mask_px.clone();
        }
        let (left, after) = seen(&scenario);
        assert_eq!((after.private_m2, after.cameras.len()), (0.0, 0), "{after:?}");
        assert!((covered - left - before.lost_ground_m2).abs() < 1e-6, "{covered} {left} {before:?}");
        assert!(before.lost_ground_m2 < 0.2 * covered, "{covered} {}", before.lost_ground_m2);
    }
}
