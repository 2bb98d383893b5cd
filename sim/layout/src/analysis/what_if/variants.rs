//! The variants: what goes wrong, one thing at a time.

use geo::{BoundingRect, Contains, Distance, Euclidean, Point};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::assumed;
use super::super::conditions::{Conditions, Leaves, Van};
use crate::model::site::{Ground, Path, PathFor};
use crate::model::{Scenario, Site};
use crate::words::{AgentKey, Dice, Draw};

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A camera, a beam or a standing post is out.
    #[default]
    Device,
    /// A facade camera is out.
    FacadeCamera,
    /// A smoke or heat detector is out.
    Detector,
    /// Trees have grown.
    Growth,
    /// Trees are bare, or in leaf.
    Season,
    /// Fog comes.
    Fog,
    /// Night falls, with everything in order.
    Night,
    /// One lamp does not burn.
    Lamp,
    /// No lamp along one path burns.
    LampRow,
    /// Vans are parked in the way.
    Vans,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 10] = [
        Kind::Device,
        Kind::FacadeCamera,
        Kind::Detector,
        Kind::Growth,
        Kind::Season,
        Kind::Fog,
        Kind::Night,
        Kind::Lamp,
        Kind::LampRow,
        Kind::Vans,
    ];

    /// What it is, in words.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Device => "device out",
            Kind::FacadeCamera => "facade camera out",
            Kind::Detector => "fire detector out",
            Kind::Growth => "trees grown",
            Kind::Season => "season",
            Kind::Fog => "fog",
            Kind::Night => "nightfall",
            Kind::Lamp => "lamp out",
            Kind::LampRow => "row of lamps out",
            Kind::Vans => "vans parked",
        }
    }
}

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// What it is, as words.
    pub name: String,
    /// Of which kind it is.
    pub kind: Kind,
    /// What sight is asked under.
    pub conditions: Conditions,
}

/// Every device out of order by itself, growth, seasons, fog, nightfall and rows of lamps: all of these, also when they are
/// more than `count`. Of what is left, and of a quarter of `count` where less is left, half is for single lamps, drawn when
/// there are more, and the rest for draws of parked vans.
pub fn variants(layout: &Scenario, count: usize, seed: u64) -> Vec<Variant> {
    let mut all = Vec::new();
    let day = Conditions::of_day(layout);
    let mut put = |kind: Kind, name: String, change: &dyn Fn(&mut Conditions)| {
        let mut conditions = day.clone();
        change(&mut conditions);
        all.push(Variant { name, kind, conditions });
    };
    devices(layout, &mut put);
    weather(&mut put);
    for (path, lamps) in rows(&layout.site) {
        let name = format!("the {} lamps along {} do not burn", lamps.len(), path.id);
        put(Kind::LampRow, name, &|c| c.lamps_out.extend(lamps.iter().copied()));
    }
    let left = count.saturating_sub(all.len()).max(count / 4);
    let single = some_lamps(layout, left / 2, seed);
    for lamp in &single {
        let name = format!("{} does not burn", layout.site.lamps[*lamp].id);
        let conditions = Conditions { lamps_out: [*lamp].into(), ..day.clone() };
        all.push(Variant { name, kind: Kind::Lamp, conditions });
    }
    for i in 0..left - single.len() {
        let mut draw = Dice::new(seed).draw(AgentKey::of("what-if"), "vans", i as u64);
        let vans = vans(&layout.site, &mut draw);
        if vans.is_empty() {
            break;
        }
        let name = format!("{} vans are parked (draw {i})", vans.len());
        all.push(Variant { name, kind: Kind::Vans, conditions: Conditions { vans, ..day.clone() } });
    }
    all
}

/// Takes a variant: its kind, its name and what it changes.
type Put<'a> = &'a mut dyn FnMut(Kind, String, &dyn Fn(&mut Conditions));

fn devices(layout: &Scenario, put: Put) {
    let kit = &layout.file.kit;
    for (row, camera) in kit.camera.iter().enumerate() {
        put(Kind::Device, format!("{} is out of order", camera.id), &|c| c.cameras_out.extend([row]));
    }
    for (row, beam) in kit.beam.iter().enumerate() {
        put(Kind::Device, format!("{} is out of order", beam.id), &|c| c.beams_out.extend([row]));
    }
    for (row, post) in kit.outer_post.iter().enumerate() {
        put(Kind::Device, format!("nobody stands at {}", post.id), &|c| c.posts_out.extend([row]));
    }
    for (row, camera) in kit.facade_camera.iter().enumerate() {
        let name = format!("{} is out of order", camera.id);
        put(Kind::FacadeCamera, name, &|c| c.facade_cameras_out.extend([row]));
    }
    for (row, detector) in kit.smoke_detector.iter().enumerate() {
        let name = format!("{} is out of order", detector.id);
        put(Kind::Detector, name, &|c| c.smoke_out.extend([row]));
    }
    for (row, detector) in kit.heat_detector.iter().enumerate() {
        let name = format!("{} is out of order", detector.id);
        put(Kind::Detector, name, &|c| c.heat_out.extend([row]));
    }
}

fn weather(put: Put) {
    for growth in assumed::what_if().grown {
        let name = format!("trees have grown to {growth} times their size");
        put(Kind::Growth, name, &|c| c.growth = growth);
    }
    put(Kind::Season, "trees are bare".into(), &|c| c.leaves = Leaves::Off);
    put(Kind::Season, "trees are in leaf".into(), &|c| c.leaves = Leaves::On);
    for metres in assumed::what_if().fog_m {
        put(Kind::Fog, format!("fog with a visibility of {metres} m"), &|c| c.visibility_m = metres);
    }
    put(Kind::Night, "night falls, everything in order".into(), &|_| ());
}

/// Rows of at least two lamps, each lamp with the path that it stands nearest to.
fn rows(site: &Site) -> Vec<(&Path, Vec<usize>)> {
    let along_m = assumed::what_if().along_m;
    let mut rows: Vec<(&Path, Vec<usize>)> = site.paths.iter().map(|path| (path, Vec::new())).collect();
    for (lamp, at) in site.lamps.iter().map(|lamp| Point::from(lamp.at)).enumerate() {
        let edge_m = |path: &Path| Euclidean.distance(&at, &path.line) - path.width_m / 2.0;
        let nearest = rows.iter_mut().min_by(|a, b| edge_m(a.0).total_cmp(&edge_m(b.0)));
        nearest.filter(|row| edge_m(row.0) <= along_m).into_iter().for_each(|row| row.1.push(lamp));
    }
    rows.retain(|(_, lamps)| lamps.len() > 1);
    rows
}

/// So many lamps of a site, by their rows: all of them where they are no more, else drawn.
fn some_lamps(layout: &Scenario, most: usize, seed: u64) -> Vec<usize> {
    let mut lamps: Vec<usize> = (0..layout.site.lamps.len()).collect();
    let mut draw = Dice::new(seed).draw(AgentKey::of("what-if"), "lamps", 0);
    while lamps.len() > most {
        lamps.remove(draw.below(lamps.len()));
    }
    lamps
}

/// Vans on car parks and at the side of roads; none where there are neither.
fn vans(site: &Site, draw: &mut Draw) -> Vec<Van> {
    let parking: Vec<_> = site.areas.iter().filter(|a| a.ground == Ground::Parking).collect();
    let roads: Vec<_> = site.paths.iter().filter(|p| p.passage == PathFor::Road).collect();
    let places = parking.len() + roads.len();
    let [least, most] = assumed::what_if().vans;
    let count = draw.between(least, most) as usize;
    let mut found = Vec::new();
    for i in (0..count).filter(|_| places > 0) {
        let which = draw.below(places);
        let place = match parking.get(which) {
            Some(area) => in_area(&area.outline, draw),
            None => roads.get(which - parking.len()).and_then(|road| along(&road.line, road.width_m, draw)),
        };
        found.extend(place.map(|(at_m, bearing_deg)| Van::parked(&format!("van-{i}"), at_m, bearing_deg)));
    }
    found
}

fn in_area(outline: &geo::Polygon<f64>, draw: &mut Draw) -> Option<([f64; 2], f64)> {
    let extent = outline.bounding_rect()?;
    let bearing_deg = if draw.chance(0.5) { 0.0 } else { 90.0 };
    // A car park fills at least a tenth of its rectangle: fifty throws miss it once in two hundred.
    for _ in 0..50 {
        let x = draw.between(extent.min().x, extent.max().x);
        let y = draw.between(extent.min().y, extent.max().y);
        if outline.contains(&Point::new(x, y)) {
            return Some(([x, y], bearing_deg));
        }
    }
    None
}

/// At the right side of a road, along it.
fn along(line: &geo::LineString<f64>, width_m: f64, draw: &mut Draw) -> Option<([f64; 2], f64)> {
    let legs: Vec<_> = line.lines().collect();
    let leg = draw.pick(&legs)?;
    let (way, share) = (leg.delta(), draw.between(0.0, 1.0));
    let length = libm::hypot(way.x, way.y);
    if length < 1e-6 {
        return None;
    }
    let aside = width_m / 2.0 - 1.0;
    let x = leg.start.x + share * way.x + aside * way.y / length;
    let y = leg.start.y + share * way.y - aside * way.x / length;
    Some(([x, y], libm::atan2(way.x, way.y).to_degrees().rem_euclid(360.0)))
}
