//! The least that any decoder of layers has to do, against which ours is measured.

use std::io::{self, Read as _};

use flate2::{Decompress, FlushDecompress, Status};
use sha2::{Digest as _, Sha256};

use crate::PIECE;

/// Digests of a blob and of what it holds.
type Digests = [[u8; 32]; 2];

/// Inflates to nowhere, with the check sum of gzip, and hashes what goes in and what comes out. The blob is one member,
/// with a header without options.
///
/// # Errors
/// It is damaged.
pub fn gzip(blob: &[u8]) -> io::Result<(Digests, u32)> {
    const HEADER: usize = 10;
    let (mut stored, mut content) = (Sha256::new(), Sha256::new());
    let mut sum = crc32fast::Hasher::new();
    let mut inflate = Decompress::new(false);
    let mut out = vec![0; 256 * 1024];
    stored.update(&blob[..HEADER.min(blob.len())]);
    for piece in blob.get(HEADER..).unwrap_or_default().chunks(PIECE) {
        stored.update(piece);
        let mut rest = piece;
        loop {
            let before = (inflate.total_in(), inflate.total_out());
            let status = inflate.decompress(rest, &mut out, FlushDecompress::None)?;
            let read = (inflate.total_in() - before.0) as usize;
            let written = (inflate.total_out() - before.1) as usize;
            content.update(&out[..written]);
            sum.update(&out[..written]);
            rest = &rest[read..];
            if status == Status::StreamEnd || (rest.is_empty() && written < out.len()) {
                break;
            }
        }
    }
    let digests = [stored.finalize().into(), content.finalize().into()];
    Ok((digests, sum.finalize()))
}

/// Decodes with the C library to nowhere, and hashes what goes in and what comes out.
///
/// # Errors
/// It is damaged.
pub fn zstd(blob: &[u8]) -> io::Result<Digests> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(blob)?;
    let mut content = Sha256::new();
    let mut out = vec![0; 256 * 1024];
    loop {
        let read = decoder.read(&mut out)?;
        if read == 0 {
            break;
        }
        content.update(&out[..read]);
    }
    Ok([Sha256::digest(blob).into(), content.finalize().into()])
}

/// Hashes once: blob and content are the same bytes.
#[must_use]
pub fn plain(blob: &[u8]) -> [u8; 32] {
    Sha256::digest(blob).into()
}
