//! The form in which a cache keeps what was read: layer indexes, checkpoints and documents, each under the digest of its bytes.
//!
//! A kept file is input like any other: it may be cut, damaged, older, or somebody else's. It is used only where it is
//! whole, in the form of this build, and of the digest that is asked for.
//!
//! A file is a kind (8 bytes), [`FORMAT`] (4 bytes), the decoder's identity (16 bytes), a check sum (16 bytes) and the
//! content. Numbers are little-endian. The check sum is XXH3 of all that is not the check sum: it finds damage. It is no
//! defence against forgery, so the folder of a cache belongs to one user.

use std::sync::LazyLock;

use twox_hash::XxHash3_128;

use crate::digest::Digest;
use crate::layer::{Checkpoints, LayerIndex};
use crate::source::registry::KeptDocument;
use crate::visitors;

/// Raise it when the form of a layer index or of checkpoints changes, or what the decoder makes of the same bytes. A test compares both with
/// what they were.
pub const FORMAT: u32 = 6;

const LAYER: [u8; 8] = *b"onionlyr";
const CHECKPOINTS: [u8; 8] = *b"onionchk";
const DOCUMENT: [u8; 8] = *b"oniondoc";
const CHECK_SUM: usize = 8 + 4 + 16;
const CONTENT: usize = CHECK_SUM + 16;

/// Why a kept file is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It is something else, or was written by another build.
    #[error("it is not in the form of this version")]
    Form,
    /// It was cut or changed.
    #[error("it is damaged")]
    Damaged,
    /// It is of another digest than its name says.
    #[error("it is of another digest")]
    Other,
}

/// The name under which a digest is kept. Windows allows no colon.
#[must_use]
pub fn name_of(digest: &Digest) -> String {
    format!("{}-{}", digest.algorithm().name(), digest.hex())
}

/// The name under which a document is kept for its repository: that another one has it is for the registry to say.
#[must_use]
pub fn name_of_document(repository: &str, digest: &Digest) -> String {
    let both = format!("{repository}\n{digest}");
    name_of(&Digest::sha256(both.as_bytes()))
}

/// The file that keeps a layer's index.
#[must_use]
pub fn pack_layer(index: &LayerIndex) -> Vec<u8> {
    packed(LAYER, |file| index.append_to(file))
}

/// Reads what [`pack_layer`] wrote of the blob with this digest.
///
/// # Errors
/// It is not what was written, of another blob, or of a layer that was not read.
pub fn unpack_layer(file: &[u8], digest: &Digest) -> Result<LayerIndex, Unusable> {
    let index = unpack_any_layer(file)?;
    match index.digest == *digest && !index.is_listed() {
        true => Ok(index),
        false => Err(Unusable::Other),
    }
}

/// Reads what [`pack_layer`] wrote, of whichever blob.
///
/// # Errors
/// It is not what was written.
pub fn unpack_any_layer(file: &[u8]) -> Result<LayerIndex, Unusable> {
    LayerIndex::from_bytes(content(LAYER, file)?).map_err(|_| Unusable::Damaged)
}

/// The file that keeps the checkpoints of a layer.
#[must_use]
pub fn pack_checkpoints(checkpoints: &Checkpoints) -> Vec<u8> {
    packed(CHECKPOINTS, |mut file| {
        file.extend_from_slice(&checkpoints.to_bytes());
        file
    })
}

/// Reads what [`pack_checkpoints`] wrote of the blob with this digest.
///
/// # Errors
/// It is not what was written, or of another blob.
pub fn unpack_checkpoints(file: &[u8], digest: &Digest) -> Result<Checkpoints, Unusable> {
    let checkpoints = Checkpoints::from_bytes(content(CHECKPOINTS, file)?);
    let checkpoints = checkpoints.ok_or(Unusable::Damaged)?;
    match checkpoints.digest == *digest {
        true => Ok(checkpoints),
        false => Err(Unusable::Other),
    }
}

/// The file that keeps a document.
#[must_use]
pub fn pack_document(document: &KeptDocument) -> Vec<u8> {
    // Serialising into memory cannot fail.
    packed(DOCUMENT, |file| {
        postcard::to_extend(document, file).unwrap_or_default()
    })
}

/// Reads what [`pack_document`] wrote of the document with this digest.
///
/// # Errors
/// It is not what was written, or another document.
pub fn unpack_document(file: &[u8], digest: &Digest) -> Result<KeptDocument, Unusable> {
    let content = content(DOCUMENT, file)?;
    let document: KeptDocument = postcard::from_bytes(content).map_err(|_| Unusable::Damaged)?;
    match Digest::of(digest.algorithm(), &document.bytes) == *digest {
        true => Ok(document),
        false => Err(Unusable::Other),
    }
}

/// A file whose content `append` puts behind its head.
fn packed(kind: [u8; 8], append: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let mut head = Vec::with_capacity(CONTENT);
    head.extend_from_slice(&kind);
    head.extend_from_slice(&FORMAT.to_le_bytes());
    head.extend_from_slice(&DECODER.to_le_bytes());
    head.extend_from_slice(&[0; CONTENT - CHECK_SUM]);
    let mut file = append(head);
    if let Some((head, content)) = file.split_at_mut_checked(CONTENT)
        && let Some((head, sum)) = head.split_at_mut_checked(CHECK_SUM)
    {
        sum.copy_from_slice(&check_sum(head, content));
    }
    file
}

/// The content of a file that is whole and of this build.
fn content(kind: [u8; 8], file: &[u8]) -> Result<&[u8], Unusable> {
    let (head, content) = file.split_at_checked(CONTENT).ok_or(Unusable::Form)?;
    let (head, sum) = head.split_at_checked(CHECK_SUM).ok_or(Unusable::Form)?;
    let expected = [&kind[..], &FORMAT.to_le_bytes(), &DECODER.to_le_bytes()].concat();
    if head != expected {
        return Err(Unusable::Form);
    }
    match sum == check_sum(head, content) {
        true => Ok(content),
        false => Err(Unusable::Damaged),
    }
}

fn check_sum(head: &[u8], content: &[u8]) -> [u8; 16] {
    let mut hasher = XxHash3_128::new();
    hasher.write(head);
    hasher.write(content);
    hasher.finish_128().to_le_bytes()
}

/// What else than [`FORMAT`] decides what an index says: the release, and the rules by which secrets are found.
static DECODER: LazyLock<u128> = LazyLock::new(|| {
    let mut hasher = XxHash3_128::new();
    for part in std::iter::once(env!("CARGO_PKG_VERSION")).chain(visitors::TABLES) {
        hasher.write(&(part.len() as u64).to_le_bytes());
        hasher.write(part.as_bytes());
    }
    hasher.finish_128()
});
