//! Chunks: how tapes and tracks become bytes. A file is a magic word, a version, and chunks of postcard packed by
//! lz4; each chunk carries the digest chained over everything before it and its own plain bytes.
//!
//! ```text
//! magic 8 | version u32 | ( packed length u32 | digest 32 | packed bytes )* | 0 u32
//! ```

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Records in a chunk.
pub(super) const RECORDS: usize = 4096;

/// Why bytes are not a tape or a track file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The first bytes are something else.
    #[error("this is not a {0}: it begins with other bytes")]
    NotThis(&'static str),
    /// Another version of the format.
    #[error("this {what} has version {found}, and this program reads version {wanted}")]
    Version {
        /// What was to be read.
        what: &'static str,
        /// The version found.
        found: u32,
        /// The version that this program reads.
        wanted: u32,
    },
    /// The bytes end too early.
    #[error("this {0} is cut short: write it again")]
    Cut(&'static str),
    /// A chunk's bytes are not those that were written.
    #[error("chunk {chunk} of this {what} is damaged: write it again")]
    Damaged {
        /// What was to be read.
        what: &'static str,
        /// Which chunk, from 0.
        chunk: usize,
    },
}

/// The rolling digest: each link hashes the one before it and the plain bytes of a chunk.
#[derive(Clone, Copy, Default)]
pub(super) struct Chain([u8; 32]);

impl Chain {
    fn link(&mut self, plain: &[u8]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0);
        hasher.update(plain);
        self.0 = *hasher.finalize().as_bytes();
        self.0
    }

    pub(super) fn hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Takes chunks: either to write them or only to work out the digest.
pub(super) struct Writer {
    bytes: Option<Vec<u8>>,
    chain: Chain,
}

impl Writer {
    pub(super) fn new(magic: &[u8; 8], version: u32) -> Writer {
        let mut bytes = magic.to_vec();
        bytes.extend(version.to_le_bytes());
        Writer { bytes: Some(bytes), chain: Chain::default() }
    }

    pub(super) fn digest_only() -> Writer {
        Writer { bytes: None, chain: Chain::default() }
    }

    pub(super) fn chunk<T: Serialize + ?Sized>(&mut self, records: &T) {
        let plain = postcard::to_allocvec(records).expect("plain records always have a postcard form");
        let link = self.chain.link(&plain);
        if let Some(bytes) = &mut self.bytes {
            let packed = lz4_flex::compress_prepend_size(&plain);
            bytes.extend((packed.len() as u32).to_le_bytes());
            bytes.extend(link);
            bytes.extend(packed);
        }
    }

    pub(super) fn list<T: Serialize>(&mut self, records: &[T]) {
        self.chunk(&records.len().div_ceil(RECORDS));
        for part in records.chunks(RECORDS) {
            self.chunk(part);
        }
    }

    pub(super) fn finish(self) -> (Vec<u8>, String) {
        let mut bytes = self.bytes.unwrap_or_default();
        bytes.extend(0u32.to_le_bytes());
        (bytes, self.chain.hex())
    }
}

/// Gives chunks back in their order.
pub(super) struct Reader<'a> {
    what: &'static str,
    left: &'a [u8],
    chain: Chain,
    chunk: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn open(
        what: &'static str,
        bytes: &'a [u8],
        magic: &[u8; 8],
        version: u32,
    ) -> Result<Reader<'a>, Unreadable> {
        let left = bytes.strip_prefix(magic).ok_or(Unreadable::NotThis(what))?;
        let mut reader = Reader { what, left, chain: Chain::default(), chunk: 0 };
        let found = reader.number()?;
        if found != version {
            return Err(Unreadable::Version { what, found, wanted: version });
        }
        Ok(reader)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Unreadable> {
        let (taken, left) = self.left.split_at_checked(count).ok_or(Unreadable::Cut(self.what))?;
        self.left = left;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, Unreadable> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes(bytes.try_into().expect("four bytes were taken")))
    }

    pub(super) fn chunk<T: DeserializeOwned>(&mut self) -> Result<T, Unreadable> {
        let damaged = Unreadable::Damaged { what: self.what, chunk: self.chunk };
        let length = self.number()? as usize;
        let link = self.take(32)?;
        let packed = self.take(length)?;
        let plain = unpack(packed).ok_or_else(|| damaged.clone())?;
        if self.chain.link(&plain) != link {
            return Err(damaged);
        }
        self.chunk += 1;
        postcard::from_bytes(&plain).map_err(|_| damaged)
    }

    pub(super) fn list<T: DeserializeOwned>(&mut self) -> Result<Vec<T>, Unreadable> {
        let parts: usize = self.chunk()?;
        let mut records = Vec::new();
        for _ in 0..parts {
            records.extend(self.chunk::<Vec<T>>()?);
        }
        Ok(records)
    }

    pub(super) fn finish(mut self) -> Result<(), Unreadable> {
        let damaged = Unreadable::Damaged { what: self.what, chunk: self.chunk };
        let end = self.number()?;
        if end == 0 && self.left.is_empty() { Ok(()) } else { Err(damaged) }
    }
}

/// Unpacks a chunk, refusing a stated size that no packing could have come from.
fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let size = u32::from_le_bytes(packed.get(..4)?.try_into().ok()?) as usize;
    if size > packed.len().saturating_mul(256) {
        return None;
    }
    lz4_flex::decompress_size_prepended(packed).ok()
}
