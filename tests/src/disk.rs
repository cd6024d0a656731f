//! What stands on a disk, and what an image says would: facts of every path, in one form, to compare.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use onionskin_core::digest::Digest;
use onionskin_core::layer::{ContentReader, EntryId, EntryKind, Piece};
use onionskin_core::report::{listing, text};
use onionskin_core::stack::view::View;
use onionskin_core::stack::{NodeId, Stack};

/// One path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// As in `ls --format json`, but that all names of a file are alike: `file`.
    pub kind: &'static str,
    /// Permission bits in octal.
    pub mode: String,
    /// User and group by number.
    pub owner: (u64, u64),
    /// Bytes of a regular file as a program reads it.
    pub size: u64,
    /// RFC 3339; `None` for a folder that no entry announces.
    pub mtime: Option<String>,
    /// A symbolic link's text.
    pub target: Option<String>,
    /// A regular file's content.
    pub content: Option<Digest>,
    /// A device's major and minor number.
    pub device: Option<(u32, u32)>,
    /// Extended attributes.
    pub xattrs: BTreeMap<String, Vec<u8>>,
    /// The first name, in byte order, of a file that has several.
    pub same_as: Option<String>,
}

/// Everything below `root`, by its path from there.
pub fn on_disk(root: &Path) -> BTreeMap<String, Facts> {
    let mut found = BTreeMap::new();
    let mut names: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let inside = path.strip_prefix(root).unwrap();
            let name = format!("/{}", text(inside.as_os_str().as_encoded_bytes()));
            if metadata.is_dir() {
                open.push(path.clone());
            } else {
                names.entry(metadata.ino()).or_default().push(name.clone());
            }
            found.insert(name, of_metadata(&path, &metadata));
        }
    }
    name_inodes(&mut found, names.into_values());
    found
}

fn of_metadata(path: &Path, metadata: &fs::Metadata) -> Facts {
    let kind = metadata.file_type();
    let name = match () {
        () if kind.is_dir() => "dir",
        () if kind.is_symlink() => "symlink",
        () if kind.is_fifo() => "fifo",
        () if kind.is_char_device() => "char",
        () if kind.is_block_device() => "block",
        () => "file",
    };
    let is_file = name == "file";
    let target = kind.is_symlink().then(|| fs::read_link(path).unwrap());
    // makedev(3), for the small numbers that the corpus has.
    let device = (
        (metadata.rdev() >> 8 & 0xfff) as u32,
        (metadata.rdev() & 0xff) as u32,
    );
    let attributes = xattr::list(path).unwrap().map(|name| {
        let value = xattr::get(path, &name).unwrap().unwrap_or_default();
        (name.into_string().unwrap(), value)
    });
    Facts {
        kind: name,
        mode: format!("{:o}", metadata.permissions().mode() & 0o7777),
        owner: (u64::from(metadata.uid()), u64::from(metadata.gid())),
        size: if is_file { metadata.len() } else { 0 },
        mtime: listing::rfc3339((metadata.mtime(), metadata.mtime_nsec() as u32)),
        target: target.map(|target| text(target.as_os_str().as_encoded_bytes()).into_owned()),
        content: is_file.then(|| Digest::sha256(&fs::read(path).unwrap())),
        device: matches!(name, "char" | "block").then_some(device),
        xattrs: attributes.collect(),
        same_as: None,
    }
}

/// What the stack at its last layer says would stand on a disk; `blobs` are the layers' own.
pub fn of_stack(stack: &Stack, blobs: &[&[u8]]) -> BTreeMap<String, Facts> {
    let view = View::stack(stack, stack.depth());
    let mut found = BTreeMap::new();
    let mut names: BTreeMap<(usize, u32), Vec<String>> = BTreeMap::new();
    for node in (1..stack.nodes() as u32).map(NodeId) {
        let Some(row) = view.row(stack, node) else {
            continue;
        };
        let name = text(&stack.path(node)).into_owned();
        let inode = stack
            .at(node, stack.depth())
            .and_then(|version| stack.stored_by(version));
        let mut facts = Facts {
            kind: row.kind.name(),
            mode: format!("{:o}", row.mode()),
            owner: row.owner(),
            mtime: row.mtime().and_then(listing::rfc3339),
            target: row.link().map(|link| text(&link).into_owned()),
            device: row.device(),
            ..Facts::default()
        };
        let xattrs = row.xattrs().iter();
        facts.xattrs = xattrs
            .map(|(name, value)| (text(name).into_owned(), value.clone()))
            .collect();
        if let Some((layer, entry)) = inode {
            let index = stack.layer(layer).unwrap();
            names
                .entry((layer, entry.0))
                .or_default()
                .push(name.clone());
            facts.kind = index.kind(entry).name();
            if index.kind(entry) == EntryKind::File {
                facts.size = index.logical_size(entry);
                facts.content = Some(content(stack, layer, entry, blobs));
                facts.target = None;
            }
            if row.kind == EntryKind::Hardlink {
                // A link has no attributes of its own.
                facts = of_inode(stack, layer, entry, facts);
            }
        }
        found.insert(name, facts);
    }
    name_inodes(&mut found, names.into_values());
    found
}

/// The attributes that an inode was stored with.
fn of_inode(stack: &Stack, layer: usize, entry: EntryId, facts: Facts) -> Facts {
    let index = stack.layer(layer).unwrap();
    let xattrs = index.xattrs(entry).iter();
    Facts {
        mode: format!("{:o}", index.mode(entry)),
        owner: index.owner(entry),
        mtime: listing::rfc3339(index.mtime(entry)),
        target: match index.kind(entry) {
            EntryKind::Symlink => index.link(entry).map(|link| text(link).into_owned()),
            _ => None,
        },
        device: index.device(entry),
        xattrs: xattrs
            .map(|(name, value)| (text(name).into_owned(), value.clone()))
            .collect(),
        ..facts
    }
}

fn content(stack: &Stack, layer: usize, entry: EntryId, blobs: &[&[u8]]) -> Digest {
    let mut content = Vec::new();
    let mut keep = |piece: Piece<'_>| match piece {
        Piece::Bytes(bytes) => content.extend_from_slice(bytes),
        Piece::Hole(zeros) => content.resize(content.len() + zeros as usize, 0),
    };
    let mut reader = ContentReader::new(layer, stack.layer(layer).unwrap(), entry);
    reader.push(blobs[layer - 1], &mut keep).unwrap();
    reader.finish(&mut keep).unwrap();
    Digest::sha256(&content)
}

fn name_inodes(found: &mut BTreeMap<String, Facts>, inodes: impl Iterator<Item = Vec<String>>) {
    for mut names in inodes.filter(|names| names.len() > 1) {
        names.sort_unstable();
        for name in &names {
            found.get_mut(name).unwrap().same_as = names.first().cloned();
        }
    }
}

/// What differs, one line a path.
pub fn differences(ours: &BTreeMap<String, Facts>, disk: &BTreeMap<String, Facts>) -> Vec<String> {
    let mut differences = Vec::new();
    for (path, theirs) in disk {
        match ours.get(path) {
            None => differences.push(format!("{path} is on disk only: {theirs:?}")),
            Some(mine) => {
                let mut mine = mine.clone();
                // A folder that no entry announces has the time at which it was made.
                if mine.mtime.is_none() {
                    mine.mtime.clone_from(&theirs.mtime);
                }
                if mine != *theirs {
                    differences.push(format!("{path}: ours {mine:?}, on disk {theirs:?}"));
                }
            }
        }
    }
    let missing = ours.keys().filter(|path| !disk.contains_key(*path));
    differences.extend(missing.map(|path| format!("{path} is not on disk")));
    differences
}
