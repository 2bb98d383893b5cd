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
            terminal.draw(|frame| draw(frame, &live, folder))?;
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
    let mut grown = (Instant::now(), live.at_us);
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
        if live.at_us > grown.1 {
            grown = (Instant::now(), live.at_us);
        } else if grown.0.elapsed() > SILENT {
            let wait = SILENT.as_secs();
            writeln!(io::stdout(), "nothing was written for {wait} s, and the run has no end: it was cut")?;
            return Ok(Left::Ended);
        }
        let since = Instant::now();
        while since.elapsed() < LINE && !over() {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
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

/// Draws one picture.
pub fn draw(frame: &mut Frame<'_>, live: &Live, folder: &Path) {
    let [head, rates, middle, remarks, foot] = Layout::vertical([
        Constraint::Length(2),
        Constraint::Length(5),
        Constraint::Min(14),
        Constraint::Length(5),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(Paragraph::new(heading(live)), head);
    let [sent, answered] = Layout::horizontal([Constraint::Fill(1); 2]).areas(rates);
    let (left, answers) = rates_of(live);
    rate(frame, sent, (left.0, Color::Cyan), &left.1);
    rate(frame, answered, (answers.0, Color::Green), &answers.1);
    let [figures, histogram] =
        Layout::horizontal([Constraint::Length(40), Constraint::Fill(1)]).areas(middle);
    frame.render_widget(Paragraph::new(table(live)).block(Block::bordered().title(" figures ")), figures);
    let width = histogram.width.saturating_sub(24);
    let rows = Paragraph::new(bars(&live.response, width));
    frame.render_widget(
        rows.block(Block::bordered().title(" response, from the intended instant ")),
        histogram,
    );
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
    let what = if live.ended { "the run has ended; q leaves" } else { "q leaves, the run goes on" };
    frame.render_widget(Paragraph::new(format!(" {what}   {}", folder.display())).dim(), foot);
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

fn table(live: &Live) -> Vec<Line<'static>> {
    let Open { waiting, overdue, to_come } = live.open(live.at_us);
    let row = |what: &str, value: String| Line::from(format!(" {what:<12}{value:>25}"));
    let bad = |n: u64, line: Line<'static>| if n > 0 { line.fg(Color::Red).bold() } else { line };
    let spread = |s: &Series| {
        let figures = [s.percentile_ms(50.0), s.percentile_ms(99.0), s.max_ms()];
        figures.map(ms).join(" / ")
    };
    let copies = live.pulses.back().map(|copies| {
        let late = ms(Some(copies.pickup_us as f64 / 1e3));
        vec![
            row("copies", format!("{}, {} sent", counted(copies.connected, "line"), copies.left)),
            row("to copies", copies.answers.map_or("not judged".into(), |n| counted(n, "answer"))),
            row("load p99", format!("{late} ms late")),
        ]
    });
    // A terminal of thirty lines holds all of it.
    let gap = || Line::from("");
    let middle = copies.clone().unwrap_or_else(|| vec![gap()]);
    let mut rows = vec![
        row("sent", live.left.to_string()),
        row("answers", live.answers.to_string()),
        row("without id", live.strangers.to_string()),
        row("expected", live.expected().to_string()),
        row("to come", to_come.to_string()),
    ];
    rows.extend(middle);
    rows.extend([
        row("open alarms", waiting.to_string()).bold(),
        bad(overdue, row("overdue", overdue.to_string())),
        bad(live.late, row("came late", live.late.to_string())),
        bad(live.down.len() as u64, row("devices down", live.down.len().to_string())),
    ]);
    rows.extend(copies.is_none().then(gap));
    rows.extend([
        Line::from(" p50 / p99 / longest, ms").dim(),
        row("lateness", spread(&live.lateness)),
        row("response", spread(&live.response)),
    ]);
    rows
}

/// A row for each bucket, as long as its share.
fn bars(series: &Series, width: u16) -> Vec<Line<'static>> {
    let bounds = ROWS.iter().copied().chain([f64::INFINITY]);
    let mut below = 0;
    let counts: Vec<(f64, u64)> = bounds
        .map(|bound| {
            let up_to =
                if bound.is_finite() { series.count() - series.above_ms(bound) } else { series.count() };
            let count = up_to - below;
            below = up_to;
            (bound, count)
        })
        .collect();
    let most = counts.iter().map(|(_, n)| *n).max().unwrap_or_default().max(1);
    counts
        .into_iter()
        .map(|(bound, count)| {
            let label = if bound.is_finite() {
                format!("≤ {bound:>6} ms")
            } else {
                format!("> {:>6} ms", ROWS[ROWS.len() - 1])
            };
            let length = (count as f64 / most as f64 * f64::from(width)).ceil() as usize;
            Line::from(vec![
                Span::from(format!(" {label}{count:>8} ")),
                Span::from("█".repeat(length)).fg(Color::Green),
            ])
        })
        .collect()
}
