//! Which signals devices of a class can say.

use palisade_sim::contract::Class;

/// Words of the signals that devices of a class say in the twin, or because of a command. Every housing can be opened.
pub(crate) fn says(class: Class) -> &'static [&'static str] {
    match class {
        Class::GatePost => &[
            "resident_passed",
            "visitor_registered",
            "visitor_refused",
            "lane_tailgated",
            "panic_pressed",
            "tamper_opened",
        ],
        Class::Barrier => &[
            "plate_read",
            "arm_raised",
            "arm_lowered",
            "vehicle_passed",
            "arm_piggy_backed",
            "arm_blocked",
            "car_park_full",
            "tamper_opened",
        ],
        Class::OuterPost => &["person_sighted", "on_post", "off_post", "tamper_opened"],
        Class::Checkpoint => &["checkpoint_read", "checkpoint_overdue", "tamper_opened"],
        Class::FireStation => &["kit_inspected", "kit_taken", "water_on", "tamper_opened"],
        Class::Charger => {
            &["charge_started", "charge_ended", "current_abnormal", "socket_hot", "tamper_opened"]
        }
        Class::Intercom => &[
            "call_started",
            "call_confirmed",
            "call_refused",
            "call_unanswered",
            "door_released",
            "door_opened",
            "door_closed",
            "door_held_open",
            "tamper_opened",
        ],
        Class::Beam => &["beam_broken", "beam_restored", "tamper_opened"],
        Class::Camera => &["target_entered", "target_left", "line_crossed", "litter_seen", "tamper_opened"],
        Class::FacadeCamera => &["object_fell", "litter_seen", "tamper_opened"],
        Class::SmokeDetector => &["smoke_alarm", "smoke_cleared", "tamper_opened"],
        Class::HeatDetector => &["heat_alarm", "heat_cleared", "tamper_opened"],
        Class::GuardRadio => &["guard_report", "on_post", "off_post", "person_sighted", "checkpoint_overdue"],
        Class::DutyRoom => &["alarm_acknowledged", "alarm_closed", "checkpoint_overdue"],
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use palisade_sim::model::load::{SourceText, load};
    use palisade_sim::whole::{Inputs, live};

    use super::*;
    use crate::contract::check::signal_words;
    use crate::wire::command::Verb;
    use crate::wire::modbus::module::inputs;

    const CLASSES: [Class; 14] = [
        Class::GatePost,
        Class::Barrier,
        Class::OuterPost,
        Class::Checkpoint,
        Class::FireStation,
        Class::Charger,
        Class::Intercom,
        Class::Beam,
        Class::Camera,
        Class::FacadeCamera,
        Class::SmokeDetector,
        Class::HeatDetector,
        Class::GuardRadio,
        Class::DutyRoom,
    ];

    #[test]
    fn every_word_is_a_signals_and_every_signal_has_a_class() {
        let words = signal_words();
        let said: Vec<&str> = CLASSES.into_iter().flat_map(says).copied().collect();
        assert!(said.iter().all(|word| words.iter().any(|w| w == word)), "{said:?}");
        assert!(words.iter().all(|word| said.contains(&word.as_str())), "{words:?}");
    }

    #[test]
    fn what_modules_show_and_commands_cause_is_said() {
        for class in CLASSES {
            let shown = inputs(class).iter().flat_map(|i| [Some(i.on.0), i.off.map(|off| off.0)]).flatten();
            let all: Vec<&str> = shown.chain(Verb::said_by(class).iter().copied()).collect();
            assert!(all.iter().all(|word| says(class).contains(word)), "{class:?}: {all:?}");
        }
    }

    #[test]
    fn a_whole_day_of_the_tiny_site_says_nothing_else() {
        let (scenario, site) = (
            include_str!("../../../scenarios/tiny.toml"),
            include_str!("../../../scenarios/sites/tiny.geojson"),
        );
        let source = |name: &str, text: &str| SourceText { name: name.to_owned(), text: text.to_owned() };
        let loaded = load(&source("tiny.toml", scenario), Some(&source("tiny.geojson", site)));
        let tape = live(Arc::new(loaded.expect("it loads")), 7, &Inputs::default(), &mut |_| ()).tape;
        for stimulus in &tape.stimuli {
            let (class, word) = (tape.devices[stimulus.device.index()].class, stimulus.signal.word());
            assert!(says(class).contains(&word.as_str()), "{class:?} says {word}");
        }
    }
}
