//! Tours: the way from point to point, when each point is due, and how a guard departs from that.

use bevy::prelude::Resource;

use crate::model::Scenario;
use crate::twin::nav::Nav;
use crate::words::{Draw, IncidentId, Ms};

/// A tour of the kit, measured on the ground.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Rows of the checkpoints in the kit, in order.
    pub points: Vec<usize>,
    /// Where one stands at each, m.
    pub stands: Vec<[f64; 2]>,
    /// When each is due, counted from the start.
    pub due: Vec<Ms>,
}

/// All tours, and what became of each point of each walk.
#[derive(Resource, Clone, Debug, Default)]
pub struct Tours {
    /// One for each tour of the kit.
    pub routes: Vec<Route>,
    /// (tour, start, point) of points that were touched.
    pub touched: std::collections::BTreeSet<(usize, usize, usize)>,
    /// (tour, start, point) whose window passed untouched, with the deviation opened for it.
    pub lapsed: std::collections::BTreeMap<(usize, usize, usize), IncidentId>,
}

impl Tours {
    /// Measures the tours: the walk starts at `base`, and each point is due after the planned walk and the stays.
    pub fn of(scenario: &Scenario, nav: &mut Nav, base: [f64; 2]) -> Tours {
        let kit = &scenario.file.kit;
        let routes = kit.guard_tour.iter().map(|tour| {
            let row = |id: &crate::words::Id| kit.checkpoint.iter().position(|point| point.id == *id);
            let points: Vec<usize> = tour.checkpoints.iter().filter_map(row).collect();
            let stand = |row: &usize| {
                let at = kit.checkpoint[*row].at_m;
                nav.stand_near(at).unwrap_or(at)
            };
            let stands: Vec<[f64; 2]> = points.iter().map(stand).collect();
            let mut at = Ms(0);
            let mut due = Vec::with_capacity(points.len());
            for (index, stand) in stands.iter().enumerate() {
                let from = if index > 0 { stands[index - 1] } else { base };
                let length = nav.way(from, *stand).map_or(0.0, |way| way.length_m);
                let stay = if index > 0 { tour.dwell.0 } else { Ms(0) };
                at += Ms::from_seconds(length / tour.speed_m_s) + stay;
                due.push(at);
            }
            Route { points, stands, due }
        });
        Tours { routes: routes.collect(), ..Tours::default() }
    }
}

/// One walk of a tour.
#[derive(Clone, Debug)]
pub struct TourWalk {
    /// Row of the tour in the kit.
    pub tour: usize,
    /// Which start of the day.
    pub start: usize,
    /// Its incident.
    pub errand: IncidentId,
    /// When it was to start.
    pub planned: Ms,
    /// Points left to go to, in the order in which the guard means to.
    pub left: Vec<usize>,
    /// Walking speed on this walk, m/s.
    pub speed_m_s: f64,
    /// How many points were touched on time.
    pub on_time: u32,
}

/// How tired a guard is: slower and less careful by night, 1 by day.
pub fn fatigue(at: Ms) -> f64 {
    let hour = at.0.rem_euclid(Ms::DAY.0) / 3_600_000;
    match hour {
        0..2 | 22.. => 1.05,
        2..5 => 1.15,
        5..6 => 1.1,
        _ => 1.0,
    }
}

/// The points in the order in which a guard goes to them: now and then he leaves one out or swaps two. Those who are
/// not trained do so more often, and everybody by night. The shares are assumed.
pub fn order(points: usize, trained: bool, tired: f64, draw: &mut Draw) -> Vec<usize> {
    let careless = (if trained { 1.0 } else { 5.0 }) * (1.0 + 8.0 * (tired - 1.0));
    let mut order = Vec::with_capacity(points);
    for point in 0..points {
        if !draw.chance(0.004 * careless) {
            order.push(point);
        }
    }
    if order.len() > 2 && draw.chance(0.015 * careless) {
        let first = 1 + draw.below(order.len() - 2);
        order.swap(first - 1, first);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{AgentKey, Dice};

    #[test]
    fn untrained_guards_leave_out_more() {
        let left_out = |trained: bool| -> usize {
            (0..3000)
                .map(|i| 12 - order(12, trained, 1.0, &mut Dice::new(1).draw(AgentKey(9), "tour", i)).len())
                .sum()
        };
        let (trained, untrained) = (left_out(true), left_out(false));
        assert!((90..200).contains(&trained), "{trained} of 36000");
        assert!(untrained > 3 * trained, "{untrained} against {trained}");
    }
}
