//! What the proxy of the faults saw of the lines of copies, for their judge.

use crate::drivers::between::{self, Befallen, event_digest};
use crate::drivers::crowd::Crowd;
use crate::pairing::Span;
use crate::pairing::copies::Says;
use crate::pairing::lines::{Lines, Reach};
use crate::record::{Micros, Restart};

/// The same in instants after the start, which is one of the run's clock. An event came whole when it passed as it is said.
pub(super) fn of(
    between::Lines { came, befallen }: between::Lines,
    (crowd, says, copies): (&Crowd<'_>, &[Says], u32),
    (start_us, restarts): (Micros, &[Restart]),
) -> Lines {
    let mut reach = vec![Reach::default(); says.len() * copies as usize];
    let key = |copy, place: usize| (copy, says[place].stimulus);
    crowd.events(
        start_us,
        |copy, place| came.passed.contains_key(&key(copy, place)),
        |copy, place, message| {
            let whole = event_digest(&message.topic, message.payload.as_bytes());
            let first = came.passed.get(&key(copy, place));
            let again = came.passed_again.get(&key(copy, place)).into_iter().flatten();
            let reach = &mut reach[(copy as usize - 1) * says.len() + place];
            first
                .into_iter()
                .chain(again)
                .for_each(|one| reach.take(one.at_us - start_us, one.digest == whole));
        },
    );
    let spans = befallen.iter().map(|(line, befallen)| {
        let span = |one: &Befallen| {
            let fresh_us = came.fresh_us(*line, one).map(|at_us| at_us - start_us);
            Span::of_fault(one.at_us - start_us, one.fault, one.held_ns, fresh_us)
        };
        let mut spans: Vec<Span> = befallen.iter().map(span).collect();
        spans.sort_by_key(|span| span.from_us);
        ((line.copy, line.device), spans)
    });
    let down = |done: &Restart| {
        let (down_us, open_us) = (done.down_us - start_us, done.open_us - start_us);
        Span::of_restart(&Restart { down_us, open_us, ..done.clone() })
    };
    Lines { reach, spans: spans.collect(), down: restarts.iter().map(down).collect() }
}
