//! Where words begin and end in a text.

/// A letter, a digit or `_`: what makes two words one.
pub(super) const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
