//! The variants: what goes wrong, one thing at a time.

use geo::{BoundingRect, Contains, Distance, Euclidean, Point};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::analysis::assumed;
use crate::analysis::conditions::{Conditions, Leaves, Van};
use crate::contract::Class;
use crate::model::scenario::Device;
use crate::model::site::{Ground, Path, PathFor};
use crate::model::{Scenario, Site};
use crate::words::{AgentKey, Dice, Draw};

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A device of the kit is out, of whatever class.
    #[default]
    Device,
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
    /// What it is, in words; for a device with its class.
    pub fn words(self, class: Option<Class>) -> String {
        match (self, class) {
            (Kind::Device, Some(class)) => format!("{} out", class.word().replace('_', " ")),
            (Kind::Device, None) => "device out".into(),
            (Kind::Growth, _) => "trees grown".into(),
            (Kind::Season, _) => "season".into(),
            (Kind::Fog, _) => "fog".into(),
            (Kind::Night, _) => "nightfall".into(),
            (Kind::Lamp, _) => "lamp out".into(),
            (Kind::LampRow, _) => "row of lamps out".into(),
            (Kind::Vans, _) => "vans parked".into(),
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
    /// Class of the device that is out.
    pub class: Option<Class>,
    /// What the layout is asked under.
    pub conditions: Conditions,
}

/// Variants of one sort: how many there are, and how many of them are asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Asked {
    /// What goes wrong, in words: `camera out`, `lamp out`.
    pub what: String,
    /// How many of them there are, all of which are asked; nothing for what is drawn without an end, as parked vans are.
    pub there: Option<usize>,
    /// How many are asked.
    pub asked: usize,
}

/// The variants that are asked, and how many of each sort they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Variants {
    /// Those that are asked.
    pub all: Vec<Variant>,
    /// Each sort, in the order of the kit, then of what else goes wrong.
    pub asked: Vec<Asked>,
}

/// At least `count` variants. Whatever can go wrong by itself is asked, however much that is, because a worst case that nobody
/// asked is none: each device of the kit out of order, each lamp, each row of lamps, growth, seasons, fog, nightfall. Parked
/// vans, of which there is no end, are drawn from the seed: as many as are wanting to `count`, and at least an eighth of it.
pub fn variants(layout: &Scenario, count: usize, seed: u64) -> Variants {
    let day = Conditions::of_day(layout);
    let weather = weather(&day);
    let mut chosen = Variants::default();
    for list in devices(layout, &day).into_iter().chain([rows_out(layout, &day), lamps_out(layout, &day)]) {
        chosen.put(Some(list.len()), list);
    }
    for one in weather.chunk_by(|a, b| a.kind == b.kind) {
        chosen.put(Some(one.len()), one.to_vec());
    }
    let draws = count.saturating_sub(chosen.all.len()).max(count / 8).max(1);
    chosen.put(None, vans_parked(layout, &day, draws, seed));
    chosen
}

impl Variants {
    fn put(&mut self, there: Option<usize>, asked: Vec<Variant>) {
        if let Some(first) = asked.first() {
            self.asked.push(Asked { what: first.kind.words(first.class), there, asked: asked.len() });
            self.all.extend(asked);
        }
    }
}

fn variant(day: &Conditions, kind: Kind, name: String, change: impl FnOnce(&mut Conditions)) -> Variant {
    let mut conditions = day.clone();
    change(&mut conditions);
    Variant { name, kind, class: None, conditions }
}

/// Each device by itself, class by class.
fn devices(layout: &Scenario, day: &Conditions) -> Vec<Vec<Variant>> {
    let out = |device: &Device| {
        let put = |c: &mut Conditions| c.take_out(device.class, device.row);
        let name = failed(device.class, device.id.as_str());
        Variant { class: Some(device.class), ..variant(day, Kind::Device, name, put) }
    };
    layout.devices.chunk_by(|a, b| a.class == b.class).map(|of| of.iter().map(out).collect()).collect()
}

/// What is said of a device that does not do its work.
fn failed(class: Class, id: &str) -> String {
    match class {
        Class::GatePost | Class::OuterPost => format!("nobody stands at {id}"),
        Class::DutyRoom => format!("nobody answers in {id}"),
        Class::Barrier => format!("the arm of {id} stays up"),
        Class::Checkpoint => format!("{id} takes no touch"),
        Class::FireStation => format!("{id} is locked or empty"),
        Class::Charger => format!("the meter of {id} is dead"),
        Class::GuardRadio => format!("the radio of {id} is dead"),
        _ => format!("{id} is out of order"),
    }
}

fn weather(day: &Conditions) -> Vec<Variant> {
    let figures = assumed::what_if();
    let one = |kind, name: String, change: &dyn Fn(&mut Conditions)| variant(day, kind, name, change);
    let grown = figures.grown.map(|growth| {
        one(Kind::Growth, format!("trees have grown to {growth} times their size"), &|c| c.growth = growth)
    });
    let seasons = [
        one(Kind::Season, "trees are bare".into(), &|c| c.leaves = Leaves::Off),
        one(Kind::Season, "trees are in leaf".into(), &|c| c.leaves = Leaves::On),
    ];
    let fog = figures.fog_m.map(|metres| {
        one(Kind::Fog, format!("fog with a visibility of {metres} m"), &|c| c.visibility_m = metres)
    });
    let night = one(Kind::Night, "night falls, everything in order".into(), &|_| ());
    grown.into_iter().chain(seasons).chain(fog).chain([night]).collect()
}

fn rows_out(layout: &Scenario, day: &Conditions) -> Vec<Variant> {
    let row = |(path, lamps): (&Path, Vec<usize>)| {
        let name = format!("the {} lamps along {} do not burn", lamps.len(), path.id);
        variant(day, Kind::LampRow, name, |c| c.lamps_out.extend(lamps))
    };
    rows(&layout.site).into_iter().map(row).collect()
}

fn lamps_out(layout: &Scenario, day: &Conditions) -> Vec<Variant> {
    let lamp = |(row, lamp): (usize, &crate::model::site::Lamp)| {
        variant(day, Kind::Lamp, format!("{} does not burn", lamp.id), |c| c.lamps_out.extend([row]))
    };
    layout.site.lamps.iter().enumerate().map(lamp).collect()
}

/// So many draws of parked vans; none where there is no place for them.
fn vans_parked(layout: &Scenario, day: &Conditions, draws: usize, seed: u64) -> Vec<Variant> {
    let parked = |i: usize| {
        let mut draw = Dice::new(seed).draw(AgentKey::of("what-if"), "vans", i as u64);
        let vans = vans(&layout.site, &mut draw);
        let name = format!("{} vans are parked (draw {i})", vans.len());
        (!vans.is_empty()).then(|| variant(day, Kind::Vans, name, |c| c.vans = vans))
    };
    (0..draws).filter_map(parked).collect()
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
