//! Checkpoints: a recorder is held to them, or their window passes.

use bevy::prelude::*;

use crate::contract::{Cause, Class, Signal};
use crate::twin::frame::{DeviceTable, Outbox, Plan};
use crate::twin::guards::{Guards, Noted};

/// Passes on what guards touched, and what they did not: the terminal of the duty room says the latter, or the
/// checkpoint itself where there is no duty room.
pub(super) fn note(
    plan: Res<Plan>,
    table: Res<DeviceTable>,
    mut guards: ResMut<Guards>,
    mut outbox: ResMut<Outbox>,
) {
    let kit = &plan.file.kit;
    let roster = &plan.file.cast.guard;
    for noted in std::mem::take(&mut guards.noted) {
        match noted {
            Noted::Touched { guard, at, checkpoint, tour, offset, errand } => {
                let signal = Signal::CheckpointRead {
                    tour: kit.guard_tour[tour].id.0.clone(),
                    guard: roster[guard].id.0.clone(),
                    due_offset_s: libm::round(offset.seconds()) as i32,
                };
                if let Some(device) = table.row(Class::Checkpoint, checkpoint) {
                    outbox.say(at, device, signal, Cause::Incident(errand));
                }
            }
            Noted::Lapsed { at, checkpoint, tour, deviation } => {
                let signal = Signal::CheckpointOverdue { tour: kit.guard_tour[tour].id.0.clone() };
                let teller = table.row(Class::DutyRoom, 0).or(table.row(Class::Checkpoint, checkpoint));
                if let Some(device) = teller {
                    outbox.say(at, device, signal, Cause::Incident(deviation));
                }
            }
            Noted::On(..) | Noted::Off(..) => {}
        }
    }
}
