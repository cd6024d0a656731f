//! Errors of the core as [`Trouble`]: the title says what was not possible, the detail is the
//! core's own sentence, the advice is what can be done on this page.

use onionskin_core::layer::LayerError;
use onionskin_core::platform::PlatformError;
use onionskin_core::reference::ReferenceError;
use onionskin_core::source::{LocatorError, SourceError};

use super::protocol::Trouble;

impl Trouble {
    fn new(title: impl Into<String>, detail: impl ToString, advice: &str, retry: bool) -> Self {
        Trouble {
            title: title.into(),
            detail: sentence(&detail.to_string()),
            advice: advice.to_owned(),
            retry,
            missing: false,
        }
    }

    /// What was typed names no image.
    pub(crate) fn of_reference(error: &ReferenceError) -> Self {
        let advice = "Type a name like nginx:1.27, or registry.example.com/team/app:1.0.";
        Trouble::new("That is no image reference", error, advice, false)
    }

    /// What was typed is no image of a registry.
    pub(crate) fn of_locator(error: &LocatorError) -> Self {
        let advice = "A saved file or folder can be chosen or dropped here; for an image in a registry, type its name.";
        Trouble::new("That is not in a registry", error, advice, false)
    }

    /// The address asks for something that is no platform.
    pub(crate) fn of_platform(error: &PlatformError) -> Self {
        Trouble::new(
            "That is no platform",
            error,
            "Open the reference without a platform, and choose one.",
            false,
        )
    }

    /// The image could not be opened.
    pub(crate) fn of_image(error: &SourceError) -> Self {
        if let SourceError::Archive { problem, .. } = error {
            // Its name stands above.
            return Trouble::of_file(problem);
        }
        let (title, advice, retry) = match error {
            SourceError::NotFound { .. } => (
                "There is no such image",
                "Check the tag, or list the tags.",
                true,
            ),
            SourceError::NotFetched { .. } => (
                "A layer is not available",
                "The image can be shown without it.",
                false,
            ),
            SourceError::Artifact(_) => (
                "This is no image",
                "It is stored where images are, but has no files that a container would see.",
                false,
            ),
            SourceError::NotReached { registry, reason } => {
                let title = format!("This gateway does not reach {registry}");
                let advice = "Its operator can allow it: onionskin serve --registry HOST.";
                return Trouble::new(title, reason, advice, true);
            }
            SourceError::NoList { .. } => (
                "This registry does not list its repositories",
                "Type the name of one of them.",
                false,
            ),
            SourceError::NoRegistry(_) => (
                "That is no registry",
                "Type its host, as in registry.example.com:5000.",
                false,
            ),
            SourceError::NoAccess { .. } => (
                "There is no such image, or no access to it",
                "Check the name. For a private image, the operator of this server can give it credentials.",
                true,
            ),
            SourceError::Unreachable { .. } => (
                "The registry does not answer",
                "Is it up, and does the server of this page run?",
                true,
            ),
            SourceError::TooManyRequests { .. } => (
                "The registry asks to wait",
                "It counts how much is asked of it; try again later.",
                true,
            ),
            SourceError::Mismatch { .. } => (
                "The registry sent something else",
                "Nothing of it is shown. Try again; if it stays so, tell whoever runs the registry.",
                true,
            ),
            SourceError::Damaged { .. } | SourceError::Missing { .. } => (
                "A part of this file is missing or damaged",
                "Save the image again, or copy the whole file again.",
                false,
            ),
            SourceError::Document { .. } => (
                "This is no image that can be shown",
                "Does the reference name a container image?",
                false,
            ),
            SourceError::NoPlatform { .. } => (
                "There is no image for this platform",
                "Open the reference without a platform, and choose one.",
                false,
            ),
            SourceError::NotSaved { .. } => (
                "This file does not hold that platform",
                "Open it without a platform, or save the image for the other one.",
                false,
            ),
            SourceError::Cut { .. } => ("The connection broke", "Try again.", true),
            SourceError::Forbidden { .. } => (
                "This server may not ask that registry",
                "Its operator can allow it: onionskin serve --registry HOST.",
                true,
            ),
            SourceError::Answer { .. } => (
                "The registry could not answer",
                "Try again; if it keeps failing, contact the registry's administrator.",
                true,
            ),
            SourceError::Unavailable { .. } => {
                ("The registry is not available", "Try again later.", true)
            }
            SourceError::Relayed { .. } => (
                "The registry could not be asked",
                "Try again; if it keeps failing, contact the registry's administrator.",
                true,
            ),
            SourceError::WebPage { .. } => (
                "A web page came instead",
                "Check the registry's name, and whether a proxy or a log-in page answers for it.",
                true,
            ),
            SourceError::Incomplete { .. } => (
                "The list is not complete",
                "Contact the registry's administrator.",
                true,
            ),
            SourceError::Credentials { .. } => (
                "The registry wants credentials",
                "Whoever runs this server finds in its log why it has none.",
                true,
            ),
            SourceError::Archive { .. } => ("This file cannot be opened as an image", SAVED, false),
        };
        let missing = matches!(
            error,
            SourceError::NotFound { .. } | SourceError::NoAccess { .. }
        );
        Trouble {
            missing,
            ..Trouble::new(title, error, advice, retry)
        }
    }

    /// The file that was chosen cannot be read.
    pub(crate) fn of_file(problem: &str) -> Self {
        Trouble::new(
            "This file cannot be opened as an image",
            problem,
            SAVED,
            false,
        )
    }

    /// A layer could not be fetched.
    pub(crate) fn of_fetch(layer: u32, error: &SourceError) -> Self {
        let advice =
            "The layers below it can still be looked at. Try again to fetch the image anew.";
        Trouble::new(
            format!("Layer {layer} could not be fetched"),
            error,
            advice,
            true,
        )
    }

    /// A layer could not be decoded.
    pub(crate) fn of_layer(layer: u32, error: &LayerError) -> Self {
        let advice = "The layers below it can still be looked at. If it stays so, the image should be pushed again.";
        Trouble::new(format!("Layer {layer} cannot be read"), error, advice, true)
    }

    /// The worker that decoded a layer ended.
    pub(crate) fn of_worker(layer: u32) -> Self {
        let detail = "The worker that decoded it stopped, most likely for want of memory.";
        Trouble::new(
            format!("Layer {layer} could not be decoded"),
            detail,
            "Close other tabs and try again.",
            true,
        )
    }

    /// The layers do not fit together.
    pub(crate) fn of_stack(layer: u32, error: &onionskin_core::stack::StackError) -> Self {
        let advice = "The layers below it can still be looked at.";
        Trouble::new(
            format!("Layer {layer} cannot be put on those below"),
            error,
            advice,
            false,
        )
    }
}

/// What can be opened.
const SAVED: &str = "What docker save, podman save, skopeo copy, buildah push and others write is read: docker-archive, oci-archive and dir, also compressed with gzip, zstd, xz or bzip2.";

/// The core's errors begin in lower case, as parts of a line; here they stand alone. A host, a path or a digest in
/// front stays as it is written.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let Some(first) = chars.next() else {
        return String::new();
    };
    let word = text.split(' ').next().unwrap_or_default();
    let is_name = word
        .trim_end_matches([':', ',', '.'])
        .contains(['.', ':', '/', '@']);
    let end = if text.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    if is_name {
        return format!("{text}{end}");
    }
    format!("{}{}{end}", first.to_uppercase(), chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::sentence;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn only_words_begin_with_a_capital() {
        for (text, told) in [
            ("the registry is away", "The registry is away."),
            (
                "evil.example.com is not among them",
                "evil.example.com is not among them.",
            ),
            ("localhost:5000 is away!", "localhost:5000 is away!"),
            ("team/app:1.0: gone", "team/app:1.0: gone."),
            ("layer 3: torn", "Layer 3: torn."),
            ("", ""),
        ] {
            assert_eq!(sentence(text), told);
        }
    }
}
