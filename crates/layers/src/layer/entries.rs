//! From the entries of a tar to those of an image: paths, whiteouts, what is left aside; into the index, and past the
//! visitors.

use super::Problem;
use super::content::{ContentHasher, ContentId};
use super::entry::{Entry, EntryId, EntryKind, EntryTarget, NewEntry};
use super::index::{IndexBuilder, Unshown};
use super::memory::MemoryBudget;
use super::path::{self, Meaning, is_aside};
use super::remark::RemarkKind;
use super::visitor::Visiting;
use crate::tar::{self, Piece, TarKind};

/// Builds an index of what it sees.
pub(super) struct Entries {
    index: IndexBuilder,
    visitors: Vec<Box<dyn Visiting>>,
    /// The entry that is under way, if it is part of the image.
    place: Option<EntryTarget>,
    /// Of a regular file that is under way.
    hasher: Option<ContentHasher>,
}

/// What a tar entry is in the image.
enum Role<'e> {
    /// An entry of this kind and path.
    Shown(EntryKind, Vec<&'e [u8]>),
    /// Under this path it is no part of the image, but hard links may name it.
    Aside(EntryKind, Vec<&'e [u8]>),
    /// No part of the image.
    Unshown,
}

impl Entries {
    pub(super) fn new(memory: MemoryBudget) -> Self {
        Self {
            index: IndexBuilder::new(memory),
            visitors: Vec::new(),
            place: None,
            hasher: None,
        }
    }

    /// Takes what it holds out of this memory, before the first entry comes.
    pub(super) fn within(&mut self, memory: MemoryBudget) {
        self.index = IndexBuilder::new(memory);
    }

    pub(super) fn visit(&mut self, visitor: Box<dyn Visiting>) {
        self.visitors.push(visitor);
    }

    /// How many there are so far.
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    /// Takes an entry that a table of contents lists, with the identity of its content. Tells which entry it became, if one.
    pub(super) fn listed(
        &mut self,
        entry: &tar::Entry,
        content: ContentId,
    ) -> Result<Option<EntryId>, Problem> {
        tar::Visitor::entry(self, entry)?;
        let is_file = self.hasher.take().is_some();
        let Some(place) = self.place.take() else {
            return Ok(None);
        };
        if is_file {
            self.index.set_content(place, content);
        }
        match place {
            EntryTarget::Entry(entry) => Ok(Some(entry)),
            EntryTarget::Aside(_) => Ok(None),
        }
    }

    /// The tar is complete.
    pub(super) fn finish(mut self) -> Result<IndexBuilder, Problem> {
        let entry_of = self.index.settle();
        for visitor in self.visitors {
            self.index.keep(visitor.finish(&entry_of))?;
        }
        Ok(self.index)
    }

    /// Says what the entry is, and notes what is odd about it or not shown.
    fn role<'e>(&mut self, entry: &'e tar::Entry) -> Result<Role<'e>, Problem> {
        let start = entry.start;
        let names = path::parts(&entry.name);
        let Some(kind) = kind(entry.kind) else {
            let odd = RemarkKind::UnknownType(entry.flag);
            self.index.remark(start, odd, &names);
            self.index.unshown(unshown(entry, &names))?;
            return Ok(Role::Unshown);
        };
        let role = match path::meaning(&names) {
            Meaning::Path => Role::Shown(kind, names),
            meaning @ (Meaning::Leftover | Meaning::BareWhiteout) => {
                if meaning == Meaning::BareWhiteout {
                    self.index.remark(start, RemarkKind::BareWhiteout, &names);
                }
                self.index.unshown(unshown(entry, &names))?;
                if kind == EntryKind::Dir || !is_aside(&names) {
                    return Ok(Role::Unshown);
                }
                Role::Aside(kind, names)
            }
            Meaning::Opaque => Role::Shown(EntryKind::Opaque, renamed(names, None)),
            Meaning::Whiteout(hidden) => {
                Role::Shown(EntryKind::Whiteout, renamed(names, Some(hidden)))
            }
        };
        if entry.has_libarchive_xattrs {
            let names = path::parts(&entry.name);
            let odd = RemarkKind::LibarchiveXattrs;
            self.index.remark(start, odd, &names);
        }
        Ok(role)
    }
}

impl tar::Visitor for Entries {
    type Problem = Problem;

    fn entry(&mut self, entry: &tar::Entry) -> Result<(), Problem> {
        self.place = None;
        self.hasher = None;
        let (kind, names, is_aside) = match self.role(entry)? {
            Role::Shown(kind, names) => (kind, names, false),
            Role::Aside(kind, names) => (kind, names, true),
            Role::Unshown => return Ok(()),
        };
        let link = match kind {
            EntryKind::Symlink => Some(entry.link.clone()),
            EntryKind::Hardlink => Some(path::parts(&entry.link).join(&b'/')),
            _ => None,
        };
        let is_file = kind == EntryKind::File;
        let is_device = matches!(kind, EntryKind::Char | EntryKind::Block);
        let new = NewEntry {
            kind,
            start: entry.start,
            size: if is_file { entry.stored } else { 0 },
            logical_size: match &entry.sparse {
                Some(map) if is_file => Some(map.real_size),
                // What a whiteout stores is no part of the image.
                _ if kind.hides() && entry.kind == TarKind::File => Some(entry.size),
                _ => None,
            }
            .filter(|size| is_file || *size > 0),
            mode: entry.mode,
            uid: entry.uid,
            gid: entry.gid,
            mtime: entry.mtime,
            link,
            device: is_device.then_some(entry.device),
            xattrs: entry.xattrs.clone(),
        };
        for visitor in &mut self.visitors {
            visitor.begin(&Entry {
                kind,
                names: &names,
                size: new.size,
                logical_size: if is_file { entry.logical_size() } else { 0 },
                link: new.link.as_deref(),
            });
        }
        let place = match is_aside {
            false => self.index.push(&names, new)?,
            true => self.index.push_aside(names.join(&b'/'), new)?,
        };
        self.place = Some(place);
        self.hasher = is_file.then(ContentHasher::new);
        Ok(())
    }

    fn content(&mut self, piece: Piece<'_>) {
        let Some(hasher) = &mut self.hasher else {
            return;
        };
        match piece {
            Piece::Bytes(bytes) => hasher.update(bytes),
            Piece::Hole(zeros) => hasher.hole(zeros),
        }
        for visitor in &mut self.visitors {
            visitor.content(piece);
        }
    }

    fn complete(&mut self) {
        if let (Some(place), Some(hasher)) = (self.place, self.hasher.take()) {
            self.index.set_content(place, hasher.finish());
        }
    }

    fn end(&mut self, offset: u64) {
        if let Some(place) = self.place.take() {
            self.index.set_end(place, offset);
            for visitor in &mut self.visitors {
                visitor.end(place);
            }
        }
    }

    fn after_end(&mut self, offset: u64) {
        self.index.remark(offset, RemarkKind::DataAfterEnd, &[]);
    }
}

/// A path with another last name, or without one.
fn renamed<'n>(mut names: Vec<&'n [u8]>, last: Option<&'n [u8]>) -> Vec<&'n [u8]> {
    names.pop();
    names.extend(last);
    names
}

const fn kind(kind: TarKind) -> Option<EntryKind> {
    Some(match kind {
        TarKind::File => EntryKind::File,
        TarKind::Dir => EntryKind::Dir,
        TarKind::Symlink => EntryKind::Symlink,
        TarKind::Hardlink => EntryKind::Hardlink,
        TarKind::Char => EntryKind::Char,
        TarKind::Block => EntryKind::Block,
        TarKind::Fifo => EntryKind::Fifo,
        TarKind::Unknown => return None,
    })
}

/// What a tool that knows nothing of whiteouts sees of an entry that is no part of the image.
fn unshown(entry: &tar::Entry, names: &[&[u8]]) -> Unshown {
    Unshown {
        before: 0,
        path: names.join(&b'/'),
        flag: entry.flag,
        size: entry.size,
        mode: entry.mode,
        owner: (entry.uid, entry.gid),
    }
}
