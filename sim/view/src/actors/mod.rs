//! The actors: who and what moves at an instant, and what devices do then.

pub mod bodies;
pub mod fire;
pub mod puffs;
pub mod states;

use std::collections::HashMap;

use palisade_sim::twin::frame::Role;
use palisade_sim::words::Ms;

use crate::light::Light;
use crate::pad::{Colour, Pad, Shine, V3, key, length, rgb, sub};
use crate::run_folder::{Mover, Run};
use puffs::Puffs;
use states::States;

/// Beyond this distance bodies are drawn plainly, m.
const PLAIN_M: f64 = 60.0;
/// Beyond this distance people are a few pixels tall, m.
const TINY_M: f64 = 140.0;

/// The colour by which a role is known: a body's upper part, a vehicle's mark on the map.
pub fn role_colour(role: Role) -> Colour {
    rgb(match role {
        Role::Resident => 0x3f_78c4,
        Role::Visitor => 0x9a_55c0,
        Role::Courier => 0xf2_a516,
        Role::Staff => 0x2f_a064,
        Role::Guard => 0xd4_f03c,
        Role::Intruder => 0xd0_1f2e,
        Role::Vehicle => 0xb8_c0c8,
        Role::Bike => 0x2f_b0b8,
        Role::Object => 0xff_7a1a,
    })
}

/// What is drawn anew for each instant.
#[derive(Debug)]
pub struct Actors {
    /// Bodies.
    pub solid: Pad,
    /// Smoke, shadows on the ground.
    pub soft: Puffs,
}

impl Default for Actors {
    fn default() -> Self {
        Actors { solid: Pad::new(), soft: Puffs::default() }
    }
}

/// What the drawing of an instant needs.
pub struct Instant<'a> {
    /// The run.
    pub run: &'a Run,
    /// When.
    pub at: Ms,
    /// The light then.
    pub light: &'a Light,
    /// Where the eye is, m.
    pub eye: V3,
    /// Sunlight and lamplight on the ground at a place, 0..1 each.
    pub fallen: &'a dyn Fn([f64; 2]) -> [f32; 2],
}

impl Actors {
    /// Draws an instant.
    pub fn draw(&mut self, instant: &Instant<'_>, states: &States) {
        self.solid.clear();
        self.soft.clear();
        let movers = instant.run.movers(instant.at);
        self.bodies(instant, &movers);
        states.draw(&mut self.solid, instant);
        fire::draw(&mut self.soft, instant);
        self.solid.shine(Shine::None);
    }

    /// Draws bodies.
    pub fn bodies(&mut self, instant: &Instant<'_>, movers: &[Mover<'_>]) {
        let mut crowded: HashMap<(i64, i64), u32> = HashMap::new();
        for mover in movers {
            let [x, y, z] = mover.at_m;
            let pose = bodies::Pose::of(mover).beside(&mut crowded);
            let [sun, lamp] = (instant.fallen)([x, y]);
            self.solid.lit(lamp, sun);
            let away = length(sub(mover.at_m, instant.eye));
            let plain = away > PLAIN_M;
            let (wide, tall) = match mover.track.role {
                Role::Vehicle => {
                    bodies::car(&mut self.solid, &pose);
                    (1.9, 1.5)
                }
                Role::Bike => {
                    bodies::bike(&mut self.solid, &pose, true);
                    (0.6, 1.6)
                }
                Role::Object => {
                    bodies::object(&mut self.solid, mover.at_m, key(&mover.track.who));
                    (0.3, 0.3)
                }
                role if away > TINY_M => {
                    bodies::figure(&mut self.solid, mover.at_m, role);
                    (0.45, 1.7)
                }
                role => {
                    bodies::person(&mut self.solid, &pose, role, plain);
                    (0.45, 1.7)
                }
            };
            self.soft.shadow([x, y], z, wide, tall, instant.light, sun);
        }
        self.solid.lit(0.0, 1.0);
    }
}
