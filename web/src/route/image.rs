//! The address of a place in an image: what each view keeps in it, read and written.

use onionskin_core::link::{REFERENCE, VALUE, is_address};
use percent_encoding::percent_encode;

use super::finds::{Finds, is_shared};
use super::map::MapPlace;
use super::packages::PackagesPlace;
use super::view::View;
use super::waste::{self, WastePlace};
use super::{layer, path, shown, text, unknown_part};
use crate::worker::protocol::{ContentForm, DifferenceForm, Kinds, Sort};
use crate::worker::registries::repository;

/// A place in an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ImageRoute {
    /// The image; empty for the only one of a file.
    pub(crate) reference: String,
    /// The name of the file that it is in, where it is in one; or the address of a saved analysis, which begins as no name of
    /// a file does.
    pub(crate) file: Option<String>,
    pub(crate) platform: Option<String>,
    /// The layer that is looked at; without it, the last.
    pub(crate) layer: Option<u32>,
    /// The first of several layers whose changes are looked at together; without it, the layer alone. Of two versions of a
    /// file, the layer of the old one.
    pub(crate) from: Option<u32>,
    pub(crate) view: View,
    pub(crate) path: Option<Vec<u8>>,
    pub(crate) find: String,
    /// What of the tree is not shown.
    pub(crate) hidden: Kinds,
    pub(crate) sort: Sort,
    /// The digest of the document that is looked at.
    pub(crate) document: Option<String>,
    /// How a content is shown, where that is not how it would be shown otherwise.
    pub(crate) form: Option<ContentForm>,
    /// How two versions of a file are shown; without it, as they were last.
    pub(crate) difference: Option<DifferenceForm>,
    /// The lines of a content that are meant, from 1.
    pub(crate) lines: Option<(u32, u32)>,
    /// What of the findings is seen.
    pub(crate) waste: WastePlace,
    /// What of the packages is seen.
    pub(crate) packages: PackagesPlace,
    /// How the map is seen.
    pub(crate) map: MapPlace,
    /// The view of files that a content or two versions were opened from. It is no part of the address: a link leads back to
    /// the filesystem.
    pub(crate) opened_from: OpenedFrom,
    /// What was looked for in the other views. It is no part of the address either.
    pub(crate) finds: Finds,
}

/// A view of files to go back to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OpenedFrom {
    view: View,
    /// The first and the last layer, where it showed the changes of several.
    range: Option<(u32, Option<u32>)>,
}

impl ImageRoute {
    /// The first sight of an image.
    pub(crate) fn of(reference: impl Into<String>) -> Self {
        ImageRoute {
            reference: reference.into(),
            ..Default::default()
        }
    }

    /// The first sight of a file that was chosen, which may hold several images.
    pub(crate) fn of_file(name: impl Into<String>) -> Self {
        ImageRoute {
            file: Some(name.into()),
            ..Default::default()
        }
    }

    /// A saved analysis at an address, which may be relative to the page.
    pub(crate) fn of_index(address: impl Into<String>) -> Self {
        let address = address.into();
        Self::of_file(match is_address(&address) {
            true => address,
            false => format!("./{address}"),
        })
    }

    /// The name of the file that the visitor has to choose, where there is one.
    pub(crate) fn chosen_file(&self) -> Option<&String> {
        self.file.as_ref().filter(|name| !is_address(name))
    }

    /// The reference without tag and digest; none for a file.
    pub(crate) fn repository(&self) -> Option<&str> {
        let name = repository(&self.reference);
        Some(name).filter(|_| self.file.is_none())
    }

    /// Names what is opened in what this browser remembers of it.
    pub(crate) fn place(&self) -> String {
        let of_file = self.file.as_deref().unwrap_or_default();
        let platform = self.platform.as_deref().unwrap_or_default();
        format!("{of_file} {} {platform}", self.reference)
    }

    /// What is opened, in the words of the visitor: the reference, or the file's name.
    pub(crate) fn called(&self) -> &str {
        let file = self.file.as_deref();
        let file = file.map(|name| name.strip_prefix("./").unwrap_or(name));
        file.unwrap_or(&self.reference)
    }
}

impl ImageRoute {
    /// Other findings: those are looked at from the first, and none is selected.
    pub(crate) fn with_waste(&self, choose: impl FnOnce(&mut WastePlace)) -> Self {
        let mut route = ImageRoute {
            path: None,
            ..self.clone()
        };
        route.waste.page = None;
        route.waste.finding = None;
        choose(&mut route.waste);
        route
    }

    /// Another view, without what was looked for in this one.
    pub(crate) fn in_view(&self, view: View) -> Self {
        let finds = self.finds_now();
        let find = match is_shared(self.view, view) {
            true => self.find.clone(),
            false => String::new(),
        };
        // Elsewhere nothing shows that there was a range, and it would come back as a surprise.
        let shows_range = self.view.shows_details() && view.shows_details();
        let from = self.from.filter(|_| shows_range);
        let mut map = self.map.clone();
        let of_files = match self.view {
            View::Content | View::Difference => self.opened_from.view,
            view => view,
        };
        if of_files.is_tree() || !view.is_of_files() {
            map.changes = of_files == View::Changes && view.is_of_files();
        }
        let opened_from = match self.view {
            files if files.shows_details() => OpenedFrom {
                view: files,
                range: self.from.map(|from| (from, self.layer)),
            },
            View::Content | View::Difference => self.opened_from,
            _ => OpenedFrom::default(),
        };
        ImageRoute {
            view,
            find,
            finds,
            from,
            map,
            opened_from,
            form: None,
            difference: None,
            lines: None,
            document: None,
            waste: WastePlace::default(),
            packages: PackagesPlace::default(),
            ..self.clone()
        }
    }

    /// Remembers what was looked for in the views of the same image.
    pub(crate) fn remember(&mut self, before: &Self) {
        if before.place() == self.place() {
            self.finds = before.finds_now();
        }
    }

    /// What was looked for in each view, with this one. Where a content is shown nobody looks for anything: that nothing is
    /// looked for there says nothing of the views that it was opened from.
    fn finds_now(&self) -> Finds {
        let mut finds = self.finds.clone();
        let has_field = !matches!(self.view, View::Content | View::Difference);
        if has_field || !self.find.is_empty() {
            finds.keep(self.view, &self.find);
        }
        finds
    }

    /// The view of files that a content or two versions were opened from.
    pub(crate) fn back_to_files(&self) -> Self {
        let OpenedFrom { view, range } = self.opened_from;
        let back = self.in_view(view);
        match range {
            Some((from, layer)) => ImageRoute {
                from: Some(from),
                layer,
                ..back
            },
            None => back,
        }
    }

    /// The same of another platform, as far as that has the same: its layers, findings and documents are others.
    pub(crate) fn on_platform(&self, platform: String) -> Self {
        let view = match self.view {
            View::Difference => View::Stack,
            View::Document => View::Config,
            view => view,
        };
        ImageRoute {
            platform: Some(platform),
            layer: None,
            from: None,
            // Among findings it is that of the selected one.
            path: self.path.clone().filter(|_| !view.is_of_findings()),
            form: self.form.filter(|_| view == View::Content),
            waste: WastePlace {
                kind: self.waste.kind,
                order: self.waste.order,
                ..WastePlace::default()
            },
            packages: PackagesPlace {
                kind: self.packages.kind,
                package: None,
            },
            ..self.in_view(view)
        }
    }
}

impl ImageRoute {
    /// Reads the part of the address behind its `?`; what was not understood is told.
    pub(super) fn read(&mut self, query: &str) -> Vec<String> {
        let mut remarks = Vec::new();
        let mut pairs: Vec<_> = query.split('&').filter(|pair| !pair.is_empty()).collect();
        // What some of the others mean depends on the view.
        pairs.sort_by_key(|pair| !pair.starts_with("view="));
        for pair in pairs {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if let Err(remark) = self.set(key, value) {
                remarks.push(remark);
            }
        }
        // The two lists of findings were one.
        if let Some(checks) = self
            .waste
            .is_of_checks()
            .filter(|_| self.view.is_of_findings())
        {
            self.view = View::findings(checks);
        }
        remarks
    }

    /// Writes the fragment, with its `#`.
    pub(super) fn to_fragment(&self) -> String {
        let mut fragment = match &self.file {
            Some(address) if is_address(address) => {
                let address = address.strip_prefix("./").unwrap_or(address);
                format!("#/index/{}", percent_encode(address.as_bytes(), REFERENCE))
            }
            Some(name) => format!("#/file/{}", percent_encode(name.as_bytes(), REFERENCE)),
            None => format!(
                "#/image/{}",
                percent_encode(self.reference.as_bytes(), REFERENCE)
            ),
        };
        let mut separator = '?';
        let mut push = |key: &str, value: &[u8]| {
            fragment.push(separator);
            fragment.push_str(key);
            fragment.push('=');
            fragment.extend(percent_encode(value, VALUE));
            separator = '&';
        };
        if self.file.is_some() && !self.reference.is_empty() {
            push("image", self.reference.as_bytes());
        }
        if let Some(platform) = &self.platform {
            push("platform", platform.as_bytes());
        }
        if let Some(layer) = self.layer {
            push("layer", layer.to_string().as_bytes());
        }
        if let Some(from) = self
            .from
            .filter(|_| self.is_of_changes() || self.view == View::Difference)
        {
            push("from", from.to_string().as_bytes());
        }
        if let Some((_, name)) = View::NAMED
            .iter()
            .find(|(view, _)| *view == self.view && self.view != View::Stack)
        {
            push("view", name.as_bytes());
        }
        if let Some(path) = &self.path {
            push("path", path);
        }
        if !self.find.is_empty() {
            push("find", self.find.as_bytes());
        }
        if let Some(document) = self
            .document
            .as_ref()
            .filter(|_| self.view == View::Document)
        {
            push("document", document.as_bytes());
        }
        if matches!(self.view, View::Content | View::Document) {
            if let Some(form) = self.form {
                push("as", form.name().as_bytes());
            }
            if let Some((first, last)) = self.lines {
                let lines = match first == last {
                    true => format!("L{first}"),
                    false => format!("L{first}-L{last}"),
                };
                push("lines", lines.as_bytes());
            }
        }
        if self.view == View::Difference
            && let Some(form) = self.difference
        {
            push("as", form.name().as_bytes());
        }
        if self.view == View::Packages {
            for (key, value) in self.packages.pairs() {
                push(key, value.as_bytes());
            }
        }
        if self.view == View::Map {
            for (key, value) in self.map.pairs() {
                push(key, value);
            }
        }
        if self.view.is_of_findings() {
            for (key, value) in self.waste.pairs() {
                push(key, value.as_bytes());
            }
        } else {
            if !self.hidden.is_empty() {
                push("hide", self.hidden.written().as_bytes());
            }
            if self.sort != Sort::default() {
                push("sort", self.sort.written().as_bytes());
            }
        }
        fragment
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "image" if self.file.is_some() => self.reference = text(value),
            "platform" => self.platform = Some(text(value)).filter(|platform| !platform.is_empty()),
            "layer" => self.layer = Some(layer(value)?),
            "from" => self.from = Some(layer(value)?),
            "hide" => match Kinds::read(&text(value)) {
                Some(kinds) => self.hidden = kinds,
                None => {
                    return Err(format!(
                        "“{}” is not a list of kinds of changes.",
                        shown(value)
                    ));
                }
            },
            "view" => match View::NAMED.iter().find(|(_, name)| *name == value) {
                Some((view, _)) => self.view = *view,
                None => return Err(format!("There is no view called “{}”.", shown(value))),
            },
            "path" => self.path = Some(path(value)?),
            "find" => self.find = text(value),
            "document" => self.document = Some(text(value)).filter(|digest| !digest.is_empty()),
            "as" if self.view == View::Difference => match DifferenceForm::of(value) {
                Some(form) => self.difference = Some(form),
                None => {
                    return Err(format!(
                        "Two versions cannot be shown as “{}”.",
                        shown(value)
                    ));
                }
            },
            "as" => match ContentForm::of(value) {
                Some(form) => self.form = Some(form),
                None => return Err(format!("A file cannot be shown as “{}”.", shown(value))),
            },
            "lines" => match lines(value) {
                Some(lines) => self.lines = Some(lines),
                None => {
                    return Err(format!(
                        "“{}” is not a range of lines; write L12 or L12-L20.",
                        shown(value)
                    ));
                }
            },
            // The tree and the findings have orders of their own.
            "sort" => {
                let sort = Sort::read(value).filter(|sort| !sort.column.is_of_comparison());
                let order = waste::order(value);
                match self.view {
                    View::Waste | View::Checks => order.map(|order| self.waste.order = order),
                    _ => sort.map(|sort| self.sort = sort),
                }
                .ok_or_else(|| format!("There is no sort order called “{}”.", shown(value)))?;
            }
            "type" | "package" => self.packages.set(key, &text(value))?,
            "by" | "color" | "layout" => self.map.set(key, &text(value))?,
            "of" if self.view == View::Map => self.map.set(key, &text(value))?,
            "zoom" => self.map.set(key, value)?,
            "kind" | "of" | "finding" | "page" | "without" => self.waste.set(key, &text(value))?,
            _ => return Err(unknown_part(key)),
        }
        Ok(())
    }
}

/// `L12`, or `L12-L20`.
fn lines(value: &str) -> Option<(u32, u32)> {
    let line = |text: &str| {
        let number = text.strip_prefix('L')?.parse().ok();
        number.filter(|number| *number > 0)
    };
    let (first, last) = value.split_once('-').unwrap_or((value, value));
    let (first, last) = (line(first)?, line(last)?);
    (first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn at(fragment: &str) -> ImageRoute {
        let (crate::route::Route::Image(route), remarks) = crate::route::Route::parse(fragment)
        else {
            panic!("no image")
        };
        assert_eq!(remarks, [] as [String; 0], "{fragment}");
        route
    }

    #[test]
    fn another_view_keeps_what_means_the_same_there() {
        for (from, view, to) in [
            // What was looked for in findings and packages is no query of the tree.
            (
                "?view=waste&path=/app&find=npm&kind=deleted&of=3",
                View::Stack,
                "?path=/app",
            ),
            (
                "?layer=2&view=packages&find=lib&type=deb",
                View::Changes,
                "?layer=2&view=changes",
            ),
            // Neither are lines and form of one file those of others.
            (
                "?layer=2&view=content&path=/a&find=x&as=hex&lines=L3",
                View::Changes,
                "?layer=2&view=changes&path=/a&find=x",
            ),
            // A range is one of changes; the filesystem remembers it.
            (
                "?layer=5&from=3&view=changes",
                View::Changes,
                "?layer=5&from=3&view=changes",
            ),
            (
                "?layer=5&from=2&view=diff&path=/a",
                View::Changes,
                "?layer=5&view=changes&path=/a",
            ),
        ] {
            let route = at(&format!("#/image/a{from}")).in_view(view);
            assert_eq!(route.to_fragment(), format!("#/image/a{to}"));
        }
    }

    #[test]
    fn a_content_leads_back_to_the_view_that_it_was_opened_from() {
        for place in [
            "?path=/a",
            "?layer=2&view=changes&path=/a&find=x",
            "?layer=5&from=3&view=changes&path=/a",
            "?view=map&path=/a&zoom=/b&color=layer",
        ] {
            let place = format!("#/image/a{place}");
            let content = at(&place).in_view(View::Content);
            let versions = ImageRoute {
                layer: content.layer.map(|_| 2),
                from: Some(1),
                ..at(&place).in_view(View::Difference)
            };
            for opened in [content, versions] {
                assert_eq!(opened.back_to_files().to_fragment(), place);
                // Neither is a detour through the other view one of its own.
                let other = opened.in_view(View::Content).back_to_files();
                assert_eq!(other.to_fragment(), place);
            }
        }
        let link = at("#/image/a?layer=2&view=content&path=/a&lines=L3");
        let back = link.back_to_files().to_fragment();
        assert_eq!(back, "#/image/a?layer=2&path=/a");
    }

    #[test]
    fn another_platform_is_shown_at_the_same_path_and_view() {
        for (of_one, of_other) in [
            (
                "layer=3&view=changes&path=/a&find=x",
                "view=changes&path=/a&find=x",
            ),
            ("layer=5&from=3&view=changes", "view=changes"),
            (
                "layer=3&view=content&path=/a&as=hex&lines=L3",
                "view=content&path=/a&as=hex",
            ),
            ("layer=3&from=2&view=diff&path=/a&as=split", "path=/a"),
            ("view=document&document=sha256:12", "view=config"),
            (
                "view=waste&path=/a&find=x&kind=deleted&of=3&sort=path&page=2&finding=deleted.3&without=1",
                "view=waste&find=x&kind=deleted&sort=path",
            ),
            (
                "view=packages&type=deb&package=deb/a@1",
                "view=packages&type=deb",
            ),
            (
                "view=map&path=/a/b&zoom=/a&by=download",
                "view=map&path=/a/b&zoom=/a&by=download",
            ),
        ] {
            let route = at(&format!("#/image/a?platform=linux/amd64&{of_one}"));
            let other = route.on_platform("linux/arm64".to_owned());
            let expected = format!("#/image/a?platform=linux/arm64&{of_other}");
            assert_eq!(other.to_fragment(), expected);
        }
    }

    #[test]
    fn a_range_is_kept_between_trees_and_map_only() {
        let range = at("#/image/a?layer=5&from=3&view=changes");
        let and_back = |view| range.in_view(view).in_view(View::Changes).from;
        for view in [View::Stack, View::Map] {
            assert_eq!(and_back(view), Some(3), "{view:?}");
        }
        for view in [View::Waste, View::Config, View::Difference] {
            assert_eq!(and_back(view), None, "{view:?}");
        }
    }
}
