//! The address of what is seen: the URL's fragment, read and written.
//!
//! `#/image/docker.io/library/nginx@sha256:…?platform=linux/arm64&layer=3&view=changes&path=/usr/lib&find=…`
//!
//! A file that the visitor chose has an address as well, `#/file/app.tar?image=app:1.0&layer=3`, so that back and
//! forward work; it leads there for as long as the page has the file. A saved analysis has that of its own,
//! `#/index/https://ci.example.com/app.onionskin?layer=3`.

mod browse;
pub(crate) mod comparison;
mod finds;
pub(crate) mod history;
mod image;
pub(crate) mod map;
pub(crate) mod packages;
mod tree;
mod view;
pub(crate) mod waste;

use percent_encoding::percent_decode_str;

pub(crate) use self::browse::{BrowseRoute, TagColumn, TagSort};
use self::comparison::CompareRoute;
use self::history::HistoryRoute;
pub(crate) use self::image::ImageRoute;
pub(crate) use self::view::View;

/// A place in the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Start,
    Image(ImageRoute),
    Browse(BrowseRoute),
    Compare(CompareRoute),
    History(HistoryRoute),
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
        let mut of_list = Vec::new();
        if let Some(browse) = BrowseRoute::parse(place, query, &mut of_list) {
            return (Route::Browse(browse), of_list);
        }
        if let Some(sides) = place.strip_prefix("/compare/") {
            let mut remarks = Vec::new();
            let route = CompareRoute::parse(sides, query, &mut remarks);
            return (Route::Compare(route), remarks);
        }
        let repository = place.strip_prefix("/history/");
        if let Some(repository) = repository.filter(|name| !name.is_empty()) {
            let mut remarks = Vec::new();
            let route = HistoryRoute::parse(repository, query, &mut remarks);
            return (Route::History(route), remarks);
        }
        let found = after("/image/").map(ImageRoute::of);
        let found = found.or_else(|| after("/file/").map(ImageRoute::of_file));
        let Some(mut route) = found.or_else(|| after("/index/").map(ImageRoute::of_index)) else {
            let unknown = format!(
                "There is no view at “{}”.",
                crate::format::visible_text(place)
            );
            return (Route::Start, vec![unknown]);
        };
        let remarks = route.read(query);
        (Route::Image(route), remarks)
    }

    /// Writes the fragment, with its `#`.
    pub(crate) fn to_fragment(&self) -> String {
        match self {
            Route::Start => "#/".to_owned(),
            Route::Image(image) => image.to_fragment(),
            Route::Browse(browse) => browse.to_fragment(),
            Route::Compare(compare) => compare.to_fragment(),
            Route::History(history) => history.to_fragment(),
        }
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

/// The name of a repository. Of a reference that names an image of it, the repository is what is left, and a remark.
fn repository(value: &str, remarks: &mut Vec<String>) -> String {
    let named = text(value);
    let repository = crate::worker::registries::repository(&named);
    if repository != named {
        let shown = crate::format::visible_text;
        remarks.push(format!(
            "“{}” names an image. What is shown is its repository, {}.",
            shown(&named),
            shown(repository)
        ));
    }
    repository.to_owned()
}

/// What is said of a part of an address that means nothing.
fn unknown_part(key: &str) -> String {
    format!("The link has an unknown part, “{}”.", shown(key))
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
            "#/image/a?layer=5&from=2&view=diff&path=/app/x.json&as=split",
            "#/image/a?layer=5&from=2&view=diff&path=/app/x.json",
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
    fn a_saved_analysis_has_an_address() {
        for (fragment, file) in [
            (
                "#/index/https://ci.example.com/a.onionskin%3Fkey=1?layer=2",
                "https://ci.example.com/a.onionskin?key=1",
            ),
            ("#/index/app.onionskin", "./app.onionskin"),
            ("#/index/../a%20b.onionskin?view=waste", "../a b.onionskin"),
            ("#/index/http://127.0.0.1:8000/a", "http://127.0.0.1:8000/a"),
        ] {
            let (route, remarks) = Route::parse(fragment);
            assert!(remarks.is_empty(), "{remarks:?}");
            assert_eq!(route.to_fragment(), fragment);
            let Route::Image(image) = route else {
                panic!("{fragment}")
            };
            assert_eq!(image.file.as_deref(), Some(file));
            assert_eq!(image.chosen_file(), None);
        }
    }

    #[test]
    fn lists_have_addresses() {
        for fragment in [
            "#/repositories",
            "#/repositories/registry.example.com:5000",
            "#/repositories?find=a&sort=-name",
            "#/tags/docker.io/library/nginx?find=1.27%20a%26b",
            "#/tags/localhost:5000/nginx?find=1&sort=-created",
            "#/tags/nginx?sort=size",
        ] {
            let (route, remarks) = Route::parse(fragment);
            assert!(matches!(route, Route::Browse(_)) && remarks.is_empty());
            assert_eq!(route.to_fragment(), fragment);
        }
        assert_eq!(Route::parse("#/tags/").0, Route::Start);
    }

    #[test]
    fn what_a_list_does_not_have_is_told_beside_the_nearest_one() {
        for (fragment, nearest, told) in [
            ("#/tags/a?sort=dust&find=x", "#/tags/a?find=x", "sort order"),
            ("#/tags/a?colour=red", "#/tags/a", "unknown part"),
            ("#/tags/a:1.0?find=x", "#/tags/a?find=x", "names an image"),
            ("#/repositories?sort=size", "#/repositories", "sort order"),
            (
                "#/repositories/ghcr.io/team/app",
                "#/repositories/ghcr.io",
                "not a registry",
            ),
            (
                "#/history/a:1.0?limit=5",
                "#/history/a?limit=5",
                "names an image",
            ),
            ("#/history/a?limit=many", "#/history/a", "number of images"),
        ] {
            let (route, remarks) = Route::parse(fragment);
            assert_eq!(route.to_fragment(), nearest, "{fragment}");
            assert_eq!(remarks.len(), 1, "{fragment}: {remarks:?}");
            assert!(remarks[0].contains(told), "{fragment}: {remarks:?}");
        }
        assert_eq!(Route::parse("#/tags/a?x=1&sort=y").1.len(), 2);
    }

    /// Links that were given out. A new kind is added here; none is ever changed or removed.
    #[test]
    fn links_of_every_kind_lead_where_they_always_did() {
        for (link, today) in [
            ("#/", "#/"),
            (
                "#/image/docker.io/library/nginx@sha256:9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f?platform=linux/arm64&layer=3&view=changes&path=/usr/lib&find=.so",
                "",
            ),
            ("#/image/demo/webapp:1.0?layer=5&from=3&view=changes", ""),
            (
                "#/image/demo/webapp:1.0?hide=unchanged,deleted&sort=-name",
                "",
            ),
            ("#/image/demo/webapp:1.0?view=waste&kind=deleted", ""),
            // Findings of security and configuration had their place among the waste.
            (
                "#/image/demo/webapp:1.0?view=waste&kind=secret",
                "#/image/demo/webapp:1.0?view=checks&kind=secret",
            ),
            (
                "#/image/demo/webapp:1.0?view=packages&find=lib&type=deb&package=deb/libc6@2.36-9%2Bdeb12u9",
                "",
            ),
            ("#/image/demo/webapp:1.0?view=config", ""),
            (
                "#/image/demo/webapp:1.0?view=map&path=/usr/lib/a&zoom=/usr/lib&by=wasted&color=layer",
                "",
            ),
            (
                "#/image/demo/webapp:1.0?layer=5&from=3&view=map&hide=deleted",
                "#/image/demo/webapp:1.0?layer=5&view=map&hide=deleted",
            ),
            (
                "#/image/demo/webapp:1.0?layer=5&from=3&view=map&zoom=/usr&of=changes&layout=icicle&hide=deleted",
                "",
            ),
            (
                "#/image/demo/webapp:1.0?view=document&document=sha256:12&as=hex",
                "",
            ),
            (
                "#/image/demo/webapp:1.0?view=waste&path=/app&kind=deleted&sort=compressed&finding=deleted.3&without=1,4",
                "",
            ),
            (
                "#/image/demo/webapp:1.0?view=content&path=/app/x.json&lines=L12-L20",
                "",
            ),
            (
                "#/image/demo/webapp:1.0?layer=5&from=2&view=diff&path=/app/x.json&as=split",
                "",
            ),
            ("#/file/app.tar.gz?image=app:1.0&layer=2", ""),
            (
                "#/index/https://ci.example.com/a.onionskin%3Fkey=1?layer=2",
                "",
            ),
            ("#/index/app.onionskin", ""),
            ("#/compare/demo/webapp:1.0...demo/webapp:1.1", ""),
            (
                "#/compare/demo/webapp:1.0...demo/webapp:1.0?old-stack=0",
                "",
            ),
            (
                "#/compare/./a.tar...b:2?old-image=a:1&new-platform=linux/arm64/v8&new-stack=3&path=/etc/a&diff=split&hide=added&sort=-before",
                "",
            ),
            ("#/compare/a...b?view=map&zoom=/usr&slide=100&area=all", ""),
            ("#/compare/a...b?view=packages&find=lib", ""),
            ("#/compare/a...b?view=config", ""),
            ("#/compare/a...b?view=history", ""),
            ("#/compare/a...b?view=layers", ""),
            (
                "#/history/registry.example.com/team/app?tags=1.*&limit=50&at=1.10",
                "",
            ),
            ("#/repositories", ""),
            ("#/repositories/registry.example.com:5000", ""),
            ("#/tags/docker.io/library/nginx?find=1.27&sort=-created", ""),
        ] {
            let (route, remarks) = Route::parse(link);
            assert_eq!(remarks, [] as [String; 0], "{link}");
            let today = if today.is_empty() { link } else { today };
            assert_eq!(route.to_fragment(), today);
        }
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
