//! Explainers of answers that come late or in another order.
//!
//! Each predicts when answers should come, from when their messages were sent; a late answer that came then is
//! explained.

use std::collections::BTreeMap;

use super::case::{Case, LATE_US, Symptom};
use super::told::Told;
use super::{DEFECT, EXCEPTION, Explanation, UNEXPLAINED, chance, choice};

/// How far an answer may be from what is predicted, µs: what a loaded machine adds.
const NEAR_US: i64 = 90_000;
/// Answers that follow each other within this time came together, µs.
const TOGETHER_US: i64 = 60_000;
/// The fewest late answers that make a rule.
const FEWEST: usize = 3;
/// Bits of a length of time, known to some milliseconds.
const LENGTH_BITS: f64 = 8.0;

pub(super) fn all(case: &Case<'_>) -> Vec<Explanation> {
    let times = Times::of(case);
    let mut found: Vec<Explanation> = times.overtaken().into_iter().collect();
    if times.late.len() >= FEWEST {
        let rules = [
            times.always(),
            times.growing(),
            times.under_load(),
            times.throttled(),
            times.stalls(),
            times.batches(),
            times.slow_start(),
            times.after_idle(),
            times.class(),
        ];
        found.extend(rules.into_iter().flatten());
    }
    found
}

struct Times<'a> {
    case: &'a Case<'a>,
    /// Of each message that was answered late, the place of that symptom.
    late: BTreeMap<usize, usize>,
    /// Answered messages that could be heard at once: number, sent, heard; in the order in which they were sent.
    plain: Vec<(usize, i64, i64)>,
    /// Of each message, how often something was said beside its answer that has its number.
    beside: BTreeMap<usize, i64>,
}

impl<'a> Times<'a> {
    fn of(case: &'a Case<'a>) -> Times<'a> {
        let late = case.symptoms.iter().enumerate().filter_map(|(place, symptom)| match symptom {
            Symptom::Late(i) => Some((*i, place)),
            _ => None,
        });
        let record = case.record;
        let plain = case.owed.iter().filter_map(|i| {
            let sent_us = record.sent[*i].at_us;
            let heard_us = case.answered_us(*i)?;
            let is_plain = !record.is_away(sent_us) && !record.is_away(heard_us);
            (is_plain && !record.is_disturbed(sent_us, heard_us)).then_some((*i, sent_us, heard_us))
        });
        let mut beside: BTreeMap<usize, i64> = BTreeMap::new();
        case.symptoms.iter().filter_map(|symptom| cause(case, symptom)).for_each(|i| {
            *beside.entry(i).or_default() += 1;
        });
        Times { case, late: late.collect(), plain: plain.collect(), beside }
    }

    fn life_began(&self, at_us: i64) -> i64 {
        let record = self.case.record;
        record.lives.get(record.life_at(at_us)).map_or(0, |life| life.from_us)
    }

    /// An explanation of the late answers that are near to what is predicted for them. A message for which lateness is
    /// predicted and that came in time counts against it.
    fn predicted(
        &self,
        id: &'static str,
        why: String,
        bits: f64,
        predict: impl Fn(usize) -> Option<i64>,
    ) -> Option<Explanation> {
        let mut covers = Vec::new();
        let mut hits = Vec::new();
        let mut exceptions: usize = 0;
        for (i, sent_us, heard_us) in &self.plain {
            let Some(due_us) = predict(*i).map(|due_us| self.case.record.hearable_from(due_us)) else {
                continue;
            };
            let is_near = (heard_us - due_us).abs() <= NEAR_US;
            match self.late.get(i) {
                Some(place) if is_near => {
                    covers.push(*place);
                    hits.push(*i);
                }
                None if due_us - sent_us > LATE_US + NEAR_US && !is_near => exceptions += 1,
                _ => {}
            }
        }
        if covers.len() < FEWEST || exceptions * 10 > covers.len() {
            return None;
        }
        let evidence = format!("{why}: {} late answers, {}", covers.len(), self.case.ids(hits.clone()));
        let overtaken = |symptom: &Symptom| matches!(symptom, Symptom::Overtaken(i) if hits.contains(i));
        covers.extend(self.case.places(overtaken));
        // Late answers that could not be heard at once hang on the same rule.
        let hidden = |i: &usize| !self.plain.iter().any(|(number, ..)| number == i);
        covers.extend(self.late.iter().filter(|(i, _)| hidden(i)).map(|(_, place)| *place));
        Some(Explanation { id, covers, bits: DEFECT + bits + exceptions as f64 * EXCEPTION, evidence })
    }

    /// How late each answer was, sorted, µs.
    fn waits(&self, test: impl Fn(&(usize, i64, i64)) -> bool) -> Vec<i64> {
        let mut waits: Vec<i64> =
            self.plain.iter().filter(|p| test(p)).map(|(_, sent, heard)| heard - sent).collect();
        waits.sort_unstable();
        waits
    }

    fn always(&self) -> Option<Explanation> {
        let waits = self.waits(|_| true);
        let usual = *waits.get(waits.len() / 2)?;
        let in_time = self.plain.iter().filter(|(i, ..)| !self.late.contains_key(i)).count();
        if in_time * 10 > self.plain.len() {
            return None;
        }
        let sent: BTreeMap<usize, i64> = self.sent();
        let why = format!("all by {} ms", usual / 1000);
        self.predicted("delayed", why, LENGTH_BITS, |i| sent.get(&i).map(|at| at + usual))
    }

    fn sent(&self) -> BTreeMap<usize, i64> {
        self.plain.iter().map(|(i, sent, _)| (*i, *sent)).collect()
    }

    /// Lateness in proportion to the time since the gateway started.
    fn growing(&self) -> Option<Explanation> {
        let ages: Vec<(f64, f64)> = self
            .plain
            .iter()
            .map(|(_, sent, heard)| ((sent - self.life_began(*sent)) as f64, (heard - sent) as f64))
            .collect();
        let mut slopes: Vec<f64> =
            ages.iter().filter(|(age, _)| *age > 1e6).map(|(age, wait)| wait / age).collect();
        slopes.sort_by(f64::total_cmp);
        let slope = *slopes.get(slopes.len() / 2)?;
        let fits = |(age, wait): &&(f64, f64)| (wait - slope * age).abs() < NEAR_US as f64;
        if ages.iter().filter(fits).count() * 10 < ages.len() * 9 {
            return None;
        }
        let sent = self.sent();
        let why = format!("{:.0} ms for each second of uptime", slope * 1000.0);
        self.predicted("delay-grows", why, LENGTH_BITS, |i| {
            let at = sent.get(&i)?;
            Some(at + ((at - self.life_began(*at)) as f64 * slope) as i64)
        })
    }

    /// When answers leave a server that needs `service` for each message of a key: whether the first waits, too, and whether
    /// what is said beside an answer takes its turn behind it.
    fn queue(
        &self,
        service: i64,
        (first_waits, all_wait): (bool, bool),
        key: impl Fn(usize) -> String,
    ) -> BTreeMap<usize, i64> {
        let mut free: BTreeMap<String, i64> = BTreeMap::new();
        let mut due = BTreeMap::new();
        let record = self.case.record;
        // What is lost is not waited for.
        for i in self.case.taken.iter().copied().filter(|i| self.case.is_answered(*i)) {
            let sent_us = record.sent[i].at_us;
            let free = free.entry(format!("{} {}", record.life_at(sent_us), key(i))).or_insert(i64::MIN);
            let begins = sent_us.max(*free);
            *free = begins + service;
            due.insert(i, if first_waits { *free } else { begins });
            if all_wait {
                *free += service * self.beside.get(&i).copied().unwrap_or_default();
            }
        }
        due
    }

    /// Service times, first for answers alone, then for what is said beside them, too, if there is any.
    fn turns(&self, services: impl Iterator<Item = i64> + Clone) -> impl Iterator<Item = (i64, bool)> {
        let both = services.clone().map(|service| (service, true)).filter(|_| !self.beside.is_empty());
        services.map(|service| (service, false)).chain(both)
    }

    /// The way to serve that explains most.
    fn best<T>(
        &self,
        ways: impl Iterator<Item = T>,
        explain: impl Fn(T) -> Option<Explanation>,
    ) -> Option<Explanation> {
        let worth = |e: &Explanation| e.covers.len() as f64 * UNEXPLAINED - e.bits;
        ways.filter_map(explain).max_by(|a, b| worth(a).total_cmp(&worth(b)))
    }

    fn under_load(&self) -> Option<Explanation> {
        self.best((15..80).map(|ms| ms * 1000), |service| {
            let due = self.queue(service, (true, false), |_| String::new());
            let why = format!("one answer in {} ms, whatever the device", service / 1000);
            self.predicted("delayed-under-load", why, LENGTH_BITS, |i| due.get(&i).copied())
        })
    }

    fn throttled(&self) -> Option<Explanation> {
        self.best(self.turns((10..60).map(|steps| steps * 5000)), |(space, all_wait)| {
            let due = self.queue(space, (false, all_wait), |i| self.case.record.sent[i].device.clone());
            let why = format!("at least {} ms between two answers of a device", space / 1000);
            self.predicted("device-throttled", why, LENGTH_BITS, |i| due.get(&i).copied())
        })
    }

    /// Nothing at all comes for a while, acknowledgements neither, and then everything.
    fn stalls(&self) -> Option<Explanation> {
        let record = self.case.record;
        let answers = record.heard.iter().map(|heard| heard.at_us);
        let acknowledged = record.sent.iter().filter_map(|sent| sent.acked_us);
        let mut signs: Vec<i64> = answers.chain(acknowledged).collect();
        signs.sort_unstable();
        let mut standstills: Vec<(i64, i64)> = Vec::new();
        for pair in signs.windows(2) {
            if pair[1] - pair[0] > LATE_US {
                standstills.push((pair[0], pair[1]));
            }
        }
        let ends = |sent_us: i64| {
            standstills.iter().find(|(from, to)| (*from..*to).contains(&sent_us)).map(|(_, to)| *to)
        };
        let sent = self.sent();
        let also_acknowledged_late = |i: usize| {
            let sent = &record.sent[i];
            sent.qos == 0 || sent.acked_us.is_none_or(|at| at - sent.at_us > LATE_US - NEAR_US)
        };
        let why = "nothing came, acknowledgements neither, and then all".to_owned();
        let mut found = self.predicted("stalls", why, LENGTH_BITS, |i| {
            sent.get(&i).filter(|_| also_acknowledged_late(i)).and_then(|at| ends(*at))
        })?;
        let late = |symptom: &Symptom| matches!(symptom, Symptom::AcknowledgedLate(_));
        found.covers.extend(self.case.places(late));
        // A command that stood still came with all else, or before it where nothing else was due; one that is late at another time
        // has another reason.
        let came_then = |o: usize| {
            let at_us = record.orders[o].at_us;
            standstills.iter().any(|(from, to)| (*from..=to + NEAR_US).contains(&at_us))
        };
        let commands =
            |symptom: &Symptom| matches!(symptom, Symptom::Command(Told::Late(o)) if came_then(*o));
        found.covers.extend(self.case.places(commands));
        Some(found)
    }

    /// Answers come together at equal distances.
    fn batches(&self) -> Option<Explanation> {
        let mut heard: Vec<i64> = self.plain.iter().map(|(.., heard)| *heard).collect();
        heard.sort_unstable();
        let mut starts: Vec<i64> = Vec::new();
        let mut last = i64::MIN / 2;
        for at in &heard {
            if at - last > TOGETHER_US {
                starts.push(*at);
            }
            last = *at;
        }
        // Few batches hold many answers; without batches nearly each answer comes alone.
        if starts.len() * 4 > heard.len() {
            return None;
        }
        let sent = self.sent();
        let same_life = |pair: &&[i64]| self.life_began(pair[0]) == self.life_began(pair[1]);
        let mut gaps: Vec<i64> = starts.windows(2).filter(same_life).map(|pair| pair[1] - pair[0]).collect();
        gaps.sort_unstable();
        // A few that came between, such as what waited for the subscriber, do not make it another rule.
        let least = *gaps.get(gaps.len() / 5)?;
        if least < LATE_US {
            return None;
        }
        let usual = gaps.get(gaps.len() / 2).copied().unwrap_or(least);
        // A message that just missed a batch waits for the whole of the next one, and for no longer.
        let own = |sent_us: i64, heard_us: i64| {
            let begun = starts.iter().rfind(|start| **start <= heard_us).copied()?;
            (heard_us - sent_us <= usual + NEAR_US).then_some(begun)
        };
        let why = format!("{} batches, at least {} ms apart", starts.len(), least / 1000);
        self.predicted("batches", why, LENGTH_BITS, |i| own(*sent.get(&i)?, self.case.answered_us(i)?))
    }

    /// Late only after a start, and all at once.
    fn slow_start(&self) -> Option<Explanation> {
        let from_start = |sent: i64, heard: i64| heard - self.life_began(sent);
        let mut ready: Vec<i64> = self
            .plain
            .iter()
            .filter(|(i, ..)| self.late.contains_key(i))
            .map(|(_, s, h)| from_start(*s, *h))
            .collect();
        ready.sort_unstable();
        let usual = *ready.get(ready.len() / 2)?;
        let sent = self.sent();
        let why = format!("nothing before {} ms of uptime", usual / 1000);
        self.predicted("slow-start", why, LENGTH_BITS, |i| {
            let at = sent.get(&i)?;
            Some((self.life_began(*at) + usual).max(*at))
        })
    }

    /// Late are those before which nothing was sent for a while.
    fn after_idle(&self) -> Option<Explanation> {
        let record = self.case.record;
        let mut idle: BTreeMap<usize, i64> = BTreeMap::new();
        let answered: Vec<usize> =
            self.case.taken.iter().copied().filter(|i| self.case.is_answered(*i)).collect();
        for pair in answered.windows(2) {
            let (before, at) = (record.sent[pair[0]].at_us, record.sent[pair[1]].at_us);
            if record.life_at(before) == record.life_at(at) {
                idle.insert(pair[1], at - before);
            }
        }
        let least = self.late.keys().filter_map(|i| idle.get(i)).min()?;
        self.of_some(
            "slow-after-idle",
            &format!("first after {} ms of idleness", least / 1000),
            choice(idle.len()),
            |i| idle.get(&i).is_some_and(|gap| gap >= least),
        )
    }

    fn class(&self) -> Option<Explanation> {
        let class = |i: usize| &self.case.record.sent[i].class;
        let which = class(*self.late.keys().next()?);
        self.of_some("class-late", &format!("class {which}"), choice(8), |i| class(i) == which)
    }

    /// Messages of some kind are late by the same time, and no others.
    fn of_some(
        &self,
        id: &'static str,
        why: &str,
        bits: f64,
        test: impl Fn(usize) -> bool,
    ) -> Option<Explanation> {
        let waits = self.waits(|(i, ..)| test(*i));
        let usual = *waits.get(waits.len() / 2)?;
        let sent = self.sent();
        let why = format!("{why}, by {} ms", usual / 1000);
        self.predicted(id, why, bits + LENGTH_BITS, |i| sent.get(&i).filter(|_| test(i)).map(|at| at + usual))
    }

    /// Answers that a later one of their device overtook; they may be late by waiting for it.
    fn overtaken(&self) -> Option<Explanation> {
        let mut covers = self.case.places(|symptom| matches!(symptom, Symptom::Overtaken(_)));
        let numbers: Vec<usize> = covers
            .iter()
            .filter_map(|place| match self.case.symptoms[*place] {
                Symptom::Overtaken(i) => Some(i),
                _ => None,
            })
            .collect();
        if numbers.len() < FEWEST {
            return None;
        }
        let all = self.case.owed.len();
        let evidence = format!(
            "{} of {all} overtaken by a later one, {}",
            numbers.len(),
            self.case.ids(numbers.clone())
        );
        // One that is held back and finds nobody to overtake it is late alone.
        covers.extend(self.late.values());
        Some(Explanation { id: "reordered", covers, bits: DEFECT + chance(numbers.len(), all), evidence })
    }
}

/// The message that something was said beside: its own once more, or else the last one of that device which was answered before and
/// whose number begins the id that it has, with the same signal rather than with another one.
fn cause(case: &Case<'_>, symptom: &Symptom) -> Option<usize> {
    let heard = match symptom {
        Symptom::Twice(i, _) => return Some(*i),
        Symptom::Spurious(heard) => &case.record.heard[*heard],
        _ => return None,
    };
    let said = heard.said.as_ref()?;
    let (_, number) = said.id.as_deref()?.rsplit_once('-')?;
    let of = |i: &usize| {
        let sent = &case.record.sent[*i];
        let (_, own) = sent.id.rsplit_once('-')?;
        let before = case.answered_us(*i).is_some_and(|at| at <= heard.at_us);
        let fits = sent.device == heard.topic && before && number.starts_with(own);
        fits.then_some((own.len(), sent.signal == said.signal, *i))
    };
    case.owed.iter().filter_map(of).max().map(|(.., i)| i)
}
