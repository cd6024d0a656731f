//! What a query asks of a path: a text in it, a glob, a regular expression.

use regex::bytes::{Regex, RegexBuilder};

use super::QueryError;
use super::shown::shown;
use crate::limits::{GLOB_BYTES, REGEX_BYTES};
use crate::names;
use crate::rules::PathGlob;

/// A test of paths.
#[derive(Clone, Debug)]
pub(super) enum PathTest {
    /// A text without a slash is in a name of the path.
    Name(Texts),
    /// A text with a slash is in the path.
    Text(Texts),
    /// A glob matches the path.
    Glob(Box<PathGlob>),
    /// A regular expression matches somewhere in the path.
    Regex(Regex),
    /// The last name ends so, behind something.
    Extension(Vec<Vec<u8>>),
}

/// A text, as it is and as what it is printed for; ASCII letters in any case.
#[derive(Clone, Debug)]
pub(super) struct Texts(Vec<Vec<u8>>);

impl PathTest {
    pub(super) fn text(text: &str) -> Self {
        let mut forms = vec![text.as_bytes().to_vec()];
        forms.extend(names::unescaped(text.as_bytes()));
        let has_slash = forms.iter().any(|form| form.contains(&b'/'));
        forms
            .iter_mut()
            .for_each(|form| form.make_ascii_lowercase());
        match has_slash {
            true => Self::Text(Texts(forms)),
            false => Self::Name(Texts(forms)),
        }
    }

    pub(super) fn glob(glob: &str) -> Result<Self, QueryError> {
        Ok(Self::Glob(Box::new(glob.parse()?)))
    }

    pub(super) fn regex(pattern: &str) -> Result<Self, QueryError> {
        let error = |problem: &str| QueryError::Regex {
            pattern: shown(pattern),
            problem: shown(problem),
        };
        if pattern.len() > GLOB_BYTES {
            return Err(error("it is too long"));
        }
        // Names are bytes, so `.` and classes take bytes, as `?` of a glob does.
        let built = RegexBuilder::new(pattern)
            .unicode(false)
            .size_limit(REGEX_BYTES)
            .dfa_size_limit(REGEX_BYTES)
            .build();
        built.map(Self::Regex).map_err(|problem| match problem {
            regex::Error::CompiledTooBig(_) => error("it takes too much memory"),
            // The last of several lines says what is wrong; the others show where.
            problem => {
                let text = problem.to_string();
                let last = text.lines().last().unwrap_or_default();
                error(last.trim_start_matches("error: "))
            }
        })
    }

    /// Whether it looks at whole paths.
    pub(super) const fn is_of_path(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Glob(_) | Self::Regex(_))
    }

    /// Whether a name, the last of its path, meets it.
    pub(super) fn meets_name(&self, name: &[u8]) -> bool {
        match self {
            Self::Name(texts) => texts.are_in(name),
            Self::Extension(extensions) => extensions.iter().any(|extension| {
                let dot = name.len().checked_sub(extension.len() + 1);
                dot.filter(|dot| *dot > 0)
                    .and_then(|dot| name.split_at_checked(dot))
                    .and_then(|(_, end)| end.strip_prefix(b"."))
                    .is_some_and(|end| end.eq_ignore_ascii_case(extension))
            }),
            _ => false,
        }
    }

    /// Whether a path, with its leading slash, meets it.
    pub(super) fn meets_path(&self, path: &[u8]) -> bool {
        match self {
            Self::Text(texts) => texts.are_in(path),
            Self::Glob(glob) => glob.meets(path),
            Self::Regex(regex) => regex.is_match(path),
            _ => false,
        }
    }
}

impl Texts {
    fn are_in(&self, name: &[u8]) -> bool {
        self.0.iter().any(|text| holds(name, text))
    }
}

/// Whether a name holds a text in lower case.
fn holds(name: &[u8], text: &[u8]) -> bool {
    let Some((first, rest)) = text.split_first() else {
        return true;
    };
    let Some(last) = name.len().checked_sub(text.len()) else {
        return false;
    };
    let starts = memchr::memchr2_iter(*first, first.to_ascii_uppercase(), name);
    starts.take_while(|at| *at <= last).any(|at| {
        name.get(at + 1..at + text.len())
            .is_some_and(|behind| behind.eq_ignore_ascii_case(rest))
    })
}
