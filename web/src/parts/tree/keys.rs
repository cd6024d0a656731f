//! What the keys do in the tree grid, as the ARIA practices for tree grids have it.
//!
//! Small letters are keys of the whole page, so a name is typed with a capital letter, a digit or another character first.

use crate::worker::protocol::TypeAhead;

/// How long the beginning of a name is typed on after its last key, in milliseconds.
const TYPED_ON: f64 = 1_000.0;
/// Characters that are keys of the page or of the grid.
const TAKEN: &str = "/?[] ";

/// Where the keyboard is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Here {
    /// The active row, once there is one.
    pub(super) row: Option<u32>,
    /// Whether that is a folder, and open.
    pub(super) open: Option<bool>,
    pub(super) last: u32,
    /// Rows of a page.
    pub(super) leap: u32,
}

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Walk {
    /// Go to this row.
    To(u32),
    /// Open or close the folder in this row.
    Toggle(u32, bool),
    /// Select this row, and open or close it if it is a folder.
    Choose(u32),
    /// Go to the folder that holds this row.
    Up(u32),
}

impl Here {
    /// What a key of this name does; none for keys that are not the grid's.
    pub(super) fn press(&self, key: &str) -> Option<Walk> {
        let at = self.row.unwrap_or(0);
        Some(match key {
            "ArrowDown" if self.row.is_none() => Walk::To(0),
            "ArrowDown" => Walk::To((at + 1).min(self.last)),
            "ArrowUp" => Walk::To(at.saturating_sub(1)),
            "PageDown" => Walk::To((at + self.leap).min(self.last)),
            "PageUp" => Walk::To(at.saturating_sub(self.leap)),
            "Home" => Walk::To(0),
            "End" => Walk::To(self.last),
            "ArrowRight" if self.open == Some(true) => Walk::To((at + 1).min(self.last)),
            "ArrowRight" if self.open == Some(false) => Walk::Toggle(at, true),
            "ArrowLeft" if self.open == Some(true) => Walk::Toggle(at, false),
            "ArrowLeft" => Walk::Up(at),
            "Enter" | " " => Walk::Choose(at),
            _ => return None,
        })
    }
}

/// The beginning of a name, as it is typed.
#[derive(Debug, Default)]
pub(super) struct Typed {
    /// In lower case.
    text: String,
    /// When its last key was pressed, in milliseconds.
    at: f64,
    /// The row from which it is looked for.
    after: Option<u32>,
}

impl Typed {
    /// What a key at this time (in milliseconds) asks for, with the keyboard at this row; none for keys that type nothing.
    pub(super) fn press(&mut self, key: &str, at: f64, row: Option<u32>) -> Option<TypeAhead> {
        let mut characters = key.chars();
        let (Some(character), None) = (characters.next(), characters.next()) else {
            return None;
        };
        if self.text.is_empty() || at - self.at > TYPED_ON {
            if character.is_ascii_lowercase() || TAKEN.contains(character) {
                return None;
            }
            self.text.clear();
            self.after = row;
        }
        self.text.extend(character.to_lowercase());
        self.at = at;
        // The same letter again goes to the next name that begins with it.
        let mut all = self.text.chars();
        let same = all.next().filter(|first| all.all(|other| other == *first));
        let pressed = self.text.chars().count();
        let (prefix, skip) = match same {
            Some(same) => (same.to_string(), pressed - 1),
            None => (self.text.clone(), 0),
        };
        Some(TypeAhead {
            prefix,
            after: self.after,
            skip: u32::try_from(skip).unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn keys_walk_as_in_other_trees() {
        let at = |row, open| Here {
            row: Some(row),
            open,
            last: 99,
            leap: 10,
        };
        for (here, key, walk) in [
            (at(5, None), "ArrowDown", Some(Walk::To(6))),
            (at(99, None), "ArrowDown", Some(Walk::To(99))),
            (at(0, None), "ArrowUp", Some(Walk::To(0))),
            (at(5, None), "PageDown", Some(Walk::To(15))),
            (at(5, None), "PageUp", Some(Walk::To(0))),
            (at(5, None), "End", Some(Walk::To(99))),
            (
                at(5, Some(false)),
                "ArrowRight",
                Some(Walk::Toggle(5, true)),
            ),
            (at(5, Some(true)), "ArrowRight", Some(Walk::To(6))),
            (at(5, None), "ArrowRight", None),
            (at(5, Some(true)), "ArrowLeft", Some(Walk::Toggle(5, false))),
            (at(5, Some(false)), "ArrowLeft", Some(Walk::Up(5))),
            (at(5, None), "ArrowLeft", Some(Walk::Up(5))),
            (at(5, None), "Enter", Some(Walk::Choose(5))),
            (at(5, None), "x", None),
        ] {
            assert_eq!(here.press(key), walk, "{key} at {here:?}");
        }
        let nowhere = Here {
            row: None,
            ..at(0, None)
        };
        assert_eq!(nowhere.press("ArrowDown"), Some(Walk::To(0)));
    }

    #[test]
    fn a_name_begins_with_a_key_that_is_no_shortcut_and_goes_on_with_any() {
        let mut typed = Typed::default();
        let mut press = |key: &str, at: f64| {
            let asked = typed.press(key, at, Some(7))?;
            Some((asked.prefix, asked.after, asked.skip))
        };
        let asked = |prefix: &str, skip| Some((prefix.to_owned(), Some(7), skip));
        for key in ["w", "/", " ", "]", "?", "ArrowDown", "Shift", "Enter"] {
            assert_eq!(press(key, 0.0), None, "{key}");
        }
        assert_eq!(press("L", 0.0), asked("l", 0));
        assert_eq!(press("Shift", 100.0), None);
        assert_eq!(press("i", 900.0), asked("li", 0));
        assert_eq!(press(" ", 1_800.0), asked("li ", 0));
        assert_eq!(press("[", 2_700.0), asked("li [", 0));
        // A second later a letter is a shortcut again.
        assert_eq!(press("w", 3_800.0), None);
        for (number, key) in [".", "3", "_", "é", "\u{5d0}"].into_iter().enumerate() {
            let now = 10_000.0 * (number + 1) as f64;
            assert_eq!(press(key, now), asked(key, 0));
            assert_eq!(press("w", now + 100.0), asked(&format!("{key}w"), 0));
        }
        assert_eq!(press("S", 90_000.0), asked("s", 0));
        assert_eq!(press("s", 90_100.0), asked("s", 1));
        assert_eq!(press("S", 90_200.0), asked("s", 2));
        assert_eq!(press("h", 90_300.0), asked("sssh", 0));
    }
}
