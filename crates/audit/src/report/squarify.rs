//! A rectangle cut into parts as near to squares as can be: "Squarified Treemaps" by Bruls, Huizing and
//! van Wijk (2000).

/// A rectangle by its corner and its sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    /// The left edge.
    pub x: f64,
    /// The upper edge.
    pub y: f64,
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

/// A part for each of `sizes`, in their order and in proportion to them; the largest should come first.
#[must_use]
pub fn squarify(sizes: &[u64], free: Rect) -> Vec<Rect> {
    let areas = areas(sizes.iter().map(|size| *size as f64), &free);
    lay(&areas, &rows(&areas, free), free)
}

/// The same for two lists of sizes in two rectangles. Both have the same rows, so that each part is at about the same place
/// in both, and parts between both places, as far on their way as all others, neither overlap nor leave a gap. The parts with
/// the largest sums should come first.
#[must_use]
pub fn squarify_both(sizes: &[[u64; 2]], free: [Rect; 2]) -> Vec<[Rect; 2]> {
    let [old, new] = free;
    let mean = Rect {
        width: f64::midpoint(old.width, new.width),
        height: f64::midpoint(old.height, new.height),
        ..old
    };
    let sums = sizes.iter().map(|[old, new]| *old as f64 + *new as f64);
    let rows = rows(&areas(sums, &mean), mean);
    let [old, new] = [(0, old), (1, new)].map(|(side, free)| {
        let of_side = sizes.iter().filter_map(|sizes| sizes.get(side));
        let areas = areas(of_side.map(|size| *size as f64), &free);
        lay(&areas, &rows, free)
    });
    old.into_iter().zip(new).map(<[Rect; 2]>::from).collect()
}

/// Parts that lie beside each other.
struct Row {
    parts: usize,
    /// They lie along the left edge of what was free, not along its upper one.
    upright: bool,
}

/// Numbers as areas that fill what is free.
fn areas(sizes: impl Iterator<Item = f64> + Clone, free: &Rect) -> Vec<f64> {
    let total: f64 = sizes.clone().sum();
    let scale = if total > 0.0 {
        free.width * free.height / total
    } else {
        0.0
    };
    sizes.map(|size| size * scale).collect()
}

/// How parts of these areas lie best.
fn rows(areas: &[f64], mut free: Rect) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut rest = areas;
    while let Some(first) = rest.first() {
        let side = free.width.min(free.height);
        let mut sum = *first;
        let mut count = 1;
        let mut now = worst(*first, *first, sum, side);
        // A row takes parts for as long as that makes its longest part no longer.
        while let Some(next) = rest.get(count) {
            let then = worst(*first, *next, sum + next, side);
            if then > now {
                break;
            }
            (sum, now, count) = (sum + next, then, count + 1);
        }
        let row = Row {
            parts: count,
            upright: free.width >= free.height,
        };
        free = place(&[], sum, row.upright, free, &mut Vec::new());
        rest = rest.get(count..).unwrap_or_default();
        rows.push(row);
    }
    rows
}

/// Lays parts of these areas in rows.
fn lay(areas: &[f64], rows: &[Row], mut free: Rect) -> Vec<Rect> {
    let mut parts = Vec::with_capacity(areas.len());
    let mut rest = areas;
    for row in rows {
        let (of_row, after) = rest.split_at_checked(row.parts).unwrap_or((rest, &[]));
        free = place(of_row, of_row.iter().sum(), row.upright, free, &mut parts);
        rest = after;
    }
    parts
}

/// The ratio of the sides of the longest part in a row of this area, from its largest part to its smallest.
fn worst(largest: f64, smallest: f64, row: f64, side: f64) -> f64 {
    let (row, side) = (row * row, side * side);
    (side * largest / row).max(row / (side * smallest))
}

/// Lays a row along an edge of what is free, and returns what is left of it.
fn place(row: &[f64], sum: f64, upright: bool, free: Rect, parts: &mut Vec<Rect>) -> Rect {
    let side = if upright { free.height } else { free.width };
    let depth = if side > 0.0 { sum / side } else { 0.0 };
    let mut at = 0.0;
    for area in row {
        let length = if depth > 0.0 { area / depth } else { 0.0 };
        parts.push(match upright {
            true => Rect {
                y: free.y + at,
                width: depth,
                height: length,
                ..free
            },
            false => Rect {
                x: free.x + at,
                width: length,
                height: depth,
                ..free
            },
        });
        at += length;
    }
    match upright {
        true => Rect {
            x: free.x + depth,
            width: (free.width - depth).max(0.0),
            ..free
        },
        false => Rect {
            y: free.y + depth,
            height: (free.height - depth).max(0.0),
            ..free
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WHOLE: Rect = Rect {
        x: 10.0,
        y: 20.0,
        width: 600.0,
        height: 400.0,
    };

    #[test]
    fn the_parts_are_those_of_the_papers_example() {
        let whole = Rect {
            x: 0.0,
            y: 0.0,
            width: 6.0,
            height: 4.0,
        };
        let parts = squarify(&[6, 6, 4, 3, 2, 2, 1], whole);
        let corners: Vec<(f64, f64)> = parts.iter().map(|part| (part.x, part.y)).collect();
        assert_eq!(corners[..3], [(0.0, 0.0), (0.0, 2.0), (3.0, 0.0)]);
        assert!((parts[2].width - 12.0 / 7.0).abs() < 1e-9, "{parts:?}");
    }

    fn overlap(a: &Rect, b: &Rect) -> bool {
        let wide = (a.x + a.width).min(b.x + b.width) - a.x.max(b.x);
        let high = (a.y + a.height).min(b.y + b.height) - a.y.max(b.y);
        wide > 1e-6 && high > 1e-6
    }

    proptest! {
        /// What comes, goes, grows and shrinks stays apart on its whole way.
        #[test]
        fn parts_of_two_maps_fill_them_and_never_overlap_between_both(
            mut sizes in prop::collection::vec([0_u64..1 << 40, 0_u64..1 << 40], 1..40),
            t in 0.0..=1.0,
        ) {
            sizes.sort_by_key(|[old, new]| std::cmp::Reverse(old + new));
            let smaller = Rect { width: 480.0, height: 320.0, ..WHOLE };
            let both = squarify_both(&sizes, [smaller, WHOLE]);
            prop_assert_eq!(both.len(), sizes.len());
            for (side, whole) in [(0, smaller), (1, WHOLE)] {
                let total: f64 = sizes.iter().map(|sizes| sizes[side] as f64).sum();
                for (parts, sizes) in both.iter().zip(&sizes) {
                    let share = if total > 0.0 { sizes[side] as f64 / total } else { 0.0 };
                    let area = parts[side].width * parts[side].height;
                    prop_assert!((area - share * whole.width * whole.height).abs() < 1e-3);
                }
            }
            let between = |old: f64, new: f64| old + (new - old) * t;
            let at: Vec<Rect> = both.iter().map(|[old, new]| Rect {
                x: between(old.x, new.x),
                y: between(old.y, new.y),
                width: between(old.width, new.width),
                height: between(old.height, new.height),
            }).collect();
            for (place, a) in at.iter().enumerate() {
                for b in &at[..place] {
                    prop_assert!(!overlap(a, b), "{a:?} {b:?}");
                }
            }
        }

        #[test]
        fn parts_fill_the_whole_and_do_not_overlap(mut sizes in prop::collection::vec(0_u64..1 << 40, 1..60)) {
            sizes.sort_by(|a, b| b.cmp(a));
            let total: f64 = sizes.iter().map(|size| *size as f64).sum();
            let parts = squarify(&sizes, WHOLE);
            prop_assert_eq!(parts.len(), sizes.len());
            for (part, size) in parts.iter().zip(&sizes) {
                let share = if total > 0.0 { *size as f64 / total } else { 0.0 };
                let area = part.width * part.height;
                prop_assert!((area - share * WHOLE.width * WHOLE.height).abs() < 1e-3, "{part:?}");
                prop_assert!(part.x >= WHOLE.x - 1e-6 && part.x + part.width <= WHOLE.x + WHOLE.width + 1e-6);
                prop_assert!(part.y >= WHOLE.y - 1e-6 && part.y + part.height <= WHOLE.y + WHOLE.height + 1e-6);
            }
            for (at, a) in parts.iter().enumerate() {
                for b in &parts[..at] {
                    prop_assert!(!overlap(a, b), "{a:?} {b:?}");
                }
            }
        }
    }
}
