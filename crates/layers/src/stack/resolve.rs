//! From a path to what it means to a program inside the container: symbolic links followed, never above the root.

use super::{NodeId, Stack, VersionKind};
use crate::layer::EntryKind;
use crate::limits::LINKS;
use crate::names;

/// Why a path leads to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResolveError {
    /// There is nothing of that name.
    Missing {
        /// What is not there, links before it followed.
        path: Vec<u8>,
        /// The layer that took it away, or what was asked for, where one did.
        deleted_by: Option<usize>,
    },
    /// A path goes on behind something that is no folder.
    NotAFolder {
        /// What is no folder.
        path: Vec<u8>,
        /// The layer that took away what the path goes on to, where one did.
        deleted_by: Option<usize>,
    },
    /// Links that lead to each other.
    Loop {
        /// The link at which that was seen.
        path: Vec<u8>,
    },
}

/// A path that leads to nothing, and what of it was still to be followed.
struct Stopped {
    error: ResolveError,
    rest: Vec<Name>,
}

/// A part of a path that is followed.
struct Name {
    name: Vec<u8>,
    /// Whoever asks gave it, and may have given it as it is printed.
    given: bool,
}

impl Stack {
    /// What `path` leads to in the stack at `layer`, symbolic links followed, also the last one. `..` means the folder
    /// above where the links led. What is behind a slash has to be in a folder, be it nothing. Names may be given as
    /// they are printed, with `\xNN` for a byte.
    ///
    /// # Errors
    /// It leads to nothing.
    pub fn resolve(&self, path: &[u8], layer: usize) -> Result<NodeId, ResolveError> {
        self.follow(path, layer, true)
            .map_err(|stopped| stopped.error)
    }

    /// As [`Self::resolve`], but a link at the end is followed only where it leads to a folder; else it is the link
    /// itself that is meant.
    ///
    /// # Errors
    /// It leads to nothing.
    pub fn look_up(&self, path: &[u8], layer: usize) -> Result<NodeId, ResolveError> {
        let to_folder = self.resolve(path, layer).ok();
        match to_folder.filter(|node| self.is_folder(*node, layer)) {
            Some(folder) => Ok(folder),
            None => self
                .follow(path, layer, false)
                .map_err(|stopped| stopped.error),
        }
    }

    /// The path that [`Self::look_up`] looks for, links followed as far as there are any, whether or not it is there.
    #[must_use]
    pub fn real_path(&self, path: &[u8], layer: usize) -> Vec<u8> {
        if let Ok(node) = self.look_up(path, layer) {
            return self.path(node);
        }
        match self.follow(path, layer, false) {
            Ok(node) => self.path(node),
            Err(Stopped { error, rest }) => {
                let (ResolveError::Missing { path, .. }
                | ResolveError::NotAFolder { path, .. }
                | ResolveError::Loop { path }) = error;
                let rest = rest.into_iter().rev().filter(|name| name.name != b".");
                rest.fold(path, |path, name| [&path, &b"/"[..], &name.name].concat())
            }
        }
    }

    /// The folder that `path` leads to in the stack at `layer`, symbolic links followed. Its names are bytes and nothing
    /// else.
    pub fn folder(&self, path: &[u8], layer: usize) -> Option<NodeId> {
        let node = self.walk(path, false, layer, true).ok()?;
        self.is_folder(node, layer).then_some(node)
    }

    /// What `path` leads to in the stack at `layer`, symbolic links followed. Its names are bytes and nothing else.
    #[must_use]
    pub fn real(&self, path: &[u8], layer: usize) -> Option<NodeId> {
        self.walk(path, false, layer, true).ok()
    }

    /// Whether there is nothing at a hard link's target in the stack at `layer`, or only another link to nothing.
    pub(super) fn leads_to_nothing(&self, target: &[u8], layer: usize) -> bool {
        let Ok(node) = self.walk(target, false, layer, false) else {
            return true;
        };
        let stored = self.at(node, layer).and_then(|at| self.stored_by(at));
        let kind = stored.and_then(|(layer, entry)| Some(self.layer(layer)?.kind(entry)));
        kind == Some(EntryKind::Hardlink)
    }

    fn follow(&self, path: &[u8], layer: usize, follow_last: bool) -> Result<NodeId, Stopped> {
        self.walk(path, true, layer, follow_last)
    }

    /// `given` says whether names may be as they are printed.
    fn walk(
        &self,
        path: &[u8],
        given: bool,
        layer: usize,
        follow_last: bool,
    ) -> Result<NodeId, Stopped> {
        let mut rest: Vec<Name> = names(path, given).collect();
        let mut node = NodeId::ROOT;
        let mut links = 0;
        while let Some(Name { name, given }) = rest.pop() {
            if !self.is_folder(node, layer) {
                rest.push(Name { name, given });
                let deleted_by = self.taken_by(self.find_below(node, &rest), layer);
                let path = self.path(node);
                let error = ResolveError::NotAFolder { path, deleted_by };
                return Err(Stopped { error, rest });
            }
            match name.as_slice() {
                b"." => continue,
                b".." => {
                    node = self.parent(node);
                    continue;
                }
                _ => {}
            }
            let mut child = self.child_at(node, &name, layer);
            if given {
                for meant in names::meanings(&name).skip(1) {
                    child = child.or_else(|_| self.child_at(node, &meant, layer));
                }
            }
            let child = match child {
                Ok(child) => child,
                Err(deleted_by) => {
                    // A link may stand where the folder was that is asked for.
                    let deleted_by = deleted_by.or_else(|| self.taken_by(self.find(path), layer));
                    let parent = self.path(node);
                    let parent = parent.strip_suffix(b"/").unwrap_or(&parent);
                    let path = [parent, b"/", &name].concat();
                    let error = ResolveError::Missing { path, deleted_by };
                    return Err(Stopped { error, rest });
                }
            };
            let link = self.link_at(child, layer);
            match link.filter(|_| follow_last || !rest.is_empty()) {
                None => node = child,
                Some(_) if links == LINKS => {
                    let path = self.path(child);
                    let error = ResolveError::Loop { path };
                    return Err(Stopped { error, rest });
                }
                Some(target) => {
                    links += 1;
                    if target.starts_with(b"/") {
                        node = NodeId::ROOT;
                    }
                    rest.extend(names(target, false));
                }
            }
        }
        Ok(node)
    }

    /// What has this name in a folder; else the layer that took it away, where one did.
    fn child_at(&self, folder: NodeId, name: &[u8], layer: usize) -> Result<NodeId, Option<usize>> {
        let child = self.nodes.find(folder, name).ok_or(None)?;
        if self.at(child, layer).is_some() {
            return Ok(child);
        }
        Err(self.taken_by(Some(child), layer))
    }

    /// The layer that took a node away, where one did.
    fn taken_by(&self, node: Option<NodeId>, layer: usize) -> Option<usize> {
        let mut versions = self.versions(node?);
        let latest = versions.find(|version| version.layer <= layer)?;
        (latest.what == VersionKind::Gone).then_some(latest.layer)
    }

    /// The node that names lead to, the last one first, links not followed.
    fn find_below(&self, node: NodeId, names: &[Name]) -> Option<NodeId> {
        let mut names = names.iter().rev().filter(|name| name.name != b".");
        names.try_fold(node, |node, name| self.nodes.find(node, &name.name))
    }

    fn is_folder(&self, node: NodeId, layer: usize) -> bool {
        node == NodeId::ROOT || self.kind_at(node, layer) == Some(EntryKind::Dir)
    }

    /// What a node is in the stack at `layer`.
    fn kind_at(&self, node: NodeId, layer: usize) -> Option<EntryKind> {
        let version = self.at(node, layer)?;
        match version.what {
            VersionKind::Entry(entry) => Some(self.layer(version.layer)?.kind(entry)),
            VersionKind::Implied => Some(EntryKind::Dir),
            VersionKind::Gone => None,
        }
    }

    /// A symbolic link's text.
    fn link_at(&self, node: NodeId, layer: usize) -> Option<&[u8]> {
        // A hard link to a symbolic link is one too: what counts is the entry that stores it.
        let (layer, entry) = self.stored_by(self.at(node, layer)?)?;
        let index = self.layer(layer)?;
        let is_link = index.kind(entry) == EntryKind::Symlink;
        index.link(entry).filter(|_| is_link)
    }
}

/// The names of a path, the last one first; behind a slash at its end `.` stands for nothing, in a folder.
fn names(path: &[u8], given: bool) -> impl Iterator<Item = Name> + '_ {
    let ends_in_folder = path.ends_with(b"/") || path.ends_with(b"/.");
    let end = ends_in_folder.then(|| b".".to_vec());
    let names = path
        .rsplit(|byte| *byte == b'/')
        .filter(|name| !matches!(*name, b"" | b"."));
    let names = end.into_iter().chain(names.map(<[u8]>::to_vec));
    names.map(move |name| Name { name, given })
}
