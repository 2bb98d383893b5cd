//! Changes that might show a gap: what a fitter would think of, standing there.

use geo::{Closest, ClosestPoint, Line, Point};

use super::super::answer::{Cause, GapReason};
use super::super::assumed;
use super::super::bill::HOLD_M;
use super::super::light::Light;
use super::super::projection::View;
use super::Ask;
use super::place::{Place, apart};
use super::trial::Edit;
use crate::analysis::prices::Prices;
use crate::model::Scenario;
use crate::model::catalogue::{CameraModel, Catalogue};
use crate::model::kit::{Camera, CameraTask, default_density};
use crate::model::lens::LensKind;
use crate::model::site::Lamp;
use crate::words::Id;

/// What the names of new cameras begin with.
pub(super) const NEW: &str = "cam-new-";

/// Every change that is worth a look.
pub(super) fn all(ask: &Ask<'_>, causes: &[Cause], place: &Place) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (row, camera) in near(ask, place) {
        let mut put = |changed: Vec<Camera>| {
            let new = changed.into_iter().filter(|c| c != camera);
            edits.extend(new.map(|c| Edit::Camera(row, c)));
        };
        put(turned(camera, &place.aims));
        put(swapped(ask, camera, &place.aims));
        put(raised(camera, &place.aims));
        put(moved(ask, camera, &place.aims));
    }
    edits.extend(pruned(ask, causes));
    if place.light == Light::Night {
        edits.extend(lamps(ask, &place.aims).into_iter().map(Edit::Lamp));
    }
    let row = ask.layout.file.kit.camera.len();
    edits.extend(added(ask, &place.aims).into_iter().map(|camera| Edit::Camera(row, camera)));
    edits
}

/// The cameras nearest to a gap, with their rows.
fn near<'a>(ask: &Ask<'a>, place: &Place) -> Vec<(usize, &'a Camera)> {
    let distance = |camera: &Camera| {
        let at = [camera.at_m[0], camera.at_m[1], 0.0];
        place.sample.iter().map(|p| apart(at, *p)).fold(f64::INFINITY, f64::min)
    };
    let rows = ask.layout.file.kit.camera.iter().enumerate();
    let mut found: Vec<(f64, usize, &Camera)> = rows
        .map(|(row, camera)| (distance(camera), row, camera))
        .filter(|(m, _, camera)| *m <= assumed::fixes().far_ranges * camera.range_m)
        .collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    found.into_iter().take(assumed::fixes().cameras).map(|(_, row, camera)| (row, camera)).collect()
}

/// The camera, aimed at a point: whole degrees, as a fitter sets them.
fn aimed(camera: &Camera, at: [f64; 3]) -> Camera {
    let way = [at[0] - camera.at_m[0], at[1] - camera.at_m[1]];
    let bearing_deg = libm::round(libm::atan2(way[0], way[1]).to_degrees()).rem_euclid(360.0);
    let drop = camera.height_m - at[2];
    let tilt = libm::atan2(drop, libm::hypot(way[0], way[1])).to_degrees();
    Camera { bearing_deg, tilt_deg: libm::round(tilt).clamp(0.0, 90.0), ..camera.clone() }
}

/// Other tilts of the same bearing; then other bearings, in the middle of the picture and a quarter of it aside.
fn turned(camera: &Camera, aims: &[[f64; 3]]) -> Vec<Camera> {
    let mut found = Vec::new();
    let half_deg = View::of(camera).vfov_deg() / 2.0;
    let tilt = |deg: f64| Camera { tilt_deg: libm::round(deg).clamp(0.0, 90.0), ..camera.clone() };
    found.extend([-1.0, -0.5, 0.5, 1.0].map(|share| tilt(camera.tilt_deg + share * half_deg)));
    for aim in aims {
        let straight = aimed(camera, *aim);
        found.push(tilt(straight.tilt_deg));
        for share in [-0.25, 0.0, 0.25] {
            let turn = libm::round(share * camera.hfov_deg);
            let bearing_deg = (straight.bearing_deg + turn).rem_euclid(360.0);
            found.push(Camera { bearing_deg, ..straight.clone() });
            found.push(Camera { bearing_deg, ..camera.clone() });
        }
    }
    found
}

/// Another camera of the catalogue in its place, as it hangs and aimed.
fn swapped(ask: &Ask<'_>, camera: &Camera, aims: &[[f64; 3]]) -> Vec<Camera> {
    let other = |model: &&CameraModel| {
        model.pixels[0] >= camera.pixels[0] && camera.model.as_ref() != Some(&model.id)
    };
    let models = ask.models.iter().copied().filter(other);
    models.flat_map(|model| and_aimed(of_model(camera, model), aims)).collect()
}

/// A camera as a model of the catalogue makes it.
fn of_model(camera: &Camera, model: &CameraModel) -> Camera {
    Camera {
        model: Some(model.id.clone()),
        hfov_deg: model.hfov_deg,
        pixels: model.pixels,
        lens: model.lens.kind,
        distortion: model.lens.terms,
        focal: Some(model.focal),
        sensitivity_lux: Some(model.sensitivity_lux),
        ir_range_m: model.ir_range_m,
        min_lux: model.min_lux,
        ..camera.clone()
    }
}

/// The fixed cameras of the catalogue, of those with the same picture the cheapest; the cheapest first.
pub(super) fn models(prices: &Prices) -> Vec<&'static CameraModel> {
    let fixed = Catalogue::shipped().cameras.iter().filter(|model| model.form.is_fixed());
    let mut found: Vec<&CameraModel> = Vec::new();
    for model in fixed {
        let same = |other: &&mut &CameraModel| {
            (other.pixels, other.lens, other.hfov_deg) == (model.pixels, model.lens, model.hfov_deg)
        };
        match found.iter_mut().find(same) {
            Some(other) if prices.model_yuan(model) < prices.model_yuan(other) => *other = model,
            Some(_) => {}
            None => found.push(model),
        }
    }
    found.sort_by(|a, b| prices.model_yuan(a).total_cmp(&prices.model_yuan(b)).then(a.id.cmp(&b.id)));
    found
}

fn raised(camera: &Camera, aims: &[[f64; 3]]) -> Vec<Camera> {
    let up = |m: &f64| Camera { height_m: camera.height_m + m, ..camera.clone() };
    assumed::fixes().raised_m.iter().map(up).flat_map(|camera| and_aimed(camera, aims)).collect()
}

fn and_aimed(camera: Camera, aims: &[[f64; 3]]) -> Vec<Camera> {
    let there: Vec<Camera> = aims.iter().map(|aim| aimed(&camera, *aim)).collect();
    std::iter::once(camera).chain(there).collect()
}

/// Along the facade or wall that holds it, without leaving it.
fn moved(ask: &Ask<'_>, camera: &Camera, aims: &[[f64; 3]]) -> Vec<Camera> {
    let at = Point::new(camera.at_m[0], camera.at_m[1]);
    let held = edges(ask).filter_map(|edge| Some((nearest(&edge, at)?, edge)));
    let Some(((foot, _), edge)) = held
        .map(|(foot, edge)| ((foot, geo::Distance::distance(&geo::Euclidean, foot, at)), edge))
        .filter(|((_, m), _)| *m <= HOLD_M)
        .min_by(|a, b| a.0.1.total_cmp(&b.0.1))
    else {
        return Vec::new();
    };
    let (way, length) = (edge.delta(), libm::hypot(edge.delta().x, edge.delta().y));
    let along = libm::hypot(foot.x() - edge.start.x, foot.y() - edge.start.y);
    let on_it = assumed::fixes().steps_m.iter().filter(|step| (0.0..=length).contains(&(along + **step)));
    let shifted = |step: &f64| {
        let place = |x: f64, way: f64| centimetres(x + way / length * step);
        Camera { at_m: [place(at.x(), way.x), place(at.y(), way.y)], ..camera.clone() }
    };
    let free = |camera: &Camera| ask.layout.site.building_at(camera.at_m).is_none();
    on_it.map(shifted).filter(free).flat_map(|camera| and_aimed(camera, aims)).collect()
}

fn centimetres(m: f64) -> f64 {
    libm::round(m * 100.0) / 100.0
}

/// Edges of facades, then of walls.
fn edges<'a>(ask: &Ask<'a>) -> impl Iterator<Item = Line<f64>> + 'a {
    let facades = ask.layout.site.buildings.iter().flat_map(|b| b.outline.exterior().lines());
    facades.chain(ask.layout.site.walls.iter().flat_map(|w| w.line.lines()))
}

fn nearest(edge: &Line<f64>, at: Point<f64>) -> Option<Point<f64>> {
    match edge.closest_point(&at) {
        Closest::Intersection(p) | Closest::SinglePoint(p) => Some(p),
        Closest::Indeterminate => None,
    }
}

/// The crowns that hide a good part of a gap, pruned from below by shares of their depth.
fn pruned(ask: &Ask<'_>, causes: &[Cause]) -> Vec<Edit> {
    let all_m2: f64 = causes.iter().map(|cause| cause.area_m2).sum();
    let much =
        |cause: &&Cause| cause.reason == GapReason::Crown && cause.area_m2 >= assumed::fixes().hides * all_m2;
    let names: Vec<&str> = causes.iter().filter(much).filter_map(|cause| cause.culprit.as_deref()).collect();
    let trees = ask.layout.site.trees.iter().enumerate();
    let before = trees.filter(|(_, tree)| names.contains(&tree.id.as_str()));
    let edit = |(row, tree): (usize, &crate::model::site::Tree)| {
        assumed::fixes().pruned.map(|share| {
            let base = tree.crown_base_m + share * (tree.height_m - tree.crown_base_m);
            let crown_base_m = libm::round(base * 10.0) / 10.0;
            Edit::Tree(row, crate::model::site::Tree { crown_base_m, ..tree.clone() })
        })
    };
    before.flat_map(edit).collect()
}

/// New cameras: on lamps, facades and walls near by, and on poles of their own.
pub(in super::super) fn added(ask: &Ask<'_>, aims: &[[f64; 3]]) -> Vec<Camera> {
    aims.iter().flat_map(|aim| all_models_at(ask, *aim, &places(ask, *aim))).collect()
}

/// Every camera for ground that can be bought, at each of some places with its height, aimed at a point.
pub(in super::super) fn all_models_at(
    ask: &Ask<'_>,
    aim: [f64; 3],
    places: &[([f64; 2], f64)],
) -> Vec<Camera> {
    let id = free_names(ask.layout).0;
    let wide = |model: &&CameraModel| model.hfov_deg >= assumed::fixes().wide_deg;
    let models: Vec<&CameraModel> = ask.models.iter().copied().filter(wide).collect();
    let hung = |(at_m, height_m): &([f64; 2], f64)| {
        let bare = new_camera(&id, *at_m, *height_m);
        models.iter().map(|model| aimed(&of_model(&bare, model), aim)).collect::<Vec<_>>()
    };
    places.iter().flat_map(hung).collect()
}

fn new_camera(id: &Id, at_m: [f64; 2], height_m: f64) -> Camera {
    Camera {
        id: id.clone(),
        at_m,
        height_m,
        bearing_deg: 0.0,
        tilt_deg: 10.0,
        hfov_deg: 0.0,
        pixels: [0; 2],
        model: None,
        lens: LensKind::default(),
        distortion: [0.0; 2],
        focal: None,
        sensitivity_lux: None,
        range_m: 60.0,
        ir_range_m: 0.0,
        min_lux: 0.0,
        working_px_per_m: default_density(),
        task: CameraTask::Area,
        mask_px: Vec::new(),
    }
}

/// Names for one more camera and one more lamp.
pub(in super::super) fn free_names(layout: &Scenario) -> (Id, Id) {
    let camera = |name: &str| layout.device_by_id(name).is_none();
    let lamp = |name: &str| layout.site.lamps.iter().all(|lamp| lamp.id.as_str() != name);
    (free(NEW, camera), free("lamp-new-", lamp))
}

fn free(prefix: &str, is_free: impl Fn(&str) -> bool) -> Id {
    let names = (1..).map(|n| format!("{prefix}{n}"));
    names.into_iter().find(|name| is_free(name)).unwrap_or_default().as_str().into()
}

/// New lamps: where one aims, and on what stands near by.
fn lamps(ask: &Ask<'_>, aims: &[[f64; 3]]) -> Vec<Lamp> {
    let ordinary = &ask.prices.ordinary;
    let id = free_names(ask.layout).1;
    let lamp = |[x, y]: [f64; 2]| Lamp {
        id: id.clone(),
        at: geo::Coord { x, y },
        height_m: ordinary.lamp_height_m,
        flux_lm: ordinary.lamp_flux_lm,
    };
    let stands = |at: &[f64; 2]| {
        ask.layout.site.lamps.iter().all(|lamp| libm::hypot(lamp.at.x - at[0], lamp.at.y - at[1]) > HOLD_M)
    };
    let near = |aim: &[f64; 3]| {
        let held = places(ask, *aim).into_iter().map(|(at, _)| at);
        std::iter::once([aim[0], aim[1]]).chain(held).collect::<Vec<_>>()
    };
    aims.iter().flat_map(near).filter(stands).map(lamp).collect()
}

/// Where a new camera might hang to look at a point, and how high.
fn places(ask: &Ask<'_>, aim: [f64; 3]) -> Vec<([f64; 2], f64)> {
    let at = Point::new(aim[0], aim[1]);
    let site = &ask.layout.site;
    let lamps = site
        .lamps
        .iter()
        .map(|lamp| ([lamp.at.x, lamp.at.y], assumed::fixes().hung_m.min(lamp.height_m), true));
    let mut found: Vec<([f64; 2], f64, bool)> = lamps.collect();
    for edge in edges(ask) {
        let Some(foot) = nearest(&edge, at) else { continue };
        let way = [aim[0] - foot.x(), aim[1] - foot.y()];
        let off = assumed::fixes().off_m / libm::hypot(way[0], way[1]).max(assumed::fixes().off_m);
        let at_m = [centimetres(foot.x() + off * way[0]), centimetres(foot.y() + off * way[1])];
        found.push((at_m, assumed::fixes().hung_m, false));
    }
    for way in [[0.0, 1.0], [1.0, 0.0], [0.0, -1.0], [-1.0, 0.0]] {
        let pole = [
            centimetres(aim[0] + assumed::fixes().pole_m * way[0]),
            centimetres(aim[1] + assumed::fixes().pole_m * way[1]),
        ];
        found.push((pole, assumed::fixes().hung_m, true));
    }
    let ground = ask.views.ground();
    let cell = |at: [f64; 2]| ground.raster.cell_at(at);
    // Poles and lamps stand on public ground; what hangs on a facade or wall looks from its edge.
    let stands = |at: [f64; 2], pole: bool| {
        cell(at).is_some_and(|cell| if pole { ground.public[cell] } else { ground.open[cell] })
            && site.building_at(at).is_none()
    };
    let near = |at: [f64; 2]| (1.0..=assumed::fixes().near_m).contains(&apart([at[0], at[1], 0.0], aim));
    let sees = |at: [f64; 2], height_m: f64| ask.caster.clear_from_mount([at[0], at[1], height_m], aim);
    found
        .into_iter()
        .filter(|(at, height_m, pole)| near(*at) && stands(*at, *pole) && sees(*at, *height_m))
        .map(|(at, height_m, _)| (at, height_m))
        .collect()
}
