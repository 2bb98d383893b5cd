//! The light of an instant: where the sun stands, what colour sky and lamps have.

use bevy::math::Vec4;
use palisade_sim::model::scenario::Day;
use palisade_sim::words::Ms;

use crate::pad::{Colour, V3, rgb, unit};

/// Light of an instant. Colours are linear.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Light {
    /// Towards the sun, or the moon by night.
    pub sun: V3,
    /// Sine of its height above the horizon; below 0 by night.
    pub height: f64,
    /// Its colour and strength.
    pub sun_rgb: Colour,
    /// Light from the sky.
    pub sky_rgb: Colour,
    /// Light from the ground.
    pub ground_rgb: Colour,
    /// The horizon, into which distance fades.
    pub haze_rgb: Colour,
    /// The sky overhead.
    pub zenith_rgb: Colour,
    /// How brightly lamps burn, 0..1.
    pub lamps: f32,
    /// Share of windows that are lit, 0..1.
    pub windows: f32,
    /// Distance at which two thirds have faded, m.
    pub haze_m: f32,
}

fn mix(a: Colour, b: Colour, share: f32) -> Colour {
    let s = share.clamp(0.0, 1.0);
    [0, 1, 2, 3].map(|i| a[i] + (b[i] - a[i]) * s)
}

fn smooth(from: f64, to: f64, x: f64) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    (t * t * (3.0 - 2.0 * t)) as f32
}

/// Share of windows lit at an hour of the day when it is dark.
fn lit_windows(hour: f64) -> f32 {
    const TABLE: [(f64, f32); 9] = [
        (0.0, 0.16),
        (1.5, 0.06),
        (4.5, 0.04),
        (6.5, 0.35),
        (9.0, 0.15),
        (17.0, 0.25),
        (19.5, 0.68),
        (22.0, 0.5),
        (24.0, 0.16),
    ];
    let after = TABLE.iter().position(|(h, _)| *h > hour).unwrap_or(TABLE.len() - 1).max(1);
    let ((h0, a), (h1, b)) = (TABLE[after - 1], TABLE[after]);
    a + (b - a) * ((hour - h0) / (h1 - h0)).clamp(0.0, 1.0) as f32
}

/// Towards the sun. Declination by Cooper's formula (1969); noon is half-way between sunrise and sunset.
pub fn towards_sun(day: &Day, lat_deg: f64, at: Ms) -> V3 {
    let mut parts = day.date.split('-').filter_map(|p| p.parse::<u32>().ok());
    let (_, month, date) =
        (parts.next().unwrap_or(2026), parts.next().unwrap_or(4), parts.next().unwrap_or(14));
    let of_year = f64::from(month.saturating_sub(1)) * 30.437 + f64::from(date);
    let declination = (23.45f64).to_radians() * ((360.0 * (284.0 + of_year) / 365.0).to_radians()).sin();
    let noon = (day.sunrise.0.0 + day.sunset.0.0) as f64 / 2.0;
    let turn = (at.0 as f64 - noon) / 86_400_000.0 * std::f64::consts::TAU;
    let lat = lat_deg.to_radians();
    unit([
        -declination.cos() * turn.sin(),
        lat.cos() * declination.sin() - lat.sin() * declination.cos() * turn.cos(),
        lat.sin() * declination.sin() + lat.cos() * declination.cos() * turn.cos(),
    ])
}

impl Light {
    /// The light at an instant of the day.
    pub fn at(day: &Day, lat_deg: f64, at: Ms) -> Light {
        let sun = towards_sun(day, lat_deg, at);
        let height = sun[2];
        let day_share = smooth(-0.10, 0.16, height);
        let low = 1.0 - smooth(0.05, 0.40, height);
        let noon_sun = [1.05, 0.99, 0.88, 1.0];
        let low_sun = [1.10, 0.62, 0.32, 1.0];
        let moon = [0.050, 0.062, 0.095, 1.0];
        let sunlight = mix(noon_sun, low_sun, low);
        let up = smooth(-0.02, 0.10, height);
        let sun_rgb = mix(moon, sunlight, up);
        let zenith = mix(rgb(0x07_0b18), mix(rgb(0x3f_7fc4), rgb(0x4a_6a9e), low), day_share);
        let haze = mix(rgb(0x14_1a28), mix(rgb(0xc9_dcea), rgb(0xe6_bf9a), low), day_share);
        let sky = mix([0.055, 0.068, 0.105, 1.0], [0.40, 0.47, 0.58, 1.0], day_share);
        let ground = mix([0.026, 0.027, 0.032, 1.0], [0.20, 0.185, 0.16, 1.0], day_share);
        let dark = 1.0 - smooth(-0.06, 0.10, height);
        let hour = at.0.rem_euclid(86_400_000) as f64 / 3_600_000.0;
        // By night the moon stands opposite, high enough to tell roofs from walls.
        let towards = if height > -0.03 { sun } else { unit([-sun[0], -sun[1], sun[2].abs().max(0.6)]) };
        Light {
            sun: towards,
            height,
            sun_rgb,
            sky_rgb: sky,
            ground_rgb: ground,
            haze_rgb: haze,
            zenith_rgb: zenith,
            lamps: dark,
            windows: dark * lit_windows(hour),
            haze_m: (day.visibility_m / 2.2).clamp(30.0, 4_500.0) as f32,
        }
    }

    /// The same as six vectors for the shader.
    pub fn vectors(&self) -> [Vec4; 6] {
        let v = |c: Colour, w: f32| Vec4::new(c[0], c[1], c[2], w);
        let [x, y, z] = self.sun;
        [
            Vec4::new(x as f32, z as f32, -y as f32, self.lamps),
            v(self.sun_rgb, self.windows),
            v(self.sky_rgb, 0.0),
            v(self.ground_rgb, 0.0),
            v(self.haze_rgb, self.haze_m),
            v(self.zenith_rgb, 0.0),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_sim::model::scenario::TimeOfDay;

    fn day() -> Day {
        Day { sunrise: TimeOfDay(Ms(20_160_000)), sunset: TimeOfDay(Ms(66_420_000)), ..Day::default() }
    }

    #[test]
    fn the_sun_is_south_at_noon_east_in_the_morning_and_down_by_night() {
        let noon = towards_sun(&day(), 30.28, Ms(43_290_000));
        assert!(noon[1] < 0.0 && noon[0].abs() < 1e-6 && noon[2] > 0.9, "{noon:?}");
        let morning = towards_sun(&day(), 30.28, Ms(25_000_000));
        assert!(morning[0] > 0.8 && morning[2] > 0.1, "{morning:?}");
        let rise = towards_sun(&day(), 30.28, Ms(20_160_000));
        assert!(rise[2].abs() < 0.06, "at the day's own sunrise the sun stands near the horizon: {rise:?}");
        assert!(Light::at(&day(), 30.28, Ms(0)).lamps > 0.99);
        assert!(Light::at(&day(), 30.28, Ms(43_000_000)).lamps < 0.01);
    }
}
