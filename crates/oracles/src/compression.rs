//! gzip and zstd framing, against the readers that everybody else uses: what they read, we read as the same.

use std::io::Read;

use flate2::{Decompress, FlushDecompress, Status};
use onionskin_core::compression::{Decompressor, Error, Problem};

/// Bytes that are compared, at most; what a bomb unpacks to beyond them says nothing new.
const COMPARED: usize = 8 << 20;

/// gzip as it comes, and as members whose checksums fit, against flate2's own framing.
pub(crate) fn gzip(data: &[u8]) {
    against(data, flate2::bufread::MultiGzDecoder::new(data));
    if let Some((member, rest)) = member(data) {
        // A second member, or what only looks like one.
        let blob = [&member[..], rest].concat();
        against(&blob, flate2::bufread::MultiGzDecoder::new(blob.as_slice()));
    }
}

/// zstd against the reference implementation's own framing, and its decoder against the one that browsers have.
pub(crate) fn zstd(data: &[u8]) {
    if let Ok(reader) = zstd::stream::read::Decoder::with_buffer(data) {
        against(data, reader);
    }
    if !is_compressed(data) {
        return;
    }
    let (native, done) = unpacked(Decompressor::of_file(), data, data.len());
    let (portable, portable_done) = unpacked(Decompressor::of_file().portable(), data, data.len());
    let both = native.len().min(portable.len());
    assert!(
        native[..both] == portable[..both],
        "they read other content"
    );
    match (done, portable_done) {
        (Ok(()), Ok(())) => assert_eq!(native.len(), portable.len()),
        // It may make something of a match that reaches back beyond the window.
        (Ok(()), Err(error)) => assert!(matches!(error.problem, Problem::Corrupt(_)), "{error}"),
        (Err(error), Ok(())) => panic!("only browsers read it: {error}"),
        (Err(_), Err(_)) => {}
    }
}

/// A member whose deflate data `data` begins with, its checksum made to fit; and what is left.
fn member(data: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut inflate = Decompress::new(false);
    let mut content = vec![0; 1 << 20];
    let status = inflate.decompress(data, &mut content, FlushDecompress::None);
    if !matches!(status, Ok(Status::StreamEnd)) {
        return None;
    }
    let (used, made) = (inflate.total_in() as usize, inflate.total_out() as usize);
    let mut crc = flate2::Crc::new();
    crc.update(&content[..made]);
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let tail = [crc.sum().to_le_bytes(), (made as u32).to_le_bytes()].concat();
    Some(([&head[..], &data[..used], &tail].concat(), &data[used..]))
}

/// What the other reader reads whole is read by us to the same bytes; where it stops, ours began with the same.
fn against(data: &[u8], other: impl Read) {
    let mut expected = Vec::new();
    let outcome = other.take(COMPARED as u64).read_to_end(&mut expected);
    if expected.len() == COMPARED || !is_compressed(data) {
        return;
    }
    let whole = unpacked(Decompressor::of_file(), data, data.len());
    for piece in [1, 7] {
        let pieces = unpacked(Decompressor::of_file(), data, piece);
        assert_eq!(pieces.0, whole.0, "in pieces of {piece}");
        assert_eq!(pieces.1.is_ok(), whole.1.is_ok(), "in pieces of {piece}");
    }
    let (read, done) = whole;
    match (outcome, done) {
        (Ok(_), Err(error)) => panic!("others read it: {error}"),
        (Ok(_), Ok(())) => assert!(read == expected, "others read something else"),
        (Err(_), _) => {
            let both = read.len().min(expected.len());
            assert!(
                read[..both] == expected[..both],
                "others read something else"
            );
        }
    }
}

fn is_compressed(data: &[u8]) -> bool {
    matches!(
        data,
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]
    )
}

fn unpacked(
    mut decompressor: Decompressor,
    data: &[u8],
    piece: usize,
) -> (Vec<u8>, Result<(), Error>) {
    let mut out = Vec::new();
    let mut keep = |bytes: &[u8]| -> Result<(), Error> {
        out.extend_from_slice(bytes);
        Ok(())
    };
    let pushed = data
        .chunks(piece.max(1))
        .try_for_each(|piece| decompressor.push(piece, &mut keep));
    let done = pushed.and_then(|()| decompressor.finish(&mut keep).map(drop));
    (out, done)
}
