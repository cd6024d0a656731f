//! What the keys do in the tree grid, as the ARIA practices for tree grids have it.

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
}
