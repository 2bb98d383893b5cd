//! Which compound is built first (三个优先), and who pays.
//!
//! Three priorities, each worth 0 to 1: owners are willing and money is there; it is small and cheap; many crimes happen.
//! Weights and half-values are data (`assets/tiers/priority.toml`), assumed and shown.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules::Basis;
use super::tiers::TierAnswer;
use crate::model::Scenario;
use crate::model::scenario::Purse;
use crate::words::thousands;

/// How much each priority counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// When it was put together.
    pub dated: String,
    /// What it rests on.
    pub basis: Basis,
    /// Weights; they sum to 1.
    pub weights: Weights,
    /// Figures that give half a point.
    pub half: Half,
}

/// Weights, 0..1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// Owners are willing and money is there.
    pub willing: f64,
    /// Small and cheap.
    pub small: f64,
    /// Many crimes.
    pub crimes: f64,
}

/// Figures at which a priority gives half a point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Half {
    /// What the tier still costs, yuan.
    pub cost_yuan: f64,
    /// Flats.
    pub households: f64,
    /// Crimes a year for each thousand flats.
    pub crimes_per_1000_households: f64,
}

/// Why a scale could not be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unreadable {
    /// It is no such TOML.
    #[error("{0}")]
    Toml(String),
    /// Weights do not sum to 1, or something is negative.
    #[error("weights must be 0 or more and sum to 1, half-values more than 0")]
    Unsound,
}

impl Scale {
    /// Reads a scale.
    ///
    /// # Errors
    /// When it is no such TOML, the weights do not sum to 1, or a half-value is not more than 0.
    pub fn read(text: &str) -> Result<Scale, Unreadable> {
        let scale: Scale = toml::from_str(text).map_err(|e| Unreadable::Toml(e.to_string()))?;
        let Weights { willing, small, crimes } = scale.weights;
        let Half { cost_yuan, households, crimes_per_1000_households } = scale.half;
        let sums = (willing + small + crimes - 1.0).abs() < 1e-9;
        let halves = [cost_yuan, households, crimes_per_1000_households];
        if sums && [willing, small, crimes].iter().all(|w| *w >= 0.0) && halves.iter().all(|h| *h > 0.0) {
            Ok(scale)
        } else {
            Err(Unreadable::Unsound)
        }
    }

    /// The scale that is shipped.
    ///
    /// # Errors
    /// Never: a test reads it.
    pub fn shipped() -> Result<Scale, Unreadable> {
        Scale::read(include_str!("../../../../assets/tiers/priority.toml"))
    }
}

/// Where one compound stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ranked {
    /// The compound.
    pub name: String,
    /// Its place, from 1; nothing where something is not known.
    pub place: Option<usize>,
    /// Its points, 0..1; nothing where something is not known.
    pub points: Option<f64>,
    /// Each priority with its points and its reason, in order.
    pub priorities: Vec<Priority>,
    /// What is still to be bought for the tier, yuan; computed from assumed prices.
    pub cost_yuan: f64,
    /// Who pays how much of it, yuan, the most first; empty when nobody has said.
    pub pays: Vec<Payer>,
    /// What of the cost the stated money does not cover, yuan.
    pub short_yuan: Option<f64>,
}

/// One priority.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Priority {
    /// `willing`, `small`, `crimes`.
    pub name: String,
    /// 0..1; nothing where something is not known.
    pub points: Option<f64>,
    /// Why, or what is not known.
    pub reason: String,
}

/// Somebody who pays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Payer {
    /// Who.
    pub who: Purse,
    /// How much, yuan.
    pub yuan: f64,
}

/// Ranks compounds, each with how it stands to the tier it is to be built to. Those of which something is not known come
/// last and have no place.
pub fn rank(scale: &Scale, compounds: &[(&Scenario, &TierAnswer)]) -> Vec<Ranked> {
    let mut all: Vec<Ranked> = compounds.iter().map(|(scenario, tier)| one(scale, scenario, tier)).collect();
    all.sort_by(|a, b| match (a.points, b.points) {
        (Some(a), Some(b)) => b.total_cmp(&a),
        (a, b) => b.is_some().cmp(&a.is_some()),
    });
    for (i, ranked) in all.iter_mut().enumerate() {
        ranked.place = ranked.points.map(|_| i + 1);
    }
    all
}

fn one(scale: &Scale, scenario: &Scenario, tier: &TierAnswer) -> Ranked {
    let cost = tier.cost_yuan;
    let priorities =
        vec![willing(scenario, cost), small(&scale.half, scenario, cost), crimes(&scale.half, scenario)];
    let weights = [scale.weights.willing, scale.weights.small, scale.weights.crimes];
    let points: Option<f64> = priorities.iter().zip(weights).map(|(p, w)| Some(p.points? * w)).sum();
    let project = &scenario.file.project;
    let mut pays: Vec<Payer> =
        project.pays.iter().map(|(who, share)| Payer { who: *who, yuan: share * cost }).collect();
    pays.sort_by(|a, b| b.yuan.total_cmp(&a.yuan));
    Ranked {
        name: scenario.file.name.clone(),
        place: None,
        points,
        priorities,
        cost_yuan: cost,
        pays,
        short_yuan: project.money_yuan.map(|money| (cost - money).max(0.0)),
    }
}

fn unknown(name: &str, key: &str) -> Priority {
    Priority { name: name.into(), points: None, reason: format!("not known: write `{key}` in [project]") }
}

fn willing(scenario: &Scenario, cost: f64) -> Priority {
    let project = &scenario.file.project;
    let Some(share) = project.owners_willing else { return unknown("willing", "owners_willing") };
    let Some(money) = project.money_yuan else { return unknown("willing", "money_yuan") };
    let covered = if cost > 0.0 { (money / cost).min(1.0) } else { 1.0 };
    let reason = format!("{:.0} % of owners willing, money covers {:.0} %", 100.0 * share, 100.0 * covered);
    Priority { name: "willing".into(), points: Some(share * covered), reason }
}

fn small(half: &Half, scenario: &Scenario, cost: f64) -> Priority {
    let flats = scenario.households.len() as f64;
    let points =
        (half.cost_yuan / (half.cost_yuan + cost) + half.households / (half.households + flats)) / 2.0;
    let hectares = scenario.ground_m2() / 10_000.0;
    // The cost is no better known than to a thousand.
    let (flats, yuan) = (thousands(flats), thousands(libm::round(cost / 1000.0) * 1000.0));
    let reason = format!("{flats} flats on {hectares:.1} ha, about {yuan} yuan to the tier");
    Priority { name: "small".into(), points: Some(points), reason }
}

fn crimes(half: &Half, scenario: &Scenario) -> Priority {
    let Some(crimes) = scenario.file.project.crimes_per_year else {
        return unknown("crimes", "crimes_per_year");
    };
    let flats = scenario.households.len().max(1) as f64;
    let rate = crimes / flats * 1000.0;
    let reason = format!("{} crimes a year, {rate:.1} for each 1,000 flats", thousands(crimes));
    Priority { name: "crimes".into(), points: Some(rate / (half.crimes_per_1000_households + rate)), reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::sample;
    use crate::analysis::tiers::Kind;
    use crate::model::Scenario;
    use crate::model::kit::Kit;
    use crate::model::scenario::{Household, Project};

    fn compound(name: &str, flats: usize, project: Project) -> Scenario {
        let mut scenario = sample::scenario(sample::bare(0.0, 0.0, 100.0, 100.0), Kit::default());
        scenario.file.name = name.into();
        scenario.file.project = project;
        let flat = Household { flat: String::new(), entrance: 0, building: 0, storey: 1 };
        scenario.households = vec![flat; flats];
        scenario
    }

    fn known(owners_willing: f64, money_yuan: f64, crimes_per_year: f64) -> Project {
        Project {
            owners_willing: Some(owners_willing),
            money_yuan: Some(money_yuan),
            crimes_per_year: Some(crimes_per_year),
            pays: [(Purse::Owners, 0.25), (Purse::Public, 0.75)].into(),
        }
    }

    fn tier(cost_yuan: f64) -> TierAnswer {
        TierAnswer {
            name: "basic".into(),
            name_zh: "基本级".into(),
            kind: Kind::Open,
            dated: String::new(),
            basis: Basis::Assumed,
            met: false,
            cost_yuan,
            items: Vec::new(),
        }
    }

    /// Places of some compounds, each changed in one thing from a plain one.
    fn order(compounds: &[(&str, usize, Project, f64)]) -> Vec<String> {
        let scale = Scale::shipped().expect("the shipped scale");
        let made: Vec<(Scenario, TierAnswer)> = compounds
            .iter()
            .map(|(name, flats, project, cost)| (compound(name, *flats, project.clone()), tier(*cost)))
            .collect();
        let pairs: Vec<(&Scenario, &TierAnswer)> = made.iter().map(|(s, t)| (s, t)).collect();
        rank(&scale, &pairs).into_iter().map(|r| r.name).collect()
    }

    #[test]
    fn each_priority_alone_puts_a_compound_first() {
        let plain = || ("plain", 500, known(0.5, 100_000.0, 5.0), 400_000.0);
        for (better, flats, project, cost) in [
            ("willing", 500, known(0.9, 100_000.0, 5.0), 400_000.0),
            ("moneyed", 500, known(0.5, 300_000.0, 5.0), 400_000.0),
            ("small", 200, known(0.5, 100_000.0, 2.0), 400_000.0),
            ("cheap", 500, known(0.5, 100_000.0, 5.0), 200_000.0),
            ("crimes", 500, known(0.5, 100_000.0, 9.0), 400_000.0),
        ] {
            assert_eq!(order(&[plain(), (better, flats, project, cost)])[0], better);
        }
    }

    #[test]
    fn what_is_not_known_is_said_and_has_no_place() {
        let scale = Scale::shipped().expect("the shipped scale");
        let (dark, plain) =
            (compound("dark", 100, Project::default()), compound("plain", 900, known(0.1, 0.0, 0.0)));
        let cost = tier(200_000.0);
        let ranked = rank(&scale, &[(&dark, &cost), (&plain, &cost)]);
        assert_eq!((ranked[0].name.as_str(), ranked[0].place), ("plain", Some(1)));
        assert_eq!((ranked[1].name.as_str(), ranked[1].place, ranked[1].points), ("dark", None, None));
        assert_eq!(ranked[1].priorities[0].reason, "not known: write `owners_willing` in [project]");
        assert_eq!(ranked[0].short_yuan, Some(200_000.0));
        assert_eq!(
            ranked[0].pays,
            [Payer { who: Purse::Public, yuan: 150_000.0 }, Payer { who: Purse::Owners, yuan: 50_000.0 }]
        );
    }

    #[test]
    fn a_scale_that_does_not_add_up_is_refused() {
        let text = include_str!("../../../../assets/tiers/priority.toml");
        assert_eq!(Scale::read(&text.replace("0.3334", "0.4")), Err(Unreadable::Unsound));
        assert_eq!(Scale::read(&text.replace("800.0", "0.0")), Err(Unreadable::Unsound));
        assert!(matches!(Scale::read("dated = 1"), Err(Unreadable::Toml(_))));
    }
}
