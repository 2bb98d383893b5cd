//! The answer to a fire, or to a drill: alarm, arrival, extinguisher, hose, water on. The clock is the same for both.

use bevy::prelude::*;

use super::burn::Fires;
use crate::contract::{Cause, IncidentKind, Origin, Place, Signal};
use crate::model::cast::Event;
use crate::twin::devices::fire_station::Cabinets;
use crate::twin::frame::{Agenda, Body, Call, Calls, Chance, Clock, NextWake, Outbox, Plan, Role, TrackLog};
use crate::words::{AgentKey, IncidentId, Ms};

/// A guard who comes this near has arrived, m.
pub const ARRIVED_M: f64 = 8.0;
/// How fast a guard runs with an extinguisher or a hose, m/s (assumed).
const RUN_M_S: f64 = 2.5;
/// How far he runs for an extinguisher, and how far hoses reach, m.
const REACH_M: [f64; 2] = [60.0, 120.0];
/// Time after which nobody is waited for any more.
const GIVEN_UP: Ms = Ms(20 * 60_000);

/// Answers that are under way, and drills to come.
#[derive(Resource)]
pub struct Answers {
    drills: Agenda<[f64; 2]>,
    under_way: Vec<Answer>,
}

struct Answer {
    incident: IncidentId,
    /// The fire; none in a drill.
    fire: Option<IncidentId>,
    place_m: [f64; 2],
    alarm: Ms,
    arrived: bool,
    water: bool,
    todo: Vec<(Ms, Act)>,
    log: Vec<String>,
}

#[derive(Clone)]
enum Act {
    Take { cabinet: usize, item: &'static str },
    Powder,
    Water { hydrant: usize },
    Over,
}

impl FromWorld for Answers {
    fn from_world(world: &mut World) -> Answers {
        let mut drills = Agenda::default();
        for entry in &world.resource::<Plan>().file.script {
            if let Event::FireDrill { at_m } = entry.event {
                drills.add(entry.at.0, AgentKey::of("drill"), at_m);
            }
        }
        Answers { drills, under_way: Vec::new() }
    }
}

impl Answers {
    /// The alarm is given: from now on a guard may arrive. A second alarm for the same fire changes nothing.
    pub fn begin(
        &mut self,
        alarm: Ms,
        place_m: [f64; 2],
        fire: Option<IncidentId>,
        by: &str,
        outbox: &mut Outbox,
    ) -> IncidentId {
        if let Some(old) = self.under_way.iter().find(|a| a.fire.is_some() && a.fire == fire) {
            return old.incident;
        }
        let origin = if fire.is_some() { Origin::Plan } else { Origin::Script };
        let place = Place::from_m(place_m[0], place_m[1], 0.0);
        let incident = outbox.open(IncidentKind::FireResponse, origin, alarm, place, "guards");
        let log = vec![format!("{} by {by}", if fire.is_some() { "alarm" } else { "drill called" })];
        let (todo, arrived, water) = (Vec::new(), false, false);
        self.under_way.push(Answer { incident, fire, place_m, alarm, arrived, water, todo, log });
        incident
    }

    /// A fire is out: its answer is over.
    pub fn fire_out(&mut self, fire: IncidentId, at: Ms) {
        for answer in self.under_way.iter_mut().filter(|a| a.fire == Some(fire)) {
            answer.note(at, "fire out");
            answer.todo.push((at, Act::Over));
        }
    }
}

impl Answer {
    fn note(&mut self, at: Ms, what: &str) {
        self.log.push(format!("{what} +{:.0} s", (at - self.alarm).seconds()));
    }

    /// What the first guard will do, from what hangs where today. A missing wrench costs two minutes at the hydrant,
    /// a missing mask half a minute of going round to windward; without a hose there is no water.
    fn plan(&mut self, at: Ms, cabinets: &Cabinets) {
        let run = |cabinet: usize| {
            let [x, y] = cabinets.0[cabinet].at_m;
            libm::hypot(x - self.place_m[0], y - self.place_m[1]) / RUN_M_S
        };
        let after = |seconds: f64| at + Ms::from_seconds(seconds);
        let mut todo = Vec::new();
        let mut busy_s = 2.0;
        if let Some(cabinet) = cabinets.nearest_with("extinguisher", self.place_m, REACH_M[0]) {
            let item = "extinguisher";
            todo.push((after(busy_s + run(cabinet)), Act::Take { cabinet, item }));
            busy_s += 2.0 * run(cabinet) + 6.0;
            todo.push((after(busy_s), Act::Powder));
        }
        let hose = cabinets.nearest_with("hose", self.place_m, 1000.0);
        let hydrant = cabinets.nearest_water(self.place_m, REACH_M[1]);
        if let (Some(cabinet), Some(hydrant)) = (hose, hydrant) {
            let here = &cabinets.0[cabinet].there;
            let has = |item: &str| here.iter().any(|i| i == item);
            todo.push((after(busy_s + run(cabinet)), Act::Take { cabinet, item: "hose" }));
            busy_s += 2.0 * run(cabinet) + 25.0;
            if has("mask") {
                let at_cabinet = todo.last().map_or(at, |(at, _)| *at) + Ms(5000);
                todo.push((at_cabinet, Act::Take { cabinet, item: "mask" }));
            }
            busy_s += if has("wrench") { 8.0 } else { 120.0 } + if has("mask") { 10.0 } else { 30.0 };
            todo.push((after(busy_s), Act::Water { hydrant }));
        }
        if self.fire.is_none() {
            todo.push((after(busy_s + 60.0), Act::Over));
        }
        self.todo = todo;
    }
}

/// Drills are called; guards arrive; what they do takes its time.
#[allow(clippy::too_many_arguments, reason = "a system asks for what it reads and writes")]
pub(super) fn answer(
    clock: Res<Clock>,
    dice: Res<Chance>,
    tracks: Res<TrackLog>,
    mut fires: ResMut<Fires>,
    mut answers: ResMut<Answers>,
    mut cabinets: ResMut<Cabinets>,
    mut calls: ResMut<Calls>,
    mut outbox: ResMut<Outbox>,
    mut wake: ResMut<NextWake>,
    bodies: Query<&Body>,
) {
    let end = clock.end();
    while let Some((at, _, place_m)) = answers.drills.pop_before(end) {
        let why = answers.begin(at, place_m, None, "radio", &mut outbox);
        calls.0.push(Call { at, place_m, why });
    }
    if !calls.0.is_empty() {
        // Whoever hears the call acts in the next tick at the latest, also when nothing else happens.
        wake.offer(Some(end));
    }
    wake.offer(answers.drills.next());
    answers.under_way.retain_mut(|answer| {
        if !answer.arrived && end > answer.alarm {
            arrive(answer, end, &bodies, &tracks, &cabinets);
        }
        if !answer.arrived && end >= answer.alarm + GIVEN_UP {
            outbox.close(
                answer.incident,
                answer.alarm + GIVEN_UP,
                format!("{}; nobody came", answer.log.join("; ")),
            );
            return false;
        }
        let mut over = false;
        answer.todo.sort_by_key(|(at, _)| *at);
        while !over && answer.todo.first().is_some_and(|(at, _)| *at < end) {
            let (at, act) = answer.todo.remove(0);
            over = act_on(answer, at, act, &dice, &mut fires, &mut cabinets, &mut outbox);
        }
        wake.offer(answer.todo.first().map(|(at, _)| *at));
        if !answer.arrived {
            wake.offer(Some(answer.alarm + GIVEN_UP));
        }
        !over
    });
}

/// Has a guard come near?
fn arrive(answer: &mut Answer, at: Ms, bodies: &Query<&Body>, tracks: &TrackLog, cabinets: &Cabinets) {
    let far = |b: &Body| libm::hypot(b.to[0] - answer.place_m[0], b.to[1] - answer.place_m[1]);
    let guards = bodies.iter().filter(|b| b.role == Role::Guard && far(b) <= ARRIVED_M);
    let Some(first) = guards.min_by(|a, b| far(a).total_cmp(&far(b)).then(a.track.cmp(&b.track))) else {
        return;
    };
    answer.arrived = true;
    answer.note(at, &format!("{} there", tracks.tracks[first.track.index()].who));
    answer.plan(at, cabinets);
}

/// Does one thing; true when the answer is over.
fn act_on(
    answer: &mut Answer,
    at: Ms,
    act: Act,
    dice: &Chance,
    fires: &mut Fires,
    cabinets: &mut Cabinets,
    outbox: &mut Outbox,
) -> bool {
    let cause = Cause::Incident(answer.incident);
    let drill = answer.fire.is_none();
    match act {
        Act::Take { cabinet, item } => {
            let signal = Signal::KitTaken { item: item.to_owned() };
            outbox.say(at, cabinets.0[cabinet].device, signal, cause);
            if !drill {
                cabinets.take(cabinet, item);
            }
            answer.note(at, &format!("{item} from {}", cabinets.0[cabinet].id));
        }
        Act::Powder => {
            let taken = answer.fire.and_then(|id| fires.blaze_of(id)).map(|blaze| blaze.powder(dice));
            let what = match taken {
                Some(true) => "powder took it down",
                Some(false) => "too large for powder",
                None => "extinguisher ready",
            };
            answer.note(at, what);
        }
        Act::Water { hydrant } => {
            outbox.say(at, cabinets.0[hydrant].device, Signal::WaterOn, cause);
            answer.water = true;
            answer.note(at, &format!("water on from {}", cabinets.0[hydrant].id));
            if let Some(blaze) = answer.fire.and_then(|id| fires.blaze_of(id)) {
                blaze.water_since = Some(blaze.now_s());
            }
        }
        Act::Over => {
            if !answer.water {
                answer.log.push("no water".into());
            }
            let when = if answer.arrived { "" } else { "nobody came in time; " };
            outbox.close(answer.incident, at, format!("{when}{}", answer.log.join("; ")));
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twin::devices::fire_station::Cabinet;
    use crate::words::{DeviceIx, Id};

    fn cabinet(id: &str, x: f64, there: &[&str], water: bool) -> Cabinet {
        let there = there.iter().map(|s| (*s).to_owned()).collect();
        Cabinet { device: DeviceIx(0), id: Id::from(id), at_m: [x, 0.0], there, water }
    }

    /// Seconds from arrival to water, and the words of what is taken, for a station that holds some items.
    fn clock(items: &[&str]) -> (Option<f64>, Vec<&'static str>) {
        let cabinets =
            Cabinets(vec![cabinet("station", 40.0, items, false), cabinet("hydrant", 20.0, &[], true)]);
        let mut answer = Answer {
            incident: IncidentId(0),
            fire: Some(IncidentId(1)),
            place_m: [0.0, 0.0],
            alarm: Ms(0),
            arrived: true,
            water: false,
            todo: Vec::new(),
            log: Vec::new(),
        };
        answer.plan(Ms(0), &cabinets);
        let water =
            answer.todo.iter().find(|(_, act)| matches!(act, Act::Water { .. })).map(|(at, _)| at.seconds());
        let taken = answer.todo.iter().filter_map(|(_, act)| match act {
            Act::Take { item, .. } => Some(*item),
            _ => None,
        });
        (water, taken.collect())
    }

    #[test]
    fn what_is_missing_costs_time_or_the_water() {
        let all = ["hose", "mask", "wrench", "extinguisher"];
        let (full, taken) = clock(&all);
        let full = full.expect("water comes");
        assert_eq!(taken, ["extinguisher", "hose", "mask"]);
        let without = |gone: &str| clock(&all.into_iter().filter(|i| *i != gone).collect::<Vec<_>>()).0;
        assert!((without("wrench").expect("water comes") - full - 112.0).abs() < 0.01);
        assert!((without("mask").expect("water comes") - full - 20.0).abs() < 0.01);
        assert!(without("extinguisher").expect("water comes") < full, "he goes straight for the hose");
        assert_eq!(without("hose"), None);
        assert_eq!(clock(&[]), (None, vec![]));
    }
}
