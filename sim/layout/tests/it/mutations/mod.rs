//! The rules about geometry against another judge.
//!
//! Layouts that are clean, and five hundred changed by [`operators`] that know no rule, go to a peer
//! (`harness/tests/peers/mutations.py`) that was written from the text of the rules on a geometry library that is not
//! ours. Where the peer says that a rule falls, the rule must be found failed; where it says that the rule holds, it must
//! not. What the peer calls too close to tell is drawn again and counted.

mod clean;
mod operators;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use operators::OPERATORS;
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
/// Of all draws, this share may be too close to tell: each rule more that the peer judges adds some.
const CLOSE: f64 = 0.08;
/// An operator that leaves the peer undecided more often has too few ways to go.
const MOST_DRAWS: u64 = 20;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What the peer says of one layout.
#[derive(Deserialize)]
struct Judged {
    /// Rules that a difference within the tolerance would turn.
    close: Vec<String>,
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
    operator: usize,
    draw: u64,
    scenario: Scenario,
}

impl Case {
    fn new(number: usize, draw: u64, clean: &[Scenario]) -> Case {
        let seed = number as u64 % CLEAN;
        let operator = number % OPERATORS.len();
        let mut scenario = clean[seed as usize].clone();
        let purpose = OPERATORS[operator].0;
        let counter = number as u64 * 100 + draw;
        let mut dice = Dice::new(seed).draw(AgentKey::of("operator"), purpose, counter);
        OPERATORS[operator].1(&mut scenario, &mut dice);
        Case { seed, operator, draw, scenario }
    }

    fn line(&self) -> String {
        json!({ "site": self.scenario.site, "kit": self.scenario.file.kit }).to_string() + "\n"
    }
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
        .arg(root().join("assets/rules/residential.toml"))
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
const PEERS: [&str; 27] = [
    "1", "2", "3", "4", "6", "7", "16a", "16b", "16c", "16d", "17", "18", "19", "20b", "20d", "22a", "22b",
    "23", "24", "26b", "29", "30", "35", "39a", "39b", "39c", "44",
];

/// Draws the mutations until the peer can tell of each. Also returns how many draws it took.
fn drawn(python: &str, clean: &[Scenario]) -> (Vec<(Case, Judged)>, usize) {
    let mut told: Vec<(Case, Judged)> = Vec::new();
    let mut open: Vec<(usize, u64)> = (0..MUTATIONS).map(|number| (number, 0)).collect();
    let mut draws = 0;
    while !open.is_empty() {
        draws += open.len();
        let cases: Vec<Case> = open.iter().map(|&(number, draw)| Case::new(number, draw, clean)).collect();
        let lines: Vec<String> = cases.iter().map(Case::line).collect();
        let answers = judged(python, &lines);
        let mut again = Vec::new();
        for (((number, draw), case), answer) in open.into_iter().zip(cases).zip(answers) {
            if answer.close.is_empty() {
                told.push((case, answer));
            } else {
                let Case { seed, operator, draw: nth, .. } = case;
                eprintln!(
                    "too close: seed {seed}, {}, draw {nth}: {:?}",
                    OPERATORS[operator].0, answer.close
                );
                assert!(draw < MOST_DRAWS, "{}: nothing but close calls", OPERATORS[operator].0);
                again.push((number, draw + 1));
            }
        }
        open = again;
    }
    (told, draws)
}

/// Operators down, rules across: how often each made each fall.
fn table(told: &[(Case, Judged)]) -> String {
    let mut out = format!("{:56}", "rules that fell");
    PEERS.iter().for_each(|id| out += &format!("{id:>4}"));
    for (number, (name, _)) in OPERATORS.iter().enumerate() {
        out += &format!("\n{name:56}");
        for id in PEERS {
            let of = told.iter().filter(|(case, judged)| case.operator == number && fell(judged, id));
            out += &format!("{:>4}", of.count());
        }
    }
    out
}

fn fell(judged: &Judged, id: &str) -> bool {
    judged.rules.get(id).is_some_and(|verdict| !verdict.holds)
}

#[test]
fn every_mutation_is_found_and_no_clean_layout_is_blamed() {
    let python = std::env::var("PALISADE_PEERS_PYTHON")
        .expect("PALISADE_PEERS_PYTHON is not set: run `bash .ci/test`, which installs shapely");
    let book = RuleBook::residential().expect("the shipped book");
    let clean: Vec<Scenario> = (0..CLEAN).map(clean::clean).collect();
    let lines: Vec<String> =
        clean.iter().map(|s| json!({ "site": s.site, "kit": s.file.kit }).to_string() + "\n").collect();
    let mut wrong: Vec<String> = Vec::new();
    for (seed, (scenario, judged)) in clean.iter().zip(judged(&python, &lines)).enumerate() {
        let findings = assessed(&book, scenario);
        assert!(judged.close.is_empty(), "clean layout {seed} is close to {:?}", judged.close);
        let blamed = findings.iter().filter(|f| f.status == Status::Fail);
        wrong.extend(blamed.map(|f| format!("clean {seed}: rule {} fails: {:?}", f.id, f.evidence)));
        wrong.extend(differences(&findings, &judged).iter().map(|line| format!("clean {seed}: {line}")));
    }
    let (told, draws) = drawn(&python, &clean);
    for (case, judged) in &told {
        let of = |line: &String| {
            format!("seed {}, {}, draw {}: {line}", case.seed, OPERATORS[case.operator].0, case.draw)
        };
        wrong.extend(differences(&assessed(&book, &case.scenario), judged).iter().map(of));
    }
    let falls: usize = told.iter().map(|(_, j)| PEERS.iter().filter(|id| fell(j, id)).count()).sum();
    let broken = told.iter().filter(|(_, j)| PEERS.iter().any(|id| fell(j, id))).count();
    eprintln!("{}", table(&told));
    eprintln!(
        "{CLEAN} clean layouts, {MUTATIONS} mutations, {broken} of them break a rule, {falls} rules fell; {} of {draws} \
         draws were too close to tell; the judges differ {} times",
        draws - MUTATIONS,
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let never: Vec<&str> =
        PEERS.into_iter().filter(|id| !told.iter().any(|(_, judged)| fell(judged, id))).collect();
    assert!(never.is_empty(), "no mutation made these fall, so nothing is shown about them: {never:?}");
    assert!((draws - MUTATIONS) as f64 <= CLOSE * draws as f64, "{draws} draws for {MUTATIONS} mutations");
}
