//! Temporary files, and how much all of them may hold at a time.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::limits::TEMPORARY_BYTES;

/// What the temporary files of this process hold.
static HELD: AtomicU64 = AtomicU64::new(0);
/// What they may hold; 0 while the user has set no limit.
static LIMIT: AtomicU64 = AtomicU64::new(0);

/// A file without a name, which goes when it is closed.
#[derive(Debug)]
pub struct TemporaryFile {
    file: File,
    held: Reservation,
}

/// Bytes that count until they are dropped.
#[derive(Debug, Default)]
struct Reservation(u64);

/// The temporary files would hold more than they may. It stands inside an [`io::Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "temporary files may hold {} ({limit} bytes), and that is not enough; --temporary-limit or \
     ONIONSKIN_TEMPORARY_LIMIT sets another limit",
    bytesize::ByteSize::b(*.limit).display().si()
)]
pub struct TemporaryLimit {
    /// Bytes that all temporary files may hold at a time.
    pub limit: u64,
}

impl TemporaryFile {
    /// An empty one.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            file: tempfile::tempfile()?,
            held: Reservation::default(),
        })
    }

    /// From now on, all temporary files may hold so many bytes at a time, from however small archives.
    pub fn set_limit(bytes: u64) {
        LIMIT.store(bytes.max(1), Ordering::Relaxed);
    }

    /// The limit that the user set, if any.
    #[must_use]
    pub fn own_limit() -> Option<u64> {
        Some(LIMIT.load(Ordering::Relaxed)).filter(|limit| *limit > 0)
    }

    /// The file, for reading at any place; `self` has to live as long.
    pub(super) const fn file(&self) -> &File {
        &self.file
    }
}

impl Reservation {
    fn take(&mut self, bytes: u64) -> io::Result<()> {
        let limit = TemporaryFile::own_limit().unwrap_or(TEMPORARY_BYTES);
        let more = |held: u64| held.checked_add(bytes).filter(|held| *held <= limit);
        match HELD.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) {
            Ok(_) => {
                self.0 += bytes;
                Ok(())
            }
            Err(_) => Err(io::Error::other(TemporaryLimit { limit })),
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        HELD.fetch_sub(self.0, Ordering::Relaxed);
    }
}

impl Write for TemporaryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.take(bytes.len() as u64)?;
        self.file.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Read for TemporaryFile {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.file.read(into)
    }
}

impl Seek for TemporaryFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
