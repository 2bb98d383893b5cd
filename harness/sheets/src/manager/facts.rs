//! What the page says, as text; where each figure stands and how it came about.

use palisade_layout::analysis::answer::{Gap, GapReason};
use palisade_layout::analysis::rules::{Finding, Seen, Status, Strength};
use palisade_layout::analysis::sightlines::BODY_M;
use serde::Serialize;

use super::measures;
use super::place::in_words;
use crate::Material;
use crate::words::{self, percent, square_metres};

/// Gaps and measures that are told.
const WORST: usize = 3;
/// Rules that are told; the rest is counted.
const RULES: usize = 7;

/// Everything on the page.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Facts {
    pub(super) name: String,
    pub(super) date: String,
    /// `good`, `open` or `bad`.
    pub(super) tone: &'static str,
    pub(super) verdict: &'static str,
    pub(super) sentence: String,
    pub(super) tiles: Vec<Tile>,
    pub(super) gaps: Vec<Told>,
    pub(super) gaps_note: String,
    pub(super) measures: Vec<Told>,
    pub(super) measures_note: String,
    pub(super) rules: Vec<RuleRow>,
    pub(super) rules_note: String,
    pub(super) evidence: Vec<Evidence>,
}

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Tile {
    pub(super) figure: String,
    pub(super) what: String,
    pub(super) mark: usize,
    pub(super) tone: &'static str,
}

/// A gap or a measure.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Told {
    pub(super) title: String,
    pub(super) text: String,
    pub(super) mark: usize,
}

/// A rule that is not met.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RuleRow {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) figure: String,
    pub(super) clause: String,
    pub(super) strength: &'static str,
    pub(super) mark: usize,
}

/// Where a figure stands, and how it came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Evidence {
    pub(super) mark: usize,
    pub(super) place: String,
    pub(super) how: &'static str,
}

/// Collects evidence; the same place gets the same mark.
#[derive(Default)]
struct Book {
    rows: Vec<Evidence>,
}

impl Book {
    fn cite(&mut self, place: impl Into<String>, how: &'static str) -> usize {
        let place = place.into();
        if let Some(row) = self.rows.iter().find(|r| r.place == place) {
            return row.mark;
        }
        let mark = self.rows.len() + 1;
        self.rows.push(Evidence { mark, place, how });
        mark
    }
}

/// Gaps for somebody who stands, the largest first, with their place in the report; where there are too few of them, those
/// for somebody who crouches follow.
pub(super) fn worst<'a>(material: &Material<'a>) -> Vec<(usize, &'a Gap)> {
    let gaps: Vec<(usize, &Gap)> = material.report.answer.gaps.iter().enumerate().collect();
    let (standing, low): (Vec<_>, Vec<_>) = gaps.into_iter().partition(|(_, gap)| is_of_body(gap));
    standing.into_iter().chain(low).take(WORST).collect()
}

impl Facts {
    pub(super) fn of(material: &Material) -> Facts {
        let mut book = Book::default();
        let rules = &material.report.rules;
        let failed: Vec<&Finding> = rules.iter().filter(|f| f.status == Status::Fail).collect();
        let (tone, verdict) = verdict(material, &failed);
        let tiles = tiles(material, &mut book);
        let gaps = gaps(material, &mut book);
        let (measures, measures_note) = measures(material, &mut book);
        let rows = rule_rows(&failed, &mut book);
        Facts {
            name: material.report.scenario.clone(),
            date: material.scenario.file.day.date.clone(),
            tone,
            verdict,
            sentence: sentence(material, &failed),
            tiles,
            gaps,
            gaps_note: gaps_note(material),
            measures,
            measures_note,
            rules_note: rules_note(rules, failed.len().saturating_sub(rows.len())),
            rules: rows,
            evidence: book.rows,
        }
    }
}

/// A rule that says 应 and is not met, or an open perimeter, calls for work; anything else that is missing can be better.
fn verdict(material: &Material, failed: &[&Finding]) -> (&'static str, &'static str) {
    let open = material.report.answer.perimeter.open_places() > 0;
    if open || failed.iter().any(|f| f.strength == Strength::Shall) {
        ("bad", "需要整改")
    } else if !failed.is_empty() || !material.report.answer.gaps.is_empty() {
        ("open", "可以改进")
    } else {
        ("good", "满足要求")
    }
}

/// Share of public ground that reaches `detect` (25 px/m) for somebody who stands.
fn covered(material: &Material) -> Option<f64> {
    let heights = material.report.answer.coverage.get("2014")?;
    Some(heights.get(&BODY_M.to_string())?.get("detect")?.share)
}

fn sentence(material: &Material, failed: &[&Finding]) -> String {
    let seen = match (material.scenario.file.kit.camera.len(), covered(material)) {
        (0, _) | (_, None) => "公共区域没有摄像机".to_owned(),
        (_, Some(share)) => format!("公共区域有 {} 能被摄像机看到", percent(share)),
    };
    let perimeter = &material.report.answer.perimeter;
    let walls = match perimeter.open_places() {
        _ if perimeter.length_m == 0.0 => "没有封闭的周界".to_owned(),
        0 => "周界没有缺口".to_owned(),
        n => format!("周界还有 {n} 处、共 {:.1} m 无人防护", perimeter.open_m()),
    };
    let of = |strength: Strength| failed.iter().filter(|f| f.strength == strength).count();
    let rules = match (failed.len(), of(Strength::Shall), of(Strength::Unstated)) {
        (0, ..) => "能核对的规范条款全部满足".to_owned(),
        (n, 0, 0) => format!("有 {n} 条规范条款不满足，都不是强制（应）条款"),
        (n, 0, unstated) if unstated == n => format!("有 {n} 条规范条款不满足，力度均未明"),
        (n, 0, unstated) => format!("有 {n} 条规范条款不满足，其中 {unstated} 条力度未明"),
        (n, shall, _) => format!("有 {n} 条规范条款不满足，其中 {shall} 条是“应”做到的"),
    };
    format!("{seen}；{walls}；{rules}。")
}

fn tiles(material: &Material, book: &mut Book) -> Vec<Tile> {
    let answer = &material.report.answer;
    let mut tiles = Vec::new();
    if let Some(share) = covered(material) {
        let mark = book.cite(format!("report.json coverage.2014.{BODY_M}.detect"), "计算");
        let what = "公共区域被看到（站立的人，≥25 px/m）".to_owned();
        tiles.push(Tile { figure: percent(share), what, mark, tone: "" });
    }
    if answer.perimeter.length_m > 0.0 {
        let mark = book.cite("report.json perimeter.gaps, perimeter.unwalled", "计算");
        let rim = &answer.perimeter;
        let tone = if rim.open_places() == 0 { "good" } else { "bad" };
        let what = format!("周界无人防护（全长 {:.0} m）", rim.whole_m());
        tiles.push(Tile { figure: format!("{:.1} m", rim.open_m()), what, mark, tone });
    }
    let count = |status: Status| material.report.rules.iter().filter(|f| f.status == status).count();
    let (pass, fail) = (count(Status::Pass), count(Status::Fail));
    let mark = book.cite("report.json rules[].status", "计算");
    let tone = if fail == 0 { "good" } else { "bad" };
    tiles.push(Tile {
        figure: format!("{pass} / {}", pass + fail),
        what: "能核对的条款已满足".into(),
        mark,
        tone,
    });
    let mark = book.cite("场景文件 [kit]", "录入");
    let cameras = material.scenario.file.kit.camera.len() + material.scenario.file.kit.facade_camera.len();
    let what = format!("台摄像机，{} 组对射", material.scenario.file.kit.beam.len());
    tiles.push(Tile { figure: cameras.to_string(), what, mark, tone: "" });
    tiles
}

fn gaps(material: &Material, book: &mut Book) -> Vec<Told> {
    let told = |(i, gap): (usize, &Gap)| {
        let mark = book.cite(format!("report.json gaps[{i}]；gaps.geojson"), "计算");
        Told { title: called(material, gap), text: why(material, gap), mark }
    };
    worst(material).into_iter().map(told).collect()
}

/// Share of the public ground from which on a gap has no one place.
const WIDE: f64 = 0.15;

/// Where a gap is and how large; a height that is not that of somebody who stands is said.
fn called(material: &Material, gap: &Gap) -> String {
    let height = if is_of_body(gap) { String::new() } else { format!("（离地 {} m）", gap.height_m) };
    let share = gap.area_m2 / material.report.answer.public_ground_m2.max(1e-9);
    if share >= WIDE {
        return format!("连片空白，占公共区域 {}，{}{height}", percent(share), square_metres(gap.area_m2));
    }
    let place = gap.middle().map_or_else(String::new, |at| in_words(at, &material.scenario.site));
    format!("{place}，{}{height}", square_metres(gap.area_m2))
}

fn is_of_body(gap: &Gap) -> bool {
    (gap.height_m - BODY_M).abs() < 1e-9
}

/// Causes of a gap with their shares, the two largest; what stands in the way is named where it is one thing.
fn why(material: &Material, gap: &Gap) -> String {
    let mut by_reason: Vec<(GapReason, f64, Vec<&str>)> = Vec::new();
    for cause in &gap.causes {
        let culprit = cause.culprit.as_deref();
        match by_reason.iter_mut().find(|(reason, _, _)| *reason == cause.reason) {
            Some((_, area, culprits)) => {
                *area += cause.area_m2;
                culprits.extend(culprit);
            }
            None => by_reason.push((cause.reason, cause.area_m2, culprit.into_iter().collect())),
        }
    }
    by_reason.sort_by(|a, b| b.1.total_cmp(&a.1));
    let told = by_reason.iter().take(2).map(|(reason, area_m2, culprits)| {
        let by = match culprits.as_slice() {
            [one] => format!("（{}）", named(material, one)),
            _ => String::new(),
        };
        format!("{}{by}，占 {}", words::reason(*reason).chinese, percent(area_m2 / gap.area_m2.max(1e-9)))
    });
    let told = told.collect::<Vec<_>>().join("；");
    if told.is_empty() { format!("{}。", words::reason(gap.reason).chinese) } else { format!("{told}。") }
}

/// What people call a thing or a device.
fn named<'a>(material: &'a Material, id: &'a str) -> &'a str {
    material.scenario.site.building_by_id(id).and_then(|b| b.name.as_deref()).unwrap_or(id)
}

fn gaps_note(material: &Material) -> String {
    let gaps = &material.report.answer.gaps;
    let standing = gaps.iter().filter(|gap| is_of_body(gap)).count();
    match (standing, gaps.len()) {
        (_, 0) => "公共区域处处能被看到，没有 4 m² 以上的空白。".to_owned(),
        (0, _) => "站立的人处处能被看到，没有 4 m² 以上的空白；以上是蹲伏的人（0.5 m）的空白。".to_owned(),
        (_, all) if all < WORST => format!("本小区只有 {all} 处 4 m² 以上的空白。"),
        (n, _) if n < WORST => format!("站立的人只有 {n} 处空白，其余是蹲伏的人（0.5 m）的空白。"),
        (n, _) if n > WORST => format!("另有 {} 处较小的空白，见 plan.html。", n - WORST),
        _ => String::new(),
    }
}

/// Measures with their evidence; none is made up here.
fn measures(material: &Material, book: &mut Book) -> (Vec<Told>, String) {
    let (found, note) = measures::proposals(material, WORST);
    let told = found.into_iter().map(|proposal| Told {
        title: proposal.title,
        text: proposal.text,
        mark: book.cite(proposal.place, proposal.kind.how(material.prices.how)),
    });
    (told.collect(), note)
}

fn rule_rows(failed: &[&Finding], book: &mut Book) -> Vec<RuleRow> {
    let mut order: Vec<&Finding> = failed.to_vec();
    order.sort_by_key(|f| f.strength != Strength::Shall);
    let figure = |f: &Finding| f.figures().map(|x| x.unwrap_or_else(|| "—".to_owned())).join(" / ");
    let row = |f: &&Finding| RuleRow {
        id: f.id.clone(),
        title: f.title_zh.clone(),
        figure: format!("{} {}", figure(f), words::unit(&f.unit)),
        clause: format!("{}{}", f.clause_zh, if f.seen == Seen::Recall { "（出处未核实）" } else { "" }),
        strength: words::strength(f.strength),
        mark: book.cite(format!("report.json rules[id={}]", f.id), words::basis(f.basis)),
    };
    order.iter().take(RULES).map(row).collect()
}

fn rules_note(rules: &[Finding], left: usize) -> String {
    let unknown = rules.iter().filter(|f| f.status == Status::NotAssessable).count();
    let more = if left > 0 { format!("另有 {left} 条不满足，") } else { String::new() };
    format!("{more}{unknown} 条资料不足、无法核对；全部条款见 plan.html。")
}
