//! Writing a saved analysis.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use super::{Documents, HEAD, IndexLocation, MARK, ROW, VERSION};
use crate::cache::FORMAT;
use crate::digest::{Algorithm, Hasher};
use crate::layer::LayerIndex;
use crate::source::{Image, NotFetched};

/// What is known of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnalyzedLayer {
    /// Its index. Layers of the same blob share one.
    Read(Arc<LayerIndex>),
    /// It was not available, for this reason.
    NotFetched(NotFetched),
}

/// Gives the file's bytes to `out`, piece by piece; `layers` are those of the image, base first. Of large images no more
/// than the index of one layer is held beside them.
///
/// # Errors
/// Those of `out`, and the image's documents cannot be written as JSON.
pub fn write(
    image: &Image,
    layers: &[AnalyzedLayer],
    mut out: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let (indexes, places) = sections(layers);
    let documents = serde_json::to_vec(&Documents {
        generator: concat!("onionskin ", env!("CARGO_PKG_VERSION")).to_owned(),
        image: Cow::Owned(image.clone().without_contents()),
        layers: places,
    })?;
    let mut table = Vec::with_capacity(ROW * (indexes.len() + 1));
    add_row(&mut table, &documents);
    for index in &indexes {
        add_row(&mut table, &index.to_bytes());
    }
    out(&head(&table))?;
    out(&table)?;
    out(&documents)?;
    // They are made twice, as all of them at once may be large.
    indexes.iter().try_for_each(|index| out(&index.to_bytes()))
}

/// The indexes, each once, and where that of each layer will be.
fn sections(layers: &[AnalyzedLayer]) -> (Vec<&Arc<LayerIndex>>, Vec<IndexLocation>) {
    let mut indexes: Vec<&Arc<LayerIndex>> = Vec::new();
    let place = |layer| match layer {
        &AnalyzedLayer::NotFetched(reason) => IndexLocation::NotFetched(reason),
        AnalyzedLayer::Read(index) => {
            let known = indexes.iter().position(|known| Arc::ptr_eq(known, index));
            let at = known.unwrap_or_else(|| {
                indexes.push(index);
                indexes.len() - 1
            });
            IndexLocation::Section(at + 1)
        }
    };
    let places = layers.iter().map(place).collect();
    (indexes, places)
}

fn add_row(table: &mut Vec<u8>, section: &[u8]) {
    table.extend_from_slice(&(section.len() as u64).to_le_bytes());
    table.extend_from_slice(&sha256([section]));
}

fn head(table: &[u8]) -> Vec<u8> {
    let sections = (table.len() / ROW) as u32;
    let mut head = Vec::with_capacity(HEAD);
    head.extend_from_slice(&MARK);
    for number in [VERSION, FORMAT, sections] {
        head.extend_from_slice(&number.to_le_bytes());
    }
    let digest = sha256([&head, table]);
    head.extend_from_slice(&digest);
    head
}

/// The bytes of a SHA-256.
pub(super) fn sha256<const N: usize>(parts: [&[u8]; N]) -> Vec<u8> {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    parts.iter().for_each(|part| hasher.update(part));
    let digest = hasher.finish();
    let pairs = digest.hex().as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.filter_map(byte).collect()
}
