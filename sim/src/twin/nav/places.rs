//! Places that people and vehicles go to: doors, gates, the street outside, spots on the ground, car parks.

use geo::{Area as _, BoundingRect as _, Centroid, Contains, Point};

use super::{Nav, bounds, distance};
use crate::model::Site;
use crate::model::site::{GateFor, Ground, Use};

/// How far outside a gate people appear and vanish, m.
const STREET_M: f64 = 20.0;
/// How far the street points of one gate lie apart, m.
const STREET_SIDE_M: f64 = 9.0;
/// How far apart people stand who stay on a playground, m.
const APART_M: f64 = 2.5;

/// A way in and out of the compound.
#[derive(Clone, Debug, PartialEq)]
pub struct Portal {
    /// The gate in the site's list; none where an open compound is left along a path.
    pub gate: Option<usize>,
    /// Where one passes, m.
    pub at: [f64; 2],
    /// Where one waits before it, coming from the street, m.
    pub before: [f64; 2],
    /// Points of the street at which people appear and vanish, m; never empty.
    pub street: Vec<[f64; 2]>,
    /// People on foot pass here.
    pub foot: bool,
    /// Vehicles pass here.
    pub vehicles: bool,
}

/// Where cars stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lot {
    /// Where a car stops, m.
    pub at: [f64; 2],
    /// True for the way down to a garage, from which people reach their flats indoors.
    pub garage: bool,
}

/// The places of a site.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    /// Where one stands before each entrance of the site; none when it is built in.
    pub doors: Vec<Option<[f64; 2]>>,
    /// Ways in and out.
    pub portals: Vec<Portal>,
    /// Spots to stroll to: lawns, plazas, corners of paths.
    pub spots: Vec<[f64; 2]>,
    /// Places on playgrounds, some metres apart.
    pub playgrounds: Vec<[f64; 2]>,
    /// Car parks.
    pub lots: Vec<Lot>,
}

impl Places {
    pub(super) fn of(site: &Site, nav: &Nav) -> Places {
        let doors = site.entrances.iter().map(|door| nav.stand_near([door.at.x, door.at.y])).collect();
        let mut portals = gate_portals(site, nav);
        if portals.is_empty() {
            portals = open_portals(site, nav);
        }
        if !portals.iter().any(|portal| portal.foot) {
            portals.iter_mut().for_each(|portal| portal.foot = true);
        }
        Places {
            doors,
            portals,
            spots: spots(site, nav),
            playgrounds: scattered(site, nav, Ground::Playground),
            lots: lots(site, nav),
        }
    }

    /// The portals that somebody on foot, or a vehicle, may use.
    pub fn ways_in(&self, vehicle: bool) -> Vec<usize> {
        let fits = |portal: &Portal| if vehicle { portal.vehicles } else { portal.foot };
        (0..self.portals.len()).filter(|i| fits(&self.portals[*i])).collect()
    }
}

fn gate_portals(site: &Site, nav: &Nav) -> Vec<Portal> {
    let mut portals = Vec::new();
    for (index, gate) in site.gates.iter().enumerate() {
        let at = [gate.at.x, gate.at.y];
        let out = outward(site, at);
        let point = |forth: f64, side: f64| {
            [at[0] + out[0] * forth - out[1] * side, at[1] + out[1] * forth + out[0] * side]
        };
        let reach =
            |to: &[f64; 2]| nav.is_clear(*to) && nav.search(at, *to).is_some_and(|w| w.length_m < 60.0);
        let before = Some(point(1.3, 0.0)).filter(reach).unwrap_or(at);
        let mut street: Vec<[f64; 2]> = Vec::new();
        for forth in [STREET_M, 15.0, 10.0, 6.0] {
            if street.is_empty() {
                street = [0.0, -STREET_SIDE_M, STREET_SIDE_M]
                    .iter()
                    .map(|side| point(forth, *side))
                    .filter(reach)
                    .collect();
            }
        }
        if street.is_empty() {
            street.push(before);
        }
        let foot = gate.passage != GateFor::Vehicles;
        let vehicles = gate.passage != GateFor::Pedestrians;
        portals.push(Portal { gate: Some(index), at, before, street, foot, vehicles });
    }
    portals
}

/// The direction out of the compound at a gate: across the nearest wall or outline, away from what is inside.
fn outward(site: &Site, at: [f64; 2]) -> [f64; 2] {
    let walls = site.rim().map(|wall| &wall.line);
    let outlines = site.compounds.iter().map(|compound| compound.outline.exterior());
    let mut best: Option<(f64, [f64; 2])> = None;
    for line in walls.chain(outlines).flat_map(|line| line.lines()) {
        let (a, b) = ([line.start.x, line.start.y], [line.end.x, line.end.y]);
        let length = distance(a, b).max(1e-9);
        let unit = [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
        let along = ((at[0] - a[0]) * unit[0] + (at[1] - a[1]) * unit[1]).clamp(0.0, length);
        let off = distance(at, [a[0] + unit[0] * along, a[1] + unit[1] * along]);
        if best.is_none_or(|(least, _)| off < least - 1e-9) {
            best = Some((off, [-unit[1], unit[0]]));
        }
    }
    let (low, high) = bounds(site);
    let middle = [(low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0];
    let away = [at[0] - middle[0], at[1] - middle[1]];
    let normal = best.filter(|(off, _)| *off < 15.0).map_or_else(
        || {
            let length = libm::hypot(away[0], away[1]).max(1e-9);
            [away[0] / length, away[1] / length]
        },
        |(_, normal)| normal,
    );
    let inside = |side: f64| {
        let there = Point::new(at[0] + normal[0] * side, at[1] + normal[1] * side);
        site.compounds.iter().any(|compound| compound.outline.contains(&there))
    };
    let wrong = match (inside(4.0), inside(-4.0)) {
        (true, false) => true,
        (false, true) => false,
        _ => normal[0] * away[0] + normal[1] * away[1] < 0.0,
    };
    if wrong { [-normal[0], -normal[1]] } else { normal }
}

/// Where an open compound is entered: ends of paths at the edge of its extent, else the middles of its sides.
fn open_portals(site: &Site, nav: &Nav) -> Vec<Portal> {
    let (low, high) = bounds(site);
    let at_edge = |p: &[f64; 2]| {
        let inset = (p[0] - low[0]).min(high[0] - p[0]).min(p[1] - low[1]).min(high[1] - p[1]);
        inset < 12.0
    };
    let ends = site.paths.iter().flat_map(|path| [path.line.0.first(), path.line.0.last()]);
    let ends = ends.flatten().map(|c| [c.x, c.y]).filter(at_edge);
    let sides = [
        [(low[0] + high[0]) / 2.0, low[1] - 8.0],
        [high[0] + 8.0, (low[1] + high[1]) / 2.0],
        [(low[0] + high[0]) / 2.0, high[1] + 8.0],
        [low[0] - 8.0, (low[1] + high[1]) / 2.0],
    ];
    let mut found: Vec<[f64; 2]> = Vec::new();
    for at in ends.chain(sides) {
        let far = found.iter().all(|other| distance(*other, at) > 15.0);
        if found.len() < 8 && far && nav.is_clear(at) {
            found.push(at);
        }
    }
    let portal =
        |at: [f64; 2]| Portal { gate: None, at, before: at, street: vec![at], foot: true, vehicles: true };
    found.into_iter().map(portal).collect()
}

fn grounds(site: &Site, nav: &Nav, kinds: &[Ground]) -> Vec<[f64; 2]> {
    let of_kind = site.areas.iter().filter(|area| kinds.contains(&area.ground));
    of_kind
        .filter(|area| area.outline.unsigned_area() > 1.0)
        .filter_map(|area| area.outline.centroid())
        .filter_map(|middle| nav.stand_near([middle.x(), middle.y()]))
        .collect()
}

/// Places on the grounds of a kind, as far apart as people who stay there stand; the middle of one that is too small.
fn scattered(site: &Site, nav: &Nav, kind: Ground) -> Vec<[f64; 2]> {
    let mut places = Vec::new();
    for area in site.areas.iter().filter(|area| area.ground == kind) {
        let Some(extent) = area.outline.bounding_rect() else { continue };
        let before = places.len();
        let steps = |length: f64| (length / APART_M) as usize;
        for row in 0..steps(extent.height()) {
            for column in 0..steps(extent.width()) {
                let at = |low: f64, step: usize| low + (step as f64 + 0.5) * APART_M;
                let here = [at(extent.min().x, column), at(extent.min().y, row)];
                if area.outline.contains(&Point::new(here[0], here[1])) && nav.is_clear(here) {
                    places.push(here);
                }
            }
        }
        if places.len() == before {
            places
                .extend(area.outline.centroid().and_then(|middle| nav.stand_near([middle.x(), middle.y()])));
        }
    }
    places
}

/// At most 40 spots for strolls: open ground first, then corners of paths.
fn spots(site: &Site, nav: &Nav) -> Vec<[f64; 2]> {
    let mut spots = grounds(site, nav, &[Ground::Lawn, Ground::Plaza, Ground::Playground]);
    let (low, high) = bounds(site);
    let within = |p: &[f64; 2]| {
        let inside_box = p[0] > low[0] && p[0] < high[0] && p[1] > low[1] && p[1] < high[1];
        let point = Point::new(p[0], p[1]);
        let compounds = &site.compounds;
        inside_box && (compounds.is_empty() || compounds.iter().any(|c| c.outline.contains(&point)))
    };
    let corners = site.paths.iter().flat_map(|path| path.line.0.iter()).map(|c| [c.x, c.y]);
    for at in corners.filter(within) {
        let far = spots.iter().all(|other| distance(*other, at) > 12.0);
        if spots.len() < 40 && far && nav.is_clear(at) {
            spots.push(at);
        }
    }
    spots
}

/// Garages and car parks; where there is neither, the end of a road deep inside.
fn lots(site: &Site, nav: &Nav) -> Vec<Lot> {
    let garages = site.buildings.iter().filter(|building| building.usage == Use::GarageEntrance);
    let mut lots: Vec<Lot> = garages
        .filter_map(|garage| garage.outline.centroid())
        .filter_map(|middle| {
            let middle = [middle.x(), middle.y()];
            let near = nav.road_near(middle).filter(|road| distance(*road, middle) < 15.0);
            near.filter(|at| nav.is_clear(*at)).or_else(|| nav.stand_near(middle))
        })
        .map(|at| Lot { at, garage: true })
        .collect();
    let parks = grounds(site, nav, &[Ground::Parking]);
    lots.extend(parks.into_iter().map(|at| Lot { at, garage: false }));
    if lots.is_empty() {
        let (low, high) = bounds(site);
        let middle = [(low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0];
        let at = nav.road_near(middle).and_then(|at| nav.stand_near(at));
        lots.extend(at.map(|at| Lot { at, garage: false }));
    }
    lots
}
