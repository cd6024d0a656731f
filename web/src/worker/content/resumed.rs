//! Pieces of contents of which some come a second time, where reading began anew.

use std::io;

use onionskin_core::layer::{EntryId, Piece};

/// Takes the contents of entries, each piece once.
pub(super) struct Resumed<'s> {
    sink: &'s mut dyn FnMut(EntryId, Piece<'_>) -> io::Result<()>,
    /// Bytes that were handed on, and those of them that come again.
    given: u64,
    again: u64,
    failed: io::Result<()>,
}

impl<'s> Resumed<'s> {
    pub(super) fn new(sink: &'s mut dyn FnMut(EntryId, Piece<'_>) -> io::Result<()>) -> Self {
        Resumed {
            sink,
            given: 0,
            again: 0,
            failed: Ok(()),
        }
    }

    /// All pieces come again from the first on.
    pub(super) fn begin_anew(&mut self) {
        self.again = self.given;
    }

    pub(super) fn take(&mut self, entry: EntryId, piece: Piece<'_>) {
        let length = match piece {
            Piece::Bytes(bytes) => bytes.len() as u64,
            Piece::Hole(length) => length,
        };
        let known = self.again.min(length);
        self.again -= known;
        if known == length || self.failed.is_err() {
            return;
        }
        self.given += length - known;
        let piece = match piece {
            Piece::Bytes(bytes) => Piece::Bytes(bytes.get(known as usize..).unwrap_or_default()),
            Piece::Hole(length) => Piece::Hole(length - known),
        };
        self.failed = (self.sink)(entry, piece);
    }

    /// The first failure of the sink, after which it gets nothing more.
    pub(super) fn failed(&mut self) -> io::Result<()> {
        match &self.failed {
            Ok(()) => Ok(()),
            Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn what_comes_again_is_handed_on_once() {
        let mut got = Vec::new();
        let mut sink = |entry: EntryId, piece: Piece<'_>| {
            match piece {
                Piece::Bytes(bytes) => got.extend_from_slice(bytes),
                Piece::Hole(length) => got.extend((0..length).map(|_| 0)),
            }
            got.push(b'0' + entry.0 as u8);
            Ok(())
        };
        let mut resumed = Resumed::new(&mut sink);
        resumed.take(EntryId(1), Piece::Bytes(b"ab"));
        resumed.take(EntryId(1), Piece::Hole(2));
        resumed.begin_anew();
        resumed.take(EntryId(1), Piece::Bytes(b"a"));
        resumed.take(EntryId(1), Piece::Bytes(b"b"));
        resumed.take(EntryId(1), Piece::Hole(3));
        resumed.take(EntryId(2), Piece::Bytes(b"cd"));
        assert_eq!(got, b"ab1\0\x001\x001cd2");
    }

    #[test]
    fn after_a_failure_nothing_more_is_handed_on() {
        let mut calls = 0;
        let mut sink = |_, _: Piece<'_>| {
            calls += 1;
            Err(io::ErrorKind::StorageFull.into())
        };
        let mut resumed = Resumed::new(&mut sink);
        resumed.take(EntryId(1), Piece::Bytes(b"ab"));
        resumed.take(EntryId(1), Piece::Bytes(b"cd"));
        assert!(resumed.failed().is_err());
        assert_eq!(calls, 1);
    }
}
