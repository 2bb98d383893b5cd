//! The rows and sentences of the page: figures turned into text, nothing judged.

use std::collections::BTreeMap;

use palisade_sim::contract::Gravity;
use palisade_sim::words::Ms;
use serde::Serialize;

use super::{chart, plan};
use crate::exit::Exit;
use crate::pairing::Outcome;
use crate::report::Report;
use crate::report::assemble::Assembled;
use crate::report::incidents::word;
use crate::report::model::{IncidentPart, SaidPart, Spread, Tally};
use crate::report::terminal::{by_density, ms};
use crate::report::told;

/// How many rows are told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    incidents: usize,
    said: usize,
    failures: usize,
    devices: usize,
    gaps: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { incidents: 240, said: 16, failures: 250, devices: 800, gaps: 60 }
    }
}

impl Limits {
    pub(super) fn halved(self) -> Limits {
        Limits {
            incidents: self.incidents / 2,
            said: self.said.div_ceil(2),
            failures: self.failures / 2,
            devices: self.devices / 2,
            gaps: self.gaps / 2,
        }
    }

    pub(super) fn is_least(self) -> bool {
        self.incidents < 8
    }
}

#[derive(Serialize)]
pub(super) struct View {
    word: &'static str,
    tone: &'static str,
    lead: String,
    reasons: Vec<String>,
    tiles: Vec<Tile>,
    bar: Vec<Slice>,
    classes: Vec<ClassRow>,
    spreads: Vec<SpreadRow>,
    coverage: Vec<CoverageRow>,
    gaps: Vec<GapRow>,
    gaps_left: usize,
    gaps_told: String,
    heights: Vec<Height>,
    steps: Vec<(String, &'static str)>,
    densities: Vec<(String, String)>,
    incidents: Vec<IncidentRow>,
    incidents_left: usize,
    failures: Vec<FailureRow>,
    failures_left: usize,
    devices: Vec<DeviceRow>,
    devices_left: usize,
    windows: Vec<String>,
    origins: String,
}

#[derive(Serialize)]
struct Tile {
    figure: String,
    what: String,
    how: &'static str,
    tone: &'static str,
}

#[derive(Serialize)]
struct Slice {
    outcome: &'static str,
    name: String,
    count: usize,
    percent: f64,
}

#[derive(Serialize)]
struct ClassRow {
    class: String,
    han: &'static str,
    tally: Tally,
    good: bool,
    p50: String,
    p90: String,
    p99: String,
    max: String,
    floor: String,
    spark: String,
}

#[derive(Serialize)]
struct SpreadRow {
    name: &'static str,
    curve: &'static str,
    what: &'static str,
    count: u64,
    p50: String,
    p90: String,
    p99: String,
    p999: String,
    max: String,
}

#[derive(Serialize)]
struct CoverageRow {
    edition: String,
    height: String,
    shares: Vec<(String, String, String)>,
}

#[derive(Serialize)]
struct GapRow {
    area: String,
    height: f64,
    reason: String,
    at: String,
}

#[derive(Serialize)]
struct Height {
    class: String,
    text: String,
    first: bool,
}

#[derive(Serialize)]
struct IncidentRow {
    id: u32,
    at: String,
    kind: String,
    gravity: String,
    actor: String,
    outcome: String,
    noticed: String,
    latency: String,
    messages: usize,
    said: Vec<SaidRow>,
    unsaid: usize,
}

#[derive(Serialize)]
struct SaidRow {
    at: String,
    device: String,
    signal: String,
    severity: String,
    outcome: &'static str,
    gateway: String,
}

#[derive(Serialize)]
struct FailureRow {
    outcome: String,
    tone: String,
    device: String,
    signal: String,
    at: String,
    id: String,
    text: String,
}

#[derive(Serialize)]
struct DeviceRow {
    id: String,
    class: String,
    tone: &'static str,
    stimuli: usize,
    tally: Tally,
    p50: String,
    max: String,
}

/// The English and the Chinese name of a device class.
fn class_name(class: &str) -> (String, &'static str) {
    let han = match class {
        "gate_post" => "门卫岗",
        "barrier" => "车场道闸",
        "outer_post" => "外围巡逻岗",
        "checkpoint" => "电子巡更",
        "fire_station" => "微型消防站",
        "charger" => "电动车集中充电",
        "intercom" => "楼寓对讲",
        "beam" => "主动红外对射",
        "camera" => "视频监控",
        "facade_camera" => "高空抛物监控",
        "smoke_detector" => "感烟探测器",
        "heat_detector" => "感温探测器",
        "guard_radio" => "保安对讲机",
        "duty_room" => "值班室",
        _ => "",
    };
    (spaced(class), han)
}

fn spaced(word: &str) -> String {
    word.replace('_', " ")
}

impl View {
    pub(super) fn of(report: &Report, assembled: &Assembled, limits: Limits) -> View {
        let (word, tone) = match report.exit() {
            Exit::Ok => ("Pass", "good"),
            Exit::Interrupted => ("Interrupted", "open"),
            Exit::Sut if !report.sut.reached => ("Gateway not reached", "bad"),
            Exit::Sut => ("Gateway lost", "bad"),
            Exit::Harness if report.harness.valid => ("Cut", "open"),
            Exit::Harness => ("Not valid", "open"),
            _ => ("Fail", "bad"),
        };
        let incidents = incident_rows(report, limits);
        let failures: Vec<FailureRow> = failure_rows(report, limits);
        let devices: Vec<DeviceRow> = device_rows(report, limits);
        let gaps = gap_rows(report, limits);
        View {
            word,
            tone,
            lead: lead(report),
            reasons: told::reasons(report).into_iter().cloned().collect(),
            tiles: tiles(report),
            bar: bar(&report.outcomes),
            classes: class_rows(report, assembled),
            spreads: spread_rows(report),
            coverage: coverage_rows(report),
            gaps_left: report.gaps.len() - gaps.len(),
            gaps,
            gaps_told: told::gaps(&report.gaps),
            heights: heights(report),
            steps: plan::steps(),
            densities: plan::densities(),
            incidents_left: report.incidents.len() - incidents.len(),
            incidents,
            failures_left: (report.outcomes.expected - report.outcomes.answered)
                .saturating_sub(failures.len()),
            failures,
            devices_left: report.devices.len() - devices.len(),
            devices,
            windows: windows(report),
            origins: origins(report),
        }
    }
}

fn lead(report: &Report) -> String {
    let o = &report.outcomes;
    let gateway = if report.sut.address == "builtin" { "The built-in gateway" } else { "The gateway" };
    let reasons = report.verdict.reasons.len();
    let answers = match (o.expected, o.failed()) {
        _ if told::driven(report).is_some() => told::capital(&told::driven(report).unwrap_or_default()) + ".",
        (0, _) => "No answer was expected of the gateway.".to_owned(),
        (n, 0) => format!("{gateway} passed on all {n} messages: once, in time, in order."),
        (n, bad) => format!("{gateway} owed {n} answers; {bad} did not come as they should."),
    };
    match (report.verdict.pass, reasons) {
        _ if !report.harness.valid => format!("{answers} The harness cannot be trusted:"),
        (true, _) => {
            let hold = told::hold(&report.verdict.checks);
            let unsure = told::not_assessed(&report.verdict).into_iter().map(|text| format!(" But {text}."));
            format!("{answers} {}.{}", told::capital(&hold), unsure.collect::<String>())
        }
        (false, 1) => format!("{answers} One reason against it:"),
        (false, n) => format!("{answers} {n} reasons against it:"),
    }
}

fn tiles(report: &Report) -> Vec<Tile> {
    let o = &report.outcomes;
    let tile = |figure: String, what: String, how, tone| Tile { figure, what, how, tone };
    let tone = |bad: bool| if bad { "bad" } else { "" };
    let response = &report.latency_all_ms.response;
    let lateness = &report.harness;
    let proxy = report.faults.proxy_lateness_p99_ms;
    let proxy = proxy.map_or_else(String::new, |p99| format!(", its fault proxy's {} ms", ms(Some(p99))));
    let mut tiles = vec![
        tile(
            format!("{} / {}", o.answered, o.expected),
            "answers came as they should".into(),
            "measured",
            tone(o.failed() > 0),
        ),
        tile(o.missed.to_string(), "missed".into(), "measured", tone(o.missed > 0)),
        tile(
            format!("{} ms", ms(response.p99)),
            format!("response p99; floor {} ms", ms(report.floor_all_ms.response.p99)),
            "measured",
            "",
        ),
        tile(
            told::lateness(report).map_or("not measured".into(), |s| format!("{} ms", ms(s.p99))),
            format!("harness lateness p99{proxy}; bound {} ms", lateness.lateness_bound_ms),
            "measured",
            tone(!lateness.valid),
        ),
    ];
    let grave: Vec<&IncidentPart> = report.incidents.iter().filter(|i| i.gravity == Gravity::Grave).collect();
    if !grave.is_empty() {
        let seen = grave.iter().filter(|i| i.detected).count();
        tiles.push(tile(
            format!("{seen} / {}", grave.len()),
            "grave incidents noticed by a device".into(),
            "computed",
            tone(seen < grave.len()),
        ));
    }
    if let Some((height, share)) = headline_coverage(report) {
        tiles.push(tile(
            format!("{:.0} %", share * 100.0),
            format!("of public ground seen at 25 px/m, {height} m up"),
            "computed",
            "",
        ));
    }
    if let Some(p) = &report.perimeter {
        let share = if p.length_m > 0.0 { p.guarded_m / p.length_m * 100.0 } else { 0.0 };
        tiles.push(tile(
            format!("{share:.0} %"),
            format!("of the perimeter has beams: {}", p.status),
            "computed",
            "",
        ));
    }
    tiles
}

/// Share that reaches `detect` at the lowest height.
fn headline_coverage(report: &Report) -> Option<(String, f64)> {
    let heights = report.coverage.get("2014")?;
    let (height, classes) = heights.iter().next()?;
    let detect = classes.iter().find(|(class, _)| class.eq_ignore_ascii_case("detect"))?;
    Some((height.clone(), detect.1.share))
}

fn bar(o: &Tally) -> Vec<Slice> {
    let mut slices: Vec<Slice> = Vec::new();
    for outcome in Outcome::ALL.into_iter().rev() {
        let count = o.of(outcome);
        if count > 0 {
            let percent = 100.0 * count as f64 / o.expected.max(1) as f64;
            slices.push(Slice { outcome: outcome.word(), name: spaced(outcome.word()), count, percent });
        }
    }
    slices
}

fn class_rows(report: &Report, assembled: &Assembled) -> Vec<ClassRow> {
    let none = Spread::default();
    report
        .outcomes_by_class
        .iter()
        .filter(|(_, tally)| tally.expected > 0)
        .map(|(class, tally)| {
            let response = report.latency_ms.get(class).map_or(&none, |p| &p.response);
            let floor = report.floor_ms.get(class).map_or(&none, |p| &p.response);
            let path = assembled.main.latency.by_class.get(class);
            let (name, han) = class_name(class);
            ClassRow {
                class: name,
                han,
                tally: *tally,
                good: tally.failed() == 0,
                p50: ms(response.p50),
                p90: ms(response.p90),
                p99: ms(response.p99),
                max: ms(response.max),
                floor: ms(floor.p99),
                spark: path.map_or_else(String::new, |p| {
                    chart::spark(p, assembled.floor.latency.by_class.get(class))
                }),
            }
        })
        .collect()
}

fn spread_rows(report: &Report) -> Vec<SpreadRow> {
    let row = |name, curve, what, s: &Spread| SpreadRow {
        name,
        curve,
        what,
        count: s.count,
        p50: ms(s.p50),
        p90: ms(s.p90),
        p99: ms(s.p99),
        p999: if s.count > 0 && s.p999.is_none() { "too few".into() } else { ms(s.p999) },
        max: ms(s.max),
    };
    let (main, floor) = (&report.latency_all_ms, &report.floor_all_ms);
    vec![
        row("response", "c-response", "intended instant to answer: what the duty room feels", &main.response),
        row("service", "c-service", "left to answer: the gateway and the line", &main.service),
        row(
            "lateness",
            "c-late",
            "intended instant to left: judges the harness, not the gateway",
            &main.lateness,
        ),
        row(
            "floor response",
            "c-floor",
            "first window of the schedule against an echo: what the harness itself costs",
            &floor.response,
        ),
    ]
}

fn coverage_rows(report: &Report) -> Vec<CoverageRow> {
    let mut rows = Vec::new();
    for (edition, heights) in &report.coverage {
        for (height, classes) in heights {
            let shares = by_density(classes)
                .into_iter()
                .map(|(c, s)| {
                    (c.clone(), format!("{:.1} %", s.share * 100.0), format!("{:.0} m²", s.area_m2))
                })
                .collect();
            rows.push(CoverageRow { edition: edition.clone(), height: height.clone(), shares });
        }
    }
    rows
}

fn gap_rows(report: &Report, limits: Limits) -> Vec<GapRow> {
    let mut gaps: Vec<_> = report.gaps.iter().collect();
    gaps.sort_by(|a, b| b.area_m2.total_cmp(&a.area_m2));
    gaps.into_iter()
        .take(limits.gaps)
        .map(|g| GapRow {
            area: format!("{:.0}", g.area_m2),
            height: g.height_m,
            reason: plan::gap_reason(g),
            at: g
                .polygon
                .first()
                .and_then(|r| r.first())
                .map_or_else(String::new, |p| format!("{:.0} E, {:.0} N", p[0], p[1])),
        })
        .collect()
}

fn heights(report: &Report) -> Vec<Height> {
    let mut heights: BTreeMap<i64, f64> = BTreeMap::new();
    let of_coverage = report.coverage.values().flat_map(|h| h.keys()).filter_map(|h| h.parse::<f64>().ok());
    for h in report.gaps.iter().map(|g| g.height_m).chain(of_coverage) {
        heights.insert((h * 100.0).round() as i64, h);
    }
    heights
        .into_iter()
        .enumerate()
        .map(|(i, (cm, h))| Height {
            class: format!("h{cm}"),
            text: format!("target {h} m up"),
            first: i == 0,
        })
        .collect()
}

fn incident_rows(report: &Report, limits: Limits) -> Vec<IncidentRow> {
    // The gravest first; when there is no room for all, those with a latency before those without.
    let mut chosen: Vec<&IncidentPart> = report.incidents.iter().collect();
    chosen.sort_by_key(|i| (std::cmp::Reverse(i.gravity), i.latency_ms.is_none(), i.began_ms));
    chosen.truncate(limits.incidents);
    chosen.sort_by_key(|i| (std::cmp::Reverse(i.gravity), i.began_ms, i.id));
    chosen.into_iter().map(|i| incident_row(i, limits)).collect()
}

fn incident_row(i: &IncidentPart, limits: Limits) -> IncidentRow {
    let routine = i.gravity == Gravity::Routine;
    let said: Vec<SaidRow> = i
        .said
        .iter()
        .take(if routine { limits.said.div_ceil(3) } else { limits.said })
        .map(said_row)
        .collect();
    IncidentRow {
        id: i.id,
        at: clock(i.began_ms),
        kind: spaced(&word(&i.kind)),
        gravity: word(&i.gravity),
        actor: i.actor.clone(),
        outcome: i.outcome.clone(),
        noticed: match i.noticed_after_ms {
            None => "by no device".into(),
            Some(after) => format!("after {}", span(after)),
        },
        latency: match (i.latency_ms, &i.why_no_latency) {
            (Some(latency), _) => format!("{} ms", ms(Some(latency))),
            (None, why) => why.clone().unwrap_or_default(),
        },
        messages: i.messages,
        unsaid: i.messages - said.len(),
        said,
    }
}

fn said_row(s: &SaidPart) -> SaidRow {
    let (outcome, gateway) = match (s.outcome.as_deref(), s.response_ms) {
        (None, _) => ("none", "not driven".to_owned()),
        (Some("answered"), Some(response)) => {
            ("answered", format!("passed on after {} ms", ms(Some(response))))
        }
        (Some(outcome), Some(response)) => {
            ("fault", format!("{} after {} ms", spaced(outcome), ms(Some(response))))
        }
        (Some(outcome), None) => ("fault", spaced(outcome)),
    };
    SaidRow {
        at: Ms(s.due_ms).to_string(),
        device: s.device.clone(),
        signal: spaced(&s.signal),
        severity: word(&s.severity),
        outcome,
        gateway,
    }
}

fn failure_rows(report: &Report, limits: Limits) -> Vec<FailureRow> {
    let row = |f: &crate::report::model::FailurePart| FailureRow {
        outcome: spaced(&f.outcome),
        tone: f.outcome.clone(),
        device: f.device.clone(),
        signal: spaced(&f.signal),
        at: Ms(f.due_ms).to_string(),
        id: f.id.clone(),
        text: f.text.clone(),
    };
    report.failures.iter().take(limits.failures).map(row).collect()
}

fn device_rows(report: &Report, limits: Limits) -> Vec<DeviceRow> {
    let mut chosen: Vec<_> = report.devices.iter().enumerate().collect();
    chosen.sort_by_key(|(i, d)| {
        let o = &d.outcomes;
        (std::cmp::Reverse((o.failed(), o.undecidable)), o.expected == 0, *i)
    });
    chosen
        .into_iter()
        .take(limits.devices)
        .map(|(_, d)| DeviceRow {
            id: d.id.clone(),
            class: spaced(&d.class),
            tone: plan::colour(d),
            stimuli: d.stimuli,
            tally: d.outcomes,
            p50: ms(d.response_ms.p50),
            max: ms(d.response_ms.max),
        })
        .collect()
}

fn windows(report: &Report) -> Vec<String> {
    let main = report.windows.iter().filter(|w| w.part == "main");
    main.map(|w| {
        let until = w.from_ms + w.lasting_ms;
        format!("{} to {}: {} of {} answered", clock(w.from_ms), clock(until), w.answered, w.expected)
    })
    .collect()
}

/// Where incidents of the day come from, for those told.
fn origins(report: &Report) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for i in &report.incidents {
        *counts.entry(word(&i.origin)).or_default() += 1;
    }
    let parts: Vec<String> = counts.iter().map(|(origin, n)| format!("{n} from {origin}")).collect();
    parts.join(", ")
}

fn clock(ms: i64) -> String {
    let text = Ms(ms).to_string();
    text.get(..8).unwrap_or(&text).to_owned()
}

fn span(ms: i64) -> String {
    if ms < 10_000 {
        format!("{:.1} s", ms as f64 / 1000.0)
    } else if ms < 120_000 {
        format!("{} s", ms / 1000)
    } else {
        format!("{} min", ms / 60_000)
    }
}
