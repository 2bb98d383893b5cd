//! What the gateway's processes and the harness held over time, and whether it grew.

use std::collections::BTreeMap;

use super::folder::Journal;
use super::model::{HeldPart, UsagePart};
use crate::latency::trend::{Trend, trend};
use crate::pairing::assumed;
use crate::record::Usage;
use crate::verdict::LeakFacts;

/// This share of a process's looks, the first ones, is warming up and left out of its trends. Assumed.
const WARM_UP: f64 = 0.2;

/// A process that was driven for so long shows whether it leaks, s; before, it may still be warming up. Assumed.
pub(super) const SOAK_S: f64 = 120.0;

/// One row for each program of the main part: the longest life of it, when it was restarted.
pub(super) fn parts(journal: &Journal) -> Vec<UsagePart> {
    let mut lives: BTreeMap<(bool, &str), BTreeMap<u32, Vec<&Usage>>> = BTreeMap::new();
    for look in journal.usage.iter().filter(|look| look.part == "main") {
        lives.entry((look.own, &look.process)).or_default().entry(look.pid).or_default().push(look);
    }
    let row = |((own, name), of): (&(bool, &str), &BTreeMap<u32, Vec<&Usage>>)| {
        let longest = of.values().max_by_key(|looks| looks.len())?;
        Some(UsagePart { own: *own, ..part(name, of.len(), longest) })
    };
    lives.iter().filter_map(row).collect()
}

fn part(name: &str, lives: usize, looks: &[&Usage]) -> UsagePart {
    let memory = held(looks, |look| look.resident_kb);
    let files = held(looks, |look| look.files);
    let lasted_us = looks.last().map_or(0, |last| last.at_us) - looks.first().map_or(0, |first| first.at_us);
    let mut part = UsagePart {
        process: name.to_owned(),
        own: false,
        lives,
        looks: looks.len(),
        lasted_s: lasted_us as f64 / 1e6,
        memory_kb: memory,
        files,
        told: String::new(),
    };
    part.told = told(&part);
    part
}

fn held(looks: &[&Usage], of: impl Fn(&Usage) -> u64) -> HeldPart {
    let warm = (looks.len() as f64 * WARM_UP) as usize;
    let minutes = |us: i64| us as f64 / 60e6;
    let points: Vec<(f64, f64)> =
        looks.iter().skip(warm).map(|look| (minutes(look.at_us), of(look) as f64)).collect();
    let Trend { slope, low, high, .. } = match trend(&points) {
        Some(trend) => trend,
        None => return HeldPart { trend_per_min: None, ..ends(looks, of) },
    };
    HeldPart {
        trend_per_min: Some(slope),
        trend_from_to: Some([low, high]),
        grows: low > 0.0,
        ..ends(looks, of)
    }
}

fn ends(looks: &[&Usage], of: impl Fn(&Usage) -> u64) -> HeldPart {
    HeldPart {
        first: looks.first().map_or(0, |look| of(look)),
        last: looks.last().map_or(0, |look| of(look)),
        most: looks.iter().map(|look| of(look)).max().unwrap_or(0),
        ..HeldPart::default()
    }
}

fn told(part: &UsagePart) -> String {
    let grown = |held: &HeldPart, unit: &str| match (held.trend_per_min, held.trend_from_to) {
        (Some(slope), Some([low, high])) if held.grows => {
            format!(", growing by {slope:.1}{unit} a minute ({low:.1} to {high:.1})")
        }
        (Some(_), _) => ", not growing".to_owned(),
        (None, _) => ", too short for a trend".to_owned(),
    };
    let (memory, files) = (&part.memory_kb, &part.files);
    let short = if part.lasted_s < SOAK_S { ", too short to tell a leak from warming up" } else { "" };
    format!(
        "{}: {} kB at the end{}; {} open files{}; {} looks in {:.0} s{short}",
        part.process,
        memory.last,
        grown(memory, " kB"),
        files.last,
        grown(files, ""),
        part.looks,
        part.lasted_s
    )
}

/// What the verdict looks at, of processes that were driven for a soak: the one whose memory, and the one whose files grow fastest.
pub(super) fn facts(parts: &[UsagePart]) -> LeakFacts {
    let theirs = || parts.iter().filter(|part| !part.own);
    let long = || theirs().filter(|part| part.lasted_s >= SOAK_S);
    let fastest = |of: fn(&UsagePart) -> &HeldPart| {
        let all = long().filter_map(|part| Some((of(part).trend_per_min?, part.told.clone())));
        all.max_by(|a, b| a.0.total_cmp(&b.0))
    };
    let longest = theirs().map(|part| part.lasted_s).max_by(f64::total_cmp);
    let too_short = longest.filter(|_| long().next().is_none()).map(|lasted_s| {
        format!("the gateway's processes were looked at for {lasted_s:.0} s, and a leak is told from warming up after {SOAK_S:.0} s")
    });
    LeakFacts {
        memory: fastest(|part| &part.memory_kb),
        files: fastest(|part| &part.files),
        too_short: too_short.unwrap_or_default(),
    }
}

/// Why the harness is no measure: a soak in which it grew itself, by more than `assets/assumptions/judge.toml` allows.
pub(super) fn harness_leaks(parts: &[UsagePart]) -> Option<String> {
    let own = parts.iter().find(|part| part.own && part.lasted_s >= SOAK_S)?;
    let above = |held: &HeldPart, bound: f64| held.trend_from_to.is_some_and(|[low, _]| low > bound);
    let (memory, files) = (assumed().harness_memory_kb_per_min, assumed().harness_files_per_min);
    let leaks = above(&own.memory_kb, memory) || above(&own.files, files);
    leaks.then(|| {
        format!(
            "the harness itself grows by more than {memory} kB or {files} open files a minute, which is no fault of the gateway: {}",
            own.told
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sixty looks, one each second, at a process that holds this much at each.
    fn looks(process: &str, pid: u32, held: impl Fn(i64) -> (u64, u64)) -> Vec<Usage> {
        let look = |second: i64| {
            let (resident_kb, files) = held(second);
            let (at_us, process) = (second * 1_000_000, process.to_owned());
            Usage { at_us, part: "main".into(), process, own: false, pid, resident_kb, files }
        };
        (0..60).map(look).collect()
    }

    #[test]
    fn a_leak_is_told_with_its_rate_and_a_warm_start_is_none() {
        let mut usage = looks("leaky", 1, |second| (9_000 + 20 * second.unsigned_abs(), 12));
        usage.extend(looks("steady", 2, |second| {
            (if second < 8 { 5_000 } else { 9_000 }, 12 + second.unsigned_abs() % 3)
        }));
        let journal = Journal { usage, ..Journal::default() };
        let parts = parts(&journal);
        let [leaky, steady] = parts.as_slice() else { panic!("{parts:?}") };
        assert!(leaky.memory_kb.grows && !leaky.files.grows, "{leaky:?}");
        assert!((leaky.memory_kb.trend_per_min.unwrap_or(0.0) - 1_200.0).abs() < 1.0, "{leaky:?}");
        assert!(leaky.told.contains("growing by 1200.0 kB a minute"), "{}", leaky.told);
        assert!(!steady.memory_kb.grows && !steady.files.grows, "{steady:?}");
        let short = facts(&parts);
        assert!(short.memory.is_none() && short.files.is_none(), "a minute is no soak: {short:?}");
        assert!(
            short.too_short.contains("for 59 s, and a leak is told from warming up after 120 s"),
            "{short:?}"
        );
    }

    #[test]
    fn a_soak_judges_the_process_that_grows_fastest() {
        let each_5_s = |look: Usage| Usage { at_us: look.at_us * 5, ..look };
        let leaky = looks("leaky", 1, |look| (9_000 + 20 * look.unsigned_abs(), 12));
        let usage = leaky.into_iter().chain(looks("steady", 2, |_| (9_000, 12))).map(each_5_s).collect();
        let facts = facts(&parts(&Journal { usage, ..Journal::default() }));
        assert!(facts.memory.is_some_and(|(slope, told)| slope > 200.0 && told.starts_with("leaky")));
        assert!(facts.too_short.is_empty());
    }

    #[test]
    fn a_harness_that_leaks_voids_a_soak_and_is_no_figure_of_the_gateway() {
        let parts_of = |kb_a_look: u64, files_a_look: u64, looks_apart_s: i64| {
            let grown = |look: i64| look.unsigned_abs();
            let own = |second| (9_000 + kb_a_look * grown(second), 12 + files_a_look * grown(second));
            let ours = looks("palisade", 1, own).into_iter().map(|look| Usage { own: true, ..look });
            let apart = |look: Usage| Usage { at_us: look.at_us * looks_apart_s, ..look };
            let usage = ours.chain(looks("gateway", 2, |_| (5_000, 10))).map(apart).collect();
            parts(&Journal { usage, ..Journal::default() })
        };
        // Looks 5 s apart: 500 kB are 6,000 kB a minute, and 1 file is 12.
        let leaky = harness_leaks(&parts_of(500, 0, 5)).expect("it leaks");
        assert!(leaky.contains("no fault of the gateway") && leaky.contains("6000.0 kB a minute"), "{leaky}");
        assert!(harness_leaks(&parts_of(0, 1, 5)).is_some());
        assert!(harness_leaks(&parts_of(100, 0, 5)).is_none(), "1,200 kB a minute is less than is allowed");
        assert!(harness_leaks(&parts_of(500, 0, 1)).is_none(), "a minute is no soak");
        let facts = facts(&parts_of(500, 1, 5));
        assert!(facts.memory.is_some_and(|(slope, told)| slope == 0.0 && told.starts_with("gateway")));
    }

    #[test]
    fn a_restarted_process_is_told_of_its_longest_life() {
        let mut usage = looks("gateway", 1, |_| (5_000, 10));
        usage.truncate(20);
        usage.extend(looks("gateway", 2, |_| (7_000, 11)));
        let parts = parts(&Journal { usage, ..Journal::default() });
        assert_eq!((parts[0].lives, parts[0].looks, parts[0].memory_kb.first), (2, 60, 7_000));
    }
}
