//! Facades: which windows a facade camera sees, how large an object is on its picture, and on how many frames a fall is.
//!
//! The windows are those of [`window`], the fall that of [`fall`], the frames those of [`frames`]: the twin throws from
//! the same windows and counts the same frames.

pub mod fall;
pub mod frames;
pub mod window;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::fall::{Fall, Missile};
use self::frames::stands_out;
use self::frames::{ENOUGH_FRAMES, LEAST_PX, across_px, seen};
use self::window::{SIZE_M, Window, windows};
use super::caster::Caster;
use super::projection::{Frame, View};
use crate::model::Scenario;
use crate::model::kit::FacadeCamera;
use crate::model::site::{Building, Use};
use crate::words::Id;

/// Diameter of the object that is asked about, m.
const OBJECT_M: f64 = 0.1;
/// Speed at which it is pushed off its sill, m/s, and how far before the wall it begins, m: the twin's mean.
const PUSHED: (f64, f64) = (2.0, 0.4);

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
}

/// Works out all facade cameras of a scenario.
pub fn facade(scenario: &Scenario, caster: &Caster) -> FacadeAnswer {
    let kit = &scenario.file.kit.facade_camera;
    let mut answer = FacadeAnswer {
        assumed: Assumed {
            object_m: OBJECT_M,
            least_px: LEAST_PX,
            enough_frames: ENOUGH_FRAMES,
            window_pitch_m: window::PITCH_M,
            window_m: SIZE_M,
        },
        ..FacadeAnswer::default()
    };
    for building in &scenario.site.buildings {
        let own: Vec<&FacadeCamera> = kit.iter().filter(|c| c.building == building.id).collect();
        if own.is_empty() && building.usage != Use::Residential {
            continue;
        }
        let windows = windows(building);
        let mut seen_by_any = vec![false; windows.len()];
        for camera in &own {
            let looks: Vec<Look> = windows.iter().map(|w| look(camera, w, caster)).collect();
            for (any, look) in seen_by_any.iter_mut().zip(&looks) {
                *any |= matches!(look, Look::Seen { .. });
            }
            answer.cameras.push(of_camera(camera, &windows, &looks, caster));
        }
        answer.buildings.push(of_building(building, &own, &windows, &seen_by_any));
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

fn look(camera: &FacadeCamera, window: &Window, caster: &Caster) -> Look {
    let (view, at) = (View::up(camera), window.middle_m());
    let Frame::Inside(shown) = view.frame(at) else { return Look::Outside };
    let px = across_px(&view, OBJECT_M, shown.depth_m);
    if !stands_out(&view, caster, at) {
        Look::Hidden
    } else if px < LEAST_PX {
        Look::TooSmall
    } else {
        Look::Seen { px, smallest_m: OBJECT_M * LEAST_PX / px }
    }
}

fn of_camera(camera: &FacadeCamera, windows: &[Window], looks: &[Look], caster: &Caster) -> CameraAnswer {
    let is_seen = |look: &Look| matches!(look, Look::Seen { .. });
    let mut faces = by_face(windows, |i| is_seen(&looks[i]));
    faces.retain(|face| face.seen > 0);
    let own: Vec<(&Window, Look)> = windows
        .iter()
        .zip(looks.iter().copied())
        .filter(|(w, _)| faces.iter().any(|f| f.face == w.column.face()))
        .collect();
    let count = |is: Look| own.iter().filter(|(_, look)| *look == is).count();
    let smallest = own.iter().filter_map(|(_, look)| match look {
        Look::Seen { smallest_m, .. } => Some(*smallest_m),
        _ => None,
    });
    let storeys: BTreeSet<u32> = own.iter().map(|(w, _)| w.storey).collect();
    CameraAnswer {
        camera: camera.id.clone(),
        building: camera.building.clone(),
        windows: own.len(),
        seen: own.iter().filter(|(_, look)| is_seen(look)).count(),
        unseen: Unseen {
            outside: count(Look::Outside),
            hidden: count(Look::Hidden),
            too_small: count(Look::TooSmall),
        },
        faces,
        smallest_m: smallest.fold(0.0, f64::max),
        storeys: storeys.into_iter().map(|storey| of_storey(camera, storey, &own, caster)).collect(),
    }
}

fn of_storey(
    camera: &FacadeCamera,
    storey: u32,
    windows: &[(&Window, Look)],
    caster: &Caster,
) -> StoreyAnswer {
    let own = || windows.iter().filter(move |(w, _)| w.storey == storey);
    let px = own().filter_map(|(_, look)| match look {
        Look::Seen { px, .. } => Some(*px),
        _ => None,
    });
    let mut frames: Vec<usize> = own().map(|(w, _)| frames(camera, w, caster)).collect();
    frames.sort_unstable();
    let least_px = px.clone().fold(f64::INFINITY, f64::min);
    StoreyAnswer {
        storey,
        windows: frames.len(),
        seen: px.count(),
        least_px: if least_px.is_finite() { least_px } else { 0.0 },
        least_frames: frames.first().copied().unwrap_or(0),
        median_frames: frames.get(frames.len() / 2).copied().unwrap_or(0),
        traced: frames.iter().filter(|n| **n >= ENOUGH_FRAMES as usize).count(),
    }
}

/// Frames on which the object's fall from a window is seen, the first half a period after it was pushed.
fn frames(camera: &FacadeCamera, window: &Window, caster: &Caster) -> usize {
    let ([x, y], [ox, oy]) = (window.column.foot_m, window.column.outward);
    let (speed, before) = PUSHED;
    let missile = Missile::of_diameter(OBJECT_M);
    let from = [x + before * ox, y + before * oy, window.sill_m];
    let fall = Fall::of(missile, from, [speed * ox, speed * oy, 0.0]);
    seen(camera, caster, missile, &fall, 0.5 / camera.frames_per_s.max(1.0)).len()
}

fn of_building(
    building: &Building,
    cameras: &[&FacadeCamera],
    windows: &[Window],
    seen: &[bool],
) -> BuildingAnswer {
    BuildingAnswer {
        building: building.id.clone(),
        cameras: cameras.iter().map(|c| c.id.clone()).collect(),
        faces: by_face(windows, |i| seen[i]),
        windows: windows.len(),
        seen: seen.iter().filter(|s| **s).count(),
    }
}

/// Windows counted by face.
fn by_face(windows: &[Window], seen: impl Fn(usize) -> bool) -> Vec<Face> {
    let mut faces: BTreeMap<&'static str, Face> = BTreeMap::new();
    for (i, window) in windows.iter().enumerate() {
        let name = window.column.face();
        let face = faces.entry(name).or_insert_with(|| Face { face: name.into(), ..Face::default() });
        face.windows += 1;
        face.seen += usize::from(seen(i));
    }
    faces.into_values().collect()
}

#[cfg(test)]
mod tests {
    use geo::Rect;

    use super::*;
    use crate::analysis::sample;
    use crate::model::Site;
    use crate::model::kit::Kit;

    /// A slab of 33 × 12 m with 18 storeys of 3 m.
    fn site() -> Site {
        let mut site = sample::bare(-50.0, -60.0, 80.0, 60.0);
        let outline = Rect::new((0.0, 0.0), (33.0, 12.0)).to_polygon();
        site.buildings.push(Building { storeys: 18, ..sample::building("b", outline, 54.0) });
        site
    }

    /// Stands south of the middle and looks up.
    fn camera(away_m: f64) -> FacadeCamera {
        FacadeCamera {
            id: "fc".into(),
            at_m: [16.5, -away_m],
            height_m: 3.0,
            building: "b".into(),
            bearing_deg: 0.0,
            elevation_deg: 45.0,
            hfov_deg: 90.0,
            pixels: [2560, 2560],
            frames_per_s: 25.0,
        }
    }

    fn of(site: Site, cameras: Vec<FacadeCamera>) -> FacadeAnswer {
        let caster = Caster::new(&site);
        facade(&sample::scenario(site, Kit { facade_camera: cameras, ..Kit::default() }), &caster)
    }

    #[test]
    fn a_camera_before_the_south_face_sees_that_face_and_no_other() {
        let answer = of(site(), vec![FacadeCamera { pixels: [4096, 4096], ..camera(25.0) }]);
        let found = &answer.cameras[0];
        assert_eq!(found.faces.len(), 1);
        assert_eq!((found.faces[0].face.as_str(), found.windows), ("south", 180));
        assert_eq!(found.unseen, Unseen { outside: 180 - found.seen, ..Unseen::default() });
        // A square picture of 90° at 45° ends at the zenith and the horizon: all but the ground floor.
        assert_eq!(found.seen, 170, "the lens hangs above the middle of the lowest windows");
        let building = &answer.buildings[0];
        assert_eq!((building.windows, building.seen), (26 * 18, 170));
        assert_eq!(building.faces.iter().map(|f| f.seen).sum::<usize>(), 170);
    }

    #[test]
    fn pixels_fall_with_distance_and_frames_with_the_frame_rate() {
        let near = of(site(), vec![camera(15.0)]).cameras.remove(0);
        let far = of(site(), vec![camera(40.0)]).cameras.remove(0);
        let storey = |answer: &CameraAnswer, n: u32| answer.storeys[n as usize - 1];
        assert!(storey(&near, 5).least_px > 1.5 * storey(&far, 5).least_px);
        assert!(far.smallest_m > near.smallest_m);
        // On the axis 10 cm at a depth of 40 √2 m.
        let px = 0.1 * 1280.0 / (40.0 * std::f64::consts::SQRT_2);
        let highest = far.storeys.iter().map(|s| s.least_px).fold(f64::INFINITY, f64::min);
        assert!(px < LEAST_PX && (highest == 0.0 || highest >= LEAST_PX), "{px} {highest}");
        let slow = of(site(), vec![FacadeCamera { frames_per_s: 5.0, ..camera(15.0) }]).cameras.remove(0);
        let (quick, slow) = (storey(&near, 10).median_frames, storey(&slow, 10).median_frames);
        assert!(quick.abs_diff(5 * slow) <= 5 && slow > 5, "{quick} at 25, {slow} at 5 frames a second");
        assert!(
            storey(&near, 18).median_frames > storey(&near, 3).median_frames,
            "from higher it falls longer"
        );
    }

    #[test]
    fn what_stands_before_a_face_hides_windows() {
        let mut walled = site();
        let shed = Rect::new((0.0, -12.0), (33.0, -8.0)).to_polygon();
        walled.buildings.push(Building { usage: Use::Other, ..sample::building("shed", shed, 12.0) });
        let (open, walled) = (of(site(), vec![camera(25.0)]), of(walled, vec![camera(25.0)]));
        let (open, walled) = (&open.cameras[0], &walled.cameras[0]);
        assert!(walled.unseen.hidden > 20 && walled.seen + walled.unseen.hidden == open.seen);
        let lost = |n: usize| open.storeys[n].median_frames > walled.storeys[n].median_frames;
        assert!(lost(17) && lost(5), "the last part of the fall is behind the shed");
    }

    #[test]
    fn a_block_without_a_camera_is_listed_with_nothing_seen() {
        let answer = of(site(), vec![FacadeCamera { building: "other".into(), ..camera(25.0) }]);
        assert!(answer.cameras.is_empty() && answer.buildings[0].seen == 0);
        assert!(answer.buildings[0].cameras.is_empty());
    }
}
