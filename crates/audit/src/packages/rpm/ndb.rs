//! rpm's own database format: slots that say in which blocks of the file the packages are.
//!
//! Source: rpm, `lib/backend/ndb/rpmpkg.c`.

const HEADER: usize = 32;
const SLOT: usize = 16;
const PAGE: usize = 4096;
const BLOCK: usize = 16;
/// Bytes before a package's own.
const BLOB_HEADER: usize = 16;

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}

/// The packages' headers; None where the file is damaged.
pub(super) fn blobs(content: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    content.strip_prefix(b"RpmP")?;
    let slots = (number(content, 12)? as usize).checked_mul(PAGE)?;
    let slots = content.get(HEADER..slots)?.chunks_exact(SLOT);
    let mut left = content.len();
    let blobs: Option<Vec<&[u8]>> = slots
        .filter(|slot| slot.starts_with(b"Slot") && number(slot, 8) != Some(0))
        .map(|slot| {
            let start = (number(slot, 8)? as usize).checked_mul(BLOCK)?;
            let blob = content.get(start..)?;
            blob.strip_prefix(b"BlbS")?;
            let length = number(blob, 12)? as usize;
            left = left.checked_sub(length)?;
            blob.get(BLOB_HEADER..BLOB_HEADER.checked_add(length)?)
        })
        .collect();
    blobs.map(Vec::into_iter)
}
