use geo::Rect;

use super::*;
use crate::analysis::caster::Caster;
use crate::analysis::rules::{Check, RuleBook, assess};
use crate::analysis::sample;
use crate::analysis::views::Views;
use crate::model::cast::Guard;
use crate::model::kit::{Camera, CameraTask, Intercom, Kit};
use crate::model::scenario::Duration;
use crate::model::site::{Entrance, Gate, GateFor};

const SMALL: &str = r#"
name = "small"
name_zh = "小"
kind = "walled"
dated = "2026-01-01"
basis = "assumed"
source = "a test"

[[item]]
system = 7
id = "intercom"
title = "A door station at each entrance"
title_zh = "门"
demand = { count = 1.0, per = "entrance" }
found = "intercoms"
unit = "stations"
piece = "intercom"

[[item]]
system = 6
id = "smoke"
title = "A detector for each twenty sockets"
title_zh = "烟"
demand = { count = 0.05, per = "socket" }
found = "fire_detectors"
unit = "detectors"
piece = "smoke_detector"
"#;

fn prices() -> Prices {
    Prices::shipped().expect("the shipped prices")
}

fn yard() -> Scenario {
    let mut site = sample::bare(0.0, 0.0, 100.0, 60.0);
    let ring = [(0.0, 0.0), (100.0, 0.0), (100.0, 60.0), (0.0, 60.0), (0.0, 0.0)];
    site.walls.push(sample::wall("wall", crate::model::site::WallKind::Wall, &ring, 2.2));
    site.buildings.push(sample::building("b", Rect::new((30.0, 20.0), (60.0, 32.0)).to_polygon(), 18.0));
    for (id, x) in [("b-1", 38.0), ("b-2", 52.0)] {
        site.entrances.push(Entrance { id: id.into(), building: "b".into(), at: (x, 20.0).into() });
    }
    sample::scenario(site, Kit::default())
}

fn held_against(tier: &str, scenario: &Scenario) -> Vec<TierAnswer> {
    let plan = crate::analysis::plan(scenario);
    tiers((&[Tier::read(tier).expect("a tier")], &prices()), scenario, &plan, &[])
}

fn intercom(entrance: &str) -> Intercom {
    let (release, held_open) = (Duration::seconds(5.0), Duration::seconds(30.0));
    Intercom { id: format!("door-{entrance}").as_str().into(), entrance: entrance.into(), release, held_open }
}

#[test]
fn a_device_more_meets_an_item_and_costs_nothing() {
    let mut scenario = yard();
    for (has, status, cost_yuan) in
        [("", Status::Fail, 3_000.0), ("b-1", Status::Fail, 1_500.0), ("b-2", Status::Pass, 0.0)]
    {
        if !has.is_empty() {
            scenario.file.kit.intercom.push(intercom(has));
        }
        let answer = held_against(SMALL, &scenario).remove(0);
        let item = &answer.items[0];
        assert_eq!((item.status, item.demanded, item.cost_yuan), (status, 2.0, cost_yuan), "{item:?}");
        assert_eq!((answer.met, answer.cost_yuan), (status == Status::Pass, cost_yuan));
        assert_eq!(answer.items[1].status, Status::NotApplicable, "there is no socket to watch");
    }
}

/// What is demanded and found by the only item of a tier.
fn one_item(per: &str, found: &str, scenario: &Scenario) -> (f64, f64, Status) {
    let head = SMALL.split("[[item]]").next().expect("the head of a tier");
    let item = format!(
        "[[item]]\nsystem = 1\nid = \"it\"\ntitle = \"It\"\ntitle_zh = \"门\"\nunit = \"pieces\"\n\
         demand = {{ count = 1.0, per = \"{per}\" }}\nfound = \"{found}\"\n"
    );
    let item = held_against(&format!("{head}{item}"), scenario).remove(0).items.remove(0);
    (item.demanded, item.found, item.status)
}

#[test]
fn what_stands_at_a_gate_of_another_kind_helps_none_of_this_kind() {
    let mut scenario = yard();
    for (id, x, passage) in [("walk", 0.0, GateFor::Pedestrians), ("drive", 100.0, GateFor::Vehicles)] {
        scenario.site.gates.push(Gate { passage, ..sample::gate(id, x, 30.0, 4.0) });
    }
    let at = |gate: &str| -> Kit {
        let other = if gate == "walk" { "drive" } else { "walk" };
        serde_json::from_value(serde_json::json!({
            "gate_post": [{ "id": "post", "gate": gate, "guards": 1 }],
            "barrier": [{ "id": "barrier", "gate": other }],
        }))
        .expect("a kit")
    };
    for (manned, found, status) in [("drive", 0.0, Status::Fail), ("walk", 1.0, Status::Pass)] {
        scenario.file.kit = at(manned);
        assert_eq!(one_item("gate_for_people", "gate_posts", &scenario), (1.0, found, status));
        assert_eq!(one_item("gate_for_vehicles", "barriers", &scenario), (1.0, found, status));
        assert_eq!(one_item("gate", "gate_posts", &scenario), (2.0, 1.0, Status::Fail));
    }
}

#[test]
fn a_duty_room_is_staffed_round_the_clock_by_the_roster() {
    let mut scenario = yard();
    let room = |operators: u32| -> Kit {
        let room = serde_json::json!({ "id": "room", "at_m": [5.0, 5.0], "operators": operators });
        serde_json::from_value(serde_json::json!({ "duty_room": [room] })).expect("a kit")
    };
    let guard = |duty: &str, shift: [&str; 2]| -> Guard {
        let guard = serde_json::json!({ "id": "g", "duty": { "duty_room": duty }, "shift": shift });
        serde_json::from_value(guard).expect("a guard")
    };
    let (day, night) = (["07:00", "19:00"], ["19:00", "07:00"]);
    for (operators, roster, found) in [
        (1, vec![], 0.0),
        (1, vec![guard("room", day)], 0.0),
        (1, vec![guard("room", day), guard("other", night)], 0.0),
        (1, vec![guard("room", day), guard("room", ["19:00", "06:00"])], 0.0),
        (1, vec![guard("room", day), guard("room", night)], 1.0),
        (0, vec![guard("room", day), guard("room", night)], 0.0),
    ] {
        (scenario.file.kit, scenario.file.cast.guard) = (room(operators), roster);
        assert_eq!(one_item("compound", "duty_rooms", &scenario).1, found, "{:?}", scenario.file.cast.guard);
    }
}

/// What is built and lacks people lacks no equipment, so it has no price.
#[test]
fn a_post_or_a_room_without_people_costs_no_equipment() {
    let mut scenario = yard();
    let kit = |with: serde_json::Value| -> Kit { serde_json::from_value(with).expect("a kit") };
    let room = serde_json::json!({ "id": "room", "at_m": [5.0, 5.0], "operators": 1 });
    for (rooms, costs) in [(vec![], true), (vec![room], false)] {
        scenario.file.kit = kit(serde_json::json!({ "duty_room": rooms }));
        let tier = SMALL.replace("intercoms", "duty_rooms").replace("entrance", "compound");
        let tier = tier.replace("piece = \"intercom\"", "piece = \"duty_room\"");
        let item = &held_against(&tier, &scenario)[0].items[0];
        assert_eq!((item.status, item.people, item.cost_yuan > 0.0), (Status::Fail, true, costs), "{item:?}");
    }
}

#[test]
fn only_tiers_for_its_kind_are_asked_of_a_compound() {
    let mut scenario = yard();
    assert_eq!(held_against(&SMALL.replace("walled", "open"), &scenario), []);
    scenario.site.walls.clear();
    assert_eq!(Kind::of(&scenario), Kind::Open);
    assert_eq!(held_against(SMALL, &scenario), []);
}

#[test]
fn what_is_wrong_in_a_tier_is_named() {
    for (from, to, expected) in [
        ("id = \"smoke\"", "id = \"intercom\"", "`intercom` stands twice"),
        ("count = 0.05", "count = -1.0", "`smoke` has a count"),
        ("piece = \"smoke_detector\"", "piece = \"smoke\"", "unknown variant `smoke`"),
        ("per = \"socket\"", "per = \"sockets\"", "unknown variant `sockets`"),
        ("unit = \"stations\"", "units = \"stations\"", "units"),
    ] {
        let error = Tier::read(&SMALL.replace(from, to)).expect_err(to).to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn the_shipped_tiers_are_dated_assumed_and_ask_for_more_the_higher_they_are() {
    let shipped = Tier::shipped().expect("the shipped tiers");
    let names: Vec<(&str, Kind)> = shipped.iter().map(|t| (t.name.as_str(), t.kind)).collect();
    assert_eq!(
        names,
        [
            ("basic", Kind::Walled),
            ("intermediate", Kind::Walled),
            ("basic", Kind::Open),
            ("intermediate", Kind::Open)
        ]
    );
    let mut scenario = yard();
    for pair in shipped.chunks(2) {
        assert!(pair.iter().all(|t| t.basis == Basis::Assumed && !t.dated.is_empty()));
        if pair[0].kind == Kind::Open {
            scenario.site.walls.clear();
        }
        let plan = crate::analysis::plan(&scenario);
        let found = tiers((pair, &prices()), &scenario, &plan, &[]);
        assert!(found[0].cost_yuan < found[1].cost_yuan && !found[0].met, "{found:#?}");
        for item in &found[0].items {
            let above =
                found[1].items.iter().find(|i| i.id == item.id).expect("the higher tier asks for it, too");
            assert!(above.demanded >= item.demanded, "{item:?} {above:?}");
        }
    }
}

/// A tier that asks for some cameras at each gate.
fn at_gates(count: f64) -> String {
    let item = r#"
[[item]]
system = 9
id = "camera_gate"
title = "Cameras at each gate"
title_zh = "门"
demand = { count = COUNT, per = "gate" }
found = { by_rule = "18" }
unit = "cameras"
piece = "camera"
"#;
    SMALL.to_owned() + &item.replace("COUNT", &format!("{count:.1}"))
}

fn found_at_gates(scenario: &Scenario, count: f64) -> (f64, f64, f64) {
    let caster = Caster::new(&scenario.site);
    let views = Views::of(scenario, &caster);
    let plan = crate::analysis::plan_with(scenario, &caster, &views);
    let book = RuleBook::residential().expect("the shipped book");
    let rules = assess(&book, scenario, (&caster, &views), &plan, None);
    let tier = Tier::read(&at_gates(count)).expect("a tier");
    let answer = tiers((&[tier], &prices()), scenario, &plan, &rules).remove(0);
    let item = answer.items.last().expect("the gates");
    (item.demanded, item.found, item.cost_yuan)
}

#[test]
fn a_camera_of_a_gate_is_one_that_looks_out_through_it() {
    let mut scenario = yard();
    scenario
        .site
        .gates
        .extend([sample::gate("west", 0.0, 30.0, 4.0), sample::gate("east", 100.0, 30.0, 4.0)]);
    let camera = |id: &str, at: [f64; 2], bearing_deg: f64| Camera {
        task: CameraTask::Entrance,
        ..sample::camera(id, at, bearing_deg)
    };
    let price = prices().piece_yuan(crate::analysis::prices::Piece::Camera);
    // Two at a door are of no gate.
    scenario.file.kit.camera = vec![camera("d1", [38.0, 8.0], 0.0), camera("d2", [52.0, 8.0], 0.0)];
    assert_eq!(found_at_gates(&scenario, 1.0), (2.0, 0.0, 2.0 * price));
    // Two at one gate leave the other without.
    scenario.file.kit.camera = vec![camera("w1", [10.0, 30.0], 270.0), camera("w2", [12.0, 31.0], 270.0)];
    assert_eq!(found_at_gates(&scenario, 1.0), (2.0, 1.0, price));
    assert_eq!(found_at_gates(&scenario, 2.0), (4.0, 2.0, 2.0 * price));
    scenario.file.kit.camera.push(camera("e1", [90.0, 30.0], 90.0));
    assert_eq!(found_at_gates(&scenario, 1.0), (2.0, 2.0, 0.0));
}

#[test]
fn the_rules_that_shipped_tiers_name_count_something() {
    let book = RuleBook::residential().expect("the shipped book");
    let named = Tier::shipped().expect("the shipped tiers").into_iter().flat_map(|tier| tier.items);
    let named = named.filter_map(|item| match item.found {
        Found::ByRule(id) => Some(id),
        _ => None,
    });
    let named: std::collections::BTreeSet<String> = named.collect();
    let counts = |id: &String| {
        let rule = book.rules.iter().find(|rule| rule.id == *id).expect(id);
        matches!(rule.check, Check::GateCameras { .. } | Check::EntrancesSeen { .. })
    };
    assert!(named.len() == 2 && named.iter().all(counts), "{named:?}");
}
