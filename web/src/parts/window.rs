//! Which rows of a long list are in view, and where they go.
//!
//! Browsers refuse elements beyond some tens of millions of pixels, so a list that is longer than
//! [`TALLEST`] is squeezed: the scroll bar then moves more than a pixel of rows for each of its own.

/// Height of a row, as in the style sheet, in pixels.
pub(crate) const ROW: f64 = 28.0;
/// The tallest element that all browsers lay out, in pixels.
const TALLEST: f64 = 15_000_000.0;
/// Rows drawn beyond the edges of the view.
const SPARE: u32 = 8;

/// A list of rows and the box it is seen through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Window {
    pub(crate) total: u32,
    /// Height of the view, in pixels.
    pub(crate) view: f64,
    /// How far the box is scrolled, in pixels.
    pub(crate) scrolled: f64,
    /// Height of a row, in pixels.
    pub(crate) row: f64,
}

impl Default for Window {
    fn default() -> Self {
        Window {
            total: 0,
            view: 0.0,
            scrolled: 0.0,
            row: ROW,
        }
    }
}

impl Window {
    /// Height of everything, in pixels, as the scroll bar knows it.
    pub(crate) fn height(&self) -> f64 {
        (f64::from(self.total) * self.row).min(TALLEST)
    }

    /// The place in the unsqueezed list, in pixels.
    fn top(&self) -> f64 {
        let (full, height) = (f64::from(self.total) * self.row, self.height());
        let (far, hidden) = (height - self.view, full - self.view);
        if far <= 0.0 {
            0.0
        } else {
            (self.scrolled * (hidden / far)).clamp(0.0, hidden)
        }
    }

    /// The first row in view.
    pub(crate) fn first(&self) -> u32 {
        (self.top() / self.row) as u32
    }

    /// How many whole rows are in view.
    pub(crate) fn visible(&self) -> u32 {
        ((self.view / self.row) as u32).max(1)
    }

    /// The rows to draw, as a range.
    pub(crate) fn drawn(&self) -> std::ops::Range<u32> {
        let first = self.first();
        let end = first
            .saturating_add(self.visible() + 1 + SPARE)
            .min(self.total);
        first.saturating_sub(SPARE).min(end)..end
    }

    /// The most rows that are drawn at a time with this view, wherever it is scrolled to.
    pub(crate) fn most_drawn(&self) -> u32 {
        self.visible() + 1 + 2 * SPARE
    }

    /// The rows of which something is in view, as a range.
    pub(crate) fn in_view(&self) -> std::ops::Range<u32> {
        let first = self.first();
        first.min(self.total)..first.saturating_add(self.visible() + 1).min(self.total)
    }

    /// Where the first drawn row goes, in pixels from the top of everything.
    pub(crate) fn offset(&self) -> f64 {
        self.offset_at(self.scrolled)
    }

    /// The same where the box is scrolled elsewhere, and sees these rows there.
    pub(crate) fn offset_at(&self, scrolled: f64) -> f64 {
        scrolled.max(0.0) - (self.top() - f64::from(self.drawn().start) * self.row)
    }

    /// Where to scroll so that this row is in view; none if it is.
    pub(crate) fn reveal(&self, row: u32) -> Option<f64> {
        let (top, at) = (self.top(), f64::from(row) * self.row);
        let wanted = if at < top {
            at
        } else if at + self.row > top + self.view {
            at + self.row - self.view
        } else {
            return None;
        };
        Some(self.scroll_to(wanted))
    }

    /// Where to scroll so that this row is in the middle; none if it is in view.
    pub(crate) fn centre(&self, row: u32) -> Option<f64> {
        self.reveal(row)?;
        Some(self.scroll_to(f64::from(row) * self.row - (self.view - self.row) / 2.0))
    }

    /// Where to scroll so that this row has a few others above it.
    pub(crate) fn top_at(&self, row: u32) -> Option<f64> {
        let top = f64::from(row.saturating_sub(3)) * self.row;
        (row < self.total).then(|| self.scroll_to(top))
    }

    fn scroll_to(&self, top: f64) -> f64 {
        let (full, height) = (f64::from(self.total) * self.row, self.height());
        let (far, hidden) = (height - self.view, full - self.view);
        if hidden <= 0.0 {
            0.0
        } else {
            (top / hidden * far).clamp(0.0, far.max(0.0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn window(total: u32, scrolled: f64) -> Window {
        Window {
            total,
            view: 560.0,
            scrolled,
            ..Window::default()
        }
    }

    #[test]
    fn only_rows_in_view_are_drawn() {
        assert_eq!(window(120_000, 0.0).drawn(), 0..29);
        assert_eq!(window(120_000, 28_000.0).drawn(), 992..1029);
        assert_eq!(window(5, 0.0).drawn(), 0..5);
        assert_eq!(window(0, 0.0).drawn(), 0..0);
    }

    #[test]
    fn rows_stand_where_the_scroll_bar_says() {
        let list = window(120_000, 28_014.0);
        assert_eq!(list.offset(), 992.0 * ROW);
        let end = window(120_000, 120_000.0 * ROW - 560.0);
        assert_eq!(end.drawn().end, 120_000);
    }

    #[test]
    fn rows_of_elsewhere_are_seen_at_the_same_height() {
        let (here, there) = (window(120_000, 28_014.0), 2_000_000.0);
        let below_the_edge = |window: &Window, offset: f64, scrolled: f64| {
            offset + f64::from(window.first() - window.drawn().start) * ROW - scrolled
        };
        assert_eq!(below_the_edge(&here, here.offset(), here.scrolled), -14.0);
        assert_eq!(below_the_edge(&here, here.offset_at(there), there), -14.0);
        assert_eq!(here.in_view(), 1_000..1_021);
    }

    #[test]
    fn a_list_taller_than_browsers_can_lay_out_still_reaches_its_end() {
        let total = 3_000_000;
        let end = window(total, TALLEST - 560.0);
        assert_eq!(end.first(), total - 20);
        assert_eq!(end.drawn().end, total);
        let last_row_bottom = end.offset() + f64::from(end.drawn().len() as u32) * ROW;
        assert!(
            (last_row_bottom - TALLEST).abs() < 0.01,
            "{last_row_bottom}"
        );
        for row in [0, 1, 1_500_000, total - 1] {
            let scrolled = window(total, 7_000_000.0)
                .reveal(row)
                .unwrap_or(7_000_000.0);
            assert!(window(total, scrolled).drawn().contains(&row), "row {row}");
        }
    }

    #[test]
    fn what_is_in_view_does_not_move() {
        assert_eq!(window(100, 0.0).reveal(19), None);
        assert_eq!(window(100, 0.0).reveal(20), Some(28.0));
        assert_eq!(window(100, 280.0).reveal(3), Some(84.0));
        assert_eq!(window(100, 0.0).centre(5), None);
        assert!(
            window(100, 0.0)
                .centre(50)
                .is_some_and(|at| (at - (1_400.0 - 266.0)).abs() < 0.01)
        );
    }
}
