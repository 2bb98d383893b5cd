//! Proposes kit for a site out of a map. Everything here is a proposal and is counted as guessed.

use geo::{
    Area, BooleanOps, BoundingRect, Contains, Coord, Distance, Euclidean, InteriorPoint, Intersects, Length,
    LineString, Point, Polygon, Rect,
};
use palisade_sim::model::cast::{Cast, Duty, Event, Guard, ScriptEvent};
use palisade_sim::model::kit::*;
use palisade_sim::model::scenario::{Duration, TimeOfDay};
use palisade_sim::model::site::{Building, Gate, GateFor, Use};
use palisade_sim::words::{Id, Ms};

use super::ground::{Ground, sees};
use super::site::{Draft, unit};

/// Longest zone, m: 70 % of a rated range of 100 m (GB 51348-2019, 14.2.3).
const ZONE_M: f64 = 70.0;
/// Farthest that a wall may bend away from a straight zone, m.
const BEND_M: f64 = 0.3;
/// Side of a street cell, m.
const CELL_M: f64 = 100.0;
/// Checkpoints of a tour.
const CHECKPOINTS: usize = 14;

/// Kit, people and script of a proposal.
pub struct Proposal {
    /// What is installed.
    pub kit: Kit,
    /// Who is there.
    pub cast: Cast,
    /// What must happen.
    pub script: Vec<ScriptEvent>,
}

pub(super) struct Proposer<'a, 'm> {
    pub(super) draft: &'a mut Draft<'m>,
    ground: Ground,
    main: u32,
    pub(super) kit: Kit,
    guards: Vec<Guard>,
}

/// Proposes kit; also adds a charging shed to the site where there is room.
pub fn propose(draft: &mut Draft<'_>) -> Option<Proposal> {
    shed(draft);
    let ground = Ground::of(&draft.site)?;
    let main = ground.main(&draft.site)?;
    let mut proposer = Proposer { draft, ground, main, kit: Kit::default(), guards: Vec::new() };
    proposer.gates();
    proposer.beams();
    proposer.doors();
    proposer.wall_cameras();
    proposer.facades();
    proposer.charging();
    proposer.tour();
    proposer.rooms();
    proposer.masks();
    proposer.cells();
    let script = proposer.script();
    proposer.summary();
    let cast = Cast { guard: proposer.guards, ..Cast::default() };
    Some(Proposal { kit: proposer.kit, cast, script })
}

pub(super) fn pair(at: Coord<f64>) -> [f64; 2] {
    [(at.x * 100.0).round() / 100.0, (at.y * 100.0).round() / 100.0]
}

fn clock(hours: i64, minutes: i64) -> TimeOfDay {
    TimeOfDay(Ms((hours * 60 + minutes) * 60_000))
}

pub(super) fn bearing(from: Coord<f64>, to: Coord<f64>) -> f64 {
    let degrees = (to.x - from.x).atan2(to.y - from.y).to_degrees().rem_euclid(360.0);
    (degrees * 10.0).round() / 10.0 % 360.0
}

pub(super) fn camera(id: String, at: Coord<f64>, to: Coord<f64>, task: CameraTask) -> Camera {
    let perimeter = task == CameraTask::Perimeter;
    Camera {
        id: Id(id),
        at_m: pair(at),
        height_m: if perimeter { 4.5 } else { 3.5 },
        bearing_deg: bearing(at, to),
        tilt_deg: if perimeter { 7.0 } else { 15.0 },
        hfov_deg: if perimeter { 50.0 } else { 80.0 },
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
        task,
        mask_px: Vec::new(),
    }
}

/// Finds room for a charging shed of 12 x 5 m: 6 m from flats, clear of roads, walls and other houses.
fn shed(draft: &mut Draft<'_>) {
    let site = &draft.site;
    let Some(rect) = draft.outline.bounding_rect() else { return };
    let free = |corner: Coord<f64>| {
        let shed = Rect::new(corner, corner + Coord { x: 12.0, y: 5.0 }).to_polygon();
        let houses = site.buildings.iter().all(|b| {
            Euclidean.distance(&shed, &b.outline) > if b.usage == Use::Residential { 6.0 } else { 3.0 }
        });
        draft.outline.contains(&shed)
            && houses
            && Euclidean.distance(&shed, draft.outline.exterior()) > 4.0
            && site.paths.iter().all(|p| Euclidean.distance(&shed, &p.line) > p.width_m / 2.0 + 1.0)
            && site.walls.iter().all(|w| Euclidean.distance(&shed, &w.line) > 2.0)
            && site.gates.iter().all(|g| Euclidean.distance(&shed, &Point::from(g.at)) > 6.0)
            && site.trees.iter().all(|t| Euclidean.distance(&shed, &Point::from(t.at)) > 1.0)
            && site.areas.iter().all(|a| !a.outline.intersects(&shed))
    };
    let steps = |low: f64, high: f64| (0..((high - low) / 3.0) as usize).map(move |k| low + k as f64 * 3.0);
    let corners = steps(rect.min().y, rect.max().y)
        .flat_map(|y| steps(rect.min().x, rect.max().x).map(move |x| Coord { x, y }));
    let Some(corner) = corners.into_iter().find(|c| free(*c)) else {
        draft.notes.guessed(1, "no charging shed: no free ground of 12 x 5 m, 6 m from flats");
        return;
    };
    draft.notes.guessed(1, "charging shed of 12 x 5 m on free ground");
    draft.site.buildings.push(Building {
        id: "shed".into(),
        name: None,
        usage: Use::ChargingShed,
        outline: Rect::new(corner, corner + Coord { x: 12.0, y: 5.0 }).to_polygon(),
        storeys: 1,
        height_m: 2.8,
        flats_per_storey: 0,
        height_assumed: true,
    });
}

impl Proposer<'_, '_> {
    pub(super) fn stands(&self, at: Coord<f64>) -> bool {
        self.ground.region(at).is_some()
    }

    fn guard(&mut self, duty: Duty, shift: [TimeOfDay; 2]) {
        let id = Id(format!("g-{:02}", self.guards.len() + 1));
        self.guards.push(Guard { id, duty, shift, filed: true, trained: true, radio: true });
    }

    fn three_shifts(&mut self, duty: Duty) {
        for (from, to) in [(6, 14), (14, 22), (22, 6)] {
            self.guard(duty.clone(), [clock(from, 0), clock(to, 0)]);
        }
    }

    fn gates(&mut self) {
        let gates: Vec<Gate> = self.draft.site.gates.clone();
        for gate in &gates {
            let name = gate.id.as_str().trim_start_matches("gate-").to_owned();
            if gate.passage != GateFor::Vehicles {
                let id = Id(format!("post-{name}"));
                self.kit.gate_post.push(GatePost {
                    id: id.clone(),
                    gate: gate.id.clone(),
                    guards: 1,
                    register: Duration::seconds(40.0),
                });
                self.three_shifts(Duty::GatePost(id));
            }
            if gate.passage != GateFor::Pedestrians {
                let id = Id(format!("barrier-{name}"));
                self.kit.barrier.push(Barrier {
                    id: id.clone(),
                    gate: gate.id.clone(),
                    lane: Lane::Both,
                    misread: 0.02,
                    arm: Duration::seconds(1.5),
                    places: 200,
                });
                self.three_shifts(Duty::Barrier(id));
            }
            self.gate_cameras(gate, &name);
        }
    }

    /// A free place for a pole inside the compound, from which a point can be seen and which fits.
    pub(super) fn pole_near(
        &self,
        to: Coord<f64>,
        [least_m, most_m]: [f64; 2],
        fits: impl Fn(Coord<f64>) -> bool,
    ) -> Option<Coord<f64>> {
        let mut best: Option<(f64, Coord<f64>)> = None;
        for ring in 0..8 {
            let radius = least_m + (most_m - least_m) * f64::from(ring) / 7.0;
            for turn in 0..24 {
                let angle = f64::from(turn) * std::f64::consts::TAU / 24.0;
                let at = to + Coord { x: radius * angle.cos(), y: radius * angle.sin() };
                let off = self
                    .draft
                    .site
                    .paths
                    .iter()
                    .all(|p| Euclidean.distance(&Point::from(at), &p.line) > p.width_m / 2.0);
                if off
                    && fits(at)
                    && self.draft.outline.contains(&Point::from(at))
                    && self.stands(at)
                    && self.clear(at, to)
                {
                    // Nearer the wanted distance is better; the first of equals is taken.
                    if best.is_none_or(|(r, _)| radius < r) {
                        best = Some((radius, at));
                    }
                }
            }
        }
        best.map(|(_, at)| at)
    }

    /// Sight from a pole to just before a point.
    pub(super) fn clear(&self, from: Coord<f64>, to: Coord<f64>) -> bool {
        sees(&self.draft.site, from, to + unit(from - to) * 0.5)
    }

    fn beams(&mut self) {
        let mut short = 0;
        let walls: Vec<_> = self
            .draft
            .site
            .walls
            .iter()
            .filter(|w| w.perimeter && !self.draft.frames.contains(&w.id))
            .cloned()
            .collect();
        for wall in &walls {
            let gates = &self.draft.site.gates;
            let away = |c: Coord<f64>| {
                let gated = gates.iter().any(|g| Euclidean.distance(g.at, c) < g.width_m / 2.0);
                f64::from(u8::from(gated))
            };
            for piece in super::plane::pieces_within(&wall.line, 0.5, &away) {
                for (from, to) in chords(&piece) {
                    if Euclidean.distance(from, to) < 2.0 {
                        short += 1;
                        continue;
                    }
                    self.kit.beam.push(Beam {
                        id: Id(format!("beam-{:02}", self.kit.beam.len() + 1)),
                        from_m: pair(from),
                        to_m: pair(to),
                        wall: wall.id.clone(),
                        model: None,
                        rays_m: vec![wall.height_m + 0.1, wall.height_m + 0.3],
                        interruption: Duration::seconds(0.05),
                        hold: Duration::seconds(2.0),
                        rated_range_m: 100.0,
                        misaligned_deg: 0.0,
                    });
                }
            }
        }
        self.draft.notes.guessed(short, "without a zone: a bend or rest of wall shorter than 2 m");
    }

    fn doors(&mut self) {
        let entrances = self.draft.site.entrances.clone();
        for entrance in &entrances {
            self.door_camera(entrance);
            let home = self
                .draft
                .site
                .building_by_id(entrance.building.as_str())
                .is_some_and(|b| b.usage == Use::Residential);
            if !home {
                continue;
            }
            self.kit.intercom.push(Intercom {
                id: Id(format!("door-{}", entrance.id)),
                entrance: entrance.id.clone(),
                release: Duration::seconds(5.0),
                held_open: Duration::seconds(30.0),
            });
        }
    }

    /// Cameras 2 m inside the outline, at its corners and every 50 m, each looking along it.
    fn wall_cameras(&mut self) {
        let ring = self.draft.outline.exterior().clone();
        let total = Euclidean.length(&ring);
        let count = (total / 50.0).ceil().max(4.0) as usize;
        for k in 0..count {
            let along = total * k as f64 / count as f64;
            let (Some(at), Some(ahead)) =
                (self.inside(&ring, along, 2.0), self.inside(&ring, along + 20.0, 1.0))
            else {
                continue;
            };
            let walled = self.draft.site.perimeter_walls().next().is_some();
            let task = if walled { CameraTask::Perimeter } else { CameraTask::Passage };
            if self.stands(at) {
                self.kit.camera.push(camera(format!("cam-edge-{:02}", k + 1), at, ahead, task));
            }
        }
    }

    /// The point at a length along a ring, moved inwards.
    fn inside(&self, ring: &LineString<f64>, along_m: f64, by_m: f64) -> Option<Coord<f64>> {
        let total = Euclidean.length(ring);
        let mut left = along_m.rem_euclid(total);
        for edge in ring.lines() {
            let length = Euclidean.length(&edge);
            if left <= length && length > 0.0 {
                let direction = unit(edge.end - edge.start);
                let at = edge.start + direction * left;
                let normal = Coord { x: -direction.y, y: direction.x };
                let sides = [at + normal * by_m, at - normal * by_m];
                return sides.into_iter().find(|s| self.draft.outline.contains(&Point::from(*s)));
            }
            left -= length;
        }
        None
    }

    fn charging(&mut self) {
        let Some(rect) = self.draft.site.building_by_id("shed").and_then(|b| b.outline.bounding_rect())
        else {
            return;
        };
        let low = rect.min();
        let at = |x: f64, y: f64| pair(low + Coord { x, y });
        for (id, y) in [("charger-a", 1.2), ("charger-b", 3.8)] {
            let charger =
                Charger { id: id.into(), at_m: at(1.5, y), sockets: 10, row_bearing_deg: 90.0, pitch_m: 0.9 };
            self.kit.charger.push(charger);
        }
        for (k, x) in [3.0, 9.0].into_iter().enumerate() {
            self.kit.smoke_detector.push(SmokeDetector {
                id: Id(format!("smoke-{}", k + 1)),
                at_m: at(x, 2.5),
                height_m: 2.6,
                alarm_pct_per_m: 5.0,
            });
            self.kit.heat_detector.push(HeatDetector {
                id: Id(format!("heat-{}", k + 1)),
                at_m: at(x, 2.0),
                height_m: 2.6,
                alarm_c: 57.0,
                rti: 60.0,
            });
        }
        self.kit.fire_point.push(FirePoint {
            id: "extinguisher-shed".into(),
            at_m: at(-0.8, 2.5),
            what: FirePointKind::Extinguisher,
        });
        if let Some(pole) = self.pole_near(rect.center(), [6.0, 14.0], |_| true) {
            self.kit.camera.push(camera("cam-shed".into(), pole, rect.center(), CameraTask::Area));
        }
    }

    fn tour(&mut self) {
        let ring = self.draft.outline.exterior().clone();
        let total = Euclidean.length(&ring);
        let mut names = Vec::new();
        for k in 0..CHECKPOINTS {
            let Some(wanted) = self.inside(&ring, total * k as f64 / CHECKPOINTS as f64, 6.0) else {
                continue;
            };
            let Some(at) = self.ground.nearest(&self.draft.site, self.main, wanted, 15.0) else { continue };
            let id = Id(format!("cp-{:02}", names.len() + 1));
            self.kit.checkpoint.push(Checkpoint { id: id.clone(), at_m: pair(at), key_area: false });
            names.push(id);
        }
        if names.len() < 2 {
            return;
        }
        self.kit.guard_tour.push(GuardTour {
            id: "tour-round".into(),
            checkpoints: names,
            // Every two hours, as rule 38 asks for.
            starts: (0..12).map(|round| clock(2 * round, 30)).collect(),
            window: Duration::seconds(240.0),
            speed_m_s: 1.0,
            dwell: Duration::seconds(15.0),
        });
        self.three_shifts(Duty::Tour("tour-round".into()));
    }

    fn rooms(&mut self) {
        let site = &self.draft.site;
        let wanted = site
            .gates
            .first()
            .map(|g| g.at)
            .or(self.draft.outline.interior_point().map(|p| p.0))
            .unwrap_or_default();
        let Some(at) = self.ground.nearest(site, self.main, wanted, 200.0) else { return };
        let beside = self.ground.nearest(site, self.main, at + Coord { x: 4.0, y: 4.0 }, 20.0).unwrap_or(at);
        self.kit.duty_room.push(DutyRoom {
            id: "duty-room".into(),
            at_m: pair(at),
            operators: 1,
            acknowledge: Duration::seconds(8.0),
        });
        let items =
            ["hose", "mask", "suit", "axe", "wrench", "torch", "extinguisher"].map(str::to_owned).to_vec();
        self.kit.fire_station.push(FireStation {
            id: "fire-station".into(),
            at_m: pair(beside),
            items,
            inspected: Some(clock(8, 30)),
            missing: 0.01,
        });
        self.three_shifts(Duty::DutyRoom("duty-room".into()));
        self.three_shifts(Duty::Responder);
    }

    /// A compound with no boundary in the data is divided into cells, each with a guard.
    fn cells(&mut self) {
        if self.draft.site.perimeter_walls().next().is_some() {
            return;
        }
        let Some(rect) = self.draft.outline.bounding_rect() else { return };
        let (columns, rows) =
            ((rect.width() / CELL_M).ceil().max(1.0), (rect.height() / CELL_M).ceil().max(1.0));
        let size = Coord { x: rect.width() / columns, y: rect.height() / rows };
        for row in 0..rows as usize {
            for column in 0..columns as usize {
                let low = rect.min() + Coord { x: size.x * column as f64, y: size.y * row as f64 };
                let parts = Rect::new(low, low + size).to_polygon().intersection(&self.draft.outline).0;
                let Some(part) = parts
                    .into_iter()
                    .max_by(|a: &Polygon<f64>, b| a.unsigned_area().total_cmp(&b.unsigned_area()))
                else {
                    continue;
                };
                if part.unsigned_area() < 400.0 {
                    continue;
                }
                let id = Id(format!("cell-{:02}", self.kit.grid_cell.len() + 1));
                let corners = &part.exterior().0;
                let outline_m = corners[..corners.len() - 1].iter().map(|c| pair(*c)).collect();
                let guard = Id(format!("g-{:02}", self.guards.len() + 1));
                self.kit.grid_cell.push(GridCell { id: id.clone(), outline_m, guard });
                self.guard(Duty::GridCell(id.clone()), [clock(7, 0), clock(19, 0)]);
                self.guard(Duty::GridCell(id), [clock(19, 0), clock(7, 0)]);
            }
        }
    }

    fn script(&mut self) -> Vec<ScriptEvent> {
        let mut events = Vec::new();
        if let Some(beam) = self.kit.beam.iter().max_by(|a, b| a.length_m().total_cmp(&b.length_m())) {
            let at_m = [(beam.from_m[0] + beam.to_m[0]) / 2.0, (beam.from_m[1] + beam.to_m[1]) / 2.0];
            events.push(ScriptEvent { at: clock(2, 14), event: Event::Intrusion { at_m, target: None } });
        }
        let homes = self.draft.site.buildings.iter().filter(|b| b.usage == Use::Residential);
        if let Some(tallest) = homes.max_by_key(|b| b.storeys) {
            let event = Event::ThrownObject {
                building: tallest.id.clone(),
                storey: tallest.storeys.div_ceil(2),
                mass_kg: 0.5,
            };
            events.push(ScriptEvent { at: clock(13, 20), event });
        }
        if let Some(charger) = self.kit.charger.first() {
            events.push(ScriptEvent {
                at: clock(19, 42),
                event: Event::Fire { charger: charger.id.clone(), socket: 3 },
            });
        }
        self.draft.notes.guessed(events.len(), "scripted events");
        events
    }

    fn summary(&mut self) {
        let kit = &self.kit;
        let lists = [
            (kit.gate_post.len(), "gate posts proposed"),
            (kit.barrier.len(), "vehicle barriers proposed"),
            (kit.beam.len(), "beam zones proposed"),
            (kit.camera.len(), "cameras proposed"),
            (kit.facade_camera.len(), "facade cameras proposed"),
            (kit.intercom.len(), "door stations proposed"),
            (kit.checkpoint.len(), "checkpoints of a guard tour proposed"),
            (kit.grid_cell.len(), "street cells proposed: no boundary in the data"),
            (self.guards.len(), "guards proposed"),
        ];
        for (count, what) in lists {
            self.draft.notes.guessed(count, what);
        }
    }
}

/// Straight zones along a line: as few as follow it within [`BEND_M`], none longer than [`ZONE_M`].
fn chords(line: &LineString<f64>) -> Vec<(Coord<f64>, Coord<f64>)> {
    let points = &line.0;
    let (mut straight, mut from) = (Vec::new(), 0);
    while from + 1 < points.len() {
        let fits = |to: usize| {
            let chord = geo::Line::new(points[from], points[to]);
            points[from..=to].iter().all(|p| Euclidean.distance(&Point::from(*p), &chord) <= BEND_M)
        };
        let to = (from + 1..points.len()).take_while(|to| fits(*to)).last().unwrap_or(from + 1);
        straight.push((points[from], points[to]));
        from = to;
    }
    let split = |(a, b): (Coord<f64>, Coord<f64>)| {
        let parts = (Euclidean.distance(a, b) / ZONE_M).ceil().max(1.0) as usize;
        let at = move |k: usize| a + (b - a) * (k as f64 / parts as f64);
        (0..parts).map(move |k| (at(k), at(k + 1)))
    };
    straight.into_iter().flat_map(split).collect()
}
