//! Intruders on their way: they come, go in, steal, leave, and run when a guard meets them.

use bevy::prelude::*;

use super::course::{Corner, Course};
use super::exposure::Knowledge;
use super::plan::{Attempt, Scheme, by_chance, guarded_gate, scheme};
use crate::contract::{Cause, Class, IncidentKind, Origin, Place, Signal};
use crate::model::Scenario;
use crate::model::cast::Event;
use crate::twin::devices::camera::light::Daylight;
use crate::twin::frame::{Agenda, Body, Chance, Clock, DeviceTable, NextWake, Outbox, Plan, Role, Sight};
use crate::twin::nav::Nav;
use crate::twin::walk::{Leaving, Mover, Outdoors, Stage};
use crate::words::{AgentKey, IncidentId, Ms};

/// How fast somebody runs away, m/s.
const FLEES_M_S: f64 = 4.5;

/// Attempts to come and raids under way.
#[derive(Resource)]
pub(super) struct Raids {
    to_come: Agenda<Attempt>,
    pub(super) under_way: Vec<Raid>,
    pub(super) light: Daylight,
}

pub(super) struct Raid {
    pub(super) key: AgentKey,
    name: String,
    pub(super) incident: IncidentId,
    theft: Option<IncidentId>,
    scheme: Scheme,
    pub(super) out: Option<Outdoors>,
    pub(super) course: Course,
    pub(super) stage: Act,
    /// Who stopped him and where.
    pub(super) met: Option<String>,
    pub(super) glances: u64,
    pub(super) next_glance: Ms,
}

/// What he is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// On his way in.
    Coming,
    /// In the building until then.
    Indoors(Ms),
    /// On his way out.
    Leaving,
    /// Running away from a guard.
    Fleeing,
    /// Held by a guard.
    Caught,
}

impl FromWorld for Raids {
    fn from_world(world: &mut World) -> Raids {
        let (plan, dice) = (world.resource::<Plan>(), **world.resource::<Chance>());
        let mut to_come = Agenda::default();
        for (at, attempt) in scripted(plan).into_iter().chain(by_chance(plan, &dice)) {
            to_come.add(at, AgentKey::of(&attempt.name), attempt);
        }
        Raids { to_come, under_way: Vec::new(), light: Daylight::of(plan) }
    }
}

/// The script's intruders are called after their instant and place, so that another entry changes nobody's dice.
fn scripted(plan: &Scenario) -> Vec<(Ms, Attempt)> {
    let entries = plan.file.script.iter();
    entries
        .filter_map(|entry| {
            let Event::Intrusion { at_m, target } = &entry.event else { return None };
            let target = target.as_ref().and_then(|id| plan.site.buildings.iter().position(|b| b.id == *id));
            let name = format!("intruder/{}/{:.0}/{:.0}", entry.at, at_m[0], at_m[1]);
            let origin = Origin::Script;
            Some((entry.at.0, Attempt { name, origin, at_m: Some(*at_m), target }))
        })
        .collect()
}

/// Attempts begin; raids whose way is at its end go on to what comes next.
#[allow(clippy::too_many_arguments, reason = "a system asks for what it reads and writes")]
pub(super) fn raid(
    clock: Res<Clock>,
    plan: Res<Plan>,
    dice: Res<Chance>,
    sight: Res<Sight>,
    devices: Res<DeviceTable>,
    mut nav: ResMut<Nav>,
    mut raids: ResMut<Raids>,
    mut stage: Stage,
    mut outbox: ResMut<Outbox>,
    mut wake: ResMut<NextWake>,
) {
    let raids = &mut *raids;
    while let Some((at, key, attempt)) = raids.to_come.pop_before(clock.end()) {
        let knowledge = Knowledge { scenario: &plan, sight: &sight, light: raids.light };
        let Some(scheme) = scheme(&attempt, at, knowledge, &mut nav, &dice) else { continue };
        let [x, y] = scheme.way_in.corners()[0].place_m;
        let place = Place::from_m(x, y, 0.0);
        let incident = outbox.open(IncidentKind::Intrusion, attempt.origin, at, place, attempt.name.clone());
        tailgates(&scheme, &plan, &devices, incident, &mut outbox, &dice);
        let course = scheme.way_in.clone();
        let mut raid = Raid {
            key,
            name: attempt.name,
            incident,
            theft: None,
            scheme,
            out: None,
            course,
            stage: Act::Coming,
            met: None,
            glances: 0,
            next_glance: at,
        };
        raid.step_out(&mut stage);
        raids.under_way.push(raid);
    }
    raids.under_way.retain_mut(|raid| {
        while raid.course.last().at < clock.end() {
            if !raid.next(&plan, &mut stage, &mut outbox) {
                return false;
            }
        }
        wake.offer(Some(if raid.out.is_some() { clock.end() } else { raid.course.last().at }));
        true
    });
    wake.offer(raids.to_come.next());
}

/// Behind somebody through a lane that counts heads, the post's terminal says so half of the time.
fn tailgates(
    scheme: &Scheme,
    plan: &Scenario,
    devices: &DeviceTable,
    incident: IncidentId,
    outbox: &mut Outbox,
    dice: &Chance,
) {
    let at = scheme.way_in.corners()[0].at;
    let Some(post) = guarded_gate(plan, &scheme.crossing, at).filter(|_| !scheme.stopped) else { return };
    let corner = scheme.way_in.corners().iter().find(|c| c.place_m == scheme.crossing.line_m);
    let device = devices.named(Class::GatePost, &post.as_str().into());
    let mut draw = dice.draw(AgentKey::of(&post), "tailgated", at.0 as u64);
    if let (Some(corner), Some(device), true) = (corner, device, draw.chance(0.5)) {
        outbox.say(corner.at + Ms(200), device, Signal::LaneTailgated, Cause::Incident(incident));
    }
}

impl Raid {
    /// Appears outdoors at the beginning of his course.
    fn step_out(&mut self, stage: &mut Stage) {
        let first = self.course.corners()[0];
        let mover = Mover { name: &self.name, key: self.key, role: Role::Intruder };
        let out = stage.appear(mover, self.incident, first.at, first.place_m);
        self.out = Some(out);
        self.lay(stage);
    }

    /// Notes the corners of his course on his track.
    fn lay(&self, stage: &mut Stage) {
        if let Some(out) = self.out {
            for corner in &self.course.corners()[1..] {
                stage.pass(out, corner.at, corner.place_m, corner.feet_m);
            }
        }
    }

    fn step_in(&mut self, stage: &mut Stage) {
        if let Some(out) = self.out.take() {
            let last = self.course.last();
            stage.leave(out, last.at, last.place_m);
        }
    }

    /// His course is at its end: what comes next? False when it is all over.
    fn next(&mut self, plan: &Scenario, stage: &mut Stage, outbox: &mut Outbox) -> bool {
        let now = self.course.last();
        match self.stage {
            Act::Coming if !self.scheme.stopped => {
                self.step_in(stage);
                let [x, y] = now.place_m;
                let place = Place::from_m(x, y, 0.0);
                self.theft =
                    Some(outbox.open(IncidentKind::Theft, Origin::Plan, now.at, place, self.name.clone()));
                let until = now.at + Ms::from_seconds(self.scheme.indoors_s);
                self.stage = Act::Indoors(until);
                self.course = Course::from(until, now.place_m);
                true
            }
            Act::Indoors(until) => {
                let id = &plan.site.buildings[self.scheme.target].id;
                if let Some(theft) = self.theft {
                    outbox.close(theft, until, format!("stole from {id}"));
                }
                self.stage = Act::Leaving;
                let mut course = Course::from(until, now.place_m);
                course.walk(&self.scheme.way_back, self.scheme.manner.speed_m_s);
                self.scheme.crossing.cross(&mut course, self.scheme.manner, false);
                course.walk(&[self.scheme.crossing.away_m], self.scheme.manner.speed_m_s);
                self.course = course;
                self.step_out(stage);
                true
            }
            Act::Coming | Act::Leaving | Act::Fleeing | Act::Caught => {
                self.step_in(stage);
                self.close(now.at, plan, outbox);
                false
            }
        }
    }

    fn close(&self, at: Ms, plan: &Scenario, outbox: &mut Outbox) {
        let target = &plan.site.buildings[self.scheme.target].id;
        let end = match (self.stage, &self.met, self.theft) {
            (Act::Caught, Some(met), _) => format!("caught: {met}"),
            (_, Some(met), None) => format!("interrupted: {met}, fled without loot"),
            (_, Some(met), Some(_)) => format!("met on his way out: {met}, fled with the loot"),
            (_, None, Some(_)) => format!("not interrupted: reached {target}, stole, left the same way"),
            (_, None, None) => "turned away at the gate".to_owned(),
        };
        let mut devices: Vec<&str> = outbox
            .stimuli
            .iter()
            .filter(|(due, _, _, cause)| *due <= at && *cause == Cause::Incident(self.incident))
            .map(|(_, device, _, _)| plan.devices[device.index()].id.as_str())
            .collect();
        devices.sort_unstable();
        devices.dedup();
        let noticed = if devices.is_empty() {
            "no device noticed".into()
        } else {
            format!("noticed by {}", devices.join(", "))
        };
        let told = self.scheme.told(plan.file.cast.intruder_policy);
        outbox.close(self.incident, at, format!("{told}; {end}; {noticed}"));
    }

    /// A guard has seen him: he runs for the place where he came in, or is held.
    pub(super) fn meet(&mut self, at: Ms, by: String, caught: bool, nav: &mut Nav, stage: &mut Stage) {
        let here = self.course.at(at);
        self.met = Some(by);
        if let Some(out) = self.out {
            stage.forget_after(out, at);
            stage.pass(out, at, here.place_m, here.feet_m);
        }
        let mut course = Course::starting(here);
        if caught {
            self.stage = Act::Caught;
            course.stay(2.0);
        } else {
            self.flee(&mut course, here, nav);
            self.stage = Act::Fleeing;
        }
        self.course = course;
        self.lay(stage);
    }

    fn flee(&self, course: &mut Course, here: Corner, nav: &mut Nav) {
        let crossing = &self.scheme.crossing;
        let ahead = |p: [f64; 2]| self.course.corners().iter().any(|c| c.at > here.at && c.place_m == p);
        let outside = match self.stage {
            Act::Leaving => !ahead(crossing.outside_m),
            _ => ahead(crossing.inside_m),
        };
        if here.feet_m > 0.0 || outside {
            // On the wall or still before it: down on the side he came from.
            course.reach(crossing.outside_m, 0.0, here.height_m, 0.6);
        } else {
            if let Some(way) = nav.way(here.place_m, crossing.inside_m) {
                course.walk(&way.points, FLEES_M_S);
            }
            let manner = super::crossing::Manner { speed_m_s: FLEES_M_S, ..self.scheme.manner };
            crossing.cross(course, manner, false);
        }
        course.walk(&[crossing.away_m], FLEES_M_S);
    }
}

/// Bodies of intruders go along their courses.
pub(super) fn go(clock: Res<Clock>, raids: Res<Raids>, mut bodies: Query<&mut Body, Without<Leaving>>) {
    for raid in &raids.under_way {
        let Some(mut body) = raid.out.and_then(|out| bodies.get_mut(out.entity).ok()) else { continue };
        let (from, to) = (raid.course.at(clock.now), raid.course.at(clock.end()));
        (body.from, body.to) = (from.place_m, to.place_m);
        body.feet_m = [from.feet_m, to.feet_m];
        body.height_m = from.height_m;
    }
}
