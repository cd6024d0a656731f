//! A layer's table of contents: used or refused, never believed.

use std::sync::Arc;

use onionskin_core::digest::Digest;
use onionskin_core::layer::table::{TableLocation, TableOfContents, TableReader};
use onionskin_core::layer::{Expected, LayerIndex, MemoryBudget};
use onionskin_core::ledger::Ledger;
use onionskin_core::stack::Stack;

use crate::invariants;

/// What is listed can be used as any index, names parts of the blob, and agrees with itself; and no blob is read beyond its
/// end for its table.
pub(crate) fn table(data: &[u8]) {
    let digest = Digest::sha256(data);
    // As a blob that should have a table at its end.
    let location = TableLocation::Stargz {
        digest: digest.clone(),
    };
    let _ = read(location, data);
    // As one beside the blob, which has as many bytes.
    let location = TableLocation::Soci {
        digest: digest.clone(),
        size: data.len() as u64,
    };
    used(read(location, data), data);
    // As a table that the manifest names.
    let Ok(blob) = zstd::bulk::compress(data, 1) else {
        return;
    };
    let location = TableLocation::ZstdChunked {
        digest: Digest::sha256(&blob),
        offset: 0,
        length: blob.len() as u64,
        unpacked: data.len() as u64,
    };
    used(read(location, &blob), &blob);
}

/// What is listed can be used; `blob` is what it is of.
fn used(table: Option<TableOfContents>, blob: &[u8]) {
    let Some(table) = table else {
        return;
    };
    let index = table.index();
    assert_eq!(
        LayerIndex::from_bytes(&index.to_bytes()).as_ref(),
        Ok(&**index)
    );
    assert_eq!(table.differences(index), []);
    for entry in index.entries() {
        if let Some(mut reader) = table.reader(1, entry) {
            let part = reader.part();
            assert!(part.start < part.end && part.end <= blob.len() as u64);
            let _ = reader.push(blob, &mut |_| {});
            let _ = reader.finish(&mut |_| {});
        }
    }
    let mut stack = Stack::new();
    for _ in 0..2 {
        if stack.push(Arc::clone(index)).is_err() {
            return;
        }
    }
    invariants::browsed(&stack, &Ledger::of(&stack));
}

fn read(location: TableLocation, blob: &[u8]) -> Option<TableOfContents> {
    let size = blob.len() as u64;
    let mut reader = TableReader::new(location, size);
    let mut parts = 0;
    while let Some(part) = reader.wanted() {
        assert!(part.start <= part.end && part.end <= size && parts < 2);
        parts += 1;
        reader
            .push(blob[part.start as usize..part.end as usize].to_vec())
            .ok()?;
    }
    let expected = Expected {
        layer: 1,
        digest: Some(Digest::sha256(blob)),
        size: Some(size),
        diff_id: Some(Digest::sha256(b"tar")),
    };
    let memory = MemoryBudget::new(Some(64 << 20));
    reader.finish(&expected, &memory).ok()
}
