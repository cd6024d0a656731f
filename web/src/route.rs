//! The address of what is seen: the URL's fragment, read and written.
//!
//! `#/image/docker.io/library/nginx@sha256:…?platform=linux/arm64&layer=3&view=changes&path=/usr/lib&find=…`
//!
//! A file that the visitor chose has an address as well, `#/file/app.tar?image=app:1.0&layer=3`, so that back and
//! forward work; it leads there for as long as the page has the file.

pub(crate) mod comparison;
pub(crate) mod map;
pub(crate) mod packages;
pub(crate) mod waste;

use onionskin_core::link::{REFERENCE, VALUE};
use percent_encoding::{percent_decode_str, percent_encode};

use self::comparison::CompareRoute;
use self::map::MapPlace;
use self::packages::PackagesPlace;
use self::waste::WastePlace;
use crate::worker::place::repository;
use crate::worker::protocol::{ContentForm, Kinds, List, Sort};

/// A place in the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Start,
    Image(ImageRoute),
    Browse(BrowseRoute),
    Compare(CompareRoute),
}

/// A list of a registry: `#/repositories/registry.example.com`, `#/tags/nginx?find=1.27`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BrowseRoute {
    pub(crate) list: List,
    /// Only names that hold this; empty shows all.
    pub(crate) find: String,
}

/// A place in an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ImageRoute {
    /// The image; empty for the only one of a file.
    pub(crate) reference: String,
    /// The name of the file that it is in, where it is in one.
    pub(crate) file: Option<String>,
    pub(crate) platform: Option<String>,
    /// The layer that is looked at; without it, the last.
    pub(crate) layer: Option<u32>,
    /// The first of several layers whose changes are looked at together; without it, the layer alone.
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
    /// The lines of a content that are meant, from 1.
    pub(crate) lines: Option<(u32, u32)>,
    /// What of the findings is seen.
    pub(crate) waste: WastePlace,
    /// What of the packages is seen.
    pub(crate) packages: PackagesPlace,
    /// How the map is seen.
    pub(crate) map: MapPlace,
}

/// What the middle of the page shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum View {
    /// The tree of the stack at a layer.
    #[default]
    Stack,
    /// The tree of what a layer changed.
    Changes,
    /// Findings about bytes.
    Waste,
    /// What each package takes.
    Packages,
    /// Findings of security and configuration.
    Checks,
    /// The filesystem at a layer, drawn by size.
    Map,
    Config,
    /// The content of a file.
    Content,
    /// A document of the image, by its digest.
    Document,
}

impl View {
    const NAMED: [(View, &'static str); 9] = [
        (View::Stack, "stack"),
        (View::Changes, "changes"),
        (View::Waste, "waste"),
        (View::Checks, "checks"),
        (View::Packages, "packages"),
        (View::Map, "map"),
        (View::Config, "config"),
        (View::Content, "content"),
        (View::Document, "document"),
    ];

    /// The list of findings of security and configuration, or that of bytes.
    pub(crate) fn findings(checks: bool) -> Self {
        match checks {
            true => View::Checks,
            false => View::Waste,
        }
    }

    /// Whether it is one of the two trees.
    pub(crate) fn is_tree(self) -> bool {
        matches!(self, View::Stack | View::Changes)
    }

    /// Whether a path that is selected in it has its details beside it.
    pub(crate) fn shows_details(self) -> bool {
        self.is_tree() || self == View::Map
    }

    /// Whether it is one of the two lists of findings.
    pub(crate) fn is_of_findings(self) -> bool {
        matches!(self, View::Waste | View::Checks)
    }

    /// Whether it is about files.
    fn is_of_files(self) -> bool {
        self.shows_details() || self == View::Content
    }
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
        self.file.as_ref().unwrap_or(&self.reference)
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
        let find = match view.is_of_files() == self.view.is_of_files() {
            true => self.find.clone(),
            false => String::new(),
        };
        ImageRoute {
            view,
            find,
            form: None,
            lines: None,
            document: None,
            waste: WastePlace::default(),
            packages: PackagesPlace::default(),
            ..self.clone()
        }
    }
}

impl Route {
    /// Reads a fragment, with or without its `#`. What was not understood is told beside the
    /// nearest place that was.
    pub(crate) fn parse(fragment: &str) -> (Route, Vec<String>) {
        let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
        if fragment.is_empty() || fragment == "/" {
            return (Route::Start, Vec::new());
        }
        let (place, query) = fragment.split_once('?').unwrap_or((fragment, ""));
        let after = |prefix| {
            let rest = place.strip_prefix(prefix);
            rest.filter(|rest: &&str| !rest.is_empty()).map(text)
        };
        if let Some(browse) = BrowseRoute::parse(place, query) {
            return (Route::Browse(browse), Vec::new());
        }
        if let Some(sides) = place.strip_prefix("/compare/") {
            let mut remarks = Vec::new();
            let route = CompareRoute::parse(sides, query, &mut remarks);
            return (Route::Compare(route), remarks);
        }
        let found = after("/image/").map(ImageRoute::of);
        let Some(mut route) = found.or_else(|| after("/file/").map(ImageRoute::of_file)) else {
            let unknown = format!(
                "There is no view at “{}”.",
                crate::format::visible_text(place)
            );
            return (Route::Start, vec![unknown]);
        };
        let mut remarks = Vec::new();
        let mut pairs: Vec<_> = query.split('&').filter(|pair| !pair.is_empty()).collect();
        // What some of the others mean depends on the view.
        pairs.sort_by_key(|pair| !pair.starts_with("view="));
        for pair in pairs {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if let Err(remark) = route.set(key, value) {
                remarks.push(remark);
            }
        }
        // The two lists of findings were one.
        if let Some(checks) = route
            .waste
            .is_of_checks()
            .filter(|_| route.view.is_of_findings())
        {
            route.view = View::findings(checks);
        }
        (Route::Image(route), remarks)
    }

    /// Writes the fragment, with its `#`.
    pub(crate) fn to_fragment(&self) -> String {
        let route = match self {
            Route::Start => return "#/".to_owned(),
            Route::Browse(browse) => return browse.to_fragment(),
            Route::Compare(compare) => return compare.to_fragment(),
            Route::Image(route) => route,
        };
        let mut fragment = match &route.file {
            Some(name) => format!("#/file/{}", percent_encode(name.as_bytes(), REFERENCE)),
            None => format!(
                "#/image/{}",
                percent_encode(route.reference.as_bytes(), REFERENCE)
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
        if route.file.is_some() && !route.reference.is_empty() {
            push("image", route.reference.as_bytes());
        }
        if let Some(platform) = &route.platform {
            push("platform", platform.as_bytes());
        }
        if let Some(layer) = route.layer {
            push("layer", layer.to_string().as_bytes());
        }
        if let Some(from) = route.from.filter(|_| route.view == View::Changes) {
            push("from", from.to_string().as_bytes());
        }
        if let Some((_, name)) = View::NAMED
            .iter()
            .find(|(view, _)| *view == route.view && route.view != View::Stack)
        {
            push("view", name.as_bytes());
        }
        if let Some(path) = &route.path {
            push("path", path);
        }
        if !route.find.is_empty() {
            push("find", route.find.as_bytes());
        }
        if let Some(document) = route
            .document
            .as_ref()
            .filter(|_| route.view == View::Document)
        {
            push("document", document.as_bytes());
        }
        if matches!(route.view, View::Content | View::Document) {
            if let Some(form) = route.form {
                push("as", form.name().as_bytes());
            }
            if let Some((first, last)) = route.lines {
                let lines = match first == last {
                    true => format!("L{first}"),
                    false => format!("L{first}-L{last}"),
                };
                push("lines", lines.as_bytes());
            }
        }
        if route.view == View::Packages {
            for (key, value) in route.packages.pairs() {
                push(key, value.as_bytes());
            }
        }
        if route.view == View::Map {
            for (key, value) in route.map.pairs() {
                push(key, value);
            }
        }
        if route.view.is_of_findings() {
            for (key, value) in route.waste.pairs() {
                push(key, value.as_bytes());
            }
        } else {
            if !route.hidden.is_empty() {
                push("hide", route.hidden.written().as_bytes());
            }
            if route.sort != Sort::default() {
                push("sort", route.sort.written().as_bytes());
            }
        }
        fragment
    }
}

impl BrowseRoute {
    /// All of a list.
    pub(crate) fn of(list: List) -> Self {
        BrowseRoute {
            list,
            find: String::new(),
        }
    }

    fn parse(place: &str, query: &str) -> Option<Self> {
        let named = |rest: &str| Some(text(rest)).filter(|name| !name.is_empty());
        let list = match place.strip_prefix('/')?.split_once('/') {
            None if place == "/repositories" => List::Repositories(None),
            Some(("repositories", host)) => List::Repositories(named(host)),
            Some(("tags", name)) => List::Tags(named(name)?),
            _ => return None,
        };
        let find = query.split('&').find_map(|pair| pair.strip_prefix("find="));
        Some(BrowseRoute {
            list,
            find: find.map(text).unwrap_or_default(),
        })
    }

    fn to_fragment(&self) -> String {
        let encoded = |name: &str| percent_encode(name.as_bytes(), REFERENCE).to_string();
        let mut fragment = match &self.list {
            List::Repositories(None) => "#/repositories".to_owned(),
            List::Repositories(Some(host)) => format!("#/repositories/{}", encoded(host)),
            List::Tags(name) => format!("#/tags/{}", encoded(name)),
        };
        if !self.find.is_empty() {
            fragment.push_str("?find=");
            fragment.extend(percent_encode(self.find.as_bytes(), VALUE));
        }
        fragment
    }
}

impl ImageRoute {
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
            "by" | "color" => self.map.set(key, &text(value))?,
            "zoom" => self.map.set(key, value)?,
            "kind" | "of" | "finding" | "page" | "without" => self.waste.set(key, &text(value))?,
            _ => {
                return Err(format!("The link has an unknown part, “{}”.", shown(key)));
            }
        }
        Ok(())
    }
}

/// A path of an image.
fn path(value: &str) -> Result<Vec<u8>, String> {
    let bytes: Vec<u8> = percent_decode_str(value).collect();
    match bytes.first() {
        Some(b'/') => Ok(bytes),
        _ => Err(format!(
            "“{}” is not a path; paths begin with a slash.",
            shown(value)
        )),
    }
}

/// A layer's number.
fn layer(value: &str) -> Result<u32, String> {
    let number = text(value).parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| {
        format!(
            "“{}” is not a layer; layers are numbered from 1.",
            shown(value)
        )
    })
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

fn text(value: &str) -> String {
    percent_decode_str(value).decode_utf8_lossy().into_owned()
}

fn shown(value: &str) -> String {
    crate::format::visible_text(&text(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_form_of_the_design_is_read_and_written_alike() {
        let digest = "9f".repeat(32);
        let fragment = format!(
            "#/image/docker.io/library/nginx@sha256:{digest}?platform=linux/arm64&layer=3&view=changes&path=/usr/lib&find=.so"
        );
        let (route, remarks) = Route::parse(&fragment);
        assert!(remarks.is_empty(), "{remarks:?}");
        assert_eq!(route.to_fragment(), fragment);
        let Route::Image(image) = route else {
            panic!("no image")
        };
        assert_eq!(image.layer, Some(3));
        assert_eq!(image.view, View::Changes);
        assert_eq!(image.path.as_deref(), Some(&b"/usr/lib"[..]));
    }

    #[test]
    fn any_path_survives_the_address() {
        let every_byte: Vec<u8> = std::iter::once(b'/').chain(0..=255).collect();
        for path in [
            every_byte.as_slice(),
            b"/a b&c=d#e?f+g%2f",
            b"/\xff\xfe",
            "/ü/\u{202e}".as_bytes(),
        ] {
            let route = Route::Image(ImageRoute {
                path: Some(path.to_vec()),
                find: "a&b = %41+é".to_owned(),
                ..ImageRoute::of("demo/webapp:1.0")
            });
            let fragment = route.to_fragment();
            assert!(fragment.is_ascii() && !fragment.contains(' '), "{fragment}");
            assert_eq!(Route::parse(&fragment), (route, Vec::new()));
        }
    }

    #[test]
    fn order_hidden_kinds_and_ranges_survive_the_address() {
        for fragment in [
            "#/image/a?layer=5&from=3&view=changes",
            "#/image/a?hide=unchanged,deleted&sort=-name",
            "#/image/a?sort=-size",
            "#/image/a?sort=modified",
        ] {
            let (route, remarks) = Route::parse(fragment);
            assert!(remarks.is_empty(), "{remarks:?}");
            assert_eq!(route.to_fragment(), fragment);
        }
        assert_eq!(
            Route::parse("#/image/a?sort=size").0.to_fragment(),
            "#/image/a"
        );
        assert_eq!(
            Route::parse("#/image/a?hide=dust&sort=dust&from=0").1.len(),
            3
        );
    }

    #[test]
    fn packages_have_addresses() {
        for fragment in [
            "#/image/a?view=packages",
            "#/image/a?view=packages&find=lib&type=deb&package=deb/libc6@2.36-9%2Bdeb12u9",
        ] {
            let (route, remarks) = Route::parse(fragment);
            assert!(remarks.is_empty(), "{remarks:?}");
            assert_eq!(route.to_fragment(), fragment);
        }
        assert_eq!(Route::parse("#/image/a?view=packages&type=x").1.len(), 1);
    }

    #[test]
    fn lines_of_a_content_have_an_address() {
        for fragment in [
            "#/image/a?layer=2&view=content&path=/app/x.json&lines=L12-L20",
            "#/image/a?view=content&path=/app/x.json&as=hex&lines=L12",
        ] {
            let (route, remarks) = Route::parse(fragment);
            assert!(remarks.is_empty(), "{remarks:?}");
            assert_eq!(route.to_fragment(), fragment);
        }
        for wrong in ["L0", "12", "L5-L3", "L", "L1-"] {
            let fragment = format!("#/image/a?view=content&path=/x&lines={wrong}");
            assert_eq!(Route::parse(&fragment).1.len(), 1, "{wrong}");
        }
    }

    #[test]
    fn a_file_has_an_address_whatever_it_is_called() {
        for name in ["app.tar.gz", "a b?&#=%41+é/.tar", "..", "image"] {
            for reference in ["", "app:1.0", "@2"] {
                let route = Route::Image(ImageRoute {
                    reference: reference.to_owned(),
                    layer: Some(2),
                    ..ImageRoute::of_file(name)
                });
                let fragment = route.to_fragment();
                assert!(fragment.starts_with("#/file/"), "{fragment}");
                assert_eq!(Route::parse(&fragment), (route, Vec::new()));
            }
        }
        // Outside of a file, there is nothing to choose from.
        assert_eq!(Route::parse("#/image/alpine?image=x").1.len(), 1);
    }

    #[test]
    fn lists_have_addresses() {
        for fragment in [
            "#/repositories",
            "#/repositories/registry.example.com:5000",
            "#/tags/docker.io/library/nginx?find=1.27%20a%26b",
        ] {
            let (route, remarks) = Route::parse(fragment);
            assert!(matches!(route, Route::Browse(_)) && remarks.is_empty());
            assert_eq!(route.to_fragment(), fragment);
        }
        assert_eq!(Route::parse("#/tags/").0, Route::Start);
    }

    #[test]
    fn what_is_unknown_is_told_and_the_rest_still_works() {
        let (route, remarks) =
            Route::parse("#/image/alpine:3?layer=0&view=x&path=usr&colour=red&find=a");
        assert_eq!(
            route,
            Route::Image(ImageRoute {
                find: "a".to_owned(),
                ..ImageRoute::of("alpine:3")
            })
        );
        assert_eq!(remarks.len(), 4, "{remarks:?}");
        assert!(
            remarks
                .iter()
                .any(|remark| remark.contains("numbered from 1"))
        );
        assert_eq!(Route::parse("#/nowhere").0, Route::Start);
        assert_eq!(Route::parse("#/nowhere").1.len(), 1);
        assert_eq!(Route::parse(""), (Route::Start, Vec::new()));
    }
}
