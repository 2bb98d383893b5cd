use super::super::answer::{Fix, Measure, PlanAnswer, Table};
use super::super::assumed;
use super::super::bill::{bill, total};
use super::super::coverage::HEIGHTS_M;
use super::super::rules::{Each, Finding, Status, assess};
use super::super::views::Seen;
use super::super::{plan_with, sample};
use super::place::Place;
use super::told::edited;
use super::trial::{Edit, look_again};
use super::*;
use crate::model::devices;
use crate::model::kit::{CameraTask, Kit};
use crate::model::site::{Lamp, Use, WallKind};

/// Gaps by day and gaps by night of which `palisade plan` prints the fix when nothing else is asked for, and measures.
const PRINTED: usize = 10;

struct Planned {
    layout: Scenario,
    caster: Caster,
    views: Views,
    plan: PlanAnswer,
}

fn planned(layout: Scenario) -> Planned {
    let caster = Caster::of(&layout);
    let views = Views::of(&layout, &caster);
    let plan = plan_with(&layout, &caster, &views);
    let planned = Planned { layout, caster, views, plan };
    for (light, gaps, small) in [
        (Light::Day, &planned.plan.gaps, planned.plan.small_gaps),
        (Light::Night, &planned.plan.gaps_night, planned.plan.small_gaps_night),
    ] {
        let told = gaps.iter().map(|gap| gap.area_m2).sum::<f64>() + small.area_m2;
        assert_eq!(told, planned.open_m2(light));
    }
    planned
}

/// Another layout of which only some cameras differ: those are looked at again, the others see what they saw. Where the site
/// differs, too, it is planned from nothing.
fn again(old: &Planned, layout: Scenario) -> Planned {
    if layout.site != old.layout.site {
        return planned(layout);
    }
    let (caster, mut views) = (Caster::of(&layout), old.views.clone());
    for (row, camera) in layout.file.kit.camera.iter().enumerate() {
        if old.layout.file.kit.camera.get(row) != Some(camera) {
            views.renew(row, Seen::by(camera, old.views.ground(), &caster));
        }
    }
    let perimeter = old.plan.perimeter.clone();
    Planned { layout, caster, views, plan: PlanAnswer { perimeter, ..PlanAnswer::default() } }
}

impl Planned {
    fn rules(&self, book: &RuleBook) -> Vec<Finding> {
        assess(book, &self.layout, (&self.caster, &self.views), &self.plan, None)
    }

    /// Public ground that is open in some light, both heights together, m².
    fn open_m2(&self, light: Light) -> f64 {
        let open = |level| self.views.gap_by(level, light).iter().filter(|open| **open).count();
        self.views.ground().area_m2((0..HEIGHTS_M.len()).map(open).sum())
    }
}

/// Cells of a gap that are still a gap in another plan, m².
fn left_m2(place: &Place, before: &Views, after: &Views) -> f64 {
    let (old, new) = (before.ground(), after.ground());
    let open = after.gap_by(place.level, place.light);
    let still = |cell: &&u32| new.raster.cell_at(old.raster.centre(**cell as usize)).is_some_and(|c| open[c]);
    old.area_m2(place.cells.iter().filter(still).count())
}

/// Looks for fixes, applies each of them and plans again from nothing: every promise must hold. Returns the fixes.
fn kept_promises(layout: Scenario, count: usize) -> Vec<Fix> {
    kept_promises_at(Prices::shipped().expect("the shipped prices"), layout, count)
}

fn kept_promises_at(prices: Prices, layout: Scenario, count: usize) -> Vec<Fix> {
    let mut old = planned(layout);
    let book = RuleBook::residential().expect("the shipped book");
    let mut one = old.plan.clone();
    fix_gaps((&old.layout, &old.caster, &old.views), (&book, &prices), &mut one, (count, 1));
    fix_gaps((&old.layout, &old.caster, &old.views), (&book, &prices), &mut old.plan, (count, 3));
    assert_eq!(one, old.plan, "the same on one thread and on three");
    kept_by(&old, (&prices, &book), |_, layout| planned(layout))
}

/// Every fix of a plan is applied and the layout planned again in some way: what each promises must hold. Returns the fixes.
fn kept_by(
    old: &Planned,
    (prices, book): (&Prices, &RuleBook),
    plan: impl Fn(&Planned, Scenario) -> Planned,
) -> Vec<Fix> {
    let before = old.rules(book);
    let asked = old.plan.gaps.iter().map(|gap| (gap, Light::Day));
    let asked = asked.chain(old.plan.gaps_night.iter().map(|gap| (gap, Light::Night)));
    for (gap, light) in asked {
        let Some(fix) = &gap.fix else { continue };
        let new = plan(old, apply(fix, &old.layout).expect("it fits"));
        let place = Place::of(gap, light, &old.views.ground().raster);
        assert_eq!(place.cells.len() as f64 * 0.25, gap.area_m2);
        assert_eq!(left_m2(&place, &old.views, &new.views), fix.left_m2, "{}", fix.what);
        assert_eq!(fix.closes_m2 + fix.left_m2, gap.area_m2);
        assert_eq!(fix.enough, fix.closes_m2 >= assumed::fixes().enough * gap.area_m2);
        kept(fix, old, &new, prices);
        for ((was, is), rule) in before.iter().zip(&new.rules(book)).zip(&book.rules) {
            assert!(!guard::harms(&rule.check, was, is), "{}: {was:?} {is:?}", fix.what);
        }
        let told = serde_json::to_string(fix).expect("JSON");
        assert_eq!(&serde_json::from_str::<Fix>(&told).expect("a fix"), fix);
        assert!(apply(fix, &new.layout).is_err(), "it does not fit twice");
    }
    let gaps = old.plan.gaps.iter().chain(&old.plan.gaps_night);
    gaps.filter_map(|gap| gap.fix.clone()).collect()
}

/// Ground and price come out as a fix promises them.
fn kept(fix: &Fix, old: &Planned, new: &Planned, prices: &Prices) {
    let day = old.open_m2(Light::Day) - fix.gains_m2 + fix.loses_m2;
    assert_eq!(new.open_m2(Light::Day), day, "{}", fix.what);
    let night = old.open_m2(Light::Night) - fix.gains_night_m2 + fix.loses_night_m2;
    assert_eq!(new.open_m2(Light::Night), night, "{}", fix.what);
    let loss = assumed::fixes().loss;
    assert!(fix.loses_m2 <= loss * fix.gains_m2 && fix.loses_night_m2 <= loss * fix.gains_night_m2);
    assert_eq!(total(&bill(&old.layout, &new.layout, prices)), fix.cost_yuan, "{}", fix.what);
}

/// Makes the measures for a layout one after the other, planned again in some way: ground, price and rules come out as each
/// of them promises.
fn kept_sequence(
    layout: Scenario,
    count: usize,
    plan: impl Fn(&Planned, Scenario) -> Planned,
) -> Vec<Measure> {
    let (prices, book) = (Prices::shipped().expect("the prices"), RuleBook::residential().expect("the book"));
    let mut now = planned(layout);
    let about = (&now.layout, &now.caster, &now.views);
    let Worth { measures: found, cheapest } = sequence(about, (&book, &prices), &now.plan, (count, 2));
    assert!(cheapest.len() >= 3 && cheapest.is_sorted_by(|a, b| a.cost_yuan <= b.cost_yuan), "{cheapest:#?}");
    for fix in &cheapest {
        let new = plan(&now, apply(fix, &now.layout).expect("it fits"));
        kept(fix, &now, &new, &prices);
        for ((was, is), rule) in now.rules(&book).iter().zip(&new.rules(&book)).zip(&book.rules) {
            assert!(!guard::harms(&rule.check, was, is), "{}: {was:?} {is:?}", fix.what);
        }
    }
    let (first, mut yuan, mut rules) = (now.open_m2(Light::Day), 0.0, now.rules(&book));
    for measure in &found {
        let new = plan(&now, apply(&measure.fix, &now.layout).expect("it fits"));
        kept(&measure.fix, &now, &new, &prices);
        assert_eq!(new.open_m2(Light::Day), measure.open_m2, "{}", measure.fix.what);
        assert_eq!(first - measure.total_m2, measure.open_m2);
        yuan += measure.fix.cost_yuan;
        assert_eq!(yuan, measure.total_yuan);
        let then = new.rules(&book);
        for ((was, is), rule) in rules.iter().zip(&then).zip(&book.rules) {
            assert!(!guard::harms(&rule.check, was, is), "{}: {was:?} {is:?}", measure.fix.what);
        }
        (now, rules) = (new, then);
    }
    found
}

#[test]
fn a_dark_site_gets_more_than_one_camera() {
    let mut layout = sample::shipped("tiny");
    layout.site.lamps.clear();
    layout.file.kit.camera.iter_mut().for_each(|camera| camera.sensitivity_lux = None);
    let dark = planned(layout.clone());
    let book = RuleBook::residential().expect("the book");
    let light = |rules: &[Finding]| rules.iter().find(|rule| rule.id == "24").map(|rule| rule.status);
    assert_eq!(light(&dark.rules(&book)), Some(Status::NotAssessable));
    let found = kept_sequence(layout, 8, |_, layout| planned(layout));
    let new = found.iter().filter(|m| m.fix.device.as_str().starts_with(candidates::NEW)).count();
    assert!(new >= 2, "{found:#?}");
}

#[test]
fn light_is_asked_of_cameras_that_had_it() {
    let lit = planned(sample::shipped("tiny"));
    let book = RuleBook::residential().expect("the book");
    let rule = book.rules.iter().find(|rule| rule.id == "24").expect("the rule of light");
    let finding = lit.rules(&book).into_iter().find(|found| found.id == "24").expect("its finding");
    let of = |status, lit: &[(&str, f64)]| {
        let each = lit.iter().map(|(id, found)| Each { id: (*id).into(), found: *found, demanded: 50.0 });
        let (each, measured) = (each.collect(), lit.iter().map(|(_, found)| *found).min_by(f64::total_cmp));
        Finding { status, measured, demanded: Some(50.0), each, evidence: Vec::new(), ..finding.clone() }
    };
    let old = of(Status::Fail, &[("dark", 20.0), ("bright", 90.0)]);
    let harms = |was: &Finding, is: &[(&str, f64)]| guard::harms(&rule.check, was, &of(Status::Fail, is));
    assert!(!harms(&old, &[("dark", 20.0), ("bright", 60.0), ("new", 1.0)]), "a new one, and still bright");
    assert!(harms(&old, &[("dark", 20.0), ("bright", 49.0)]), "bright no more");
    assert!(harms(&old, &[("dark", 19.0), ("bright", 90.0)]), "darker still");
    assert!(!harms(&of(Status::NotAssessable, &[]), &[("unknown", 1.0)]), "it has become known");
    assert!(!harms(&of(Status::NotApplicable, &[]), &[("new", 1.0)]), "the first");
    assert!(harms(&of(Status::Pass, &[("bright", 90.0)]), &[("bright", 90.0), ("new", 1.0)]), "it was met");
}

#[test]
fn measures_made_one_after_the_other_keep_their_promises() {
    let found = kept_sequence(sample::shipped("tiny"), 4, |_, layout| planned(layout));
    assert!(found.len() >= 3, "{found:#?}");
    // As many as are printed.
    let found = kept_sequence(sample::shipped("cuiyuan"), PRINTED, again);
    assert_eq!(found.len(), PRINTED);
    assert!(found.iter().all(|m| m.fix.gains_m2 + m.fix.gains_night_m2 > 100.0), "{found:#?}");
}

/// A camera without light of its own in a yard without lamps: one with infrared light is the cheapest fix, and a lamp is
/// where cameras cost more.
#[test]
fn a_dark_yard_gets_infrared_light_or_a_lamp_whichever_is_cheaper() {
    let dark = |ir_range_m: f64, dearer: f64| {
        let camera = crate::model::kit::Camera { ir_range_m, ..sample::camera("c", [0.0, 0.0], 0.0) };
        let site = sample::bare(-3.0, 6.0, 3.0, 18.0);
        let mut yard = sample::scenario(site, Kit { camera: vec![camera], ..Kit::default() });
        yard.devices = devices(&yard.file, &yard.site);
        let mut prices = Prices::shipped().expect("the shipped prices");
        prices.camera.values_mut().for_each(|yuan| *yuan *= dearer);
        let fixes = kept_promises_at(prices, yard, 1);
        fixes
            .into_iter()
            .map(|fix| (fix.change[0].table, fix.enough, fix.gains_m2, fix.gains_night_m2))
            .collect::<Vec<_>>()
    };
    assert_eq!(dark(60.0, 1.0), [], "its own light is enough");
    assert_eq!(dark(0.0, 1.0), [(Table::Camera, true, 0.0, 144.0)]);
    // Right below a lamp an upright target gets no light: two cells stay dark.
    assert_eq!(dark(0.0, 100.0), [(Table::Lamp, true, 0.0, 143.5)]);
}

#[test]
fn fixes_of_the_three_sites_keep_their_promises_and_let_no_rule_fall() {
    assert!(kept_promises(sample::shipped("tiny"), PRINTED).len() >= 3);
    assert!(kept_promises(sample::shipped("heping"), PRINTED).len() >= 3);
    let cuiyuan = sample::shipped("cuiyuan");
    kept_promises(cuiyuan.clone(), 1);
    let (prices, book) = (Prices::shipped().expect("the prices"), RuleBook::residential().expect("the book"));
    let mut old = planned(cuiyuan.clone());
    let about = (&old.layout, &old.caster, &old.views);
    fix_gaps(about, (&book, &prices), &mut old.plan, (PRINTED, 2));
    let fixes = kept_by(&old, (&prices, &book), again);
    assert!(fixes.len() >= PRINTED, "{} fixes by day and by night", fixes.len());
    assert!(fixes.iter().any(|fix| fix.enough), "{fixes:#?}");
    // What is there for a gate, a door or the wall goes on showing it.
    for fix in &fixes {
        let changed = apply(fix, &cuiyuan).expect("it fits");
        let caster = Caster::of(&cuiyuan);
        let both = cuiyuan.file.kit.camera.iter().zip(&changed.file.kit.camera);
        both.for_each(|(old, new)| {
            assert!(task::kept((old, &caster), (new, &caster), &cuiyuan.site), "{}", fix.what)
        });
    }
}

/// Two cameras show a door; behind them lies the gap. The one that is there for the door stays, the other is turned.
#[test]
fn a_camera_for_a_door_is_not_turned_away_from_it() {
    let turned = |bound: usize| {
        let mut site = sample::bare(-6.0, -55.0, 6.0, 10.0);
        let outline = geo::Rect::new((-6.0, 10.0), (6.0, 18.0)).to_polygon();
        site.buildings.push(crate::model::site::Building {
            usage: Use::Service,
            ..sample::building("b", outline, 6.0)
        });
        let at = geo::Coord { x: 0.0, y: 10.0 };
        site.entrances.push(crate::model::site::Entrance { id: "door".into(), building: "b".into(), at });
        let mut camera = vec![sample::camera("a", [-0.5, 0.0], 0.0), sample::camera("b", [0.5, 0.0], 0.0)];
        camera[bound].task = CameraTask::Entrance;
        let mut yard = sample::scenario(site, Kit { camera, ..Kit::default() });
        yard.devices = devices(&yard.file, &yard.site);
        let fix = kept_promises(yard, 1).pop().expect("a fix");
        (fix.device.to_string(), fix.cost_yuan)
    };
    assert_eq!(turned(0), ("b".to_owned(), 200.0));
    assert_eq!(turned(1), ("a".to_owned(), 200.0));
}

/// A camera that looks into windows from 9 m is let in with masks only, unless nobody lives behind them.
#[test]
fn what_looks_into_dwellings_is_masked() {
    let book = RuleBook::residential().expect("the shipped book");
    for (usage, masks) in [(Use::Residential, true), (Use::Service, false)] {
        let mut site = sample::bare(-10.0, -10.0, 10.0, 10.0);
        let house = sample::building("b", geo::Rect::new((-10.0, 11.0), (10.0, 20.0)).to_polygon(), 18.0);
        site.buildings.push(crate::model::site::Building { usage, ..house });
        let yard = planned(sample::scenario(site, Kit::default()));
        let law = Law::new(&yard.layout, &yard.caster, &book);
        let guard = Guard::new((&yard.layout, &yard.caster, &yard.views), &yard.plan, &law, Vec::new());
        let bare = Edit::Camera(0, sample::camera("new", [0.0, 2.0], 0.0));
        let passes = |edit: &Edit| {
            let after = look_again(edit, &yard.layout, &yard.caster, &yard.views);
            guard.passes(&after, &edited(&yard.layout, edit), &yard.caster, &yard.views)
        };
        assert_eq!(passes(&bare), !masks, "{usage:?}");
        let masked = guard.masked(&bare, &yard.caster, 0.0);
        assert_eq!(masked.is_some(), masks, "{usage:?}");
        assert!(
            masked.iter().all(|edit| passes(edit) && words::sentence(&yard.layout, edit).contains("masks"))
        );
    }
}

/// A yard with one camera, and a change of it.
fn invented(change: &dyn Fn(&mut Scenario)) -> Scenario {
    let mut site = sample::bare(-8.0, 2.0, 8.0, 24.0);
    // Bright enough for any camera, or the rule about the scene's light would forbid a first one.
    let at = geo::Coord { x: 7.5, y: 13.0 };
    site.lamps.push(Lamp { id: "l".into(), at, height_m: 5.0, flux_lm: 20_000.0 });
    site.walls.push(sample::wall("w", WallKind::Wall, &[(-8.0, 0.5), (-1.0, 0.5)], 2.5));
    let mut camera = sample::camera("c", [0.0, 0.0], 0.0);
    camera.tilt_deg = 20.0;
    let mut yard = sample::scenario(site, Kit { camera: vec![camera], ..Kit::default() });
    change(&mut yard);
    yard.devices = devices(&yard.file, &yard.site);
    yard
}

/// What the screening leaves out is never the cheapest: another search tries every change that is thought of.
#[test]
fn no_change_that_the_screening_leaves_out_is_cheaper() {
    let yards = [
        invented(&|yard| yard.file.kit.camera[0].tilt_deg = 70.0),
        invented(&|yard| yard.file.kit.camera[0].bearing_deg = 180.0),
        invented(&|yard| yard.file.kit.camera[0].working_px_per_m = 200.0),
        invented(&|yard| yard.file.kit.camera.clear()),
        sample::shipped("tiny"),
    ];
    let (prices, book) = (Prices::shipped().expect("the prices"), RuleBook::residential().expect("the book"));
    let mut compared = 0;
    for yard in yards {
        let mut old = planned(yard);
        let about = (&old.layout, &old.caster, &old.views);
        fix_gaps(about, (&book, &prices), &mut old.plan, (2, 2));
        let law = Law::new(&old.layout, &old.caster, &book);
        let guard = Guard::new(about, &old.plan, &law, law.shown(&old.layout, &old.caster));
        let ask = Ask::new(about, &prices, guard);
        let by_night = old.plan.gaps_night.iter().map(|gap| (gap, Light::Night));
        for (gap, light) in old.plan.gaps.iter().map(|gap| (gap, Light::Day)).chain(by_night) {
            let Some(fix) = &gap.fix else { continue };
            let best = choice::cheapest_yuan(&ask, gap, light);
            assert_eq!(fix.enough.then_some(fix.cost_yuan), best, "{}", fix.what);
            compared += 1;
        }
    }
    assert!(compared >= 6, "{compared} fixes");
}

/// One cause at a time: the fix is the change that undoes it.
#[test]
fn an_invented_yard_gets_the_fix_of_its_fault() {
    let yard = |change: &dyn Fn(&mut Scenario)| kept_promises(invented(change), 1).pop().expect("a fix");
    let keys = |fix: &Fix| fix.change.iter().map(|c| c.key.clone()).collect::<Vec<_>>();
    let tilted = yard(&|yard| yard.file.kit.camera[0].tilt_deg = 70.0);
    assert!(tilted.enough && keys(&tilted) == ["tilt_deg"] && tilted.cost_yuan == 200.0, "{tilted:?}");
    let turned = yard(&|yard| yard.file.kit.camera[0].bearing_deg = 180.0);
    assert!(turned.enough && keys(&turned).contains(&"bearing_deg".to_owned()), "{turned:?}");
    assert_eq!(turned.cost_yuan, 200.0);
    let narrow = yard(&|yard| yard.file.kit.camera[0].working_px_per_m = 200.0);
    assert!(narrow.cost_yuan > 200.0, "{narrow:?}");
    let nobody = yard(&|yard| yard.file.kit.camera.clear());
    assert!(
        nobody.change.iter().all(|c| c.old.is_none()) && nobody.device.as_str() == "cam-new-1",
        "{nobody:?}"
    );
}
