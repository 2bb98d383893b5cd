//! Measures in plain words: those that the plan tried and priced, the best first. Where there are too few of them, others of
//! another kind: a stretch of the perimeter, equipment of a tier.

use palisade_layout::analysis::answer::{Change, Fix, Measure, Stretch, Table};
use palisade_layout::analysis::prices::{How, Piece};
use palisade_layout::analysis::rules::Status;
use palisade_layout::model::catalogue::{Catalogue, Form};
use serde_json::Value;

use super::place::in_words;
use crate::Material;
use crate::words::{square_metres, thousands};

/// A measure as it is told.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Proposal {
    pub(super) title: String,
    pub(super) text: String,
    /// Where its figures stand.
    pub(super) place: String,
}

/// So many measures where the plan has them, and what is to be said of all of them.
pub(super) fn proposals(material: &Material, most: usize) -> (Vec<Proposal>, String) {
    let tried = in_order(material).or_else(|| by_price(material, most)).unwrap_or_default();
    let seen = tried.len().min(most);
    let mut told: Vec<Proposal> = tried.into_iter().take(most).collect();
    told.extend(walls(material).into_iter().chain(equipment(material)).take(most - seen));
    (told.clone(), note(material, most, seen, told.len()))
}

fn note(material: &Material, most: usize, seen: usize, told: usize) -> String {
    let prices = &material.prices;
    let how = if prices.how == How::Assumed { "假定" } else { "报价" };
    let priced = format!("单价为 {} 的{how}值。", prices.dated);
    let tried = "按每元多看到的面积排序，依次实施；每项都在同一模型里试算过，不使任何条款变差。";
    match (seen, told) {
        (_, 0) => "本次计算没有找到可以报价的措施。".to_owned(),
        (0, _) => format!("本次计算没有给出改善空白的措施；以上是周界和配置方面的措施。{priced}"),
        (seen, told) if seen < told => {
            format!("能改善空白的措施只有 {seen} 项，其余为周界和配置方面的措施。{tried}{priced}")
        }
        (_, told) if told < most => format!("只找到 {told} 项措施。{tried}{priced}"),
        _ => format!("{tried}{priced}"),
    }
}

/// The plan's sequence; nothing where it was not asked for one.
fn in_order(material: &Material) -> Option<Vec<Proposal>> {
    let measures = &material.report.answer.measures;
    let told = |(i, measure): (usize, &Measure)| Proposal {
        title: title(material, &measure.fix),
        text: format!("{}{}", text(&measure.fix), so_far(measure, i)),
        place: format!("report.json measures[{i}]"),
    };
    (!measures.is_empty()).then(|| measures.iter().enumerate().map(told).collect())
}

fn so_far(measure: &Measure, before: usize) -> String {
    if before == 0 {
        return String::new();
    }
    format!("累计约 {} 元，白天多看到 {}。", thousands(measure.total_yuan), square_metres(measure.total_m2))
}

/// The cheapest fixes of gaps, each device once. Of equal prices the one that shows more comes first.
fn by_price(material: &Material, most: usize) -> Option<Vec<Proposal>> {
    let gaps = material.report.answer.gaps.iter().enumerate();
    let mut fixes: Vec<(usize, &Fix)> = gaps.filter_map(|(i, gap)| Some((i, gap.fix.as_ref()?))).collect();
    fixes.sort_by(|(_, a), (_, b)| {
        a.cost_yuan.total_cmp(&b.cost_yuan).then(b.gains_m2.total_cmp(&a.gains_m2))
    });
    let mut told: Vec<(usize, &Fix)> = Vec::new();
    for (gap, fix) in fixes {
        // Two gaps may be owed to one camera: it is turned one way only.
        if told.len() < most && !told.iter().any(|(_, other)| other.device == fix.device) {
            told.push((gap, fix));
        }
    }
    let proposal = |(gap, fix): (usize, &Fix)| Proposal {
        title: title(material, fix),
        text: text(fix),
        place: format!("report.json gaps[{gap}].fix"),
    };
    Some(told.into_iter().map(proposal).collect())
}

/// A pair of beams for each stretch of the perimeter that nobody guards, the longest first.
fn walls(material: &Material) -> Vec<Proposal> {
    let long = |stretch: &Stretch| stretch.along_m[1] - stretch.along_m[0];
    let mut gaps: Vec<(usize, &Stretch)> = material.report.answer.perimeter.gaps.iter().enumerate().collect();
    gaps.sort_by(|a, b| long(b.1).total_cmp(&long(a.1)));
    let yuan = material.prices.piece_yuan(Piece::Beam);
    let told = |(i, gap): (usize, &Stretch)| {
        let [a, b] = gap.ends_m;
        let place = in_words([(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0], &material.scenario.site);
        Proposal {
            title: format!("{place}：在围墙 {} 上补一组对射", gap.wall),
            text: format!("约 {} 元；{:.1} m 周界不再无人防护。", thousands(yuan), long(gap)),
            place: format!("report.json perimeter.gaps[{i}]"),
        }
    };
    gaps.into_iter().map(told).collect()
}

/// What the lowest tier that is not met still lacks, the cheapest first.
fn equipment(material: &Material) -> Vec<Proposal> {
    let tiers = material.report.tiers.iter().enumerate();
    let Some((t, tier)) = tiers.into_iter().find(|(_, tier)| !tier.met) else { return Vec::new() };
    let lacks = |item: &palisade_layout::analysis::tiers::TierItem| {
        item.status == Status::Fail && item.cost_yuan > 0.0
    };
    let mut items: Vec<_> = tier.items.iter().enumerate().filter(|(_, item)| lacks(item)).collect();
    items.sort_by(|a, b| a.1.cost_yuan.total_cmp(&b.1.cost_yuan));
    let told = |(i, item): (usize, &palisade_layout::analysis::tiers::TierItem)| Proposal {
        title: format!("补齐{}配置：{}", tier.name_zh, item.title_zh),
        text: format!(
            "约 {} 元；现有 {}，应有 {}。",
            thousands(item.cost_yuan),
            thousands(item.found),
            thousands(item.demanded)
        ),
        place: format!("report.json tiers[{t}].items[{i}]"),
    };
    items.into_iter().map(told).collect()
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
