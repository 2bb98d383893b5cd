//! The layers as DXF for drawing programs: metres, the local grid, a layer and a colour for each kind.

use dxf::entities::{Circle, Entity, EntityType, LwPolyline, Text};
use dxf::enums::{AcadVersion, Units};
use dxf::tables::{Layer as Plane, Style};
use dxf::{Color, Drawing, LwPolylineVertex, Point};
use geo::{InteriorPoint, LineString, Polygon};

use super::shapes::layers;
use super::{Layer, Shape, Value};
use crate::{Failed, Material};

/// The style of all texts: a face that drawing programs find on Chinese and other machines, by its file.
const STYLE: &str = "PALISADE_HAN";
const FACE: &str = "simsun.ttc";
/// Height of texts, m.
const TEXT_M: f64 = 1.2;

/// Colour of each layer in AutoCAD's index, and whether its features carry their names.
fn look(name: &str) -> (u8, bool) {
    match name {
        "compounds" => (8, false),
        "buildings" => (7, true),
        "walls" => (34, false),
        "gates" => (30, true),
        "paths" => (9, false),
        "trees" => (3, false),
        "devices" => (5, true),
        "beams" => (1, true),
        "gaps" => (6, false),
        "gaps_night" => (200, false),
        "lamps" => (2, false),
        "perimeter_zones" => (82, false),
        _ => (10, false),
    }
}

/// The drawing's bytes (DXF of AutoCAD 2007, so that Chinese is written in UTF-8).
///
/// # Errors
/// When the writer refuses, which is a bug.
pub fn drawing(material: &Material) -> Result<Vec<u8>, Failed> {
    let mut drawing = Drawing::new();
    drawing.header.version = AcadVersion::R2007;
    drawing.header.default_drawing_units = Units::Meters;
    drawing.add_style(Style {
        name: STYLE.to_owned(),
        primary_font_file_name: FACE.to_owned(),
        ..Style::default()
    });
    for layer in layers(material) {
        draw(&mut drawing, &layer);
    }
    let mut bytes = Vec::new();
    drawing.save(&mut bytes).map_err(|e| Failed::writer("plan.dxf", e))?;
    Ok(bytes)
}

fn draw(drawing: &mut Drawing, layer: &Layer) {
    let (colour, named) = look(layer.name);
    let name = layer.name.to_uppercase();
    drawing.add_layer(Plane { name: name.clone(), color: Color::from_index(colour), ..Plane::default() });
    let mut add = |specific: EntityType, plane: &str| {
        let mut entity = Entity::new(specific);
        entity.common.layer = plane.to_owned();
        drawing.add_entity(entity);
    };
    for (shape, values) in &layer.rows {
        match shape {
            Shape::Point([x, y]) => {
                let radius = radius(layer, values);
                add(EntityType::Circle(Circle::new(Point::new(*x, *y, 0.0), radius)), &name);
            }
            Shape::Line(points) => add(EntityType::LwPolyline(polyline(points, false)), &name),
            Shape::Area(rings) => {
                rings.iter().for_each(|ring| add(EntityType::LwPolyline(polyline(ring, true)), &name));
            }
        }
        let text = label(layer, values);
        if let (true, Some(at), Some(value)) = (named, middle(shape), text) {
            let text = Text {
                location: Point::new(at[0], at[1], 0.0),
                text_height: TEXT_M,
                value,
                text_style_name: STYLE.to_owned(),
                ..Text::default()
            };
            add(EntityType::Text(text), &name);
        }
    }
}

fn polyline(points: &[[f64; 2]], closed: bool) -> LwPolyline {
    let vertices =
        points.iter().map(|[x, y]| LwPolylineVertex { x: *x, y: *y, ..LwPolylineVertex::default() });
    let mut line = LwPolyline { vertices: vertices.collect(), ..LwPolyline::default() };
    line.set_is_closed(closed);
    line
}

fn value<'a>(layer: &Layer, values: &'a [Value], column: &str) -> Option<&'a Value> {
    let at = layer.columns.iter().position(|(name, _)| *name == column)?;
    values.get(at)
}

/// A crown is as wide as it is; what else is a point gets a small disc.
fn radius(layer: &Layer, values: &[Value]) -> f64 {
    match value(layer, values, "crown_radius_m") {
        Some(Value::Real(radius)) => *radius,
        _ => 0.4,
    }
}

/// The name that people use, else the id.
fn label(layer: &Layer, values: &[Value]) -> Option<String> {
    let text = |column: &str| match value(layer, values, column) {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    text("name").or_else(|| text("id"))
}

fn middle(shape: &Shape) -> Option<[f64; 2]> {
    match shape {
        Shape::Point([x, y]) => Some([x + 0.6, y - TEXT_M / 2.0]),
        Shape::Line(points) => {
            let (first, last) = (points.first()?, points.last()?);
            Some([(first[0] + last[0]) / 2.0, (first[1] + last[1]) / 2.0])
        }
        Shape::Area(rings) => {
            let outline = Polygon::new(LineString::from(rings.first()?.clone()), Vec::new());
            outline.interior_point().map(|p| [p.x(), p.y()])
        }
    }
}
