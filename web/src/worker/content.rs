//! The content of a file of a layer: read to the end of its blob, and kept only once that is verified.

mod answers;

use std::cell::RefCell;
use std::io::Write as _;
use std::rc::Rc;
use std::sync::Arc;

use js_sys::Array;
use onionskin_core::layer::{ContentReader, EntryId, EntryKind, LayerIndex, Piece};
use onionskin_core::source::Layer;
use web_sys::{Blob, BlobPropertyBag, Url};

use super::decode::{self, Job, Missing};
use super::file::{InPlace, Kept};
use super::image_worker::ImageWorker;
use super::listing::number;
use super::protocol::{ContentFacts, ContentForm, ReadContent, UserError};

/// Bytes of a file that is shown as text: its lines are held in memory. Larger ones are shown as bytes.
const TEXT: u64 = 16 << 20;
/// Bytes of a file that is read; holes of sparse ones count.
const LARGEST: u64 = 4 << 30;
/// Zeros written at a time where a file has a hole.
static ZEROS: [u8; 1 << 16] = [0; 1 << 16];
/// Bytes of a line that are shown.
const LINE: usize = 4_000;
/// Bytes at the start of a file by which it is told whether it is text.
const START: usize = 8_000;

/// What is kept of the file that is looked at.
pub(crate) struct Content {
    bytes: InPlace,
    text: Option<Text>,
    json: Option<Text>,
    urls: Vec<String>,
}

/// A text and where its lines begin.
struct Text {
    bytes: Vec<u8>,
    starts: Vec<u32>,
}

/// What is being read, or was.
#[derive(Default)]
pub(crate) struct Reader {
    /// Counts what was asked for: an older read ends when another one begins.
    round: u32,
    /// Bytes of the layer that came, and all of them.
    pub(crate) progress: Option<(u64, u64)>,
    pub(crate) content: Option<Content>,
}

impl Reader {
    /// Ends what is under way, and forgets what was read; the answer numbers what begins.
    pub(super) fn begin(&mut self) -> u32 {
        self.stop();
        self.content = None;
        self.round
    }

    /// Ends what is under way.
    pub(crate) fn stop(&mut self) {
        self.round = self.round.wrapping_add(1);
        self.progress = None;
    }
}

/// The file that is asked for.
struct Wanted {
    job: Job,
    file: Option<Blob>,
    index: Arc<LayerIndex>,
    entry: EntryId,
}

/// Reads the content of a file, and tells what it is.
pub(crate) async fn read(
    worker: Rc<RefCell<ImageWorker>>,
    asked: ReadContent,
) -> Result<Box<ContentFacts>, UserError> {
    let (wanted, round) = {
        let mut worker = worker.borrow_mut();
        let round = worker.reader.begin();
        (worker.wanted(&asked)?, round)
    };
    let layer = number(wanted.job.layer.number);
    let kept = bytes(&worker, &wanted, round).await?;
    keep(&worker, round, kept, asked.path, layer).map(Box::new)
}

/// Keeps what was read and verified for the page, unless something else is asked for by now; tells what it is.
pub(super) fn keep(
    worker: &RefCell<ImageWorker>,
    round: u32,
    kept: Kept,
    path: Vec<u8>,
    stored_in: u32,
) -> Result<ContentFacts, UserError> {
    let problem = |error: std::io::Error| UserError::of_file(&error.to_string());
    let blob = kept.blob().map_err(problem)?;
    let bytes = InPlace::new(blob.clone()).map_err(problem)?;
    let size = blob.size() as u64;
    let start = bytes.read(0, START as u64).map_err(problem)?;
    let text = match size <= TEXT {
        true => Some(Text::new(bytes.read(0, size).map_err(problem)?.to_vec())),
        false => None,
    };
    let json = text
        .as_ref()
        .and_then(|text| pretty(&text.bytes))
        .map(Text::new);
    let image = image_type(&start);
    let mut urls = Vec::new();
    let mut url = |media_type: &str| {
        let options = BlobPropertyBag::new();
        options.set_type(media_type);
        let typed = Blob::new_with_blob_sequence_and_options(&Array::of1(&blob), &options);
        let url = typed.and_then(|typed| Url::create_object_url_with_blob(&typed));
        let url = url.unwrap_or_default();
        urls.push(url.clone());
        url
    };
    let facts = ContentFacts {
        path,
        stored_in,
        size,
        lines: text.as_ref().map(Text::lines),
        json_lines: json.as_ref().map(Text::lines),
        // It can only be saved: as this type no browser shows it.
        download: url("application/octet-stream"),
        image: image.map(&mut url),
        form: match (image, text.is_some() && is_text(&start)) {
            (Some(_), _) => ContentForm::Image,
            (None, true) => ContentForm::Text,
            (None, false) => ContentForm::Hex,
        },
    };
    let mut worker = worker.borrow_mut();
    if worker.reader.round == round {
        worker.reader.progress = None;
        worker.reader.content = Some(Content {
            bytes,
            text,
            json,
            urls,
        });
    }
    Ok(facts)
}

/// Reads the layer to its end, and keeps what of the file is in it.
async fn bytes(
    worker: &RefCell<ImageWorker>,
    wanted: &Wanted,
    round: u32,
) -> Result<Kept, UserError> {
    let layer = &wanted.job.layer;
    let shown = number(layer.number);
    let problem = |error: std::io::Error| UserError::of_file(&error.to_string());
    let opened = decode::stream(&wanted.job, wanted.file.as_ref()).await;
    let blob = opened.map_err(|missing| match missing {
        Missing::Failed(problem) => problem,
        Missing::NotFetched(_) => UserError::of_worker(shown),
    })?;
    let whole = blob.size().unwrap_or(wanted.index.blob_size);
    let mut blob = blob.verified(wanted.index.digest.clone());
    let mut reader = ContentReader::new(layer.number, &wanted.index, wanted.entry);
    let mut kept = Kept::new().map_err(problem)?;
    let mut failed = Ok(());
    let mut received = 0;
    loop {
        let chunk = blob.next_chunk().await;
        let Some(chunk) = chunk.map_err(|error| UserError::of_fetch(shown, &error))? else {
            break;
        };
        received += chunk.len() as u64;
        {
            let mut worker = worker.borrow_mut();
            if worker.reader.round != round {
                return Err(UserError::stopped());
            }
            worker.reader.progress = Some((received, whole));
        }
        reader
            .push(&chunk, &mut |piece| take(&mut kept, piece, &mut failed))
            .map_err(|error| UserError::of_layer(shown, &error))?;
        std::mem::replace(&mut failed, Ok(())).map_err(problem)?;
    }
    reader
        .finish(&mut |piece| take(&mut kept, piece, &mut failed))
        .map_err(|error| UserError::of_layer(shown, &error))?;
    failed.and_then(|()| kept.flush()).map_err(problem)?;
    Ok(kept)
}

fn take(kept: &mut Kept, piece: Piece<'_>, failed: &mut std::io::Result<()>) {
    if failed.is_err() {
        return;
    }
    *failed = match piece {
        Piece::Bytes(bytes) => kept.write_all(bytes),
        Piece::Hole(length) => {
            let mut left = length;
            let mut written = Ok(());
            while left > 0 && written.is_ok() {
                let now = usize::try_from(left).map_or(ZEROS.len(), |left| left.min(ZEROS.len()));
                written = kept.write_all(ZEROS.get(..now).unwrap_or_default());
                left -= now as u64;
            }
            written
        }
    };
}

impl ImageWorker {
    /// Where the content of a path is stored that is there at a layer, or was before it was deleted.
    fn wanted(&self, asked: &ReadContent) -> Result<Wanted, UserError> {
        let missing = |detail: &str| UserError::of_content(detail);
        let (stack, offset) = self
            .ground_of(asked.layer)
            .ok_or_else(|| missing("the layer is not read"))?;
        let at = (asked.layer as usize).saturating_sub(offset);
        let named = stack
            .find(&asked.path)
            .and_then(|node| stack.last(node, at));
        let version = match named.filter(|version| stack.stored_by(*version).is_some()) {
            Some(version) => Some(version),
            None => stack
                .resolve(&asked.path, at)
                .ok()
                .and_then(|node| stack.last(node, at)),
        };
        let version = version.ok_or_else(|| missing("no layer has this path"))?;
        let (layer, entry) = stack
            .stored_by(version)
            .ok_or_else(|| missing("it is a folder"))?;
        let index = layer
            .checked_sub(1)
            .and_then(|below| stack.layers().get(below));
        let index = index.ok_or_else(|| missing("the layer is not read"))?;
        if index.kind(entry) != EntryKind::File {
            // A symbolic link leads to its file.
            let target = stack.resolve(&asked.path, at).ok();
            let target = target.map(|node| stack.path(node));
            return match target.filter(|path| *path != asked.path) {
                Some(path) => self.wanted(&ReadContent {
                    path,
                    layer: asked.layer,
                }),
                None => Err(missing("it is not a file")),
            };
        }
        if index.logical_size(entry) > LARGEST {
            return Err(missing("it is larger than 4 GB"));
        }
        let number = layer + offset;
        let image = self.image.as_ref().zip(self.reading.as_ref());
        let (image, reading) = image.ok_or_else(|| missing("the image is not read"))?;
        let layer: Option<&Layer> = image.layers.iter().find(|layer| layer.number == number);
        Ok(Wanted {
            job: Job {
                layer: layer
                    .ok_or_else(|| missing("the layer is not read"))?
                    .clone(),
                origin: reading.origin.clone(),
            },
            file: reading.file.clone(),
            index: Arc::clone(index),
            entry,
        })
    }
}

impl Content {
    /// Lines of the text, as far as they are shown.
    pub(crate) fn lines(&self, form: ContentForm, from: u32, count: u32) -> Vec<Vec<u8>> {
        let text = match form {
            ContentForm::Json => self.json.as_ref(),
            _ => self.text.as_ref(),
        };
        let Some(text) = text else {
            return Vec::new();
        };
        let lines = from..from.saturating_add(count).min(text.lines());
        lines.map(|line| text.line(line).to_vec()).collect()
    }

    /// Bytes of the content.
    pub(crate) fn bytes(&self, from: u64, count: u32) -> Vec<u8> {
        let bytes = self.bytes.read(from, u64::from(count));
        bytes.map(|bytes| bytes.to_vec()).unwrap_or_default()
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        for url in &self.urls {
            // What is gone need not be revoked.
            let _ = Url::revoke_object_url(url);
        }
    }
}

impl Text {
    fn new(bytes: Vec<u8>) -> Self {
        let mut starts = vec![0];
        let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        starts.extend(ends.map(|(at, _)| number(at + 1)));
        // A newline at the end begins no line.
        if starts.len() > 1
            && starts
                .last()
                .is_some_and(|last| *last as usize == bytes.len())
        {
            starts.pop();
        }
        Self { bytes, starts }
    }

    fn lines(&self) -> u32 {
        match self.bytes.is_empty() {
            true => 0,
            false => number(self.starts.len()),
        }
    }

    fn line(&self, line: u32) -> &[u8] {
        let start = self
            .starts
            .get(line as usize)
            .map_or(0, |start| *start as usize);
        let next = self.starts.get(line as usize + 1);
        let end = next.map_or(self.bytes.len(), |next| *next as usize);
        let line = self.bytes.get(start..end).unwrap_or_default();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.get(..LINE).unwrap_or(line)
    }
}

/// Whether bytes are text: none of them is one that no text has.
fn is_text(start: &[u8]) -> bool {
    let binary = |byte: &u8| matches!(byte, 0..=8 | 14..=26 | 28..=31);
    !start.iter().any(binary)
        && start
            .utf8_chunks()
            .filter(|part| !part.invalid().is_empty())
            .count()
            <= start.len() / 50 + 1
}

/// The media type of an image in a format that cannot run anything. SVG is text.
fn image_type(start: &[u8]) -> Option<&'static str> {
    match start {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some("image/webp"),
        [0, 0, 1, 0, _, 0, ..] => Some("image/x-icon"),
        _ => None,
    }
}

/// A JSON document with a line for each value; the order of its keys and the text of its numbers stay. None where it is
/// none.
fn pretty(bytes: &[u8]) -> Option<Vec<u8>> {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace())?;
    if !matches!(first, b'{' | b'[')
        || serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_err()
    {
        return None;
    }
    let (mut out, mut depth, mut quoted, mut escaped) = (Vec::new(), 0_usize, false, false);
    let line = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.extend(std::iter::repeat_n(b' ', depth.min(100) * 2));
    };
    let mut rest = bytes.iter().filter(|_| true).copied().peekable();
    while let Some(byte) = rest.next() {
        if quoted {
            out.push(byte);
            (quoted, escaped) = (byte != b'"' || escaped, byte == b'\\' && !escaped);
            continue;
        }
        match byte {
            b'"' => {
                quoted = true;
                out.push(byte);
            }
            b'{' | b'[' => {
                out.push(byte);
                while rest.next_if(u8::is_ascii_whitespace).is_some() {}
                match rest.next_if(|next| matches!(next, b'}' | b']')) {
                    Some(end) => out.push(end),
                    None => {
                        depth += 1;
                        line(&mut out, depth);
                    }
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            byte if byte.is_ascii_whitespace() => {}
            byte => out.push(byte),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn lines_are_told_without_their_ends() {
        let text = Text::new(b"one\r\ntwo\n\nfour".to_vec());
        let lines: Vec<_> = (0..text.lines()).map(|line| text.line(line)).collect();
        assert_eq!(lines, [&b"one"[..], b"two", b"", b"four"]);
        assert_eq!(Text::new(b"one\n".to_vec()).lines(), 1);
        assert_eq!(Text::new(Vec::new()).lines(), 0);
        let long = Text::new([vec![b'x'; 10_000], b"\ny".to_vec()].concat());
        assert_eq!((long.line(0).len(), long.line(1)), (LINE, &b"y"[..]));
    }

    #[test]
    fn json_is_laid_out_as_it_stands() {
        let pretty =
            |text: &str| pretty(text.as_bytes()).map(|out| String::from_utf8(out).unwrap());
        assert_eq!(
            pretty(r#"{"b":[1.50,{}, []],"a":"x\"{,\\"}"#).as_deref(),
            Some("{\n  \"b\": [\n    1.50,\n    {},\n    []\n  ],\n  \"a\": \"x\\\"{,\\\\\"\n}")
        );
        assert_eq!(pretty("{"), None);
        assert_eq!(pretty("\"text\""), None);
        assert_eq!(pretty("<svg>"), None);
    }

    #[test]
    fn only_formats_that_run_nothing_are_images() {
        assert_eq!(image_type(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        for text in [
            &b"<svg onload=alert(1)>"[..],
            b"<html>",
            b"%PDF-1.7",
            b"GIF",
            b"",
        ] {
            assert_eq!(image_type(text), None);
        }
        assert!(
            is_text("#!/bin/sh\n\u{fc}\t".as_bytes()) && is_text(b"") && is_text(b"latin \xe9")
        );
        assert!(!is_text(b"\x7fELF\x02\x01\x01\0"));
    }
}
