//! From a rule's check to a figure. What needs no geometry is worked out here.

use super::data::{Applies, Check, ProvisionKey};
use super::geometry as on_site;
use super::passage::Reach;
use super::places::Asked;
use super::timed::A_RUN;
use super::{
    Basis, Layout, Outcome, barrier, beam, facade, gate, log, on_duty, passage, places, rounds, trial,
};
use crate::model::kit::{Camera, CameraTask};
use crate::model::lens::Focal;
use crate::model::site::{Ground, WallKind};

/// Whether a rule is about anything that is here.
pub(super) fn applies(to: Applies, layout: &Layout<'_>) -> bool {
    let (site, kit) = (&layout.scenario.site, &layout.scenario.file.kit);
    match to {
        Applies::All => true,
        Applies::Walled => site.rim().next().is_some(),
        Applies::Fenced => site.rim().any(|wall| wall.made_of == WallKind::Fence),
        Applies::Beams => !kit.beam.is_empty(),
        Applies::Cameras => !kit.camera.is_empty(),
        Applies::AnyCameras => !kit.camera.is_empty() || !kit.facade_camera.is_empty(),
        Applies::Garages => site.buildings.iter().any(|b| places::is_garage(b.usage)),
        Applies::Barriers => !kit.barrier.is_empty(),
        Applies::Doors => !kit.intercom.is_empty(),
        Applies::ZoomCameras => kit.camera.iter().any(|c| c.focal == Some(Focal::Zoom)),
        Applies::PassageCameras => kit.camera.iter().any(on_a_way),
        Applies::FacadeCameras => !kit.facade_camera.is_empty(),
        Applies::Gates => !site.gates.is_empty(),
        Applies::Areas => site.areas.iter().any(|a| open_to_all(a.ground)),
        Applies::Tours => !kit.guard_tour.is_empty() || !kit.checkpoint.is_empty(),
        Applies::KeySite => kit.provision.key_site,
        Applies::HighestLevel => kit.provision.protection_level == Some(1),
    }
}

/// A camera at an entrance or a passage.
fn on_a_way(camera: &Camera) -> bool {
    matches!(camera.task, CameraTask::Entrance | CameraTask::Passage)
}

/// Ground where people gather and things are left.
pub(super) fn open_to_all(ground: Ground) -> bool {
    matches!(ground, Ground::Plaza | Ground::Parking | Ground::Playground)
}

/// At most so much.
pub(super) fn at_most(
    measured: f64,
    demanded: f64,
    unit: &str,
    evidence: impl IntoIterator<Item = String>,
) -> Outcome {
    figure(measured, demanded, unit, measured <= demanded + TINY, evidence)
}

/// At least so much.
pub(super) fn at_least(
    measured: f64,
    demanded: f64,
    unit: &str,
    evidence: impl IntoIterator<Item = String>,
) -> Outcome {
    figure(measured, demanded, unit, measured >= demanded - TINY, evidence)
}

/// A figure that does not decide by itself whether the rule holds.
pub(super) fn figure(
    measured: f64,
    demanded: f64,
    unit: &str,
    holds: bool,
    evidence: impl IntoIterator<Item = String>,
) -> Outcome {
    let evidence = evidence.into_iter().collect();
    Outcome::Figure { measured, demanded, unit: unit.to_owned(), holds, evidence, each: Vec::new() }
}

/// Rounding of what was typed in centimetres or seconds.
pub(super) const TINY: f64 = 1e-9;

pub(super) fn check(check: &Check, layout: &Layout<'_>) -> Outcome {
    match check {
        Check::PerimeterContinuous {} => on_site::perimeter_continuous(layout),
        Check::ZoneLength { most_m, within_range } => beam::zone_length(layout, *most_m, *within_range),
        Check::BeamMargin { most_share } => beam::margin(layout, *most_share),
        Check::BeamRays { least } => beam::rays(layout, *least),
        Check::ZoneSeen { least_share } => beam::zone_seen(layout, *least_share),
        Check::BeamOnTop { most_above_m } => beam::on_top(layout, *most_above_m),
        Check::BeamAtEdge { most_outside_m, most_inside_m } => {
            beam::at_edge(layout, *most_outside_m, *most_inside_m)
        }
        Check::BarrierHeight { least_m } => barrier::height(layout, *least_m),
        Check::BarGap { most_m } => barrier::bar_gap(layout, *most_m),
        Check::BarrierClosed {} => barrier::closed(layout),
        Check::RailHeight { least_m } => barrier::rail_height(layout, *least_m),
        Check::DoorStrength {} => barrier::door_strength(layout),
        Check::GateCameras { near_m } => gate::cameras(layout, *near_m),
        Check::GateDensity { least_px_per_m } => gate::density(layout, *least_px_per_m),
        Check::FaceWidth { least_px, face_m } => gate::face_width(layout, *least_px, *face_m),
        Check::EntrancesSeen { least_share } => places::entrances_seen(layout, *least_share),
        Check::GaragesSeen { least_share } => places::garages_seen(layout, *least_share),
        Check::Megapixels { least } => megapixels(layout, *least),
        Check::AreasSeen { least_share } => on_site::areas_seen(layout, *least_share),
        Check::PlacesSeen { by_night, least_share, outside_m, above_wall_m } => {
            let asked = Asked { by_night: *by_night, outside_m: *outside_m, above_wall_m: *above_wall_m };
            places::seen(layout, asked, *least_share)
        }
        Check::HighPoint { from_m2, from_households, least_height_m } => {
            places::high_point(layout, (*from_m2, *from_households), *least_height_m)
        }
        Check::AimDown { most_deg, within_m, beside_m } => {
            passage::aim_down(layout, *most_deg, Reach { within_m: *within_m, beside_m: *beside_m })
        }
        Check::AimAside { most_deg, within_m, beside_m } => {
            passage::aim_aside(layout, *most_deg, Reach { within_m: *within_m, beside_m: *beside_m })
        }
        Check::Lit { least_lx, own_m } => on_site::lit(layout, *least_lx, *own_m),
        Check::FixedFocal {} => fixed_focal(layout),
        Check::SceneLight { over } => on_site::scene_light(layout, *over),
        Check::PrivateFacade { from_px_per_m, most_m2 } => {
            on_site::private_facade(layout, *from_px_per_m, *most_m2)
        }
        Check::FacadeElevation { from_deg, to_deg } => facade::elevation(layout, [*from_deg, *to_deg]),
        Check::FacadeStandoff { from_m, to_m } => facade::standoff(layout, [*from_m, *to_m]),
        Check::FacadeFaces { least } => facade::faces(layout, *least),
        Check::FacadeWindows { least_share, from_storey } => {
            facade::windows_in_view(layout, *least_share, *from_storey)
        }
        Check::PointsOnTours {} => rounds::points_on_tours(layout),
        Check::PatrolGap { most_h, of } => rounds::planned_gap(layout, most_h.of(level(layout)), *of),
        Check::LogGap { most_h, of } => log::gap(layout, most_h.of(level(layout)), *of),
        Check::OnDuty { least } => on_duty::fewest(layout, *least),
        Check::LogPoints {} => log::points(layout),
        Check::LogPersons { least, within_min } => log::persons(layout, *least, *within_min),
        Check::LogDaily {} => log::daily(layout),
        Check::Trial { least_d } => trial::days(layout, *least_d),
        Check::Provision { key, least, unit } => provision(layout, *key, *least, unit),
        Check::Network { times, channels } => network(layout, *times, *channels),
        Check::Needs(what) => Outcome::Needs(what.clone()),
        Check::AnswersWithin { .. }
        | Check::NoneMissed { .. }
        | Check::ClockWithin { .. }
        | Check::PictureWithin { .. }
        | Check::DoorsReleased { .. }
        | Check::ArmsRaised { .. }
        | Check::HeardAtCentre { .. }
        | Check::BlockedArmRaised { .. }
        | Check::LeaveBeforePass {}
        | Check::LineLossReported { .. } => Outcome::Needs(A_RUN.into()),
    }
}

/// The compound's level of protection, where it says one.
fn level(layout: &Layout<'_>) -> Option<u8> {
    layout.scenario.file.kit.provision.protection_level
}

/// What the figure of a check rests on.
pub(super) fn basis(check: &Check, layout: &Layout<'_>) -> Basis {
    let logged = layout.measured.and_then(|m| m.patrols.as_ref()).map(log::PatrolLog::basis);
    match check {
        Check::Provision { .. } | Check::Network { .. } => Basis::Assumed,
        Check::LogGap { .. } | Check::LogPoints {} | Check::LogPersons { .. } | Check::LogDaily {} => {
            logged.unwrap_or(Basis::Imported)
        }
        Check::Trial { .. } => trial::basis(layout),
        _ => Basis::Computed,
    }
}

fn megapixels(layout: &Layout<'_>, least: f64) -> Outcome {
    let size = |pixels: [u32; 2]| f64::from(pixels[0]) * f64::from(pixels[1]) / 1e6;
    let kit = &layout.scenario.file.kit;
    let up = kit.facade_camera.iter().map(|c| (&c.id, size(c.pixels)));
    let all: Vec<_> = kit.camera.iter().map(|c| (&c.id, size(c.pixels))).chain(up).collect();
    let smallest = all.iter().map(|(_, size)| *size).fold(f64::INFINITY, f64::min);
    let small = all.iter().filter(|(_, size)| *size < least).map(|(id, _)| id.to_string());
    at_least(smallest, least, "MP", small)
}

/// Cameras at entrances and passages whose lens zooms.
fn fixed_focal(layout: &Layout<'_>) -> Outcome {
    let cameras = || layout.scenario.file.kit.camera.iter().filter(|c| on_a_way(c));
    let zooms: Vec<String> =
        cameras().filter(|c| c.focal == Some(Focal::Zoom)).map(|c| c.id.to_string()).collect();
    match cameras().find(|c| c.focal.is_none()) {
        Some(unknown) if zooms.is_empty() => {
            Outcome::Needs(format!("`focal` or `model` of camera {}", unknown.id))
        }
        _ => at_most(zooms.len() as f64, 0.0, "cameras that zoom", zooms),
    }
}

fn provision(layout: &Layout<'_>, key: ProvisionKey, least: f64, unit: &str) -> Outcome {
    let given = &layout.scenario.file.kit.provision;
    let (value, name) = match key {
        ProvisionKey::AlarmBackupH => (given.alarm_backup_h, "alarm_backup_h"),
        ProvisionKey::AccessBackupH => (given.access_backup_h, "access_backup_h"),
        ProvisionKey::VideoDays => (given.video_days, "video_days"),
        ProvisionKey::AlarmLogDays => (given.alarm_log_days, "alarm_log_days"),
        ProvisionKey::AccessLogDays => (given.access_log_days, "access_log_days"),
    };
    match value {
        Some(value) => at_least(value, least, unit, []),
        None => Outcome::Needs(format!("`{name}` in [kit.provision]")),
    }
}

/// The text asks for more than the sum, not as much.
fn more_than(carries: f64, sum: f64) -> Outcome {
    figure(carries, sum, "Mbit/s", carries > sum + TINY, [])
}

fn network(layout: &Layout<'_>, times: f64, channels: f64) -> Outcome {
    let kit = &layout.scenario.file.kit;
    let given = &kit.provision;
    let (Some(rate), Some(carries)) = (given.camera_mbit_s, given.network_mbit_s) else {
        return Outcome::Needs("`camera_mbit_s` and `network_mbit_s` in [kit.provision]".into());
    };
    let count = (kit.camera.len() + kit.facade_camera.len()) as f64;
    if count <= channels {
        return more_than(carries, count * rate * times);
    }
    match given.cameras_at_once {
        Some(at_once) => more_than(carries, (count + at_once) * rate),
        None => Outcome::Needs("`cameras_at_once` in [kit.provision]".into()),
    }
}
