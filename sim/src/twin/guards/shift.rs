//! The day of the guards, laid down at midnight: reliefs, tours and their windows, rounds of cells.

use super::GuardStep;
use super::roster::Roster;
use super::tour::Tours;
use crate::model::Scenario;
use crate::twin::frame::Agenda;
use crate::words::{AgentKey, Dice, Ms};

/// How often the guard of a cell walks round it. Assumed.
const ROUND_EVERY: Ms = Ms(2 * 3_600_000);

pub(super) fn day(scenario: &Scenario, dice: &Dice, roster: &Roster, tours: &Tours) -> Agenda<GuardStep> {
    let mut agenda = Agenda::default();
    let kit = &scenario.file.kit;
    for (guard, turn) in roster.turns.iter().enumerate() {
        let key = AgentKey::of(&format!("guard/{}", turn.id));
        for (number, stint) in turn.stints.iter().enumerate() {
            let comes_back = number > 0 && turn.stints[number - 1].falls_out;
            agenda.add(stint.on, key, GuardStep::On(guard, comes_back));
            if stint.off < Ms::DAY {
                agenda.add(stint.off, key, GuardStep::Off(guard, stint.falls_out));
            }
        }
    }
    for (tour, row) in kit.guard_tour.iter().enumerate() {
        let key = AgentKey::of(&format!("tour/{}", row.id));
        for (start, time) in row.starts.iter().enumerate() {
            let mut draw = dice.draw(key, "setting out", start as u64);
            let delay = Ms::from_seconds(draw.normal_within(25.0, 40.0, -60.0, 240.0));
            agenda.add(Ms((time.0 + delay).0.max(0)), key, GuardStep::Tour { tour, start });
            for (point, due) in tours.routes[tour].due.iter().enumerate() {
                let closes = time.0 + *due + row.window.0;
                agenda.add(closes, key, GuardStep::Window { tour, start, point });
            }
        }
    }
    for (cell, row) in kit.grid_cell.iter().enumerate() {
        let key = AgentKey::of(&format!("cell/{}", row.id));
        let first = Ms::from_seconds(dice.draw(key, "round", 0).between(0.0, ROUND_EVERY.seconds()));
        let mut at = first;
        while at < Ms::DAY {
            agenda.add(at, key, GuardStep::CellRound(cell));
            at += ROUND_EVERY;
        }
    }
    agenda
}
