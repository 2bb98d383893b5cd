//! How many answers came how.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Outcome;

/// Counts of answers. The seven from `answered` to `undecidable` sum to `expected`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    /// Answers that the gateway owed.
    pub expected: usize,
    /// Came once, in time, in order, as it should.
    pub answered: usize,
    /// Came after its deadline.
    pub late: usize,
    /// Never came, or could not be sent because the gateway had cut the device's connection.
    pub missed: usize,
    /// Came more than once.
    pub duplicate: usize,
    /// Came with another device, signal or severity.
    pub wrong: usize,
    /// Overtook an earlier message of the same device.
    pub out_of_order: usize,
    /// Cannot be judged: never sent by the harness, or the run was cut before its deadline.
    pub undecidable: usize,
    /// Outside the sum: said without a stimulus of this run.
    pub spurious: usize,
    /// Outside the sum: a stimulus without an incident, passed on as a warning or an alarm.
    pub false_alarm: usize,
    /// Outside the sum: retained messages that a broker replayed.
    pub retained_replay: usize,
    /// Outside the sum: not sent, since the gateway had bypassed or disarmed the device's zone; nothing was expected.
    #[serde(default)]
    pub withheld: usize,
    /// Outside the sum: lost or altered by a fault on the way, so that the gateway never had it; nothing was expected.
    #[serde(default)]
    pub taken: usize,
}

impl Tally {
    /// The count of a class of outcome.
    pub fn of(&self, outcome: Outcome) -> usize {
        match outcome {
            Outcome::Undecidable => self.undecidable,
            Outcome::Missed => self.missed,
            Outcome::Wrong => self.wrong,
            Outcome::OutOfOrder => self.out_of_order,
            Outcome::Duplicate => self.duplicate,
            Outcome::Late => self.late,
            Outcome::Answered => self.answered,
        }
    }

    /// How many are held against the gateway.
    pub fn failed(&self) -> usize {
        Outcome::ALL.into_iter().filter(|outcome| outcome.failed()).map(|outcome| self.of(outcome)).sum()
    }

    /// Counts one more expected answer.
    pub fn add(&mut self, outcome: Outcome) {
        self.expected += 1;
        *match outcome {
            Outcome::Undecidable => &mut self.undecidable,
            Outcome::Missed => &mut self.missed,
            Outcome::Wrong => &mut self.wrong,
            Outcome::OutOfOrder => &mut self.out_of_order,
            Outcome::Duplicate => &mut self.duplicate,
            Outcome::Late => &mut self.late,
            Outcome::Answered => &mut self.answered,
        } += 1;
    }
}
