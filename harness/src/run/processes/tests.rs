use std::os::unix::fs::symlink;

use rustix::process::test_kill_process;

use super::*;

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
    let places = Places::pick(work, "yard".into(), &["mqtt".into()]).expect("a port");
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

fn is_there(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a process id");
    test_kill_process(pid).is_ok()
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
    let until = Instant::now() + Duration::from_secs(20);
    while bench.said("child").trim().is_empty() && Instant::now() < until {
        std::thread::sleep(LOOK);
    }
    let child: u32 = bench.said("child").trim().parse().expect("the child's id");
    assert!(is_there(child));
    drop(running);
    assert_eq!(bench.said("order"), "second\nfirst\n");
    assert!(ids.iter().all(|(_, pid)| !is_there(*pid)));
    // Init reaps it in its own time; it does not run any more.
    let state = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "{state}");
}

#[test]
fn one_that_does_not_want_to_end_is_ended() {
    let bench = bench();
    let running = bench.start(&[shell("deaf", "trap '' TERM; echo ready; while :; do sleep 0.05; done")]);
    let running = running.expect("it starts");
    let pid = running.ids()[0].1;
    drop(running);
    assert!(!is_there(pid));
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
    assert!(!is_there(pid));
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
    let until = Instant::now() + Duration::from_secs(20);
    let why = loop {
        if let Some(why) = running.ended() {
            break why;
        }
        assert!(Instant::now() < until, "it was never noticed");
        std::thread::sleep(LOOK);
    };
    assert!(why.contains("mortal") && why.contains("farewell"), "{why}");
}

#[test]
fn a_program_is_a_file_that_can_be_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let plain = folder.path().join("plain");
    fs::write(&plain, "x").expect("written");
    assert_eq!(find(&plain.display().to_string()), None);
    let sh = find("sh").expect("a shell");
    let link = folder.path().join("link");
    symlink(sh, &link).expect("linked");
    assert_eq!(find(&link.display().to_string()), Some(link));
    assert_eq!(find("palisade"), std::env::current_exe().ok(), "the program that reads the contract");
}
