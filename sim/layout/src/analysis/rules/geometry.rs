//! Checks on the perimeter as a whole, on open ground, on light and on privacy.

use super::check::{at_least, at_most, figure, open_to_all};
use super::{Each, Layout, Outcome};
use crate::analysis::privacy::privacy;
use crate::analysis::sightlines::BODY_LEVEL;
use crate::analysis::views::Seen;

/// Metres that nobody guards: of walls, of gates where for some hours nobody stands, and where nothing bars the way in.
pub(super) fn perimeter_continuous(layout: &Layout<'_>) -> Outcome {
    let perimeter = &layout.plan.perimeter;
    let long = |along: [f64; 2]| along[1] - along[0];
    let mut open: Vec<(f64, String)> = perimeter
        .gaps
        .iter()
        .map(|gap| (long(gap.along_m), format!("{} from {:.1} m: {}", gap.wall, gap.along_m[0], gap.reason)))
        .chain(perimeter.unwalled.iter().map(|hole| (hole.missing_m, hole.told())))
        .collect();
    open.sort_by(|a, b| b.0.total_cmp(&a.0));
    let all = open.iter().map(|(m, _)| m).sum();
    at_most(all, 0.0, "m open", open.into_iter().map(|(m, where_)| format!("{m:.1} m, {where_}")))
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
    let mut lit: Vec<(Each, String)> = cameras()
        .filter_map(|(camera, seen)| {
            let (needs, lux) = (camera.sensitivity_lux?, middling(seen)?);
            let told = format!("{}: {lux:.2} lx, its data sheet asks for {needs} lx", camera.id);
            Some((Each { id: camera.id.clone(), found: lux / needs, demanded: over }, told))
        })
        .collect();
    lit.sort_by(|(a, _), (b, _)| a.found.total_cmp(&b.found));
    let each = lit.iter().map(|(each, _)| each.clone()).collect();
    let least = lit.first().map_or(f64::INFINITY, |(each, _)| each.found);
    match cameras().find(|(camera, seen)| camera.sensitivity_lux.is_none() && middling(seen).is_some()) {
        Some((unknown, _)) if least > over => {
            let needs = format!("`sensitivity_lux` or `model` of camera {}", unknown.id);
            Outcome::NeedsMore { needs, each }
        }
        _ if lit.is_empty() => Outcome::Needs("a camera that sees ground".into()),
        _ => {
            let dark = lit.into_iter().filter(|(each, _)| each.found <= over);
            figure(least, over, "times", least > over, dark.map(|(_, told)| told)).of_each(each)
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
