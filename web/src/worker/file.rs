//! A file that the visitor chose, read where it lies: only the bytes that are asked for come into memory. One that
//! is compressed as a whole is unpacked once, into what the browser keeps for the page, mostly on disk.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;

use js_sys::{Array, Uint8Array};
use onionskin_core::source::BoxFuture;
use onionskin_core::source::archive::{self, Archive, Form, ReadAt, Spool};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, DomException, FileReaderSync};

/// Headers are asked for one by one; each request takes the browser as long as this much does.
const WINDOW: u64 = 64 << 10;
/// Compressed bytes read at a time.
const PIECE: u64 = 1 << 20;
/// Of those, how many are unpacked at a time: each may become a thousand, and the page wants to hear of it.
const PART: usize = 64 << 10;
/// Unpacked bytes handed to the browser at a time.
const KEPT: usize = 8 << 20;

/// An image in a file that was chosen.
pub(crate) fn open(name: &str, file: &Blob, image: Option<String>) -> Result<Archive, String> {
    let bytes = InPlace::new(file.clone()).map_err(|error| unreadable(&error))?;
    // A page has one thread; the trait is Send natively.
    #[allow(clippy::arc_with_non_send_sync)]
    let bytes: Arc<dyn ReadAt> = Arc::new(bytes);
    Ok(Archive::new(name.to_owned(), bytes, Form::Any, image))
}

/// What a file holds, where it is compressed as a whole; `told` hears how many of its bytes are done, and
/// what came of them. Errors say what is wrong.
pub(crate) fn unpacked(file: &Blob, told: impl Fn(u64, u64)) -> Result<Option<Blob>, String> {
    let bytes = InPlace::new(file.clone()).map_err(|error| unreadable(&error))?;
    let start = bytes.read(0, archive::START as u64);
    if !archive::is_compressed(&start.map_err(|error| unreadable(&error))?) {
        return Ok(None);
    }
    let mut spool = Spool::into_room(BlobWriter::new().map_err(|error| unreadable(&error))?);
    let (mut at, size) = (0, bytes.size());
    while at < size {
        let piece = bytes.read(at, PIECE).map_err(|error| unreadable(&error))?;
        if piece.is_empty() {
            return Err("the file ended early".to_owned());
        }
        for part in piece.chunks(PART) {
            told(at, spool.size());
            spool.push(part)?;
            at += part.len() as u64;
        }
    }
    spool
        .fill()?
        .blob()
        .map(Some)
        .map_err(|error| unreadable(&error))
}

fn unreadable(error: &io::Error) -> String {
    format!("the file cannot be read: {error}")
}

/// Reads a file at any place, waiting for each answer, as only workers may.
pub(crate) struct InPlace {
    file: Blob,
    reader: FileReaderSync,
    /// What was read last for a small question, and where that begins.
    window: RefCell<(u64, bytes::Bytes)>,
}

impl InPlace {
    pub(crate) fn new(file: Blob) -> io::Result<Self> {
        Ok(InPlace {
            reader: FileReaderSync::new().map_err(|error| of_browser(&error))?,
            file,
            window: RefCell::default(),
        })
    }

    /// Bytes of all.
    pub(crate) fn length(&self) -> u64 {
        self.file.size() as u64
    }

    /// The `length` bytes from `offset` on; fewer at the end only.
    pub(crate) fn read(&self, offset: u64, length: u64) -> io::Result<bytes::Bytes> {
        let end = offset.saturating_add(length).min(self.size());
        let part = self
            .file
            .slice_with_f64_and_f64(offset as f64, end as f64)
            .map_err(|error| of_browser(&error))?;
        let buffer = self.reader.read_as_array_buffer(&part);
        let buffer = buffer.map_err(|error| of_browser(&error))?;
        Ok(Uint8Array::new(&buffer).to_vec().into())
    }

    fn read_small(&self, offset: u64, length: u64) -> io::Result<bytes::Bytes> {
        let mut window = self.window.borrow_mut();
        let inside = |(start, bytes): &(u64, bytes::Bytes)| {
            let from = usize::try_from(offset.checked_sub(*start)?).ok()?;
            let to = from.checked_add(usize::try_from(length).ok()?)?;
            (to <= bytes.len()).then(|| bytes.slice(from..to))
        };
        if let Some(found) = inside(&window) {
            return Ok(found);
        }
        *window = (offset, self.read(offset, WINDOW)?);
        // Less than was asked for is all that there is.
        Ok(inside(&window).unwrap_or_else(|| window.1.clone()))
    }
}

impl ReadAt for InPlace {
    fn size(&self) -> u64 {
        self.file.size() as u64
    }

    fn read_at(&self, offset: u64, length: usize) -> BoxFuture<'_, io::Result<bytes::Bytes>> {
        let length = length as u64;
        let read = if length < WINDOW {
            self.read_small(offset, length)
        } else {
            self.read(offset, length)
        };
        Box::pin(std::future::ready(read))
    }
}

/// Bytes that the browser keeps for the page.
pub(crate) struct BlobWriter {
    reader: FileReaderSync,
    pieces: Array,
    gathered: Vec<u8>,
}

impl BlobWriter {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(BlobWriter {
            reader: FileReaderSync::new().map_err(|error| of_browser(&error))?,
            pieces: Array::new(),
            gathered: Vec::with_capacity(KEPT),
        })
    }

    fn hand_over(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let bytes = Uint8Array::from(self.gathered.as_slice());
        self.gathered.clear();
        let piece = Blob::new_with_u8_array_sequence(&Array::of1(&bytes))
            .map_err(|error| of_browser(&error))?;
        // Until the browser has taken a piece, it lies in this worker's memory: its last byte is waited for. Where
        // there is no room for it, that fails.
        let size = piece.size();
        let last = piece.slice_with_f64_and_f64(size - 1.0, size);
        last.and_then(|last| self.reader.read_as_array_buffer(&last))
            .map_err(|error| of_browser(&error))?;
        self.pieces.push(&piece);
        Ok(())
    }

    pub(crate) fn blob(self) -> io::Result<Blob> {
        Blob::new_with_blob_sequence(&self.pieces).map_err(|error| of_browser(&error))
    }
}

impl io::Write for BlobWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = KEPT.saturating_sub(self.gathered.len());
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.gathered.extend_from_slice(taken);
        if self.gathered.len() >= KEPT {
            self.hand_over()?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.hand_over()
    }
}

fn of_browser(error: &JsValue) -> io::Error {
    io::Error::other(match error.dyn_ref::<DomException>() {
        Some(error) if error.name() == "NotReadableError" => {
            "it was changed or moved after it was chosen, or the disk is full".to_owned()
        }
        Some(error) if error.name() == "NotFoundError" => {
            "it was moved or deleted after it was chosen".to_owned()
        }
        Some(error) => error.message(),
        None => "the browser gives no reason".to_owned(),
    })
}
