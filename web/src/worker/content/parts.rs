//! What the content that was read last is made of: members of an archive, sections of a program. Found when the page asks.

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};

use onionskin_core::contents::{self, ContentsForm, TarLister};

use super::opened::Content;
use crate::worker::file::InPlace;
use crate::worker::image_worker::ImageWorker;
use crate::worker::protocol::{Answers, ContentParts, Parts};

/// Bytes that are read at a time.
const PIECE: u64 = 1 << 20;
/// Bytes that are read at a place.
const WINDOW: u64 = 16 << 10;

impl Answers<ContentParts> for ImageWorker {
    fn answer(&mut self, _: ContentParts) -> Option<Box<Parts>> {
        let content = self.content.as_ref()?;
        let parts = match content.parts? {
            ContentsForm::Zip => contents::zip(Walk::of(&content.bytes)).map(Parts::Members),
            ContentsForm::Elf => contents::elf(Walk::of(&content.bytes)).map(Parts::Elf),
            ContentsForm::Tar => Ok(Parts::Members(tar(content))),
        };
        let parts = parts.unwrap_or_else(|error| Parts::Failed(error.to_string()));
        Some(Box::new(parts))
    }
}

fn tar(content: &Content) -> contents::Members {
    let mut lister = TarLister::default();
    let mut at = 0;
    while at < content.bytes.length() {
        let Ok(piece) = content.bytes.read(at, PIECE) else {
            break;
        };
        at += piece.len() as u64;
        if piece.is_empty() || !lister.push(&piece) {
            break;
        }
    }
    lister.finish()
}

/// Reads a content as files are read.
struct Walk<'b> {
    bytes: &'b InPlace,
    at: u64,
    /// What was read last, and where that begins.
    window: Cell<(u64, bytes::Bytes)>,
}

impl<'b> Walk<'b> {
    fn of(bytes: &'b InPlace) -> Self {
        Walk {
            bytes,
            at: 0,
            window: Cell::default(),
        }
    }
}

impl Read for Walk<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let (mut start, mut window) = self.window.take();
        let within = |start: u64, window: &bytes::Bytes| {
            let from = usize::try_from(self.at.checked_sub(start)?).ok()?;
            (from < window.len()).then(|| window.slice(from..))
        };
        let found = match within(start, &window) {
            Some(found) => found,
            None => {
                start = self.at;
                window = self.bytes.read(start, WINDOW.max(into.len() as u64))?;
                window.clone()
            }
        };
        self.window.set((start, window));
        let length = found.len().min(into.len());
        if let (Some(into), Some(found)) = (into.get_mut(..length), found.get(..length)) {
            into.copy_from_slice(found);
        }
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for Walk<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(to) => Some(to),
            SeekFrom::End(by) => self.bytes.length().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = to.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}
