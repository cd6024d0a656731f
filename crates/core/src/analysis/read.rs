//! Reading a saved analysis: of its bytes only those that are asked for.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::write::sha256;
use super::{
    AnalysisError, AnalysisPart, DIGEST, Documents, HEAD, IndexLocation, MARK, ROW, VERSION,
};
use crate::cache::FORMAT;
use crate::layer::{Budget, Expected, LayerIndex};
use crate::limits::{ANALYSIS_BLOB, ANALYSIS_DOCUMENTS, IMAGE_LAYERS};
use crate::source::archive::ReadAt;
use crate::source::{Image, Layer};

/// Bytes that are read first: the head, and the table of most images.
const START: usize = 4096;

/// A saved analysis whose image is read, and whose layers can be.
#[derive(Clone)]
pub struct Analysis {
    file: Arc<dyn ReadAt>,
    sections: Vec<Section>,
    places: Vec<IndexLocation>,
    image: Image,
    generator: String,
}

#[derive(Clone)]
struct Section {
    range: Range<u64>,
    sha256: [u8; DIGEST],
}

/// Whether a file that starts so says that it is a saved analysis.
#[must_use]
pub fn is_analysis(start: &[u8]) -> bool {
    start.starts_with(&MARK)
}

impl Analysis {
    /// Reads the table and the image's documents.
    ///
    /// # Errors
    /// It is no saved analysis, or one of another version; it is damaged, or contradicts itself.
    pub async fn open(file: Arc<dyn ReadAt>) -> Result<Self, AnalysisError> {
        let sections = table(&*file).await?;
        let first = sections.first().ok_or_else(no_documents)?;
        let length = first.range.end - first.range.start;
        if length > ANALYSIS_DOCUMENTS {
            return Err(invalid(
                AnalysisPart::Documents,
                format!(
                    "it has {length} bytes, more than the {ANALYSIS_DOCUMENTS} of the largest image"
                ),
            ));
        }
        let bytes = section(&*file, first, AnalysisPart::Documents).await?;
        let documents: Documents<'_> = serde_json::from_slice(&bytes)
            .map_err(|error| invalid(AnalysisPart::Documents, error.to_string()))?;
        let image = match documents.image {
            Cow::Owned(image) => image,
            Cow::Borrowed(image) => image.clone(),
        };
        let image = image.checked()?;
        let places = documents.layers;
        if places.len() != image.layers.len() {
            let (known, layers) = (places.len(), image.layers.len());
            let problem = format!("it tells where {known} layers are, and the image has {layers}");
            return Err(invalid(AnalysisPart::Documents, problem));
        }
        for (place, number) in places.iter().zip(1..) {
            // The first section is no layer's.
            let is_there = |at: usize| at > 0 && at < sections.len();
            if let IndexLocation::Section(at) = *place
                && !is_there(at)
            {
                let problem = format!("layer {number} is in section {at}, which is not there");
                return Err(invalid(AnalysisPart::Documents, problem));
            }
        }
        Ok(Self {
            file,
            sections,
            places,
            image,
            generator: documents.generator,
        })
    }

    /// The image.
    #[must_use]
    pub const fn image(&self) -> &Image {
        &self.image
    }

    /// The program that wrote the file, as it says, with its version.
    #[must_use]
    pub fn generator(&self) -> &str {
        &self.generator
    }

    /// Where the index of a layer, counted from 1, is; None where the image has no such layer.
    #[must_use]
    pub fn place(&self, number: usize) -> Option<IndexLocation> {
        self.places.get(number.checked_sub(1)?).copied()
    }

    /// Bytes of a section of the file.
    #[must_use]
    pub fn size(&self, section: usize) -> u64 {
        let range = self.sections.get(section).map(|section| &section.range);
        range.map_or(0, |range| range.end - range.start)
    }

    /// Reads a section as the index of this layer of the image. What the layer would unpack to is taken from `budget`.
    ///
    /// # Errors
    /// The section is damaged, is no index, or is that of another layer than the image names; or the layer is too large.
    pub async fn index(
        &self,
        at: usize,
        layer: &Layer,
        budget: &Budget,
    ) -> Result<LayerIndex, AnalysisError> {
        let part = AnalysisPart::Layer(layer.number);
        let place = self.sections.get(at).ok_or(AnalysisError::Damaged(part))?;
        let bytes = section(&*self.file, place, part).await?;
        let index = LayerIndex::from_bytes(&bytes)
            .map_err(|_| invalid(part, "it is not the index of a layer".to_owned()))?;
        let expected = Expected {
            layer: layer.number,
            digest: layer.digest.clone(),
            size: layer.compressed_size,
            diff_id: layer.diff_id.clone(),
        };
        expected.check(&index)?;
        budget.kept(layer.number, &index)?;
        // So that the sums of all layers can be counted.
        match index.blob_size <= ANALYSIS_BLOB {
            true => Ok(index),
            false => Err(invalid(part, "its blob is larger than any".to_owned())),
        }
    }
}

/// Where the sections of a file are.
async fn table(file: &dyn ReadAt) -> Result<Vec<Section>, AnalysisError> {
    let mut start = file.read_at(0, START).await?;
    let head = Head::read(&start, file.size())?;
    if start.len() < head.table.end {
        start = file.read_at(0, head.table.end).await?;
    }
    head.sections(&start, file.size())
}

/// What the head of a file says.
struct Head {
    table: Range<usize>,
    digest: [u8; DIGEST],
}

impl Head {
    fn read(start: &[u8], size: u64) -> Result<Self, AnalysisError> {
        if !is_analysis(start) {
            return Err(AnalysisError::Other);
        }
        let mut rest = start.get(MARK.len()..).unwrap_or_default();
        let cut = |expected: usize| AnalysisError::Cut {
            has: size,
            expected: expected as u64,
        };
        let mut number = || take(&mut rest).map(u32::from_le_bytes);
        let (Some(version), Some(format), Some(count)) = (number(), number(), number()) else {
            return Err(cut(HEAD));
        };
        if (version, format) != (VERSION, FORMAT) {
            return Err(AnalysisError::Version { version, format });
        }
        let digest = take(&mut rest).ok_or_else(|| cut(HEAD))?;
        let count = count as usize;
        // One for each layer, and the documents.
        if count > IMAGE_LAYERS + 1 {
            let problem = format!("it has {count} sections, more than any image");
            return Err(invalid(AnalysisPart::Table, problem));
        }
        let table = HEAD..HEAD + ROW * count;
        if size < table.end as u64 {
            return Err(cut(table.end));
        }
        Ok(Self { table, digest })
    }

    fn sections(&self, start: &[u8], size: u64) -> Result<Vec<Section>, AnalysisError> {
        let has = start.len() as u64;
        let (head, table) = start
            .get(..HEAD - DIGEST)
            .zip(start.get(self.table.clone()))
            .ok_or(AnalysisError::Cut {
                has,
                expected: self.table.end as u64,
            })?;
        if sha256([head, table]) != self.digest {
            return Err(AnalysisError::Damaged(AnalysisPart::Table));
        }
        let mut at = self.table.end as u64;
        let mut sections = Vec::with_capacity(table.len() / ROW);
        let mut rest = table;
        while let (Some(length), Some(sha256)) = (take(&mut rest), take(&mut rest)) {
            let end = at.checked_add(u64::from_le_bytes(length));
            let end = end.ok_or_else(|| {
                invalid(
                    AnalysisPart::Table,
                    "its sections are too long to be counted".to_owned(),
                )
            })?;
            sections.push(Section {
                range: at..end,
                sha256,
            });
            at = end;
        }
        match size {
            size if size < at => Err(AnalysisError::Cut {
                has: size,
                expected: at,
            }),
            size if size > at => Err(AnalysisError::Longer {
                has: size,
                expected: at,
            }),
            _ => Ok(sections),
        }
    }
}

/// The next bytes, if there are so many.
fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk()?;
    *rest = left;
    Some(*taken)
}

/// The bytes of a section, checked. The file is as long as the table says, so no more is read than there is.
async fn section(
    file: &dyn ReadAt,
    section: &Section,
    part: AnalysisPart,
) -> Result<Bytes, AnalysisError> {
    let Range { start, end } = section.range;
    let length = usize::try_from(end - start);
    let length = length.map_err(|_| invalid(part, "it does not fit into memory".to_owned()))?;
    let bytes = file.read_at(start, length).await?;
    match sha256([&bytes]) == section.sha256 {
        true => Ok(bytes),
        false => Err(AnalysisError::Damaged(part)),
    }
}

fn invalid(part: AnalysisPart, problem: String) -> AnalysisError {
    AnalysisError::Invalid { part, problem }
}

fn no_documents() -> AnalysisError {
    invalid(AnalysisPart::Table, "it has no sections".to_owned())
}
