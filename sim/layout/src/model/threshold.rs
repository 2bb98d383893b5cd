//! What a threshold may say: names of figures, and comparisons such as `== 0`, `< 2s`, `>= 0.95`.

use super::scenario::Duration;
use super::schema::words;
use crate::contract::Class;

/// Checks a figure's name.
///
/// Names are `expected`, `answered`, `late`, `missed`, `duplicate`, `wrong`, `out_of_order`, `undecidable`, `spurious`,
/// `false_alarm`; `lateness`, `service` or `response` followed by `.p50`, `.p90`, `.p99`, `.p99.9` or `.max`; each of
/// these, and `taken`, after a device class and a dot; `coverage.<edition>.<height>.<class>`; `perimeter.gaps`; and of the commands of
/// the gateway to devices `commands.` followed by one of [`COMMAND_COUNTS`], or by `response` or `execution` with
/// `.p50` and so on; of a disturbed run `recovery.` with `.p50` and so on, and `recovery.unrecovered`; of the leg to the city platform
/// `upstream.` with a count or `response.p50` and so on; of subscribers who were away or slow `subscribers.` with one of
/// [`SUBSCRIBER_FIGURES`], or with `behind` or `meanwhile` and `.p50` and so on; of the copies of a compound `load.` with a
/// count, one of [`LOAD_COUNTS`], or `response.p50` and so on; `queue.max` and
/// `queue.slope` (messages a second); `drift.response` (ms a minute); `leak.memory` (kB a minute) and `leak.files` (a minute).
pub fn is_figure(name: &str) -> bool {
    if let Some(rest) = name.strip_prefix("commands.") {
        let timed = |(path, which): (&str, &str)| COMMAND_TIMES.contains(&path) && SHARES.contains(&which);
        return COMMAND_COUNTS.contains(&rest) || rest.split_once('.').is_some_and(timed);
    }
    if let Some(rest) = name.strip_prefix("recovery.") {
        return SHARES.contains(&rest) || rest == "unrecovered";
    }
    if let Some(rest) = name.strip_prefix("upstream.") {
        let timed = rest.strip_prefix("response.").is_some_and(|which| SHARES.contains(&which));
        return timed || COUNTS[..9].contains(&rest);
    }
    if let Some(rest) = name.strip_prefix("load.") {
        let timed = rest.strip_prefix("response.").is_some_and(|which| SHARES.contains(&which));
        return timed || COUNTS[..11].contains(&rest) || LOAD_COUNTS.contains(&rest);
    }
    if let Some(rest) = name.strip_prefix("subscribers.") {
        let timed = |(path, which)| ["behind", "meanwhile"].contains(&path) && SHARES.contains(&which);
        return SUBSCRIBER_FIGURES.contains(&rest) || rest.split_once('.').is_some_and(timed);
    }
    if OTHERS.contains(&name) || plain(name) {
        return true;
    }
    if let Some(rest) = name.strip_prefix("coverage.") {
        return coverage(rest);
    }
    let classes = words::<Class>();
    name.split_once('.').is_some_and(|(class, rest)| classes.iter().any(|c| c == class) && plain(rest))
}

/// Figures that stand alone.
const OTHERS: [&str; 6] =
    ["perimeter.gaps", "queue.max", "queue.slope", "drift.response", "leak.memory", "leak.files"];

/// Counts that a threshold can name.
pub const COUNTS: [&str; 13] = [
    "expected",
    "answered",
    "late",
    "missed",
    "duplicate",
    "duplicates",
    "wrong",
    "out_of_order",
    "undecidable",
    "taken",
    "spurious",
    "false_alarm",
    "false_alarms",
];

/// Counts of commands that a threshold can name after `commands.`.
pub const COMMAND_COUNTS: [&str; 9] =
    ["received", "executed", "refused", "repeated", "unanswered", "expected", "late", "missed", "withheld"];

/// Counts of subscribers, and how long they took to drain what had waited, after `subscribers.`.
pub const SUBSCRIBER_FIGURES: [&str; 8] =
    ["owed", "lost", "repeated", "duplicates", "out_of_order", "broke", "waiting", "drained"];

/// Counts of messages and connections of the copies of a compound, after `load.`.
pub const LOAD_COUNTS: [&str; 6] = ["left", "denied", "unanswered", "refused", "unsent", "broke"];

/// Lengths of time of commands: from the alarm that caused one to its reception, and from there to its execution.
pub const COMMAND_TIMES: [&str; 2] = ["response", "execution"];

/// Figures of a length of time.
const SHARES: [&str; 5] = ["p50", "p90", "p99", "p99.9", "max"];

fn plain(name: &str) -> bool {
    let timed = |(path, which): (&str, &str)| {
        ["lateness", "service", "response"].contains(&path) && SHARES.contains(&which)
    };
    COUNTS.contains(&name) || name.split_once('.').is_some_and(timed)
}

/// `2014.1.5.observe`: an edition, a height that may hold a dot, a class.
fn coverage(rest: &str) -> bool {
    let Some((edition, rest)) = rest.split_once('.') else { return false };
    let Some((height, class)) = rest.rsplit_once('.') else { return false };
    ["2014", "2025"].contains(&edition)
        && height.parse::<f64>().is_ok_and(|h| h >= 0.0)
        && !class.is_empty()
        && class.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// Whether a figure is a length of time: of one that is none no bound can be one.
pub fn is_time(name: &str) -> bool {
    let share = SHARES.iter().any(|share| name.strip_suffix(share).is_some_and(|rest| rest.ends_with('.')));
    share && !OTHERS.contains(&name) || name == "subscribers.drained"
}

/// Whether a comparison is with a length of time.
pub fn with_time(text: &str) -> bool {
    let right = text.trim().trim_start_matches(['<', '=', '!', '>']).trim();
    right.parse::<f64>().is_err() && right.parse::<Duration>().is_ok()
}

/// Checks a comparison: one of `< <= == != >= >`, then a number or a length of time.
pub fn is_comparison(text: &str) -> bool {
    let text = text.trim();
    let right = ["<=", ">=", "==", "!=", "<", ">"].iter().find_map(|op| text.strip_prefix(op));
    right.map(str::trim).is_some_and(|right| {
        right.parse::<f64>().is_ok_and(f64::is_finite) || right.parse::<Duration>().is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_figures() {
        for name in [
            "missed",
            "lateness.p99",
            "response.max",
            "beam.response.p99",
            "beam.missed",
            "perimeter.gaps",
            "coverage.2025.1.5.observe",
            "commands.missed",
            "commands.response.p99",
            "commands.execution.max",
            "recovery.p99",
            "recovery.unrecovered",
            "upstream.missed",
            "upstream.response.p99",
            "subscribers.lost",
            "subscribers.behind.p99",
            "load.missed",
            "load.duplicates",
            "load.spurious",
            "load.unanswered",
            "load.response.p99",
            "beam.taken",
            "queue.max",
            "leak.files",
            "drift.response",
        ] {
            assert!(is_figure(name), "{name}");
        }
        for name in [
            "mised",
            "response",
            "response.p98",
            "bean.missed",
            "coverage.2025.observe",
            "coverage.1999.0.observe",
            "commands.wrong",
            "recovery",
            "recovery.mean",
            "upstream.lateness.p50",
            "upstream.taken",
            "subscribers.missed",
            "subscribers.behind",
            "beam.subscribers.lost",
            "load.false_alarm",
            "load.lateness.p99",
            "load.response",
            "load.withheld",
            "queue.p99",
            "drift.memory",
            "beam.queue.max",
            "commands.response",
            "commands.service.p99",
            "",
        ] {
            assert!(!is_figure(name), "{name}");
        }
    }

    #[test]
    fn knows_lengths_of_time() {
        for name in [
            "response.p99",
            "beam.response.p99.9",
            "recovery.max",
            "load.response.p50",
            "subscribers.drained",
        ] {
            assert!(is_figure(name) && is_time(name), "{name}");
        }
        for name in [
            "missed",
            "beam.wrong",
            "queue.max",
            "leak.memory",
            "drift.response",
            "coverage.2025.1.5.observe",
        ] {
            assert!(is_figure(name) && !is_time(name), "{name}");
        }
        for (text, is) in
            [("< 2s", true), ("<=500ms", true), ("== 0", false), ("< fast", false), (">= 0.95", false)]
        {
            assert_eq!(with_time(text), is, "{text}");
        }
    }

    #[test]
    fn knows_comparisons() {
        for text in ["== 0", "<2s", ">= 0.95", "!= 1", "< 500ms", " > 3 "] {
            assert!(is_comparison(text), "{text}");
        }
        for text in ["0", "= 0", "< ", "< fast", "<> 3", "", "< nan"] {
            assert!(!is_comparison(text), "{text}");
        }
    }
}
