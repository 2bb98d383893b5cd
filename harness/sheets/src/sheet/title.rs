//! The title block in the lower right corner, with the scale bar, which covers nothing of the plan there.

use super::{COLUMN_MM, MARGIN_MM, SIZE_MM};
use crate::Material;
use crate::map::{Anchor, Frame, Pen, way};

/// Height of the block, mm.
const HEIGHT_MM: f64 = 80.0;
/// Height of a row of the block, mm.
const ROW_MM: f64 = 8.0;

pub(super) fn draw(pen: &mut Pen, material: &Material, frame: &Frame, column: f64) {
    let top = SIZE_MM[1] - MARGIN_MM - HEIGHT_MM;
    let right = column + COLUMN_MM;
    let line = |pen: &mut Pen, y: f64| pen.path("thin", &way([[column, y], [right, y]], false), "");
    pen.rect("paper", [column, top, COLUMN_MM, HEIGHT_MM]);
    pen.rect("edge", [column, top, COLUMN_MM, HEIGHT_MM]);
    let name = &material.scenario.file.name;
    let middle = column + COLUMN_MM / 2.0;
    let size = (60.0 / crate::fonts::width(name, true)).clamp(3.0, 7.0);
    pen.text("b", [middle, top + 9.0], size, Anchor::Middle, name);
    pen.text("", [middle, top + 15.0], 3.6, Anchor::Middle, "安全技术防范平面布置图");
    pen.text("soft", [middle, top + 19.5], 2.5, Anchor::Middle, "Security layout plan");
    let rows = [
        ("比例 Scale", format!("1 : {:.0}  (A3)", frame.scale())),
        ("比例尺 Bar", String::new()),
        ("模拟日 Day", material.scenario.file.day.date.clone()),
        ("像素密度 Density", "IEC 62676-4:2014".to_owned()),
        ("坐标 Grid", grid(material)),
        ("图号 Sheet", "1 / 1".to_owned()),
    ];
    let first = top + 23.0;
    for (i, (what, said)) in rows.iter().enumerate() {
        let y = first + i as f64 * ROW_MM;
        line(pen, y);
        pen.text("soft", [column + 2.5, y + 5.2], 2.3, Anchor::Start, what);
        pen.text("", [column + 25.5, y + 5.2], 2.6, Anchor::Start, said);
    }
    bar(pen, frame, [column + 27.0, first + 1.75 * ROW_MM]);
    let last = first + rows.len() as f64 * ROW_MM;
    line(pen, last);
    pen.path("thin", &way([[column + 24.0, first], [column + 24.0, last]], false), "");
    pen.text("", [middle, last + 4.0], 2.3, Anchor::Middle, "由 Palisade 计算 · computed by Palisade");
    let digest: String = material.scenario.digest.chars().take(16).collect();
    pen.text("soft", [middle, last + 7.4], 2.0, Anchor::Middle, &format!("scenario {digest}"));
}

/// Equal parts, black and white in turn: four where they find room in the block, else two. `at` is where it begins.
fn bar(pen: &mut Pen, frame: &Frame, [x, y]: [f64; 2]) {
    const ROOM_MM: f64 = 42.0;
    let part = frame.round_m(8.0);
    let length = part * frame.mm_per_m;
    let parts = if 4.0 * length <= ROOM_MM { 4 } else { 2 };
    for i in 0..parts {
        let left = x + f64::from(i) * length;
        pen.rect(if i % 2 == 0 { "ink" } else { "thin" }, [left, y - 1.5, length, 1.5]);
    }
    for i in 0..=parts {
        let figure = format!("{:.0}", f64::from(i) * part);
        let text = if i == parts { format!("{figure} m") } else { figure };
        pen.text("", [x + f64::from(i) * length, y - 2.3], 2.2, Anchor::Middle, &text);
    }
}

/// Where the local grid has its zero.
fn grid(material: &Material) -> String {
    let origin = material.scenario.site.origin;
    let (ew, ns) =
        (if origin.lon_deg < 0.0 { "W" } else { "E" }, if origin.lat_deg < 0.0 { "S" } else { "N" });
    format!("0,0 = {:.6}° {ew}, {:.6}° {ns}", origin.lon_deg.abs(), origin.lat_deg.abs())
}
