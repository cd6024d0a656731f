//! The rows of a comparison: the paths that differ as a tree, which folders are open, what is looked for.

use std::cmp::Reverse;
use std::collections::HashSet;

use onionskin_core::compare::{ChangeTree, ChangedPath, FileChange};
use onionskin_core::report::comparison::weight;
use onionskin_core::report::{bytes, text};

use crate::counts::number;
use crate::format;
use crate::worker::listing::row_named;
use crate::worker::protocol::{
    Both, Column, ComparedRow, FoundRow, OwnerNames, Row, Showing, Shown, TypeAhead,
};

/// With so many places at most, all folders are open from the start, and where something is looked for.
const OPENED: usize = 300;

/// The tree, flattened to the rows that its open folders show.
pub(super) struct Rows {
    tree: ChangeTree,
    showing: Showing,
    /// By place: how many changes that are shown are there and below, and the bytes of those.
    kept: Vec<(u32, u64)>,
    open: HashSet<usize>,
    /// The same while something is looked for.
    found_open: Option<HashSet<usize>>,
    lines: Vec<(usize, u32)>,
}

impl Rows {
    pub(super) fn new(tree: ChangeTree, files: &[FileChange], showing: Showing) -> Self {
        let mut rows = Rows {
            tree,
            showing,
            kept: Vec::new(),
            open: HashSet::new(),
            found_open: None,
            lines: Vec::new(),
        };
        rows.open = match rows.tree.len() <= OPENED {
            true => rows.folders().collect(),
            false => rows.only_way(),
        };
        rows.refine(files);
        rows
    }

    /// Shows what is asked for.
    pub(super) fn show(&mut self, files: &[FileChange], showing: Showing) -> Shown {
        let refined = (showing.hidden_changes, &showing.find)
            != (self.showing.hidden_changes, &self.showing.find);
        self.showing = showing;
        match refined {
            true => self.refine(files),
            false => self.build(),
        }
        self.shown()
    }

    pub(super) fn shown(&self) -> Shown {
        let changes = (0..self.tree.len()).filter_map(|place| self.tree.get(place)?.change);
        let (kept, _) = self.kept(ChangeTree::ROOT);
        Shown {
            total: number(self.lines.len()),
            paths: number(changes.count()),
            kept,
            matches: (!self.showing.find.is_empty()).then_some(kept),
            ..Shown::default()
        }
    }

    pub(super) fn rows(&self, files: &[FileChange], from: u32, count: u32) -> Vec<Row> {
        let lines = self.lines.iter().skip(from as usize).take(count as usize);
        let row = |(place, depth): &(usize, u32)| self.row(files, *place, *depth);
        lines.filter_map(row).collect()
    }

    /// Opens or closes a folder.
    pub(super) fn toggle(&mut self, path: &[u8], to: bool) -> Shown {
        if let Some(place) = self.tree.find(&text(path)) {
            let open = self.open_mut();
            match to {
                true => open.insert(place),
                false => open.remove(&place),
            };
            self.build();
        }
        self.shown()
    }

    /// Opens all folders down to a depth, and closes those below.
    pub(super) fn expand(&mut self, depth: u32) -> Shown {
        let mut opened = HashSet::new();
        let mut waiting = vec![(ChangeTree::ROOT, 0)];
        while let Some((folder, level)) = waiting.pop() {
            if level < depth {
                opened.insert(folder);
                let below = self.tree.children(folder).iter();
                waiting.extend(below.map(|child| (*child, level + 1)));
            }
        }
        *self.open_mut() = opened;
        self.build();
        self.shown()
    }

    /// The row of the folder that holds a row.
    pub(super) fn parent(&self, row: u32) -> Option<u32> {
        let (place, _) = self.lines.get(row as usize)?;
        self.line(self.tree.parent(*place))
    }

    /// The row of a path, or of the nearest folder above it that is here; opens what is on the way.
    pub(super) fn seek(&mut self, path: &[u8]) -> FoundRow {
        let whole = text(path);
        let mut names = &*whole;
        let here = |rows: &Rows, names: &str| {
            let place = rows.tree.find(names)?;
            (rows.kept(place).0 > 0).then_some(place)
        };
        let place = loop {
            match (here(self, names), names.rsplit_once('/')) {
                (Some(place), _) => break place,
                (None, Some((above, _))) if !above.is_empty() => names = above,
                (None, _) => break ChangeTree::ROOT,
            }
        };
        let exact = names.len() == whole.len() && place != ChangeTree::ROOT;
        let mut above = self.tree.parent(place);
        while above != ChangeTree::ROOT {
            self.open_mut().insert(above);
            above = self.tree.parent(above);
        }
        self.build();
        FoundRow {
            row: self.line(place),
            exact,
            total: number(self.lines.len()),
        }
    }

    /// The row whose name begins with what is typed.
    pub(super) fn type_ahead(&self, asked: &TypeAhead) -> Option<u32> {
        row_named(asked, number(self.lines.len()), |row, begins| {
            let line = self.lines.get(row as usize);
            let of = line.and_then(|(place, _)| self.tree.get(*place));
            of.is_some_and(|of| begins(format::file_name(&bytes(&of.path))))
        })
    }

    /// The place of a path among the changes.
    pub(super) fn find(&self, path: &[u8]) -> Option<(usize, &ChangedPath)> {
        let place = self.tree.find(&text(path))?;
        Some((place, self.tree.get(place)?))
    }

    /// What a place has of the comparison.
    pub(super) fn compared(&self, files: &[FileChange], place: usize) -> Option<ComparedRow> {
        let of = self.tree.get(place)?;
        let change = of.change.and_then(|at| files.get(at));
        let own = u32::from(change.is_some_and(|change| self.is_shown(change)));
        let from = change.and_then(|change| change.from.as_deref());
        Some(ComparedRow {
            change: change.map(|change| change.change),
            what: change.map(|change| change.what.clone()).unwrap_or_default(),
            from: from.map(|from| bytes(from).into_owned()),
            old: of.old_size,
            new: of.new_size,
            costs: Both {
                old: of.old_costs,
                new: of.new_costs,
            },
            below: self.kept(place).0.saturating_sub(own),
        })
    }

    fn row(&self, files: &[FileChange], place: usize, depth: u32) -> Option<Row> {
        let of = self.tree.get(place)?;
        let compared = self.compared(files, place)?;
        let has_children = self.children(place).next().is_some();
        Some(Row {
            path: bytes(&of.path).into_owned(),
            depth,
            kind: of.kind,
            target: None,
            open: has_children.then(|| self.open().contains(&place)),
            found: match self.found_open {
                Some(_) if has_children => compared.below,
                _ => 0,
            },
            size: of.new_size.or(of.old_size).unwrap_or(0),
            download: None,
            wasted: 0,
            mode: 0,
            uid: 0,
            gid: 0,
            owner: OwnerNames::default(),
            mtime: None,
            layer: number(of.layer),
            mark: None,
            copies_unknown: false,
            unread: false,
            deleted_in: None,
            idle: false,
            before: None,
            fate: None,
            compared: Some(Box::new(compared)),
        })
    }

    fn line(&self, place: usize) -> Option<u32> {
        let row = self.lines.iter().position(|(at, _)| *at == place);
        row.map(number)
    }

    fn kept(&self, place: usize) -> (u32, u64) {
        self.kept.get(place).copied().unwrap_or_default()
    }

    fn open(&self) -> &HashSet<usize> {
        self.found_open.as_ref().unwrap_or(&self.open)
    }

    fn open_mut(&mut self) -> &mut HashSet<usize> {
        self.found_open.as_mut().unwrap_or(&mut self.open)
    }

    fn folders(&self) -> impl Iterator<Item = usize> {
        (0..self.tree.len()).filter(|place| !self.tree.children(*place).is_empty())
    }

    /// The folders from the root on that hold one place each: there is nothing to choose in them.
    fn only_way(&self) -> HashSet<usize> {
        let mut place = ChangeTree::ROOT;
        let mut open = HashSet::new();
        while let [only] = self.tree.children(place) {
            open.insert(*only);
            place = *only;
        }
        open
    }

    /// All paths that differ.
    pub(super) fn tree(&self) -> &ChangeTree {
        &self.tree
    }

    /// Whether a change is neither hidden nor other than what is looked for.
    pub(super) fn is_shown(&self, change: &FileChange) -> bool {
        if self.showing.hidden_changes.contains(change.change) {
            return false;
        }
        let wanted = self.showing.find.to_lowercase();
        let holds = |path: &str| path.to_lowercase().contains(&wanted);
        wanted.is_empty() || holds(&change.path) || change.from.as_deref().is_some_and(holds)
    }

    fn refine(&mut self, files: &[FileChange]) {
        let mut kept = vec![(0_u32, 0_u64); self.tree.len()];
        for place in (0..self.tree.len()).rev() {
            let change = self.tree.get(place).and_then(|of| files.get(of.change?));
            let shown = change.filter(|change| self.is_shown(change));
            let own: (u32, u64) = shown.map_or((0, 0), |change| (1, weight(change)));
            let Some(sum) = kept.get_mut(place) else {
                continue;
            };
            let here: (u32, u64) = (sum.0 + own.0, sum.1.saturating_add(own.1));
            *sum = here;
            let above = self.tree.parent(place);
            if place != above
                && let Some(above) = kept.get_mut(above)
            {
                *above = (above.0 + here.0, above.1.saturating_add(here.1));
            }
        }
        self.kept = kept;
        self.found_open = (!self.showing.find.is_empty()).then(|| {
            let shown: HashSet<usize> = self.folders().filter(|at| self.kept(*at).0 > 0).collect();
            match shown.len() <= OPENED {
                true => shown,
                false => self.only_way(),
            }
        });
        self.build();
    }

    fn children(&self, place: usize) -> impl Iterator<Item = usize> {
        let children = self.tree.children(place).iter().copied();
        children.filter(|child| self.kept(*child).0 > 0)
    }

    fn build(&mut self) {
        let mut lines = Vec::new();
        let mut waiting = Vec::new();
        self.pile(ChangeTree::ROOT, 0, &mut waiting);
        while let Some((place, depth)) = waiting.pop() {
            lines.push((place, depth));
            if self.open().contains(&place) {
                self.pile(place, depth + 1, &mut waiting);
            }
        }
        self.lines = lines;
    }

    /// Puts what is in a folder on the pile, the first on top.
    fn pile(&self, folder: usize, depth: u32, pile: &mut Vec<(usize, u32)>) {
        let start = pile.len();
        pile.extend(self.children(folder).map(|place| (place, depth)));
        let added = pile.get_mut(start..).unwrap_or_default();
        let sort = self.showing.sort;
        match (sort.column, sort.is_descending()) {
            // The names are in order, and the sorts keep them so among equals.
            (Column::Name, false) => {}
            (Column::Name, true) => added.reverse(),
            (_, true) => added.sort_by_cached_key(|(place, _)| Reverse(self.key(*place))),
            (_, false) => added.sort_by_cached_key(|(place, _)| self.key(*place)),
        }
        added.reverse();
    }

    /// What a place is sorted by.
    fn key(&self, place: usize) -> u64 {
        let Some(of) = self.tree.get(place) else {
            return 0;
        };
        match self.showing.sort.column {
            Column::Before => of.old_size.unwrap_or(0),
            Column::After => of.new_size.unwrap_or(0),
            Column::Layer => of.layer as u64,
            Column::Download => {
                let both = of.old_costs.download.zip(of.new_costs.download);
                both.map_or(0, |(old, new)| old.abs_diff(new))
            }
            Column::Wasted => of.old_costs.wasted.abs_diff(of.new_costs.wasted),
            // Of a folder, all bytes that came and went in it, also where as many came as went.
            _ => self.kept(place).1,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use onionskin_core::compare::{Options, Sums, trees};
    use onionskin_core::layer::Expected;
    use onionskin_core::ledger::Ledger;
    use onionskin_core::stack::Stack;
    use onionskin_core::visitors;
    use onionskin_fixtures::{Layer, bytes};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::worker::protocol::{Change, Changes, Kinds, Sort};

    fn stack(layers: &[&Layer]) -> Stack {
        let mut stack = Stack::new();
        for layer in layers {
            let mut decoder = visitors::decoder(Expected::default());
            decoder.push(&layer.tar()).unwrap();
            stack.push(decoder.finish().unwrap()).unwrap();
        }
        stack
    }

    pub(in super::super) fn showing(find: &str, hidden: &[Change], column: Column) -> Showing {
        Showing {
            layer: 0,
            changes_from: None,
            hidden: Kinds::default(),
            hidden_changes: hidden
                .iter()
                .fold(Changes::default(), |all, change| all.toggled(*change)),
            sort: Sort {
                column,
                reversed: false,
            },
            find: find.to_owned(),
        }
    }

    fn compared() -> (Rows, Vec<FileChange>) {
        let old = Layer::new()
            .file("/a/gone", bytes(10))
            .file("/b/c/same", bytes(1_000))
            .file("/b/c/grown", bytes(50));
        let new = Layer::new()
            .file("/b/c/same", bytes(1_000))
            .file("/b/c/grown", bytes(70))
            .file("/d/new", bytes(900));
        rows_of(&old, &new)
    }

    /// The rows of two images of one layer each.
    pub(in super::super) fn rows_of(old: &Layer, new: &Layer) -> (Rows, Vec<FileChange>) {
        rows_of_stacks(&stack(&[old]), &stack(&[new]))
    }

    fn rows_of_stacks(old: &Stack, new: &Stack) -> (Rows, Vec<FileChange>) {
        let (of_old, of_new) = ((old, old.depth()), (new, new.depth()));
        let files = trees(of_old, of_new, &Options::default());
        let sums = |stack| Sums::of(stack, &Ledger::of(stack), true);
        let tree = ChangeTree::of(&sums(old), &sums(new), &files);
        let rows = Rows::new(tree, &files, showing("", &[], Column::Change));
        (rows, files)
    }

    fn names((rows, files): &(Rows, Vec<FileChange>)) -> Vec<String> {
        let told = |row: Row| {
            let compared = row.compared.unwrap();
            let size = |size: Option<u64>| size.map_or("-".to_owned(), |size| size.to_string());
            let (old, new) = (size(compared.old), size(compared.new));
            format!("{} {old}>{new}", text(&row.path))
        };
        rows.rows(files, 0, 100).into_iter().map(told).collect()
    }

    #[test]
    fn the_largest_changes_come_first_and_folders_have_all_that_is_in_them() {
        let all = compared();
        assert_eq!(
            names(&all),
            [
                "/d ->900",
                "/d/new ->900",
                "/b 1050>1070",
                "/b/c 1050>1070",
                "/b/c/grown 50>70",
                "/a 10>-",
                "/a/gone 10>-",
            ]
        );
    }

    #[test]
    fn folders_are_sorted_by_what_of_them_is_downloaded_and_wasted() {
        let old = Layer::new()
            .file("/a/kept", bytes(5_000))
            .file("/b/x", bytes(9));
        let new = Layer::new()
            .file("/a/kept", bytes(5_000))
            .file("/a/tmp", bytes(3_000))
            .file("/b/x", bytes(2_000));
        let deleted = Layer::new().whiteout("/a/tmp").file("/a/y", bytes(1));
        let (mut rows, files) = rows_of_stacks(&stack(&[&old]), &stack(&[&new, &deleted]));
        rows.expand(0);
        for (column, first) in [
            (Column::Change, "/b"),
            (Column::Download, "/a"),
            (Column::Wasted, "/a"),
        ] {
            rows.show(&files, showing("", &[], column));
            let row = rows.rows(&files, 0, 1).remove(0);
            assert_eq!(text(&row.path), first, "{column:?}");
            let costs = row.compared.unwrap().costs;
            let wasted = if first == "/a" { 3_000 } else { 0 };
            assert_eq!((costs.old.wasted, costs.new.wasted), (0, wasted));
        }
    }

    #[test]
    fn what_is_hidden_or_not_looked_for_goes_with_its_folders() {
        let (mut rows, files) = compared();
        let shown = rows.show(&files, showing("", &[Change::Added], Column::Name));
        assert_eq!((shown.paths, shown.kept), (5, 3));
        let both = (rows, files);
        assert_eq!(names(&both).len(), 5);
        let (mut rows, files) = both;
        let shown = rows.show(&files, showing("GROWN", &[], Column::Name));
        assert_eq!(shown.matches, Some(1));
        assert_eq!(rows.parent(2), Some(1));
        let both = (rows, files);
        assert_eq!(
            names(&both),
            ["/b 1050>1070", "/b/c 1050>1070", "/b/c/grown 50>70"]
        );
    }

    #[test]
    fn folders_open_close_and_are_found() {
        let (mut rows, files) = compared();
        assert_eq!(rows.expand(0).total, 3);
        assert_eq!(rows.toggle(b"/b", true).total, 4);
        let found = rows.seek(b"/b/c/grown/none");
        assert_eq!((found.exact, found.total), (false, 5));
        let typed = |rows: &Rows, prefix: &str| {
            rows.type_ahead(&TypeAhead {
                prefix: prefix.to_owned(),
                after: None,
                skip: 0,
            })
        };
        assert_eq!(typed(&rows, "gr"), Some(3));
        assert_eq!(typed(&rows, "gone"), None);
        let found = rows.seek(b"/d/new");
        assert_eq!((found.exact, found.row), (true, Some(1)));
        assert_eq!(rows.toggle(b"/b", false).total, 4);
        assert_eq!(rows.rows(&files, 0, 1).len(), 1);
    }
}
