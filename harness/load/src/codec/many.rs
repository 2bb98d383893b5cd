//! A row of things inside a packet: properties, subscriptions, filters. The writer has them as a slice, the reader has
//! their bytes and looks at one after the other, so neither allocates.

use std::fmt;

use super::encode::Out;
use super::reader::Reader;
use super::{Malformed, Unencodable};

/// One of a row.
pub trait Item<'a>: Copy + PartialEq + fmt::Debug + 'a {
    /// Appends it.
    #[doc(hidden)]
    fn put(&self, out: &mut impl Out) -> Result<(), Unencodable>;

    /// Takes the next one.
    #[doc(hidden)]
    fn take(reader: &mut Reader<'a>) -> Result<Self, Malformed>;
}

/// A row of things.
#[derive(Clone, Copy)]
pub enum Many<'a, T> {
    /// As the writer has them.
    Listed(&'a [T]),
    /// As they came, checked when the packet was decoded.
    Encoded(&'a [u8]),
}

impl<T> Many<'_, T> {
    /// Nothing.
    pub const NONE: Self = Many::Listed(&[]);

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        match self {
            Many::Listed(items) => items.is_empty(),
            Many::Encoded(bytes) => bytes.is_empty(),
        }
    }
}

impl<'a, T: Item<'a>> Many<'a, T> {
    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = T> + use<'a, T> {
        let (listed, mut encoded) = match *self {
            Many::Listed(items) => (items, Reader::new(&[], 0)),
            Many::Encoded(bytes) => (&[][..], Reader::new(bytes, 0)),
        };
        // What was decoded was checked as a whole; an error can only come from bytes that were put here by hand.
        let rest =
            std::iter::from_fn(move || if encoded.is_empty() { None } else { T::take(&mut encoded).ok() });
        listed.iter().copied().chain(rest)
    }

    pub(super) fn put(&self, out: &mut impl Out) -> Result<(), Unencodable> {
        match self {
            Many::Listed(items) => items.iter().try_for_each(|item| item.put(out)),
            Many::Encoded(bytes) => {
                out.bytes(bytes);
                Ok(())
            }
        }
    }
}

impl<T> Default for Many<'_, T> {
    fn default() -> Self {
        Self::NONE
    }
}

impl<'a, T: Item<'a>> PartialEq for Many<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a, T: Item<'a>> fmt::Debug for Many<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
