//! The duty room (值班室): alarms arrive, wait for an operator, are acknowledged, sent to a guard, and closed.

use std::collections::BTreeMap;

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

use crate::contract::{Cause, Class, IncidentKind, Origin, Place, Severity, Signal};
use crate::model::cast::Duty;
use crate::twin::frame::{Agenda, Calls, Chance, Clock, DeviceTable, Inputs, NextWake, Outbox, Plan};
use crate::twin::guards::Roster;
use crate::twin::guards::dispatch::Said;
use crate::twin::guards::{Guards, Order, Orders, Radio};
use crate::words::{AgentKey, DeviceIx, IncidentId, Ms};

/// How long an alarm takes from the device to the screen when nothing was measured. Assumed; the recorded inputs of
/// a measured run replace it.
const ASSUMED_WAY: Ms = Ms(1_000);
/// How much longer an acknowledgement takes for each alarm that waits. Assumed.
const SLOWER_PER_WAITING: f64 = 0.12;

/// An alarm in hand.
#[derive(Clone, Debug)]
struct Alarm {
    device: DeviceIx,
    word: String,
    severity: Severity,
    cause: Cause,
    arrived: Ms,
    handling: IncidentId,
    origin: Origin,
    acknowledged: bool,
    closed: bool,
    repeats: u32,
    waited: usize,
}

/// Alarms of the day and who is busy with them.
#[derive(Resource, Debug, Default)]
pub(super) struct Desk {
    /// The duty room's own terminal; nothing happens where there is none.
    terminal: Option<DeviceIx>,
    operators_busy_until: Vec<Ms>,
    /// How far the outbox has been read.
    read: usize,
    alarms: Vec<Alarm>,
    orders: u32,
    order_of: BTreeMap<u32, usize>,
    recorded: BTreeMap<(Ms, DeviceIx, String), Option<Ms>>,
}

/// What comes next in the duty room.
pub(super) enum RoomStep {
    /// The stimulus at this place of the outbox shows on the screen.
    Arrives(usize),
    /// An operator acknowledges.
    Acknowledged(usize),
    /// An operator closes with a finding.
    Closed(usize, String),
}

#[derive(SystemParam)]
pub(super) struct Room<'w> {
    clock: Res<'w, Clock>,
    plan: Res<'w, Plan>,
    chance: Res<'w, Chance>,
    roster: Res<'w, Roster>,
    desk: ResMut<'w, Desk>,
    agenda: ResMut<'w, Agenda<RoomStep>>,
    guards: ResMut<'w, Guards>,
    calls: ResMut<'w, Calls>,
    orders: ResMut<'w, Orders>,
    radio: ResMut<'w, Radio>,
    outbox: ResMut<'w, Outbox>,
}

/// Puts the room into the world.
pub(super) fn set_up(world: &mut World) {
    let terminal = world.resource::<DeviceTable>().row(Class::DutyRoom, 0);
    let recorded = world.resource::<Inputs>().observations.iter();
    let recorded =
        recorded.map(|seen| ((seen.due, seen.device, seen.signal.clone()), seen.arrived)).collect();
    world.insert_resource(Desk { terminal, recorded, ..Desk::default() });
    world.init_resource::<Agenda<RoomStep>>();
    world.init_resource::<Calls>();
}

pub(super) fn wake(agenda: Res<Agenda<RoomStep>>, orders: Res<Orders>, mut wake: ResMut<NextWake>) {
    wake.offer(agenda.next());
    wake.offer(orders.0.iter().map(|order| order.at).min());
}

/// Reads what devices have said since the last tick, and notes when each alarm will show.
pub(super) fn listen(outbox: Res<Outbox>, mut desk: ResMut<Desk>, mut agenda: ResMut<Agenda<RoomStep>>) {
    let from = desk.read;
    desk.read = outbox.stimuli.len();
    if desk.terminal.is_none() {
        return;
    }
    for (offset, (due, device, signal, _)) in outbox.stimuli[from..].iter().enumerate() {
        if signal.severity() < Severity::Warning {
            continue;
        }
        let key = (*due, *device, signal.word());
        let shows = match desk.recorded.get(&key) {
            Some(measured) => *measured,
            None => Some(*due + ASSUMED_WAY),
        };
        if let Some(shows) = shows {
            agenda.add(shows, AgentKey(u64::from(device.0)), RoomStep::Arrives(from + offset));
        }
    }
}

/// Operators work.
pub(super) fn act(mut room: Room) {
    for report in std::mem::take(&mut room.guards.reports) {
        room.hear(report.order, report.at, report.what);
    }
    for call in std::mem::take(&mut room.calls.0) {
        room.called(call.at, call.place_m, call.why);
    }
    while let Some((at, _, step)) = room.agenda.pop_before(room.clock.end()) {
        match step {
            RoomStep::Arrives(place) => room.arrives(place, at),
            RoomStep::Acknowledged(alarm) => room.acknowledge(alarm, at),
            RoomStep::Closed(alarm, finding) => room.close(alarm, finding, at),
        }
    }
}

impl Room<'_> {
    fn operators(&self, at: Ms) -> usize {
        self.plan.file.kit.duty_room.first().map_or(0, |row| {
            self.roster.strength(&Duty::DutyRoom(row.id.clone()), row.operators, at) as usize
        })
    }

    fn origin_of(&self, cause: Cause) -> Origin {
        match cause {
            Cause::Incident(id) => self.outbox.incidents[id.index()].origin,
            Cause::Nuisance(_) => Origin::Chance,
        }
    }

    fn arrives(&mut self, place: usize, at: Ms) {
        let Some((_, device, signal, cause)) = self.outbox.stimuli.get(place).cloned() else { return };
        let word = signal.word();
        let same = |alarm: &&mut Alarm| !alarm.closed && alarm.device == device && alarm.word == word;
        if let Some(known) = self.desk.alarms.iter_mut().rev().find(same) {
            known.repeats += 1;
            return;
        }
        let row = &self.plan.devices[device.index()];
        let origin = self.origin_of(cause);
        let name = format!("duty_room/{}", row.id);
        let room_at = self.plan.file.kit.duty_room.first().map_or([0.0; 2], |room| room.at_m);
        let here = Place::from_m(room_at[0], room_at[1], 0.0);
        let handling = self.outbox.open(IncidentKind::AlarmHandling, origin, at, here, name.clone());
        let operators = self.operators(at);
        if operators == 0 {
            self.outbox.incidents[handling.index()].outcome = format!("{word}: nobody in the duty room");
        }
        let waited = self.desk.alarms.iter().filter(|alarm| !alarm.acknowledged && !alarm.closed).count();
        let severity = signal.severity();
        let index = self.desk.alarms.len();
        self.desk.alarms.push(Alarm {
            device,
            word,
            severity,
            cause,
            arrived: at,
            handling,
            origin,
            acknowledged: false,
            closed: operators == 0,
            repeats: 0,
            waited,
        });
        if operators > 0 {
            self.assign(index, operators, at, &name);
        }
    }

    /// The operator who is free first takes it, in the order of arrival.
    fn assign(&mut self, alarm: usize, operators: usize, at: Ms, name: &str) {
        let median = self.plan.file.kit.duty_room[0].acknowledge.as_seconds();
        let (severity, waited) = (self.desk.alarms[alarm].severity, self.desk.alarms[alarm].waited);
        let mut draw = self.chance.draw(AgentKey::of(name), "acknowledge", at.0 as u64);
        let slower = 1.0 + SLOWER_PER_WAITING * waited as f64;
        let takes = Ms::from_seconds(draw.log_normal(median * slower, 0.5));
        let works = Ms::from_seconds(if severity == Severity::Alarm { 20.0 } else { 6.0 });
        let busy = &mut self.desk.operators_busy_until;
        busy.resize(busy.len().max(operators), Ms(0));
        let who = (0..operators).min_by_key(|who| busy[*who]).unwrap_or(0);
        let done = busy[who].max(at) + takes;
        busy[who] = done + works;
        self.agenda.add(done, AgentKey::of(name), RoomStep::Acknowledged(alarm));
    }

    fn device_name(&self, alarm: usize) -> String {
        self.plan.devices[self.desk.alarms[alarm].device.index()].id.0.clone()
    }

    fn acknowledge(&mut self, index: usize, at: Ms) {
        let device = self.device_name(index);
        let alarm = &mut self.desk.alarms[index];
        alarm.acknowledged = true;
        let (handling, severity) = (alarm.handling, alarm.severity);
        let key = AgentKey::of(&format!("duty_room/{device}"));
        if let Some(terminal) = self.desk.terminal {
            let signal = Signal::AlarmAcknowledged { device };
            self.outbox.say(at, terminal, signal, Cause::Incident(handling));
        }
        let mut draw = self.chance.draw(key, "radio", at.0 as u64);
        if severity == Severity::Alarm {
            let told = self.radio.talk(at, &mut draw);
            self.order_for(index, told);
        } else {
            let closes = at + Ms::from_seconds(draw.log_normal(20.0, 0.5));
            self.agenda.add(closes, key, RoomStep::Closed(index, "noted".into()));
        }
    }

    fn order_for(&mut self, index: usize, at: Ms) {
        let alarm = self.desk.alarms[index].clone();
        let row = &self.plan.devices[alarm.device.index()];
        let because = match alarm.cause {
            Cause::Incident(id) => Some(id),
            Cause::Nuisance(_) => None,
        };
        let number = self.desk.orders;
        self.desk.orders += 1;
        let what = format!("{} at {}", alarm.word, row.id);
        let place_m = [row.at_m[0], row.at_m[1]];
        let origin = alarm.origin;
        self.desk.order_of.insert(number, index);
        self.orders.0.push(Order { number, at, place_m, origin, what, because, tries: 0 });
    }

    /// A call by voice needs no screen, but somebody who hears it.
    fn called(&mut self, at: Ms, place_m: [f64; 2], why: IncidentId) {
        if self.desk.terminal.is_none() || self.operators(at) == 0 {
            return;
        }
        let key = AgentKey::of("duty_room/call");
        let mut draw = self.chance.draw(key, "radio", at.0 as u64);
        let told = self.radio.talk(at, &mut draw);
        let number = self.desk.orders;
        self.desk.orders += 1;
        let origin = self.outbox.incidents[why.index()].origin;
        let what = "called by voice".to_owned();
        self.orders.0.push(Order { number, at: told, place_m, origin, what, because: Some(why), tries: 0 });
    }

    fn hear(&mut self, order: u32, at: Ms, what: Said) {
        let Some(alarm) = self.desk.order_of.get(&order).copied() else { return };
        let finding = match what {
            Said::OnTheWay | Said::Arrived => return,
            Said::DealtWith(finding) => finding,
            Said::NobodyFree => "nobody free to look".into(),
        };
        let key = AgentKey::of(&format!("duty_room/{}", self.device_name(alarm)));
        self.agenda.add(at + Ms(4_000), key, RoomStep::Closed(alarm, finding));
    }

    fn close(&mut self, index: usize, finding: String, at: Ms) {
        let device = self.device_name(index);
        let alarm = &mut self.desk.alarms[index];
        alarm.closed = true;
        let word = &alarm.word;
        let shown_s = (at - alarm.arrived).seconds();
        let again = if alarm.repeats > 0 { format!(", {} repeats", alarm.repeats) } else { String::new() };
        let outcome =
            format!("{word}: {finding}; open for {shown_s:.0} s, {} waited before it{again}", alarm.waited);
        let handling = alarm.handling;
        self.outbox.close(handling, at, outcome);
        if let Some(terminal) = self.desk.terminal {
            let signal = Signal::AlarmClosed { device, finding };
            self.outbox.say(at, terminal, signal, Cause::Incident(handling));
        }
    }
}
