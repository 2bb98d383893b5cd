//! The rows of the page: figures turned into text, nothing judged.

use palisade_layout::analysis::answer::{Coverage, Fix, Gap, Repair, SmallGaps, Stretch, Unwalled};
use palisade_layout::analysis::projection::EDITIONS;
use palisade_layout::analysis::rules::{Basis, Finding, Status};
use serde::Serialize;

use crate::words::{self, percent, thousands};
use crate::{Material, words::CLASSES};

#[derive(Serialize)]
pub(super) struct View {
    name: String,
    date: String,
    digest: String,
    public_m2: String,
    coverage: Vec<Edition>,
    coverage_night: Vec<Edition>,
    gaps: Vec<GapRow>,
    small_gaps: String,
    gaps_night: Vec<GapRow>,
    small_gaps_night: String,
    perimeter: PerimeterView,
    rules: Vec<RuleRow>,
    tally: Vec<(&'static str, usize)>,
    kit: Vec<(String, &'static str, &'static str, usize)>,
}

#[derive(Serialize)]
struct Edition {
    name: &'static str,
    heights: Vec<String>,
    classes: Vec<ClassRow>,
}

#[derive(Serialize)]
struct ClassRow {
    name: &'static str,
    px_per_m: f64,
    /// Share in words, area, and the share for a bar; one a height.
    cells: Vec<(String, String, f64)>,
}

#[derive(Serialize)]
struct GapRow {
    area: String,
    height_m: f64,
    causes: String,
    /// Median and worst density that is missing, px/m.
    lacks: String,
    fix: String,
    at: String,
}

#[derive(Serialize)]
struct PerimeterView {
    status: String,
    figures: Vec<(&'static str, String)>,
    gaps: Vec<StretchRow>,
    holes: Vec<(String, String)>,
    repairs: Vec<RepairRow>,
    /// Metres, places, why there is no repair.
    unrepaired: Vec<(String, usize, String)>,
    /// How the prices of repairs were come by, and when.
    priced: String,
    zones: Vec<StretchRow>,
}

#[derive(Serialize)]
struct RepairRow {
    closes: String,
    what: String,
    yuan: String,
    bill: Vec<(String, String)>,
    gains: String,
    loses: String,
}

#[derive(Serialize)]
struct StretchRow {
    beam: String,
    wall: String,
    from: String,
    to: String,
    length: String,
    reason: String,
}

#[derive(Serialize)]
struct RuleRow {
    id: String,
    title: String,
    title_zh: String,
    clause: String,
    source: String,
    strength: &'static str,
    seen: String,
    status: &'static str,
    tone: &'static str,
    figure: String,
    /// What the figure rests on; empty where there is none.
    basis: &'static str,
    evidence: String,
}

impl View {
    pub(super) fn of(material: &Material) -> View {
        let report = material.report;
        let answer = &report.answer;
        View {
            name: report.scenario.clone(),
            date: material.scenario.file.day.date.clone(),
            digest: material.scenario.digest.clone(),
            public_m2: thousands(answer.public_ground_m2),
            coverage: coverage(&answer.coverage),
            coverage_night: coverage(&answer.coverage_night),
            gaps: answer.gaps.iter().map(gap).collect(),
            small_gaps: small(answer.small_gaps),
            gaps_night: answer.gaps_night.iter().map(gap).collect(),
            small_gaps_night: small(answer.small_gaps_night),
            perimeter: perimeter(material),
            rules: report.rules.iter().map(rule).collect(),
            tally: STATUSES.map(|(status, word, _)| (word, count(report.rules.as_slice(), status))).to_vec(),
            kit: kit(material),
        }
    }
}

const STATUSES: [(Status, &str, &str); 4] = [
    (Status::Pass, "pass", "good"),
    (Status::Fail, "fail", "bad"),
    (Status::NotAssessable, "not assessable", "open"),
    (Status::NotApplicable, "not applicable", "none"),
];

fn count(rules: &[Finding], status: Status) -> usize {
    rules.iter().filter(|f| f.status == status).count()
}

fn small(gaps: SmallGaps) -> String {
    format!("{} more of less than 4 m² each, {:.1} m²", gaps.count, gaps.area_m2)
}

fn coverage(by_edition: &Coverage) -> Vec<Edition> {
    let told = EDITIONS.iter().filter_map(|edition| {
        let heights = by_edition.get(edition.name)?;
        let classes = edition.classes.iter().map(|class| ClassRow {
            name: class.name,
            px_per_m: class.px_per_m,
            cells: heights
                .values()
                .filter_map(|classes| classes.get(class.name))
                .map(|s| (percent(s.share), thousands(s.area_m2), (s.share * 100.0).round()))
                .collect(),
        });
        Some(Edition {
            name: edition.name,
            heights: heights.keys().cloned().collect(),
            classes: classes.collect(),
        })
    });
    told.collect()
}

fn unfixed(tried: usize) -> String {
    match tried {
        0 => "none was tried; --fixes N looks at more gaps".into(),
        1 => "none: 1 change was tried".into(),
        tried => format!("none: {tried} changes were tried"),
    }
}

fn gap(gap: &Gap) -> GapRow {
    let cause = |c: &palisade_layout::analysis::answer::Cause| {
        let by = c.culprit.as_ref().map_or_else(String::new, |c| format!(" ({c})"));
        format!("{}{by} {} m²", words::reason(c.reason).english, thousands(c.area_m2))
    };
    let causes: Vec<String> = gap.causes.iter().take(3).map(cause).collect();
    GapRow {
        area: thousands(gap.area_m2),
        height_m: gap.height_m,
        causes: if causes.is_empty() { words::reason(gap.reason).english.into() } else { causes.join("; ") },
        lacks: format!("{:.0} / {:.0}", gap.shortfall_px_per_m.median, gap.shortfall_px_per_m.worst),
        fix: gap.fix.as_ref().map_or_else(|| unfixed(gap.fixes_tried), fix),
        at: gap.middle().map_or_else(String::new, |[x, y]| format!("{x:.0}, {y:.0}")),
    }
}

fn fix(fix: &Fix) -> String {
    let part = if fix.enough { "" } else { " Not enough by itself." };
    format!(
        "{} {} yuan ({}); shows {} m² of this gap, gains {} m² and loses {} m² in all.{part}",
        fix.what,
        thousands(fix.cost_yuan),
        fix.cost_label,
        thousands(fix.closes_m2),
        thousands(fix.gains_m2),
        thousands(fix.loses_m2)
    )
}

fn perimeter(material: &Material) -> PerimeterView {
    let p = &material.report.answer.perimeter;
    let metres = |m: f64| format!("{m:.1} m");
    PerimeterView {
        status: p.status.clone(),
        figures: vec![
            ("walls and gates", metres(p.length_m)),
            ("guarded by beams", metres(p.guarded_m)),
            ("gates", metres(p.gates_m)),
            ("holes between walls, gates and buildings", p.unwalled.len().to_string()),
            (
                "what would close them",
                metres(p.unwalled.iter().map(|hole| hole.missing_m).sum::<f64>() + 0.0),
            ),
        ],
        gaps: p.gaps.iter().map(stretch).collect(),
        holes: p
            .unwalled
            .iter()
            .map(|hole: &Unwalled| (format!("{:.1}", hole.missing_m), hole.told()))
            .collect(),
        repairs: p.repairs.iter().map(repair).collect(),
        unrepaired: p
            .unrepaired_by_why()
            .into_iter()
            .map(|(why, count, m)| (format!("{m:.1}"), count, why.to_owned()))
            .collect(),
        priced: format!("{}, {}", material.prices.how.word(), material.prices.dated),
        zones: p.zones.iter().map(stretch).collect(),
    }
}

fn repair(r: &Repair) -> RepairRow {
    let item = |item: &palisade_layout::analysis::bill::Item| {
        (format!("{}: {}", item.id, item.what), thousands(item.yuan))
    };
    RepairRow {
        closes: format!("{:.1}", r.closes_m),
        what: r.what.clone(),
        yuan: thousands(r.cost_yuan),
        bill: r.bill.iter().map(item).collect(),
        gains: thousands(r.gains_m2),
        loses: thousands(r.loses_m2),
    }
}

fn stretch(s: &Stretch) -> StretchRow {
    let [from, to] = s.along_m;
    StretchRow {
        beam: s.beam.as_ref().map_or_else(String::new, ToString::to_string),
        wall: s.wall.to_string(),
        from: format!("{from:.1}"),
        to: format!("{to:.1}"),
        length: format!("{:.1}", to - from),
        reason: s.reason.clone(),
    }
}

fn rule(f: &Finding) -> RuleRow {
    let (_, status, tone) = STATUSES.into_iter().find(|(s, _, _)| *s == f.status).unwrap_or(STATUSES[3]);
    let [measured, demanded] = f.figures();
    let figures = measured.zip(demanded).map(|(is, must)| format!("{is} / {must} {}", f.unit));
    let needs = f.needs.as_ref().map(|needs| format!("needs {needs}"));
    let figures = figures.into_iter().chain(needs).collect::<Vec<_>>().join("; ");
    let more = f.evidence.len().saturating_sub(6);
    let mut evidence = f.evidence.iter().take(6).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 {
        evidence += &format!(" and {more} more");
    }
    let listed = |what: &str, list: &[String], between: &str| {
        (!list.is_empty()).then(|| format!("{what}: {}", list.join(between)))
    };
    let undriven = listed("not driven", &f.undriven, ", ");
    let record = f.record.as_ref().map(|record| format!("judged by {record}"));
    let unchecked = listed("not checked", &f.unchecked, "; ");
    let assumed = listed("assumed", &f.assumed, "; ");
    let notes = Some(evidence).filter(|told| !told.is_empty()).into_iter();
    let more = undriven.into_iter().chain(record).chain(unchecked).chain(assumed);
    let evidence = notes.chain(more).collect::<Vec<_>>().join("; ");
    RuleRow {
        id: f.id.clone(),
        title: f.title.clone(),
        title_zh: f.title_zh.clone(),
        clause: f.clause.clone(),
        source: f.source.clone(),
        strength: words::strength(f.strength),
        seen: serde_json::to_value(f.seen)
            .ok()
            .and_then(|v| v.as_str().map(str::to_owned))
            .unwrap_or_default(),
        status,
        tone,
        figure: figures,
        basis: f.basis.map_or("", Basis::word),
        evidence,
    }
}

fn kit(material: &Material) -> Vec<(String, &'static str, &'static str, usize)> {
    let row = |class: palisade_layout::contract::Class| {
        let name = words::class(class);
        let count = material.scenario.count_of(class);
        (count > 0).then(|| (class.word().to_owned(), name.english, name.chinese, count))
    };
    CLASSES.into_iter().filter_map(row).collect()
}
