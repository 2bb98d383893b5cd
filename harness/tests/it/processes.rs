//! The programs of a system under test, kept by the real binary: started in order, stopped in reverse, and stopped when
//! whoever started them is killed.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use palisade::run::places::Places;
use palisade::run::processes::{Processes, Program, Ready};

use crate::tiny::runs;

/// How often something is looked at that is waited for.
const LOOK: Duration = Duration::from_millis(10);

/// A shell that runs a script. Tests need no other program.
fn shell(id: &str, script: &str) -> Program {
    Program {
        id: id.into(),
        program: "sh".into(),
        args: vec!["-c".into(), script.into()],
        env: BTreeMap::new(),
        files: Vec::new(),
        ready: Some(Ready::Line("ready".into())),
        patience: Duration::from_secs(20),
        install: Some("bash .ci/sut".into()),
    }
}

struct Bench {
    folder: tempfile::TempDir,
    places: Places,
}

fn bench() -> Bench {
    let folder = tempfile::tempdir().expect("a folder");
    let work = folder.path().join("sut");
    let mut places = Places::pick(work, "yard".into(), &["mqtt".into()]).expect("a port");
    places.palisade = env!("CARGO_BIN_EXE_palisade").into();
    Bench { folder, places }
}

impl Bench {
    fn start(&self, programs: &[Program]) -> Result<Processes, String> {
        Processes::start(programs, self.folder.path(), &self.places, &|| false)
    }

    fn said(&self, name: &str) -> String {
        fs::read_to_string(self.places.work.join(name)).unwrap_or_default()
    }
}

/// What is said of the first that ends.
fn obituary(running: &mut Processes) -> String {
    let mut why = None;
    until("no end was noticed", || {
        why = running.ended();
        why.is_some()
    });
    why.expect("an end")
}

/// Waits for something that takes a moment.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let late = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < late, "{what}");
        std::thread::sleep(LOOK);
    }
}

#[test]
fn they_start_in_order_with_their_files_and_stop_in_reverse_with_their_children() {
    let bench = bench();
    fs::write(bench.folder.path().join("a.conf"), "port {port.mqtt} of {site}, { braces }").expect("written");
    let on_end = |name: &str| {
        format!(
            "trap 'echo {name} >> order; exit 0' TERM; cat a.conf; echo ready; while :; do sleep 0.05; done"
        )
    };
    let first = Program { files: vec!["a.conf".into()], ..shell("first", &on_end("first")) };
    // A child of its own, which does not hear the request to end.
    let script = format!(
        "sh -c 'trap \"\" TERM; echo $$ > child; while :; do sleep 0.05; done' & {}",
        on_end("second")
    );
    let running = bench.start(&[first, shell("second", &script)]).expect("they start");
    let ids = running.ids();
    assert_eq!(ids.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["first", "second"]);
    let port = bench.places.ports["mqtt"];
    assert!(bench.said("first.log").starts_with(&format!("port {port} of yard, {{ braces }}")));
    until("the child never ran", || !bench.said("child").trim().is_empty());
    let child: u32 = bench.said("child").trim().parse().expect("the child's id");
    assert!(runs(child));
    drop(running);
    assert_eq!(bench.said("order"), "second\nfirst\n");
    assert!(ids.iter().all(|(_, pid)| !runs(*pid)));
    until("the child still runs", || !runs(child));
}

#[test]
fn one_that_does_not_want_to_end_is_ended() {
    let bench = bench();
    let running = bench.start(&[shell("deaf", "trap '' TERM; echo ready; while :; do sleep 0.05; done")]);
    let running = running.expect("it starts");
    let pid = running.ids()[0].1;
    drop(running);
    assert!(!runs(pid));
}

#[test]
fn what_is_missing_is_named_with_how_to_install_it() {
    let bench = bench();
    for (program, what) in [
        ("palisade-no-such-program", "there is no program `palisade-no-such-program`"),
        ("${PALISADE_NEVER_SET}/bin/python", "PALISADE_NEVER_SET is not set"),
        ("{work}/nothing", "there is no program `"),
    ] {
        let one = Program { program: program.into(), ..shell("piece", "") };
        let why = bench.start(&[one]).expect_err(program);
        assert!(why.starts_with(&format!("piece: {what}")), "{why}");
        assert!(why.contains("bash .ci/sut"), "{why}");
    }
    let one = Program { files: vec!["none.conf".into()], ..shell("piece", "") };
    assert!(bench.start(&[one]).expect_err("no file").contains("none.conf could not be read"));
}

#[test]
fn one_that_ends_early_is_reported_with_its_last_words_and_the_others_are_stopped() {
    let bench = bench();
    let steady = shell("steady", "echo $$ > steady; echo ready; while :; do sleep 0.05; done");
    let broken = shell("broken", "echo one; echo no such port >&2; exit 3");
    let why = bench.start(&[steady, broken]).expect_err("it ends");
    assert!(why.starts_with("broken ended by itself (exit code 3)"), "{why}");
    assert!(why.contains("no such port"), "{why}");
    let pid: u32 = bench.said("steady").trim().parse().expect("an id");
    assert!(!runs(pid));
}

#[test]
fn patience_has_an_end_and_a_stop_is_heard() {
    let bench = bench();
    let idle = "echo hello; while :; do sleep 0.05; done";
    let slow = Program { patience: Duration::from_millis(300), ..shell("slow", idle) };
    let why = bench.start(std::slice::from_ref(&slow)).expect_err("it never says so");
    assert!(why.starts_with("slow was not ready within 0 s: its output has no `ready`"), "{why}");
    let ready = Some(Ready::Port("mqtt".into()));
    let why = bench.start(&[Program { ready, ..slow.clone() }]).expect_err("nobody listens");
    assert!(why.contains("nobody listens at the port `mqtt`"), "{why}");
    let patient = Program { patience: Duration::from_secs(60), ..slow };
    let stopped = Processes::start(&[patient], bench.folder.path(), &bench.places, &|| true);
    assert!(stopped.expect_err("stopped").contains("stopped"));
}

#[test]
fn one_that_dies_later_is_noticed() {
    let bench = bench();
    let mut running =
        bench.start(&[shell("mortal", "echo ready; sleep 0.3; echo farewell; exit 1")]).expect("it starts");
    let why = obituary(&mut running);
    assert!(why.contains("mortal") && why.contains("farewell"), "{why}");
}

#[test]
fn each_line_of_a_log_has_its_instant() {
    let bench = bench();
    let script = "echo one; echo two >&2; sleep 0.3; echo three; echo ready; sleep 600";
    drop(bench.start(&[shell("clerk", script)]).expect("it starts"));
    let read = |name: &str| fs::read_to_string(bench.places.work.join(name)).expect("a file");
    let lines: Vec<String> = read("clerk.log").lines().map(str::to_owned).collect();
    let instants: Vec<i64> = read("clerk.us").lines().map(|us| us.parse().expect("a number")).collect();
    assert_eq!((lines.len(), instants.len()), (4, 4), "{lines:?} {instants:?}");
    let three = lines.iter().position(|line| line == "three").expect("it was said");
    assert!(instants.is_sorted() && instants[0] >= 0, "{instants:?}");
    assert!(instants[three] - instants[three - 1] >= 250_000, "the pause is seen: {instants:?}");
    // Counted from when the places were picked.
    assert!(*instants.last().expect("one") < 120_000_000, "{instants:?}");
}

/// A keeper of its own, its program's number, and the pipe that says what becomes of it.
fn keeper(script: &str) -> (Child, u32, BufReader<ChildStdout>) {
    let mut keeper = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(["keep", "--", "sh", "-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a keeper");
    let mut said = BufReader::new(keeper.stdout.take().expect("its output"));
    let mut line = String::new();
    said.read_line(&mut line).expect("a line");
    let pid = line.trim().strip_prefix("started ").and_then(|pid| pid.parse().ok()).expect("its number");
    (keeper, pid, said)
}

#[test]
fn a_keeper_says_how_its_program_ended_and_ends_what_it_left() {
    for (script, status) in [("exit 3", 3 << 8), ("kill -TERM $$", 15), ("sleep 600 & exit 0", 0)] {
        let (mut keeper, group, mut said) = keeper(script);
        let mut rest = String::new();
        said.read_to_string(&mut rest).expect("to the end");
        assert_eq!(rest, format!("ended {status}\n"), "{script}");
        assert!(keeper.wait().expect("it ends").success());
        until("one of the group still runs", || group_of(group).is_empty());
    }
}

#[test]
fn a_keeper_whose_starter_is_gone_ends_the_whole_group() {
    for script in [
        "sleep 600 & while :; do sleep 0.05; done",
        "trap '' TERM; sh -c 'while :; do sleep 0.05; done' & while :; do sleep 0.05; done",
    ] {
        let (mut keeper, group, _said) = keeper(script);
        until("the group has not started", || group_of(group).len() > 1);
        // Nothing but this happens to a keeper when its starter is killed.
        drop(keeper.stdin.take());
        until("one of the group still runs", || group_of(group).is_empty());
        keeper.wait().expect("it ends, too");
    }
}

#[test]
fn a_program_whose_keeper_was_killed_is_lost_and_stopped() {
    let bench = bench();
    let mut running =
        bench.start(&[shell("orphan", "echo ready; while :; do sleep 0.05; done")]).expect("it starts");
    let pid = running.ids()[0].1;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let keeper = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)).expect("its parent");
    assert!(Command::new("kill").args(["-KILL", keeper]).status().expect("kill").success());
    let why = obituary(&mut running);
    assert!(why.starts_with("orphan ended by itself (its keeper ended: signal: 9 (SIGKILL))"), "{why}");
    until("it still runs", || !runs(pid));
}

/// Numbers of the processes of a group that run.
fn group_of(group: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").expect("a list of processes");
    let numbers = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let here = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // After the name in brackets: state, parent, group.
        let rest = stat.rsplit(") ").next().unwrap_or_default();
        let fields: Vec<&str> = rest.split(' ').collect();
        fields.get(2).is_some_and(|of| *of == group.to_string()) && fields[0] != "Z"
    };
    numbers.filter(here).collect()
}
