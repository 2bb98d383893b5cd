//! A zone: rays that must all be broken at once for as long as the interruption time, and an output with a hold.

use crate::contract::{Cause, Signal};
use crate::words::Ms;

/// A stretch of time during which something stands in one ray, µs since midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Beginning, µs.
    pub from_us: i64,
    /// End, µs.
    pub to_us: i64,
    /// Why.
    pub cause: Cause,
}

/// What a zone remembers from tick to tick.
#[derive(Clone, Debug)]
pub struct Zone {
    interruption: Ms,
    hold: Ms,
    running: Option<Running>,
    output: Option<Output>,
}

#[derive(Clone, Copy, Debug)]
struct Running {
    span: Span,
    alarmed: bool,
}

#[derive(Clone, Copy, Debug)]
struct Output {
    /// When it falls back; unknown while the break lasts.
    restore_at: Option<Ms>,
    cause: Cause,
}

/// Something that a zone says: when, what, why.
pub type Said = (Ms, Signal, Cause);

impl Zone {
    /// A clear zone.
    pub fn new(interruption: Ms, hold: Ms) -> Zone {
        Zone { interruption, hold, running: None, output: None }
    }

    /// Takes the shadows of one tick, one list a ray, and says what the zone reports before the tick ends.
    ///
    /// The output closes at the instant at which the break has lasted for the interruption time. What the device
    /// can say then is how long the zone has been broken so far, so `broken_ms` is the interruption time; how
    /// long the break really was follows from the restoring, which comes `hold` after its end.
    pub fn advance(&mut self, end: Ms, rays: &mut [Vec<Span>]) -> Vec<Said> {
        let mut said = Vec::new();
        for span in all_broken(rays) {
            self.extend(span, &mut said);
        }
        if self.running.is_some_and(|r| r.span.to_us < end.0 * 1000) {
            self.finish();
        }
        if let Some(Output { restore_at: Some(at), cause }) = self.output
            && at < end
        {
            said.push((at, Signal::BeamRestored, cause));
            self.output = None;
        }
        said
    }

    /// The next instant at which the zone has something to do although nobody moves.
    pub fn wake(&self, end: Ms) -> Option<Ms> {
        let restore = self.output.and_then(|o| o.restore_at);
        [restore, self.running.map(|_| end)].into_iter().flatten().min()
    }

    /// True when nothing stands in the zone and its output is open.
    pub fn idle(&self) -> bool {
        self.running.is_none() && self.output.is_none()
    }

    fn extend(&mut self, span: Span, said: &mut Vec<Said>) {
        match &mut self.running {
            Some(running) if span.from_us <= running.span.to_us + 1 => {
                running.span.to_us = running.span.to_us.max(span.to_us);
            }
            _ => {
                self.finish();
                self.running = Some(Running { span, alarmed: false });
            }
        }
        self.alarm(said);
    }

    /// Closes the output once the running break has lasted long enough.
    fn alarm(&mut self, said: &mut Vec<Said>) {
        let Some(running) = &mut self.running else { return };
        if running.alarmed || running.span.to_us - running.span.from_us < self.interruption.0 * 1000 {
            return;
        }
        running.alarmed = true;
        let due = ceil_ms(running.span.from_us + self.interruption.0 * 1000);
        let cause = running.span.cause;
        match &mut self.output {
            // Still held from the break before: it stays closed and the hold begins again.
            Some(output) if output.restore_at.is_none_or(|at| at > due) => output.restore_at = None,
            output => {
                if let Some(Output { restore_at: Some(at), cause }) = output {
                    said.push((*at, Signal::BeamRestored, *cause));
                }
                *output = Some(Output { restore_at: None, cause });
                let broken_ms = self.interruption.0.max(0) as u32;
                said.push((due, Signal::BeamBroken { broken_ms }, cause));
            }
        }
    }

    fn finish(&mut self) {
        let Some(Running { span, alarmed: true }) = self.running.take() else { return };
        if let Some(output) = &mut self.output {
            output.restore_at = Some(ceil_ms(span.to_us) + self.hold);
        }
    }
}

fn ceil_ms(us: i64) -> Ms {
    Ms((us + 999).div_euclid(1000))
}

/// The times at which every ray is broken. The cause is that of the ray which was broken last.
fn all_broken(rays: &mut [Vec<Span>]) -> Vec<Span> {
    let mut rays = rays.iter_mut();
    let Some(first) = rays.next() else { return Vec::new() };
    let mut common = merged(first);
    for ray in rays {
        if common.is_empty() {
            break;
        }
        let other = merged(ray);
        let mut both = Vec::new();
        for a in &common {
            for b in &other {
                let (from_us, to_us) = (a.from_us.max(b.from_us), a.to_us.min(b.to_us));
                if from_us < to_us {
                    let cause = if b.from_us > a.from_us { b.cause } else { a.cause };
                    both.push(Span { from_us, to_us, cause });
                }
            }
        }
        common = both;
    }
    common
}

/// Spans in order of time, overlapping ones joined under the cause of the earliest.
fn merged(spans: &mut Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|s| (s.from_us, s.to_us, s.cause));
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans.drain(..) {
        match joined.last_mut() {
            Some(last) if span.from_us <= last.to_us => last.to_us = last.to_us.max(span.to_us),
            _ => joined.push(span),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Nuisance;
    use crate::words::IncidentId;

    const HIM: Cause = Cause::Incident(IncidentId(3));

    fn span(from_us: i64, to_us: i64) -> Span {
        Span { from_us, to_us, cause: HIM }
    }

    /// What a zone with a setting of 40 ms and a hold of 2 s says about breaks of its rays within 5 s.
    fn says(rays: &[&[Span]]) -> Vec<(i64, String)> {
        let mut zone = Zone::new(Ms(40), Ms(2000));
        let mut said = Vec::new();
        for tick in 0..50 {
            let (now, end) = (tick * 100_000, (tick + 1) * 100_000);
            let mut cut: Vec<Vec<Span>> = rays
                .iter()
                .map(|ray| {
                    let parts = ray.iter().filter(|s| s.from_us < end && s.to_us > now);
                    parts.map(|s| span(s.from_us.max(now), s.to_us.min(end))).collect()
                })
                .collect();
            said.extend(zone.advance(Ms(end / 1000), &mut cut));
        }
        said.into_iter().map(|(at, signal, _)| (at.0, signal.word())).collect()
    }

    #[test]
    fn thirty_nine_milliseconds_are_silent_and_forty_one_alarm_at_a_setting_of_forty() {
        assert_eq!(says(&[&[span(80_000, 119_000)]]), []);
        let alarm = vec![(120, "beam_broken".into()), (2121, "beam_restored".into())];
        assert_eq!(says(&[&[span(80_000, 121_000)]]), alarm);
        assert_eq!(says(&[&[span(10_000, 51_000)]]).len(), 2, "inside one tick too");
    }

    #[test]
    fn both_rays_must_be_broken_at_once() {
        assert_eq!(says(&[&[span(0, 90_000)], &[]]), []);
        assert_eq!(says(&[&[span(0, 90_000)], &[span(60_000, 150_000)]]), [], "30 ms in common");
        let alarm = vec![(90, "beam_broken".into()), (2140, "beam_restored".into())];
        assert_eq!(says(&[&[span(0, 140_000)], &[span(50_000, 150_000)]]), alarm);
    }

    #[test]
    fn a_second_break_within_the_hold_extends_it() {
        let said = says(&[&[span(0, 100_000), span(1_000_000, 1_200_000)]]);
        assert_eq!(said, vec![(40, "beam_broken".into()), (3200, "beam_restored".into())]);
        let said = says(&[&[span(0, 100_000), span(1_000_000, 1_020_000)]]);
        assert_eq!(said[1].0, 2100, "20 ms do not count");
        let said = says(&[&[span(0, 100_000), span(2_500_000, 2_600_000)]]);
        assert_eq!(said.len(), 4, "after the hold it alarms anew");
    }

    #[test]
    fn the_ray_broken_last_names_the_cause() {
        let bird = Cause::Nuisance(Nuisance::Bird);
        let mut rays = [vec![Span { from_us: 0, to_us: 90_000, cause: bird }], vec![span(10_000, 90_000)]];
        let said = Zone::new(Ms(40), Ms(2000)).advance(Ms(100), &mut rays);
        assert_eq!(said, [(Ms(50), Signal::BeamBroken { broken_ms: 40 }, HIM)]);
    }
}
