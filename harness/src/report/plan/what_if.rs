//! What suffers when one thing at a time goes wrong.

use std::fmt::Write as _;

use palisade_sim::analysis::what_if::{Kind, Suffers};

use super::{SHOWN, thousands};

/// The worst cases, by ground lost; and the worst for the perimeter, when it is another.
pub(super) fn table(all: &[Suffers]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut out = format!(
        "\nWhat if: {} variants, one change at a time, the worst first. All figures are computed.\n  lost by day m²  by night \
         m²  perimeter m  windows  by night  falls  sockets  what\n",
        all.len()
    );
    all.iter().take(SHOWN).for_each(|suffers| row(&mut out, suffers));
    out += "  worst of each kind:\n";
    for kind in Kind::ALL {
        all.iter().find(|s| s.kind == kind).into_iter().for_each(|worst| row(&mut out, worst));
    }
    let longest = all.iter().max_by(|a, b| a.perimeter_lost_m.total_cmp(&b.perimeter_lost_m));
    if let Some(longest) = longest.filter(|s| s.perimeter_lost_m > 0.0) {
        out += "  worst for the perimeter:\n";
        row(&mut out, longest);
    }
    out
}

fn row(out: &mut String, suffers: &Suffers) {
    let rules = match suffers.rules_lost.as_slice() {
        [] => String::new(),
        lost => format!("; rules no longer met: {}", lost.join(", ")),
    };
    let (day, night) = (thousands(suffers.lost_m2), thousands(suffers.lost_night_m2));
    let Suffers { name, perimeter_lost_m, falls_lost, sockets_lost, .. } = suffers;
    let windows = [suffers.windows_lost, suffers.windows_lost_night].map(|n| thousands(n as f64));
    let _ = writeln!(
        out,
        "{day:>16}{night:>13}{perimeter_lost_m:>13.1}{:>9}{:>10}{falls_lost:>7}{sockets_lost:>9}  {name}{rules}",
        windows[0], windows[1],
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_comes_first_and_the_perimeter_has_its_own() {
        let one = |name: &str, lost_m2: f64, perimeter_lost_m: f64| Suffers {
            name: name.into(),
            lost_m2,
            perimeter_lost_m,
            rules_lost: if lost_m2 > 0.0 { vec!["6".into()] } else { Vec::new() },
            ..Suffers::default()
        };
        let text = table(&[
            one("cam-1 is out of order", 1_240.0, 0.0),
            Suffers { kind: Kind::Lamp, lost_night_m2: 12.5, ..one("lamp-3 does not burn", 0.0, 0.0) },
            one("beam-2 is out of order", 0.0, 79.0),
            Suffers {
                kind: Kind::FacadeCamera,
                windows_lost: 1_008,
                windows_lost_night: 12,
                falls_lost: 960,
                ..one("facade-3 is out of order", 0.0, 0.0)
            },
            Suffers { kind: Kind::Detector, sockets_lost: 10, ..one("smoke-1 is out of order", 0.0, 0.0) },
        ]);
        insta::assert_snapshot!(text);
    }
}
