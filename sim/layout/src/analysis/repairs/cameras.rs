//! The cameras that verify new zones, where the rules ask that a camera shows each of them.
//!
//! Zone after zone a camera is hung that shows all of it that no other shows, or as much as can be for its price, and then
//! another for the rest; each harms nothing, if need be with masks. It is a way that works, and may not be the cheapest.

use super::super::assumed;
use super::super::bill::{of_camera, total};
use super::super::fixes::candidates::{added, all_models_at};
use super::super::fixes::trial::Edit;
use super::super::projection::View;
use super::super::rules::{Check, RuleBook, broken_at};
use super::super::sightlines::{look, working};
use super::{JOIN_M, Now, Work};
use crate::contract::Class;
use crate::model::kit::{Beam, Camera, CameraTask};
use crate::words::Id;

/// Shares of a zone at which a camera may be aimed.
const AIMS: [f64; 3] = [0.25, 0.5, 0.75];
/// Places of a zone that stand for it when cameras are screened.
const SAMPLE: usize = 24;

/// A camera that might be hung.
struct Idea {
    camera: Camera,
    yuan: f64,
}

/// The share of each zone that a book wants to be shown, 0..1; nothing where it asks for none.
fn asked(book: &RuleBook) -> Option<f64> {
    book.rules.iter().find_map(|rule| match rule.check {
        Check::ZoneSeen { least_share } => Some(least_share),
        _ => None,
    })
}

/// Hangs the cameras that new zones ask for into a layout that has the zones. False when none are found.
pub(super) fn hang(work: &Work<'_>, now: &mut Now<'_>, zones: &[Beam]) -> bool {
    let Some(share) = asked(work.book) else { return true };
    zones.iter().all(|zone| verify(work, now, zone, share))
}

fn verify(work: &Work<'_>, now: &mut Now<'_>, zone: &Beam, share: f64) -> bool {
    let places = broken_at(zone);
    let may_stay = libm::floor((1.0 - share) * places.len() as f64 + JOIN_M) as usize;
    let out = now.caster().conditions().out_of(Class::Camera).clone();
    let there: Vec<Camera> = working(&now.layout.file.kit.camera, &out).map(|(_, c)| c.clone()).collect();
    let mut left = places;
    there.iter().for_each(|camera| left = unseen(camera, now, &left));
    if left.len() <= may_stay {
        return true;
    }
    let ideas = ideas(work, zone);
    for _ in 0..assumed::fixes().verify {
        let Some(camera) = best(work, now, &ideas, (&left, may_stay)) else { return false };
        left = unseen(&camera, now, &left);
        now.hang(camera, work);
        if left.len() <= may_stay {
            return true;
        }
    }
    false
}

/// What of some places a camera does not show at its working density.
fn unseen(camera: &Camera, now: &Now<'_>, places: &[[f64; 3]]) -> Vec<[f64; 3]> {
    let view = View::of(camera);
    let shows = |at: &[f64; 3]| {
        look(&view, camera, now.caster(), *at).is_some_and(|look| look.px_per_m >= camera.working_px_per_m)
    };
    places.iter().filter(|at| !shows(at)).copied().collect()
}

/// Every camera that is thought of for a zone, with its price: where one would be hung for ground, and along the zone.
fn ideas(work: &Work<'_>, zone: &Beam) -> Vec<Idea> {
    let low_m = broken_at(zone).first().map_or(0.0, |at| at[2]);
    let aims = AIMS.map(|t| {
        let [x, y] = [0, 1].map(|k| zone.from_m[k] + t * (zone.to_m[k] - zone.from_m[k]));
        [x, y, low_m]
    });
    let along = aims.iter().flat_map(|aim| all_models_at(&work.ask, *aim, &along(work, zone)));
    let all = added(&work.ask, &aims).into_iter().chain(along);
    let watches = |camera: Camera| Camera { task: CameraTask::Perimeter, ..camera };
    let priced = |camera: Camera| {
        let yuan = total(&of_camera(work.ask.layout, None, &camera, work.ask.prices));
        Idea { camera, yuan }
    };
    all.map(watches).map(priced).collect()
}

/// On the compound's side of a zone: at its ends, in its middle, and some metres before each end.
fn along(work: &Work<'_>, zone: &Beam) -> Vec<([f64; 2], f64)> {
    let figures = assumed::fixes();
    let way = [0, 1].map(|k| zone.to_m[k] - zone.from_m[k]);
    let long_m = libm::hypot(way[0], way[1]);
    if long_m <= 0.0 {
        return Vec::new();
    }
    let unit = way.map(|w| w / long_m);
    let ground = work.ask.views.ground();
    let is = |list: &[bool], at: [f64; 2]| ground.raster.cell_at(at).is_some_and(|cell| list[cell]);
    let mut found = Vec::new();
    for m in [-figures.before_m, 0.0, long_m / 2.0, long_m, long_m + figures.before_m] {
        for side in [-1.0, 1.0] {
            let off = |far_m: f64| {
                let aside = [-unit[1], unit[0]];
                [0, 1].map(|k| zone.from_m[k] + m * unit[k] + side * far_m * aside[k])
            };
            let at = off(figures.off_m).map(|m| libm::round(m * 100.0) / 100.0);
            if is(&ground.open, at) && is(&ground.public, off(figures.off_m + 1.0)) {
                found.push((at, figures.hung_m));
            }
        }
    }
    found
}

/// The camera that leaves nothing of a zone to others and costs least; else the one that shows most of it for its price.
fn best(
    work: &Work<'_>,
    now: &Now<'_>,
    ideas: &[Idea],
    (left, may_stay): (&[[f64; 3]], usize),
) -> Option<Camera> {
    let sample: Vec<[f64; 3]> = left.iter().step_by(left.len().div_ceil(SAMPLE)).copied().collect();
    let mut likely = ranked(ideas.iter().collect(), now, (&sample, 0));
    likely.truncate(assumed::fixes().partial);
    ranked(likely, now, (left, may_stay)).into_iter().take(assumed::fixes().verify_tries).find_map(|idea| {
        let harmless = harmless(work, now, &idea.camera)?;
        // With its masks it must still show some of what it is hung for.
        (unseen(&harmless, now, left).len() < left.len()).then_some(harmless)
    })
}

/// Ideas that show some of these places: first those that show all but what may stay, the cheapest first; then by what they
/// show for their price.
fn ranked<'a>(
    ideas: Vec<&'a Idea>,
    now: &Now<'_>,
    (places, may_stay): (&[[f64; 3]], usize),
) -> Vec<&'a Idea> {
    let shown = |idea: &Idea| places.len() - unseen(&idea.camera, now, places).len();
    let mut found: Vec<(usize, &Idea)> = ideas.into_iter().map(|idea| (shown(idea), idea)).collect();
    found.retain(|(shown, _)| *shown > 0);
    let all = |shown: usize| shown + may_stay >= places.len();
    let worth = |shown: usize, idea: &Idea| shown as f64 / idea.yuan.max(1.0);
    found.sort_by(|(a, x), (b, y)| {
        let by_price =
            if all(*a) { x.yuan.total_cmp(&y.yuan) } else { worth(*b, y).total_cmp(&worth(*a, x)) };
        all(*b).cmp(&all(*a)).then(by_price)
    });
    found.into_iter().map(|(_, idea)| idea).collect()
}

/// The camera under a free name, if need be with masks; nothing where it harms anything.
fn harmless(work: &Work<'_>, now: &Now<'_>, camera: &Camera) -> Option<Camera> {
    let guard = &work.ask.guard;
    let mut names = (1..).map(|n| Id(format!("cam-{}-{n}", now.zone)));
    let id = names.find(|id| now.layout.device_by_id(id.as_str()).is_none())?;
    let camera = Camera { id, ..camera.clone() };
    let edit = Edit::Camera(work.ask.layout.file.kit.camera.len(), camera.clone());
    let camera = match guard.masked(&edit, now.caster(), now.shown_m2) {
        Some(Edit::Camera(_, masked)) => masked,
        _ => camera,
    };
    let mut then = now.clone();
    then.hang(camera.clone(), work);
    // Its zone may want another camera yet: what the rules ask of zones is asked of the whole repair.
    then.layout.file.kit.beam.clone_from(&work.ask.layout.file.kit.beam);
    then.harms_nothing(work).then_some(camera)
}
