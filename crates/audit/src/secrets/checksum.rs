//! Check letters in tokens, and Base64 as people write it.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const EITHER_PADDING: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, EITHER_PADDING);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, EITHER_PADDING);

/// Letters of a check sum.
const SUM: usize = 6;
const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The last six letters are the CRC-32 of those after the prefix, in Base62 (GitHub and npm).
pub(super) fn ends_in_crc32(token: &str) -> bool {
    let letters = token.split_once('_').map_or(token, |(_, letters)| letters);
    let parts = letters
        .len()
        .checked_sub(SUM)
        .and_then(|at| letters.split_at_checked(at));
    let Some((random, sum)) = parts else {
        return false;
    };
    let digit = |letter: u8| BASE62.iter().position(|other| *other == letter);
    let sum = sum
        .bytes()
        .try_fold(0_u64, |sum, letter| Some(sum * 62 + digit(letter)? as u64));
    sum == Some(u64::from(crc32fast::hash(random.as_bytes())))
}

/// What Base64 of either alphabet, padded or not, stands for.
pub(super) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let url = text.iter().any(|byte| matches!(byte, b'-' | b'_'));
    if url {
        BASE64_URL.decode(text).ok()
    } else {
        BASE64.decode(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_github_and_npm() {
        // The example that describes the form: https://gist.github.com/coolaj86, base62-token.js.
        let letters = "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17";
        assert!(ends_in_crc32(&format!("gh{}_{letters}", 'p')));
        assert!(ends_in_crc32(&format!("np{}_{letters}", 'm')));
        for other in [
            "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq18",
            "yQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17",
            "0mLq1",
            "ü",
            "",
        ] {
            assert!(!ends_in_crc32(other), "{other}");
        }
    }

    #[test]
    fn base64_of_any_sort() {
        for text in ["YTpiPz4+", "YTpiPz4-", "YTpiPz4", "YTpi"] {
            assert!(base64(text.as_bytes()).is_some(), "{text}");
        }
        assert_eq!(base64(b"a b"), None);
    }
}
