//! Guards act: take over and leave, walk tours and rounds, go where they are sent.

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

use super::dispatch::{Order, Orders, Radio, Report, Said};
use super::tour::{TourWalk, Tours, fatigue, order};
use super::{Guard, GuardIx, GuardStep, Guards, Noted, Roster, Task};
use crate::contract::{IncidentKind, Origin, Place};
use crate::model::cast::Duty;
use crate::twin::frame::{Agenda, Body, Chance, Clock, Outbox, Plan, Role};
use crate::twin::nav::{Nav, distance};
use crate::twin::walk::{Mover, Stage, Walk};
use crate::words::{AgentKey, IncidentId, Ms};

/// Speed of a guard who is sent to an alarm, m/s.
const RUN_M_S: f64 = 2.3;
/// Nobody walks a tour faster than this, m/s.
const BRISK_M_S: f64 = 1.6;
/// How far a guard sees somebody when he has arrived, m.
const FINDS_M: f64 = 30.0;
/// How long an order waits before it looks for a free guard again, and how often it does.
const TRY_AGAIN: (Ms, u32) = (Ms(30_000), 10);
/// Time from reaching a point to holding the recorder to it.
const TOUCH: Ms = Ms(2_000);

/// All that a guard's step touches.
#[derive(SystemParam)]
pub(super) struct Field<'w, 's> {
    pub(super) clock: Res<'w, Clock>,
    pub(super) plan: Res<'w, Plan>,
    pub(super) chance: Res<'w, Chance>,
    pub(super) roster: Res<'w, Roster>,
    pub(super) guards: ResMut<'w, Guards>,
    pub(super) tours: ResMut<'w, Tours>,
    orders: ResMut<'w, Orders>,
    radio: ResMut<'w, Radio>,
    pub(super) agenda: ResMut<'w, Agenda<GuardStep>>,
    pub(super) nav: ResMut<'w, Nav>,
    pub(super) outbox: ResMut<'w, Outbox>,
    pub(super) stage: Stage<'w, 's>,
    walks: Query<'w, 's, &'static Walk>,
    bodies: Query<'w, 's, &'static Body>,
}

/// Takes orders and every step that is due in this tick.
pub(super) fn act(mut field: Field) {
    let end = field.clock.end();
    let (due, later) = std::mem::take(&mut field.orders.0).into_iter().partition(|order| order.at < end);
    field.orders.0 = later;
    let due: Vec<Order> = due;
    for order in due {
        field.take_order(order);
    }
    while let Some((at, _, step)) = field.agenda.pop_before(end) {
        match step {
            GuardStep::On(guard, again) => field.take_over(guard, at, again),
            GuardStep::Off(guard, falls_out) => field.leave_duty(guard, at, falls_out),
            GuardStep::Tour { tour, start } => field.set_out(tour, start, at),
            GuardStep::Arrived(guard, change) if field.holds(guard, change) => field.arrived(guard, at),
            GuardStep::Touch(guard, change) if field.holds(guard, change) => field.touch(guard, at),
            GuardStep::SearchOver(guard, change) if field.holds(guard, change) => {
                field.search_over(guard, at);
            }
            GuardStep::Window { tour, start, point } => field.window_closes(tour, start, point, at),
            GuardStep::CellRound(cell) => field.cell_round(cell, at),
            GuardStep::Arrived(..) | GuardStep::Touch(..) | GuardStep::SearchOver(..) => {}
        }
    }
}

impl Field<'_, '_> {
    pub(super) fn guard(&mut self, guard: GuardIx) -> &mut Guard {
        &mut self.guards.guards[guard]
    }

    fn holds(&self, guard: GuardIx, change: u32) -> bool {
        self.guards.guards.get(guard).is_some_and(|guard| guard.change == change)
    }

    pub(super) fn open(
        &mut self,
        kind: IncidentKind,
        origin: Origin,
        at: Ms,
        place: [f64; 2],
        who: &str,
    ) -> IncidentId {
        self.outbox.open(kind, origin, at, Place::from_m(place[0], place[1], 0.0), who)
    }

    /// The guard comes out, or is told a new errand where he is.
    pub(super) fn come_out(&mut self, guard: GuardIx, errand: IncidentId, at: Ms) {
        let me = &mut self.guards.guards[guard];
        me.errand = Some(errand);
        match me.body {
            Some(body) => self.stage.on_errand(body, errand),
            None => {
                let mover = Mover { name: &me.name, key: me.key, role: Role::Guard };
                me.body = Some(self.stage.appear(mover, errand, at, me.place));
            }
        }
    }

    /// Goes to a point; false when no way leads there.
    pub(super) fn go(&mut self, guard: GuardIx, to: [f64; 2], start: Ms, speed_m_s: f64) -> bool {
        let me = &mut self.guards.guards[guard];
        let (Some(body), Some(way)) = (me.body, self.nav.way(me.place, to)) else {
            self.nav.no_way += 1;
            return false;
        };
        let arrival = self.stage.go(body, &way.points, start, speed_m_s);
        me.place = to;
        let next = GuardStep::Arrived(guard, me.change);
        self.agenda.add(arrival, me.key, next);
        true
    }

    fn take_over(&mut self, guard: GuardIx, at: Ms, again: bool) {
        let duty = duty_words(&self.roster.turns[guard].duty);
        let (name, base) = (self.guard(guard).name.clone(), self.guard(guard).base);
        let origin = if again { Origin::Script } else { Origin::Plan };
        let relief = self.open(IncidentKind::PostRelief, origin, at, base, &name);
        let what = if at == Ms(0) { "on duty at midnight" } else { "took over" };
        self.outbox.close(relief, at + Ms(30_000), format!("{what}: {duty}"));
        let me = self.guard(guard);
        me.task = Task::Ready;
        me.place = base;
        if me.stands {
            self.come_out(guard, relief, at);
        }
        if at > Ms(0) {
            self.guards.noted.push(Noted::On(guard, at, relief));
        }
    }

    fn leave_duty(&mut self, guard: GuardIx, at: Ms, falls_out: bool) {
        let duty = duty_words(&self.roster.turns[guard].duty);
        self.stop(guard, at);
        let me = self.guard(guard);
        let (name, place) = (me.name.clone(), me.place);
        let (errand, tour, body) = (me.errand.take(), me.tour.take(), me.body.take());
        let was = std::mem::take(&mut me.task);
        me.change += 1;
        let origin = if falls_out { Origin::Script } else { Origin::Plan };
        let relief = self.open(IncidentKind::PostRelief, origin, at, place, &name);
        let what = if falls_out { "fell out" } else { "left" };
        self.outbox.close(relief, at, format!("{what}: {duty}"));
        if let Some(walk) = tour {
            self.outbox.close(walk.errand, at, format!("broken off: {} points left", walk.left.len()));
        }
        if let (Task::Sent(_) | Task::Round(_), Some(errand)) = (was, errand) {
            self.outbox.close(errand, at, "broken off");
        }
        if let Some(body) = body {
            self.stage.leave(body, at, place);
        }
        self.guards.noted.push(Noted::Off(guard, at, relief));
    }

    /// Stops where he is.
    fn stop(&mut self, guard: GuardIx, at: Ms) {
        let me = &mut self.guards.guards[guard];
        if let Some(body) = me.body
            && let Ok(walk) = self.walks.get(body.entity)
        {
            me.place = self.stage.halt(body, walk, at);
        }
    }

    fn position(&self, guard: GuardIx, at: Ms) -> [f64; 2] {
        let me = &self.guards.guards[guard];
        let walk = me.body.and_then(|body| self.walks.get(body.entity).ok());
        walk.map_or(me.place, |walk| walk.position(at))
    }

    fn take_order(&mut self, mut order: Order) {
        let at = order.at.max(self.clock.now);
        let free = |guard: &GuardIx| {
            let roams = !self.guards.guards[*guard].stands
                && !matches!(self.roster.turns[*guard].duty, Duty::DutyRoom(_));
            let idle = !matches!(self.guards.guards[*guard].task, Task::Off | Task::Sent(_));
            roams && idle
        };
        let off = |guard: &GuardIx| distance(self.position(*guard, at), order.place_m);
        let nearest = (0..self.guards.guards.len())
            .filter(free)
            .min_by(|a, b| off(a).total_cmp(&off(b)).then(a.cmp(b)));
        let Some(guard) = nearest else {
            order.tries += 1;
            if order.tries < TRY_AGAIN.1 {
                let key = AgentKey::of("orders");
                order.at = at + TRY_AGAIN.0;
                self.agenda.add(order.at, key, GuardStep::Arrived(0, u32::MAX));
                self.orders.0.push(order);
            } else {
                let what = Said::NobodyFree;
                self.guards.reports.push(Report { guard: None, at, order: order.number, what, errand: None });
            }
            return;
        };
        self.send(guard, order, at);
    }

    fn send(&mut self, guard: GuardIx, order: Order, at: Ms) {
        self.stop(guard, at);
        let me = self.guard(guard);
        me.change += 1;
        let (name, place) = (me.name.clone(), me.place);
        if let (Task::Round(_), Some(errand)) = (&me.task, me.errand) {
            self.outbox.close(errand, at, "broken off: sent elsewhere");
        }
        let errand = self.open(IncidentKind::Dispatch, order.origin, at, place, &name);
        self.come_out(guard, errand, at);
        self.report(guard, &order, at, Said::OnTheWay);
        let goal = self.nav.stand_near(order.place_m).unwrap_or(order.place_m);
        self.guard(guard).task = Task::Sent(order);
        let speed = RUN_M_S * self.guard(guard).speed_m_s / fatigue(at);
        if !self.go(guard, goal, at + Ms(3_000), speed) {
            self.search_over(guard, at + Ms(3_000));
        }
    }

    /// Says something over the radio, if he has one, or by telephone.
    fn report(&mut self, guard: GuardIx, order: &Order, at: Ms, what: Said) -> Ms {
        let me = &self.guards.guards[guard];
        let mut draw = self.chance.draw(me.key, "radio", at.0 as u64);
        let said = if me.radio {
            self.radio.talk(at, &mut draw)
        } else {
            at + Ms::from_seconds(draw.between(15.0, 40.0))
        };
        let errand = me.errand;
        self.guards.reports.push(Report { guard: Some(guard), at: said, order: order.number, what, errand });
        said
    }

    fn arrived(&mut self, guard: GuardIx, at: Ms) {
        let me = self.guard(guard);
        let (key, change) = (me.key, me.change);
        match me.task.clone() {
            Task::Touring => self.agenda.add(at + TOUCH, key, GuardStep::Touch(guard, change)),
            Task::Sent(order) => {
                self.report(guard, &order, at, Said::Arrived);
                let mut draw = self.chance.draw(key, "search", at.0 as u64);
                let over = at + Ms::from_seconds(draw.log_normal(90.0, 0.5));
                self.agenda.add(over, key, GuardStep::SearchOver(guard, change));
            }
            Task::Round(left) => self.next_corner(guard, left, at),
            Task::Returning => {
                me.task = Task::Ready;
                let (body, place) = (me.body.take(), me.place);
                if let Some(body) = body {
                    self.stage.leave(body, at, place);
                }
            }
            Task::Off | Task::Ready => {}
        }
    }

    fn search_over(&mut self, guard: GuardIx, at: Ms) {
        let Task::Sent(order) = self.guard(guard).task.clone() else { return };
        let place = self.guard(guard).place;
        let finding = self.finding(&order, place);
        let said = self.report(guard, &order, at, Said::DealtWith(finding.clone()));
        if let Some(errand) = self.guard(guard).errand {
            self.outbox.close(errand, at, format!("{}: {finding}", order.what));
        }
        match self.guard(guard).tour.clone() {
            Some(walk) => {
                self.guard(guard).task = Task::Touring;
                self.come_out(guard, walk.errand, said);
                self.next_point(guard, said);
            }
            None => self.back_to_base(guard, said),
        }
    }

    /// What somebody who has come there finds.
    fn finding(&self, order: &Order, place: [f64; 2]) -> String {
        if distance(place, order.place_m) > FINDS_M {
            return "could not get there".into();
        }
        let person = self.bodies.iter().any(|body| {
            body.role == Role::Intruder && distance(body.from, place) < FINDS_M && body.feet_m[0] < 3.0
        });
        let Some(because) = order.because else { return "nothing found".into() };
        let incident = &self.outbox.incidents[because.index()];
        match incident.kind {
            IncidentKind::Intrusion | IncidentKind::Theft if person => "somebody found".into(),
            IncidentKind::Intrusion | IncidentKind::Theft => "traces found, nobody there".into(),
            IncidentKind::Fire => "fire".into(),
            IncidentKind::ThrownObject => "an object on the ground".into(),
            IncidentKind::Litter => "litter".into(),
            IncidentKind::Emergency => "helped".into(),
            _ => "as reported".into(),
        }
    }

    pub(super) fn back_to_base(&mut self, guard: GuardIx, at: Ms) {
        let me = self.guard(guard);
        me.task = Task::Returning;
        let (base, speed) = (me.base, 1.2 * me.speed_m_s / fatigue(at));
        if !self.go(guard, base, at, speed) {
            self.arrived(guard, at);
        }
    }

    fn set_out(&mut self, tour: usize, start: usize, at: Ms) {
        let scenario = self.plan.0.clone();
        let row = &scenario.file.kit.guard_tour[tour];
        let duty = Duty::Tour(row.id.clone());
        let on: Vec<GuardIx> = self.roster.on(&duty, at).collect();
        let ready = |guard: &&GuardIx| matches!(self.guards.guards[**guard].task, Task::Ready);
        let Some(guard) = on.iter().cycle().skip(start).take(on.len()).find(ready).copied() else {
            let place = self.tours.routes[tour].stands.first().copied().unwrap_or([0.0, 0.0]);
            let who = format!("tour/{}", row.id);
            let deviation = self.open(IncidentKind::TourDeviation, Origin::Chance, at, place, &who);
            let why = if on.is_empty() { "nobody on duty for it" } else { "the guard is still out" };
            self.outbox.close(deviation, at, format!("not walked: {why}"));
            return;
        };
        let tired = fatigue(at);
        let me = self.guard(guard);
        let (key, name, place, trained) = (me.key, me.name.clone(), me.place, me.trained);
        let mut draw = self.chance.draw(key, "tour", (tour * 1000 + start) as u64);
        let left = order(self.tours.routes[tour].points.len(), trained, tired, &mut draw);
        let pace = draw.normal_within(1.0, if trained { 0.05 } else { 0.12 }, 0.7, 1.3);
        let speed_m_s = row.speed_m_s.min(BRISK_M_S) * self.guard(guard).speed_m_s * pace / tired;
        let errand = self.open(IncidentKind::Tour, Origin::Plan, at, place, &name);
        let planned = row.starts[start].0;
        let walk = TourWalk { tour, start, errand, planned, left, speed_m_s, on_time: 0 };
        let me = self.guard(guard);
        me.tour = Some(walk);
        me.task = Task::Touring;
        me.change += 1;
        self.come_out(guard, errand, at);
        self.next_point(guard, at);
    }

    /// Goes on to the next point, or home when none is left.
    fn next_point(&mut self, guard: GuardIx, at: Ms) {
        let Some(walk) = self.guard(guard).tour.clone() else { return };
        let Some(point) = walk.left.first().copied() else {
            let points = self.tours.routes[walk.tour].points.len();
            self.outbox.close(walk.errand, at, format!("{} of {points} points on time", walk.on_time));
            self.guard(guard).tour = None;
            self.back_to_base(guard, at);
            return;
        };
        let to = self.tours.routes[walk.tour].stands[point];
        if !self.go(guard, to, at, walk.speed_m_s) {
            if let Some(walk) = &mut self.guard(guard).tour {
                walk.left.remove(0);
            }
            self.next_point(guard, at);
        }
    }

    fn touch(&mut self, guard: GuardIx, at: Ms) {
        let scenario = self.plan.0.clone();
        let me = self.guard(guard);
        let name = me.name.clone();
        let Some(walk) = &mut me.tour else { return };
        if walk.left.is_empty() {
            return;
        }
        let point = walk.left.remove(0);
        let (tour, start, errand) = (walk.tour, walk.start, walk.errand);
        let early_by_others = walk.left.iter().any(|left| *left < point);
        let planned = walk.planned;
        let row = &scenario.file.kit.guard_tour[tour];
        let offset = at - planned - self.tours.routes[tour].due[point];
        let off_time = offset.0.abs() > row.window.0.0;
        if let Some(walk) = &mut self.guard(guard).tour {
            walk.on_time += u32::from(!off_time);
        }
        let place = self.tours.routes[tour].stands[point];
        let checkpoint = self.tours.routes[tour].points[point];
        let id = &scenario.file.kit.checkpoint[checkpoint].id;
        let said = match (off_time, offset.0 < 0, early_by_others) {
            (true, true, _) => Some(format!("{id} early by {} s", -offset.0 / 1000)),
            (true, false, _) => Some(format!("{id} late by {} s", offset.0 / 1000)),
            (false, _, true) => Some(format!("{id} out of order")),
            (false, _, false) => None,
        };
        if let Some(said) = said {
            let lapsed = self.tours.lapsed.get(&(tour, start, point)).copied();
            let deviation = lapsed
                .unwrap_or_else(|| self.open(IncidentKind::TourDeviation, Origin::Chance, at, place, &name));
            self.outbox.close(deviation, at, said);
        }
        self.tours.touched.insert((tour, start, point));
        self.guards.noted.push(Noted::Touched { guard, at, checkpoint, tour, offset, errand });
        self.next_point(guard, at + row.dwell.0);
    }

    fn window_closes(&mut self, tour: usize, start: usize, point: usize, at: Ms) {
        if self.tours.touched.contains(&(tour, start, point)) {
            return;
        }
        let scenario = self.plan.0.clone();
        let kit = &scenario.file.kit;
        let checkpoint = self.tours.routes[tour].points[point];
        let walker =
            self.guards.guards.iter().find(|guard| {
                guard.tour.as_ref().is_some_and(|walk| (walk.tour, walk.start) == (tour, start))
            });
        let who = walker.map_or(format!("tour/{}", kit.guard_tour[tour].id), |guard| guard.name.clone());
        let place = self.tours.routes[tour].stands[point];
        let deviation = self.open(IncidentKind::TourDeviation, Origin::Chance, at, place, &who);
        self.outbox.close(deviation, at, format!("{} missed", kit.checkpoint[checkpoint].id));
        self.tours.lapsed.insert((tour, start, point), deviation);
        self.guards.noted.push(Noted::Lapsed { at, checkpoint, tour, deviation });
    }

    fn cell_round(&mut self, cell: usize, at: Ms) {
        let scenario = self.plan.0.clone();
        let row = &scenario.file.kit.grid_cell[cell];
        let on_duty = |guard: &GuardIx| {
            self.roster.turns[*guard].id == row.guard
                && self.roster.on_duty(*guard, at)
                && matches!(self.guards.guards[*guard].task, Task::Ready)
        };
        let Some(guard) = (0..self.guards.guards.len()).find(on_duty) else { return };
        let stands = row.outline_m.iter().filter_map(|corner| self.nav.stand_near(*corner)).collect();
        let (name, place) = (self.guard(guard).name.clone(), self.guard(guard).place);
        let errand = self.open(IncidentKind::CellRound, Origin::Plan, at, place, &name);
        self.guard(guard).change += 1;
        self.come_out(guard, errand, at);
        self.next_corner(guard, stands, at);
    }

    fn next_corner(&mut self, guard: GuardIx, mut left: Vec<[f64; 2]>, at: Ms) {
        while !left.is_empty() {
            let to = left.remove(0);
            let speed = 1.15 * self.guard(guard).speed_m_s / fatigue(at);
            self.guard(guard).task = Task::Round(left.clone());
            if self.go(guard, to, at, speed) {
                return;
            }
        }
        if let Some(errand) = self.guard(guard).errand {
            self.outbox.close(errand, at, "walked round");
        }
        self.back_to_base(guard, at);
    }
}

fn duty_words(duty: &Duty) -> String {
    match duty {
        Duty::GatePost(id) => format!("gate post {id}"),
        Duty::Barrier(id) => format!("barrier {id}"),
        Duty::OuterPost(id) => format!("outer post {id}"),
        Duty::Tour(id) => format!("tour {id}"),
        Duty::DutyRoom(id) => format!("duty room {id}"),
        Duty::Responder => "responder".into(),
        Duty::GridCell(id) => format!("cell {id}"),
    }
}
