//! The report: what each run folder comes to, and what each file of it holds.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;

use palisade::cli::Exit;
use palisade::report::terminal::{Paint, render_with};
use palisade::report::{self, Report};
use palisade_sim::contract::{Cause, Severity};

use crate::run_folder::{Fault, Run};

/// The five faults of the tests, each on a message of its own.
const FAULTS: [(u32, Fault); 5] = [
    (2_003, Fault::Missed),
    (2_040, Fault::Late),
    (2_077, Fault::Duplicate),
    (2_123, Fault::Wrong),
    (2_300, Fault::Missed),
];

fn made(run: &Run) -> (tempfile::TempDir, Report) {
    let folder = tempfile::tempdir().unwrap();
    run.write(folder.path());
    let report = report::make(folder.path()).unwrap();
    (folder, report)
}

fn faulty() -> Run {
    Run { faults: FAULTS.to_vec(), ..Run::sound() }
}

#[test]
fn a_sound_run_passes_and_its_counts_add_up() {
    let (_folder, report) = made(&Run::sound());
    assert_eq!(report.exit(), Exit::Ok, "{:?}", report.verdict.reasons);
    let o = report.outcomes;
    assert_eq!((o.expected, o.answered), (412, 412));
    let fooled = |n: u32| {
        let stimulus = &Run::sound().tape.stimuli[n as usize];
        matches!(stimulus.cause, Cause::Nuisance(_)) && stimulus.signal.severity() >= Severity::Warning
    };
    let fooled = (Run::FIRST..Run::FIRST + Run::DRIVEN).filter(|n| fooled(*n)).count();
    assert_eq!(o.false_alarm, fooled);
    assert_eq!(report.outcomes_floor.answered, 412);
    assert_eq!(report.outcomes_by_class.values().map(|t| t.expected).sum::<usize>(), 412);
    assert_eq!(report.correlation.by_id, 412);
    assert!(report.latency_all_ms.response.p99 > report.floor_all_ms.response.p99);
    assert_eq!(report.scenario.attribution.as_deref(), Some("invented for tests"));
}

#[test]
fn each_planted_fault_is_counted_once_and_named() {
    let (_folder, report) = made(&faulty());
    assert_eq!(report.exit(), Exit::Verdict);
    let o = report.outcomes;
    assert_eq!((o.missed, o.late, o.duplicate, o.wrong, o.undecidable), (2, 1, 1, 1, 0));
    assert_eq!(o.answered + o.missed + o.late + o.duplicate + o.wrong + o.out_of_order, 412);
    let missed = report.verdict.reasons.iter().find(|r| r.contains("missed")).unwrap();
    for id in ["r1a2-2003", "r1a2-2300"] {
        assert!(missed.contains(id), "{missed}");
        assert!(report.failures.iter().any(|f| f.id == id && f.outcome == "missed"));
    }
}

#[test]
fn too_many_undecidable_answers_make_the_run_invalid() {
    let (_folder, report) = made(&Run { faults: vec![(2_010, Fault::Unsent)], ..Run::sound() });
    assert_eq!((report.exit(), report.harness.valid), (Exit::Harness, false));
    assert!(report.harness.reasons[0].contains("r1a2-2010"), "{:?}", report.harness.reasons);
}

#[test]
fn a_late_harness_is_told_apart_from_a_bad_gateway() {
    let (_folder, report) = made(&Run { lateness_us: 15_000, ..faulty() });
    assert_eq!((report.exit(), report.harness.valid), (Exit::Harness, false));
}

#[test]
fn the_worst_end_wins() {
    let exit = |notes: &[(&'static str, &'static str)]| {
        let run = Run { notes: notes.to_vec(), ended: false, ..faulty() };
        let (_folder, report) = made(&run);
        assert!(report.partial && !report.verdict.pass);
        report.exit()
    };
    assert_eq!(exit(&[("lost", "the connection was closed")]), Exit::Sut);
    assert_eq!(exit(&[("lost", "closed"), ("interrupted", "by Ctrl-C")]), Exit::Interrupted);
    assert_eq!(exit(&[("disk", "no space is left")]), Exit::Harness);
    assert_eq!(exit(&[]), Exit::Harness, "a journal without an end");
}

#[test]
fn a_journal_cut_in_the_middle_of_a_line_still_gives_a_report() {
    let folder = tempfile::tempdir().unwrap();
    Run::sound().write(folder.path());
    let journal = folder.path().join("journal.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    let half = text.len() * 3 / 4;
    fs::write(&journal, &text[..half]).unwrap();
    let report = report::make(folder.path()).unwrap();
    assert!(report.partial);
    let o = report.outcomes;
    assert!(o.answered > 0 && o.expected < 412, "{o:?}");
    assert!(report.notes.iter().all(|n| !n.text.contains("lines of the journal")), "{:?}", report.notes);
}

#[test]
fn a_run_that_failed_early_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    Run::sound().write(folder.path());
    for name in ["tape.bin", "plan.json", "site.geojson"] {
        fs::remove_file(folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("journal.jsonl"), "").unwrap();
    let report = report::make(folder.path()).unwrap();
    for what in ["tape.bin", "plan.json", "site.geojson"] {
        assert!(report.notes.iter().any(|n| n.text.contains(what)), "{what}: {:?}", report.notes);
    }
    assert!(report.partial && !report.verdict.pass);
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.contains("There is no tape of this run"));
}

#[test]
fn what_is_not_a_run_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &Path| report::make(path).unwrap_err();
    assert_eq!(refused(folder.path()).exit(), Exit::Input);
    assert!(refused(folder.path()).to_string().contains("holds no journal.jsonl"));
    assert!(refused(&folder.path().join("nowhere")).to_string().contains("there is no such folder"));
    fs::write(folder.path().join("journal.jsonl"), "hello\nworld\n").unwrap();
    assert_eq!(refused(folder.path()).exit(), Exit::Input);
}

#[test]
fn the_committed_schema_is_current_and_a_report_obeys_it() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/schema/report.schema.json");
    let current = report::schema().unwrap();
    assert!(
        fs::read_to_string(&committed).unwrap_or_default() == current,
        "assets/schema/report.schema.json is old: run `cargo run -- schema report > assets/schema/report.schema.json`"
    );
    let (folder, _) = made(&faulty());
    let schema: serde_json::Value = serde_json::from_str(&current).unwrap();
    let text = fs::read_to_string(folder.path().join("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&report).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let mut broken = report.clone();
    broken["outcomes"]["missed"] = "many".into();
    assert!(!validator.is_valid(&broken));
}

#[test]
fn the_names_that_others_rely_on_are_there() {
    let (folder, _) = made(&faulty());
    let text = fs::read_to_string(folder.path().join("report.json")).unwrap();
    assert!(text.len() < 5_000_000, "{} bytes", text.len());
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    for pointer in [
        "/format",
        "/partial",
        "/scenario/path",
        "/scenario/seed",
        "/tape/digest",
        "/tape/incidents",
        "/tape/stimuli",
        "/harness/valid",
        "/harness/lateness_ms/p99",
        "/outcomes/expected",
        "/outcomes/answered",
        "/outcomes/late",
        "/outcomes/missed",
        "/outcomes/duplicate",
        "/outcomes/wrong",
        "/outcomes/out_of_order",
        "/outcomes/undecidable",
        "/outcomes/spurious",
        "/outcomes/false_alarm",
        "/latency_ms/beam/lateness/count",
        "/latency_ms/beam/service/p50",
        "/latency_ms/beam/response/p99",
        "/latency_ms/camera/response/max",
        "/coverage/2014/1.6/detect/share",
        "/coverage/2025/0.3/outline/area_m2",
        "/gaps/0/area_m2",
        "/gaps/0/reason",
        "/gaps/0/polygon",
        "/incidents/0/id",
        "/incidents/0/kind",
        "/incidents/0/began_ms",
        "/incidents/0/detected",
        "/incidents/0/latency_ms",
        "/verdict/pass",
        "/verdict/reasons/0",
    ] {
        assert!(report.pointer(pointer).is_some(), "{pointer}");
    }
}

#[test]
fn incidents_tell_their_latency_or_why_there_is_none() {
    let (_folder, report) = made(&faulty());
    let driven = report.incidents.iter().filter(|i| i.latency_ms.is_some()).count();
    assert!(driven > 150, "{driven}");
    for i in &report.incidents {
        assert_eq!(i.latency_ms.is_none(), i.why_no_latency.is_some(), "{i:?}");
    }
    let counted: usize = report.incidents_by_kind.values().map(|k| k.count).sum();
    assert_eq!(counted, report.tape.incidents);
}

#[test]
fn junit_has_a_suite_a_class_and_its_failures() {
    let (folder, report) = made(&faulty());
    let text = fs::read_to_string(folder.path().join("junit.xml")).unwrap();
    let mut reader = quick_xml::Reader::from_str(&text);
    let (mut suites, mut cases, mut failures) = (Vec::new(), 0, 0);
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Start(e) | quick_xml::events::Event::Empty(e) => {
                match e.name().as_ref() {
                    "testsuite" => {
                        let name = e.try_get_attribute("name").unwrap().unwrap();
                        suites.push(name.value.into_owned());
                    }
                    "testcase" => cases += 1,
                    "failure" => failures += 1,
                    _ => {}
                }
            }
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
    }
    assert!(suites.iter().any(|s| s == "run") && suites.iter().any(|s| s == "beam"), "{suites:?}");
    let driven = report.devices.iter().filter(|d| d.outcomes.expected > 0).count();
    // Whole, harness, verdict.
    assert_eq!(cases, driven + report.verdict.checks.len() + 3);
    let bad_devices = report.devices.iter().filter(|d| d.outcomes.expected > d.outcomes.answered).count();
    let bad_checks = report.verdict.checks.iter().filter(|c| !c.pass).count();
    assert_eq!(failures, bad_devices + bad_checks + 1);
    assert!(text.contains("r1a2-2003"));
}

#[test]
fn tables_have_a_row_a_message() {
    let (folder, report) = made(&faulty());
    let rows = |name: &str| {
        csv::Reader::from_path(folder.path().join("tables").join(name)).unwrap().into_records().count()
    };
    assert_eq!(rows("messages.csv"), 2 * 412);
    assert_eq!(rows("incidents.csv"), report.incidents.len());
    assert_eq!(rows("devices.csv"), report.devices.len());
}

#[test]
fn histogram_logs_lie_beside_the_report() {
    let (folder, _) = made(&Run::sound());
    for name in ["response.hlog", "floor-lateness.hlog", "histograms/beam.service.hlog"] {
        let text = fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(text.contains("values in microseconds") && text.contains("HIST"), "{name}: {text}");
    }
}

#[test]
fn the_page_asks_for_nothing_from_the_network_and_is_small() {
    let (folder, _) = made(&faulty());
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.len() < 500_000, "{} bytes", page.len());
    for asks in ["src=\"http", "href=\"http", "url(http", "src=\"//", "href=\"//", "@import", "fetch("] {
        assert!(!page.contains(asks), "{asks}");
    }
    assert!(page.contains("lang=\"en\"") && page.contains("name=\"viewport\""));
    assert!(page.contains("&lt;through&gt;") && !page.contains("<through>"), "text is made harmless");
    assert!(page.contains("font-family:\"Palisade Han\";src:url(data:font/ttf;base64,"));
    assert!(page.contains("翠苑") && page.contains("r1a2-2003"));
}

#[test]
fn a_page_with_very_many_rows_stays_small_and_says_so() {
    let mut run = faulty();
    run.faults = (Run::FIRST..Run::FIRST + Run::DRIVEN).map(|n| (n, Fault::Wrong)).collect();
    for (i, incident) in run.tape.incidents.iter_mut().enumerate() {
        incident.outcome = format!("{i} {}", "seen by many, told by few; ".repeat(20));
    }
    let (folder, report) = made(&run);
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.len() < 500_000, "{} bytes", page.len());
    assert_eq!(report.failures.len(), 412);
    assert!(page.contains("more in <code>tables/messages.csv</code>"));
}

#[test]
fn the_summary_says_the_verdict_first_and_the_next_command_last() {
    for (name, run) in [("sound", Run::sound()), ("faulty", faulty())] {
        let (folder, mut report) = made(&run);
        assert!(folder.path().exists());
        report.run.folder = "results/cuiyuan-1".into();
        let text = render_with(&report, Paint::Plain);
        let wide =
            |line: &str| line.chars().map(|c| if u32::from(c) >= 0x1100 { 2 } else { 1 }).sum::<usize>();
        // A command is not broken, so that it can be copied.
        for line in text.lines().filter(|l| !l.starts_with("  next")) {
            assert!(wide(line) <= 100, "{line}");
        }
        insta::assert_snapshot!(format!("summary_{name}"), text);
    }
}

#[test]
fn making_a_report_twice_gives_the_same_files() {
    let (folder, _) = made(&faulty());
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    let names = ["report.json", "report.html", "junit.xml", "response.hlog", "tables/messages.csv"];
    let before: Vec<Vec<u8>> = names.iter().map(|n| read(n)).collect();
    report::make(folder.path()).unwrap();
    for (name, before) in names.iter().zip(before) {
        assert!(read(name) == before, "{name} differs");
    }
}

#[test]
fn the_plan_shows_the_shipped_site() {
    let (folder, report) = made(&Run::shipped("tiny"));
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(report.notes.is_empty(), "{:?}", report.notes);
    for class in ["building", "wall", "gate", "trees", "beam r", "view r", "raster h", "north"] {
        assert!(page.contains(&format!("class=\"{class}")), "{class}");
    }
    for beam in ["beam-north", "beam-west"] {
        assert!(page.contains(beam), "{beam}");
    }
}

/// The journal rewritten line by line.
fn edit_journal(folder: &Path, keep: impl FnMut(&str) -> Option<String>) {
    let journal = folder.join("journal.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    let lines: Vec<String> = text.lines().filter_map(keep).map(|l| l + "\n").collect();
    fs::write(journal, lines.concat()).unwrap();
}

#[test]
fn a_cut_run_says_what_was_driven_and_is_never_green() {
    let folder = tempfile::tempdir().unwrap();
    Run { ended: false, notes: vec![("interrupted", "somebody stopped the run")], ..Run::sound() }
        .write(folder.path());
    // All that is owed is in the journal; what was driven ends in the middle of the second window.
    edit_journal(folder.path(), |line| {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        let at = |what: &str, when: &str| entry[what][when].as_i64().filter(|at| *at > 80_000_000);
        let late = at("left", "left_us").or(at("observed", "received_us"));
        late.is_none().then(|| line.replace("\"at_us\":101000000", "\"at_us\":84000000"))
    });
    let report = report::make(folder.path()).unwrap();
    let driven = report.run.driven;
    assert!(report.partial && driven > 200 && driven < 412 && report.outcomes.expected == 412);
    assert_eq!((report.outcomes.answered, report.outcomes.missed), (driven, 0));
    let told = format!("{driven} of 412 messages were driven before the run was cut; all {driven} came");
    let text = render_with(&report, Paint::Plain);
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.starts_with("CUT") && flat.contains(&told), "{text}");
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.contains(&told) && !page.contains("passed on all") && !page.contains("class=\"top good\""));
}

#[test]
fn a_lost_connection_is_told_and_does_not_spoil_the_harness() {
    let device = Run::sound().tape.stimuli[2_010].device;
    let run =
        Run { links: vec![(device.0, 51_500_000, false), (device.0, 53_000_000, true)], ..Run::sound() };
    let (folder, report) = made(&Run { faults: vec![(2_010, Fault::Unsent)], ..run });
    assert_eq!((report.connections.lost, report.connections.never_back), (1, 0));
    assert!(report.harness.valid, "{:?}", report.harness.reasons);
    assert_eq!((report.outcomes.missed, report.outcomes.undecidable), (1, 0));
    assert!(
        report.connections.told.contains("51.5 s after the start, down for 1.5 s"),
        "{}",
        report.connections.told
    );
    assert!(render_with(&report, Paint::Plain).contains("connections lost: 1"));
    assert!(fs::read_to_string(folder.path().join("report.html")).unwrap().contains("connections lost: 1"));
}

#[test]
fn the_tape_of_another_run_is_not_shown() {
    let mut other_seed = Run::sound();
    other_seed.tape.seed = 7;
    let other_scenario = Run { foreign: true, ..Run::shipped("tiny") };
    for run in [other_seed, other_scenario] {
        let (_folder, report) = made(&run);
        assert!(report.notes.iter().any(|n| n.text.contains("belongs to another run")), "{:?}", report.notes);
        assert_eq!((report.tape.stimuli, report.incidents.len()), (0, 0));
    }
}

#[test]
fn a_gateway_that_was_never_reached_is_said_to_be_so() {
    let folder = tempfile::tempdir().unwrap();
    Run { ended: false, notes: vec![("lost", "nobody listens")], ..Run::sound() }.write(folder.path());
    edit_journal(folder.path(), |line| {
        let main = line.contains("\"part\":\"main\"")
            && !line.starts_with("{\"start\"")
            && !line.starts_with("{\"expected\"");
        let floor = line.contains("\"part\":\"floor\"");
        (!main && !floor).then(|| line.to_owned())
    });
    let report = report::make(folder.path()).unwrap();
    assert_eq!(report.verdict.reasons[0], "the gateway was not reached: nobody listens");
    let text = render_with(&report, Paint::Plain);
    assert!(text.contains("lateness not measured") && !text.contains("kept its schedule"), "{text}");
}

#[test]
fn the_next_command_repeats_the_options() {
    let folder = tempfile::tempdir().unwrap();
    faulty().write(folder.path());
    edit_journal(folder.path(), |line| {
        Some(line.replace("\"sut\":\"builtin\"", "\"sut\":\"mqtt://127.0.0.1:1883\""))
    });
    let command = report::make(folder.path()).unwrap().run.command;
    let again = "palisade run scenarios/cuiyuan.toml --seed 1 --sut mqtt://127.0.0.1:1883 --defect drop=0.05";
    assert_eq!(command, again);
    let typed = "\"options\":[\"--windows=08:00+21s\",\"--no-floor\"]";
    edit_journal(folder.path(), |line| Some(line.replace("\"options\":[]", typed)));
    let command = report::make(folder.path()).unwrap().run.command;
    assert_eq!(command, format!("{again} --windows=08:00+21s --no-floor"));
}

#[test]
fn a_site_without_a_source_is_drawn_and_the_gravest_incidents_come_first() {
    let (_folder, report) = made(&Run::sound());
    assert_eq!(report.provenance["site"], "imported");
    let mut run = Run::sound();
    run.texts[1] = run.texts[1].replace("\"attribution\":\"invented for tests\",", "");
    let (folder, report) = made(&run);
    assert_eq!(report.provenance["site"], "assumed");
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.contains("site drawn (assumed)"));
    let last = |gravity: &str| page.rfind(&format!("row g-{gravity}")).unwrap();
    let first = |gravity: &str| page.find(&format!("row g-{gravity}")).unwrap();
    assert!(last("grave") < first("notable") && last("notable") < first("routine"));
}
