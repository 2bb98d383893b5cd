//! The time that is shown: play, pause, speed, jumps.

use bevy::ecs::prelude::Resource;
use palisade_sim::contract::Gravity;
use palisade_sim::words::Ms;

use crate::run_folder::Run;

/// Speeds that the keys go through.
pub const SPEEDS: [f64; 9] = [0.1, 0.25, 0.5, 1.0, 5.0, 20.0, 60.0, 300.0, 1_000.0];

/// The time that is shown.
#[derive(Clone, Debug, Resource)]
pub struct Clock {
    /// Milliseconds of the day.
    pub at_ms: f64,
    /// Whether it runs.
    pub playing: bool,
    /// Times real time.
    pub speed: f64,
    /// End of the day, ms.
    pub end_ms: f64,
}

impl Clock {
    /// Stands at an instant.
    pub fn new(at: Ms, end: Ms) -> Clock {
        Clock { at_ms: at.0 as f64, playing: false, speed: 1.0, end_ms: (end.0 - 1) as f64 }
    }

    /// The instant.
    pub fn at(&self) -> Ms {
        Ms(self.at_ms as i64)
    }

    /// Goes on by so much real time.
    pub fn tick(&mut self, seconds: f64) {
        if self.playing {
            self.seek(self.at_ms + seconds * 1000.0 * self.speed);
            if self.at_ms >= self.end_ms {
                self.playing = false;
            }
        }
    }

    /// Jumps.
    pub fn seek(&mut self, at_ms: f64) {
        self.at_ms = at_ms.clamp(0.0, self.end_ms);
    }

    /// The next faster (1) or slower (-1) speed.
    pub fn change_speed(&mut self, by: i32) {
        let near = SPEEDS.iter().position(|s| *s >= self.speed - 1e-9).unwrap_or(SPEEDS.len() - 1) as i32;
        self.speed = SPEEDS[(near + by).clamp(0, SPEEDS.len() as i32 - 1) as usize];
    }
}

/// Something to jump to.
#[derive(Clone, Debug, PartialEq)]
pub struct Stop {
    /// When.
    pub at: Ms,
    /// Where, m.
    pub place: [f64; 3],
    /// The incident's number on the tape.
    pub incident: u32,
    /// The device whose alarm was missed, when it is that.
    pub device: Option<String>,
}

/// Incidents that matter, in order of time.
pub fn incidents(run: &Run) -> Vec<Stop> {
    run.tape
        .incidents
        .iter()
        .filter(|i| i.kind.gravity() != Gravity::Routine)
        .map(|i| {
            let [x, y] = i.place.xy_m();
            let place = [x, y, f64::from(i.place.z_mm) / 1000.0];
            Stop { at: i.began, place, incident: i.id.0, device: None }
        })
        .collect()
}

/// Alarms that the gateway never passed on, in order of time.
pub fn missed(run: &Run) -> Vec<Stop> {
    let mut stops = Vec::new();
    for told in run.report.iter().flat_map(|r| &r.incidents) {
        for said in told.said.iter().filter(|s| s.outcome.as_deref() == Some("missed")) {
            let device = run.tape.devices.iter().find(|d| d.id.as_str() == said.device);
            let place = device.map_or([0.0; 3], |d| d.at_m);
            stops.push(Stop {
                at: Ms(said.due_ms),
                place,
                incident: told.id,
                device: Some(said.device.clone()),
            });
        }
    }
    stops.sort_by_key(|s| s.at);
    stops
}

/// The first stop after an instant, or the last one before it.
pub fn beside(stops: &[Stop], at: Ms, forward: bool) -> Option<&Stop> {
    if forward {
        stops.iter().find(|s| s.at.0 > at.0 + 1)
    } else {
        stops.iter().rev().find(|s| s.at.0 < at.0 - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speed_goes_from_a_tenth_to_a_thousand() {
        let mut clock = Clock::new(Ms(0), Ms::DAY);
        for _ in 0..20 {
            clock.change_speed(-1);
        }
        assert!((clock.speed - 0.1).abs() < 1e-12);
        for _ in 0..20 {
            clock.change_speed(1);
        }
        assert!((clock.speed - 1_000.0).abs() < 1e-12);
        clock.playing = true;
        clock.tick(100.0);
        assert!((clock.at_ms - (86_400_000.0 - 1.0)).abs() < 1.0 && !clock.playing);
    }

    #[test]
    fn stops_are_found_on_both_sides() {
        let stop = |at| Stop { at: Ms(at), place: [0.0; 3], incident: 0, device: None };
        let stops = [stop(10), stop(50), stop(90)];
        assert_eq!(beside(&stops, Ms(10), true).map(|s| s.at), Some(Ms(50)));
        assert_eq!(beside(&stops, Ms(90), false).map(|s| s.at), Some(Ms(50)));
        assert_eq!(beside(&stops, Ms(90), true), None);
    }
}
