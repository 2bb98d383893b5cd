//! A plan against an older one: what was gained and lost, and what it costs, the most important first.

use std::fmt::Write as _;

use palisade_sim::analysis::against::{
    Against, DeviceChange, Fate, GapChange, KeyChange, Outcome, RuleChange, SeenChange, Sight, TierChange,
    Turn, Two, Why,
};
use palisade_sim::analysis::rules::Status;
use palisade_sim::words::apart;

use super::{SHOWN, thousands};

/// Tells the comparison; what did not change has no line.
pub(super) fn table(told: &Against) -> String {
    let id = |digest: &str| digest.chars().take(12).collect::<String>();
    let plans = &told.plans;
    let mut out = format!(
        "{} ({}) against {} ({}): {}, {} m².\n",
        plans.after.scenario,
        id(&plans.after.digest),
        plans.before.scenario,
        id(&plans.before.digest),
        told.ground.how,
        thousands(told.ground.common_m2),
    );
    if told.ground.only_before_m2 + told.ground.only_after_m2 > 0.0 {
        let (before, after) = (told.ground.only_before_m2, told.ground.only_after_m2);
        let _ = writeln!(
            out,
            "  ground of the old plan alone {before:.2} m², of the new one alone {after:.2} m²"
        );
    }
    told.notes.iter().for_each(|note| out += &format!("  note: {note}\n"));
    out += &price(told);
    out += &ground(told);
    out += &gaps("by day", &told.day);
    out += &gaps("by night", &told.night);
    out += &perimeter(told);
    out += &rules(&told.rules);
    told.tiers.iter().for_each(|tier| out += &one_tier(tier));
    out += &rest(told);
    out + &devices(told)
}

fn price(told: &Against) -> String {
    let money = &told.money;
    let each = |yuan: Option<f64>| yuan.map_or_else(|| "-".into(), |yuan| format!("{yuan:.2}"));
    let mut out = format!(
        "\nPrice of the change: {} yuan ({}, {}); {} yuan for each m² gained, {} for each m² gained beyond what is lost.\n",
        thousands(money.yuan),
        money.label,
        money.dated,
        each(money.yuan_per_m2_gained),
        each(money.yuan_per_m2_net),
    );
    for item in &money.bill {
        let _ = writeln!(out, "{:>10} yuan  {}: {}", thousands(item.yuan), item.id, item.what);
    }
    for what in &money.unpriced {
        let _ = writeln!(out, "     no price  {what}");
    }
    out
}

fn ground(told: &Against) -> String {
    let mut out =
        String::from("\nGround (computed), m²            before     gained       lost      after\n");
    for (light, sight) in [("by day", &told.day), ("by night", &told.night)] {
        for (height, seen) in &sight.seen {
            row(&mut out, &format!("covered {light}, {height} m"), seen);
        }
    }
    let standing =
        told.day.coverage.iter().filter_map(|(edition, heights)| Some((edition, heights.last_key_value()?)));
    for (edition, (height, classes)) in standing {
        let mut changed: Vec<(&String, &SeenChange)> = classes.iter().filter(|(_, s)| moves(s)).collect();
        changed.sort_by(|a, b| b.1.before_m2.total_cmp(&a.1.before_m2));
        changed
            .iter()
            .for_each(|(class, seen)| row(&mut out, &format!("{edition} {class}, {height} m"), seen));
    }
    out
}

fn moves(seen: &SeenChange) -> bool {
    [seen.gained_m2, seen.lost_m2, seen.appeared_m2, seen.vanished_m2].iter().any(|m2| *m2 > 0.0)
}

fn row(out: &mut String, what: &str, seen: &SeenChange) {
    let _ = writeln!(
        out,
        "  {what:<26}{:>11.2}{:>+11.2}{:>+11.2}{:>11.2}{}",
        seen.before_m2,
        seen.gained_m2,
        -seen.lost_m2,
        seen.after_m2,
        elsewhere(seen),
    );
}

/// Ground that only one plan has, where there is any.
fn elsewhere(seen: &SeenChange) -> String {
    if seen.appeared_m2 + seen.vanished_m2 == 0.0 {
        return String::new();
    }
    format!("  of ground of one plan alone {:+.2} {:+.2}", seen.appeared_m2, -seen.vanished_m2)
}

const OUTCOMES: [Outcome; 5] =
    [Outcome::Closed, Outcome::Opened, Outcome::Shrunk, Outcome::Grown, Outcome::Moved];

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Closed => "closed",
        Outcome::Opened => "opened",
        Outcome::Shrunk => "shrunk",
        Outcome::Grown => "grown",
        Outcome::Moved => "moved",
    }
}

fn gaps(light: &str, sight: &Sight) -> String {
    let gaps = &sight.gaps;
    let count = |outcome: Outcome| gaps.changed.iter().filter(|g| g.outcome == outcome).count();
    let counted = OUTCOMES.map(|outcome| format!("{} {}", count(outcome), word(outcome)));
    let mut out = format!(
        "\nGaps {light}: {}, {} as they were; {:.2} m² -> {:.2} m², both heights together.\n",
        counted.join(", "),
        gaps.unchanged,
        gaps.area_m2.before,
        gaps.area_m2.after
    );
    for gap in gaps.changed.iter().take(SHOWN) {
        let _ = writeln!(out, "  {}", one_gap(gap));
    }
    out
}

fn one_gap(gap: &GapChange) -> String {
    let reason = |why: &Why| {
        let by = why.culprit.as_ref().map_or_else(String::new, |c| format!(" ({c})"));
        format!("{}{by}", super::coverage::words(why.reason))
    };
    let why = gap.why.after.as_ref().or(gap.why.before.as_ref()).map(reason).unwrap_or_default();
    let outcome = word(gap.outcome);
    let pieces =
        if gap.pieces.after > 1 { format!(" in {} pieces", gap.pieces.after) } else { String::new() };
    format!(
        "{:>+10.2} m²  {outcome:<7} {:.2} -> {:.2} m²{pieces} at {} m: {why}",
        gap.area_m2.after - gap.area_m2.before,
        gap.area_m2.before,
        gap.area_m2.after,
        gap.height_m,
    )
}

fn perimeter(told: &Against) -> String {
    let rim = &told.perimeter;
    if !rim.status.differs() && rim.stretches.is_empty() && !rim.guarded_m.differs() {
        return String::new();
    }
    let mut out = format!(
        "\nPerimeter: {} -> {}; guarded {} m (gained {:.1}, lost {:.1}), open {} m.\n",
        rim.status.before,
        rim.status.after,
        arrow(&rim.guarded_m, |m| format!("{m:.1}")),
        rim.gained_m + rim.appeared_m,
        rim.lost_m + rim.vanished_m,
        arrow(&rim.open_m, |m| format!("{m:.1}")),
    );
    for held in rim.stretches.iter().take(SHOWN) {
        let [from, to] = held.along_m;
        let word = if held.turn == Turn::Gained { "gained" } else { "lost" };
        let beams: Vec<&str> = held.beams.iter().map(|b| b.as_str()).collect();
        let _ = writeln!(
            out,
            "  {word:<7}{:>8.1} m of {} from {from:.1} m ({})",
            to - from,
            held.wall,
            beams.join(", ")
        );
    }
    out
}

fn arrow<T>(two: &Two<T>, word: impl Fn(&T) -> String) -> String {
    format!("{} -> {}", word(&two.before), word(&two.after))
}

/// Before, after and what is demanded, where that is known.
fn figures(found: &Two<Option<f64>>, demanded: Option<&Two<Option<f64>>>) -> (String, String) {
    let demanded = demanded.and_then(|demanded| demanded.after.or(demanded.before));
    let [before, after, demanded] =
        apart([found.before, found.after, demanded]).map(|x| x.unwrap_or_else(|| "-".to_owned()));
    (arrow(&Two { before, after }, String::clone), demanded)
}

/// Before and after, in times of what it was counted in.
fn alone(found: &Two<Option<f64>>, times: f64) -> String {
    let scaled = Two { before: found.before.map(|x| x * times), after: found.after.map(|x| x * times) };
    figures(&scaled, None).0
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Pass => "pass",
        Status::Fail => "FAIL",
        Status::NotAssessable => "not assessable",
        Status::NotApplicable => "not applicable",
    }
}

fn rules(rules: &[RuleChange]) -> String {
    if rules.is_empty() {
        return String::new();
    }
    let (turned, measured): (Vec<&RuleChange>, Vec<&RuleChange>) =
        rules.iter().partition(|r| r.status.differs());
    let mut out = format!(
        "\nRules: {} came out otherwise, {} more measured otherwise.\n",
        turned.len(),
        measured.len()
    );
    for rule in turned.into_iter().chain(measured.into_iter().take(SHOWN)) {
        let outcome = if rule.status.differs() {
            arrow(&rule.status, |s| status(*s).to_owned())
        } else {
            format!("still {}", status(rule.status.after))
        };
        let (measured, demanded) = figures(&rule.measured, Some(&rule.demanded));
        let _ = writeln!(
            out,
            "  {outcome}  {} {}\n            {measured} {} where {demanded} is demanded; {}",
            rule.id, rule.title, rule.unit, rule.clause,
        );
    }
    out
}

fn one_tier(tier: &TierChange) -> String {
    let met = |met: &Option<bool>| match met {
        Some(true) => "met".to_owned(),
        Some(false) => "not met".to_owned(),
        None => "not for this kind of compound".to_owned(),
    };
    let mut out = format!(
        "\nTier {} {}: {}; to it {} yuan (assumed).\n",
        tier.name,
        tier.name_zh,
        if tier.met.differs() { arrow(&tier.met, met) } else { format!("still {}", met(&tier.met.after)) },
        arrow(&tier.cost_yuan, |y| y.map_or_else(|| "-".into(), thousands)),
    );
    for item in &tier.items {
        let (found, demanded) = figures(&item.found, Some(&item.demanded));
        let outcome = arrow(&item.status, |s| s.map_or("-", status).to_owned());
        let _ = writeln!(out, "  {}: {found} of {demanded}, {outcome}", item.title);
    }
    out
}

/// Beams, facades, privacy and street cells, a line each.
fn rest(told: &Against) -> String {
    let mut out = String::new();
    let turned = told.beams.iter().filter(|z| z.miss.differs() || z.false_alarms.differs());
    for zone in turned.take(SHOWN) {
        let percent = |x: &Option<f64>| x.map_or_else(|| "-".into(), |x| format!("{:.1} %", 100.0 * x));
        let _ = writeln!(
            out,
            "  {}: missed {}, false alarms a day {}",
            zone.beam,
            arrow(&zone.miss, percent),
            arrow(&zone.false_alarms, |x| x.map_or_else(|| "-".into(), |x| format!("{x:.2}")))
        );
    }
    if told.facade.seen.differs() || told.facade.windows.differs() {
        let (windows, seen) = (&told.facade.windows, &told.facade.seen);
        let share = Two { before: (seen.before, windows.before), after: (seen.after, windows.after) };
        let _ = writeln!(
            out,
            "  facades: windows seen {}",
            arrow(&share, |(seen, all)| format!(
                "{seen} of {all} ({:.1} %)",
                100.0 * *seen as f64 / (*all).max(1) as f64
            ))
        );
    }
    if told.facade.seen_by_night.differs() {
        let line = arrow(&told.facade.seen_by_night, ToString::to_string);
        let _ = writeln!(out, "  facades: windows seen by night {line}");
    }
    if told.privacy.private_m2.differs() {
        let (shown, error) = (&told.privacy.private_m2, &told.privacy.error_m2);
        let both = Two { before: (shown.before, error.before), after: (shown.after, error.after) };
        let line = arrow(&both, |(m2, error)| format!("{m2:.1} ± {error:.1} m²"));
        let _ = writeln!(out, "  privacy: cameras show of dwellings' windows {line}");
    }
    for cell in &told.cells {
        let _ = writeln!(
            out,
            "  street cell {}: seen {} %, by night {} %, guard there after {} s",
            cell.id,
            alone(&cell.seen, 100.0),
            alone(&cell.seen_night, 100.0),
            alone(&cell.longest_s, 1.0)
        );
    }
    if out.is_empty() { out } else { format!("\nBeams, facades, privacy, cells:\n{out}") }
}

fn devices(told: &Against) -> String {
    let site = match told.things.len() {
        0 => String::new(),
        things => format!("; site: {}", differ(things, "thing")),
    };
    let mut out = format!("\nKit: {}{site}.\n", differ(told.devices.len(), "row"));
    for device in told.devices.iter().take(2 * SHOWN) {
        let _ = writeln!(out, "  {}", one_device(device));
    }
    for thing in told.things.iter().take(SHOWN) {
        let _ = writeln!(out, "  {:<8} {} {}", fate(thing.fate), thing.kind, thing.id);
    }
    out
}

fn differ(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what} differs") } else { format!("{count} {what}s differ") }
}

fn fate(fate: Fate) -> &'static str {
    match fate {
        Fate::Added => "added",
        Fate::Removed => "removed",
        Fate::Changed => "changed",
    }
}

fn one_device(device: &DeviceChange) -> String {
    let key = |k: &KeyChange| format!("{} {}", k.key, arrow(&k.value, ToString::to_string));
    let keys: Vec<String> = device.keys.iter().map(key).collect();
    let keys = if keys.is_empty() { String::new() } else { format!(": {}", keys.join(", ")) };
    format!("{:<8} {} {}{keys}", fate(device.fate), device.table, device.id)
}
