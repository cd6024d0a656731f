//! Contents of files, cut out of the blobs of their layers: from parts that are proved to be theirs, else from the whole,
//! which is read to its end and verified. Of a layer that was not read, from the parts that its table of contents names.

use std::io;
use std::sync::Arc;

use onionskin_core::digest::{Algorithm, Digest, Hasher};
use onionskin_core::layer::table::TableOfContents;
use onionskin_core::layer::{
    BlobPart, Checkpoints, ContentsReader, EntryId, EntryKind, LayerError, LayerIndex, Piece,
};
use onionskin_core::source::{Image, Source};
use onionskin_core::stack::Stack;
use web_sys::Blob;

use super::resumed::Resumed;
use crate::counts::number;
use crate::format;
use crate::worker::checkpoints;
use crate::worker::decode;
use crate::worker::file::BlobWriter;
use crate::worker::origin::{Job, Origin, ReadMode};
use crate::worker::protocol::{LARGEST_FILE, UserError};
use crate::worker::tables::Tables;

/// Requests in a row for the rest of a part without a byte, after which the whole is read.
const FRUITLESS: usize = 2;
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
    /// Of the layers that were not read.
    pub(crate) tables: Option<&'a Tables>,
}

/// A layer with its index.
pub(crate) struct StoredLayer {
    pub(super) job: Job,
    file: Option<Blob>,
    pub(crate) index: Arc<LayerIndex>,
    /// What lists the layer, if it was not read.
    table: Option<Arc<TableOfContents>>,
}

/// What is read of a layer's blob for the contents of entries.
pub(crate) struct Plan<'s> {
    pub(super) stored: &'s StoredLayer,
    pub(super) entries: Vec<EntryId>,
    parts: Parts,
}

/// Which parts of the blob are read.
enum Parts {
    /// All of it.
    Whole,
    /// From checkpoints on.
    Points(Checkpoints, Vec<BlobPart>),
    /// Those of the files, as the table names them.
    Listed(Arc<TableOfContents>),
}

/// Is told the bytes of the blob that came, and of how many, and ends the reading by an error.
pub(crate) type Hear<'h> = &'h mut dyn FnMut(u64, u64) -> Result<(), UserError>;

/// The file that is asked for.
pub(crate) struct Wanted {
    pub(crate) stored: StoredLayer,
    pub(crate) entry: EntryId,
    /// The layer that the path is of, which may link to a file of a lower one.
    pub(crate) version: u32,
}

fn missing(detail: &str) -> UserError {
    UserError::of_content(detail)
}

pub(super) fn of_file(error: &io::Error) -> UserError {
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
        if stored.index.logical_size(entry) > LARGEST_FILE {
            let most = format::size(LARGEST_FILE);
            return Err(missing(&format!("it is larger than {most}")));
        }
        Ok(Wanted {
            stored,
            entry,
            version: number(version.layer + self.offset),
        })
    }

    /// A layer of the stack, from 1.
    pub(crate) fn stored(&self, layer: usize) -> Result<StoredLayer, UserError> {
        let unread = || missing("the layer is not read");
        let index = layer
            .checked_sub(1)
            .and_then(|below| self.stack.layers().get(below))
            .ok_or_else(unread)?;
        let at = layer + self.offset;
        let shown = number(at);
        let mut layers = self.image.layers.iter();
        let layer = layers.find(|layer| layer.number == at);
        Ok(StoredLayer {
            job: Job {
                layer: layer.ok_or_else(unread)?.clone(),
                origin: self.origin.clone(),
                how: ReadMode::Whole,
            },
            file: self.file.cloned(),
            index: Arc::clone(index),
            table: (self.tables).and_then(|tables| tables.of(shown)).cloned(),
        })
    }
}

impl StoredLayer {
    /// The number of the layer in its image.
    pub(crate) fn number(&self) -> u32 {
        number(self.job.layer.number)
    }

    /// Bytes of the blob.
    fn size(&self) -> u64 {
        let known = self.job.layer.compressed_size;
        known.unwrap_or(self.index.blob_size)
    }

    /// What has to be read for the contents of these entries.
    pub(crate) async fn plan(&self, mut entries: Vec<EntryId>) -> Plan<'_> {
        if let Some(table) = &self.table {
            entries.sort_unstable();
            return Plan {
                stored: self,
                entries,
                parts: Parts::Listed(Arc::clone(table)),
            };
        }
        let earlier = self.job.may_be_kept() && self.job.kept_as().is_some();
        let checkpoints = checkpoints::of(&self.index.digest, earlier).await;
        let parts = checkpoints.and_then(|checkpoints| {
            let parts = checkpoints.parts(&self.index, &entries);
            let whole = 0..self.index.blob_size;
            let is_less = !parts.is_empty() && parts.iter().all(|part| part.blob != whole);
            is_less.then_some(Parts::Points(checkpoints, parts))
        });
        Plan {
            stored: self,
            entries,
            parts: parts.unwrap_or(Parts::Whole),
        }
    }

    pub(super) fn problem(&self, error: &LayerError) -> UserError {
        UserError::of_layer(self.number(), error)
    }
}

impl Plan<'_> {
    /// Bytes of the blob that are read.
    pub(crate) fn size(&self) -> u64 {
        match &self.parts {
            Parts::Whole => self.stored.size(),
            Parts::Points(_, parts) => {
                let lengths = parts.iter().map(|part| part.blob.end - part.blob.start);
                lengths.sum()
            }
            Parts::Listed(table) => self.listed_size(table),
        }
    }

    /// Gives `sink` the contents of the entries. What it got is verified once this returns.
    pub(crate) async fn read(
        &self,
        hear: Hear<'_>,
        sink: &mut dyn FnMut(EntryId, Piece<'_>) -> io::Result<()>,
    ) -> Result<(), UserError> {
        let source = decode::source(&self.stored.job, self.stored.file.as_ref())?;
        let mut sink = Resumed::new(sink);
        if let Parts::Listed(table) = &self.parts {
            return self.read_listed(table, &source, hear, &mut sink).await;
        }
        if !self.read_parts(&source, hear, &mut sink).await? {
            sink.begin_anew();
            self.read_whole(&source, hear, &mut sink).await?;
        }
        Ok(())
    }

    /// Reads the parts. False where the whole has to be read: there are no checkpoints, or the source gives no parts.
    async fn read_parts(
        &self,
        source: &Source,
        hear: Hear<'_>,
        sink: &mut Resumed<'_>,
    ) -> Result<bool, UserError> {
        let Parts::Points(checkpoints, parts) = &self.parts else {
            return Ok(false);
        };
        let (layer, index) = (&self.stored.job.layer, &self.stored.index);
        let (mut received, whole) = (0, self.size());
        for part in parts {
            let Some(mut reader) = checkpoints.reader(layer.number, index, part) else {
                return Ok(false);
            };
            let mut fruitless = 0;
            while !reader.rest().is_empty() {
                let rest = source.layer_part(layer, reader.rest(), index.blob_size);
                let Some(mut bytes) = rest.await else {
                    return Ok(false);
                };
                fruitless += 1;
                // Where it breaks off, the rest is asked for.
                while let Ok(Some(chunk)) = bytes.next_chunk().await {
                    fruitless = 0;
                    received += chunk.len() as u64;
                    hear(received, whole)?;
                    let pushed = reader.push(&chunk, &mut |entry, piece| sink.take(entry, piece));
                    pushed.map_err(|error| self.stored.problem(&error))?;
                    sink.failed().map_err(|error| of_file(&error))?;
                }
                if fruitless > FRUITLESS {
                    return Ok(false);
                }
            }
            let finished = reader.finish(&mut |entry, piece| sink.take(entry, piece));
            finished.map_err(|error| self.stored.problem(&error))?;
            sink.failed().map_err(|error| of_file(&error))?;
        }
        Ok(true)
    }

    /// Reads the layer to its end.
    async fn read_whole(
        &self,
        source: &Source,
        hear: Hear<'_>,
        sink: &mut Resumed<'_>,
    ) -> Result<(), UserError> {
        let StoredLayer { job, index, .. } = self.stored;
        let blob = source.layer(&job.layer).await;
        let blob = blob.map_err(|error| job.problem(&error))?;
        let mut blob = blob.verified(index.digest.clone());
        let mut reader = ContentsReader::new(job.layer.number, index, &self.entries);
        let (mut received, whole) = (0, self.stored.size());
        loop {
            let chunk = blob.next_chunk().await;
            let Some(chunk) = chunk.map_err(|error| job.problem(&error))? else {
                break;
            };
            received += chunk.len() as u64;
            hear(received, whole)?;
            let pushed = reader.push(&chunk, &mut |entry, piece| sink.take(entry, piece));
            pushed.map_err(|error| self.stored.problem(&error))?;
            sink.failed().map_err(|error| of_file(&error))?;
        }
        let finished = reader.finish(&mut |entry, piece| sink.take(entry, piece));
        finished.map_err(|error| self.stored.problem(&error))?;
        sink.failed().map_err(|error| of_file(&error))
    }

    /// Reads the content of one entry; see [`Self::read`].
    pub(crate) async fn read_one(&self, hear: Hear<'_>) -> Result<BlobWriter, UserError> {
        let mut kept = BlobWriter::new().map_err(|error| of_file(&error))?;
        self.read_to(hear, &mut kept).await?;
        Ok(kept)
    }

    /// The same, with the SHA-256 digest of the content.
    pub(crate) async fn read_hashed(
        &self,
        hear: Hear<'_>,
    ) -> Result<(BlobWriter, Digest), UserError> {
        let mut hashed = Hashed {
            to: BlobWriter::new().map_err(|error| of_file(&error))?,
            hasher: Hasher::new(Algorithm::Sha256),
        };
        self.read_to(hear, &mut hashed).await?;
        Ok((hashed.to, hashed.hasher.finish()))
    }

    async fn read_to(&self, hear: Hear<'_>, to: &mut impl io::Write) -> Result<(), UserError> {
        let mut sink = |_, piece: Piece<'_>| write(to, piece);
        self.read(hear, &mut sink).await?;
        to.flush().map_err(|error| of_file(&error))
    }
}

/// Hashes what is written.
struct Hashed<W> {
    to: W,
    hasher: Hasher,
}

impl<W: io::Write> io::Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

impl Wanted {
    /// Bytes of the content, holes among them.
    pub(crate) fn size(&self) -> u64 {
        self.stored.index.logical_size(self.entry)
    }

    /// What has to be read for the content.
    pub(crate) async fn plan(&self) -> Plan<'_> {
        self.stored.plan(vec![self.entry]).await
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
