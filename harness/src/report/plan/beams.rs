//! What beam zones make of bodies, birds and fog, as tables.

use std::fmt::Write as _;

use palisade_sim::analysis::beam::{BeamsAnswer, ZoneAnswer};

/// Zones that the table shows, the worst first; the file holds all.
const WORST: usize = 5;

/// The zones that miss most, and what other interruption times would give.
pub(super) fn table(beams: &BeamsAnswer) -> String {
    let zones = &beams.zones;
    if zones.is_empty() {
        return String::new();
    }
    let mut out = format!(
        "\nBeams: {} zones. Computed from assumed bodies, ways, optics and nuisances (report.json names them).\n",
        zones.len(),
    );
    let mut worst: Vec<&ZoneAnswer> = zones.iter().collect();
    worst.sort_by(|a, b| b.miss.total_cmp(&a.miss));
    out += "  missed most           missed  false/day  passes under    over   too fast   margin   down in fog of\n";
    for zone in worst.into_iter().take(WORST) {
        let _ = writeln!(out, "  {}", row(zone));
    }
    out + &settings(zones)
}

fn row(zone: &ZoneAnswer) -> String {
    let link = &zone.link;
    let fog = link.down_at_visibility_m.map_or_else(|| "any".to_owned(), |m| format!("{m:.0} m"));
    let dead = zone.dead.as_ref().map(|why| format!("  {why}")).unwrap_or_default();
    format!(
        "{:<18}{:>7.1} %{:>11.2}{:>12.2} m{:>6.2} m{:>7.1} m/s{:>6.1} dB{:>14}{dead}",
        zone.beam.as_str(),
        100.0 * zone.miss,
        zone.false_alarms,
        zone.passes_under_m,
        zone.passes_over_m,
        zone.fastest_m_s,
        link.margin_db,
        fog,
    )
}

/// The mean miss and the sum of false alarms over all zones, had they all one setting.
fn settings(zones: &[ZoneAnswer]) -> String {
    let count = zones.first().map_or(0, |zone| zone.settings.len());
    let (mut heads, mut misses, mut alarms) = (
        "  all zones set to   ms".to_owned(),
        "    missed            %".to_owned(),
        "    false alarms     /d".to_owned(),
    );
    for i in 0..count {
        let of = |figure: fn(&palisade_sim::analysis::beam::Setting) -> f64| -> f64 {
            zones.iter().filter_map(|zone| zone.settings.get(i)).map(figure).sum()
        };
        let _ = write!(heads, "{:>7}", zones[0].settings[i].interruption_ms);
        let _ = write!(misses, "{:>7.1}", 100.0 * of(|s| s.miss) / zones.len() as f64);
        let _ = write!(alarms, "{:>7.2}", of(|s| s.false_alarms));
    }
    [heads, misses, alarms].join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use palisade_sim::analysis::beam::Setting;
    use palisade_sim::analysis::beam::link::Link;

    use super::*;

    fn zone(name: &str, miss: f64) -> ZoneAnswer {
        let setting = |interruption_ms, miss, false_alarms| Setting { interruption_ms, miss, false_alarms };
        ZoneAnswer {
            beam: name.into(),
            passes_under_m: 0.3,
            passes_over_m: 0.1,
            fastest_m_s: 5.0,
            miss,
            false_alarms: 0.25,
            settings: vec![setting(50, miss, 0.25), setting(500, 0.9, 0.125)],
            link: Link { margin_db: 24.2, down_at_visibility_m: Some(44.6), ..Link::default() },
            ..ZoneAnswer::default()
        }
    }

    #[test]
    fn the_worst_zones_come_first_and_the_curve_is_over_all() {
        let mut zones: Vec<ZoneAnswer> =
            (0..6).map(|i| zone(&format!("beam-{i}"), 0.1 * f64::from(i))).collect();
        zones[5].link.down_at_visibility_m = None;
        zones[5].dead = Some("out of line".into());
        let text = table(&BeamsAnswer { zones, ..BeamsAnswer::default() });
        let rows: Vec<&str> = text.lines().collect();
        let [worst, next] = [rows[3], rows[4]];
        assert_eq!(
            worst,
            "  beam-5               50.0 %       0.25        0.30 m  0.10 m    5.0 m/s  24.2 dB           any  out of line"
        );
        assert_eq!(
            next,
            "  beam-4               40.0 %       0.25        0.30 m  0.10 m    5.0 m/s  24.2 dB          45 m"
        );
        assert!(!text.contains("beam-0"), "five are shown");
        assert_eq!(
            rows[8..],
            [
                "  all zones set to   ms     50    500",
                "    missed            %   25.0   90.0",
                "    false alarms     /d   1.50   0.75",
            ]
        );
        assert_eq!(table(&BeamsAnswer::default()), "");
    }
}
