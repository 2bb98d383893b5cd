//! What to do first, what-if, facades, privacy, beams, tiers and street cells as tables.

use palisade_layout::analysis::PlanReport;
use palisade_layout::analysis::answer::{Fix, Measure};
use palisade_layout::analysis::cells::walk_m_s;
use palisade_layout::analysis::rules::Status;
use palisade_layout::analysis::what_if::{Asked, Loss, Suffers};
use palisade_layout::words::Id;

use super::grid::Grid;
use crate::words::{percent, thousands};

/// Each answer that holds anything.
pub(super) fn grids(report: &PlanReport) -> Vec<Grid> {
    let mut all = vec![
        measures(&report.answer.measures),
        cheapest(&report.answer.cheapest),
        what_if(&report.what_if, &report.what_if_asked),
        windows(report),
        facade_cameras(report),
        detection(report),
        privacy(report),
        beams(report),
    ];
    all.extend(tiers(report));
    all.push(cells(report));
    all.into_iter().filter_map(Grid::filled).collect()
}

fn metres(m: f64) -> String {
    format!("{m:.1}")
}

/// Ground gained less lost, by day and by night, both heights together.
fn net(fix: &Fix) -> [String; 2] {
    [fix.gains_m2 - fix.loses_m2, fix.gains_night_m2 - fix.loses_night_m2].map(thousands)
}

fn measures(all: &[Measure]) -> Grid {
    let heads = ["what to do", "yuan#", "yuan in all#", "m² by day#", "m² by night#", "open after, m²#"];
    let mut grid = Grid::new("What to do first", &heads).noted(
        "One after the other: each is the one that shows most ground for its price after those before it, and no rule that is \
         met falls by it. Areas of both heights are computed by trying it; where prices are from stands beside them in report.json."
            .to_owned(),
    );
    for measure in all {
        let [day, night] = net(&measure.fix);
        let sums = [measure.total_yuan, measure.open_m2].map(thousands);
        let [in_all, open] = sums;
        let row = [measure.fix.what.clone(), thousands(measure.fix.cost_yuan), in_all, day, night, open];
        grid.row("", row);
    }
    grid
}

fn cheapest(all: &[Fix]) -> Grid {
    let heads = ["what to do", "yuan#", "m² by day#", "m² by night#"];
    let mut grid = Grid::new("Cheapest measures", &heads).noted(
        "Each by itself; no rule that is met falls by it. Areas of both heights are computed by trying it."
            .to_owned(),
    );
    for fix in all {
        let [day, night] = net(fix);
        grid.row("", [fix.what.clone(), thousands(fix.cost_yuan), day, night]);
    }
    grid
}

fn what_if(all: &[Suffers], asked: &[Asked]) -> Grid {
    let heads = ["what goes wrong", "sort", "worst share %#", "of what", "what suffers", "rules that fall"];
    let of = |sort: &Asked| match sort.there {
        Some(there) => format!("{} {} of {there}", sort.what, sort.asked),
        None => format!("{} {} draws", sort.what, sort.asked),
    };
    let worst = |sort: &Asked| all.iter().find(|s| s.sort() == sort.what);
    let worst = asked.iter().filter_map(worst);
    let worst: Vec<String> =
        worst.map(|s| format!("{} ({:.1} %)", s.name, 100.0 * s.worst_share())).collect();
    let note = format!(
        "{} variants, one change at a time, the worst first: by the largest share that is lost of anything that the layout does \
         today. The worst of each sort: {}. Tried: {}.",
        all.len(),
        worst.join("; "),
        asked.iter().map(of).collect::<Vec<_>>().join(", ")
    );
    let mut grid = Grid::new("What if", &heads).noted(note);
    for suffers in all {
        let tone = if suffers.rules_lost.is_empty() { "" } else { "bad" };
        let lost: Vec<String> = suffers.losses.iter().map(loss).collect();
        grid.row(
            tone,
            [
                suffers.name.clone(),
                suffers.sort(),
                format!("{:.1}", 100.0 * suffers.worst_share()),
                suffers.worst().map_or("nothing", |loss| loss.measure.words()).to_owned(),
                lost.join("; "),
                suffers.rules_lost.join(", "),
            ],
        );
    }
    grid
}

/// `ground seen by day: 1,240 less of 12,400 m²`, with names where there are any.
fn loss(loss: &Loss) -> String {
    let (amount, way) = (loss.lost.abs(), if loss.lost < 0.0 { "more" } else { "less" });
    let figure =
        |value: f64| if value < 100.0 && value.fract() != 0.0 { metres(value) } else { thousands(value) };
    let names = if loss.named.is_empty() { String::new() } else { format!(" ({})", loss.named.join(", ")) };
    let text = format!(
        "{}: {} {way} than {} {}",
        loss.measure.words(),
        figure(amount),
        figure(loss.of),
        loss.measure.unit()
    );
    text.trim_end().to_owned() + &names
}

fn windows(report: &PlanReport) -> Grid {
    let mut grid = Grid::new(
        "Facades",
        &[
            "building",
            "windows#",
            "seen#",
            "share#",
            "by night#",
            "falls on enough frames#",
            "facade cameras",
            "by face: seen of windows",
        ],
    );
    for building in &report.facade.buildings {
        let face =
            |f: &palisade_layout::analysis::facade::Face| format!("{} {} of {}", f.face, f.seen, f.windows);
        let faces: Vec<String> = building.faces.iter().map(face).collect();
        let cameras: Vec<&str> = building.cameras.iter().map(|c| c.as_str()).collect();
        grid.row(
            if building.seen == 0 { "bad" } else { "" },
            [
                building.building.to_string(),
                building.windows.to_string(),
                building.seen.to_string(),
                percent(building.seen as f64 / building.windows.max(1) as f64),
                percent(building.seen_by_night as f64 / building.windows.max(1) as f64),
                building.traced.to_string(),
                cameras.join(", "),
                faces.join(", "),
            ],
        );
    }
    let assumed = report.facade.assumed;
    let [wide, high] = assumed.window_m;
    grid.noted(format!(
        "A window counts as seen when an object of {:.2} m before it is at least {} px across. Assumed: windows of {wide} × {high} m every {} m; {} frames make a fall; by night a camera needs {} lx.",
        assumed.object_m, assumed.least_px, assumed.window_pitch_m, assumed.enough_frames, assumed.min_lux
    ))
}

fn facade_cameras(report: &PlanReport) -> Grid {
    let heads = [
        "facade camera",
        "building",
        "windows#",
        "seen#",
        "by night#",
        "off the picture#",
        "hidden#",
        "too small#",
        "finds from m#",
    ];
    let mut grid = Grid::new("Facade cameras", &heads);
    for camera in &report.facade.cameras {
        let unseen = camera.unseen;
        let counts = [
            camera.windows,
            camera.seen,
            camera.seen_by_night,
            unseen.outside,
            unseen.hidden,
            unseen.too_small,
        ];
        let names = [camera.camera.to_string(), camera.building.to_string()];
        let finds = [format!("{:.2}", camera.smallest_m)];
        grid.row("", names.into_iter().chain(counts.map(|n| n.to_string())).chain(finds));
    }
    grid
}

fn detection(report: &PlanReport) -> Grid {
    let answer = &report.detection;
    let note = format!(
        "{} of {} charging sockets have a fire detector near enough. Assumed: a smoke detector protects {} m in plan, a heat detector {} m.",
        answer.detected(),
        answer.sockets(),
        answer.smoke_radius_m,
        answer.heat_radius_m
    );
    let mut grid =
        Grid::new("Fire detection", &["charger", "sockets#", "with a detector#", "detectors"]).noted(note);
    for charger in &answer.chargers {
        let detectors: Vec<&str> = charger.detectors.iter().map(Id::as_str).collect();
        let tone = if charger.detected < charger.sockets { "bad" } else { "" };
        let counts = [charger.sockets, charger.detected].map(|n| n.to_string());
        let [sockets, detected] = counts;
        grid.row(tone, [charger.charger.to_string(), sockets, detected, detectors.join(", ")]);
    }
    grid
}

fn privacy(report: &PlanReport) -> Grid {
    let answer = &report.privacy;
    let heads = [
        "camera",
        "windows#",
        "shows m²#",
        "± m²#",
        "best px/m#",
        "mask of picture#",
        "mask costs m² of ground#",
    ];
    let mut grid = Grid::new("Privacy", &heads).noted(format!(
        "Windows of dwellings shown at {} px/m or more: {:.1} ± {:.1} m². Masks for all of them would cost {:.1} m² of public ground.",
        answer.from_px_per_m, answer.private_m2, answer.error_m2, answer.lost_ground_m2
    ));
    for camera in &answer.cameras {
        grid.row(
            "",
            [
                camera.camera.to_string(),
                camera.windows.to_string(),
                metres(camera.private_m2),
                metres(camera.error_m2),
                format!("{:.0}", camera.best_px_per_m),
                percent(camera.masked_share),
                metres(camera.lost_ground_m2),
            ],
        );
    }
    grid
}

fn beams(report: &PlanReport) -> Grid {
    let heads = [
        "zone",
        "wall",
        "length m#",
        "missed#",
        "false a day#",
        "passes under m#",
        "over m#",
        "too fast m/s#",
        "margin dB#",
        "down in fog of m#",
        "remark",
    ];
    let mut grid =
        Grid::new("Beams", &heads).from("computed from assumed bodies, ways, optics and nuisances");
    for zone in &report.beams.zones {
        let fog = zone.link.down_at_visibility_m.map_or_else(|| "any".to_owned(), |m| format!("{m:.0}"));
        grid.row(
            if zone.dead.is_some() { "bad" } else { "" },
            [
                zone.beam.to_string(),
                zone.wall.to_string(),
                metres(zone.length_m),
                percent(zone.miss),
                format!("{:.2}", zone.false_alarms),
                format!("{:.2}", zone.passes_under_m),
                format!("{:.2}", zone.passes_over_m),
                metres(zone.fastest_m_s),
                metres(zone.link.margin_db),
                fog,
                zone.dead.clone().unwrap_or_default(),
            ],
        );
    }
    grid
}

fn tiers(report: &PlanReport) -> Vec<Grid> {
    let tier = |tier: &palisade_layout::analysis::tiers::TierAnswer| {
        let title =
            format!("Tier {} {}: {}", tier.name, tier.name_zh, if tier.met { "met" } else { "not met" });
        let heads = [
            "system#",
            "what is asked for",
            "内容",
            "outcome",
            "found#",
            "asked for#",
            "unit",
            "yuan to it#",
        ];
        let mut grid = Grid::new(title, &heads).from("counted; counts asked for and prices assumed");
        for item in &tier.items {
            let (tone, outcome) = match item.status {
                Status::Pass => ("", "met"),
                Status::Fail => ("bad", "not met"),
                Status::NotAssessable => ("", "not assessable"),
                Status::NotApplicable => ("", "nothing here"),
            };
            let names =
                [item.system.to_string(), item.title.clone(), item.title_zh.clone(), outcome.to_owned()];
            let figures = [
                thousands(item.found),
                thousands(item.demanded),
                item.unit.clone(),
                thousands(item.cost_yuan),
            ];
            grid.row(tone, names.into_iter().chain(figures));
        }
        let price = format!("About {} yuan to it; dated {}.", thousands(tier.cost_yuan), tier.dated);
        grid.noted(if tier.met { format!("Dated {}.", tier.dated) } else { price })
    };
    report.tiers.iter().map(tier).collect()
}

fn cells(report: &PlanReport) -> Grid {
    let heads = [
        "cell",
        "guard",
        "on duty",
        "m²#",
        "seen by cameras#",
        "by cameras and posts#",
        "cameras by night#",
        "both by night#",
        "there after s, middle / farthest#",
        "problems",
    ];
    let mut grid = Grid::new("Street cells", &heads)
        .noted(format!("The guard walks at an assumed pace of {} m/s.", walk_m_s()));
    for cell in &report.answer.cells {
        let walk = cell.response.as_ref().map(|r| format!("{:.0} / {:.0}", r.median_s, r.longest_s));
        grid.row(
            if cell.problems.is_empty() { "" } else { "bad" },
            [
                cell.id.to_string(),
                cell.guard.to_string(),
                cell.on_duty.clone(),
                thousands(cell.area_m2),
                percent(cell.seen_by_cameras),
                percent(cell.seen),
                percent(cell.seen_by_cameras_night),
                percent(cell.seen_night),
                walk.unwrap_or_else(|| "no way".into()),
                cell.problems.join(" "),
            ],
        );
    }
    grid
}
