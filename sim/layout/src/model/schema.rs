//! The JSON Schema of the scenario file, made from the types.

use schemars::JsonSchema;
use serde_json::Value;

use super::scenario::ScenarioFile;

/// The JSON Schema of a scenario file.
pub fn scenario_schema() -> Value {
    schemars::schema_for!(ScenarioFile).to_value()
}

/// The words of an enum without fields.
pub(crate) fn words<T: JsonSchema>() -> Vec<String> {
    words_of(&schemars::schema_for!(T).to_value())
}

/// The words that a schema of an enum allows as plain text.
pub(crate) fn words_of(schema: &Value) -> Vec<String> {
    let one = |v: &Value| v.as_str().map(str::to_owned);
    let mut found: Vec<String> = schema["enum"].as_array().into_iter().flatten().filter_map(one).collect();
    found.extend(schema.get("const").and_then(one));
    for part in schema["oneOf"].as_array().into_iter().flatten() {
        found.extend(words_of(part));
    }
    found
}
