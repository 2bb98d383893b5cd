//! What one subscriber heard, held against what the control heard. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::{Habit, Log};
use crate::series::Series;

/// A message that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// When it was read.
    pub at: Instant,
    /// Stands for the topic.
    pub topic: u64,
    /// Stands for topic and payload: the same for all who hear the same message.
    pub message: u64,
    /// The server marked it as sent before.
    pub dup: bool,
    /// The server had kept it for those who come later.
    pub retained: bool,
}

/// Losses that are told one by one.
pub const TOLD: usize = 1_000;

/// A message that the control heard and somebody else never did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// When the control heard it, after the start.
    pub said: Duration,
    /// Topic and payload; nothing when there were too many to keep.
    pub words: Option<(String, Vec<u8>)>,
    /// How many messages waited for the subscriber in the server when it was said, and were heard later.
    pub waiting: u64,
}

/// Which messages of a backlog are lost tells what the server does when it has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// All of them.
    All,
    /// So many came first, and none after: what is said when there is no room is dropped.
    Newest(usize),
    /// So many came last: the oldest make room.
    Oldest(usize),
    /// Some came between.
    Scattered,
}

/// What became of the messages for one subscriber.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Account {
    /// Messages that were owed to it: those that the control heard.
    pub owed: u64,
    /// Owed, and never heard.
    pub lost: u64,
    /// Heard more often than said, and marked as sent before: what QoS 1 allows.
    pub repeated: u64,
    /// Heard more often than said, without a mark.
    pub duplicates: u64,
    /// Heard after one of the same topic that the control heard later.
    pub out_of_order: u64,
    /// Those that were lost, in the order in which they were said; at most [`TOLD`].
    pub losses: Vec<Loss>,
    /// Which of the messages were lost, of those that were said while it was away or slow; nothing when none of them was.
    pub pattern: Option<Pattern>,
    /// Said while it was away or slow.
    pub said_meanwhile: u64,
    /// The most messages that waited for it in the server at once.
    pub waiting_max: u64,
    /// Heard minus heard by the control.
    pub behind: Series,
    /// From its coming back, or its reading as the others do, until it had heard what was said before; nothing when
    /// nothing had waited.
    pub drained: Option<Duration>,
    /// Whether the server still had its session when it came back.
    pub kept: Option<bool>,
    /// Times that its connection broke.
    pub broke: u64,
    /// Why, with counts.
    pub reasons: BTreeMap<String, u64>,
}

/// Live messages of a log.
fn live(log: &Log) -> impl Iterator<Item = &Heard> {
    log.heard.iter().filter(|heard| !heard.retained)
}

/// Each message of a log, at its first times: how often it was said, when and as the how-manieth it came first. A copy
/// that is marked as sent before was not said again.
#[derive(Clone, Copy, Debug)]
struct First {
    at: Instant,
    place: usize,
    topic: u64,
    times: u64,
    marked: u64,
}

fn firsts(log: &Log) -> BTreeMap<u64, First> {
    let mut all: BTreeMap<u64, First> = BTreeMap::new();
    for (place, heard) in live(log).enumerate() {
        let marked = u64::from(heard.dup);
        let first = First { at: heard.at, place, topic: heard.topic, times: 1, marked: 0 };
        // The first copy may be marked: it was under way when the line broke.
        let known = all.entry(heard.message).and_modify(|known| {
            known.times += 1;
            known.marked += marked;
        });
        known.or_insert(first);
    }
    all
}

impl Account {
    fn of(log: &Log) -> Account {
        let broke = log.reasons.values().sum();
        Account { kept: log.kept, broke, reasons: log.reasons.clone(), ..Account::default() }
    }
}

/// What the control itself missed: what another one heard within the window and it never did. Its own figures are those of
/// somebody who is always there.
pub(super) fn of_control(control: &Log, others: &[&Log], (start, end): (Instant, Instant)) -> Account {
    let own = firsts(control);
    let within = |heard: &&Heard| (start..=end).contains(&heard.at);
    let all: BTreeSet<u64> =
        others.iter().flat_map(|log| live(log)).filter(within).map(|heard| heard.message).collect();
    let missed = all.iter().filter(|message| !own.contains_key(message)).count() as u64;
    let heard = own.values().filter(|first| (start..=end).contains(&first.at));
    let mut account = Account { owed: missed, lost: missed, ..Account::of(control) };
    for first in heard {
        account.owed += first.times - first.marked;
        account.repeated += first.marked;
        account.behind.take_ns(0);
    }
    account
}

/// What became of what the control heard from `start` to `end`.
pub fn account(control: &Log, log: &Log, habit: Habit, (start, end): (Instant, Instant)) -> Account {
    let (said, heard) = (firsts(control), firsts(log));
    let mut account = Account::of(log);
    let stretch = habit.stretch().map(|(from, to)| (start + from, (start + to).min(end)));
    let mut owed: Vec<(&u64, &First)> =
        said.iter().filter(|(_, first)| (start..=end).contains(&first.at)).collect();
    owed.sort_unstable_by_key(|(_, first)| first.place);
    let (mut latest, mut last_of_backlog) = (BTreeMap::new(), None);
    let mut backlog: Vec<bool> = Vec::new();
    for (message, first) in &owed {
        let times = first.times - first.marked;
        account.owed += times;
        let meanwhile = stretch.is_some_and(|(from, to)| (from..to).contains(&first.at));
        account.said_meanwhile += if meanwhile { times } else { 0 };
        backlog.extend(meanwhile.then(|| heard.contains_key(message)));
        let Some(own) = heard.get(message) else {
            account.lost += times;
            continue;
        };
        account.lost += times.saturating_sub(own.times);
        let more = own.times.saturating_sub(times);
        let marked = more.min(own.marked);
        account.repeated += marked;
        account.duplicates += more - marked;
        account.behind.take_ns(own.at.saturating_duration_since(first.at).as_nanos() as u64);
        let later = latest.entry(first.topic).or_insert(own.place);
        account.out_of_order += u64::from(own.place < *later);
        *later = own.place.max(*later);
        if meanwhile {
            last_of_backlog = last_of_backlog.max(Some(own.at));
        }
    }
    account.waiting_max = waiting_max(&owed, &heard);
    account.pattern = pattern(&backlog);
    account.losses = losses(&owed, &heard, &control.words, start);
    let free = log.back.or(stretch.map(|(_, to)| to));
    account.drained = last_of_backlog.zip(free).map(|(last, free)| last.saturating_duration_since(free));
    account
}

/// The same while it listens, as far as it is known: up to the last message that it has heard, of those that the control had heard
/// by an instant.
pub(super) fn so_far(control: &Log, log: &Log, habit: Habit, (start, by): (Instant, Instant)) -> Account {
    let said = firsts(control);
    let known = live(log).filter_map(|heard| Some(said.get(&heard.message)?.at)).filter(|at| *at <= by).max();
    let Some(end) = known else { return Account::of(log) };
    let heard = control.heard.iter().filter(|heard| heard.at <= end).copied().collect();
    let control = Log { heard, words: control.words.clone(), ..Log::default() };
    // What was said again in the same words after that is heard as often as it had been said by then.
    let mut again: BTreeMap<u64, u64> = firsts(&control)
        .into_iter()
        .filter(|(message, then)| said.get(message).is_some_and(|all| then.times < all.times))
        .map(|(message, then)| (message, then.times))
        .collect();
    let mut counts = |heard: &&Heard| match again.get_mut(&heard.message) {
        Some(left) if !heard.retained => left.checked_sub(1).map(|less| *left = less).is_some(),
        _ => true,
    };
    let heard = log.heard.iter().filter(|heard| counts(heard)).copied().collect();
    let log = Log { heard, back: log.back, kept: log.kept, reasons: log.reasons.clone(), ..Log::default() };
    account(&control, &log, habit, (start, end))
}

/// Which of a backlog came, in order.
fn pattern(came: &[bool]) -> Option<Pattern> {
    let lost = came.iter().filter(|came| !**came).count();
    let kept = came.len() - lost;
    match (lost, kept) {
        (0, _) => None,
        (_, 0) => Some(Pattern::All),
        _ if came[..kept].iter().all(|came| *came) => Some(Pattern::Newest(kept)),
        _ if came[lost..].iter().all(|came| *came) => Some(Pattern::Oldest(kept)),
        _ => Some(Pattern::Scattered),
    }
}

/// What never came, and how many waited then.
fn losses(
    owed: &[(&u64, &First)],
    heard: &BTreeMap<u64, First>,
    words: &BTreeMap<u64, (String, Vec<u8>)>,
    start: Instant,
) -> Vec<Loss> {
    let mut came: Vec<Instant> =
        owed.iter().filter_map(|(message, _)| Some(heard.get(message)?.at)).collect();
    came.sort_unstable();
    let mut said = 0;
    let mut all = Vec::new();
    for (message, first) in owed {
        if heard.contains_key(message) {
            said += 1;
        } else if all.len() < TOLD {
            let gone = came.partition_point(|at| *at <= first.at).min(said);
            all.push(Loss {
                said: first.at.saturating_duration_since(start),
                words: words.get(message).cloned(),
                waiting: (said - gone) as u64,
            });
        }
    }
    all
}

/// The most messages at once that the control had heard and it had not. What was lost waits for as long as nothing that was
/// said later has come: then the server has given it up.
fn waiting_max(owed: &[(&u64, &First)], heard: &BTreeMap<u64, First>) -> u64 {
    // From the last one on: what never came ends with the next one that did.
    let mut until = None;
    let mut changes: Vec<(Instant, i64)> = Vec::new();
    for (message, first) in owed.iter().rev() {
        until = heard.get(message).map(|own| own.at).or(until);
        changes.push((first.at, 1));
        changes.extend(until.map(|at| (at.max(first.at), -1)));
    }
    // Whoever leaves at an instant leaves before others come.
    changes.sort_unstable();
    let (mut waiting, mut most) = (0, 0);
    for (_, change) in changes {
        waiting += change;
        most = most.max(waiting);
    }
    most.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPICS: u64 = 2;

    /// What somebody hears: `5` is message 5, `5d` the same marked as sent before, `5r` a kept one; each at an instant, ms.
    fn log(start: Instant, heard: &[(u64, &str)]) -> Log {
        let heard = heard.iter().map(|(ms, what)| {
            let number: u64 = what.trim_end_matches(['d', 'r']).parse().expect("a number");
            let at = start + Duration::from_millis(*ms);
            let (dup, retained) = (what.ends_with('d'), what.ends_with('r'));
            Heard { at, topic: number % TOPICS, message: number, dup, retained }
        });
        Log { heard: heard.collect(), ..Log::default() }
    }

    /// One a tenth of a second, 1 to 8.
    fn control(start: Instant) -> Log {
        let said: Vec<String> = (1..=8).map(|number| number.to_string()).collect();
        log(start, &(1..=8).map(|i| (i as u64 * 100, said[i - 1].as_str())).collect::<Vec<_>>())
    }

    fn of(habit: Habit, heard: &[(u64, &str)]) -> Account {
        let start = Instant::now();
        account(&control(start), &log(start, heard), habit, (start, start + Duration::from_secs(1)))
    }

    fn counts(account: &Account) -> [u64; 5] {
        [account.owed, account.lost, account.repeated, account.duplicates, account.out_of_order]
    }

    #[test]
    fn whoever_hears_what_the_control_heard_lacks_nothing() {
        let check = |heard: &[(u64, &str)], expected: [u64; 5]| {
            let account = of(Habit::Reads, heard);
            assert_eq!(counts(&account), expected, "{heard:?}");
        };
        let all = ["1", "2", "3", "4", "5", "6", "7", "8"];
        let at = |order: &[&'static str]| -> Vec<(u64, &'static str)> {
            (1..).zip(order).map(|(i, what)| (i * 100 + 1, *what)).collect()
        };
        check(&at(&all), [8, 0, 0, 0, 0]);
        check(&[], [8, 8, 0, 0, 0]);
        check(&at(&["1", "2", "4", "5", "6", "8"]), [8, 2, 0, 0, 0]);
        // Sent before: allowed when it says so, and the first copy may say so as well.
        check(&at(&["1d", "2", "2d", "3", "4", "5", "6", "7", "8"]), [8, 0, 1, 0, 0]);
        check(&at(&["1", "2", "2", "3", "3d", "4", "5", "6", "7", "8"]), [8, 0, 1, 1, 0]);
        // 3 before 1: of one topic; 2 before 1 is not.
        check(&at(&["3", "1", "2", "4", "5", "6", "7", "8"]), [8, 0, 0, 0, 1]);
        check(&at(&["2", "1", "4", "3", "6", "5", "8", "7"]), [8, 0, 0, 0, 0]);
        // A message that was kept for newcomers is not the live one.
        check(&at(&["1r", "2", "3", "4", "5", "6", "7", "8"]), [8, 1, 0, 0, 0]);
    }

    #[test]
    fn a_backlog_is_counted_and_its_end_is_timed() {
        let away = Habit::Away { at: Duration::from_millis(250), lasts: Duration::from_millis(400) };
        let start = Instant::now();
        let heard =
            [(101, "1"), (201, "2"), (660, "3"), (670, "4"), (680, "5"), (690, "6"), (701, "7"), (801, "8")];
        let back = Some(start + Duration::from_millis(655));
        let log = Log { back, kept: Some(true), ..log(start, &heard) };
        let account = account(&control(start), &log, away, (start, start + Duration::from_secs(1)));
        assert_eq!(counts(&account), [8, 0, 0, 0, 0]);
        assert_eq!((account.said_meanwhile, account.waiting_max), (4, 4));
        assert_eq!(account.drained, Some(Duration::from_millis(35)));
        assert_eq!(account.behind.percentile_us(100.0).map(|us| us / 1_000), Some(360));
    }

    #[test]
    fn who_reads_slowly_has_a_queue_and_what_is_given_up_leaves_it() {
        let slow =
            Habit::Slow { at: Duration::from_millis(50), lasts: Duration::from_millis(800), bytes_per_s: 1 };
        // 1 comes when 4 has been said; 2, 3 and 4 never come.
        let account = of(slow, &[(450, "1"), (560, "5"), (700, "6"), (900, "7"), (910, "8")]);
        assert_eq!((account.lost, account.said_meanwhile), (3, 8));
        let losses: Vec<(u128, u64)> =
            account.losses.iter().map(|l| (l.said.as_millis(), l.waiting)).collect();
        assert_eq!(losses, [(200, 1), (300, 1), (400, 1)], "the first one waited meanwhile");
        assert_eq!(account.pattern, Some(Pattern::Scattered));
        // 2, 3, 4 and 5 at 500 ms.
        assert_eq!(account.waiting_max, 4);
        assert_eq!(account.drained, Some(Duration::from_millis(60)));
        // What was said after the end is nobody's.
        let start = Instant::now();
        let cut = (start, start + Duration::from_millis(450));
        let account = super::account(&control(start), &log(start, &[]), slow, cut);
        assert_eq!((account.owed, account.lost, account.drained), (4, 4, None));
    }

    #[test]
    fn what_of_a_backlog_is_lost_tells_how_the_server_makes_room() {
        let away = Habit::Away { at: Duration::from_millis(150), lasts: Duration::from_millis(500) };
        let check = |heard: &[(u64, &str)], pattern: Option<Pattern>, waiting: &[u64]| {
            let account = of(away, heard);
            assert_eq!(account.pattern, pattern, "{heard:?}");
            let waited: Vec<u64> = account.losses.iter().map(|loss| loss.waiting).collect();
            assert_eq!(waited, waiting, "{heard:?}");
        };
        let back = |kept: &[&'static str]| -> Vec<(u64, &'static str)> {
            let kept = kept.iter().map(|what| (660, *what));
            [(101, "1")].into_iter().chain(kept).chain([(701, "7"), (801, "8")]).collect()
        };
        check(&back(&["2", "3", "4", "5", "6"]), None, &[]);
        check(&back(&["2", "3"]), Some(Pattern::Newest(2)), &[2, 2, 2]);
        check(&back(&["5", "6"]), Some(Pattern::Oldest(2)), &[0, 0, 0]);
        check(&back(&["3"]), Some(Pattern::Scattered), &[0, 1, 1, 1]);
        check(&back(&[]), Some(Pattern::All), &[0; 5]);
    }

    #[test]
    fn what_was_lost_has_the_name_that_the_control_kept() {
        let start = Instant::now();
        let words = BTreeMap::from([(2, ("alarm/beam-1".to_owned(), b"{}".to_vec()))]);
        let control = Log { words, ..control(start) };
        let heard = [(101, "1"), (401, "4"), (501, "5"), (601, "6"), (701, "7"), (801, "8")];
        let until = (start, start + Duration::from_secs(1));
        let account = super::account(&control, &log(start, &heard), Habit::Reads, until);
        let named: Vec<Option<&str>> =
            account.losses.iter().map(|l| l.words.as_ref().map(|(topic, _)| topic.as_str())).collect();
        assert_eq!(named, [Some("alarm/beam-1"), None]);
        assert_eq!(account.pattern, None, "it was never away");
    }

    #[test]
    fn what_may_still_come_is_no_loss_so_far() {
        let start = Instant::now();
        let check = |control: &[(u64, &str)], heard: &[(u64, &str)], by_ms: u64, expected: [u64; 5]| {
            let by = start + Duration::from_millis(by_ms);
            let account = so_far(&log(start, control), &log(start, heard), Habit::Reads, (start, by));
            assert_eq!(counts(&account), expected, "{control:?} {heard:?} by {by_ms}");
        };
        let control = [(100, "1"), (200, "2"), (300, "3"), (400, "4")];
        // 4 may come; 2 was overtaken.
        check(&control, &[(101, "1"), (301, "3")], 1_000, [3, 1, 0, 0, 0]);
        // Two that come in another order are both there.
        check(&control, &[(101, "1"), (301, "3"), (302, "2")], 1_000, [3, 0, 0, 0, 0]);
        // What was said just now is not looked at yet.
        check(&control, &[(101, "1"), (301, "3")], 250, [1, 0, 0, 0, 0]);
        check(&control, &[], 1_000, [0; 5]);
        // The same words again: once had been said by then, and once was heard.
        let same = [(100, "1"), (200, "1"), (300, "1")];
        check(&same, &[(101, "1")], 1_000, [1, 0, 0, 0, 0]);
        check(&same, &[(101, "1"), (201, "1")], 1_000, [1, 0, 0, 0, 0]);
        // What was said once and heard twice is a duplicate at once.
        check(&control, &[(101, "1"), (102, "1")], 1_000, [1, 0, 0, 1, 0]);
    }

    #[test]
    fn what_the_control_missed_is_its_own_loss() {
        let start = Instant::now();
        let window = (start, start + Duration::from_secs(1));
        let (own, other) = (log(start, &[(100, "1"), (300, "3")]), log(start, &[(101, "1"), (201, "2")]));
        let account = of_control(&own, &[&other], window);
        assert_eq!((account.owed, account.lost), (3, 1));
    }
}
