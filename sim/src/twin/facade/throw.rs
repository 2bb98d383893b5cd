//! Thrown objects: who throws what from where, who stands below, which camera sees it fall.

use bevy::prelude::*;

use crate::analysis::facade::fall::{Fall, Missile};
use crate::analysis::facade::frames::{Filmed, seen};
use crate::analysis::facade::window::{self, Column};
use crate::analysis::light::Light;
use crate::contract::{Cause, Class, IncidentKind, Origin, Place};
use crate::model::Scenario;
use crate::model::cast::Event;
use crate::twin::devices::camera::light::Daylight;
use crate::twin::devices::facade_camera::traced;
use crate::twin::frame::{Agenda, Body, Chance, Clock, NextWake, Outbox, Plan, Rays, Role, TrackLog};
use crate::words::{AgentKey, DeviceIx, Dice, Draw, IncidentId, Ms};

/// Somebody within this distance of the landing point is in danger, m.
pub const NEAR_M: f64 = 2.0;

const WHO: AgentKey = AgentKey::of("facade");

/// What is to be thrown, and what is in the air.
#[derive(Resource)]
pub(super) struct Throws {
    to_come: Agenda<Throw>,
    in_the_air: Agenda<Airborne>,
    light: Daylight,
}

struct Throw {
    number: u64,
    origin: Origin,
    building: usize,
    storey: u32,
    mass_kg: f64,
    actor: String,
}

struct Airborne {
    incident: IncidentId,
    place_m: [f64; 3],
    speed_m_s: f64,
    seen_by: Vec<String>,
}

impl FromWorld for Throws {
    fn from_world(world: &mut World) -> Throws {
        let (plan, dice) = (world.resource::<Plan>(), **world.resource::<Chance>());
        let mut to_come = Agenda::default();
        for (at, throw) in scripted(plan).into_iter().chain(by_chance(plan, &dice)) {
            to_come.add(at, WHO, throw);
        }
        Throws { to_come, in_the_air: Agenda::default(), light: Daylight::of(plan) }
    }
}

fn scripted(plan: &Scenario) -> Vec<(Ms, Throw)> {
    let mut all = Vec::new();
    for entry in &plan.file.script {
        let Event::ThrownObject { building, storey, mass_kg } = &entry.event else { continue };
        let Some(row) = plan.site.buildings.iter().position(|b| b.id == *building) else { continue };
        let flat = plan.households.iter().find(|h| h.building == row && h.storey == *storey);
        let actor = flat.map_or_else(|| format!("somebody/{building}"), |h| format!("resident/{}", h.flat));
        // Called after its instant and window, so that another entry of the script changes nothing here.
        let number = AgentKey::of(&format!("{}/{building}/{storey}", entry.at)).0;
        let origin = Origin::Script;
        all.push((
            entry.at.0,
            Throw { number, origin, building: row, storey: *storey, mass_kg: *mass_kg, actor },
        ));
    }
    all
}

/// Throws of the day, between seven in the morning and eleven at night, from flats above the second storey.
fn by_chance(plan: &Scenario, dice: &Dice) -> Vec<(Ms, Throw)> {
    let high: Vec<_> = plan.households.iter().filter(|h| h.storey >= 3).collect();
    let count = dice.draw(WHO, "throws", 0).poisson(plan.file.cast.thrown_per_day);
    let throw = |n: u64| {
        let mut draw = dice.draw(WHO, "throw", n);
        let at = Ms::from_seconds(draw.between(7.0, 23.0) * 3600.0);
        let mass_kg = draw.log_normal(0.3, 0.9).clamp(0.03, 5.0);
        let flat = draw.pick(&high)?;
        let (building, storey, actor) = (flat.building, flat.storey, format!("resident/{}", flat.flat));
        Some((at, Throw { number: n, origin: Origin::Chance, building, storey, mass_kg, actor }))
    };
    let lasting = plan.file.day.lasting.0;
    (1..=u64::from(count)).filter_map(throw).filter(|(at, _)| *at < lasting).collect()
}

/// Objects whose time has come leave their windows.
pub(super) fn throw(
    clock: Res<Clock>,
    plan: Res<Plan>,
    dice: Res<Chance>,
    rays: Res<Rays>,
    mut throws: ResMut<Throws>,
    mut outbox: ResMut<Outbox>,
    mut tracks: ResMut<TrackLog>,
) {
    while let Some((at, _, throw)) = throws.to_come.pop_before(clock.end()) {
        let mut draw = dice.draw(WHO, "flight", throw.number);
        let building = &plan.site.buildings[throw.building];
        let columns = window::columns(building);
        let Some(column) = draw.pick(&columns).copied() else { continue };
        let missile = Missile::lump(throw.mass_kg);
        let fall = flight(&mut draw, missile, &column, window::sill_m(building, throw.storey));
        let [x, y, z] = fall.at(0.0).place_m;
        let incident = outbox.open(
            IncidentKind::ThrownObject,
            throw.origin,
            at,
            Place::from_m(x, y, z),
            throw.actor.clone(),
        );
        log_track(&mut tracks, incident, at, &fall);
        let seen_by = watch(
            &plan,
            &dice,
            &rays,
            &mut outbox,
            Thrown { at, incident, missile, fall: &fall, throw: &throw, light: throws.light.at(at) },
        );
        let end = fall.landing();
        let lands = at + Ms::from_seconds(end.at_s);
        let (place_m, speed_m_s) = (end.place_m, end.speed_m_s());
        throws.in_the_air.add(lands, WHO, Airborne { incident, place_m, speed_m_s, seen_by });
    }
}

/// Pushed off the sill or thrown: one to five metres a second outward and a little aside.
fn flight(draw: &mut Draw, missile: Missile, column: &Column, sill_m: f64) -> Fall {
    let speed = draw.normal_within(2.0, 1.2, 0.3, 5.0);
    let aside = draw.normal_within(0.0, 0.3, -0.8, 0.8);
    let rising = draw.between(-0.5, 1.5);
    let [ox, oy] = column.outward;
    let from = [column.foot_m[0] + 0.4 * ox, column.foot_m[1] + 0.4 * oy, sill_m];
    Fall::of(missile, from, [speed * (ox - aside * oy), speed * (oy + aside * ox), rising])
}

/// A corner every tenth of a second, as the window draws it.
fn log_track(tracks: &mut TrackLog, incident: IncidentId, at: Ms, fall: &Fall) {
    let track = tracks.begin(format!("object/{}", incident.0), Role::Object);
    let end = Ms::from_seconds(fall.landing().at_s);
    let mut since = Ms(0);
    while since < end {
        let [x, y, z] = fall.at(since.seconds()).place_m;
        tracks.corner(track, at + since, [x, y], z);
        since += Ms(100);
    }
    let [x, y, _] = fall.landing().place_m;
    tracks.corner(track, at + end, [x, y], 0.0);
}

struct Thrown<'a> {
    at: Ms,
    incident: IncidentId,
    missile: Missile,
    fall: &'a Fall,
    throw: &'a Throw,
    light: Light,
}

/// Every facade camera of that building looks, by day or by the light of the night; those with enough frames say so 0.3 to 0.9 s after the last one.
fn watch(plan: &Scenario, dice: &Dice, rays: &Rays, outbox: &mut Outbox, thrown: Thrown) -> Vec<String> {
    let building = &plan.site.buildings[thrown.throw.building];
    let columns = window::columns(building);
    let mut seen_by = Vec::new();
    for (n, device) in plan.devices.iter().enumerate().filter(|(_, d)| d.class == Class::FacadeCamera) {
        let camera = &plan.file.kit.facade_camera[device.row];
        if camera.building != building.id {
            continue;
        }
        let mut draw = dice.draw(AgentKey::of(camera.id.as_str()), "trace", thrown.throw.number);
        let phase_s = draw.unit() / camera.frames_per_s.max(1.0);
        let frames = seen(camera, rays, thrown.missile, thrown.fall, Filmed { phase_s, light: thrown.light });
        if let Some(report) = traced(building, &columns, &frames, &mut draw) {
            let due = thrown.at + Ms::from_seconds(report.last_s + draw.between(0.3, 0.9));
            outbox.say(due, DeviceIx(n as u32), report.signal, Cause::Incident(thrown.incident));
            seen_by.push(format!("{} on {} frames", camera.id, frames.len()));
        }
    }
    seen_by
}

/// Objects that reach the ground: who stood below?
pub(super) fn land(
    clock: Res<Clock>,
    mut throws: ResMut<Throws>,
    mut outbox: ResMut<Outbox>,
    mut wake: ResMut<NextWake>,
    tracks: Res<TrackLog>,
    bodies: Query<&Body>,
) {
    while let Some((at, _, fallen)) = throws.in_the_air.pop_before(clock.end()) {
        let k = (at - clock.now).seconds() / Ms::TICK.seconds();
        let far = |b: &Body| {
            let [x, y] = [0, 1].map(|i| b.from[i] + k * (b.to[i] - b.from[i]) - fallen.place_m[i]);
            libm::hypot(x, y)
        };
        let nearest = bodies
            .iter()
            .filter(|b| !matches!(b.role, Role::Vehicle | Role::Object))
            .map(|b| (far(b), b.track))
            .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let below = match nearest.filter(|(distance, _)| *distance <= NEAR_M) {
            None => "nobody within 2 m".to_owned(),
            Some((distance, track)) => format!("{distance:.1} m from {}", tracks.tracks[track.index()].who),
        };
        let seen = match fallen.seen_by.as_slice() {
            [] => "no camera traced it".to_owned(),
            cameras => format!("traced by {}", cameras.join(", ")),
        };
        let [x, y, _] = fallen.place_m;
        let speed = fallen.speed_m_s;
        outbox.close(
            fallen.incident,
            at,
            format!("landed at ({x:.1}, {y:.1}) m with {speed:.1} m/s, {below}; {seen}"),
        );
    }
    wake.offer(throws.to_come.next());
    wake.offer(throws.in_the_air.next());
}
