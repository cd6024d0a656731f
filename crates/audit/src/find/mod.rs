//! Queries: which paths of an image are looked for, in one language on the command line and in the page.
//!
//! A query is words with spaces between them, which all have to match: a text, a glob, a regular expression, or a
//! qualifier such as `size:>10MB`. Every version of a path is a candidate of its own, also one that a later layer
//! deleted or overwrote, so `layer:2 size:>10MB` finds what layer 2 stored as it was then.

mod condition;
mod error;
mod parse;
mod path;
mod qualifier;
mod search;
mod shown;
mod span;
mod value;
mod version;

pub use error::QueryError;
pub use parse::{Word, words};
pub use qualifier::{QUALIFIERS, Qualifier};
pub use search::Search;

use std::str::FromStr;

use path::PathTest;
use version::VersionTest;

/// What is looked for.
///
/// ```
/// use onionskin_audit::find::Query;
///
/// let query: Query = "/usr/**/lib*.so* size:>10MB -mark:deleted".parse()?;
/// assert!(!query.is_empty());
/// let error = "size:big".parse::<Query>().map(|_| ()).unwrap_err();
/// assert!(error.to_string().starts_with("`size:big` is not valid"));
/// # Ok::<(), onionskin_audit::find::QueryError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// What is asked of paths, and whether it must not be so.
    paths: Vec<(PathTest, bool)>,
    /// What is asked of versions of paths.
    versions: Vec<(VersionTest, bool)>,
}

impl Query {
    /// It asks for nothing, so every path is found.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.versions.is_empty()
    }

    /// Whether the contents of files decide what it finds, which only layers that were read tell: it asks for owners by name,
    /// or if a path was stored again with the same content.
    #[must_use]
    pub fn needs_contents(&self) -> bool {
        let mut tests = self.versions.iter();
        tests.any(|(test, _)| test.compares_contents() || test.names_accounts())
    }
}

impl FromStr for Query {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        parse::query(text)
    }
}
