//! What cannot be read in place is copied, uncompressed, to where there is room for it: natively into a temporary
//! file, in a page into what the page keeps. Standard input, the answer of an engine, an archive that is compressed
//! as a whole.

#[cfg(not(target_arch = "wasm32"))]
use std::fs::File;
use std::io;

use super::packing::{UnpackError, Unpacking};
#[cfg(not(target_arch = "wasm32"))]
use super::{FileBytes, is_compressed};
use crate::layer::{LayerError, Problem};
use crate::limits;

/// Bytes read at a time. Little, as each may unpack to a thousand times as much.
#[cfg(not(target_arch = "wasm32"))]
const PIECE: usize = 64 << 10;

/// A copy under way.
pub struct Spool<W> {
    room: W,
    unpacking: Unpacking,
    size: u64,
}

impl<W: io::Write> Spool<W> {
    /// An empty one, which writes to `room`.
    pub fn into_room(room: W) -> Self {
        Self {
            room,
            unpacking: Unpacking::default(),
            size: 0,
        }
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
        let (mut written, size, room) = (Ok(()), &mut self.size, &mut self.room);
        let unpacked = self
            .unpacking
            .push(data, &mut |out| write(room, out, size, &mut written));
        written.map_err(|error| no_room(&error))?;
        unpacked.map_err(|error| damaged(&error))
    }

    /// All of it is here: gives the room back, filled.
    ///
    /// # Errors
    /// As in [`Self::push`], also when it ends too early.
    pub fn fill(mut self) -> Result<W, String> {
        let (mut written, size, room) = (Ok(()), &mut self.size, &mut self.room);
        let unpacked = self
            .unpacking
            .finish(&mut |out| write(room, out, size, &mut written));
        written.map_err(|error| no_room(&error))?;
        unpacked.map_err(|error| damaged(&error))?;
        self.room.flush().map_err(|error| no_room(&error))?;
        Ok(self.room)
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Spool<File> {
    /// One in a temporary file, which has no name and goes when the last reader does. Errors say what is wrong.
    pub fn new() -> Result<Self, String> {
        let file = tempfile::tempfile().map_err(|error| no_room(&error))?;
        Ok(Self::into_room(file))
    }

    /// All of it is here.
    pub fn finish(self) -> Result<FileBytes, String> {
        FileBytes::of(self.fill()?).map_err(|error| format!("it cannot be read back: {error}"))
    }
}

/// Copies all that `from` gives; `told` is told how much has come so far.
#[cfg(not(target_arch = "wasm32"))]
pub fn spool(mut from: impl io::Read, mut told: impl FnMut(u64)) -> Result<FileBytes, String> {
    let mut spool = Spool::new()?;
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
        spool(file.reader(), |_| {})
    } else {
        Ok(file)
    }
}

/// Writes until it fails or is too much; what comes then is dropped.
fn write(
    room: &mut impl io::Write,
    out: &[u8],
    size: &mut u64,
    written: &mut io::Result<()>,
) -> Result<(), LayerError> {
    if written.is_err() {
        return Ok(());
    }
    *size += out.len() as u64;
    *written = if *size > limits::SPOOLED_BYTES {
        Err(io::Error::other(format!(
            "it has more than {} GiB",
            limits::SPOOLED_BYTES >> 30
        )))
    } else {
        room.write_all(out)
    };
    Ok(())
}

#[cfg(not(target_arch = "wasm32"))]
fn no_room(error: &io::Error) -> String {
    format!(
        "it cannot be kept in {}: {error}; TMPDIR can name a folder with more room",
        std::env::temp_dir().display()
    )
}

#[cfg(target_arch = "wasm32")]
fn no_room(error: &io::Error) -> String {
    format!("it cannot be kept unpacked: {error}; unpack it first, and choose what comes out")
}

/// What is wrong, as said of a whole archive and not of a layer.
fn damaged(error: &UnpackError) -> String {
    let UnpackError::Layer(error) = error else {
        return error.to_string();
    };
    match error.problem() {
        Problem::Unsupported(name) => super::kind::not_read(name),
        Problem::CompressionCut => UnpackError::Cut.to_string(),
        Problem::CompressionCorrupt(what) => format!("it is damaged: {what}"),
        other => other.to_string(),
    }
}
