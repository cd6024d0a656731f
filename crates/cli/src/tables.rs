//! Layers whose table of contents is enough: what is listed of them, and files that are read without the rest.
//!
//! A table is used where the layer's index is not in the cache. It is never kept there: what it lists is not what the layer has
//! until the layer is read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::bail;
use onionskin_core::digest::Digest;
use onionskin_core::layer::table::TableOfContents;
use onionskin_core::layer::{Budget, EntryId, LayerIndex, MemoryBudget, Piece};
use onionskin_core::report::text;
use onionskin_core::source::{LISTED_FILES, Layer, Source};

use crate::limits::limit_error;
use crate::memory;
use crate::output::note;

/// Differences that an error names.
const NAMED: usize = 5;

/// Whether tables of contents are used.
#[derive(clap::Args)]
pub(crate) struct TableArguments {
    /// Read all layers, and compare them with their tables of contents
    ///
    /// Without this flag, layers of a registry that have a table of contents (eStargz, zstd:chunked, SOCI) are not
    /// downloaded, only their tables, which the image names by digest. If a layer and its table differ, the command
    /// fails and names the paths.
    #[arg(long)]
    verify: bool,
}

/// The tables of an image's layers.
#[derive(Default)]
pub(crate) struct Tables {
    mode: AtomicU8,
    /// Those that were used, by the digest of the blob.
    used: Mutex<BTreeMap<Digest, Arc<TableOfContents>>>,
}

const OFF: u8 = 0;
const USE: u8 = 1;
const VERIFY: u8 = 2;

/// The layer is known only by its table, which does not tell enough to read what is wanted.
#[derive(Debug, thiserror::Error)]
#[error("the layer has to be read as a whole")]
pub(crate) struct Unread;

/// The tables, and where the layers are that have them.
#[derive(Clone, Copy)]
pub(crate) struct TablesOf<'t> {
    tables: &'t Tables,
    source: &'t Source,
}

/// A table that was used.
pub(crate) struct Table(Arc<TableOfContents>);

impl Tables {
    /// Uses tables, if they are `enough` for what is wanted; or compares them, if the user wants that.
    pub(crate) fn turn(&self, arguments: &TableArguments, enough: bool) {
        let mode = match (arguments.verify, enough) {
            (true, _) => VERIFY,
            (false, true) => USE,
            (false, false) => OFF,
        };
        self.mode.store(mode, Ordering::Relaxed);
    }

    /// Whether they are used or compared.
    pub(crate) fn are_wanted(&self) -> bool {
        self.mode.load(Ordering::Relaxed) != OFF
    }

    /// Uses no tables from here on.
    pub(crate) fn turn_off(&self) {
        self.mode.store(OFF, Ordering::Relaxed);
        self.used().clear();
    }

    /// Those of the layers of `source`, if they are used.
    pub(crate) fn using<'t>(&'t self, source: &'t Source) -> Option<TablesOf<'t>> {
        let is_on = self.mode.load(Ordering::Relaxed) == USE;
        is_on.then_some(TablesOf {
            tables: self,
            source,
        })
    }

    /// The table by which the layer with this blob is known, if that is all.
    pub(crate) fn of(&self, blob: &Digest) -> Option<Table> {
        self.used().get(blob).cloned().map(Table)
    }

    /// Says which of an image's layers were not read.
    pub(crate) fn note(&self, layers: &[Layer]) {
        let used = self.used();
        let is_used = |layer: &&Layer| {
            let blob = layer.digest.as_ref();
            blob.is_some_and(|blob| used.contains_key(blob))
        };
        let numbers: Vec<String> = layers
            .iter()
            .filter(is_used)
            .map(|layer| layer.number.to_string())
            .collect();
        if let Some((last, others)) = numbers.split_last() {
            let layers = match others {
                [] => format!("layer {last} is"),
                others => format!("layers {} and {last} are", others.join(", ")),
            };
            note(format_args!(
                "{layers} listed from the table of contents; --verify reads the layers"
            ));
        }
    }

    fn used(&self) -> MutexGuard<'_, BTreeMap<Digest, Arc<TableOfContents>>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// If the user wants that, compares layers that were read with their tables.
    ///
    /// # Errors
    /// A table lists something else than its layer has, or cannot be used.
    pub(crate) async fn check(
        &self,
        read: &[(&Layer, &LayerIndex)],
        source: &Source,
    ) -> anyhow::Result<()> {
        if self.mode.load(Ordering::Relaxed) != VERIFY {
            return Ok(());
        }
        for (layer, index) in read {
            if let Some(difference) = difference(layer, index, source).await {
                bail!(difference);
            }
        }
        Ok(())
    }
}

/// What the table of a layer that was read says otherwise, in words; None where nothing, or where there is no table.
pub(crate) async fn difference(
    layer: &Layer,
    index: &LayerIndex,
    source: &Source,
) -> Option<String> {
    let memory = memory::budget();
    let number = layer.number;
    let table = match source.table(layer, &memory).await? {
        Ok(table) => table,
        Err(error) => {
            return Some(format!(
                "layer {number} cannot be compared with its table of contents: {error}"
            ));
        }
    };
    let differences = table.differences(index);
    if differences.is_empty() {
        return None;
    }
    let mut said = format!(
        "layer {number} and its table of contents differ, so runtimes that use the table see other files"
    );
    for (at, difference) in differences.iter().take(NAMED).enumerate() {
        let before = if at == 0 { ":" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(
            said,
            "{before} {} {}",
            text(&difference.path),
            difference.what
        );
    }
    let more = differences.len().saturating_sub(NAMED);
    if more > 0 {
        let _ = write!(said, ", and {more} more");
    }
    Some(said)
}

impl TablesOf<'_> {
    /// What the table of a layer lists; None where the layer has to be read.
    pub(crate) async fn list(
        self,
        layer: &Layer,
        memory: &MemoryBudget,
    ) -> Option<Arc<LayerIndex>> {
        if !layer.is_listable() {
            return None;
        }
        match self.source.table(layer, memory).await? {
            Ok(table) => {
                let index = Arc::clone(table.index());
                let blob = index.digest.clone();
                self.tables.used().insert(blob, Arc::new(table));
                Some(index)
            }
            Err(error) => {
                note(format_args!(
                    "layer {} is read, as its table of contents cannot be used: {error}",
                    layer.number
                ));
                None
            }
        }
    }
}

impl Table {
    /// Reads files of the layer, each from its part of the blob, and gives `sink` what is in them.
    ///
    /// # Errors
    /// A file is not the one that the table names; or [`Unread`].
    pub(crate) async fn read(
        &self,
        layer: &Layer,
        source: &Source,
        budget: &Budget,
        entries: &[EntryId],
        sink: &mut (dyn FnMut(EntryId, Piece<'_>) + Send),
    ) -> anyhow::Result<()> {
        let Self(table) = self;
        let with_bytes: Vec<EntryId> = entries
            .iter()
            .copied()
            .filter(|entry| table.index().size(*entry) > 0)
            .collect();
        if with_bytes.len() > LISTED_FILES {
            return Err(Unread.into());
        }
        for entry in with_bytes {
            let mut reader = table.reader(layer.number, entry).ok_or(Unread)?;
            let (range, size) = (reader.part(), table.index().blob_size);
            budget
                .unpacks(layer.number, reader.unpacked(), range.end - range.start)
                .map_err(limit_error)?;
            let part = source.layer_part(layer, range, size).await;
            let mut part = part.ok_or(Unread)?;
            while let Some(chunk) = part.next_chunk().await.map_err(|_| Unread)? {
                reader.push(&chunk, &mut |piece| sink(entry, piece))?;
            }
            reader.finish(&mut |piece| sink(entry, piece))?;
        }
        Ok(())
    }
}
