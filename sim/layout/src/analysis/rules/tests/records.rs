//! Rules about rounds, as they are planned and as they were walked, and about the trial run.

use super::*;
use crate::analysis::rules::{System, TrialRecords};

/// Two who patrol together.
pub(super) const TWO: [&str; 2] = ["wang", "li"];

/// A round of the one checkpoint every two hours by some persons, for some days from midnight on.
pub(super) fn rounds(persons: &[&str], days: i64) -> PatrolLog {
    let touch = |hour: i64, person: &str| Touch {
        at_s: 1_776_124_800 + hour * 3_600,
        checkpoint: "c1".into(),
        person: person.into(),
    };
    let hours = (0..=12 * days).map(|i| 2 * i);
    PatrolLog::imported(hours.flat_map(|hour| persons.iter().map(move |p| touch(hour, p))).collect())
}

/// The rules about what people did, each with a log that meets it, one that does not, and none.
#[test]
fn each_rule_about_patrols_falls_by_a_log() {
    let scenario = exemplary();
    let with = |log: Option<PatrolLog>| {
        let measured = Measured { patrols: log, log: Some("rounds.csv".into()), ..Measured::default() };
        findings(&scenario, Some(&measured))
    };
    let broken = |keep: fn(&mut Vec<Touch>)| {
        let mut touches: Vec<Touch> = (0..=360)
            .flat_map(|i| TWO.map(|p| (1_776_124_800 + i * 7_200, p)))
            .map(|(at_s, person)| Touch { at_s, checkpoint: "c1".into(), person: person.into() })
            .collect();
        keep(&mut touches);
        PatrolLog::imported(touches)
    };
    type Case = (&'static str, PatrolLog, &'static str);
    let cases: [Case; 5] = [
        (
            "35b",
            broken(|t| t.iter_mut().for_each(|t| t.checkpoint = "elsewhere".into())),
            "c1: never reached",
        ),
        (
            "36b",
            broken(|t| t.retain(|t| !(9..36).contains(&((t.at_s - 1_776_124_800) / 3_600)))),
            "c1: 28.0 h",
        ),
        ("36c", broken(|t| drop(t.remove(5))), "wang"),
        ("36d", broken(|t| t.retain(|t| (t.at_s - 1_776_124_800) / 86_400 != 3)), "not reached"),
        ("38b", broken(|t| t.retain(|t| (t.at_s - 1_776_124_800) / 3_600 != 10)), "c1: 4.0 h"),
    ];
    let (sound, without) = (with(Some(rounds(&TWO, 30))), with(None));
    for (id, log, names) in cases {
        assert_eq!(one(&sound, id).status, Status::Pass, "{:?}", one(&sound, id));
        assert_eq!(one(&sound, id).basis, Some(Basis::Imported), "{id}");
        assert_eq!(one(&sound, id).record.as_deref(), Some("rounds.csv"), "{id}");
        let fallen = with(Some(log));
        let finding = one(&fallen, id);
        assert_eq!(finding.status, Status::Fail, "{id}: {finding:?}");
        assert!(finding.evidence.iter().any(|e| e.contains(names)) || names.is_empty(), "{finding:?}");
        assert_eq!(one(&without, id).status, Status::NotAssessable, "{id} without a log");
    }
    assert_eq!(one(&with(Some(rounds(&TWO, 0))), "36b").status, Status::NotAssessable);
    assert_eq!(one(&without, "8").status, Status::NotAssessable, "a log is no run");
}

#[test]
fn a_day_that_the_twin_lived_is_a_log_of_its_whole_length() {
    let scenario = exemplary();
    let touch = Touch { at_s: 3_600, checkpoint: "c1".into(), person: "wang".into() };
    let patrols = Some(PatrolLog::lived(vec![touch], [0, 86_400]));
    let found = findings(&scenario, Some(&Measured { patrols, ..Measured::default() }));
    assert_eq!(one(&found, "36d").status, Status::Pass);
    assert_eq!((one(&found, "38b").measured, one(&found, "38b").basis), (Some(23.0), Some(Basis::Computed)));
    assert_eq!(one(&found, "36b").status, Status::Pass);
    let nobody = Some(PatrolLog::lived(Vec::new(), [0, 86_400]));
    let found = findings(&scenario, Some(&Measured { patrols: nobody, ..Measured::default() }));
    assert_eq!(one(&found, "36b").status, Status::Fail, "a day without a round");
}

/// What 36a or 38a says of a plan of rounds: its figure and what it names.
fn planned(id: &str, change: impl Fn(&mut Scenario)) -> (Status, Option<f64>, String) {
    let mut scenario = exemplary();
    change(&mut scenario);
    let found = one(&findings(&scenario, None), id).clone();
    (found.status, found.measured.map(|h| libm::round(h * 100.0) / 100.0), found.evidence.join("; "))
}

fn tour(id: &str, points: &[&str], starts: &[i64]) -> GuardTour {
    GuardTour {
        id: id.into(),
        checkpoints: points.iter().map(|point| (*point).into()).collect(),
        starts: starts.iter().map(|hour| TimeOfDay(Ms(hour * 3_600_000))).collect(),
        window: Duration::seconds(180.0),
        speed_m_s: 1.0,
        dwell: Duration::seconds(0.0),
    }
}

fn point(id: &str, x: f64) -> Checkpoint {
    Checkpoint { id: id.into(), at_m: [x, 20.0], key_area: false }
}

/// Two tours that start every two hours in turn, each to a point of its own: no point is visited every two hours.
#[test]
fn each_point_has_its_own_rounds_whatever_the_other_tours_do() {
    let two_tours = |s: &mut Scenario| {
        s.file.kit.checkpoint.push(point("c2", 10.0));
        s.file.kit.guard_tour =
            vec![tour("odd", &["c1"], &[1, 5, 9, 13, 17, 21]), tour("even", &["c2"], &[3, 7, 11, 15, 23])];
    };
    let named = "c2: 8.0 h from 15:00 to 23:00; c1: 4.0 h from 21:00 to 01:00".to_owned();
    assert_eq!(planned("38a", two_tours), (Status::Fail, Some(8.0), named));
    assert_eq!(planned("36a", two_tours), (Status::Pass, Some(8.0), String::new()));
    let never = |s: &mut Scenario| s.file.kit.checkpoint.push(point("c2", 10.0));
    assert_eq!(planned("36a", never), (Status::Fail, Some(24.0), "c2: no tour visits it".into()));
}

/// One tour goes to its two points in one order, the other in the other one: 1,800 s lie between them.
#[test]
fn a_point_is_reached_when_the_guard_has_walked_there() {
    let there_and_back = |s: &mut Scenario| {
        s.file.kit.checkpoint = vec![point("c1", -450.0), point("c2", 450.0)];
        let slow = |tour: GuardTour| GuardTour { speed_m_s: 0.5, ..tour };
        let every = |first: i64| (0..6).map(|i| first + 4 * i).collect::<Vec<_>>();
        s.file.kit.guard_tour =
            vec![slow(tour("there", &["c1", "c2"], &every(0))), slow(tour("back", &["c2", "c1"], &every(2)))];
    };
    let named = "c1: 2.5 h from 20:00 to 22:30; c2: 2.5 h from 22:00 to 00:30".to_owned();
    assert_eq!(planned("38a", there_and_back), (Status::Fail, Some(2.5), named));
}

#[test]
fn key_areas_are_asked_for_where_some_point_stands_for_one() {
    let with = |key: [bool; 2]| {
        planned("38a", |s| {
            s.file.kit.checkpoint.push(point("c2", 10.0));
            s.file.kit.guard_tour.push(tour("seldom", &["c2"], &[0]));
            s.file.kit.checkpoint.iter_mut().zip(key).for_each(|(point, key)| point.key_area = key);
        })
    };
    assert_eq!(with([true, false]), (Status::Pass, Some(2.0), String::new()));
    let seldom = (Status::Fail, Some(24.0), "c2: 24.0 h from 00:00 to 00:00".to_owned());
    assert_eq!(with([false, true]), seldom);
    assert_eq!(with([false, false]), seldom, "nobody says which areas are key");
    // The log asks about the same points.
    let mut scenario = exemplary();
    scenario.file.kit.checkpoint.push(point("c2", 10.0));
    let log = Measured { patrols: Some(rounds(&TWO, 3)), ..Measured::default() };
    assert_eq!(one(&findings(&scenario, Some(&log)), "38b").status, Status::Fail);
    scenario.file.kit.checkpoint[0].key_area = true;
    assert_eq!(one(&findings(&scenario, Some(&log)), "38b").status, Status::Pass);
}

#[test]
fn a_higher_level_of_protection_asks_for_more_rounds() {
    let at = |level: Option<u8>, starts: &[i64]| {
        let mut scenario = exemplary();
        scenario.file.kit.provision.protection_level = level;
        scenario.file.kit.guard_tour[0].starts =
            starts.iter().map(|hour| TimeOfDay(Ms(hour * 3_600_000))).collect();
        let found = one(&findings(&scenario, None), "36a").clone();
        (found.status, found.demanded)
    };
    for (level, demanded, once, twice, four) in [
        (None, 24.0, Status::Pass, Status::Pass, Status::Pass),
        (Some(3), 24.0, Status::Pass, Status::Pass, Status::Pass),
        (Some(2), 12.0, Status::Fail, Status::Pass, Status::Pass),
        (Some(1), 6.0, Status::Fail, Status::Fail, Status::Pass),
    ] {
        let starts: [&[i64]; 3] = [&[3], &[3, 15], &[3, 9, 15, 21]];
        for (starts, status) in starts.into_iter().zip([once, twice, four]) {
            assert_eq!(at(level, starts), (status, Some(demanded)), "level {level:?}, {starts:?}");
        }
    }
    let said = one(&findings(&exemplary(), None), "36a").assumed.join("; ");
    assert!(said.contains("of level 3 where `protection_level` in [kit.provision] does not say"), "{said}");
    let mut scenario = exemplary();
    scenario.file.kit.provision.protection_level = Some(1);
    let log = |hours: i64| {
        let touch =
            |i: i64| Touch { at_s: i * hours * 3_600, checkpoint: "c1".into(), person: "wang".into() };
        let patrols = Some(PatrolLog::imported((0..9).map(touch).collect()));
        one(&findings(&scenario, Some(&Measured { patrols, ..Measured::default() })), "36b").status
    };
    assert_eq!((log(6), log(7)), (Status::Pass, Status::Fail), "the log is held against the same hours");
}

/// Records of all parts of the exemplary system for so many days, and what is left of them.
fn records(days: i64, keep: impl Fn(System, i64) -> bool) -> Measured {
    const MARCH_2026_S: i64 = 1_772_323_200;
    let all = System::ALL.into_iter().flat_map(|system| (0..days).map(move |day| (system, day)));
    let kept = all.filter(|(system, day)| keep(*system, *day));
    let trial = TrialRecords::of(kept.map(|(system, day)| (system, MARCH_2026_S + day * 86_400 + 3_600)));
    Measured { trial: Some(trial), trial_file: Some("trial.csv".into()), ..Measured::default() }
}

fn trial(typed: Option<f64>, known: &Measured) -> Finding {
    let mut scenario = exemplary();
    scenario.file.kit.provision.trial_days = typed;
    one(&findings(&scenario, Some(known)), "40").clone()
}

#[test]
fn a_trial_run_is_proved_by_records_of_every_part_on_every_day() {
    let check = |known: &Measured, status: Status, measured: Option<f64>, says: &str| {
        let found = trial(None, known);
        assert_eq!((found.status, found.measured), (status, measured), "{found:?}");
        let said = found.needs.clone().unwrap_or_else(|| found.evidence.join("; "));
        assert!(said.contains(says), "`{says}` is not in `{said}`");
        assert_eq!(found.basis, measured.map(|_| Basis::Imported));
        assert_eq!(found.record.as_deref(), measured.map(|_| "trial.csv"));
    };
    check(&records(30, |_, _| true), Status::Pass, Some(30.0), "");
    let cameras_off = |system: System, day: i64| system != System::Video || !(9..12).contains(&day);
    check(&records(30, cameras_off), Status::Fail, Some(27.0), "video: no record from 03-10 to 03-12");
    check(&records(33, cameras_off), Status::Pass, Some(30.0), "video: no record from 03-10 to 03-12");
    check(
        &records(12, |_, _| true),
        Status::NotAssessable,
        None,
        "alarm has records on 12 d from 03-01 to 03-12",
    );
    let without_access = records(30, |system, _| system != System::Access);
    check(&without_access, Status::NotAssessable, None, "records of 30 d of access (`palisade plan");
    // First and last day make no month.
    check(
        &records(30, |_, day| day % 29 == 0),
        Status::Fail,
        Some(2.0),
        "alarm: no record from 03-02 to 03-29",
    );
}

#[test]
fn a_log_of_patrols_alone_proves_no_trial_run() {
    let known =
        Measured { patrols: Some(rounds(&TWO, 31)), log: Some("rounds.csv".into()), ..Measured::default() };
    let found = trial(None, &known);
    assert_eq!(found.status, Status::NotAssessable, "{found:?}");
    let needs = found.needs.expect("what is missing");
    for part in ["records of 30 d of alarm, video, access", "patrol has records on 32 d from 04-14 to 05-15"]
    {
        assert!(needs.contains(part), "`{part}` is not in `{needs}`");
    }
    // With the records of the others it is the part that it is.
    let mut both = records(30, |system, _| system != System::Patrol);
    assert_eq!(trial(None, &both).status, Status::NotAssessable);
    let march = |i: i64| 1_772_323_200 + i * 86_400;
    let touch = |i: i64| Touch { at_s: march(i), checkpoint: "c1".into(), person: "wang".into() };
    both.patrols = Some(PatrolLog::imported((0..30).map(touch).collect()));
    assert_eq!(trial(None, &both).status, Status::Pass);
    // What the twin walked is no record of a real system.
    both.patrols = Some(PatrolLog::lived((0..30).map(touch).collect(), [march(0), march(30)]));
    assert_eq!(trial(None, &both).status, Status::NotAssessable);
    // A compound that has nothing else needs nothing else.
    let mut scenario = exemplary();
    scenario.file.kit = Kit { provision: Provision::default(), ..scenario.file.kit };
    let kit = &mut scenario.file.kit;
    (kit.beam, kit.camera, kit.facade_camera, kit.barrier) = Default::default();
    let found = one(&findings(&scenario, Some(&known)), "40").clone();
    assert_eq!((found.status, found.record.as_deref()), (Status::Pass, Some("rounds.csv")));
}

#[test]
fn records_of_a_trial_run_come_before_what_its_owner_says() {
    let nothing = Measured::default();
    for (typed, status) in [(0.0, Status::Fail), (29.0, Status::Fail)] {
        let found = trial(Some(typed), &nothing);
        assert_eq!((found.status, found.basis), (status, Some(Basis::Assumed)), "{typed}");
    }
    let said = trial(Some(30.0), &nothing);
    assert_eq!((said.status, said.basis), (Status::NotAssessable, None), "his word proves nothing");
    assert_eq!(trial(None, &nothing).status, Status::NotAssessable);
    let half = records(31, |_, day| day % 2 == 0);
    assert_eq!(trial(Some(30.0), &half).status, Status::Fail);
}
