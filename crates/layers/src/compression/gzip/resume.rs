//! Decoding deflate (RFC 1951) from the end of a block on, with nothing but what any decoder can do.
//!
//! What a block may refer to is given as a stored block. A block may begin within a byte: the bits of it that are not its
//! own are filled with blocks that hold nothing, so that every later byte stays as it is.

use zlib_rs::{Inflate, InflateFlush};

/// A decoder for raw deflate.
pub(super) fn inflate() -> Inflate {
    Inflate::new(false, 15)
}

/// A decoder that goes on behind `window`, with the `bits` highest bits of the byte `last`; None where it refuses.
pub(super) fn resumed(window: &[u8], bits: u8, last: u8) -> Option<Inflate> {
    let prefix = prefix(window, bits, last)?;
    let mut inflate = inflate();
    // Room for one byte too many: a decoder that makes no more has taken all.
    let mut made = vec![0; window.len() + 1];
    inflate
        .decompress(&prefix, &mut made, InflateFlush::NoFlush)
        .ok()?;
    let is_right = inflate.total_in() == prefix.len() as u64
        && inflate.total_out() == window.len() as u64
        && made.get(..window.len()) == Some(window);
    is_right.then_some(inflate)
}

fn prefix(window: &[u8], bits: u8, last: u8) -> Option<Vec<u8>> {
    let mut prefix = Bits::default();
    if !window.is_empty() {
        let length = u16::try_from(window.len()).ok()?;
        prefix.bytes.push(0);
        prefix.bytes.extend_from_slice(&length.to_le_bytes());
        prefix.bytes.extend_from_slice(&(!length).to_le_bytes());
        prefix.bytes.extend_from_slice(window);
    }
    let bits = match bits {
        0 => return Some(prefix.bytes),
        1..=7 => usize::from(bits),
        _ => return None,
    };
    let mut free = 8 - bits;
    if free % 2 == 1 {
        prefix.empty_dynamic_block();
        // It has 91 bits, 3 more than whole bytes.
        free = (free + 8 - 3) % 8;
    }
    // An empty block of fixed codes has 10 bits, 2 more than a byte.
    for _ in 0..free / 2 {
        prefix.push(0b00_0000_0010, 10);
    }
    prefix.push(u32::from(last) >> (8 - bits), bits);
    prefix.used.eq(&0).then_some(prefix.bytes)
}

/// Bits in the order of deflate: the lowest of a byte first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    /// Bits of the last byte; 0 where it is full.
    used: u8,
}

impl Bits {
    fn push(&mut self, value: u32, bits: usize) {
        for at in 0..bits {
            if self.used == 0 {
                self.bytes.push(0);
            }
            let bit = (value >> at & 1) as u8;
            if let Some(last) = self.bytes.last_mut() {
                *last |= bit << self.used;
            }
            self.used = (self.used + 1) % 8;
        }
    }

    /// A block of codes of its own that has nothing but its end.
    fn empty_dynamic_block(&mut self) {
        /// Symbols of the code for code lengths in the order of RFC 1951, 3.2.7, up to the last that is used.
        const ORDER: [u8; 18] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1];
        // Not the last block; 257 literals and lengths, 1 distance, 18 lengths of codes for lengths.
        self.push(0b100, 3);
        self.push(0, 5);
        self.push(0, 5);
        self.push(ORDER.len() as u32 - 4, 4);
        // The symbols 1 (a length of 1) and 18 (many zeros) have one bit each, 0 and 1.
        for symbol in ORDER {
            self.push(u32::from(matches!(symbol, 1 | 18)), 3);
        }
        // Literal 0 and the end have one bit each, and so has the distance that nothing uses.
        self.push(0, 1);
        for zeros in [138, 117] {
            self.push(1, 1);
            self.push(zeros - 11, 7);
        }
        self.push(0, 1);
        self.push(0, 1);
        // The end.
        self.push(1, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn bits_of_a_byte_are_where_they_were() {
        for bits in 0..8 {
            for last in [0, 0x55, 0xaa, 0xff] {
                for window in [&b""[..], b"x", &[7; 32 << 10]] {
                    let prefix = prefix(window, bits, last).unwrap();
                    if let Some(end) = prefix.last().filter(|_| bits > 0) {
                        assert_eq!(end >> (8 - bits), last >> (8 - bits), "{bits}");
                    }
                    // Bits that begin no block of three kinds are refused when they are read.
                    if last & 0x55 == 0x55 || bits < 3 {
                        assert!(resumed(window, bits, 0).is_some(), "{bits}");
                    }
                }
            }
        }
    }
}
