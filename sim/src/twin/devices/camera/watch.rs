//! The systems of the cameras. Only movers cost: a body is looked at anew when it comes to another cell.

use std::collections::BTreeMap;

use bevy::prelude::*;

use super::light::Daylight;
use super::line::{self, Piece};
use super::notice::{Hardship, LEAVE, noticed_at, pair};
use crate::contract::{Cause, Class, Signal, TargetKind};
use crate::model::kit::CameraTask;
use crate::twin::frame::{Body, Chance, Clock, Errand, NextWake, Outbox, Plan, Role, Sight};
use crate::words::{AgentKey, DeviceIx, Ms, TrackId};

/// All cameras, in the order of the kit, and what each has in view.
#[derive(Resource)]
pub(in crate::twin::devices) struct Cameras {
    rows: Vec<Row>,
    light: Daylight,
    walls: Vec<Piece>,
    watched: BTreeMap<TrackId, Watched>,
}

struct Row {
    device: DeviceIx,
    key: AgentKey,
    perimeter: bool,
}

/// A body as the cameras know it.
struct Watched {
    /// Where it was looked for last, and whether by day.
    cell: Option<usize>,
    by_day: bool,
    /// End of the last tick in which the body was there.
    last: Ms,
    kind: TargetKind,
    looks: Vec<Look>,
    /// Something is still to be said although the body stays in its cell.
    pending: bool,
}

/// What one camera knows of one body.
#[derive(Clone, Copy)]
struct Look {
    camera: u32,
    px_per_m: f32,
    /// When it will be reported, should it stay in view.
    due: Ms,
    reported: Option<Cause>,
    /// Since when it has been out of view.
    gone: Option<Ms>,
}

impl FromWorld for Cameras {
    fn from_world(world: &mut World) -> Cameras {
        let plan = world.resource::<Plan>();
        let cameras = &plan.file.kit.camera;
        let row = |(n, device): (usize, &crate::model::scenario::Device)| Row {
            device: DeviceIx(n as u32),
            key: AgentKey::of(device.id.as_str()),
            perimeter: cameras[device.row].task == CameraTask::Perimeter,
        };
        let devices = plan.devices.iter().enumerate().filter(|(_, d)| d.class == Class::Camera);
        Cameras {
            rows: devices.map(row).collect(),
            light: Daylight::of(plan),
            walls: line::pieces(&plan.site),
            watched: BTreeMap::new(),
        }
    }
}

fn kind(role: Role) -> TargetKind {
    match role {
        Role::Vehicle => TargetKind::Vehicle,
        Role::Bike => TargetKind::Bike,
        Role::Object => TargetKind::Object,
        _ => TargetKind::Person,
    }
}

#[allow(clippy::too_many_arguments, reason = "a system asks for what it reads and writes")]
pub(in crate::twin::devices) fn watch(
    clock: Res<Clock>,
    plan: Res<Plan>,
    dice: Res<Chance>,
    sight: Res<Sight>,
    mut cameras: ResMut<Cameras>,
    mut outbox: ResMut<Outbox>,
    mut wake: ResMut<NextWake>,
    bodies: Query<(&Body, &Errand)>,
) {
    let cameras = &mut *cameras;
    let end = clock.end();
    // Who stands in view when night falls may be seen no more.
    wake.offer((!bodies.is_empty()).then(|| cameras.light.turns_after(clock.now)));
    for (body, errand) in &bodies {
        let watched = cameras.watched.entry(body.track).or_insert_with(|| Watched {
            cell: None,
            by_day: false,
            last: end,
            kind: kind(body.role),
            looks: Vec::new(),
            pending: false,
        });
        watched.last = end;
        let seen_in = (sight.raster().cell_at(body.to), cameras.light.is_day(clock.now));
        if seen_in != (watched.cell, watched.by_day) {
            (watched.cell, watched.by_day) = seen_in;
            look_anew(watched, body, *clock, &plan, &sight, (cameras.light, &cameras.rows, **dice));
        }
        if watched.pending {
            tell(watched, body.track, end, Cause::Incident(errand.0), &cameras.rows, &mut outbox);
        }
    }
    cameras.watched.retain(|track, watched| {
        let there = watched.last == end;
        if !there {
            forget(watched, *track, &cameras.rows, &mut outbox);
        }
        there
    });
}

/// The body came to another cell, or night fell on it: which cameras have it in view now?
fn look_anew(
    watched: &mut Watched,
    body: &Body,
    clock: Clock,
    plan: &Plan,
    sight: &Sight,
    (light, rows, dice): (Daylight, &[Row], crate::words::Dice),
) {
    let (now, night) = (clock.now, !light.is_day(clock.now));
    for look in &mut watched.looks {
        look.gone = look.gone.or(Some(now));
    }
    for seen in sight.cameras_at(body.to) {
        if !light.shows(now, seen) {
            continue;
        }
        if let Some(look) = watched.looks.iter_mut().find(|l| l.camera == seen.camera) {
            let hidden_since = look.gone.take();
            if look.reported.is_none() {
                // The analytics need their time in view: what was hidden does not count.
                look.due += now - hidden_since.unwrap_or(now);
            }
            look.px_per_m = look.px_per_m.max(seen.px_per_m);
            continue;
        }
        let hardship =
            Hardship { px_per_m: f64::from(seen.px_per_m), night, rain_mm_h: plan.file.day.rain_mm_h };
        let due = noticed_at(&dice, rows[seen.camera as usize].key, body.key, now, hardship);
        let (camera, px_per_m) = (seen.camera, seen.px_per_m);
        watched.looks.push(Look { camera, px_per_m, due, reported: None, gone: None });
    }
    watched.looks.sort_by_key(|l| l.camera);
    watched.pending = true;
}

/// Says what has become due about a body, and lets go of cameras that lost it.
fn tell(watched: &mut Watched, track: TrackId, end: Ms, cause: Cause, rows: &[Row], outbox: &mut Outbox) {
    let (target, track) = (watched.kind, track.0);
    watched.looks.retain_mut(|look| {
        let device = rows[look.camera as usize].device;
        if look.reported.is_none() && look.gone.is_none() && look.due < end {
            let px_per_m = libm::floorf(look.px_per_m) as u32;
            outbox.say(look.due, device, Signal::TargetEntered { target, track, px_per_m }, cause);
            look.reported = Some(cause);
        }
        match (look.gone, look.reported) {
            (Some(gone), None) => gone + LEAVE > end,
            (Some(gone), Some(cause)) if gone + LEAVE <= end => {
                outbox.say(gone + LEAVE, device, Signal::TargetLeft { target, track }, cause);
                false
            }
            _ => true,
        }
    });
    watched.pending = watched.looks.iter().any(|l| l.reported.is_none() || l.gone.is_some());
}

/// The body went indoors or away: every camera that had reported it loses it.
fn forget(watched: &Watched, track: TrackId, rows: &[Row], outbox: &mut Outbox) {
    for look in &watched.looks {
        if let Some(cause) = look.reported {
            let due = look.gone.unwrap_or(watched.last) + LEAVE;
            let signal = Signal::TargetLeft { target: watched.kind, track: track.0 };
            outbox.say(due, rows[look.camera as usize].device, signal, cause);
        }
    }
}

/// Perimeter cameras raise an alarm when somebody who climbs crosses a wall in their view.
pub(in crate::twin::devices) fn guard_lines(
    clock: Res<Clock>,
    plan: Res<Plan>,
    dice: Res<Chance>,
    sight: Res<Sight>,
    cameras: Res<Cameras>,
    mut outbox: ResMut<Outbox>,
    bodies: Query<(&Body, &Errand)>,
) {
    for (body, errand) in &bodies {
        if body.feet_m[0].max(body.feet_m[1]) < 0.3 || body.role == Role::Object {
            continue;
        }
        let Some(k) = cameras.walls.iter().find_map(|w| line::crossed(*w, [body.from, body.to])) else {
            continue;
        };
        let at = clock.now + Ms::from_seconds(k * Ms::TICK.seconds());
        let mut rows: Vec<(u32, f32)> = Vec::new();
        for spot in [body.from, body.to] {
            for seen in sight.cameras_at(spot) {
                if cameras.light.shows(at, seen) {
                    rows.push((seen.camera, seen.px_per_m));
                }
            }
        }
        rows.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
        rows.dedup_by_key(|r| r.0);
        for (camera, px_per_m) in rows {
            let row = &cameras.rows[camera as usize];
            let night = !cameras.light.is_day(at);
            let hardship =
                Hardship { px_per_m: f64::from(px_per_m), night, rain_mm_h: plan.file.day.rain_mm_h };
            let mut draw = dice.draw(pair(row.key, body.key), "line", at.0 as u64);
            if row.perimeter && !draw.chance(hardship.miss()) {
                let due = at + Ms::from_seconds(draw.between(0.15, 0.4));
                let signal = Signal::LineCrossed { target: kind(body.role), track: body.track.0 };
                outbox.say(due, row.device, signal, Cause::Incident(errand.0));
            }
        }
    }
}
