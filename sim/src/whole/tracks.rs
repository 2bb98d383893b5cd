//! Tracks: where everybody was. Indexed by minute, so that a reader finds who was out without reading all.

use serde::{Deserialize, Serialize};

use super::chunk::{Reader, Unreadable, Writer};
use crate::twin::frame::Track;
use crate::words::{Ms, TrackId};

const WHAT: &str = "track file";
const MAGIC: &[u8; 8] = b"PALTRAK\n";
const VERSION: u32 = 1;
const MINUTE: i64 = 60_000;

/// Where everybody was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tracks {
    /// One a mover, in order of (first instant, name); a track's number is its index.
    pub tracks: Vec<Track>,
}

impl Tracks {
    /// For each minute of the day, the tracks that have a part in it.
    pub fn by_minute(&self) -> Vec<Vec<TrackId>> {
        let mut minutes: Vec<Vec<TrackId>> = Vec::new();
        for track in &self.tracks {
            let (Some(first), Some(last)) = (track.corners.first(), track.corners.last()) else { continue };
            let minute = |at: Ms| at.0.div_euclid(MINUTE).max(0) as usize;
            for index in minute(first.0)..=minute(last.0) {
                if minutes.len() <= index {
                    minutes.resize_with(index + 1, Vec::new);
                }
                minutes[index].push(track.id);
            }
        }
        minutes
    }

    /// The tracks as bytes, with the index by minute in front.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.write(Writer::new(MAGIC, VERSION)).0
    }

    /// The digest of all tracks, 64 hexadecimal digits.
    pub fn digest(&self) -> String {
        self.write(Writer::digest_only()).1
    }

    fn write(&self, mut to: Writer) -> (Vec<u8>, String) {
        to.chunk(&self.by_minute());
        to.list(&self.tracks);
        to.finish()
    }

    /// Reads tracks back.
    ///
    /// # Errors
    /// When the bytes are not a track file, are cut, damaged, or of another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Tracks, Unreadable> {
        let mut from = Reader::open(WHAT, bytes, MAGIC, VERSION)?;
        let _by_minute: Vec<Vec<TrackId>> = from.chunk()?;
        let tracks = from.list()?;
        from.finish()?;
        Ok(Tracks { tracks })
    }
}

/// Where a mover of the track is at an instant: east, north, feet above ground, cm; nothing before its first corner
/// and after its last.
pub fn position_cm(track: &Track, at: Ms) -> Option<[i32; 3]> {
    let after = track.corners.partition_point(|corner| corner.0 <= at);
    let before = track.corners.get(after.checked_sub(1)?)?;
    let Some(next) = track.corners.get(after) else {
        return (before.0 == at).then_some([before.1, before.2, before.3]);
    };
    let share = (at - before.0).seconds() / (next.0 - before.0).seconds();
    let between = |a: i32, b: i32| a + libm::round(f64::from(b - a) * share) as i32;
    Some([between(before.1, next.1), between(before.2, next.2), between(before.3, next.3)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twin::frame::Role;

    fn tracks() -> Tracks {
        let walk = Track {
            id: TrackId(0),
            who: "resident/a/0".into(),
            role: Role::Resident,
            corners: vec![(Ms(50_000), 0, 0, 0), (Ms(70_000), 2000, 0, 0), (Ms(130_000), 2000, 0, 0)],
        };
        Tracks { tracks: vec![walk] }
    }

    #[test]
    fn tracks_come_back_and_know_their_minutes() {
        let written = tracks();
        assert_eq!(Tracks::from_bytes(&written.to_bytes()), Ok(written.clone()));
        assert_eq!(written.by_minute(), vec![vec![TrackId(0)], vec![TrackId(0)], vec![TrackId(0)]]);
    }

    #[test]
    fn a_mover_is_between_its_corners() {
        let track = &tracks().tracks[0];
        assert_eq!(position_cm(track, Ms(49_999)), None);
        assert_eq!(position_cm(track, Ms(60_000)), Some([1000, 0, 0]));
        assert_eq!(position_cm(track, Ms(100_000)), Some([2000, 0, 0]));
        assert_eq!(position_cm(track, Ms(130_000)), Some([2000, 0, 0]));
        assert_eq!(position_cm(track, Ms(130_001)), None);
    }
}
