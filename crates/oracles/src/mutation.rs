//! Bytes that are nearly what a reader expects, for machines without a fuzzer: the same ones in every run.

use onionskin_fixtures::seeded;

/// Bytes with a meaning somewhere: ends, signs, separators, digits, magic numbers.
const TELLING: &[u8] = b"\0\x01\x7f\x80\xff /.:@=\n\"{}[],0789-SLKxg\x1f\x8b\x28";

/// Random numbers of one sequence.
struct Numbers {
    bytes: std::vec::IntoIter<u8>,
}

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        let number = (0..4).fold(0, |number, _| {
            number << 8 | usize::from(self.bytes.next().unwrap_or(0))
        });
        number % limit.max(1)
    }
}

/// The mutation of `input` with this number.
#[must_use]
pub fn mutation(input: &[u8], number: u64) -> Vec<u8> {
    let mut numbers = Numbers {
        bytes: seeded(number, 128).into_iter(),
    };
    let mut bytes = input.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len() + 1);
        let end = (at + 1 + numbers.below(16)).min(bytes.len());
        match numbers.below(8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            3 => {
                let from = numbers.below(bytes.len() + 1);
                let some = bytes[from..bytes.len().min(from + 16)].to_vec();
                bytes.splice(at..end, some);
            }
            4 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << numbers.below(8);
                }
            }
            _ => {
                let byte = TELLING[numbers.below(TELLING.len())];
                if numbers.below(2) == 0 {
                    bytes.insert(at, byte);
                } else {
                    bytes[at..end.min(at + 1)].fill(byte);
                }
            }
        }
    }
    bytes
}
