//! What the page asks of the content that was read last.

use crate::worker::image_worker::ImageWorker;
use crate::worker::protocol::{
    Answers, ContentBytes, ContentLines, ContentProgress, ContentRows, FoldLines, Folded,
    StopContent,
};

impl Answers<StopContent> for ImageWorker {
    fn answer(&mut self, _: StopContent) {
        self.stop_reading();
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
        let content = self.content.as_ref();
        content.map_or_else(ContentRows::default, |content| {
            content.rows(form, from, count)
        })
    }
}

impl Answers<FoldLines> for ImageWorker {
    fn answer(&mut self, FoldLines(fold): FoldLines) -> Option<Folded> {
        self.content.as_mut()?.fold(fold)
    }
}

impl Answers<ContentBytes> for ImageWorker {
    fn answer(&mut self, ContentBytes { from, count }: ContentBytes) -> Vec<u8> {
        let content = self.content.as_ref();
        content.map_or_else(Vec::new, |content| content.bytes(from, count))
    }
}
