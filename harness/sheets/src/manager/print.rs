//! The page on paper: A4, upright, everything in its place.

use palisade_layout::analysis::answer::Gap;
use palisade_layout::analysis::sightlines::BODY_M;

use super::facts::{Facts, Tile, Told, worst};
use crate::fonts::wrap;
use crate::map::{self, Anchor, Frame, Pen, STYLE, Show, way};
use crate::{Failed, Material, fonts, pdf};

/// Width and height, mm.
const SIZE_MM: [f64; 2] = [210.0, 297.0];
/// Margin left and right, mm.
const SIDE_MM: f64 = 14.0;
/// Width of what is printed, mm.
const WIDTH_MM: f64 = SIZE_MM[0] - 2.0 * SIDE_MM;
/// Width of the picture, mm. Beside it stands what its numbers mean.
const PICTURE_MM: f64 = 112.0;
/// Distance of the two columns, mm.
const GUTTER_MM: f64 = 6.0;
const PAGE_STYLE: &str = include_str!("../../../../assets/sheets/manager-print.css");

pub(super) fn pdf(material: &Material, facts: &Facts) -> Result<Vec<u8>, Failed> {
    let mut pen = Pen::default();
    pen.rect("paper", [0.0, 0.0, SIZE_MM[0], SIZE_MM[1]]);
    let y = head(&mut pen, facts);
    let y = tiles(&mut pen, &facts.tiles, y);
    let rows = facts.rules.len().max(1) as f64;
    let foot = SIZE_MM[1] - 12.0 - evidence_height(facts);
    let rules_top = foot - 17.0 - rows * RULE_MM;
    let measures_top = rules_top - 4.0 - list_height(&facts.measures, &facts.measures_note, WIDTH_MM);
    let frame = picture(&mut pen, material, [SIDE_MM, y, PICTURE_MM, measures_top - y - 9.0])?;
    let beside = [SIDE_MM + PICTURE_MM + GUTTER_MM, y + 3.4, WIDTH_MM - PICTURE_MM - GUTTER_MM];
    let end = list(&mut pen, "最大的空白", &facts.gaps, &facts.gaps_note, beside, "number");
    legend(&mut pen, &frame, [beside[0], end.max(frame.top + frame.height - LEGEND_MM)]);
    let below = [SIDE_MM, measures_top, WIDTH_MM];
    list(&mut pen, "最省钱的措施", &facts.measures, &facts.measures_note, below, "measure");
    rules(&mut pen, facts, rules_top);
    evidence(&mut pen, facts, foot);
    let [width, height] = SIZE_MM;
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}mm\" height=\"{height}mm\" viewBox=\"0 0 {width} {height}\"><style>{STYLE}{PAGE_STYLE}</style>{}</svg>",
        pen.done()
    );
    pdf::page(&svg, &format!("{} 安防规划一页通", facts.name), SIZE_MM.map(|mm| mm as f32))
}

/// A small mark behind a text that ends at `x`.
fn cite(pen: &mut Pen, [x, y]: [f64; 2], mark: usize) {
    pen.text("mark", [x + 0.5, y - 1.2], 1.9, Anchor::Start, &format!("[{mark}]"));
}

fn lines(pen: &mut Pen, class: &str, at: [f64; 2], size: f64, most: f64, text: &str) -> (f64, [f64; 2]) {
    let mut y = at[1];
    let mut end = at;
    for line in wrap(text, size, most) {
        pen.text(class, [at[0], y], size, Anchor::Start, &line);
        end = [at[0] + size * fonts::width(&line, class.contains('b')), y];
        y += size * LEADING;
    }
    (y, end)
}

fn head(pen: &mut Pen, facts: &Facts) -> f64 {
    pen.rect(&format!("band {}", facts.tone), [0.0, 0.0, SIZE_MM[0], 3.0]);
    pen.text("b", [SIDE_MM, 18.0], 8.5, Anchor::Start, &facts.name);
    let after = SIDE_MM + 8.5 * fonts::width(&facts.name, true) + 5.0;
    pen.text("soft", [after, 18.0], 4.6, Anchor::Start, "安防规划一页通");
    let right = SIZE_MM[0] - SIDE_MM;
    pen.text("soft", [right, 18.0], 3.0, Anchor::End, &format!("模拟日 {} · 由 Palisade 计算", facts.date));
    let badge = 4.2 * fonts::width(facts.verdict, true) + 7.0;
    pen.rect(&format!("badge {}", facts.tone), [SIDE_MM, 23.5, badge, 8.0]);
    pen.text("badge-text b", [SIDE_MM + badge / 2.0, 29.1], 4.2, Anchor::Middle, facts.verdict);
    let most = WIDTH_MM - badge - 5.0;
    let (y, _) = lines(pen, "", [SIDE_MM + badge + 5.0, 27.2], 3.7, most, &facts.sentence);
    y.max(34.0) + 1.0
}

fn tiles(pen: &mut Pen, tiles: &[Tile], top: f64) -> f64 {
    let n = tiles.len().max(1) as f64;
    let width = (WIDTH_MM - (n - 1.0) * 4.0) / n;
    for (i, tile) in tiles.iter().enumerate() {
        let x = SIDE_MM + i as f64 * (width + 4.0);
        pen.rect("tile", [x, top, width, 18.0]);
        pen.text(&format!("b figure {}", tile.tone), [x + 3.0, top + 8.0], 6.4, Anchor::Start, &tile.figure);
        cite(pen, [x + 3.0 + 6.4 * fonts::width(&tile.figure, true), top + 7.0], tile.mark);
        lines(pen, "soft", [x + 3.0, top + 12.4], 2.6, width - 5.0, &tile.what);
    }
    top + 21.0
}

/// The map that fills its box, with the gaps that are told beside it numbered.
fn picture(pen: &mut Pen, material: &Material, window: [f64; 4]) -> Result<Frame, Failed> {
    let empty = || Failed::Empty { scenario: material.scenario.file.name.clone() };
    let ground = map::overview_ground(&material.scenario.site).ok_or_else(empty)?;
    let frame = Frame::filling(window, ground);
    let gaps: Vec<&Gap> = worst(material).into_iter().map(|(_, gap)| gap).collect();
    map::draw(pen, material, &frame, Show::overview(BODY_M), &gaps);
    pen.rect("thin", window);
    Ok(frame)
}

/// Height of the legend, and of a row of it, mm.
const LEGEND_MM: f64 = 4.0 * LEGEND_ROW_MM;
const LEGEND_ROW_MM: f64 = 4.8;

/// What the marks of the picture mean, two in a row, and its scale.
fn legend(pen: &mut Pen, frame: &Frame, [x, top]: [f64; 2]) {
    let mut entry = |row: u8, column: u8, draw: &dyn Fn(&mut Pen, [f64; 2]), text: &str| {
        let (x, y) = (x + 30.0 * f64::from(column), top + LEGEND_ROW_MM * (f64::from(row) + 1.0) - 1.0);
        draw(pen, [x, y - 0.8]);
        pen.text("soft", [x + 7.5, y], 2.6, Anchor::Start, text);
    };
    let line = |class: &'static str| {
        move |pen: &mut Pen, [x, y]: [f64; 2]| pen.path(class, &way([[x, y], [x + 6.0, y]], false), "")
    };
    let gap = |pen: &mut Pen, [x, y]: [f64; 2]| {
        ["gap-fill", "gap"].iter().for_each(|class| pen.rect(class, [x, y - 1.4, 6.0, 2.8]));
    };
    entry(0, 0, &gap, "摄像机看不到的地方（站立的人）");
    entry(1, 0, &line("beam"), "对射");
    entry(1, 1, &line("open"), "周界缺口");
    let mark = |symbol, turn, size| {
        move |pen: &mut Pen, [x, y]: [f64; 2]| map::kit_mark(pen, symbol, [x + 3.0, y], turn, size, "")
    };
    entry(2, 0, &mark(map::Symbol::Camera, 90.0, 2.6), "摄像机");
    entry(2, 1, &mark(map::Symbol::Post, 0.0, 2.4), "岗位");
    let bar = frame.round_m(15.0);
    let length = bar * frame.mm_per_m;
    let y = top + LEGEND_MM - 1.0;
    let ends = [[x, y - 1.6], [x, y], [x + length, y], [x + length, y - 1.6]];
    pen.path("thin", &way(ends, false), "");
    pen.text("soft", [x + length + 2.0, y], 2.6, Anchor::Start, &format!("{bar:.0} m　上为北"));
}

fn heading(pen: &mut Pen, text: &str, at: [f64; 2], width: f64) {
    pen.text("b", at, 4.2, Anchor::Start, text);
    pen.path("rule", &way([[at[0], at[1] + 1.8], [at[0] + width, at[1] + 1.8]], false), "");
}

/// Size of a title and of a text of a list, mm.
const LIST_MM: [f64; 2] = [3.1, 2.7];
/// Distance from one line to the next, in sizes.
const LEADING: f64 = 1.42;

/// Room that a list takes below its heading's line, mm.
fn list_height(told: &[Told], note: &str, width: f64) -> f64 {
    let room = |size: f64, most: f64, text: &str| size * LEADING * wrap(text, size, most).len() as f64;
    let of = |one: &Told| {
        room(LIST_MM[0], width - 12.0, &one.title) + room(LIST_MM[1], width - 6.0, &one.text) + 1.4
    };
    7.0 + told.iter().map(of).sum::<f64>() + if note.is_empty() { 0.0 } else { room(LIST_MM[1], width, note) }
}

/// Writes a list and says where it ends.
fn list(
    pen: &mut Pen,
    title: &str,
    told: &[Told],
    note: &str,
    [x, top, width]: [f64; 3],
    class: &str,
) -> f64 {
    heading(pen, title, [x, top], width);
    let mut y = top + 7.0;
    for (i, one) in told.iter().enumerate() {
        pen.circle(class, [x + 2.2, y - 1.1], 2.1, "");
        pen.text("number-text b", [x + 2.2, y - 0.1], 2.8, Anchor::Middle, &(i + 1).to_string());
        let (after, end) = lines(pen, "b", [x + 6.0, y], LIST_MM[0], width - 12.0, &one.title);
        cite(pen, end, one.mark);
        let (after, _) = lines(pen, "soft", [x + 6.0, after - 0.2], LIST_MM[1], width - 6.0, &one.text);
        y = after + 1.6;
    }
    if note.is_empty() { y } else { lines(pen, "soft", [x, y], LIST_MM[1], width, note).0 }
}

/// Height of a row of rules, mm.
const RULE_MM: f64 = 5.2;

fn rules(pen: &mut Pen, facts: &Facts, top: f64) {
    heading(pen, "不满足的规范条款", [SIDE_MM, top], WIDTH_MM);
    let columns = [SIDE_MM, SIDE_MM + 11.0, SIDE_MM + 20.0, SIDE_MM + 98.0, SIDE_MM + 132.0];
    for (x, text) in columns.iter().zip(["编号", "力度", "要求", "实际 / 要求", "出处"]) {
        pen.text("soft", [*x, top + 5.6], 2.4, Anchor::Start, text);
    }
    let mut y = top + 10.0;
    for row in &facts.rules {
        let end = 3.0 * fonts::width(&row.id, true);
        pen.text("b", [columns[0], y], 3.0, Anchor::Start, &row.id);
        cite(pen, [columns[0] + end, y], row.mark);
        pen.text("", [columns[1], y], 2.8, Anchor::Start, row.strength);
        for (x, size, most, text) in [
            (columns[2], 2.8, 76.0, &row.title),
            (columns[3], 2.8, 33.0, &row.figure),
            (columns[4], 2.3, WIDTH_MM - 132.0, &row.clause),
        ] {
            // One line a rule: what is too long is set smaller, never cut.
            let fitted = f64::min(size, most / fonts::width(text, false).max(0.1));
            pen.text("", [x, y], fitted, Anchor::Start, text);
        }
        pen.path("hair", &way([[SIDE_MM, y + 1.6], [SIDE_MM + WIDTH_MM, y + 1.6]], false), "");
        y += RULE_MM;
    }
    pen.text("soft", [SIDE_MM, y + 0.6], 2.6, Anchor::Start, &facts.rules_note);
}

const EVIDENCE_COLUMNS: usize = 3;

fn evidence_height(facts: &Facts) -> f64 {
    7.0 + 3.2 * facts.evidence.len().div_ceil(EVIDENCE_COLUMNS) as f64
}

fn evidence(pen: &mut Pen, facts: &Facts, top: f64) {
    pen.text("b", [SIDE_MM, top], 2.8, Anchor::Start, "依据");
    let said = "每个数字后的 [n] 指明它在哪个文件、怎样得来：计算、实测、录入或假定。";
    pen.text("soft", [SIDE_MM + 8.0, top], 2.4, Anchor::Start, said);
    let rows = facts.evidence.len().div_ceil(EVIDENCE_COLUMNS);
    let width = WIDTH_MM / EVIDENCE_COLUMNS as f64;
    for (i, row) in facts.evidence.iter().enumerate() {
        let at = [SIDE_MM + width * (i / rows) as f64, top + 4.2 + 3.2 * (i % rows) as f64];
        let text = format!("[{}] {}（{}）", row.mark, row.place, row.how);
        let size = 2.2_f64.min((width - 2.0) / fonts::width(&text, false));
        pen.text("soft", at, size, Anchor::Start, &text);
    }
}
