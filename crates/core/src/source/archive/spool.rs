//! What cannot be read in place is copied into a temporary file, uncompressed: standard input, the answer of an
//! engine, an archive that is compressed as a whole.

use std::fs::File;
use std::io::{self, Read, Write as _};

use super::{FileBytes, compression};
use crate::layer::{LayerError, Problem, Unpacker};
use crate::limits;

/// Bytes read at a time. Little, as each may unpack to a thousand times as much.
const PIECE: usize = 64 << 10;

/// A temporary file under way. It has no name, and goes when the last reader does.
pub struct Spool {
    file: File,
    unpacker: Unpacker,
    size: u64,
}

impl Spool {
    /// An empty one. Errors say what is wrong.
    pub fn new() -> Result<Self, String> {
        Ok(Self {
            file: tempfile::tempfile().map_err(|error| no_room(&error))?,
            unpacker: Unpacker::default(),
            size: 0,
        })
    }

    /// Bytes in it, uncompressed.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Takes the next bytes, compressed or not.
    pub fn push(&mut self, data: &[u8]) -> Result<(), String> {
        let (mut written, size, file) = (Ok(()), &mut self.size, &mut self.file);
        let unpacked = self
            .unpacker
            .push(data, &mut |out| write(file, out, size, &mut written));
        written.map_err(|error| no_room(&error))?;
        unpacked.map_err(|error| damaged(&error))
    }

    /// All of it is here.
    pub fn finish(mut self) -> Result<FileBytes, String> {
        let (mut written, size, file) = (Ok(()), &mut self.size, &mut self.file);
        let unpacked = self
            .unpacker
            .finish(&mut |out| write(file, out, size, &mut written));
        written.map_err(|error| no_room(&error))?;
        unpacked.map_err(|error| damaged(&error))?;
        FileBytes::of(self.file).map_err(|error| format!("it cannot be read back: {error}"))
    }
}

/// Copies all that `from` gives; `told` is told how much has come so far.
pub fn spool(mut from: impl Read, mut told: impl FnMut(u64)) -> Result<FileBytes, String> {
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
pub(super) fn unpacked(file: FileBytes) -> Result<FileBytes, String> {
    let start = file
        .read(0, 6)
        .map_err(|error| format!("it cannot be read: {error}"))?;
    match compression(&start) {
        None => Ok(file),
        Some(_) => spool(file.reader(), |_| {}),
    }
}

/// Writes until it fails or is too much; what comes then is dropped.
fn write(
    file: &mut File,
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
        file.write_all(out)
    };
    Ok(())
}

fn no_room(error: &io::Error) -> String {
    format!(
        "it cannot be kept in {}: {error}; TMPDIR can name a folder with more room",
        std::env::temp_dir().display()
    )
}

/// What is wrong, as said of a whole archive and not of a layer.
fn damaged(error: &LayerError) -> String {
    match error.problem() {
        Problem::Unsupported(name) => {
            format!("it is compressed as a whole with {name}, which is not read; unpack it first")
        }
        Problem::CompressionCut => {
            "its compressed data ends in the middle; it was cut off where it was saved or on its way".to_owned()
        }
        Problem::CompressionCorrupt(what) => format!("it is damaged: {what}"),
        other => other.to_string(),
    }
}
