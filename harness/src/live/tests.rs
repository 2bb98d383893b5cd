#![allow(clippy::unwrap_used, reason = "tests")]
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::follow::Follower;
use super::metrics::Endpoint;
use super::screen::{draw, line};
use super::*;

/// A run with a floor of one message and a main part of four: one answered after 3 ms, one late, one still in time,
/// one overdue, and an answer without an id.
fn journal() -> String {
    let expected = |stimulus, part: &str, intended_us: i64| {
        format!(
            r#"{{"expected":{{"stimulus":{stimulus},"device":0,"part":"{part}","intended_us":{intended_us},"severity":"alarm","deadline_us":500000}}}}"#
        )
    };
    let left = |stimulus, part: &str, left_us: i64| {
        format!(
            r#"{{"left":{{"stimulus":{stimulus},"part":"{part}","left_us":{left_us},"topic":"t","payload":""}}}}"#
        )
    };
    let seen = |id: &str, part: &str, received_us: i64| {
        format!(
            r#"{{"observed":{{"received_us":{received_us},"part":"{part}","topic":"t","device":"d","signal":"s","severity":null,"correlation":{id},"payload":"","retained":false}}}}"#
        )
    };
    let window = |part: &str, began_us: i64| {
        format!(
            r#"{{"window":{{"index":0,"from":27000000,"lasting":60000,"began_us":{began_us},"part":"{part}"}}}}"#
        )
    };
    let start = r#"{"start":{"format":1,"run":"r","scenario":"a.toml","seed":7,"sut":"builtin","defects":"","wall_clock":"2026-11-28T00:00:00Z","part":"main"}}"#;
    [
        start.to_owned(),
        expected(9, "floor", 500_000),
        window("floor", 400_000),
        left(9, "floor", 500_100),
        seen(r#""r-9""#, "floor", 500_400),
        expected(1, "main", 2_000_000),
        expected(2, "main", 2_100_000),
        expected(3, "main", 2_200_000),
        expected(4, "main", 3_000_000),
        expected(5, "main", 9_000_000),
        window("main", 2_000_000),
        left(1, "main", 2_000_200),
        seen(r#""r-1""#, "main", 2_003_000),
        left(2, "main", 2_100_100),
        left(3, "main", 2_200_100),
        r#"{"link":{"at_us":2500000,"part":"main","device":3,"up":false}}"#.to_owned(),
        seen(r#""r-2""#, "main", 2_900_000),
        left(4, "main", 3_000_050),
        r#"{"note":{"at_us":3000000,"kind":"connection","text":"a remark"}}"#.to_owned(),
        seen("null", "main", 3_100_000),
    ]
    .join("\n")
        + "\n"
}

fn live() -> Live {
    let mut live = Live::default();
    for line in journal().lines() {
        live.take(serde_json::from_str(line).unwrap());
    }
    live
}

#[test]
fn a_run_is_followed_and_the_floor_left_behind() {
    let live = live();
    assert_eq!(live.part(), "main");
    assert_eq!((live.left, live.answers, live.strangers), (4, 3, 1));
    assert_eq!((live.in_time, live.late, live.expected()), (1, 1, 5));
    assert_eq!(live.open(live.at_us), Open { waiting: 1, overdue: 1, to_come: 1 });
    assert_eq!((live.lateness.max_ms(), live.response.max_ms()), (Some(0.2), Some(800.0)));
    assert_eq!(live.down.len(), 1);
    let seconds: Vec<Second> = live.seconds.iter().copied().collect();
    assert_eq!(
        seconds,
        [Second { second: 2, left: 3, answers: 2 }, Second { second: 3, left: 1, answers: 1 }]
    );
}

#[test]
fn an_answer_counts_once_and_an_end_ends() {
    let mut live = live();
    let again = journal().lines().nth(12).unwrap().to_owned();
    assert_eq!(live.take(serde_json::from_str(&again).unwrap()), None);
    assert_eq!((live.answers, live.in_time, live.again), (4, 1, 1));
    live.take(serde_json::from_str(r#"{"end":{"at_us":4000000}}"#).unwrap());
    assert!(live.ended && live.at_us == 4_000_000);
}

#[test]
fn a_line_that_is_half_written_is_read_when_it_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.jsonl");
    let text = journal();
    let (one, other) = text.split_at(text.len() / 2);
    std::fs::write(&path, one).unwrap();
    let mut follower = Follower::open(dir.path()).unwrap();
    let (mut live, mut timed) = (Live::default(), 0);
    follower.catch_up(&mut live, &mut |_, _| timed += 1).unwrap();
    let before = live.left;
    std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(other.as_bytes()).unwrap();
    follower.catch_up(&mut live, &mut |_, _| timed += 1).unwrap();
    assert!(before < live.left, "{before} {}", live.left);
    // Five that left and three answers that were found, the floor's among them.
    assert_eq!(timed, 8);
    assert_eq!(line(&live), line(&self::live()));
}

/// What a terminal of this size shows.
fn drawn(live: &Live, (width, height): (u16, u16), silent: Duration) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, live, (Path::new("results/a"), silent))).unwrap();
    terminal.backend().to_string()
}

#[test]
fn the_screen_shows_the_figures() {
    insta::assert_snapshot!(drawn(&live(), (100, 30), Duration::ZERO));
}

/// What the copies beside it tell, a second apart.
fn pulses() -> String {
    let pulse = |at_us: i64, left, answers| {
        format!(
            r#"{{"pulse":{{"at_us":{at_us},"connected":86,"left":{left},"acknowledged":{left},"answers":{answers},"pickup_us":120}}}}"#
        )
    };
    [
        pulse(1_000_000, 0, 0),
        pulse(2_000_000, 900, 880),
        pulse(3_000_000, 1_700, 1_700),
        pulse(3_005_000, 1_720, 1_720),
    ]
    .join("\n")
        + "\n"
}

#[test]
fn the_copies_are_counted_each_second() {
    let mut live = live();
    assert!(live.load().is_empty());
    for line in pulses().lines() {
        live.take(serde_json::from_str(line).unwrap());
    }
    assert_eq!(live.load(), [(900, 880), (800, 820)]);
    assert_eq!((live.left, live.answers), (4, 3), "the compound's own are counted apart");
    assert!(line(&live).ends_with("; copies: 86 lines, 1720 sent, 1720 answers"), "{}", line(&live));
    insta::assert_snapshot!(drawn(&live, (100, 30), Duration::ZERO));
}

#[test]
fn a_small_terminal_shows_what_is_asked_of_it() {
    let mut live = live();
    for line in pulses().lines() {
        live.take(serde_json::from_str(line).unwrap());
    }
    for size in [(80, 24), (60, 20)] {
        let text = drawn(&live, size, Duration::ZERO);
        for what in
            ["sent: 800/s", "open alarms", "overdue", "0.10 / 0.20 / 0.20", "3.00 / 800 / 800", " 2000 ms"]
        {
            assert!(text.contains(what), "{what} is missing at {size:?}:\n{text}");
        }
    }
    for height in 8..60 {
        let text = drawn(&live, (80, height), Duration::ZERO);
        for what in ["lateness", "response  ", "> ", "q leaves"] {
            assert!(text.contains(what), "{what} is missing at {height} lines:\n{text}");
        }
    }
}

#[test]
fn a_run_that_writes_nothing_any_more_is_told() {
    let told = "nothing was written for 75 s, and the run has no end: it was cut; q leaves";
    let silent = Duration::from_secs(75);
    let mut live = live();
    assert!(drawn(&live, (100, 30), silent).contains(told));
    assert!(drawn(&live, (100, 30), Duration::from_secs(59)).contains("the run goes on"));
    live.take(serde_json::from_str(r#"{"end":{"at_us":4000000}}"#).unwrap());
    assert!(drawn(&live, (100, 30), silent).contains("the run has ended; q leaves"));
}

#[test]
fn a_journal_tells_how_long_nothing_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.jsonl");
    std::fs::write(&path, journal()).unwrap();
    let before = std::time::SystemTime::now() - Duration::from_secs(90);
    std::fs::File::options().append(true).open(&path).unwrap().set_modified(before).unwrap();
    assert!(Follower::open(dir.path()).unwrap().silent().unwrap() >= Duration::from_secs(90));
}

#[test]
fn metrics_are_read_over_http() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("journal.jsonl"), journal() + &pulses()).unwrap();
    let folder = Arc::new(OnceLock::from(dir.path().to_owned()));
    let endpoint = Endpoint::open(([127, 0, 0, 1], 0).into(), folder).unwrap();
    let ask = |path: &str| {
        let mut stream = TcpStream::connect(endpoint.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    };
    let text = ask("/metrics");
    assert!(text.contains("application/openmetrics-text; version=1.0.0"), "{text}");
    for line in [
        "palisade_messages_total 4",
        "palisade_answers_total 3",
        "palisade_answers_again_total 0",
        "palisade_answers_unnamed_total 1",
        "palisade_faults_total 0",
        "palisade_alarms_open 1",
        "palisade_alarms_overdue 1",
        "palisade_devices_down 1",
        "palisade_load_connections 86",
        "palisade_load_messages_total 1720",
        "palisade_load_answers_total 1720",
        "palisade_load_pickup_p99_seconds 0.00012",
        r#"palisade_response_seconds_bucket{le="0.005"} 1"#,
        "palisade_response_seconds_count 2",
        "palisade_lateness_seconds_count 4",
        "# EOF",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} is missing in\n{text}");
    }
    assert!(text.contains("palisade_run_info{run=\"r\","), "{text}");
    assert!(ask("/").starts_with("HTTP/1.1 404"));
}
