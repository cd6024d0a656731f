//! The content of a file that is looked at: its bytes, its text, a JSON document by its lines, and addresses of it.

use std::ops::Range;

use js_sys::Array;
use onionskin_core::contents;
use onionskin_highlight::Language;
use web_sys::{Blob, BlobPropertyBag, Url};

use super::folding::Folding;
use super::text::{START, Text, image_type, is_text, pretty};
use crate::worker::file::{BlobWriter, InPlace};
use crate::worker::protocol::{
    ContentFacts, ContentForm, ContentLine, ContentRows, Fold, Folded, LONGEST_TEXT, OpensLines,
    UserError,
};

/// What is kept of the file that is looked at.
pub(crate) struct Content {
    pub(super) bytes: InPlace,
    text: Text,
    json: Option<Json>,
    pub(super) parts: Option<contents::ContentsForm>,
    urls: Vec<String>,
}

/// A JSON document with a line for each value.
struct Json {
    text: Text,
    folding: Folding,
}

/// What was read.
pub(crate) struct ContentOrigin {
    /// As it was asked for.
    pub(crate) path: Vec<u8>,
    pub(crate) digest: String,
    /// The layer that stores it.
    pub(crate) stored_in: u32,
}

impl Content {
    /// Opens what was read and verified, and tells what it is.
    pub(super) fn open(
        kept: BlobWriter,
        of: ContentOrigin,
    ) -> Result<(Self, ContentFacts), UserError> {
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
        let parts = contents::ContentsForm::of(&start, &path);
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
        let content = Self {
            bytes,
            text,
            json,
            parts,
            urls,
        };
        Ok((content, facts))
    }

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
    pub(crate) fn text(&self, form: ContentForm) -> Option<&Text> {
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
