//! xz and bzip2, and what only begins like them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

/// What xz makes of [`plain`].
const XZ: &str = "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj5JPfAHpdADebiWuz7wskP9CrZYEyCdykYEdGHG7drhHhHd0dmA4NdlQSeNYZ2cmB01dMxNDuNOb0s4W1chHwoCPpgs4IfJf4KBBEt9pqz0lrVgVlx7lkN0/LvWGmD0TxsxhZCUau63f/ou5ZhulmUli+6XasWeTlWwUI+b+NSfQAAAAAtRXN6FBp0oAAAZYB4KcSAD1ytkexxGf7AgAAAAAEWVo=";
/// The same with a filter for programs, `xz --x86 --lzma2`.
const XZ_WITH_FILTER: &str = "/Td6WFoAAATm1rRGAgEEACEBFgANhjUf5JPfAHpdADebiWuz7wskP9CrZYEyCdykYEdGHG7drhHhHd0dmA4NdlQSeNYZ2cmB01dMxNDuNOb0s4W1chHwoCPpgs4IfJf4KBBEt9pqz0lrVgVlx7lkN0/LvWGmD0TxsxhZCUau63f/ou5ZhulmUli+6XasWeTlWwUI+b+NSfQAAAAAtRXN6FBp0oAAAZYB4KcSAD1ytkexxGf7AgAAAAAEWVo=";
/// The same, with a header that asks for a dictionary of 4 GiB.
const LARGE_DICTIONARY: &str = "/Td6WFoAAATm1rRGAgAhASgAAADmoBGz5JPfAHpdADebiWuz7wskP9CrZYEyCdykYEdGHG7drhHhHd0dmA4NdlQSeNYZ2cmB01dMxNDuNOb0s4W1chHwoCPpgs4IfJf4KBBEt9pqz0lrVgVlx7lkN0/LvWGmD0TxsxhZCUau63f/ou5ZhulmUli+6XasWeTlWwUI+b+NSfQAAAAAtRXN6FBp0oAAAZYB4KcSAD1ytkexxGf7AgAAAAAEWVo=";
/// What bzip2 makes of it.
const BZIP2: &str = "QlpoOTFBWSZTWWgGUfUB1L+RgEAAACmIACAAcgpUaMFKjTTAokrAokrgUSVoUSV4KJK0FElaFEldCiSvBRJWi7kinChINAMo+oA=";

fn plain() -> Vec<u8> {
    b"onionskin ".repeat(30_000)
}

fn packed(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap()
}

fn unpacked(packed: &[u8], piece: usize) -> Result<Vec<u8>, Problem> {
    let mut decompressor = Decompressor::of_file();
    let mut all = Vec::new();
    let mut keep = |out: &[u8]| -> Result<(), Error> {
        all.extend_from_slice(out);
        Ok(())
    };
    let mut pieces = packed.chunks(piece);
    let pushed = pieces.try_for_each(|piece| decompressor.push(piece, &mut keep));
    let done = pushed.and_then(|()| decompressor.finish(&mut keep));
    let map = done.map_err(|error| error.problem)?;
    let plain = all.len() as u64;
    assert_eq!(
        map.blob_offset(plain),
        packed.len() as u64,
        "the whole of it"
    );
    Ok(all)
}

#[test]
fn xz_and_bzip2_are_undone_however_their_bytes_come() {
    for packing in [XZ, XZ_WITH_FILTER, BZIP2] {
        let once = packed(packing);
        // Several streams one after the other are one file: `cat a.xz b.xz`, pbzip2.
        let twice = once.repeat(2);
        for piece in [1, 7, 100, 1 << 20] {
            assert!(unpacked(&once, piece).unwrap() == plain(), "{piece}");
            assert!(
                unpacked(&twice, piece).unwrap() == plain().repeat(2),
                "{piece}"
            );
        }
    }
    let padded = [packed(XZ), vec![0; 4], packed(XZ)].concat();
    assert!(unpacked(&padded, 64).unwrap() == plain().repeat(2));
}

#[test]
fn a_file_that_is_cut_or_damaged_is_an_error_at_any_place() {
    for packing in [XZ, XZ_WITH_FILTER, BZIP2] {
        let whole = packed(packing);
        for length in 6..whole.len() {
            let cut = unpacked(&whole[..length], 64);
            assert!(matches!(cut, Err(Problem::Cut)), "{length}: {cut:?}");
        }
        for at in 6..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x55;
            if let Ok(content) = unpacked(&damaged, 64) {
                assert!(content == plain(), "{at}");
            }
        }
        let more = [whole.as_slice(), b"more"].concat();
        assert!(unpacked(&more, 64).is_err());
    }
}

#[test]
fn a_dictionary_is_not_given_all_memory() {
    let error = unpacked(&packed(LARGE_DICTIONARY), 64).unwrap_err();
    assert!(matches!(error, Problem::Dictionary), "{error}");
}

#[test]
fn what_only_begins_like_bzip2_is_passed_on() {
    for start in [&b"BZh"[..], b"BZh9ome/file", b""] {
        let plain = [start, &[b'x'; 600]].concat();
        assert_eq!(unpacked(&plain, 2).unwrap(), plain);
    }
}
