//! Prices, read from a dated data file.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Failed;

/// Prices of devices.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Prices {
    /// When they were put together.
    pub(super) dated: String,
    /// How they were come by: `assumed`.
    pub(super) how: String,
    /// Currency of all of them.
    pub(super) currency: String,
    /// What a device costs, by its sort.
    pub(super) device: BTreeMap<String, f64>,
}

impl Prices {
    /// The prices that are shipped.
    pub(super) fn shipped() -> Result<Prices, Failed> {
        let text = include_str!("../../../../assets/sheets/prices.toml");
        toml::from_str(text).map_err(|e| Failed::writer("the table of prices", e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::CLASSES;

    #[test]
    fn every_class_of_device_has_a_price() {
        let prices = Prices::shipped().expect("shipped prices");
        for class in CLASSES {
            assert!(prices.device.get(class.word()).is_some_and(|p| *p > 0.0), "{}", class.word());
        }
        assert_eq!(prices.how, "assumed");
    }
}
