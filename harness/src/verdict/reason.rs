//! Why a threshold does not hold, in a sentence that names messages and devices.

use palisade_sim::analysis::answer::{Gap, Stretch};

use super::figure::{Figure, What};
use super::{Evidence, Message};
use crate::pairing::Outcome;

/// Messages named in one sentence.
const NAMED: usize = 5;

pub(super) fn sentence(name: &str, must: &str, figure: &Figure, evidence: &Evidence<'_>) -> String {
    let found = figure.text();
    let of = match &figure.class {
        None => String::new(),
        Some(class) => format!(" of {class}"),
    };
    match &figure.what {
        What::Outcome(Outcome::Answered) | What::Expected | What::Taken => {
            format!("{name} is {found}, must be {must}")
        }
        What::Outcome(outcome) => {
            let expected = match &figure.class {
                None => evidence.tally.expected,
                Some(class) => evidence.by_class.get(class).map_or(0, |t| t.expected),
            };
            let what = named(evidence, figure.class.as_deref(), *outcome);
            format!("{found} of {expected} answers{of} {} (must be {must}): {what}", verb(*outcome))
        }
        What::Spurious => {
            let names = evidence.extras.iter().filter(|(kind, _)| kind.is_spurious());
            let names: Vec<String> = names.map(|(_, name)| name.clone()).collect();
            format!("{found} observations had no stimulus (must be {must}): {}", list(&names))
        }
        What::FalseAlarm => {
            format!(
                "{found} stimuli without an incident were passed on (must be {must}): {}",
                list(evidence.false_alarms)
            )
        }
        What::Coverage(height) => {
            format!("{name} is {found}, must be {must}; {}", largest_gap(height, evidence))
        }
        What::PerimeterGaps => {
            let gaps = evidence.plan.map_or(&[][..], |p| &p.perimeter.gaps);
            let told = |g: &Stretch| {
                format!("{:.1} m of {} from {:.1} m on", g.along_m[1] - g.along_m[0], g.wall, g.along_m[0])
            };
            let names: Vec<String> = gaps.iter().map(told).collect();
            format!("{found} stretches of the perimeter have no beam (must be {must}): {}", list(&names))
        }
        What::LeakMemory | What::LeakFiles => {
            super::leak::sentence(name, &figure.what, &found, must, evidence.leak)
        }
        What::QueueMax | What::QueueSlope => {
            let (max, at) = (evidence.queue.max, evidence.queue.max_at_us as f64 / 1e6);
            format!(
                "{name} is {found}, must be {must}; most messages, {max}, waited {at:.1} s after the run's start"
            )
        }
        What::Drift => {
            let of = evidence.drift;
            let between = of.trend.map_or_else(String::new, |t| format!(" ({:.3} to {:.3})", t.low, t.high));
            format!(
                "{name} is {found}{between}, must be {must}; {} answers in {:.0} s",
                of.answers,
                of.lasted_us as f64 / 1e6
            )
        }
        What::Recovery | What::Unrecovered => {
            super::recovery::sentence(name, &figure.what, &found, must, evidence.recovery)
        }
        What::Upstream(rest) => super::upstream::sentence(rest, &found, must, evidence.upstream),
        What::Subscribers(rest) => super::subscribers::sentence(rest, &found, must, evidence.subscribers),
        What::Load(rest) => super::load::sentence(rest, &found, must, evidence.load),
        What::Command(word) => super::commands::sentence(word, &found, must, evidence.commands),
        What::CommandTime(path) => {
            let what = if path == "response" {
                "from the alarm that caused a command to the command"
            } else {
                "from a command to its execution"
            };
            format!("{name} ({what}) is {found}, must be {must}")
        }
        What::Time(path) => {
            format!("{name} is {found}, must be {must}; {}", slowest(path, figure.class.as_deref(), evidence))
        }
    }
}

fn verb(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Undecidable => "undecidable",
        Outcome::Missed => "missed",
        Outcome::Wrong => "wrong",
        Outcome::OutOfOrder => "out of order",
        Outcome::Duplicate => "came more than once",
        Outcome::Late => "late",
        Outcome::Answered => "answered",
    }
}

/// The messages of one class of outcome, for a reader.
pub(super) fn named(evidence: &Evidence<'_>, class: Option<&str>, outcome: Outcome) -> String {
    let hit = |m: &&Message| m.answer.outcome == outcome && class.is_none_or(|c| c == m.class);
    let names: Vec<String> = evidence.messages.iter().filter(hit).map(Message::name).collect();
    list(&names)
}

pub(super) fn list(names: &[String]) -> String {
    let shown = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => "none is known by name".into(),
        n if n > NAMED => format!("{shown} and {} more", n - NAMED),
        _ => shown,
    }
}

fn largest_gap(height: &str, evidence: &Evidence<'_>) -> String {
    let of_height = |g: &&Gap| height.parse::<f64>().is_ok_and(|h| (g.height_m - h).abs() < 1e-9);
    let gaps = evidence.plan.map_or(&[][..], |p| &p.gaps).iter().filter(of_height);
    match gaps.max_by(|a, b| a.area_m2.total_cmp(&b.area_m2)) {
        None => "no gap is known".into(),
        Some(gap) => {
            let [x, y] = gap.polygon.first().and_then(|ring| ring.first()).copied().unwrap_or_default();
            format!("the largest gap has {:.0} m² near {x:.0} m east, {y:.0} m north", gap.area_m2)
        }
    }
}

fn slowest(path: &str, class: Option<&str>, evidence: &Evidence<'_>) -> String {
    let took = |m: &Message| -> Option<i64> {
        let a = &m.answer;
        let left = a.departed_us()?;
        let seen = a.observed_us.filter(|_| a.outcome != Outcome::Wrong);
        match path {
            "lateness" if a.link_down => None,
            "lateness" => Some(left - a.intended_us),
            "service" => Some(seen? - left),
            _ => Some(seen? - a.intended_us),
        }
    };
    let of_class = evidence.messages.iter().filter(|m| class.is_none_or(|c| c == m.class));
    let worst =
        of_class.filter_map(|m| Some((took(m)?, m))).max_by_key(|(us, m)| (*us, std::cmp::Reverse(&m.id)));
    match worst {
        Some((us, message)) => {
            format!("the slowest was {} with {:.1} ms", message.name(), us as f64 / 1000.0)
        }
        None => "no message is known by name".into(),
    }
}
