//! Compressions that are not supported, by their first bytes. Sources: the formats' own documents, and file(1).

/// The compression of data that starts so; None for a supported one and for none.
///
/// Some of these beginnings may be the name of a tar's first member: only what has no valid tar header is named.
pub fn compression(start: &[u8]) -> Option<&'static str> {
    match start {
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some("xz"),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some("bzip2"),
        // RFC 1950, section 2.2: deflate, a window of 32 KiB, and a check of both bytes.
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => Some("zlib"),
        [0x04, 0x22, 0x4d, 0x18, ..] => Some("lz4"),
        [b'L', b'Z', b'I', b'P', 1, ..] => Some("lzip"),
        [0x1f, 0x9d, ..] => Some("compress"),
        // Its properties, a dictionary of whole 64 KiB, and a size that is not known or below 2^56.
        [0x5d, 0, 0, _, _, size @ ..] if matches!(size.get(..8), Some([0xff, ..] | [.., 0])) => {
            Some("lzma")
        }
        [0x89, b'L', b'Z', b'O', 0, ..] => Some("lzop"),
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Some("zip"),
        _ => None,
    }
}

/// What is wrong with data in such a compression, as the end of a sentence about it.
pub fn not_supported(compression: &str) -> String {
    format!("is compressed with {compression}, which is not supported")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressions_are_named_by_their_first_bytes() {
        let lzma = [
            0x5d, 0, 0, 0x80, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        ];
        for (start, name) in [
            (&b"\x04\x22\x4d\x18rest"[..], Some("lz4")),
            (&lzma, Some("lzma")),
            (b"]\0\0", None),
            (b"PK\x03\x04", Some("zip")),
            (b"\xfd7zXZ\0", Some("xz")),
            (b"BZh9", Some("bzip2")),
            (b"BZhx", None),
            (b"\x78\x9c", Some("zlib")),
            (b"", None),
        ] {
            assert_eq!(compression(start), name, "{start:?}");
        }
    }
}
