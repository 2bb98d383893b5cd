//! Who plugs in where: sockets of the sheds, charge curves, and charging where it must not be (飞线).

use bevy::prelude::*;

use super::hazard::{self, Onset};
use crate::contract::{Cause, Class, IncidentKind, Origin, Place, Signal};
use crate::model::Scenario;
use crate::twin::devices::charger::{Charge, socket_m};
use crate::twin::frame::{Agenda, Chance, Clock, NextWake, Outbox, ParkedBike, ParkedBikes, Plan};
use crate::words::{AgentKey, DeviceIx, Dice, Draw, IncidentId, Ms};

/// Time from parking to plugging in.
const TO_THE_SOCKET: Ms = Ms(60_000);
/// Chance that a bike for which no socket is free is charged at home instead (assumed).
const AT_HOME_WHEN_FULL: f64 = 0.3;

/// All charging groups, in the order of the kit.
#[derive(Resource)]
pub struct Sheds {
    /// The groups.
    pub groups: Vec<Group>,
    to_come: Agenda<Step>,
}

/// A group of sockets.
pub struct Group {
    /// Its device.
    pub device: DeviceIx,
    /// Its sockets.
    pub sockets: Vec<Socket>,
}

/// A socket and the bike that stands at it.
pub struct Socket {
    /// Where it is, m.
    pub at_m: [f64; 2],
    /// The bike; it may be full, or from yesterday.
    pub bike: Option<Bike>,
}

/// A bike at a socket.
#[derive(Clone, Debug)]
pub struct Bike {
    /// Stable name of its rider.
    pub who: String,
    /// The charge that runs.
    pub charging: Option<Running>,
}

/// A charge that runs.
#[derive(Clone, Copy, Debug)]
pub struct Running {
    /// Its incident.
    pub incident: IncidentId,
    /// When it was plugged in.
    pub since: Ms,
    /// Its curve.
    pub charge: Charge,
}

enum Step {
    Plug(ParkedBike),
    Full { group: usize, socket: usize, incident: IncidentId },
    Away { group: usize, socket: usize, who: String },
    HomeDone { incident: IncidentId },
}

impl FromWorld for Sheds {
    fn from_world(world: &mut World) -> Sheds {
        let (plan, dice) = (world.resource::<Plan>(), **world.resource::<Chance>());
        let devices = plan.devices.iter().enumerate().filter(|(_, d)| d.class == Class::Charger);
        let mut sheds = Sheds { groups: Vec::new(), to_come: Agenda::default() };
        for (n, device) in devices {
            let charger = &plan.file.kit.charger[device.row];
            let group = sheds.groups.len();
            let mut sockets = Vec::new();
            for socket in 0..charger.sockets {
                let bike = from_yesterday(&dice, charger.id.as_str(), socket).map(|(bike, away)| {
                    let who = bike.who.clone();
                    sheds.to_come.add(
                        away,
                        AgentKey::of(&who),
                        Step::Away { group, socket: socket.into(), who },
                    );
                    bike
                });
                sockets.push(Socket { at_m: socket_m(charger, socket), bike });
            }
            sheds.groups.push(Group { device: DeviceIx(n as u32), sockets });
        }
        sheds
    }
}

/// Every second socket holds a bike that was charged yesterday evening; it is taken away in the morning.
fn from_yesterday(dice: &Dice, charger: &str, socket: u8) -> Option<(Bike, Ms)> {
    let mut draw = dice.draw(AgentKey::of(charger), "yesterday", socket.into());
    draw.chance(0.5).then(|| {
        let away = Ms::from_seconds(draw.normal_within(7.6, 0.8, 5.5, 11.0) * 3600.0);
        (Bike { who: format!("bike/{charger}/{socket}"), charging: None }, away)
    })
}

/// True when a rider takes the trouble: always when less than a third is left, seldom when it is nearly full.
fn wants_charge(draw: &mut Draw, charge: f64) -> bool {
    charge < 0.33 || draw.chance(0.9 * (1.0 - charge))
}

/// Bikes that came home are plugged in, or not; charges end; bikes are taken away.
#[allow(clippy::too_many_arguments, reason = "a system asks for what it reads and writes")]
pub(super) fn charge(
    clock: Res<Clock>,
    plan: Res<Plan>,
    dice: Res<Chance>,
    mut parked: ResMut<ParkedBikes>,
    mut sheds: ResMut<Sheds>,
    mut onsets: ResMut<hazard::Onsets>,
    mut outbox: ResMut<Outbox>,
    mut wake: ResMut<NextWake>,
) {
    for bike in parked.0.drain(..) {
        let rider = AgentKey::of(&bike.who);
        if let Some(onset) = hazard::while_parked(&dice, &plan, &bike) {
            onsets.add(rider, onset);
        }
        if wants_charge(&mut dice.draw(rider, "wants-charge", bike.at.0 as u64), bike.charge) {
            sheds.to_come.add(bike.at + TO_THE_SOCKET, rider, Step::Plug(bike));
        }
    }
    while let Some((at, who, step)) = sheds.to_come.pop_before(clock.end()) {
        match step {
            Step::Plug(bike) => {
                if let Some(onset) = sheds.plug(at, &bike, &plan, &dice, &mut outbox) {
                    onsets.add(who, onset);
                }
            }
            Step::Full { group, socket, incident } => sheds.full(at, group, socket, incident, &mut outbox),
            Step::Away { group, socket, who } => sheds.away(group, socket, &who),
            Step::HomeDone { incident } => {
                outbox.close(incident, at, "charged at home; no device knows of it")
            }
        }
    }
    wake.offer(sheds.to_come.next());
}

impl Sheds {
    fn plug(
        &mut self,
        at: Ms,
        bike: &ParkedBike,
        plan: &Scenario,
        dice: &Dice,
        outbox: &mut Outbox,
    ) -> Option<Onset> {
        let mut draw = dice.draw(AgentKey::of(&bike.who), "plug", bike.at.0 as u64);
        let charge = Charge::drawn(&mut draw, bike.charge);
        let home = draw.chance(plan.file.cast.illegal_charging);
        let when_full = draw.chance(AT_HOME_WHEN_FULL);
        let door = plan.site.entrances[plan.households[bike.household].entrance].at;
        let free = if home { None } else { self.nearest_free([door.x, door.y]) };
        let Some((group, socket)) = free else {
            if home || when_full {
                self.at_home(at, bike, [door.x, door.y], charge, outbox);
            }
            return None;
        };
        self.begin(at, group, socket, &bike.who, Origin::Plan, charge, outbox);
        hazard::while_charging(dice, plan, bike, charge).map(|after| {
            let place_m = self.groups[group].sockets[socket].at_m;
            let number = hazard::bike_number(bike);
            Onset { at: at + after, place_m, socket: Some((group, socket)), origin: Origin::Chance, number }
        })
    }

    /// Puts a bike on charge at a socket and says so. It is taken away the next morning, or some hours after it is full.
    #[allow(
        clippy::too_many_arguments,
        reason = "who, where, when, why, how much: all of them are said once"
    )]
    pub(super) fn begin(
        &mut self,
        at: Ms,
        group: usize,
        socket: usize,
        who: &str,
        origin: Origin,
        charge: Charge,
        outbox: &mut Outbox,
    ) {
        let [x, y] = self.groups[group].sockets[socket].at_m;
        let incident = outbox.open(IncidentKind::Charging, origin, at, Place::from_m(x, y, 0.0), who);
        let signal = Signal::ChargeStarted { socket: socket as u8 };
        outbox.say(at + Ms(800), self.groups[group].device, signal, Cause::Incident(incident));
        let charging = Some(Running { incident, since: at, charge });
        self.groups[group].sockets[socket].bike = Some(Bike { who: who.to_owned(), charging });
        let full = at + Ms::from_seconds(charge.lasting_s());
        let key = AgentKey::of(who);
        self.to_come.add(full, key, Step::Full { group, socket, incident });
        self.to_come.add(full + Ms(2 * 3_600_000), key, Step::Away { group, socket, who: who.to_owned() });
    }

    /// A flying lead or a battery carried upstairs: nothing measures it.
    fn at_home(&mut self, at: Ms, bike: &ParkedBike, door: [f64; 2], charge: Charge, outbox: &mut Outbox) {
        let place = Place::from_m(door[0], door[1], 0.0);
        let incident = outbox.open(IncidentKind::IllegalCharging, Origin::Plan, at, place, bike.who.clone());
        let done = at + Ms::from_seconds(charge.lasting_s());
        self.to_come.add(done, AgentKey::of(&bike.who), Step::HomeDone { incident });
    }

    /// The free socket of the group nearest to a point.
    fn nearest_free(&self, at_m: [f64; 2]) -> Option<(usize, usize)> {
        let far = |g: &Group| {
            g.sockets.first().map_or(f64::INFINITY, |s| libm::hypot(s.at_m[0] - at_m[0], s.at_m[1] - at_m[1]))
        };
        let free = |g: &Group| g.sockets.iter().position(|s| s.bike.is_none());
        self.groups
            .iter()
            .enumerate()
            .filter_map(|(n, g)| Some((far(g), n, free(g)?)))
            .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))
            .map(|(_, group, socket)| (group, socket))
    }

    fn full(&mut self, at: Ms, group: usize, socket: usize, incident: IncidentId, outbox: &mut Outbox) {
        self.stop(at, group, socket, Some(incident), "full", outbox);
    }

    /// Ends the charge at a socket, if one runs (that of `only`, when given): the meter says so.
    pub fn stop(
        &mut self,
        at: Ms,
        group: usize,
        socket: usize,
        only: Option<IncidentId>,
        reason: &str,
        outbox: &mut Outbox,
    ) {
        let device = self.groups[group].device;
        let Some(bike) = &mut self.groups[group].sockets[socket].bike else { return };
        if only.is_some_and(|id| bike.charging.is_none_or(|r| r.incident != id)) {
            return;
        }
        let Some(Running { incident, since, charge }) = bike.charging.take() else { return };
        let energy_wh = libm::round(charge.energy_wh((at - since).seconds())) as u32;
        let signal = Signal::ChargeEnded { socket: socket as u8, reason: reason.to_owned(), energy_wh };
        outbox.say(at + Ms(800), device, signal, Cause::Incident(incident));
        outbox.close(incident, at, format!("{reason}: {energy_wh} Wh"));
    }

    fn away(&mut self, group: usize, socket: usize, who: &str) {
        let bike = &mut self.groups[group].sockets[socket].bike;
        if bike.as_ref().is_some_and(|b| b.who == who && b.charging.is_none()) {
            *bike = None;
        }
    }
}
