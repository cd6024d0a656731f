//! The tree as a map: rectangles as large as what paths come to, only as many as can be seen.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use onionskin_core::report::squarify::{Rect, squarify};
use onionskin_core::stack::NodeId;

use super::icicle::{Placed, Sizes, icicle};
use super::totals::kept_waste;
use super::{Listing, StackPosition, waste};
use crate::counts::number;
use crate::worker::owned_files::OwnedFiles;
use crate::worker::protocol::{
    Cause, FileType, MapFacts, MapLayout, MapOf, MapPart, Measure, Shade,
};

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

/// What a map measures.
#[derive(Clone, Copy)]
struct Measured<'m> {
    at: StackPosition<'m>,
    by: Measure,
    /// Wasted bytes by node, where those of the whole stack are not what is shown.
    wasted: Option<&'m [u64]>,
    packages: Option<&'m OwnedFiles>,
}

/// What is drawn so far, and the folders that may be opened.
#[derive(Default)]
struct Drawing {
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
        let wasted = (asked.by == Measure::Wasted && !self.is_whole(at))
            .then(|| kept_waste(at, &self.view, self.filter.as_ref()));
        let measured = Measured {
            at,
            by: asked.by,
            wasted: wasted.as_deref(),
            packages,
        };
        let top = self.nearest_folder(at, &asked.zoom);
        let room = Rect {
            x: 0.0,
            y: 0.0,
            width: f64::from(asked.width).clamp(1.0, 20_000.0),
            height: f64::from(asked.height).clamp(1.0, 20_000.0),
        };
        MapFacts {
            missing: false,
            problem: self.problem.clone(),
            matches: self.filter.as_ref().and_then(|filter| filter.matches),
            kinds: self.kinds,
            copies_unknown: at.stack.listed().next().is_some(),
            zoom: at.stack.path(top),
            total: self.weight(measured, top),
            parts: match asked.layout {
                MapLayout::Treemap => self.treemap(measured, top, room),
                MapLayout::Icicle => self.icicle(measured, top, room),
            },
        }
    }

    /// Whether it shows all that is stacked: the final filesystem, with nothing left out.
    fn is_whole(&self, at: StackPosition<'_>) -> bool {
        let is_top = at.layer == at.stack.depth();
        is_top && self.filter.is_none() && self.showing.changes_from.is_none()
    }

    /// What is in a folder lies in its rectangle.
    fn treemap(&self, of: Measured<'_>, top: NodeId, room: Rect) -> Vec<MapPart> {
        let mut drawing = Drawing::default();
        self.draw(of, top, 0, room, &mut drawing);
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
            self.draw(of, node, depth, room, &mut drawing);
            if drawing.parts.len() >= PARTS {
                break;
            }
        }
        drawing.parts
    }

    /// What is in a folder lies beside it.
    fn icicle(&self, of: Measured<'_>, top: NodeId, room: Rect) -> Vec<MapPart> {
        let placed = icicle(top, room, |folder| self.weighed(of, folder));
        let part = |part: Placed<NodeId>| {
            let Placed {
                of: node,
                size,
                depth,
                rect,
            } = part;
            self.part(of, node, depth, size, &rect)
        };
        placed.into_iter().map(part).collect()
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

    fn weight(&self, of: Measured<'_>, node: NodeId) -> u64 {
        match (of.by, of.wasted) {
            (Measure::Size, _) => self.totals.size(node),
            (Measure::Download, _) => self.totals.download(node),
            (Measure::Wasted, Some(kept)) => kept.get(node.0 as usize).copied().unwrap_or(0),
            (Measure::Wasted, None) => of.at.wasted.map_or(0, |wasted| wasted.bytes(node)),
        }
    }

    /// What is in a folder and has anything, the largest first; the smallest of many as one.
    fn weighed(&self, of: Measured<'_>, folder: NodeId) -> Sizes<NodeId> {
        let weighed = self
            .children(folder)
            .map(|node| (self.weight(of, node), node));
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
        let mut sizes: Sizes<NodeId> = children
            .into_iter()
            .map(|(weight, node)| (weight, Some(node)))
            .collect();
        if rest > 0 {
            let place = sizes.partition_point(|(weight, _)| *weight >= rest);
            sizes.insert(place, (rest, None));
        }
        sizes
    }

    /// Draws what is in a folder.
    fn draw(&self, of: Measured<'_>, folder: NodeId, depth: u32, room: Rect, to: &mut Drawing) {
        let sizes = self.weighed(of, folder);
        let weights: Vec<u64> = sizes.iter().map(|(weight, _)| *weight).collect();
        for ((value, node), rect) in sizes.into_iter().zip(squarify(&weights, room)) {
            if rect.width < SEEN || rect.height < SEEN {
                continue;
            }
            let part = self.part(of, node, depth, value, &rect);
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
        of: Measured<'_>,
        node: Option<NodeId>,
        depth: u32,
        value: u64,
        rect: &Rect,
    ) -> MapPart {
        let Measured {
            at, by, packages, ..
        } = of;
        let file = node.map(|node| self.largest_file(of, node));
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
    fn largest_file(&self, of: Measured<'_>, node: NodeId) -> NodeId {
        let mut file = node;
        loop {
            let children = self.children(file).take(LOOKED_AT);
            let Some(next) = children.max_by_key(|child| self.weight(of, *child)) else {
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
