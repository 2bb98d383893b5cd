//! Gate posts: residents show a credential, strangers wait, are asked, entered and checked with the flat.

use std::collections::BTreeMap;

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

use crate::contract::{Cause, Class, IncidentKind, Origin, Place, Signal};
use crate::model::Scenario;
use crate::model::cast::{Duty, Event};
use crate::twin::frame::{Agenda, Chance, Clock, DeviceTable, NextWake, Outbox, Plan};
use crate::twin::guards::Roster;
use crate::twin::people::{AtGate, Desk, Kind, People, PersonIx, Step};
use crate::words::{AgentKey, DeviceIx, Dice, Ms};

/// How long somebody who means to slip in behind a resident hangs about, ms. Assumed.
const HANGS_ABOUT: Ms = Ms(60_000);
/// Probability that the lane's sensor notices two bodies behind one credential. Assumed.
const LANE_NOTICES: f64 = 0.7;
/// Presses of the panic button a day and post, beyond the script. Assumed.
const PANICS_PER_DAY: f64 = 0.03;

/// A post and who waits at it.
#[derive(Debug)]
struct Post {
    row: usize,
    device: DeviceIx,
    duty: Duty,
    /// When each guard is done with whom he has.
    busy_until: Vec<Ms>,
    lurking: Vec<AtGate>,
}

/// Posts by gate.
#[derive(Resource, Debug, Default)]
struct Posts(BTreeMap<usize, Post>);

pub(super) enum PostStep {
    /// A lurker gives up and goes to the guard.
    GivesUp(AtGate),
    /// Somebody presses the panic button of a post.
    Panic(usize, Origin),
}

#[derive(SystemParam)]
pub(super) struct Watch<'w> {
    clock: Res<'w, Clock>,
    plan: Res<'w, Plan>,
    chance: Res<'w, Chance>,
    roster: Res<'w, Roster>,
    people: Res<'w, People>,
    desk: ResMut<'w, Desk>,
    posts: ResMut<'w, Posts>,
    agenda: ResMut<'w, Agenda<PostStep>>,
    steps: ResMut<'w, Agenda<Step>>,
    outbox: ResMut<'w, Outbox>,
}

/// Puts the posts, and what happens at them by chance or script, into the world.
pub(super) fn set_up(world: &mut World) {
    let scenario = world.resource::<Plan>().0.clone();
    let dice = world.resource::<Chance>().0;
    let posts = posts(&scenario, world.resource::<DeviceTable>());
    let agenda = panics(&scenario, &dice, &posts);
    world.insert_resource(posts);
    world.insert_resource(agenda);
}

fn posts(scenario: &Scenario, table: &DeviceTable) -> Posts {
    let rows = scenario.file.kit.gate_post.iter().enumerate();
    let post = |(row, post): (usize, &crate::model::kit::GatePost)| {
        let gate = scenario.site.gates.iter().position(|gate| gate.id == post.gate)?;
        let device = table.row(Class::GatePost, row)?;
        let duty = Duty::GatePost(post.id.clone());
        let busy_until = vec![Ms(0); post.guards as usize];
        Some((gate, Post { row, device, duty, busy_until, lurking: Vec::new() }))
    };
    Posts(rows.filter_map(post).collect())
}

fn panics(scenario: &Scenario, dice: &Dice, posts: &Posts) -> Agenda<PostStep> {
    let mut agenda = Agenda::default();
    for (gate, post) in &posts.0 {
        let id = &scenario.file.kit.gate_post[post.row].id;
        let key = AgentKey::of(&format!("gate_post/{id}"));
        let mut draw = dice.draw(key, "panic", 0);
        for _ in 0..draw.poisson(PANICS_PER_DAY) {
            let at = Ms::from_seconds(draw.between(0.0, 86_400.0));
            agenda.add(at, key, PostStep::Panic(*gate, Origin::Chance));
        }
        for entry in &scenario.file.script {
            if matches!(&entry.event, Event::Panic { gate_post } if gate_post == id) {
                agenda.add(entry.at.0, key, PostStep::Panic(*gate, Origin::Script));
            }
        }
    }
    agenda
}

pub(super) fn wake(agenda: Res<Agenda<PostStep>>, mut wake: ResMut<NextWake>) {
    wake.offer(agenda.next());
}

/// Serves whoever stands at a gate.
pub(super) fn watch(mut watch: Watch) {
    for visit in std::mem::take(&mut watch.desk.gates) {
        watch.attend(visit);
    }
    while let Some((at, _, step)) = watch.agenda.pop_before(watch.clock.end()) {
        match step {
            PostStep::GivesUp(visit) => watch.gives_up(visit, at),
            PostStep::Panic(gate, origin) => watch.panic(gate, origin, at),
        }
    }
}

impl Watch<'_> {
    fn let_go(&mut self, who: PersonIx, at: Ms) {
        let key = self.people.persons[who as usize].key;
        self.steps.add(at, key, Step::Next(who));
    }

    fn place(&self, gate: usize) -> Place {
        let at = self.plan.site.gates[gate].at;
        Place::from_m(at.x, at.y, 0.0)
    }

    fn strength(&self, gate: usize, at: Ms) -> u32 {
        self.posts.0.get(&gate).map_or(0, |post| {
            let nominal = self.plan.file.kit.gate_post[post.row].guards;
            self.roster.strength(&post.duty, nominal, at)
        })
    }

    fn attend(&mut self, visit: AtGate) {
        let stranger =
            matches!(self.people.persons[visit.person as usize].kind, Kind::Guest { .. } | Kind::Courier);
        match self.posts.0.contains_key(&visit.gate) {
            true if visit.inward && stranger => self.stranger(visit),
            true if visit.inward => self.known(&visit),
            _ => self.let_go(visit.person, visit.at + Ms(400)),
        }
    }

    /// Somebody with a credential; whoever hangs about slips in behind him.
    fn known(&mut self, visit: &AtGate) {
        let person = &self.people.persons[visit.person as usize];
        let mut draw = self.chance.draw(person.key, "lane", visit.at.0 as u64);
        let read = visit.at + Ms::from_seconds(draw.normal_within(1.0, 0.3, 0.4, 2.5));
        let credential = format!("card-{:08x}", person.key.0 as u32);
        let Some(post) = self.posts.0.get_mut(&visit.gate) else { return };
        let device = post.device;
        let lurker = (!post.lurking.is_empty()).then(|| post.lurking.remove(0));
        let passed = Signal::ResidentPassed { credential };
        self.outbox.say(read, device, passed, Cause::Incident(visit.errand));
        self.let_go(visit.person, read + Ms(300));
        if let Some(lurker) = lurker {
            self.slip_in(&lurker, read + Ms(1_300), device);
        }
    }

    fn slip_in(&mut self, lurker: &AtGate, at: Ms, device: DeviceIx) {
        let person = &self.people.persons[lurker.person as usize];
        let place = self.place(lurker.gate);
        let incident =
            self.outbox.open(IncidentKind::Tailgating, Origin::Chance, at, place, person.name.clone());
        self.outbox.close(incident, at + Ms(2_000), "through the lane behind a resident, unregistered");
        if self.chance.draw(person.key, "lane sensor", at.0 as u64).chance(LANE_NOTICES) {
            self.outbox.say(at + Ms(200), device, Signal::LaneTailgated, Cause::Incident(incident));
        }
        self.let_go(lurker.person, at);
    }

    fn stranger(&mut self, visit: AtGate) {
        let person = &self.people.persons[visit.person as usize];
        if self.strength(visit.gate, visit.at) == 0 {
            let (place, name) = (self.place(visit.gate), person.name.clone());
            let incident = self.outbox.open(IncidentKind::GateVisit, Origin::Plan, visit.at, place, name);
            self.outbox.close(incident, visit.at + Ms(400), "walked in unregistered: nobody at the post");
            self.let_go(visit.person, visit.at + Ms(400));
            return;
        }
        let mut draw = self.chance.draw(person.key, "at the gate", 0);
        if draw.chance(self.plan.file.cast.tailgating) {
            let key = person.key;
            self.agenda.add(visit.at + HANGS_ABOUT, key, PostStep::GivesUp(visit.clone()));
            if let Some(post) = self.posts.0.get_mut(&visit.gate) {
                post.lurking.push(visit);
            }
        } else {
            self.register(&visit, visit.at);
        }
    }

    fn gives_up(&mut self, visit: AtGate, at: Ms) {
        let Some(post) = self.posts.0.get_mut(&visit.gate) else { return };
        let before = post.lurking.len();
        post.lurking.retain(|other| other.person != visit.person || other.at != visit.at);
        if post.lurking.len() < before {
            self.register(&visit, at);
        }
    }

    /// Waits for a free guard, is asked and entered; the flat is called.
    fn register(&mut self, visit: &AtGate, at: Ms) {
        let strength = (self.strength(visit.gate, at) as usize).max(1);
        let place = self.place(visit.gate);
        let person = &self.people.persons[visit.person as usize];
        let Some(post) = self.posts.0.get_mut(&visit.gate) else { return };
        let median = self.plan.file.kit.gate_post[post.row].register.as_seconds();
        let mut draw = self.chance.draw(person.key, "register", at.0 as u64);
        let courier = person.kind == Kind::Courier;
        let service = Ms::from_seconds(draw.log_normal(median * if courier { 0.4 } else { 1.0 }, 0.35));
        let guards = strength.min(post.busy_until.len().max(1));
        post.busy_until.resize(post.busy_until.len().max(1), Ms(0));
        let waiting = post.busy_until[..guards].iter().filter(|until| **until > at).count();
        let desk = (0..guards).min_by_key(|desk| post.busy_until[*desk]).unwrap_or(0);
        let done = post.busy_until[desk].max(at) + service;
        post.busy_until[desk] = done;
        let device = post.device;
        let wait_s = (done - at - service).seconds();
        let answer = self.ask_flat(person.household, person.kind, &mut draw);
        let flat = person.household.map_or_else(String::new, |h| self.plan.households[h].flat.clone());
        let visitor = person.name.clone();
        let incident =
            self.outbox.open(IncidentKind::GateVisit, Origin::Plan, at, place, person.name.clone());
        let queue = format!("waited {wait_s:.0} s, {waiting} of {guards} guards busy");
        let cause = Cause::Incident(incident);
        let key = person.key;
        match answer {
            Ok(how) => {
                self.outbox.close(incident, done, format!("registered: {how}; {queue}"));
                self.outbox.say(done, device, Signal::VisitorRegistered { flat, visitor }, cause);
                self.let_go(visit.person, done + Ms(800));
            }
            Err(why) => {
                self.outbox.close(incident, done, format!("refused: {why}; {queue}"));
                self.outbox.say(done, device, Signal::VisitorRefused { flat }, cause);
                self.steps.add(done + Ms(800), key, Step::Refused(visit.person));
            }
        }
    }

    fn ask_flat(
        &self,
        household: Option<usize>,
        kind: Kind,
        draw: &mut crate::words::Draw,
    ) -> Result<&'static str, &'static str> {
        let home = household.is_some_and(|h| self.people.at_home[h] > 0);
        let (answers, welcome) = (draw.chance(0.95), draw.chance(0.99));
        let (waved_in, told_off) = (draw.chance(0.2), draw.chance(0.75));
        match kind {
            Kind::Courier if home && answers && !welcome => Err("flat declined"),
            Kind::Courier => Ok("courier"),
            Kind::Guest { expected: false } if home && answers && told_off => Err("not known to the flat"),
            _ if home && answers => Ok("confirmed by the flat"),
            _ if waved_in => Ok("flat did not answer, known by sight"),
            _ => Err("flat did not answer"),
        }
    }

    fn panic(&mut self, gate: usize, origin: Origin, at: Ms) {
        let Some(post) = self.posts.0.get(&gate) else { return };
        let device = post.device;
        let id = &self.plan.file.kit.gate_post[post.row].id;
        let key = AgentKey::of(&format!("gate_post/{id}"));
        let lasting = self.chance.draw(key, "emergency", at.0 as u64).log_normal(400.0, 0.5);
        let who = format!("gate_post/{id}");
        let place = self.place(gate);
        let incident = self.outbox.open(IncidentKind::Emergency, origin, at, place, who);
        self.outbox.close(
            incident,
            at + Ms::from_seconds(lasting),
            "panic button pressed: a quarrel at the gate",
        );
        self.outbox.say(at, device, Signal::PanicPressed, Cause::Incident(incident));
    }
}
