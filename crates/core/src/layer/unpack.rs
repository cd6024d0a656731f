//! Undoing a blob's compression, whichever its first bytes announce: pushed in, pushed out, without I/O.

use super::gzip::Gzip;
use super::memory::MemoryBudget;
use super::points::Points;
use super::unsupported;
use super::zstd::Zstd;
use super::{LayerError, Problem};

/// Takes a blob in pieces of any size and hands on what it holds uncompressed.
///
/// How it is packed is known from its first bytes, as the media type is often wrong.
#[derive(Default)]
pub struct Unpacker {
    framing: Framing,
    memory: MemoryBudget,
}

enum Framing {
    Unknown { first: Vec<u8> },
    Plain,
    Gzip(Box<Gzip>),
    Zstd(Box<Zstd>),
}

impl Default for Framing {
    fn default() -> Self {
        Self::Unknown { first: Vec::new() }
    }
}

/// Takes uncompressed bytes.
pub(super) type Sink<'s> = &'s mut dyn FnMut(&[u8]) -> Result<(), LayerError>;

/// Bytes that decide how a blob is packed; also the size of a tar header, so that "no tar" is
/// known together with them.
const MAGIC_BYTES: usize = 512;

impl Unpacker {
    /// One whose windows count against what an image may take.
    pub(super) fn within(memory: MemoryBudget) -> Self {
        Self {
            memory,
            ..Self::default()
        }
    }

    /// Takes the next bytes of the blob and gives `sink` what they make known.
    ///
    /// # Errors
    /// The blob is damaged or packed in a way that is not read, or `sink` refused its bytes.
    pub fn push(&mut self, data: &[u8], sink: Sink<'_>) -> Result<(), LayerError> {
        match &mut self.framing {
            Framing::Unknown { first } => {
                first.extend_from_slice(data);
                if first.len() >= MAGIC_BYTES {
                    let first = std::mem::take(first);
                    self.decide(&first, sink)?;
                }
                Ok(())
            }
            Framing::Plain => sink(data),
            Framing::Gzip(gzip) => gzip.push(data, sink),
            Framing::Zstd(zstd) => zstd.push(data, sink),
        }
    }

    /// The blob turned out to be stored as it is.
    pub(super) const fn is_plain(&self) -> bool {
        matches!(self.framing, Framing::Plain)
    }

    /// The blob ends here.
    ///
    /// # Errors
    /// It ends too early, or as in [`Self::push`].
    pub fn finish(mut self, sink: Sink<'_>) -> Result<(), LayerError> {
        self.finish_points(sink).map(drop)
    }

    /// As [`Self::finish`], with the points of the blob whose place in what it holds is known.
    pub(super) fn finish_points(&mut self, sink: Sink<'_>) -> Result<Points, LayerError> {
        // Blobs shorter than what decides, such as the gzip of a layer with a single folder.
        if let Framing::Unknown { first } = &mut self.framing {
            let first = std::mem::take(first);
            self.decide(&first, sink)?;
        }
        match std::mem::take(&mut self.framing) {
            Framing::Gzip(gzip) => gzip.finish(),
            Framing::Zstd(zstd) => zstd.finish(),
            _ => Ok(Points::Every),
        }
    }

    /// Chooses the framing by the first bytes and decodes them.
    fn decide(&mut self, first: &[u8], sink: Sink<'_>) -> Result<(), LayerError> {
        match first {
            [0x1f, 0x8b, ..] => {
                let mut gzip = Box::new(Gzip::new());
                let done = gzip.push(first, sink);
                self.framing = Framing::Gzip(gzip);
                return done;
            }
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                let mut zstd = Box::new(Zstd::new(self.memory.clone()));
                let done = zstd.push(first, sink);
                self.framing = Framing::Zstd(zstd);
                return done;
            }
            _ => {}
        }
        self.framing = Framing::Plain;
        // Their first bytes may be those of a file's name too, so they are only named where there can
        // be no tar: when its decoder finds no header, or too few bytes for one.
        let named = unsupported::compression(first);
        let unsupported = |name| LayerError::at_blob(0, Problem::Unsupported(name));
        match (named, sink(first)) {
            (Some(name), Ok(())) if first.len() < MAGIC_BYTES => Err(unsupported(name)),
            (Some(name), Err(error)) if error.is_no_tar() => Err(unsupported(name)),
            (_, done) => done,
        }
    }
}
