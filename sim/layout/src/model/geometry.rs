//! Reads the geometry: GeoJSON features become the parts of the site.
//!
//! Every feature has a property `kind`; the other properties are the fields of [`super::site`] under the same names.
//! Other properties (map tools add their own) are left alone, unless they look like a slip of the pen.
//!
//! What map tools write is read: nulls and empty texts for what is not said, a `fid` of their own, figures and flags as
//! text, shapes that are `Multi…` with a single part, heights as a third coordinate.

use std::ops::Range;

use geo::{Coord, LineString, Polygon};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::json::{Json, Value};
use super::near::{nearest, remedy};
use super::problem::{Problem, Problems, Source};
use super::schema::words;
use super::site::*;
use crate::words::Id;

/// The site and where each of its parts stands in the file.
pub(crate) struct Geometry {
    pub(crate) site: Site,
    pub(crate) places: Places,
    /// Names of parts that are wrong and left out.
    pub(crate) broken: Vec<String>,
}

/// Where the parts of the site stand in the file, list by list in the order of [`Site`].
#[derive(Default)]
pub(crate) struct Places {
    pub(crate) compounds: Vec<Place>,
    pub(crate) buildings: Vec<Place>,
    pub(crate) walls: Vec<Place>,
    pub(crate) gates: Vec<Place>,
    pub(crate) entrances: Vec<Place>,
    pub(crate) areas: Vec<Place>,
}

/// Where a part's name and coordinates stand.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) id: Range<usize>,
    pub(crate) coordinates: Range<usize>,
    pub(crate) properties: Vec<(String, Range<usize>)>,
}

impl Place {
    /// Where a property's value stands; the name when the property is not there.
    pub(crate) fn property(&self, key: &str) -> Range<usize> {
        self.properties.iter().find(|(k, _)| k == key).map_or(self.id.clone(), |(_, span)| span.clone())
    }
}

const KINDS: [&str; 9] = ["compound", "building", "wall", "gate", "path", "tree", "lamp", "entrance", "area"];
/// Properties that map tools number their rows with; `fid` is no slip of `id`.
const ADDED: [&str; 3] = ["fid", "gid", "ogc_fid"];
/// Farthest that a point may be from the origin, m.
const FARTHEST_M: f64 = 20_000.0;
/// Height of a storey where the data say nothing, m.
const STOREY_M: f64 = 3.0;

/// Reads a GeoJSON text about an origin. With no origin (it is wrong itself) everything but places is checked.
pub(crate) fn read(
    text: &str,
    source: &Source,
    origin: Option<Wgs84>,
    problems: &mut Problems,
) -> Option<Geometry> {
    let json = match Json::parse(text) {
        Ok(json) => json,
        Err(stopped) => {
            problems.add(Problem::new(
                source,
                stopped.at..stopped.at + 1,
                "geometry::syntax",
                format!("this is not JSON: {} is expected here", stopped.expected),
                "put right what stands here or just before it; map tools write GeoJSON that is always well formed",
            ));
            return None;
        }
    };
    let is_collection = json.get("type").and_then(Json::text) == Some("FeatureCollection");
    let Some(features) = json.get("features").and_then(Json::list).filter(|_| is_collection) else {
        let place = json.get("type").map_or(json.span.clone(), |t| t.span.clone());
        problems.add(Problem::new(
            source,
            place,
            "geometry::not-a-collection",
            "a site is a GeoJSON `FeatureCollection` with a list `features`",
            "save the layer as GeoJSON, not a single feature or geometry",
        ));
        return None;
    };
    let origin_known = origin.unwrap_or_default();
    let mut reader = Reader {
        source,
        problems,
        plane: origin.map(LocalPlane::at),
        not_degrees: Vec::new(),
        site: Site { origin: origin_known, ..empty_site() },
        places: Places::default(),
        broken: Vec::new(),
    };
    for (index, feature) in features.iter().enumerate() {
        reader.feature(index, feature);
    }
    reader.tell_not_degrees(json.get("crs"));
    Some(Geometry { site: reader.site, places: reader.places, broken: reader.broken })
}

fn empty_site() -> Site {
    Site {
        origin: Wgs84::default(),
        compounds: vec![],
        buildings: vec![],
        walls: vec![],
        gates: vec![],
        paths: vec![],
        trees: vec![],
        lamps: vec![],
        entrances: vec![],
        areas: vec![],
    }
}

struct Reader<'a> {
    source: &'a Source,
    problems: &'a mut Problems,
    plane: Option<LocalPlane>,
    /// Points that are no longitude and latitude.
    not_degrees: Vec<(Range<usize>, Coord<f64>)>,
    site: Site,
    places: Places,
    broken: Vec<String>,
}

/// False for null and for a text of nothing, which map tools write where a column is empty.
fn is_said(value: &Json) -> bool {
    !matches!(value.value, Value::Null) && value.text().is_none_or(|text| !text.is_empty())
}

/// A figure, also where a map tool kept the column as text.
fn figure(value: &Json) -> Option<f64> {
    let written = || value.text()?.trim().parse::<f64>().ok().filter(|x| x.is_finite());
    value.number().or_else(written)
}

/// A flag, also as the 0 and 1 or the text that formats without flags turn it into.
fn flag_of(value: &Json) -> Option<bool> {
    match (&value.value, value.text().map(str::to_lowercase).as_deref()) {
        (Value::Bool(flag), _) => Some(*flag),
        (_, Some("true" | "1")) => Some(true),
        (_, Some("false" | "0")) => Some(false),
        _ => value.number().filter(|x| [0.0, 1.0].contains(x)).map(|x| x == 1.0),
    }
}

/// One feature while it is read.
struct Feature<'a> {
    kind: &'a str,
    index: usize,
    kind_span: Range<usize>,
    properties: Option<&'a Json>,
    geometry: Option<&'a Json>,
    span: Range<usize>,
    sound: bool,
}

impl<'a> Feature<'a> {
    fn property(&self, key: &str) -> Option<&'a Json> {
        self.properties?.get(key).filter(|v| is_said(v))
    }

    fn place(&self) -> Place {
        let id = self.property("id").map_or(self.kind_span.clone(), |v| v.span.clone());
        let coordinates =
            self.geometry.and_then(|g| g.get("coordinates")).map_or(self.span.clone(), |c| c.span.clone());
        let members = self.properties.map(Json::members).unwrap_or_default();
        let properties = members.iter().map(|m| (m.key.clone(), m.value.span.clone())).collect();
        Place { id, coordinates, properties }
    }

    fn called(&self) -> String {
        match self.property("id").and_then(Json::text) {
            Some(id) => format!("{} `{id}`", self.kind),
            None => format!("{} (feature {})", self.kind, self.index),
        }
    }
}

impl Reader<'_> {
    fn wrong(
        &mut self,
        span: Range<usize>,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.problems.add(Problem::new(self.source, span, code, message, help));
    }

    fn feature(&mut self, index: usize, json: &Json) {
        let properties = json.get("properties").filter(|p| matches!(p.value, Value::Map(_)));
        let kind = properties.and_then(|p| p.get("kind"));
        let Some((kind_text, kind_span)) = kind.and_then(|k| Some((k.text()?, k.span.clone()))) else {
            let place = kind.or(properties).map_or(json.span.clone(), |k| k.span.clone());
            let message =
                format!("feature {index} does not say what it is: property `kind` is missing or no text");
            let help = format!("add `\"kind\": \"...\"` to its properties; {}", remedy("", &KINDS));
            self.wrong(place, "geometry::missing-kind", message, help);
            return;
        };
        let geometry = json.get("geometry").filter(|g| matches!(g.value, Value::Map(_)));
        let mut feature = Feature {
            kind: kind_text,
            index,
            kind_span,
            properties,
            geometry,
            span: json.span.clone(),
            sound: true,
        };
        match kind_text {
            "compound" => self.compound(&mut feature),
            "building" => self.building(&mut feature),
            "wall" => self.wall(&mut feature),
            "gate" => self.gate(&mut feature),
            "path" => self.path(&mut feature),
            "tree" => self.tree(&mut feature),
            "lamp" => self.lamp(&mut feature),
            "entrance" => self.entrance(&mut feature),
            "area" => self.area(&mut feature),
            other => {
                let message = format!("`{other}` is no kind of thing on a site");
                feature.sound = false;
                self.wrong(
                    feature.kind_span.clone(),
                    "geometry::unknown-kind",
                    message,
                    remedy(other, &KINDS),
                );
            }
        }
        if !feature.sound {
            self.broken.extend(feature.property("id").and_then(Json::text).map(str::to_owned));
        }
    }

    fn compound(&mut self, f: &mut Feature<'_>) {
        self.slips(f, &["id", "name"]);
        let id = self.id(f, false);
        let (name, outline) = (self.name(f), self.polygon(f));
        if let (Some(outline), true) = (outline, f.sound) {
            self.site.compounds.push(Compound { id, name, outline });
            self.places.compounds.push(f.place());
        }
    }

    fn building(&mut self, f: &mut Feature<'_>) {
        self.slips(f, &["id", "name", "usage", "storeys", "height_m", "flats_per_storey", "height_assumed"]);
        let (id, name) = (self.id(f, true), self.name(f));
        let usage = self.word(f, "usage", Use::Other);
        let height = self.positive(f, "height_m");
        let storeys = self.count(f, "storeys", 1);
        let residential = usage == Use::Residential;
        let storeys_known = storeys.or_else(|| height.map(|h| libm::round(h / STOREY_M).max(1.0) as u32));
        let storeys_used = storeys_known.unwrap_or(if residential { 6 } else { 1 });
        let height_m = height.unwrap_or(f64::from(storeys_used) * STOREY_M);
        let flats = self.count(f, "flats_per_storey", 0).unwrap_or(if residential { 2 } else { 0 });
        let assumed = f.property("height_assumed").is_some_and(|v| matches!(v.value, Value::Bool(true)));
        if let (Some(outline), true) = (self.polygon(f), f.sound) {
            self.site.buildings.push(Building {
                id,
                name,
                usage,
                outline,
                storeys: storeys_used,
                height_m,
                flats_per_storey: flats,
                height_assumed: assumed || height.is_none() || storeys.is_none(),
            });
            self.places.buildings.push(f.place());
        }
    }

    fn wall(&mut self, f: &mut Feature<'_>) {
        self.slips(f, &["id", "made_of", "height_m", "perimeter", "bar_gap_m", "lowest_rail_m", "delay_s"]);
        let (id, made_of) = (self.id(f, true), self.word(f, "made_of", WallKind::Wall));
        let height_m = self.positive(f, "height_m").unwrap_or(2.2);
        let perimeter = self.flag(f, "perimeter");
        let bar_gap_m = self.positive(f, "bar_gap_m");
        let (lowest_rail_m, delay_s) = (self.positive(f, "lowest_rail_m"), self.positive(f, "delay_s"));
        if let (Some(line), true) = (self.line(f), f.sound) {
            let wall = Wall { id, made_of, line, height_m, perimeter, bar_gap_m, lowest_rail_m, delay_s };
            self.site.walls.push(wall);
            self.places.walls.push(f.place());
        }
    }

    fn gate(&mut self, f: &mut Feature<'_>) {
        self.slips(f, &["id", "name", "width_m", "passage", "height_m", "delay_s"]);
        let (id, name) = (self.id(f, true), self.name(f));
        let passage = self.word(f, "passage", GateFor::Both);
        let usual = if passage == GateFor::Pedestrians { 2.0 } else { 6.0 };
        let width_m = self.positive(f, "width_m").unwrap_or(usual);
        let (height_m, delay_s) = (self.positive(f, "height_m"), self.positive(f, "delay_s"));
        if let (Some(at), true) = (self.point(f), f.sound) {
            self.site.gates.push(Gate { id, name, at, width_m, passage, height_m, delay_s });
            self.places.gates.push(f.place());
        }
    }

    fn path(&mut self, f: &mut Feature<'_>) {
        self.slips(f, &["id", "passage", "width_m"]);
        let (id, passage) = (self.id(f, false), self.word(f, "passage", PathFor::Foot));
        let usual = if passage == PathFor::Foot { 2.0 } else { 6.0 };
        let width_m = self.positive(f, "width_m").unwrap_or(usual);
        if let (Some(line), true) = (self.line(f), f.sound) {
            self.site.paths.push(Path { id, passage, line, width_m });
        }
    }

    fn tree(&mut self, f: &mut Feature<'_>) {
        self.slips(f, &["id", "height_m", "crown_radius_m", "crown_base_m", "evergreen"]);
        let id = self.id(f, false);
        let height_m = self.positive(f, "height_m").unwrap_or(8.0);
        let crown_radius_m = self.positive(f, "crown_radius_m").unwrap_or(2.5);
        let crown_base_m = self.positive(f, "crown_base_m").unwrap_or(height_m * 0.3);
        let evergreen = self.flag(f, "evergreen");
        if crown_base_m >= height_m {
            f.sound = false;
            let span = f.place().property("crown_base_m");
            let message = format!(
                "the crown of {} begins at {crown_base_m} m, above its top at {height_m} m",
                f.called()
            );
            self.wrong(
                span,
                "geometry::crown",
                message,
                "`crown_base_m` is the height where the leaves begin; it is below `height_m`",
            );
        }
        if let (Some(at), true) = (self.point(f), f.sound) {
            self.site.trees.push(Tree { id, at, height_m, crown_radius_m, crown_base_m, evergreen });
        }
    }

    fn lamp(&mut self, f: &mut Feature<'_>) {
        self.slips(f, &["id", "height_m", "flux_lm"]);
        let id = self.id(f, false);
        let height_m = self.positive(f, "height_m").unwrap_or(4.0);
        let flux_lm = self.positive(f, "flux_lm").unwrap_or(4000.0);
        if let (Some(at), true) = (self.point(f), f.sound) {
            self.site.lamps.push(Lamp { id, at, height_m, flux_lm });
        }
    }

    fn entrance(&mut self, f: &mut Feature<'_>) {
        self.slips(f, &["id", "building"]);
        let id = self.id(f, true);
        let building = self.required_text(f, "building", "the building that it belongs to");
        if let (Some(at), Some(building), true) = (self.point(f), building, f.sound) {
            self.site.entrances.push(Entrance { id, building: Id(building), at });
            self.places.entrances.push(f.place());
        }
    }

    fn area(&mut self, f: &mut Feature<'_>) {
        self.slips(f, &["id", "ground"]);
        let (id, ground) = (self.id(f, false), self.word(f, "ground", Ground::Lawn));
        if let (Some(outline), true) = (self.polygon(f), f.sound) {
            self.site.areas.push(Area { id, ground, outline });
            self.places.areas.push(f.place());
        }
    }
}

/// Properties.
impl Reader<'_> {
    /// Properties that look like one of the valid names and are none.
    fn slips(&mut self, f: &Feature<'_>, valid: &[&str]) {
        for member in f.properties.map(Json::members).unwrap_or_default() {
            let key = member.key.as_str();
            if key == "kind" || valid.contains(&key) || ADDED.contains(&key) || !is_said(&member.value) {
                continue;
            }
            if key.len() < 3 || nearest(key, valid).is_none() {
                continue;
            }
            let message = format!("`{key}` is no property of a {}", f.kind);
            self.wrong(member.key_span.clone(), "geometry::unknown-property", message, remedy(key, valid));
        }
    }

    fn id(&mut self, f: &mut Feature<'_>, needed: bool) -> Id {
        if needed || f.property("id").is_some() {
            let what = "its name in the scenario";
            return Id(self.required_text(f, "id", what).unwrap_or_default());
        }
        Id(format!("{}-{}", f.kind, f.index))
    }

    fn required_text(&mut self, f: &mut Feature<'_>, key: &str, what: &str) -> Option<String> {
        let value = f.property(key);
        if let Some(text) = value.and_then(Json::text).filter(|t| !t.trim().is_empty()) {
            return Some(text.to_owned());
        }
        f.sound = false;
        let (code, message) = match value {
            None => {
                ("geometry::missing-property", format!("{} lacks the property `{key}`: {what}", f.called()))
            }
            Some(_) => (
                "geometry::wrong-type",
                format!("property `{key}` of {} must be text that is not empty", f.called()),
            ),
        };
        let span = value.map_or(f.kind_span.clone(), |v| v.span.clone());
        self.wrong(span, code, message, format!("write `\"{key}\": \"...\"` into its properties"));
        None
    }

    fn name(&mut self, f: &Feature<'_>) -> Option<String> {
        f.property("name").and_then(Json::text).map(str::to_owned)
    }

    fn flag(&mut self, f: &mut Feature<'_>, key: &str) -> bool {
        let Some(value) = f.property(key) else { return false };
        flag_of(value).unwrap_or_else(|| {
            f.sound = false;
            let message =
                format!("property `{key}` of {} must be true or false, not {}", f.called(), value.what());
            self.wrong(value.span.clone(), "geometry::wrong-type", message, "write it without quotes");
            false
        })
    }

    fn positive(&mut self, f: &mut Feature<'_>, key: &str) -> Option<f64> {
        let value = f.property(key)?;
        match figure(value) {
            Some(number) if number > 0.0 => return Some(number),
            Some(number) => {
                let message =
                    format!("property `{key}` of {} is {number}; it must be more than 0", f.called());
                let help = "lengths and heights are metres above ground; leave the property out when it is not known";
                self.wrong(value.span.clone(), "geometry::not-positive", message, help);
            }
            None => {
                let message =
                    format!("property `{key}` of {} must be a number, not {}", f.called(), value.what());
                self.wrong(
                    value.span.clone(),
                    "geometry::wrong-type",
                    message,
                    "write it without quotes or unit",
                );
            }
        }
        f.sound = false;
        None
    }

    fn count(&mut self, f: &mut Feature<'_>, key: &str, least: u32) -> Option<u32> {
        let value = f.property(key)?;
        let whole = figure(value).filter(|n| libm::floor(*n) == *n && (f64::from(least)..=200.0).contains(n));
        if whole.is_none() {
            f.sound = false;
            let message =
                format!("property `{key}` of {} must be a whole number from {least} to 200", f.called());
            self.wrong(
                value.span.clone(),
                "geometry::wrong-count",
                message,
                "write it without quotes or unit",
            );
        }
        whole.map(|n| n as u32)
    }

    fn word<T: DeserializeOwned + JsonSchema>(&mut self, f: &mut Feature<'_>, key: &str, usual: T) -> T {
        let Some(value) = f.property(key) else { return usual };
        let text = value.text().unwrap_or_default();
        match serde_json::from_value(serde_json::Value::String(text.to_owned())) {
            Ok(found) => found,
            Err(_) => {
                f.sound = false;
                let valid = words::<T>();
                let valid: Vec<&str> = valid.iter().map(String::as_str).collect();
                let message = match value.text() {
                    Some(text) => format!("`{text}` is no `{key}` of a {}", f.kind),
                    None => format!("property `{key}` of {} must be text, not {}", f.called(), value.what()),
                };
                self.wrong(value.span.clone(), "geometry::unknown-word", message, remedy(text, &valid));
                usual
            }
        }
    }
}

/// The coordinates of a `Multi…` shape with a single part; tools that keep one type a layer write all shapes so.
fn only_part<'a>(geometry: &'a Json, needed: &str) -> Option<&'a Json> {
    let kind = geometry.get("type").and_then(Json::text)?;
    let parts = geometry.get("coordinates").and_then(Json::list)?;
    match parts {
        [part] if kind.strip_prefix("Multi") == Some(needed) => Some(part),
        _ => None,
    }
}

/// Coordinates.
impl Reader<'_> {
    /// The coordinates, when the geometry has the type that this kind needs.
    fn coordinates<'f>(&mut self, f: &mut Feature<'f>, needed: &str) -> Option<&'f Json> {
        let kind = f.geometry.and_then(|g| g.get("type"));
        if kind.and_then(Json::text) == Some(needed)
            && let Some(coordinates) = f.geometry.and_then(|g| g.get("coordinates"))
        {
            return Some(coordinates);
        }
        if let Some(part) = f.geometry.and_then(|g| only_part(g, needed)) {
            return Some(part);
        }
        f.sound = false;
        let found = kind.and_then(Json::text).map_or("nothing".to_owned(), |t| format!("`{t}`"));
        let span = kind.or(f.geometry).map_or(f.kind_span.clone(), |k| k.span.clone());
        let message =
            format!("the geometry of {} must be a `{needed}` with coordinates; found {found}", f.called());
        let help = "draw it again as the right type; a shape of several parts becomes several features";
        self.wrong(span, "geometry::wrong-geometry", message, help);
        None
    }

    fn point(&mut self, f: &mut Feature<'_>) -> Option<Coord<f64>> {
        let coordinates = self.coordinates(f, "Point")?;
        self.position(f, coordinates)
    }

    fn line(&mut self, f: &mut Feature<'_>) -> Option<LineString<f64>> {
        let coordinates = self.coordinates(f, "LineString")?;
        let corners = self.positions(f, coordinates)?;
        if corners.windows(2).all(|w| w[0] == w[1]) {
            f.sound = false;
            let message = format!("the line of {} has no length", f.called());
            self.wrong(
                coordinates.span.clone(),
                "geometry::no-length",
                message,
                "a line needs two different points",
            );
            return None;
        }
        Some(LineString(corners))
    }

    fn polygon(&mut self, f: &mut Feature<'_>) -> Option<Polygon<f64>> {
        let coordinates = self.coordinates(f, "Polygon")?;
        let mut rings = Vec::new();
        for ring in coordinates.list().unwrap_or_default() {
            let mut corners = self.positions(f, ring)?;
            if corners.first() != corners.last() {
                corners.extend(corners.first().copied());
            }
            if corners.len() < 4 {
                f.sound = false;
                let message = format!("the outline of {} needs at least three corners", f.called());
                self.wrong(ring.span.clone(), "geometry::too-few-corners", message, "draw the whole outline");
                return None;
            }
            rings.push(LineString(corners));
        }
        if rings.is_empty() {
            f.sound = false;
            let message = format!("the outline of {} is empty", f.called());
            self.wrong(
                coordinates.span.clone(),
                "geometry::too-few-corners",
                message,
                "draw the whole outline",
            );
            return None;
        }
        let outer = rings.remove(0);
        Some(Polygon::new(outer, rings))
    }

    fn positions(&mut self, f: &mut Feature<'_>, list: &Json) -> Option<Vec<Coord<f64>>> {
        let Some(items) = list.list() else {
            f.sound = false;
            let message =
                format!("the coordinates of {} must be a list of points, not {}", f.called(), list.what());
            self.wrong(
                list.span.clone(),
                "geometry::wrong-coordinates",
                message,
                "a point is [longitude, latitude]",
            );
            return None;
        };
        let found: Vec<Option<Coord<f64>>> = items.iter().map(|item| self.position(f, item)).collect();
        found.into_iter().collect()
    }

    fn position(&mut self, f: &mut Feature<'_>, json: &Json) -> Option<Coord<f64>> {
        let numbers: Vec<f64> = json.list().unwrap_or_default().iter().filter_map(Json::number).collect();
        let (code, message, help) = match numbers.as_slice() {
            [lon, lat, ..] if !((-180.0..=180.0).contains(lon) && (-90.0..=90.0).contains(lat)) => {
                f.sound = false;
                self.not_degrees.push((json.span.clone(), Coord { x: *lon, y: *lat }));
                return None;
            }
            [lon, lat, ..] => {
                let at =
                    self.plane.map(|plane| plane.to_local(*lon, *lat)).unwrap_or(Coord { x: *lon, y: *lat });
                let distance = libm::hypot(at.x, at.y);
                if distance <= FARTHEST_M {
                    return Some(at);
                }
                (
                    "geometry::far-away",
                    format!("this point is {:.0} km from the origin of the site", distance / 1000.0),
                    "longitude comes first, then latitude; or `site.origin` in the scenario is not this place".to_owned(),
                )
            }
            _ => (
                "geometry::wrong-coordinates",
                format!("a point of {} must be [longitude, latitude]", f.called()),
                "write two numbers, in degrees".to_owned(),
            ),
        };
        f.sound = false;
        self.wrong(json.span.clone(), code, message, help);
        None
    }

    /// A map in metres is wrong at every point: it is said once, at the first, and how many there are.
    fn tell_not_degrees(&mut self, crs: Option<&Json>) {
        let Some((span, Coord { x, y })) = self.not_degrees.first().cloned() else { return };
        let more = match self.not_degrees.len() - 1 {
            0 => String::new(),
            1 => ", nor is one more point of this map".to_owned(),
            more => format!(", nor are {more} more points of this map"),
        };
        let name = crs.and_then(|crs| crs.get("properties")?.get("name")?.text());
        let help = match name.filter(|name| !(name.ends_with("CRS84") || name.ends_with("4326"))) {
            _ if (-90.0..=90.0).contains(&x) && (-180.0..=180.0).contains(&y) => {
                "longitude comes first, then latitude: exchange the two".to_owned()
            }
            Some(name) => format!(
                "GeoJSON is in degrees of WGS 84, longitude first, and this file says `{name}`: export the layer in EPSG:4326"
            ),
            None => {
                "GeoJSON is in degrees of WGS 84, longitude first: export the layer in EPSG:4326".to_owned()
            }
        };
        let message = format!("[{x}, {y}] is no longitude and latitude{more}");
        self.wrong(span, "geometry::out-of-range", message, help);
    }
}
