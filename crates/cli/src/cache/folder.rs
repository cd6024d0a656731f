//! The folder of the cache: files that become visible when they are whole, and go when they were not used for longest.

use std::fs::{self, DirBuilder, File, Metadata};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use tempfile::{Builder, NamedTempFile};

/// Names of files that are being written begin so.
const UNFINISHED: &str = ".new-";

/// After this time, whoever wrote a file is taken to have been stopped.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Layers,
    Checkpoints,
    Documents,
}

impl Part {
    pub(super) const ALL: [Self; 3] = [Self::Layers, Self::Checkpoints, Self::Documents];

    const fn folder(self) -> &'static str {
        match self {
            Self::Layers => "layers",
            Self::Checkpoints => "checkpoints",
            Self::Documents => "documents",
        }
    }
}

/// The folder. It is made when something is written into it.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    limit: u64,
    written: AtomicBool,
    /// Something could not be written; nothing more is tried.
    failed: AtomicBool,
}

/// A file of the cache.
#[derive(Debug)]
pub(super) struct CachedFile {
    pub(super) path: PathBuf,
    pub(super) part: Part,
    pub(super) bytes: u64,
    used: SystemTime,
    unfinished: bool,
}

impl Folder {
    pub(super) const fn new(root: PathBuf, limit: u64) -> Self {
        Self {
            root,
            limit,
            written: AtomicBool::new(false),
            failed: AtomicBool::new(false),
        }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) const fn limit(&self) -> u64 {
        self.limit
    }

    /// The file of this name, which counts as used now; None where there is none, or it has more bytes than `fit`.
    pub(super) fn read(
        &self,
        part: Part,
        name: &str,
        fit: impl FnOnce(u64) -> bool,
    ) -> io::Result<Option<Vec<u8>>> {
        let folder = self.root.join(part.folder());
        let path = folder.join(name);
        let read = || {
            check_owner(&folder)?;
            let mut file = File::open(&path)?;
            let bytes = file.metadata()?.len();
            if !fit(bytes) {
                return Ok(None);
            }
            let mut content = Vec::new();
            content
                .try_reserve_exact(usize::try_from(bytes).unwrap_or(usize::MAX))
                .map_err(|_| ErrorKind::OutOfMemory)?;
            file.read_to_end(&mut content)?;
            // A folder that cannot be written has nothing to remove either.
            let _ = file.set_modified(SystemTime::now());
            Ok(Some(content))
        };
        match read() {
            Err(error) if is_absent(&error) => Ok(None),
            done => done.map_err(|error| named(&path, &error)),
        }
    }

    /// Keeps a file, in place of one of this name.
    pub(super) fn write(&self, part: Part, name: &str, content: &[u8]) -> io::Result<()> {
        if content.len() as u64 > self.limit || self.failed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let folder = self.root.join(part.folder());
        let write = || {
            private(&folder)?;
            let mut file = Builder::new().prefix(UNFINISHED).tempfile_in(&folder)?;
            file.write_all(content)?;
            persist(file, &folder.join(name))
        };
        let written = write().map_err(|error| named(&folder, &error));
        self.written.store(true, Ordering::Relaxed);
        self.failed.store(written.is_err(), Ordering::Relaxed);
        written
    }

    /// Removes what was not used for longest, as far as all of it is larger than the limit. Nothing is done where nothing
    /// was written.
    pub(super) fn trim(&self) -> io::Result<()> {
        if !self.written.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let mut kept = self.list()?;
        kept.retain(|file| match file.unfinished {
            true if file.used.elapsed().is_ok_and(|age| age > ABANDONED) => {
                remove(&file.path).is_err()
            }
            _ => true,
        });
        let mut bytes: u64 = kept.iter().map(|file| file.bytes).sum();
        kept.retain(|file| !file.unfinished);
        kept.sort_by_key(|file| file.used);
        for file in kept {
            if bytes <= self.limit {
                break;
            }
            remove(&file.path)?;
            bytes -= file.bytes;
        }
        Ok(())
    }

    /// All that is in it, what is being written too; nothing where there is no such folder.
    pub(super) fn list(&self) -> io::Result<Vec<CachedFile>> {
        let mut kept = Vec::new();
        match fs::metadata(&self.root) {
            Ok(root) if root.is_dir() => {}
            Ok(_) => return Err(named(&self.root, &ErrorKind::NotADirectory.into())),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(kept),
            Err(error) => return Err(named(&self.root, &error)),
        }
        for part in Part::ALL {
            let folder = self.root.join(part.folder());
            match list(&folder, part, &mut kept) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                done => done.map_err(|error| named(&folder, &error))?,
            }
        }
        Ok(kept)
    }

    /// Removes all that is in it, and nothing else that may be in the folder.
    pub(super) fn clear(&self) -> io::Result<Vec<CachedFile>> {
        let kept = self.list()?;
        for file in &kept {
            remove(&file.path)?;
        }
        for part in Part::ALL {
            // What else is in it was not ours.
            let _ = fs::remove_dir(self.root.join(part.folder()));
        }
        Ok(kept)
    }
}

impl CachedFile {
    /// Whether it is complete.
    pub(super) const fn is_whole(&self) -> bool {
        !self.unfinished
    }
}

fn list(folder: &Path, part: Part, kept: &mut Vec<CachedFile>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_str().unwrap_or_default();
        let unfinished = name.starts_with(UNFINISHED);
        if !unfinished && !name.starts_with("sha") {
            continue;
        }
        // Another process may have removed it.
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if metadata.is_file() {
            kept.push(CachedFile {
                path: entry.path(),
                part,
                bytes: metadata.len(),
                used: metadata.modified()?,
                unfinished,
            });
        }
    }
    Ok(())
}

/// Puts a file that is complete into its place.
fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    match file.persist(path) {
        Ok(_) => Ok(()),
        // Another process has emptied the cache meanwhile.
        Err(failed) if failed.error.kind() == ErrorKind::NotFound => Ok(()),
        // On Windows, another process has the same file open: it is there already.
        Err(_) if cfg!(windows) && path.exists() => Ok(()),
        Err(failed) => Err(failed.error),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(named(path, &error)),
        _ => Ok(()),
    }
}

/// There is nothing; a file in the place of a folder is told when something is written.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Makes a folder that only this user can enter. What is read from private registries is kept in it.
fn private(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    check_owner(folder)
}

/// A folder of another user, or into which other users can write, is not believed: a kept index is only as good as who
/// wrote it.
fn check_owner(folder: &Path) -> io::Result<()> {
    let metadata = fs::metadata(folder)?;
    match others(&metadata) {
        Some(problem) => Err(io::Error::new(ErrorKind::PermissionDenied, problem)),
        None => Ok(()),
    }
}

/// What others than this user can do with a folder.
#[cfg(unix)]
fn others(folder: &Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;

    let user = rustix::process::geteuid();
    // In a container, root often works in a home that has another owner.
    if folder.uid() != user.as_raw() && !user.is_root() {
        let (owner, user) = (folder.uid(), user.as_raw());
        return Some(format!(
            "it belongs to user {owner}, and this is user {user}"
        ));
    }
    (folder.mode() & 0o022 != 0).then(|| "other users can write into it".to_owned())
}

#[cfg(not(unix))]
const fn others(_: &Metadata) -> Option<String> {
    None
}
