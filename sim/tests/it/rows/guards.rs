//! Rows 3, 4, 11 and 12: posts and their relief, tours, absent guards, the duty room.

use palisade_sim::contract::{IncidentKind, Signal};
use palisade_sim::whole::Day;

use super::changes::{different, happened, of, quiet_day, said};
use super::people::usual;

const ABSENT: &str =
    "[[script]]\nat = \"22:20:00\"\nevent = { guard_absent = { guard = \"g-05\", lasting = \"45m\" } }\n";

/// Planned instants against real ones, s, in order of (checkpoint, instant).
fn offsets(day: &Day) -> Vec<i32> {
    let offset = |signal: &Signal| match signal {
        Signal::CheckpointRead { due_offset_s, .. } => Some(*due_offset_s),
        _ => None,
    };
    day.tape.stimuli.iter().filter_map(|stimulus| offset(&stimulus.signal)).collect()
}

#[test]
fn a_tour_planned_faster_than_anybody_walks_is_late() {
    let tight = [("window = \"3m\" ", "window = \"45s\" ")];
    let usual_pace = quiet_day(&tight);
    let hurried = quiet_day(&[tight[0], ("speed_m_s = 1.1 ", "speed_m_s = 3.0 ")]);
    let mean = |day: &Day| {
        let all = offsets(day);
        assert!(all.len() >= 20, "{} reads", all.len());
        f64::from(all.iter().sum::<i32>()) / all.len() as f64
    };
    assert!(mean(&hurried) > mean(&usual_pace) + 15.0, "{} {}", mean(&hurried), mean(&usual_pace));
    let (late, overdue) = (
        |day: &Day| {
            happened(day, IncidentKind::TourDeviation).iter().filter(|d| d.contains("late by")).count()
        },
        |day: &Day| of(&said(day), "duty-room", "CheckpointOverdue").len(),
    );
    assert!(late(&hurried) > late(&usual_pace) + 3, "{} {}", late(&hurried), late(&usual_pace));
    assert!(overdue(&hurried) > overdue(&usual_pace) + 3);
    let changed = different(&usual_pace, &hurried);
    assert!(changed.contains("cp-2") && changed.contains("duty-room"));
    for same in ["post-east", "barrier-south", "door-b01-1", "charger-a", "smoke-shed", "facade-b01"] {
        assert!(!changed.contains(same), "{same} says something else: {changed:?}");
    }
}

#[test]
fn an_absent_guard_walks_no_tour_and_every_point_is_overdue() {
    let present = quiet_day(&[(ABSENT, "")]);
    let not_walked = |day: &Day| {
        let all = happened(day, IncidentKind::TourDeviation).into_iter();
        all.filter(|deviation| deviation.contains("not walked: nobody on duty")).count()
    };
    assert_eq!((not_walked(usual()), not_walked(&present)), (1, 0));
    let (with, without) = (said(usual()), said(&present));
    let overdue = of(&with, "duty-room", "CheckpointOverdue").len();
    assert!(overdue >= of(&without, "duty-room", "CheckpointOverdue").len() + 4);
    for point in ["cp-1", "cp-2", "cp-3", "cp-4"] {
        let read = |said| of(said, point, "CheckpointRead").len();
        assert!(read(&with) < read(&without), "{point}");
    }
    let fell_out = |day: &Day| happened(day, IncidentKind::PostRelief).iter().any(|r| r.contains("fell out"));
    assert!(fell_out(usual()) && !fell_out(&present));
    let changed = different(usual(), &present);
    for same in ["post-east", "barrier-south", "door-b01-1", "door-b02-2", "charger-a", "beam-north"] {
        assert!(!changed.contains(same), "{same} says something else: {changed:?}");
    }
}

#[test]
fn a_relief_at_the_outer_post_is_heard_on_its_radio_only() {
    let away =
        "[[script]]\nat = \"10:00:00\"\nevent = { guard_absent = { guard = \"g-04\", lasting = \"1h\" } }\n";
    let relieved = quiet_day(&[(ABSENT, &format!("{ABSENT}\n{away}"))]);
    let (before, after) = (said(usual()), said(&relieved));
    let count = |said, word| of(said, "g-04", word).len();
    assert_eq!((count(&before, "OffPost"), count(&after, "OffPost")), (1, 2));
    assert_eq!((count(&before, "OnPost"), count(&after, "OnPost")), (1, 2));
    let stands = |day: &Day| {
        let tracks = day.tracks.tracks.iter();
        tracks.filter(|track| track.who == "guard/g-04").map(|track| track.corners.len()).sum::<usize>()
    };
    assert!(stands(&relieved) > stands(usual()), "he goes and comes again");
    let changed = different(usual(), &relieved);
    let unexpected: Vec<&String> =
        changed.iter().filter(|name| *name != "g-04" && !name.starts_with("cam-")).collect();
    assert!(unexpected.is_empty(), "{unexpected:?}");
}

#[test]
fn with_nobody_in_the_duty_room_no_alarm_is_answered() {
    let deserted = quiet_day(&[("operators = 1", "operators = 0")]);
    let (before, after) = (said(usual()), said(&deserted));
    for word in ["AlarmAcknowledged", "AlarmClosed"] {
        assert!(of(&before, "duty-room", word).len() >= 10);
        assert_eq!(of(&after, "duty-room", word), Vec::<&String>::new());
    }
    assert!(!happened(usual(), IncidentKind::Dispatch).is_empty());
    assert_eq!(happened(&deserted, IncidentKind::Dispatch), Vec::<String>::new());
    let unanswered = happened(&deserted, IncidentKind::AlarmHandling);
    assert!(
        unanswered.len() >= 10 && unanswered.iter().all(|alarm| alarm.contains("nobody in the duty room"))
    );
    let changed = different(usual(), &deserted);
    for same in ["post-east", "barrier-south", "door-b01-1", "door-b02-2", "facade-b01"] {
        assert!(!changed.contains(same), "{same} says something else: {changed:?}");
    }
}
