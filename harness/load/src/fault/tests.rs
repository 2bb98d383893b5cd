//! Lines under faults that are drawn at random, and one by one.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const MS: Nanos = 1_000_000;

fn fault(what: What) -> Fault {
    Fault { ways: Way::BOTH.to_vec(), connections: 1.0, from: 0, until: Nanos::MAX, what }
}

/// Chunks with the pauses before them, ms.
type Chunks = Vec<(u64, Vec<u8>)>;

/// What went into one way while the connection stood, what came out with its instants, and what was done.
struct Through {
    sent: Vec<u8>,
    out: Vec<(Nanos, Leaves)>,
    log: Vec<Applied>,
}

impl Through {
    /// Sends chunks up, then the end; looks every `step` and at each chunk.
    fn of(faults: &[Fault], seed: u64, chunks: &Chunks, step: Nanos) -> Through {
        let mut line = Line::new(faults, seed, 3, 0);
        let (mut now, mut out, mut sent) = (0, Vec::new(), Vec::new());
        let mut pull = |line: &mut Line, now| {
            while let Some(left) = line.pull(now) {
                let of_both = matches!(left.what, Leaves::Cut | Leaves::Reset);
                assert!(left.at <= now && (left.way == Way::Up || of_both), "{left:?}");
                out.push((left.at, left.what));
            }
        };
        for (pause, bytes) in chunks {
            let at = now + pause * MS;
            while now + step < at {
                now += step;
                pull(&mut line, now);
            }
            now = at;
            pull(&mut line, now);
            if line.is_over() {
                break;
            }
            line.push(Way::Up, bytes, now);
            sent.extend(bytes);
            pull(&mut line, now);
        }
        line.finish(Way::Up, now);
        while let Some(next) = line.next() {
            now = now.max(next);
            pull(&mut line, now);
        }
        Through { sent, out, log: line.take_log() }
    }

    fn bytes(&self) -> Vec<u8> {
        let bytes = self.out.iter().filter_map(|(_, what)| match what {
            Leaves::Bytes(bytes) => Some(bytes.as_slice()),
            _ => None,
        });
        bytes.collect::<Vec<_>>().concat()
    }

    fn done(&self) -> Vec<Done> {
        self.log.iter().map(|applied| applied.done).collect()
    }

    /// Bytes that came in addition, less those that are gone.
    fn balance(&self) -> i64 {
        let change = |done: Done| match done {
            Done::Duplicated(n) | Done::Inserted(n) => n as i64,
            Done::Truncated(n) | Done::Swallowed(n) | Done::Lost(n) => -(n as i64),
            _ => 0,
        };
        self.log.iter().map(|applied| change(applied.done)).sum()
    }
}

fn sent(chunks: &Chunks) -> Vec<u8> {
    chunks.iter().flat_map(|(_, bytes)| bytes.clone()).collect()
}

fn chunks() -> impl Strategy<Value = Chunks> {
    vec((0_u64..40, vec(any::<u8>(), 1..60)), 0..24)
}

fn often() -> impl Strategy<Value = Often> {
    prop_oneof![(0.0..=1.0).prop_map(Often::Chance), (1_u32..5).prop_map(Often::Every)]
}

fn moment() -> impl Strategy<Value = Moment> {
    let times = || (0..900 * MS, 0..200 * MS);
    prop_oneof![
        times().prop_map(|(at, within)| Moment::At(at, within)),
        times().prop_map(|(at, within)| Moment::After(at, within)),
        (0_u64..900).prop_map(Moment::AfterBytes),
    ]
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        (0..90 * MS, 0..50 * MS).prop_map(|(by, jitter)| What::Delay { by, jitter }),
        (1_u32..5_000).prop_map(|bytes_per_s| What::Rate { bytes_per_s }),
        (1_u32..50, 1_u64..40).prop_map(|(bytes, ms)| What::Drip { bytes, every: ms * MS }),
        moment().prop_map(What::Cut),
        moment().prop_map(What::Reset),
        moment().prop_map(What::HalfOpen),
        often().prop_map(What::Truncate),
        often().prop_map(What::Duplicate),
        (often(), 0..30 * MS).prop_map(|(often, within)| What::Reorder { often, within }),
        (often(), 1_u32..20).prop_map(|(often, bytes)| What::Garbage { often, bytes }),
        (1e-4..=1.0).prop_map(|bit_error_rate| What::Flip { bit_error_rate }),
    ]
}

fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let one =
        (what(), 0.3..1.5, 0..300 * MS, 0..900 * MS).prop_map(|(what, connections, from, lasts)| Fault {
            connections,
            from: if connections > 1.0 { 0 } else { from },
            until: if connections > 1.0 { Nanos::MAX } else { from + lasts },
            ..fault(what)
        });
    vec(one, 0..5)
}

proptest! {
    #[test]
    fn bytes_are_conserved_except_where_a_fault_says(faults in faults(), seed: u64, chunks in chunks()) {
        let through = Through::of(&faults, seed, &chunks, 7 * MS);
        prop_assert_eq!(
            through.bytes().len() as i64,
            through.sent.len() as i64 + through.balance(),
            "{:?}", through.log
        );
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_at_the_same_instants_however_often_one_looks(
        faults in faults(), seed: u64, chunks in chunks(), step in 1_u64..50,
    ) {
        let (a, b) = (Through::of(&faults, seed, &chunks, step * MS), Through::of(&faults, seed, &chunks, 900 * MS));
        prop_assert_eq!(a.out, b.out);
        let sorted = |mut log: Vec<Applied>| {
            log.sort_by_key(|a| (a.fault, a.at, a.offset));
            log
        };
        prop_assert_eq!(sorted(a.log), sorted(b.log));
    }

    #[test]
    fn instants_never_go_back(faults in faults(), seed: u64, chunks in chunks()) {
        let through = Through::of(&faults, seed, &chunks, 5 * MS);
        prop_assert!(through.out.is_sorted_by_key(|(at, _)| *at), "{:?}", through.out);
    }

    #[test]
    fn delay_rate_and_drip_change_no_byte_and_no_order(
        chunks in chunks(), by in 0_u64..90, jitter in 0_u64..90, rate in 1_u32..9_000, drip in 1_u32..50,
    ) {
        let slow = [
            fault(What::Delay { by: by * MS, jitter: jitter * MS }),
            fault(What::Rate { bytes_per_s: rate }),
            fault(What::Drip { bytes: drip, every: 9 * MS }),
        ];
        for faults in [&slow[..0], &slow[..1], &slow[1..2], &slow[2..], &slow[..]] {
            let through = Through::of(faults, 1, &chunks, 5 * MS);
            prop_assert_eq!(through.bytes(), sent(&chunks));
            prop_assert_eq!(through.out.last().map(|(_, what)| what.clone()), Some(Leaves::Finish));
        }
    }

    #[test]
    fn a_slow_line_never_exceeds_its_rate(chunks in chunks(), bytes in 1_u32..50, ms in 1_u64..40) {
        let every = ms * MS;
        let drip = Through::of(&[fault(What::Drip { bytes, every })], 1, &chunks, 5 * MS);
        let rate = Through::of(&[fault(What::Rate { bytes_per_s: bytes * 100 })], 1, &chunks, 5 * MS);
        let first = drip.out.first().map_or(0, |(at, _)| *at);
        let (mut dripped, mut passed) = (0, 0);
        for (at, what) in &drip.out {
            let Leaves::Bytes(piece) = what else { continue };
            dripped += piece.len() as u64;
            prop_assert!(dripped <= u64::from(bytes) * ((at - first) / every + 1), "{dripped} at {at}");
        }
        for (at, what) in &rate.out {
            let Leaves::Bytes(piece) = what else { continue };
            passed += piece.len() as u64;
            prop_assert!(passed * 1_000_000_000 <= u64::from(bytes) * 100 * at, "{passed} at {at}");
        }
    }
}

#[test]
fn each_fault_does_what_it_says() {
    let check = |what: What, bytes: &[u8], ends: Option<Leaves>, done: &[Done]| {
        let chunks = vec![(1, b"abcd".to_vec()), (10, b"efgh".to_vec()), (10, b"ijkl".to_vec())];
        let faults = [Fault { ways: vec![Way::Up], ..fault(what) }];
        let through = Through::of(&faults, 1, &chunks, MS);
        let end =
            through.out.last().map(|(_, what)| what.clone()).filter(|what| !matches!(what, Leaves::Bytes(_)));
        assert_eq!((through.bytes().as_slice(), end), (bytes, ends), "{faults:?}");
        assert_eq!(through.done(), done, "{faults:?}");
    };
    let (finish, all) = (Some(Leaves::Finish), b"abcdefghijkl");
    check(What::Delay { by: 5 * MS, jitter: 0 }, all, finish.clone(), &[Done::Held(5 * MS); 3]);
    check(What::Cut(Moment::AfterBytes(6)), b"abcdef", Some(Leaves::Cut), &[Done::Cut, Done::Swallowed(2)]);
    check(What::Reset(Moment::At(15 * MS, 0)), b"abcdefgh", Some(Leaves::Reset), &[Done::Reset]);
    let swallowed = [Done::HalfOpen, Done::Swallowed(4), Done::Swallowed(4)];
    check(What::HalfOpen(Moment::After(5 * MS, 0)), b"abcd", None, &swallowed);
    let often = Often::Every(2);
    check(What::Duplicate(often), b"abcdefghefghijkl", finish.clone(), &[Done::Duplicated(4)]);
    let reorder = What::Reorder { often: Often::Every(2), within: 50 * MS };
    check(reorder, b"abcdijklefgh", finish.clone(), &[Done::Reordered(4)]);
    check(What::Reorder { often, within: 2 * MS }, all, finish, &[]);
}

#[test]
fn what_was_on_its_way_is_lost_with_the_connection() {
    let faults = [fault(What::Delay { by: 50 * MS, jitter: 0 }), fault(What::Cut(Moment::At(30 * MS, 0)))];
    let through = Through::of(&faults, 1, &vec![(1, b"abcd".to_vec())], MS);
    assert_eq!(through.out, [(30 * MS, Leaves::Cut)]);
    assert_eq!(through.done(), [Done::Held(50 * MS), Done::Cut, Done::Lost(4)]);
    assert_eq!(through.log[2].fault, 1, "the fault that ended it is named");
}

#[test]
fn a_break_of_both_ways_is_one_break() {
    let mut line = Line::new(&[fault(What::Reset(Moment::After(0, 90 * MS)))], 5, 0, 0);
    line.push(Way::Up, b"up", 0);
    line.push(Way::Down, b"down", 0);
    let mut left = std::iter::from_fn(|| line.pull(90 * MS)).collect::<Vec<_>>();
    assert_eq!(left.pop().map(|left| left.what), Some(Leaves::Reset));
    assert_eq!((left.len(), line.is_over(), line.take_log().len()), (2, true, 1));
}

#[test]
fn faults_befall_their_ways_their_window_and_their_share_of_connections() {
    let late = Fault {
        from: 10 * MS,
        until: 20 * MS,
        ways: vec![Way::Down],
        ..fault(What::Duplicate(Often::Every(1)))
    };
    let mut line = Line::new(&[late], 1, 0, 0);
    for (at, way) in [(5, Way::Down), (10, Way::Down), (15, Way::Up), (20, Way::Down)] {
        line.push(way, b"x", at * MS);
    }
    let log = line.take_log();
    assert_eq!(log.iter().map(|a| (a.at, a.way)).collect::<Vec<_>>(), [(10 * MS, Way::Down)]);

    let some = [Fault { connections: 0.3, ..fault(What::Duplicate(Often::Every(1))) }];
    let befallen = |seed| {
        let of = |connection| {
            let mut line = Line::new(&some, seed, connection, 0);
            line.push(Way::Up, b"x", 0);
            !line.take_log().is_empty()
        };
        (0..1_000).filter(|connection| of(*connection)).collect::<Vec<_>>()
    };
    assert!((250..350).contains(&befallen(1).len()), "{}", befallen(1).len());
    assert_eq!(befallen(1), befallen(1));
    assert_ne!(befallen(1), befallen(2));
}

#[test]
fn who_has_no_more_to_say_may_still_break_the_connection() {
    let faults = [
        fault(What::Delay { by: 20 * MS, jitter: 0 }),
        fault(What::Reorder { often: Often::Every(1), within: 5 * MS }),
    ];
    let mut line = Line::new(&faults, 1, 0, 0);
    line.push(Way::Down, b"bye", 0);
    line.finish(Way::Down, 0);
    line.reset(Way::Down, 7 * MS);
    let mut left = Vec::new();
    left.extend(std::iter::from_fn(|| line.pull(900 * MS)).map(|departure| (departure.at, departure.what)));
    let last = left.pop();
    assert_eq!(left, [(20 * MS, Leaves::Bytes(b"bye".to_vec())), (20 * MS, Leaves::Finish)]);
    assert_eq!((last, line.is_over()), (Some((27 * MS, Leaves::Reset)), true));
    // What comes for a connection that is over goes nowhere.
    line.push(Way::Up, b"x", 901 * MS);
    line.reset(Way::Up, 901 * MS);
    assert_eq!((line.pull(999 * MS), line.waiting(Way::Up)), (None, 0));
}

#[test]
fn an_end_that_nobody_tells_is_over_when_both_sides_have_gone() {
    let mut line = Line::new(&[fault(What::HalfOpen(Moment::AfterBytes(0)))], 1, 0, 0);
    line.push(Way::Up, b"x", 0);
    line.finish(Way::Up, 0);
    line.push(Way::Down, b"y", 0);
    assert_eq!((line.pull(900 * MS), line.is_over()), (None, false));
    line.finish(Way::Down, 0);
    assert!(line.is_over());
}
