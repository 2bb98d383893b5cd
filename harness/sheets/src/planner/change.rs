//! The plan against an older one: what the page says of it beside the map.

use palisade_layout::analysis::against::{
    Against, DeviceChange, Fate, GapChange, Outcome, RuleChange, SeenChange, Sight, TierChange, Turn, Two,
    Why,
};
use palisade_layout::analysis::rules::Status;
use palisade_layout::words::apart;
use serde::Serialize;

use super::grid::Grid;
use crate::words::{self, percent, thousands};

/// What the section shows.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct View {
    before: String,
    ground: String,
    notes: Vec<String>,
    /// Figure and what it is of.
    tiles: Vec<(String, String)>,
    grids: Vec<Grid>,
}

impl View {
    pub(super) fn of(told: &Against) -> View {
        let before = &told.plans.before;
        let digest: String = before.digest.chars().take(16).collect();
        let mut grids =
            vec![ground(told), money(told), gaps("by day", &told.day), gaps("by night", &told.night)];
        grids.extend([
            perimeter(told),
            rules(&told.rules),
            tiers(&told.tiers),
            other(told),
            devices(told),
            things(told),
        ]);
        View {
            before: format!("{} {digest}", before.scenario),
            ground: ground_words(told),
            notes: told.notes.clone(),
            tiles: tiles(told),
            grids: grids.into_iter().filter_map(Grid::filled).collect(),
        }
    }
}

fn ground_words(told: &Against) -> String {
    let ground = &told.ground;
    let mut text = format!("Compared on {} m²: {}.", thousands(ground.common_m2), ground.how);
    if ground.only_before_m2 + ground.only_after_m2 > 0.0 {
        let (before, after) = (ground.only_before_m2, ground.only_after_m2);
        text += &format!(" Ground of the old plan alone {before:.2} m², of the new one alone {after:.2} m².");
    }
    text
}

fn tiles(told: &Against) -> Vec<(String, String)> {
    let money = &told.money;
    let each = |yuan: Option<f64>| yuan.map_or_else(|| "–".to_owned(), |yuan| format!("{yuan:.2}"));
    let priced = |what: &str| format!("{what} ({})", money.label);
    vec![
        (
            format!("+{} m²", thousands(money.gained_m2)),
            "seen now and not before, by day, both heights".into(),
        ),
        (format!("−{} m²", thousands(money.lost_m2)), "seen before and not now, by day, both heights".into()),
        (format!("{} yuan", thousands(money.yuan)), priced("price of the change")),
        (each(money.yuan_per_m2_gained), priced("yuan for each m² gained")),
        (each(money.yuan_per_m2_net), priced("yuan for each m² gained beyond what is lost")),
    ]
}

fn arrow<T>(two: &Two<T>, word: impl Fn(&T) -> String) -> String {
    format!("{} → {}", word(&two.before), word(&two.after))
}

/// Before, after and what is demanded, where that is known.
fn figures(found: &Two<Option<f64>>, demanded: Option<&Two<Option<f64>>>) -> (String, String) {
    let demanded = demanded.and_then(|demanded| demanded.after.or(demanded.before));
    let [before, after, demanded] =
        apart([found.before, found.after, demanded]).map(|x| x.unwrap_or_else(|| "–".to_owned()));
    (arrow(&Two { before, after }, String::clone), demanded)
}

fn ground(told: &Against) -> Grid {
    let heads = [
        "public ground, m²",
        "before#",
        "gained#",
        "lost#",
        "after#",
        "only old ground#",
        "only new ground#",
    ];
    let mut grid = Grid::new("Ground", &heads);
    let mut put = |what: String, seen: &SeenChange| {
        let figures = [
            seen.before_m2,
            seen.gained_m2,
            -seen.lost_m2,
            seen.after_m2,
            -seen.vanished_m2,
            seen.appeared_m2,
        ];
        grid.row("", std::iter::once(what).chain(figures.map(|m2| format!("{:.2}", m2 + 0.0))));
    };
    let lights = [("by day", &told.day), ("by night", &told.night)];
    for (light, sight) in lights {
        sight.seen.iter().for_each(|(height, seen)| put(format!("covered {light}, at {height} m"), seen));
    }
    for (light, sight) in lights {
        for (edition, heights) in &sight.coverage {
            for (height, classes) in heights {
                for (class, seen) in classes
                    .iter()
                    .filter(|(_, s)| s.gained_m2 + s.lost_m2 + s.appeared_m2 + s.vanished_m2 > 0.0)
                {
                    put(format!("{edition} {class} {light}, at {height} m"), seen);
                }
            }
        }
    }
    grid
}

fn money(told: &Against) -> Grid {
    let mut grid = Grid::new("Price", &["device", "what", "yuan#"]).from(&told.money.label);
    for item in &told.money.bill {
        grid.row("", [item.id.clone(), item.what.clone(), thousands(item.yuan)]);
    }
    told.money
        .unpriced
        .iter()
        .for_each(|what| grid.row("", [what.clone(), "has no price".into(), "–".into()]));
    grid.noted(format!("Prices of {}.", told.money.dated))
}

fn gaps(light: &str, sight: &Sight) -> Grid {
    let changed = &sight.gaps.changed;
    let count = |outcome: Outcome| changed.iter().filter(|g| g.outcome == outcome).count();
    let note = format!(
        "{} closed, {} opened, {} smaller, {} larger, {} elsewhere; {} as they were. All gaps, both heights together: {:.2} → {:.2} m².",
        count(Outcome::Closed),
        count(Outcome::Opened),
        count(Outcome::Shrunk),
        count(Outcome::Grown),
        count(Outcome::Moved),
        sight.gaps.unchanged,
        sight.gaps.area_m2.before,
        sight.gaps.area_m2.after
    );
    let heads = ["gap", "at m#", "before m²#", "after m²#", "change m²#", "pieces", "why"];
    let mut grid = Grid::new(format!("Gaps {light}"), &heads).noted(note);
    changed.iter().for_each(|change| gap(&mut grid, change));
    grid
}

fn gap(grid: &mut Grid, gap: &GapChange) {
    let (tone, word) = match gap.outcome {
        Outcome::Closed => ("good", "closed"),
        Outcome::Opened => ("bad", "opened"),
        Outcome::Shrunk => ("", "smaller"),
        Outcome::Grown => ("", "larger"),
        Outcome::Moved => ("", "elsewhere"),
    };
    let why = |why: &Why| {
        let by = why.culprit.as_ref().map_or_else(String::new, |c| format!(" ({c})"));
        format!("{}{by}", words::reason(why.reason).english)
    };
    let area = gap.area_m2;
    grid.row(
        tone,
        [
            word.to_owned(),
            gap.height_m.to_string(),
            format!("{:.2}", area.before),
            format!("{:.2}", area.after),
            format!("{:+.2}", area.after - area.before),
            arrow(&gap.pieces, usize::to_string),
            gap.why.after.as_ref().or(gap.why.before.as_ref()).map(why).unwrap_or_default(),
        ],
    );
}

fn perimeter(told: &Against) -> Grid {
    let rim = &told.perimeter;
    let note = format!(
        "{}. Guarded {} m, open {} m.",
        arrow(&rim.status, String::clone),
        arrow(&rim.guarded_m, |m| format!("{m:.1}")),
        arrow(&rim.open_m, |m| format!("{m:.1}")),
    );
    let mut grid =
        Grid::new("Perimeter", &["stretch", "wall", "from m#", "to m#", "length m#", "zones"]).noted(note);
    for held in &rim.stretches {
        let [from, to] = held.along_m;
        let (tone, word) =
            if held.turn == Turn::Gained { ("good", "guarded now") } else { ("bad", "open now") };
        let beams: Vec<&str> = held.beams.iter().map(|b| b.as_str()).collect();
        let metres = [from, to, to - from].map(|m| format!("{m:.1}"));
        let names = [word.to_owned(), held.wall.to_string()];
        grid.row(tone, names.into_iter().chain(metres).chain([beams.join(", ")]));
    }
    grid
}

fn status(status: &Status) -> String {
    let word = match status {
        Status::Pass => "pass",
        Status::Fail => "fail",
        Status::NotAssessable => "not assessable",
        Status::NotApplicable => "not applicable",
    };
    word.to_owned()
}

fn rules(rules: &[RuleChange]) -> Grid {
    let heads = ["no.", "outcome", "what it asks for", "measured#", "demanded#", "unit", "clause"];
    let mut grid = Grid::new("Rules", &heads);
    for rule in rules {
        let tone = match (rule.status.before, rule.status.after) {
            (_, Status::Fail) if rule.status.differs() => "bad",
            (Status::Fail, _) if rule.status.differs() => "good",
            _ => "",
        };
        let outcome = if rule.status.differs() {
            arrow(&rule.status, status)
        } else {
            format!("still {}", status(&rule.status.after))
        };
        let (measured, demanded) = figures(&rule.measured, Some(&rule.demanded));
        grid.row(
            tone,
            [
                rule.id.clone(),
                outcome,
                format!("{} {}", rule.title, rule.title_zh),
                measured,
                demanded,
                rule.unit.clone(),
                rule.clause.clone(),
            ],
        );
    }
    grid
}

fn tiers(tiers: &[TierChange]) -> Grid {
    let heads = ["tier", "what is asked for", "found#", "asked for#", "outcome"];
    let mut grid = Grid::new("Tiers", &heads).from("counted; counts asked for assumed");
    for tier in tiers {
        for item in &tier.items {
            let word = |s: &Option<Status>| s.as_ref().map_or_else(|| "–".into(), status);
            let (found, demanded) = figures(&item.found, Some(&item.demanded));
            let name = format!("{} {}", tier.name, tier.name_zh);
            grid.row("", [name, item.title.clone(), found, demanded, arrow(&item.status, word)]);
        }
    }
    grid
}

/// Beams, facades, privacy and street cells, a row each.
fn other(told: &Against) -> Grid {
    let mut grid = Grid::new("Beams, facades, privacy, street cells", &["what", "before → after"]);
    let share = |x: &Option<f64>| x.map_or_else(|| "–".to_owned(), percent);
    for zone in &told.beams {
        grid.row("", [format!("{}: length, m", zone.beam), figures(&zone.length_m, None).0]);
        grid.row("", [format!("{}: crossings missed", zone.beam), arrow(&zone.miss, share)]);
        grid.row("", [format!("{}: false alarms a day", zone.beam), figures(&zone.false_alarms, None).0]);
    }
    for building in &told.facade.buildings {
        let seen = Two {
            before: (building.seen.before, building.windows.before),
            after: (building.seen.after, building.windows.after),
        };
        let what = format!("{}: windows that facade cameras see", building.building);
        grid.row("", [what, arrow(&seen, |(seen, all)| format!("{seen} of {all}"))]);
        let what = format!("{}: those of them by night", building.building);
        grid.row("", [what, arrow(&building.seen_by_night, ToString::to_string)]);
    }
    for camera in &told.privacy.cameras {
        let what = format!("{}: windows of dwellings that it shows, m²", camera.camera);
        grid.row("", [what, arrow(&camera.private_m2, |m2| format!("{m2:.1}"))]);
    }
    for cell in &told.cells {
        grid.row("", [format!("{}: seen by cameras and posts", cell.id), arrow(&cell.seen, share)]);
        grid.row("", [format!("{}: the same by night", cell.id), arrow(&cell.seen_night, share)]);
        grid.row("", [format!("{}: guard there after, s", cell.id), figures(&cell.longest_s, None).0]);
    }
    grid
}

fn fate(fate: Fate) -> String {
    let word = match fate {
        Fate::Added => "new",
        Fate::Removed => "gone",
        Fate::Changed => "changed",
    };
    word.to_owned()
}

fn devices(told: &Against) -> Grid {
    let mut grid = Grid::new("Kit", &["row", "what", "table", "keys"]);
    for device in &told.devices {
        grid.row("", [device.id.to_string(), fate(device.fate), device.table.clone(), keys(device)]);
    }
    grid
}

fn keys(device: &DeviceChange) -> String {
    let keys = device.keys.iter().map(|k| format!("{} {}", k.key, arrow(&k.value, ToString::to_string)));
    keys.collect::<Vec<_>>().join("; ")
}

fn things(told: &Against) -> Grid {
    let mut grid = Grid::new("Site", &["what stands there", "name", "what became of it"]);
    for thing in &told.things {
        grid.row("", [thing.kind.clone(), thing.id.to_string(), fate(thing.fate)]);
    }
    grid
}
