//! Bytes that can be read at any place: a file on disk, or one that a page was given.

use std::io;

use bytes::Bytes;

#[cfg(not(target_arch = "wasm32"))]
use crate::source::temporary::TemporaryFile;
use crate::source::{BoxFuture, MaybeSend, MaybeSync};

/// Something with a size whose bytes can be read at any place.
pub trait ReadAt: MaybeSend + MaybeSync {
    /// Bytes of the whole.
    fn size(&self) -> u64;
    /// The `length` bytes from `offset` on; fewer at the end only.
    fn read_at(&self, offset: u64, length: usize) -> BoxFuture<'_, io::Result<Bytes>>;
}

/// A file on disk.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Debug)]
pub struct FileBytes {
    file: std::fs::File,
    size: u64,
    /// What it is a copy of, which counts as long as it is there.
    _temporary: Option<TemporaryFile>,
}

#[cfg(not(target_arch = "wasm32"))]
impl FileBytes {
    /// Opens a file. What has no size of its own (a pipe, a folder) is an error.
    pub fn open(path: &std::path::Path) -> io::Result<Self> {
        // To open a pipe would wait for somebody to write into it.
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        Self::of(std::fs::File::open(path)?)
    }

    /// A file that is open already.
    pub(super) fn of(file: std::fs::File) -> io::Result<Self> {
        let size = file.metadata()?.len();
        Ok(Self {
            file,
            size,
            _temporary: None,
        })
    }

    /// A temporary file that is filled.
    pub(super) fn temporary(temporary: TemporaryFile) -> io::Result<Self> {
        let file = temporary.file().try_clone()?;
        Ok(Self {
            _temporary: Some(temporary),
            ..Self::of(file)?
        })
    }

    /// Its bytes one after the other.
    pub(super) fn reader(&self) -> impl io::Read + '_ {
        FromStart { file: self, at: 0 }
    }

    pub(super) fn read(&self, offset: u64, length: usize) -> io::Result<Bytes> {
        let there = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length.min(there)];
        let mut have = 0;
        while let Some(missing) = bytes.get_mut(have..).filter(|missing| !missing.is_empty()) {
            match read_some(&self.file, missing, offset + have as u64) {
                // It was cut since it was opened.
                Ok(0) => break,
                Ok(more) => have += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(have);
        Ok(bytes.into())
    }
}

/// Reads at a place of a file, wherever others read in it at the same time.
#[cfg(unix)]
fn read_some(file: &std::fs::File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, into, offset)
}

/// Reads at a place of a file, wherever others read in it at the same time.
#[cfg(windows)]
fn read_some(file: &std::fs::File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, into, offset)
}

/// Reads a file from its start to its end.
#[cfg(not(target_arch = "wasm32"))]
struct FromStart<'f> {
    file: &'f FileBytes,
    at: u64,
}

#[cfg(not(target_arch = "wasm32"))]
impl io::Read for FromStart<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let bytes = self.file.read(self.at, into.len())?;
        self.at += bytes.len() as u64;
        if let Some(into) = into.get_mut(..bytes.len()) {
            into.copy_from_slice(&bytes);
        }
        Ok(bytes.len())
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl ReadAt for FileBytes {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, length: usize) -> BoxFuture<'_, io::Result<Bytes>> {
        // A local disk answers sooner than a task would be moved.
        Box::pin(std::future::ready(self.read(offset, length)))
    }
}

impl ReadAt for Bytes {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, length: usize) -> BoxFuture<'_, io::Result<Bytes>> {
        let start = usize::try_from(offset).map_or(self.len(), |offset| offset.min(self.len()));
        let end = start.saturating_add(length).min(self.len());
        Box::pin(std::future::ready(Ok(self.slice(start..end))))
    }
}
