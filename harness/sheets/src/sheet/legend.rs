//! What the signs of the sheet mean, in Chinese and English; only what this compound has.

use palisade_layout::contract::Class;
use palisade_layout::model::site::WallKind;

use super::COLUMN_MM;
use crate::Material;
use crate::map::{Anchor, BANDS, Pen, Symbol, kit_mark, symbol};
use crate::words::{self, CLASSES};

/// Height of a row, mm.
const ROW_MM: f64 = 5.1;

struct Rows<'a> {
    pen: &'a mut Pen,
    x: f64,
    y: f64,
}

impl Rows<'_> {
    fn heading(&mut self, chinese: &str, english: &str) {
        self.y += 2.4;
        self.pen.text("b", [self.x, self.y + 3.0], 2.9, Anchor::Start, &format!("{chinese}  {english}"));
        self.y += ROW_MM;
    }

    fn row(&mut self, draw: impl FnOnce(&mut Pen, [f64; 2]), chinese: &str, english: &str) {
        draw(self.pen, [self.x + 5.0, self.y + ROW_MM / 2.0]);
        let foot = self.y + ROW_MM / 2.0 + 0.85;
        self.pen.text("", [self.x + 12.0, foot], 2.5, Anchor::Start, chinese);
        self.pen.text("soft", [self.x + COLUMN_MM - 8.0, foot], 2.1, Anchor::End, english);
        self.y += ROW_MM;
    }

    fn line(&mut self, class: &str, chinese: &str, english: &str) {
        let draw = |pen: &mut Pen, [x, y]: [f64; 2]| pen.path(class, &format!("M{} {y}h10", x - 5.0), "");
        self.row(draw, chinese, english);
    }

    fn patch(&mut self, classes: &[&str], chinese: &str, english: &str) {
        let draw = |pen: &mut Pen, [x, y]: [f64; 2]| {
            classes.iter().for_each(|class| pen.rect(class, [x - 4.5, y - 1.7, 9.0, 3.4]));
        };
        self.row(draw, chinese, english);
    }
}

pub(super) fn draw(pen: &mut Pen, material: &Material, column: f64, top: f64) {
    let mut rows = Rows { pen, x: column + 4.0, y: top + 2.0 };
    rows.heading("图例", "Legend");
    ground(&mut rows, material);
    devices(&mut rows, material);
    seen(&mut rows);
}

fn ground(rows: &mut Rows<'_>, material: &Material) {
    let site = &material.scenario.site;
    rows.patch(&["building"], "建筑（层数）", "building (storeys)");
    for (kind, class) in [
        (WallKind::Wall, "wall brick outer"),
        (WallKind::Fence, "wall fence outer"),
        (WallKind::Hedge, "wall hedge outer"),
        (WallKind::Retaining, "wall retaining"),
    ] {
        if site.walls.iter().any(|w| w.made_of == kind) {
            let words = words::wall(kind);
            rows.line(class, words.chinese, words.english);
        }
    }
    rows.row(|pen, at| pen.circle("gate", at, 1.5, ""), "大门", "gate");
    if !site.trees.is_empty() {
        rows.row(|pen, at| pen.circle("tree", at, 1.7, ""), "树木", "tree");
    }
}

fn devices(rows: &mut Rows<'_>, material: &Material) {
    rows.heading("设备", "Devices");
    for class in CLASSES {
        let count = material.scenario.count_of(class);
        let name = words::class(class);
        if count == 0 {
            continue;
        }
        let chinese = format!("{} ×{count}", name.chinese);
        if class == Class::Beam {
            rows.row(beam, &chinese, name.english);
        } else if let Some(symbol) = symbol(class) {
            let turn = if matches!(symbol, Symbol::Camera | Symbol::FacadeCamera) { 90.0 } else { 0.0 };
            rows.row(|pen, at| kit_mark(pen, symbol, at, turn, 3.0, ""), &chinese, name.english);
        }
    }
}

fn beam(pen: &mut Pen, [x, y]: [f64; 2]) {
    pen.path("beam", &format!("M{} {y}h10", x - 5.0), "");
    pen.circle("beam-end sends", [x - 5.0, y], 0.7, "");
    pen.circle("beam-end", [x + 5.0, y], 0.7, "");
}

fn seen(rows: &mut Rows<'_>) {
    rows.heading("像素密度（1.5 m 高）", "Density at 1.5 m");
    for (name, px_per_m, style) in BANDS {
        let chinese = format!("{} ≥ {px_per_m} px/m", words::density(name));
        rows.patch(&["paper", &format!("zone {style}"), &format!("zone {style}")], &chinese, name);
    }
    rows.patch(&["task t-entrance"], "任务区：出入口", "task zone: entrance");
    rows.patch(&["task t-perimeter"], "任务区：周界", "task zone: perimeter");
    rows.patch(&["task"], "任务区：通道、区域", "task zone: passage, area");
    rows.patch(&["gap-fill", "gap"], "覆盖空白（1.5 m 高）", "gap at 1.5 m");
    rows.line("open", "周界无防护段", "perimeter: nobody guards");
}
