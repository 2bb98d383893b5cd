//! Fires as they look: flames by Heskestad's height of a fire's heat release, a plume that leans with the wind.
//!
//! The tape knows when a fire began and ended and its peak; the course in between is drawn, not measured.

use palisade_sim::contract::{Incident, IncidentKind};

use super::Instant;
use super::puffs::Puffs;
use crate::pad::{Colour, V3, add, hash};

/// Width of the burning group of bikes, m.
const BED_M: f64 = 2.4;

/// Heat release at an instant, kW: growth with the square of time to the peak at two fifths, decay in the last fifth.
pub fn heat_kw(fire: &Incident, at_ms: i64) -> f64 {
    let ended = fire.ended.map_or(fire.began.0 + 1_200_000, |e| e.0);
    let share = (at_ms - fire.began.0) as f64 / (ended - fire.began.0).max(1) as f64;
    if !(0.0..=1.0).contains(&share) {
        return 0.0;
    }
    let rise = (share / 0.4).min(1.0).powi(2);
    let fall = ((1.0 - share) / 0.2).min(1.0);
    peak_kw(&fire.outcome).unwrap_or(1_500.0) * rise * fall
}

/// The peak that the outcome names, `… peak 4165 kW …`.
fn peak_kw(outcome: &str) -> Option<f64> {
    let rest = outcome.split("peak ").nth(1)?;
    rest.split(' ').next()?.parse().ok()
}

/// Mean height of the flames, m (Heskestad 1983): `0.235 Q^0.4 - 1.02 D`, Q in kW.
pub fn flame_height_m(heat_kw: f64) -> f64 {
    (0.235 * heat_kw.max(0.0).powf(0.4) - 1.02 * BED_M * 0.5).max(0.0)
}

/// Draws all fires of an instant.
pub fn draw(soft: &mut Puffs, instant: &Instant<'_>) {
    for fire in &instant.run.tape.incidents {
        if fire.kind != IncidentKind::Fire || fire.began > instant.at {
            continue;
        }
        let heat = heat_kw(fire, instant.at.0);
        if heat <= 1.0 {
            continue;
        }
        let [x, y] = fire.place.xy_m();
        let z = f64::from(fire.place.z_mm) / 1000.0;
        plume(soft, [x, y, z], heat, instant);
        flames(soft, [x, y, z], heat, instant);
    }
}

/// Flames: soft tongues that rise and shrink, yellow at their root and red at their tip.
fn flames(soft: &mut Puffs, at: V3, heat_kw: f64, instant: &Instant<'_>) {
    let tall = flame_height_m(heat_kw).max(0.5);
    let seconds = instant.at.seconds();
    soft.patch(
        add(at, [0.0, 0.0, 0.05]),
        [tall * 2.2, 0.0, 0.0],
        [0.0, tall * 2.2, 0.0],
        [1.0, 0.42, 0.10, 0.30],
    );
    let count = 150;
    let mut list: Vec<(f64, V3, f64, Colour)> = (0..count)
        .map(|i| {
            let own = hash(i as u64 ^ 0x51f);
            let life = 0.55 + 0.5 * hash(i as u64 ^ 0x77);
            let age = (seconds / life + own).fract();
            let turn = hash(i as u64 ^ 0x1234) * std::f64::consts::TAU;
            let reach = BED_M * 0.55 * hash(i as u64 ^ 0x99).sqrt() * (1.0 - 0.7 * age);
            let sway = 0.14 * tall * age * (seconds * 5.0 + own * 30.0).sin();
            let up = tall * age * (0.6 + 0.5 * own);
            let place = add(at, [reach * turn.cos() + sway, reach * turn.sin(), 0.15 + up]);
            let radius = (0.30 + 0.11 * tall) * (1.1 - 0.85 * age);
            let hot = 1.0 - age as f32;
            let colour = [1.0, 0.16 + 0.62 * hot * hot, 0.03 + 0.30 * hot.powi(4), 0.35 + 0.45 * hot];
            (crate::pad::length(crate::pad::sub(place, instant.eye)), place, radius, colour)
        })
        .collect();
    list.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (_, place, radius, colour) in list {
        soft.towards(instant.eye, place, radius, colour);
    }
}

fn plume(soft: &mut Puffs, at: V3, heat_kw: f64, instant: &Instant<'_>) {
    let wind = instant.run.scenario.file.day.wind_m_s;
    let seconds = instant.at.seconds();
    let life = 14.0;
    let count = 70;
    let rise = 1.9 + 0.11 * heat_kw.powf(1.0 / 3.0);
    let glow = flame_height_m(heat_kw);
    let mut list: Vec<(f64, V3, f64, f32, f32)> = (0..count)
        .map(|i| {
            let age = (seconds + life * f64::from(i) / f64::from(count)).rem_euclid(life);
            let own = hash(i as u64 ^ 0xabc);
            let turn = own * std::f64::consts::TAU;
            let spread = 0.3 + age * 0.22;
            let place = add(
                at,
                [
                    spread * turn.cos() + wind * age * 0.32,
                    spread * turn.sin() + wind * age * 0.12,
                    glow * 0.7 + rise * age,
                ],
            );
            let radius = 0.7 + age * (0.42 + 0.25 * own) + heat_kw / 6_000.0;
            let thick = (0.55 * (1.0 - age / life).powf(0.8) * (heat_kw / 900.0).min(1.0)) as f32;
            let tone = 0.05 + 0.12 * own as f32 + 0.05 * (age / life) as f32;
            let away = crate::pad::length(crate::pad::sub(place, instant.eye));
            (away, place, radius, thick, tone)
        })
        .collect();
    list.sort_by(|a, b| b.0.total_cmp(&a.0));
    let bright = 0.35 + 0.65 * (1.0 - instant.light.lamps);
    for (_, place, radius, thick, tone) in list {
        let warm = if place[2] - at[2] < glow { 2.2 } else { 1.0 };
        let c = tone * bright;
        soft.towards(instant.eye, place, radius, [c * warm, c * 0.98, c * 0.95, thick]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flames_of_a_megawatt_are_about_two_and_a_half_metres() {
        // Heskestad with D = 1.2 m: 0.235 * 1000^0.4 - 1.02 * 1.2 = 2.50 m.
        assert!((flame_height_m(1_000.0) - 2.50).abs() < 0.02, "{}", flame_height_m(1_000.0));
    }

    #[test]
    fn the_peak_is_read_from_the_outcome() {
        assert_eq!(peak_kw("8 bikes burned, peak 4165 kW, put out with water"), Some(4165.0));
        assert_eq!(peak_kw("smouldered"), None);
    }
}
