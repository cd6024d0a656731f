//! Links into the page: the address at which it shows a path of an image.

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

use crate::digest::Digest;
use crate::reference::Reference;
use crate::source::Image;

/// What cannot stand as itself in a value of the page's addresses. Everything else is left readable;
/// bytes that are not ASCII are always encoded.
pub const VALUE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'\\');
/// The same for the reference, which ends where the values begin.
pub const REFERENCE: &AsciiSet = &VALUE.add(b'?');

/// Makes the links to one image.
#[derive(Clone, Debug)]
pub struct Links {
    image: String,
    platform: Option<String>,
}

impl Links {
    /// Links to an opened image; one in a registry is pinned, so that what the page shows is this
    /// image or none. `base` is where the page lives.
    #[must_use]
    pub fn of(base: &str, image: &Image) -> Self {
        let platform = image.platform.as_ref().map(ToString::to_string);
        let platform = platform.as_deref();
        let whole = |reference: &Reference| reference.to_string() == image.reference;
        match image.reference.parse().ok().filter(whole) {
            Some(reference) => Self::to_registry(base, &reference, image.digest.as_ref(), platform),
            // A page that can show it knows it by the same name.
            None => Self::to(base, &image.reference, platform),
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
        let image = match digest {
            Some(digest) => format!("{}@{digest}", reference.name()),
            None => reference.to_string(),
        };
        Self::to(base, &image, platform)
    }

    /// Links to an image under any name that the page has for it.
    #[must_use]
    pub fn to(base: &str, image: &str, platform: Option<&str>) -> Self {
        let slash = if base.ends_with('/') || base.ends_with(".html") {
            ""
        } else {
            "/"
        };
        Self {
            image: format!(
                "{base}{slash}#/image/{}",
                percent_encode(image.as_bytes(), REFERENCE)
            ),
            platform: platform.map(|text| percent_encode(text.as_bytes(), VALUE).to_string()),
        }
    }

    /// A path among the changes of a layer.
    #[must_use]
    pub fn change(&self, layer: usize, path: &[u8]) -> String {
        let path = percent_encode(path, VALUE);
        self.place(&format!("layer={layer}&view=changes&path={path}"))
    }

    /// The configuration and the history.
    #[must_use]
    pub fn config(&self) -> String {
        self.place("view=config")
    }

    fn place(&self, place: &str) -> String {
        match &self.platform {
            Some(platform) => format!("{}?platform={platform}&{place}", self.image),
            None => format!("{}?{place}", self.image),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let links = Links::to("http://localhost:8080/", "app.tar?", None);
        assert_eq!(
            links.change(1, b"/"),
            "http://localhost:8080/#/image/app.tar%3F?layer=1&view=changes&path=/"
        );
        assert_eq!(
            links.config(),
            "http://localhost:8080/#/image/app.tar%3F?view=config"
        );
    }
}
