//! The roster: who is on duty when. Shifts, relief, people who fall out.

use bevy::prelude::Resource;

use crate::model::Scenario;
use crate::model::cast::{Duty, Event};
use crate::words::{AgentKey, Dice, Id, Ms};

/// One stretch of duty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stint {
    /// When the guard really takes over.
    pub on: Ms,
    /// When he really leaves.
    pub off: Ms,
    /// True when the stint ends because he falls out, not because the shift is over.
    pub falls_out: bool,
}

/// A guard's day.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Number or name.
    pub id: Id,
    /// What he does.
    pub duty: Duty,
    /// His stretches of duty in order.
    pub stints: Vec<Stint>,
}

/// Everybody's turns.
#[derive(Resource, Clone, Debug, Default)]
pub struct Roster {
    /// One for each guard of the cast, in its order.
    pub turns: Vec<Turn>,
}

impl Roster {
    /// The roster of a day. Guards relieve each other with a delay of minutes; those who are not trained are later.
    pub fn of(scenario: &Scenario, dice: &Dice) -> Roster {
        let turns = scenario.file.cast.guard.iter().map(|guard| {
            let mut draw = dice.draw(AgentKey::of(&format!("guard/{}", guard.id)), "relief", 0);
            let slack = if guard.trained { 1.5 } else { 4.0 };
            let late = Ms::from_seconds(60.0 * draw.normal_within(0.5, slack, -3.0, 15.0));
            let stays = Ms::from_seconds(60.0 * draw.between(0.5, 4.0));
            let mut stints = on_this_day(guard.shift.map(|time| time.0), late, stays);
            for (from, to) in absences(scenario, &guard.id) {
                stints = stints.into_iter().flat_map(|stint| without(stint, from, to)).collect();
            }
            Turn { id: guard.id.clone(), duty: guard.duty.clone(), stints }
        });
        Roster { turns: turns.collect() }
    }

    /// True when a guard of the cast is on duty.
    pub fn on_duty(&self, guard: usize, at: Ms) -> bool {
        self.turns[guard].stints.iter().any(|stint| (stint.on..stint.off).contains(&at))
    }

    /// Guards of the cast with a duty who are on it at an instant.
    pub fn on<'a>(&'a self, duty: &'a Duty, at: Ms) -> impl Iterator<Item = usize> + 'a {
        (0..self.turns.len())
            .filter(move |guard| self.turns[*guard].duty == *duty && self.on_duty(*guard, at))
    }

    /// How many people do a duty at an instant, where the kit foresees `nominal`. Where the cast names nobody for it,
    /// the nominal number is always there.
    pub fn strength(&self, duty: &Duty, nominal: u32, at: Ms) -> u32 {
        if self.turns.iter().any(|turn| turn.duty == *duty) {
            nominal.min(self.on(duty, at).count() as u32)
        } else {
            nominal
        }
    }
}

/// The stretches of a shift that fall on this day; one that goes past midnight gives two.
fn on_this_day([from, to]: [Ms; 2], late: Ms, stays: Ms) -> Vec<Stint> {
    let stint = |on: Ms, off: Ms| Stint { on: Ms(on.0.max(0)), off, falls_out: false };
    let late = if from == Ms(0) { Ms(0) } else { late };
    if from == to {
        vec![stint(Ms(0), Ms::DAY)]
    } else if to == Ms(0) {
        vec![stint(from + late, Ms::DAY)]
    } else if from < to {
        vec![stint(from + late, to + stays)]
    } else {
        vec![stint(Ms(0), to + stays), stint(from + late, Ms::DAY)]
    }
}

fn absences<'a>(scenario: &'a Scenario, who: &'a Id) -> impl Iterator<Item = (Ms, Ms)> + 'a {
    scenario.file.script.iter().filter_map(move |entry| match &entry.event {
        Event::GuardAbsent { guard, lasting } if guard == who => Some((entry.at.0, entry.at.0 + lasting.0)),
        _ => None,
    })
}

fn without(stint: Stint, from: Ms, to: Ms) -> Vec<Stint> {
    let before = Stint { off: stint.off.min(from), falls_out: from < stint.off, ..stint };
    let after = Stint { on: stint.on.max(to), ..stint };
    if to <= stint.on || from >= stint.off {
        return vec![stint];
    }
    [before, after].into_iter().filter(|stint| stint.on < stint.off).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_shift_is_two_stretches() {
        let stints = on_this_day([Ms(22 * 3_600_000), Ms(6 * 3_600_000)], Ms(60_000), Ms(0));
        assert_eq!(
            stints.iter().map(|s| (s.on.0, s.off.0)).collect::<Vec<_>>(),
            vec![(0, 21_600_000), (79_260_000, 86_400_000)]
        );
    }

    #[test]
    fn who_falls_out_comes_back() {
        let stint = Stint { on: Ms(100), off: Ms(900), falls_out: false };
        let left = without(stint, Ms(300), Ms(500));
        assert_eq!(
            left,
            vec![
                Stint { on: Ms(100), off: Ms(300), falls_out: true },
                Stint { on: Ms(500), off: Ms(900), falls_out: false },
            ]
        );
        assert_eq!(without(stint, Ms(0), Ms(2000)), vec![]);
        assert_eq!(without(stint, Ms(900), Ms(2000)), vec![stint]);
    }
}
