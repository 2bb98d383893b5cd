use palisade_sim::words::{AgentKey, Dice};

use super::chance::{Block, exchanged, holm, interval, permuted};
use super::*;

/// A run of `seconds` with five messages a second; a second's messages share a part of their latency, as on a real
/// machine. `slower` maps each latency.
fn run(seed: u64, seconds: i64, slower: impl Fn(i64, f64) -> f64) -> Facts {
    let mut draw = Dice::new(seed).draw(AgentKey::of("run"), "latency", 0);
    let mut samples = Vec::new();
    for second in 0..seconds {
        let shared = draw.exponential(3.0);
        for i in 0..5 {
            let stimulus = (second * 5 + i) as u32;
            let ms = slower(i64::from(stimulus), 5.0 + shared + draw.exponential(1.0));
            samples.push(Sample {
                stimulus,
                class: if i == 0 { "beam" } else { "camera" }.into(),
                at_us: second * 1_000_000 + i * 200_000,
                response_us: Some((ms * 1_000.0) as i64),
                answered: true,
                name: format!("message {stimulus}"),
            });
        }
    }
    let floor_us = (0..200).map(|_| (draw.exponential(0.5) * 1_000.0) as i64).collect();
    let windows = vec![(0, seconds * 1_000)];
    Facts {
        run: format!("run-{seed}"),
        seed: 1,
        digest: "d".into(),
        scenario: "s".into(),
        windows,
        conditions: Vec::new(),
        samples,
        floor_us,
    }
}

fn same(_: i64, ms: f64) -> f64 {
    ms
}

#[test]
fn two_runs_of_one_gateway_are_the_same() {
    let wrong = (0..40)
        .filter(|seed| !compare(&run(1_000 + seed, 60, same), &[run(*seed, 60, same)], 0.05).pass())
        .count();
    // One in a hundred is what the level allows; three of forty would be a broken test.
    assert!(wrong <= 2, "{wrong} of 40 were called worse");
}

#[test]
fn a_p_is_as_rare_as_it_says() {
    let low = (0..200)
        .filter(|seed| {
            let mut draw = Dice::new(*seed).draw(AgentKey::of("p"), "ms", 0);
            let blocks: Vec<Block> = (0..20)
                .map(|_| {
                    let (a, b) = (draw.exponential(3.0), draw.exponential(3.0));
                    Block { before: vec![a, a + 0.1], after: vec![b, b + 0.1] }
                })
                .collect();
            permuted(&blocks, 0.5) < 0.05
        })
        .count();
    assert!((2..=22).contains(&low), "{low} of 200 had p < 0.05");
}

#[test]
fn a_slower_gateway_is_found_and_a_faster_one_told() {
    let slow = compare(&run(2, 60, |_, ms| ms * 1.5), &[run(1, 60, same)], 0.05);
    assert!(slow.regressed.contains(&"all response p50".to_owned()), "{slow:?}");
    assert!(slow.reasons[0].contains("went from") && slow.reasons[0].ends_with("against run-1"), "{slow:?}");
    let fast = compare(&run(2, 60, |_, ms| ms / 1.5), &[run(1, 60, same)], 0.05);
    assert!(fast.pass());
    assert!(fast.baselines[0].latency.iter().any(|c| c.finding == Finding::Better));
}

#[test]
fn a_tail_alone_is_found_by_its_figure() {
    let tail = |i: i64, ms: f64| if i % 40 < 2 { ms + 60.0 } else { ms };
    let found = compare(&run(2, 120, tail), &[run(1, 120, same)], 0.05);
    assert!(found.regressed.contains(&"all response p99".to_owned()), "{:?}", found.regressed);
    assert!(!found.regressed.contains(&"all response p50".to_owned()), "{:?}", found.regressed);
}

#[test]
fn what_the_floor_shows_too_is_the_machine() {
    let mut slow = run(2, 60, |_, ms| ms + 4.0);
    slow.floor_us.iter_mut().for_each(|us| *us += 4_000);
    let found = compare(&slow, &[run(1, 60, same)], 0.05);
    let of_all = found.baselines[0].latency.iter().find(|c| c.class == "all" && c.figure == "p50");
    assert_eq!(of_all.map(|c| c.finding), Some(Finding::Machine), "{of_all:?}");
}

#[test]
fn a_figure_must_be_worse_than_in_every_baseline() {
    let new = run(3, 60, |_, ms| ms * 1.5);
    let (slow, quick) = (run(1, 60, |_, ms| ms * 1.5), run(2, 60, same));
    assert!(!compare(&new, std::slice::from_ref(&quick), 0.05).pass());
    assert!(compare(&new, &[quick, slow], 0.05).pass());
}

#[test]
fn a_small_change_does_not_matter() {
    let slower = run(1, 60, |_, ms| ms * 1.03);
    assert!(!compare(&slower, &[run(1, 60, same)], 0.01).pass());
    assert!(compare(&slower, &[run(1, 60, same)], 0.05).pass());
}

/// A run in which these messages were not answered.
fn without(mut run: Facts, lost: impl Fn(u32) -> bool) -> Facts {
    for sample in run.samples.iter_mut().filter(|s| lost(s.stimulus)) {
        (sample.answered, sample.response_us) = (false, None);
    }
    run
}

#[test]
fn losses_in_many_seconds_are_worse() {
    let old = run(1, 60, same);
    // One of the five messages of every fifth second.
    let new = without(run(2, 60, same), |i| i % 25 == 3);
    let found = compare(&new, std::slice::from_ref(&old), 0.05);
    assert_eq!(found.outcome, Standing::Worse);
    assert!(found.regressed.contains(&"all answers".to_owned()), "{found:?}");
    assert!(
        found.reasons.iter().any(|r| r.contains("12 messages were answered then") && r.contains("message 3"))
    );
    let few = without(run(2, 60, same), |i| i == 3 || i == 28);
    assert!(compare(&few, &[old], 0.05).pass(), "two of 300 may be chance");
}

#[test]
fn one_bad_second_of_the_machine_is_not_worse() {
    // All of three seconds in a row are lost: fifteen messages, which as many fair coins would never explain.
    let new = without(run(2, 60, same), |i| (100..115).contains(&i));
    let found = compare(&new, &[run(1, 60, same)], 0.05);
    assert!(found.pass(), "{:?}", found.reasons);
    let all = found.baselines[0].answers.iter().find(|l| l.class == "all");
    assert_eq!(all.map(|l| (l.lost, l.p)), Some((15, 0.125)));
}

#[test]
fn what_cannot_be_compared_is_no_verdict_and_says_why() {
    let new = run(2, 60, same);
    let check = |old: Facts, expected: &str| {
        let found = compare(&new, &[old], 0.05);
        assert_eq!((found.outcome, found.pass()), (Standing::Incomparable, true));
        assert!(found.remarks[0].contains(expected), "{:?}", found.remarks);
    };
    check(Facts { digest: "e".into(), ..run(1, 60, same) }, "another version of Palisade made it");
    check(Facts { digest: "e".into(), seed: 9, ..run(1, 60, same) }, "its seed is 9, and 1 here");
    let scenario = || String::from("t");
    check(Facts { digest: "e".into(), scenario: scenario(), ..run(1, 60, same) }, "its scenario or its map");
    check(Facts { digest: String::new(), ..run(1, 60, same) }, "the baseline has no tape");
    check(run(1, 30, same), "--windows");
    check(Facts { windows: Vec::new(), ..run(1, 60, same) }, "nothing was driven in the baseline");
    let conditions = vec!["--fleet=20".to_owned()];
    check(Facts { conditions, ..run(1, 60, same) }, "then --fleet=20, now none");
}

#[test]
fn the_baselines_that_can_be_compared_decide() {
    let slow = run(2, 60, |_, ms| ms * 1.5);
    let other_day = Facts { digest: "e".into(), ..run(3, 60, same) };
    let found = compare(&slow, &[other_day, run(1, 60, same)], 0.05);
    assert_eq!(found.outcome, Standing::Worse);
    assert!(found.remarks.iter().any(|r| r.contains("another day")), "{:?}", found.remarks);
}

#[test]
fn what_is_worse_than_in_one_baseline_alone_is_remarked() {
    let new = run(3, 60, |_, ms| ms * 1.5);
    let (slow, quick) = (run(1, 60, |_, ms| ms * 1.5), run(2, 60, same));
    let found = compare(&new, &[slow, quick], 0.05);
    assert_eq!(found.outcome, Standing::Stands);
    assert!(found.remarks.iter().any(|r| r.starts_with("worse than in run-2 and")), "{:?}", found.remarks);
}

#[test]
fn too_few_messages_say_so() {
    let found = compare(&run(2, 5, |_, ms| ms * 3.0), &[run(1, 5, same)], 0.05);
    assert!(found.baselines[0].latency.iter().all(|c| c.finding == Finding::TooFew && c.p.is_none()));
    assert_eq!((found.outcome, found.pass()), (Standing::Untested, true));
    assert!(
        found.remarks[0].contains("25 messages were answered in both, in 5 different seconds; 20 in 8"),
        "{:?}",
        found.remarks
    );
}

#[test]
fn what_was_not_tested_has_no_interval_and_lost_answers_are_not_called_the_same() {
    let old = run(1, 20, same);
    // Fifteen messages of the twenty beams are answered in both, too few for any figure; five are lost.
    let of_beams = |facts: Facts| Facts {
        samples: facts.samples.into_iter().filter(|s| s.class == "beam").collect(),
        ..facts
    };
    let new = without(of_beams(run(2, 20, same)), |i| i < 25);
    let found = compare(&new, &[of_beams(old)], 0.05);
    assert_eq!(found.outcome, Standing::Untested);
    assert!(found.remarks[0].starts_with("latency could not be tested, answers could, against run-1: 15"));
    let against = &found.baselines[0];
    assert!(against.latency.iter().all(|c| c.between_ms.is_none()), "{against:?}");
    assert!(against.latency[0].sentence().ends_with("ms (too few to test, 15 messages)"), "{against:?}");
    let told: Vec<_> = against.answers.iter().map(|l| (l.lost, l.is_unproved(), l.needed, l.p)).collect();
    assert_eq!(told, [(5, true, 0.005, 0.03125); 2]);
    // Of five seconds all may be lost by chance.
    let few = compare(&run(2, 5, same), &[run(1, 5, same)], 0.05);
    assert!(few.baselines[0].answers.iter().all(|l| l.finding == Finding::TooFew), "{few:?}");
    assert!(few.remarks[0].starts_with("nothing could be tested against run-1"), "{:?}", few.remarks);
}

#[test]
fn a_test_that_could_find_nothing_is_not_made() {
    // The most extreme exchange of so many seconds is still below the level for one of so many figures, and no fewer do.
    for figures in 1..=20 {
        let least = |seconds: usize| 2.0 * figures as f64 * 0.5_f64.powi(seconds as i32);
        let seconds = seconds_needed(figures);
        assert!(least(seconds) < ALPHA && least(seconds - 1) >= ALPHA, "{figures} figures: {seconds}");
    }
}

#[test]
fn p_values_are_those_of_the_tables() {
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
    // One message a second: McNemar's.
    close(exchanged(&[]), 1.0);
    close(exchanged(&[1]), 0.5);
    close(exchanged(&[-1]), 1.0);
    close(exchanged(&[1, 1, 1, 1, 1, 1, 1, 1, -1, -1]), 56.0 / 1024.0);
    close(exchanged(&[1; 1_000]), 0.0);
    // A second with many is one coin.
    close(exchanged(&[40]), 0.5);
    close(exchanged(&[3, -1, 0]), 0.5);
    close(exchanged(&[2, 1]), 0.25);
    assert_eq!(holm(&[0.01, 0.04, 0.03]), [0.03, 0.06, 0.06]);
}

#[test]
fn an_interval_holds_the_true_change() {
    let blocks: Vec<Block> = (0..50)
        .map(|i| {
            let ms = f64::from(i % 7);
            Block { before: vec![ms], after: vec![ms + 2.0] }
        })
        .collect();
    let [low, high] = interval(&blocks, 0.5);
    assert!(low <= 2.0 && 2.0 <= high && high - low < 5.0, "{low} {high}");
}
