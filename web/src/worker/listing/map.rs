//! The tree as a map: rectangles as large as what paths come to, only as many as can be seen.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use onionskin_core::report::squarify::{Rect, squarify};
use onionskin_core::stack::NodeId;

use super::{Listing, StackPosition, waste};
use crate::counts::number;
use crate::worker::owned_files::OwnedFiles;
use crate::worker::protocol::{Cause, FileType, MapFacts, MapOf, MapPart, Measure, Shade};

/// Rectangles of a map: more could not be told apart.
pub(crate) const PARTS: usize = 1_500;
/// Rectangles in one folder; the rest of it is one more.
pub(crate) const IN_FOLDER: usize = 400;
/// Pixels that a folder's name takes, and the edge around what is in it.
pub(crate) const NAME: f64 = 18.0;
const EDGE: f64 = 2.0;
/// A folder that is smaller is drawn as a whole.
pub(crate) const LEAST: (f64, f64) = (36.0, 34.0);
/// A rectangle with a smaller side is not drawn.
pub(crate) const SEEN: f64 = 1.5;
/// Paths of a folder that are looked at for its largest file.
const LOOKED_AT: usize = 2_000;

/// What is drawn so far, and the folders that may be opened.
struct Drawing<'p> {
    packages: Option<&'p OwnedFiles>,
    parts: Vec<MapPart>,
    /// By their areas, the first of equal ones first.
    folders: BinaryHeap<(u64, Reverse<usize>)>,
    nodes: Vec<Option<NodeId>>,
}

impl Listing {
    /// The map of a folder of this tree. `packages` are those of its stack, where they are known.
    pub(crate) fn map(
        &self,
        at: StackPosition<'_>,
        asked: &MapOf,
        packages: Option<&OwnedFiles>,
    ) -> MapFacts {
        let top = self.nearest_folder(at, &asked.zoom);
        let mut drawing = Drawing {
            packages,
            parts: Vec::new(),
            folders: BinaryHeap::new(),
            nodes: Vec::new(),
        };
        let room = Rect {
            x: 0.0,
            y: 0.0,
            width: f64::from(asked.width).clamp(1.0, 20_000.0),
            height: f64::from(asked.height).clamp(1.0, 20_000.0),
        };
        self.draw(at, asked.by, top, 0, room, &mut drawing);
        while let Some((_, Reverse(index))) = drawing.folders.pop() {
            let Some((node, part)) = drawing
                .nodes
                .get(index)
                .copied()
                .flatten()
                .zip(drawing.parts.get_mut(index))
            else {
                continue;
            };
            part.open = true;
            let (depth, room) = (part.depth + 1, inner(part));
            self.draw(at, asked.by, node, depth, room, &mut drawing);
            if drawing.parts.len() >= PARTS {
                break;
            }
        }
        MapFacts {
            missing: false,
            problem: self.problem.clone(),
            matches: self.filter.as_ref().and_then(|filter| filter.matches),
            zoom: at.stack.path(top),
            total: self.weight(at, asked.by, top),
            parts: drawing.parts,
        }
    }

    /// The folder of a path, or the nearest one above it that has anything in it.
    fn nearest_folder(&self, at: StackPosition<'_>, path: &[u8]) -> NodeId {
        let mut path = path;
        loop {
            let node = at.stack.find(path).filter(|node| self.keeps(*node));
            if let Some(node) = node.filter(|node| self.children(*node).next().is_some()) {
                return node;
            }
            match path.iter().rposition(|byte| *byte == b'/') {
                Some(slash) if slash > 0 => path = path.get(..slash).unwrap_or_default(),
                _ => return NodeId::ROOT,
            }
        }
    }

    fn weight(&self, at: StackPosition<'_>, by: Measure, node: NodeId) -> u64 {
        match by {
            Measure::Size => self.totals.size(node),
            Measure::Download => self.totals.download(node),
            Measure::Wasted => at.wasted.map_or(0, |wasted| wasted.bytes(node)),
        }
    }

    /// Draws what is in a folder.
    fn draw(
        &self,
        at: StackPosition<'_>,
        by: Measure,
        folder: NodeId,
        depth: u32,
        room: Rect,
        to: &mut Drawing<'_>,
    ) {
        let weighed = self
            .children(folder)
            .map(|node| (self.weight(at, by, node), node));
        let mut children: Vec<(u64, NodeId)> = weighed.filter(|(weight, _)| *weight > 0).collect();
        let largest = |(weight, node): &(u64, NodeId)| (Reverse(*weight), node.0);
        let mut rest = 0;
        if children.len() > IN_FOLDER {
            children.select_nth_unstable_by_key(IN_FOLDER, largest);
            rest = children
                .iter()
                .skip(IN_FOLDER)
                .map(|(weight, _)| weight)
                .sum();
            children.truncate(IN_FOLDER);
        }
        children.sort_unstable_by_key(largest);
        let mut parts: Vec<(u64, Option<NodeId>)> = children
            .into_iter()
            .map(|(weight, node)| (weight, Some(node)))
            .collect();
        if rest > 0 {
            let place = parts.partition_point(|(weight, _)| *weight >= rest);
            parts.insert(place, (rest, None));
        }
        let weights: Vec<u64> = parts.iter().map(|(weight, _)| *weight).collect();
        for ((value, node), rect) in parts.into_iter().zip(squarify(&weights, room)) {
            if rect.width < SEEN || rect.height < SEEN {
                continue;
            }
            let part = self.part((at, to.packages), by, node, depth, value, &rect);
            if part.folder && rect.width >= LEAST.0 && rect.height >= LEAST.1 {
                let area = (rect.width * rect.height) as u64;
                to.folders.push((area, Reverse(to.parts.len())));
            }
            to.parts.push(part);
            to.nodes.push(node);
        }
    }

    fn part(
        &self,
        (at, packages): (StackPosition<'_>, Option<&OwnedFiles>),
        by: Measure,
        node: Option<NodeId>,
        depth: u32,
        value: u64,
        rect: &Rect,
    ) -> MapPart {
        let file = node.map(|node| self.largest_file(at, by, node));
        let version = file.and_then(|file| {
            let found = self.filter.as_ref().and_then(|filter| filter.earlier(file));
            found.or_else(|| self.view.version(file))
        });
        let cause = file.and_then(|file| match by {
            // The bytes may be those of an earlier version.
            Measure::Wasted => at
                .stack
                .versions(file)
                .find_map(|version| waste(at.stack, version))
                .map(|waste| waste.cause),
            _ => waste(at.stack, version?).map(|waste| waste.cause),
        });
        let cause = cause.map(|cause| match file {
            // Which of both it is, is not known.
            Some(file) if cause == Cause::MetadataOnly && at.stack.has_listed(file) => {
                Cause::Overwritten
            }
            _ => cause,
        });
        MapPart {
            path: node.map(|node| at.stack.path(node)).unwrap_or_default(),
            depth,
            x: rect.x as f32,
            y: rect.y as f32,
            width: rect.width as f32,
            height: rect.height as f32,
            value,
            folder: node.is_some_and(|node| self.children(node).next().is_some()),
            open: false,
            head: head(rect),
            shade: Shade::Stored {
                cause,
                layer: version.map_or(0, |version| number(version.layer + at.offset)),
                kind: file.map_or(FileType::Other, |file| FileType::of(&at.stack.path(file))),
                package: file.and_then(|file| packages?.owner(file)),
            },
        }
    }

    /// The largest file in a folder, by the largest of each folder on the way; of what is no folder that itself.
    fn largest_file(&self, at: StackPosition<'_>, by: Measure, node: NodeId) -> NodeId {
        let mut file = node;
        loop {
            let children = self.children(file).take(LOOKED_AT);
            let Some(next) = children.max_by_key(|child| self.weight(at, by, *child)) else {
                return file;
            };
            file = next;
        }
    }
}

/// The room in an open folder.
fn inner(part: &MapPart) -> Rect {
    inside(&Rect {
        x: f64::from(part.x),
        y: f64::from(part.y),
        width: f64::from(part.width),
        height: f64::from(part.height),
    })
}

/// The height of the room for the name of an open folder.
pub(crate) fn head(folder: &Rect) -> f32 {
    NAME.min(folder.height) as f32
}

/// The room in an open folder's rectangle, below its name.
pub(crate) fn inside(folder: &Rect) -> Rect {
    Rect {
        x: folder.x + EDGE.min(folder.width / 2.0),
        y: folder.y + f64::from(head(folder)),
        width: (folder.width - 2.0 * EDGE).max(0.0),
        height: (folder.height - NAME - EDGE).max(0.0),
    }
}
