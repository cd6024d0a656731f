//! `Content-Encoding`: what stands between the bytes of an answer and what a digest is of.
//!
//! Every request asks for `identity` (RFC 9110, section 12.5.3), and some servers compress all the same. A digest is that
//! of the content without such a coding (distribution specification, Digests). Object stores also say `gzip` of a blob
//! that is a gzip file and was not compressed on the way: then its bytes are the blob. Size and media type of a blob tell
//! which it is, where they are known; else its digest does. Browsers undo the coding themselves.

use std::io::{Read as _, Write as _};

use bytes::Bytes;
use flate2::read::GzDecoder;
use flate2::write::MultiGzDecoder;
use futures::{StreamExt as _, stream};
use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};

use super::failure::broken;
use crate::compression::{Format, START};
use crate::digest::{Digest, Hasher};
use crate::source::portable::BoxStream;

/// Bytes decoded at once: deflate grows at most 1,032-fold.
const PIECE: usize = 4 << 10;
/// Bytes of a blob that are held to find out how it is coded.
const HELD: usize = 1 << 20;

/// The bytes of an answer; errors say why they broke off.
pub(super) type Chunks = BoxStream<Result<Bytes, String>>;

/// How an answer is coded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// Its bytes are the content.
    Identity,
    /// They are said to be the content's, in gzip.
    Gzip,
    /// They are said to be something that is not decoded here.
    Other(String),
}

/// What a blob is known to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    pub(super) digest: &'a Digest,
    /// Its bytes.
    pub(super) size: Option<u64>,
    /// Whether its media type says that it is compressed itself, where that is known.
    pub(super) compressed: Option<bool>,
}

/// The coding that the headers name.
pub(super) fn coding(headers: &HeaderMap) -> Coding {
    if cfg!(target_arch = "wasm32") {
        return Coding::Identity;
    }
    let fields = headers.get_all(CONTENT_ENCODING).iter();
    let text: Vec<String> = fields
        .map(|field| String::from_utf8_lossy(field.as_bytes()).to_ascii_lowercase())
        .collect();
    let codings: Vec<&str> = text
        .iter()
        .flat_map(|field| field.split(','))
        .map(str::trim)
        // The form in which an object was uploaded to S3 is kept by some stores, and is no coding of the answer.
        .filter(|coding| !matches!(*coding, "" | "identity" | "none" | "aws-chunked"))
        .collect();
    match codings.as_slice() {
        [] => Coding::Identity,
        ["gzip" | "x-gzip"] => Coding::Gzip,
        others => Coding::Other(others.join(", ")),
    }
}

/// The bytes as they come.
pub(super) fn raw(response: Response) -> Chunks {
    Box::pin(response.bytes_stream().map(|chunk| chunk.map_err(broken)))
}

/// The content of a document: what is said to be gzip and is, is decoded.
pub(super) async fn document(response: Response) -> Chunks {
    let coding = coding(response.headers());
    let chunks = raw(response);
    if coding != Coding::Gzip {
        return chunks;
    }
    let (begin, chunks, _) = held(chunks, START).await;
    match Format::of(&begin) {
        Some(Format::Gzip) => gunzipped(chunks),
        _ => chunks,
    }
}

/// What the body of an answer with a blob is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The blob.
    Plain,
    /// The blob in gzip.
    Gzipped,
    /// One of these: only the digest of all of it tells.
    Unclear,
}

/// The bytes of a whole blob as they come, and what they are.
pub(super) async fn blob(response: Response, expected: Expected<'_>) -> (Chunks, Form) {
    let coding = coding(response.headers());
    // What the header says: a client that decodes by itself may have forgotten it.
    let length = response.content_length();
    let chunks = raw(response);
    if coding != Coding::Gzip {
        return (chunks, Form::Plain);
    }
    if let (Some(length), Some(size)) = (length, expected.size) {
        let form = match length == size {
            true => Form::Plain,
            false => Form::Gzipped,
        };
        return (chunks, form);
    }
    let (begin, chunks, whole) = held(chunks, HELD).await;
    if Format::of(&begin) != Some(Format::Gzip) {
        return (chunks, Form::Plain);
    }
    if whole {
        let mut hasher = Hasher::new(expected.digest.algorithm());
        hasher.update(&begin);
        let form = match hasher.finish() == *expected.digest {
            true => Form::Plain,
            false => Form::Gzipped,
        };
        return (chunks, form);
    }
    // What is compressed below the coding was compressed twice; what has to be, and is not, was compressed once.
    let inner = Format::of(&beginning(&begin));
    let form = match (expected.compressed, inner.is_some()) {
        (Some(true), true) => Form::Gzipped,
        (Some(true), false) => Form::Plain,
        _ => Form::Unclear,
    };
    (chunks, form)
}

/// Reads all bytes of a body and says whether they are the blob; an error says why they broke off.
pub(super) async fn has_digest(mut chunks: Chunks, digest: &Digest) -> Result<bool, String> {
    let mut hasher = Hasher::new(digest.algorithm());
    while let Some(chunk) = chunks.next().await {
        hasher.update(&chunk?);
    }
    Ok(hasher.finish() == *digest)
}

/// The first bytes of what a gzip file holds.
fn beginning(bytes: &[u8]) -> Vec<u8> {
    let mut inner = [0; START];
    // What is damaged is found where it is decoded in earnest.
    let read = GzDecoder::new(bytes).read(&mut inner).unwrap_or(0);
    inner.get(..read).unwrap_or_default().to_vec()
}

/// At least `most` of the first bytes, and whether they are all there are; the chunks begin with them again.
pub(super) async fn held(mut chunks: Chunks, most: usize) -> (Vec<u8>, Chunks, bool) {
    let mut begin = Vec::new();
    let mut first = Vec::new();
    let mut whole = false;
    while begin.len() < most {
        match chunks.next().await {
            Some(Ok(chunk)) => {
                begin.extend_from_slice(&chunk);
                first.push(Ok(chunk));
            }
            Some(Err(error)) => {
                first.push(Err(error));
                break;
            }
            None => {
                whole = true;
                break;
            }
        }
    }
    (begin, Box::pin(stream::iter(first).chain(chunks)), whole)
}

/// The bytes that gzip holds, in pieces whose size is bounded.
pub(super) fn gunzipped(chunks: Chunks) -> Chunks {
    const DAMAGED: &str = "the gzip that it was sent in is damaged";
    let start = Some((chunks, Bytes::new(), MultiGzDecoder::new(Vec::new()), false));
    Box::pin(stream::unfold(start, |state| async move {
        let (mut chunks, mut waiting, mut decoder, mut any) = state?;
        loop {
            if waiting.is_empty() {
                match chunks.next().await {
                    Some(Ok(chunk)) => waiting = chunk,
                    Some(Err(error)) => return Some((Err(error), None)),
                    None if !any => return None,
                    None => {
                        let ended = decoder.try_finish();
                        let rest = std::mem::take(decoder.get_mut());
                        return match ended {
                            Err(_) => Some((Err(DAMAGED.to_owned()), None)),
                            Ok(()) if rest.is_empty() => None,
                            Ok(()) => Some((Ok(rest.into()), None)),
                        };
                    }
                }
            }
            any |= !waiting.is_empty();
            let piece = waiting.split_to(waiting.len().min(PIECE));
            if decoder.write_all(&piece).is_err() {
                return Some((Err(DAMAGED.to_owned()), None));
            }
            let decoded = std::mem::take(decoder.get_mut());
            if !decoded.is_empty() {
                return Some((Ok(decoded.into()), Some((chunks, waiting, decoder, any))));
            }
        }
    }))
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use futures::executor::block_on;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn chunks(parts: Vec<Vec<u8>>) -> Chunks {
        Box::pin(stream::iter(parts.into_iter().map(|part| Ok(part.into()))))
    }

    fn all(mut chunks: Chunks) -> Result<Vec<u8>, String> {
        let mut all = Vec::new();
        while let Some(chunk) = block_on(chunks.next()) {
            let chunk = chunk?;
            assert!(chunk.len() <= 8 << 20, "{}", chunk.len());
            all.extend_from_slice(&chunk);
        }
        Ok(all)
    }

    #[test]
    fn gzip_is_decoded_in_bounded_pieces_and_damage_is_an_error() {
        let content = vec![0; 40 << 20];
        let coded = gzip(&content);
        assert_eq!(all(gunzipped(chunks(vec![coded.clone()]))), Ok(content));
        let bytes = coded.iter().map(|byte| vec![*byte]).take(1_000).collect();
        assert!(all(gunzipped(chunks(bytes))).is_err());
        let mut damaged = gzip(b"x");
        damaged[12] ^= 0xff;
        assert!(all(gunzipped(chunks(vec![damaged]))).is_err());
        assert_eq!(all(gunzipped(chunks(vec![]))), Ok(vec![]));
        let two = [gzip(b"a"), gzip(b"b")].concat();
        assert_eq!(all(gunzipped(chunks(vec![two]))), Ok(b"ab".to_vec()));
    }

    #[test]
    fn codings_are_named_in_any_way() {
        for (fields, expected) in [
            (&[][..], Coding::Identity),
            (&["identity"], Coding::Identity),
            (&["", "aws-chunked"], Coding::Identity),
            (&["gzip"], Coding::Gzip),
            (&["aws-chunked,X-GZip"], Coding::Gzip),
            (&["identity", "GZIP"], Coding::Gzip),
            (&["br"], Coding::Other("br".to_owned())),
            (&["gzip, br"], Coding::Other("gzip, br".to_owned())),
        ] {
            let mut headers = HeaderMap::new();
            for field in fields {
                headers.append(CONTENT_ENCODING, field.parse().unwrap());
            }
            assert_eq!(coding(&headers), expected, "{fields:?}");
        }
    }
}
