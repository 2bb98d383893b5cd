//! Fires from their first fault until the last detector has cleared.

use bevy::prelude::*;

use super::blaze::{Blaze, Fuel};
use super::charging::Sheds;
use super::curve::Curve;
use super::detectors::{self, Sensor};
use super::hazard::{Onset, Onsets};
use super::response::Answers;
use crate::contract::{Cause, IncidentKind, Origin, Place, Signal};
use crate::model::Scenario;
use crate::twin::devices::charger::Charge;
use crate::twin::frame::{Call, Calls, Chance, Clock, NextWake, Outbox, Plan};
use crate::words::{AgentKey, DeviceIx, Dice, IncidentId, Ms};

/// Bikes within this distance of the first one belong to the same fire, m.
const FUEL_M: f64 = 12.0;
/// Temperature of a socket that alarms, °C.
const HOT_C: f64 = 70.0;
/// Heat that people see and call about, kW.
const SEEN_KW: f64 = 150.0;
/// Length of a step.
const STEP: Ms = Ms(1000);

/// Fires that are burning or about to.
#[derive(Resource, Default)]
pub struct Fires(Vec<Fire>);

struct Fire {
    incident: IncidentId,
    place_m: [f64; 2],
    began: Ms,
    /// When the next second begins; the first when the battery vents.
    next: Ms,
    blaze: Blaze,
    sensors: Vec<Sensor>,
    /// Sockets that have said that they are hot.
    hot: Vec<(usize, usize)>,
    /// When somebody who sees the flames calls; drawn when they can be seen.
    called: Option<Ms>,
    peak_kw: f64,
    detected: Option<Ms>,
    out: bool,
    number: u64,
}

impl Fires {
    /// The burning bikes of a fire, while it lasts.
    pub fn blaze_of(&mut self, incident: IncidentId) -> Option<&mut Blaze> {
        self.0.iter_mut().find(|f| f.incident == incident).map(|f| &mut f.blaze)
    }
}

/// Batteries begin to fail: the meter may see it, a little later they vent.
#[allow(clippy::too_many_arguments, reason = "a system asks for what it reads and writes")]
pub(super) fn ignite(
    clock: Res<Clock>,
    plan: Res<Plan>,
    dice: Res<Chance>,
    mut onsets: ResMut<Onsets>,
    mut sheds: ResMut<Sheds>,
    mut fires: ResMut<Fires>,
    mut outbox: ResMut<Outbox>,
    mut wake: ResMut<NextWake>,
) {
    while let Some(onset) = onsets.pop_before(clock.end()) {
        if let Some(fire) = begin(&onset, &plan, &dice, &mut sheds, &mut outbox) {
            fires.0.push(fire);
        }
    }
    wake.offer(onsets.next());
}

fn begin(
    onset: &Onset,
    plan: &Scenario,
    dice: &Dice,
    sheds: &mut Sheds,
    outbox: &mut Outbox,
) -> Option<Fire> {
    let mut draw = dice.draw(AgentKey(onset.number), "fault", 0);
    let who = match onset.socket {
        None => "bike/parked".to_owned(),
        Some((group, socket)) => bike_at(onset, group, socket, sheds, Charge::drawn(&mut draw, 0.4), outbox)?,
    };
    let place = Place::from_m(onset.place_m[0], onset.place_m[1], 0.5);
    let incident = outbox.open(IncidentKind::Fire, onset.origin, onset.at, place, who.clone());
    // From the first fault to venting: a minute or two; nothing when the bike is only parked.
    let fault_s = draw.log_normal(90.0, 0.6).clamp(20.0, 600.0);
    let noticed = draw.chance(0.7);
    let poll_s = draw.between(1.0, 10.0);
    let mut vents = onset.at;
    if let Some((group, socket)) = onset.socket {
        vents += Ms::from_seconds(fault_s);
        if noticed {
            let signal = Signal::CurrentAbnormal { socket: socket as u8 };
            let due = onset.at + Ms::from_seconds(poll_s);
            outbox.say(due, sheds.groups[group].device, signal, Cause::Incident(incident));
        }
    }
    let ambient_c = plan.file.day.temperature_c;
    let mut fuel = vec![Fuel::cold(who, onset.place_m, onset.socket, ambient_c)];
    fuel[0].ignite(0.0, Curve::drawn(&mut dice.draw(AgentKey(onset.number), "first-curve", 0)));
    fuel.extend(neighbours(onset, sheds, ambient_c));
    Some(Fire {
        incident,
        place_m: onset.place_m,
        began: onset.at,
        next: vents,
        blaze: Blaze::new(fuel, ambient_c, onset.number),
        sensors: detectors::near(plan, onset.place_m),
        hot: Vec::new(),
        called: None,
        peak_kw: 0.0,
        detected: None,
        out: false,
        number: onset.number,
    })
}

/// The bike at the socket. Chance asks for one that charges; the script puts one there.
fn bike_at(
    onset: &Onset,
    group: usize,
    socket: usize,
    sheds: &mut Sheds,
    charge: Charge,
    outbox: &mut Outbox,
) -> Option<String> {
    let bike = sheds.groups.get(group)?.sockets.get(socket)?.bike.clone();
    match bike {
        Some(bike) if bike.charging.is_some() => Some(bike.who),
        _ if onset.origin == Origin::Chance => None,
        _ => {
            let who = bike.map_or_else(|| format!("bike/visiting/{group}/{socket}"), |b| b.who);
            sheds.begin(onset.at, group, socket, &who, Origin::Script, charge, outbox);
            Some(who)
        }
    }
}

fn neighbours(onset: &Onset, sheds: &Sheds, ambient_c: f64) -> Vec<Fuel> {
    let mut fuel = Vec::new();
    for (group, row) in sheds.groups.iter().enumerate() {
        for (n, socket) in row.sockets.iter().enumerate() {
            let [x, y] = [0, 1].map(|i| socket.at_m[i] - onset.place_m[i]);
            let Some(bike) = &socket.bike else { continue };
            if onset.socket != Some((group, n)) && libm::hypot(x, y) <= FUEL_M {
                fuel.push(Fuel::cold(bike.who.clone(), socket.at_m, Some((group, n)), ambient_c));
            }
        }
    }
    fuel
}

/// What a second of fire says, to whom.
struct Told<'a> {
    sheds: &'a mut Sheds,
    answers: &'a mut Answers,
    calls: &'a mut Calls,
    outbox: &'a mut Outbox,
}

/// Fires burn second by second.
#[allow(clippy::too_many_arguments, reason = "a system asks for what it reads and writes")]
pub(super) fn burn(
    clock: Res<Clock>,
    dice: Res<Chance>,
    plan: Res<Plan>,
    mut fires: ResMut<Fires>,
    mut sheds: ResMut<Sheds>,
    mut answers: ResMut<Answers>,
    mut calls: ResMut<Calls>,
    mut outbox: ResMut<Outbox>,
    mut wake: ResMut<NextWake>,
) {
    let mut told = Told { sheds: &mut sheds, answers: &mut answers, calls: &mut calls, outbox: &mut outbox };
    fires.0.retain_mut(|fire| {
        while fire.next < clock.end() {
            if !second(fire, &plan, &dice, &mut told) {
                return false;
            }
        }
        wake.offer(Some(fire.next));
        true
    });
}

/// One second of a fire; false when it is all over.
fn second(fire: &mut Fire, plan: &Scenario, dice: &Dice, told: &mut Told) -> bool {
    let cause = Cause::Incident(fire.incident);
    fire.blaze.step(dice);
    fire.next += STEP;
    let (at, total) = (fire.next, fire.blaze.total_kw());
    fire.peak_kw = fire.peak_kw.max(total);
    for sensor in &mut fire.sensors {
        if let Some(signal) = sensor.step(&fire.blaze) {
            let alarm = sensor.alarmed();
            told.outbox.say(at, sensor.device, signal, cause);
            if alarm {
                let by = plan.devices[sensor.device.index()].id.to_string();
                fire.detected.get_or_insert(at);
                told.answers.begin(at, fire.place_m, Some(fire.incident), &by, told.outbox);
            }
        }
    }
    sockets(fire, at, plan, told);
    seen_by_people(fire, at, total, dice, told);
    if !fire.out && fire.blaze.out() {
        fire.out = true;
        put_out(fire, at, told);
    }
    !(fire.out && fire.sensors.iter().all(|s| !s.alarmed()))
}

/// Charges of burning bikes stop; hot sockets say so.
fn sockets(fire: &mut Fire, at: Ms, plan: &Scenario, told: &mut Told) {
    let now = fire.blaze.now_s();
    for n in 0..fire.blaze.fuel.len() {
        let fuel = &fire.blaze.fuel[n];
        let (Some((group, socket)), alight, hot) = (fuel.socket, fuel.alight(now), fuel.socket_c >= HOT_C)
        else {
            continue;
        };
        if alight {
            told.sheds.stop(at, group, socket, None, "fault", told.outbox);
        }
        if hot && !fire.hot.contains(&(group, socket)) {
            fire.hot.push((group, socket));
            let device: DeviceIx = told.sheds.groups[group].device;
            let signal = Signal::SocketHot { socket: socket as u8 };
            told.outbox.say(at, device, signal, Cause::Incident(fire.incident));
            fire.detected.get_or_insert(at);
            let by = plan.devices[device.index()].id.to_string();
            told.answers.begin(at, fire.place_m, Some(fire.incident), &by, told.outbox);
        }
    }
}

/// Flames are seen sooner or later by somebody who calls: a minute or two by day (assumed).
fn seen_by_people(fire: &mut Fire, at: Ms, total_kw: f64, dice: &Dice, told: &mut Told) {
    if total_kw < SEEN_KW {
        return;
    }
    let mut draw = dice.draw(AgentKey(fire.number), "seen", 0);
    let calls = *fire.called.get_or_insert_with(|| at + Ms::from_seconds(draw.log_normal(120.0, 0.6)));
    if calls < at && calls + STEP >= at {
        let why =
            told.answers.begin(at, fire.place_m, Some(fire.incident), "people who saw flames", told.outbox);
        told.calls.0.push(Call { at, place_m: fire.place_m, why });
    }
}

fn put_out(fire: &Fire, at: Ms, told: &mut Told) {
    let burned = fire.blaze.burned();
    let detected = fire.detected.map_or_else(
        || "no device noticed it".to_owned(),
        |d| format!("first alarm after {:.0} s", (d - fire.began).seconds()),
    );
    let how = if fire.blaze.water_since.is_some() { "put out with water" } else { "burned out" };
    let outcome = format!("{burned} bikes burned, peak {:.0} kW, {how}; {detected}", fire.peak_kw);
    told.outbox.close(fire.incident, at, outcome);
    told.answers.fire_out(fire.incident, at);
    for fuel in fire.blaze.fuel.iter().filter(|f| f.alight(fire.blaze.now_s())) {
        if let Some((group, socket)) = fuel.socket {
            told.sheds.groups[group].sockets[socket].bike = None;
        }
    }
}
