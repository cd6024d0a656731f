//! How a request failed that got no answer, or whose answer broke off.

use std::error::Error;
use std::io;

#[cfg(not(target_arch = "wasm32"))]
use super::guard::NotPublic;
use crate::source::Unreachable;

/// Whether it was the resolver of [`PublicAddresses`](super::PublicAddresses) that stopped the request.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn is_not_public(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| cause.is::<NotPublic>())
}

/// What lies behind an error, outermost first.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    fn behind<'a>(error: &&'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
        let error: &'a (dyn Error + 'static) = *error;
        match error.downcast_ref::<io::Error>() {
            // An I/O error's source is that of the error it wraps, which itself would be passed over.
            Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    }
    std::iter::successors(error.source(), behind)
}

/// How a request failed that got no answer. Addresses are left out of the text: their queries may hold secrets.
pub(super) fn unreachable(error: reqwest::Error) -> Unreachable {
    let error = error.without_url();
    let kind = |kind| {
        let mut io = causes(&error).filter_map(|cause| cause.downcast_ref::<io::Error>());
        io.any(|io| io.kind() == kind)
    };
    // The innermost cause says what happened; those around it say that something did.
    let text = causes(&error)
        .last()
        .map_or_else(|| error.to_string(), ToString::to_string);
    // A browser's error has its stack below it.
    let text = text
        .lines()
        .next()
        .unwrap_or_default()
        .trim_start_matches("JsValue(")
        .to_owned();
    if error.is_timeout() || kind(io::ErrorKind::TimedOut) {
        Unreachable::Timeout
    } else if kind(io::ErrorKind::ConnectionRefused) {
        Unreachable::Refused
    } else if is_of_name(&error) {
        Unreachable::Name
    } else if is_no_tls(&error) {
        Unreachable::NotTls
    } else if kind(io::ErrorKind::InvalidData) {
        // This is how rustls reports what it minds about a peer.
        Unreachable::Tls(text)
    } else {
        Unreachable::Other(text)
    }
}

/// Whether the host's name was not resolved.
#[cfg(not(target_arch = "wasm32"))]
fn is_of_name(error: &reqwest::Error) -> bool {
    error.is_dns()
}

/// Browsers do not tell.
#[cfg(target_arch = "wasm32")]
fn is_of_name(_: &reqwest::Error) -> bool {
    false
}

/// Whether the peer answered a TLS greeting with something that is no TLS, as servers of plain http do.
#[cfg(not(target_arch = "wasm32"))]
fn is_no_tls(error: &reqwest::Error) -> bool {
    causes(error)
        .any(|cause| matches!(cause.downcast_ref(), Some(rustls::Error::InvalidMessage(_))))
}

/// Browsers do not tell.
#[cfg(target_arch = "wasm32")]
fn is_no_tls(_: &reqwest::Error) -> bool {
    false
}

/// Whether the connection was closed before an answer came: then the request may be sent again, where it changes nothing
/// (RFC 9110, section 9.2.2).
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn is_closed(error: &reqwest::Error) -> bool {
    let closed = |cause: &(dyn Error + 'static)| {
        let of_http = cause.downcast_ref::<hyper::Error>();
        let of_system = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        of_http.is_some_and(hyper::Error::is_incomplete_message)
            || matches!(
                of_system,
                Some(
                    io::ErrorKind::ConnectionReset
                        | io::ErrorKind::ConnectionAborted
                        | io::ErrorKind::BrokenPipe
                        | io::ErrorKind::UnexpectedEof
                )
            )
    };
    !error.is_connect() && causes(error).any(closed)
}

/// Browsers do not tell, and send such requests again themselves.
#[cfg(target_arch = "wasm32")]
pub(super) fn is_closed(_: &reqwest::Error) -> bool {
    false
}

/// The reason a body broke off.
pub(super) fn broken(error: reqwest::Error) -> String {
    match unreachable(error) {
        Unreachable::Timeout => "no data before the timeout".to_owned(),
        Unreachable::Other(reason) | Unreachable::Tls(reason) => reason,
        other => other.to_string(),
    }
}
