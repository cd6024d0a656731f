//! Reproducible builds: why two builds of the same thing are not the same bytes.

mod documents;

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Side;
use crate::layer::{EntryId, EntryKind, LayerIndex};
use crate::names::text;

/// A sort of difference between two builds.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// The images have different numbers of layers.
    LayerCount,
    /// Paths that only one of two layers has.
    Paths,
    /// The contents of files, or the numbers of devices.
    Content,
    /// Types of entries.
    Type,
    /// Permission bits.
    Mode,
    /// Users and groups.
    Owner,
    /// Targets of links.
    LinkTarget,
    /// Extended attributes.
    Xattrs,
    /// Times of last change.
    Mtime,
    /// The order of the entries in the tar.
    Order,
    /// How the tar is written: headers, names of users, padding.
    TarFormat,
    /// The same tar, compressed in another way.
    Compression,
    /// The date at which the image or one of its steps was made.
    Created,
    /// Labels that builders set by themselves.
    BuilderLabels,
    /// Fields of the configuration.
    Config,
    /// How the configuration is written: the same fields and values in other bytes.
    ConfigFormat,
    /// Commands of the history.
    History,
    /// The manifest, where its layers and its configuration are the same: annotations, media types, how it is written.
    Manifest,
    /// A layer that is not available on one side.
    NotCompared,
}

impl Reason {
    /// What differs, in words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::LayerCount => "number of layers",
            Self::Paths => "paths",
            Self::Content => "content of files",
            Self::Type => "types of entries",
            Self::Mode => "permissions",
            Self::Owner => "owners",
            Self::LinkTarget => "targets of links",
            Self::Xattrs => "extended attributes",
            Self::Mtime => "modification times",
            Self::Order => "order of entries",
            Self::TarFormat => "tar format",
            Self::Compression => "compression",
            Self::Created => "creation dates",
            Self::BuilderLabels => "labels of the builder",
            Self::Config => "configuration",
            Self::ConfigFormat => "format of the configuration",
            Self::History => "history",
            Self::Manifest => "manifest",
            Self::NotCompared => "not available",
        }
    }

    /// What makes two builds the same in this; empty where that is for the people of the image to know.
    ///
    /// Sources: reproducible-builds.org, "SOURCE_DATE_EPOCH" and "Archive metadata"; BuildKit, docs/build-repro.md.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Mtime => {
                "Set SOURCE_DATE_EPOCH and let BuildKit rewrite times: --output type=image,rewrite-timestamp=true"
            }
            Self::Created => "Set SOURCE_DATE_EPOCH for the build",
            Self::Order => "Sort what is archived: tar --sort=name",
            Self::Owner => "Set owners: COPY --chown, or tar --owner=0 --group=0 --numeric-owner",
            Self::Mode => "Set permissions: COPY --chmod, or the same umask for each build",
            Self::TarFormat | Self::ConfigFormat => "Use the same version of the builder",
            Self::Compression => {
                "Use the same compression and level, and the same version of the builder"
            }
            Self::BuilderLabels => {
                "Leave the labels out, or set them to the same values: revision and date of the commit"
            }
            Self::Content | Self::Paths => {
                "Pin what is installed and downloaded, and keep dates and random names out of generated files"
            }
            _ => "",
        }
    }
}

/// Why two builds differ: one reason, with where it was found.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The reason.
    pub reason: Reason,
    /// The layers in which it was found, from 1; empty where it is in the configuration or the manifest.
    pub layers: Vec<usize>,
    /// How many entries, fields or steps differ so.
    pub count: usize,
    /// The first of them: a path, the name of a field or label, or a step of the history. None where it is about a whole
    /// layer.
    pub first: Option<String>,
    /// What the old build has there; None where it has nothing, or nothing that can be shown.
    pub old: Option<String>,
    /// What the new build has there.
    pub new: Option<String>,
}

/// All differences that were found, each reason once.
#[derive(Default)]
struct Found(Vec<Difference>);

impl Found {
    fn has(&self, reasons: &[Reason]) -> bool {
        self.0.iter().any(|found| reasons.contains(&found.reason))
    }

    fn add(&mut self, reason: Reason, layer: Option<usize>, first: impl FnOnce() -> Shown) {
        let at = self.0.iter().position(|found| found.reason == reason);
        let found = match at.and_then(|at| self.0.get_mut(at)) {
            Some(found) => found,
            None => {
                let (first, old, new) = first();
                self.0.push(Difference {
                    reason,
                    layers: Vec::new(),
                    count: 0,
                    first,
                    old,
                    new,
                });
                match self.0.last_mut() {
                    Some(found) => found,
                    None => return,
                }
            }
        };
        found.count += 1;
        found
            .layers
            .extend(layer.filter(|layer| found.layers.last() != Some(layer)));
    }
}

/// What differs first: where, and both values.
type Shown = (Option<String>, Option<String>, Option<String>);

/// Why two builds differ, in the order of [`Reason`]; empty where their manifest, their configuration and all their layers are
/// the same bytes, as far as these are known. Layers are compared by their numbers.
#[must_use]
pub fn reasons(old: Side<'_>, new: Side<'_>) -> Vec<Difference> {
    let mut found = Found::default();
    let (depths, image) = (
        (old.image.layers.len(), new.image.layers.len()),
        (old.image, new.image),
    );
    if depths.0 != depths.1 {
        found.add(Reason::LayerCount, None, || {
            (None, Some(depths.0.to_string()), Some(depths.1.to_string()))
        });
    }
    for layer in 1..=depths.0.min(depths.1) {
        let missing = |side: &Side<'_>| side.stack.not_fetched().contains_key(&layer);
        let blob = |image: &crate::source::Image| {
            let facts = image.layers.get(layer - 1);
            facts.and_then(|facts| facts.digest.clone())
        };
        if blob(image.0).is_some() && blob(image.0) == blob(image.1) {
            continue;
        }
        if missing(&old) || missing(&new) {
            found.add(Reason::NotCompared, Some(layer), || (None, None, None));
            continue;
        }
        let (Some(a), Some(b)) = (old.stack.layer(layer), new.stack.layer(layer)) else {
            continue;
        };
        if a.diff_id != b.diff_id {
            layers(&mut found, layer, a, b);
        } else if let (Some(a), Some(b)) = (blob(image.0), blob(image.1))
            && a != b
        {
            found.add(Reason::Compression, Some(layer), || {
                (None, Some(a.to_string()), Some(b.to_string()))
            });
        }
    }
    documents::configs(&mut found, old.image, new.image);
    documents::manifests(&mut found, old.image, new.image);
    found.0.sort_by_key(|found| found.reason);
    found.0
}

/// The paths of a layer, each with the entries that it has in the order of the tar.
fn by_path(index: &LayerIndex) -> HashMap<(Vec<u8>, bool), Vec<EntryId>> {
    let mut paths: HashMap<_, Vec<EntryId>> = HashMap::new();
    for entry in index.entries() {
        // A whiteout has the path that it hides.
        let key = (index.path(entry), index.kind(entry).hides());
        paths.entry(key).or_default().push(entry);
    }
    paths
}

fn layers(found: &mut Found, layer: usize, old: &LayerIndex, new: &LayerIndex) {
    let before = found.0.iter().map(|found| found.count).sum::<usize>();
    let mut others = by_path(new);
    let mut same_paths = true;
    let shown = |path: &[u8]| Some(text(path).into_owned());
    let mut order: Vec<EntryId> = Vec::with_capacity(old.len());
    // A path that is in the tar several times is compared in its turns.
    let mut turns: HashMap<(Vec<u8>, bool), usize> = HashMap::new();
    for entry in old.entries() {
        let key = (old.path(entry), old.kind(entry).hides());
        let turn = turns.entry(key.clone()).or_default();
        let other = others.get(&key).and_then(|others| others.get(*turn));
        *turn += 1;
        match other.copied() {
            Some(other) => {
                order.push(other);
                entries(found, layer, &key.0, (old, entry), (new, other));
            }
            None => {
                same_paths = false;
                found.add(Reason::Paths, Some(layer), || {
                    (shown(&key.0), Some(old.kind(entry).name().to_owned()), None)
                });
            }
        }
    }
    for (key, turn) in &turns {
        if let Some(others) = others.get_mut(key) {
            others.drain(..(*turn).min(others.len()));
        }
    }
    let mut added: Vec<(&(Vec<u8>, bool), &EntryId)> = (others.iter())
        .flat_map(|(key, others)| others.iter().map(move |other| (key, other)))
        .collect();
    added.sort_unstable();
    for (key, entry) in added {
        same_paths = false;
        found.add(Reason::Paths, Some(layer), || {
            (
                shown(&key.0),
                None,
                Some(new.kind(*entry).name().to_owned()),
            )
        });
    }
    let moved = order.windows(2).find_map(|pair| match pair {
        [a, b] if a > b => Some(*b),
        _ => None,
    });
    if let Some(entry) = moved {
        found.add(Reason::Order, Some(layer), || {
            (shown(&new.path(entry)), None, None)
        });
    }
    let after = found.0.iter().map(|found| found.count).sum::<usize>();
    if before == after && same_paths {
        found.add(Reason::TarFormat, Some(layer), || {
            (
                None,
                Some(format!("{} B", old.size)),
                Some(format!("{} B", new.size)),
            )
        });
    }
}

fn entries(
    found: &mut Found,
    layer: usize,
    path: &[u8],
    (old, a): (&LayerIndex, EntryId),
    (new, b): (&LayerIndex, EntryId),
) {
    let path = || Some(text(path).into_owned());
    let layer = Some(layer);
    if old.kind(a) != new.kind(b) {
        let kind = |kind: EntryKind| Some(kind.name().to_owned());
        found.add(Reason::Type, layer, || {
            (path(), kind(old.kind(a)), kind(new.kind(b)))
        });
        return;
    }
    let content = |index: &LayerIndex, entry| {
        let held = (index.logical_size(entry), index.content(entry));
        (index.kind(entry) == EntryKind::File).then_some(held)
    };
    if content(old, a) != content(new, b) || old.device(a) != new.device(b) {
        let size = |index: &LayerIndex, entry| Some(format!("{} B", index.logical_size(entry)));
        found.add(Reason::Content, layer, || {
            (path(), size(old, a), size(new, b))
        });
    }
    if old.mode(a) != new.mode(b) {
        let mode = |mode: u32| Some(format!("{mode:o}"));
        found.add(Reason::Mode, layer, || {
            (path(), mode(old.mode(a)), mode(new.mode(b)))
        });
    }
    if old.owner(a) != new.owner(b) {
        let owner = |(user, group): (u64, u64)| Some(format!("{user}:{group}"));
        found.add(Reason::Owner, layer, || {
            (path(), owner(old.owner(a)), owner(new.owner(b)))
        });
    }
    let link = |index: &LayerIndex, entry| {
        let link = index.link(entry).map(|link| text(link).into_owned());
        let is_link = matches!(index.kind(entry), EntryKind::Symlink | EntryKind::Hardlink);
        link.filter(|_| is_link)
    };
    if link(old, a) != link(new, b) {
        found.add(Reason::LinkTarget, layer, || {
            (path(), link(old, a), link(new, b))
        });
    }
    if old.xattrs(a) != new.xattrs(b) {
        found.add(Reason::Xattrs, layer, || (path(), None, None));
    }
    if old.mtime(a) != new.mtime(b) {
        let time = |(seconds, nanos): (i64, u32)| {
            let nanos = i32::try_from(nanos).ok()?;
            Timestamp::new(seconds, nanos)
                .ok()
                .map(|time| time.to_string())
        };
        found.add(Reason::Mtime, layer, || {
            (path(), time(old.mtime(a)), time(new.mtime(b)))
        });
    }
}
