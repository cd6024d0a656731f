//! Colours of source code, by what its parts are: comments, strings, keywords.
//!
//! The page knows languages by the names of files ([`Language`]) and draws [`Span`]s; what finds those is a program of its own
//! (`src/main.rs`), which the page asks with [`Request`]. Grammars are syntect's, of the collection of two-face.

mod language;
mod protocol;

#[cfg(feature = "program")]
mod classes;
#[cfg(feature = "program")]
mod program;
#[cfg(feature = "program")]
mod text;

pub use self::language::Language;
pub use self::protocol::{Class, Message, Request, Span};

#[cfg(feature = "program")]
pub use self::program::serve;
