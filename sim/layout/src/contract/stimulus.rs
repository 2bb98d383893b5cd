//! Stimuli: what one device would report, at an exact time, and why.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::{DeviceIx, IncidentId, Ms, StimulusId};

/// Classes of device. The names are those of `domain.md` and of `latency_ms` in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The terminal of a gate post: register, turnstile, panic button.
    GatePost,
    /// A vehicle barrier with its plate reader.
    Barrier,
    /// The terminal of a standing outer patrol post.
    OuterPost,
    /// A checkpoint of a guard tour.
    Checkpoint,
    /// The door contacts and inspection log of a fire station, a hydrant or an extinguisher box.
    FireStation,
    /// A group of metered charging sockets.
    Charger,
    /// A door station of a stairwell.
    Intercom,
    /// A pair of active infrared beams: one zone.
    Beam,
    /// A camera with analytics.
    Camera,
    /// A camera that looks up a facade.
    FacadeCamera,
    /// A smoke detector.
    SmokeDetector,
    /// A heat detector.
    HeatDetector,
    /// The radio or handset of a guard.
    GuardRadio,
    /// The operator terminal of the duty room.
    DutyRoom,
}

impl Class {
    /// The word used in topics, files and reports.
    pub fn word(self) -> &'static str {
        match self {
            Class::GatePost => "gate_post",
            Class::Barrier => "barrier",
            Class::OuterPost => "outer_post",
            Class::Checkpoint => "checkpoint",
            Class::FireStation => "fire_station",
            Class::Charger => "charger",
            Class::Intercom => "intercom",
            Class::Beam => "beam",
            Class::Camera => "camera",
            Class::FacadeCamera => "facade_camera",
            Class::SmokeDetector => "smoke_detector",
            Class::HeatDetector => "heat_detector",
            Class::GuardRadio => "guard_radio",
            Class::DutyRoom => "duty_room",
        }
    }
}

/// What a camera's analytics call a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// Somebody on foot.
    Person,
    /// A car, van or truck.
    Vehicle,
    /// An e-bike or bicycle with its rider.
    Bike,
    /// Something that flies or falls.
    Object,
}

/// What a device says. Written `snake_case` on the wire, in the field `signal`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names of the fields say what they hold; units stand in their names")]
pub enum Signal {
    /// All beams of the zone were broken at once for longer than the interruption time.
    BeamBroken {
        broken_ms: u32,
    },
    /// The zone is clear again and its output's hold time has passed.
    BeamRestored,

    /// A target came into view at the camera's working pixel density.
    TargetEntered {
        target: TargetKind,
        track: u32,
        px_per_m: u32,
    },
    /// The target left the view.
    TargetLeft {
        target: TargetKind,
        track: u32,
    },
    /// A target crossed a line that nobody should cross (perimeter cameras).
    LineCrossed {
        target: TargetKind,
        track: u32,
    },

    /// An object was tracked along a facade back to the storey and column of windows it came from.
    ObjectFell {
        storey: i32,
        column: i32,
        frames: u32,
    },
    /// Litter lies on watched ground.
    LitterSeen,

    /// A visitor rings a flat.
    CallStarted {
        flat: String,
    },
    /// The resident answered and opened.
    CallConfirmed {
        flat: String,
    },
    /// The resident answered and refused.
    CallRefused {
        flat: String,
    },
    /// Nobody answered.
    CallUnanswered {
        flat: String,
    },
    /// The lock was released by a credential (card, face, code) or from inside.
    DoorReleased {
        by: String,
    },
    DoorOpened,
    DoorClosed,
    /// The door stood open for longer than its limit.
    DoorHeldOpen,

    /// A resident's credential was accepted at the gate.
    ResidentPassed {
        credential: String,
    },
    /// A stranger was entered in the register and confirmed by the flat.
    VisitorRegistered {
        flat: String,
        visitor: String,
    },
    /// A stranger was refused.
    VisitorRefused {
        flat: String,
    },
    /// More bodies went through the lane than credentials were shown.
    LaneTailgated,
    /// A panic button was pressed.
    PanicPressed,

    /// A plate was read; `known` when it is a resident's.
    PlateRead {
        plate: String,
        known: bool,
        confidence_pct: u8,
    },
    ArmRaised,
    ArmLowered,
    /// The vehicle cleared the loop behind the arm.
    VehiclePassed {
        outward: bool,
    },
    /// A second vehicle went under the same raised arm.
    ArmPiggyBacked,
    /// The anti-crush sensor stopped the arm.
    ArmBlocked,
    /// No place is left.
    CarParkFull,

    /// A recorder touched the checkpoint.
    CheckpointRead {
        tour: String,
        guard: String,
        due_offset_s: i32,
    },
    /// Nobody touched the checkpoint in its time window.
    CheckpointOverdue {
        tour: String,
    },

    /// A socket began to deliver.
    ChargeStarted {
        socket: u8,
    },
    /// A socket stopped; `reason` as the socket reports it.
    ChargeEnded {
        socket: u8,
        reason: String,
        energy_wh: u32,
    },
    /// The current does not follow the charge curve.
    CurrentAbnormal {
        socket: u8,
    },
    /// The socket or the shed is too hot.
    SocketHot {
        socket: u8,
    },

    /// Smoke is over the threshold.
    SmokeAlarm {
        obscuration_pct_per_m_x100: u32,
    },
    SmokeCleared,
    /// The element reached its temperature.
    HeatAlarm {
        temperature_c: i32,
    },
    HeatCleared,

    /// Daily inspection of the kit; what is missing, if anything.
    KitInspected {
        missing: Vec<String>,
    },
    /// The cabinet was opened and something was taken.
    KitTaken {
        item: String,
    },
    /// A hydrant or hose valve was opened.
    WaterOn,

    /// A guard took over his post or shift.
    OnPost {
        guard: String,
    },
    /// A guard left his post or shift.
    OffPost {
        guard: String,
    },
    /// A standing guard or patrol saw somebody where nobody should be.
    PersonSighted {
        bearing_deg: u16,
    },
    /// A guard reports over the radio: on the way, arrived, dealt with.
    GuardReport {
        guard: String,
        what: String,
    },

    /// An operator acknowledged an alarm.
    AlarmAcknowledged {
        device: String,
    },
    /// An operator closed an alarm with a finding.
    AlarmClosed {
        device: String,
        finding: String,
    },

    /// Somebody opened the housing.
    TamperOpened,
}

/// How loudly the gateway is expected to pass a signal on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Goes into the log.
    Info,
    /// An alarm is over.
    Restore,
    /// Shown to the duty room.
    Warning,
    /// Sounds in the duty room.
    Alarm,
}

impl Signal {
    /// The word used for the signal on the wire and in reports, such as `beam_broken`.
    pub fn word(&self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(word)) => word,
            Ok(serde_json::Value::Object(map)) => map.keys().next().cloned().unwrap_or_default(),
            _ => String::new(),
        }
    }

    /// How loudly the gateway is expected to pass it on.
    pub fn severity(&self) -> Severity {
        use Signal as S;
        match self {
            S::BeamBroken { .. }
            | S::LineCrossed { .. }
            | S::ObjectFell { .. }
            | S::PanicPressed
            | S::SmokeAlarm { .. }
            | S::HeatAlarm { .. }
            | S::SocketHot { .. }
            | S::PersonSighted { .. }
            | S::TamperOpened => Severity::Alarm,
            S::DoorHeldOpen
            | S::LaneTailgated
            | S::ArmPiggyBacked
            | S::ArmBlocked
            | S::CarParkFull
            | S::CheckpointOverdue { .. }
            | S::CurrentAbnormal { .. }
            | S::LitterSeen
            | S::CallUnanswered { .. }
            | S::VisitorRefused { .. } => Severity::Warning,
            S::BeamRestored | S::SmokeCleared | S::HeatCleared => Severity::Restore,
            _ => Severity::Info,
        }
    }
}

/// A stimulus without an incident: what fooled the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Nuisance {
    /// A bird flew or sat in the beam.
    Bird,
    /// A branch moved in the wind.
    Branch,
    /// Heavy rain or fog ate the signal.
    Rain,
    /// The low sun shone into the receiver.
    LowSun,
    /// The alignment has drifted.
    Drift,
    /// A cat or a dog.
    Animal,
    /// Cooking, steam or dust in a detector.
    Steam,
    /// The electronics.
    Fault,
}

/// Why a device reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// An incident of the truth.
    Incident(IncidentId),
    /// Nothing happened; the device was fooled.
    Nuisance(Nuisance),
}

/// What one device would report, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stimulus {
    /// Its number on this tape, in order of (due, device, signal).
    pub id: StimulusId,
    /// When the device would send it.
    pub due: Ms,
    /// Which device, by its place in the tape's device table.
    pub device: DeviceIx,
    /// What it says.
    pub signal: Signal,
    /// Why.
    pub cause: Cause,
}
