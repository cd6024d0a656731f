//! Contents of files, cut out of the blobs of their layers, which are read to their ends and verified.

use std::io::{self, Write as _};
use std::sync::Arc;

use onionskin_core::layer::{ContentsReader, EntryId, EntryKind, LayerIndex, Piece};
use onionskin_core::source::Image;
use onionskin_core::stack::Stack;
use web_sys::Blob;

use crate::worker::decode::{self, Job, Missing, Origin};
use crate::worker::file::Kept;
use crate::worker::listing::number;
use crate::worker::protocol::UserError;

/// Bytes of a file that is read; holes of sparse ones count.
const LARGEST: u64 = 4 << 30;
/// Zeros written at a time where a file has a hole.
static ZEROS: [u8; 1 << 16] = [0; 1 << 16];

/// Layers that are read, and where their blobs are.
#[derive(Clone, Copy)]
pub(crate) struct Layers<'a> {
    pub(crate) stack: &'a Stack,
    /// How much higher its layers are numbered in the image.
    pub(crate) offset: usize,
    pub(crate) image: &'a Image,
    pub(crate) origin: &'a Origin,
    pub(crate) file: Option<&'a Blob>,
}

/// A layer with its index.
pub(crate) struct Stored {
    job: Job,
    file: Option<Blob>,
    pub(crate) index: Arc<LayerIndex>,
}

/// The file that is asked for.
pub(crate) struct Wanted {
    pub(crate) stored: Stored,
    pub(crate) entry: EntryId,
    /// The layer that the path is of, which may link to a file of a lower one.
    pub(crate) version: u32,
}

fn missing(detail: &str) -> UserError {
    UserError::of_content(detail)
}

fn of_file(error: &io::Error) -> UserError {
    UserError::of_file(&error.to_string())
}

impl Layers<'_> {
    /// Where the content of a path is stored that is there at a layer, or was before it was deleted.
    pub(crate) fn wanted(&self, path: &[u8], layer: u32) -> Result<Wanted, UserError> {
        let stack = self.stack;
        let at = (layer as usize).saturating_sub(self.offset);
        let named = stack.find(path).and_then(|node| stack.last(node, at));
        let version = match named.filter(|version| stack.stored_by(*version).is_some()) {
            Some(version) => Some(version),
            None => stack
                .resolve(path, at)
                .ok()
                .and_then(|node| stack.last(node, at)),
        };
        let version = version.ok_or_else(|| missing("no layer has this path"))?;
        let (stored_in, entry) = stack
            .stored_by(version)
            .ok_or_else(|| missing("it is a folder"))?;
        let stored = self.stored(stored_in)?;
        if stored.index.kind(entry) != EntryKind::File {
            // A symbolic link leads to its file.
            let target = stack.resolve(path, at).ok().map(|node| stack.path(node));
            return match target.filter(|target| target != path) {
                Some(target) => self.wanted(&target, layer),
                None => Err(missing("it is not a file")),
            };
        }
        if stored.index.logical_size(entry) > LARGEST {
            return Err(missing("it is larger than 4 GB"));
        }
        Ok(Wanted {
            stored,
            entry,
            version: number(version.layer + self.offset),
        })
    }

    /// A layer of the stack, from 1.
    pub(crate) fn stored(&self, layer: usize) -> Result<Stored, UserError> {
        let unread = || missing("the layer is not read");
        let index = layer
            .checked_sub(1)
            .and_then(|below| self.stack.layers().get(below))
            .ok_or_else(unread)?;
        let number = layer + self.offset;
        let mut layers = self.image.layers.iter();
        let layer = layers.find(|layer| layer.number == number);
        Ok(Stored {
            job: Job {
                layer: layer.ok_or_else(unread)?.clone(),
                origin: self.origin.clone(),
            },
            file: self.file.cloned(),
            index: Arc::clone(index),
        })
    }
}

impl Stored {
    /// The number of the layer in its image.
    pub(crate) fn number(&self) -> u32 {
        number(self.job.layer.number)
    }

    /// Bytes of the blob.
    pub(crate) fn size(&self) -> u64 {
        self.job
            .layer
            .compressed_size
            .unwrap_or(self.index.blob_size)
    }

    /// Reads the layer to its end, and gives `sink` the contents of entries. `hear` is told the bytes of the blob that came,
    /// and ends the reading by an error. What `sink` got is verified once this returns.
    pub(crate) async fn contents(
        &self,
        entries: &[EntryId],
        hear: &mut dyn FnMut(u64) -> Result<(), UserError>,
        sink: &mut dyn FnMut(EntryId, Piece<'_>) -> io::Result<()>,
    ) -> Result<(), UserError> {
        let shown = self.number();
        let opened = decode::stream(&self.job, self.file.as_ref()).await;
        let blob = opened.map_err(|missing| match missing {
            Missing::Failed(problem) => problem,
            Missing::NotFetched(_) => UserError::of_worker(shown),
        })?;
        let mut blob = blob.verified(self.index.digest.clone());
        let mut reader = ContentsReader::new(self.job.layer.number, &self.index, entries);
        let mut failed = Ok(());
        let mut take = |entry: EntryId, piece: Piece<'_>, failed: &mut io::Result<()>| {
            if failed.is_ok() {
                *failed = sink(entry, piece);
            }
        };
        let mut received = 0;
        loop {
            let chunk = blob.next_chunk().await;
            let Some(chunk) = chunk.map_err(|error| self.job.problem(&error))? else {
                break;
            };
            received += chunk.len() as u64;
            hear(received)?;
            reader
                .push(&chunk, &mut |entry, piece| take(entry, piece, &mut failed))
                .map_err(|error| UserError::of_layer(shown, &error))?;
            std::mem::replace(&mut failed, Ok(())).map_err(|error| of_file(&error))?;
        }
        reader
            .finish(&mut |entry, piece| take(entry, piece, &mut failed))
            .map_err(|error| UserError::of_layer(shown, &error))?;
        failed.map_err(|error| of_file(&error))
    }
}

impl Wanted {
    /// Bytes of the content, holes among them.
    pub(crate) fn size(&self) -> u64 {
        self.stored.index.logical_size(self.entry)
    }

    /// Reads the content; see [`Stored::contents`].
    pub(crate) async fn read(
        &self,
        hear: &mut dyn FnMut(u64) -> Result<(), UserError>,
    ) -> Result<Kept, UserError> {
        let mut kept = Kept::new().map_err(|error| of_file(&error))?;
        let mut sink = |_, piece: Piece<'_>| write(&mut kept, piece);
        self.stored.contents(&[self.entry], hear, &mut sink).await?;
        kept.flush().map_err(|error| of_file(&error))?;
        Ok(kept)
    }
}

/// Writes a piece of a content; a hole as zeros.
pub(crate) fn write(to: &mut impl io::Write, piece: Piece<'_>) -> io::Result<()> {
    match piece {
        Piece::Bytes(bytes) => to.write_all(bytes),
        Piece::Hole(length) => {
            let mut left = length;
            while left > 0 {
                let now = usize::try_from(left).map_or(ZEROS.len(), |left| left.min(ZEROS.len()));
                to.write_all(ZEROS.get(..now).unwrap_or_default())?;
                left -= now as u64;
            }
            Ok(())
        }
    }
}
