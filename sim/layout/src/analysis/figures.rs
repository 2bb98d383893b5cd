//! The figures that sight is reckoned with: `assets/catalogue/sight.toml`, which says where each comes from.

use std::sync::LazyLock;

use serde::Deserialize;

/// What sight is reckoned with where a scenario says nothing else.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// Contrast of a person before the ground at no distance, 0..1.
    pub target_contrast: f64,
    /// Somebody before a door stands so far from it, m.
    pub before_door_m: f64,
    /// Cameras.
    pub camera: CameraFigures,
    /// Guards' eyes.
    pub eye: EyeFigures,
    /// Nights.
    pub night: NightFigures,
    /// Fences of bars.
    pub bars: BarFigures,
    /// Crowns without leaves.
    pub bare_crown: BareFigures,
    /// A parked van.
    pub van: VanFigures,
    /// What a camera must show of the place of an alarm.
    pub watching: WatchingFigures,
    /// Dwellings.
    pub dwelling: DwellingFigures,
}

/// What a camera needs.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraFigures {
    /// Least contrast, 0..1.
    pub threshold: f64,
}

/// What an eye needs.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EyeFigures {
    /// Least contrast, 0..1.
    pub threshold: f64,
    /// Least illuminance of an upright target, lx.
    pub min_lux: f64,
    /// Reach of a guard's torch, m.
    pub torch_m: f64,
}

/// A night without lamps.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NightFigures {
    /// Illuminance of an upright target under the sky alone, lx.
    pub sky_lux: f64,
    /// All light of lamps that is left out, because they are far, comes to less than this, lx.
    pub left_out_lux: f64,
}

/// A fence of bars.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BarFigures {
    /// Clear gap between two bars, m.
    pub gap_m: f64,
    /// Thickness of a bar, m.
    pub bar_m: f64,
}

/// A crown without leaves.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BareFigures {
    /// Share of contrast that passes, 0..1.
    pub passes: f64,
    /// Months without leaves north of the equator, 1..12.
    pub months: Vec<i8>,
}

/// A parked van.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VanFigures {
    /// Length, width, height, m.
    pub size_m: [f64; 3],
}

/// Where a camera is asked whether it shows the place that a device watches.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchingFigures {
    /// Two places of a zone that are looked at are at most so far apart, m.
    pub step_m: f64,
    /// Whoever is at a device is looked for at least so high, m.
    pub low_m: f64,
}

/// Windows of dwellings.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DwellingFigures {
    /// A window is looked into from so many pixels per metre, where a book of rules does not say, px/m.
    pub looked_into_px_per_m: f64,
}

static FIGURES: LazyLock<Figures> = LazyLock::new(|| {
    toml::from_str(include_str!("../../../../assets/catalogue/sight.toml"))
        .expect("the figures of sight are read by every test that looks")
});

/// The figures that are shipped.
pub fn figures() -> &'static Figures {
    &FIGURES
}
