//! Charging, fire, and the answer to it.
