//! How often a battery fails, and where: the monthly rate of the scenario, shared out over what a bike does.

use bevy::prelude::*;

use crate::contract::Origin;
use crate::model::Scenario;
use crate::model::cast::Event;
use crate::twin::devices::charger::Charge;
use crate::twin::frame::{Agenda, ParkedBike, Plan};
use crate::words::{AgentKey, Dice, Ms};

/// Shares of the fires of e-bikes by what the bike did, of 234 fires in Guangdong in September 2024: parked and not
/// charging, riding, charging. Fires of riding bikes happen on the road and are left out here.
pub const PARKED: f64 = 0.533;
/// See [`PARKED`].
pub const CHARGING: f64 = 0.205;
/// Charges a day of one bike, over which the share of charging is spread (assumed).
const CHARGES_A_DAY: f64 = 0.45;
/// Days of a month.
const MONTH_DAYS: f64 = 30.4;

/// A battery that begins to fail.
#[derive(Clone, Debug, PartialEq)]
pub struct Onset {
    /// When the fault begins.
    pub at: Ms,
    /// Where the bike stands, m.
    pub place_m: [f64; 2],
    /// Group and socket, when it stands at one.
    pub socket: Option<(usize, usize)>,
    /// Chance or script.
    pub origin: Origin,
    /// Tells this fire's dice from another's.
    pub number: u64,
}

/// Batteries that will fail.
#[derive(Resource)]
pub struct Onsets(Agenda<Onset>);

impl Onsets {
    /// Puts one down.
    pub fn add(&mut self, who: AgentKey, onset: Onset) {
        self.0.add(onset.at, who, onset);
    }

    /// Takes the first that is due before an instant.
    pub fn pop_before(&mut self, end: Ms) -> Option<Onset> {
        self.0.pop_before(end).map(|(_, _, onset)| onset)
    }

    /// When the next one is due.
    pub fn next(&self) -> Option<Ms> {
        self.0.next()
    }
}

impl FromWorld for Onsets {
    fn from_world(world: &mut World) -> Onsets {
        let plan = world.resource::<Plan>();
        let mut onsets = Onsets(Agenda::default());
        for entry in &plan.file.script {
            let Event::Fire { charger, socket } = &entry.event else { continue };
            let chargers = &plan.file.kit.charger;
            let Some(group) = chargers.iter().position(|c| c.id == *charger) else { continue };
            let socket = (*socket).min(chargers[group].sockets.saturating_sub(1));
            let place_m = crate::twin::devices::charger::socket_m(&chargers[group], socket);
            // Called after its instant and socket, so that another entry of the script changes nothing here.
            let number = AgentKey::of(&format!("{}/{charger}/{socket}", entry.at)).0;
            let origin = Origin::Script;
            let onset =
                Onset { at: entry.at.0, place_m, socket: Some((group, socket.into())), origin, number };
            onsets.add(AgentKey::of(charger.as_str()), onset);
        }
        onsets
    }
}

/// Chance a day that one bike burns, whatever it does, from fires per million bikes and month.
pub fn daily(per_million_month: f64) -> f64 {
    per_million_month / 1e6 / MONTH_DAYS
}

/// A number for a bike's fire that depends on nobody else.
pub fn bike_number(bike: &ParkedBike) -> u64 {
    AgentKey::of(&bike.who).0 ^ bike.at.0 as u64
}

/// Whether a bike that came home burns where it stands before its door, and when.
pub fn while_parked(dice: &Dice, scenario: &Scenario, bike: &ParkedBike) -> Option<Onset> {
    let mut draw = dice.draw(AgentKey::of(&bike.who), "burns-parked", bike.at.0 as u64);
    if !draw.chance(daily(scenario.file.cast.fires_per_million_month) * PARKED) {
        return None;
    }
    let door = scenario.site.entrances[scenario.households[bike.household].entrance].at;
    let at = bike.at + Ms::from_seconds(draw.between(0.0, 10.0 * 3600.0));
    let (origin, number) = (Origin::Chance, bike_number(bike));
    Some(Onset { at, place_m: [door.x, door.y], socket: None, origin, number })
}

/// Whether a bike burns during this charge, and how long after it was plugged in.
pub fn while_charging(dice: &Dice, scenario: &Scenario, bike: &ParkedBike, charge: Charge) -> Option<Ms> {
    let mut draw = dice.draw(AgentKey::of(&bike.who), "burns-charging", bike.at.0 as u64);
    let burns = draw.chance(daily(scenario.file.cast.fires_per_million_month) * CHARGING / CHARGES_A_DAY);
    burns.then(|| Ms::from_seconds(draw.unit() * charge.lasting_s()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_hundred_bikes_expect_a_fire_in_about_twelve_years() {
        let a_year = 1200.0 * daily(5.6) * MONTH_DAYS * 12.0;
        assert!((a_year / 0.081 - 1.0).abs() < 0.01);
    }
}
