//! From a path to what it means to a program inside the container: symbolic links followed, never above the root.

use super::{NodeId, Stack, What};
use crate::layer::EntryKind;

/// Links followed before a path counts as a loop; as many as Linux follows.
const LINKS: usize = 40;

/// Why a path leads to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResolveError {
    /// There is nothing of that name.
    Missing {
        /// What is not there, links before it followed.
        path: Vec<u8>,
        /// The layer that took it away, where one did.
        deleted_by: Option<usize>,
    },
    /// A path goes on behind something that is no folder.
    NotAFolder {
        /// What is no folder.
        path: Vec<u8>,
    },
    /// Links that lead to each other.
    Loop {
        /// The link at which that was seen.
        path: Vec<u8>,
    },
}

impl Stack {
    /// What `path` leads to in the stack at `layer`, symbolic links followed, also the last one. `..` means the folder
    /// above where the links led.
    ///
    /// # Errors
    /// It leads to nothing.
    pub fn resolve(&self, path: &[u8], layer: usize) -> Result<NodeId, ResolveError> {
        let mut waiting: Vec<Vec<u8>> = names(path).collect();
        let mut node = NodeId::ROOT;
        let mut links = 0;
        while let Some(name) = waiting.pop() {
            if name == b".." {
                node = self.parent(node);
                continue;
            }
            let kind = self.kind_at(node, layer);
            if node != NodeId::ROOT && kind != Some(EntryKind::Dir) {
                return Err(ResolveError::NotAFolder {
                    path: self.path(node),
                });
            }
            let child = self.nodes.find(node, &name);
            let there = child.filter(|child| self.at(*child, layer).is_some());
            let Some(child) = there else {
                let gone = child.and_then(|child| {
                    self.versions(child)
                        .find(|version| version.layer <= layer)
                        .map(|version| version.layer)
                });
                let parent = self.path(node);
                let parent = parent.strip_suffix(b"/").unwrap_or(&parent);
                return Err(ResolveError::Missing {
                    path: [parent, b"/", &name].concat(),
                    deleted_by: gone,
                });
            };
            match self.link_at(child, layer) {
                None => node = child,
                Some(_) if links == LINKS => {
                    return Err(ResolveError::Loop {
                        path: self.path(child),
                    });
                }
                Some(target) => {
                    links += 1;
                    if target.starts_with(b"/") {
                        node = NodeId::ROOT;
                    }
                    waiting.extend(names(target));
                }
            }
        }
        Ok(node)
    }

    /// What a node is in the stack at `layer`.
    fn kind_at(&self, node: NodeId, layer: usize) -> Option<EntryKind> {
        let version = self.at(node, layer)?;
        match version.what {
            What::Entry(entry) => Some(self.layer(version.layer)?.kind(entry)),
            What::Implied => Some(EntryKind::Dir),
            What::Gone => None,
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

/// The names of a path, the last one first.
fn names(path: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    path.rsplit(|byte| *byte == b'/')
        .filter(|name| !matches!(*name, b"" | b"."))
        .map(<[u8]>::to_vec)
}
