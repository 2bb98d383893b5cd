//! The kit: everything installed on the site. Flat tables, joined to the site by ids.
//!
//! Field names are the keys of the scenario file. Points are local metres, `[east, north]`.
//! Bearings are degrees clockwise from north; tilts are degrees below the horizon.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::catalogue::BeamModel;
use super::lens::{Focal, Lens, LensKind};
use super::scenario::{Duration, TimeOfDay};
use crate::words::Id;

/// Everything installed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Kit {
    /// MQTT quality of service by device class (`beam = 1`); 1 where nothing is said.
    pub qos: std::collections::BTreeMap<String, u8>,
    /// Gate posts.
    pub gate_post: Vec<GatePost>,
    /// Vehicle barriers.
    pub barrier: Vec<Barrier>,
    /// Standing outer posts.
    pub outer_post: Vec<OuterPost>,
    /// Checkpoints of guard tours.
    pub checkpoint: Vec<Checkpoint>,
    /// Guard tours.
    pub guard_tour: Vec<GuardTour>,
    /// Fire stations.
    pub fire_station: Vec<FireStation>,
    /// Hydrants, hose boxes and extinguishers.
    pub fire_point: Vec<FirePoint>,
    /// Charging groups.
    pub charger: Vec<Charger>,
    /// Door stations.
    pub intercom: Vec<Intercom>,
    /// Beam zones.
    pub beam: Vec<Beam>,
    /// Cameras.
    pub camera: Vec<Camera>,
    /// Cameras that look up a facade.
    pub facade_camera: Vec<FacadeCamera>,
    /// Smoke detectors.
    pub smoke_detector: Vec<SmokeDetector>,
    /// Heat detectors.
    pub heat_detector: Vec<HeatDetector>,
    /// The duty room.
    pub duty_room: Vec<DutyRoom>,
    /// Street cells of an open compound.
    pub grid_cell: Vec<GridCell>,
    /// What stands behind the devices and cannot be seen on the ground.
    pub provision: Provision,
}

/// What stands behind the devices: power, records, network. What is not said is not known, and a rule about it is
/// not assessable.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Provision {
    /// Hours for which backup power carries the alarm system.
    pub alarm_backup_h: Option<f64>,
    /// Hours for which backup power carries fail-open access.
    pub access_backup_h: Option<f64>,
    /// Days for which recordings are kept.
    pub video_days: Option<f64>,
    /// Days for which patrol and alarm logs are kept.
    pub alarm_log_days: Option<f64>,
    /// Days for which access and visitor logs are kept.
    pub access_log_days: Option<f64>,
    /// Days of trial run before the system is accepted.
    pub trial_days: Option<f64>,
    /// Rate of one camera's stream, Mbit/s.
    pub camera_mbit_s: Option<f64>,
    /// Cameras that are looked at and replayed at once.
    pub cameras_at_once: Option<f64>,
    /// What the video network carries, Mbit/s.
    pub network_mbit_s: Option<f64>,
    /// Whether it is a key site against terrorism, for which some rules ask more.
    pub key_site: bool,
    /// Level of protection by DB11/T 2552, 1 the highest to 3; some rules ask more of a higher one.
    pub protection_level: Option<u8>,
}

/// A post at a gate: every stranger on foot is stopped, asked, entered, checked with the flat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GatePost {
    /// Its name.
    pub id: Id,
    /// The gate it watches.
    pub gate: Id,
    /// Guards on duty at once; 0 leaves the gate unwatched.
    pub guards: u32,
    /// Median time to stop, ask and enter one stranger.
    #[serde(default = "default_register")]
    pub register: Duration,
}

fn default_register() -> Duration {
    Duration::seconds(40.0)
}

/// A vehicle barrier with its plate reader.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Barrier {
    /// Its name.
    pub id: Id,
    /// The gate it closes.
    pub gate: Id,
    /// Which way vehicles pass it: `in`, `out` or `both`.
    #[serde(default)]
    pub lane: Lane,
    /// Probability that a plate is misread, 0..1.
    #[serde(default = "default_misread")]
    pub misread: f64,
    /// Time for the arm to rise, and to fall.
    #[serde(default = "default_arm")]
    pub arm: Duration,
    /// Parking places behind it.
    #[serde(default = "default_places")]
    pub places: u32,
}

fn default_misread() -> f64 {
    0.02
}
fn default_arm() -> Duration {
    Duration::seconds(1.5)
}
fn default_places() -> u32 {
    400
}

/// Which way a lane runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Into the compound.
    In,
    /// Out of it.
    Out,
    /// Both ways, one at a time.
    #[default]
    Both,
}

/// A standing guard who sees a stretch of perimeter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OuterPost {
    /// Its name.
    pub id: Id,
    /// Where the guard stands.
    pub at_m: [f64; 2],
    /// Where he looks.
    pub bearing_deg: f64,
    /// How wide he looks.
    #[serde(default = "default_eye_fov")]
    pub fov_deg: f64,
    /// How far he notices somebody by day.
    #[serde(default = "default_eye_range")]
    pub range_m: f64,
    /// When the post is manned, from and to; the whole day when not said.
    #[serde(default)]
    pub manned: Option<[TimeOfDay; 2]>,
}

fn default_eye_fov() -> f64 {
    120.0
}
fn default_eye_range() -> f64 {
    60.0
}

/// A point that a guard touches with his recorder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Its name.
    pub id: Id,
    /// Where it is.
    pub at_m: [f64; 2],
    /// Whether it stands for a key area (重点区域), which some rules ask to be walked round more often.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub key_area: bool,
}

/// A route of checkpoints, walked at fixed times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GuardTour {
    /// Its name.
    pub id: Id,
    /// The points in order.
    pub checkpoints: Vec<Id>,
    /// When each walk starts.
    pub starts: Vec<TimeOfDay>,
    /// A point is on time when touched within this much of its planned instant.
    #[serde(default = "default_window")]
    pub window: Duration,
    /// Planned walking speed, from which each point's planned instant follows.
    #[serde(default = "default_walk")]
    pub speed_m_s: f64,
    /// Time spent at each point.
    #[serde(default = "default_dwell")]
    pub dwell: Duration,
}

fn default_window() -> Duration {
    Duration::seconds(180.0)
}
fn default_walk() -> f64 {
    1.1
}
fn default_dwell() -> Duration {
    Duration::seconds(15.0)
}

/// A small fire station (微型消防站).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FireStation {
    /// Its name.
    pub id: Id,
    /// Where it is.
    pub at_m: [f64; 2],
    /// What hangs there: `hose`, `mask`, `suit`, `axe`, `wrench`, `torch`, `extinguisher`.
    pub items: Vec<String>,
    /// When it is inspected each day.
    #[serde(default)]
    pub inspected: Option<TimeOfDay>,
    /// Probability that an item is missing on a given day, 0..1.
    #[serde(default = "default_missing")]
    pub missing: f64,
}

fn default_missing() -> f64 {
    0.01
}

/// A hydrant, a hose box or an extinguisher.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirePoint {
    /// Its name.
    pub id: Id,
    /// Where it is.
    pub at_m: [f64; 2],
    /// What it is.
    pub what: FirePointKind,
}

/// What hangs on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FirePointKind {
    /// Water under pressure.
    Hydrant,
    /// Powder.
    Extinguisher,
}

/// A group of metered sockets under one meter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Charger {
    /// Its name.
    pub id: Id,
    /// Its first socket.
    pub at_m: [f64; 2],
    /// Sockets in a row.
    pub sockets: u8,
    /// Bearing of the row from the first socket.
    #[serde(default)]
    pub row_bearing_deg: f64,
    /// Distance from one socket to the next.
    #[serde(default = "default_socket_pitch")]
    pub pitch_m: f64,
}

fn default_socket_pitch() -> f64 {
    0.9
}

/// A door station of a stairwell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Intercom {
    /// Its name.
    pub id: Id,
    /// The entrance it opens.
    pub entrance: Id,
    /// How long the lock stays released.
    #[serde(default = "default_release")]
    pub release: Duration,
    /// How long the door may stand open.
    #[serde(default = "default_held_open")]
    pub held_open: Duration,
}

fn default_release() -> Duration {
    Duration::seconds(5.0)
}
fn default_held_open() -> Duration {
    Duration::seconds(30.0)
}

/// One zone of active infrared beams on top of a wall (主动红外对射).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Beam {
    /// Its name.
    pub id: Id,
    /// The transmitter.
    pub from_m: [f64; 2],
    /// The receiver.
    pub to_m: [f64; 2],
    /// The wall that it guards.
    pub wall: Id,
    /// The pair of the catalogue that it is. What is not typed here has that pair's figures.
    #[serde(default)]
    pub model: Option<Id>,
    /// Heights of its rays above ground; all must be broken at once.
    pub rays_m: Vec<f64>,
    /// Shortest break that alarms.
    #[serde(default = "default_interruption")]
    pub interruption: Duration,
    /// How long the output is held after the break.
    #[serde(default = "default_hold")]
    pub hold: Duration,
    /// Rated outdoor range.
    #[serde(default = "default_beam_range")]
    pub rated_range_m: f64,
    /// Alignment error of the pair.
    #[serde(default)]
    pub misaligned_deg: f64,
}

impl Beam {
    /// A pair of the catalogue, not yet in its place.
    pub fn of_model(model: &BeamModel) -> Beam {
        Beam {
            id: Id::default(),
            from_m: [0.0; 2],
            to_m: [0.0; 2],
            wall: Id::default(),
            model: Some(model.id.clone()),
            rays_m: Vec::new(),
            interruption: default_interruption(),
            hold: default_hold(),
            rated_range_m: model.rated_range_m,
            misaligned_deg: 0.0,
        }
    }

    /// From the transmitter to the receiver in plan, m.
    pub fn length_m(&self) -> f64 {
        libm::hypot(self.to_m[0] - self.from_m[0], self.to_m[1] - self.from_m[1])
    }

    /// Height of its lowest ray above ground, m.
    pub fn lowest_m(&self) -> f64 {
        self.rays_m.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// Height of its highest ray above ground, m.
    pub fn highest_m(&self) -> f64 {
        self.rays_m.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// The shortest zone that is set up, m.
    pub const SHORTEST_M: f64 = 0.5;

    /// Places along its lowest ray from end to end, at most so far apart: the middles of equal parts.
    pub fn places_m(&self, apart_m: f64) -> impl ExactSizeIterator<Item = [f64; 3]> {
        let parts = libm::ceil(self.length_m() / apart_m).max(1.0) as u32;
        (0..parts).map(move |i| {
            let t = (f64::from(i) + 0.5) / f64::from(parts);
            let [x, y] = [0, 1].map(|k| self.from_m[k] + t * (self.to_m[k] - self.from_m[k]));
            [x, y, self.lowest_m()]
        })
    }
}

fn default_interruption() -> Duration {
    Duration::seconds(0.050)
}
fn default_hold() -> Duration {
    Duration::seconds(2.0)
}
fn default_beam_range() -> f64 {
    100.0
}

/// A fixed camera with analytics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Camera {
    /// Its name.
    pub id: Id,
    /// Its foot.
    pub at_m: [f64; 2],
    /// Height of the lens.
    pub height_m: f64,
    /// Where it looks.
    pub bearing_deg: f64,
    /// How far below the horizon its axis points.
    #[serde(default = "default_tilt")]
    pub tilt_deg: f64,
    /// The camera of the catalogue that it is. What is not typed here has that camera's figures.
    #[serde(default)]
    pub model: Option<Id>,
    /// Horizontal angle of view; needed where no model is named.
    #[serde(default)]
    pub hfov_deg: f64,
    /// Pixels, width and height.
    #[serde(default = "default_pixels")]
    pub pixels: [u32; 2],
    /// How its lens draws: `rectilinear`, or `f_theta` for fisheye and wide lenses.
    #[serde(default)]
    pub lens: LensKind,
    /// Radial distortion of its lens, `k1` and `k2`: a direction `u` focal lengths from the middle falls at
    /// `u (1 + k1 u² + k2 u⁴)`.
    #[serde(default)]
    pub distortion: [f64; 2],
    /// Whether its lens zooms. Only rules ask.
    #[serde(default)]
    pub focal: Option<Focal>,
    /// Least illuminance of its data sheet, lx, at which a picture is visible at all. Only rules ask: analytics need `min_lux`.
    #[serde(default)]
    pub sensitivity_lux: Option<f64>,
    /// Farthest distance at which it is used.
    #[serde(default = "default_camera_range")]
    pub range_m: f64,
    /// Reach of its own infrared light by night, in clear air and where nothing else shines; 0 has none.
    #[serde(default = "default_ir")]
    pub ir_range_m: f64,
    /// Least illuminance of an upright target at which it shows one by night, lx.
    #[serde(default = "default_min_lux")]
    pub min_lux: f64,
    /// Pixel density at which its analytics report a target, px/m.
    #[serde(default = "default_density")]
    pub working_px_per_m: f64,
    /// What it is there for.
    #[serde(default)]
    pub task: CameraTask,
    /// Privacy masks: polygons on its picture, corners in pixels from the left and from the top, in which nothing is
    /// shown, recorded or reported. `palisade plan` proposes them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mask_px: Vec<Vec<[f64; 2]>>,
}

impl Camera {
    /// Its lens.
    pub fn lens(&self) -> Lens {
        Lens { kind: self.lens, terms: self.distortion }
    }
}

fn default_tilt() -> f64 {
    10.0
}
fn default_pixels() -> [u32; 2] {
    [2560, 1440]
}
fn default_camera_range() -> f64 {
    60.0
}
fn default_ir() -> f64 {
    30.0
}
fn default_min_lux() -> f64 {
    0.5
}
pub(crate) fn default_density() -> f64 {
    25.0
}

/// What a camera is there for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CameraTask {
    /// A gate or a building entrance.
    Entrance,
    /// The perimeter: reports line crossings.
    Perimeter,
    /// A public passage.
    #[default]
    Passage,
    /// A shed, a car park, a playground.
    Area,
}

/// A camera that looks up a facade for thrown objects (高空抛物).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FacadeCamera {
    /// Its name.
    pub id: Id,
    /// Its foot.
    pub at_m: [f64; 2],
    /// Height of the lens.
    pub height_m: f64,
    /// The building it looks at.
    pub building: Id,
    /// Where it looks.
    pub bearing_deg: f64,
    /// How far above the horizon its axis points.
    pub elevation_deg: f64,
    /// Horizontal angle of view.
    pub hfov_deg: f64,
    /// Pixels, width and height.
    #[serde(default = "default_pixels")]
    pub pixels: [u32; 2],
    /// Frames a second.
    #[serde(default = "default_frames")]
    pub frames_per_s: f64,
}

fn default_frames() -> f64 {
    25.0
}

/// A point smoke detector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmokeDetector {
    /// Its name.
    pub id: Id,
    /// Where it hangs.
    pub at_m: [f64; 2],
    /// Height above ground.
    pub height_m: f64,
    /// Obscuration that alarms, %/m.
    #[serde(default = "default_obscuration")]
    pub alarm_pct_per_m: f64,
}

fn default_obscuration() -> f64 {
    5.0
}

/// A point heat detector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeatDetector {
    /// Its name.
    pub id: Id,
    /// Where it hangs.
    pub at_m: [f64; 2],
    /// Height above ground.
    pub height_m: f64,
    /// Temperature that alarms, °C.
    #[serde(default = "default_heat")]
    pub alarm_c: f64,
    /// Response time index, √(m·s).
    #[serde(default = "default_rti")]
    pub rti: f64,
}

fn default_heat() -> f64 {
    57.0
}
fn default_rti() -> f64 {
    60.0
}

/// The duty room (值班室): who looks at alarms and sends guards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DutyRoom {
    /// Its name.
    pub id: Id,
    /// Where it is.
    pub at_m: [f64; 2],
    /// Operators on duty at once.
    pub operators: u32,
    /// Median time from an alarm's arrival to its acknowledgement when nothing else waits.
    #[serde(default = "default_acknowledge")]
    pub acknowledge: Duration,
}

fn default_acknowledge() -> Duration {
    Duration::seconds(8.0)
}

/// A street cell of an open compound (网格).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GridCell {
    /// Its name.
    pub id: Id,
    /// Its corners, in order.
    pub outline_m: Vec<[f64; 2]>,
    /// The guard responsible for it.
    pub guard: Id,
}
