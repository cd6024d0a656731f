//! The files that a command reads, so that none of them is overwritten by what it writes.

use std::fs;
use std::path::{Path, PathBuf};

use onionskin_core::source::Locator;

/// Folders below that of a layout in which its files can be.
const DEPTH: usize = 3;

/// What a command reads.
#[derive(Default)]
pub(crate) struct Inputs {
    files: Vec<PathBuf>,
    /// What is read from standard input, as the user named it.
    stdin: Vec<String>,
}

/// Why a command cannot read its inputs.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    /// After the first image, nothing is left of it.
    #[error(
        "standard input can be read only once, but {} images are read from it ({}); save them to files",
        .0.len(),
        .0.join(", ")
    )]
    StdinTwice(Vec<String>),
}

/// Which file something is, whatever it is called.
pub(crate) struct Standing {
    #[cfg(unix)]
    id: (u64, u64),
    #[cfg(not(unix))]
    path: Option<PathBuf>,
}

#[cfg(unix)]
impl Standing {
    /// Which file has these metadata.
    pub(crate) fn new(metadata: &fs::Metadata, _: Option<&Path>) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self {
            id: (metadata.dev(), metadata.ino()),
        }
    }
}

#[cfg(unix)]
impl PartialEq for Standing {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

#[cfg(not(unix))]
impl Standing {
    /// Which file is at a path.
    pub(crate) fn new(_: &fs::Metadata, path: Option<&Path>) -> Self {
        Self {
            path: path.and_then(|path| path.canonicalize().ok()),
        }
    }
}

#[cfg(not(unix))]
impl PartialEq for Standing {
    fn eq(&self, other: &Self) -> bool {
        self.path.is_some() && self.path == other.path
    }
}

impl Inputs {
    /// Adds the file or folder that an image is in, where it is in one.
    pub(crate) fn image(&mut self, image: &str) {
        // An error of the name is reported when the image is opened.
        match image.parse() {
            Ok(
                Locator::Archive { path, .. }
                | Locator::Layout { path, .. }
                | Locator::Directory { path },
            ) => {
                self.files.push(path);
            }
            Ok(Locator::Input { .. }) => self.stdin.push(image.to_owned()),
            _ => {}
        }
    }

    /// Adds a file.
    pub(crate) fn file(&mut self, path: &Path) {
        self.files.push(path.to_owned());
    }

    /// Refuses what is read from standard input after it has ended.
    pub(crate) fn check(&self) -> Result<(), InputError> {
        match self.stdin.len() {
            0 | 1 => Ok(()),
            _ => Err(InputError::StdinTwice(self.stdin.clone())),
        }
    }

    /// The name of the input that a file is, or is a part of.
    pub(super) fn find(&self, file: &Standing) -> Option<String> {
        if !self.stdin.is_empty() && stdin().is_some_and(|stdin| stdin == *file) {
            return Some("standard input".to_owned());
        }
        let mut files = self.files.iter();
        let found = files.find(|path| is_at(path, file, DEPTH))?;
        Some(found.display().to_string())
    }
}

/// Whether `file` is what is at a path, or one of the files of an image in that folder.
fn is_at(path: &Path, file: &Standing, depth: usize) -> bool {
    let Ok(there) = fs::metadata(path) else {
        return false;
    };
    if !there.is_dir() {
        return Standing::new(&there, Some(path)) == *file;
    }
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    let Ok(entries) = fs::read_dir(path) else {
        return false;
    };
    let mut entries = entries.flatten();
    entries.any(|entry| is_of_image(&entry.file_name()) && is_at(&entry.path(), file, depth))
}

/// Whether a layout, or skopeo's form of a folder, has a file or folder of this name.
fn is_of_image(name: &std::ffi::OsStr) -> bool {
    let name = name.as_encoded_bytes();
    // In `dir:` an algorithm other than SHA-256 is a part of the name, and manifests have an ending.
    let hex = name.strip_suffix(b".manifest.json").unwrap_or(name);
    let hex = hex.strip_prefix(b"sha512-").unwrap_or(hex);
    let is_hex = hex.len() >= 32 && hex.iter().all(u8::is_ascii_hexdigit);
    let named: [&[u8]; 7] = [
        b"oci-layout",
        b"index.json",
        b"blobs",
        b"sha256",
        b"sha512",
        b"manifest.json",
        b"version",
    ];
    is_hex || named.contains(&name)
}

#[cfg(unix)]
fn stdin() -> Option<Standing> {
    use std::os::fd::AsFd as _;
    let file = fs::File::from(std::io::stdin().as_fd().try_clone_to_owned().ok()?);
    let metadata = file.metadata().ok()?;
    metadata.is_file().then(|| Standing::new(&metadata, None))
}

#[cfg(not(unix))]
fn stdin() -> Option<Standing> {
    None
}
