//! What facade cameras see of windows and falls, as a table.

use std::fmt::Write as _;

use palisade_sim::analysis::facade::{CameraAnswer, FacadeAnswer};

/// Cameras that the table shows, the worst first; the file holds all.
const WORST: usize = 5;

/// The cameras that see least of their faces, and how many windows nobody sees.
pub(super) fn table(facade: &FacadeAnswer) -> String {
    if facade.cameras.is_empty() {
        return String::new();
    }
    let (assumed, buildings) = (&facade.assumed, &facade.buildings);
    let all: usize = buildings.iter().map(|b| b.windows).sum();
    let seen: usize = buildings.iter().map(|b| b.seen).sum();
    let by_night: usize = buildings.iter().map(|b| b.seen_by_night).sum();
    let falls: usize = buildings.iter().map(|b| b.traced).sum();
    let dark: usize = buildings.iter().map(|b| b.traced_by_night).sum();
    let bare = buildings.iter().filter(|b| b.cameras.is_empty()).count();
    let mut out = format!(
        "\nFacades: {} cameras see {seen} of {all} windows, {by_night} of them by night; {bare} of {} blocks have none.\n  \
         Falls from {falls} windows are on enough frames, by night from {dark}.\n  Windows are assumed, every {} m, \
         and that a camera needs {} lx by night.\n",
        facade.cameras.len(),
        buildings.len(),
        assumed.window_pitch_m,
        assumed.min_lux,
    );
    let mut worst: Vec<&CameraAnswer> = facade.cameras.iter().collect();
    worst.sort_by(|a, b| share(a).total_cmp(&share(b)));
    let centimetres = 100.0 * assumed.object_m;
    let _ = writeln!(
        out,
        "  least seen        of its faces  by night  px on {centimetres:.0} cm  frames along a fall, lowest to highest storey",
    );
    for camera in worst.into_iter().take(WORST) {
        out += &row(camera);
    }
    out
}

fn share(camera: &CameraAnswer) -> f64 {
    camera.seen as f64 / camera.windows.max(1) as f64
}

fn row(camera: &CameraAnswer) -> String {
    let least =
        camera.storeys.iter().map(|s| s.least_px).filter(|px| *px > 0.0).fold(f64::INFINITY, f64::min);
    let px = if least.is_finite() { format!("{least:.1}") } else { "-".to_owned() };
    let frames: Vec<String> = camera.storeys.iter().map(|s| s.median_frames.to_string()).collect();
    let faces: Vec<&str> = camera.faces.iter().map(|f| f.face.as_str()).collect();
    format!(
        "  {:<18}{:>10.1} %{:>8.1} %{px:>13}  {} ({})\n",
        camera.camera.as_str(),
        100.0 * share(camera),
        100.0 * camera.seen_by_night as f64 / camera.windows.max(1) as f64,
        frames.join(" "),
        faces.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use palisade_sim::analysis::facade::{Assumed, BuildingAnswer, Face, StoreyAnswer};

    use super::*;

    #[test]
    fn the_camera_that_sees_least_comes_first() {
        let storey = |storey, least_px, median_frames| StoreyAnswer {
            storey,
            least_px,
            median_frames,
            ..StoreyAnswer::default()
        };
        let camera = |name: &str, seen| CameraAnswer {
            camera: name.into(),
            windows: 100,
            seen,
            seen_by_night: seen / 4,
            faces: vec![Face { face: "south".into(), windows: 100, seen, seen_by_night: 0 }],
            storeys: vec![storey(1, 0.0, 0), storey(2, 5.25, 12)],
            ..CameraAnswer::default()
        };
        let block = |seen, cameras: &[&str]| BuildingAnswer {
            windows: 200,
            seen,
            seen_by_night: seen / 2,
            traced: seen,
            traced_by_night: seen / 5,
            cameras: cameras.iter().map(|c| (*c).into()).collect(),
            ..BuildingAnswer::default()
        };
        let assumed = Assumed { object_m: 0.1, window_pitch_m: 3.3, min_lux: 0.1, ..Assumed::default() };
        let (cameras, buildings) = (
            vec![camera("good", 90), camera("poor", 40)],
            vec![block(130, &["good", "poor"]), block(0, &[])],
        );
        let text = table(&FacadeAnswer { assumed, cameras, buildings });
        let rows: Vec<&str> = text.lines().collect();
        assert!(
            rows[1].starts_with(
                "Facades: 2 cameras see 130 of 400 windows, 65 of them by night; 1 of 2 blocks have none."
            ),
            "{text}"
        );
        assert_eq!(rows[2], "  Falls from 130 windows are on enough frames, by night from 26.");
        assert!(rows[3].ends_with("needs 0.1 lx by night."), "{text}");
        assert_eq!(rows[5], "  poor                    40.0 %    10.0 %          5.2  0 12 (south)");
        assert!(rows[6].contains("good"));
        assert_eq!(table(&FacadeAnswer::default()), "");
    }
}
