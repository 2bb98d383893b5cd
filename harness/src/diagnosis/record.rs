//! What was done to a gateway and what came of it, without a word about the gateway itself.
//!
//! Instants are microseconds since the exercise began, on one monotonic clock.

use serde::{Deserialize, Serialize};

/// Everything that the one who judges may know.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Record {
    /// What every id of this run begins with, before its `-`.
    pub run: String,
    /// The device that is told about sirens and acknowledgements; empty when nobody looked at commands.
    pub duty_room: String,
    /// What devices wrote, in order.
    pub sent: Vec<Sent>,
    /// What came on alarm topics, in order.
    pub heard: Vec<Heard>,
    /// What came on command topics of devices, in order.
    pub orders: Vec<Order>,
    /// What was posted to the city platform, in order; nothing when there was none.
    #[serde(default)]
    pub forwarded: Option<Vec<Forwarded>>,
    /// Connections of devices.
    pub links: Vec<Link>,
    /// Heartbeats: when, and of which device.
    pub beats: Vec<(i64, String)>,
    /// The gateway's processes.
    pub lives: Vec<Life>,
    /// When the duty room's own subscription was away: from, to.
    pub absences: Vec<(i64, i64)>,
    /// Bypasses that were asked for.
    pub bypasses: Vec<Bypass>,
    /// Resident memory of the gateway: when, bytes.
    pub memory: Vec<(i64, u64)>,
    /// When the exercise itself was not in time: from, to. What was late then is nobody's fault.
    pub disturbed: Vec<(i64, i64)>,
}

/// A message of a device.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Sent {
    /// When it was written.
    pub at_us: i64,
    /// Wall clock then, ms after the epoch.
    pub wall_ms: i64,
    /// Who.
    pub device: String,
    /// Its class.
    pub class: String,
    /// The id.
    pub id: String,
    /// The signal's word.
    pub signal: String,
    /// `alarm`, `restore`, `warning` or `info`.
    pub kind: String,
    /// When it says that it happened, ms after the epoch.
    pub ts: i64,
    /// Quality of service.
    pub qos: u8,
    /// Marked as sent before.
    pub dup: bool,
    /// 0 with QoS 0.
    pub packet_id: u16,
    /// Of the payload.
    pub bytes: usize,
    /// When it was acknowledged.
    pub acked_us: Option<i64>,
    /// Which connection it went over: a place in [`Record::links`].
    pub link: usize,
}

/// Something on an alarm topic.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Heard {
    /// When it came.
    pub at_us: i64,
    /// Wall clock then, ms after the epoch.
    pub wall_ms: i64,
    /// The device that the topic names.
    pub topic: String,
    /// Whether the broker had kept it.
    pub retained: bool,
    /// The payload as text.
    pub raw: String,
    /// What it says; nothing when it cannot be read.
    pub said: Option<Said>,
}

/// What an alarm says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The id.
    pub id: Option<String>,
    /// The device.
    pub device: Option<String>,
    /// The signal.
    pub signal: String,
    /// How loudly.
    pub kind: String,
    /// When it happened.
    pub ts: Option<i64>,
    /// The gateway's own clock when it said it, ms after the epoch, if it says so.
    #[serde(default)]
    pub clock: Option<i64>,
}

/// An alarm that reached the city platform.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Forwarded {
    /// When it came.
    pub at_us: i64,
    /// What it says; nothing when it cannot be read.
    pub said: Option<Said>,
}

/// A command that a device got.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Order {
    /// When it came.
    pub at_us: i64,
    /// Whose topic it came on.
    pub to: String,
    /// The command's own id.
    pub id: String,
    /// The word.
    pub command: String,
    /// The id of the event that caused it.
    pub cause: Option<String>,
    /// The device that the arguments name.
    pub about: Option<String>,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// With the exercise or with the gateway.
    #[default]
    Last,
    /// The line broke: its will is due.
    Broken,
    /// With a good-bye: its will is not.
    GoodBye,
}

/// A connection of a device.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Link {
    /// Who.
    pub device: String,
    /// From when.
    pub from_us: i64,
    /// Until when.
    pub to_us: i64,
    /// How it ended.
    pub end: End,
}

/// A process of the gateway.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Life {
    /// When it was started.
    pub from_us: i64,
    /// When it was killed, or the end.
    pub to_us: i64,
}

/// A bypass that the operator asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Bypass {
    /// The device.
    pub device: String,
    /// When it was asked for.
    pub from_us: i64,
    /// When it is over.
    pub to_us: i64,
}

impl Record {
    /// The gateway's process at an instant: its place.
    pub fn life_at(&self, at_us: i64) -> usize {
        self.lives.iter().rposition(|life| life.from_us <= at_us).unwrap_or_default()
    }

    /// Whether the subscriber was away at an instant.
    pub fn is_away(&self, at_us: i64) -> bool {
        self.absences.iter().any(|(from, to)| (*from..*to).contains(&at_us))
    }

    /// From when on an answer to something sent at this instant can be heard.
    pub fn hearable_from(&self, at_us: i64) -> i64 {
        let away = self.absences.iter().find(|(from, to)| (*from..*to).contains(&at_us));
        away.map_or(at_us, |(_, to)| *to)
    }

    /// Whether a message is the alarm of a zone that is bypassed just then.
    pub fn is_bypassed(&self, sent: &Sent) -> bool {
        let within = |bypass: &Bypass| (bypass.from_us..bypass.to_us).contains(&sent.at_us);
        sent.kind == "alarm"
            && self.bypasses.iter().any(|bypass| bypass.device == sent.device && within(bypass))
    }

    /// Whether a message is the alarm of a zone whose bypass is over, in the same process of the gateway.
    pub fn was_bypassed(&self, sent: &Sent) -> bool {
        let life = self.life_at(sent.at_us);
        let over = |bypass: &Bypass| bypass.to_us <= sent.at_us && self.life_at(bypass.from_us) == life;
        sent.kind == "alarm"
            && self.bypasses.iter().any(|bypass| bypass.device == sent.device && over(bypass))
    }

    /// Whether the exercise was out of time in a span.
    pub fn is_disturbed(&self, from_us: i64, to_us: i64) -> bool {
        self.disturbed.iter().any(|(from, to)| *from <= to_us && from_us <= *to)
    }
}
