//! What a run is too short for: disturbances that would begin when nothing is said any more. A verdict about them would hold
//! because nothing happened.

use palisade_sim::model::scenario::Duration;
use palisade_sim::words::Ms;

use crate::drivers::between;
use crate::exit::{Exit, Failure};
use crate::fault::What;
use crate::shape::Shape;

/// A disturbance, and when it would begin, ms after the first message.
struct Idle {
    what: String,
    at_ms: i64,
}

/// What is over at an instant, so that whatever begins later is idle.
struct End {
    ms: i64,
    what: &'static str,
}

impl End {
    fn is_over(&self, one: &Idle) -> bool {
        one.at_ms >= self.ms
    }

    fn told(&self, one: &Idle) -> String {
        format!(
            "{} befalls nothing: it begins at {}, and {} after {}",
            one.what,
            seconds(one.at_ms),
            self.what,
            seconds(self.ms)
        )
    }

    fn refused(&self, what: &str, all: &[Idle]) -> Failure {
        let each = all.iter().map(|one| format!("{} would begin at {}", one.what, seconds(one.at_ms)));
        let text = format!(
            "{what}: in this run {} after {}, and {}\n  remedy: let it begin earlier, or drive longer stretches of the day with \
             --windows",
            self.what,
            seconds(self.ms),
            each.collect::<Vec<_>>().join("; ")
        );
        Failure::new(Exit::Usage, text)
    }
}

fn seconds(ms: i64) -> String {
    format!("{:.1} s", ms as f64 / 1_000.0)
}

/// Sentences about disturbances that will not be. `ends`: when the last window does, after the first message; `patience`: how
/// long is listened after the last message.
///
/// # Errors
/// When nothing of what was asked for would be: all faults of a file, or a subscriber's absence, of which nothing could then be
/// judged.
pub(super) fn told(
    (ends, patience): (Ms, Ms),
    shape: Option<&Shape>,
    faults: Option<&between::Plan>,
) -> Result<Vec<String>, Failure> {
    let speech = End { ms: speaks_until_ms(ends, shape), what: "the last message leaves" };
    // A line that is cut while the last answers are waited for is still reported.
    let listening = End { ms: speech.ms + patience.0, what: "listening ends" };
    let mut told = Vec::new();
    if let Some(shape) = shape {
        let idle: Vec<Idle> = subscribers(shape).filter(|one| speech.is_over(one)).collect();
        if !idle.is_empty() {
            return Err(speech.refused(&format!("the shape `{}`", shape.name), &idle));
        }
        let idle = levels(shape).into_iter().filter(|one| speech.is_over(one));
        told.extend(idle.map(|one| speech.told(&one)));
    }
    if let Some(faults) = faults {
        let all = of_faults(faults);
        if !all.is_empty() && all.iter().all(|one| listening.is_over(one)) {
            return Err(listening.refused(&faults.file, &all));
        }
        let idle = all.iter().filter(|one| listening.is_over(one));
        told.extend(idle.map(|one| listening.told(one)));
    }
    Ok(told)
}

/// When the last message leaves, of the day, of floods, or of what storms held back.
fn speaks_until_ms(ends: Ms, shape: Option<&Shape>) -> i64 {
    let floods = shape.iter().flat_map(|shape| &shape.flood).map(|flood| (flood.at.0 + flood.within.0).0);
    let storms = shape.iter().flat_map(|shape| &shape.storm).map(|storm| (storm.at.0 + storm.lasts().0).0);
    floods.chain(storms).fold(ends.0, i64::max)
}

fn subscribers(shape: &Shape) -> impl Iterator<Item = Idle> {
    let of = |one: &crate::shape::Subscriber| Idle {
        what: format!("what the subscriber {} does", one.name),
        at_ms: one.what.stretch().0.0.0,
    };
    shape.subscriber.iter().map(of)
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

    use super::*;
    use crate::{fault, shape};

    /// When the last message leaves, and how long is listened then.
    const DAY: (Ms, Ms) = (Ms(12_000), Ms(2_000));

    fn source(kind: &str, rows: &str) -> SourceText {
        SourceText { name: "test.toml".into(), text: format!("{kind} = 1\nname = \"test\"\n\n{rows}") }
    }

    fn under(rows: &str) -> Result<Vec<String>, String> {
        let faults = fault::read(&source("faults", rows)).expect("a sound file");
        let faults = between::Plan { faults, file: "test.toml".into(), seed: 1 };
        told(DAY, None, Some(&faults)).map_err(|failure| failure.to_string())
    }

    fn shaped(rows: &str) -> Result<Vec<String>, String> {
        let shape = shape::read(&source("shape", rows)).expect("a sound file");
        told(DAY, Some(&shape), None).map_err(|failure| failure.to_string())
    }

    #[test]
    fn what_begins_in_time_is_not_told_and_what_does_not_is() {
        let in_time = "[[restart]]\nat = \"3s\"\n";
        assert_eq!(under(in_time), Ok(Vec::new()));
        assert_eq!(
            under("[[fault]]\nwhat = { cut = { at = \"13s\" } }\n"),
            Ok(Vec::new()),
            "answers are waited for"
        );
        for late in [
            "[[restart]]\nat = \"14s\"\n",
            "[[restart]]\nevery = \"20s\"\n",
            "[[fault]]\nwhat = { cut = { at = \"15s\" } }\n",
            "[[fault]]\nfrom = \"1h\"\nwhat = { delay = { by = \"1s\" } }\n",
            "[[device]]\nfrom = \"14s\"\nshare = 0.5\nwhat = \"silent\"\n",
        ] {
            let both = under(&format!("{late}{in_time}")).expect("one of them is in time");
            assert!(both.len() == 1 && both[0].contains("befalls nothing"), "{late}: {both:?}");
            let alone = under(late).expect_err(late);
            assert!(alone.starts_with("test.toml: in this run listening ends after 14.0 s"), "{alone}");
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
