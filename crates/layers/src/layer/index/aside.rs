//! What AUFS kept in a folder of its own because it has several names, and the hard links to it.
//!
//! The folder `.wh..wh.plnk` is no part of the image, but engines unpack hard links to what is in it. So the first such
//! link is the file, and the others are its other names. Source: moby, `pkg/archive/diff.go`.

#![allow(
    clippy::indexing_slicing,
    reason = "entries are numbers of rows that the index itself gave out; `from_bytes` checks those of others"
)]

use std::collections::{BTreeSet, HashMap};

use super::{Columns, path_of};
use crate::layer::content::ContentId;
use crate::layer::entry::{EntryId, EntryKind, NewEntry};
use crate::layer::path::is_aside;
use crate::limits::LINKS;

/// All that is kept aside in one layer.
#[derive(Default)]
pub(super) struct Asides {
    pub(super) files: Vec<Aside>,
    /// The latest of each path.
    pub(super) by_path: HashMap<Vec<u8>, u32>,
    /// Entries that are hard links to such a path, and what was there at that place of the tar.
    pub(super) links: Vec<(u32, Option<u32>)>,
}

/// A file that has no path in the image unless a hard link gives it one.
pub(super) struct Aside {
    pub(super) new: NewEntry,
    pub(super) end: u64,
    pub(super) content: ContentId,
    /// Its place among what is not shown.
    pub(super) unshown: u32,
}

impl Asides {
    /// What a hard link with this target names so far, if its target is in the folder.
    pub(super) fn named(&self, link: &[u8]) -> Option<Option<u32>> {
        let parts: Vec<&[u8]> = link.split(|byte| *byte == b'/').collect();
        is_aside(&parts).then(|| self.by_path.get(link).copied())
    }

    /// Makes each link what it names. A target that came later in the tar is found here. Tells which entry each of the
    /// files became, if a link names it.
    pub(super) fn settle(mut self, columns: &mut Columns) -> HashMap<u32, u32> {
        if self.files.is_empty() {
            return HashMap::new();
        }
        let links = std::mem::take(&mut self.links);
        let mut firsts: HashMap<u32, u32> = HashMap::new();
        for (entry, aside) in links {
            match self.end_of(columns, entry, aside) {
                End::Nothing => {}
                End::Path(path) => set_link(columns, entry, path),
                End::File(at) => match firsts.get(&at) {
                    Some(first) => {
                        columns.aliases.push((entry, *first));
                        let path = path_of(columns, EntryId(*first));
                        set_link(columns, entry, path.get(1..).unwrap_or_default().to_vec());
                    }
                    None => {
                        firsts.insert(at, entry);
                    }
                },
            }
        }
        let claimed: BTreeSet<u32> = firsts.values().copied().collect();
        columns.links.retain(|(entry, _)| !claimed.contains(entry));
        columns.xattrs.retain(|(entry, _)| !claimed.contains(entry));
        for (at, aside) in (0..).zip(self.files) {
            if let Some(entry) = firsts.get(&at) {
                columns.claims.push((*entry, aside.unshown));
                aside.become_entry(columns, *entry);
            }
        }
        columns.links.sort_by_key(|row| row.0);
        columns.logical_sizes.sort_by_key(|row| row.0);
        columns.devices.sort_by_key(|row| row.0);
        columns.xattrs.sort_by_key(|row| row.0);
        columns.claims.sort_by_key(|row| row.0);
        firsts
    }

    /// Where a link leads in the end: what is kept aside may be a hard link itself.
    fn end_of(&self, columns: &Columns, entry: u32, aside: Option<u32>) -> End {
        let link = |at: u32| {
            self.files.get(at as usize).and_then(|aside| {
                let is_link = aside.new.kind == EntryKind::Hardlink;
                aside.new.link.as_deref().filter(|_| is_link)
            })
        };
        let own = super::beside(&columns.links, EntryId(entry));
        let mut at = match aside.or_else(|| self.by_path.get(own?).copied()) {
            Some(at) => at,
            None => return End::Nothing,
        };
        for _ in 0..=LINKS {
            let Some(target) = link(at) else {
                return End::File(at);
            };
            match self.named(target) {
                None => return End::Path(target.to_vec()),
                Some(_) => match self.by_path.get(target) {
                    Some(next) => at = *next,
                    None => return End::Nothing,
                },
            }
        }
        End::Nothing
    }
}

enum End {
    /// What is kept aside under this number.
    File(u32),
    /// A path of the image.
    Path(Vec<u8>),
    Nothing,
}

impl Aside {
    fn become_entry(self, columns: &mut Columns, entry: u32) {
        let Self {
            new, end, content, ..
        } = self;
        let at = entry as usize;
        columns.kinds[at] = new.kind;
        columns.starts[at] = new.start;
        columns.ends[at] = end;
        columns.sizes[at] = new.size;
        columns.modes[at] = new.mode as u16;
        columns.owners[at] = columns.owner_table.len() as u32;
        columns.owner_table.push((new.uid, new.gid));
        columns.seconds[at] = new.mtime.0;
        columns.nanos[at] = new.mtime.1;
        columns.contents[at] = content;
        columns.links.extend(new.link.map(|link| (entry, link)));
        let logical = new.logical_size;
        columns
            .logical_sizes
            .extend(logical.map(|size| (entry, size)));
        columns
            .devices
            .extend(new.device.map(|device| (entry, device)));
        if !new.xattrs.is_empty() {
            columns.xattrs.push((entry, new.xattrs));
        }
    }
}

fn set_link(columns: &mut Columns, entry: u32, link: Vec<u8>) {
    if let Ok(at) = columns.links.binary_search_by_key(&entry, |row| row.0) {
        columns.links[at].1 = link;
    }
}
