//! The layout of an icicle: a column for each level of folders, and what is in a folder beside it, as high as it is large.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use onionskin_core::report::squarify::Rect;

use super::map::{PARTS, SEEN};

/// The least width of a column, in pixels: names are read in it.
const COLUMN: f64 = 120.0;

/// Sizes of what is in a folder; None stands for what is too small to be told apart.
pub(super) type Sizes<N> = Vec<(u64, Option<N>)>;

/// A rectangle of an icicle.
#[derive(Clone, Copy)]
pub(super) struct Placed<N> {
    /// None of what is too small to have a rectangle of its own.
    pub(super) of: Option<N>,
    pub(super) size: u64,
    /// How many columns are on its left.
    pub(super) depth: u32,
    pub(super) rect: Rect,
}

/// What is placed so far, and what may have something beside it.
struct Icicle<N> {
    /// Pixels of a byte.
    scale: f64,
    placed: Vec<Placed<N>>,
    /// By their sizes, the first of equal ones first.
    waiting: BinaryHeap<(u64, Reverse<usize>)>,
}

/// Places what is below a folder. `inside` tells what is in one, the largest first, which together is no larger than the
/// folder. What is in a folder comes after it.
pub(super) fn icicle<N: Copy>(
    folder: N,
    room: Rect,
    inside: impl Fn(N) -> Sizes<N>,
) -> Vec<Placed<N>> {
    let columns = ((room.width / COLUMN) as u32).max(1);
    let first = inside(folder);
    let whole: f64 = first.iter().map(|(size, _)| *size as f64).sum();
    let mut icicle = Icicle {
        scale: if whole > 0.0 {
            room.height / whole
        } else {
            0.0
        },
        placed: Vec::new(),
        waiting: BinaryHeap::new(),
    };
    icicle.place(first, 0, room.y, room.y + room.height);
    while let Some((_, Reverse(index))) = icicle.waiting.pop() {
        if icicle.placed.len() >= PARTS {
            break;
        }
        let Some(Placed {
            of: Some(node),
            depth,
            rect,
            ..
        }) = icicle.placed.get(index).copied()
        else {
            continue;
        };
        if depth + 1 < columns {
            icicle.place(inside(node), depth + 1, rect.y, rect.y + rect.height);
        }
    }
    let mut placed = icicle.placed;
    let used = placed.iter().map(|part| part.depth + 1).max().unwrap_or(1);
    let width = room.width / f64::from(used);
    for part in &mut placed {
        part.rect.x = room.x + width * f64::from(part.depth);
        part.rect.width = width;
    }
    placed
}

impl<N> Icicle<N> {
    /// Places what is in a folder one below the other. What is too thin is placed as one, last.
    fn place(&mut self, inside: Sizes<N>, depth: u32, top: f64, end: f64) {
        let mut y = top;
        let mut rest = 0;
        for (size, of) in inside {
            // As high as it is left, should the sizes be larger than that of their folder.
            let height = (size as f64 * self.scale).min(end - y);
            if of.is_none() || height < SEEN {
                rest += size;
                continue;
            }
            self.waiting.push((size, Reverse(self.placed.len())));
            self.push(of, size, depth, y, height);
            y += height;
        }
        let height = (rest as f64 * self.scale).min(end - y);
        if height >= SEEN {
            self.push(None, rest, depth, y, height);
        }
    }

    /// The columns are known once all is placed.
    fn push(&mut self, of: Option<N>, size: u64, depth: u32, y: f64, height: f64) {
        self.placed.push(Placed {
            of,
            size,
            depth,
            rect: Rect {
                x: 0.0,
                y,
                width: 0.0,
                height,
            },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const ROOM: Rect = Rect {
        x: 10.0,
        y: 20.0,
        width: 600.0,
        height: 400.0,
    };

    /// A tree by number: what is in a node has the sizes of this table.
    struct Sized {
        size: u64,
        inside: Vec<usize>,
    }

    /// Three levels of three folders each, and files of uneven sizes in the last.
    fn tree() -> Vec<Sized> {
        let mut tree = vec![Sized {
            size: 0,
            inside: Vec::new(),
        }];
        let mut level = vec![0];
        for _ in 0..3 {
            let mut next = Vec::new();
            for folder in level {
                for _ in 0..3 {
                    let at = tree.len();
                    tree[folder].inside.push(at);
                    next.push(at);
                    tree.push(Sized {
                        size: (at as u64 * 7) % 11 + 5,
                        inside: Vec::new(),
                    });
                }
            }
            level = next;
        }
        // Folders are as large as what is in them.
        for at in (0..tree.len()).rev() {
            if !tree[at].inside.is_empty() {
                tree[at].size = tree[at].inside.iter().map(|one| tree[*one].size).sum();
            }
        }
        tree
    }

    fn inside(tree: &[Sized], node: usize) -> Sizes<usize> {
        let inside = tree[node].inside.iter();
        let mut sizes: Sizes<usize> = inside.map(|one| (tree[*one].size, Some(*one))).collect();
        sizes.sort_by_key(|(size, _)| Reverse(*size));
        sizes
    }

    fn end(rect: &Rect) -> f64 {
        rect.y + rect.height
    }

    #[test]
    fn areas_are_in_proportion_and_what_is_in_a_folder_lies_beside_it() {
        let tree = tree();
        let placed = icicle(0, ROOM, |node| inside(&tree, node));
        assert_eq!(placed.len(), tree.len() - 1);
        let pixels = 200.0 * ROOM.height / tree[0].size as f64;
        for part in &placed {
            let node = part.of.unwrap();
            assert_eq!(part.size, tree[node].size);
            let area = part.rect.width * part.rect.height;
            assert!((area - pixels * part.size as f64).abs() < 0.001, "{node}");
            assert_eq!(part.rect.x, ROOM.x + 200.0 * f64::from(part.depth));
            for child in &tree[node].inside {
                let child = placed.iter().find(|part| part.of == Some(*child)).unwrap();
                assert_eq!(child.depth, part.depth + 1);
                assert!(child.rect.y > part.rect.y - 0.001);
                assert!(end(&child.rect) < end(&part.rect) + 0.001);
            }
        }
        // Nothing overlaps, and no level leaves a gap.
        for depth in 0..3 {
            let level = placed.iter().filter(|part| part.depth == depth);
            let mut level: Vec<Rect> = level.map(|part| part.rect).collect();
            level.sort_by(|a, b| a.y.total_cmp(&b.y));
            assert!((level[0].y - ROOM.y).abs() < 0.001);
            for pair in level.windows(2) {
                assert!((end(&pair[0]) - pair[1].y).abs() < 0.001, "{depth}");
            }
            assert!((end(level.last().unwrap()) - end(&ROOM)).abs() < 0.001);
        }
    }

    #[test]
    fn what_is_too_thin_is_one_rectangle_below_the_others() {
        let sizes = |node: usize| -> Sizes<usize> {
            let files = (1..=1_000).map(|file| (if file == 1 { 1_000 } else { 1 }, Some(file)));
            match node {
                0 => files.chain([(1, None)]).collect(),
                _ => Sizes::new(),
            }
        };
        let placed = icicle(0, ROOM, sizes);
        let told: Vec<_> = placed.iter().map(|part| (part.of, part.size)).collect();
        assert_eq!(told, [(Some(1), 1_000), (None, 1_000)]);
        assert!((placed[1].rect.height - 200.0).abs() < 0.001);
        // A rest that cannot be seen itself is left out.
        let few = |node: usize| -> Sizes<usize> {
            match node {
                0 => vec![(1_000_000, Some(1)), (1, Some(2))],
                _ => Sizes::new(),
            }
        };
        assert_eq!(icicle(0, ROOM, few).len(), 1);
    }

    #[test]
    fn there_are_as_many_columns_as_names_can_be_read_in() {
        let tree = tree();
        for (width, columns) in [(100.0, 1), (250.0, 2), (2_000.0, 3)] {
            let room = Rect { width, ..ROOM };
            let placed = icicle(0, room, |node| inside(&tree, node));
            let deepest = placed.iter().map(|part| part.depth + 1).max();
            assert_eq!(deepest, Some(columns));
            let right = placed.iter().map(|part| part.rect.x + part.rect.width);
            let right = right.fold(0.0, f64::max);
            assert!((right - room.x - width).abs() < 0.001, "{right}");
        }
        assert!(icicle(0, ROOM, |_| Sizes::<usize>::new()).is_empty());
    }
}
