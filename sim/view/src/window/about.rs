//! What is said of what is selected.

use palisade_sim::contract::Cause;
use palisade_sim::words::Ms;

use super::phrases;
use super::pick::Picked;
use super::words::{self, Language};
use crate::actors::states::{State, States};
use crate::run_folder::{Run, mover};

/// A title and lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// What it is.
    pub title: String,
    /// More of it.
    pub lines: Vec<String>,
}

/// Messages shown of a device.
const MESSAGES: usize = 8;

/// What is said of a thing at an instant.
pub fn about(run: &Run, states: &States, what: &Picked, at: Ms, language: Language) -> About {
    match what {
        Picked::Device(i) => device(run, states, *i, at, language),
        Picked::Mover(who, track) => body(run, who, *track, at, language),
        Picked::Building(i) => building(run, *i, language),
        Picked::Wall(i) => {
            let wall = &run.scenario.site.walls[*i];
            let kind = words::wall(wall.made_of, language);
            About {
                title: format!("{} {}", language.pick("wall", "围墙"), wall.id),
                lines: vec![format!("{kind}, {:.1} m", wall.height_m)],
            }
        }
        Picked::Tree(i) => {
            let tree = &run.scenario.site.trees[*i];
            About {
                title: format!("{} {}", language.pick("tree", "树"), tree.id),
                lines: vec![format!("{:.1} m, ⌀ {:.1} m", tree.height_m, tree.crown_radius_m * 2.0)],
            }
        }
        Picked::Ground([x, y]) => ground(run, *x, *y, language),
    }
}

fn device(run: &Run, states: &States, i: usize, at: Ms, language: Language) -> About {
    let device = &run.tape.devices[i];
    let [x, y, z] = device.at_m;
    let mut lines = vec![
        format!("{} · QoS {}", words::class(device.class, language), device.qos),
        format!("{x:.1} / {y:.1} m, {z:.1} m {}", language.pick("up", "高")),
    ];
    let (state, since) = states.at(i, at);
    let word = match state {
        State::Rest => language.pick("at rest", "正常"),
        State::Up => language.pick("arm up", "抬杆"),
        State::Alarm => language.pick("ALARM", "报警"),
        State::InUse(_) => language.pick("sockets in use", "充电中"),
    };
    if let State::InUse(bits) = state {
        lines.push(format!("{word}: {}", bits.count_ones()));
    } else if state != State::Rest {
        lines.push(format!("{word} {} {}", language.pick("since", "自"), clock(since)));
    } else {
        lines.push(word.to_owned());
    }
    lines.push(answers(run, device.id.as_str(), language));
    let messages = states.messages.get(i).map_or(&[][..], Vec::as_slice);
    let upto = messages.partition_point(|m| run.tape.stimuli[*m as usize].due <= at);
    lines.push(format!("{} {upto} / {}", language.pick("messages so far", "已发消息"), messages.len()));
    for m in messages[..upto].iter().rev().take(MESSAGES) {
        let stimulus = &run.tape.stimuli[*m as usize];
        let why = match stimulus.cause {
            Cause::Incident(id) => format!("#{}", id.0),
            Cause::Nuisance(n) => words::nuisance(n, language).to_owned(),
        };
        lines.push(format!("  {}  {}  {why}", clock(stimulus.due), stimulus.signal.word()));
    }
    About { title: device.id.to_string(), lines }
}

/// What the report says of a device's answers.
fn answers(run: &Run, device: &str, language: Language) -> String {
    let told = run.report.as_ref().and_then(|r| r.devices.iter().find(|d| d.id == device));
    let Some(told) = told else {
        return language.pick("no report yet", "尚无报告").to_owned();
    };
    let of = |key: &str| told.outcomes.get(key).copied().unwrap_or(0);
    if of("expected") == 0 {
        return language.pick("latency: not driven on this run", "延迟：本次未驱动").to_owned();
    }
    let ms = |v: Option<f64>| v.map_or("–".into(), |v| format!("{v:.2}"));
    format!(
        "{}: p50 {} · p99 {} · max {} ms; {} {} / {}, {} {}",
        language.pick("answers", "响应"),
        ms(told.response_ms.p50),
        ms(told.response_ms.p99),
        ms(told.response_ms.max),
        language.pick("answered", "已响应"),
        of("answered"),
        of("expected"),
        language.pick("missed", "漏报"),
        of("missed"),
    )
}

fn body(run: &Run, who: &str, track: u32, at: Ms, language: Language) -> About {
    let Some(track) = run.tracks.tracks.get(track as usize) else { return About::default() };
    let mut lines = vec![words::role(track.role, language).to_owned()];
    match mover(track, at) {
        Some(m) => {
            let speed = m.way_m_s[0].hypot(m.way_m_s[1]);
            lines.push(format!("{:.1} / {:.1} m, {speed:.1} m/s", m.at_m[0], m.at_m[1]));
            if m.at_m[2] > 0.2 {
                lines.push(format!("{} {:.1} m", language.pick("feet above ground", "离地"), m.at_m[2]));
            }
        }
        None => lines.push(language.pick("indoors or away", "在室内或已离开").to_owned()),
    }
    if let (Some(first), Some(last)) = (track.corners.first(), track.corners.last()) {
        lines.push(format!("{} {} – {}", language.pick("out", "外出"), clock(first.0), clock(last.0)));
    }
    let mine = run.tape.incidents.iter().filter(|i| i.actor == who && i.began.0 <= at.0 + 1);
    for incident in mine.rev().take(3) {
        lines.push(format!(
            "  #{} {} {}  {}",
            incident.id.0,
            words::incident(incident.kind, language),
            clock(incident.began),
            phrases::outcome(&incident.outcome, language)
        ));
    }
    About { title: who.to_owned(), lines }
}

fn building(run: &Run, i: usize, language: Language) -> About {
    let b = &run.scenario.site.buildings[i];
    let flats =
        run.scenario.households.iter().filter(|h| h.flat.as_str().starts_with(&format!("{}-", b.id))).count();
    let assumed = if b.height_assumed { language.pick(" (assumed)", "（估）") } else { "" };
    About {
        title: b.name.clone().unwrap_or_else(|| b.id.to_string()),
        lines: vec![
            format!("{} · {}", b.id, words::usage(b.usage, language)),
            format!(
                "{} {}, {:.1} m{assumed}; {} {flats}",
                b.storeys,
                language.pick("storeys", "层"),
                b.height_m,
                language.pick("flats", "户")
            ),
        ],
    }
}

fn ground(run: &Run, x: f64, y: f64, language: Language) -> About {
    let mut lines = Vec::new();
    if let Some(plan) = &run.plan {
        let grid = &plan.grid;
        let c = ((x - grid.origin_m[0]) / grid.cell_m).floor();
        let r = ((y - grid.origin_m[1]) / grid.cell_m).floor();
        if c >= 0.0 && r >= 0.0 && c < grid.columns as f64 && r < grid.rows as f64 {
            for layer in &grid.layers {
                let px = layer.px_per_m.get(r as usize * grid.columns + c as usize).copied().unwrap_or(-1);
                let what = match px {
                    -1 => language.pick("not public ground", "非公共地面").to_owned(),
                    0 => language.pick("not seen by any camera", "无摄像机可见").to_owned(),
                    px => format!("{px} px/m"),
                };
                lines.push(format!("{:.1} m: {what}", layer.height_m));
            }
        }
    }
    About { title: format!("{} {x:.1} / {y:.1} m", language.pick("ground", "地面")), lines }
}

/// An instant as `hh:mm:ss`.
pub fn clock(at: Ms) -> String {
    at.to_string()[..8].to_owned()
}
