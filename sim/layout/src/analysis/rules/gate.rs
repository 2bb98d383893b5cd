//! Gates: cameras of their own, and how large those who pass are on the picture.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{at_least, at_most};
use super::passage::outward;
use super::{Each, Layout, Outcome};
use crate::analysis::sightlines::{BODY_M, lit as enough_light};
use crate::model::Site;
use crate::model::kit::Camera;
use crate::model::site::{Gate, GateFor};
use crate::words::Id;

/// Lanes of a gate: one for people where they pass, and one for each barrier, or one for all vehicles.
fn lanes(layout: &Layout<'_>, gate: &Gate) -> usize {
    let barriers = layout.scenario.file.kit.barrier.iter().filter(|b| b.gate == gate.id).count();
    let people = usize::from(gate.passage != GateFor::Vehicles);
    let vehicles = if gate.passage == GateFor::Pedestrians { 0 } else { barriers.max(1) };
    people + vehicles
}

/// Whether a camera looks from inside to outside at a gate: out over the side of the outline that is nearest to it.
fn looks_out(site: &Site, camera: &Camera, gate: &Gate) -> bool {
    let Some(out) = outward(site, gate.at) else { return true };
    let bearing = camera.bearing_deg.to_radians();
    libm::sin(bearing) * out[0] + libm::cos(bearing) * out[1] > 0.0
}

/// Gates with fewer cameras of their own that look out through them than they have lanes. A camera is one gate's own,
/// however many it shows.
pub(super) fn cameras(layout: &Layout<'_>, near_m: f64) -> Outcome {
    let site = &layout.scenario.site;
    let asked: Vec<usize> = site.gates.iter().map(|gate| lanes(layout, gate)).collect();
    let fit: Vec<Vec<&Id>> = site.gates.iter().map(|gate| fit(layout, gate, near_m)).collect();
    let found = shared_out(&asked, &fit);
    let counts = || site.gates.iter().zip(found.iter().zip(&asked));
    let each: Vec<Each> = counts()
        .map(|(gate, (n, m))| Each { id: gate.id.clone(), found: *n as f64, demanded: *m as f64 })
        .collect();
    let few = counts().filter(|(_, (found, asked))| found < asked);
    let evidence =
        few.map(|(gate, (n, m))| format!("{}: {n} cameras of its own look out, {m} lanes", gate.id));
    let missing = each.iter().map(|gate| gate.demanded - gate.found).sum();
    at_most(missing, 0.0, "cameras missing", evidence).of_each(each)
}

/// The cameras near a gate that look out through it.
fn fit<'a>(layout: &'a Layout<'_>, gate: &Gate, near_m: f64) -> Vec<&'a Id> {
    let own = |camera: &&Camera| {
        let away = libm::hypot(camera.at_m[0] - gate.at.x, camera.at_m[1] - gate.at.y);
        away <= near_m && looks_out(&layout.scenario.site, camera, gate)
    };
    layout.seeing([gate.at.x, gate.at.y, BODY_M]).filter(own).map(|camera| &camera.id).collect()
}

/// Gives each camera to one of the gates that it fits, so that as many lanes as can be have one: each lane in turn takes a
/// camera that is free, or one whose lane finds another (Kuhn's augmenting paths). Returns how many each gate got.
fn shared_out(asked: &[usize], fit: &[Vec<&Id>]) -> Vec<usize> {
    let mut given: BTreeMap<&Id, usize> = BTreeMap::new();
    for (gate, lanes) in asked.iter().enumerate() {
        for _ in 0..*lanes {
            take(gate, fit, &mut given, &mut BTreeSet::new());
        }
    }
    (0..asked.len()).map(|gate| given.values().filter(|to| **to == gate).count()).collect()
}

fn take<'a>(
    gate: usize,
    fit: &[Vec<&'a Id>],
    given: &mut BTreeMap<&'a Id, usize>,
    tried: &mut BTreeSet<&'a Id>,
) -> bool {
    for camera in &fit[gate] {
        if given.get(camera) == Some(&gate) || !tried.insert(camera) {
            continue;
        }
        let holder = given.get(camera).copied();
        if holder.is_none_or(|holder| take(holder, fit, given, tried)) {
            given.insert(camera, gate);
            return true;
        }
    }
    false
}

/// How well a person in each gate for people is seen by night, when the same cameras also see by day.
pub(super) fn density(layout: &Layout<'_>, least_px_per_m: f64) -> Outcome {
    across(layout, least_px_per_m, 1.0, "px/m")
}

/// The same as the width of a face.
pub(super) fn face_width(layout: &Layout<'_>, least_px: f64, face_m: f64) -> Outcome {
    across(layout, least_px, face_m, "px")
}

fn across(layout: &Layout<'_>, least: f64, wide_m: f64, unit: &str) -> Outcome {
    let gates = layout.scenario.site.gates.iter().filter(|g| g.passage != GateFor::Vehicles);
    let best = |gate: &Gate| {
        let at = [gate.at.x, gate.at.y, BODY_M];
        let night_lux = layout.caster.night_lux(at);
        let shown = layout.showing(at);
        let by_night = shown.filter(|(c, look)| enough_light(c, layout.caster, night_lux, look.distance_m));
        by_night.map(|(_, look)| look.px_per_m * wide_m).fold(0.0, f64::max)
    };
    let found: Vec<(f64, String)> = gates.map(|g| (best(g), g.id.to_string())).collect();
    let worst = found.iter().map(|(px, _)| *px).fold(f64::INFINITY, f64::min);
    if found.is_empty() {
        return Outcome::Needs("a gate for people in the site's data".into());
    }
    let poor = found.into_iter().filter(|(px, _)| *px < least);
    at_least(worst, least, unit, poor.map(|(px, id)| format!("{id}: {px:.0} {unit}")))
}
