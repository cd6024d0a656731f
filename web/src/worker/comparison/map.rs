//! The paths that differ as a map: rectangles as large as what paths come to in the old image, and in the new one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use onionskin_core::compare::{Change, ChangeTree, FileChange};
use onionskin_core::report::bytes;
use onionskin_core::report::squarify::{Rect, squarify_both};

use super::rows::Rows;
use crate::worker::listing::map::{IN_FOLDER, LEAST, PARTS, SEEN, head, inside};
use crate::worker::protocol::{
    ComparedMap, ComparedMapOf, ComparedPart, EntryKind, Growth, MapPart, OldPlace, Shade,
};

/// Bytes in the old image and in the new one.
type Bytes = [u64; 2];
/// Where something is for the old image, and for the new one.
type Places = [Rect; 2];

/// What a rectangle is of.
#[derive(Clone, Copy)]
enum Of {
    Place(usize),
    /// What does not differ in a folder.
    Same,
    /// What is too small to have a rectangle of its own.
    Smaller,
}

/// What is drawn so far, and the folders that may be opened.
struct Drawing<'m> {
    rows: &'m Rows,
    files: &'m [FileChange],
    /// With what does not differ.
    all: bool,
    /// By place.
    weights: Vec<Bytes>,
    parts: Vec<ComparedPart>,
    places: Vec<Option<(usize, Places)>>,
    /// By their areas, the first of equal ones first.
    folders: BinaryHeap<(u64, Reverse<usize>)>,
}

/// The map of a folder, as what is shown of the tree has it.
pub(super) fn of(rows: &Rows, files: &[FileChange], asked: &ComparedMapOf) -> ComparedMap {
    let weights = weights(rows, files, asked.all);
    let top = nearest(rows, &weights, &asked.zoom);
    let [old, new] = weights.get(top).copied().unwrap_or_default();
    let most = old.max(new).max(1) as f64;
    // A byte has the same area in both maps.
    let room = [old, new].map(|bytes| {
        let side = (bytes as f64 / most).sqrt();
        Rect {
            x: 0.0,
            y: 0.0,
            width: f64::from(asked.width).clamp(1.0, 20_000.0) * side,
            height: f64::from(asked.height).clamp(1.0, 20_000.0) * side,
        }
    });
    let mut drawing = Drawing {
        rows,
        files,
        all: asked.all,
        weights,
        parts: Vec::new(),
        places: Vec::new(),
        folders: BinaryHeap::new(),
    };
    drawing.draw(top, 0, room);
    while let Some((_, Reverse(index))) = drawing.folders.pop() {
        drawing.open(index);
        if drawing.parts.len() >= PARTS {
            break;
        }
    }
    let tree = rows.tree();
    ComparedMap {
        shown: rows.shown(),
        zoom: tree
            .get(top)
            .map(|of| bytes(&of.path).into_owned())
            .unwrap_or_default(),
        old,
        new,
        parts: drawing.parts,
    }
}

/// By place what is there and below in both images.
fn weights(rows: &Rows, files: &[FileChange], all: bool) -> Vec<Bytes> {
    let tree = rows.tree();
    let mut weights = vec![[0; 2]; tree.len()];
    // Folders have lower numbers than what is in them.
    for place in (0..tree.len()).rev() {
        let own = match tree.children(place).is_empty() {
            true => own(rows, files, place),
            false if all => [same(tree, place); 2],
            false => [0; 2],
        };
        let Some(sum) = weights.get_mut(place) else {
            continue;
        };
        add(sum, own);
        let sum = *sum;
        let above = tree.parent(place);
        if place != above
            && let Some(above) = weights.get_mut(above)
        {
            add(above, sum);
        }
    }
    weights
}

fn add(sum: &mut Bytes, more: Bytes) {
    for (sum, more) in sum.iter_mut().zip(more) {
        *sum = sum.saturating_add(more);
    }
}

/// What a place that holds no other has, where its change is shown.
fn own(rows: &Rows, files: &[FileChange], place: usize) -> Bytes {
    let of = rows.tree().get(place);
    let change = of.and_then(|of| files.get(of.change?));
    // What a folder held that moved away is told where it is now.
    let of = of.filter(|of| of.kind != EntryKind::Dir);
    match of.filter(|_| change.is_some_and(|change| rows.is_shown(change))) {
        Some(of) => [of.old_size, of.new_size].map(Option::unwrap_or_default),
        None => [0; 2],
    }
}

/// Bytes in a folder of which nothing differs: a file that moved away is told where it is now, so that the new image has
/// just those.
fn same(tree: &ChangeTree, folder: usize) -> u64 {
    let size = |place: usize| tree.get(place).and_then(|of| of.new_size).unwrap_or(0);
    let told: u64 = tree.children(folder).iter().map(|child| size(*child)).sum();
    size(folder).saturating_sub(told)
}

/// The folder of a path, or the nearest one above it that has anything in it.
fn nearest(rows: &Rows, weights: &[Bytes], path: &[u8]) -> usize {
    let mut path = path;
    while let Some(slash) = path.iter().rposition(|byte| *byte == b'/') {
        if let Some((place, _)) = rows.find(path)
            && !rows.tree().children(place).is_empty()
            && weights.get(place).is_some_and(|bytes| *bytes != [0; 2])
        {
            return place;
        }
        path = path.get(..slash).unwrap_or_default();
    }
    ChangeTree::ROOT
}

impl Drawing<'_> {
    fn weight(&self, place: usize) -> Bytes {
        self.weights.get(place).copied().unwrap_or_default()
    }

    /// Draws what is in a folder that has room for it.
    fn open(&mut self, index: usize) {
        let Some((place, rects)) = self.places.get(index).copied().flatten() else {
            return;
        };
        let Some(part) = self.parts.get_mut(index) else {
            return;
        };
        part.new.open = true;
        let depth = part.new.depth + 1;
        self.draw(place, depth, rects.map(|rect| inside(&rect)));
    }

    fn draw(&mut self, folder: usize, depth: u32, room: Places) {
        let tree = self.rows.tree();
        let children = tree.children(folder).iter();
        let mut inside: Vec<(Bytes, Of)> = children
            .map(|child| (self.weight(*child), Of::Place(*child)))
            .collect();
        if self.all {
            inside.push(([same(tree, folder); 2], Of::Same));
        }
        inside.retain(|(bytes, _)| *bytes != [0; 2]);
        let sum = |(bytes, _): &(Bytes, Of)| {
            let [old, new] = *bytes;
            Reverse(old.saturating_add(new))
        };
        // The sort keeps the order of names among equals.
        inside.sort_by_key(sum);
        if inside.len() > IN_FOLDER {
            let mut rest = [0; 2];
            for (bytes, _) in inside.drain(IN_FOLDER..) {
                add(&mut rest, bytes);
            }
            inside.push((rest, Of::Smaller));
            inside.sort_by_key(sum);
        }
        let sizes: Vec<Bytes> = inside.iter().map(|(bytes, _)| *bytes).collect();
        for ((bytes, of), rects) in inside.into_iter().zip(squarify_both(&sizes, room)) {
            let [old, new] = rects;
            let (width, height) = (old.width.max(new.width), old.height.max(new.height));
            if width < SEEN || height < SEEN {
                continue;
            }
            let part = self.part(of, bytes, depth, rects);
            let place = match of {
                Of::Place(place) => Some((place, rects)),
                Of::Same | Of::Smaller => None,
            };
            if part.new.folder && width >= LEAST.0 && height >= LEAST.1 {
                let area = (width * height) as u64;
                self.folders.push((area, Reverse(self.parts.len())));
            }
            self.parts.push(part);
            self.places.push(place);
        }
    }

    fn part(&self, of: Of, [old, new]: Bytes, depth: u32, rects: Places) -> ComparedPart {
        let tree = self.rows.tree();
        let place = match of {
            Of::Place(place) => tree.get(place).map(|at| (place, at)),
            Of::Same | Of::Smaller => None,
        };
        let growth = match (of, place) {
            (Of::Same, _) => Growth::Same,
            (_, Some((_, at))) if at.old_size.is_none() => Growth::Added,
            (_, Some((_, at))) if at.new_size.is_none() => Growth::Removed,
            (_, Some((_, at))) if self.is_moved(at.change) => Growth::Even,
            _ => Growth::of(old, new),
        };
        let [at_old, at_new] = rects;
        ComparedPart {
            new: MapPart {
                path: match (of, place) {
                    (_, Some((_, at))) => bytes(&at.path).into_owned(),
                    _ => Vec::new(),
                },
                depth,
                x: at_new.x as f32,
                y: at_new.y as f32,
                width: at_new.width as f32,
                height: at_new.height as f32,
                value: new,
                folder: place.is_some_and(|(place, _)| !tree.children(place).is_empty()),
                open: false,
                head: head(&at_new),
                shade: Shade::Compared { growth, old, new },
            },
            old: OldPlace {
                x: at_old.x as f32,
                y: at_old.y as f32,
                width: at_old.width as f32,
                height: at_old.height as f32,
                head: head(&at_old),
            },
        }
    }

    fn is_moved(&self, change: Option<usize>) -> bool {
        let change = change.and_then(|at| self.files.get(at));
        change.is_some_and(|change| change.change == Change::Moved)
    }
}

#[cfg(test)]
mod tests {
    use onionskin_core::report::text;
    use onionskin_fixtures::{Layer, bytes as content};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::super::rows::tests::{rows_of, showing};
    use super::*;
    use crate::worker::protocol::Column;

    fn asked(zoom: &str, all: bool) -> ComparedMapOf {
        ComparedMapOf {
            showing: showing("", &[], Column::Change),
            zoom: zoom.as_bytes().to_vec(),
            all,
            width: 600.0,
            height: 400.0,
        }
    }

    fn compared() -> (Rows, Vec<FileChange>) {
        let old = Layer::new()
            .file("/a/gone", content(4_000))
            .file("/b/same", content(10_000))
            .file("/b/less", content(900))
            .file("/b/more", content(500))
            .file("/c/name", content(1_234));
        let new = Layer::new()
            .file("/b/same", content(10_000))
            .file("/b/less", content(300))
            .file("/b/more", content(2_500))
            .file("/b/renamed", content(1_234))
            .file("/d/new", content(9_000));
        rows_of(&old, &new)
    }

    fn told(map: &ComparedMap) -> Vec<String> {
        let part = |part: &ComparedPart| match part.new.shade {
            Shade::Compared { growth, old, new } => {
                format!("{} {} {old}>{new}", growth.told().0, text(&part.new.path))
            }
            Shade::Stored { .. } => String::new(),
        };
        let mut all: Vec<String> = map.parts.iter().map(part).collect();
        all.sort();
        all
    }

    #[test]
    fn each_change_has_a_rectangle_in_both_maps() {
        let (rows, files) = compared();
        let map = of(&rows, &files, &asked("/", false));
        assert_eq!(
            (map.old, map.new),
            (4_000 + 900 + 500 + 1_234, 300 + 2_500 + 1_234 + 9_000)
        );
        assert_eq!(
            told(&map),
            [
                "+ /b 2634>4034",
                "+ /b/more 500>2500",
                "- /b/less 900>300",
                "A /d 0>9000",
                "A /d/new 0>9000",
                "D /a 4000>0",
                "D /a/gone 4000>0",
                "M /b/renamed 1234>1234",
            ]
        );
        // A byte has the same area in both.
        let (whole, part) = (map.between(1.0), map.between(0.0));
        let area = |map: &crate::worker::protocol::MapFacts| -> f32 {
            let parts = map.parts.iter().filter(|part| part.depth == 0);
            parts.map(|part| part.width * part.height).sum()
        };
        let shares = area(&part) / area(&whole) * map.new as f32 / map.old as f32;
        assert!((shares - 1.0).abs() < 0.01, "{shares}");
        assert_eq!((part.total, whole.total), (map.old, map.new));
    }

    #[test]
    fn what_does_not_differ_is_one_rectangle_of_its_folder() {
        let (rows, files) = compared();
        let map = of(&rows, &files, &asked("/b/more/none", true));
        assert_eq!(map.zoom, b"/b");
        assert!(
            told(&map).contains(&"=  10000>10000".to_owned()),
            "{:?}",
            told(&map)
        );
        assert_eq!((map.old, map.new), (12_634, 14_034));
    }
}
