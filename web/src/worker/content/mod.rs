//! The content of a file of a layer: read from a part of its blob where that can be, else to its end, and kept only once it
//! is verified.

mod answers;
mod folding;
mod listed;
mod parts;
pub(crate) mod read;
mod resumed;
pub(crate) mod text;

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use futures::future::{AbortHandle, Abortable};
use js_sys::Array;
use onionskin_core::contents;
use onionskin_highlight::Language;
use web_sys::{Blob, BlobPropertyBag, Url};

use self::folding::Folding;
use self::read::Layers;
use self::text::{START, Text, image_type, is_text, pretty};
use super::file::{BlobWriter, InPlace};
use super::image_worker::ImageWorker;
use super::protocol::{
    ContentFacts, ContentForm, ContentLine, ContentRows, Fold, Folded, LONGEST_TEXT, OpensLines,
    ReadContent, UserError,
};

/// What is kept of the file that is looked at.
pub(crate) struct Content {
    bytes: InPlace,
    text: Text,
    json: Option<Json>,
    parts: Option<contents::Form>,
    urls: Vec<String>,
}

/// A JSON document with a line for each value.
struct Json {
    text: Text,
    folding: Folding,
}

/// Reads until that is done or something else is asked for.
pub(super) async fn unless_stopped<T>(
    worker: &RefCell<ImageWorker>,
    round: u32,
    reading: impl Future<Output = Result<T, UserError>>,
) -> Result<T, UserError> {
    let (abort, registration) = AbortHandle::new_pair();
    {
        let reader = &mut worker.borrow_mut().reader;
        if !reader.is_at(round) {
            return Err(UserError::stopped());
        }
        reader.end_by(abort);
    }
    let read = Abortable::new(reading, registration).await;
    read.unwrap_or_else(|_| Err(UserError::stopped()))
}

/// Reads the content of a file, and tells what it is.
pub(crate) async fn read(
    worker: Rc<RefCell<ImageWorker>>,
    asked: ReadContent,
) -> Result<Box<ContentFacts>, UserError> {
    let (wanted, round) = {
        let mut worker = worker.borrow_mut();
        let round = worker.begin_reading();
        let wanted = worker
            .layers(asked.layer)?
            .wanted(&asked.path, asked.layer)?;
        (wanted, round)
    };
    let told = Rc::clone(&worker);
    let mut hear = move |received, whole| told.borrow_mut().reader.hear(round, received, whole);
    let reading = async { wanted.plan().await.read_hashed(&mut hear).await };
    let (kept, digest) = unless_stopped(&worker, round, reading).await?;
    let of = ContentOrigin {
        path: asked.path,
        digest: digest.to_string(),
        stored_in: wanted.stored.number(),
    };
    keep(&worker, round, kept, of).map(Box::new)
}

/// What was read.
pub(super) struct ContentOrigin {
    /// As it was asked for.
    pub(super) path: Vec<u8>,
    pub(super) digest: String,
    /// The layer that stores it.
    pub(super) stored_in: u32,
}

/// Keeps what was read and verified for the page, unless something else is asked for by now; tells what it is.
pub(super) fn keep(
    worker: &RefCell<ImageWorker>,
    round: u32,
    kept: BlobWriter,
    of: ContentOrigin,
) -> Result<ContentFacts, UserError> {
    let ContentOrigin {
        path,
        digest,
        stored_in,
    } = of;
    let problem = |error: std::io::Error| UserError::of_file(&error.to_string());
    let blob = kept.blob().map_err(problem)?;
    let bytes = InPlace::new(blob.clone()).map_err(problem)?;
    let size = blob.size() as u64;
    let start = bytes.read(0, START as u64).map_err(problem)?;
    let shown = bytes
        .read(0, size.min(LONGEST_TEXT))
        .map_err(problem)?
        .to_vec();
    let text = match size <= LONGEST_TEXT {
        true => Text::new(shown),
        false => Text::begins(shown),
    };
    // What is cut is no JSON.
    let laid_out = (size <= LONGEST_TEXT)
        .then(|| pretty(&text.bytes))
        .flatten();
    let json = laid_out.map(|laid_out| {
        let text = Text::new(laid_out);
        let folding = Folding::of(&text);
        Json { text, folding }
    });
    let parts = contents::Form::of(&start, &path);
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
    let language = match json {
        Some(_) => Some(Language::JSON),
        None => Language::of(&path, &start),
    };
    let facts = ContentFacts {
        path,
        digest,
        stored_in,
        size,
        text: text.bytes.len() as u64,
        lines: text.lines(),
        json_lines: json.as_ref().map(|json| json.text.lines()),
        // It can only be saved: as this type no browser shows it.
        download: url("application/octet-stream"),
        image: image.map(&mut url),
        parts: parts.is_some(),
        form: match (image, is_text(&start)) {
            _ if parts.is_some() => ContentForm::Parts,
            (Some(_), _) => ContentForm::Image,
            (None, true) => ContentForm::Text,
            (None, false) => ContentForm::Hex,
        },
        language,
    };
    let mut worker = worker.borrow_mut();
    if worker.reader.is_at(round) {
        worker.reader.progress = None;
        worker.content = Some(Content {
            bytes,
            text,
            json,
            parts,
            urls,
        });
    }
    Ok(facts)
}

impl ImageWorker {
    /// The layers that a layer stands on, with where they come from.
    pub(super) fn layers(&self, layer: u32) -> Result<Layers<'_>, UserError> {
        let missing = |detail: &str| UserError::of_content(detail);
        let (stack, offset) = self
            .ground_of(layer)
            .ok_or_else(|| missing("the layer is not read"))?;
        let image = self.image.as_ref().zip(self.reading.as_ref());
        let (image, reading) = image.ok_or_else(|| missing("the image is not read"))?;
        Ok(Layers {
            stack,
            offset,
            image,
            origin: &reading.source.origin,
            file: reading.source.file.as_ref(),
            tables: Some(&self.tables),
        })
    }
}

impl Content {
    /// Rows of the text, as far as they are shown.
    pub(crate) fn rows(&self, form: ContentForm, from: u32, count: u32) -> ContentRows {
        let range = |total: u32| from..from.saturating_add(count).min(total);
        let text = &self.text;
        match (form, &self.json) {
            (ContentForm::Json, Some(json)) => json.rows(range(json.folding.rows())),
            (ContentForm::Json, None) => ContentRows::default(),
            _ => ContentRows {
                total: text.lines(),
                rows: range(text.lines())
                    .map(|number| ContentLine {
                        number,
                        text: text.line(number).to_vec(),
                        opens: None,
                    })
                    .collect(),
            },
        }
    }

    /// The text in a form.
    pub(super) fn text(&self, form: ContentForm) -> Option<&Text> {
        match form {
            ContentForm::Json => self.json.as_ref().map(|json| &json.text),
            _ => Some(&self.text),
        }
    }

    /// Collapses or expands parts of the document; none where it is no JSON.
    pub(crate) fn fold(&mut self, fold: Fold) -> Option<Folded> {
        let folding = &mut self.json.as_mut()?.folding;
        folding.fold(fold);
        let row = match fold {
            Fold::Toggle(line) | Fold::Reveal(line) => folding.row_of(line),
            Fold::CollapseAll | Fold::ExpandAll => 0,
        };
        Some(Folded {
            total: folding.rows(),
            row,
        })
    }

    /// Bytes of the content.
    pub(crate) fn bytes(&self, from: u64, count: u32) -> Vec<u8> {
        let bytes = self.bytes.read(from, u64::from(count));
        bytes.map(|bytes| bytes.to_vec()).unwrap_or_default()
    }
}

impl Json {
    fn rows(&self, range: Range<u32>) -> ContentRows {
        let line = |row| {
            let number = self.folding.line_of(row);
            let opens = self.folding.opened_by(number);
            ContentLine {
                number,
                text: self.text.line(number).to_vec(),
                opens: opens.map(|(last, collapsed)| OpensLines {
                    last,
                    collapsed,
                    end: self.text.line(last).trim_ascii().to_vec(),
                }),
            }
        };
        ContentRows {
            total: self.folding.rows(),
            rows: range.map(line).collect(),
        }
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
