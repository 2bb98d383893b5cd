//! What `explain` tells of runs that failed by something else than a message, or of which not all can be read; and what
//! `shrink` takes of them.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;

use palisade::report::explain::{Explanation, explain};
use palisade::report::failing::{Target, failing};
use serde_json::{Value, json};

use crate::run_folder::{Fault, Run};

/// The main part's entry of a kind about a message.
fn entry(run: &Path, kind: &str, stimulus: u32) -> Value {
    let journal = fs::read_to_string(run.join("journal.jsonl")).unwrap();
    let mut lines = journal.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of = |line: &Value| line[kind]["stimulus"] == stimulus && line[kind]["part"] == "main";
    lines.find(of).unwrap()[kind].clone()
}

fn add(run: &Path, entries: &[Value]) {
    let file = run.join("journal.jsonl");
    let lines: String = entries.iter().map(|entry| format!("{entry}\n")).collect();
    fs::write(&file, fs::read_to_string(&file).unwrap() + &lines).unwrap();
}

fn written(run: &Run) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    run.write(folder.path());
    folder
}

fn stage<'a>(story: &'a Explanation, stage: &str) -> Vec<&'a str> {
    story.steps.iter().filter(|step| step.stage == stage).map(|step| step.text.as_str()).collect()
}

fn has_shrink(story: &Explanation, what: &str) -> bool {
    story.next.iter().any(|next| next.starts_with("palisade shrink") && next.contains(&format!(" {what} ")))
}

#[test]
fn what_answers_nothing_is_explained_by_its_id_and_without_a_word() {
    let folder = written(&Run::sound());
    let at = entry(folder.path(), "left", 2_010)["left_us"].as_i64().unwrap();
    let device = Run::sound().tape.devices[2_010 * 7 % Run::sound().tape.devices.len()].id.to_string();
    let seen = json!({"observed": {
        "received_us": at + 1_000, "part": "main", "topic": "site/cuiyuan/alarm", "device": device, "signal": "water_on",
        "severity": "alarm", "correlation": "r1a2-9", "payload": "{\"water\":1}", "retained": false
    }});
    add(folder.path(), &[seen]);
    let story = explain(folder.path(), None).unwrap();
    assert_eq!((story.id.as_str(), story.outcome.as_str()), ("r1a2-9", "spurious"));
    assert_eq!(explain(folder.path(), Some("r1a2-9")).unwrap(), story);
    assert!(stage(&story, "incident")[0].contains("which was not driven"), "{story:#?}");
    assert!(
        stage(&story, "device")[0].contains("r1a2-2010, left 1.0 ms before and is answered"),
        "{story:#?}"
    );
    let said = story.steps.iter().find(|step| step.stage == "gateway").unwrap();
    assert_eq!(said.bytes.as_deref(), Some("{\"water\":1}"));
    assert!(has_shrink(&story, "spurious"), "{:?}", story.next);
    for asked in [None, Some("r1a2-9"), Some("spurious")] {
        let target = failing(folder.path(), asked).unwrap().target;
        assert_eq!(target, Target::Threshold("spurious".into()), "{asked:?}");
    }
}

#[test]
fn a_threshold_that_fails_leads_to_the_message_that_it_names() {
    let thresholds = "\"response.p99\" = \"< 20ms\"\n";
    let folder = written(&Run { thresholds, ..Run::sound() });
    let story = explain(folder.path(), None).unwrap();
    let slowest = "the slowest was ";
    let report = palisade::report::make(folder.path()).unwrap();
    let reason = report.verdict.reasons.iter().find(|reason| reason.contains(slowest)).unwrap();
    assert!(reason.contains(&story.name) && story.outcome == "answered", "{reason}: {story:#?}");
    assert!(!story.next.iter().any(|next| next.starts_with("palisade shrink")), "{:?}", story.next);
}

#[test]
fn what_was_not_measured_cannot_be_shrunk() {
    let thresholds = "\"upstream.missed\" = \"== 0\"\n";
    let folder = written(&Run { thresholds, ..Run::sound() });
    for asked in [None, Some("upstream.missed")] {
        let said = failing(folder.path(), asked).unwrap_err().to_string();
        assert!(
            said.contains("upstream.missed must be == 0 and") && said.contains("cannot be shrunk"),
            "{said}"
        );
    }
    let said = explain(folder.path(), None).unwrap_err().to_string();
    assert!(said.contains("what did fail names none: upstream.missed must be == 0"), "{said}");
    let said = failing(written(&Run::sound()).path(), None).unwrap_err().to_string();
    assert!(said.contains("there is nothing to shrink"), "{said}");
}

#[test]
fn what_nobody_can_judge_is_not_shrunk_and_told_after_what_failed() {
    let folder = written(&Run { faults: vec![(2_003, Fault::Unsent), (2_005, Fault::Late)], ..Run::sound() });
    let story = explain(folder.path(), None).unwrap();
    assert_eq!((story.id.as_str(), has_shrink(&story, "r1a2-2005")), ("r1a2-2005", true));
    let open = explain(folder.path(), Some("r1a2-2003")).unwrap();
    assert_eq!(open.outcome, "undecidable");
    assert!(!open.next.iter().any(|next| next.starts_with("palisade shrink")), "{:?}", open.next);
    assert!(matches!(failing(folder.path(), None).unwrap().target, Target::Message { .. }));
    let said = failing(folder.path(), Some("r1a2-2003")).unwrap_err().to_string();
    assert!(said.contains("nobody knows what became of"), "{said}");
}

#[test]
fn what_the_city_platform_missed_is_in_the_headline_and_shrunk_by_its_figure() {
    let folder = written(&Run::sound());
    let severity = entry(folder.path(), "expected", 2_003)["severity"].clone();
    let city = json!({"city": {
        "part": "main", "severity": [severity], "deadline_us": 5_000_000, "defects": ""
    }});
    add(folder.path(), &[city]);
    let story = explain(folder.path(), Some("r1a2-2003")).unwrap();
    assert_eq!((story.outcome.as_str(), story.upstream.as_deref()), ("answered", Some("missed")));
    let text = story.text();
    assert!(
        text.lines().next().unwrap().ends_with(": answered, missed on the way to the city platform"),
        "{text}"
    );
    assert!(has_shrink(&story, "upstream.missed") && !has_shrink(&story, "r1a2-2003"), "{:?}", story.next);
    let said = failing(folder.path(), Some("r1a2-2003")).unwrap_err().to_string();
    assert!(said.contains("remedy: name upstream.missed"), "{said}");
}

#[test]
fn without_a_tape_nothing_is_invented_and_what_is_missing_is_said() {
    let folder = written(&Run { faults: vec![(2_003, Fault::Missed)], ..Run::sound() });
    fs::write(folder.path().join("tape.bin"), "no tape").unwrap();
    add(folder.path(), &[json!("no entry")]);
    let story = explain(folder.path(), None).unwrap();
    assert_eq!(story.name, "r1a2-2003");
    let unread = stage(&story, "unread");
    assert!(
        unread[0].contains("the tape is left out") && unread[1].contains("1 lines of the journal"),
        "{unread:?}"
    );
    let text = story.text();
    assert!(!text.contains("00:00:00") && !text.contains("because of"), "{text}");
}

#[test]
fn faults_of_slaves_are_told_of_a_device_on_a_serial_line() {
    let folder = written(&Run { faults: vec![(2_003, Fault::Missed)], ..Run::sound() });
    let file = folder.path().join("journal.jsonl");
    let mut left = entry(folder.path(), "left", 2_003);
    let old = left.clone();
    let device = entry(folder.path(), "expected", 2_003)["device"].clone();
    left["qos"] = Value::Null;
    left["topic"] = "line-1/unit 1/input 4".into();
    left["payload"] = "on".into();
    let journal = fs::read_to_string(&file).unwrap();
    let lines = journal.lines().map(|line| {
        let known: Value = serde_json::from_str(line).unwrap();
        if known["left"] == old { json!({ "left": left }).to_string() + "\n" } else { format!("{line}\n") }
    });
    fs::write(&file, lines.collect::<String>()).unwrap();
    let line = json!({"line": {
        "at_us": 1, "part": "main", "line": "line-1", "rate": "9600 8E1", "polls": 15, "answers": 15, "exceptions": 0,
        "broken": 0, "strangers": 0, "broadcasts": 0, "unsent": 0, "faults": {"crc": 4, "silent": 7}, "units": [],
        "places": [{"device": device, "unit": 1, "input": 4}]
    }});
    add(folder.path(), &[line]);
    let story = explain(folder.path(), None).unwrap();
    let wire = story.steps.iter().find(|step| step.stage == "wire").unwrap();
    assert_eq!(
        (wire.text.as_str(), &wire.bytes),
        ("line-1/unit 1/input 4 was switched on; a poll reads it", &None)
    );
    let told = "faults of slaves befell 11 of 15 answers of line-1 in the whole run (crc 4, silent 7)";
    assert!(stage(&story, "fault").iter().any(|text| text.starts_with(told)), "{story:#?}");
    // Its serial line stands in no contract.
    assert!(!has_shrink(&story, "r1a2-2003"), "{:?}", story.next);
}
