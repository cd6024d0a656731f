//! Where a glob begins: its names before the first wildcard, followed through symbolic links as a container would.
//!
//! `/bin/sh` is a file that a container sees, though it is stored at `/usr/bin/sh` where `/bin` is a link.

use globset::{Candidate, GlobSet};

use super::paths::matcher;
use crate::stack::{NodeId, Stack};

/// How a glob from the root begins.
#[derive(Clone, Debug)]
pub(super) struct Start {
    /// The path of the names before the first wildcard; without one, of all but the last name.
    folder: Vec<u8>,
    rest: Rest,
}

/// What follows that.
#[derive(Clone, Debug)]
enum Rest {
    /// The last name, which is no wildcard.
    Name(Vec<u8>),
    /// Names of which the first has a wildcard.
    Glob(GlobSet),
}

impl Start {
    /// None for a glob of any depth, or one that begins with a wildcard or is a single name: such lead through no link.
    pub(super) fn of(glob: &str) -> Option<Self> {
        let mut left = glob.strip_prefix('/')?;
        let mut folder = Vec::new();
        loop {
            let (name, behind) = match left.split_once('/') {
                Some((name, behind)) => (name, Some(behind)),
                None => (left, None),
            };
            let rest = match (literal(name), behind) {
                (Some(name), Some(behind)) => {
                    folder.push(b'/');
                    folder.extend(name);
                    left = behind;
                    continue;
                }
                (Some(name), None) => Rest::Name(name),
                (None, _) if folder.is_empty() => return None,
                (None, _) => Rest::Glob(matcher(left).ok()?),
            };
            return Some(Self { folder, rest });
        }
    }
}

/// A name without wildcards, its escapes undone.
fn literal(name: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut letters = name.bytes();
    while let Some(letter) = letters.next() {
        match letter {
            b'*' | b'?' | b'[' | b']' | b'{' | b'}' | b',' => return None,
            b'\\' => bytes.push(letters.next()?),
            letter => bytes.push(letter),
        }
    }
    Some(bytes)
}

/// What a glob meets in one stack beyond the paths that it spells out.
pub(super) struct Linked<'g> {
    /// Paths that it meets.
    paths: Vec<Vec<u8>>,
    /// A folder, and what it meets below that.
    below: Option<(Vec<u8>, &'g GlobSet)>,
}

impl<'g> Linked<'g> {
    pub(super) fn new(start: Option<&'g Start>, stack: &Stack, layer: usize) -> Self {
        let mut linked = Self {
            paths: Vec::new(),
            below: None,
        };
        let Some(Start { folder, rest }) = start else {
            return linked;
        };
        let Ok(real) = stack.resolve(folder, layer) else {
            return linked;
        };
        let path = match real {
            NodeId::ROOT => Vec::new(),
            node => stack.path(node),
        };
        match rest {
            Rest::Glob(_) if path == *folder => {}
            Rest::Glob(glob) => linked.below = Some((path, glob)),
            Rest::Name(name) => {
                let path = [&path, &b"/"[..], name].concat();
                // The last name is followed too where it leads to a folder.
                if let Ok(end) = stack.look_up(&path, layer) {
                    linked.paths.push(stack.path(end));
                }
                linked.paths.push(path);
            }
        }
        linked
    }

    pub(super) fn meets(&self, path: &[u8]) -> bool {
        self.paths.iter().any(|one| one == path)
            || self.below.as_ref().is_some_and(|(folder, glob)| {
                let rest = path.strip_prefix(folder.as_slice());
                let rest = rest.and_then(|rest| rest.strip_prefix(b"/"));
                rest.is_some_and(|rest| {
                    !rest.is_empty() && glob.is_match_candidate(&Candidate::from_bytes(rest))
                })
            })
    }
}
