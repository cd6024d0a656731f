//! The address of a comparison: `#/compare/OLD...NEW?old-stack=3&view=packages`, each side a reference or `./FILE`.

mod finds;
mod map;

use onionskin_core::link::{FILE, PARTS, VALUE, side};
use percent_encoding::percent_encode;

use self::finds::ComparedFinds;
pub(crate) use self::map::ComparedMapPlace;
use super::{shown, text, unknown_part};
use crate::worker::protocol::{Both, Changes, Column, DifferenceForm, Side, Sort};

/// A place in a comparison of two images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CompareRoute {
    pub(crate) sides: Both<SideRoute>,
    pub(crate) view: CompareView,
    pub(crate) path: Option<Vec<u8>>,
    /// How both versions of the path are shown, in place of the tree.
    pub(crate) difference: Option<DifferenceForm>,
    /// Only names that hold this; empty shows all.
    pub(crate) find: String,
    /// Changes that are not shown.
    pub(crate) hidden: Changes,
    pub(crate) sort: Sort,
    pub(crate) map: ComparedMapPlace,
    /// What was looked for in the other views. It is no part of the address.
    pub(crate) finds: ComparedFinds,
}

/// One of the two images.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SideRoute {
    /// The image; empty for the only one of a file, and where none is chosen.
    pub(crate) reference: String,
    /// The name of the file that it is in, where it is in one.
    pub(crate) file: Option<String>,
    pub(crate) platform: Option<String>,
    /// The last layer that counts; without it, all do, and with 0 none does.
    pub(crate) stack: Option<u32>,
}

/// What of a comparison is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum CompareView {
    #[default]
    Files,
    Map,
    Config,
    History,
    Packages,
    Layers,
}

impl CompareView {
    /// In their order, with the names that addresses have for them.
    pub(crate) const NAMED: [(CompareView, &'static str); 6] = [
        (CompareView::Files, "files"),
        (CompareView::Map, "map"),
        (CompareView::Config, "config"),
        (CompareView::History, "history"),
        (CompareView::Packages, "packages"),
        (CompareView::Layers, "layers"),
    ];

    pub(crate) fn name(self) -> &'static str {
        let named = Self::NAMED.iter().find(|(view, _)| *view == self);
        named.map_or("", |(_, name)| name)
    }

    /// It shows the paths that differ.
    fn is_of_paths(self) -> bool {
        matches!(self, CompareView::Files | CompareView::Map)
    }
}

/// The largest changes first.
const FIRST_SORT: Sort = Sort {
    column: Column::Change,
    reversed: false,
};

impl SideRoute {
    /// An image in a registry.
    pub(crate) fn of(reference: impl Into<String>) -> Self {
        SideRoute {
            reference: reference.into(),
            ..SideRoute::default()
        }
    }

    /// A side as it is called: a reference, or `./FILE`.
    pub(crate) fn named(name: &str) -> Self {
        match name.strip_prefix(FILE) {
            Some(file) => SideRoute {
                file: Some(file.to_owned()),
                ..SideRoute::default()
            },
            None => SideRoute::of(name),
        }
    }

    /// No image is chosen.
    pub(crate) fn is_empty(&self) -> bool {
        self.reference.is_empty() && self.file.is_none()
    }

    /// What [`Self::named`] reads.
    pub(crate) fn name(&self) -> String {
        match &self.file {
            Some(file) => format!("{FILE}{file}"),
            None => self.reference.clone(),
        }
    }
}

impl CompareRoute {
    /// The first sight of a comparison.
    pub(crate) fn of(old: SideRoute, new: SideRoute) -> Self {
        CompareRoute {
            sides: Both { old, new },
            view: CompareView::default(),
            path: None,
            difference: None,
            find: String::new(),
            hidden: Changes::default(),
            sort: FIRST_SORT,
            map: ComparedMapPlace::default(),
            finds: ComparedFinds::default(),
        }
    }

    /// Another image on a side.
    pub(crate) fn with(&self, side: Side, image: SideRoute) -> Self {
        let mut route = CompareRoute {
            path: None,
            difference: None,
            ..self.clone()
        };
        *route.sides.of_mut(side) = image;
        route
    }

    /// The old image as the new one, and the other way round.
    pub(crate) fn swapped(&self) -> Self {
        let Both { old, new } = self.sides.clone();
        let hidden = Changes::NAMED.into_iter().map(|(change, _)| change);
        let hidden = hidden.filter(|change| self.hidden.contains(*change));
        CompareRoute {
            sides: Both { old: new, new: old },
            hidden: hidden
                .map(mirrored)
                .fold(Changes::default(), Changes::toggled),
            path: None,
            difference: None,
            map: self.map.swapped(),
            ..self.clone()
        }
    }

    /// What both images are called.
    pub(crate) fn title(&self) -> String {
        let names = Side::BOTH.map(|side| self.sides.of(side).name());
        names.join(" … ")
    }

    /// Another view, with what was looked for in it last.
    pub(crate) fn in_view(&self, view: CompareView) -> Self {
        let finds = self.finds_now();
        CompareRoute {
            view,
            difference: None,
            find: finds.of(view).to_owned(),
            finds,
            ..self.clone()
        }
    }

    /// Remembers what was looked for in the views of the same comparison.
    pub(crate) fn remember(&mut self, before: &Self) {
        if before.sides == self.sides {
            self.finds = before.finds_now();
        }
    }

    /// What was looked for in each view, with this one.
    fn finds_now(&self) -> ComparedFinds {
        let mut finds = self.finds.clone();
        finds.keep(self.view, &self.find);
        finds
    }

    /// Whether the paths that differ are shown, and not both versions of one.
    pub(crate) fn shows_paths(&self) -> bool {
        match self.view {
            CompareView::Files => self.difference.is_none(),
            view => view.is_of_paths(),
        }
    }

    /// The map, seen in another way.
    pub(crate) fn with_map(&self, change: impl FnOnce(&mut ComparedMapPlace)) -> Self {
        let mut route = self.clone();
        change(&mut route.map);
        route
    }

    /// Both images are named.
    pub(crate) fn is_complete(&self) -> bool {
        Side::BOTH
            .iter()
            .all(|side| !self.sides.of(*side).is_empty())
    }

    /// `place` is what stands between `/compare/` and the query.
    pub(super) fn parse(place: &str, query: &str, remarks: &mut Vec<String>) -> Self {
        let (old, new) = place.split_once(PARTS).unwrap_or((place, ""));
        let side = |name: &str| SideRoute::named(&text(name));
        let mut route = CompareRoute::of(side(old), side(new));
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        for pair in pairs {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if let Err(remark) = route.set(key, value) {
                remarks.push(remark);
            }
        }
        route
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let (sides, of_side) = match key.split_once('-') {
            Some(("old", key)) => (&[Side::Old][..], key),
            Some(("new", key)) => (&[Side::New][..], key),
            _ => (&Side::BOTH[..], key),
        };
        match of_side {
            "image" | "platform" | "stack" => {
                for side in sides {
                    let side = self.sides.of_mut(*side);
                    let named = Some(text(value)).filter(|text| !text.is_empty());
                    match of_side {
                        "image" if side.file.is_some() => {
                            side.reference = named.unwrap_or_default();
                        }
                        "image" => {}
                        "platform" => side.platform = named,
                        _ => side.stack = Some(stack(value)?),
                    }
                }
                return Ok(());
            }
            _ if of_side != key => return Err(unknown_part(key)),
            _ => {}
        }
        match key {
            "view" => match CompareView::NAMED.iter().find(|(_, name)| *name == value) {
                Some((view, _)) => self.view = *view,
                None => return Err(format!("There is no view called “{}”.", shown(value))),
            },
            "path" => self.path = Some(super::path(value)?),
            "zoom" | "slide" | "area" => self.map.set(key, value)?,
            "diff" => match DifferenceForm::of(value) {
                Some(form) => self.difference = Some(form),
                None => {
                    return Err(format!(
                        "Two versions cannot be shown as “{}”.",
                        shown(value)
                    ));
                }
            },
            "find" => self.find = text(value),
            "hide" => match Changes::read(&text(value)) {
                Some(changes) => self.hidden = changes,
                None => {
                    return Err(format!(
                        "“{}” is not a list of kinds of changes.",
                        shown(value)
                    ));
                }
            },
            "sort" => match Sort::read(value).filter(|sort| has(sort.column)) {
                Some(sort) => self.sort = sort,
                None => {
                    return Err(format!("There is no sort order called “{}”.", shown(value)));
                }
            },
            _ => return Err(unknown_part(key)),
        }
        Ok(())
    }

    /// Writes the fragment, with its `#`.
    pub(super) fn to_fragment(&self) -> String {
        let Both { old, new } = &self.sides;
        let mut pairs: Vec<(String, Vec<u8>)> = Vec::new();
        let stack = |side: &SideRoute| side.stack.map(|layer| layer.to_string());
        let image = |side: &SideRoute| {
            let image = Some(side.reference.clone()).filter(|_| side.file.is_some());
            image.filter(|image| !image.is_empty())
        };
        for (key, old, new) in [
            ("image", image(old), image(new)),
            ("platform", old.platform.clone(), new.platform.clone()),
            ("stack", stack(old), stack(new)),
        ] {
            match (old, new) {
                (Some(old), Some(new)) if old == new => pairs.push((key.to_owned(), old.into())),
                (old, new) => {
                    pairs.extend(old.map(|value| (format!("old-{key}"), value.into())));
                    pairs.extend(new.map(|value| (format!("new-{key}"), value.into())));
                }
            }
        }
        let mut push = |key: &str, value: &[u8]| pairs.push((key.to_owned(), value.to_vec()));
        if self.view != CompareView::default() {
            push("view", self.view.name().as_bytes());
        }
        if let Some(path) = &self.path {
            push("path", path);
            if let Some(form) = self.difference {
                push("diff", form.name().as_bytes());
            }
        }
        if !self.find.is_empty() {
            push("find", self.find.as_bytes());
        }
        if !self.hidden.is_empty() {
            push("hide", self.hidden.written().as_bytes());
        }
        if self.sort != FIRST_SORT {
            push("sort", self.sort.written().as_bytes());
        }
        for (key, value) in self.map.pairs() {
            push(key, &value);
        }
        let mut fragment = format!(
            "#/compare/{}{PARTS}{}",
            side(&old.name()),
            side(&new.name())
        );
        let mut separator = '?';
        for (key, value) in pairs {
            fragment.push(separator);
            fragment.push_str(&key);
            fragment.push('=');
            fragment.extend(percent_encode(&value, VALUE));
            separator = '&';
        }
        fragment
    }
}

/// How many layers of a side count.
fn stack(value: &str) -> Result<u32, String> {
    text(value).parse().map_err(|_| {
        format!(
            "“{}” is not a stack; it is the number of its last layer, and 0 is the empty one.",
            shown(value)
        )
    })
}

/// Whether a comparison has a column.
fn has(column: Column) -> bool {
    let shared = [
        Column::Name,
        Column::Download,
        Column::Wasted,
        Column::Layer,
    ];
    column.is_of_comparison() || shared.contains(&column)
}

fn mirrored(change: crate::worker::protocol::Change) -> crate::worker::protocol::Change {
    use crate::worker::protocol::Change;
    match change {
        Change::Added => Change::Removed,
        Change::Removed => Change::Added,
        change => change,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Route;
    use super::*;
    use crate::worker::protocol::Change;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn read(fragment: &str) -> (CompareRoute, Vec<String>) {
        match Route::parse(fragment) {
            (Route::Compare(route), remarks) => (route, remarks),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_compared_and_seen_is_read_and_written_alike() {
        for fragment in [
            "#/compare/a:1...b:2",
            "#/compare/docker.io/library/a@sha256:12...localhost:5000/b?platform=linux/arm64",
            "#/compare/./app.tar...b:2?old-image=app:1&new-platform=linux/arm64/v8&old-stack=3",
            "#/compare/a...b?stack=2&view=packages&find=lib%20c",
            "#/compare/a...a?old-stack=0",
            "#/compare/a...b?path=/usr/%FF&hide=added,moved&sort=-before",
            "#/compare/a...b?path=/etc/a&diff=split",
            "#/compare/a...b?view=map&path=/usr/a&zoom=/usr&slide=0&area=all",
            "#/compare/...b",
            "#/compare/a...",
        ] {
            let (route, remarks) = read(fragment);
            assert!(remarks.is_empty(), "{remarks:?}");
            assert_eq!(Route::Compare(route).to_fragment(), fragment);
        }
    }

    #[test]
    fn any_file_can_be_a_side() {
        for name in ["a...b.tar", ".", "..", "a b?&#=%41+é/.tar", "x."] {
            let file = SideRoute {
                stack: Some(2),
                ..SideRoute::named(&format!("./{name}"))
            };
            let both = [
                CompareRoute::of(file.clone(), SideRoute::of("a:1.")),
                CompareRoute::of(SideRoute::of("a:1."), file),
            ];
            for route in both {
                let fragment = Route::Compare(route.clone()).to_fragment();
                assert_eq!(read(&fragment), (route, Vec::new()), "{fragment}");
            }
        }
    }

    #[test]
    fn what_is_unknown_is_told() {
        for wrong in [
            "view=x",
            "path=x",
            "hide=dust",
            "sort=mode",
            "diff=x",
            "zoom=x",
            "slide=101",
            "area=x",
            "old-view=files",
            "stack=-1",
            "old-stack=x",
            "x=1",
        ] {
            let (route, remarks) = read(&format!("#/compare/a...b?{wrong}"));
            assert_eq!(remarks.len(), 1, "{wrong}");
            assert_eq!(
                route,
                CompareRoute::of(SideRoute::of("a"), SideRoute::of("b"))
            );
        }
        assert!(!read("#/compare/a").0.is_complete());
    }

    #[test]
    fn swapped_sides_mirror() {
        let (route, _) = read("#/compare/a...b?old-stack=1&view=map&hide=added&slide=90");
        let swapped = route.swapped();
        assert_eq!(
            Route::Compare(swapped.clone()).to_fragment(),
            "#/compare/b...a?new-stack=1&view=map&hide=removed&slide=10"
        );
        assert!(swapped.hidden.contains(Change::Removed));
        assert_eq!(swapped.swapped(), route);
    }
}
