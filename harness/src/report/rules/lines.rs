//! Whether a detector that lost its line is reported: cut wire, power cut, a module that died.

use palisade_sim::analysis::assumed;
use palisade_sim::words::DeviceIx;

use super::{About, RulePart, Run, conclude, name};
use crate::record::{Micros, Observation};

/// What the gateway says of a device that vanished.
const OFFLINE: &str = "device_offline";

/// A line that went down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lost {
    /// Whose.
    pub(super) device: DeviceIx,
    /// When.
    pub(super) at_us: Micros,
}

pub(super) fn reported(part: &mut RulePart, run: &Run<'_>, about: About<'_>, most_s: f64) {
    (part.demanded, part.unit) = (Some(most_s), "s".into());
    let most_us = (most_s * 1e6) as Micros;
    let (mut judged, mut wrong, mut slowest) = (Vec::new(), Vec::new(), None);
    for lost in &run.lost {
        let class = run.devices.get(lost.device.index()).map_or("", |row| row.class.word());
        let is_meant = about.classes.iter().any(|meant| meant == class);
        let is_known = lost.at_us + most_us <= run.listened_until_us;
        let was_down = run.restarts.iter().any(|(down, open)| (*down..*open).contains(&lost.at_us));
        if !is_meant || !is_known || was_down {
            continue;
        }
        judged.push(class);
        let device = name(run, lost.device);
        let told_us = told_us(run.offline, &device, lost.at_us).map(|at| (at - lost.at_us).max(0));
        slowest = slowest.max(told_us);
        let at_s = lost.at_us as f64 / 1e6;
        wrong.extend(match told_us {
            None => Some(format!(
                "{device}: nothing was said of its line, which was lost {at_s:.1} s after the start"
            )),
            Some(us) if us > most_us => Some(format!("{device}: said after {:.3} s", us as f64 / 1e6)),
            Some(_) => None,
        });
    }
    conclude(part, run, about, &judged, (slowest.map(|us| us as f64 / 1e6), wrong));
}

/// When the gateway first said of a device that it vanished, from about an instant on.
fn told_us(offline: &[&Observation], device: &str, from_us: Micros) -> Option<Micros> {
    let about_it = offline.iter().filter(|o| o.signal == OFFLINE && o.device == device);
    let before_us = (assumed::run().line_before_s * 1e6) as Micros;
    about_it.map(|o| o.received_us).filter(|at| *at >= from_us - before_us).min()
}
