//! Bytes that somebody else wrote, against what reads them: a gateway may say anything, and a contract may hold anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use palisade::contract::{Around, Contract, Decoder, read};
use palisade::wire::mqtt_json::Alarm;
use palisade_sim::model::typed::SourceText;
use proptest::prelude::*;
use serde_json::Value;

use crate::tiny::root;

/// The contracts that are shipped.
fn contracts() -> Vec<String> {
    let folder = root().join("scenarios/sut");
    let each = fs::read_dir(folder).expect("the contracts").filter_map(Result::ok);
    let texts: Vec<String> =
        each.filter_map(|entry| fs::read_to_string(entry.path().join("contract.toml")).ok()).collect();
    assert!(texts.len() > 4, "the folder holds contracts");
    texts
}

fn parsed(text: &str) -> Result<Contract, usize> {
    let source = SourceText { name: "contract.toml".into(), text: text.into() };
    let around = Around { beside: &|_| true, set: &|_| true, kit: None };
    read(&source, &around).map(|checked| checked.contract).map_err(|problems| problems.len())
}

/// A reader for each link of each contract on which answers appear.
fn readers() -> Vec<Decoder> {
    let said = BTreeSet::from(["beam_broken".to_owned(), "beam_restored".to_owned()]);
    let signals = BTreeMap::from([("beam-1".to_owned(), said)]);
    let of = |contract: Contract| {
        let link = contract.reaction[0].link.clone();
        Decoder::of(&contract, &link, "yard", signals.clone())
    };
    contracts().iter().map(|text| of(parsed(text).expect("a shipped contract is sound"))).collect()
}

/// JSON of any shape, with the keys that contracts ask for among its keys.
fn json() -> impl Strategy<Value = Value> {
    let key = prop_oneof!["id|device|signal|kind|values|ts", ".{0,6}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop_oneof!["beam-1|beam_broken|alarm", ".{0,12}"].prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_gateway_says_is_read_or_left(topic in ".{0,40}", payload in prop::collection::vec(any::<u8>(), 0..200)) {
        for reader in readers() {
            let told = reader.read(&topic, &payload);
            // Bytes that are no JSON tell at most the device, by their topic.
            if serde_json::from_slice::<Value>(&payload).is_err() {
                prop_assert!(told.signal.is_empty() && told.id.is_none() && told.severity.is_none());
                prop_assert!(told.device.is_empty() || topic.contains(&told.device));
            }
        }
        let _ = Alarm::decode(&topic, &payload);
    }

    #[test]
    fn json_of_any_shape_is_read_or_left(payload in json()) {
        let bytes = payload.to_string().into_bytes();
        for reader in readers() {
            reader.read("site/yard/alarm/beam-1", &bytes);
            // What is read stands in it: nothing is made up.
            let row = reader.read_row(&payload);
            for part in [row.device.as_str(), row.id.as_deref().unwrap_or_default()] {
                prop_assert!(part.is_empty() || has(&payload, part), "{part} is not in {payload}");
            }
        }
    }

    #[test]
    fn a_torn_contract_is_sound_or_says_what_is_wrong(which in 0..64_usize, at in any::<prop::sample::Index>(), put in ".{0,8}", cut in 0..40_usize) {
        let texts = contracts();
        let text = &texts[which % texts.len()];
        let letters: Vec<char> = text.chars().collect();
        let from = at.index(letters.len());
        let until = (from + cut).min(letters.len());
        let torn: String = letters[..from].iter().copied().chain(put.chars()).chain(letters[until..].iter().copied()).collect();
        if let Err(problems) = parsed(&torn) {
            prop_assert!(problems > 0, "it is refused and nothing is said");
        }
    }
}

/// Whether a text or number stands anywhere in a value.
fn has(value: &Value, part: &str) -> bool {
    match value {
        Value::String(text) => text == part,
        Value::Number(number) => number.to_string() == part,
        Value::Array(all) => all.iter().any(|one| has(one, part)),
        Value::Object(fields) => fields.values().any(|one| has(one, part)),
        _ => false,
    }
}
