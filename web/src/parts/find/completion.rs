//! What can be typed next in a query: qualifiers and their values.

use onionskin_core::find::{QUALIFIERS, words};

/// One way to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    /// What the word becomes.
    pub(super) word: String,
    /// What that means.
    pub(super) says: &'static str,
    /// The word is complete, so a space follows.
    complete: bool,
}

/// The offers for the word that ends at `caret`, in bytes, and where that begins. All qualifiers where no word is begun
/// and `all` are wanted.
pub(super) fn offers(query: &str, caret: usize, all: bool) -> (usize, Vec<Offer>) {
    let before = query.get(..caret).unwrap_or_default();
    let last = words(before)
        .last()
        .filter(|word| word.start + word.text.len() == caret);
    let (start, text) = last.map_or((caret, ""), |word| (word.start, word.text));
    let (sign, word) = match text.strip_prefix('-') {
        Some(word) => ("-", word),
        None => ("", text),
    };
    // In the middle of a word there is nothing to complete.
    let behind = query.get(caret..).unwrap_or_default();
    if behind.starts_with(|next: char| !next.is_whitespace()) || (word.is_empty() && !all) {
        return (start, Vec::new());
    }
    let offers = match word.split_once(':') {
        None => QUALIFIERS
            .iter()
            .filter(|known| known.name.starts_with(&word.to_ascii_lowercase()))
            .map(|known| Offer {
                word: format!("{sign}{}:", known.name),
                says: known.takes,
                complete: false,
            })
            .collect(),
        Some((name, value)) => {
            let known = QUALIFIERS.iter().find(|known| known.name == name);
            // The last of several values.
            let (first, last) = match value.rfind(',') {
                Some(comma) => value.split_at(comma + 1),
                None => ("", value),
            };
            let values = known.map_or(&[][..], |known| known.values);
            let values = values
                .iter()
                .filter(|value| value.starts_with(last) && **value != last);
            let offer = |value: &&str| Offer {
                word: format!("{sign}{name}:{first}{value}"),
                says: "",
                complete: true,
            };
            values.map(offer).collect()
        }
    };
    (start, offers)
}

/// A query in which the word from `start` to `caret` is an offer, and where the caret is then.
pub(super) fn taken(query: &str, start: usize, caret: usize, offer: &Offer) -> (String, usize) {
    let before = query.get(..start).unwrap_or_default();
    let after = query.get(caret..).unwrap_or_default();
    let space = match offer.complete && !after.starts_with(' ') {
        true => " ",
        false => "",
    };
    let begun = format!("{before}{}{space}", offer.word);
    let caret = begun.len();
    (begun + after, caret)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn offered(query: &str) -> Vec<String> {
        let (_, offers) = offers(query, query.len(), false);
        offers.into_iter().map(|offer| offer.word).collect()
    }

    #[test]
    fn qualifiers_and_their_values_are_offered_where_they_can_stand() {
        assert_eq!(offered("m"), ["mark:", "mode:", "modified:"]);
        assert_eq!(offered("*.js -Mo"), ["-mode:", "-modified:"]);
        assert_eq!(offered("kind:s"), ["kind:symlink"]);
        assert_eq!(offered("kind:dir,fi"), ["kind:dir,file", "kind:dir,fifo"]);
        assert_eq!(offered("mark:deleted"), Vec::<String>::new());
        assert_eq!(offered("size:>1"), Vec::<String>::new());
        assert_eq!(offered(""), Vec::<String>::new());
        assert_eq!(offers("", 0, true).1.len(), QUALIFIERS.len());
        assert_eq!(offers("a ", 2, true).1.len(), QUALIFIERS.len());
        // The caret is within a word, or in one before others.
        assert!(offers("kind", 2, false).1.is_empty());
        assert_eq!(offers("ki a", 2, false).1.len(), 1);
    }

    #[test]
    fn an_offer_takes_the_place_of_its_word() {
        let take = |query: &str, caret| {
            let (start, offers) = offers(query, caret, false);
            taken(query, start, caret, offers.first().unwrap())
        };
        assert_eq!(take("a ki b", 4), ("a kind: b".to_owned(), 7));
        assert_eq!(take("kind:sy", 7), ("kind:symlink ".to_owned(), 13));
        assert_eq!(take("kind:sy b", 7), ("kind:symlink b".to_owned(), 12));
    }
}
