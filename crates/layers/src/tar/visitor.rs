//! What sees a tar while it is decoded.

use super::{Entry, Problem};

/// A run of a file's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'d> {
    /// Bytes that the tar stores.
    Bytes(&'d [u8]),
    /// So many zeros that a sparse file does not store.
    Hole(u64),
}

/// Sees a tar's entries, and the content of its regular files, in their order.
///
/// For each entry: [`Self::entry`]; of a regular file [`Self::content`] as often as it takes, and [`Self::complete`]; then
/// [`Self::end`].
pub trait Visitor {
    /// Why the visitor stops the decoding. What is wrong with the tar itself is such a reason too.
    type Problem: From<Problem>;

    /// An entry begins; all its headers are read, and its map if it is a sparse file.
    ///
    /// # Errors
    /// The visitor wants no more of the tar.
    fn entry(&mut self, entry: &Entry) -> Result<(), Self::Problem>;

    /// The next content of a regular file. Holes come too, also one at its end.
    fn content(&mut self, piece: Piece<'_>) {
        let _ = piece;
    }

    /// All content of a regular file has come.
    fn complete(&mut self) {}

    /// The entry ends, with its padding, at an offset in the tar.
    fn end(&mut self, offset: u64) {
        let _ = offset;
    }

    /// Something else than zeros follows the end of the tar; told once, with its offset.
    fn after_end(&mut self, offset: u64) {
        let _ = offset;
    }
}
