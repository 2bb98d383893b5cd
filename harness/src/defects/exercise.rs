//! What is done to a gateway, step by step: the same for every gateway of a seed, whatever its defect.
//!
//! Within some twenty seconds it holds single messages, floods, two messages of one millisecond, repetitions, chatter, large
//! payloads, idleness, broken lines and good-byes, messages sent again, old ones, a bypass, a subscriber that is away,
//! and a restart; each at least twice, so that a rule can be told from chance.

use palisade_sim::words::{AgentKey, Dice, Draw};

/// A device of the exercise.
#[derive(Clone, Copy, Debug)]
pub struct Device {
    /// Its name.
    pub name: &'static str,
    /// Its class.
    pub class: &'static str,
    /// What it says, with how loudly.
    pub signals: &'static [(&'static str, &'static str)],
}

const BEAM: [(&str, &str); 2] = [("beam_broken", "alarm"), ("beam_restored", "restore")];
const SMOKE: [(&str, &str); 2] = [("smoke_alarm", "alarm"), ("smoke_cleared", "restore")];
const HEAT: [(&str, &str); 2] = [("heat_alarm", "alarm"), ("heat_cleared", "restore")];
const CAMERA: [(&str, &str); 3] =
    [("target_entered", "info"), ("target_left", "info"), ("litter_seen", "warning")];
const DOOR: [(&str, &str); 3] =
    [("door_opened", "info"), ("door_closed", "info"), ("door_held_open", "warning")];
const ARM: [(&str, &str); 3] = [("arm_raised", "info"), ("arm_lowered", "info"), ("arm_blocked", "warning")];
const SOCKET: [(&str, &str); 3] =
    [("charge_started", "info"), ("charge_ended", "info"), ("current_abnormal", "warning")];

const fn device(
    name: &'static str,
    class: &'static str,
    signals: &'static [(&'static str, &'static str)],
) -> Device {
    Device { name, class, signals }
}

/// Devices that raise alarms, then those that do not; two of each class. Some names are not ASCII.
pub const DEVICES: [Device; 16] = [
    device("beam-west-07", "beam", &BEAM),
    device("beam-12", "beam", &BEAM),
    device("Beam-Nord-3", "beam", &BEAM),
    device("beam-04", "beam", &BEAM),
    device("smoke-b1", "smoke_detector", &SMOKE),
    device("Smoke-B2", "smoke_detector", &SMOKE),
    device("heat-shed", "heat_detector", &HEAT),
    device("heat-attic", "heat_detector", &HEAT),
    device("cam-东门", "camera", &CAMERA),
    device("intercom-1-1", "intercom", &DOOR),
    device("intercom-门厅", "intercom", &DOOR),
    device("barrier-in", "barrier", &ARM),
    device("barrier-out", "barrier", &ARM),
    device("charger-a", "charger", &SOCKET),
    device("charger-b", "charger", &SOCKET),
    device("cam-gate", "camera", &CAMERA),
];

/// How many of them raise alarms.
const LOUD: usize = 8;
/// Zones that are bypassed: of two classes, since a gateway that is deaf to one of them shows nothing of its bypass.
const BYPASSED: [usize; 2] = [3, 7];
const INTERCOM: usize = 9;
const BARRIER_IN: usize = 11;
const BARRIER_OUT: usize = 12;
const CHARGER_A: usize = 13;
/// The two that chatter stand last, so that they are heard last.
const CHATTERING: [usize; 2] = [15, 14];
/// How long a bypass lasts, s.
pub const BYPASS_S: i64 = 1;

/// How a message is sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Say {
    /// Its device: a place in [`DEVICES`].
    pub device: usize,
    /// Its signal: a place in the device's.
    pub signal: usize,
    /// Its number, of which the id is made; of one sent again the number of the first copy.
    pub number: usize,
    /// What is put after the number in the id.
    pub tail: String,
    /// Quality of service.
    pub qos: u8,
    /// With the DUP flag.
    pub dup: bool,
    /// With the packet id of the device's last message, or of the first copy.
    pub same_packet_id: bool,
    /// How long ago it happened, ms.
    pub age_ms: i64,
    /// In the same millisecond as the device's last message.
    pub same_instant: bool,
    /// Bytes of a picture that comes with it.
    pub picture: usize,
}

/// A step.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// All devices connect.
    ConnectAll,
    /// A device connects again.
    Connect(usize),
    /// Its line breaks.
    Break(usize),
    /// It takes its leave.
    GoodBye(usize),
    /// A message is sent.
    Say(Say),
    /// A device says that it is alive.
    Beat(usize),
    /// The operator bypasses a zone.
    Bypass(usize),
    /// The subscriber leaves.
    Leave,
    /// The subscriber comes back.
    Return,
    /// Waits until all is acknowledged, at most a second.
    Settle,
    /// The gateway is killed and started again.
    Restart,
}

/// A step with the time since the step before.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Milliseconds after the step before.
    pub after_ms: u64,
    /// What is done.
    pub act: Act,
}

/// The part of an exercise for a gateway whose process is not killed: up to where the subscriber leaves for the restart.
pub fn without_restart(mut steps: Vec<Step>) -> Vec<Step> {
    let restart = steps.iter().position(|step| step.act == Act::Restart).unwrap_or(steps.len());
    let leave = steps[..restart].iter().rposition(|step| step.act == Act::Leave);
    steps.truncate(leave.unwrap_or(restart));
    steps
}

struct Plan {
    steps: Vec<Step>,
    draw: Draw,
    numbers: usize,
    after_ms: u64,
    /// Devices that raise alarms and those that do not, in the order in which they speak first after each start.
    order: (Vec<usize>, Vec<usize>),
}

/// The exercise of a seed: order of devices, quality of service, forms of ids and instants are drawn.
pub fn exercise(seed: u64) -> Vec<Step> {
    let draw = Dice::new(seed).draw(AgentKey::of("exercise"), "plan", 0);
    let mut plan = Plan { steps: Vec::new(), draw, numbers: 0, after_ms: 0, order: Default::default() };
    let loud = plan.shuffled((0..LOUD).collect());
    let mut quiet = plan.shuffled((LOUD..DEVICES.len() - CHATTERING.len()).collect());
    quiet.extend(CHATTERING);
    plan.order = (loud, quiet);
    plan.act(0, Act::ConnectAll);
    plan.singles();
    plan.flood();
    plan.pairs();
    plan.repeats();
    plan.chatter(CHATTERING[0]);
    plan.bypassed();
    plan.large();
    plan.chatter(CHATTERING[1]);
    plan.flood();
    plan.idle(750);
    plan.lines();
    plan.after_bypass();
    plan.marked();
    plan.idle(750);
    plan.absence(8);
    plan.act(30, Act::Return);
    plan.wait(250);
    plan.flood();
    // What a slow gateway still has to say is said before the subscriber leaves; then all is idle.
    plan.wait(900);
    plan.absence(10);
    plan.act(0, Act::Settle);
    plan.act(0, Act::Restart);
    plan.act(0, Act::Return);
    plan.act(0, Act::ConnectAll);
    plan.singles();
    // Bypasses from before the restart are over here, even where they have no end.
    plan.flood();
    plan.idle(750);
    plan.steps
}

impl Plan {
    fn act(&mut self, after_ms: u64, act: Act) {
        let after_ms = after_ms + std::mem::take(&mut self.after_ms);
        self.steps.push(Step { after_ms, act });
    }

    fn wait(&mut self, ms: u64) {
        self.after_ms += ms;
    }

    /// A little more or less than `ms`, at most a tenth.
    fn about(&mut self, ms: u64) -> u64 {
        (ms as f64 * self.draw.between(0.95, 1.1)) as u64
    }

    /// A new message. One in seven goes with QoS 0, one in eight has a long id, one in eight one of mixed case.
    fn say(&mut self, after_ms: u64, device: usize, signal: usize) -> &mut Say {
        self.numbers += 1;
        let tail = match self.draw.below(8) {
            0 => format!("{}-of-a-device-with-a-long-memory", "x".repeat(20)),
            1 => "-Qz".to_owned(),
            _ => String::new(),
        };
        let qos = u8::from(!self.draw.chance(1.0 / 7.0));
        let say = Say { device, signal, number: self.numbers, tail, qos, ..Say::default() };
        self.act(after_ms, Act::Say(say));
        match self.steps.last_mut().map(|step| &mut step.act) {
            Some(Act::Say(say)) => say,
            _ => unreachable!("a message was put there"),
        }
    }

    fn shuffled(&mut self, mut places: Vec<usize>) -> Vec<usize> {
        places.sort_by_cached_key(|_| self.draw.bits());
        places
    }

    /// Every device says each of its signals; alarms are never nearer than two messages.
    fn singles(&mut self) {
        let (loud, quiet) = self.order.clone();
        for (one, other) in loud.iter().zip(&quiet) {
            let ms = self.about(76);
            self.say(ms, *one, 0);
            self.say(ms, *other, 0);
        }
        for (i, (one, other)) in loud.iter().zip(&quiet).enumerate() {
            let ms = self.about(26);
            self.say(ms, *one, 1);
            if i % 2 == 0 {
                self.act(9, Act::Beat(*other));
            }
            self.say(ms, *other, 1);
        }
        for other in quiet {
            self.say(28, other, 2);
        }
    }

    fn flood(&mut self) {
        let loud = self.shuffled((0..LOUD).collect());
        self.wait(170);
        for place in &loud {
            self.say(10, *place, 0);
        }
        self.wait(240);
        for place in loud {
            self.say(22, place, 1);
        }
    }

    /// Two messages of one device at once: of the same millisecond, and of two.
    fn pairs(&mut self) {
        for (device, same) in
            [(CHARGER_A, true), (BARRIER_IN, false), (14, true), (BARRIER_OUT, false), (INTERCOM, true)]
        {
            self.say(130, device, 0).qos = 1;
            let second = self.say(0, device, 1);
            second.qos = 1;
            second.same_instant = same;
        }
    }

    /// The same signal twice in a short time, as two events.
    fn repeats(&mut self) {
        self.wait(300);
        for device in [BARRIER_IN, INTERCOM, 8, BARRIER_IN, INTERCOM, 8] {
            self.say(72, device, 0);
        }
        self.wait(200);
    }

    /// One device chatters, and all others say something meanwhile.
    fn chatter(&mut self, who: usize) {
        let mut others = self.shuffled((0..DEVICES.len()).filter(|place| *place != who).collect());
        for i in 0..22 {
            self.say(8, who, i % 2).qos = 1;
            if i > 6
                && let Some(other) = others.pop()
            {
                // A detector's restore that no alarm went before is passed on like any other.
                self.say(7, other, usize::from(other < LOUD)).qos = 1;
            } else {
                self.wait(7);
            }
        }
        self.wait(160);
    }

    fn bypassed(&mut self) {
        for zone in BYPASSED {
            self.act(0, Act::Bypass(zone));
        }
        self.wait(100);
        for zone in BYPASSED.repeat(2) {
            self.say(40, zone, 0).qos = 1;
            self.say(90, zone, 1).qos = 1;
        }
        self.wait(140);
    }

    /// By now the bypass is over.
    fn after_bypass(&mut self) {
        for zone in BYPASSED.repeat(2) {
            self.say(130, zone, 0).qos = 1;
            self.say(180, zone, 1).qos = 1;
        }
    }

    fn large(&mut self) {
        for (device, bytes) in [
            (9, 1_800),
            (10, 4_500),
            (11, 8_000),
            (12, 13_000),
            (13, 21_000),
            (8, 33_000),
            (10, 43_000),
            (9, 44_000),
        ] {
            let say = self.say(45, device, 2);
            say.picture = bytes;
            say.qos = 1;
        }
    }

    fn idle(&mut self, ms: u64) {
        let ms = self.about(ms);
        self.say(ms, BARRIER_OUT, 1);
    }

    /// Lines break, devices take their leave and come back, and send again what they do not know to have arrived.
    fn lines(&mut self) {
        for device in [INTERCOM, CHARGER_A, INTERCOM] {
            self.say(120, device, 0).qos = 1;
            let number = self.numbers;
            let tail = self.tail();
            self.act(90, Act::Break(device));
            self.act(110, Act::Connect(device));
            self.say(12, device, 1).qos = 1;
            let again =
                Say { device, number, tail, qos: 1, dup: true, same_packet_id: true, ..Say::default() };
            self.act(8, Act::Say(again));
            self.say(9, device, 2).qos = 1;
            // The first copy of this one was lost with the line.
            let unknown = self.say(340, device, 1);
            (unknown.qos, unknown.dup) = (1, true);
        }
        for device in [BARRIER_OUT, 6] {
            self.act(60, Act::GoodBye(device));
            self.act(120, Act::Connect(device));
            self.say(30, device, 1).qos = 1;
        }
    }

    fn tail(&self) -> String {
        match self.steps.last().map(|step| &step.act) {
            Some(Act::Say(say)) => say.tail.clone(),
            _ => String::new(),
        }
    }

    /// Messages sent again without a mark, packet ids used again, and old messages.
    fn marked(&mut self) {
        for device in [10, BARRIER_IN, 8] {
            self.say(60, device, 1).qos = 1;
            let (number, tail) = (self.numbers, self.tail());
            let again = Say { device, signal: 1, number, tail, qos: 1, ..Say::default() };
            self.act(60, Act::Say(again));
            let reused = self.say(260, device, 0);
            (reused.qos, reused.same_packet_id) = (1, true);
        }
        for (device, age_ms) in [
            (CHARGER_A, 60_000),
            (14, 1_500_000),
            (BARRIER_OUT, 2_000_000),
            (15, 1_700_000),
            (INTERCOM, 40_000),
        ] {
            let say = self.say(60, device, 0);
            (say.age_ms, say.qos) = (age_ms, 1);
        }
    }

    /// The subscriber leaves, and so many messages are sent.
    fn absence(&mut self, messages: usize) {
        self.wait(200);
        self.act(0, Act::Leave);
        let quiet = self.shuffled((LOUD..DEVICES.len()).collect());
        for i in 0..messages {
            self.say(44, quiet[i % quiet.len()], i / quiet.len()).qos = 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_makes_the_same_exercise_and_another_seed_another_one() {
        assert_eq!(exercise(1), exercise(1));
        assert_ne!(exercise(1), exercise(2));
    }

    #[test]
    fn it_is_short_and_holds_what_defects_need() {
        for seed in 0..30 {
            let steps = exercise(seed);
            let length_ms: u64 = steps.iter().map(|step| step.after_ms).sum();
            assert!((12_000..21_000).contains(&length_ms), "{length_ms} ms");
            let says: Vec<&Say> = steps
                .iter()
                .filter_map(|step| if let Act::Say(say) = &step.act { Some(say) } else { None })
                .collect();
            let count = |test: &dyn Fn(&Say) -> bool| says.iter().filter(|say| test(say)).count();
            assert!(count(&|say| say.qos == 0) >= 8, "QoS 0");
            assert!(count(&|say| say.tail.len() > 40) >= 8, "long ids");
            assert!(count(&|say| say.tail.contains('Q')) >= 8, "ids of mixed case");
            assert!(count(&|say| say.dup) == 6 && count(&|say| say.same_instant) == 3);
            let numbers: BTreeSet<usize> = says.iter().map(|say| say.number).collect();
            assert_eq!(says.len() - numbers.len(), 6, "copies");
        }
    }
}
