//! Visitors: what reads the files of a layer while it is decoded, and what they find.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::entry::{Entry, EntryId, EntryKind, EntryTarget};
use crate::tar::Piece;

/// Reads the files of a layer while it is decoded. What it finds belongs to an entry, and is kept in the
/// [`LayerIndex`](super::LayerIndex), where [`found`](super::LayerIndex::found) has it.
///
/// Entries come in the order of the tar; those that a later one of the same path replaces come too. So do files that
/// have no path yet: AUFS kept files with several names in `/.wh..wh.plnk`, and the first hard link to such a file gets
/// what was found in it.
///
/// ```
/// use onionskin_layers::layer::{Entry, EntryKind, Expected, LayerDecoder, Piece, Visitor};
///
/// /// Counts the lines of text files.
/// #[derive(Default)]
/// struct Lines(u64);
///
/// impl Visitor for Lines {
///     const NAME: &'static str = "lines";
///     type Found = u64;
///
///     fn begin(&mut self, entry: &Entry<'_>) -> bool {
///         self.0 = 0;
///         entry.kind == EntryKind::File && entry.names.last().is_some_and(|name| name.ends_with(b".txt"))
///     }
///
///     fn content(&mut self, piece: Piece<'_>) {
///         if let Piece::Bytes(bytes) = piece {
///             self.0 += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
///         }
///     }
///
///     fn end(&mut self) -> Vec<u64> {
///         vec![self.0]
///     }
/// }
///
/// let mut decoder = LayerDecoder::new(Expected::default()).visit(Lines::default());
/// decoder.push(&[0; 1024])?; // an empty tar
/// assert_eq!(decoder.finish()?.found::<Lines>(), Some(Vec::new()));
/// # Ok::<(), onionskin_layers::layer::LayerError>(())
/// ```
pub trait Visitor: Send + 'static {
    /// Names what it finds where an index is stored. A new form of [`Self::Found`] takes a new name.
    const NAME: &'static str;
    /// What it finds. It bounds itself how much that is: an index is held in memory.
    type Found: Serialize + DeserializeOwned + Send + 'static;

    /// An entry begins. True if [`Self::content`] and [`Self::end`] are to be called for it.
    fn begin(&mut self, entry: &Entry<'_>) -> bool;

    /// The next content of a regular file, in pieces of any size.
    fn content(&mut self, piece: Piece<'_>);

    /// The entry is complete: what was found in it.
    fn end(&mut self) -> Vec<Self::Found>;
}

/// Reads files of a layer whole; [`WholeFiles`] makes a [`Visitor`] of it.
pub trait FileReader: Send + 'static {
    /// As of [`Visitor::NAME`].
    const NAME: &'static str;
    /// As of [`Visitor::Found`].
    type Found: Serialize + DeserializeOwned + Send + 'static;

    /// An entry begins. True if it is to be read; only a regular file is.
    fn wants(&mut self, entry: &Entry<'_>) -> bool;

    /// What is found in the file that was wanted last.
    fn read(&mut self, content: &[u8]) -> Vec<Self::Found>;
}

/// Gathers the content of files for a [`FileReader`].
pub struct WholeFiles<R> {
    reader: R,
    limit: u64,
    content: Vec<u8>,
}

impl<R: FileReader> WholeFiles<R> {
    /// Reads files of at most `limit` bytes; larger ones are not read.
    #[must_use]
    pub const fn new(reader: R, limit: u64) -> Self {
        Self {
            reader,
            limit,
            content: Vec::new(),
        }
    }
}

impl<R: FileReader> Visitor for WholeFiles<R> {
    const NAME: &'static str = R::NAME;
    type Found = R::Found;

    fn begin(&mut self, entry: &Entry<'_>) -> bool {
        self.content.clear();
        self.reader.wants(entry)
            && entry.kind == EntryKind::File
            && entry.logical_size <= self.limit
    }

    fn content(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Bytes(bytes) => self.content.extend_from_slice(bytes),
            // Both are part of the file, and so within the limit.
            Piece::Hole(zeros) => {
                let len = usize::try_from(zeros).unwrap_or(0);
                self.content.resize(self.content.len() + len, 0);
            }
        }
    }

    fn end(&mut self) -> Vec<R::Found> {
        let found = self.reader.read(&self.content);
        // A large file's memory is not kept until the layer's end.
        self.content = Vec::new();
        found
    }
}

/// What a visitor found in a layer, in the form in which it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Findings {
    pub(super) name: String,
    rows: Vec<u8>,
}

impl Findings {
    fn of<V: Visitor>(rows: &[(EntryId, V::Found)]) -> Self {
        Self {
            name: V::NAME.to_owned(),
            // Serialising into memory fails only where a type refuses; then nothing can be read back.
            rows: postcard::to_stdvec(rows).unwrap_or_default(),
        }
    }

    /// Bytes that they take.
    pub(super) const fn bytes(&self) -> usize {
        self.rows.len()
    }

    /// None where these bytes are not what the visitor's findings are stored as.
    pub(super) fn read<V: Visitor>(&self) -> Option<Vec<(EntryId, V::Found)>> {
        postcard::from_bytes(&self.rows).ok()
    }
}

/// A visitor of any type, and what it found so far.
pub(super) trait Visiting: Send {
    fn begin(&mut self, entry: &Entry<'_>);
    fn content(&mut self, piece: Piece<'_>);
    fn end(&mut self, place: EntryTarget);
    /// The tar is complete. `entry_of` tells which entry something belongs to, if to any.
    fn finish(self: Box<Self>, entry_of: &dyn Fn(EntryTarget) -> Option<EntryId>) -> Findings;
}

pub(super) struct Visit<V: Visitor> {
    visitor: V,
    /// The visitor wants the entry that is under way.
    wanted: bool,
    found: Vec<(EntryTarget, V::Found)>,
}

impl<V: Visitor> Visit<V> {
    pub(super) const fn new(visitor: V) -> Self {
        Self {
            visitor,
            wanted: false,
            found: Vec::new(),
        }
    }
}

impl<V: Visitor> Visiting for Visit<V> {
    fn begin(&mut self, entry: &Entry<'_>) {
        self.wanted = self.visitor.begin(entry);
    }

    fn content(&mut self, piece: Piece<'_>) {
        if self.wanted {
            self.visitor.content(piece);
        }
    }

    fn end(&mut self, place: EntryTarget) {
        if std::mem::take(&mut self.wanted) {
            let found = self.visitor.end().into_iter();
            self.found.extend(found.map(|found| (place, found)));
        }
    }

    fn finish(self: Box<Self>, entry_of: &dyn Fn(EntryTarget) -> Option<EntryId>) -> Findings {
        let found = self.found.into_iter();
        let mut rows: Vec<(EntryId, V::Found)> = found
            .filter_map(|(place, found)| Some((entry_of(place)?, found)))
            .collect();
        rows.sort_by_key(|row| row.0);
        Findings::of::<V>(&rows)
    }
}
