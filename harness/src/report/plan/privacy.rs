//! What cameras show of dwellings, and what masks would cost, as a table.

use std::fmt::Write as _;

use palisade_sim::analysis::privacy::PrivacyAnswer;

/// Cameras that the table shows, the worst first; the file holds all.
const WORST: usize = 5;

/// The cameras that show most of dwellings' windows.
pub(super) fn table(privacy: &PrivacyAnswer) -> String {
    if privacy.cameras.is_empty() {
        return String::new();
    }
    let mut out = format!(
        "\nPrivacy: {} cameras show {:.0} ± {:.0} m² of dwellings' windows at {} px/m or more; masks for all (report.json) \
         would cost {:.0} m² of public ground.\n",
        privacy.cameras.len(),
        privacy.private_m2,
        privacy.error_m2,
        privacy.from_px_per_m,
        privacy.lost_ground_m2,
    );
    out += "  shows most             m²      ±  windows  best px/m  mask of picture  mask costs m²\n";
    for camera in privacy.cameras.iter().take(WORST) {
        let _ = writeln!(
            out,
            "  {:<18}{:>7.1}{:>7.1}{:>9}{:>11.0}{:>15.1} %{:>15.1}",
            camera.camera.as_str(),
            camera.private_m2,
            camera.error_m2,
            camera.windows,
            camera.best_px_per_m,
            100.0 * camera.masked_share,
            camera.lost_ground_m2,
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use palisade_sim::analysis::privacy::CameraPrivacy;

    use super::*;

    #[test]
    fn areas_stand_with_their_error_and_the_price_of_a_mask() {
        let camera = CameraPrivacy {
            camera: "cam-door".into(),
            windows: 6,
            private_m2: 12.34,
            error_m2: 0.5,
            best_px_per_m: 210.4,
            masked_share: 0.081,
            lost_ground_m2: 3.25,
            ..CameraPrivacy::default()
        };
        let answer = PrivacyAnswer {
            from_px_per_m: 125.0,
            private_m2: 12.34,
            error_m2: 0.5,
            lost_ground_m2: 2.0,
            cameras: vec![camera],
        };
        let text = table(&answer);
        assert!(
            text.contains("1 cameras show 12 ± 0 m² of dwellings' windows at 125 px/m or more"),
            "{text}"
        );
        let row = text.lines().last().unwrap_or_default();
        assert_eq!(
            row,
            "  cam-door             12.3    0.5        6        210            8.1 %            3.2"
        );
        assert_eq!(table(&PrivacyAnswer::default()), "");
    }
}
