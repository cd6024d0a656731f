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
pub fn squarify(sizes: &[u64], mut free: Rect) -> Vec<Rect> {
    let total: f64 = sizes.iter().map(|size| *size as f64).sum();
    let scale = if total > 0.0 {
        free.width * free.height / total
    } else {
        0.0
    };
    let areas: Vec<f64> = sizes.iter().map(|size| *size as f64 * scale).collect();
    let mut parts = Vec::with_capacity(areas.len());
    let mut rest = areas.as_slice();
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
        let (row, after) = rest.split_at(count);
        free = place(row, sum, free, &mut parts);
        rest = after;
    }
    parts
}

/// The ratio of the sides of the longest part in a row of this area, from its largest part to its smallest.
fn worst(largest: f64, smallest: f64, row: f64, side: f64) -> f64 {
    let (row, side) = (row * row, side * side);
    (side * largest / row).max(row / (side * smallest))
}

/// Lays a row along the shorter side of what is free, and returns what is left of it.
fn place(row: &[f64], sum: f64, free: Rect, parts: &mut Vec<Rect>) -> Rect {
    let wide = free.width >= free.height;
    let side = if wide { free.height } else { free.width };
    let depth = if side > 0.0 { sum / side } else { 0.0 };
    let mut at = 0.0;
    for area in row {
        let length = if depth > 0.0 { area / depth } else { 0.0 };
        parts.push(match wide {
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
    match wide {
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

    proptest! {
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
                    let wide = (a.x + a.width).min(b.x + b.width) - a.x.max(b.x);
                    let high = (a.y + a.height).min(b.y + b.height) - a.y.max(b.y);
                    prop_assert!(wide <= 1e-6 || high <= 1e-6, "{a:?} {b:?}");
                }
            }
        }
    }
}
