//! Figures that no scenario says and no standard gives: read from `assets/assumptions`, where each says where it comes
//! from. Answers that rest on them repeat the ones that matter under `assumed`.

use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Facades, their windows and what falls from them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FacadeFigures {
    /// Windows, of which maps have none.
    pub window: WindowFigures,
    /// What falls.
    pub object: ObjectFigures,
    /// What finds it.
    pub camera: FinderFigures,
}

/// Windows.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowFigures {
    /// Distance from one column of windows to the next, m.
    pub pitch_m: f64,
    /// Width and height, m.
    pub size_m: [f64; 2],
    /// Height of a sill above its floor, m.
    pub sill_m: f64,
    /// Wall above a window on its storey at least, m.
    pub lintel_m: f64,
    /// How far before the wall the glass is taken to be, m.
    pub before_m: f64,
}

/// A falling object.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectFigures {
    /// Its diameter, m.
    pub diameter_m: f64,
    /// Speed at which it is pushed off its sill, m/s.
    pub pushed_m_s: f64,
    /// How far before the wall it begins, m.
    pub from_m: f64,
}

/// What a facade camera needs.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinderFigures {
    /// Pixels that an object must fill across to be found.
    pub least_px: f64,
    /// Frames that make a fall.
    pub enough_frames: u32,
    /// Illuminance by night at which an object is shown, lx.
    pub min_lux: f64,
}

/// How far fire detectors protect what is under them.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectionFigures {
    /// Smoke detectors, m in plan.
    pub smoke_radius_m: f64,
    /// Heat detectors, m in plan.
    pub heat_radius_m: f64,
}

/// What the continuity of a perimeter is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerimeterFigures {
    /// How far beside a wall a beam still guards it, m.
    pub aside_m: f64,
    /// How far a beam's direction may be off the wall's, degrees.
    pub bend_deg: f64,
    /// How high above the wall's top the highest ray may run, m.
    pub under_m: f64,
    /// Width of a post that carries the ends of two zones, m.
    pub post_m: f64,
    /// Angle by which a pair may be out of line before its receiver gets nothing, degrees.
    pub lost_deg: f64,
    /// Share of its rated range that a zone should use outdoors, 0..1.
    pub margin: f64,
    /// Around a corner a stretch of this length is closed by two zones that meet there on one post, m.
    pub corner_m: f64,
    /// Between two barriers that are farther apart than this a body passes, m.
    pub body_m: f64,
    /// Width of a gate's pier, which stands beside its clear width, m.
    pub pier_m: f64,
    /// How far from the outline a wall of the perimeter may run and still stand for it, m.
    pub outline_m: f64,
    /// How far from the outline a building or a gate may stand and still bar the way in, m.
    pub facade_m: f64,
}

/// Street cells.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellFigures {
    /// A guard's walking pace, m/s.
    pub walk_m_s: f64,
    /// Cells that share less ground than this only touch, m².
    pub touch_m2: f64,
}

/// What may go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhatIfFigures {
    /// How much trees grow.
    pub grown: [f64; 2],
    /// Meteorological visibility in fog, m.
    pub fog_m: [f64; 3],
    /// Vans that are parked at once: at least, and fewer than.
    pub vans: [f64; 2],
    /// A lamp belongs to the row along a path when it stands at most so far from its edge, m.
    pub along_m: f64,
    /// How far fire kit reaches.
    pub fire: FireReach,
}

/// How far fire kit reaches.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FireReach {
    /// Time in which the crew of a fire station is there on foot, s.
    pub station_s: f64,
    /// Radius that a hydrant protects, m.
    pub hydrant_m: f64,
    /// Longest way to an extinguisher, m.
    pub extinguisher_m: f64,
}

/// Changes that are thought of as fixes of a gap.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixFigures {
    /// Cameras near a gap that are thought of.
    pub cameras: usize,
    /// A camera farther from a gap than so many times its range is not.
    pub far_ranges: f64,
    /// Steps along a facade or wall, m.
    pub steps_m: [f64; 4],
    /// Raising a bracket, m.
    pub raised_m: [f64; 2],
    /// Cameras on poles and facades hang so high, m.
    pub hung_m: f64,
    /// A new camera stands at most so far from where it aims, m.
    pub near_m: f64,
    /// Distance of new poles from where they aim, m.
    pub pole_m: f64,
    /// A crown is pruned for a gap of which it hides at least this share, 0..1.
    pub hides: f64,
    /// Shares of its depth by which a crown is pruned from below, 0..1.
    pub pruned: [f64; 2],
    /// A new camera for ground sees at least so wide, degrees.
    pub wide_deg: f64,
    /// Distance of a lens from the surface that holds it, m.
    pub off_m: f64,
    /// A camera at an entrance goes on showing the gates and doors that are no farther from it, m.
    pub entrance_within_m: f64,
    /// Share of a gap's sample that a change must show to be tried as its whole fix, 0..1.
    pub screen: f64,
    /// Changes that are tried as the whole fix, the cheapest first.
    pub whole: usize,
    /// Changes that are tried for their part when none is enough, those first that show most of the sample.
    pub partial: usize,
    /// Share of a gap that a fix must show, 0..1.
    pub enough: f64,
    /// Share of what a fix gains that it may lose elsewhere, 0..1.
    pub loss: f64,
    /// Cameras that are hung to verify one new zone, at most.
    pub verify: usize,
    /// Of the cameras that show most of a zone for their price, so many are held against the rules.
    pub verify_tries: usize,
    /// A camera that looks along a zone may hang so far before its end, m.
    pub before_m: f64,
}

/// What a run against a gateway is judged with beside the thresholds of rules.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunFigures {
    /// A gateway may say that a line is lost so long before its device loses it, s.
    pub line_before_s: f64,
}

/// Reads a shipped file. That it can be read is tested by every answer that asks for it.
fn shipped<T: DeserializeOwned>(text: &str) -> T {
    toml::from_str(text).expect("every shipped file of assumptions is read by a test")
}

static FACADE: LazyLock<FacadeFigures> =
    LazyLock::new(|| shipped(include_str!("../../../../assets/assumptions/facade.toml")));
static DETECTION: LazyLock<DetectionFigures> =
    LazyLock::new(|| shipped(include_str!("../../../../assets/assumptions/detection.toml")));
static PERIMETER: LazyLock<PerimeterFigures> =
    LazyLock::new(|| shipped(include_str!("../../../../assets/assumptions/perimeter.toml")));
static CELLS: LazyLock<CellFigures> =
    LazyLock::new(|| shipped(include_str!("../../../../assets/assumptions/cells.toml")));
static WHAT_IF: LazyLock<WhatIfFigures> =
    LazyLock::new(|| shipped(include_str!("../../../../assets/assumptions/what-if.toml")));
static FIXES: LazyLock<FixFigures> =
    LazyLock::new(|| shipped(include_str!("../../../../assets/assumptions/fixes.toml")));

static RUN: LazyLock<RunFigures> =
    LazyLock::new(|| shipped(include_str!("../../../../assets/assumptions/run.toml")));

/// What facades are reckoned with.
pub fn facade() -> &'static FacadeFigures {
    &FACADE
}

/// What fire detectors are reckoned with.
pub fn detection() -> &'static DetectionFigures {
    &DETECTION
}

/// What the perimeter is judged by.
pub fn perimeter() -> &'static PerimeterFigures {
    &PERIMETER
}

/// What street cells are reckoned with.
pub fn cells() -> &'static CellFigures {
    &CELLS
}

/// What may go wrong.
pub fn what_if() -> &'static WhatIfFigures {
    &WHAT_IF
}

/// What fixes are looked for among.
pub fn fixes() -> &'static FixFigures {
    &FIXES
}

/// What a run is judged with.
pub fn run() -> &'static RunFigures {
    &RUN
}
