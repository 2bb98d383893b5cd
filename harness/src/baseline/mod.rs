//! A run held against earlier runs of the same day: is the gateway slower than it was, does it lose more, or is that
//! chance and the machine?
//!
//! Pure. Both runs drive the same messages at the same instants, so they are compared message by message.
//!
//! - **Latency**: the difference of a quantile (p50, p99) of `response` in each class. What follows within a second of
//!   each other shares its fate (a stall, a neighbour on the machine), so whole seconds change sides in a permutation
//!   test, and whole seconds are drawn in the bootstrap that gives the interval. P-values are two-sided and adjusted
//!   for the number of figures (Holm 1979).
//! - **Answers**: what was answered then and is not now, against what was not then and is now. Whole seconds change
//!   sides here, too, so that one bad second counts once; where every message has a second of its own this is `McNemar`'s
//!   exact test. What could not be judged in one of the runs is in neither.
//!
//! A figure is slower when its adjusted p is below [`ALPHA`], its interval lies above zero, and what is left after the
//! floor's own change is more than the tolerance. One run cannot show how much runs differ from each other: with
//! several baselines a figure must be slower than in each of them.
//!
//! A run that cannot be compared, or has too few messages for any test, says nothing about its gateway: that is told in
//! [`Comparison::remarks`] and is no verdict.

mod chance;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use chance::quantile;
use chance::{Block, exchanged, holm, interval, permuted};

use crate::record::Micros;

/// Adjusted p below which a change is not put down to chance.
pub const ALPHA: f64 = 0.01;
/// What happens within so long shares its fate, µs.
const BLOCK_US: Micros = 1_000_000;
/// The figures that are compared, with the samples that each needs.
const FIGURES: [(&str, f64, usize); 2] = [("p50", 0.5, 20), ("p99", 0.99, 100)];
/// Newly failing messages that are named.
const NAMED: usize = 20;

/// What became of one message in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Its number on the tape.
    pub stimulus: u32,
    /// The device's class.
    pub class: String,
    /// When it was due, µs of driven time since the first window began.
    pub at_us: Micros,
    /// From then to its answer, µs; nothing without one.
    pub response_us: Option<Micros>,
    /// Whether it was answered as it should be.
    pub answered: bool,
    /// Device, signal, id and time of day.
    pub name: String,
}

/// What of a run is needed to hold another against it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The run's folder, as typed.
    pub run: String,
    /// Its seed.
    pub seed: u64,
    /// Digest of its tape.
    pub digest: String,
    /// Digest of its scenario and map; empty when it is not known.
    #[serde(default)]
    pub scenario: String,
    /// The windows that were driven: from and lasting, ms.
    pub windows: Vec<(i64, i64)>,
    /// What loaded and disturbed the gateway beside the day: `--fleet=20`, and files by what they say, not by their names.
    pub conditions: Vec<String>,
    /// What became of its messages, those that could be judged.
    pub samples: Vec<Sample>,
    /// Responses of its floor, µs.
    pub floor_us: Vec<Micros>,
}

/// A run held against earlier ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// What the comparison came to.
    #[serde(default)]
    pub outcome: Standing,
    /// One for each baseline.
    pub baselines: Vec<Against>,
    /// Figures that are slower, or classes that lose more, than in every baseline: `beam response p99`.
    pub regressed: Vec<String>,
    /// Why the run does not stand its baselines, in sentences; empty when it does.
    pub reasons: Vec<String>,
    /// What a reader should know and what is no fault of the gateway: what could not be compared or tested, and why.
    #[serde(default)]
    pub remarks: Vec<String>,
}

/// What a comparison came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// No figure is worse than in every baseline.
    #[default]
    Stands,
    /// Some are.
    Worse,
    /// There were too few messages or seconds to test any latency, and answers are not worse.
    Untested,
    /// No baseline can be compared with this run.
    Incomparable,
}

/// A run held against one earlier one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Against {
    /// The baseline's folder, as typed.
    pub run: String,
    /// Why the two cannot be compared; nothing when they can.
    pub why_not: Option<String>,
    /// Messages that both runs drove.
    pub paired: usize,
    /// Latency, by class and figure.
    pub latency: Vec<Change>,
    /// Answers, by class.
    pub answers: Vec<Lost>,
}

/// How a figure changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// The device class, or `all`.
    pub class: String,
    /// `p50` or `p99` of `response`.
    pub figure: String,
    /// Messages that were answered in both runs.
    pub count: usize,
    /// Different seconds in which they were due.
    #[serde(default)]
    pub seconds: usize,
    /// Then, ms, measured.
    pub before_ms: f64,
    /// Now, ms, measured.
    pub after_ms: f64,
    /// The change lies between these with 95 % confidence, ms, computed by a bootstrap of whole seconds; nothing where
    /// too few could be compared.
    pub between_ms: Option<[f64; 2]>,
    /// How much the floor's same figure changed, ms: the machine's and the harness's own share.
    pub floor_ms: Option<f64>,
    /// Two-sided p of a permutation test that exchanges whole seconds, adjusted for the number of figures.
    pub p: Option<f64>,
    /// What this amounts to.
    pub finding: Finding,
}

/// What a change amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// Not to be told from chance, or too small to matter.
    Same,
    /// Worse, and not by chance.
    Worse,
    /// Better, and not by chance.
    Better,
    /// As much as the floor changed, too: the machine, not the gateway.
    Machine,
    /// Too few messages or seconds to say.
    TooFew,
}

/// How many answers were lost and won.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Lost {
    /// The device class, or `all`.
    pub class: String,
    /// Answered then, not now.
    pub lost: usize,
    /// Not answered then, but now.
    pub won: usize,
    /// Different seconds in which they were due, all messages that both runs drove.
    #[serde(default)]
    pub seconds: usize,
    /// One-sided p of an exact test that exchanges whole seconds: `McNemar`'s, where each message has its own second.
    pub p: f64,
    /// Below this, it is not put down to chance: 0.01 shared among the classes.
    #[serde(default)]
    pub needed: f64,
    /// What this amounts to.
    pub finding: Finding,
    /// Messages that were answered then and are not now, at most 20.
    pub messages: Vec<String>,
}

impl Comparison {
    /// Whether the run stands its baselines.
    pub fn pass(&self) -> bool {
        self.reasons.is_empty()
    }
}

/// Holds `new` against each of `old`. A change of no more than `tolerance` (a share of the baseline's figure) does not
/// matter, whatever its p.
pub fn compare(new: &Facts, old: &[Facts], tolerance: f64) -> Comparison {
    let baselines: Vec<Against> = old.iter().map(|old| against(new, old, tolerance)).collect();
    let comparable: Vec<&Against> = baselines.iter().filter(|b| b.why_not.is_none()).collect();
    let worse = |b: &Against| -> BTreeSet<String> { b.worse().map(|(name, _)| name).collect() };
    let each: Vec<BTreeSet<String>> = comparable.iter().map(|b| worse(b)).collect();
    let regressed = each.iter().cloned().reduce(|all, one| &all & &one).unwrap_or_default();
    let reasons: Vec<String> = comparable.first().map_or_else(Vec::new, |b| {
        let told = b.worse().filter(|(name, _)| regressed.contains(name));
        told.map(|(_, text)| format!("{text}, against {}", b.run)).collect()
    });
    let outcome = match (comparable.as_slice(), regressed.is_empty()) {
        ([], _) => Standing::Incomparable,
        (_, false) => Standing::Worse,
        (some, true) if some.iter().all(|b| b.untested().is_some()) => Standing::Untested,
        _ => Standing::Stands,
    };
    let mut remarks: Vec<String> = baselines.iter().filter_map(Against::remark).collect();
    for (b, worse) in comparable.iter().zip(&each) {
        let alone: Vec<&str> = worse.difference(&regressed).map(String::as_str).collect();
        if !alone.is_empty() {
            let what = alone.join(", ");
            remarks.push(format!(
                "worse than in {} and not than in every baseline: {what}; the machine, or a drift in small steps",
                b.run
            ));
        }
    }
    Comparison { outcome, baselines, regressed: regressed.into_iter().collect(), reasons, remarks }
}

fn against(new: &Facts, old: &Facts, tolerance: f64) -> Against {
    if let Some(why) = differs(new, old) {
        return Against { run: old.run.clone(), why_not: Some(why), ..Against::default() };
    }
    let before: BTreeMap<u32, &Sample> = old.samples.iter().map(|s| (s.stimulus, s)).collect();
    let pairs: Vec<Pair<'_>> = new
        .samples
        .iter()
        .filter_map(|after| before.get(&after.stimulus).map(|before| Pair { before, after }))
        .collect();
    let mut by_class: BTreeMap<&str, Vec<Pair<'_>>> = BTreeMap::new();
    for pair in &pairs {
        by_class.entry(pair.after.class.as_str()).or_default().push(*pair);
    }
    let groups: Vec<(&str, &[Pair<'_>])> =
        by_class.iter().map(|(class, pairs)| (*class, &pairs[..])).chain([("all", &pairs[..])]).collect();
    let groups: Vec<Group<'_>> =
        groups.into_iter().map(|(class, pairs)| Group { class, pairs, blocks: blocks(pairs) }).collect();
    let figures = || groups.iter().flat_map(|group| FIGURES.map(|figure| (group, figure)));
    let enough = figures().filter(|(group, (.., enough))| group.answered() >= *enough).count();
    let seconds = seconds_needed(enough);
    let mut latency: Vec<Change> =
        figures().map(|(group, figure)| change(group, figure, seconds, (new, old))).collect();
    let tested: Vec<f64> = latency.iter().filter_map(|c| c.p).collect();
    let adjusted = holm(&tested);
    for (change, p) in latency.iter_mut().filter(|c| c.p.is_some()).zip(adjusted) {
        change.p = Some(p);
        change.finding = finding(change, tolerance);
    }
    let answers = groups.iter().map(|group| lost(group, groups.len())).collect();
    Against { run: old.run.clone(), why_not: None, paired: pairs.len(), latency, answers }
}

impl Against {
    /// What is worse, by name and in a sentence.
    fn worse(&self) -> impl Iterator<Item = (String, String)> {
        let slower = self.latency.iter().filter(|c| c.finding == Finding::Worse);
        let slower = slower.map(|c| (c.name(), c.sentence()));
        let lossy = self.answers.iter().filter(|l| l.finding == Finding::Worse);
        slower.chain(lossy.map(|l| (l.name(), l.sentence())))
    }

    /// Why no latency could be tested; nothing when one could.
    fn untested(&self) -> Option<String> {
        if self.latency.iter().any(|c| c.p.is_some()) {
            return None;
        }
        let all = self.latency.iter().find(|c| c.class == "all");
        let (count, seconds) = all.map_or((0, 0), |c| (c.count, c.seconds));
        let (needed, least) = (FIGURES[0].2, seconds_needed(1));
        let what = match self.answers.iter().any(|l| l.finding != Finding::TooFew) {
            true => "latency could not be tested, answers could,",
            false => "nothing could be tested",
        };
        Some(format!(
            "{what} against {}: {count} messages were answered in both, in {seconds} different seconds; {needed} in \
             {least} are needed. Drive more of the day: --windows, or `[drive] total` in the scenario",
            self.run
        ))
    }

    /// What a reader must know who takes this run for compared.
    fn remark(&self) -> Option<String> {
        let incomparable =
            self.why_not.as_ref().map(|why| format!("it cannot be held against {}: {why}", self.run));
        incomparable.or_else(|| self.untested())
    }
}

/// Why two runs cannot be compared.
fn differs(new: &Facts, old: &Facts) -> Option<String> {
    if new.digest.is_empty() || old.digest.is_empty() {
        let which = if old.digest.is_empty() { "the baseline" } else { "this run" };
        return Some(format!("{which} has no tape"));
    }
    if new.digest != old.digest {
        let why = if new.scenario != old.scenario {
            "its scenario or its map is another one".to_owned()
        } else if new.seed != old.seed {
            format!("its seed is {}, and {} here", old.seed, new.seed)
        } else {
            "another version of Palisade made it".to_owned()
        };
        return Some(format!(
            "its twin lived another day: {why}. Take a run of this day as the next baseline"
        ));
    }
    if new.windows.is_empty() || old.windows.is_empty() {
        let which = if old.windows.is_empty() { "the baseline" } else { "this run" };
        return Some(format!("nothing was driven in {which}"));
    }
    if new.windows != old.windows {
        return Some("other windows of the day were driven; name them with --windows".into());
    }
    if new.conditions != old.conditions {
        let told = |all: &[String]| if all.is_empty() { "none".to_owned() } else { all.join(" ") };
        let (then, now) = (told(&old.conditions), told(&new.conditions));
        return Some(format!("load and faults differ: then {then}, now {now}"));
    }
    None
}

/// One message in both runs.
#[derive(Clone, Copy)]
struct Pair<'a> {
    before: &'a Sample,
    after: &'a Sample,
}

/// Messages of a class in both runs.
struct Group<'a> {
    class: &'a str,
    pairs: &'a [Pair<'a>],
    blocks: Vec<Block>,
}

impl Group<'_> {
    /// How many were answered in both runs.
    fn answered(&self) -> usize {
        self.blocks.iter().map(|b| b.before.len()).sum()
    }
}

/// Seconds with answers without which no exchange of whole seconds has a two-sided p below [`ALPHA`], when it is one of
/// so many figures.
fn seconds_needed(figures: usize) -> usize {
    (2.0 * figures.max(1) as f64 / ALPHA).log2().floor() as usize + 1
}

fn change(group: &Group<'_>, figure: (&str, f64, usize), seconds: usize, runs: (&Facts, &Facts)) -> Change {
    let (name, share, enough) = figure;
    let blocks = &group.blocks;
    let of = |side: fn(&Block) -> &[f64]| -> Vec<f64> {
        blocks.iter().flat_map(|b| side(b).iter().copied()).collect()
    };
    let (mut before, mut after) = (of(|b| &b.before), of(|b| &b.after));
    let count = group.answered();
    let testable = count >= enough && blocks.len() >= seconds;
    let value = |all: &mut Vec<f64>| quantile(all, share).unwrap_or_default();
    Change {
        class: group.class.to_owned(),
        figure: name.to_owned(),
        count,
        seconds: blocks.len(),
        before_ms: value(&mut before),
        after_ms: value(&mut after),
        between_ms: testable.then(|| interval(blocks, share)),
        floor_ms: floor(runs, share, enough),
        p: testable.then(|| permuted(blocks, share)),
        finding: Finding::TooFew,
    }
}

/// How much a figure of the floor changed, ms; by the median where there are too few for it.
fn floor((new, old): (&Facts, &Facts), share: f64, enough: usize) -> Option<f64> {
    let count = new.floor_us.len().min(old.floor_us.len());
    let share = if count >= enough { share } else { 0.5 };
    let value =
        |all: &[Micros]| quantile(&mut all.iter().map(|us| *us as f64 / 1_000.0).collect::<Vec<_>>(), share);
    value(&new.floor_us).zip(value(&old.floor_us)).map(|(new, old)| new - old)
}

/// The second in which a message was due.
fn second(pair: &Pair<'_>) -> Micros {
    pair.after.at_us.div_euclid(BLOCK_US)
}

/// Seconds of driven time with the latencies of messages that were answered in both runs, ms.
fn blocks(pairs: &[Pair<'_>]) -> Vec<Block> {
    let mut blocks: BTreeMap<Micros, Block> = BTreeMap::new();
    for pair in pairs {
        let both = pair.before.response_us.zip(pair.after.response_us);
        if let Some((before, after)) = both {
            let block = blocks.entry(second(pair)).or_default();
            block.before.push(before as f64 / 1_000.0);
            block.after.push(after as f64 / 1_000.0);
        }
    }
    blocks.into_values().collect()
}

fn finding(change: &Change, tolerance: f64) -> Finding {
    let by = change.after_ms - change.before_ms;
    let beside_zero = change.between_ms.is_some_and(|[low, high]| low > 0.0 || high < 0.0);
    let sure = change.p.is_some_and(|p| p < ALPHA) && beside_zero;
    let matters = tolerance * change.before_ms;
    // The floor's share counts where it has the change's own sign.
    let machine = change.floor_ms.filter(|floor| floor.signum() == by.signum()).unwrap_or(0.0);
    if !sure || by.abs() <= matters {
        Finding::Same
    } else if (by - machine).abs() <= matters || by.signum() != (by - machine).signum() {
        Finding::Machine
    } else if by > 0.0 {
        Finding::Worse
    } else {
        Finding::Better
    }
}

/// Answers lost and won; the p is held against [`ALPHA`] shared among all `classes`.
fn lost(group: &Group<'_>, classes: usize) -> Lost {
    let lost: Vec<&Pair<'_>> =
        group.pairs.iter().filter(|p| p.before.answered && !p.after.answered).collect();
    let won: Vec<&Pair<'_>> = group.pairs.iter().filter(|p| !p.before.answered && p.after.answered).collect();
    let mut more: BTreeMap<Micros, i64> = BTreeMap::new();
    lost.iter().for_each(|pair| *more.entry(second(pair)).or_default() += 1);
    won.iter().for_each(|pair| *more.entry(second(pair)).or_default() -= 1);
    let more: Vec<i64> = more.into_values().collect();
    let fewer: Vec<i64> = more.iter().map(|n| -n).collect();
    let seconds = group.pairs.iter().map(second).collect::<BTreeSet<_>>().len();
    let needed = ALPHA / classes.max(1) as f64;
    let p = exchanged(&more);
    let finding = if p < needed {
        Finding::Worse
    } else if exchanged(&fewer) < needed {
        Finding::Better
    } else if 0.5_f64.powf(seconds as f64) >= needed {
        // Though all were lost, it might be chance.
        Finding::TooFew
    } else {
        Finding::Same
    };
    Lost {
        class: group.class.to_owned(),
        lost: lost.len(),
        won: won.len(),
        seconds,
        p,
        needed,
        finding,
        messages: lost.iter().take(NAMED).map(|p| p.after.name.clone()).collect(),
    }
}

impl Change {
    /// What changed: `beam response p99`.
    pub fn name(&self) -> String {
        format!("{} response {}", self.class, self.figure)
    }

    /// The change in words.
    pub fn sentence(&self) -> String {
        let between = self.between_ms.map_or_else(String::new, |[low, high]| {
            format!("by {low:+.2} to {high:+.2} ms with 95 % confidence, ")
        });
        let p = self.p.map_or_else(|| "too few to test".to_owned(), |p| format!("p {}", told(p)));
        format!(
            "{} response {} went from {:.2} to {:.2} ms ({between}{p}, {} messages)",
            self.class, self.figure, self.before_ms, self.after_ms, self.count
        )
    }
}

impl Lost {
    /// Whether more were lost than won, and chance may have done it.
    pub fn is_unproved(&self) -> bool {
        self.lost > self.won && matches!(self.finding, Finding::Same | Finding::TooFew)
    }

    /// What changed: `beam answers`.
    pub fn name(&self) -> String {
        format!("{} answers", self.class)
    }

    /// The change in words.
    pub fn sentence(&self) -> String {
        let first = self.messages.first().map_or_else(String::new, |m| format!("; the first is {m}"));
        format!(
            "{}: {} messages were answered then and are not now, {} the other way round (p {}){first}",
            self.class,
            self.lost,
            self.won,
            told(self.p)
        )
    }
}

/// A p for a reader.
pub fn told(p: f64) -> String {
    if p < 0.001 { "< 0.001".into() } else { format!("{p:.3}") }
}
