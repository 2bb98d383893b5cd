//! The layers of a plan.

use geo::{LineString, Polygon};
use palisade_layout::analysis::answer::{Gap, Stretch, Unwalled};
use palisade_layout::model::Site;

use super::{Geometry, Kind, Layer, Shape, Value};
use crate::{Material, words};

fn points(line: &LineString<f64>) -> Vec<[f64; 2]> {
    line.0.iter().map(|c| [c.x, c.y]).collect()
}

/// A ring of a polygon repeats its first point; a shape does not.
fn ring(line: &LineString<f64>) -> Vec<[f64; 2]> {
    let mut points = points(line);
    points.pop();
    points
}

fn area(polygon: &Polygon<f64>) -> Shape {
    let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
    Shape::Area(rings.map(ring).collect())
}

/// The word under which a value stands in scenario and report.
fn word(value: impl serde::Serialize) -> Value {
    let text = serde_json::to_value(value).ok();
    text.and_then(|v| v.as_str().map(str::to_owned)).map_or(Value::Nothing, Value::Text)
}

fn layer(
    name: &'static str,
    about: &'static str,
    geometry: Geometry,
    columns: &[(&'static str, Kind)],
    rows: Vec<(Shape, Vec<Value>)>,
) -> Layer {
    Layer { name, about, geometry, columns: columns.to_vec(), rows }
}

/// All layers, the ground first.
pub(super) fn layers(material: &Material) -> Vec<Layer> {
    let site = &material.scenario.site;
    let perimeter = &material.report.answer.perimeter;
    vec![
        compounds(site),
        buildings(site),
        walls(site),
        gates(site),
        paths(site),
        trees(site),
        lamps(site),
        devices(material),
        beams(material),
        gaps("gaps", "覆盖空白 ground that no camera covers by day", &material.report.answer.gaps),
        gaps(
            "gaps_night",
            "夜间覆盖空白 ground that no camera covers by night",
            &material.report.answer.gaps_night,
        ),
        stretches("perimeter_zones", "周界防区 stretches that a zone guards", &perimeter.zones),
        stretches("perimeter_gaps", "周界缺口 stretches that nobody guards", &perimeter.gaps),
        holes(&perimeter.unwalled),
    ]
}

fn compounds(site: &Site) -> Layer {
    let rows = site
        .compounds
        .iter()
        .map(|c| (area(&c.outline), vec![c.id.as_str().into(), c.name.as_deref().into()]));
    let columns = [("id", Kind::Text), ("name", Kind::Text)];
    layer("compounds", "小区范围 outlines", Geometry::Area, &columns, rows.collect())
}

fn buildings(site: &Site) -> Layer {
    let rows = site.buildings.iter().map(|b| {
        let values = vec![
            b.id.as_str().into(),
            b.name.as_deref().into(),
            word(b.usage),
            Value::Whole(i64::from(b.storeys)),
            b.height_m.into(),
            Value::Whole(i64::from(b.height_assumed)),
        ];
        (area(&b.outline), values)
    });
    let columns = [
        ("id", Kind::Text),
        ("name", Kind::Text),
        ("usage", Kind::Text),
        ("storeys", Kind::Whole),
        ("height_m", Kind::Real),
        ("height_assumed", Kind::Flag),
    ];
    layer("buildings", "建筑 buildings", Geometry::Area, &columns, rows.collect())
}

fn walls(site: &Site) -> Layer {
    let rows = site.walls.iter().map(|w| {
        let values = vec![
            w.id.as_str().into(),
            word(w.made_of),
            w.height_m.into(),
            Value::Whole(i64::from(w.perimeter)),
        ];
        (Shape::Line(points(&w.line)), values)
    });
    let columns =
        [("id", Kind::Text), ("made_of", Kind::Text), ("height_m", Kind::Real), ("perimeter", Kind::Flag)];
    layer("walls", "围墙 walls", Geometry::Line, &columns, rows.collect())
}

fn gates(site: &Site) -> Layer {
    let rows = site.gates.iter().map(|g| {
        let values = vec![g.id.as_str().into(), g.name.as_deref().into(), word(g.passage), g.width_m.into()];
        (Shape::Point([g.at.x, g.at.y]), values)
    });
    let columns =
        [("id", Kind::Text), ("name", Kind::Text), ("passage", Kind::Text), ("width_m", Kind::Real)];
    layer("gates", "大门 gates", Geometry::Point, &columns, rows.collect())
}

fn paths(site: &Site) -> Layer {
    let rows = site.paths.iter().map(|p| {
        (Shape::Line(points(&p.line)), vec![p.id.as_str().into(), word(p.passage), p.width_m.into()])
    });
    let columns = [("id", Kind::Text), ("passage", Kind::Text), ("width_m", Kind::Real)];
    layer("paths", "道路 paths", Geometry::Line, &columns, rows.collect())
}

fn trees(site: &Site) -> Layer {
    let rows = site.trees.iter().map(|t| {
        let values = vec![
            t.id.as_str().into(),
            t.height_m.into(),
            t.crown_radius_m.into(),
            Value::Whole(i64::from(t.evergreen)),
        ];
        (Shape::Point([t.at.x, t.at.y]), values)
    });
    let columns = [
        ("id", Kind::Text),
        ("height_m", Kind::Real),
        ("crown_radius_m", Kind::Real),
        ("evergreen", Kind::Flag),
    ];
    layer("trees", "树木 trees", Geometry::Point, &columns, rows.collect())
}

fn lamps(site: &Site) -> Layer {
    let rows = site.lamps.iter().map(|l| {
        (Shape::Point([l.at.x, l.at.y]), vec![l.id.as_str().into(), l.height_m.into(), l.flux_lm.into()])
    });
    let columns = [("id", Kind::Text), ("height_m", Kind::Real), ("flux_lm", Kind::Real)];
    layer("lamps", "路灯 lamps", Geometry::Point, &columns, rows.collect())
}

fn devices(material: &Material) -> Layer {
    let rows = material.scenario.devices.iter().map(|d| {
        let [x, y, up] = d.at_m;
        let name = words::class(d.class).chinese;
        (Shape::Point([x, y]), vec![d.id.as_str().into(), d.class.word().into(), name.into(), up.into()])
    });
    let columns =
        [("id", Kind::Text), ("class", Kind::Text), ("class_zh", Kind::Text), ("height_m", Kind::Real)];
    layer("devices", "设备 devices", Geometry::Point, &columns, rows.collect())
}

fn beams(material: &Material) -> Layer {
    let rows = material.scenario.file.kit.beam.iter().map(|b| {
        let values = vec![
            b.id.as_str().into(),
            b.wall.as_str().into(),
            Value::Whole(b.rays_m.len() as i64),
            b.rated_range_m.into(),
        ];
        (Shape::Line(vec![b.from_m, b.to_m]), values)
    });
    let columns =
        [("id", Kind::Text), ("wall", Kind::Text), ("rays", Kind::Whole), ("rated_range_m", Kind::Real)];
    layer("beams", "主动红外对射 beams", Geometry::Line, &columns, rows.collect())
}

/// Gaps with their reason, the density that they lack, and the fix that was found for them.
fn gaps(name: &'static str, about: &'static str, gaps: &[Gap]) -> Layer {
    let rows = gaps.iter().map(|g| {
        let fix = g.fix.as_ref();
        let values = vec![
            g.height_m.into(),
            g.area_m2.into(),
            word(g.reason),
            g.culprit.as_deref().into(),
            g.shortfall_px_per_m.median.into(),
            g.shortfall_px_per_m.worst.into(),
            fix.map(|f| f.what.as_str()).into(),
            fix.map_or(Value::Nothing, |f| Value::Whole(i64::from(f.enough))),
            fix.map(|f| f.closes_m2).into(),
            fix.map(|f| f.cost_yuan).into(),
            fix.map(|f| f.cost_label.as_str()).into(),
        ];
        (Shape::Area(g.polygon.clone()), values)
    });
    let columns = [
        ("target_height_m", Kind::Real),
        ("area_m2", Kind::Real),
        ("reason", Kind::Text),
        ("culprit", Kind::Text),
        ("lacks_median_px_per_m", Kind::Real),
        ("lacks_worst_px_per_m", Kind::Real),
        ("fix", Kind::Text),
        ("fix_is_enough", Kind::Flag),
        ("fix_closes_m2", Kind::Real),
        ("fix_cost_yuan", Kind::Real),
        ("fix_cost_is", Kind::Text),
    ];
    layer(name, about, Geometry::Area, &columns, rows.collect())
}

fn holes(holes: &[Unwalled]) -> Layer {
    let rows = holes.iter().map(|hole| {
        let side = |i: usize| hole.between.get(i).map(|id| id.as_str()).into();
        let values = vec![
            hole.compound.as_str().into(),
            side(0),
            side(1),
            hole.along_m[0].into(),
            hole.along_m[1].into(),
            hole.missing_m.into(),
        ];
        (Shape::Line(hole.way_m.clone()), values)
    });
    let columns = [
        ("compound", Kind::Text),
        ("after", Kind::Text),
        ("before", Kind::Text),
        ("from_m", Kind::Real),
        ("to_m", Kind::Real),
        ("missing_m", Kind::Real),
    ];
    let about = "周界缺墙 ways in between walls, gates and buildings";
    layer("perimeter_holes", about, Geometry::Line, &columns, rows.collect())
}

fn stretches(name: &'static str, about: &'static str, stretches: &[Stretch]) -> Layer {
    let rows = stretches.iter().map(|s| {
        let values = vec![
            s.beam.as_ref().map(|b| b.as_str()).into(),
            s.wall.as_str().into(),
            s.along_m[0].into(),
            s.along_m[1].into(),
            s.reason.as_str().into(),
        ];
        (Shape::Line(s.ends_m.to_vec()), values)
    });
    let columns = [
        ("beam", Kind::Text),
        ("wall", Kind::Text),
        ("from_m", Kind::Real),
        ("to_m", Kind::Real),
        ("reason", Kind::Text),
    ];
    layer(name, about, Geometry::Line, &columns, rows.collect())
}
