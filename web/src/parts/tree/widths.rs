//! Widths that the visitor gave to columns of the tree, remembered in this browser.

use crate::browser;
use crate::worker::protocol::Column;

/// The least that a column can be made, in pixels, and the most.
pub(crate) const LEAST: u32 = 40;
pub(crate) const MOST: u32 = 400;

/// The widths of some columns, in pixels: of the others nobody changed them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Widths(Vec<(Column, u32)>);

impl Widths {
    /// As this browser remembers them.
    pub(crate) fn remembered() -> Self {
        browser::column_widths().map_or_else(Widths::default, |text| Widths::read(&text))
    }

    /// Reads what [`Self::written`] wrote; what means nothing is left out.
    fn read(text: &str) -> Self {
        let pairs = text.split(',').filter_map(|pair| {
            let (name, width) = pair.split_once(':')?;
            Some((Column::of(name)?, width.parse().ok()?))
        });
        pairs.fold(Widths::default(), |widths, (column, width)| {
            widths.with(column, Some(width))
        })
    }

    fn written(&self) -> String {
        let pairs = self.0.iter();
        let pairs = pairs.map(|(column, width)| format!("{}:{width}", column.name()));
        pairs.collect::<Vec<_>>().join(",")
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn of(&self, column: Column) -> Option<u32> {
        let mut all = self.0.iter();
        all.find(|(of, _)| *of == column).map(|(_, width)| *width)
    }

    /// With this width of a column; with none it has the usual one.
    fn with(&self, column: Column, width: Option<u32>) -> Self {
        let others = self.0.iter().filter(|(of, _)| *of != column).copied();
        let width = width.map(|width| (column, width.clamp(LEAST, MOST)));
        Widths(others.chain(width).collect())
    }

    /// The same, remembered in this browser.
    pub(crate) fn keep(&self, column: Column, width: Option<u32>) -> Self {
        let widths = self.with(column, width);
        browser::keep_column_widths(&widths.written());
        widths
    }

    /// All columns have their usual widths again.
    pub(crate) fn forget() -> Self {
        browser::keep_column_widths("");
        Widths::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn widths_are_read_as_they_were_written_within_their_limits() {
        let widths = Widths::default()
            .with(Column::Size, Some(120))
            .with(Column::Owner, Some(9_000))
            .with(Column::Size, Some(100));
        assert_eq!(widths.written(), "owner:400,size:100");
        assert_eq!(Widths::read(&widths.written()), widths);
        assert_eq!(widths.of(Column::Size), Some(100));
        assert_eq!(widths.with(Column::Size, None).of(Column::Size), None);
        let odd = Widths::read("dust:3,size:x,mode:1,,owner");
        assert_eq!(odd.written(), "mode:40");
    }
}
