//! Images in the order in which they were made, each compared with the one before. Of their layers only those are held
//! that are still to come.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::{InspectedImage, TaggedImage};
use crate::compare::{Comparison, Options, Side};
use crate::digest::Digest;
use crate::inspection::Inspection;
use crate::layer::LayerIndex;
use crate::ledger::Ledger;
use crate::ownership::Packages;
use crate::source::Image;
use crate::stack::Stack;

/// An image whose documents are read, under all tags that lead to it.
#[derive(Clone, Debug)]
pub struct Tagged<T> {
    /// By name.
    pub tags: Vec<String>,
    /// When it was made, as its configuration says.
    pub created: Option<Timestamp>,
    /// The image.
    pub opened: T,
}

/// Puts images in the order of their creation, then of their tags; those with the same digest are one.
pub fn in_order<T>(
    opened: impl IntoIterator<Item = (String, T)>,
    image: impl Fn(&T) -> &Image,
) -> Vec<Tagged<T>> {
    let mut by_digest: HashMap<Digest, usize> = HashMap::new();
    let mut found: Vec<Tagged<T>> = Vec::new();
    for (tag, opened) in opened {
        let Image { digest, config, .. } = image(&opened);
        let known = digest.as_ref().and_then(|digest| by_digest.get(digest));
        if let Some(same) = known.and_then(|at| found.get_mut(*at)) {
            same.tags.push(tag);
            continue;
        }
        if let Some(digest) = digest {
            by_digest.insert(digest.clone(), found.len());
        }
        let created = config.created.as_deref();
        found.push(Tagged {
            tags: vec![tag],
            created: created.and_then(|created| created.parse().ok()),
            opened,
        });
    }
    for image in &mut found {
        image.tags.sort();
    }
    // An image without a date comes first: it says nothing against being the oldest.
    found.sort_by(|a, b| (a.created, &a.tags).cmp(&(b.created, &b.tags)));
    found
}

/// Images of a repository while they are read, one after the other.
pub struct Series {
    /// How many images are still to come that list a layer.
    wanted: BTreeMap<Digest, usize>,
    known: HashMap<Digest, Arc<LayerIndex>>,
    before: Option<Whole>,
}

/// An image, read.
struct Whole {
    image: Image,
    inspection: Inspection,
    stack: Stack,
    ledger: Ledger,
    packages: Packages,
}

impl Series {
    /// The images that are to come.
    pub fn of<'i>(images: impl IntoIterator<Item = &'i Image>) -> Self {
        let mut wanted: BTreeMap<Digest, usize> = BTreeMap::new();
        for digest in images.into_iter().flat_map(digests) {
            *wanted.entry(digest.clone()).or_default() += 1;
        }
        Self {
            wanted,
            known: HashMap::new(),
            before: None,
        }
    }

    /// The index of a layer's blob that an image before has too.
    #[must_use]
    pub fn known(&self, digest: &Digest) -> Option<Arc<LayerIndex>> {
        self.known.get(digest).cloned()
    }

    /// Takes in the next image, and tells what it is beside the one before.
    pub fn add(&mut self, tags: Vec<String>, image: Image, stack: Stack) -> TaggedImage {
        for (number, index) in (1..).zip(stack.layers()) {
            if !stack.not_fetched().contains_key(&number) {
                self.known.insert(index.digest.clone(), Arc::clone(index));
            }
        }
        self.pass(&image);
        let whole = Whole::of(image, stack);
        let comparison = self
            .before
            .as_ref()
            .map(|before| whole.compared_with(before));
        let before = self.before.as_ref().map(Whole::read);
        let told = TaggedImage::new(tags, whole.read(), before.zip(comparison.as_ref()));
        self.before = Some(whole);
        told
    }

    /// Goes on without an image that could not be read.
    pub fn pass(&mut self, image: &Image) {
        for digest in digests(image) {
            if let Some(left) = self.wanted.get_mut(digest) {
                *left = left.saturating_sub(1);
            }
        }
        let wanted = &self.wanted;
        self.known
            .retain(|digest, _| wanted.get(digest).is_some_and(|left| *left > 0));
    }
}

fn digests(image: &Image) -> impl Iterator<Item = &Digest> {
    image
        .layers
        .iter()
        .filter_map(|layer| layer.digest.as_ref())
}

impl Whole {
    fn of(image: Image, stack: Stack) -> Self {
        let ledger = Ledger::of(&stack);
        Self {
            inspection: Inspection::new(&image, &stack, &ledger),
            packages: Packages::of(&stack, stack.depth(), &ledger),
            image,
            stack,
            ledger,
        }
    }

    fn read(&self) -> InspectedImage<'_> {
        InspectedImage {
            inspection: &self.inspection,
            stack: &self.stack,
            ledger: &self.ledger,
            packages: &self.packages,
        }
    }

    fn side(&self) -> Side<'_> {
        Side {
            image: &self.image,
            stack: &self.stack,
            layer: self.stack.depth(),
            packages: &self.packages,
        }
    }

    fn compared_with(&self, before: &Self) -> Comparison {
        Comparison::of(before.side(), self.side(), &Options::default())
    }
}
