//! What a query asks of a version of a path: its size, its type, its layer.

use super::span::Span;
use crate::accounts::Accounts;
use crate::layer::EntryKind;
use crate::stack::Stack;
use crate::stack::view::{Mark, Row};

/// A version of a path.
pub(super) struct Candidate<'c> {
    pub(super) stack: &'c Stack,
    pub(super) row: &'c Row<'c>,
    pub(super) has_mark: &'c dyn Fn(Mark) -> bool,
    pub(super) accounts: &'c Accounts,
}

/// A test of versions; of several values one has to match.
#[derive(Clone, Debug)]
pub(super) enum VersionTest {
    /// Bytes as a program reads them, of regular files.
    Size(Span<u64>),
    Kind(Vec<EntryKind>),
    Layer(Vec<Span<u64>>),
    Mark(Vec<Mark>),
    Owner(Vec<Owner>),
    Mode(Vec<ModeTest>),
    /// Seconds since 1970.
    Modified(Span<i64>),
    /// The layer's digest or diff ID begins so.
    Digest(String),
}

/// A user, and a group where one is asked for.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    pub(super) user: Id,
    pub(super) group: Option<Id>,
}

/// A user or a group.
#[derive(Clone, Debug)]
pub(super) enum Id {
    Number(Span<u64>),
    /// As the image's own files call it.
    Name(String),
}

impl Id {
    fn is(&self, id: u64, name: Option<&str>) -> bool {
        match self {
            Self::Number(span) => span.contains(id),
            Self::Name(wanted) => name == Some(wanted),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum ModeTest {
    /// It has one of these bits.
    Any(u32),
    /// It has exactly these.
    Exactly(u32),
}

impl VersionTest {
    /// Whether it asks for users or groups by name.
    pub(super) fn names_accounts(&self) -> bool {
        let is_name = |id: &Id| matches!(id, Id::Name(_));
        match self {
            Self::Owner(owners) => owners
                .iter()
                .any(|owner| is_name(&owner.user) || owner.group.as_ref().is_some_and(is_name)),
            _ => false,
        }
    }

    /// Whether it tells copies from files with other content.
    pub(super) fn compares_contents(&self) -> bool {
        match self {
            Self::Mark(marks) => {
                marks.contains(&Mark::Modified) != marks.contains(&Mark::MetadataOnly)
            }
            _ => false,
        }
    }

    pub(super) fn meets(&self, candidate: &Candidate<'_>) -> bool {
        let Candidate {
            stack,
            row,
            has_mark,
            accounts,
        } = candidate;
        match self {
            Self::Size(span) => row.kind == EntryKind::File && span.contains(row.logical_size()),
            Self::Kind(kinds) => kinds.contains(&row.kind),
            Self::Layer(spans) => spans.iter().any(|span| span.contains(row.layer as u64)),
            Self::Mark(marks) => marks.iter().any(|mark| has_mark(*mark)),
            Self::Owner(owners) => {
                let (uid, gid) = row.owner();
                owners.iter().any(|owner| {
                    let group = owner.group.as_ref();
                    owner.user.is(uid, accounts.user(uid))
                        && group.is_none_or(|group| group.is(gid, accounts.group(gid)))
                })
            }
            // The mode of a symbolic link means nothing.
            Self::Mode(tests) => {
                row.kind != EntryKind::Symlink
                    && tests.iter().any(|test| match test {
                        ModeTest::Any(bits) => row.mode() & bits != 0,
                        ModeTest::Exactly(mode) => row.mode() == *mode,
                    })
            }
            Self::Modified(span) => row
                .mtime()
                .is_some_and(|(seconds, _)| span.contains(seconds)),
            Self::Digest(start) => stack.layer(row.layer).is_some_and(|index| {
                let mut digests = [&index.digest, &index.diff_id].into_iter();
                digests.any(|digest| digest.to_string().starts_with(start))
            }),
        }
    }
}
