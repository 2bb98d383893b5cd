//! Vehicles: residents' and visitors' cars between the street and the car parks, along the roads.

mod ride;

use bevy::prelude::*;

use super::frame::{Agenda, NextWake, Phase, Room, SimTick, Slot};
use super::people::PersonIx;
use super::walk::Outdoors;
use crate::words::{AgentKey, Dice, IncidentId, Ms};

/// Number of a ride in [`Rides::rides`].
pub type RideIx = usize;

/// One drive in or out.
#[derive(Clone, Debug)]
pub struct Ride {
    /// Stable name of the car, such as `car/b03-1-0502`.
    pub name: String,
    /// Stable key.
    pub key: AgentKey,
    /// Who drives.
    pub person: PersonIx,
    /// Its plate.
    pub plate: String,
    /// A resident's car.
    pub resident: bool,
    /// Out of the compound.
    pub outward: bool,
    /// Its incident.
    pub errand: IncidentId,
    pub(crate) lot: usize,
    pub(crate) portal: usize,
    pub(crate) body: Outdoors,
    pub(crate) place: [f64; 2],
    pub(crate) speed_m_s: f64,
    pub(crate) passed: bool,
}

/// Every drive of the day, in the order in which they began.
#[derive(Resource, Default, Debug)]
pub struct Rides {
    /// All drives.
    pub rides: Vec<Ride>,
    /// Drives that stand at a gate since the barriers last looked.
    pub at_gate: Vec<AtBarrier>,
}

/// A vehicle stands at a gate.
#[derive(Clone, Copy, Debug)]
pub struct AtBarrier {
    /// Since when.
    pub at: Ms,
    /// Which drive.
    pub ride: RideIx,
    /// The gate in the site's list.
    pub gate: usize,
}

/// What a drive does next.
#[derive(Clone, Copy, Debug)]
pub enum RideStep {
    /// It has reached the gate, or its end.
    Reached(RideIx),
    /// It may go on.
    Go(RideIx),
    /// It may not come in.
    Refused(RideIx),
}

/// Vehicles.
pub struct VehiclesPlugin;

impl Plugin for VehiclesPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Rides>()
            .init_resource::<Agenda<RideStep>>()
            .add_systems(SimTick, ride::ride.in_set(Slot(Phase::Decide, Room::Vehicles)))
            .add_systems(SimTick, wake.in_set(Slot(Phase::Report, Room::Vehicles)));
    }
}

fn wake(agenda: Res<Agenda<RideStep>>, mut wake: ResMut<NextWake>) {
    wake.offer(agenda.next());
}

/// The plate of a car: two letters and five signs, drawn from its name.
pub fn plate(dice: &Dice, name: &str) -> String {
    const SIGNS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ0123456789";
    let mut draw = dice.draw(AgentKey::of(name), "plate", 0);
    let letter = |sign: usize| char::from(SIGNS[sign]);
    let mut text: String = (0..2).map(|_| letter(draw.below(24))).collect();
    text.extend((0..5).map(|_| letter(draw.below(SIGNS.len()))));
    text
}

/// A plate as a camera misreads it: one sign is another.
pub fn misread(plate: &str, draw: &mut crate::words::Draw) -> String {
    let wrong = draw.below(plate.len());
    let sign = |sign: char| match sign {
        '0' => 'D',
        'B' => '8',
        '8' => 'B',
        'Z' => '2',
        '1'..='9' => '0',
        _ => 'H',
    };
    plate.chars().enumerate().map(|(i, c)| if i == wrong { sign(c) } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plates_are_their_cars_own() {
        let dice = Dice::new(3);
        let a = plate(&dice, "car/b1-1-0101");
        assert_eq!(a.len(), 7);
        assert_eq!(a, plate(&dice, "car/b1-1-0101"));
        assert_ne!(a, plate(&dice, "car/b1-1-0102"));
    }
}
