//! Measures in plain words, the cheapest first: fixes of gaps and zones along walls, which the plan tried in the model, and
//! what a tier still lacks, which is counted and not tried.

use palisade_layout::analysis::answer::{Change, Fix, Gap, Repair, Table};
use palisade_layout::analysis::prices::How;
use palisade_layout::analysis::rules::Status;
use palisade_layout::analysis::tiers::TierItem;
use palisade_layout::model::catalogue::{Catalogue, Form};
use palisade_layout::model::kit::Beam;
use serde_json::Value;

use super::place::in_words;
use crate::Material;
use crate::words::{self, square_metres, thousands};

/// Of what kind a measure is, and so how its figures came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The fix of a gap: the whole layout was planned again with it.
    Sight,
    /// Zones along a wall, with their cameras and a wall across a hole: the perimeter was worked out again with them.
    Perimeter,
    /// Equipment of a tier: counted.
    Equipment,
}

impl Kind {
    /// How its figures came about.
    pub(super) fn how(self, prices: How) -> &'static str {
        match (self, prices) {
            (Kind::Equipment, How::Assumed) => "按缺额计算；价格假定",
            (Kind::Equipment, _) => "按缺额计算；价格为报价",
            (_, How::Assumed) => "模型试算；价格假定",
            (..) => "模型试算；价格为报价",
        }
    }
}

/// A measure as it is told.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Proposal {
    pub(super) kind: Kind,
    pub(super) yuan: f64,
    pub(super) title: String,
    pub(super) text: String,
    /// Where its figures stand.
    pub(super) place: String,
}

/// The cheapest measures of all kinds, and what is to be said of all of them. Of equal prices those that were tried come
/// first.
pub(super) fn proposals(material: &Material, most: usize) -> (Vec<Proposal>, String) {
    let mut told = fixes(material);
    told.extend(repairs(material));
    told.extend(equipment(material));
    told.sort_by(|a, b| a.yuan.total_cmp(&b.yuan));
    told.truncate(most);
    let note = note(material, most, &told);
    (told, note)
}

fn note(material: &Material, most: usize, told: &[Proposal]) -> String {
    if told.is_empty() {
        return "本次计算没有找到可以报价的措施。".to_owned();
    }
    let prices = &material.prices;
    let how = if prices.how == How::Assumed { "假定" } else { "报价" };
    let few =
        if told.len() < most { format!("只找到 {} 项措施。", told.len()) } else { String::new() };
    let of = |kind: Kind, words: &'static str| if told.iter().any(|t| t.kind == kind) { words } else { "" };
    format!(
        "{few}按价格从低到高排列，每项单独实施。{}{}{}单价为 {} 的{how}值。",
        of(Kind::Sight, "视频措施在同一模型里逐项试算过，不使已满足的条款失效。"),
        of(Kind::Perimeter, "周界措施在同一模型里逐项试算过缩短的缺口，不使已满足的条款失效。"),
        of(Kind::Equipment, "配置措施按缺额乘单价计算，没有试算。"),
        prices.dated,
    )
}

/// The cheapest changes that show unseen ground, and the cheapest fixes of gaps by day and by night: each device once, and
/// each place of a new one. Of equal prices the one that shows more comes first.
fn fixes(material: &Material) -> Vec<Proposal> {
    let answer = &material.report.answer;
    let of = |list: &'static str, gaps: &'_ [Gap]| -> Vec<(String, Fix)> {
        let fixed = gaps.iter().enumerate().filter_map(|(i, gap)| Some((i, gap.fix.clone()?)));
        fixed.map(|(i, fix)| (format!("report.json {list}[{i}].fix"), fix)).collect()
    };
    let cheapest = answer.cheapest.iter().enumerate();
    let mut all: Vec<(String, Fix)> =
        cheapest.map(|(i, fix)| (format!("report.json cheapest[{i}]"), fix.clone())).collect();
    all.extend([of("gaps", &answer.gaps), of("gaps_night", &answer.gaps_night)].concat());
    let shows = |fix: &Fix| fix.gains_m2 + fix.gains_night_m2 - fix.loses_m2 - fix.loses_night_m2;
    all.sort_by(|(_, a), (_, b)| a.cost_yuan.total_cmp(&b.cost_yuan).then(shows(b).total_cmp(&shows(a))));
    let mut told: Vec<(String, Fix)> = Vec::new();
    for (place, fix) in all {
        // Two gaps may be owed to one camera: it is turned one way only. New ones have one name in all fixes.
        if !told.iter().any(|(_, other)| other.device == fix.device && hung(other) == hung(&fix)) {
            told.push((place, fix));
        }
    }
    let proposal = |(place, fix): (String, Fix)| Proposal {
        kind: Kind::Sight,
        yuan: fix.cost_yuan,
        title: title(material, &fix),
        text: text(&fix),
        place,
    };
    told.into_iter().map(proposal).collect()
}

/// Where a new device is hung; nothing for one that is there.
fn hung(fix: &Fix) -> Option<&serde_json::Value> {
    let at = fix.change.iter().find(|change| ["at_m", "at"].contains(&change.key.as_str()))?;
    at.old.as_ref().is_none_or(serde_json::Value::is_null).then_some(&at.new)
}

/// What would close stretches of wall that nobody guards, and holes.
fn repairs(material: &Material) -> Vec<Proposal> {
    let told = |(i, repair): (usize, &Repair)| {
        let middle = repair.beams.get(repair.beams.len() / 2);
        let at = middle.map(|zone| [0, 1].map(|k| (zone.from_m[k] + zone.to_m[k]) / 2.0));
        let wall = || {
            let line = &repair.walls.first()?.line.0;
            line.get(line.len() / 2).map(|corner| [corner.x, corner.y])
        };
        let at = at.or_else(wall);
        let there = &material.scenario.file.kit.beam;
        let same =
            |beam: &Beam| there.iter().any(|b| b.id == beam.id && b.rated_range_m == beam.rated_range_m);
        let bought: Vec<&Beam> = repair.beams.iter().filter(|beam| !same(beam)).collect();
        let place = at.map_or_else(String::new, |at| format!("{}：", in_words(at, &material.scenario.site)));
        let lost = if repair.loses_m2 >= 0.5 {
            format!("新墙另遮住 {} 地面。", square_metres(repair.loses_m2))
        } else {
            String::new()
        };
        Proposal {
            kind: Kind::Perimeter,
            yuan: repair.cost_yuan,
            title: format!("{place}{}", done(material, repair)),
            text: format!(
                "约 {} 元；{:.1} m 周界不再无人防护。{}{lost}",
                thousands(repair.cost_yuan),
                repair.closes_m,
                pairs(&bought)
            ),
            place: format!("report.json perimeter.repairs[{i}]"),
        }
    };
    material.report.answer.perimeter.repairs.iter().enumerate().map(told).collect()
}

/// What is done: a wall, zones that are put right, new zones, cameras.
fn done(material: &Material, repair: &Repair) -> String {
    let there = &material.scenario.file.kit.beam;
    let (old, new): (Vec<&Beam>, Vec<&Beam>) =
        repair.beams.iter().partition(|beam| there.iter().any(|other| other.id == beam.id));
    let mut told: Vec<String> = Vec::new();
    for wall in &repair.walls {
        let kind = words::wall(wall.made_of).chinese;
        told.push(format!("新建 {:.1} m {kind}", repair.along_m[1] - repair.along_m[0]));
    }
    for beam in old {
        let same = there.iter().any(|b| b.id == beam.id && b.rated_range_m == beam.rated_range_m);
        told.push(format!("{}对射 {}", if same { "校准" } else { "更换并校准" }, beam.id));
    }
    if !new.is_empty() {
        let on =
            if repair.walls.is_empty() { format!("在围墙 {} 上", repair.wall) } else { String::new() };
        told.push(format!("{on}补 {} 组对射", new.len()));
    }
    if !repair.cameras.is_empty() {
        told.push(format!("新增 {} 台复核摄像机", repair.cameras.len()));
    }
    told.join("，")
}

/// What is bought for a repair: rays, range and length of its zones.
fn pairs(beams: &[&Beam]) -> String {
    if beams.is_empty() {
        return String::new();
    }
    let longest = beams.iter().map(|beam| beam.length_m()).fold(0.0, f64::max);
    let mut kinds: Vec<(usize, f64)> = beams.iter().map(|b| (b.rays_m.len(), b.rated_range_m)).collect();
    kinds.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    kinds.dedup();
    let told = kinds.iter().map(|(rays, range)| format!("{rays} 光束、额定 {range:.0} m"));
    format!("{}，防区最长 {longest:.1} m。", told.collect::<Vec<_>>().join("；"))
}

/// The system whose equipment zones along walls are (周界报警).
const PERIMETER: u32 = 8;

/// What the lowest tier that is not met still lacks; zones where the plan has them metre by metre are left out.
fn equipment(material: &Material) -> Vec<Proposal> {
    let tiers = material.report.tiers.iter().enumerate();
    let Some((t, tier)) = tiers.into_iter().find(|(_, tier)| !tier.met) else { return Vec::new() };
    let repaired = !material.report.answer.perimeter.repairs.is_empty();
    let lacks = |item: &TierItem| {
        let known = repaired && item.system == PERIMETER;
        item.status == Status::Fail && item.cost_yuan > 0.0 && !known
    };
    let items = tier.items.iter().enumerate().filter(|(_, item)| lacks(item));
    let told = |(i, item): (usize, &TierItem)| Proposal {
        kind: Kind::Equipment,
        yuan: item.cost_yuan,
        title: format!("补齐{}配置：{}", tier.name_zh, item.title_zh),
        text: format!(
            "约 {} 元；现有 {}，应有 {}。{}",
            thousands(item.cost_yuan),
            thousands(item.found),
            thousands(item.demanded),
            if item.people { "另需人员，按月支付，未计价。" } else { "" }
        ),
        place: format!("report.json tiers[{t}].items[{i}]"),
    };
    items.map(told).collect()
}

/// What is to be done.
fn title(material: &Material, fix: &Fix) -> String {
    let site = &material.scenario.site;
    let said = |key: &str| fix.change.iter().find(|change| change.key == key).map(|change| &change.new);
    let new = fix.change.iter().all(|c| c.old.is_none() || c.old == Some(Value::Null));
    match (fix.change.first().map(|c| c.table), said("at_m").and_then(point)) {
        (Some(Table::Tree), _) => format!("修剪树冠 {}", fix.device),
        (Some(Table::Lamp), _) => match said("at").and_then(lamp_at) {
            Some(at) => format!("在{}新增一盏路灯", in_words(at, site)),
            None => "新增一盏路灯".to_owned(),
        },
        (_, Some(at)) if new => {
            let kind = said("model").and_then(Value::as_str).map_or_else(String::new, model);
            let masked = if said("mask_px").is_some() { "，并遮挡住宅窗户" } else { "" };
            format!("在{}新增一台{kind}摄像机{masked}", in_words(at, site))
        }
        _ => {
            let swapped = said("model").and_then(Value::as_str);
            let told = |change: &&Change| swapped.is_none() || !OF_MODEL.contains(&change.key.as_str());
            let swap = swapped.map(|name| format!("换成{}摄像机", model(name)));
            let changes: Vec<String> =
                swap.into_iter().chain(fix.change.iter().filter(told).map(change)).collect();
            format!("{}：{}", fix.device, changes.join("，"))
        }
    }
}

/// Keys that follow from a camera's model.
const OF_MODEL: [&str; 9] = [
    "model",
    "hfov_deg",
    "pixels",
    "lens",
    "distortion",
    "focal",
    "ir_range_m",
    "min_lux",
    "sensitivity_lux",
];

/// A model of the catalogue in words.
fn model(id: &str) -> String {
    let Some(model) = Catalogue::shipped().camera(id) else { return id.to_owned() };
    let form = match model.form {
        Form::Bullet => "枪型",
        Form::Dome => "半球",
        Form::Turret => "海螺型",
        Form::Ptz => "云台",
        Form::Panoramic => "全景",
        Form::Facade => "立面",
    };
    let pixels = f64::from(model.pixels[0]) * f64::from(model.pixels[1]) / 1e6;
    format!(" {:.0} 万像素、视角 {:.0}° 的{form}", pixels.round() * 100.0, model.hfov_deg)
}

fn lamp_at(value: &Value) -> Option<[f64; 2]> {
    Some([value.get("x")?.as_f64()?, value.get("y")?.as_f64()?])
}

fn point(value: &Value) -> Option<[f64; 2]> {
    let [x, y] = value.as_array()?.as_slice() else { return None };
    Some([x.as_f64()?, y.as_f64()?])
}

/// One key, old and new.
fn change(change: &Change) -> String {
    if change.key == "mask_px" {
        return "遮挡住宅窗户".to_owned();
    }
    let (name, unit) = match change.key.as_str() {
        "bearing_deg" => ("方位角", "°"),
        "tilt_deg" => ("俯角", "°"),
        "hfov_deg" => ("镜头视角", "°"),
        "height_m" => ("安装高度", " m"),
        "crown_base_m" => ("树冠下缘", " m"),
        "pixels" => ("像素", ""),
        "at_m" => ("位置", " m"),
        other => (other, ""),
    };
    let old = change.old.as_ref().map_or_else(String::new, |old| format!("由 {}{unit} ", said(old)));
    format!("{name}{old}改为 {}{unit}", said(&change.new))
}

fn said(value: &Value) -> String {
    match value {
        Value::Number(n) => {
            n.as_f64().map_or_else(|| n.to_string(), |x| format!("{}", (x * 10.0).round() / 10.0))
        }
        Value::Array(items) => items.iter().map(said).collect::<Vec<_>>().join("×"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What it costs and brings.
fn text(fix: &Fix) -> String {
    let seen = |gains: f64, loses: f64| {
        let lost =
            if loses >= 0.5 { format!("（另失去 {}）", square_metres(loses)) } else { String::new() };
        format!("{}{lost}", square_metres(gains))
    };
    let day = seen(fix.gains_m2, fix.loses_m2);
    let night = seen(fix.gains_night_m2, fix.loses_night_m2);
    format!("约 {} 元；多看到白天 {day}、夜间 {night}（两个高度合计）。", thousands(fix.cost_yuan))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_is_told_with_its_unit() {
        for (key, old, new, told) in [
            ("bearing_deg", json!(158.72), json!(170.0), "方位角由 158.7° 改为 170°"),
            ("pixels", json!([1920, 1080]), json!([3840, 2160]), "像素由 1920×1080 改为 3840×2160"),
            ("height_m", Value::Null, json!(4.0), "安装高度改为 4 m"),
        ] {
            let old = Some(old).filter(|o| !o.is_null());
            let one = Change { table: Table::Camera, id: "cam".into(), key: key.into(), old, new };
            assert_eq!(change(&one), told);
        }
    }
}
