//! The stack: the file system that the layers make, one on the other, and the history of every path.
//!
//! A layer changes the stack below it in three steps: its entries are applied to each other
//! (the layer's own tree), its whiteouts hide what the stack below had, and its tree is laid over what is left.
//! Sources: OCI image specification, layer.md; overlayfs where that is silent.

mod alike;
mod inodes;
mod lay;
mod mark;
mod names;
mod nodes;
mod not_fetched;
mod own_tree;
mod range;
mod resolve;
mod target;
mod targets;
mod versions;
pub mod view;

pub use alike::Alike;
pub use inodes::{Cause, Waste};
pub use names::Names;
pub use nodes::NodeId;
pub use not_fetched::NotFetched;
pub use resolve::ResolveError;
pub use versions::{Version, VersionKind};

use std::collections::BTreeMap;
use std::sync::Arc;

use inodes::{InodeId, Inodes};
use lay::Live;
use nodes::Nodes;
use own_tree::OwnTree;
use versions::{Packed, Versions};

use crate::layer::{ContentId, EntryId, EntryKind, LayerIndex, Remark, RemarkKind};
use crate::limits::{IMAGE_LAYERS, LAYER_REMARKS};

/// Layers stacked so far; layers count from 1, and the stack at 0 is empty.
pub struct Stack {
    nodes: Nodes,
    versions: Versions,
    live: Live,
    inodes: Inodes,
    layers: Vec<Arc<LayerIndex>>,
    not_fetched: BTreeMap<usize, NotFetched>,
    remarks: Vec<(usize, Remark)>,
    /// A hard link of the top layer led to nothing at its place in the tar.
    waited: bool,
}

/// Why a layer cannot be stacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StackError {
    /// More entries, folders or bytes of names than [`crate::limits`] allows of one image.
    #[error(
        "the layers together hold more entries than the limit of {}, or more folders or longer names than go with that",
        crate::limits::IMAGE_ENTRIES
    )]
    TooLarge,
    /// More layers than [`IMAGE_LAYERS`].
    #[error("the image has more than {IMAGE_LAYERS} layers")]
    TooManyLayers,
}

impl Default for Stack {
    fn default() -> Self {
        Self::new()
    }
}

impl Stack {
    /// The empty stack.
    #[must_use]
    pub fn new() -> Self {
        let mut stack = Self {
            nodes: Nodes::new(),
            versions: Versions::default(),
            live: Live::default(),
            inodes: Inodes::new(),
            layers: Vec::new(),
            not_fetched: BTreeMap::new(),
            remarks: Vec::new(),
            waited: false,
        };
        stack.versions.make_room(1);
        stack.live.make_room(1);
        stack
            .versions
            .set(NodeId::ROOT.at(), 0, Packed::IMPLIED, InodeId::FOLDER);
        stack
    }

    /// Puts a layer on top. One whose blob is listed several times is shared.
    ///
    /// # Errors
    /// The layers together are too large; the stack is of no use afterwards.
    pub fn push(&mut self, index: impl Into<Arc<LayerIndex>>) -> Result<(), StackError> {
        self.push_over(index.into(), false)
    }

    /// Puts a layer on top, and takes away what is below: the stack at it is what the layer itself holds. Its hard links
    /// lead where they lead on the layers below.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn push_alone(&mut self, index: impl Into<Arc<LayerIndex>>) -> Result<(), StackError> {
        self.push_over(index.into(), true)
    }

    /// A hard link of the top layer led to nothing at its place in the tar: what it leads to depends on the layers below,
    /// and on what comes later in the tar.
    #[must_use]
    pub const fn has_open_links(&self) -> bool {
        self.waited
    }

    fn push_over(&mut self, index: Arc<LayerIndex>, alone: bool) -> Result<(), StackError> {
        let layer = self.depth() + 1;
        if layer > IMAGE_LAYERS {
            return Err(StackError::TooManyLayers);
        }
        self.inodes
            .add_layer(index.len())
            .ok_or(StackError::TooLarge)?;
        let own = OwnTree::build(self, &index, layer)?;
        self.versions.make_room(self.nodes.len());
        self.live.make_room(self.nodes.len());
        self.waited = own.waited;
        self.hide(layer, &own.whiteouts);
        if alone {
            self.take_below(layer, NodeId::ROOT);
        }
        for place in own.into_places() {
            self.lay(layer, &index, &place);
        }
        self.inodes.end_layer(layer);
        self.layers.push(index);
        if self.versions.len() >= u32::MAX as usize {
            return Err(StackError::TooLarge);
        }
        Ok(())
    }

    /// Puts a layer on top that is not available, and why: it counts, and changes nothing. What it holds and hides is
    /// not known, so what is said of the stack holds only as far as it was read.
    ///
    /// # Errors
    /// There are too many layers; the stack is of no use afterwards.
    pub fn push_not_fetched(&mut self, reason: NotFetched) -> Result<(), StackError> {
        self.push(LayerIndex::nothing())?;
        self.not_fetched.insert(self.depth(), reason);
        Ok(())
    }

    /// The layers that are not available, with the reasons; [`Self::layers`] has an index without entries for each.
    #[must_use]
    pub const fn not_fetched(&self) -> &BTreeMap<usize, NotFetched> {
        &self.not_fetched
    }

    /// Number of layers.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.layers.len()
    }

    /// Layer `layer`, from 1.
    #[must_use]
    pub fn layer(&self, layer: usize) -> Option<&LayerIndex> {
        self.layers.get(layer.checked_sub(1)?).map(Arc::as_ref)
    }

    /// All layers, the base first.
    #[must_use]
    pub fn layers(&self) -> &[Arc<LayerIndex>] {
        &self.layers
    }

    /// The numbers of the layers that were not read: only what their tables of contents list is known.
    pub fn listed(&self) -> impl Iterator<Item = usize> + '_ {
        let numbered = (1..).zip(&self.layers);
        numbered.filter_map(|(number, index)| index.is_listed().then_some(number))
    }

    /// Whether it is not known if the versions of a path hold the same: one of them is in a layer that was not read.
    #[must_use]
    pub fn has_listed(&self, node: NodeId) -> bool {
        self.versions(node).any(|version| {
            let stored = self.stored_by(version);
            let index = stored.and_then(|(layer, _)| self.layer(layer));
            index.is_some_and(LayerIndex::is_listed)
        })
    }

    /// Number of paths that any layer mentions; nodes are numbered below it.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The node of a path, with or without slashes at its ends, if any layer mentions it.
    #[must_use]
    pub fn find(&self, path: &[u8]) -> Option<NodeId> {
        path.split(|byte| *byte == b'/')
            .filter(|name| !name.is_empty())
            .try_fold(NodeId::ROOT, |node, name| self.nodes.find(node, name))
    }

    /// The node of a name in a folder, if any layer mentions it.
    pub fn child(&self, folder: NodeId, name: &[u8]) -> Option<NodeId> {
        self.nodes.find(folder, name)
    }

    /// The folder that a node stands in; the root is its own.
    #[must_use]
    pub fn parent(&self, node: NodeId) -> NodeId {
        self.nodes.parent(node)
    }

    /// A node's last name; empty for the root.
    #[must_use]
    pub fn name(&self, node: NodeId) -> &[u8] {
        self.nodes.name(node)
    }

    /// A node's path with a leading slash; `/` for the root.
    #[must_use]
    pub fn path(&self, node: NodeId) -> Vec<u8> {
        let mut names = Vec::new();
        let mut up = node;
        while up != NodeId::ROOT {
            names.push(self.name(up));
            up = self.parent(up);
        }
        let mut path = Vec::new();
        for name in names.iter().rev() {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        if path.is_empty() {
            path.push(b'/');
        }
        path
    }

    /// The versions of a node, the latest first; also those that say it is gone.
    pub fn versions(&self, node: NodeId) -> impl Iterator<Item = Version> + '_ {
        self.versions.of(node.at())
    }

    /// What a node is in the stack at `layer`, if it is there.
    #[must_use]
    pub fn at(&self, node: NodeId, layer: usize) -> Option<Version> {
        self.versions.at(node.at(), layer)
    }

    /// The layer and entry that store the content of a version that is no folder; for a hard link
    /// the file's.
    #[must_use]
    pub fn stored_by(&self, version: Version) -> Option<(usize, EntryId)> {
        (version.inode != InodeId::FOLDER).then(|| self.inodes.stored_by(version.inode))
    }

    /// How an entry's inode ended; None while it lives, and for folders and whiteouts.
    #[must_use]
    pub fn waste(&self, layer: usize, entry: EntryId) -> Option<Waste> {
        let kind = self.layer(layer)?.kind(entry);
        if kind == EntryKind::Dir || kind.hides() {
            return None;
        }
        self.inodes.waste(self.inodes.of(layer, entry))
    }

    /// What was odd, with the layer it was odd in: in its tar, or on the stack below it.
    pub fn remarks(&self) -> impl Iterator<Item = (usize, &Remark)> {
        (1..).zip(&self.layers).flat_map(|(number, index)| {
            let on_stack = self.remarks.iter().filter(move |(of, _)| *of == number);
            let on_stack = on_stack.map(|(_, remark)| remark);
            index
                .remarks()
                .iter()
                .chain(on_stack)
                .map(move |remark| (number, remark))
        })
    }

    /// The inode that a node has in the stack so far, FOLDER for a folder; None if it is not there.
    fn live_inode(&self, node: NodeId) -> Option<InodeId> {
        let latest = self.versions.of(node.at()).next()?;
        (latest.what != VersionKind::Gone).then_some(latest.inode)
    }

    /// What a regular file holds, None for all else; `under_way` is a layer not yet stacked, and its number.
    fn content(
        &self,
        inode: InodeId,
        under_way: Option<(usize, &LayerIndex)>,
    ) -> Option<(u64, ContentId)> {
        let (layer, entry) = self.inodes.stored_by(inode);
        let index = match under_way {
            Some((number, index)) if number == layer => index,
            _ => self.layer(layer)?,
        };
        (index.kind(entry) == EntryKind::File)
            .then(|| (index.logical_size(entry), index.content(entry)))
    }

    /// The text of a symbolic link; None for all else. `under_way` is a layer not yet stacked.
    fn symlink<'s>(
        &'s self,
        inode: InodeId,
        under_way: Option<&'s LayerIndex>,
    ) -> Option<&'s [u8]> {
        if inode == InodeId::FOLDER {
            return None;
        }
        let (layer, entry) = self.inodes.stored_by(inode);
        let index = match self.layer(layer) {
            Some(index) => index,
            None => under_way?,
        };
        (index.kind(entry) == EntryKind::Symlink)
            .then(|| index.link(entry))
            .flatten()
    }

    fn remark(&mut self, layer: usize, index: &LayerIndex, entry: EntryId, kind: RemarkKind) {
        let of_layer = self.remarks.iter().rev().take_while(|(of, _)| *of == layer);
        if of_layer.count() < LAYER_REMARKS {
            let remark = Remark {
                offset: index.start(entry),
                kind,
                path: index.path(entry),
            };
            self.remarks.push((layer, remark));
        }
    }
}
