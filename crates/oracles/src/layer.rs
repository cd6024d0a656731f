//! Layers: whatever the bytes and however they come, the decoder gives the same index or refuses them alike.

use onionskin_core::layer::{ContentReader, EntryKind, Expected, LayerError, LayerIndex, Piece};
use onionskin_core::stack::Stack;
use onionskin_core::visitors;
use onionskin_fixtures::Layer;

use crate::checksums::with_checksums;
use crate::invariants;

/// Bytes of a sparse file that are compared, at most.
const COMPARED: u64 = 1 << 20;

/// Pushes `blob` in pieces of these sizes, again from the first after the last.
pub(crate) fn decoded(blob: &[u8], sizes: &[usize]) -> Result<LayerIndex, LayerError> {
    let mut decoder = visitors::decoder(Expected::default());
    let mut rest = blob;
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (now, then) = rest.split_at((*size).clamp(1, rest.len()));
        decoder.push(now)?;
        rest = then;
    }
    decoder.finish()
}

/// A tar as it comes, and with headers whose checksums fit.
pub(crate) fn tar(data: &[u8]) {
    checked_tar(data);
    checked_tar(&with_checksums(data));
}

/// Extension records of every sort in front of a file.
pub(crate) fn pax(data: &[u8]) {
    for flag in *b"xgLK" {
        let extension = Layer::new().file("/PaxHeaders/x", data).typeflag(flag);
        let tar = extension
            .trailer("")
            .tar()
            .into_iter()
            .chain(
                Layer::new()
                    .file("/a", [data, data].concat())
                    .symlink("/s", "a")
                    .tar(),
            )
            .collect::<Vec<u8>>();
        checked_tar(&tar);
    }
}

/// A blob of any compression, in pieces whose sizes its first bytes choose.
pub(crate) fn layer(data: &[u8]) {
    let Some((sizes, blob)) = data.split_at_checked(4) else {
        return;
    };
    let sizes: Vec<usize> = sizes
        .iter()
        .map(|size| usize::from(*size) * 3 + 1)
        .collect();
    let whole = decoded(blob, &[blob.len()]);
    let pieces = decoded(blob, &sizes);
    match (whole, pieces) {
        (Ok(whole), Ok(pieces)) => {
            assert_eq!(whole, pieces);
            invariants::of_index(&whole);
        }
        (Err(_), Err(_)) => {}
        (whole, pieces) => panic!("whole {:?}, in pieces {:?}", whole.err(), pieces.err()),
    }
}

/// However the tar comes, it gives one index or one error; what it holds can be stacked and read back.
pub(crate) fn checked_tar(tar: &[u8]) {
    let compressed = matches!(
        tar,
        [0x1f, 0x8b, ..] | [0x28, 0xb5, ..] | [0x50..=0x5f, 0x2a, ..]
    );
    if compressed {
        return;
    }
    let whole = decoded(tar, &[tar.len()]);
    for sizes in [&[1][..], &[511, 2, 700]] {
        assert_eq!(decoded(tar, sizes), whole, "in pieces of {sizes:?}");
    }
    let Ok(index) = whole else { return };
    invariants::of_index(&index);
    contents(tar, &index);
    let mut stack = Stack::new();
    stack.push(index.clone()).expect("one small layer");
    stack.push(index).expect("two small layers");
    invariants::of_stack(&stack);
}

/// Every file can be read back, to the size that it has.
fn contents(tar: &[u8], index: &LayerIndex) {
    let files = index
        .entries()
        .filter(|entry| index.kind(*entry) == EntryKind::File);
    for entry in files.take(8) {
        let mut size = 0;
        let mut count = |piece: Piece<'_>| {
            size += match piece {
                Piece::Bytes(bytes) => bytes.len() as u64,
                Piece::Hole(zeros) => zeros,
            };
        };
        let mut reader = ContentReader::new(1, index, entry);
        reader.push(tar, &mut count).expect("it was decoded before");
        reader.finish(&mut count).expect("it was decoded before");
        assert_eq!(size, index.logical_size(entry));
        assert!(size <= COMPARED || index.size(entry) < size);
    }
}
