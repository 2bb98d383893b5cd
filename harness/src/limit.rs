//! How large a fleet a gateway bears: which size is tried next, and how sure the answer is.
//!
//! Pure. Near its limit a gateway passes some runs and fails others, so no single run says where the limit is. The chance
//! to pass is taken as a logistic curve over the logarithm of the fleet's size, with an unknown place (the knee: half of
//! the runs pass) and steepness, and one run in fifty that passes or fails whatever the size. After each run the
//! likelihood of each place and steepness is known (Watson and Pelli's QUEST, 1983); the next run is made where the
//! knee is most probably, and the answer is an interval that holds it with 90 % probability.

/// Share of runs that pass or fail whatever the size.
const LAPSE: f64 = 0.02;
/// Steepness per octave: from a gateway that fails more and more over two octaves to one that breaks at once.
const STEEPNESS: [f64; 5] = [1.5, 3.0, 6.0, 12.0, 24.0];
/// Places of the knee in an octave.
const PER_OCTAVE: usize = 32;
/// An interval of no more octaves is narrow enough: a quarter of the size.
const NARROW: f64 = 0.32;

/// One run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Compounds in the fleet.
    pub fleet: u32,
    /// Whether the gateway held all thresholds.
    pub pass: bool,
}

/// What is known of a gateway's limit.
#[derive(Clone, Debug)]
pub struct Search {
    most: u32,
    trials: Vec<Trial>,
    /// Sizes that the harness could not drive in time.
    voids: Vec<u32>,
    capped: bool,
    /// Likelihood of each place and steepness.
    weights: Vec<[f64; STEEPNESS.len()]>,
}

/// Where the knee is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knee {
    /// Most probably here: half of the runs with so many compounds pass.
    pub fleet: f64,
    /// With 90 % probability at least so many.
    pub low: f64,
    /// With 90 % probability at most so many.
    pub high: f64,
}

impl Search {
    /// Whether most runs with one compound failed, and the knee lies below two: that is no question of load.
    pub fn fails_alone(&self) -> bool {
        let alone = || self.trials().iter().filter(|trial| trial.fleet == 1);
        2 * alone().filter(|trial| !trial.pass).count() > alone().count() && self.knee().high < 2.0
    }

    /// A search among fleets of 1 to `most` compounds.
    pub fn new(most: u32) -> Search {
        let most = most.max(1);
        // An octave below one compound (it bears none), and one above the most (it bears all).
        let octaves = f64::from(most).log2() + 2.0;
        let places = (octaves * PER_OCTAVE as f64).ceil() as usize + 1;
        Search {
            most,
            trials: Vec::new(),
            voids: Vec::new(),
            capped: false,
            weights: vec![[1.0; STEEPNESS.len()]; places],
        }
    }

    /// Binary logarithm of the size at a place.
    fn octave(place: usize) -> f64 {
        place as f64 / PER_OCTAVE as f64 - 1.0
    }

    /// Takes in a run.
    pub fn take(&mut self, trial: Trial) {
        let size = f64::from(trial.fleet).log2();
        for (place, weights) in self.weights.iter_mut().enumerate() {
            for (weight, steepness) in weights.iter_mut().zip(STEEPNESS) {
                let over = steepness * (size - Search::octave(place));
                let pass = LAPSE + (1.0 - 2.0 * LAPSE) / (1.0 + over.exp());
                *weight *= if trial.pass { pass } else { 1.0 - pass };
            }
        }
        self.trials.push(trial);
    }

    /// Takes in a run that was not driven in time. One may be the machine's hiccup, and its size comes again; after two, no
    /// more than smaller ones are tried.
    pub fn void(&mut self, fleet: u32) {
        self.voids.push(fleet);
        if self.voids.iter().filter(|void| **void <= fleet).count() > 1 {
            (self.most, self.capped) = (fleet.saturating_sub(1).clamp(1, self.most), true);
        }
    }

    /// Whether a fleet of this size was not driven in time before.
    pub fn was_void(&self, fleet: u32) -> bool {
        self.voids.contains(&fleet)
    }

    /// Whether larger fleets could not be driven.
    pub fn is_capped(&self) -> bool {
        self.capped
    }

    /// The runs so far.
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// The largest fleet that can be driven.
    pub fn most(&self) -> u32 {
        self.most
    }

    /// Where the knee is by what is known.
    pub fn knee(&self) -> Knee {
        let places: Vec<f64> = self.weights.iter().map(|w| w.iter().sum()).collect();
        let all: f64 = places.iter().sum();
        let at = |share: f64| {
            let mut sum = 0.0;
            let place = places.iter().position(|weight| {
                sum += weight;
                sum >= share * all
            });
            Search::octave(place.unwrap_or(places.len() - 1)).exp2()
        };
        Knee { fleet: at(0.5), low: at(0.05), high: at(0.95) }
    }

    /// The fleet to try next; nothing when the knee is known well enough, or lies outside of what can be tried.
    pub fn next(&self) -> Option<u32> {
        let failed = self.trials.iter().any(|t| !t.pass);
        if !failed {
            // Doubled until something breaks: what happens far below the limit teaches little.
            let tried = self.trials.iter().map(|t| t.fleet).max();
            let next = tried.map_or(1, |fleet| fleet.saturating_mul(2).min(self.most));
            return (Some(next) > tried).then_some(next);
        }
        let Knee { fleet, low, high } = self.knee();
        let whole = low.ceil() >= high.floor();
        let outside = high < 1.0 || low > f64::from(self.most);
        let narrow = (high / low).log2() <= NARROW;
        if whole || outside || narrow {
            return None;
        }
        Some((fleet.round() as u32).clamp(1, self.most))
    }
}

#[cfg(test)]
mod tests {
    use palisade_sim::words::{AgentKey, Dice};

    use super::*;

    /// Searches a gateway whose knee and steepness are known; the number of runs and the knee found.
    fn search(knee: f64, steepness: f64, most: u32, seed: u64) -> (usize, Search) {
        let mut draw = Dice::new(seed).draw(AgentKey::of("gateway"), "pass", 0);
        let mut search = Search::new(most);
        while let Some(fleet) = search.next().filter(|_| search.trials().len() < 60) {
            let pass = 1.0 / (1.0 + (steepness * (f64::from(fleet) / knee).log2()).exp());
            search.take(Trial { fleet, pass: draw.chance(pass) });
        }
        (search.trials().len(), search)
    }

    #[test]
    fn a_gateway_that_breaks_at_once_is_found_in_few_runs() {
        for knee in [2.5, 11.4, 90.3, 700.2] {
            let (runs, search) = search(knee, 200.0, 2_000, 1);
            let found = search.knee();
            assert!(found.low <= knee && knee <= found.high, "{knee}: {found:?}");
            assert!(runs <= 26, "{runs} runs for {knee}");
        }
    }

    #[test]
    fn the_interval_holds_the_knee_as_often_as_it_says() {
        let mut held = 0;
        for seed in 0..120 {
            let knee = 2.0_f64.powf(1.0 + (seed % 8) as f64 * 0.9);
            let (_, search) = search(knee, [3.0, 6.0, 12.0][(seed % 3) as usize], 2_000, seed);
            let found = search.knee();
            held += usize::from(found.low <= knee && knee <= found.high);
        }
        // 90 % of 120 are 108; fewer than 96 would be a broken interval.
        assert!(held >= 96, "{held} of 120");
    }

    #[test]
    fn a_gateway_that_bears_everything_ends_the_search_at_the_most() {
        let (runs, search) = search(1e9, 50.0, 100, 1);
        let tried: Vec<u32> = search.trials().iter().map(|t| t.fleet).collect();
        assert_eq!((runs, tried), (8, vec![1, 2, 4, 8, 16, 32, 64, 100]));
        assert_eq!(search.next(), None);
    }

    #[test]
    fn a_gateway_that_bears_nothing_is_given_up() {
        let (runs, search) = search(0.01, 50.0, 100, 1);
        assert!(runs <= 6 && search.knee().high < 1.5, "{runs} {:?}", search.knee());
    }

    #[test]
    fn what_cannot_be_driven_is_not_tried() {
        let mut search = Search::new(1_000);
        (0..6).for_each(|i| search.take(Trial { fleet: 1 << i, pass: true }));
        search.void(64);
        assert_eq!((search.next(), search.is_capped()), (Some(64), false), "once is a hiccup");
        assert!(search.was_void(64) && !search.was_void(32));
        search.void(64);
        assert_eq!((search.next(), search.is_capped()), (Some(63), true));
        search.take(Trial { fleet: 63, pass: true });
        assert_eq!(search.next(), None);
    }
}
