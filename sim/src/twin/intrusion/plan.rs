//! An intruder's plan: where he gets over, which way he takes, how long he stays, drawn from his policy.

use super::choice::{Offer, choose};
use super::course::Course;
use super::crossing::{self, Barrier, Crossing, Manner};
use super::exposure::{Exposure, Knowledge, weigh};
use crate::contract::Origin;
use crate::model::Scenario;
use crate::model::cast::{Duty, Policy};
use crate::model::site::Use;
use crate::twin::devices::outer_post::{absent, on_shift};
use crate::twin::nav::Nav;
use crate::words::{AgentKey, Dice, Ms};

/// Chance that a guard at a gate stops a stranger who walks in behind somebody (assumed).
pub const STOPPED_AT_GATE: f64 = 0.6;

/// An attempt that is to come.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Stable name of the intruder.
    pub name: String,
    /// Chance or script.
    pub origin: Origin,
    /// Where the script wants him to climb, m.
    pub at_m: Option<[f64; 2]>,
    /// The building he is after, by its place in the site's list.
    pub target: Option<usize>,
}

/// What he will do if nobody stops him.
#[derive(Clone, Debug, PartialEq)]
pub struct Scheme {
    /// Where he gets in and out.
    pub crossing: Crossing,
    /// How.
    pub manner: Manner,
    /// From outside to the door of his target.
    pub way_in: Course,
    /// Points from the door back to the crossing, m.
    pub way_back: Vec<[f64; 2]>,
    /// Seconds indoors.
    pub indoors_s: f64,
    /// The building.
    pub target: usize,
    /// What can be seen of the way in.
    pub exposure: Exposure,
    /// A guard stops him at the gate.
    pub stopped: bool,
}

/// Attempts of the day by chance: seven in ten between midnight and five, the rest over the whole day.
pub fn by_chance(scenario: &Scenario, dice: &Dice) -> Vec<(Ms, Attempt)> {
    let count = dice
        .draw(AgentKey::of("intruders"), "how-many", 0)
        .poisson(scenario.file.cast.intrusions_per_day * scenario.file.day.lasting.as_seconds() / 86_400.0);
    let attempt = |n: u32| {
        let name = format!("intruder/{n}");
        let mut draw = dice.draw(AgentKey::of(&name), "when", 0);
        let hours = if draw.chance(0.7) { draw.between(0.2, 5.0) } else { draw.between(5.0, 24.0) };
        let attempt = Attempt { name, origin: Origin::Chance, at_m: None, target: None };
        (Ms::from_seconds(hours * 3600.0), attempt)
    };
    (1..=count).map(attempt).filter(|(at, _)| *at < scenario.file.day.lasting.0).collect()
}

/// Makes the plan; nothing when there is no way in or nothing to steal.
pub fn scheme(attempt: &Attempt, at: Ms, knowledge: Knowledge, nav: &mut Nav, dice: &Dice) -> Option<Scheme> {
    let scenario = knowledge.scenario;
    let mut draw = dice.draw(AgentKey::of(&attempt.name), "plan", 0);
    let policy = scenario.file.cast.intruder_policy;
    let manner = Manner::drawn(&mut draw, policy);
    let indoors_s = draw.log_normal(150.0, 0.4);
    let stops = draw.chance(STOPPED_AT_GATE);
    let candidates = match attempt.at_m {
        Some(at_m) => crossing::nearest(&scenario.site, nav, at_m).into_iter().collect(),
        None => crossing::all(&scenario.site, nav),
    };
    let (target, door) = target(attempt, scenario, nav, &mut draw)?;
    let mut offers = Vec::new();
    let mut ways = Vec::new();
    for (n, crossing) in candidates.iter().enumerate() {
        let Some(way) = nav.way(crossing.inside_m, door) else { continue };
        let mut course = Course::from(at, crossing.away_m);
        crossing.cross(&mut course, manner, true);
        course.walk(&way.points, manner.speed_m_s);
        let mut exposure = weigh(knowledge, &course);
        if let Some(post) = guarded_gate(scenario, crossing, at) {
            exposure.sensors.push((post, STOPPED_AT_GATE));
        }
        offers.push(Offer { seconds: (course.last().at - at).seconds(), seen: exposure.seen() });
        ways.push((n, course, way, exposure));
    }
    let (n, mut way_in, way, exposure) = ways.swap_remove(choose(policy, &offers, &mut draw)?);
    let crossing = candidates[n].clone();
    let stopped = stops && guarded_gate(scenario, &crossing, at).is_some();
    if stopped {
        way_in = turned_away(&crossing, at);
    }
    let way_back = way.points.iter().rev().copied().collect();
    Some(Scheme { crossing, manner, way_in, way_back, indoors_s, target, exposure, stopped })
}

/// He is stopped at the gate, talks for half a minute and goes away again.
fn turned_away(crossing: &Crossing, at: Ms) -> Course {
    let mut course = Course::from(at, crossing.away_m);
    course.walk(&[crossing.outside_m], 1.3);
    course.stay(30.0);
    course.walk(&[crossing.away_m], 1.4);
    course
}

/// The building and where he stands before its door.
fn target(
    attempt: &Attempt,
    scenario: &Scenario,
    nav: &Nav,
    draw: &mut crate::words::Draw,
) -> Option<(usize, [f64; 2])> {
    let site = &scenario.site;
    let near = attempt.at_m.unwrap_or([0.0; 2]);
    let doors: Vec<(usize, [f64; 2])> = site
        .entrances
        .iter()
        .zip(&nav.places.doors)
        .filter_map(|(entrance, door)| {
            let building = site.buildings.iter().position(|b| b.id == entrance.building)?;
            (site.buildings[building].usage == Use::Residential).then_some((building, (*door)?))
        })
        .collect();
    let far = |p: [f64; 2]| libm::hypot(p[0] - near[0], p[1] - near[1]);
    match (attempt.target, attempt.at_m) {
        (Some(building), _) => {
            let his: Vec<_> = doors.into_iter().filter(|(b, _)| *b == building).collect();
            draw.pick(&his).copied()
        }
        (None, Some(_)) => doors.into_iter().min_by(|a, b| far(a.1).total_cmp(&far(b.1))),
        (None, None) => draw.pick(&doors).copied(),
    }
}

/// The gate post of a gate at which a guard stands now.
pub fn guarded_gate(scenario: &Scenario, crossing: &Crossing, at: Ms) -> Option<String> {
    let Barrier::Gate(Some(gate)) = crossing.barrier else { return None };
    let gate = &scenario.site.gates[gate].id;
    let post = scenario.file.kit.gate_post.iter().find(|p| p.gate == *gate && p.guards > 0)?;
    let manned = scenario.file.cast.guard.iter().any(|g| {
        matches!(&g.duty, Duty::GatePost(id) if *id == post.id)
            && on_shift(g, at).is_some()
            && !absent(scenario, &g.id, at)
    });
    manned.then(|| post.id.to_string())
}

impl Scheme {
    /// How he got in, in words.
    pub fn told(&self, policy: Policy) -> String {
        let [x, y] = self.crossing.line_m;
        let how = match self.crossing.barrier {
            Barrier::Gate(_) => "in through",
            Barrier::Wall { .. } if self.way_in.corners().iter().any(|c| c.feet_m > 0.3) => "over",
            Barrier::Wall { .. } => "through",
        };
        let policy = match policy {
            Policy::Random => "any way",
            Policy::Rushing => "the quickest way",
            Policy::Covert => "the least seen way",
        };
        let mut worst: Vec<_> = self.exposure.sensors.iter().collect();
        worst.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let worst: Vec<String> = worst.iter().take(4).map(|(name, p)| format!("{name} {p:.2}")).collect();
        let sensors = if worst.is_empty() { "nothing looks there".into() } else { worst.join(", ") };
        let seen = self.exposure.seen();
        format!(
            "{how} {} at ({x:.1}, {y:.1}) m, {policy}; chance of being seen {seen:.2} ({sensors})",
            self.crossing.name
        )
    }
}
