use super::*;
use crate::analysis::fixes::guard::harms;
use crate::analysis::rules::{Finding, Status, assess};
use crate::analysis::{plan_with, sample};
use crate::model::kit::Kit;
use crate::model::site::{Lamp, Path, PathFor, WallKind};

struct Planned {
    layout: Scenario,
    caster: Caster,
    views: Views,
    plan: PlanAnswer,
    rules: Vec<Finding>,
}

fn planned(mut layout: Scenario, book: &RuleBook) -> Planned {
    layout.devices = devices(&layout.file, &layout.site);
    let caster = Caster::of(&layout);
    let views = Views::of(&layout, &caster);
    let plan = plan_with(&layout, &caster, &views);
    let rules = assess(book, &layout, (&caster, &views), &plan, None);
    Planned { layout, caster, views, plan, rules }
}

fn open_m2(plan: &PlanAnswer) -> [f64; 2] {
    [(&plan.gaps, plan.small_gaps), (&plan.gaps_night, plan.small_gaps_night)]
        .map(|(gaps, small)| gaps.iter().map(|gap| gap.area_m2).sum::<f64>() + small.area_m2)
}

/// Looks for repairs, makes each of them, and plans again from nothing: every promise must hold. Returns the repairs.
fn kept_promises(layout: Scenario) -> Vec<Repair> {
    let (book, prices) = (RuleBook::residential().expect("rules"), Prices::shipped().expect("prices"));
    let old = planned(layout, &book);
    let about = (&old.layout, &old.caster, &old.views);
    let found = repairs(about, (&book, &prices), &old.plan, 2);
    assert!(found.is_sorted_by(|a, b| a.cost_yuan <= b.cost_yuan));
    assert_eq!(found, repairs(about, (&book, &prices), &old.plan, 1), "the same on one thread and on two");
    // Every gap and every hole has a repair or a reason.
    let mut perimeter = Perimeter { repairs: found.clone(), ..old.plan.perimeter.clone() };
    perimeter.unrepaired = unrepaired(&old.layout, &perimeter, &book);
    let mut left: Vec<(Option<usize>, Option<usize>)> =
        perimeter.unrepaired.iter().map(|place| (place.gap, place.hole)).collect();
    for repair in &found {
        left.extend(repair.gaps.iter().map(|gap| (Some(*gap), None)));
        left.extend(repair.hole.map(|hole| (None, Some(hole))));
    }
    left.sort_unstable();
    let holes = (0..perimeter.unwalled.len()).map(|hole| (None, Some(hole)));
    let all: Vec<_> = holes.chain((0..perimeter.gaps.len()).map(|gap| (Some(gap), None))).collect();
    assert_eq!(left, all);
    let told_m: f64 = perimeter.unrepaired_by_why().iter().map(|(_, _, m)| m).sum();
    assert!(told_m <= perimeter.open_m() + 1e-6);
    for repair in &found {
        let told = serde_json::to_string(repair).expect("JSON");
        assert_eq!(&serde_json::from_str::<Repair>(&told).expect("a repair"), repair);
        let new = planned(made(&old.layout, repair), &book);
        let closed_m = old.plan.perimeter.open_m() - new.plan.perimeter.open_m();
        assert!((closed_m - repair.closes_m).abs() < 1e-6, "{} closes {closed_m} m", repair.what);
        assert_eq!(total(&bill(&old.layout, &new.layout, &prices)), repair.cost_yuan, "{}", repair.what);
        assert_eq!(total(&repair.bill), repair.cost_yuan);
        let ([day, night], [then, then_night]) = (open_m2(&old.plan), open_m2(&new.plan));
        assert_eq!(then, day - repair.gains_m2 + repair.loses_m2, "{}", repair.what);
        assert_eq!(then_night, night - repair.gains_night_m2 + repair.loses_night_m2, "{}", repair.what);
        for ((was, is), rule) in old.rules.iter().zip(&new.rules).zip(&book.rules) {
            // What is open is told by metres and places: a gap that becomes shorter has another name.
            let whole = matches!(rule.check, Check::PerimeterContinuous {} | Check::BarrierClosed {});
            let fallen = if whole {
                was.is_lost(is) || is.measured > was.measured
            } else {
                harms(&rule.check, was, is)
            };
            assert!(!fallen, "{}: {was:#?} {is:#?}", repair.what);
        }
    }
    found
}

/// Lamps in a row: bright enough for any camera, or the rule about the scene's light would forbid a first one.
fn lamps(long_m: f64, north_m: f64) -> Vec<Lamp> {
    let lamp = |i: i32| {
        let at = geo::Coord { x: 10.0 + 20.0 * f64::from(i), y: north_m };
        Lamp { id: format!("l{i}").as_str().into(), at, height_m: 6.0, flux_lm: 20_000.0 }
    };
    (0..(long_m / 20.0) as i32).map(lamp).collect()
}

/// A lit yard of 160 × 50 m with a wall round it.
fn yard(beams: Vec<Beam>) -> Scenario {
    let mut site = sample::bare(0.0, 0.0, 160.0, 50.0);
    let corners = [(0.0, 0.0), (160.0, 0.0), (160.0, 50.0), (0.0, 50.0), (0.0, 0.0)];
    site.walls.push(sample::wall("rim", WallKind::Wall, &corners, 2.2));
    site.lamps = lamps(160.0, 25.0);
    sample::scenario(site, Kit { beam: beams, ..Kit::default() })
}

/// All zones that the yard wants.
fn whole() -> Vec<Beam> {
    let found = kept_promises(yard(Vec::new()));
    let [all] = found.as_slice() else { panic!("{found:#?}") };
    all.beams.clone()
}

#[test]
fn a_wall_gets_as_many_zones_as_the_rules_permit_and_a_camera_for_each() {
    let found = kept_promises(yard(Vec::new()));
    let [all] = found.as_slice() else { panic!("{found:#?}") };
    // 160 m are three zones, 50 m one: none is longer than 70 m or than 70 % of its range.
    assert_eq!(all.beams.len(), 8, "{all:#?}");
    for zone in &all.beams {
        let long = zone.length_m();
        assert!(long <= 70.0 + 1e-9 && long <= 0.7 * zone.rated_range_m + 1e-9, "{zone:?}");
        assert!(zone.rays_m.iter().all(|ray| *ray > 2.2 && *ray < 2.7), "{zone:?}");
    }
    assert!((all.closes_m - 420.0).abs() < 1e-6);
    assert!(!all.cameras.is_empty() && all.gains_m2 > 0.0 && all.loses_m2 == 0.0, "{all:#?}");
    let book = RuleBook::residential().expect("rules");
    let after = planned(made(&yard(Vec::new()), all), &book);
    let seen = after.rules.iter().find(|rule| rule.id == "6").expect("a rule about zones and cameras");
    assert_eq!(seen.status, Status::Pass, "{seen:#?}");
    // Where no rule asks for them there are no cameras, and it costs less by them.
    let bare = RuleBook {
        rules: book
            .rules
            .iter()
            .filter(|rule| !matches!(rule.check, Check::ZoneSeen { .. }))
            .cloned()
            .collect(),
        ..book
    };
    let (old, prices) = (planned(yard(Vec::new()), &bare), Prices::shipped().expect("prices"));
    let found = repairs((&old.layout, &old.caster, &old.views), (&bare, &prices), &old.plan, 1);
    assert!(found[0].cameras.is_empty() && found[0].beams == all.beams && found[0].cost_yuan < all.cost_yuan);
}

/// Zones are taken away, and each repair puts some back; all repairs together close the yard.
#[test]
fn each_repair_keeps_its_promise_and_all_together_close_the_wall() {
    let whole = whole();
    for gone in [vec![0], vec![1, 4], vec![3, 7], vec![0, 2, 5]] {
        let left = whole.iter().enumerate().filter(|(i, _)| !gone.contains(i));
        let yard = yard(left.map(|(_, beam)| beam.clone()).collect());
        let found = kept_promises(yard.clone());
        assert!(!found.is_empty(), "{gone:?}");
        let all = found.iter().fold(yard, |all, repair| made(&all, repair));
        let then = planned(all, &RuleBook::residential().expect("rules"));
        assert_eq!(then.plan.perimeter.status, "closed");
    }
}

/// What is wrong with a zone decides what is done: it is aligned for the price of a visit, its pair is changed, or another is
/// set up beside it.
#[test]
fn a_zone_at_fault_is_put_right_where_that_is_cheaper() {
    let check = |fault: &dyn Fn(&mut Beam), expected: &str, yuan: Option<f64>| {
        let mut beams = whole();
        fault(&mut beams[1]);
        let name = beams[1].id.clone();
        let found = kept_promises(yard(beams));
        let [one] = found.as_slice() else { panic!("{expected}: {found:#?}") };
        assert!(one.what.starts_with(&expected.replace("{}", name.as_str())), "{}", one.what);
        assert!(yuan.is_none_or(|yuan| one.cost_yuan == yuan), "{one:#?}");
        one.clone()
    };
    let aligned = check(&|beam| beam.misaligned_deg = 2.0, "Align {}.", Some(200.0));
    assert_eq!((aligned.beams.len(), aligned.beams[0].misaligned_deg), (1, 0.0));
    let changed = check(&|beam| beam.rated_range_m = 40.0, "Change the pair of {} for a dual-100m", None);
    assert_eq!(changed.beams[0].rated_range_m, 100.0);
    assert_eq!(changed.bill.iter().map(|item| item.yuan).collect::<Vec<_>>(), [310.0, 240.0, 200.0]);
    check(&|beam| beam.rays_m = vec![1.0, 2.0], "Set up 1 zone on rim, from 53.3 m to 106.7 m", None);
}

/// A yard whose fence lacks 12 m in the south.
fn holed(path: bool) -> Scenario {
    let mut site = sample::bare(0.0, 0.0, 60.0, 40.0);
    let corners = [(36.0, 0.0), (60.0, 0.0), (60.0, 40.0), (0.0, 40.0), (0.0, 0.0), (24.0, 0.0)];
    let mut fence = sample::wall("fence", WallKind::Fence, &corners, 2.2);
    (fence.bar_gap_m, fence.lowest_rail_m) = (Some(0.3), Some(0.2));
    site.walls.push(fence);
    site.lamps = lamps(60.0, 20.0);
    if path {
        let line = geo::LineString::from(vec![(30.0, -5.0), (30.0, 20.0)]);
        site.paths.push(Path { id: "in".into(), passage: PathFor::Foot, line, width_m: 2.0 });
    }
    sample::scenario(site, Kit::default())
}

/// The new fence is no worse than the rules let it be, whatever stands beside it.
#[test]
fn a_hole_gets_a_wall_of_the_kind_beside_it_with_zones_on_it_unless_a_path_leads_through() {
    let found = kept_promises(holed(false));
    let hole = found.iter().find(|repair| repair.hole == Some(0)).expect("the hole is closed");
    let [wall] = hole.walls.as_slice() else { panic!("{hole:#?}") };
    assert_eq!((wall.made_of, wall.height_m), (WallKind::Fence, 2.2));
    assert!(wall.bar_gap_m.is_some_and(|gap| gap < 0.3) && wall.lowest_rail_m.is_some_and(|rail| rail > 0.2));
    assert!((hole.closes_m - 12.0).abs() < 1e-6 && hole.along_m == [0.0, 12.0], "{hole:#?}");
    assert!(
        hole.what.starts_with("Build 12.0 m of fence, 2.2 m high, across a way in between"),
        "{}",
        hole.what
    );
    // 12 m at 390 yuan a metre, and a pair of beams in place.
    assert_eq!(
        hole.bill
            .iter()
            .filter(|item| item.id.as_str().starts_with("wall-new-"))
            .map(|i| i.yuan)
            .sum::<f64>(),
        4680.0
    );
    assert!(hole.beams.len() == 1 && hole.beams[0].wall == wall.id && !hole.cameras.is_empty());
    let found = kept_promises(holed(true));
    assert!(!found.is_empty() && found.iter().all(|repair| repair.hole.is_none()), "{found:#?}");
    let book = RuleBook::residential().expect("rules");
    let left = unrepaired(&holed(true), &planned(holed(true), &book).plan.perimeter, &book);
    let hole = left.iter().find(|place| place.hole == Some(0)).expect("the hole is told");
    assert!(hole.why.starts_with("a path leads through"), "{}", hole.why);
}

#[test]
fn repairs_of_the_shipped_sites_keep_their_promises() {
    let tiny = kept_promises(sample::shipped("tiny"));
    assert!(!tiny.is_empty(), "the yard's perimeter has a gap");
    let mut cuiyuan = sample::shipped("cuiyuan");
    let found = kept_promises(cuiyuan.clone());
    assert!(!found.is_empty());
    // One zone of the compound is out of line: its repair is the alignment.
    let sound = planned(cuiyuan.clone(), &RuleBook::residential().expect("rules"));
    let zone = sound.plan.perimeter.zones[0].beam.clone().expect("a zone has a beam");
    let row = cuiyuan.file.kit.beam.iter_mut().find(|beam| beam.id == zone).expect("its row");
    row.misaligned_deg = 3.0;
    let (book, prices) = (RuleBook::residential().expect("rules"), Prices::shipped().expect("prices"));
    let old = planned(cuiyuan, &book);
    let found = repairs((&old.layout, &old.caster, &old.views), (&book, &prices), &old.plan, 2);
    let aligned = found.iter().find(|repair| repair.what == format!("Align {zone}.")).expect("an alignment");
    assert_eq!(aligned.cost_yuan, 200.0);
    let new = planned(made(&old.layout, aligned), &book);
    assert!((new.plan.perimeter.open_m() - sound.plan.perimeter.open_m()).abs() < 1e-6);
}
