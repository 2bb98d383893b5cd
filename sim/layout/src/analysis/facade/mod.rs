//! Facades: which windows a facade camera sees, how large an object is on its picture, and on how many frames a fall is.
//!
//! Windows and falls are asked by day and by night.
//! The windows are those of [`window`], the fall that of [`fall`], the frames those of [`frames`]: the twin throws from
//! the same windows and counts the same frames.

pub mod fall;
pub mod frames;
#[cfg(test)]
mod tests;
pub mod window;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::fall::{Fall, Missile};
use self::frames::{Filmed, across_px, lit, seen, stands_out};
use self::window::{Window, windows};
use super::assumed;
use super::caster::Caster;
use super::light::Light;
use super::projection::{Frame, View};
use super::sightlines::working;
use crate::contract::Class;
use crate::model::Scenario;
use crate::model::kit::FacadeCamera;
use crate::model::site::{Building, Use};
use crate::words::Id;

/// All facade cameras, and the buildings that they look at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FacadeAnswer {
    /// What was assumed.
    pub assumed: Assumed,
    /// Each camera of the kit, in its order. Computed.
    pub cameras: Vec<CameraAnswer>,
    /// Dwellings and buildings with a camera, in the order of the site. Computed.
    pub buildings: Vec<BuildingAnswer>,
}

/// What the answer rests on and no scenario says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Assumed {
    /// Diameter of the falling object, m.
    pub object_m: f64,
    /// Pixels across that it needs to be found.
    pub least_px: f64,
    /// Frames that make a fall.
    pub enough_frames: u32,
    /// Distance from one column of windows to the next, m.
    pub window_pitch_m: f64,
    /// Width and height of a window, m.
    pub window_m: [f64; 2],
    /// Illuminance by night of an upright target at which a facade camera shows the object, lx.
    #[serde(default)]
    pub min_lux: f64,
}

impl Assumed {
    fn shipped() -> Assumed {
        let figures = assumed::facade();
        Assumed {
            object_m: figures.object.diameter_m,
            least_px: figures.camera.least_px,
            enough_frames: figures.camera.enough_frames,
            window_pitch_m: figures.window.pitch_m,
            window_m: figures.window.size_m,
            min_lux: figures.camera.min_lux,
        }
    }
}

/// Windows of one face, or of one building.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Face {
    /// Where it looks, to the nearest eighth of the compass.
    pub face: String,
    /// Windows that it has.
    pub windows: usize,
    /// Those whose middle is in a picture, unhidden, at a density that finds the object.
    pub seen: usize,
    /// Those of them that have light enough by night, of lamps and the sky.
    #[serde(default)]
    pub seen_by_night: usize,
}

/// What one camera sees.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CameraAnswer {
    /// The camera.
    pub camera: Id,
    /// The building that it looks at.
    pub building: Id,
    /// Windows of that building on faces of which it sees at least one.
    pub windows: usize,
    /// Those that it sees.
    pub seen: usize,
    /// Those that it sees by night, too.
    #[serde(default)]
    pub seen_by_night: usize,
    /// The others, by what is against them.
    pub unseen: Unseen,
    /// By face; faces of which it sees nothing are left out.
    pub faces: Vec<Face>,
    /// By storey, from the lowest, over the faces of which it sees something.
    pub storeys: Vec<StoreyAnswer>,
    /// The smallest object that is found before every window seen, m.
    pub smallest_m: f64,
}

/// Windows of a camera's faces that it does not see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unseen {
    /// Off the picture.
    pub outside: usize,
    /// Something stands before them.
    pub hidden: usize,
    /// The object would be too small.
    pub too_small: usize,
}

/// What one camera sees of one storey.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StoreyAnswer {
    /// From 1.
    pub storey: u32,
    /// Windows on the camera's faces.
    pub windows: usize,
    /// Those that it sees.
    pub seen: usize,
    /// Pixels across the object before the worst window seen; 0 when none is.
    pub least_px: f64,
    /// Frames on which a fall from the worst window is seen.
    pub least_frames: usize,
    /// The same from the window in the middle of the order.
    pub median_frames: usize,
    /// Windows from which a fall is on enough frames.
    pub traced: usize,
}

/// What all cameras together see of a building.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BuildingAnswer {
    /// The building.
    pub building: Id,
    /// Its facade cameras.
    pub cameras: Vec<Id>,
    /// By face, every one.
    pub faces: Vec<Face>,
    /// All its windows.
    pub windows: usize,
    /// Those that a facade camera of its own sees.
    pub seen: usize,
    /// Those that one sees by night, too.
    #[serde(default)]
    pub seen_by_night: usize,
    /// Windows from which a fall is by day on enough frames of one of its own.
    #[serde(default)]
    pub traced: usize,
    /// The same by night, where lamps and sky light the way of the fall.
    #[serde(default)]
    pub traced_by_night: usize,
}

/// What a camera makes of one window.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Glance {
    look: Look,
    /// Seen by night, too.
    by_night: bool,
    /// Frames on which a fall from there is seen by day, the first half a period after it was pushed; 0 off the camera's
    /// faces.
    frames: usize,
    /// Those of them on which it is light enough by night.
    night_frames: usize,
}

impl Glance {
    fn seen(&self) -> bool {
        matches!(self.look, Look::Seen { .. })
    }

    fn traced(&self) -> bool {
        enough(self.frames)
    }

    fn traced_by_night(&self) -> bool {
        enough(self.night_frames)
    }
}

fn enough(frames: usize) -> bool {
    frames >= assumed::facade().camera.enough_frames as usize
}

/// Works out the facade cameras of a scenario that are not out of order under the caster's conditions.
pub fn facade(scenario: &Scenario, caster: &Caster) -> FacadeAnswer {
    let kit = &scenario.file.kit.facade_camera;
    let mut answer = FacadeAnswer { assumed: Assumed::shipped(), ..FacadeAnswer::default() };
    for building in &scenario.site.buildings {
        let cameras = working(kit, caster.conditions().out_of(Class::FacadeCamera)).map(|(_, camera)| camera);
        let own: Vec<&FacadeCamera> = cameras.filter(|c| c.building == building.id).collect();
        if own.is_empty() && building.usage != Use::Residential {
            continue;
        }
        let windows = windows(building);
        let glances: Vec<Vec<Glance>> = own.iter().map(|c| glances(c, &windows, caster)).collect();
        for (camera, glances) in own.iter().zip(&glances) {
            answer.cameras.push(of_camera(camera, &windows, glances));
        }
        answer.buildings.push(of_building(building, &own, &windows, &glances));
    }
    let place = |id: &Id| kit.iter().position(|c| c.id == *id);
    answer.cameras.sort_by_key(|c| place(&c.camera));
    answer
}

/// How a camera sees a window's middle.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Look {
    Outside,
    Hidden,
    TooSmall,
    Seen { px: f64, smallest_m: f64 },
}

fn glances(camera: &FacadeCamera, windows: &[Window], caster: &Caster) -> Vec<Glance> {
    let glance = |window: &Window| {
        let look = look(camera, window, caster);
        let by_night = matches!(look, Look::Seen { .. }) && lit(caster, window.middle_m());
        Glance { look, by_night, frames: 0, night_frames: 0 }
    };
    let mut all: Vec<Glance> = windows.iter().map(glance).collect();
    let watched = windows.iter().zip(&all).filter(|(_, glance)| glance.seen());
    let faces: BTreeSet<&str> = watched.map(|(window, _)| window.column.face()).collect();
    for (window, glance) in windows.iter().zip(&mut all).filter(|(w, _)| faces.contains(w.column.face())) {
        [glance.frames, glance.night_frames] = frames(camera, window, caster);
    }
    all
}

fn look(camera: &FacadeCamera, window: &Window, caster: &Caster) -> Look {
    let (view, at) = (View::up(camera), window.middle_m());
    let (object_m, least_px) = (assumed::facade().object.diameter_m, assumed::facade().camera.least_px);
    let Frame::Inside(shown) = view.frame(at) else { return Look::Outside };
    let px = across_px(&view, object_m, shown.depth_m);
    if !stands_out(&view, caster, at) {
        Look::Hidden
    } else if px < least_px {
        Look::TooSmall
    } else {
        Look::Seen { px, smallest_m: object_m * least_px / px }
    }
}

fn of_camera(camera: &FacadeCamera, windows: &[Window], glances: &[Glance]) -> CameraAnswer {
    let mut faces = by_face(windows, |i| [glances[i].seen(), glances[i].by_night]);
    faces.retain(|face| face.seen > 0);
    let own: Vec<(&Window, Glance)> = windows
        .iter()
        .zip(glances.iter().copied())
        .filter(|(w, _)| faces.iter().any(|f| f.face == w.column.face()))
        .collect();
    let count = |is: Look| own.iter().filter(|(_, glance)| glance.look == is).count();
    let smallest = own.iter().filter_map(|(_, glance)| match glance.look {
        Look::Seen { smallest_m, .. } => Some(smallest_m),
        _ => None,
    });
    let storeys: BTreeSet<u32> = own.iter().map(|(w, _)| w.storey).collect();
    CameraAnswer {
        camera: camera.id.clone(),
        building: camera.building.clone(),
        windows: own.len(),
        seen: own.iter().filter(|(_, glance)| glance.seen()).count(),
        seen_by_night: own.iter().filter(|(_, glance)| glance.by_night).count(),
        unseen: Unseen {
            outside: count(Look::Outside),
            hidden: count(Look::Hidden),
            too_small: count(Look::TooSmall),
        },
        faces,
        smallest_m: smallest.fold(0.0, f64::max),
        storeys: storeys.into_iter().map(|storey| of_storey(storey, &own)).collect(),
    }
}

fn of_storey(storey: u32, windows: &[(&Window, Glance)]) -> StoreyAnswer {
    let own = || windows.iter().filter(move |(w, _)| w.storey == storey).map(|(_, glance)| glance);
    let px = own().filter_map(|glance| match glance.look {
        Look::Seen { px, .. } => Some(px),
        _ => None,
    });
    let mut frames: Vec<usize> = own().map(|glance| glance.frames).collect();
    frames.sort_unstable();
    let least_px = px.clone().fold(f64::INFINITY, f64::min);
    StoreyAnswer {
        storey,
        windows: frames.len(),
        seen: px.count(),
        least_px: if least_px.is_finite() { least_px } else { 0.0 },
        least_frames: frames.first().copied().unwrap_or(0),
        median_frames: frames.get(frames.len() / 2).copied().unwrap_or(0),
        traced: own().filter(|glance| glance.traced()).count(),
    }
}

/// Frames on which the object's fall from a window is seen, by day and by night.
fn frames(camera: &FacadeCamera, window: &Window, caster: &Caster) -> [usize; 2] {
    let ([x, y], [ox, oy]) = (window.column.foot_m, window.column.outward);
    let object = &assumed::facade().object;
    let (speed, before) = (object.pushed_m_s, object.from_m);
    let missile = Missile::of_diameter(object.diameter_m);
    let from = [x + before * ox, y + before * oy, window.sill_m];
    let fall = Fall::of(missile, from, [speed * ox, speed * oy, 0.0]);
    let by_day = Filmed { phase_s: 0.5 / camera.frames_per_s.max(1.0), light: Light::Day };
    let shown = seen(camera, caster, missile, &fall, by_day);
    // By night it is those of the same frames that have light: what stands between is not asked twice.
    let lit = shown.iter().filter(|flight| lit(caster, flight.place_m)).count();
    [shown.len(), lit]
}

fn of_building(
    building: &Building,
    cameras: &[&FacadeCamera],
    windows: &[Window],
    glances: &[Vec<Glance>],
) -> BuildingAnswer {
    let any = |i: usize, is: &dyn Fn(&Glance) -> bool| glances.iter().any(|of_camera| is(&of_camera[i]));
    let count = |is: &dyn Fn(&Glance) -> bool| (0..windows.len()).filter(|i| any(*i, is)).count();
    BuildingAnswer {
        building: building.id.clone(),
        cameras: cameras.iter().map(|c| c.id.clone()).collect(),
        faces: by_face(windows, |i| [any(i, &Glance::seen), any(i, &|g| g.by_night)]),
        windows: windows.len(),
        seen: count(&Glance::seen),
        seen_by_night: count(&|g| g.by_night),
        traced: count(&Glance::traced),
        traced_by_night: count(&Glance::traced_by_night),
    }
}

/// Windows counted by face: seen by day, and by night.
fn by_face(windows: &[Window], seen: impl Fn(usize) -> [bool; 2]) -> Vec<Face> {
    let mut faces: BTreeMap<&'static str, Face> = BTreeMap::new();
    for (i, window) in windows.iter().enumerate() {
        let name = window.column.face();
        let face = faces.entry(name).or_insert_with(|| Face { face: name.into(), ..Face::default() });
        let [by_day, by_night] = seen(i);
        face.windows += 1;
        face.seen += usize::from(by_day);
        face.seen_by_night += usize::from(by_night);
    }
    faces.into_values().collect()
}
