//! A run on the whole terminal: rate, lateness, open alarms, the histogram of responses.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use ratatui::Frame;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyModifiers};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Sparkline};

use super::follow::Follower;
use super::{Live, Open};
use crate::latency::Series;
use crate::record::Pulse;
use crate::report;
use crate::words::counted;

/// From one picture to the next.
const FRAME: Duration = Duration::from_millis(250);
/// From one line to the next, where there is no terminal.
const LINE: Duration = Duration::from_secs(1);
/// A run that writes nothing for so long is not driven any more: heartbeats alone come more often.
const SILENT: Duration = Duration::from_secs(60);
/// Upper bounds of the histogram's rows, ms.
const ROWS: [f64; 12] = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0];

/// Why watching came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// The run has ended.
    Ended,
    /// Whoever watched has left.
    Key,
    /// Ctrl-C was typed.
    Interrupt,
}

/// Shows a run until it has ended and a key is typed, or a key is typed, or `over` says so. Where stdout is no terminal,
/// a line each second until the run has ended.
///
/// # Errors
/// When the journal or the terminal cannot be read or written.
pub fn watch(folder: &Path, over: &dyn Fn() -> bool) -> io::Result<Left> {
    let mut follower = Follower::open(folder)?;
    let mut live = Live::default();
    if !io::stdout().is_terminal() {
        return lines(&mut follower, &mut live, over);
    }
    let mut terminal = ratatui::try_init()?;
    let left = (|| -> io::Result<Left> {
        loop {
            follower.catch_up(&mut live, &mut |_, _| {})?;
            let silent = follower.silent()?;
            terminal.draw(|frame| draw(frame, &live, (folder, silent)))?;
            if let Some(left) = key(&live, FRAME)? {
                return Ok(left);
            }
            if over() {
                return Ok(Left::Ended);
            }
        }
    })();
    // What went wrong while drawing is worth more than what went wrong while leaving.
    let restored = ratatui::try_restore();
    let left = left?;
    restored.map(|()| left)
}

fn key(live: &Live, within: Duration) -> io::Result<Option<Left>> {
    if !event::poll(within)? {
        return Ok(None);
    }
    let Event::Key(key) = event::read()? else { return Ok(None) };
    let interrupt = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    Ok(match key.code {
        _ if interrupt => Some(Left::Interrupt),
        KeyCode::Char('q') | KeyCode::Esc if live.ended => Some(Left::Ended),
        KeyCode::Char('q') | KeyCode::Esc => Some(Left::Key),
        _ => None,
    })
}

fn lines(follower: &mut Follower, live: &mut Live, over: &dyn Fn() -> bool) -> io::Result<Left> {
    loop {
        follower.catch_up(live, &mut |_, _| {})?;
        // A reader that has gone away (`| head`) has seen what it wanted.
        match writeln!(io::stdout(), "{}", line(live)) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Left::Key),
            written => written?,
        }
        if live.ended || over() {
            return Ok(Left::Ended);
        }
        if let Some(silence) = silence(live, follower.silent()?) {
            writeln!(io::stdout(), "{silence}")?;
            return Ok(Left::Ended);
        }
        let since = Instant::now();
        while since.elapsed() < LINE && !over() {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// What a run without an end says that writes nothing any more.
fn silence(live: &Live, silent: Duration) -> Option<String> {
    let told =
        || format!("nothing was written for {} s, and the run has no end: it was cut", silent.as_secs());
    (!live.ended && silent > SILENT).then(told)
}

/// A run in one line.
pub fn line(live: &Live) -> String {
    let open = live.open(live.at_us);
    let copies = live.pulses.back().map_or_else(String::new, |copies| {
        let Pulse { connected, left, answers, .. } = copies;
        let answers = answers.map_or_else(String::new, |answers| format!(", {}", counted(answers, "answer")));
        format!("; copies: {}, {left} sent{answers}", counted(connected, "line"))
    });
    format!(
        "{:.1} s {} {} sent, {} answers, {} open, {} overdue, {} late, lateness p99 {} ms, response p50 {} p99 {} ms{copies}",
        live.at_us as f64 / 1e6,
        if live.part().is_empty() { "start" } else { live.part() },
        live.left,
        live.answers,
        open.waiting,
        open.overdue,
        live.late,
        ms(live.lateness.percentile_ms(99.0)),
        ms(live.response.percentile_ms(50.0)),
        ms(live.response.percentile_ms(99.0)),
    )
}

fn ms(value: Option<f64>) -> String {
    value.map_or_else(|| "-".into(), |ms| format!("{ms:.2}"))
}

/// Lines of all that stands above, beside and below the remarks.
const WITHOUT_REMARKS: u16 = 25;

/// How the lines of a terminal are shared: heading, rates, figures, remarks, foot. Where there are too few of them for all
/// figures, the remarks go first, and rates get lower.
fn shares(height: u16) -> [u16; 5] {
    let remarks = height.saturating_sub(WITHOUT_REMARKS).min(5);
    let remarks = if remarks < 3 { 0 } else { remarks };
    let rates = match height {
        WITHOUT_REMARKS.. => 5,
        24 => 4,
        16.. => 3,
        _ => 0,
    };
    [2, rates, height.saturating_sub(2 + rates + remarks + 1), remarks, 1]
}

/// Draws one picture of a run whose journal has been `silent` for so long.
pub fn draw(frame: &mut Frame<'_>, live: &Live, (folder, silent): (&Path, Duration)) {
    let [head, rates, middle, remarks, foot] =
        Layout::vertical(shares(frame.area().height).map(Constraint::Length)).areas(frame.area());
    frame.render_widget(Paragraph::new(heading(live)), head);
    let [sent, answered] = Layout::horizontal([Constraint::Fill(1); 2]).areas(rates);
    let (left, answers) = rates_of(live);
    rate(frame, sent, (left.0, Color::Cyan), &left.1);
    rate(frame, answered, (answers.0, Color::Green), &answers.1);
    let [figures, histogram] =
        Layout::horizontal([Constraint::Length(40), Constraint::Fill(1)]).areas(middle);
    let room = usize::from(middle.height.saturating_sub(2));
    let rows = Paragraph::new(table(live, room));
    frame.render_widget(rows.block(Block::bordered().title(" figures ")), figures);
    let rows = Paragraph::new(bars(&live.response, (histogram.width.saturating_sub(2), room)));
    let title = if histogram.width < 40 { " response " } else { " response, from the intended instant " };
    frame.render_widget(rows.block(Block::bordered().title(title)), histogram);
    let room = usize::from(remarks.height.saturating_sub(2));
    let told: Vec<Line<'_>> = live
        .remarks
        .iter()
        .rev()
        .take(room)
        .rev()
        .map(|(at, text)| Line::from(format!("{:>7.1} s  {text}", *at as f64 / 1e6)))
        .collect();
    frame.render_widget(Paragraph::new(told).block(Block::bordered().title(" remarks ")), remarks);
    let foot_line = match silence(live, silent) {
        Some(silence) => {
            Line::from(format!(" {silence}; q leaves   {}", folder.display())).fg(Color::Red).bold()
        }
        None => {
            let what = if live.ended { "the run has ended; q leaves" } else { "q leaves, the run goes on" };
            Line::from(format!(" {what}   {}", folder.display())).dim()
        }
    };
    frame.render_widget(Paragraph::new(foot_line), foot);
}

fn heading(live: &Live) -> Vec<Line<'static>> {
    let start = live.start.as_ref();
    let of = |text: fn(&crate::record::Start) -> String| start.map_or_else(String::new, text);
    let gateway = of(|s| if s.sut_name.is_empty() { s.sut.clone() } else { s.sut_name.clone() });
    let first = vec![
        Span::from(" Palisade ").bold().reversed(),
        Span::from(format!(
            " {}, seed {}, gateway {gateway}",
            of(|s| s.scenario.clone()),
            of(|s| s.seed.to_string())
        )),
    ];
    let now = live.window.as_ref().map_or_else(
        || "nothing is driven yet".to_owned(),
        |window| {
            let within = ((live.at_us - window.began_us) / 1000).clamp(0, window.lasting.0);
            let time = (window.from + palisade_sim::words::Ms(within)).to_string();
            let floor = if live.part() == "floor" { "floor, against an echo: " } else { "" };
            format!("{floor}window {}, {} of the day", live.windows, time.get(..8).unwrap_or(&time))
        },
    );
    vec![
        Line::from(first),
        Line::from(format!("            {:.1} s after the start, {now}", live.at_us as f64 / 1e6)),
    ]
}

/// What a row of bars shows, second by second.
type Rates = (&'static str, Vec<u64>);

/// What is sent and answered each second: of the copies, where there are any, which are most of it.
fn rates_of(live: &Live) -> (Rates, Rates) {
    // The newest second is not over yet.
    let whole = live.seconds.iter().take(live.seconds.len().saturating_sub(1));
    let (left, answers) = whole.map(|second| (second.left, second.answers)).unzip();
    let Some(pulse) = live.pulses.back() else { return (("sent", left), ("answers", answers)) };
    let (load_left, load_answers) = live.load().into_iter().unzip();
    let of = if pulse.answers.is_some() {
        ("answers to copies", load_answers)
    } else {
        ("answers, not to copies", answers)
    };
    (("copies sent", load_left), of)
}

fn rate(frame: &mut Frame<'_>, area: Rect, (what, colour): (&str, Color), per_second: &[u64]) {
    let width = usize::from(area.width.saturating_sub(2));
    let shown = &per_second[per_second.len().saturating_sub(width)..];
    let most = shown.iter().max().copied().unwrap_or_default();
    let last = shown.last().copied().unwrap_or_default();
    let title = format!(" {what}: {last}/s, at most {most}/s ");
    let line = Sparkline::default().data(shown).style(Style::new().fg(colour));
    frame.render_widget(line.block(Block::bordered().title(title)), area);
}

/// The figures, in so many rows at most: the last of them are the least to do without.
fn table(live: &Live, room: usize) -> Vec<Line<'static>> {
    let Open { waiting, overdue, to_come } = live.open(live.at_us);
    let row = |what: &str, value: String| Line::from(format!(" {what:<12}{value:>25}"));
    let bad = |n: u64, line: Line<'static>| if n > 0 { line.fg(Color::Red).bold() } else { line };
    let spread = |s: &Series| {
        let figures = [s.percentile_ms(50.0), s.percentile_ms(99.0), s.max_ms()];
        figures.map(report::terminal::ms).join(" / ")
    };
    let mut rows = vec![
        (2, row("sent", live.left.to_string())),
        (2, row("answers", live.answers.to_string())),
        (4, row("without id", live.strangers.to_string())),
        (4, row("expected", live.expected().to_string())),
        (4, row("to come", to_come.to_string())),
    ];
    let copies = live.pulses.back();
    match copies {
        Some(copies) => rows.extend([
            (2, row("copies", format!("{}, {} sent", counted(copies.connected, "line"), copies.left))),
            (2, row("to copies", copies.answers.map_or("not judged".into(), |n| counted(n, "answer")))),
            (3, row("load p99", format!("{} ms late", ms(Some(copies.pickup_us as f64 / 1e3))))),
        ]),
        None => rows.push((5, Line::from(""))),
    }
    rows.extend([
        (1, row("open alarms", waiting.to_string()).bold()),
        (1, bad(overdue, row("overdue", overdue.to_string()))),
        (2, bad(live.late, row("came late", live.late.to_string()))),
        (2, bad(live.down.len() as u64, row("devices down", live.down.len().to_string()))),
    ]);
    rows.extend(copies.is_none().then(|| (5, Line::from(""))));
    rows.extend([
        (3, Line::from(" p50 / p99 / longest, ms").dim()),
        (0, row("lateness", spread(&live.lateness))),
        (0, row("response", spread(&live.response))),
    ]);
    while rows.len() > room.max(2) {
        let most = rows.iter().map(|(rank, _)| *rank).max();
        if let Some(place) = rows.iter().rposition(|(rank, _)| Some(*rank) == most) {
            rows.remove(place);
        }
    }
    rows.into_iter().map(|(_, line)| line).collect()
}

/// Upper bounds of so many rows at most, ms: the shortest are merged first, and the last row is what is longer than all.
fn bounds(rows: usize) -> Vec<f64> {
    let count = rows.saturating_sub(1).clamp(1, ROWS.len());
    (0..count).map(|k| ROWS[ROWS.len() - 1 - (count - 1 - k) * ROWS.len() / count]).collect()
}

/// A row for each bucket, as long as its share.
fn bars(series: &Series, (width, rows): (u16, usize)) -> Vec<Line<'static>> {
    let bounds = bounds(rows);
    let mut below = 0;
    let mut counts: Vec<(char, f64, u64)> = Vec::new();
    for bound in &bounds {
        let up_to = series.count() - series.above_ms(*bound);
        counts.push(('≤', *bound, up_to - below));
        below = up_to;
    }
    counts.push(('>', ROWS[ROWS.len() - 1], series.count() - below));
    let most = counts.iter().map(|(.., n)| *n).max().unwrap_or_default().max(1);
    // Beside the figures a narrow terminal has room for little more than the numbers.
    let label = |(sign, bound, count): (char, f64, u64)| match width {
        30.. => format!(" {sign} {bound:>6} ms{count:>8} "),
        _ => format!(" {sign}{bound:>5} ms{count:>6} "),
    };
    let row = |bucket: (char, f64, u64)| {
        let label = label(bucket);
        let room = usize::from(width).saturating_sub(label.chars().count() + 1);
        let length = (bucket.2 as f64 / most as f64 * room as f64).ceil() as usize;
        Line::from(vec![Span::from(label), Span::from("█".repeat(length)).fg(Color::Green)])
    };
    counts.into_iter().map(row).collect()
}
