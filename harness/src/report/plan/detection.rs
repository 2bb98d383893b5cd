//! Which charging sockets and which stairwells have a fire detector, as a table.

use std::fmt::Write as _;

use palisade_sim::analysis::detection::DetectionAnswer;

use super::SHOWN;

/// The groups of sockets, and the stairwells; nothing where there are no sockets.
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
    let bare: Vec<&str> =
        detection.stairwells.iter().filter(|s| s.detectors.is_empty()).map(|s| s.entrance.as_str()).collect();
    let (all, names) = (detection.stairwells.len(), bare.iter().take(SHOWN).copied().collect::<Vec<_>>());
    if all > 0 {
        let without =
            if bare.is_empty() { String::new() } else { format!("; without: {}", names.join(", ")) };
        let more =
            if bare.len() > SHOWN { format!(" and {} more", bare.len() - SHOWN) } else { String::new() };
        let _ = writeln!(
            out,
            "  {} of {all} stairwells have one inside the door{without}{more}.",
            all - bare.len()
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use palisade_sim::analysis::detection::{ChargerAnswer, StairwellAnswer};

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
        let stairwell = |name: &str, detectors: &[&str]| StairwellAnswer {
            entrance: name.into(),
            detectors: detectors.iter().map(|d| (*d).into()).collect(),
        };
        let text = table(&DetectionAnswer {
            smoke_radius_m: 5.8,
            heat_radius_m: 3.6,
            chargers,
            stairwells: vec![stairwell("b01-1", &["smoke-1"]), stairwell("b01-2", &[])],
        });
        assert!(text.ends_with("  1 of 2 stairwells have one inside the door; without: b01-2.\n"), "{text}");
        assert!(text.contains("14 of 20 charging sockets") && text.contains("5.8 m in plan"), "{text}");
        assert!(text.contains("  half              4 of 10 sockets") && !text.contains("under "), "{text}");
        assert_eq!(table(&DetectionAnswer::default()), "");
    }
}
