//! What the page asks of the content that was read last.

use crate::worker::content::text::shown;
use crate::worker::image_worker::ImageWorker;
use crate::worker::protocol::{
    ContentBytes, ContentLines, ContentProgress, ContentRows, FoldLines, Folded, StopContent,
    TextLines, TextOf,
};
use crate::worker::requests::Answers;

impl Answers<StopContent> for ImageWorker {
    fn answer(&mut self, _: StopContent) {
        self.reader.stop();
        self.reader.content = None;
        self.reader.difference = None;
    }
}

impl Answers<ContentProgress> for ImageWorker {
    fn answer(&mut self, _: ContentProgress) -> Option<(u64, u64)> {
        self.reader.progress
    }
}

impl Answers<ContentLines> for ImageWorker {
    fn answer(&mut self, asked: ContentLines) -> ContentRows {
        let ContentLines { form, from, count } = asked;
        let content = self.reader.content.as_ref();
        content.map_or_else(ContentRows::default, |content| {
            content.rows(form, from, count)
        })
    }
}

impl Answers<TextLines> for ImageWorker {
    fn answer(&mut self, TextLines { of, from }: TextLines) -> Vec<Option<String>> {
        let reader = &self.reader;
        match of {
            TextOf::Content(form) => {
                let text = reader
                    .content
                    .as_ref()
                    .and_then(|content| content.text(form));
                let lines = text.map(|text| (from..text.lines()).map(|line| text.uncut(line)));
                lines.map(shown).unwrap_or_default()
            }
            TextOf::Version(side) => {
                let lines = reader
                    .difference
                    .as_ref()
                    .map(|both| both.lines(side, from));
                lines.map(shown).unwrap_or_default()
            }
        }
    }
}

impl Answers<FoldLines> for ImageWorker {
    fn answer(&mut self, FoldLines(fold): FoldLines) -> Option<Folded> {
        self.reader.content.as_mut()?.fold(fold)
    }
}

impl Answers<ContentBytes> for ImageWorker {
    fn answer(&mut self, ContentBytes { from, count }: ContentBytes) -> Vec<u8> {
        let content = self.reader.content.as_ref();
        content.map_or_else(Vec::new, |content| content.bytes(from, count))
    }
}
