//! From a text to a checked shape, or to everything that is wrong.

use palisade_load::subscribe::CONTROL;
use palisade_sim::contract::Signal;
use palisade_sim::model::typed::{self, Problem, Problems, Source, SourceText, Spans};
use serde_json::Value;

use super::Shape;
use crate::contract::says;

/// The JSON Schema of a shape.
pub fn schema() -> Value {
    schemars::schema_for!(Shape).to_value()
}

/// Reads and checks a shape.
///
/// # Errors
/// Everything that is wrong, in the order of the file.
pub fn read(text: &SourceText) -> Result<Shape, Problems> {
    let typed = typed::read::<Shape>(text, &schema(), "the shape");
    let mut problems = typed.problems;
    let Some(shape) = typed.file else { return Err(problems.sorted(&text.name)) };
    let mut desk = Desk { spans: &typed.spans, source: &typed.source, problems: &mut problems };
    desk.format(&shape);
    desk.levels(&shape);
    desk.storms(&shape);
    desk.floods(&shape);
    desk.pace(&shape);
    desk.subscribers(&shape);
    if problems.is_empty() { Ok(shape) } else { Err(problems.sorted(&text.name)) }
}

struct Desk<'a> {
    spans: &'a Spans,
    source: &'a Source,
    problems: &'a mut Problems,
}

impl Desk<'_> {
    fn wrong(&mut self, path: &str, code: &'static str, message: String, help: &str) {
        self.problems.add(Problem::new(self.source, self.spans.at(path), code, message, help));
    }

    fn format(&mut self, shape: &Shape) {
        if shape.shape != 1 {
            let message = format!("this is a shape of format {}; this Palisade reads format 1", shape.shape);
            self.wrong(
                "shape",
                "shape::format",
                message,
                "write `shape = 1` and follow `scenarios/load/ramp.toml`",
            );
        }
    }

    fn levels(&mut self, shape: &Shape) {
        for (i, level) in shape.level.iter().enumerate() {
            if level.lasts.0.0 <= 0 {
                let message = "a level that lasts no time is never reached".to_owned();
                self.wrong(
                    &format!("level[{i}].lasts"),
                    "shape::no-time",
                    message,
                    "write a length such as \"10s\"",
                );
            }
            for (key, share) in [("from", Some(level.from)), ("to", level.to)] {
                if share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
                    let message = format!("{} is no share of the fleet", share.unwrap_or_default());
                    let help = "write 0 (nobody speaks) to 1 (all copies speak); a greater fleet is asked for with --fleet";
                    self.wrong(&format!("level[{i}].{key}"), "shape::share", message, help);
                }
            }
        }
    }

    /// At a pace of 1 nothing is compressed, and whoever wrote it believes that something is.
    fn pace(&mut self, shape: &Shape) {
        if let Some(pace) = shape.compress.filter(|pace| !(2..=1_000).contains(pace)) {
            let message = format!("{pace} is no pace at which a day is compressed");
            let help = "write 2 to 1000, such as 20: twenty seconds of the day in one of the run; leave it out for 1";
            self.wrong("compress", "shape::pace", message, help);
        }
    }

    /// Names tell clients apart, and stand in client ids.
    fn subscribers(&mut self, shape: &Shape) {
        for (i, one) in shape.subscriber.iter().enumerate() {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            let taken =
                one.name == CONTROL || shape.subscriber[..i].iter().any(|other| other.name == one.name);
            if taken || one.name.is_empty() || !one.name.chars().all(plain) {
                let message = match taken {
                    true => format!("there is a subscriber `{}` already", one.name),
                    false => format!("`{}` is no name of a subscriber", one.name),
                };
                let help = "write small letters, digits and hyphens, such as \"duty-room\"; `control` is the one who \
                            is always there";
                self.wrong(&format!("subscriber[{i}].name"), "shape::subscriber", message, help);
            }
            if one.what.stretch().1.0.0 <= 0 {
                let message = "a subscriber who is away or slow for no time misses nothing".to_owned();
                let help = "write a length such as \"5s\"";
                self.wrong(&format!("subscriber[{i}].what"), "shape::no-time", message, help);
            }
        }
    }

    /// A storm that breaks what the one before has not mended yet measures neither.
    fn storms(&mut self, shape: &Shape) {
        for i in 1..shape.storm.len() {
            let (before, storm) = (&shape.storm[i - 1], &shape.storm[i]);
            let mended = before.at.0 + before.lasts().0;
            if storm.at.0 < mended {
                let message = format!("this storm begins before the one at {} is over", before.at);
                let help =
                    format!("start it at {} or later", palisade_sim::model::scenario::Duration(mended));
                self.wrong(&format!("storm[{i}].at"), "shape::storms", message, &help);
            }
        }
    }
    /// What no device of a class says no gateway need understand.
    fn floods(&mut self, shape: &Shape) {
        for (i, flood) in shape.flood.iter().enumerate() {
            let (class, can) = (flood.class.word(), says(flood.class));
            let word = flood.says.as_ref().map(Signal::word);
            if let Some(word) = word.filter(|word| !can.contains(&word.as_str())) {
                let message = format!("a device of class `{class}` never says `{word}`");
                let can: Vec<String> = can.iter().map(|word| format!("`{word}`")).collect();
                let help = format!("it says {}", can.join(", "));
                self.wrong(&format!("flood[{i}].says"), "shape::unsaid", message, &help);
            }
        }
    }
}
