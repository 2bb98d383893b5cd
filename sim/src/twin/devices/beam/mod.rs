//! Active infrared beams (主动红外对射): zones of rays on top of a wall, broken for a computed time.
//!
//! A break is solved from a body's way through the tick ([`shadow`]), merged across ticks and over the rays of
//! the zone ([`zone`]); birds, branches, rain, sun and drift break it too ([`nuisance`]).

pub mod nuisance;
pub mod shadow;
pub mod zone;

pub(super) mod watch;

#[cfg(test)]
mod tests {
    use super::shadow::{Mover, Ray, shadow};
    use super::zone::{Span, Zone};
    use crate::contract::Cause;
    use crate::words::{IncidentId, Ms};

    /// What two rays say to somebody 0.25 m deep who runs through both at a speed, at a setting of 40 ms. `phase` is
    /// where in the tick he meets them, 0..1.
    fn runs_through(speed_m_s: f64, phase: f64) -> usize {
        let step = speed_m_s * Ms::TICK.seconds();
        let ends = [[0.0, 0.0], [20.0, 0.0]];
        let mut zone = Zone::new(Ms(40), Ms(500));
        let mut said = 0;
        for tick in 0..20_i64 {
            let y = (tick as f64 - 5.0 - phase) * step;
            let mover = Mover {
                way: [[10.0, y], [10.0, y + step]],
                feet_m: [2.2, 2.2],
                height_m: 0.9,
                depth_m: 0.25,
                width_m: 0.5,
            };
            let at = |k: f64| tick * 100_000 + libm::round(k * 100_000.0) as i64;
            let mut rays: Vec<Vec<Span>> = [2.4, 2.7]
                .iter()
                .map(|height_m| {
                    let part = shadow(Ray { ends, height_m: *height_m }, &mover);
                    let cause = Cause::Incident(IncidentId(0));
                    part.map(|[from, to]| Span { from_us: at(from), to_us: at(to), cause })
                        .into_iter()
                        .collect()
                })
                .collect();
            said += zone.advance(Ms((tick + 1) * 100), &mut rays).len();
        }
        said
    }

    #[test]
    fn a_runner_breaks_for_thirty_nine_or_forty_one_milliseconds_wherever_the_ticks_fall() {
        for phase in (0..100).map(|n| f64::from(n) / 100.0) {
            assert_eq!(runs_through(0.25 / 0.039, phase), 0, "39 ms at phase {phase}");
            assert_eq!(runs_through(0.25 / 0.041, phase), 2, "41 ms at phase {phase}: broken and restored");
        }
    }
}
