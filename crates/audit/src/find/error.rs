//! Why a text is not a query.

use super::qualifier::QUALIFIERS;
use crate::limits::{QUERY_BYTES, QUERY_WORDS};
use crate::rules::GlobError;

/// Why a text is not a query, with what would be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// It is longer than [`QUERY_BYTES`].
    #[error("the query is longer than {QUERY_BYTES} bytes")]
    TooLong,
    /// It has more words than [`QUERY_WORDS`].
    #[error("the query has more than {QUERY_WORDS} words")]
    TooManyWords,
    /// A quotation mark opens and none closes.
    #[error("a quotation mark is not closed; write \\\" to look for one")]
    OpenQuote,
    /// There is nothing behind a minus sign.
    #[error(
        "`-` excludes what the word behind it matches, as in `-*.js`; quote it to look for it: \"-\""
    )]
    NothingExcluded,
    /// No qualifier is called so.
    #[error("there is no qualifier `{name}:`; {}", instead(.name, .word))]
    UnknownQualifier {
        /// What stands before the colon.
        name: String,
        /// The whole word.
        word: String,
    },
    /// A value that the qualifier does not have.
    #[error("`{name}:{value}` is not valid; {name}: takes {takes}")]
    Value {
        /// The qualifier.
        name: &'static str,
        /// What was given.
        value: String,
        /// What it takes.
        takes: &'static str,
    },
    /// A word that has wildcards and is no glob.
    #[error("{0}; quote the word to look for it as text")]
    Glob(#[from] GlobError),
    /// A word that is no regular expression.
    #[error("/{pattern}/ is not a valid regular expression: {problem}")]
    Regex {
        /// Without its slashes.
        pattern: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// What to write in place of a qualifier that there is not.
fn instead(name: &str, word: &str) -> String {
    let likeness =
        |known: &str| strsim::normalized_damerau_levenshtein(&name.to_ascii_lowercase(), known);
    let similar = QUALIFIERS.iter().map(|one| (likeness(one.name), one.name));
    let best = similar
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((_, meant)) => {
            format!("did you mean `{meant}:`? Quote the word to look for it as text: \"{word}\"")
        }
        None => {
            let names: Vec<_> = QUALIFIERS.iter().map(|one| one.name).collect();
            format!(
                "those that there are: {}. Quote the word to look for it as text: \"{word}\"",
                names.join(", ")
            )
        }
    }
}
