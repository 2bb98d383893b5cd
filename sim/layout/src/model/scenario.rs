//! The scenario: one TOML file that names a site and says what is installed, who lives there, what happens,
//! how it is driven and what must come out.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cast::{Cast, ScriptEvent};
use super::drive::{Drive, Sut, Thresholds};
use super::kit::Kit;
use super::site::{Site, Wgs84};
use crate::contract::Class;
use crate::words::{Id, Ms};

/// The scenario file as typed. Keys are the field names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioFile {
    /// Version of this format: 1.
    pub format: u32,
    /// What people call the compound.
    pub name: String,
    /// The seed of the run when none is given on the command line.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// The site.
    pub site: SiteRef,
    /// The day.
    #[serde(default)]
    pub day: Day,
    /// What is installed.
    #[serde(default)]
    pub kit: Kit,
    /// Who is there.
    #[serde(default)]
    pub cast: Cast,
    /// What must happen.
    #[serde(default)]
    pub script: Vec<ScriptEvent>,
    /// How it is driven.
    #[serde(default)]
    pub drive: Drive,
    /// The system under test.
    #[serde(default)]
    pub sut: Sut,
    /// What must come out.
    #[serde(default)]
    pub thresholds: Thresholds,
    /// What speaks for building here first, and who pays.
    #[serde(default)]
    pub project: Project,
}

/// What speaks for building here before elsewhere, and who pays. `palisade rank` reads it; what is not said is not known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Project {
    /// Share of owners who have agreed, 0..1.
    pub owners_willing: Option<f64>,
    /// Money at hand, yuan.
    pub money_yuan: Option<f64>,
    /// Crimes recorded a year: thefts, burglaries, assaults.
    pub crimes_per_year: Option<f64>,
    /// Who pays which share, 0..1 each, 1 together.
    pub pays: std::collections::BTreeMap<Purse, f64>,
}

/// Somebody who may pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purse {
    /// The owners, from the maintenance fund or each by himself (业主).
    Owners,
    /// Who built the compound (开发商).
    Developer,
    /// Public money (财政).
    Public,
    /// Crowdfunding (众筹).
    Crowdfunding,
}

fn default_seed() -> u64 {
    1
}

/// Where the geometry is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteRef {
    /// GeoJSON file, relative to the scenario file.
    pub geometry: String,
    /// Where local (0, 0) is.
    pub origin: Wgs84,
}

/// The day that is lived through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Day {
    /// Date, `YYYY-MM-DD`: weekday and season follow from it.
    pub date: String,
    /// How long, from midnight.
    pub lasting: Duration,
    /// Sunrise.
    pub sunrise: TimeOfDay,
    /// Sunset.
    pub sunset: TimeOfDay,
    /// Mean wind, m/s.
    pub wind_m_s: f64,
    /// Rain, mm/h.
    pub rain_mm_h: f64,
    /// Visibility in fog, m.
    pub visibility_m: f64,
    /// Air temperature, °C.
    pub temperature_c: f64,
}

impl Default for Day {
    fn default() -> Day {
        Day {
            date: "2026-04-14".into(),
            lasting: Duration(Ms::DAY),
            sunrise: TimeOfDay(Ms(20_400_000)),
            sunset: TimeOfDay(Ms(66_600_000)),
            wind_m_s: 3.0,
            rain_mm_h: 0.0,
            visibility_m: 10_000.0,
            temperature_c: 18.0,
        }
    }
}

/// A length of time, written as text: `"40ms"`, `"3m 10s"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub Ms);

impl Duration {
    /// From seconds.
    pub fn seconds(seconds: f64) -> Duration {
        Duration(Ms::from_seconds(seconds))
    }

    /// In seconds.
    pub fn as_seconds(self) -> f64 {
        self.0.seconds()
    }
}

/// A time of day, written as text: `"07:30"`, `"02:14:05.250"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(pub Ms);

impl std::str::FromStr for Duration {
    type Err = String;
    fn from_str(text: &str) -> Result<Duration, String> {
        let wrong =
            || format!("`{text}` is not a length of time; write it like \"40ms\", \"2s\" or \"3m 10s\"");
        let parsed: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
        let ms = i64::try_from(parsed.as_millis()).map_err(|_| wrong())?;
        if ms < 0 || parsed.subsec_nanos() % 1_000_000 != 0 {
            return Err(wrong());
        }
        Ok(Duration(Ms(ms)))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.0;
        let parts =
            [(ms / 3_600_000, "h"), (ms / 60_000 % 60, "m"), (ms / 1000 % 60, "s"), (ms % 1000, "ms")];
        let text: Vec<String> =
            parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
        f.write_str(if text.is_empty() { "0s".into() } else { text.join(" ") }.as_str())
    }
}

impl std::str::FromStr for TimeOfDay {
    type Err = String;
    fn from_str(text: &str) -> Result<TimeOfDay, String> {
        let wrong = || format!("`{text}` is not a time of day; write it like \"07:30\" or \"02:14:05.250\"");
        let mut parts = text.split(':');
        let two = |part: Option<&str>| -> Option<i64> {
            part.filter(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
        };
        let hours = two(parts.next()).filter(|h| *h < 24).ok_or_else(wrong)?;
        let minutes = two(parts.next()).filter(|m| *m < 60).ok_or_else(wrong)?;
        let ms = match parts.next() {
            None => 0,
            Some(rest) => {
                let (whole, part) = rest.split_once('.').unwrap_or((rest, "0"));
                let seconds = two(Some(whole)).filter(|s| *s < 60).ok_or_else(wrong)?;
                if part.is_empty() || part.len() > 3 || !part.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(wrong());
                }
                let padded: i64 = format!("{part:0<3}").parse().map_err(|_| wrong())?;
                seconds * 1000 + padded
            }
        };
        if parts.next().is_some() {
            return Err(wrong());
        }
        Ok(TimeOfDay(Ms(hours * 3_600_000 + minutes * 60_000 + ms)))
    }
}

/// Written `HH:MM`, with seconds and milliseconds where there are some; it parses again.
impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.0;
        write!(f, "{:02}:{:02}", ms / 3_600_000, ms / 60_000 % 60)?;
        match (ms / 1000 % 60, ms % 1000) {
            (0, 0) => Ok(()),
            (seconds, 0) => write!(f, ":{seconds:02}"),
            (seconds, ms) => write!(f, ":{seconds:02}.{ms:03}"),
        }
    }
}

macro_rules! text_form {
    ($name:ident, $pattern:literal, $describes:literal) => {
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<$name, D::Error> {
                String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "description": $describes, "pattern": $pattern })
            }
        }
    };
}

text_form!(Duration, r"^[0-9]", "A length of time, such as \"40ms\", \"2s\" or \"3m 10s\".");
text_form!(
    TimeOfDay,
    r"^[0-2][0-9]:[0-5][0-9](:[0-5][0-9](\.[0-9]{1,3})?)?$",
    "A time of day, such as \"07:30\" or \"02:14:05.250\"."
);

/// A flat and who lives in it. Worked out from buildings, entrances and the cast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Household {
    /// The flat, `<entrance>-<storey><number>`, such as `b03-1-0502`.
    pub flat: String,
    /// Index of the entrance in the site.
    pub entrance: usize,
    /// Index of the building in the site.
    pub building: usize,
    /// Storey, from 1.
    pub storey: u32,
}

/// A device of the scenario: a row of the device table that stimuli point into.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Device {
    /// Its name, as in the kit.
    pub id: Id,
    /// Its class.
    pub class: Class,
    /// Its place in its own list of the kit.
    pub row: usize,
    /// Where it is: east, north, up, m.
    pub at_m: [f64; 3],
    /// MQTT quality of service of its events.
    pub qos: u8,
}

/// A checked scenario. Nothing downstream checks again.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What was typed.
    pub file: ScenarioFile,
    /// The geometry.
    pub site: Site,
    /// All flats, lived in or not, in order of entrance, storey, number.
    pub households: Vec<Household>,
    /// All devices: one row a device, in the order of [`Kit`]'s tables; guards with a radio come before the duty room.
    pub devices: Vec<Device>,
    /// Digest of the scenario's text and its geometry's text, hex.
    pub digest: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_lengths_of_time() {
        for (text, ms) in
            [("40ms", 40), ("2s", 2000), ("3m 10s", 190_000), ("0.5s", 500), ("24h", 86_400_000)]
        {
            assert_eq!(text.parse(), Ok(Duration(Ms(ms))), "{text}");
        }
        for text in ["", "2", "-2s", "soon", "1us"] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }

    #[test]
    fn reads_times_of_day() {
        for (text, ms) in [("07:30", 27_000_000), ("02:14:05.25", 8_045_250), ("23:59:59", 86_399_000)] {
            assert_eq!(text.parse(), Ok(TimeOfDay(Ms(ms))), "{text}");
        }
        for text in ["", "7:30", "24:00", "12:60", "12:00:60", "12:00:00.", "12:00:00:00", "noon"] {
            assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_length_of_time_is_read_as_written(ms in 0i64..400_000_000) {
            prop_assert_eq!(Duration(Ms(ms)).to_string().parse(), Ok(Duration(Ms(ms))));
        }

        #[test]
        fn a_time_of_day_is_read_as_written(ms in 0i64..86_400_000) {
            prop_assert_eq!(TimeOfDay(Ms(ms)).to_string().parse(), Ok(TimeOfDay(Ms(ms))));
        }

        #[test]
        fn no_text_panics(text in ".{0,24}") {
            let _ = (text.parse::<Duration>(), text.parse::<TimeOfDay>());
        }
    }
}
