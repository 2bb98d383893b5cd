//! What suffers when one thing at a time goes wrong.

use std::fmt::Write as _;

use palisade_sim::analysis::what_if::{Asked, Loss, Suffers};

use super::{SHOWN, thousands};

/// Losses that a row tells; the file holds all.
const TOLD: usize = 3;

/// The worst cases, the worst of each sort, and how many of each were asked.
pub(super) fn table(all: &[Suffers], asked: &[Asked]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut out = format!(
        "\nWhat if: {} variants, one change at a time, the worst first: by the largest share that is lost of anything that the \
         layout does today. All figures are computed.\n   worst  what\n",
        all.len()
    );
    all.iter().take(SHOWN).for_each(|suffers| row(&mut out, suffers));
    out += "  worst of each sort:\n";
    for sort in asked {
        all.iter().find(|s| s.sort() == sort.what).into_iter().for_each(|worst| row(&mut out, worst));
    }
    out + &asked_of(asked)
}

fn row(out: &mut String, suffers: &Suffers) {
    let lost: Vec<String> = suffers.losses.iter().filter(|l| l.lost > 0.0).take(TOLD).map(told).collect();
    let lost = if lost.is_empty() { "nothing is lost".to_owned() } else { lost.join("; ") };
    let rules = match suffers.rules_lost.as_slice() {
        [] => String::new(),
        lost => format!("; rules no longer met: {}", lost.join(", ")),
    };
    let _ = writeln!(out, "{:>6.1} %  {}: {lost}{rules}", 100.0 * suffers.worst_share(), suffers.name);
}

/// `ground seen by day 1,240 of 12,400 m²`, with names where there are any.
fn told(loss: &Loss) -> String {
    let (lost, of) = (figure(loss.lost), figure(loss.of));
    let unit = loss.measure.unit();
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    let names = if loss.named.is_empty() { String::new() } else { format!(" ({})", loss.named.join(", ")) };
    format!("{} less {lost} of {of}{unit}{names}", loss.measure.words())
}

/// Small figures with a digit behind the point where they are not whole.
fn figure(value: f64) -> String {
    if value < 100.0 && value.fract() != 0.0 { format!("{value:.1}") } else { thousands(value) }
}

/// How many of each sort were asked.
fn asked_of(asked: &[Asked]) -> String {
    let (all, drawn): (Vec<&Asked>, Vec<&Asked>) = asked.iter().partition(|sort| sort.there.is_some());
    let list = |sorts: &[&Asked]| {
        let of: Vec<String> = sorts.iter().map(|sort| format!("{} {}", sort.what, sort.asked)).collect();
        of.join(", ")
    };
    let draws = if drawn.is_empty() {
        String::new()
    } else {
        format!("; drawn by the scenario's seed: {}", list(&drawn))
    };
    format!("  Asked is all that can go wrong by itself: {}{draws}.\n", list(&all))
}

#[cfg(test)]
mod tests {
    use palisade_sim::analysis::what_if::{Kind, Measure};
    use palisade_sim::contract::Class;

    use super::*;

    fn one(name: &str, class: Class, losses: &[(Measure, f64, f64, &[&str])]) -> Suffers {
        let loss = |(measure, lost, of, named): &(Measure, f64, f64, &[&str])| Loss {
            measure: *measure,
            lost: *lost,
            of: *of,
            share: lost / of,
            named: named.iter().map(|n| (*n).to_owned()).collect(),
        };
        let losses = losses.iter().map(loss).collect();
        Suffers { name: name.into(), class: Some(class), losses, ..Suffers::default() }
    }

    #[test]
    fn each_loss_is_told_by_its_measure_and_so_is_what_was_asked() {
        let ground =
            [(Measure::GroundNight, 620.0, 4_960.0, &[][..]), (Measure::Ground, 1_240.5, 12_405.0, &[])];
        let all = [
            one("nobody answers in room", Class::DutyRoom, &[(Measure::Alarms, 33.0, 33.0, &["a", "b"])]),
            Suffers { rules_lost: vec!["6".into()], ..one("cam-1 is out of order", Class::Camera, &ground) },
            one("beam-2 is out of order", Class::Beam, &[(Measure::Perimeter, 7.25, 790.0, &[])]),
            one("hydrant-1 is locked or empty", Class::FireStation, &[]),
            Suffers {
                kind: Kind::Season,
                class: None,
                ..one("trees are bare", Class::Beam, &[(Measure::Ground, -3.0, 9.0, &[])])
            },
        ];
        let sort = |what: &str, there, asked| Asked { what: what.into(), there, asked };
        let asked = [
            sort("fire station out", Some(3), 3),
            sort("beam out", Some(19), 19),
            sort("camera out", Some(73), 73),
            sort("duty room out", Some(1), 1),
            sort("season", Some(2), 2),
            sort("vans parked", None, 12),
        ];
        insta::assert_snapshot!(table(&all, &asked));
        let complete = table(&all[..1], &asked[3..5]);
        assert!(
            complete.ends_with("  Asked is all that can go wrong by itself: duty room out 1, season 2.\n"),
            "{complete}"
        );
    }
}
