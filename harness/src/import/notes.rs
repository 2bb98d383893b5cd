//! What an import found, guessed and dropped, with counts.

use serde::Serialize;

/// One remark.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Note {
    /// How many.
    pub count: usize,
    /// Of what, and why.
    pub what: String,
}

/// All remarks of an import.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Notes {
    /// In the data.
    pub found: Vec<Note>,
    /// Not in the data: defaults and proposals.
    pub guessed: Vec<Note>,
    /// In the data, but not used.
    pub dropped: Vec<Note>,
}

impl Notes {
    /// Something in the data.
    pub fn found(&mut self, count: usize, what: impl Into<String>) {
        add(&mut self.found, count, what.into());
    }
    /// Something assumed.
    pub fn guessed(&mut self, count: usize, what: impl Into<String>) {
        add(&mut self.guessed, count, what.into());
    }
    /// Something left out.
    pub fn dropped(&mut self, count: usize, what: impl Into<String>) {
        add(&mut self.dropped, count, what.into());
    }
}

/// Remarks of the same words are counted together; none are kept for nothing.
fn add(list: &mut Vec<Note>, count: usize, what: String) {
    match list.iter_mut().find(|n| n.what == what) {
        Some(note) => note.count += count,
        None if count > 0 => list.push(Note { count, what }),
        None => {}
    }
}
