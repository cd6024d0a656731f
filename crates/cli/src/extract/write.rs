//! Reading what is extracted, and writing it: into a folder of its own first, which is moved into place when it is whole.
//!
//! That folder is new and only its user can enter it, so none of its paths leads through a link of somebody else; links are
//! made last. In the folder that the user named, one name is created, and none is followed or replaced.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File, FileTimes, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, anyhow, bail, ensure};
use onionskin_core::layer::{ContentsReader, EntryId, Piece};
use onionskin_core::stack::Stack;

use super::plan::{FileToWrite, Metadata, Names, Plan};
use crate::image::Opened;
use crate::kept::Kept;
use crate::terminal::path as shown;

/// The contents of the files of one layer, which is verified.
pub(super) struct Contents {
    layer: usize,
    kept: Kept,
    /// Whose bytes come next, and how many.
    parts: Vec<(EntryId, u64)>,
}

/// Reads every layer that has contents to its end. `offset` is how much higher the layers are numbered in the image.
pub(super) async fn contents(
    opened: &Opened,
    stack: &Stack,
    plan: &Plan,
    offset: usize,
) -> anyhow::Result<Vec<Contents>> {
    let mut wanted: BTreeMap<usize, Vec<EntryId>> = BTreeMap::new();
    for (layer, entry) in plan.files.keys() {
        wanted.entry(*layer).or_default().push(*entry);
    }
    let mut read = Vec::new();
    for (layer, entries) in wanted {
        let index = stack.layer(layer).context("a layer is missing")?;
        let unkept = || "cannot store the files until their layer is verified";
        let mut contents = Contents::new(layer);
        let mut take = |entry, piece: Piece<'_>| contents.take(entry, piece);
        let number = layer + offset;
        if opened.read_part(number, index, &entries, &mut take).await? {
            contents.kept.check().with_context(unkept)?;
            read.push(contents);
            continue;
        }
        let mut contents = Contents::new(layer);
        let blob = opened.layer(number).await?;
        let mut blob = blob.verified(index.digest.clone());
        let mut reader = ContentsReader::new(number, index, &entries);
        while let Some(chunk) = blob.next_chunk().await? {
            reader.push(&chunk, &mut |entry, piece| contents.take(entry, piece))?;
            contents.kept.check().with_context(unkept)?;
        }
        reader.finish(&mut |entry, piece| contents.take(entry, piece))?;
        contents.kept.check().with_context(unkept)?;
        read.push(contents);
    }
    Ok(read)
}

fn length(piece: Piece<'_>) -> u64 {
    match piece {
        Piece::Bytes(bytes) => bytes.len() as u64,
        Piece::Hole(length) => length,
    }
}

impl Contents {
    fn new(layer: usize) -> Self {
        Self {
            layer,
            kept: Kept::default(),
            parts: Vec::new(),
        }
    }

    fn take(&mut self, entry: EntryId, piece: Piece<'_>) {
        let more = length(piece);
        match self.parts.last_mut() {
            Some((last, length)) if *last == entry => *length += more,
            _ => self.parts.push((entry, more)),
        }
        self.kept.take(piece);
    }
}

/// The folder that is written to.
pub(super) struct Folder {
    path: PathBuf,
    is_new: bool,
}

impl Folder {
    /// The folder that the user named: one that is there, or whose parent is.
    pub(super) fn check(path: &Path) -> anyhow::Result<Self> {
        let name = shown(path);
        match fs::metadata(path) {
            Ok(there) => {
                ensure!(there.is_dir(), "cannot write to {name}: it is not a folder");
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let is_link = fs::symlink_metadata(path).is_ok();
                let parent = path.parent().filter(|parent| *parent != Path::new(""));
                let has_parent = parent.is_none_or(Path::is_dir);
                ensure!(
                    has_parent && !is_link,
                    "cannot write to {name}: its parent folder does not exist"
                );
                return Ok(Self {
                    path: path.to_owned(),
                    is_new: true,
                });
            }
            Err(error) => bail!("cannot write to {name}: {error}"),
        }
        Ok(Self {
            path: path.to_owned(),
            is_new: false,
        })
    }

    /// Nothing in it is called so yet; the root has no name.
    pub(super) fn check_free(&self, name: &[u8]) -> anyhow::Result<()> {
        match name.is_empty() {
            true => Ok(()),
            false => free(&self.path.join(host(name)?)),
        }
    }

    /// Writes all that is planned, or nothing. `name` is what it is called in the folder; of the root, what is in it is
    /// written. Tells what was written.
    pub(super) fn write(
        &self,
        plan: &Plan,
        name: &[u8],
        contents: Vec<Contents>,
    ) -> anyhow::Result<PathBuf> {
        let failed = |path: &Path, error| anyhow!("cannot write {}: {error}", shown(path));
        if self.is_new {
            fs::create_dir(&self.path).map_err(|error| failed(&self.path, error))?;
        }
        let written = self.whole(plan, name, contents);
        if written.is_err() && self.is_new {
            // It is empty, unless somebody else has put something there.
            let _ = fs::remove_dir(&self.path);
        }
        written
    }

    fn whole(&self, plan: &Plan, name: &[u8], contents: Vec<Contents>) -> anyhow::Result<PathBuf> {
        let beside = tempfile::Builder::new()
            .prefix(".onionskin-")
            .tempdir_in(&self.path);
        let beside =
            beside.map_err(|error| anyhow!("cannot write to {}: {error}", shown(&self.path)))?;
        let allowed = allowed(beside.path());
        let tree = Tree {
            base: beside.path().join("extracted"),
            allowed: allowed
                .map_err(|error| anyhow!("cannot write to {}: {error}", shown(&self.path)))?,
        };
        tree.write(plan, contents)?;
        let moves: Vec<(PathBuf, PathBuf)> = match name.is_empty() {
            true => {
                let children = fs::read_dir(&tree.base)?;
                let names = children.map(|child| child.map(|child| child.file_name()));
                let names: Vec<OsString> = names.collect::<io::Result<_>>()?;
                let moved = |name: &OsString| (tree.base.join(name), self.path.join(name));
                names.iter().map(moved).collect()
            }
            false => vec![(tree.base.clone(), self.path.join(host(name)?))],
        };
        for (_, to) in &moves {
            free(to)?;
        }
        for (at, (from, to)) in moves.iter().enumerate() {
            if let Err(error) = fs::rename(from, to) {
                for (from, to) in moves.iter().take(at) {
                    // What cannot be moved back stays.
                    let _ = fs::rename(to, from);
                }
                bail!("cannot write {}: {error}", shown(to));
            }
        }
        Ok(match (name.is_empty(), moves.first()) {
            (false, Some((_, to))) => to.clone(),
            _ => self.path.clone(),
        })
    }
}

/// Nothing is at a path, not even a link to nothing.
fn free(path: &Path) -> anyhow::Result<()> {
    ensure!(
        fs::symlink_metadata(path).is_err(),
        "{} already exists; remove it, or name another folder with --output",
        shown(path)
    );
    Ok(())
}

/// The permissions that may be given in a folder: those that a new one gets there, so without what the umask denies.
/// To ask for the umask itself is to set it, for all threads.
#[cfg(unix)]
fn allowed(folder: &Path) -> io::Result<u32> {
    let new = folder.join("new");
    fs::create_dir(&new)?;
    let permissions = fs::metadata(&new)?.permissions();
    fs::remove_dir(&new)?;
    Ok(std::os::unix::fs::PermissionsExt::mode(&permissions))
}

#[cfg(not(unix))]
const fn allowed(_: &Path) -> io::Result<u32> {
    Ok(0o777)
}

/// The new folder, which nobody else can enter.
struct Tree {
    base: PathBuf,
    /// The permissions that are given.
    allowed: u32,
}

impl Tree {
    fn write(&self, plan: &Plan, contents: Vec<Contents>) -> anyhow::Result<()> {
        for (names, _) in &plan.folders {
            let path = self.path(names)?;
            fs::create_dir(&path).map_err(|error| self.failed(names, error))?;
        }
        let mut whole = BTreeMap::new();
        for Contents { layer, kept, parts } in contents {
            let mut parts = parts.into_iter();
            let mut open: Option<Open<'_>> = None;
            kept.give(|mut piece| {
                // Runs of bytes and holes go across files.
                while length(piece) > 0 {
                    let file = match &mut open {
                        Some(file) if file.left > 0 => file,
                        _ => {
                            let (entry, left) = parts.next().context("too many bytes came")?;
                            let file =
                                plan.files.get(&(layer, entry)).context("an unknown file")?;
                            whole.insert((layer, entry), ());
                            if let Some(before) = open.take() {
                                before.end()?;
                            }
                            open.insert(self.create(file, left)?)
                        }
                    };
                    piece = file
                        .take(piece)
                        .map_err(|error| self.failed(file.names, error))?;
                }
                Ok(())
            })?;
            if let Some(last) = open {
                last.end()?;
            }
        }
        // Those without a byte.
        for (stored, file) in &plan.files {
            if !whole.contains_key(stored) {
                self.create(file, 0)?.end()?;
            }
        }
        for file in plan.files.values() {
            let Some((first, others)) = file.names.split_first() else {
                continue;
            };
            let first = self.path(first)?;
            for other in others {
                fs::hard_link(&first, self.path(other)?)
                    .map_err(|error| self.failed(other, error))?;
            }
        }
        for (names, text) in &plan.links {
            symlink(text, &self.path(names)?).map_err(|error| self.failed(names, error))?;
        }
        // What is in a folder changes its time, and may need its permissions.
        for (names, metadata) in plan
            .folders
            .iter()
            .rev()
            .filter(|(names, _)| !names.is_empty())
        {
            let metadata = self.masked(*metadata);
            set(&self.path(names)?, metadata, 0o700).map_err(|error| self.failed(names, error))?;
        }
        Ok(())
    }

    fn create<'p>(&self, file: &'p FileToWrite, left: u64) -> anyhow::Result<Open<'p>> {
        let names = file.names.first().context("a file without a name")?;
        let path = self.path(names)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let to = options
            .open(&path)
            .map_err(|error| self.failed(names, error))?;
        Ok(Open {
            to,
            names,
            path,
            left,
            length: left,
            metadata: self.masked(file.metadata),
        })
    }

    fn masked(&self, metadata: Metadata) -> Metadata {
        Metadata {
            mode: metadata.mode & self.allowed,
            ..metadata
        }
    }

    fn path(&self, names: &Names) -> anyhow::Result<PathBuf> {
        let mut path = self.base.clone();
        for name in names {
            path.push(host(name)?);
        }
        Ok(path)
    }

    fn failed(&self, names: &Names, error: io::Error) -> anyhow::Error {
        let path = names.join(&b'/');
        anyhow!(
            "cannot write {}: {error}",
            onionskin_core::report::text(&path)
        )
    }
}

/// A file that is being written.
struct Open<'p> {
    to: File,
    names: &'p Names,
    path: PathBuf,
    left: u64,
    length: u64,
    metadata: Metadata,
}

impl Open<'_> {
    /// Writes what of a piece belongs to the file, and gives back the rest.
    fn take<'b>(&mut self, piece: Piece<'b>) -> io::Result<Piece<'b>> {
        match piece {
            Piece::Bytes(bytes) => {
                let now =
                    usize::try_from(self.left).map_or(bytes.len(), |left| left.min(bytes.len()));
                let (now, rest) = bytes.split_at(now);
                self.to.write_all(now)?;
                self.left -= now.len() as u64;
                Ok(Piece::Bytes(rest))
            }
            Piece::Hole(length) => {
                let now = length.min(self.left);
                self.left -= now;
                let end = self.length - self.left;
                self.to.seek(SeekFrom::Start(end))?;
                Ok(Piece::Hole(length - now))
            }
        }
    }

    /// A hole at the end becomes a part of the file.
    fn end(self) -> anyhow::Result<()> {
        let done = self.to.set_len(self.length).and_then(|()| {
            drop(self.to);
            set(&self.path, self.metadata, 0)
        });
        done.map_err(|error| anyhow!("cannot write {}: {error}", shown(&self.path)))
    }
}

/// Sets permissions, with these besides, and the time of a file or folder that is not a link.
fn set(path: &Path, metadata: Metadata, also: u32) -> io::Result<()> {
    if let Some(time) = metadata.mtime.and_then(time) {
        File::open(path)?.set_times(FileTimes::new().set_modified(time))?;
    }
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(metadata.mode | also);
        fs::set_permissions(path, mode)?;
    }
    let _ = also;
    Ok(())
}

fn time((seconds, nanos): (i64, u32)) -> Option<SystemTime> {
    let since = Duration::new(seconds.unsigned_abs(), 0);
    let start = match seconds < 0 {
        true => SystemTime::UNIX_EPOCH.checked_sub(since)?,
        false => SystemTime::UNIX_EPOCH.checked_add(since)?,
    };
    start.checked_add(Duration::from_nanos(u64::from(nanos)))
}

/// A name of an image as this machine has it; one name, and neither `.` nor `..`.
#[cfg(unix)]
fn host(name: &[u8]) -> anyhow::Result<OsString> {
    let is_one = !matches!(name, b"" | b"." | b"..") && !name.contains(&b'/') && !name.contains(&0);
    let text = onionskin_core::report::text(name);
    ensure!(is_one, "{text:?} cannot be the name of a file");
    Ok(std::os::unix::ffi::OsStringExt::from_vec(name.to_vec()))
}

/// A name of an image as this machine has it: text, without what has a meaning in its paths.
#[cfg(not(unix))]
fn host(name: &[u8]) -> anyhow::Result<OsString> {
    let text = onionskin_core::report::text(name);
    let is_one = std::str::from_utf8(name).is_ok()
        && !matches!(name, b"" | b"." | b"..")
        && !text.contains(|c: char| c.is_control() || "/\\:*?\"<>|".contains(c))
        && !text.ends_with(['.', ' ']);
    ensure!(
        is_one,
        "{text:?} cannot be the name of a file on this system"
    );
    Ok(text.into_owned().into())
}

#[cfg(unix)]
fn symlink(text: &[u8], path: &Path) -> io::Result<()> {
    let text: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(text);
    std::os::unix::fs::symlink(text, path)
}

#[cfg(not(unix))]
fn symlink(_: &[u8], _: &Path) -> io::Result<()> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "symbolic links are not supported here",
    ))
}
