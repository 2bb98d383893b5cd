//! What a run is too short for: disturbances that would begin when nothing is said any more. A verdict about them would hold
//! because nothing happened.

use palisade_sim::model::scenario::Duration;

use crate::drivers::between;
use crate::exit::{Exit, Failure};
use crate::fault::What;
use crate::schedule::Plan;
use crate::shape::Shape;

/// A disturbance, and when it would begin, ms after the first message.
struct Idle {
    what: String,
    at_ms: i64,
}

/// Sentences about disturbances that will not be.
///
/// # Errors
/// When nothing of what was asked for would be: all faults of a file, or a subscriber's absence, of which nothing could then be
/// judged.
pub(super) fn told(
    plan: &Plan,
    shape: Option<&Shape>,
    faults: Option<&between::Plan>,
) -> Result<Vec<String>, Failure> {
    let until_ms = speaks_until_ms(plan, shape);
    let seconds = |ms: i64| format!("{:.1} s", ms as f64 / 1_000.0);
    let refused = |what: &str, idle: &[Idle]| {
        let each = idle.iter().map(|one| format!("{} would begin at {}", one.what, seconds(one.at_ms)));
        let text = format!(
            "{what}: the last message of this run leaves after {}, and {}\n  remedy: let it begin earlier, or drive longer \
             stretches of the day with --windows",
            seconds(until_ms),
            each.collect::<Vec<_>>().join("; ")
        );
        Failure::new(Exit::Usage, text)
    };
    let later =
        |all: Vec<Idle>| -> Vec<Idle> { all.into_iter().filter(|one| one.at_ms >= until_ms).collect() };
    let mut idle = Vec::new();
    if let Some(shape) = shape {
        let subscribers = later(subscribers(shape));
        if !subscribers.is_empty() {
            return Err(refused(&format!("the shape `{}`", shape.name), &subscribers));
        }
        idle.extend(later(levels(shape)));
    }
    if let Some(faults) = faults {
        let all = of_faults(faults);
        let count = all.len();
        let all = later(all);
        if count > 0 && all.len() == count {
            return Err(refused(&faults.file, &all));
        }
        idle.extend(all);
    }
    let told = |one: Idle| {
        let (last, at) = (seconds(until_ms), seconds(one.at_ms));
        format!("{} befalls nothing: it begins at {at}, and the last message leaves after {last}", one.what)
    };
    Ok(idle.into_iter().map(told).collect())
}

/// When the last message leaves, of the day, of floods, or of what storms held back.
fn speaks_until_ms(plan: &Plan, shape: Option<&Shape>) -> i64 {
    let day = plan.windows.last().map_or(0, |window| window.began_us / 1_000 + window.lasting.0);
    let floods = shape.iter().flat_map(|shape| &shape.flood).map(|flood| (flood.at.0 + flood.within.0).0);
    let storms = shape.iter().flat_map(|shape| &shape.storm).map(|storm| (storm.at.0 + storm.lasts().0).0);
    floods.chain(storms).fold(day, i64::max)
}

fn subscribers(shape: &Shape) -> Vec<Idle> {
    let of = |one: &crate::shape::Subscriber| Idle {
        what: format!("what the subscriber {} does", one.name),
        at_ms: one.what.stretch().0.0.0,
    };
    shape.subscriber.iter().map(of).collect()
}

/// When each level begins.
fn levels(shape: &Shape) -> Vec<Idle> {
    let mut at_ms = 0;
    let mut all = Vec::new();
    for (number, level) in (1..).zip(&shape.level) {
        all.push(Idle { what: format!("level {number} of the shape {}", shape.name), at_ms });
        at_ms += level.lasts.0.0;
    }
    all
}

fn of_faults(plan: &between::Plan) -> Vec<Idle> {
    let ms = |time: Option<Duration>| time.map_or(0, |time| time.0.0);
    let lines = (1..).zip(&plan.faults.fault).map(|(number, fault): (usize, _)| {
        let breaks = match &fault.what {
            What::Cut(at) | What::Reset(at) | What::HalfOpen(at) => ms(at.at),
            _ => 0,
        };
        Idle { what: format!("fault {number} ({fault})"), at_ms: ms(fault.from).max(breaks) }
    });
    let devices = (1..).zip(&plan.faults.device).map(|(number, fault): (usize, _)| Idle {
        what: format!("device fault {number} ({fault})"),
        at_ms: ms(fault.from),
    });
    let restarts = plan.faults.restart.iter().enumerate().map(|(number, restart)| Idle {
        what: format!("restart {} ({restart})", number + 1),
        at_ms: restart.instant((plan.seed, number), 1),
    });
    lines.chain(devices).chain(restarts).collect()
}

#[cfg(test)]
mod tests {
    use palisade_sim::model::typed::SourceText;
    use palisade_sim::words::Ms;

    use super::*;
    use crate::schedule::Placed;
    use crate::{fault, shape};

    /// Two stretches of 5 s with 2 s between: the last message leaves after 12 s.
    fn plan() -> Plan {
        let placed = |index: u32, began_us| Placed { index, from: Ms(0), lasting: Ms(5_000), began_us };
        Plan { windows: vec![placed(0, 0), placed(1, 7_000_000)], sends: Vec::new(), ends_us: 14_000_000 }
    }

    fn source(kind: &str, rows: &str) -> SourceText {
        SourceText { name: "test.toml".into(), text: format!("{kind} = 1\nname = \"test\"\n\n{rows}") }
    }

    fn under(rows: &str) -> Result<Vec<String>, String> {
        let faults = fault::read(&source("faults", rows)).expect("a sound file");
        let faults = between::Plan { faults, file: "test.toml".into(), seed: 1 };
        told(&plan(), None, Some(&faults)).map_err(|failure| failure.to_string())
    }

    fn shaped(rows: &str) -> Result<Vec<String>, String> {
        let shape = shape::read(&source("shape", rows)).expect("a sound file");
        told(&plan(), Some(&shape), None).map_err(|failure| failure.to_string())
    }

    #[test]
    fn what_begins_in_time_is_not_told_and_what_does_not_is() {
        let in_time = "[[restart]]\nat = \"3s\"\n";
        assert_eq!(under(in_time), Ok(Vec::new()));
        for late in [
            "[[restart]]\nat = \"12s\"\n",
            "[[restart]]\nevery = \"20s\"\n",
            "[[fault]]\nwhat = { cut = { at = \"13s\" } }\n",
            "[[fault]]\nfrom = \"1h\"\nwhat = { delay = { by = \"1s\" } }\n",
            "[[device]]\nfrom = \"12s\"\nshare = 0.5\nwhat = \"silent\"\n",
        ] {
            let both = under(&format!("{late}{in_time}")).expect("one of them is in time");
            assert!(both.len() == 1 && both[0].contains("befalls nothing"), "{late}: {both:?}");
            let alone = under(late).expect_err(late);
            assert!(
                alone.starts_with("test.toml: the last message of this run leaves after 12.0 s"),
                "{alone}"
            );
        }
    }

    #[test]
    fn whoever_would_be_away_only_afterwards_is_refused_and_levels_are_told() {
        let away = |at: &str| {
            format!(
                "[[subscriber]]\nname = \"wall\"\nwhat = {{ away = {{ at = \"{at}\", lasts = \"90s\" }} }}\n"
            )
        };
        assert_eq!(shaped(&away("11s")), Ok(Vec::new()));
        let refused = shaped(&away("60s")).expect_err("nothing is said then");
        assert!(refused.contains("what the subscriber wall does would begin at 60.0 s"), "{refused}");
        // What floods say, too, is said.
        let flood = "[[flood]]\nat = \"65s\"\nwithin = \"1s\"\nclass = \"beam\"\n";
        assert_eq!(shaped(&format!("{}{flood}", away("60s"))), Ok(Vec::new()));
        let levels = "[[level]]\nlasts = \"12s\"\nfrom = 0.5\n\n[[level]]\nlasts = \"5s\"\nfrom = 1.0\n";
        let told = shaped(levels).expect("levels alone are no reason to refuse");
        assert!(told.len() == 1 && told[0].starts_with("level 2 of the shape test"), "{told:?}");
    }
}
