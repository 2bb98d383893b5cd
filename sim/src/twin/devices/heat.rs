//! Point heat detectors: an element that follows the gas with the lag of its response time index.

/// A heat detector's element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Element {
    /// Response time index, √(m s).
    pub rti: f64,
    /// Its temperature, °C.
    pub temperature_c: f64,
}

impl Element {
    /// Follows gas of a constant temperature, °C, and speed, m/s, for some seconds:
    /// dTe/dt = √u/RTI (Tg - Te), solved exactly.
    pub fn follow(&mut self, gas_c: f64, speed_m_s: f64, seconds: f64) {
        let kept = libm::exp(-seconds * libm::sqrt(speed_m_s) / self.rti);
        self.temperature_c = gas_c + (self.temperature_c - gas_c) * kept;
    }

    /// Seconds until it reaches a temperature in such gas; nothing when it never does.
    pub fn reaches_in_s(&self, target_c: f64, gas_c: f64, speed_m_s: f64) -> Option<f64> {
        if self.temperature_c >= target_c {
            return Some(0.0);
        }
        let ratio = (gas_c - self.temperature_c) / (gas_c - target_c);
        (gas_c > target_c).then(|| self.rti / libm::sqrt(speed_m_s) * libm::log(ratio))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twin::fire::plume::ceiling_jet;

    const AMBIENT_C: f64 = 16.6;

    #[test]
    fn a_sprinkler_under_a_steady_fire_takes_ninety_eight_seconds() {
        let gas = ceiling_jet(262.5, 2.2, 2.09);
        let mut element = Element { rti: 55.0, temperature_c: AMBIENT_C };
        let due =
            element.reaches_in_s(68.0, AMBIENT_C + gas.rise_k, gas.speed_m_s).expect("it reaches 68 °C");
        assert!((due - 98.2).abs() <= 0.1, "{due}");
        let stepped = (1..200).find(|_| {
            element.follow(AMBIENT_C + gas.rise_k, gas.speed_m_s, 1.0);
            element.temperature_c >= 68.0
        });
        assert_eq!(stepped, Some(99), "the same in steps of one second");
    }

    #[test]
    fn cool_gas_never_alarms() {
        let element = Element { rti: 60.0, temperature_c: 20.0 };
        assert_eq!(element.reaches_in_s(57.0, 56.0, 1.0), None);
        assert_eq!(element.reaches_in_s(57.0, 57.0, 1.0), None);
    }
}
