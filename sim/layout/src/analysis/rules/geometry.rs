//! Checks on where things stand and what they see.

use super::check::{TINY, at_least, at_most, figure, open_to_all};
use super::passage::{doorstep, outward};
use super::{Each, Layout, Outcome};
use crate::analysis::privacy::privacy;
use crate::analysis::sightlines::{BODY_LEVEL, BODY_M, lit as enough_light};
use crate::analysis::views::Seen;
use crate::model::Site;
use crate::model::kit::{Beam, Camera};
use crate::model::site::{Entrance, Gate, GateFor};

/// Step along a zone, m: about the width of a body.
const STEP_M: f64 = 0.5;

pub(super) fn perimeter_continuous(layout: &Layout<'_>) -> Outcome {
    let perimeter = &layout.plan.perimeter;
    let long = |along: [f64; 2]| along[1] - along[0];
    let mut open: Vec<(f64, String)> = perimeter
        .gaps
        .iter()
        .map(|gap| (long(gap.along_m), format!("{} from {:.1} m: {}", gap.wall, gap.along_m[0], gap.reason)))
        .chain(perimeter.unwalled.iter().map(|bare| {
            (
                long(bare.along_m),
                format!("outline of {} from {:.1} m: no wall", bare.compound, bare.along_m[0]),
            )
        }))
        .collect();
    open.sort_by(|a, b| b.0.total_cmp(&a.0));
    let all = open.iter().map(|(m, _)| m).sum();
    at_most(all, 0.0, "m open", open.into_iter().map(|(m, where_)| format!("{m:.1} m, {where_}")))
}

fn length(beam: &Beam) -> f64 {
    libm::hypot(beam.to_m[0] - beam.from_m[0], beam.to_m[1] - beam.from_m[1])
}

pub(super) fn zone_length(layout: &Layout<'_>, most_m: f64, within_range: bool) -> Outcome {
    let beams = &layout.scenario.file.kit.beam;
    let longest = beams.iter().map(length).fold(0.0, f64::max);
    let over = |b: &&Beam| length(b) > most_m + TINY || (within_range && length(b) > b.rated_range_m + TINY);
    let wrong: Vec<String> = beams
        .iter()
        .filter(over)
        .map(|b| format!("{}: {:.1} m, rated {:.0} m", b.id, length(b), b.rated_range_m))
        .collect();
    figure(longest, most_m, "m", wrong.is_empty(), wrong)
}

pub(super) fn beam_margin(layout: &Layout<'_>, most_share: f64) -> Outcome {
    let beams = &layout.scenario.file.kit.beam;
    let share = |b: &Beam| length(b) / b.rated_range_m;
    let most = beams.iter().map(share).fold(0.0, f64::max);
    let over = beams.iter().filter(|b| share(b) > most_share);
    at_most(most, most_share, "of rated range", over.map(|b| format!("{}: {:.2}", b.id, share(b))))
}

/// Share of a zone's length on which a camera sees a standing body.
pub(super) fn zone_seen(layout: &Layout<'_>, least_share: f64) -> Outcome {
    let share = |beam: &Beam| {
        let steps = libm::ceil(length(beam) / STEP_M).max(1.0) as u32;
        let at = |i: u32| {
            let t = (f64::from(i) + 0.5) / f64::from(steps);
            [0, 1].map(|k| beam.from_m[k] + t * (beam.to_m[k] - beam.from_m[k]))
        };
        let top = beam.rays_m.iter().copied().fold(f64::INFINITY, f64::min);
        let seen = (0..steps).filter(|i| {
            let [x, y] = at(*i);
            layout.seeing([x, y, top]).next().is_some()
        });
        seen.count() as f64 / f64::from(steps)
    };
    let shares: Vec<(f64, String)> =
        layout.scenario.file.kit.beam.iter().map(|b| (share(b), b.id.to_string())).collect();
    let least = shares.iter().map(|(s, _)| *s).fold(1.0, f64::min);
    let blind = shares.into_iter().filter(|(s, _)| *s < least_share);
    at_least(least, least_share, "of a zone", blind.map(|(s, id)| format!("{id}: {s:.2}")))
}

pub(super) fn beam_on_top(layout: &Layout<'_>, most_above_m: f64) -> Outcome {
    let site = &layout.scenario.site;
    let above = |beam: &Beam| {
        let wall = site.walls.iter().find(|w| w.id == beam.wall)?;
        let lowest = beam.rays_m.iter().copied().fold(f64::INFINITY, f64::min);
        Some(lowest - wall.height_m)
    };
    let wrong = |up: f64| !(0.0..=most_above_m + 1e-9).contains(&up);
    let found: Vec<(f64, &Beam)> =
        layout.scenario.file.kit.beam.iter().filter_map(|b| Some((above(b)?, b))).collect();
    let highest = found.iter().map(|(up, _)| *up).fold(f64::NEG_INFINITY, f64::max);
    let lowest = found.iter().map(|(up, _)| *up).fold(f64::INFINITY, f64::min);
    let measured = if lowest < 0.0 { lowest } else { highest };
    let evidence: Vec<String> =
        found.iter().filter(|(up, _)| wrong(*up)).map(|(up, b)| format!("{}: {up:.2} m", b.id)).collect();
    figure(measured, most_above_m, "m above the wall's top", evidence.is_empty(), evidence)
}

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

/// Gates with fewer cameras that look out through them than they have lanes.
pub(super) fn gate_cameras(layout: &Layout<'_>, near_m: f64) -> Outcome {
    let site = &layout.scenario.site;
    let (mut evidence, mut each) = (Vec::new(), Vec::new());
    for gate in &site.gates {
        let own = |camera: &&Camera| {
            let away = libm::hypot(camera.at_m[0] - gate.at.x, camera.at_m[1] - gate.at.y);
            away <= near_m && looks_out(site, camera, gate)
        };
        let found = layout.seeing([gate.at.x, gate.at.y, BODY_M]).filter(own).count();
        let asked = lanes(layout, gate);
        if found < asked {
            evidence.push(format!("{}: {found} cameras look out, {asked} lanes", gate.id));
        }
        each.push(Each { id: gate.id.clone(), found: found as f64, demanded: asked as f64 });
    }
    let missing = each.iter().map(|gate| (gate.demanded - gate.found).max(0.0)).sum();
    at_most(missing, 0.0, "cameras missing", evidence).of_each(each)
}

/// How well a person in each gate for people is seen by night, when the same cameras also see by day.
pub(super) fn gate_density(layout: &Layout<'_>, least_px_per_m: f64) -> Outcome {
    let gates = layout.scenario.site.gates.iter().filter(|g| g.passage != GateFor::Vehicles);
    let best = |gate: &Gate| {
        let at = [gate.at.x, gate.at.y, BODY_M];
        let night_lux = layout.caster.night_lux(at);
        let shown = layout.showing(at);
        let by_night = shown.filter(|(c, look)| enough_light(c, layout.caster, night_lux, look.distance_m));
        by_night.map(|(_, look)| look.px_per_m).fold(0.0, f64::max)
    };
    let found: Vec<(f64, String)> = gates.map(|g| (best(g), g.id.to_string())).collect();
    let least = found.iter().map(|(px, _)| *px).fold(f64::INFINITY, f64::min);
    if found.is_empty() {
        return Outcome::Needs("a gate for people in the site's data".into());
    }
    let poor = found.into_iter().filter(|(px, _)| *px < least_px_per_m);
    at_least(least, least_px_per_m, "px/m", poor.map(|(px, id)| format!("{id}: {px:.0} px/m")))
}

pub(super) fn entrances_seen(layout: &Layout<'_>, least_share: f64) -> Outcome {
    let site = &layout.scenario.site;
    if site.entrances.is_empty() {
        return Outcome::Needs("entrances in the site's data".into());
    }
    let cameras = |entrance: &Entrance| {
        let [x, y] = doorstep(site, entrance).at;
        layout.seeing([x, y, BODY_M]).count() as f64
    };
    let each: Vec<Each> =
        site.entrances.iter().map(|e| Each { id: e.id.clone(), found: cameras(e), demanded: 1.0 }).collect();
    let unseen: Vec<String> =
        each.iter().filter(|door| door.found < door.demanded).map(|door| door.id.to_string()).collect();
    let share = 1.0 - unseen.len() as f64 / each.len() as f64;
    at_least(share, least_share, "of entrances", unseen).of_each(each)
}

pub(super) fn areas_seen(layout: &Layout<'_>, least_share: f64) -> Outcome {
    let raster = layout.sight.raster();
    let share = |outline: &geo::Polygon<f64>| {
        let (mut all, mut seen) = (0u32, 0u32);
        raster.each_inside(outline, |cell| {
            all += 1;
            seen += u32::from(!layout.sight.cameras_at(raster.centre(cell)).is_empty());
        });
        (all > 0).then(|| f64::from(seen) / f64::from(all))
    };
    let areas = layout.scenario.site.areas.iter().filter(|a| open_to_all(a.ground));
    let mut shares: Vec<(f64, String)> =
        areas.filter_map(|a| Some((share(&a.outline)?, a.id.to_string()))).collect();
    shares.sort_by(|a, b| a.0.total_cmp(&b.0));
    let least = shares.first().map_or(1.0, |(s, _)| *s);
    let blind = shares.into_iter().filter(|(s, _)| *s < least_share);
    at_least(least, least_share, "of an area", blind.map(|(s, id)| format!("{id}: {s:.2}")))
}

/// Cameras for which it is too dark by night: upright targets in their view get less than asked for on average, from the
/// lamps that burn and the sky, and they have no light of their own that reaches so far.
pub(super) fn lit(layout: &Layout<'_>, least_lx: f64, own_m: f64) -> Outcome {
    let night = &layout.views.ground().night[BODY_LEVEL];
    let cameras = layout.scenario.file.kit.camera.iter().zip(layout.views.cameras());
    let mean = |seen: &Seen| {
        let works = seen.at(BODY_LEVEL).iter().filter(|spot| spot.works);
        let lux: Vec<f64> = works.map(|spot| night.lux(spot.cell as usize)).collect();
        (!lux.is_empty()).then(|| lux.iter().sum::<f64>() / lux.len() as f64)
    };
    let dark: Vec<String> = cameras
        .filter(|(camera, _)| camera.ir_range_m < own_m)
        .filter_map(|(camera, seen)| Some((camera, mean(seen)?)))
        .filter(|(_, lx)| *lx < least_lx)
        .map(|(camera, lx)| {
            format!("{}: {lx:.1} lx, its own light reaches {} m", camera.id, camera.ir_range_m)
        })
        .collect();
    at_most(dark.len() as f64, 0.0, &format!("cameras in less than {least_lx} lx"), dark)
}

/// How many times the light of a night exceeds what a camera's data sheet asks for: of each camera in the middling place of
/// its view by day, where lamps and sky light an upright target; of all cameras the least.
pub(super) fn scene_light(layout: &Layout<'_>, over: f64) -> Outcome {
    let night = &layout.views.ground().night[BODY_LEVEL];
    let middling = |seen: &Seen| {
        let spots = seen.at(BODY_LEVEL).iter().filter(|spot| spot.works);
        let mut lux: Vec<f64> = spots.map(|spot| night.lux(spot.cell as usize)).collect();
        lux.sort_by(f64::total_cmp);
        lux.get(lux.len() / 2).copied()
    };
    let cameras = || layout.scenario.file.kit.camera.iter().zip(layout.views.cameras());
    let mut times: Vec<(f64, String)> = cameras()
        .filter_map(|(camera, seen)| {
            let (needs, lux) = (camera.sensitivity_lux?, middling(seen)?);
            Some((lux / needs, format!("{}: {lux:.2} lx, its data sheet asks for {needs} lx", camera.id)))
        })
        .collect();
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    let least = times.first().map_or(f64::INFINITY, |(times, _)| *times);
    match cameras().find(|(camera, seen)| camera.sensitivity_lux.is_none() && middling(seen).is_some()) {
        Some((unknown, _)) if least > over => {
            Outcome::Needs(format!("`sensitivity_lux` or `model` of camera {}", unknown.id))
        }
        _ if times.is_empty() => Outcome::Needs("a camera that sees ground".into()),
        _ => {
            let dark = times.into_iter().filter(|(times, _)| *times <= over);
            figure(least, over, "times", least > over, dark.map(|(_, evidence)| evidence))
        }
    }
}

/// Windows of dwellings that cameras show at a density or better.
pub(super) fn private_facade(layout: &Layout<'_>, from_px_per_m: f64, most_m2: f64) -> Outcome {
    let known = layout.privacy.filter(|known| known.from_px_per_m == from_px_per_m).cloned();
    let work_out = || privacy(layout.scenario, layout.caster, layout.views, from_px_per_m);
    let shown = known.unwrap_or_else(work_out);
    let by_camera = shown.cameras.into_iter().map(|c| format!("{}: {:.1} m²", c.camera, c.private_m2));
    at_most(shown.private_m2, most_m2, "m² of windows", by_camera)
}
