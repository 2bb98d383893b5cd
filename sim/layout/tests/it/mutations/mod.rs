//! The rules about geometry against another judge.
//!
//! Layouts that are clean, and five hundred changed by [`operators`] that know no rule, go to a peer
//! (`harness/tests/peers/mutations.py`) that shares no code with the rules and stands on a geometry library that is not
//! ours; it says which rules it decides in the same way. Where the peer says that a rule falls, the rule must be found failed; where it says that the rule holds, it must
//! not. What the peer calls too close to tell is drawn again and counted.

mod clean;
mod operators;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use operators::{Operator, apply, operators};
use palisade_layout::analysis::caster::Caster;
use palisade_layout::analysis::plan_with;
use palisade_layout::analysis::rules::{Finding, Kind, RuleBook, Status, assess};
use palisade_layout::analysis::views::Views;
use palisade_layout::model::Scenario;
use palisade_layout::words::{AgentKey, Dice};
use serde::Deserialize;
use serde_json::json;

const CLEAN: u64 = 20;
const MUTATIONS: usize = 500;
/// At least so many of the mutations break a rule, or they would show little: two fifths were found to, less some slack.
const BROKEN: usize = 180;
/// Of all draws, at most this share may be too close to tell because of one quantity. "patch" is ground or a window smaller
/// than a body that decides, "side" are two places that are equally near, "leaf" is that of a gate between two walls.
const CLOSE: [(&str, f64); 7] = [
    ("m", 0.02),
    ("deg", 0.01),
    ("px/m", 0.01),
    ("lx", 0.01),
    ("patch", 0.03),
    ("side", 0.02),
    ("leaf", 0.01),
];
/// An operator that leaves the peer undecided more often has too few ways to go.
const MOST_DRAWS: u64 = 20;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What the peer says of one layout.
#[derive(Deserialize)]
struct Judged {
    /// Rules that a difference within the tolerance would turn, and of which quantity.
    close: Vec<(String, String)>,
    /// Rule -> its verdict; rules about things that are not there are left out.
    rules: BTreeMap<String, Verdict>,
}

#[derive(Deserialize)]
struct Verdict {
    holds: bool,
    /// What decided it, in the peer's words.
    figure: String,
}

/// A layout on its way to both judges.
struct Case {
    seed: u64,
    operator: Operator,
    draw: u64,
    scenario: Scenario,
}

impl Case {
    /// The operators in turn, each on the first layout from its own on of which it makes another that can stand; else the
    /// next.
    fn new(number: usize, draw: u64, operators: &[Operator], clean: &[Scenario]) -> Case {
        let first = (number + number / operators.len()) as u64 + draw;
        let counter = number as u64 * 100 + draw;
        let on = |operator: &Operator, seed: u64| {
            let mut dice = Dice::new(seed).draw(AgentKey::of("operator"), "mutation", counter);
            let scenario = apply(operator, &clean[seed as usize], &mut dice)?;
            Some(Case { seed, operator: operator.clone(), draw, scenario })
        };
        let mut tried = operators.iter().cycle().skip(number % operators.len()).take(operators.len());
        let changed = tried.find_map(|operator| (0..CLEAN).find_map(|i| on(operator, (first + i) % CLEAN)));
        changed.expect("an operator that leaves something standing")
    }

    fn name(&self) -> String {
        format!("seed {}, {}, draw {}", self.seed, self.operator.name(), self.draw)
    }
}

/// A layout as the peer reads it.
fn line(scenario: &Scenario) -> String {
    let file = &scenario.file;
    json!({ "site": scenario.site, "kit": file.kit, "guards": file.cast.guard }).to_string() + "\n"
}

/// Asks the peer about many layouts in two processes.
fn judged(python: &str, lines: &[String]) -> Vec<Judged> {
    let (first, second) = lines.split_at(lines.len() / 2);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| judged_in_one(python, second));
        let mut all = judged_in_one(python, first);
        all.extend(other.join().expect("the other peer"));
        all
    })
}

fn judged_in_one(python: &str, lines: &[String]) -> Vec<Judged> {
    let mut child = Command::new(python)
        .arg(root().join("harness/tests/peers/mutations.py"))
        .arg(root().join("assets"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the peer starts");
    let mut stdin = child.stdin.take().expect("stdin");
    // The peer reads all before it answers.
    lines.iter().for_each(|line| stdin.write_all(line.as_bytes()).expect("the peer reads"));
    drop(stdin);
    let output = child.wait_with_output().expect("the peer ends");
    assert!(output.status.success(), "the peer failed: see its words above");
    let text = String::from_utf8(output.stdout).expect("text");
    let answers: Vec<Judged> = text.lines().map(|l| serde_json::from_str(l).expect("an answer")).collect();
    assert_eq!(answers.len(), lines.len());
    answers
}

fn assessed(book: &RuleBook, scenario: &Scenario) -> Vec<Finding> {
    let caster = Caster::new(&scenario.site);
    let views = Views::of(scenario, &caster);
    assess(book, scenario, (&caster, &views), &plan_with(scenario, &caster, &views), None)
}

/// Where the two judges differ, as lines for a reader.
fn differences(findings: &[Finding], judged: &Judged) -> Vec<String> {
    let own = |id: &str| findings.iter().find(|f| f.id == id).expect("a rule of the book");
    let missing = findings.iter().filter(|f| f.kind == Kind::Geometry && !judged.rules.contains_key(&f.id));
    let here =
        |f: &&Finding| PEERS.contains(&f.id.as_str()) && matches!(f.status, Status::Pass | Status::Fail);
    let unasked =
        missing.filter(here).map(|f| format!("rule {}: {:?} here, no answer there", f.id, f.status));
    let differing = judged.rules.iter().filter_map(|(id, theirs)| {
        let found = own(id);
        let agree = found.status == if theirs.holds { Status::Pass } else { Status::Fail };
        let (measured, unit) = (found.measured, &found.unit);
        (!agree).then(|| {
            format!(
                "rule {id}: {:?} here ({measured:?} {unit}, {:?}); there {}: {}",
                found.status,
                found.evidence,
                if theirs.holds { "holds" } else { "falls" },
                theirs.figure
            )
        })
    });
    differing.chain(unasked).collect()
}

/// Rules that the peer judges.
const PEERS: [&str; 31] = [
    "1", "2", "3", "4", "6", "7", "7b", "16a", "16b", "16c", "16d", "17", "18", "19", "19b", "20b", "20d",
    "20e", "22a", "22b", "23", "24", "26b", "29", "30", "35", "39a", "39b", "39c", "39d", "44",
];

/// What came out of the mutations.
struct Drawn {
    /// Those of which the peer can tell, with what it says.
    told: Vec<(Case, Judged)>,
    /// How many draws that took.
    draws: usize,
    /// Draws that were left out, by the quantity that decided.
    left_out: BTreeMap<String, usize>,
}

/// Draws the mutations until the peer can tell of each.
fn drawn(python: &str, operators: &[Operator], clean: &[Scenario]) -> Drawn {
    let mut drawn = Drawn { told: Vec::new(), draws: 0, left_out: BTreeMap::new() };
    let mut open: Vec<(usize, u64)> = (0..MUTATIONS).map(|number| (number, 0)).collect();
    while !open.is_empty() {
        drawn.draws += open.len();
        let cases: Vec<Case> =
            open.iter().map(|&(number, draw)| Case::new(number, draw, operators, clean)).collect();
        let lines: Vec<String> = cases.iter().map(|case| line(&case.scenario)).collect();
        let answers = judged(python, &lines);
        let mut again = Vec::new();
        for (((number, draw), case), answer) in open.into_iter().zip(cases).zip(answers) {
            if answer.close.is_empty() {
                drawn.told.push((case, answer));
                continue;
            }
            eprintln!("too close: {}: {:?}", case.name(), answer.close);
            assert!(draw < MOST_DRAWS, "{}: nothing but close calls", case.operator.name());
            let quantities: BTreeSet<String> = answer.close.into_iter().map(|(_, of)| of).collect();
            quantities.into_iter().for_each(|of| *drawn.left_out.entry(of).or_default() += 1);
            again.push((number, draw + 1));
        }
        open = again;
    }
    drawn
}

/// Operators down, rules across: how often each made each fall.
fn table(told: &[(Case, Judged)], operators: &[Operator]) -> String {
    let mut out = format!("{:40}", "rules that fell");
    PEERS.iter().for_each(|id| out += &format!("{id:>4}"));
    for operator in operators {
        out += &format!("\n{:40}", operator.name());
        for id in PEERS {
            let of = told.iter().filter(|(case, judged)| case.operator == *operator && fell(judged, id));
            out += &format!("{:>4}", of.count());
        }
    }
    out
}

/// What the mutations must show to show anything: enough of them break a rule, each rule falls and holds, and few were
/// left out.
fn assert_telling(drawn: &Drawn) {
    let told = &drawn.told;
    let broken = told.iter().filter(|(_, j)| PEERS.iter().any(|id| fell(j, id))).count();
    assert!(broken >= BROKEN, "only {broken} mutations break a rule");
    let never = |shown: fn(&Judged, &str) -> bool| -> Vec<&str> {
        PEERS.into_iter().filter(|id| !told.iter().any(|(_, judged)| shown(judged, id))).collect()
    };
    let (falling, holding) = (never(fell), never(held));
    assert!(falling.is_empty(), "no mutation made these fall, so nothing is shown about them: {falling:?}");
    assert!(holding.is_empty(), "no mutation left these standing: {holding:?}");
    for (quantity, most) in CLOSE {
        let left = *drawn.left_out.get(quantity).unwrap_or(&0) as f64;
        assert!(left <= most * drawn.draws as f64, "{left} of {} draws left out for {quantity}", drawn.draws);
    }
    let known = |of: &&String| CLOSE.iter().any(|(quantity, _)| quantity == of);
    let mixed: Vec<&String> = drawn.left_out.keys().filter(|of| !known(of)).collect();
    assert!(mixed.is_empty(), "left out for no quantity of its own: {mixed:?}");
}

fn fell(judged: &Judged, id: &str) -> bool {
    judged.rules.get(id).is_some_and(|verdict| !verdict.holds)
}

fn held(judged: &Judged, id: &str) -> bool {
    judged.rules.get(id).is_some_and(|verdict| verdict.holds)
}

#[test]
fn every_mutation_is_found_and_no_clean_layout_is_blamed() {
    let python = std::env::var("PALISADE_PEERS_PYTHON")
        .expect("PALISADE_PEERS_PYTHON is not set: run `bash .ci/test`, which installs shapely");
    let book = RuleBook::residential().expect("the shipped book");
    let clean: Vec<Scenario> = (0..CLEAN).map(clean::clean).collect();
    let lines: Vec<String> = clean.iter().map(line).collect();
    let mut wrong: Vec<String> = Vec::new();
    for (seed, (scenario, judged)) in clean.iter().zip(judged(&python, &lines)).enumerate() {
        let findings = assessed(&book, scenario);
        assert!(judged.close.is_empty(), "clean layout {seed} is close to {:?}", judged.close);
        let blamed = findings.iter().filter(|f| f.status == Status::Fail);
        wrong.extend(blamed.map(|f| format!("clean {seed}: rule {} fails: {:?}", f.id, f.evidence)));
        wrong.extend(differences(&findings, &judged).iter().map(|line| format!("clean {seed}: {line}")));
    }
    let operators = operators(&clean);
    let drawn = drawn(&python, &operators, &clean);
    let compare = |told: &[(Case, Judged)]| -> Vec<String> {
        let of = |(case, judged): &(Case, Judged)| {
            let differing = differences(&assessed(&book, &case.scenario), judged);
            differing.iter().map(|line| format!("{}: {line}", case.name())).collect::<Vec<_>>()
        };
        told.iter().flat_map(of).collect()
    };
    let (first, second) = drawn.told.split_at(drawn.told.len() / 2);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| compare(second));
        wrong.extend(compare(first));
        wrong.extend(other.join().expect("the other half"));
    });
    let falls: usize = drawn.told.iter().map(|(_, j)| PEERS.iter().filter(|id| fell(j, id)).count()).sum();
    let broken = drawn.told.iter().filter(|(_, j)| PEERS.iter().any(|id| fell(j, id))).count();
    eprintln!("{}", table(&drawn.told, &operators));
    eprintln!(
        "{CLEAN} clean layouts, {MUTATIONS} mutations by {} operators, {broken} of them break a rule, {falls} rules fell; \
         {} of {} draws were too close to tell ({:?}); the judges differ {} times",
        operators.len(),
        drawn.draws - MUTATIONS,
        drawn.draws,
        drawn.left_out,
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_telling(&drawn);
}
