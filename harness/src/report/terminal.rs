//! The summary on the terminal: the verdict first, the next command to type last. At most 100 columns,
//! but for that command, which is not broken.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;

use palisade_sim::analysis::answer::Share;

use super::model::{RuleStatus, Spread, Tally};
use super::{Report, told};
use crate::words::counted;

/// Columns.
const WIDTH: usize = 100;
/// Reasons told.
const REASONS: usize = 12;

/// Whether the summary is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Plain text.
    Plain,
    /// With ANSI colours.
    Colour,
}

impl Paint {
    /// Colour when stdout is a terminal and `NO_COLOR` is not set.
    pub fn of_stdout() -> Paint {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        if std::io::stdout().is_terminal() && !refused { Paint::Colour } else { Paint::Plain }
    }

    fn with(self, code: &str, text: &str) -> String {
        match self {
            Paint::Plain => text.to_owned(),
            Paint::Colour => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }
}

/// The summary, coloured where stdout is a terminal and `NO_COLOR` is not set.
pub fn render(report: &Report) -> String {
    render_with(report, Paint::of_stdout())
}

/// The summary.
pub fn render_with(report: &Report, paint: Paint) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line(&head(report, paint));
    line("");
    for text in why(report) {
        line(&text);
    }
    line(&format!("  answers    {}", sum(&report.outcomes)));
    let driven = told::driven(report).unwrap_or_default();
    for text in wrap(&driven, WIDTH - 13).into_iter().chain(wrap(&beside(report), WIDTH - 13)) {
        line(&format!("             {text}"));
    }
    let partial = if report.partial { " (partial: it was cut)" } else { "" };
    let run = format!("{:.1} s on the wire{partial}, {}", report.run.lasted_s, sut(report));
    for (label, text) in [("run", run), ("harness", harness(report))] {
        for (i, text) in wrap(&text, WIDTH - 13).iter().enumerate() {
            line(&format!("  {:<10} {text}", if i == 0 { label } else { "" }));
        }
    }
    if report.outcomes.expected > 0 {
        line("");
        table(report).iter().for_each(|row| line(row));
    }
    line("");
    for (what, text) in facts(report) {
        for (i, text) in wrap(&text, WIDTH - 13).iter().enumerate() {
            line(&format!("  {:10} {text}", if i == 0 { what } else { "" }));
        }
    }
    line("");
    line(&format!("  report     {}/report.html", report.run.folder));
    line(&format!("  next       {}", paint.with("1", &next(report))));
    out
}

fn head(report: &Report, paint: Paint) -> String {
    let word = match report.exit() {
        crate::exit::Exit::Ok => paint.with("1;32", "PASS"),
        crate::exit::Exit::Interrupted => paint.with("1;33", "CUT "),
        crate::exit::Exit::Harness if report.harness.valid => paint.with("1;33", "CUT "),
        crate::exit::Exit::Harness => paint.with("1;33", "VOID"),
        _ => paint.with("1;31", "FAIL"),
    };
    let name = if report.scenario.name.is_empty() { "no scenario" } else { &report.scenario.name };
    format!("{word}  {name}  {}, seed {}", report.scenario.path, report.scenario.seed)
}

fn why(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    let reasons = told::reasons(report);
    for reason in reasons.iter().take(REASONS) {
        let wrapped = wrap(reason, WIDTH - 15);
        let marked = wrapped.iter().enumerate().map(|(i, text)| {
            let label = if lines.is_empty() && i == 0 { "why" } else { "" };
            format!("  {label:10} {} {text}", if i == 0 { "-" } else { " " })
        });
        lines.extend(marked.collect::<Vec<_>>());
    }
    if reasons.len() > REASONS {
        lines.push(format!("             and {} more reasons in report.json", reasons.len() - REASONS));
    }
    if reasons.is_empty() && !report.verdict.checks.is_empty() {
        lines.push(format!("  why        {}", told::hold(&report.verdict.checks)));
    }
    let remarks = [("stands", report.verdict.stands.clone()), ("but", told::not_assessed(&report.verdict))];
    for (label, text) in remarks.iter().flat_map(|(label, all)| all.iter().map(move |text| (*label, text))) {
        let wrapped = wrap(text, WIDTH - 15);
        let marked = wrapped.iter().enumerate().map(|(i, text)| match i {
            0 => format!("  {label:10} - {text}"),
            _ => format!("  {:10}   {text}", ""),
        });
        lines.extend(marked);
    }
    lines
}

/// The seven with their sum; zeros are left out.
fn sum(o: &Tally) -> String {
    let parts = [
        (o.answered, "answered"),
        (o.missed, "missed"),
        (o.late, "late"),
        (o.duplicate, "duplicate"),
        (o.wrong, "wrong"),
        (o.out_of_order, "out of order"),
        (o.undecidable, "undecidable"),
    ];
    let shown: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    match o.expected {
        0 => "none was expected".into(),
        n => format!("{n} expected: {}", shown.join(", ")),
    }
}

/// What stands outside the sum, and how answers were found.
fn beside(report: &Report) -> String {
    let o = &report.outcomes;
    let parts = [
        (o.spurious, "said without a stimulus"),
        (o.false_alarm, "false alarms passed on"),
        (o.retained_replay, "replays of retained messages"),
        (o.withheld, "not sent, their zone was bypassed or disarmed"),
        (o.taken, "taken by faults on their way"),
    ];
    let mut shown: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    shown.push(format!("matched: {}", report.correlation.used));
    shown.join("; ")
}

fn sut(report: &Report) -> String {
    let sut = &report.sut;
    let defects =
        if sut.defects.is_empty() { String::new() } else { format!(" with defects {}", sut.defects) };
    match sut.name.as_str() {
        "" => format!("gateway {}{defects}", sut.address),
        name => format!("gateway {name}{defects} ({})", sut.address),
    }
}

fn harness(report: &Report) -> String {
    let h = &report.harness;
    match (told::lateness(report), h.valid) {
        (None, true) => "lateness not measured".into(),
        (None, false) => "NOT VALID: lateness not measured".into(),
        (Some(spread), valid) => {
            let word = if valid { "kept its schedule" } else { "NOT VALID" };
            let heard = h
                .hearing_ms
                .as_ref()
                .map_or_else(String::new, |heard| format!(", its observer's {} ms", ms(heard.p99)));
            let proxy = report
                .faults
                .proxy_lateness_p99_ms
                .map_or_else(String::new, |p99| format!(", its fault proxy's {} ms", ms(Some(p99))));
            let plane = report.load.as_ref().and_then(|load| {
                let (p99, bound) = (ms(load.pickup_ms.p99), load.pickup_bound_ms?);
                Some(format!("; its load plane's {p99} ms, bound {bound} ms"))
            });
            let plane = plane.unwrap_or_default();
            format!(
                "{word}: lateness p99 {} ms{heard}{proxy}, bound {} ms{plane}",
                ms(spread.p99),
                h.lateness_bound_ms
            )
        }
    }
}

/// One row a device class.
fn table(report: &Report) -> Vec<String> {
    let mut rows = vec![format!(
        "  {:<15}{:>9}{:>9}{:>7}{:>6}{:>6}{:>6}  {:>26}{:>11}",
        "class",
        "expected",
        "answered",
        "missed",
        "late",
        "dup",
        "other",
        "response p50 / p99 / max",
        "floor p99"
    )];
    let all =
        ("all".to_owned(), report.outcomes, &report.latency_all_ms.response, &report.floor_all_ms.response);
    let none = Spread::default();
    let classes = report.outcomes_by_class.iter().map(|(class, tally)| {
        let of = report.latency_ms.get(class).map_or(&none, |p| &p.response);
        let floor = report.floor_ms.get(class).map_or(&none, |p| &p.response);
        (class.clone(), *tally, of, floor)
    });
    for (class, o, of, floor) in classes.chain([all]) {
        let other = o.wrong + o.out_of_order + o.undecidable;
        let response = format!("{} / {} / {} ms", ms(of.p50), ms(of.p99), ms(of.max));
        rows.push(format!(
            "  {class:<15}{:>9}{:>9}{:>7}{:>6}{:>6}{other:>6}  {response:>26}{:>8} ms",
            o.expected,
            o.answered,
            o.missed,
            o.late,
            o.duplicate,
            ms(floor.p99)
        ));
    }
    rows
}

/// A time in few letters, ms.
pub(crate) fn ms(value: Option<f64>) -> String {
    match value {
        None => "-".into(),
        Some(ms) if ms < 9.95 => format!("{ms:.2}"),
        Some(ms) if ms < 99.5 => format!("{ms:.1}"),
        Some(ms) => format!("{ms:.0}"),
    }
}

fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let tape = &report.tape;
    if !tape.digest.is_empty() {
        let digest = tape.digest.get(..16).unwrap_or(&tape.digest);
        facts.push((
            "tape",
            format!("{} incidents, {} stimuli, digest {digest}", tape.incidents, tape.stimuli),
        ));
    }
    if let Some(rules) = rules(report) {
        facts.push(("rules", rules));
    }
    if let Some(coverage) = coverage(report) {
        facts.push(("coverage", coverage));
    }
    if let Some(perimeter) = &report.perimeter {
        let text = format!(
            "{}; {:.0} of {:.0} m guarded",
            perimeter.status, perimeter.guarded_m, perimeter.length_m
        );
        facts.push(("perimeter", text));
    }
    if let Some(machine) = &report.machine {
        facts.push(("machine", machine.told.clone()));
    }
    if let Some(comparison) = &report.baseline {
        let compared = comparison.baselines.iter().filter(|b| b.why_not.is_none());
        facts.extend(compared.map(|b| ("baseline", told::against(b))));
        facts.extend(comparison.remarks.iter().map(|remark| ("baseline", remark.clone())));
    }
    for link in &report.links {
        facts.push(("line", link.told.clone()));
    }
    if let Some(upstream) = &report.upstream {
        let s = &upstream.response_ms;
        let times = if s.count == 0 {
            String::new()
        } else {
            format!("; after p50 {} p99 {} ms", ms(s.p50), ms(s.p99))
        };
        facts.push(("city", format!("{}{times}", upstream.told)));
    }
    if !report.commands.told.is_empty() {
        facts.push(("commands", commands(report)));
    }
    for usage in report.usage.iter().filter(|usage| usage.lasted_s >= super::usage::SOAK_S) {
        facts.push(("process", usage.told.clone()));
    }
    if !report.drift.told.is_empty() {
        facts.push(("drift", report.drift.told.clone()));
    }
    if report.queue.grows || report.queue.max > 1 {
        facts.push(("queue", report.queue.told.clone()));
    }
    if !report.faults.told.is_empty() {
        facts.push(("faults", report.faults.told.clone()));
    }
    if report.connections.lost > 0 {
        facts.push(("lost", report.connections.told.clone()));
    }
    facts.extend(notes(report).into_iter().map(|text| ("note", text)));
    facts
}

/// Notes other than those of the load that are shown.
const NOTES: usize = 6;

/// What a reader should know, cut where it is much: what the load, or who heard it, came to was asked for, and is always told. What
/// stands among the reasons is told already.
fn notes(report: &Report) -> Vec<String> {
    let (mut told, mut others) = (Vec::new(), 0);
    let reasons = told::reasons(report);
    let is_told = |text: &str| reasons.iter().any(|why| why.contains(text));
    for note in report.notes.iter().filter(|note| note.kind != "info" && !is_told(&note.text)) {
        others += usize::from(note.kind != "load");
        if note.kind == "load" || others <= NOTES {
            told.push(note.text.clone());
        }
    }
    if others > NOTES {
        told.push(format!("{} more in report.html", counted(others - NOTES, "note")));
    }
    told
}

/// Which rules about timing hold and which do not, by their numbers.
fn rules(report: &Report) -> Option<String> {
    let of = |status: RuleStatus| {
        let ids = report.rules.iter().filter(|rule| rule.status == status).map(|rule| rule.id.as_str());
        ids.collect::<Vec<_>>().join(", ")
    };
    let (pass, fail) = (of(RuleStatus::Pass), of(RuleStatus::Fail));
    let in_part = report.rules.iter().filter(|r| r.status == RuleStatus::NotMeasured && r.measured.is_some());
    let in_part: Vec<&str> = in_part.map(|rule| rule.id.as_str()).collect();
    let said = [(pass, "hold"), (fail, "do not hold"), (in_part.join(", "), "were seen in part")];
    let said: Vec<String> = said
        .into_iter()
        .filter(|(ids, _)| !ids.is_empty())
        .map(|(ids, what)| format!("{ids} {what}"))
        .collect();
    (!said.is_empty()).then(|| format!("about timing: {}", said.join("; ")))
}

/// What became of commands, and how long they took.
fn commands(report: &Report) -> String {
    let c = &report.commands;
    let time = |what: &str, s: &Spread| match s.count {
        0 => String::new(),
        _ => format!("; {what} p50 {} p99 {} ms", ms(s.p50), ms(s.p99)),
    };
    let response = time("after their alarms", &c.response_ms);
    format!("{}{response}{}", c.told, time("done within", &c.execution_ms))
}

/// Classes of both editions of IEC 62676-4, from the lowest density to the highest.
const DENSITIES: [&str; 13] = [
    "monitor",
    "detect",
    "observe",
    "recognise",
    "identify",
    "inspect",
    "overview",
    "outline",
    "discern",
    "perceive",
    "characterise",
    "validate",
    "scrutinise",
];

/// The shares of one height in order of density.
pub(super) fn by_density(classes: &BTreeMap<String, Share>) -> Vec<(&String, &Share)> {
    let mut shares: Vec<_> = classes.iter().collect();
    shares.sort_by_key(|(class, _)| DENSITIES.iter().position(|d| d == class));
    shares
}

fn coverage(report: &Report) -> Option<String> {
    let (edition, heights) = report.coverage.iter().next()?;
    let (height, classes) = heights.iter().next_back()?;
    let shares: Vec<String> = by_density(classes)
        .into_iter()
        .map(|(class, s)| format!("{class} {:.0} %", s.share * 100.0))
        .collect();
    Some(format!(
        "of public ground at {height} m, IEC 62676-4:{edition}: {}; gaps: {}",
        shares.join(", "),
        told::gaps(&report.gaps)
    ))
}

fn next(report: &Report) -> String {
    match report.exit() {
        crate::exit::Exit::Verdict => format!("xdg-open {}/report.html", report.run.folder),
        _ if report.run.command.is_empty() => format!("xdg-open {}/report.html", report.run.folder),
        _ => report.run.command.clone(),
    }
}

/// Columns that a letter takes: Chinese letters take two.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(|c| if u32::from(c) >= 0x1100 { 2 } else { 1 }).sum()
}

/// Breaks text at spaces so that no line is wider than `width`, where its words allow.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::model::{LoadPart, NotePart};
    use super::*;

    #[test]
    fn lines_are_no_wider_than_asked_and_lose_no_word() {
        let text = "one two three 四四四四 five six seven eight nine ten";
        let lines = wrap(text, 12);
        assert!(lines.iter().all(|l| columns(l) <= 12), "{lines:?}");
        assert_eq!(lines.join(" "), text);
    }

    #[test]
    fn colour_is_only_in_the_coloured_form() {
        let report = Report::default();
        assert!(!render_with(&report, Paint::Plain).contains('\x1b'));
        assert!(render_with(&report, Paint::Colour).contains('\x1b'));
    }

    #[test]
    fn the_lateness_of_the_fault_proxy_stands_beside_the_harness_s_own() {
        let mut report = Report::default();
        report.harness.valid = true;
        report.harness.lateness_ms = Spread::of_samples(vec![0.2; 5]);
        report.harness.lateness_bound_ms = 10.0;
        report.faults.proxy_lateness_p99_ms = Some(1.8);
        assert_eq!(
            harness(&report),
            "kept its schedule: lateness p99 0.20 ms, its fault proxy's 1.80 ms, bound 10 ms"
        );
        let pickup_ms = Spread::of_samples(vec![0.4; 5]);
        report.load = Some(LoadPart { pickup_ms, pickup_bound_ms: Some(2.0), ..LoadPart::default() });
        assert_eq!(
            harness(&report),
            "kept its schedule: lateness p99 0.20 ms, its fault proxy's 1.80 ms, bound 10 ms; its load plane's 0.40 ms, \
             bound 2 ms"
        );
    }

    #[test]
    fn notes_of_the_load_are_all_told_and_the_others_that_are_cut_are_counted() {
        let note = |kind: &str, text: String| NotePart { at_us: None, kind: kind.into(), text };
        let mut report = Report::default();
        report.notes.extend((0..9).map(|i| note("connection", format!("line {i}"))));
        report.notes.push(note("info", "process 1".into()));
        report.notes.extend((0..8).map(|i| note("load", format!("subscriber {i}"))));
        let told = notes(&report);
        assert_eq!((told.len(), told[5].as_str(), told[6].as_str()), (15, "line 5", "subscriber 0"));
        assert_eq!(told.last().map(String::as_str), Some("3 notes more in report.html"));
        report.notes.drain(..4);
        assert_eq!(notes(&report).len(), 13, "five are few");
        report.harness.reasons.push("too late: subscriber 3".into());
        assert_eq!(notes(&report).len(), 12, "a reason is told already");
    }

    #[test]
    fn times_are_short() {
        let texts = [None, Some(0.123), Some(9.99), Some(12.34), Some(1234.5)].map(ms);
        assert_eq!(texts, ["-", "0.12", "10.0", "12.3", "1234"]);
    }
}
