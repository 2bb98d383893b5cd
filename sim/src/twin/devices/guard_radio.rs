//! Radios of guards (对讲机): on and off post, and reports from where they were sent.

use bevy::prelude::*;

use crate::contract::{Cause, Class, Signal};
use crate::twin::frame::{DeviceTable, Outbox, Plan};
use crate::twin::guards::{Guards, Noted};

/// Guards sign on and off.
pub(super) fn relief(
    plan: Res<Plan>,
    table: Res<DeviceTable>,
    guards: Res<Guards>,
    mut outbox: ResMut<Outbox>,
) {
    for noted in &guards.noted {
        let (guard, at, incident, on) = match noted {
            Noted::On(guard, at, incident) => (*guard, *at, *incident, true),
            Noted::Off(guard, at, incident) => (*guard, *at, *incident, false),
            Noted::Touched { .. } | Noted::Lapsed { .. } => continue,
        };
        let id = &plan.file.cast.guard[guard].id;
        if let Some(device) = table.named(Class::GuardRadio, id) {
            let guard = id.0.clone();
            let signal = if on { Signal::OnPost { guard } } else { Signal::OffPost { guard } };
            outbox.say(at, device, signal, Cause::Incident(incident));
        }
    }
}

/// Guards report. The reports stay for the duty room, which takes them.
pub(super) fn say(plan: Res<Plan>, table: Res<DeviceTable>, guards: Res<Guards>, mut outbox: ResMut<Outbox>) {
    for report in &guards.reports {
        let (Some(guard), Some(errand)) = (report.guard, report.errand) else { continue };
        let id = &plan.file.cast.guard[guard].id;
        if let Some(device) = table.named(Class::GuardRadio, id) {
            let signal = Signal::GuardReport { guard: id.0.clone(), what: report.what.words() };
            outbox.say(report.at, device, signal, Cause::Incident(errand));
        }
    }
}
