//! Which charging sockets have a fire detector, as a table.

use std::fmt::Write as _;

use palisade_sim::analysis::detection::DetectionAnswer;

/// The groups of sockets; nothing where there are none.
pub(super) fn table(detection: &DetectionAnswer) -> String {
    if detection.chargers.is_empty() {
        return String::new();
    }
    let mut out = format!(
        "\nFire detection: {} of {} charging sockets have a detector near enough. Assumed: smoke detectors protect {} m in plan, \
         heat detectors {} m.\n",
        detection.detected(),
        detection.sockets(),
        detection.smoke_radius_m,
        detection.heat_radius_m,
    );
    for charger in detection.chargers.iter().filter(|c| c.detected < c.sockets) {
        let _ = writeln!(
            out,
            "  {:<18}{} of {} sockets",
            charger.charger.as_str(),
            charger.detected,
            charger.sockets
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use palisade_sim::analysis::detection::ChargerAnswer;

    use super::*;

    #[test]
    fn groups_without_detection_are_named() {
        let group = |name: &str, detected| ChargerAnswer {
            charger: name.into(),
            sockets: 10,
            detected,
            ..ChargerAnswer::default()
        };
        let chargers = vec![group("under", 10), group("half", 4)];
        let text = table(&DetectionAnswer { smoke_radius_m: 5.8, heat_radius_m: 3.6, chargers });
        assert!(text.contains("14 of 20 charging sockets") && text.contains("5.8 m in plan"), "{text}");
        assert!(text.contains("  half              4 of 10 sockets") && !text.contains("under "), "{text}");
        assert_eq!(table(&DetectionAnswer::default()), "");
    }
}
