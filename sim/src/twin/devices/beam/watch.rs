//! The systems of the beams.

use bevy::prelude::*;

use super::nuisance::{self, Interference};
use super::shadow::{Mover, Ray, shadow};
use super::zone::{Span, Zone};
use crate::analysis::beam::link::{Optics, lost_to};
use crate::contract::{Cause, Class, Nuisance, Signal};
use crate::twin::frame::{Agenda, Body, Chance, Clock, Errand, NextWake, Outbox, Plan};
use crate::words::{AgentKey, DeviceIx, Ms};

/// All zones, in the order of the kit.
#[derive(Resource)]
pub(in crate::twin::devices) struct Beams {
    rows: Vec<Row>,
    /// The lowest ray of all: a body whose top stays below it is of no interest.
    lowest_m: f64,
    /// What will fool a zone: its row, and how.
    to_come: Agenda<(usize, Interference)>,
    /// What fools a zone now.
    present: Vec<(usize, Interference)>,
}

struct Row {
    device: DeviceIx,
    rays: Vec<Ray>,
    /// West, south, east, north of its line, m.
    bounds: [f64; 4],
    zone: Zone,
    /// Shadows of this tick, one list a ray.
    shadows: Vec<Vec<Span>>,
    /// What keeps its receiver from getting anything the whole day.
    lost: Option<Nuisance>,
    lost_said: bool,
}

impl FromWorld for Beams {
    fn from_world(world: &mut World) -> Beams {
        let (plan, dice) = (world.resource::<Plan>(), **world.resource::<Chance>());
        let file = &plan.file;
        let mut beams = Beams {
            rows: Vec::new(),
            lowest_m: f64::INFINITY,
            to_come: Agenda::default(),
            present: Vec::new(),
        };
        for (n, device) in plan.devices.iter().enumerate().filter(|(_, d)| d.class == Class::Beam) {
            let beam = &file.kit.beam[device.row];
            let ends = [beam.from_m, beam.to_m];
            let rays: Vec<Ray> = beam.rays_m.iter().map(|h| Ray { ends, height_m: *h }).collect();
            beams.lowest_m = beam.rays_m.iter().copied().fold(beams.lowest_m, f64::min);
            let row = beams.rows.len();
            for event in nuisance::of_day(&dice, beam, &file.day, file.cast.beam_nuisance_per_day) {
                beams.to_come.add(event.from, AgentKey::of(beam.id.as_str()), (row, event));
            }
            beams.rows.push(Row {
                device: DeviceIx(n as u32),
                shadows: vec![Vec::new(); rays.len()],
                rays,
                bounds: bounds(ends),
                zone: Zone::new(beam.interruption.0, beam.hold.0),
                lost: lost_to(beam, &file.day, Optics::of_catalogue()),
                lost_said: false,
            });
        }
        beams
    }
}

fn bounds([a, b]: [[f64; 2]; 2]) -> [f64; 4] {
    [a[0].min(b[0]), a[1].min(b[1]), a[0].max(b[0]), a[1].max(b[1])]
}

impl Row {
    /// True when a body on its way comes near enough to be looked at closely.
    fn near(&self, mover: &Mover) -> bool {
        let reach = mover.depth_m + mover.width_m;
        let [west, south, east, north] = bounds(mover.way);
        west - reach <= self.bounds[2]
            && east + reach >= self.bounds[0]
            && south - reach <= self.bounds[3]
            && north + reach >= self.bounds[1]
    }
}

pub(in crate::twin::devices) fn watch(
    clock: Res<Clock>,
    mut beams: ResMut<Beams>,
    mut outbox: ResMut<Outbox>,
    mut wake: ResMut<NextWake>,
    bodies: Query<(&Body, &Errand)>,
) {
    let beams = &mut *beams;
    let (now_us, tick_us) = (clock.now.0 * 1000, Ms::TICK.0 * 1000);
    for (body, errand) in &bodies {
        let mover = Mover::of(body);
        if mover.top_m() < beams.lowest_m {
            continue;
        }
        for row in beams.rows.iter_mut().filter(|row| row.near(&mover)) {
            for (ray, spans) in row.rays.iter().zip(&mut row.shadows) {
                if let Some(part) = shadow(*ray, &mover) {
                    let at = |k: f64| now_us + libm::round(k * tick_us as f64) as i64;
                    spans.push(Span {
                        from_us: at(part[0]),
                        to_us: at(part[1]),
                        cause: Cause::Incident(errand.0),
                    });
                }
            }
        }
    }
    fool(beams, *clock);
    for row in &mut beams.rows {
        if let Some(lost_to) = row.lost {
            lose(row, lost_to, *clock, &mut outbox);
            continue;
        }
        if row.zone.idle() && row.shadows.iter().all(Vec::is_empty) {
            continue;
        }
        for (due, signal, cause) in row.zone.advance(clock.end(), &mut row.shadows) {
            outbox.say(due, row.device, signal, cause);
        }
        wake.offer(row.zone.wake(clock.end()));
    }
    wake.offer(beams.to_come.next());
    if !beams.present.is_empty() {
        wake.offer(Some(clock.end()));
    }
}

/// Adds the shadows of birds, branches and weather to the tick's.
fn fool(beams: &mut Beams, clock: Clock) {
    while let Some((_, _, entry)) = beams.to_come.pop_before(clock.end()) {
        beams.present.push(entry);
    }
    let (now_us, end_us) = (clock.now.0 * 1000, clock.end().0 * 1000);
    beams.present.retain(|(row, event)| {
        let row = &mut beams.rows[*row];
        let (from_us, to_us) = (event.from.0 * 1000, event.from.0 * 1000 + event.lasting_us);
        let span = Span {
            from_us: from_us.max(now_us),
            to_us: to_us.min(end_us),
            cause: Cause::Nuisance(event.what),
        };
        for (n, shadows) in row.shadows.iter_mut().enumerate() {
            if event.ray.is_none_or(|ray| ray == n) {
                shadows.push(span);
            }
        }
        to_us > end_us
    });
}

/// A receiver that gets nothing says so once, at the beginning of the day, and is blind from then on.
fn lose(row: &mut Row, lost_to: Nuisance, clock: Clock, outbox: &mut Outbox) {
    row.shadows.iter_mut().for_each(Vec::clear);
    if !row.lost_said {
        row.lost_said = true;
        let signal = Signal::BeamBroken { broken_ms: 0 };
        outbox.say(clock.now, row.device, signal, Cause::Nuisance(lost_to));
    }
}
