//! What arrives at a receiver: the margin over what it needs, in clear air, out of line, in fog and rain.
//!
//! In clear air the light thins with the square of the distance and still arrives at `arrival_ratio` times the rated
//! range, so the margin at a length `L` is `20 log10(arrival_ratio rated / L)` dB (optical, `10 log10` of power). The
//! lobe is a Gaussian: a pair out of line by δ loses `k δ²` dB. The angle at which a pair at its rated range gets
//! nothing is the perimeter's own [`lost_deg`](assumed::PerimeterFigures::lost_deg), which fixes `k`.
//!
//! Fog takes `4.343 · 3.91 / V · (λ / 550 nm)^-q` dB per km at a visibility of `V` km, with Kim's exponent `q`, which is 0
//! in dense fog (I. Kim, B. McArthur, E. Korevaar, Proc. SPIE 4214, 2001; also ITU-R P.1814). Rain of `R` mm/h takes
//! `1.076 R^0.67` dB per km (ITU-R P.1814, from memory).

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Unreadable;
use crate::analysis::assumed;
use crate::contract::Nuisance;
use crate::model::kit::Beam;
use crate::model::scenario::Day;

/// What the pairs are taken to be, where the kit says no more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Optics {
    /// Wavelength, nm.
    pub wavelength_nm: f64,
    /// How many times its rated range the light arrives in clear air.
    pub arrival_ratio: f64,
}

impl Optics {
    /// Those that are shipped.
    ///
    /// # Errors
    /// Never: a test reads them.
    pub fn shipped() -> Result<Optics, Unreadable> {
        toml::from_str(include_str!("../../../../../assets/beams/optics.toml"))
            .map_err(|e| Unreadable(format!("assets/beams/optics.toml: {e}")))
    }

    /// The same, for those who cannot do without.
    pub fn of_catalogue() -> Optics {
        static SHIPPED: LazyLock<Optics> =
            LazyLock::new(|| Optics::shipped().expect("a test reads the optics that are shipped"));
        *SHIPPED
    }
}

/// The margin of a pair. Computed from assumed optics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Link {
    /// Share of the rated range in use.
    pub of_rated: f64,
    /// Margin in clear air, in line, dB.
    pub clear_db: f64,
    /// What the misalignment takes, dB.
    pub misaligned_db: f64,
    /// What fog and rain of the scenario's day take, dB.
    pub weather_db: f64,
    /// What is left, dB; below 0 the receiver gets too little.
    pub margin_db: f64,
    /// Visibility at which nothing is left, m; nothing when the pair is down in clear air, too.
    pub down_at_visibility_m: Option<f64>,
    /// The same for a pair in line that uses 70 % of its rated range: what the margin of GB 51348 is worth.
    pub by_rule_down_at_visibility_m: f64,
    /// How far the pair may be out of line in clear air, degrees; beyond [`lost_deg`](assumed::PerimeterFigures::lost_deg) the twin gives it up anyway.
    pub out_of_line_deg: f64,
}

/// Bounds of a search for a visibility, m: nothing is seen through less, and beyond there is no fog.
const VISIBILITY_M: [f64; 2] = [0.5, 50_000.0];

/// Attenuation by fog at a visibility, dB/km.
pub fn fog_db_per_km(visibility_m: f64, wavelength_nm: f64) -> f64 {
    let km = visibility_m / 1000.0;
    4.343 * 3.91 / km * libm::pow(wavelength_nm / 550.0, -exponent(km))
}

/// Kim's exponent for a visibility in km.
fn exponent(km: f64) -> f64 {
    match km {
        km if km > 50.0 => 1.6,
        km if km > 6.0 => 1.3,
        km if km > 1.0 => 0.16 * km + 0.34,
        km if km > 0.5 => km - 0.5,
        _ => 0.0,
    }
}

/// Attenuation by rain, dB/km.
pub fn rain_db_per_km(rain_mm_h: f64) -> f64 {
    1.076 * libm::pow(rain_mm_h.max(0.0), 0.67)
}

/// The margin of a pair on a day.
pub fn link(beam: &Beam, day: &Day, optics: Optics) -> Link {
    let (long, rated) = (beam.length_m(), beam.rated_range_m);
    let clear_db = clear_db(long, rated, optics);
    let out_of_line = beam.misaligned_deg.abs() / assumed::perimeter().lost_deg;
    let misaligned_db = lobe_db(optics) * out_of_line * out_of_line;
    let per_km = fog_db_per_km(day.visibility_m, optics.wavelength_nm) + rain_db_per_km(day.rain_mm_h);
    let weather_db = per_km * long / 1000.0;
    let left = clear_db - misaligned_db;
    let by_rule = assumed::perimeter().margin * rated;
    Link {
        of_rated: long / rated,
        clear_db,
        misaligned_db,
        weather_db,
        margin_db: left - weather_db,
        down_at_visibility_m: (left > 0.0).then(|| down_at(left, long, optics)),
        by_rule_down_at_visibility_m: down_at(self::clear_db(by_rule, rated, optics), by_rule, optics),
        out_of_line_deg: assumed::perimeter().lost_deg * libm::sqrt((clear_db / lobe_db(optics)).max(0.0)),
    }
}

/// What keeps a zone down the whole day, if anything does: it is out of line, or fog and rain leave its receiver too little.
pub fn lost_to(beam: &Beam, day: &Day, optics: Optics) -> Option<Nuisance> {
    if beam.misaligned_deg.abs() > assumed::perimeter().lost_deg {
        Some(Nuisance::Drift)
    } else {
        (link(beam, day, optics).margin_db < 0.0).then_some(Nuisance::Rain)
    }
}

fn clear_db(long_m: f64, rated_m: f64, optics: Optics) -> f64 {
    20.0 * libm::log10(optics.arrival_ratio * rated_m / long_m.max(1.0))
}

/// What a pair loses when it is out of line by [`lost_deg`](assumed::PerimeterFigures::lost_deg): all that it has to spare at its rated range, dB.
fn lobe_db(optics: Optics) -> f64 {
    20.0 * libm::log10(optics.arrival_ratio)
}

/// The visibility at which fog takes so many dB over a length, by halving its logarithm: attenuation falls with
/// visibility.
fn down_at(spare_db: f64, long_m: f64, optics: Optics) -> f64 {
    let [mut thick, mut thin] = VISIBILITY_M.map(libm::log);
    for _ in 0..60 {
        let middle = (thick + thin) / 2.0;
        let takes = fog_db_per_km(libm::exp(middle), optics.wavelength_nm) * long_m / 1000.0;
        if takes > spare_db { thick = middle } else { thin = middle }
    }
    libm::exp(thin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::beam::tests::beam;

    const OPTICS: Optics = Optics { wavelength_nm: 940.0, arrival_ratio: 10.0 };

    fn of(change: impl FnOnce(&mut Beam, &mut Day)) -> Link {
        let (mut beam, mut day) = (beam([0.0, 0.0], [70.0, 0.0]), Day::default());
        change(&mut beam, &mut day);
        link(&beam, &day, OPTICS)
    }

    #[test]
    fn fog_takes_what_the_formula_says() {
        assert_eq!(OPTICS, Optics::shipped().expect("the shipped optics"));
        for (visibility_m, expected) in [(50.0, 339.6), (200.0, 84.9), (500.0, 33.96)] {
            let found = fog_db_per_km(visibility_m, 940.0);
            assert!((found / expected - 1.0).abs() < 1e-3, "{visibility_m} m: {found} dB/km");
        }
        // 1 km: q = 0.5; 10 km: q = 1.3.
        assert!((fog_db_per_km(1000.0, 940.0) - 16.98 * libm::sqrt(550.0 / 940.0)).abs() < 1e-2);
        assert!((fog_db_per_km(10_000.0, 940.0) - 1.698 * libm::pow(550.0 / 940.0, 1.3)).abs() < 1e-3);
        let falls = (1..400).map(|i| fog_db_per_km(f64::from(i) * 25.0, 940.0));
        assert!(falls.clone().zip(falls.skip(1)).all(|(a, b)| a > b));
        assert!((rain_db_per_km(20.0) - 8.0).abs() < 0.1);
    }

    #[test]
    fn half_the_length_leaves_six_decibels_more() {
        let (long, short) = (of(|_, _| {}), of(|b, _| b.to_m = [35.0, 0.0]));
        assert!((short.clear_db - long.clear_db - 6.02).abs() < 0.01);
        assert!(short.down_at_visibility_m < long.down_at_visibility_m, "a shorter pair stands thicker fog");
        assert_eq!(long.down_at_visibility_m, Some(long.by_rule_down_at_visibility_m), "70 m of 100 m rated");
    }

    #[test]
    fn at_the_visibility_named_nothing_is_left() {
        let at = of(|_, _| {}).down_at_visibility_m.expect("it works in clear air");
        let margin = |factor: f64| of(|_, day| day.visibility_m = factor * at).margin_db;
        assert!(margin(1.0).abs() < 1e-6 && margin(0.9) < 0.0 && margin(1.1) > 0.0, "at {at} m");
    }

    #[test]
    fn out_of_line_at_the_rated_range_it_loses_all_at_the_perimeter_s_angle() {
        let lost = of(|b, _| {
            b.to_m = [100.0, 0.0];
            b.misaligned_deg = -assumed::perimeter().lost_deg;
        });
        assert!((lost.clear_db - lost.misaligned_db).abs() < 1e-9 && lost.down_at_visibility_m.is_none());
        assert!(
            of(|b, _| b.misaligned_deg = assumed::perimeter().lost_deg).margin_db > 0.0,
            "a shorter pair has more to spare"
        );
    }
}
