//! What belongs to a path beside its history: other names of the file, files with the same content, and findings
//! on it or on a folder above it.

use onionskin_core::stack::{NodeId, Stack};

use super::image_worker::ImageWorker;
use super::protocol::{Answers, OtherPaths, Related, RelatedTo};
use crate::counts::number;

/// Paths and findings that are told; of more only the count is.
const TOLD: usize = 20;

impl Answers<RelatedTo> for ImageWorker {
    fn answer(&mut self, RelatedTo { path }: RelatedTo) -> Option<Box<Related>> {
        let (_, _, at) = self.listed()?;
        let stack = at.stack;
        let named = stack.find(&path);
        let node = named.or_else(|| stack.look_up(&path, at.layer).ok())?;
        let path = stack.path(node);
        let mut related = paths(stack, node, at.layer);
        if let Some(waste) = &self.waste {
            let findings = waste.on_path(&path);
            related.all_findings = number(findings.clone().count());
            related.findings = findings.take(TOLD).collect();
        }
        Some(Box::new(related))
    }
}

/// The paths that belong to a file at a layer.
fn paths(stack: &Stack, node: NodeId, layer: usize) -> Related {
    let alike = stack.alike(node, layer);
    Related {
        links: told(stack, &alike.links),
        copies: told(stack, &alike.copies),
        ..Related::default()
    }
}

fn told(stack: &Stack, nodes: &[NodeId]) -> OtherPaths {
    let first = nodes.iter().take(TOLD);
    let mut told: Vec<_> = first.map(|node| stack.path(*node)).collect();
    told.sort_unstable();
    OtherPaths {
        told,
        all: number(nodes.len()),
    }
}

#[cfg(test)]
mod tests {
    use onionskin_core::layer::{Expected, LayerDecoder};
    use onionskin_fixtures::layer;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn of_many_paths_some_are_told_and_all_are_counted() {
        let mut layer = layer("COPY . /").file("/a", "same").file("/b", "other");
        for copy in 0..50 {
            layer = layer.file(format!("/copies/{copy:02}"), "same");
            layer = layer.hardlink(format!("/links/{copy:02}"), "/b");
        }
        let mut decoder = LayerDecoder::new(Expected::default());
        decoder.push(&layer.gzip()).unwrap();
        let mut stack = Stack::new();
        stack.push(decoder.finish().unwrap()).unwrap();
        let related = |path: &[u8]| paths(&stack, stack.find(path).unwrap(), 1);
        let (a, b) = (related(b"/a"), related(b"/b"));
        assert_eq!((a.copies.all, a.links.all), (50, 0));
        assert_eq!((b.copies.all, b.links.all), (0, 50));
        assert_eq!(a.copies.told.len(), TOLD);
        assert_eq!(a.copies.told.first().unwrap(), b"/copies/00");
        assert_eq!(b.links.told.last().unwrap(), b"/links/19");
    }
}
