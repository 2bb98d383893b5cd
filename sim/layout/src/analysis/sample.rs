//! Sites and scenarios for this room's tests, made here or drawn from a seed.

use geo::{Coord, LineString, Polygon, Rect};

use crate::model::drive::{Drive, Sut, Thresholds};
use crate::model::kit::{Camera, CameraTask, Kit};
use crate::model::load::{SourceText, load};
use crate::model::scenario::{Day, SiteRef};
use crate::model::site::{Building, Compound, Gate, GateFor, Tree, Use, Wall, WallKind, Wgs84};
use crate::model::{Scenario, ScenarioFile, Site};
use crate::words::{AgentKey, Dice, Draw};

/// Ground with nothing on it but a compound's outline.
pub(crate) fn bare(west: f64, south: f64, east: f64, north: f64) -> Site {
    let outline = Rect::new((west, south), (east, north)).to_polygon();
    Site {
        origin: Wgs84 { lon_deg: 120.0, lat_deg: 30.0 },
        compounds: vec![Compound { id: "home".into(), name: None, outline }],
        buildings: Vec::new(),
        walls: Vec::new(),
        gates: Vec::new(),
        paths: Vec::new(),
        trees: Vec::new(),
        lamps: Vec::new(),
        entrances: Vec::new(),
        areas: Vec::new(),
    }
}

pub(crate) fn building(name: &str, outline: Polygon<f64>, height_m: f64) -> Building {
    Building {
        id: name.into(),
        name: None,
        usage: Use::Residential,
        outline,
        storeys: 6,
        height_m,
        flats_per_storey: 2,
        height_assumed: false,
    }
}

pub(crate) fn wall(name: &str, made_of: WallKind, points: &[(f64, f64)], height_m: f64) -> Wall {
    Wall {
        id: name.into(),
        made_of,
        line: LineString::from(points.to_vec()),
        height_m,
        perimeter: true,
        bar_gap_m: None,
        lowest_rail_m: None,
        delay_s: None,
    }
}

pub(crate) fn gate(name: &str, x: f64, y: f64, width_m: f64) -> Gate {
    Gate {
        id: name.into(),
        name: None,
        at: Coord { x, y },
        width_m,
        passage: GateFor::Both,
        height_m: None,
        delay_s: None,
    }
}

pub(crate) fn tree(name: &str, x: f64, y: f64) -> Tree {
    Tree {
        id: name.into(),
        at: Coord { x, y },
        height_m: 7.0,
        crown_radius_m: 2.0,
        crown_base_m: 2.0,
        evergreen: true,
    }
}

pub(crate) fn camera(name: &str, at_m: [f64; 2], bearing_deg: f64) -> Camera {
    Camera {
        id: name.into(),
        at_m,
        height_m: 4.0,
        bearing_deg,
        tilt_deg: 10.0,
        hfov_deg: 80.0,
        pixels: [2560, 1440],
        model: None,
        lens: Default::default(),
        distortion: [0.0, 0.0],
        focal: None,
        sensitivity_lux: None,
        range_m: 60.0,
        ir_range_m: 30.0,
        min_lux: 0.5,
        working_px_per_m: 25.0,
        task: CameraTask::Passage,
        mask_px: Vec::new(),
    }
}

pub(crate) fn scenario(site: Site, kit: Kit) -> Scenario {
    Scenario {
        file: ScenarioFile {
            format: 1,
            name: "sample".into(),
            seed: 1,
            site: SiteRef { geometry: String::new(), origin: site.origin },
            day: Day::default(),
            kit,
            cast: Default::default(),
            script: Vec::new(),
            drive: Drive::default(),
            sut: Sut::default(),
            thresholds: Thresholds::default(),
            project: Default::default(),
        },
        site,
        households: Vec::new(),
        devices: Vec::new(),
        digest: String::new(),
    }
}

/// A shipped scenario.
pub(crate) fn shipped(name: &str) -> Scenario {
    let (toml, geometry) = match name {
        "tiny" => (
            include_str!("../../../../scenarios/tiny.toml"),
            include_str!("../../../../scenarios/sites/tiny.geojson"),
        ),
        "heping" => (
            include_str!("../../../../scenarios/heping.toml"),
            include_str!("../../../../scenarios/sites/heping.geojson"),
        ),
        _ => (
            include_str!("../../../../scenarios/cuiyuan.toml"),
            include_str!("../../../../scenarios/sites/cuiyuan.geojson"),
        ),
    };
    let text = |name: &str, text: &str| SourceText { name: name.into(), text: text.into() };
    load(&text(name, toml), Some(&text("site", geometry))).expect("a shipped scenario")
}

fn turned(middle: Coord<f64>, half: [f64; 2], turn: f64) -> Polygon<f64> {
    let (sin, cos) = (libm::sin(turn), libm::cos(turn));
    let corner = |sx: f64, sy: f64| {
        let (x, y) = (sx * half[0], sy * half[1]);
        Coord { x: middle.x + x * cos - y * sin, y: middle.y + x * sin + y * cos }
    };
    let ring = vec![corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)];
    Polygon::new(LineString(ring), vec![])
}

/// A compound of 300 × 250 m: blocks in rows at slight angles, one with a court, a wall with a gate, hedges, trees.
pub(crate) fn large(seed: u64) -> Site {
    let mut draw = Dice::new(seed).draw(AgentKey::of("sample"), "site", 0);
    let mut site = bare(-150.0, -125.0, 150.0, 125.0);
    for i in 0..24 {
        let middle = Coord { x: -115.0 + f64::from(i % 4) * 75.0, y: -100.0 + f64::from(i / 4) * 40.0 };
        let outline = turned(middle, [24.0, 6.5], draw.between(-0.1, 0.1));
        site.buildings.push(building(&format!("b{i:02}"), outline, draw.between(18.0, 60.0)));
    }
    let court = |a: f64, b: f64| Rect::new((a, a), (b, b)).to_polygon().exterior().clone();
    let ring = Polygon::new(court(-14.0, 14.0), vec![court(-7.0, 7.0)]);
    site.buildings[13].outline = ring;
    let corners = [(-150.0, -125.0), (150.0, -125.0), (150.0, 125.0), (-150.0, 125.0), (-150.0, -125.0)];
    site.walls.push(wall("rim", WallKind::Wall, &corners, 2.4));
    site.gates.push(gate("south", 20.0, -125.0, 8.0));
    for i in 0..10 {
        let (x, y) = (draw.between(-140.0, 120.0), draw.between(-115.0, 115.0));
        let points = [(x, y), (x + 8.0, y + draw.between(-2.0, 2.0)), (x + 15.0, y)];
        site.walls.push(wall(&format!("hedge{i}"), WallKind::Hedge, &points, 1.4));
    }
    for i in 0..300 {
        site.trees.push(any_tree(&format!("t{i}"), &mut draw));
    }
    site
}

fn any_tree(name: &str, draw: &mut Draw) -> Tree {
    let base = draw.between(1.5, 3.0);
    Tree {
        height_m: base + draw.between(2.0, 8.0),
        crown_radius_m: draw.between(1.0, 3.5),
        crown_base_m: base,
        ..tree(name, draw.between(-145.0, 145.0), draw.between(-120.0, 120.0))
    }
}
