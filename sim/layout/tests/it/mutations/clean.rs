//! Layouts that meet every rule that can be assessed, drawn from a seed: a walled compound of four unequal sides, turned
//! any way, with zones on its walls, people at its gates or a zone over their leaves, a camera for each zone, gate, door and
//! square, blocks of flats with facade cameras.

use palisade_layout::model::Scenario;
use palisade_layout::model::load::{SourceText, load};
use palisade_layout::model::site::{LocalPlane, Wgs84};
use palisade_layout::words::{AgentKey, Dice, Draw};
use serde_json::{Value, json};

const ORIGIN: Wgs84 = Wgs84 { lon_deg: 120.13, lat_deg: 30.28 };
/// Ground along the walls that blocks keep free, m.
const STRIP_M: f64 = 23.0;
/// Zones are no longer than this, m.
const ZONE_M: f64 = 38.0;

type Point = [f64; 2];

/// Draws a layout and reads it as any scenario is read, so that nothing in it is refused.
pub(super) fn clean(seed: u64) -> Scenario {
    let mut draw = Dice::new(seed).draw(AgentKey::of("layout"), "clean", 0);
    let turn_deg = draw.between(0.0, 360.0);
    let mut plan = Plan { turn_deg, features: Vec::new(), kit: json!({}), guards: Vec::new() };
    let half = [draw.between(45.0, 65.0), draw.between(38.0, 50.0)];
    let mut corner = |x: f64, y: f64| [x * half[0] + draw.between(0.0, 3.0) * x, y * half[1]];
    let corners = [corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)];
    plan.feature("Polygon", json!({ "kind": "compound", "id": "home" }), &closed(&corners));
    for side in 0..4 {
        plan.side(side, [corners[side], corners[(side + 1) % 4]], &mut draw);
    }
    plan.blocks(half, &mut draw);
    plan.square(half, &mut draw);
    plan.walk(half, &mut draw);
    if draw.chance(0.5) {
        plan.dome(half, &mut draw);
    }
    plan.rounds(half);
    plan.light(half, &mut draw);
    plan.scenario()
}

fn closed(corners: &[Point]) -> Vec<Point> {
    corners.iter().chain(corners.first()).copied().collect()
}

/// What is drawn so far, in a frame that is turned when it is written down.
struct Plan {
    turn_deg: f64,
    features: Vec<Value>,
    kit: Value,
    guards: Vec<Value>,
}

impl Plan {
    fn turned(&self, [x, y]: Point) -> Point {
        let (sin, cos) = libm::sincos(self.turn_deg.to_radians());
        [x * cos - y * sin, x * sin + y * cos]
    }

    /// Bearing of a direction of the frame, degrees clockwise from north once it is turned.
    fn bearing(&self, way: Point) -> f64 {
        let [x, y] = self.turned(way);
        (libm::atan2(x, y).to_degrees() + 360.0) % 360.0
    }

    fn feature(&mut self, kind: &str, properties: Value, points: &[Point]) {
        let plane = LocalPlane::at(ORIGIN);
        let place = |&p: &Point| {
            let (lon, lat) = plane.to_wgs84(self.turned(p).into());
            json!([lon, lat])
        };
        let line: Vec<Value> = points.iter().map(place).collect();
        let coordinates = match kind {
            "Point" => line[0].clone(),
            "Polygon" => json!([line]),
            _ => json!(line),
        };
        let geometry = json!({ "type": kind, "coordinates": coordinates });
        self.features.push(json!({ "type": "Feature", "properties": properties, "geometry": geometry }));
    }

    fn add(&mut self, table: &str, row: Value) {
        match self.kit.get_mut(table).and_then(Value::as_array_mut) {
            Some(rows) => rows.push(row),
            None => self.kit[table] = json!([row]),
        }
    }

    /// A camera that stands at one point and looks at another.
    fn camera(&mut self, id: String, [at, target]: [Point; 2], more: Value) {
        let bearing_deg = self.bearing([target[0] - at[0], target[1] - at[1]]);
        let at_m = self.turned(at);
        let mut row = json!({ "id": id, "at_m": at_m, "bearing_deg": bearing_deg, "range_m": 70.0 });
        let more = more.as_object().into_iter().flatten();
        more.for_each(|(key, value)| row[key] = value.clone());
        self.add("camera", row);
    }

    /// A wall or a fence along one side, with its gate, its zones and their cameras.
    fn side(&mut self, side: usize, ends: [Point; 2], draw: &mut Draw) {
        let wall = format!("wall-{side}");
        let height_m = draw.between(1.9, 2.6);
        let made_of = if draw.chance(0.4) { "fence" } else { "wall" };
        let mut properties = json!({ "kind": "wall", "id": wall, "made_of": made_of, "height_m": height_m, "perimeter": true,
            "delay_s": draw.between(20.0, 40.0) });
        if made_of == "fence" {
            properties["bar_gap_m"] = json!(draw.between(0.08, 0.14));
            properties["lowest_rail_m"] = json!(draw.between(1.1, 1.8));
        }
        self.feature("LineString", properties, &ends);
        let line = Line::of(ends);
        let gate = match side {
            0 => Some((draw.between(4.0, 7.0), "both")),
            2 if draw.chance(0.6) => Some((draw.between(1.6, 3.0), "pedestrians")),
            _ => None,
        };
        let mut standing = vec![[0.0, line.length]];
        if let Some((width_m, passage)) = gate {
            let middle = line.length * draw.between(0.35, 0.65);
            let leaf = [height_m + 0.1, draw.between(45.0, 90.0)];
            self.gate(side, &line, middle, (width_m, passage, leaf), draw);
            let vehicles = passage == "both";
            if draw.chance(0.4) {
                let over = 0.5 * width_m + 0.1;
                self.zones(&wall, &line, [middle - over, middle + over], leaf[0], draw);
            } else {
                self.roster(side, vehicles && draw.chance(0.4), draw);
            }
            standing = vec![[0.0, middle - width_m / 2.0], [middle + width_m / 2.0, line.length]];
        }
        for stretch in standing {
            self.zones(&wall, &line, stretch, height_m, draw);
        }
    }

    fn gate(&mut self, side: usize, line: &Line, middle: f64, gate: (f64, &str, [f64; 2]), draw: &mut Draw) {
        let ((width_m, passage, [height_m, delay_s]), id) = (gate, format!("gate-{side}"));
        let at = line.at(middle, 0.0);
        self.feature(
            "Point",
            json!({ "kind": "gate", "id": id, "width_m": width_m, "passage": passage,
                "height_m": height_m, "delay_s": delay_s }),
            &[at],
        );
        let lanes = if passage == "both" { 2 } else { 1 };
        if lanes == 2 {
            self.add("barrier", json!({ "id": format!("barrier-{side}"), "gate": id }));
        }
        for lane in 0..lanes {
            let from = line.at(middle + draw.between(-1.5, 1.5), draw.between(6.5, 8.0));
            let more = json!({ "height_m": draw.between(2.5, 3.0), "tilt_deg": 5.0, "hfov_deg": draw.between(32.0, 38.0),
                "pixels": [3840, 2160], "task": "entrance" });
            self.camera(format!("cam-{id}-{lane}"), [from, at], more);
        }
    }

    /// People at a gate at all hours: at its barrier by turns, or at its post, whose guards a roster names or does not.
    fn roster(&mut self, side: usize, at_barrier: bool, draw: &mut Draw) {
        let place = if at_barrier { "barrier" } else { "gate_post" };
        let id = if at_barrier { format!("barrier-{side}") } else { format!("post-{side}") };
        if !at_barrier {
            self.add(
                "gate_post",
                json!({ "id": id, "gate": format!("gate-{side}"), "guards": draw.below(2) + 1 }),
            );
            if draw.chance(0.3) {
                return;
            }
        }
        let (first, turns) = (draw.below(24), draw.below(2) + 2);
        for turn in 0..turns {
            // Each stays until the next is there.
            let hour = |turn: usize| first + 24 * turn / turns;
            let clock = |hour: usize, minutes: usize| format!("{:02}:{minutes:02}", hour % 24);
            let shift = [clock(hour(turn), 0), clock(hour(turn + 1), 10 * draw.below(3))];
            let (id, post) = (format!("guard-{side}-{turn}"), &id);
            self.guards.push(json!({ "id": id, "duty": { place: post }, "shift": shift }));
        }
    }

    fn zones(&mut self, wall: &str, line: &Line, [from, to]: [f64; 2], top_m: f64, draw: &mut Draw) {
        let parts = libm::ceil((to - from) / ZONE_M) as usize;
        let long = (to - from) / parts as f64;
        for part in 0..parts {
            let start = from + long * part as f64;
            let id = format!("{wall}-{}", libm::round(start));
            let lowest = top_m + draw.between(0.05, 0.25);
            let rated = long / draw.between(0.3, 0.65);
            self.add(
                "beam",
                json!({ "id": format!("beam-{id}"), "wall": wall, "rated_range_m": rated,
                    "from_m": self.turned(line.at(start, 0.0)), "to_m": self.turned(line.at(start + long, 0.0)),
                    "rays_m": [lowest, lowest + 0.2] }),
            );
            let middle = start + long / 2.0;
            let from = line.at(middle, (0.55 * long).max(6.0));
            let more = json!({ "height_m": draw.between(4.0, 5.0), "tilt_deg": 8.0, "hfov_deg": 102.0,
                "pixels": [3840, 2160], "task": "perimeter" });
            self.camera(format!("cam-{id}"), [from, line.at(middle, 0.0)], more);
        }
    }

    /// One or two blocks in the middle, each with two doors in the south and facade cameras on both long faces.
    fn blocks(&mut self, half: Point, draw: &mut Draw) {
        let [wide, deep] = half.map(|h| 2.0 * (h - STRIP_M));
        let count = if wide > 46.0 { 2 } else { 1 };
        for i in 0..count {
            let (long, depth) = (draw.between(18.0, 22.0), draw.between(9.0, deep.min(13.0)));
            let middle = if count == 1 { 0.0 } else { (i as f64 - 0.5) * (wide - long) };
            let (west, east, south) = (middle - long / 2.0, middle + long / 2.0, -depth / 2.0);
            let id = format!("b{i}");
            let corners = [[west, south], [east, south], [east, -south], [west, -south]];
            let storeys = draw.between(5.0, 11.0) as u32;
            self.feature(
                "Polygon",
                json!({ "kind": "building", "id": id, "usage": "residential", "storeys": storeys }),
                &closed(&corners),
            );
            for (door, x) in [(1, west + long * 0.3), (2, west + long * 0.7)] {
                self.door(&id, door, [x, south], draw);
            }
            if i == 0 {
                self.house("garage", "garage_entrance", [west + 3.0, -south + 3.5], draw);
            }
            if i + 1 == count {
                self.house("shed", "charging_shed", [east - 3.0, -south + 3.5], draw);
            }
            for (face, away) in [("south", -1.0), ("north", 1.0)] {
                let at = [middle + draw.between(-2.0, 2.0), away * (depth / 2.0 + draw.between(9.0, 18.0))];
                let row = json!({ "id": format!("up-{id}-{face}"), "at_m": self.turned(at), "height_m": 3.0,
                    "building": id, "bearing_deg": self.bearing([0.0, -away]), "hfov_deg": 116.0,
                    "pixels": [2160, 3840], "elevation_deg": draw.between(62.0, 74.0) });
                self.add("facade_camera", row);
            }
        }
    }

    /// A small house behind a block, with a camera before its north side; a shed has its door there, a garage none.
    fn house(&mut self, id: &str, usage: &str, [x, y]: Point, draw: &mut Draw) {
        let (wide, deep) = (draw.between(1.5, 2.0), draw.between(1.0, 1.5));
        let corners =
            [[x - wide, y - deep], [x + wide, y - deep], [x + wide, y + deep], [x - wide, y + deep]];
        let properties =
            json!({ "kind": "building", "id": id, "usage": usage, "storeys": 1, "height_m": 2.5 });
        self.feature("Polygon", properties, &closed(&corners));
        let north = [x, y + deep];
        if usage == "charging_shed" {
            let properties = json!({ "kind": "entrance", "id": format!("{id}-1"), "building": id });
            self.feature("Point", properties, &[north]);
        }
        let from = [x + draw.between(-2.0, 2.0), north[1] + draw.between(9.0, 10.0)];
        let more = json!({ "height_m": 3.5, "tilt_deg": 10.0, "hfov_deg": 84.0, "pixels": [1920, 1080],
            "task": "area" });
        self.camera(format!("cam-{id}"), [from, north], more);
    }

    /// A path along the west strip with a camera that looks along it.
    fn walk(&mut self, half: Point, draw: &mut Draw) {
        let x = 10.0 - half[0];
        let properties =
            json!({ "kind": "path", "id": "walk", "passage": "foot", "width_m": draw.between(2.0, 4.0) });
        self.feature("LineString", properties, &[[x, -25.0], [x, 25.0]]);
        let from = [x + draw.between(-2.0, 2.0), -20.0];
        let more = json!({ "height_m": 3.5, "tilt_deg": draw.between(7.0, 9.0), "hfov_deg": 78.0,
            "pixels": [1920, 1080], "task": "passage" });
        self.camera("cam-walk".into(), [from, [x, -5.0]], more);
    }

    /// A camera that zooms high over the west strip.
    fn dome(&mut self, half: Point, draw: &mut Draw) {
        let (x, y) = (10.0 - half[0], draw.between(-5.0, 5.0));
        let more = json!({ "height_m": draw.between(15.5, 20.0), "tilt_deg": 30.0, "hfov_deg": 30.0,
            "pixels": [1920, 1080], "range_m": 40.0, "focal": "zoom", "task": "area" });
        self.camera("dome".into(), [[x, y], [x, y - 20.0]], more);
    }

    fn door(&mut self, building: &str, door: u32, at: Point, draw: &mut Draw) {
        let id = format!("{building}-{door}");
        self.feature("Point", json!({ "kind": "entrance", "id": id, "building": building }), &[at]);
        let task = if draw.chance(0.5) { "entrance" } else { "passage" };
        let from = [at[0] + draw.between(-2.5, 2.5), at[1] - draw.between(12.0, 14.0)];
        let more = json!({ "height_m": draw.between(2.6, 3.4), "tilt_deg": 5.0, "hfov_deg": 78.0,
            "pixels": [1920, 1080], "task": task });
        self.camera(format!("cam-{id}"), [from, at], more);
    }

    /// A square in the south-east strip with a camera that looks along the strip.
    fn square(&mut self, half: Point, draw: &mut Draw) {
        let ground = ["plaza", "parking", "playground"][draw.below(3)];
        let (x, y) = (half[0] * draw.between(0.45, 0.55), 11.0 - half[1]);
        let corners = [[x - 4.0, y - 3.0], [x + 4.0, y - 3.0], [x + 4.0, y + 3.0], [x - 4.0, y + 3.0]];
        let outline = closed(&corners);
        self.feature("Polygon", json!({ "kind": "area", "id": "square", "ground": ground }), &outline);
        let more = json!({ "height_m": 4.0, "tilt_deg": 10.0, "hfov_deg": 70.0, "pixels": [1920, 1080], "task": "area",
            "range_m": 22.0, "ir_range_m": 0.0 });
        self.camera("cam-square".into(), [[x - 14.0, y], [x, y]], more);
    }

    /// A tour along the strip, every two hours, and what stands behind the devices.
    fn rounds(&mut self, half: Point) {
        let inset = half.map(|h| h - 8.0);
        let corners = [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]];
        for (i, [x, y]) in corners.into_iter().enumerate() {
            let at_m = self.turned([x * inset[0], y * inset[1]]);
            self.add("checkpoint", json!({ "id": format!("cp-{i}"), "at_m": at_m }));
        }
        let starts: Vec<String> = (0..12).map(|i| format!("{:02}:00", 2 * i)).collect();
        self.add(
            "guard_tour",
            json!({ "id": "round", "checkpoints": ["cp-0", "cp-1", "cp-2", "cp-3"], "starts": starts }),
        );
        self.kit["provision"] = json!({ "alarm_backup_h": 8.0, "access_backup_h": 48.0, "video_days": 30.0,
            "alarm_log_days": 90.0, "access_log_days": 180.0, "trial_days": 30.0, "camera_mbit_s": 4.0,
            "network_mbit_s": 1000.0 });
    }

    /// Floodlights before the square, whose camera has no light of its own, and what each camera needs: the square's as
    /// much as floodlights give, all others no more than the sky.
    fn light(&mut self, half: Point, draw: &mut Draw) {
        for (i, east) in [0.0, 9.0].into_iter().enumerate() {
            let at = [half[0] * 0.5 - 10.0 + east, 16.0 - half[1] + draw.between(-1.0, 1.0)];
            let flux_lm = draw.between(0.9e5, 1.1e5);
            let properties =
                json!({ "kind": "lamp", "id": format!("lamp-{i}"), "height_m": 6.0, "flux_lm": flux_lm });
            self.feature("Point", properties, &[at]);
        }
        for camera in self.kit["camera"].as_array_mut().into_iter().flatten() {
            let by_the_sky = draw.between(0.0001, 0.00035);
            let lux = if camera["id"] == "cam-square" { draw.between(0.2, 0.5) } else { by_the_sky };
            camera["sensitivity_lux"] = json!(lux);
        }
    }

    fn scenario(self) -> Scenario {
        let origin = json!({ "lon_deg": ORIGIN.lon_deg, "lat_deg": ORIGIN.lat_deg });
        let file = json!({ "format": 1, "name": "drawn", "kit": self.kit, "cast": { "guard": self.guards },
            "site": { "geometry": "drawn.geojson", "origin": origin } });
        let text = toml::to_string(&file).expect("tables and lists");
        let geometry = json!({ "type": "FeatureCollection", "features": self.features }).to_string();
        let source = |name: &str, text: String| SourceText { name: name.into(), text };
        let read = load(&source("drawn.toml", text), Some(&source("drawn.geojson", geometry)));
        read.unwrap_or_else(|problems| panic!("the layout is refused: {problems}"))
    }
}

/// A straight line with the distance along it and aside of it, to the left.
struct Line {
    from: Point,
    way: Point,
    length: f64,
}

impl Line {
    fn of([from, to]: [Point; 2]) -> Line {
        let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
        let length = libm::hypot(dx, dy);
        Line { from, way: [dx / length, dy / length], length }
    }

    fn at(&self, along: f64, aside: f64) -> Point {
        let [ux, uy] = self.way;
        [self.from[0] + along * ux - aside * uy, self.from[1] + along * uy + aside * ux]
    }
}
