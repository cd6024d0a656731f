//! A wrong word of a query in a message.

/// Characters of a wrong value that a message shows.
const SHOWN: usize = 80;

/// A wrong value, as far as a message shows it.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}
