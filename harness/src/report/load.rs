//! What the copies of the compound came to.

use std::collections::BTreeMap;

use super::model::{LoadPart, Spread};
use crate::latency::Series;
use crate::record::Load;

/// Their histograms by name.
pub(super) fn series(load: &Load) -> BTreeMap<String, Series> {
    let read = |(name, text): (&String, &String)| Some((name.clone(), Series::unpack(text)?));
    load.histograms.iter().filter_map(read).collect()
}

/// The part of the report; nothing when nobody but the compound spoke.
pub(super) fn part(load: &Load, series: &BTreeMap<String, Series>) -> LoadPart {
    let of = |name: &str| series.get(name).map_or_else(Spread::default, Spread::of);
    LoadPart {
        copies: load.copies,
        clients: load.clients,
        shape: load.shape.clone(),
        compress: load.compress,
        left: load.left,
        answered: load.answered,
        denied: load.denied,
        unanswered: load.unanswered,
        refused: load.refused,
        unsent: load.unsent,
        connected: load.connected,
        broke: load.broke,
        dropped: load.dropped,
        reasons: load.reasons.clone(),
        pickup_ms: of("pickup"),
        lateness_ms: of("lateness"),
        service_ms: of("service"),
        response_ms: of("response"),
        absence_ms: of("absence"),
    }
}
