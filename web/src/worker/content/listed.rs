//! Contents of files of a layer that was not read: each from the part of the blob that its table of contents names, and only
//! with the digest that the table has for it.

use std::ops::Range;

use onionskin_core::layer::table::{ListedReader, TableOfContents};
use onionskin_core::layer::{Budget, EntryId};
use onionskin_core::source::{LISTED_FILES, Source};

use super::read::{Hear, Plan, of_file};
use super::resumed::Resumed;
use crate::worker::protocol::UserError;

impl Plan<'_> {
    /// Those of the entries that have bytes.
    fn with_bytes<'t>(
        &'t self,
        table: &'t TableOfContents,
    ) -> impl Iterator<Item = EntryId> + use<'t> {
        let entries = self.entries.iter().copied();
        entries.filter(|entry| table.index().size(*entry) > 0)
    }

    /// Bytes of the parts of all files.
    pub(super) fn listed_size(&self, table: &TableOfContents) -> u64 {
        let number = self.stored.job.layer.number;
        let readers = self.with_bytes(table);
        let readers = readers.filter_map(|entry| table.reader(number, entry));
        readers.map(|reader| length(&reader.part())).sum()
    }

    /// Reads the files one by one.
    pub(super) async fn read_listed(
        &self,
        table: &TableOfContents,
        source: &Source,
        hear: Hear<'_>,
        sink: &mut Resumed<'_>,
    ) -> Result<(), UserError> {
        let (layer, shown) = (&self.stored.job.layer, self.stored.number());
        let unread = || UserError::of_unread(shown);
        if self.with_bytes(table).count() > LISTED_FILES {
            return Err(unread());
        }
        let (mut received, whole) = (0, self.listed_size(table));
        let budget = Budget::default();
        for entry in self.with_bytes(table) {
            let mut reader: ListedReader = table.reader(layer.number, entry).ok_or_else(unread)?;
            let part = reader.part();
            budget
                .unpacks(layer.number, reader.unpacked(), length(&part))
                .map_err(|error| self.stored.problem(&error))?;
            let bytes = source.layer_part(layer, part, table.index().blob_size);
            let mut bytes = bytes.await.ok_or_else(unread)?;
            loop {
                let chunk = bytes.next_chunk().await;
                let Some(chunk) = chunk.map_err(|error| self.stored.job.problem(&error))? else {
                    break;
                };
                received += chunk.len() as u64;
                hear(received, whole)?;
                let pushed = reader.push(&chunk, &mut |piece| sink.take(entry, piece));
                pushed.map_err(|error| self.stored.problem(&error))?;
                sink.failed().map_err(|error| of_file(&error))?;
            }
            let finished = reader.finish(&mut |piece| sink.take(entry, piece));
            finished.map_err(|error| self.stored.problem(&error))?;
            sink.failed().map_err(|error| of_file(&error))?;
        }
        Ok(())
    }
}

fn length(part: &Range<u64>) -> u64 {
    part.end.saturating_sub(part.start)
}
