//! Measures in plain words: the fixes that the plan tried and priced.

use palisade_layout::analysis::answer::{Change, Fix, Table};
use serde_json::Value;

use super::place::in_words;
use crate::Material;
use crate::words::{square_metres, thousands};

/// The cheapest fixes, each once, with the place of its gap in the report. Of equal prices the one that shows more
/// comes first.
pub(super) fn cheapest<'a>(material: &Material<'a>, most: usize) -> Vec<(usize, &'a Fix)> {
    let gaps = material.report.answer.gaps.iter().enumerate();
    let mut fixes: Vec<(usize, &Fix)> = gaps.filter_map(|(i, gap)| Some((i, gap.fix.as_ref()?))).collect();
    let order = |f: &Fix| (f.cost_yuan, -f.gains_m2);
    fixes.sort_by(|(_, a), (_, b)| {
        let ((a, b), (c, d)) = (order(a), order(b));
        a.total_cmp(&c).then(b.total_cmp(&d))
    });
    let mut told: Vec<(usize, &Fix)> = Vec::new();
    for (gap, fix) in fixes {
        // Two gaps may be owed to one camera: it is turned one way only.
        if !told.iter().any(|(_, other)| other.device == fix.device) {
            told.push((gap, fix));
        }
    }
    told.truncate(most);
    told
}

/// What is to be done.
pub(super) fn title(material: &Material, fix: &Fix) -> String {
    let at = fix.change.iter().find(|c| c.key == "at_m").and_then(|c| point(&c.new));
    let new = fix.change.iter().all(|c| c.old.is_none() || c.old == Some(Value::Null));
    match (fix.change.first().map(|c| c.table), at) {
        (Some(Table::Tree), _) => format!("修剪树冠 {}", fix.device),
        (_, Some(at)) if new => format!("在{}新增一台摄像机", in_words(at, &material.scenario.site)),
        _ => {
            let changes: Vec<String> = fix.change.iter().map(change).collect();
            format!("{}：{}", fix.device, changes.join("，"))
        }
    }
}

fn point(value: &Value) -> Option<[f64; 2]> {
    let [x, y] = value.as_array()?.as_slice() else { return None };
    Some([x.as_f64()?, y.as_f64()?])
}

/// One key, old and new.
fn change(change: &Change) -> String {
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
pub(super) fn text(fix: &Fix) -> String {
    let price = if fix.cost_label == "assumed" { "价格为假定" } else { fix.cost_label.as_str() };
    let lost = if fix.loses_m2 >= 0.5 {
        format!("，另失去 {}", square_metres(fix.loses_m2))
    } else {
        String::new()
    };
    format!(
        "约 {} 元（{price}）；多看到 {}{lost}（两个高度合计）。",
        thousands(fix.cost_yuan),
        square_metres(fix.gains_m2)
    )
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
