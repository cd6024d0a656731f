//! Errors of the core as [`UserError`]: the title says what was not possible, the detail on what and why, the advice what
//! can be done on this page. Each thing is said once.

use onionskin_core::analysis::AnalysisError;
use onionskin_core::layer::LayerError;
use onionskin_core::platform::PlatformError;
use onionskin_core::reference::ReferenceError;
use onionskin_core::rules::GlobError;
use onionskin_core::source::{LocatorError, RetryAfter, SourceError};

use super::protocol::UserError;
use crate::login;

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
        let (title, detail, advice, retry) = told(error);
        UserError {
            missing,
            login: login_for(error),
            ..UserError::new(title, detail, &advice, retry)
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
            SourceError::Cut { .. } => told(error).1,
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
        let advice = format!("{OTHERS} If it keeps failing, push the image again.");
        UserError::new(
            format!("Layer {layer} cannot be read"),
            detail,
            &advice,
            true,
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

/// Title, detail, advice, and whether trying again may help. What the title or the advice says is not in the detail.
fn told(error: &SourceError) -> (String, String, String, bool) {
    let whole = || error.to_string();
    let (title, detail, advice, retry) = match error {
        SourceError::NotFound {
            what,
            place,
            reason,
        } => (
            "Image not found",
            because(what, &format!("{what} was not found in {place}"), reason),
            "Check the name and the tag.",
            true,
        ),
        SourceError::NoAccess {
            what,
            registry,
            reason,
            ..
        } => (
            "Image not available",
            because(
                what,
                &format!("the registry denies access to {what}"),
                reason,
            ),
            match login::of(registry) {
                Some(_) => "Check the name of the image, the user name and the password.",
                None => "Check the name. If the image is private, log in.",
            },
            true,
        ),
        SourceError::NotFetched { .. } => ("Layer not available", whole(), "", false),
        SourceError::Artifact(_) => (
            "Not an image",
            whole(),
            "Open the reference of a container image.",
            false,
        ),
        SourceError::NotReached { registry, reason } => {
            // The reason says what the operator can do.
            let title = format!("This server has no access to {registry}");
            return (title, reason.clone(), String::new(), true);
        }
        SourceError::NoList {
            registry, reason, ..
        } => (
            "This registry does not list its repositories",
            because(registry, &format!("{registry} gave no list"), reason),
            "Type the name of a repository, as in HOST/team/app.",
            false,
        ),
        SourceError::NoRegistry(name) => (
            "Invalid registry",
            format!("{name:?} is not the host of a registry"),
            "Type a host, as in registry.example.com:5000.",
            false,
        ),
        SourceError::Unreachable { .. } => (
            "The registry does not answer",
            whole(),
            "Check the name and the network, then try again.",
            true,
        ),
        SourceError::TooManyRequests {
            registry,
            retry,
            limit,
        } => {
            let happened = format!("{registry} accepts no more requests for now");
            let detail = because(registry, &happened, limit);
            return (
                "Too many requests".to_owned(),
                detail,
                later(retry.as_ref()),
                true,
            );
        }
        SourceError::Mismatch {
            what,
            promised,
            got,
        } => (
            "The registry sent other data than it announced",
            format!("{what}: expected {promised}, received {got}"),
            AGAIN,
            true,
        ),
        SourceError::Document { .. } => (
            "Not a container image",
            whole(),
            "Check that the reference names a container image.",
            false,
        ),
        SourceError::NoPlatform { .. } => (
            "No image for this platform",
            whole(),
            CHOOSE_PLATFORM,
            false,
        ),
        SourceError::Cut {
            what,
            received,
            size,
            reason,
        } => {
            let of = size.map_or_else(String::new, |size| format!(" of {size}"));
            (
                "The connection was interrupted",
                format!("{what} ended after {received}{of} bytes: {reason}"),
                "Try again.",
                true,
            )
        }
        SourceError::Forbidden { .. } => (
            "This server may not connect there",
            whole(),
            "The operator of this server can allow it with onionskin serve --registry HOST.",
            true,
        ),
        // The gateway passes on what happened to it.
        SourceError::Relayed { reason, .. } => (
            "The registry could not be read",
            reason.clone(),
            AGAIN,
            true,
        ),
        SourceError::Incomplete { .. } => ("The list is not complete", whole(), AGAIN, true),
        SourceError::WebPage { .. } => (
            "Not a registry's answer",
            whole(),
            "Check the name of the registry.",
            true,
        ),
        SourceError::Unavailable {
            what,
            registry,
            retry,
            reason,
        } => {
            let happened = format!("{registry} is not available when asked for {what}");
            let detail = because(registry, &happened, reason);
            return (
                "The registry is not available".to_owned(),
                detail,
                later(retry.as_ref()),
                true,
            );
        }
        // They say what to do themselves.
        SourceError::Damaged { .. } | SourceError::Missing { .. } => (
            "A part of this image is missing or damaged",
            whole(),
            "",
            false,
        ),
        SourceError::NotSaved { .. } => (
            "This file does not contain that platform",
            whole(),
            CHOOSE_PLATFORM,
            false,
        ),
        SourceError::Answer { .. } => ("The registry answered with an error", whole(), AGAIN, true),
        SourceError::Credentials { .. } => (
            "The registry requires credentials",
            whole(),
            "The log of this server says why it has none.",
            true,
        ),
        // Its name stands above.
        SourceError::Archive { problem, .. } => (NOT_A_SAVED_IMAGE, problem.clone(), SAVED, false),
    };
    (title.to_owned(), detail, advice.to_owned(), retry)
}

/// When to try again.
fn later(retry: Option<&RetryAfter>) -> String {
    match retry {
        Some(RetryAfter::Seconds(seconds)) if *seconds >= 120 => {
            format!("Try again in {} minutes.", seconds.div_ceil(60))
        }
        Some(RetryAfter::Seconds(seconds)) => format!("Try again in {seconds} seconds."),
        Some(RetryAfter::At(time)) => format!("Try again after {time}."),
        None => "Try again later. Logging in often raises the limit.".to_owned(),
    }
}

/// What happened, with the registry's own words. Through a gateway, these may be a whole sentence about the same thing:
/// then they stand alone.
fn because(what: &str, happened: &str, reason: &str) -> String {
    // What comes after a semicolon is advice for the command line.
    let reason = reason.split("; ").next().unwrap_or_default();
    if reason.is_empty() {
        happened.to_owned()
    } else if reason.contains(what) {
        reason.to_owned()
    } else {
        format!("{happened} ({reason})")
    }
}

const NO_ANALYSIS: &str = "The saved analysis could not be fetched";
const NOT_A_SAVED_IMAGE: &str = "This file cannot be opened as an image";
const CHOOSE_PLATFORM: &str = "Open the reference without a platform, then choose one.";
const AGAIN: &str = "Try again; if it keeps failing, contact the registry's administrator.";
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
