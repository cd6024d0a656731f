//! Builds an index, entry by entry, while a layer is decoded.

#![allow(
    clippy::indexing_slicing,
    reason = "entries are numbers of rows that the index itself gave out; `from_bytes` checks those of others"
)]

use std::collections::HashMap;
use std::hash::BuildHasher as _;

use hashbrown::HashTable;

use super::aside::{Aside, Asides};
use super::{Columns, LayerIndex, Unshown};
use crate::compression::OffsetMap;
use crate::digest::Digest;
use crate::keyed_hash::KeyedHash;
use crate::layer::content::ContentId;
use crate::layer::entry::{EntryId, EntryKind, EntryTarget, NewEntry};
use crate::layer::memory::{LayerMemory, MemoryBudget, TextLength};
use crate::layer::visitor::Findings;
use crate::layer::{Problem, Remark, RemarkKind};
use crate::limits::LAYER_REMARKS;

/// Gathers entries into columns.
pub(in crate::layer) struct IndexBuilder {
    columns: Columns,
    asides: Asides,
    dir_lookup: HashTable<u32>,
    owner_lookup: HashMap<(u64, u64), u32, KeyedHash>,
    hasher: KeyedHash,
    /// How long the paths of the interned folders are.
    dir_paths: Vec<TextLength>,
    findings: Vec<Findings>,
    memory: LayerMemory,
}

impl IndexBuilder {
    pub(in crate::layer) fn new(memory: MemoryBudget) -> Self {
        let mut columns = Columns::default();
        columns.dir_parents.push(0);
        columns.dir_names.push(b"");
        Self {
            columns,
            asides: Asides::default(),
            dir_lookup: HashTable::new(),
            owner_lookup: HashMap::default(),
            hasher: KeyedHash::new(),
            dir_paths: vec![TextLength::default()],
            findings: Vec::new(),
            memory: memory.layer(),
        }
    }

    pub(in crate::layer) fn len(&self) -> usize {
        self.columns.kinds.len()
    }

    /// There is nothing but the end of a tar, and something else behind it.
    pub(in crate::layer) fn is_only_an_end(&self) -> bool {
        let after = |remark: &Remark| remark.kind == RemarkKind::DataAfterEnd;
        self.len() == 0 && self.columns.unshown.is_empty() && self.columns.remarks.iter().any(after)
    }

    /// Adds an entry; the names of its path are none for the root.
    pub(in crate::layer) fn push(
        &mut self,
        names: &[&[u8]],
        new: NewEntry,
    ) -> Result<EntryTarget, Problem> {
        let link = (new.kind == EntryKind::Hardlink)
            .then_some(new.link.as_deref())
            .flatten();
        let named = link.and_then(|link| self.asides.named(link));
        let entry = self.push_entry(names, new)?;
        if let Some(aside) = named {
            self.asides.links.push((entry.0, aside));
        }
        Ok(EntryTarget::Entry(entry))
    }

    /// Keeps an entry that is under a path aside from the image, for the hard links that name it.
    pub(in crate::layer) fn push_aside(
        &mut self,
        path: Vec<u8>,
        new: NewEntry,
    ) -> Result<EntryTarget, Problem> {
        let at = self.asides.files.len();
        self.memory.entry(TextLength::of(&path))?;
        self.memory.names(2 * path.len())?;
        self.memory.link(new.link.as_deref().unwrap_or_default())?;
        self.memory.attributes(&new.xattrs)?;
        let at = at as u32;
        self.asides.by_path.insert(path, at);
        self.asides.files.push(Aside {
            unshown: (self.columns.unshown.len() as u32).saturating_sub(1),
            end: new.start,
            new,
            content: ContentId::default(),
        });
        Ok(EntryTarget::Aside(at))
    }

    fn push_entry(&mut self, names: &[&[u8]], new: NewEntry) -> Result<EntryId, Problem> {
        // The limit on an image's entries keeps their numbers far below u32::MAX.
        let entry = self.len() as u32;
        let (name, parents) = match names.split_last() {
            Some((name, parents)) => (*name, parents),
            None => (&b""[..], &[][..]),
        };
        let mut dir = 0;
        for part in parents {
            dir = self.intern(dir, part)?;
        }
        let above = self.dir_paths.get(dir as usize).copied();
        self.memory.entry(above.unwrap_or_default().join(name))?;
        self.memory.names(name.len())?;
        let c = &mut self.columns;
        c.kinds.push(new.kind);
        c.dirs.push(dir);
        c.names.push(name);
        c.starts.push(new.start);
        c.ends.push(new.start);
        c.sizes.push(new.size);
        c.modes.push(new.mode as u16);
        let owner = *self
            .owner_lookup
            .entry((new.uid, new.gid))
            .or_insert_with(|| {
                c.owner_table.push((new.uid, new.gid));
                (c.owner_table.len() - 1) as u32
            });
        c.owners.push(owner);
        c.seconds.push(new.mtime.0);
        c.nanos.push(new.mtime.1);
        c.contents.push(ContentId::default());
        if let Some(size) = new.logical_size {
            c.logical_sizes.push((entry, size));
        }
        if let Some(device) = new.device {
            c.devices.push((entry, device));
        }
        if let Some(link) = new.link {
            self.memory.link(&link)?;
            self.columns.links.push((entry, link));
        }
        if !new.xattrs.is_empty() {
            self.memory.attributes(&new.xattrs)?;
            self.columns.xattrs.push((entry, new.xattrs));
        }
        Ok(EntryId(entry))
    }

    pub(in crate::layer) fn set_content(&mut self, place: EntryTarget, content: ContentId) {
        match place {
            EntryTarget::Entry(entry) => self.columns.contents[entry.0 as usize] = content,
            EntryTarget::Aside(at) => self.asides.files[at as usize].content = content,
        }
    }

    pub(in crate::layer) fn set_end(&mut self, place: EntryTarget, end: u64) {
        match place {
            EntryTarget::Entry(entry) => self.columns.ends[entry.0 as usize] = end,
            EntryTarget::Aside(at) => self.asides.files[at as usize].end = end,
        }
    }

    /// Notes an entry that is no part of the image.
    pub(in crate::layer) fn unshown(&mut self, unshown: Unshown) -> Result<(), Problem> {
        self.memory.entry(TextLength::of(&unshown.path))?;
        self.memory.names(unshown.path.len())?;
        let before = self.len() as u32;
        self.columns.unshown.push(Unshown { before, ..unshown });
        Ok(())
    }

    /// The tar is complete: hard links to what was kept aside become what they name. Tells which entry has what belongs
    /// to a place, if one does.
    pub(in crate::layer) fn settle(&mut self) -> impl Fn(EntryTarget) -> Option<EntryId> + use<> {
        let asides = std::mem::take(&mut self.asides);
        let entries = asides.settle(&mut self.columns);
        move |place| match place {
            EntryTarget::Entry(entry) => Some(entry),
            EntryTarget::Aside(at) => entries.get(&at).copied().map(EntryId),
        }
    }

    /// Keeps what a visitor found.
    pub(in crate::layer) fn keep(&mut self, findings: Findings) -> Result<(), Problem> {
        self.memory.found(findings.bytes())?;
        self.findings.push(findings);
        Ok(())
    }

    pub(in crate::layer) fn remark(&mut self, offset: u64, kind: RemarkKind, names: &[&[u8]]) {
        if self.columns.remarks.len() < LAYER_REMARKS {
            self.columns.remarks.push(Remark {
                offset,
                kind,
                path: [b"/", names.join(&b'/').as_slice()].concat(),
            });
        }
    }

    pub(in crate::layer) fn complete(
        self,
        digest: Digest,
        blob_size: u64,
        diff_id: Digest,
        size: u64,
        offsets: OffsetMap,
    ) -> LayerIndex {
        LayerIndex {
            digest,
            blob_size,
            diff_id,
            size,
            offsets,
            columns: self.columns,
            findings: self.findings,
            memory: self.memory.into_share(),
        }
    }

    fn intern(&mut self, parent: u32, name: &[u8]) -> Result<u32, Problem> {
        let c = &self.columns;
        let hash = self.hasher.hash_one((parent, name));
        let found = self.dir_lookup.find(hash, |dir| {
            c.dir_parents[*dir as usize] == parent && c.dir_names.get(*dir as usize) == name
        });
        if let Some(dir) = found {
            return Ok(*dir);
        }
        let above = self.dir_paths.get(parent as usize).copied();
        let path = above.unwrap_or_default().join(name);
        self.memory.folder(path)?;
        self.memory.names(name.len())?;
        self.dir_paths.push(path);
        let c = &mut self.columns;
        let dir = c.dir_parents.len() as u32;
        c.dir_parents.push(parent);
        c.dir_names.push(name);
        self.dir_lookup.insert_unique(hash, dir, |dir| {
            let at = *dir as usize;
            self.hasher
                .hash_one((c.dir_parents[at], c.dir_names.get(at)))
        });
        Ok(dir)
    }
}
