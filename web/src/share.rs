//! Addresses to give to others: pinned to the digest of the image, alone or as a link in Markdown.

use onionskin_core::report::markdown::{code, escaped, linked};
use onionskin_core::report::text;

use crate::browser;
use crate::route::{ImageRoute, Route};
use crate::worker::protocol::ImageFacts;

/// Why no link to a file on this computer is copied.
pub(crate) const NOT_SHARED: &str = "Links to a file on this computer cannot be shared";

/// How a link is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkFormat {
    /// The address alone.
    Url,
    /// A link in Markdown.
    Markdown,
}

/// A place of an image, pinned to the digest. A file has none, and a saved analysis is what its address leads to.
pub(crate) fn pinned(facts: &ImageFacts, route: &ImageRoute) -> ImageRoute {
    if route.file.is_some() {
        return route.clone();
    }
    ImageRoute {
        reference: facts.pinned(),
        platform: Some(facts.platform()).filter(|_| !facts.image.platforms.is_empty()),
        ..route.clone()
    }
}

/// The address of a place, for other pages.
pub(crate) fn url(route: &Route) -> String {
    format!("{}{}", browser::base(), route.to_fragment())
}

/// The text of a link to a path of an image in Markdown, as `onionskin link` writes it; `note` is what is said of it.
/// Nothing of it can be markup.
pub(crate) fn markdown_text(reference: &str, path: Option<&[u8]>, note: Option<&str>) -> String {
    let path = path.map(text);
    let mut words = vec![code(reference)];
    words.extend(path.map(|path| code(&path)));
    let words = words.join(" ");
    match note {
        Some(note) => format!("{words}: {}", escaped(note)),
        None => words,
    }
}

/// A link in Markdown.
pub(crate) fn markdown(text: &str, url: &str) -> String {
    linked(text, Some(url))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn nothing_of_an_image_is_markup() {
        assert_eq!(
            markdown_text("app:1", Some(b"/a`](x)\n@team"), Some("deleted, 3 [MB]")),
            "`app:1` `` /a`](x)\\n@team ``: deleted, 3 \\[MB\\]"
        );
        assert_eq!(markdown_text("app:1", None, None), "`app:1`");
    }

    #[test]
    fn any_path_stays_a_link() {
        let route = ImageRoute {
            path: Some([&b"/"[..], &(0..=255).collect::<Vec<u8>>()].concat()),
            ..ImageRoute::of("app:1".to_owned())
        };
        let link = markdown("x", &Route::Image(route).to_fragment());
        assert!(link.starts_with("[x](<#/image/app:1?path=/%00"), "{link}");
    }
}
