//! Parts of a sparse file that its tar stores.

/// A run of stored bytes of a sparse file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where in the file it is.
    pub offset: u64,
    /// Bytes of it.
    pub len: u64,
}
