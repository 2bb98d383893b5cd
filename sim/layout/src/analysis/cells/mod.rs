//! Street cells (网格) of a compound without a fence: who answers for each, what is seen there, how soon he comes.

mod walk;

use geo::{Area as _, BooleanOps as _, Coord, LineString, Polygon};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::assumed;
use super::sightlines::SightTable;
use super::views::Views;
use crate::model::Scenario;
use crate::model::cast::{Duty, Guard, fill_the_day};
use crate::model::kit::GridCell;
use crate::words::Id;
use walk::Walk;

/// A guard's walking pace, m/s (assumed).
pub fn walk_m_s() -> f64 {
    assumed::cells().walk_m_s
}

/// One cell. Every figure is computed; the pace is assumed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CellAnswer {
    /// The cell.
    pub id: Id,
    /// The guard who answers for it.
    pub guard: Id,
    /// When he is on duty, in words; empty when he is not on the roster.
    pub on_duty: String,
    /// Its area, m².
    pub area_m2: f64,
    /// Ground of it in the open air, m².
    pub open_m2: f64,
    /// Share of the open ground on which a camera sees a standing body by day at its working density, 0..1.
    pub seen_by_cameras: f64,
    /// Share of the open ground that a camera or a standing post sees by day, 0..1.
    pub seen: f64,
    /// The same as `seen_by_cameras` by night, by lamps, the sky and the cameras' own light, 0..1.
    #[serde(default)]
    pub seen_by_cameras_night: f64,
    /// The same as `seen` by night; a guard at a post has his torch, 0..1.
    #[serde(default)]
    pub seen_night: f64,
    /// Cameras that see some of it.
    pub cameras: Vec<Id>,
    /// Standing posts that see some of it.
    pub posts: Vec<Id>,
    /// How soon the guard is there; nothing when nobody answers for it or no way leads there.
    pub response: Option<Response>,
    /// Other cells that share ground with it.
    pub overlaps: Vec<Id>,
    /// What is wrong with it, in sentences.
    pub problems: Vec<String>,
}

/// How soon a guard is there on foot at best: he knows where to go and starts at once. A way on the grid comes out up to 8 %
/// longer than it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Response {
    /// From where he starts, in words.
    pub from: String,
    /// Walk to the middling point of the cell's open ground, s.
    pub median_s: f64,
    /// Walk to its farthest point, s.
    pub longest_s: f64,
    /// Length of the walk to its farthest point, m.
    pub longest_m: f64,
    /// Share of the open ground to which a way leads, 0..1.
    pub reached: f64,
}

/// Works out every cell of the kit, in its order.
pub fn cells(scenario: &Scenario, views: &Views) -> Vec<CellAnswer> {
    let rows = &scenario.file.kit.grid_cell;
    if rows.is_empty() {
        return Vec::new();
    }
    let (sight, walk) = (SightTable::of(views), Walk::over(scenario));
    let shapes: Vec<Polygon<f64>> = rows.iter().map(outline).collect();
    let desk = Desk { scenario, sight: &sight, walk: &walk, shapes: &shapes };
    (0..rows.len()).map(|row| desk.cell(row)).collect()
}

fn outline(cell: &GridCell) -> Polygon<f64> {
    Polygon::new(LineString::from(cell.outline_m.iter().map(|&[x, y]| (x, y)).collect::<Vec<_>>()), vec![])
}

/// Spots that cameras see, and those that cameras or posts see.
#[derive(Default)]
struct Tally {
    by_cameras: usize,
    by_any: usize,
}

impl Tally {
    fn add(&mut self, camera: bool, post: bool) {
        self.by_cameras += usize::from(camera);
        self.by_any += usize::from(camera || post);
    }

    fn shares(&self, of: usize) -> [f64; 2] {
        [self.by_cameras, self.by_any].map(|seen| seen as f64 / of.max(1) as f64)
    }
}

struct Desk<'a> {
    scenario: &'a Scenario,
    sight: &'a SightTable,
    walk: &'a Walk,
    shapes: &'a [Polygon<f64>],
}

impl Desk<'_> {
    fn cell(&self, row: usize) -> CellAnswer {
        let (cell, shape) = (&self.scenario.file.kit.grid_cell[row], &self.shapes[row]);
        let guard = self.scenario.file.cast.guard.iter().find(|g| g.id == cell.guard);
        let ground = self.walk.open_in(shape);
        let response = guard.and_then(|guard| self.response(guard, cell, &ground));
        let mut answer = CellAnswer {
            id: cell.id.clone(),
            guard: cell.guard.clone(),
            on_duty: guard.map_or_else(String::new, |g| format!("{}–{}", g.shift[0], g.shift[1])),
            area_m2: shape.unsigned_area(),
            // Counted on a grid, whose spots may stand out over the outline.
            open_m2: (ground.len() as f64 * self.walk.cell_area_m2()).min(shape.unsigned_area()),
            seen_by_cameras: 0.0,
            seen: 0.0,
            seen_by_cameras_night: 0.0,
            seen_night: 0.0,
            cameras: Vec::new(),
            posts: Vec::new(),
            response,
            overlaps: self.overlaps(row),
            problems: Vec::new(),
        };
        self.look(&ground, &mut answer);
        self.judge(guard, &mut answer);
        answer
    }

    fn look(&self, ground: &[usize], answer: &mut CellAnswer) {
        let kit = &self.scenario.file.kit;
        let (mut cameras, mut posts) = (vec![false; kit.camera.len()], vec![false; kit.outer_post.len()]);
        let (mut day, mut night) = (Tally::default(), Tally::default());
        for &spot in ground {
            let at = self.walk.middle(spot);
            let (shown, watched) = (self.sight.cameras_at(at), self.sight.posts_at(at));
            shown.iter().for_each(|s| cameras[s.camera as usize] = true);
            watched.iter().for_each(|noticing| posts[noticing.post as usize] = true);
            day.add(!shown.is_empty(), !watched.is_empty());
            night.add(shown.iter().any(|s| s.by_night), watched.iter().any(|n| n.by_night));
        }
        [answer.seen_by_cameras, answer.seen] = day.shares(ground.len());
        [answer.seen_by_cameras_night, answer.seen_night] = night.shares(ground.len());
        answer.cameras =
            kit.camera.iter().zip(cameras).filter(|(_, sees)| *sees).map(|(c, _)| c.id.clone()).collect();
        answer.posts =
            kit.outer_post.iter().zip(posts).filter(|(_, sees)| *sees).map(|(p, _)| p.id.clone()).collect();
    }

    fn response(&self, guard: &Guard, cell: &GridCell, ground: &[usize]) -> Option<Response> {
        let (from, starts) = self.stations(guard, cell)?;
        let ways = self.walk.ways_from(&starts);
        let mut reached: Vec<f64> = ground.iter().map(|&spot| ways[spot]).filter(|m| m.is_finite()).collect();
        reached.sort_by(f64::total_cmp);
        let longest_m = reached.last().copied()?;
        Some(Response {
            from,
            median_s: reached[reached.len() / 2] / walk_m_s(),
            longest_s: longest_m / walk_m_s(),
            longest_m,
            reached: reached.len() as f64 / ground.len() as f64,
        })
    }

    /// Where a guard may be when he is called: his post, the points of his tour, or the middle of the cell that he
    /// walks. The nearest counts, because the answer is a lower bound.
    fn stations(&self, guard: &Guard, cell: &GridCell) -> Option<(String, Vec<[f64; 2]>)> {
        let (site, kit) = (&self.scenario.site, &self.scenario.file.kit);
        let gate = |id: &Id| site.gates.iter().find(|g| g.id == *id).map(|g| [g.at.x, g.at.y]);
        let one = |what: &str, id: &Id, at: Option<[f64; 2]>| Some((format!("{what} {id}"), vec![at?]));
        match &guard.duty {
            Duty::GatePost(id) => {
                one("gate post", id, kit.gate_post.iter().find(|p| p.id == *id).and_then(|p| gate(&p.gate)))
            }
            Duty::Barrier(id) => {
                one("barrier", id, kit.barrier.iter().find(|b| b.id == *id).and_then(|b| gate(&b.gate)))
            }
            Duty::OuterPost(id) => {
                one("outer post", id, kit.outer_post.iter().find(|p| p.id == *id).map(|p| p.at_m))
            }
            Duty::DutyRoom(id) => {
                one("duty room", id, kit.duty_room.iter().find(|d| d.id == *id).map(|d| d.at_m))
            }
            Duty::Tour(id) => {
                let tour = kit.guard_tour.iter().find(|t| t.id == *id)?;
                let points = kit.checkpoint.iter().filter(|p| tour.checkpoints.contains(&p.id));
                Some((format!("nearest point of tour {id}"), points.map(|p| p.at_m).collect()))
            }
            Duty::Responder => {
                let at = kit.fire_station.iter().map(|s| s.at_m).chain(kit.duty_room.iter().map(|d| d.at_m));
                Some(("fire station or duty room".into(), at.collect()))
            }
            Duty::GridCell(id) => {
                let walked = kit.grid_cell.iter().find(|c| c.id == *id).unwrap_or(cell);
                Some((format!("middle of cell {id}, which he walks"), vec![self.open_middle(walked)?]))
            }
        }
    }

    /// The open spot of a cell that is nearest to its middle, where a house may stand.
    fn open_middle(&self, cell: &GridCell) -> Option<[f64; 2]> {
        let [x, y] = middle(&cell.outline_m);
        let spots = self.walk.open_in(&outline(cell)).into_iter().map(|spot| self.walk.middle(spot));
        let away = |at: &[f64; 2]| libm::hypot(at[0] - x, at[1] - y);
        spots.min_by(|a, b| away(a).total_cmp(&away(b)))
    }

    fn overlaps(&self, row: usize) -> Vec<Id> {
        let rows = &self.scenario.file.kit.grid_cell;
        let others = (0..rows.len()).filter(|&other| other != row);
        let shares = |&other: &usize| {
            self.shapes[row].intersection(&self.shapes[other]).unsigned_area() > assumed::cells().touch_m2
        };
        others.filter(shares).map(|other| rows[other].id.clone()).collect()
    }

    fn judge(&self, guard: Option<&Guard>, answer: &mut CellAnswer) {
        let mut say = |text: String| answer.problems.push(text);
        match guard {
            None => say(format!("nobody answers for it: there is no guard {} on the roster", answer.guard)),
            Some(guard) if !around_the_clock(&guard.duty, guard, &self.scenario.file.cast.guard) => {
                say(format!("outside {} nobody answers for it", answer.on_duty));
            }
            Some(_) => {}
        }
        for other in &answer.overlaps {
            say(format!("it shares ground with {other}, so that two answer for it or neither does"));
        }
        match &answer.response {
            Some(way) if way.reached < 1.0 => {
                say(format!("no way leads to {:.0} % of its open ground", 100.0 * (1.0 - way.reached)));
            }
            None if guard.is_some() => say("no way leads there from where its guard is".into()),
            _ => {}
        }
    }
}

fn middle(corners: &[[f64; 2]]) -> [f64; 2] {
    use geo::Centroid as _;
    let ring: LineString<f64> = corners.iter().map(|&[x, y]| Coord { x, y }).collect();
    Polygon::new(ring, vec![]).centroid().map_or([0.0, 0.0], |c| [c.x(), c.y()])
}

/// Whether the guards with the same duty as one fill the day between them.
fn around_the_clock(duty: &Duty, own: &Guard, roster: &[Guard]) -> bool {
    let same = roster.iter().filter(|g| g.duty == *duty || g.id == own.id);
    fill_the_day(same.flat_map(Guard::hours_ms).collect())
}

#[cfg(test)]
mod tests;
