//! What a run is too short for: disturbances that would begin when nothing is said any more. A verdict about them would hold
//! because nothing happened.

use palisade_sim::model::scenario::Duration;
use palisade_sim::words::Ms;

use super::flood::Reach;
use crate::drivers::between;
use crate::exit::{Exit, Failure};
use crate::fault::What;
use crate::shape::{Flood, Shape};

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
    shape: Option<(&Shape, &[Reach])>,
    faults: Option<&between::Plan>,
) -> Result<Vec<String>, Failure> {
    let speech = End { ms: speaks_until_ms(ends, shape), what: "the last message leaves" };
    // A line that is cut while the last answers are waited for is still reported.
    let listening = End { ms: speech.ms + patience.0, what: "listening ends" };
    let mut told = Vec::new();
    if let Some((shape, floods)) = shape {
        told.extend(unsaid(shape, floods)?);
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

/// Floods in which nobody says anything. Where a shape has nothing else, a run would show nothing of what was asked for.
fn unsaid(shape: &Shape, floods: &[Reach]) -> Result<Vec<String>, Failure> {
    let why = |reach: &Reach, flood: &Flood| {
        let class = flood.class.word();
        match reach {
            Reach { all: 0, .. } => format!("the compound has no {class}"),
            Reach { all, wired, .. } if all == wired => {
                format!("every {class} is on a serial line, whose inputs tell one state and no second break")
            }
            _ => format!("no {class} says anything that day; write what with `says`"),
        }
    };
    let all = (1..).zip(shape.flood.iter().zip(floods)).filter(|(_, (_, reach))| reach.say == 0);
    let all = all.map(|(number, (flood, reach)): (usize, _)| {
        format!("flood {number} of the shape {} befalls nothing: {}", shape.name, why(reach, flood))
    });
    let all: Vec<String> = all.collect();
    let floods_alone = shape.level.is_empty() && shape.storm.is_empty() && shape.subscriber.is_empty();
    if !all.is_empty() && all.len() == shape.flood.len() && floods_alone && !shape.retain {
        let text = format!("{}\n  remedy: name a class that can say it, or another shape", all.join("\n"));
        return Err(Failure::new(Exit::Usage, text));
    }
    Ok(all)
}

/// When the last message leaves, of the day, of floods, or of what storms held back.
fn speaks_until_ms(ends: Ms, shape: Option<(&Shape, &[Reach])>) -> i64 {
    let floods = shape.iter().flat_map(|(shape, floods)| shape.flood.iter().zip(*floods));
    let floods = floods.filter(|(_, reach)| reach.say > 0).map(|(flood, _)| (flood.at.0 + flood.within.0).0);
    let storms =
        shape.iter().flat_map(|(shape, _)| &shape.storm).map(|storm| (storm.at.0 + storm.lasts().0).0);
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
        let floods = vec![Reach { all: 2, wired: 0, say: 2 }; shape.flood.len()];
        told(DAY, Some((&shape, &floods)), None).map_err(|failure| failure.to_string())
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

    #[test]
    fn a_flood_that_nobody_says_is_told_and_refused_where_it_is_all() {
        let flood = "[[flood]]\nat = \"1s\"\nwithin = \"1s\"\nclass = \"beam\"\n";
        let check = |rows: &str, reach: &[Reach]| {
            let shape = shape::read(&source("shape", rows)).expect("a sound file");
            told(DAY, Some((&shape, reach)), None).map_err(|failure| failure.to_string())
        };
        let [says, wired, silent, none] =
            [(6, 0, 6), (6, 6, 0), (6, 0, 0), (0, 0, 0)].map(|(all, wired, say)| Reach { all, wired, say });
        assert_eq!(check(flood, &[says]), Ok(Vec::new()));
        for (reach, why) in [(wired, "on a serial line"), (silent, "with `says`"), (none, "has no beam")] {
            let alone = check(flood, &[reach]).expect_err("nothing would be shown");
            assert!(alone.contains(why) && alone.contains("remedy: "), "{alone}");
            let beside = check(&format!("{flood}\n{flood}"), &[says, reach]).expect("one is said");
            assert!(beside.len() == 1 && beside[0].starts_with("flood 2 of the shape test"), "{beside:?}");
            let storm = "[[storm]]\nat = \"1s\"\nwithin = \"1s\"\n";
            assert_eq!(check(&format!("{flood}\n{storm}"), &[reach]).map(|told| told.len()), Ok(1));
        }
        // What nobody says makes the day no longer.
        let away = "[[subscriber]]\nname = \"wall\"\nwhat = { away = { at = \"60s\", lasts = \"9s\" } }\n";
        let late = "[[flood]]\nat = \"65s\"\nwithin = \"1s\"\nclass = \"beam\"\n";
        assert!(check(&format!("{away}{late}"), &[says]).is_ok());
        assert!(check(&format!("{away}{late}"), &[wired]).is_err());
    }
}
