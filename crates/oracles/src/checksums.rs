//! Correct checksums in the headers of a changed tar: without them every changed header would only be refused.

const BLOCK: usize = 512;

/// `data` with correct checksums in all blocks that a reader may take for headers.
pub(crate) fn with_checksums(data: &[u8]) -> Vec<u8> {
    let mut tar = data.to_vec();
    let mut at = 0;
    while let Some(block) = tar.get_mut(at..at + BLOCK) {
        let mut next = at + BLOCK;
        if block.iter().any(|byte| *byte != 0) {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
            let has_data = !matches!(block[156], b'1'..=b'6');
            let size = if has_data { size(&block[124..136]) } else { 0 };
            next = next.saturating_add(size.div_ceil(BLOCK).saturating_mul(BLOCK));
        }
        at = next;
        if at > tar.len() {
            break;
        }
    }
    tar
}

fn size(field: &[u8]) -> usize {
    let digits = field.iter().filter(|byte| matches!(byte, b'0'..=b'7'));
    digits.fold(0usize, |size, digit| {
        size.saturating_mul(8)
            .saturating_add(usize::from(digit - b'0'))
    })
}
