//! What is said of an error of a registry or a file. What the title or the advice says is not in the detail.

use std::borrow::Cow;

use onionskin_core::source::{RetryAfter, SourceError};

use super::{CHOOSE_PLATFORM, NOT_A_SAVED_IMAGE, SAVED};
use crate::login;

const AGAIN: &str = "Try again; if it keeps failing, contact the registry's administrator.";

/// What was not possible.
pub(super) fn title(error: &SourceError) -> Cow<'static, str> {
    let title = match error {
        SourceError::NotFound { .. } => "Image not found",
        SourceError::NoAccess { .. } => "Image not available",
        SourceError::NotFetched { .. } => "Layer not available",
        SourceError::Artifact(_) => "Not an image",
        SourceError::NotReached { registry, .. } => {
            return format!("This server has no access to {registry}").into();
        }
        SourceError::NoList { .. } => "This registry does not list its repositories",
        SourceError::NoRegistry(_) => "Invalid registry",
        SourceError::Unreachable { .. } => "The registry does not answer",
        SourceError::TooManyRequests { .. } => "Too many requests",
        SourceError::Mismatch { .. } => "The registry sent other data than it announced",
        SourceError::Document { .. } => "Not a container image",
        SourceError::NoPlatform { .. } => "No image for this platform",
        SourceError::Cut { .. } => "The connection was interrupted",
        SourceError::Forbidden { .. } => "This server may not connect there",
        SourceError::Relayed { .. } => "The registry could not be read",
        SourceError::Incomplete { .. } => "The list is not complete",
        SourceError::WebPage { .. } => "Not a registry's answer",
        SourceError::Unavailable { .. } => "The registry is not available",
        SourceError::Damaged { .. } | SourceError::Missing { .. } => {
            "A part of this image is missing or damaged"
        }
        SourceError::NotSaved { .. } => "This file does not contain that platform",
        SourceError::Answer { .. } => "The registry answered with an error",
        SourceError::Credentials { .. } => "The registry requires credentials",
        SourceError::Archive { .. } => NOT_A_SAVED_IMAGE,
    };
    title.into()
}

/// What was tried and how that went.
pub(super) fn detail(error: &SourceError) -> String {
    match error {
        SourceError::NotFound {
            what,
            place,
            reason,
        } => because(what, &format!("{what} was not found in {place}"), reason),
        SourceError::NoAccess { what, reason, .. } => {
            let happened = format!("the registry denies access to {what}");
            because(what, &happened, reason)
        }
        SourceError::NoList {
            registry, reason, ..
        } => because(registry, &format!("{registry} gave no list"), reason),
        SourceError::NoRegistry(name) => format!("{name:?} is not the host of a registry"),
        SourceError::TooManyRequests {
            registry, limit, ..
        } => {
            let happened = format!("{registry} accepts no more requests for now");
            because(registry, &happened, limit)
        }
        SourceError::Unavailable {
            what,
            registry,
            reason,
            ..
        } => {
            let happened = format!("{registry} is not available when asked for {what}");
            because(registry, &happened, reason)
        }
        SourceError::Mismatch {
            what,
            promised,
            got,
        } => format!("{what}: expected {promised}, received {got}"),
        SourceError::Cut {
            what,
            received,
            size,
            reason,
        } => {
            let of = size.map_or_else(String::new, |size| format!(" of {size}"));
            format!("{what} ended after {received}{of} bytes: {reason}")
        }
        // The reason of the one says what the operator can do; the gateway passes on what happened to it with the other.
        SourceError::NotReached { reason, .. } | SourceError::Relayed { reason, .. } => {
            reason.clone()
        }
        // Its name stands above.
        SourceError::Archive { problem, .. } => problem.clone(),
        SourceError::NotFetched { .. }
        | SourceError::Artifact(_)
        | SourceError::Unreachable { .. }
        | SourceError::Document { .. }
        | SourceError::NoPlatform { .. }
        | SourceError::Forbidden { .. }
        | SourceError::Incomplete { .. }
        | SourceError::WebPage { .. }
        | SourceError::Damaged { .. }
        | SourceError::Missing { .. }
        | SourceError::NotSaved { .. }
        | SourceError::Answer { .. }
        | SourceError::Credentials { .. } => error.to_string(),
    }
}

/// What to do now.
pub(super) fn advice(error: &SourceError) -> Cow<'static, str> {
    let advice = match error {
        SourceError::NotFound { .. } => "Check the name and the tag.",
        SourceError::NoAccess { registry, .. } => match login::of(registry) {
            Some(_) => "Check the name of the image, the user name and the password.",
            None => "Check the name. If the image is private, log in.",
        },
        SourceError::Artifact(_) => "Open the reference of a container image.",
        SourceError::NoList { .. } => "Type the name of a repository, as in HOST/team/app.",
        SourceError::NoRegistry(_) => "Type a host, as in registry.example.com:5000.",
        SourceError::Unreachable { .. } => "Check the name and the network, then try again.",
        SourceError::TooManyRequests { retry, .. } | SourceError::Unavailable { retry, .. } => {
            return later(retry.as_ref()).into();
        }
        SourceError::Document { .. } => "Check that the reference names a container image.",
        SourceError::NoPlatform { .. } | SourceError::NotSaved { .. } => CHOOSE_PLATFORM,
        SourceError::Cut { .. } => "Try again.",
        SourceError::Forbidden { .. } => {
            "The operator of this server can allow it with onionskin serve --registry HOST."
        }
        SourceError::Mismatch { .. }
        | SourceError::Relayed { .. }
        | SourceError::Incomplete { .. }
        | SourceError::Answer { .. } => AGAIN,
        SourceError::WebPage { .. } => "Check the name of the registry.",
        SourceError::Credentials { .. } => "The log of this server says why it has none.",
        SourceError::Archive { .. } => SAVED,
        // They say what to do themselves, or nothing can be done.
        SourceError::NotFetched { .. }
        | SourceError::NotReached { .. }
        | SourceError::Damaged { .. }
        | SourceError::Missing { .. } => "",
    };
    advice.into()
}

/// Whether trying the same again may help.
pub(super) fn may_retry(error: &SourceError) -> bool {
    match error {
        SourceError::NotFound { .. }
        | SourceError::NoAccess { .. }
        | SourceError::NotReached { .. }
        | SourceError::Unreachable { .. }
        | SourceError::TooManyRequests { .. }
        | SourceError::Mismatch { .. }
        | SourceError::Cut { .. }
        | SourceError::Forbidden { .. }
        | SourceError::Relayed { .. }
        | SourceError::Incomplete { .. }
        | SourceError::WebPage { .. }
        | SourceError::Unavailable { .. }
        | SourceError::Answer { .. }
        | SourceError::Credentials { .. } => true,
        SourceError::NotFetched { .. }
        | SourceError::Artifact(_)
        | SourceError::NoList { .. }
        | SourceError::NoRegistry(_)
        | SourceError::Document { .. }
        | SourceError::NoPlatform { .. }
        | SourceError::Damaged { .. }
        | SourceError::Missing { .. }
        | SourceError::NotSaved { .. }
        | SourceError::Archive { .. } => false,
    }
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
