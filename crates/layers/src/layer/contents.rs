//! The content of several files, cut out of their layer's blob in one pass: pushed in, handed on, without I/O.

use super::reader::File;
use super::{EntryId, LayerError, LayerIndex, Problem};
use crate::compression::Decompressor;
use crate::memory::Memory;
use crate::tar::{self, Piece};

/// Reads the content of several files from a layer whose index is known.
pub struct ContentsReader {
    layer: usize,
    decompressor: Decompressor,
    reading: Contents,
    tar: tar::Decoder,
    /// Bytes of the tar that was decoded: another one may be without end.
    size: u64,
}

/// The files that are wanted, in the order of the tar.
pub(super) struct Contents {
    files: Vec<(EntryId, File)>,
    /// The one that is under way.
    here: Option<usize>,
}

impl ContentsReader {
    /// A reader of the contents of `entries`, regular files of layer `layer` (from 1, for errors).
    #[must_use]
    pub fn new(layer: usize, index: &LayerIndex, entries: &[EntryId]) -> Self {
        Self {
            layer,
            decompressor: Decompressor::of_layer(Memory::default()),
            reading: Contents::of(index, entries),
            tar: tar::Decoder::default(),
            size: index.size,
        }
    }

    /// Takes the next bytes of the blob, and gives `sink` what of the files is in them. The pieces of a file follow each
    /// other.
    ///
    /// # Errors
    /// The layer is damaged.
    pub fn push(
        &mut self,
        data: &[u8],
        sink: &mut dyn FnMut(EntryId, Piece<'_>),
    ) -> Result<(), LayerError> {
        let Self {
            layer,
            decompressor,
            reading,
            tar,
            size,
        } = self;
        decompressor
            .push(data, &mut |out| feed(tar, reading, *size, out, sink))
            .map_err(|error| error.of_layer(*layer))
    }

    /// There is no more of the blob.
    ///
    /// # Errors
    /// The blob ends too early, or a content is not the one that the index was made of.
    pub fn finish(mut self, sink: &mut dyn FnMut(EntryId, Piece<'_>)) -> Result<(), LayerError> {
        let Self {
            layer,
            decompressor,
            reading,
            tar,
            size,
        } = &mut self;
        decompressor
            .finish(&mut |out| feed(tar, reading, *size, out, sink))
            .map_err(|error| error.of_layer(*layer))?;
        let end = reading.end(sink);
        end.map_err(|problem| LayerError::at_tar(tar.offset(), problem).of_layer(*layer))
    }
}

impl Contents {
    pub(super) fn of(index: &LayerIndex, entries: &[EntryId]) -> Self {
        let mut entries = entries.to_vec();
        entries.sort_unstable();
        entries.dedup();
        let files = entries
            .into_iter()
            .map(|entry| (entry, File::of(index, entry)));
        Self {
            files: files.collect(),
            here: None,
        }
    }

    /// Reads more of the tar.
    pub(super) fn feed(
        &mut self,
        tar: &mut tar::Decoder,
        out: &[u8],
        sink: &mut dyn FnMut(EntryId, Piece<'_>),
    ) -> Result<(), LayerError> {
        let mut reading = Reading {
            contents: self,
            sink,
        };
        tar.push(out, &mut reading).map_err(LayerError::of_tar)
    }

    /// No more comes: hands on the hole that the last file may end with, and checks all.
    pub(super) fn end(&mut self, sink: &mut dyn FnMut(EntryId, Piece<'_>)) -> Result<(), Problem> {
        for (entry, mut file) in std::mem::take(&mut self.files) {
            file.end(&mut |piece| sink(entry, piece));
            if !file.was_whole() {
                return Err(Problem::OtherContent);
            }
        }
        Ok(())
    }
}

fn feed(
    tar: &mut tar::Decoder,
    contents: &mut Contents,
    size: u64,
    out: &[u8],
    sink: &mut dyn FnMut(EntryId, Piece<'_>),
) -> Result<(), LayerError> {
    if tar.offset().saturating_add(out.len() as u64) > size {
        return Err(LayerError::at_tar(size, Problem::OtherContent));
    }
    contents.feed(tar, out, sink)
}

/// Hands on the contents that are wanted.
struct Reading<'r> {
    contents: &'r mut Contents,
    sink: &'r mut dyn FnMut(EntryId, Piece<'_>),
}

impl tar::Visitor for Reading<'_> {
    type Problem = Problem;

    fn entry(&mut self, entry: &tar::Entry) -> Result<(), Problem> {
        let files = &self.contents.files;
        let at = files.binary_search_by_key(&entry.start, |(_, file)| file.start);
        self.contents.here = at.ok();
        Ok(())
    }

    fn content(&mut self, piece: Piece<'_>) {
        let here = self.contents.here;
        let file = here.and_then(|here| self.contents.files.get_mut(here));
        if let Some((entry, file)) = file {
            file.take(piece);
            (self.sink)(*entry, piece);
        }
    }
}
