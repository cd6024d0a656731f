//! What can be wrong with a tar, and where.

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// There is no tar header where one should be.
    #[error("invalid tar header ({0}); the blob is not a container layer, or it is damaged")]
    NoHeader(&'static str),
    /// The tar ends inside an entry.
    #[error("the tar ends in the middle of an entry")]
    Cut,
    /// A header or extension record says something impossible.
    #[error("invalid tar entry: {0}")]
    BadEntry(&'static str),
    /// Larger than [`crate::limits`] allows.
    #[error("the tar entry has more {what} than the limit of {limit}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

/// Why decoding stopped: the tar is damaged, or a [`Visitor`](super::Visitor) wants no more of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error<P = Problem> {
    /// Offset in the tar: of the first header of the entry that is at fault.
    pub offset: u64,
    /// Why.
    pub problem: P,
}
