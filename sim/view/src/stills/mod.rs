//! Still pictures of a run, with words on them and an index for the report.

pub mod find;
pub mod label;
mod over;
pub mod vantage;

use std::path::Path;
use std::sync::Arc;

use image::RgbaImage;
use palisade_sim::model::lens::Lens;
use palisade_sim::words::Ms;
use serde::Serialize;

use crate::eye::Eye;
use crate::overlays::Overlays;
use crate::pad::{V3, add};
use crate::run_folder::Run;
use crate::scene::{Fixed, Part};
use crate::studio::{NoPicture, Shot, Studio};
use label::Pen;

/// A row of `stills.json`.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The picture's file.
    pub file: String,
    /// What it shows.
    pub title: String,
    /// The same in Chinese.
    pub title_zh: String,
    /// The instant, ms of the day.
    pub at_ms: i64,
    /// A sentence or two.
    pub caption: String,
}

/// What a picture shows, before it is drawn.
pub struct Still {
    name: &'static str,
    title: String,
    title_zh: String,
    caption: String,
    shot: Shot,
    over: Over,
}

/// What is written and drawn over a picture.
enum Over {
    Nothing,
    Legend,
    Camera(usize),
    Trail(Vec<V3>),
    Alarms,
}

/// What came of drawing.
#[derive(Debug, Default)]
pub struct Drawn {
    /// Pictures, in order.
    pub rows: Vec<Row>,
    /// What could not be drawn, and why.
    pub left_out: Vec<String>,
}

/// Why pictures could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The renderer.
    #[error(transparent)]
    Picture(#[from] NoPicture),
    /// The disk.
    #[error("{0}: {1}\n  help: name a folder that can be written with --out")]
    Write(String, String),
}

/// Names of all pictures, for `--only`.
pub const NAMES: [&str; 9] =
    ["noon", "night", "gate", "wall", "fire", "coverage", "camera", "fall", "alarms"];

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Width and height, px.
    pub size: [u32; 2],
    /// Some of [`NAMES`]; none means all.
    pub only: &'a [String],
    /// The camera that is looked through; the one that has most to see when not given.
    pub camera: Option<&'a str>,
}

/// Draws the pictures of a run into a folder.
///
/// # Errors
/// When there is no driver, or the folder cannot be written.
pub fn draw(run: Arc<Run>, out: &Path, wish: &Wish<'_>, mut told: impl FnMut(&str)) -> Result<Drawn, Failed> {
    let write = |file: &Path, why: String| Failed::Write(file.display().to_string(), why);
    std::fs::create_dir_all(out).map_err(|e| write(out, e.to_string()))?;
    crate::studio::driver()?;
    let fixed = Arc::new(Fixed::new(run));
    let mut drawn = Drawn::default();
    let stills = plan(&fixed, wish, &mut drawn.left_out);
    let wanted = |s: &Still| wish.only.is_empty() || wish.only.iter().any(|o| o == s.name);
    let mut studio: Option<Studio> = None;
    for still in stills.into_iter().filter(wanted) {
        told(&still.title);
        let studio = match &mut studio {
            Some(studio) => studio,
            slot => slot.insert(Studio::new(fixed.clone(), still.shot.at)?),
        };
        let mut image = studio.picture(&still.shot)?;
        annotate(&mut image, &fixed, &still);
        let file = format!("{}.png", still.name);
        let path = out.join(&file);
        image::DynamicImage::ImageRgba8(image)
            .to_rgb8()
            .save(&path)
            .map_err(|e| write(&path, e.to_string()))?;
        drawn.rows.push(Row {
            file,
            title: still.title,
            title_zh: still.title_zh,
            at_ms: still.shot.at.0,
            caption: still.caption,
        });
    }
    let index = out.join("stills.json");
    let text = serde_json::to_string_pretty(&drawn.rows).map_err(|e| write(&index, e.to_string()))?;
    std::fs::write(&index, text + "\n").map_err(|e| write(&index, e.to_string()))?;
    Ok(drawn)
}

fn clock(at: Ms) -> String {
    at.to_string()[..8].to_owned()
}

struct Planner<'a> {
    fixed: &'a Fixed,
    posts: Vec<[f64; 2]>,
    size: [u32; 2],
    camera: Option<&'a str>,
    stills: Vec<Still>,
    left_out: &'a mut Vec<String>,
}

impl Planner<'_> {
    fn add(
        &mut self,
        name: &'static str,
        titles: [&str; 2],
        caption: String,
        at: Ms,
        eye: Eye,
    ) -> &mut Still {
        let shot = Shot {
            at,
            eye,
            overlays: Overlays::default(),
            hidden: Vec::new(),
            detail_m: f64::INFINITY,
            size: self.size,
        };
        let [title, title_zh] = titles.map(str::to_owned);
        self.stills.push(Still { name, title, title_zh, caption, shot, over: Over::Nothing });
        self.stills.last_mut().expect("one was just put there")
    }

    fn aspect(&self) -> f64 {
        f64::from(self.size[0]) / f64::from(self.size[1])
    }
}

fn plan(fixed: &Fixed, wish: &Wish<'_>, left_out: &mut Vec<String>) -> Vec<Still> {
    let posts = vantage::posts(&fixed.run.scenario);
    let Wish { size, camera, .. } = *wish;
    let mut planner = Planner { fixed, posts, size, camera, stills: Vec::new(), left_out };
    planner.whole();
    planner.gate();
    planner.wall();
    planner.fire();
    planner.coverage();
    planner.camera();
    planner.fall();
    planner.alarms();
    planner.stills
}

impl Planner<'_> {
    fn whole(&mut self) {
        let run = &self.fixed.run;
        let site = &run.scenario.site;
        let eye = vantage::whole(site, 38.0, 48.0, self.aspect());
        let day = &run.scenario.file.day;
        let noon = Ms((day.sunrise.0.0 + day.sunset.0.0) / 2);
        let flats = run.scenario.households.len();
        let caption = format!(
            "{} buildings, {flats} flats, {} cameras, {} beam zones; {} people and vehicles are out.",
            site.buildings.len(),
            run.scenario.file.kit.camera.len(),
            run.scenario.file.kit.beam.len(),
            run.movers(noon).len()
        );
        self.add("noon", ["The compound at noon", "小区全景 · 正午"], caption, noon, eye);
        let night = Ms((day.sunset.0.0 + 5_400_000).min(run.tape.lasting.0 - 1));
        let caption = format!("{} lamps burn; windows are lit as in an evening.", site.lamps.len());
        let eye = vantage::whole(site, -32.0, 48.0, self.aspect());
        self.add("night", ["The compound at night", "小区全景 · 夜间"], caption, night, eye);
    }

    fn gate(&mut self) {
        let run = self.fixed.run.clone();
        let Some((gate, at)) = find::busiest_gate(&run) else {
            self.left_out.push("gate: the site has no gate".into());
            return;
        };
        let way = crate::stage::walls::gate_way(gate, &run.scenario.site);
        let inward = {
            let n = [way[1], -way[0]];
            let middle = vantage::map(&run.scenario.site, 1.0).place();
            let to = [middle[0] - gate.at.x, middle[1] - gate.at.y];
            if n[0] * to[0] + n[1] * to[1] > 0.0 { n } else { [-n[0], -n[1]] }
        };
        let g = [gate.at.x, gate.at.y, 0.8];
        let points: Vec<V3> = [-8.0, 0.0, 8.0]
            .iter()
            .flat_map(|s| {
                [
                    [g[0] + way[0] * s, g[1] + way[1] * s, 0.8],
                    [g[0] + way[0] * s + inward[0] * 6.0, g[1] + way[1] * s + inward[1] * 6.0, 0.8],
                ]
            })
            .collect();
        let bearing = inward[0].atan2(inward[1]).to_degrees();
        let eye = vantage::near(&self.fixed.caster, &self.posts, &points, 22.0, 6.5, bearing + 25.0, 62.0);
        let near = run
            .movers(at)
            .iter()
            .filter(|m| (m.at_m[0] - gate.at.x).hypot(m.at_m[1] - gate.at.y) < 25.0)
            .count();
        let name = gate.name.clone().unwrap_or_else(|| gate.id.to_string());
        let caption =
            format!("{name}: {near} people and vehicles within 25 m at the busiest moment of the day.");
        self.add("gate", ["A gate at its busiest", "出入口高峰"], caption, at, eye);
    }

    fn wall(&mut self) {
        let run = self.fixed.run.clone();
        let Some((at, place, on)) = find::on_the_wall(&run) else {
            self.left_out.push("wall: nobody climbs a wall on this day".into());
            return;
        };
        let way = [on[0] - place[0], on[1] - place[1]];
        let side = [way[1], -way[0]];
        let points: Vec<V3> = [-4.0, 0.0, 4.0]
            .iter()
            .map(|s| [place[0] + side[0] * s, place[1] + side[1] * s, place[2].max(1.2)])
            .collect();
        // From inside, along the wall.
        let bearing = (-way[0] - side[0] * 0.9).atan2(-way[1] - side[1] * 0.9).to_degrees();
        let eye = vantage::near(&self.fixed.caster, &self.posts, &points, 9.0, 3.2, bearing, 58.0);
        let incident = self
            .fixed
            .run
            .tape
            .incidents
            .iter()
            .rev()
            .find(|i| i.kind == palisade_sim::contract::IncidentKind::Intrusion && i.began <= at);
        let caption = incident.map_or_else(String::new, |i| {
            let noticed = i.outcome.split("noticed by ").nth(1).unwrap_or("nothing");
            format!("Incident {}: over the wall at {}; noticed by {noticed}.", i.id.0, clock(at))
        });
        let still = self.add(
            "wall",
            ["The wall, its beams, an intruder", "周界 · 红外对射 · 入侵者"],
            caption,
            at,
            eye,
        );
        still.shot.overlays.beams = true;
    }

    fn fire(&mut self) {
        let run = self.fixed.run.clone();
        let Some((fire, at)) = find::fire(&run) else {
            self.left_out.push("fire: nothing burns on this day".into());
            return;
        };
        let [x, y] = fire.place.xy_m();
        let points = [[x, y, 1.0], [x + 4.0, y, 1.5], [x - 4.0, y, 1.5], [x, y, 4.0]];
        let points: Vec<V3> = points.to_vec();
        let eye = vantage::near(&self.fixed.caster, &self.posts, &points, 24.0, 6.5, 30.0, 60.0);
        let caption = format!("Incident {}: {}.", fire.id.0, fire.outcome);
        self.add("fire", ["E-bikes burn in the shed", "电动车棚起火"], caption, at, eye);
    }

    fn coverage(&mut self) {
        let run = self.fixed.run.clone();
        let Some(plan) = &run.plan else {
            self.left_out.push("coverage: the run has no plan.json".into());
            return;
        };
        let day = &run.scenario.file.day;
        let noon = Ms((day.sunrise.0.0 + day.sunset.0.0) / 2);
        let share = plan
            .coverage
            .get("2014")
            .and_then(|heights| heights.get("1.5"))
            .and_then(|classes| classes.get("detect"))
            .map_or(0.0, |s| s.share);
        let gaps: Vec<f64> =
            plan.gaps.iter().filter(|g| (g.height_m - 1.5).abs() < 0.01).map(|g| g.area_m2).collect();
        let caption = format!(
            "Computed at 1.5 m: {:.1} % of {:.0} m² of public ground is seen at 25 px/m or more; {} gaps, {:.0} m².",
            share * 100.0,
            plan.public_ground_m2,
            gaps.len(),
            gaps.iter().sum::<f64>()
        );
        let eye = vantage::whole(&run.scenario.site, 38.0, 44.0, self.aspect());
        let Eye::Seeing { .. } = eye else { return };
        let still =
            self.add("coverage", ["What cameras cover, and the gaps", "监控覆盖与盲区"], caption, noon, eye);
        still.shot.overlays.coverage = true;
        still.shot.overlays.cones = false;
        still.shot.hidden = vec![Part::Trees];
        still.over = Over::Legend;
    }

    fn camera(&mut self) {
        let found = match self.camera {
            Some(id) => find::camera(self.fixed, id),
            None => find::best_camera(self.fixed),
        };
        let Some((camera, at)) = found else {
            self.left_out.push(match self.camera {
                Some(id) => format!("camera: the kit has no camera `{id}`"),
                None => "camera: no camera has two people in view by day".into(),
            });
            return;
        };
        let movers = self.fixed.run.movers(at);
        let seen = find::seen(self.fixed, camera, &movers);
        let dense = seen.iter().map(|s| s.px_per_m).fold(0.0, f64::max);
        let caption = format!(
            "{}: {} x {} px, {:.0}° wide{}, {:.1} m up; {}.",
            camera.id,
            camera.pixels[0],
            camera.pixels[1],
            camera.hfov_deg,
            if camera.lens() == Lens::default() { "" } else { " through its own lens" },
            camera.height_m,
            if seen.is_empty() {
                "nobody is in view".to_owned()
            } else {
                format!("{} in view, the nearest at {dense:.0} px/m (computed)", seen.len())
            }
        );
        let eye = Eye::of(camera);
        let index = self.fixed.run.scenario.file.kit.camera.iter().position(|c| c.id == camera.id);
        let [w, h] = camera.pixels.map(f64::from);
        let size = [self.size[0], (f64::from(self.size[0]) * h / w).round() as u32];
        let still =
            self.add("camera", ["Through a camera of the kit", "摄像机视角与像素密度"], caption, at, eye);
        still.shot.size = size;
        // A camera does not see its own housing.
        still.shot.hidden = vec![Part::Kit];
        still.over = index.map_or(Over::Nothing, Over::Camera);
    }

    fn fall(&mut self) {
        let Some((at, place, trail)) = find::falling(&self.fixed.run) else {
            self.left_out.push("fall: nothing is thrown on this day".into());
            return;
        };
        let incident = self
            .fixed
            .run
            .tape
            .incidents
            .iter()
            .find(|i| i.kind == palisade_sim::contract::IncidentKind::ThrownObject && i.began <= at);
        let points: Vec<V3> = trail.iter().step_by(4).map(|p| add(*p, [0.0, 0.0, 0.2])).collect();
        let (first, last) = (trail.first().copied().unwrap_or(place), trail.last().copied().unwrap_or(place));
        let drop = (first[2] - last[2]).max(6.0);
        let out = [last[0] - first[0], last[1] - first[1]];
        // From the ground before the facade, looking at it.
        let bearing = (-out[0]).atan2(-out[1]).to_degrees();
        let eye = vantage::near(
            &self.fixed.caster,
            &self.posts,
            &points,
            drop * 1.1,
            drop * 0.35,
            bearing + 40.0,
            62.0,
        );
        let caption = incident.map_or_else(String::new, |i| format!("Incident {}: {}.", i.id.0, i.outcome));
        let still = self.add("fall", ["Thrown from a balcony", "高空抛物轨迹"], caption, at, eye);
        still.over = Over::Trail(trail);
    }

    fn alarms(&mut self) {
        let run = self.fixed.run.clone();
        let eye = vantage::map(&run.scenario.site, self.aspect());
        let day = &run.scenario.file.day;
        let noon = Ms((day.sunrise.0.0 + day.sunset.0.0) / 2);
        let alarms = over::alarms(&run);
        let sum: usize = alarms.iter().map(|a| a.count).sum();
        let caption = format!(
            "{sum} alarms of {} devices in the day; the colour is the gateway's median answer where it was driven.",
            alarms.len()
        );
        let still = self.add("alarms", ["Alarms of the day on the map", "全天报警分布"], caption, noon, eye);
        still.shot.hidden = vec![Part::Actors, Part::Sky];
        still.over = Over::Alarms;
    }
}

/// Writes title, time and legend, and what the picture is about.
fn annotate(image: &mut RgbaImage, fixed: &Fixed, still: &Still) {
    let size = still.shot.size;
    let mut pen = Pen::new(image);
    match &still.over {
        Over::Nothing => {}
        Over::Legend => over::legend(&mut pen, size),
        Over::Camera(index) => over::camera(&mut pen, fixed, *index, &still.shot),
        Over::Trail(trail) => over::trail(&mut pen, trail, &still.shot),
        Over::Alarms => over::alarm_map(&mut pen, fixed, &still.shot),
    }
    over::title(
        &mut pen,
        size,
        &format!("{}  {}", still.title_zh, still.title),
        &fixed.run.scenario.file.name,
        still.shot.at,
    );
    over::caption(&mut pen, size, &still.caption);
}
