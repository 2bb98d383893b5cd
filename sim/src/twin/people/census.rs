//! Who lives where: the members of a household, drawn once.

use crate::model::Scenario;
use crate::words::{AgentKey, Dice, Draw};

/// What a member does by day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Goes to work by day.
    Day,
    /// Goes to work by night.
    Night,
    /// Goes to school.
    Pupil,
    /// At home: small child, retired, keeps house.
    Home,
}

/// A member of a household.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Stable name, `resident/<flat>/<number>`.
    pub name: String,
    /// Age, years.
    pub age: u8,
    /// What he does by day.
    pub work: Work,
    /// Walking speed, m/s.
    pub speed_m_s: f64,
}

/// Who lives in a flat, and what they own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Family {
    /// Members; empty when the flat stands empty.
    pub members: Vec<Member>,
    /// They have a car.
    pub car: bool,
    /// E-bikes.
    pub bikes: u32,
    /// They have a dog.
    pub dog: bool,
}

/// Share of households with a dog: assumed.
const DOGS: f64 = 0.12;

/// Draws who lives in a flat.
pub fn family(scenario: &Scenario, dice: &Dice, household: usize) -> Family {
    let cast = &scenario.file.cast;
    let flat = &scenario.households[household].flat;
    let mut draw = dice.draw(AgentKey::of(flat), "family", 0);
    if !draw.chance(cast.occupancy) {
        return Family::default();
    }
    let size = 1 + draw.poisson(cast.residents_per_flat - 1.0).min(5);
    let ages = ages(&mut draw, size);
    let member = |(number, age): (usize, u8)| {
        let name = format!("resident/{flat}/{number}");
        let mut draw = dice.draw(AgentKey::of(&name), "member", 0);
        Member { work: work(age, &mut draw), speed_m_s: speed(f64::from(age), &mut draw), name, age }
    };
    Family {
        members: ages.into_iter().enumerate().map(member).collect(),
        car: draw.chance(cast.cars_per_flat),
        bikes: draw.poisson(cast.ebikes_per_flat).min(size),
        dog: draw.chance(DOGS),
    }
}

/// A couple or a single first, then children or grandparents.
fn ages(draw: &mut Draw, size: u32) -> Vec<u8> {
    let first = if draw.chance(0.25) { draw.between(60.0, 86.0) } else { draw.between(23.0, 60.0) };
    let mut ages = vec![first as u8];
    for number in 1..size {
        let partner = (first + draw.normal(0.0, 3.0)).clamp(22.0, 90.0);
        let child = draw.between(0.0, (first - 22.0).clamp(1.0, 22.0));
        let elder = (first + draw.between(22.0, 30.0)).min(90.0);
        let age = match number {
            1 => partner,
            _ if first < 60.0 && draw.chance(0.65) => child,
            _ => elder,
        };
        ages.push(age as u8);
    }
    ages
}

fn work(age: u8, draw: &mut Draw) -> Work {
    match age {
        0..6 => Work::Home,
        6..18 => Work::Pupil,
        18..61 if draw.chance(0.84) => {
            if draw.chance(0.04) {
                Work::Night
            } else {
                Work::Day
            }
        }
        _ => Work::Home,
    }
}

/// Free walking speed, m/s: N(1.34, 0.26) of Weidmann, scaled by age after his curve (1 at 20 to 50 years, 0.95 at
/// 60, 0.8 at 70; children as he gives them for ten years).
fn speed(age: f64, draw: &mut Draw) -> f64 {
    let share = if age < 10.0 {
        0.55 + 0.035 * age
    } else if age < 50.0 {
        1.0
    } else {
        (1.0 - 0.005 * (age - 50.0) - 0.0006 * (age - 50.0) * (age - 50.0)).max(0.4)
    };
    (share * draw.normal_within(1.34, 0.26, 0.8, 2.0)).clamp(0.4, 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_fall_with_age() {
        let mean = |age: f64| {
            let dice = Dice::new(1);
            let one = |i: u64| speed(age, &mut dice.draw(AgentKey(5), "speed", i));
            (0..2000).map(one).sum::<f64>() / 2000.0
        };
        assert!((mean(30.0) - 1.34).abs() < 0.03);
        assert!(mean(60.0) < mean(30.0) && mean(75.0) < mean(60.0) && mean(4.0) < mean(12.0));
    }
}
