//! What work and material cost: `assets/catalogue/prices.toml`. Every price is assumed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::typed::{self, Problems, SourceText};

/// Prices, yuan.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// When they were put together.
    pub dated: String,
    /// Work.
    pub work: Work,
    /// Material.
    pub material: Material,
    /// Cameras with a lens, by their pixels.
    pub camera: Vec<Body>,
    /// Lenses that can be had.
    pub lens: Vec<Lens>,
    /// One piece of each other class of device, in place.
    pub device: BTreeMap<String, f64>,
}

/// Work, yuan each.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// Two fitters come, set one device's angles and check its picture.
    pub visit: f64,
    /// Lens or body of one device is changed.
    pub swap: f64,
    /// One device is fixed and connected.
    pub mount: f64,
    /// One device is taken down.
    pub take_down: f64,
    /// One tree is pruned.
    pub trim: f64,
}

/// Material, yuan.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Material {
    /// A bracket.
    pub bracket: f64,
    /// A metre of a longer bracket or pole.
    pub extension_per_m: f64,
    /// A pole with its foundation.
    pub pole: f64,
    /// A metre of cable, laid.
    pub cable_per_m: f64,
    /// A lens.
    pub lens: f64,
}

/// A camera's body with a lens.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Pixels, width and height.
    pub pixels: [u32; 2],
    /// Its price.
    pub yuan: f64,
}

/// A lens.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lens {
    /// Focal length, mm.
    pub focal_mm: f64,
    /// Horizontal angle of view that it gives, degrees.
    pub hfov_deg: f64,
}

impl Prices {
    /// Reads prices.
    ///
    /// # Errors
    /// Every unknown key, missing key and wrong type at once, each with its place and remedy.
    pub fn read(text: &SourceText) -> Result<Prices, Problems> {
        let schema = schemars::schema_for!(Prices).to_value();
        let typed = typed::read(text, &schema, "the list of prices");
        match typed.file {
            Some(prices) if typed.problems.is_empty() => Ok(prices),
            _ => Err(typed.problems),
        }
    }

    /// The prices that are shipped.
    ///
    /// # Errors
    /// Never: a test reads them.
    pub fn shipped() -> Result<Prices, Problems> {
        let text = include_str!("../../../../assets/catalogue/prices.toml");
        Prices::read(&SourceText { name: "prices.toml".into(), text: text.into() })
    }

    /// Price of a camera's body: the cheapest with at least as many pixels each way; the dearest where none has so many.
    pub fn body_yuan(&self, pixels: [u32; 2]) -> f64 {
        let enough = self.camera.iter().filter(|b| b.pixels[0] >= pixels[0] && b.pixels[1] >= pixels[1]);
        let cheapest = enough.map(|b| b.yuan).min_by(f64::total_cmp);
        let dearest = || self.camera.iter().map(|b| b.yuan).fold(0.0, f64::max);
        cheapest.unwrap_or_else(dearest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_prices_are_read_and_every_class_has_one() {
        let prices = Prices::shipped().expect("the shipped prices");
        let classes = crate::model::schema::words::<crate::contract::Class>();
        for class in classes.iter().filter(|class| *class != "camera") {
            assert!(prices.device.contains_key(class), "{class} has no price");
        }
        assert_eq!(prices.body_yuan([1920, 1080]), 300.0);
        assert_eq!(prices.body_yuan([2000, 1080]), 420.0);
        assert_eq!(prices.body_yuan([8000, 6000]), 780.0);
        for lens in &prices.lens {
            let angle = 2.0 * libm::atan(5.37 / (2.0 * lens.focal_mm)).to_degrees();
            assert!((angle - lens.hfov_deg).abs() < 0.1, "{lens:?}: {angle}");
        }
    }

    #[test]
    fn a_slip_of_the_pen_is_named_with_its_place() {
        let text = include_str!("../../../../assets/catalogue/prices.toml")
            .replace("swap = 120.0", "swop = \"120\"");
        let problems = Prices::read(&SourceText { name: "mine.toml".into(), text }).expect_err("a wrong key");
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|p| p.contains("`swop` is no key of `work`")), "{told:?}");
        assert!(told.iter().any(|p| p.contains("lacks the key `swap`")), "{told:?}");
    }
}
