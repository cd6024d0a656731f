//! By which names the gateway lets itself be called.
//!
//! A name of somebody else's can be made to lead to this machine (DNS rebinding); a page from there would be of the
//! gateway's origin for the browser, and could read what this machine's credentials open. So a gateway that only
//! this machine reaches answers only to names of this machine, and to those that its operator gave.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// Names beside those of this machine.
pub(crate) type Names = Arc<[String]>;

/// Passes a request on if it was meant for this gateway.
pub(crate) async fn meant_for_us(names: Names, request: Request, next: Next) -> Response {
    if is_ours(request.headers(), &names) {
        return next.run(request).await;
    }
    let told = "This gateway does not go by that name. Open it by the address that it printed, \
                or start it with --host NAME.\n";
    (StatusCode::MISDIRECTED_REQUEST, told).into_response()
}

fn is_ours(headers: &HeaderMap, names: &[String]) -> bool {
    // Browsers always say whom they ask.
    let Some(host) = headers.get(header::HOST) else {
        return true;
    };
    let Ok(host) = host.to_str() else {
        return false;
    };
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let is_local = |name: &str| name == "localhost" || name.ends_with(".localhost");
    is_local(&name.to_ascii_lowercase())
        || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        || names.iter().any(|ours| ours.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_and_those_given_are_ours() {
        let names = ["onionskin.example.com".to_owned()];
        for (host, ours) in [
            ("127.0.0.1:8080", true),
            ("127.0.0.1", true),
            ("[::1]:8080", true),
            ("localhost:8080", true),
            ("LOCALHOST", true),
            ("a.localhost:8080", true),
            ("onionskin.example.com", true),
            ("Onionskin.Example.com:443", true),
            ("evil.example.com:8080", false),
            ("127.0.0.1.evil.example.com", false),
            ("notlocalhost:8080", false),
            ("10.0.0.1:8080", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            assert_eq!(is_ours(&headers, &names), ours, "{host}");
        }
        assert!(is_ours(&HeaderMap::new(), &[]), "skopeo over HTTP/1.0");
    }
}
