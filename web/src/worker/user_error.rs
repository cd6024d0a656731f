//! Errors of the core as [`UserError`]: the title says what was not possible, the detail on what and why, the advice what
//! can be done on this page. Each thing is said once.

mod source;

use onionskin_core::analysis::AnalysisError;
use onionskin_core::layer::{LayerError, Problem};
use onionskin_core::platform::PlatformError;
use onionskin_core::reference::ReferenceError;
use onionskin_core::rules::GlobError;
use onionskin_core::source::{LocatorError, SourceError};

use super::protocol::UserError;

impl UserError {
    fn new(title: impl Into<String>, detail: impl ToString, advice: &str, retry: bool) -> Self {
        UserError {
            title: title.into(),
            detail: sentence(&detail.to_string()),
            advice: advice.to_owned(),
            retry,
            missing: false,
            login: None,
        }
    }

    /// Title and detail, for a list of several.
    pub(crate) fn in_a_line(&self) -> String {
        format!("{}: {}", self.title, self.detail)
    }

    /// What tags are chosen by is no glob.
    pub(crate) fn of_glob(error: &GlobError) -> Self {
        let advice = "Write a glob like 1.* or v?.*.";
        UserError::new("Invalid glob", error, advice, false)
    }

    /// What was typed names no image.
    pub(crate) fn of_reference(error: &ReferenceError) -> Self {
        let advice = "Type a name like nginx:1.27, or registry.example.com/team/app:1.0.";
        UserError::new("Invalid image reference", error, advice, false)
    }

    /// What was typed is no image of a registry.
    pub(crate) fn of_locator(error: &LocatorError) -> Self {
        let advice = "To open a saved file or folder, choose it or drop it on this page; for an image in a registry, type its name.";
        UserError::new("Not an image in a registry", error, advice, false)
    }

    /// The address asks for something that is no platform.
    pub(crate) fn of_platform(error: &PlatformError) -> Self {
        UserError::new("Invalid platform", error, CHOOSE_PLATFORM, false)
    }

    /// The image could not be opened.
    pub(crate) fn of_image(error: &SourceError) -> Self {
        let missing = matches!(
            error,
            SourceError::NotFound { .. } | SourceError::NoAccess { .. }
        );
        let retry = source::may_retry(error);
        UserError {
            missing,
            login: login_for(error),
            ..UserError::new(
                source::title(error),
                source::detail(error),
                &source::advice(error),
                retry,
            )
        }
    }

    /// A list of names could not be read.
    pub(crate) fn of_list(error: &SourceError) -> Self {
        let mut problem = UserError::of_image(error);
        if matches!(error, SourceError::NotFound { .. }) {
            "Repository not found".clone_into(&mut problem.title);
        }
        problem
    }

    /// The file that was chosen cannot be read.
    pub(crate) fn of_file(problem: &str) -> Self {
        UserError::new(NOT_A_SAVED_IMAGE, problem, SAVED, false)
    }

    /// A layer could not be fetched.
    pub(crate) fn of_fetch(layer: u32, error: &SourceError) -> Self {
        let detail = match error {
            SourceError::Cut { .. } => source::detail(error),
            _ => error.to_string(),
        };
        let title = format!("Layer {layer} could not be fetched");
        UserError {
            login: login_for(error),
            ..UserError::new(title, detail, OTHERS, true)
        }
    }

    /// A layer could not be decoded.
    pub(crate) fn of_layer(layer: u32, error: &LayerError) -> Self {
        let detail = format!("at {}: {}", error.location(), error.problem());
        let (advice, again) = match error.problem() {
            // A browser has no more.
            Problem::Memory { .. } => ("Read it with the `onionskin` command.".to_owned(), false),
            _ => (
                format!("{OTHERS} If it keeps failing, push the image again."),
                true,
            ),
        };
        UserError::new(
            format!("Layer {layer} cannot be read"),
            detail,
            &advice,
            again,
        )
    }

    /// A layer was not decoded, because another one went beyond a limit of the image.
    pub(crate) fn of_limit(layer: u32) -> Self {
        UserError::new(
            format!("Layer {layer} was not read"),
            "another layer of this image went beyond a limit",
            "If you trust the image, read it with the `onionskin` command and a higher --unpacked-limit.",
            false,
        )
    }

    /// The content of a file cannot be shown.
    pub(crate) fn of_content(why: &str) -> Self {
        let advice = "Go back to the files, or try `onionskin cat` or `onionskin extract` on the command line.";
        UserError::new("Content not available", why, advice, false)
    }

    /// A file is in a layer that was not read, and its table of contents is not enough.
    pub(crate) fn of_unread(layer: u32) -> Self {
        let why = format!(
            "layer {layer} is listed from its table of contents, which is not enough to read this"
        );
        let advice = format!("Choose Read this layer in the details of layer {layer}.");
        UserError::new("Content not available", why, &advice, false)
    }

    /// A saved analysis has no content to show.
    pub(crate) fn no_contents() -> Self {
        let why = "a saved analysis has no contents of files";
        let advice = "Open the image itself to read its files.";
        UserError::new("No file contents", why, advice, false)
    }

    /// A saved analysis cannot be used.
    pub(crate) fn of_analysis(error: &AnalysisError) -> Self {
        let advice = match error {
            // It says what to do.
            AnalysisError::Version { .. }
            | AnalysisError::Cut { .. }
            | AnalysisError::Longer { .. }
            | AnalysisError::Damaged(_) => "",
            _ => "Write the file again with onionskin index.",
        };
        UserError::new("This analysis cannot be opened", error, advice, false)
    }

    /// The file at an address is not what is wanted.
    pub(crate) fn of_address(address: &str, problem: &str) -> Self {
        let detail = format!("{address}: {problem}");
        let advice = "Check the address. It has to lead to a file of onionskin index.";
        UserError::new(NO_ANALYSIS, detail, advice, true)
    }

    /// The file at an address could not be fetched; `page` is the origin of the page, where the address is of another.
    pub(crate) fn of_fetched(address: &str, page: Option<&str>) -> Self {
        match page {
            Some(page) => {
                let detail = format!(
                    "{address}: the server does not answer, or does not allow this page to read the file"
                );
                let advice = format!(
                    "The server has to send the header Access-Control-Allow-Origin for {page}. Or download the file and drop it on this page."
                );
                UserError::new(NO_ANALYSIS, detail, &advice, true)
            }
            None => {
                let detail = format!("{address}: the server does not answer");
                UserError::new(NO_ANALYSIS, detail, "Check the network.", true)
            }
        }
    }

    /// The server of an address answered with an error.
    pub(crate) fn of_status(address: &str, status: u16) -> Self {
        let problem = match status {
            404 | 410 => "the file was not found".to_owned(),
            401 | 403 => format!("the server denies access (status {status})"),
            _ => format!("the server answered with status {status}"),
        };
        UserError::of_address(address, &problem)
    }

    /// The page of a gateway is told to fetch from elsewhere.
    pub(crate) fn of_other_origin(address: &str) -> Self {
        let detail =
            format!("{address} is on another server, and this page connects only to its own");
        let advice = "Download the file and drop it on this page, or open the address in a page that onionskin export wrote.";
        UserError::new(NO_ANALYSIS, detail, advice, false)
    }

    /// `config.json` beside the page cannot be used.
    pub(crate) fn of_config(problem: &str) -> Self {
        let detail = format!("config.json of this page: {problem}");
        let advice = "Whoever published this page has to correct the file.";
        UserError::new(
            "This page is not configured correctly",
            detail,
            advice,
            true,
        )
    }

    /// A registry that is asked without a gateway cannot be read.
    pub(crate) fn of_direct(host: &str, page: &str) -> Self {
        let detail =
            format!("{host} does not answer, or does not allow this page to read its answers");
        let advice = format!(
            "This page asks the registry itself, so the registry has to allow it: it has to send CORS headers for {page}. Most registries do not. Where the page has no gateway, name one on the start page; or run onionskin serve, or drop a saved image here."
        );
        UserError::new(
            "The registry cannot be read from this page",
            detail,
            &advice,
            true,
        )
    }

    /// The gateway elsewhere cannot be used.
    pub(crate) fn of_gateway(gateway: &str, page: &str) -> Self {
        let detail = format!("the gateway {gateway} does not answer, or does not allow this page");
        let advice = format!("Its operator can allow it: onionskin serve --allow-origin {page}");
        UserError::new("The gateway cannot be used", detail, &advice, true)
    }

    /// Another content was asked for.
    pub(crate) fn stopped() -> Self {
        let why = "reading was stopped";
        UserError::new("Content not available", why, "Try again.", true)
    }

    /// The worker that decoded a layer ended; 0 is none of the layers.
    pub(crate) fn of_worker(layer: u32) -> Self {
        let title = match layer {
            0 => "The image could not be read".to_owned(),
            layer => format!("Layer {layer} could not be decoded"),
        };
        let detail =
            "The browser stopped the worker that read it, most likely because memory ran out.";
        UserError::new(title, detail, "Close other tabs, then try again.", true)
    }

    /// A part of the program could not be fetched that reads a layer.
    pub(crate) fn of_part(layer: u32) -> Self {
        let title = format!("Layer {layer} could not be decoded");
        let detail = "A file of Onionskin could not be fetched from where this page comes from.";
        let advice = "Check the connection, then try again.";
        UserError::new(title, detail, advice, true)
    }

    /// An image of a comparison does not have the layer whose stack is asked for.
    pub(crate) fn of_missing_layer(image: &str, layer: usize, depth: usize) -> Self {
        let detail = format!("{image} has {depth} layers, numbered from 1");
        let advice = "Choose another layer.";
        UserError::new(format!("There is no layer {layer}"), detail, advice, false)
    }

    /// The layers do not fit together.
    pub(crate) fn of_stack(layer: u32, error: &onionskin_core::stack::StackError) -> Self {
        let title = format!("Layer {layer} cannot be applied to the layers below it");
        UserError::new(title, error, OTHERS, false)
    }
}

/// The registry that a visitor may log in to, where that may be what is missing.
fn login_for(error: &SourceError) -> Option<String> {
    match error {
        SourceError::NoAccess { registry, .. } | SourceError::NoList { registry, .. } => {
            Some(registry.clone())
        }
        _ => None,
    }
}

const NO_ANALYSIS: &str = "The saved analysis could not be fetched";
const NOT_A_SAVED_IMAGE: &str = "This file cannot be opened as an image";
const CHOOSE_PLATFORM: &str = "Open the reference without a platform, then choose one.";
const OTHERS: &str = "The layers below it can still be viewed.";

/// What can be opened.
const SAVED: &str = "Onionskin opens what docker save, podman save, skopeo copy and buildah push write: docker-archive, oci-archive and dir, also compressed with gzip, zstd, xz or bzip2; and what onionskin index writes.";

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
