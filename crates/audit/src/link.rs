//! Links into the page: the addresses at which it shows a path of an image, and the comparison of two images.

mod comparison;

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

pub use self::comparison::{ComparedSide, FILE, PARTS, comparison, side};

use crate::digest::Digest;
use crate::findings::Location;
use crate::packages::Type;
use crate::reference::Reference;
use crate::source::Image;

/// What cannot stand as itself in a value of the page's addresses. Everything else is left readable;
/// bytes that are not ASCII are always encoded, and so is `::` in links.
pub const VALUE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'`')
    .add(b'\\');
/// The same for the reference, which ends where the values begin.
pub const REFERENCE: &AsciiSet = &VALUE.add(b'?');

/// Makes the links to one image.
#[derive(Clone, Debug)]
pub struct Links {
    /// Up to the image.
    address: String,
    /// What tells it from others there, each part with its `&`.
    choice: String,
}

/// What the page shows of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkedView {
    /// The filesystem up to a layer.
    #[default]
    Stack,
    /// What a layer changed.
    Changes,
    /// Wasted and avoidable bytes.
    Waste,
    /// Findings of security and configuration.
    Checks,
    /// Configuration and history.
    Config,
    /// Packages.
    Packages,
    /// The filesystem up to a layer, drawn by size.
    Map,
}

impl LinkedView {
    /// The name in addresses; the first view has none.
    const fn name(self) -> Option<&'static str> {
        match self {
            Self::Stack => None,
            Self::Changes => Some("changes"),
            Self::Waste => Some("waste"),
            Self::Checks => Some("checks"),
            Self::Config => Some("config"),
            Self::Packages => Some("packages"),
            Self::Map => Some("map"),
        }
    }
}

/// A place in an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageLocation<'a> {
    /// The layer, from 1; without it, the last.
    pub layer: Option<usize>,
    /// What is shown.
    pub view: LinkedView,
    /// A path, with its slash at the start.
    pub path: Option<&'a [u8]>,
}

/// Where a saved image is, as the page calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFile<'a> {
    /// The name of the file, or of the layout's folder, without those above it; or the address of a saved analysis.
    pub name: &'a str,
    /// Which of its images, where it holds several.
    pub image: Option<&'a str>,
}

impl Links {
    /// Links to an opened image; pinned where its digest is known, so that what the page shows is this
    /// image or none. One whose name does not say in which registry it is is asked for as the file that it is in. None
    /// where nothing leads to it. `base` is where the page lives.
    #[must_use]
    pub fn of(base: &str, image: &Image, file: Option<InFile<'_>>) -> Option<Self> {
        let platform = image.platform.as_ref().map(ToString::to_string);
        let platform = platform.as_deref();
        match in_registry(image, file) {
            Some(reference) => {
                let digest = image.digest.as_ref();
                Some(Self::to_registry(base, &reference, digest, platform))
            }
            None => file.map(|file| Self::to_file(base, file, platform)),
        }
    }

    /// Links to an image in a registry, pinned to its digest where that is known.
    #[must_use]
    pub fn to_registry(
        base: &str,
        reference: &Reference,
        digest: Option<&Digest>,
        platform: Option<&str>,
    ) -> Self {
        let image = pinned(reference, digest);
        Self::to(
            base,
            &format!("image/{}", encoded(image.as_bytes(), REFERENCE)),
            &[("platform", platform)],
        )
    }

    /// Links to an image in a file. Whoever opens one without having given the page this file is asked for it;
    /// a saved analysis is fetched from its address.
    #[must_use]
    pub fn to_file(base: &str, file: InFile<'_>, platform: Option<&str>) -> Self {
        let kind = match is_address(file.name) {
            true => "index",
            false => "file",
        };
        let name = file.name.strip_prefix("./").unwrap_or(file.name);
        let place = format!("{kind}/{}", encoded(name.as_bytes(), REFERENCE));
        Self::to(
            base,
            &place,
            &[("image", file.image), ("platform", platform)],
        )
    }

    fn to(base: &str, place: &str, choice: &[(&str, Option<&str>)]) -> Self {
        let chosen = choice.iter().filter_map(|(key, value)| {
            let value = encoded((*value)?.as_bytes(), VALUE);
            Some(format!("{key}={value}&"))
        });
        Self {
            address: format!("{}#/{place}", page(base)),
            choice: chosen.collect(),
        }
    }

    /// Where a finding is.
    #[must_use]
    pub fn finding(&self, location: &Location) -> String {
        match location {
            Location::Path { layer, path } => self.change(*layer, path),
            Location::Packages { kind, .. } => self.packages(*kind),
            Location::Config(_) => self.config(),
        }
    }

    /// A path among the changes of a layer.
    #[must_use]
    pub fn change(&self, layer: usize, path: &[u8]) -> String {
        self.to_location(&PageLocation {
            layer: Some(layer),
            view: LinkedView::Changes,
            path: Some(path),
        })
    }

    /// The packages of a type.
    #[must_use]
    pub fn packages(&self, kind: Type) -> String {
        let place = PageLocation {
            view: LinkedView::Packages,
            ..PageLocation::default()
        };
        format!("{}&type={}", self.to_location(&place), kind.name())
    }

    /// The configuration and the history.
    #[must_use]
    pub fn config(&self) -> String {
        self.to_location(&PageLocation {
            view: LinkedView::Config,
            ..PageLocation::default()
        })
    }

    /// Any place.
    #[must_use]
    pub fn to_location(&self, place: &PageLocation<'_>) -> String {
        let layer = place.layer.map(|layer| format!("layer={layer}"));
        let view = place.view.name().map(|view| format!("view={view}"));
        let path = place.path;
        let path = path.map(|path| format!("path={}", encoded(path, VALUE)));
        let chosen = Some(self.choice.trim_end_matches('&').to_owned());
        let chosen = chosen.filter(|choice| !choice.is_empty());
        let parts: Vec<String> = [chosen, layer, view, path].into_iter().flatten().collect();
        match parts.is_empty() {
            true => self.address.clone(),
            false => format!("{}?{}", self.address, parts.join("&")),
        }
    }
}

/// Whether this is the address of a saved analysis, perhaps relative to the page, and not the name of a file.
#[must_use]
pub fn is_address(file: &str) -> bool {
    let starts = ["https://", "http://", "/", "./", "../"];
    starts.iter().any(|start| file.starts_with(start))
}

/// Where the embed view of a page lives: one view without the rest of the page, for a frame.
#[must_use]
pub fn embed_base(base: &str) -> String {
    format!("{}?embed", page(base))
}

/// The page of an operator, up to the fragment.
fn page(base: &str) -> String {
    let is_whole = base.ends_with('/') || base.ends_with(".html") || base.ends_with("?embed");
    let slash = if is_whole { "" } else { "/" };
    format!("{}{slash}", printable_base(base))
}

/// The reference of an opened image, where that says in which registry it is. A saved analysis leads to itself: who opens
/// it may have no way to the registry.
fn in_registry(image: &Image, file: Option<InFile<'_>>) -> Option<Reference> {
    let whole =
        |reference: &Reference| image.names_registry && reference.to_string() == image.reference;
    // Podman and Buildah call their own images so; no registry has them.
    let local = |reference: &Reference| file.is_some() && reference.domain() == "localhost";
    let known = |reference: &Reference| whole(reference) && !local(reference);
    if file.is_some_and(|file| is_address(file.name)) {
        return None;
    }
    image.reference.parse().ok().filter(known)
}

/// A reference that stays the same image, where the digest is known.
fn pinned(reference: &Reference, digest: Option<&Digest>) -> String {
    match digest {
        Some(digest) => format!("{}@{digest}", reference.name()),
        None => reference.to_string(),
    }
}

fn encoded(bytes: &[u8], set: &'static AsciiSet) -> String {
    printable(&percent_encode(bytes, set).to_string())
}

/// Text in which no command to a pipeline can begin, so that [`Visible`](crate::report::Visible) prints it as it is.
fn printable(text: &str) -> String {
    text.replace("::", "%3A%3A")
}

/// The same of an address. That of a host, as in `http://[::1]/`, cannot be encoded and begins no command.
fn printable_base(base: &str) -> String {
    const SCHEME_END: &str = "://";
    let host = base.find(SCHEME_END).map_or(0, |at| at + SCHEME_END.len());
    let path = base.get(host..).and_then(|rest| rest.find('/'));
    let (host, path) = base.split_at(path.map_or(base.len(), |at| host + at));
    format!("{host}{}", printable(path))
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;
    use crate::report::Visible;

    #[test]
    fn links_are_the_pages_own_addresses() {
        let digest = Digest::sha256(b"x");
        let reference = "nginx:1.27".parse().unwrap();
        let links = Links::to_registry(
            "https://example.com/peel",
            &reference,
            Some(&digest),
            Some("linux/amd64"),
        );
        assert_eq!(
            links.change(3, b"/usr/a b&\xff"),
            format!(
                "https://example.com/peel/#/image/docker.io/library/nginx@{digest}?platform=linux/amd64&layer=3&view=changes&path=/usr/a%20b%26%FF"
            )
        );
        let file = InFile {
            name: "app.tar?",
            image: Some("@1"),
        };
        let links = Links::to_file("http://localhost:8080/", file, None);
        assert_eq!(
            links.change(1, b"/"),
            "http://localhost:8080/#/file/app.tar%3F?image=@1&layer=1&view=changes&path=/"
        );
        assert_eq!(
            links.config(),
            "http://localhost:8080/#/file/app.tar%3F?image=@1&view=config"
        );
        assert_eq!(
            links.packages(Type::Deb),
            "http://localhost:8080/#/file/app.tar%3F?image=@1&view=packages&type=deb"
        );
        let place = PageLocation {
            layer: Some(2),
            view: LinkedView::Changes,
            path: Some(b"/a b"),
        };
        assert_eq!(links.to_location(&place), links.change(2, b"/a b"));
        for (name, address) in [
            ("./app.onionskin", "#/index/app.onionskin"),
            (
                "https://ci.example.com/a.onionskin?b",
                "#/index/https://ci.example.com/a.onionskin%3Fb",
            ),
        ] {
            let links =
                Links::to_file("http://localhost:8080/", InFile { name, image: None }, None);
            let link = links.to_location(&PageLocation::default());
            assert_eq!(link, format!("http://localhost:8080/{address}"));
        }
        assert_eq!(
            links.to_location(&PageLocation::default()),
            "http://localhost:8080/#/file/app.tar%3F?image=@1"
        );
    }

    proptest! {
        /// A link that is printed in the log of a pipeline is still one: what would be broken there is encoded.
        #[test]
        fn links_are_printed_as_they_are(
            base in "https://(example\\.com|\\[::1\\]:8080)(/(:|#|\\[|[a-z]){0,9}){0,2}",
            name in "a([:#\\[/a]|\\PC|[\u{80}-\u{9f}\u{202e}]){0,12}",
            path in prop::collection::vec(prop_oneof![Just(b':'), Just(b'#'), Just(b'['), any::<u8>()], 0..12),
        ) {
            let base = base.replace('#', "");
            let file = InFile { name: &name, image: Some(&name) };
            let link = Links::to_file(&base, file, Some(&name)).change(2, &path);
            prop_assert_eq!(Visible(&link).to_string(), link.clone());
            prop_assert!(link.is_ascii());
            let (_, fragment) = link.split_once("#/file/").unwrap();
            prop_assert!(!fragment.contains("::") && !fragment.contains(['#', '[']));
            let (read, rest) = fragment.split_once('?').unwrap();
            prop_assert_eq!(percent_decode_str(read).decode_utf8().unwrap(), name);
            let (_, read) = rest.split_once("path=").unwrap();
            prop_assert_eq!(percent_decode_str(read).collect::<Vec<u8>>(), path);
        }
    }
}
