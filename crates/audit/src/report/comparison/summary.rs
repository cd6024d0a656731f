//! What reports of a comparison tell, whatever their form: numbers with their changes, and the changes that matter most.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::changed_paths::{ChangedPath, Counts, largest};
use super::fields::Field;
use super::layer_changes::{LayerChange, layer_changes, removed_layers};
use super::{ComparisonReport, SideBytes};
use crate::compare::{HistoryChange, LayerFile, LineState, Update};
use crate::inspection::LayerFacts;
use crate::link::Links;
use crate::manifest::{Config, history};
use crate::report::format::{self, size};
use crate::secrets::Mask;

/// Changes that are told first.
const FIRST: usize = 3;
/// Places among which the first changes are looked for.
const FOLDERS: usize = 24;
/// Fields that say what runs, and as whom.
const RUNS: [&str; 3] = ["user", "entrypoint", "cmd"];

/// A comparison with what its reports need of both images.
pub struct Compared<'a> {
    /// The comparison.
    pub report: &'a ComparisonReport,
    /// Where the page shows it. None without a page, or where one of the images has no address.
    pub link: Option<&'a str>,
    /// What a pull of the new image downloads.
    pub update: &'a Update,
    /// The old image.
    pub old: Side<'a>,
    /// The new image.
    pub new: Side<'a>,
}

/// One of the two images.
pub struct Side<'a> {
    layers: &'a [LayerFacts],
    mask: Mask,
    links: Option<&'a Links>,
}

impl<'a> Side<'a> {
    /// An image with these layers and this configuration; `links` lead to it, where there is a page.
    #[must_use]
    pub fn new(layers: &'a [LayerFacts], config: &Config, links: Option<&'a Links>) -> Self {
        Self {
            layers,
            mask: Mask::of(config),
            links,
        }
    }

    /// The command that made a layer, without its secrets.
    #[must_use]
    pub fn command(&self, layer: &LayerFacts) -> Option<String> {
        let command = layer.created_by.as_deref()?;
        Some(self.mask.text(&history::clean(command)).into_owned())
    }

    /// The address of a path among the changes of a layer.
    pub(super) fn link(&self, layer: usize, path: &str) -> Option<String> {
        let path = match path {
            "" => "/",
            path => path,
        };
        let links = self.links?;
        Some(links.change(layer, &crate::report::bytes(path)))
    }

    /// The address of its configuration.
    pub(super) fn config_link(&self) -> Option<String> {
        self.links.map(Links::config)
    }
}

/// A number of both images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Number {
    /// What it is.
    pub name: Cow<'static, str>,
    /// Bytes of the old image; None where they are not known.
    pub old: Option<u64>,
    /// Bytes of the new image.
    pub new: Option<u64>,
}

impl Number {
    /// `+1.2 MB`; None where one of both is not known.
    #[must_use]
    pub fn bytes(&self) -> Option<String> {
        let (old, new) = self.old.zip(self.new)?;
        Some(format::change(old, new))
    }

    /// `+1.2 MB, +4.1 %`; None where one of both is not known.
    pub(super) fn change(&self) -> Option<String> {
        let (old, new) = self.old.zip(self.new)?;
        if old == new {
            return Some("unchanged".to_owned());
        }
        let share = (new as f64 - old as f64) * 100.0 / old as f64;
        // What is left of it is not nothing.
        let share = if new > 0 { share.max(-99.9) } else { share };
        let share = match old {
            1.. if (0.1..1_000.0).contains(&share.abs()) => format!(", {share:+.1} %"),
            _ => String::new(),
        };
        Some(format!("{}{share}", format::change(old, new)))
    }
}

/// `3.2 MB`, or that it is not known.
#[must_use]
pub fn known(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "not known".to_owned(), size)
}

/// A change that is told first.
pub(super) enum Matter<'a> {
    /// What runs, or as whom.
    Runs(Field),
    /// Wasted bytes grow; the new layer that holds most of them, and those of it.
    Wasted {
        grown: u64,
        most: Option<(&'a LayerFacts, u64)>,
    },
    /// Files.
    Path(ChangedPath<'a>),
}

impl<'a> Compared<'a> {
    /// What one line tells: each number that people compare.
    pub(super) fn numbers(&self) -> [Number; 3] {
        let all = self.all_numbers();
        let [download, stored, _, wasted, _] = all;
        [download, stored, wasted]
    }

    /// All numbers.
    #[must_use]
    pub fn all_numbers(&self) -> [Number; 5] {
        let (old, new) = (&self.report.bytes.old, &self.report.bytes.new);
        let number = |name, of: fn(&SideBytes) -> Option<u64>| Number {
            name: Cow::Borrowed(name),
            old: of(old),
            new: of(new),
        };
        [
            number("Download", |side| side.compressed_size),
            number("Stored in layers", |side| Some(side.stored)),
            number("Final filesystem", |side| Some(side.live)),
            number("Wasted", |side| Some(side.wasted)),
            number("Wasted download", |side| side.wasted_compressed),
        ]
    }

    /// How many paths differ.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::of(&self.report.files)
    }

    /// `3.1 MB (5 of 9 layers)`.
    pub(super) fn update(&self) -> String {
        let (new, all) = (self.update.new.len(), self.new.layers.len());
        format!("{} ({new} of {})", known(self.update.bytes), layers(all))
    }

    /// The fields of the configuration that differ.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        let fields = self.report.config.iter();
        fields
            .map(|change| Field::of(change, &self.old.mask, &self.new.mask))
            .collect()
    }

    /// Where the build histories differ, without their secrets.
    #[must_use]
    pub fn history(&self) -> Vec<HistoryChange> {
        let mut changes = self.report.history.clone();
        for line in changes.iter_mut().flat_map(|change| &mut change.lines) {
            let side = match line.change {
                LineState::Removed => &self.old,
                LineState::Unchanged | LineState::Added => &self.new,
            };
            line.text = side.mask.text(&line.text).into_owned();
        }
        changes
    }

    /// The layers of the new image that the old one does not have.
    pub(in crate::report) fn added_layers(&self) -> impl Iterator<Item = &'a LayerFacts> {
        let new: HashSet<usize> = self.update.new.iter().copied().collect();
        let layers = self.new.layers.iter();
        layers.filter(move |layer| new.contains(&layer.layer))
    }

    /// The largest files of a layer of the new image that the old one does not have.
    #[must_use]
    pub fn largest_files(&self, layer: usize) -> &'a [LayerFile] {
        let mut new = self.report.layers.new.iter();
        let found = new.find(|new| new.layer == layer);
        found.map_or(&[], |new| &new.files)
    }

    /// The layers of the old image that the new one does not have.
    pub(super) fn removed_layers(&self) -> impl Iterator<Item = &'a LayerFacts> + use<'a> {
        removed_layers(self.old.layers, self.new.layers)
    }

    /// The layers of both images as one list, in the order of the new one; removed layers come where they were.
    #[must_use]
    pub fn layer_changes(&self) -> Vec<LayerChange<'a>> {
        layer_changes(self.old.layers, self.new.layers, self.update)
    }

    /// What the numbers do not cover, a sentence each.
    pub fn notes(&self) -> impl Iterator<Item = String> + use<'a> {
        let missing = &self.report.not_fetched;
        let sides = [
            ("old", "added", &missing.old),
            ("new", "removed", &missing.new),
        ];
        sides.into_iter().flat_map(|(side, change, layers)| {
            layers.iter().map(move |layer| {
                format!(
                    "Not available: layer {} of the {side} image ({}). Its files may be listed as {change}.",
                    layer.layer,
                    layer.reason.short()
                )
            })
        })
    }

    /// The changes that matter most: what runs first, then by bytes.
    pub(super) fn first(&self) -> Vec<Matter<'a>> {
        let fields = self.fields().into_iter();
        let runs = fields.filter(|field| RUNS.contains(&field.name.as_str()));
        let mut by_bytes: Vec<(u64, Matter<'a>)> = largest(&self.report.files, FOLDERS)
            .into_iter()
            .map(|place| (place.weight, Matter::Path(place)))
            .collect();
        let (old, new) = (self.report.bytes.old.wasted, self.report.bytes.new.wasted);
        if new > old {
            let wasted = self.added_layers();
            let wasted = wasted.filter_map(|layer| Some((layer, layer.wasted?)));
            let most = wasted.filter(|(_, wasted)| *wasted > 0);
            let most = most.max_by_key(|(layer, wasted)| (*wasted, std::cmp::Reverse(layer.layer)));
            let grown = new - old;
            by_bytes.push((grown, Matter::Wasted { grown, most }));
        }
        // A stable sort: the places come in their order.
        by_bytes.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        let by_bytes = by_bytes.into_iter().map(|(_, matter)| matter);
        // One line tells of all that runs; more would leave no room for files.
        runs.take(FIRST - 1)
            .map(Matter::Runs)
            .chain(by_bytes)
            .take(FIRST)
            .collect()
    }

    /// The address of a place: where its largest change is seen.
    pub(super) fn link(&self, place: &ChangedPath<'_>) -> Option<String> {
        let side = match place.largest.change {
            crate::compare::Change::Removed => &self.old,
            _ => &self.new,
        };
        side.link(place.largest.layer, place.path)
    }
}

/// `1 layer`, `3 layers`.
#[must_use]
pub fn layers(count: usize) -> String {
    match count {
        1 => "1 layer".to_owned(),
        many => format!("{many} layers"),
    }
}

/// What changed in a place: `+33 B, added`; `500 B → 700 B, content`; `+2.6 MB, 421 added, 3 removed`.
pub(super) fn what(place: &ChangedPath<'_>) -> String {
    let bytes = match (place.grown, place.shrunk) {
        (grown, 0) => format::change(0, grown),
        (0, shrunk) => format::change(shrunk, 0),
        (grown, shrunk) => format!("{} {}", format::change(0, grown), format::change(shrunk, 0)),
    };
    let Some(only) = place.only else {
        return format!("{bytes}, {}", place.counts.text());
    };
    let what = only.what.iter().map(|what| what.name());
    let what: Vec<&str> = what.collect();
    let what = what.join(", ");
    match (only.change, what.is_empty()) {
        (crate::compare::Change::Changed, _) => format!("{bytes}, changed ({what})"),
        (change, true) => format!("{bytes}, {}", change.name()),
        (change, false) => format!("{bytes}, {} ({what})", change.name()),
    }
}
