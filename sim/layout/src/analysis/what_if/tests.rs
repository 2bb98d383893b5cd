use super::*;
use crate::analysis::facade::facade;
use crate::analysis::rules::Status;
use crate::analysis::sample;
use crate::model::kit::Kit;
use crate::model::site::{Entrance, Gate, GateFor, Lamp, Path, PathFor, WallKind};

fn yard() -> Scenario {
    let mut site = sample::bare(-20.0, -10.0, 20.0, 40.0);
    site.walls.push(sample::wall("w", WallKind::Wall, &[(-20.0, 40.0), (20.0, 40.0)], 2.5));
    site.trees.push(crate::model::site::Tree { evergreen: false, ..sample::tree("t", 0.0, 12.0) });
    let line = geo::LineString::from(vec![(-20.0, 20.0), (20.0, 20.0)]);
    site.paths.push(Path { id: "road".into(), passage: PathFor::Road, line, width_m: 5.0 });
    let lamp =
        |id: &str, x: f64| Lamp { id: id.into(), at: (x, 23.0).into(), height_m: 5.0, flux_lm: 4_000.0 };
    site.lamps.extend([lamp("west", -10.0), lamp("east", 10.0)]);
    let camera = vec![sample::camera("a", [0.0, 0.0], 0.0), sample::camera("b", [1.0, 0.0], 0.0)];
    let zone = serde_json::json!({
        "id": "zone", "wall": "w", "from_m": [-19.9, 40.0], "to_m": [19.9, 40.0], "rays_m": [2.6, 2.8],
    });
    let beam = vec![serde_json::from_value(zone).expect("a beam")];
    let outline = geo::Rect::new((12.0, 28.0), (20.0, 36.0)).to_polygon();
    site.buildings.push(sample::building("b", outline, 12.0));
    site.entrances.push(Entrance { id: "b-1".into(), building: "b".into(), at: (16.0, 28.0).into() });
    site.gates.push(Gate { passage: GateFor::Both, ..sample::gate("gate", 0.0, -10.0, 4.0) });
    let others: Kit = serde_json::from_value(serde_json::json!({
        "facade_camera": [{
            "id": "facade", "at_m": [16.0, 20.0], "height_m": 3.0, "building": "b", "bearing_deg": 0.0,
            "elevation_deg": 40.0, "hfov_deg": 90.0,
        }],
        "charger": [{ "id": "row", "at_m": [-18.0, 0.0], "sockets": 10 }],
        "smoke_detector": [{ "id": "smoke", "at_m": [-18.0, 1.0], "height_m": 2.6 }],
        "heat_detector": [{ "id": "heat", "at_m": [-18.0, 8.0], "height_m": 2.6 }],
        "outer_post": [{ "id": "post", "at_m": [-15.0, -5.0], "bearing_deg": 45.0 }],
        "gate_post": [{ "id": "lodge", "gate": "gate", "guards": 1 }],
        "barrier": [{ "id": "arm", "gate": "gate" }],
        "checkpoint": [{ "id": "p1", "at_m": [-5.0, -5.0] }, { "id": "p2", "at_m": [5.0, -5.0] }],
        "guard_tour": [{ "id": "round", "checkpoints": ["p1", "p2", "p1"], "starts": ["01:00", "13:00", "20:00"] }],
        "fire_station": [{ "id": "station", "at_m": [-18.0, -8.0], "items": ["hose"] }],
        "fire_point": [
            { "id": "hydrant", "at_m": [10.0, 0.0], "what": "hydrant" },
            { "id": "bottle", "at_m": [-17.0, 2.0], "what": "extinguisher" },
        ],
        "intercom": [{ "id": "bell", "entrance": "b-1" }],
        "duty_room": [{ "id": "room", "at_m": [10.0, -8.0], "operators": 1 }],
    }))
    .expect("a kit");
    let mut yard = sample::scenario(site, Kit { camera, beam, ..others });
    yard.file.cast.guard = serde_json::from_value(serde_json::json!([
        { "id": "g-day", "duty": { "duty_room": "room" }, "shift": ["08:00", "20:00"] },
        { "id": "g-night", "duty": "responder", "shift": ["20:00", "06:00"] },
        { "id": "g-mute", "duty": "responder", "shift": ["06:00", "20:00"], "radio": false },
    ]))
    .expect("a roster");
    with_devices(yard)
}

/// The same with the device table of its kit.
fn with_devices(mut yard: Scenario) -> Scenario {
    yard.devices = crate::model::devices(&yard.file, &yard.site);
    yard
}

/// More variants than the yard has: every one of them, and draws of vans.
const ALL: usize = 80;

fn all(yard: &Scenario) -> Vec<Variant> {
    variants(yard, ALL, 1).all
}

fn one<'a>(found: &'a [Suffers], part: &str) -> &'a Suffers {
    found.iter().find(|s| s.name.contains(part)).unwrap_or_else(|| panic!("no variant with {part}"))
}

#[test]
fn each_variant_takes_what_it_hides_and_threads_do_not_matter() {
    let (yard, book) = (yard(), RuleBook::residential().expect("the shipped book"));
    let asked = variants(&yard, ALL, 3).all;
    assert_eq!(asked.len(), ALL);
    let found = what_if(&yard, &book, &asked, 3);
    assert_eq!(found, what_if(&yard, &book, &asked, 1));
    assert!(found.is_sorted_by(|x, y| x.worst_share() >= y.worst_share()));
    for suffers in &found {
        assert!(suffers.losses.is_sorted_by(|x, y| x.share >= y.share), "{suffers:#?}");
        assert!(suffers.losses.iter().all(|loss| loss.share <= 1.0 && loss.lost <= loss.of), "{suffers:#?}");
    }
    let lost = |part: &str| one(&found, part).lost(Measure::Ground);
    assert!(lost("visibility of 50 m") > 0.0, "{found:#?}");
    assert!(lost("trees are bare") < 0.0 && lost("trees are in leaf") == 0.0);
    assert!(lost("1.5 times") > lost("1.2 times") && lost("1.2 times") > 0.0);
    assert!(lost("vans are parked") > 0.0);
    assert!(lost("a is out") > 0.0, "the other camera hangs a metre aside and shows less");
}

/// Every class of the kit is a variant, and what suffers is told by its own measure: how much of how much, and what it was.
#[test]
fn whatever_device_is_out_its_own_measure_says_what_suffers() {
    use Measure as M;
    let (yard, book) = (yard(), RuleBook::residential().expect("the shipped book"));
    let found = what_if(&yard, &book, &all(&yard), 2);
    let classes: std::collections::BTreeSet<Class> = found.iter().filter_map(|s| s.class).collect();
    assert_eq!(classes.len(), 14, "{classes:?}");
    for (part, measure, lost, of, named) in [
        ("nobody stands at lodge", M::Gates, 1.0, 2.0, "gate on foot"),
        ("the arm of arm stays up", M::Gates, 1.0, 2.0, "gate by the lane of arm"),
        // Three walks a day touch the one point twice and the other once.
        ("p1 takes no touch", M::Patrol, 6.0, 9.0, "p1"),
        ("p2 takes no touch", M::Patrol, 3.0, 9.0, "p2"),
        ("station is locked", M::FireStation, 2.0, 2.0, "b-1, row"),
        ("hydrant is locked", M::Hydrant, 2.0, 2.0, "b-1, row"),
        ("bottle is locked", M::Extinguisher, 10.0, 10.0, "row"),
        ("the meter of row", M::SocketsMetered, 10.0, 10.0, "row"),
        ("bell is out", M::Entrances, 1.0, 1.0, "b-1"),
        ("zone is out", M::Perimeter, 40.0, 44.0, ""),
        // Of 8 sockets that both protect, 5 have nothing but the one and 2 nothing but the other.
        ("smoke is out", M::SocketsDetected, 5.0, 10.0, "row"),
        ("heat is out", M::SocketsDetected, 2.0, 10.0, "row"),
        ("the radio of g-night", M::GuardHours, 10.0, 22.0, "g-night"),
        ("nobody answers in room", M::Alarms, 18.0, 18.0, "a, arm, b, bell, bottle"),
    ] {
        let suffers = one(&found, part);
        let loss = suffers.losses.iter().find(|l| l.measure == measure);
        let loss = loss.unwrap_or_else(|| panic!("{part} takes nothing of {measure:?}: {suffers:#?}"));
        let whole = |m: f64| libm::round(m);
        assert_eq!((whole(loss.lost), whole(loss.of)), (lost, of), "{part}");
        assert_eq!(loss.named.join(", "), named, "{part}");
        // Whoever leaves a gate in a wall leaves a gap in the perimeter, too.
        let gap = usize::from(part == "nobody stands at lodge");
        assert_eq!(suffers.losses.len(), 1 + gap, "nothing else depends on it: {suffers:#?}");
    }
    assert!(one(&found, "nobody stands at lodge").lost(M::Perimeter) > 0.0, "{found:#?}");
    let post = one(&found, "nobody stands at post");
    assert!(post.lost(M::Watched) > 0.0 && post.lost(M::WatchedNight) > 0.0 && post.lost(M::Ground) == 0.0);
    let camera = one(&found, "a is out");
    assert!(camera.lost(M::Ground) > 0.0 && camera.class == Some(Class::Camera), "{camera:#?}");
    assert!(!found.iter().any(|s| s.name.contains("g-mute")), "who has no radio loses none");
}

/// What stands in for a device is seen: a second one of a kind makes the first no loss.
#[test]
fn where_another_stands_in_nothing_is_lost() {
    let mut yard = yard();
    let kit = &mut yard.file.kit;
    kit.gate_post.push(crate::model::kit::GatePost { id: "lodge-2".into(), ..kit.gate_post[0].clone() });
    kit.duty_room.push(crate::model::kit::DutyRoom { id: "room-2".into(), ..kit.duty_room[0].clone() });
    kit.fire_point.push(crate::model::kit::FirePoint { id: "hydrant-2".into(), ..kit.fire_point[0].clone() });
    kit.smoke_detector
        .push(crate::model::kit::SmokeDetector { id: "smoke-2".into(), ..kit.smoke_detector[0].clone() });
    let yard = with_devices(yard);
    let book = RuleBook::residential().expect("the shipped book");
    let found = what_if(&yard, &book, &all(&yard), 2);
    for part in ["stands at lodge", "answers in room", "hydrant is", "smoke is out"] {
        let suffers = one(&found, part);
        assert!(suffers.worst().is_none() && suffers.losses.is_empty(), "{suffers:#?}");
    }
}

/// A detector at the door of a stairwell is missed there, and one that hangs elsewhere is not.
#[test]
fn a_stairwell_loses_its_detection_with_its_last_detector() {
    let mut yard = yard();
    yard.file.kit.smoke_detector.push(crate::model::kit::SmokeDetector {
        id: "stairs".into(),
        at_m: [16.0, 29.5],
        ..yard.file.kit.smoke_detector[0].clone()
    });
    let (yard, book) = (with_devices(yard), RuleBook::residential().expect("the shipped book"));
    let found = what_if(&yard, &book, &all(&yard), 2);
    let loss = one(&found, "stairs is out").worst().expect("a loss").clone();
    assert_eq!((loss.measure, loss.lost, loss.of), (Measure::StairwellsDetected, 1.0, 1.0));
    assert_eq!(loss.named, ["b-1"]);
    assert_eq!(one(&found, "smoke is out").lost(Measure::StairwellsDetected), 0.0);
}

/// Whatever number is asked for, no device, lamp, season, fog or growth goes unasked; only draws of vans follow the number.
#[test]
fn whatever_can_go_wrong_by_itself_is_asked_however_much_that_is() {
    let mut yard = yard();
    let camera = |i: usize| sample::camera(&format!("more-{i}"), [i as f64 / 10.0 - 15.0, 2.0], 0.0);
    yard.file.kit.camera.extend((0..98).map(camera));
    let yard = with_devices(yard);
    let out_of = |variant: &Variant| -> Vec<(Class, usize)> {
        variant
            .conditions
            .out
            .iter()
            .flat_map(|(class, rows)| rows.iter().map(|row| (*class, *row)))
            .collect()
    };
    let devices: Vec<(Class, usize)> = yard.devices.iter().map(|d| (d.class, d.row)).collect();
    for (count, vans) in [(0, 1), (40, 5), (80, 10), (400, 400 - devices.len() - 11)] {
        let chosen = variants(&yard, count, 3);
        let asked: Vec<(Class, usize)> = chosen.all.iter().flat_map(out_of).collect();
        assert_eq!(asked, devices, "{count}");
        let lamps: Vec<Vec<usize>> =
            chosen.all.iter().map(|v| v.conditions.lamps_out.iter().copied().collect()).collect();
        assert_eq!(lamps.concat(), [0, 1, 0, 1], "the row of both, and each");
        assert_eq!(chosen.all.len(), chosen.asked.iter().map(|a| a.asked).sum::<usize>());
        for asked in &chosen.asked {
            let of_it = chosen.all.iter().filter(|v| v.kind.words(v.class) == asked.what).count();
            assert_eq!((asked.asked, asked.there.unwrap_or(vans)), (of_it, of_it), "{asked:?} at {count}");
        }
        assert!(chosen.all.len() >= count, "{count}: {:?}", chosen.asked);
    }
    assert_ne!(variants(&yard, 60, 3).all, variants(&yard, 60, 4).all, "the seed draws vans");
}

/// Every short cut gives what the long way gives.
#[test]
fn what_is_kept_under_a_variant_is_what_would_be_worked_out_anew() {
    let yard = yard();
    let (caster, book) = (Caster::of(&yard), RuleBook::residential().expect("the shipped book"));
    let views = Views::of(&yard, &caster);
    let base = Base { layout: &yard, caster: &caster, views: &views };
    let outlines = Outlines::of(&yard.site);
    let today =
        Planned::of(Under { layout: &yard, caster: &caster, views: &views, outlines: &outlines }, &book);
    for variant in all(&yard) {
        let (then, kept) = base.under(&variant.conditions);
        assert!(kept == Views::of(&yard, &then), "{}", variant.name);
        let under = Under { layout: &yard, caster: &then, views: &kept, outlines: &outlines };
        let anew = Planned::of(under, &book);
        assert!(today.from(caster.conditions(), under, &book) == anew, "{}", variant.name);
        assert_eq!(anew.held[&Measure::WindowsNight].amount, 0.0, "4,000 lm do not light a facade");
    }
}

#[test]
fn a_rule_that_can_no_longer_be_assessed_is_lost_as_one_that_fails_is() {
    let (yard, book) = (yard(), RuleBook::residential().expect("the shipped book"));
    let caster = Caster::of(&yard);
    let views = Views::of(&yard, &caster);
    let outlines = Outlines::of(&yard.site);
    let today =
        Planned::of(Under { layout: &yard, caster: &caster, views: &views, outlines: &outlines }, &book);
    let variant = all(&yard).remove(0);
    let met = today.rules.iter().position(|f| f.status == Status::Pass).expect("a rule that is met");
    for (status, lost) in [(Status::Pass, false), (Status::Fail, true), (Status::NotAssessable, true)] {
        let mut then = today.clone();
        then.rules[met].status = status;
        let expected: Vec<String> = lost.then(|| today.rules[met].id.clone()).into_iter().collect();
        assert_eq!(suffers(&variant, &today, &then).rules_lost, expected, "{status:?}");
    }
}

#[test]
fn a_facade_camera_takes_windows_and_falls_with_it() {
    let (yard, book) = (yard(), RuleBook::residential().expect("the shipped book"));
    let found = what_if(&yard, &book, &all(&yard), 2);
    let out = one(&found, "facade is out");
    let seen = facade(&yard, &Caster::of(&yard)).buildings[0].clone();
    let lost = [Measure::Windows, Measure::Falls].map(|measure| out.lost(measure));
    assert_eq!(lost, [seen.seen as f64, seen.traced as f64]);
    assert!(seen.traced > 0 && out.class == Some(Class::FacadeCamera) && out.lost(Measure::Ground) == 0.0);
    let night = one(&found, "night falls");
    assert_eq!(night.lost(Measure::Windows), (seen.seen - seen.seen_by_night) as f64);
    assert_eq!(night.lost(Measure::Falls), (seen.traced - seen.traced_by_night) as f64);
}

#[test]
fn a_camera_out_of_order_is_a_layout_without_it() {
    let book = RuleBook::residential().expect("the shipped book");
    let mut both = yard();
    both.file.kit.camera[1].bearing_deg = 180.0;
    let found = what_if(&both, &book, &all(&both), 2);
    let open = |yard: &Scenario| {
        let plan = crate::analysis::plan(yard);
        plan.gaps.iter().map(|g| g.area_m2).sum::<f64>() + plan.small_gaps.area_m2
    };
    let mut one_less = both.clone();
    one_less.file.kit.camera.remove(1);
    assert_eq!(one(&found, "b is out").lost(Measure::Ground), open(&one_less) - open(&both));
    assert!(one(&found, "b is out").lost(Measure::Ground) > 0.0);
}

/// Ground lost by day and by night, m².
fn ground(suffers: &Suffers) -> [f64; 2] {
    [Measure::Ground, Measure::GroundNight].map(|measure| suffers.lost(measure))
}

/// Open ground by day and by night, both heights together, m².
fn open_m2(yard: &Scenario) -> [f64; 2] {
    let plan = crate::analysis::plan(yard);
    let sum = |gaps: &[crate::analysis::answer::Gap]| gaps.iter().map(|g| g.area_m2).sum::<f64>();
    [sum(&plan.gaps) + plan.small_gaps.area_m2, sum(&plan.gaps_night) + plan.small_gaps_night.area_m2]
}

#[test]
fn a_lamp_that_does_not_burn_is_a_site_without_it_and_nightfall_is_the_difference() {
    let book = RuleBook::residential().expect("the shipped book");
    let mut dark = yard();
    dark.file.kit.camera.iter_mut().for_each(|camera| (camera.ir_range_m, camera.min_lux) = (0.0, 1.0));
    let found = what_if(&dark, &book, &all(&dark), 2);
    let mut one_less = dark.clone();
    one_less.site.lamps.remove(0);
    let (before, after) = (open_m2(&dark), open_m2(&one_less));
    let west = one(&found, "west does not burn");
    assert_eq!(ground(west), [0.0, after[1] - before[1]]);
    assert!(ground(west)[1] > 0.0, "{west:?}");
    let row = one(&found, "the 2 lamps along road do not burn");
    assert!(ground(row)[1] > ground(west)[1] && row.kind == Kind::LampRow, "{row:?}");
    let night = one(&found, "night falls");
    assert_eq!(ground(night), [before[1] - before[0], 0.0]);
    assert!(night.lost_by_class_m2["2014"]["1.5"]["detect"] > 0.0);
}
