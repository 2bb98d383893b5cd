//! Metered sockets: the charge curve of a battery, and where each socket is.

use crate::model::kit::Charger;
use crate::words::Draw;

/// One charge: constant current, then a taper, until the current is a small share of the full one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Charge {
    /// Power while the current is constant, W.
    pub power_w: f64,
    /// Energy that the pack holds when full, Wh.
    pub capacity_wh: f64,
    /// State of charge at the start, 0..1.
    pub from: f64,
}

/// State of charge at which the charger goes over to constant voltage.
const KNEE: f64 = 0.8;
/// Share of the full current at which it counts as full.
const FULL_AT: f64 = 0.07;
/// What of the socket's energy ends up in the pack.
const EFFICIENCY: f64 = 0.88;

impl Charge {
    /// Draws a pack of 0.5 to 1.2 kWh and a charger of 90 to 200 W.
    pub fn drawn(draw: &mut Draw, from: f64) -> Charge {
        let capacity_wh = draw.between(500.0, 1200.0);
        Charge { power_w: draw.between(90.0, 200.0), capacity_wh, from: from.clamp(0.0, 0.99) }
    }

    /// Time constant of the taper, s: what the knee leaves is what the taper delivers.
    fn taper_s(&self) -> f64 {
        (1.0 - self.from.max(KNEE)) * self.capacity_wh * 3600.0 / (self.power_w * (1.0 - FULL_AT))
    }

    /// Length of the constant-current part, s.
    fn constant_s(&self) -> f64 {
        (KNEE - self.from).max(0.0) * self.capacity_wh * 3600.0 / self.power_w
    }

    /// Time from plugging in to full, s.
    pub fn lasting_s(&self) -> f64 {
        self.constant_s() - self.taper_s() * libm::log(FULL_AT)
    }

    /// Power at a time after plugging in, W, into the pack.
    pub fn power_at_w(&self, after_s: f64) -> f64 {
        if after_s >= self.lasting_s() {
            return 0.0;
        }
        let tapering = (after_s - self.constant_s()).max(0.0);
        self.power_w * libm::exp(-tapering / self.taper_s())
    }

    /// Energy that the meter counts until a time after plugging in, Wh.
    pub fn energy_wh(&self, after_s: f64) -> f64 {
        let until = after_s.min(self.lasting_s());
        let constant = until.min(self.constant_s());
        let tapering = self.taper_s() * (1.0 - libm::exp(-(until - constant) / self.taper_s()));
        self.power_w * (constant + tapering) / 3600.0 / EFFICIENCY
    }
}

/// Where a socket of a group is, m.
pub fn socket_m(charger: &Charger, socket: u8) -> [f64; 2] {
    let bearing = charger.row_bearing_deg.to_radians();
    let along = charger.pitch_m * f64::from(socket);
    [charger.at_m[0] + along * libm::sin(bearing), charger.at_m[1] + along * libm::cos(bearing)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_meter_counts_what_was_missing_in_the_pack() {
        for from in [0.1, 0.5, 0.85] {
            let charge = Charge { power_w: 150.0, capacity_wh: 960.0, from };
            let stored = charge.energy_wh(1e9) * EFFICIENCY;
            assert!((stored - (1.0 - from) * 960.0).abs() < 1e-6, "from {from}: {stored}");
        }
    }

    #[test]
    fn the_current_is_constant_and_then_tapers_to_nothing() {
        let charge = Charge { power_w: 150.0, capacity_wh: 960.0, from: 0.2 };
        assert_eq!(charge.power_at_w(60.0), 150.0);
        let knee = charge.constant_s();
        assert!(charge.power_at_w(knee + 1800.0) < 120.0);
        assert!((charge.power_at_w(charge.lasting_s() - 1e-6) / 150.0 - FULL_AT).abs() < 1e-6);
        assert_eq!(charge.power_at_w(charge.lasting_s()), 0.0);
        let hours = charge.lasting_s() / 3600.0;
        assert!((4.0..9.0).contains(&hours), "{hours} h");
    }
}
