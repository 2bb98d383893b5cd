//! What if: one thing at a time goes wrong, and the whole layout is planned again under it.
//!
//! Variants are each camera, beam and standing post out of order, grown trees, winter and summer, fog, and vans parked on
//! car parks and roads, drawn from a seed. What suffers is told for each, the worst first.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use geo::{BoundingRect, Contains, Point};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::PlanAnswer;
use super::caster::Caster;
use super::conditions::{Conditions, Leaves, Van};
use super::plan_with;
use super::rules::{Finding, RuleBook, Status, assess};
use super::views::Views;
use crate::model::site::{Ground, PathFor};
use crate::model::{Scenario, Site};
use crate::words::{AgentKey, Dice, Draw};

/// How much trees grow.
const GROWN: [f64; 2] = [1.2, 1.5];
/// Meteorological visibility in fog, m.
const FOG_M: [f64; 3] = [200.0, 100.0, 50.0];
/// Vans that are parked at once, at least and at most.
const VANS: [f64; 2] = [2.0, 9.0];

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// What it is, as words.
    pub name: String,
    /// What sight is asked under.
    pub conditions: Conditions,
}

/// What suffers under a variant. All figures are computed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Suffers {
    /// What goes wrong.
    pub name: String,
    /// Public ground that no camera sees at its working density any more, both heights together, m². Below zero when more
    /// is seen, as in winter.
    pub lost_m2: f64,
    /// Edition of IEC 62676-4 -> height, m -> class -> public ground that no longer reaches it, m².
    pub lost_by_class_m2: BTreeMap<String, BTreeMap<String, BTreeMap<String, f64>>>,
    /// Length of the perimeter that no zone guards any more, m.
    pub perimeter_lost_m: f64,
    /// Rules that were met and are not.
    pub rules_lost: Vec<String>,
}

/// Every device out of order by itself, seasons, growth and fog; then parked vans until there are `count`. All of the first
/// kinds are made, also when they are more.
pub fn variants(layout: &Scenario, count: usize, seed: u64) -> Vec<Variant> {
    let day = Conditions::of_day(layout);
    let kit = &layout.file.kit;
    let mut all = Vec::new();
    let mut put = |name: String, change: &dyn Fn(&mut Conditions)| {
        let mut conditions = day.clone();
        change(&mut conditions);
        all.push(Variant { name, conditions });
    };
    for (row, camera) in kit.camera.iter().enumerate() {
        put(format!("{} is out of order", camera.id), &|c| c.cameras_out.extend([row]));
    }
    for (row, beam) in kit.beam.iter().enumerate() {
        put(format!("{} is out of order", beam.id), &|c| c.beams_out.extend([row]));
    }
    for (row, post) in kit.outer_post.iter().enumerate() {
        put(format!("nobody stands at {}", post.id), &|c| c.posts_out.extend([row]));
    }
    for growth in GROWN {
        put(format!("trees have grown to {growth} times their size"), &|c| c.growth = growth);
    }
    put("trees are bare".into(), &|c| c.leaves = Leaves::Off);
    put("trees are in leaf".into(), &|c| c.leaves = Leaves::On);
    for metres in FOG_M {
        put(format!("fog with a visibility of {metres} m"), &|c| c.visibility_m = metres);
    }
    for i in 0..count.saturating_sub(all.len()) {
        let mut draw = Dice::new(seed).draw(AgentKey::of("what-if"), "vans", i as u64);
        let vans = vans(&layout.site, &mut draw);
        if vans.is_empty() {
            break;
        }
        let name = format!("{} vans are parked (draw {i})", vans.len());
        all.push(Variant { name, conditions: Conditions { vans, ..day.clone() } });
    }
    all
}

/// Vans on car parks and at the side of roads; none where there are neither.
fn vans(site: &Site, draw: &mut Draw) -> Vec<Van> {
    let parking: Vec<_> = site.areas.iter().filter(|a| a.ground == Ground::Parking).collect();
    let roads: Vec<_> = site.paths.iter().filter(|p| p.passage == PathFor::Road).collect();
    let places = parking.len() + roads.len();
    let count = draw.between(VANS[0], VANS[1]) as usize;
    let mut found = Vec::new();
    for i in (0..count).filter(|_| places > 0) {
        let which = draw.below(places);
        let place = match parking.get(which) {
            Some(area) => in_area(&area.outline, draw),
            None => roads.get(which - parking.len()).and_then(|road| along(&road.line, road.width_m, draw)),
        };
        found.extend(place.map(|(at_m, bearing_deg)| Van::parked(&format!("van-{i}"), at_m, bearing_deg)));
    }
    found
}

fn in_area(outline: &geo::Polygon<f64>, draw: &mut Draw) -> Option<([f64; 2], f64)> {
    let extent = outline.bounding_rect()?;
    let bearing_deg = if draw.chance(0.5) { 0.0 } else { 90.0 };
    // A car park fills at least a tenth of its rectangle: fifty throws miss it once in two hundred.
    for _ in 0..50 {
        let x = draw.between(extent.min().x, extent.max().x);
        let y = draw.between(extent.min().y, extent.max().y);
        if outline.contains(&Point::new(x, y)) {
            return Some(([x, y], bearing_deg));
        }
    }
    None
}

/// At the right side of a road, along it.
fn along(line: &geo::LineString<f64>, width_m: f64, draw: &mut Draw) -> Option<([f64; 2], f64)> {
    let legs: Vec<_> = line.lines().collect();
    let leg = draw.pick(&legs)?;
    let (way, share) = (leg.delta(), draw.between(0.0, 1.0));
    let length = libm::hypot(way.x, way.y);
    if length < 1e-6 {
        return None;
    }
    let aside = width_m / 2.0 - 1.0;
    let x = leg.start.x + share * way.x + aside * way.y / length;
    let y = leg.start.y + share * way.y - aside * way.x / length;
    Some(([x, y], libm::atan2(way.x, way.y).to_degrees().rem_euclid(360.0)))
}

/// A layout planned under some conditions.
struct Planned {
    plan: PlanAnswer,
    rules: Vec<Finding>,
}

fn planned(layout: &Scenario, book: &RuleBook, caster: &Caster, views: &Views) -> Planned {
    let plan = plan_with(layout, caster, views);
    let rules = assess(book, layout, (caster, views), &plan, None);
    Planned { plan, rules }
}

/// What suffers under each variant, the worst first: by ground lost, then by perimeter lost. The answer does not depend on
/// the number of threads.
pub fn what_if(layout: &Scenario, book: &RuleBook, variants: &[Variant], threads: usize) -> Vec<Suffers> {
    let caster = Caster::of(layout);
    let views = Views::of(layout, &caster);
    let today = planned(layout, book, &caster, &views);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        while let Some(variant) = variants.get(next.fetch_add(1, Ordering::Relaxed)) {
            let views = under(layout, &views, &variant.conditions);
            found.push(suffers(variant, &today, &planned(layout, book, &views.0, &views.1)));
        }
        found
    };
    let mut all: Vec<Suffers> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        started.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    let worse = |a: &Suffers, b: &Suffers| {
        let ground = b.lost_m2.total_cmp(&a.lost_m2);
        ground.then(b.perimeter_lost_m.total_cmp(&a.perimeter_lost_m)).then_with(|| a.name.cmp(&b.name))
    };
    all.sort_by(worse);
    all
}

/// Caster and views under a variant. Where only devices are out, what the others see is kept.
fn under(layout: &Scenario, views: &Views, conditions: &Conditions) -> (Caster, Views) {
    let caster = Caster::under(&layout.site, conditions.clone());
    let in_order = Conditions { cameras_out: Default::default(), ..conditions.clone() };
    if in_order != Conditions::of_day(layout) {
        let views = Views::of(layout, &caster);
        return (caster, views);
    }
    let mut kept = views.clone();
    conditions.cameras_out.iter().for_each(|row| kept.lose(*row));
    (caster, kept)
}

fn suffers(variant: &Variant, today: &Planned, then: &Planned) -> Suffers {
    let open = |plan: &PlanAnswer| plan.gaps.iter().map(|g| g.area_m2).sum::<f64>() + plan.small_gaps.area_m2;
    let mut lost_by_class_m2: BTreeMap<String, BTreeMap<String, BTreeMap<String, f64>>> = BTreeMap::new();
    for (edition, heights) in &today.plan.coverage {
        for (height, classes) in heights {
            let of_height =
                lost_by_class_m2.entry(edition.clone()).or_default().entry(height.clone()).or_default();
            for (class, share) in classes {
                of_height.insert(
                    class.clone(),
                    share.area_m2 - then.plan.coverage[edition][height][class].area_m2,
                );
            }
        }
    }
    let before = today.rules.iter().zip(&then.rules);
    let fell = before.filter(|(a, b)| a.status == Status::Pass && b.status == Status::Fail);
    Suffers {
        name: variant.name.clone(),
        lost_m2: open(&then.plan) - open(&today.plan),
        lost_by_class_m2,
        perimeter_lost_m: today.plan.perimeter.guarded_m - then.plan.perimeter.guarded_m,
        rules_lost: fell.map(|(rule, _)| rule.id.clone()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::sample;
    use crate::model::kit::Kit;
    use crate::model::site::{Path, WallKind};

    fn yard() -> Scenario {
        let mut site = sample::bare(-20.0, -10.0, 20.0, 40.0);
        site.walls.push(sample::wall("w", WallKind::Wall, &[(-20.0, 40.0), (20.0, 40.0)], 2.5));
        site.trees.push(crate::model::site::Tree { evergreen: false, ..sample::tree("t", 0.0, 12.0) });
        let line = geo::LineString::from(vec![(-20.0, 20.0), (20.0, 20.0)]);
        site.paths.push(Path { id: "road".into(), passage: PathFor::Road, line, width_m: 5.0 });
        let camera = vec![sample::camera("a", [0.0, 0.0], 0.0), sample::camera("b", [1.0, 0.0], 0.0)];
        let zone = serde_json::json!({
            "id": "zone", "wall": "w", "from_m": [-19.9, 40.0], "to_m": [19.9, 40.0], "rays_m": [2.6, 2.8],
        });
        let beam = vec![serde_json::from_value(zone).expect("a beam")];
        sample::scenario(site, Kit { camera, beam, ..Kit::default() })
    }

    fn one<'a>(found: &'a [Suffers], part: &str) -> &'a Suffers {
        found.iter().find(|s| s.name.contains(part)).unwrap_or_else(|| panic!("no variant with {part}"))
    }

    #[test]
    fn each_variant_takes_what_it_hides_and_threads_do_not_matter() {
        let (yard, book) = (yard(), RuleBook::residential().expect("the shipped book"));
        let asked = variants(&yard, 15, 3);
        assert_eq!(asked.len(), 15);
        let found = what_if(&yard, &book, &asked, 3);
        assert_eq!(found, what_if(&yard, &book, &asked, 1));
        assert!(found.is_sorted_by(|x, y| x.lost_m2 >= y.lost_m2));
        let lost = |part: &str| one(&found, part).lost_m2;
        assert!(lost("visibility of 50 m") > 0.0, "{found:#?}");
        assert!(lost("trees are bare") < 0.0 && lost("trees are in leaf") == 0.0);
        assert!(lost("1.5 times") > lost("1.2 times") && lost("1.2 times") > 0.0);
        assert!(lost("vans are parked") > 0.0);
        let zone = one(&found, "zone is out");
        assert!(zone.lost_m2 == 0.0 && (zone.perimeter_lost_m - 40.0).abs() < 0.5, "{zone:?}");
        assert!(lost("a is out") > 0.0, "the other camera hangs a metre aside and shows less");
    }

    #[test]
    fn a_camera_out_of_order_is_a_layout_without_it() {
        let book = RuleBook::residential().expect("the shipped book");
        let mut both = yard();
        both.file.kit.camera[1].bearing_deg = 180.0;
        let found = what_if(&both, &book, &variants(&both, 0, 1), 2);
        let open = |yard: &Scenario| {
            let plan = crate::analysis::plan(yard);
            plan.gaps.iter().map(|g| g.area_m2).sum::<f64>() + plan.small_gaps.area_m2
        };
        let mut one_less = both.clone();
        one_less.file.kit.camera.remove(1);
        assert_eq!(one(&found, "b is out").lost_m2, open(&one_less) - open(&both));
        assert!(one(&found, "b is out").lost_m2 > 0.0);
    }
}
