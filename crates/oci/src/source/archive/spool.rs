//! What cannot be read in place is copied, uncompressed, to where there is room for it: natively into a temporary
//! file, in a page into what the page keeps. Standard input, the answer of an engine, an archive that is compressed
//! as a whole.

use std::io;

use bytesize::ByteSize;

#[cfg(not(target_arch = "wasm32"))]
use super::{FileBytes, is_compressed};
use crate::compression::{Decompressor, Error, Problem};
use crate::limits::{TEMPORARY_FREE, TEMPORARY_RATIO};
#[cfg(not(target_arch = "wasm32"))]
use crate::source::temporary::{TemporaryFile, TemporaryLimit};

/// Bytes read at a time. Little, as each may unpack to a thousand times as much.
#[cfg(not(target_arch = "wasm32"))]
const PIECE: usize = 64 << 10;

/// A copy under way.
pub struct Spool<W> {
    room: W,
    decompressor: Decompressor,
    size: u64,
    /// Bytes that came, or that are known to come.
    compressed: u64,
    taken: u64,
}

impl<W: io::Write> Spool<W> {
    /// An empty one, which writes to `room`.
    pub fn into_room(room: W) -> Self {
        Self {
            room,
            decompressor: Decompressor::of_file(),
            size: 0,
            compressed: 0,
            taken: 0,
        }
    }

    /// So many bytes will be pushed.
    #[must_use]
    pub const fn of_size(mut self, bytes: u64) -> Self {
        self.compressed = bytes;
        self
    }

    /// Bytes in it, uncompressed.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Takes the next bytes, compressed or not.
    ///
    /// # Errors
    /// What is wrong with them, or with the room, in words that follow the archive's name.
    pub fn push(&mut self, data: &[u8]) -> Result<(), String> {
        self.taken += data.len() as u64;
        self.compressed = self.compressed.max(self.taken);
        let mut copy = Copy {
            room: &mut self.room,
            size: &mut self.size,
            most: most(self.compressed),
        };
        self.decompressor.push(data, &mut |out| copy.write(out))?;
        Ok(())
    }

    /// All of it is here: gives the room back, filled.
    ///
    /// # Errors
    /// As in [`Self::push`], also when it ends too early.
    pub fn fill(mut self) -> Result<W, String> {
        let mut copy = Copy {
            room: &mut self.room,
            size: &mut self.size,
            most: most(self.compressed),
        };
        self.decompressor.finish(&mut |out| copy.write(out))?;
        self.room.flush().map_err(|error| no_room(&error))?;
        Ok(self.room)
    }
}

/// Bytes that so many compressed ones may unpack to.
fn most(compressed: u64) -> u64 {
    #[cfg(not(target_arch = "wasm32"))]
    if TemporaryFile::own_limit().is_some() {
        return u64::MAX;
    }
    let of_size = compressed.saturating_mul(TEMPORARY_RATIO);
    of_size.saturating_add(TEMPORARY_FREE)
}

/// What is unpacked on its way into the room.
struct Copy<'s, W> {
    room: &'s mut W,
    size: &'s mut u64,
    most: u64,
}

impl<W: io::Write> Copy<'_, W> {
    fn write(&mut self, out: &[u8]) -> Result<(), Failure> {
        *self.size += out.len() as u64;
        if *self.size > self.most {
            return Err(Failure(too_far(*self.size)));
        }
        let written = self.room.write_all(out);
        written.map_err(|error| Failure(no_room(&error)))
    }
}

/// Why a copy goes no further, in words that follow the archive's name.
struct Failure(String);

impl From<Failure> for String {
    fn from(failure: Failure) -> Self {
        failure.0
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(match error.problem {
            Problem::Unsupported(name) => super::kind::not_supported(name),
            Problem::Cut => {
                "its compressed data ends in the middle; the file was cut off when it was saved or copied".to_owned()
            }
            Problem::Corrupt(what) => format!("it is damaged: {what}"),
            other => other.to_string(),
        })
    }
}

fn too_far(size: u64) -> String {
    let size = ByteSize::b(size).display().si();
    let text = format!(
        "it unpacks to {size} and more, which is beyond {TEMPORARY_RATIO} times its size; it looks like a decompression bomb"
    );
    match cfg!(target_arch = "wasm32") {
        true => text,
        false => format!("{text} (--temporary-limit or ONIONSKIN_TEMPORARY_LIMIT allows more)"),
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Spool<TemporaryFile> {
    /// One in a temporary file, which has no name and goes when the last reader does. Errors say what is wrong.
    pub fn new() -> Result<Self, String> {
        let file = TemporaryFile::new().map_err(|error| no_room(&error))?;
        Ok(Self::into_room(file))
    }

    /// All of it is here.
    pub fn finish(self) -> Result<FileBytes, String> {
        FileBytes::temporary(self.fill()?)
            .map_err(|error| format!("it cannot be read back: {error}"))
    }
}

/// Copies all that `from` gives; `told` is told how much has come so far.
#[cfg(not(target_arch = "wasm32"))]
pub fn spool(from: impl io::Read, told: impl FnMut(u64)) -> Result<FileBytes, String> {
    copied(from, Spool::new()?, told)
}

#[cfg(not(target_arch = "wasm32"))]
fn copied(
    mut from: impl io::Read,
    mut spool: Spool<TemporaryFile>,
    mut told: impl FnMut(u64),
) -> Result<FileBytes, String> {
    let mut piece = vec![0; PIECE];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return spool.finish(),
            Ok(read) => {
                spool.push(piece.get(..read).unwrap_or_default())?;
                told(spool.size());
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(format!("it cannot be read: {error}")),
        }
    }
}

/// The file itself, or what it holds where it is compressed in a way that can be undone.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn unpacked(file: FileBytes) -> Result<FileBytes, String> {
    let start = file
        .read(0, super::START)
        .map_err(|error| format!("it cannot be read: {error}"))?;
    if is_compressed(&start) {
        let size = super::ReadAt::size(&file);
        copied(file.reader(), Spool::new()?.of_size(size), |_| {})
    } else {
        Ok(file)
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn no_room(error: &io::Error) -> String {
    let limit = error.get_ref().and_then(|error| error.downcast_ref());
    if let Some(limit) = limit {
        let limit: &TemporaryLimit = limit;
        return format!("it cannot be unpacked: {limit}");
    }
    format!(
        "it cannot be kept in {}: {error}; TMPDIR can name a folder with more room",
        std::env::temp_dir().display()
    )
}

#[cfg(target_arch = "wasm32")]
fn no_room(error: &io::Error) -> String {
    format!("it cannot be kept unpacked: {error}; unpack it first, and choose what comes out")
}
