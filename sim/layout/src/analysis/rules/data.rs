//! A book of rules, read from TOML.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::figures::figures;

/// A book of rules.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleBook {
    /// Its name.
    pub name: String,
    /// When it was put together.
    pub dated: String,
    /// Its rules.
    #[serde(rename = "rule")]
    pub rules: Vec<Rule>,
}

/// Why a book could not be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unreadable {
    /// It is no such TOML.
    #[error("{0}")]
    Toml(String),
    /// Two rules have one name.
    #[error("the rule `{0}` stands twice: give each an id of its own")]
    Twice(String),
    /// A sentence about what is assumed names a figure that the rule's check does not have.
    #[error("`assumed` of the rule `{rule}` names `{{{key}}}`: its check has no figure of that name")]
    NoFigure {
        /// The rule.
        rule: String,
        /// What it names.
        key: String,
    },
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its number, with a letter where one clause asks for several things.
    pub id: String,
    /// What it asks for.
    pub title: String,
    /// The same in Chinese.
    pub title_zh: String,
    /// Standard and clause.
    pub clause: String,
    /// The same in Chinese, where it holds other words than a standard's number.
    #[serde(default)]
    pub clause_zh: Option<String>,
    /// Where that was read.
    pub source: String,
    /// How far the source was seen.
    pub seen: Seen,
    /// How strongly it is put.
    pub strength: Strength,
    /// What it is about.
    pub kind: Kind,
    /// For whom it holds.
    pub applies: Applies,
    /// How it is checked.
    pub check: Check,
    /// What else its text asks for and the check leaves out, because nothing here says it.
    #[serde(default)]
    pub unchecked: Vec<String>,
    /// Which of its figures are not the text's, and what they stand for. `{most_m}` stands for the check's own figure.
    #[serde(default)]
    pub assumed: Vec<String>,
}

impl Rule {
    /// The sentences of `assumed` with the check's figures.
    fn told(&self) -> Result<Vec<String>, Unreadable> {
        let check = serde_json::to_value(&self.check).unwrap_or_default();
        let figures = check.as_object().and_then(|named| named.values().next());
        let figure = |key: &str| {
            let of_level = |figures: &serde_json::Value| {
                figures.as_object()?.values().find_map(|v| v.get(key)?.as_f64())
            };
            figures?.get(key).map_or_else(|| of_level(figures?), serde_json::Value::as_f64)
        };
        let tell = |sentence: &String| {
            let mut parts = sentence.split(['{', '}']);
            let mut told = parts.next().unwrap_or_default().to_owned();
            while let Some(key) = parts.next() {
                let no_such = || Unreadable::NoFigure { rule: self.id.clone(), key: key.to_owned() };
                told += &figure(key).ok_or_else(no_such)?.to_string();
                told += parts.next().unwrap_or_default();
            }
            Ok(told)
        };
        self.assumed.iter().map(tell).collect()
    }
}

/// How far the text behind a rule was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// The clause, in a stored copy.
    Seen,
    /// A part of its wording.
    Partial,
    /// A summary by somebody else.
    Secondary,
    /// From memory: unconfirmed.
    Recall,
}

/// How strongly a rule is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// 应.
    Shall,
    /// 宜.
    Should,
    /// No standard: good practice.
    Guide,
    /// The copy that was seen does not show the word.
    Unstated,
}

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Where things stand and what they see.
    Geometry,
    /// What is installed and how it is set.
    Configuration,
    /// How fast and how surely the SUT answers.
    Timing,
    /// What people do.
    Process,
}

/// For which compounds a rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Applies {
    /// Every one.
    All,
    /// Those with a wall, fence or hedge around them.
    Walled,
    /// Those with a fence.
    Fenced,
    /// Those with beams.
    Beams,
    /// Those with cameras.
    Cameras,
    /// Those with cameras of any kind, facade cameras among them.
    AnyCameras,
    /// Those with garages, or sheds where e-bikes stand.
    Garages,
    /// Those with barriers.
    Barriers,
    /// Those with doors that a door station locks.
    Doors,
    /// Those with cameras that zoom, PTZ cameras among them.
    ZoomCameras,
    /// Those with cameras at entrances or passages.
    PassageCameras,
    /// Those with facade cameras.
    FacadeCameras,
    /// Those with gates.
    Gates,
    /// Those with car parks, playgrounds or squares.
    Areas,
    /// Those with guard tours.
    Tours,
    /// Key sites against terrorism: `key_site` in `[kit.provision]`.
    KeySite,
    /// Those of the highest level of protection: `protection_level = 1` in `[kit.provision]`.
    HighestLevel,
}

/// How a rule is checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Check {
    /// Metres of the perimeter that nobody guards: none.
    PerimeterContinuous {},
    /// The longest zone.
    ZoneLength {
        /// m.
        most_m: f64,
        /// Whether the rated range of each zone is a limit, too.
        #[serde(default)]
        within_range: bool,
    },
    /// The largest share of its rated range that a zone uses.
    BeamMargin {
        /// 0..1.
        most_share: f64,
    },
    /// The fewest rays of a zone.
    BeamRays {
        /// How many.
        least: usize,
    },
    /// The smallest share of a zone that a camera sees.
    ZoneSeen {
        /// 0..1.
        least_share: f64,
    },
    /// How far above its wall the lowest ray of a zone runs; under the top is no place either.
    BeamOnTop {
        /// m.
        most_above_m: f64,
    },
    /// How far aside of the nearest wall of the perimeter the ends of a zone stand.
    BeamAtEdge {
        /// Towards the street, m.
        most_outside_m: f64,
        /// Towards the compound, m.
        most_inside_m: f64,
    },
    /// The lowest wall, fence or hedge of the perimeter.
    BarrierHeight {
        /// m.
        least_m: f64,
    },
    /// The widest gap between bars of the perimeter's fences.
    BarGap {
        /// m.
        most_m: f64,
    },
    /// Metres of the compound's outline along which nothing stands: none.
    BarrierClosed {},
    /// The lowest horizontal rail of the perimeter's fences.
    RailHeight {
        /// m.
        least_m: f64,
    },
    /// Gates where nobody stands whose shut leaf is lower than the wall that they open, or holds up a thief for less
    /// long: none.
    DoorStrength {},
    /// Gates and lanes without a camera of their own that looks out through them.
    GateCameras {
        /// A camera farther away than this is not the gate's own, m.
        near_m: f64,
    },
    /// The lowest density at which a person in a gate for people is seen best.
    GateDensity {
        /// px/m.
        least_px_per_m: f64,
    },
    /// How wide the face of a person in a gate for people is on the best picture.
    FaceWidth {
        /// px.
        least_px: f64,
        /// Width of a face, m.
        face_m: f64,
    },
    /// The share of entrances that a camera sees.
    EntrancesSeen {
        /// 0..1.
        least_share: f64,
    },
    /// The share of garages and of sheds for e-bikes of which a camera sees the doors.
    GaragesSeen {
        /// 0..1.
        least_share: f64,
    },
    /// The smallest camera, facade cameras among them.
    Megapixels {
        /// Million pixels.
        least: f64,
    },
    /// The smallest share of a car park, playground or square that is seen.
    AreasSeen {
        /// 0..1.
        least_share: f64,
    },
    /// The least share of a place that is seen: each gate, the ground outside it, the doors of garages and of plant rooms,
    /// the perimeter's walls.
    PlacesSeen {
        /// By night instead of by day, and car parks, playgrounds and squares, too.
        by_night: bool,
        /// 0..1.
        least_share: f64,
        /// Somebody outside a gate stands so far from it, m.
        outside_m: f64,
        /// Somebody on a wall shows so far above its top, m.
        above_wall_m: f64,
    },
    /// Cameras that zoom, high up, in a large compound.
    HighPoint {
        /// Ground from which a compound is large, m².
        from_m2: f64,
        /// Or households.
        from_households: usize,
        /// High up is so high, m.
        least_height_m: f64,
    },
    /// How steeply cameras that do not zoom look down: at their gate or door, or along their axis.
    AimDown {
        /// Degrees.
        most_deg: f64,
        /// A gate or a door farther away is not a camera's target, m.
        within_m: f64,
        /// A path that runs farther beside where its axis meets chests is not, either, m.
        beside_m: f64,
    },
    /// How far from the side cameras at entrances and passages that do not zoom look at who walks there.
    AimAside {
        /// Degrees from straight ahead or behind.
        most_deg: f64,
        /// A gate or a door farther away is not a camera's target, m.
        within_m: f64,
        /// A path that runs farther beside where its axis meets chests is not, either, m.
        beside_m: f64,
    },
    /// Mean illuminance by night where a camera works, unless a light of its own does instead.
    Lit {
        /// lx.
        least_lx: f64,
        /// A light of its own that reaches so far does, m.
        own_m: f64,
    },
    /// Cameras at entrances and passages whose lens zooms: none.
    FixedFocal {},
    /// The least light of a night over what a camera's data sheet asks for, in the middling place of its view.
    SceneLight {
        /// Times; more than so many.
        over: f64,
    },
    /// Windows of dwellings that cameras show well.
    PrivateFacade {
        /// px/m from which a window counts.
        from_px_per_m: f64,
        /// m².
        most_m2: f64,
    },
    /// How steeply facade cameras look up.
    FacadeElevation {
        /// Degrees.
        from_deg: f64,
        /// Degrees.
        to_deg: f64,
    },
    /// How far facade cameras stand from their block.
    FacadeStandoff {
        /// m.
        from_m: f64,
        /// m.
        to_m: f64,
    },
    /// The fewest long faces of a block of flats that have a facade camera.
    FacadeFaces {
        /// How many.
        least: usize,
    },
    /// The least share of the windows of a block's long faces that its facade cameras have on their pictures, with nothing
    /// before them.
    FacadeWindows {
        /// 0..1.
        least_share: f64,
        /// From this storey up, from 1.
        from_storey: u32,
    },
    /// Checkpoints that no tour visits: none.
    PointsOnTours {},
    /// The longest time for which a checkpoint is planned to be left, round the clock.
    PatrolGap {
        /// h.
        most_h: Hours,
        /// Which checkpoints it is about.
        #[serde(default)]
        of: Points,
    },
    /// The longest time for which a log shows a checkpoint untouched.
    LogGap {
        /// h.
        most_h: Hours,
        /// Which checkpoints it is about.
        #[serde(default)]
        of: Points,
    },
    /// The fewest at once, by the roster, at a gate or in the duty room.
    OnDuty {
        /// How many.
        least: usize,
    },
    /// Checkpoints that a log does not hold: none.
    LogPoints {},
    /// The fewest persons whom a log shows at a checkpoint together.
    LogPersons {
        /// How many.
        least: usize,
        /// Two who touch it within this many minutes are there together.
        within_min: f64,
    },
    /// Days of a log without a whole round: none.
    LogDaily {},
    /// How long the system ran on trial.
    Trial {
        /// Days.
        least_d: f64,
    },
    /// A figure of `[kit.provision]`.
    Provision {
        /// Its key.
        key: ProvisionKey,
        /// What is demanded.
        least: f64,
        /// Its unit.
        unit: String,
    },
    /// The network against the cameras' rate.
    Network {
        /// Times the rate of all cameras, up to `channels` of them; beyond, the rate of all and of those looked at.
        times: f64,
        /// Cameras.
        channels: f64,
    },
    /// The slowest answer to an alarm in a run.
    AnswersWithin {
        /// Of these classes.
        classes: Vec<String>,
        /// Of these signals; all of the classes when nothing is said.
        #[serde(default)]
        signals: Vec<String>,
        /// One of the classes is enough: they say the same thing, whichever of them there is.
        #[serde(default)]
        either: bool,
        /// s.
        most_s: f64,
    },
    /// Alarms of a run that the SUT lost: none.
    NoneMissed {
        /// Of these classes.
        classes: Vec<String>,
    },
    /// How far the SUT's clock, by the times in its answers of a run, is from the clock of the machine that drove it.
    ClockWithin {
        /// s.
        most_s: f64,
    },
    /// The slowest command of a run that brings up the picture of a camera that sees where the alarm is.
    PictureWithin {
        /// Alarms of these classes.
        classes: Vec<String>,
        /// s.
        most_s: f64,
    },
    /// The slowest word of the SUT in a run about a device whose line was lost.
    LineLossReported {
        /// Of these classes.
        classes: Vec<String>,
        /// s.
        most_s: f64,
    },
    /// The slowest release of a door in a run after a fire alarm; it must stay released while the alarm stands.
    DoorsReleased {
        /// Alarms of these classes.
        classes: Vec<String>,
        /// s.
        most_s: f64,
    },
    /// The slowest command of a run that raises a barrier's arm after a fire alarm; it must stay up while the alarm stands.
    ArmsRaised {
        /// Alarms of these classes.
        classes: Vec<String>,
        /// s.
        most_s: f64,
    },
    /// The slowest siren of a duty room in a run after an alarm, whose message must name its zone.
    HeardAtCentre {
        /// Alarms of these classes.
        classes: Vec<String>,
        /// s.
        most_s: f64,
    },
    /// The slowest command of a run that raises an arm which met something; none may lower it meanwhile.
    BlockedArmRaised {
        /// s.
        most_s: f64,
    },
    /// Doors of a run that were opened for a visitor before the resident had said yes, and visitors whose entry in the register
    /// was lost: none.
    LeaveBeforePass {},
    /// It cannot be checked before this is known.
    Needs(String),
}

impl Check {
    /// Whether a run against the SUT judges it, and not the layout.
    pub fn is_of_a_run(&self) -> bool {
        matches!(
            self,
            Check::AnswersWithin { .. }
                | Check::NoneMissed { .. }
                | Check::ClockWithin { .. }
                | Check::PictureWithin { .. }
                | Check::DoorsReleased { .. }
                | Check::ArmsRaised { .. }
                | Check::HeardAtCentre { .. }
                | Check::BlockedArmRaised { .. }
                | Check::LeaveBeforePass {}
                | Check::LineLossReported { .. }
        )
    }
}

/// How many hours may pass.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Hours {
    /// So many for everybody.
    Same(f64),
    /// So many by the level of protection that `[kit.provision]` says, 1 the highest.
    ByLevel(ByLevel),
}

/// Hours by level of protection.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByLevel {
    /// Of level 1.
    pub level_1: f64,
    /// Of level 2.
    pub level_2: f64,
    /// Of level 3.
    pub level_3: f64,
    /// The level of a compound that does not say it.
    pub otherwise: u8,
}

impl Hours {
    /// Those of a compound of this level, where it says one.
    pub fn of(self, level: Option<u8>) -> f64 {
        match self {
            Hours::Same(hours) => hours,
            Hours::ByLevel(by) => match level.unwrap_or(by.otherwise) {
                1 => by.level_1,
                2 => by.level_2,
                _ => by.level_3,
            },
        }
    }
}

/// Which checkpoints a rule is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Points {
    /// All.
    #[default]
    All,
    /// Those of key areas; all, where none is said to be.
    Key,
}

/// A key of `[kit.provision]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProvisionKey {
    /// Hours of backup power of the alarm system.
    AlarmBackupH,
    /// Hours of backup power of fail-open access.
    AccessBackupH,
    /// Days for which recordings are kept.
    VideoDays,
    /// Days for which patrol and alarm logs are kept.
    AlarmLogDays,
    /// Days for which access and visitor logs are kept.
    AccessLogDays,
}

impl RuleBook {
    /// Reads a book.
    ///
    /// # Errors
    /// When it is no such TOML, a key or word is unknown, an id stands twice, or a sentence names a figure that is not
    /// there.
    pub fn read(text: &str) -> Result<RuleBook, Unreadable> {
        let mut book: RuleBook = toml::from_str(text).map_err(|e| Unreadable::Toml(e.to_string()))?;
        for rule in &mut book.rules {
            rule.assumed = rule.told()?;
        }
        let mut ids = std::collections::BTreeSet::new();
        match book.rules.iter().find(|rule| !ids.insert(&rule.id)) {
            Some(rule) => Err(Unreadable::Twice(rule.id.clone())),
            None => Ok(book),
        }
    }

    /// Pixels per metre from which this book takes a dwelling's window to be looked into; without a rule about it, those
    /// at which IEC 62676-4 recognises somebody.
    pub fn private_px_per_m(&self) -> f64 {
        let of = |rule: &Rule| match rule.check {
            Check::PrivateFacade { from_px_per_m, .. } => Some(from_px_per_m),
            _ => None,
        };
        self.rules.iter().find_map(of).unwrap_or(figures().dwelling.looked_into_px_per_m)
    }

    /// How much of dwellings' windows this book lets cameras show, m²; without a rule about it, any.
    pub fn private_most_m2(&self) -> f64 {
        let of = |rule: &Rule| match rule.check {
            Check::PrivateFacade { most_m2, .. } => Some(most_m2),
            _ => None,
        };
        self.rules.iter().filter_map(of).fold(f64::INFINITY, f64::min)
    }

    /// The book that is shipped, for residential compounds in China.
    ///
    /// # Errors
    /// Never: a test reads it.
    pub fn residential() -> Result<RuleBook, Unreadable> {
        RuleBook::read(include_str!("../../../../../assets/rules/residential.toml"))
    }
}
