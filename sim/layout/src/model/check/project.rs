//! What speaks for building here, and who pays.

use super::Desk;

/// Shares that sum to 1 within this are typed in decimals, not wrong.
const ROUNDING: f64 = 1e-6;

pub(super) fn all(desk: &mut Desk<'_>) {
    let project = &desk.file.project;
    let (willing, money, crimes) = (project.owners_willing, project.money_yuan, project.crimes_per_year);
    let shares: Vec<f64> = project.pays.values().copied().collect();
    if let Some(share) = willing {
        desk.share("project.owners_willing", share);
    }
    for (path, value) in [("project.money_yuan", money), ("project.crimes_per_year", crimes)] {
        if let Some(value) = value {
            desk.not_negative(path, value);
        }
    }
    shares.iter().for_each(|share| desk.share("project.pays", *share));
    let all: f64 = shares.iter().sum();
    if !shares.is_empty() && (all - 1.0).abs() > ROUNDING {
        let message = format!("who pays sums to {all}, not to 1");
        desk.at(
            "project.pays",
            "project::not-the-whole",
            message,
            "give each payer a share, so that nothing is left over",
        );
    }
}
