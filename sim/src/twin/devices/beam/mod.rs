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
    use crate::analysis::beam::way::{Trip, ways};
    use crate::contract::Cause;
    use crate::words::{IncidentId, Ms};

    /// When a body breaks rays of 20 m at two heights during a tick.
    fn breaks(mover: &Mover, heights_m: [f64; 2], tick: i64) -> Vec<Vec<Span>> {
        let ends = [[0.0, 0.0], [20.0, 0.0]];
        let at = |k: f64| tick * 100_000 + libm::round(k * 100_000.0) as i64;
        let cause = Cause::Incident(IncidentId(0));
        let broken = |height_m| {
            let part = shadow(Ray { ends, height_m }, mover);
            part.map(|[from, to]| Span { from_us: at(from), to_us: at(to), cause }).into_iter().collect()
        };
        heights_m.map(broken).to_vec()
    }

    /// What two rays say to somebody 0.25 m deep who runs through both at a speed, at a setting of 40 ms. `phase` is
    /// where in the tick he meets them, 0..1.
    fn runs_through(speed_m_s: f64, phase: f64) -> usize {
        let step = speed_m_s * Ms::TICK.seconds();
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
            let mut rays = breaks(&mover, [2.4, 2.7], tick);
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

    /// What two rays 0.1 and 0.3 m above a wall's top say to a body that crosses them, at a setting.
    fn says(mover: &Mover, interruption: Ms) -> bool {
        let mut zone = Zone::new(interruption, Ms(500));
        let step = mover.way[1][1] - mover.way[0][1];
        (-8..8_i64).any(|tick| {
            let [from, to] = [0.37, 1.37].map(|phase| [10.0, (tick as f64 + phase) * step]);
            let mover = Mover { way: [from, to], ..*mover };
            let mut rays = breaks(&mover, [2.3, 2.5], tick);
            !zone.advance(Ms((tick + 1) * 100), &mut rays).is_empty()
        })
    }

    /// Bodies of every size on a lattice of equal shares cross at many speeds: as many stay unsaid as the plan says.
    #[test]
    fn the_plan_misses_those_who_cross_the_twin_s_zone_unsaid() {
        let middles = |n: u32| (0..n).map(move |i| (f64::from(i) + 0.5) / f64::from(n));
        for way in ways().expect("the shipped ways") {
            for (ms, speed) in
                [(40, 4.0), (50, 2.0), (50, 6.0), (100, 3.0), (100, 4.0), (250, 1.0), (500, 0.9)]
            {
                let trip = Trip { lowest_m: 0.1, highest_m: 0.3, interruption_s: f64::from(ms) / 1000.0 };
                let (mut unsaid, mut all) = (0, 0);
                let lifts = if way.lift_m.sd > 0.0 { 30 } else { 1 };
                for depth in middles(40) {
                    for (height, lift) in middles(12).flat_map(|h| middles(lifts).map(move |l| (h, l))) {
                        let feet = 2.2 + way.lift_m.quantile(lift);
                        let mover = Mover {
                            way: [[10.0, 0.0], [10.0, speed * Ms::TICK.seconds()]],
                            feet_m: [feet, feet],
                            height_m: way.height_m.quantile(height),
                            depth_m: way.depth_m.quantile(depth),
                            width_m: 0.5,
                        };
                        all += 1;
                        unsaid += u32::from(!says(&mover, Ms(i64::from(ms))));
                    }
                }
                let (found, expected) = (f64::from(unsaid) / f64::from(all), trip.miss_at(&way, speed));
                assert!(
                    (found - expected).abs() < 0.035,
                    "{} {ms} ms {speed} m/s: {found} {expected}",
                    way.id
                );
            }
        }
    }
}
