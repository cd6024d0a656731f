//! Why a rules file cannot be used, and where in it.

use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;

/// Why a rules file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("line {line}: {problem}")]
pub struct RulesError {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong there, and what is allowed.
    pub problem: String,
}

impl RulesError {
    /// One at a value that was read and means nothing beside the others.
    pub(super) fn at<T>(value: &Spanned<T>, problem: impl ToString) -> Self {
        Self {
            line: value.referenced.line().max(1),
            problem: problem.to_string(),
        }
    }
}
