//! Where things stand in the chart: columns from left to right, and lines of round numbers from bottom to top.

/// Lines above the lowest at most.
const LINES: u64 = 3;

/// Round numbers from 0 to at least `most`, evenly apart.
pub(super) fn lines(most: u64) -> Vec<u64> {
    let rough = most.div_ceil(LINES).max(1);
    let power = 10_u64.pow(rough.ilog10());
    let rounds = [1, 2, 5, 10].map(|factor| power.saturating_mul(factor));
    let step = rounds.into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(rough);
    (0..=most.div_ceil(step).max(1))
        .map(|at| step.saturating_mul(at))
        .collect()
}

/// About the width of a letter.
pub(super) const LETTER: f64 = 7.0;

/// A part of the chart's height, for numbers from 0 to `most`.
#[derive(Clone, Copy)]
pub(super) struct Panel {
    pub(super) top: f64,
    pub(super) height: f64,
    pub(super) most: u64,
}

impl Panel {
    /// The lower edge.
    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// How high a number is.
    pub(super) fn length(&self, number: u64) -> f64 {
        self.height * number as f64 / self.most.max(1) as f64
    }

    /// Where a number is.
    pub(super) fn y(&self, number: u64) -> f64 {
        self.bottom() - self.length(number)
    }
}

/// The columns of the chart, one for each image.
#[derive(Clone, Copy)]
pub(super) struct Columns {
    pub(super) left: f64,
    pub(super) width: f64,
    count: usize,
}

impl Columns {
    /// A column is not narrower: then the chart is wider than its frame, and scrolls.
    const LEAST: f64 = 18.0;
    /// Nor wider: few images stand side by side.
    const MOST: f64 = 320.0;
    /// The widest bar.
    const BAR: f64 = 44.0;
    /// The least room for the name of a column.
    const NAMED: f64 = 58.0;

    /// Columns that fill a frame of this width, right of `left`.
    pub(super) fn of(frame: f64, left: f64, count: usize) -> Self {
        let width = (frame - left) / count.max(1) as f64;
        Columns {
            left,
            width: width.clamp(Self::LEAST, Self::MOST),
            count,
        }
    }

    /// The right edge of the last one.
    pub(super) fn end(&self) -> f64 {
        self.left + self.width * self.count as f64
    }

    pub(super) fn start(&self, at: usize) -> f64 {
        self.left + self.width * at as f64
    }

    pub(super) fn middle(&self, at: usize) -> f64 {
        self.start(at) + self.width / 2.0
    }

    pub(super) fn bar(&self) -> f64 {
        (self.width * 0.6).min(Self::BAR)
    }

    /// Whether a column has its name below it; the last one always has.
    pub(super) fn is_named(&self, at: usize) -> bool {
        let every = (Self::NAMED / self.width).ceil().max(1.0) as usize;
        (self.count - 1 - at.min(self.count - 1)).is_multiple_of(every)
    }

    /// How many characters of a name have room below a column, or above its bar.
    pub(super) fn characters(&self) -> usize {
        (self.width.max(Self::NAMED) / LETTER) as usize
    }
}

/// As much of a name as there is room for: its end, which tells paths and versions apart.
pub(super) fn fitting(name: &str, characters: usize) -> String {
    let count = name.chars().count();
    if count <= characters {
        return name.to_owned();
    }
    let skipped = count + 1 - characters.max(2);
    std::iter::once('…')
        .chain(name.chars().skip(skipped))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn lines_are_round_and_hold_all() {
        assert_eq!(lines(0), [0, 1]);
        assert_eq!(lines(2), [0, 1, 2]);
        assert_eq!(lines(12), [0, 5, 10, 15]);
        assert_eq!(lines(169_000), [0, 100_000, 200_000]);
        for most in [1, 7, 99, 1_000, 123_456_789, u64::MAX / 2] {
            let lines = lines(most);
            assert!(
                lines.len() <= 5 && *lines.last().unwrap() >= most,
                "{lines:?}"
            );
        }
        assert!(!lines(u64::MAX).is_empty());
    }

    #[test]
    fn the_last_column_has_a_name_and_all_have_where_they_are_wide() {
        let narrow = Columns::of(400.0, 60.0, 100);
        assert!(narrow.is_named(99) && !narrow.is_named(98));
        assert!(narrow.end() > 400.0);
        let wide = Columns::of(400.0, 60.0, 3);
        assert!((0..3).all(|at| wide.is_named(at)));
        assert!((wide.end() - 400.0).abs() < 1e-6);
    }

    #[test]
    fn names_are_cut_at_their_start() {
        assert_eq!(fitting("1.2.3", 5), "1.2.3");
        assert_eq!(fitting("v1.2.3-alpine", 8), "…-alpine");
        assert_eq!(fitting("äöü", 2), "…ü");
    }
}
