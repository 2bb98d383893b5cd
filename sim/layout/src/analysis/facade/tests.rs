use geo::Rect;

use super::*;
use crate::analysis::conditions::Conditions;
use crate::analysis::sample;
use crate::model::Site;
use crate::model::kit::Kit;
use crate::model::site::Lamp;

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
    let least = Assumed::shipped().least_px;
    assert!(px < least && (highest == 0.0 || highest >= least), "{px} {highest}");
    let slow = of(site(), vec![FacadeCamera { frames_per_s: 5.0, ..camera(15.0) }]).cameras.remove(0);
    let (quick, slow) = (storey(&near, 10).median_frames, storey(&slow, 10).median_frames);
    assert!(quick.abs_diff(5 * slow) <= 5 && slow > 5, "{quick} at 25, {slow} at 5 frames a second");
    assert!(storey(&near, 18).median_frames > storey(&near, 3).median_frames, "from higher it falls longer");
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
fn by_night_it_sees_the_windows_that_the_lamps_or_the_sky_light() {
    let (mut dark, mut out) = (Conditions::default(), Conditions::default());
    dark.sky_lux = 0.0;
    out.take_out(crate::contract::Class::FacadeCamera, 0);
    let mut lamps = site();
    // A high mast before the face lights what is below it; nothing else is.
    lamps.lamps.push(Lamp { id: "mast".into(), at: (16.5, -12.0).into(), height_m: 20.0, flux_lm: 9_000.0 });
    let layout =
        |site: Site| sample::scenario(site, Kit { facade_camera: vec![camera(25.0)], ..Kit::default() });
    let of = |site: Site, conditions: &Conditions| {
        let caster = Caster::under(&site, conditions.clone());
        facade(&layout(site), &caster).buildings.remove(0)
    };
    let bright = Conditions { sky_lux: 1.0, ..dark.clone() };
    let (black, white) = (of(site(), &dark), of(site(), &bright));
    assert_eq!((black.seen_by_night, white.seen_by_night), (0, white.seen));
    assert_eq!((black.traced_by_night, white.traced_by_night), (0, white.traced));
    let lit = of(lamps, &dark);
    assert!(lit.seen == black.seen && (1..lit.seen).contains(&lit.seen_by_night), "{lit:?}");
    assert!(lit.traced == black.traced && (1..=lit.traced).contains(&lit.traced_by_night), "{lit:?}");
    assert_eq!(lit.faces.iter().map(|f| f.seen_by_night).sum::<usize>(), lit.seen_by_night);
    let none = of(site(), &out);
    assert!(none.cameras.is_empty() && none.seen + none.traced == 0 && white.traced > 0);
}

#[test]
fn a_block_without_a_camera_is_listed_with_nothing_seen() {
    let answer = of(site(), vec![FacadeCamera { building: "other".into(), ..camera(25.0) }]);
    assert!(answer.cameras.is_empty() && answer.buildings[0].seen == 0);
    assert!(answer.buildings[0].cameras.is_empty());
}
