//! By which names requests may address the gateway.
//!
//! Anybody can make a name lead to this gateway's address (DNS rebinding). A page from there would be of the gateway's
//! origin for the browser, and could read what the gateway can. So it answers only to its own address, to names of
//! this machine, and to those that its operator gave.

use std::net::{IpAddr, UdpSocket};
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};

/// The names of a gateway that listens on an address.
pub(crate) struct Names {
    given: Vec<String>,
    address: IpAddr,
}

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Misdirected {
    /// It does not say whom it is for, or says several things (RFC 9112, section 3.2).
    Unclear,
    /// It is for somebody else.
    Other,
}

impl Names {
    /// The `given` names beside the address that is listened on.
    pub(crate) const fn new(given: Vec<String>, address: IpAddr) -> Self {
        Self { given, address }
    }

    fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Misdirected> {
        let mut hosts = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return Err(Misdirected::Unclear);
        };
        let host = host.to_str().map_err(|_| Misdirected::Unclear)?;
        // A whole URL as the request's target says it again.
        let all = [Some(host), uri.authority().map(Authority::as_str)];
        match all.into_iter().flatten().all(|host| self.has(host)) {
            true => Ok(()),
            false => Err(Misdirected::Other),
        }
    }

    /// Whether `host`, perhaps with a port, is this gateway.
    fn has(&self, host: &str) -> bool {
        let (name, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, rest)) => (address, rest),
            None => host.split_at(host.find(':').unwrap_or(host.len())),
        };
        let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        if !(port.is_empty() || port.strip_prefix(':').is_some_and(is_port)) {
            return false;
        }
        if let Ok(address) = name.parse::<IpAddr>() {
            return address.is_loopback() || self.listens_on(address.to_canonical());
        }
        let lower = name.to_ascii_lowercase();
        lower == "localhost"
            || lower.ends_with(".localhost")
            || self
                .given
                .iter()
                .any(|given| given.eq_ignore_ascii_case(name))
    }

    fn listens_on(&self, address: IpAddr) -> bool {
        if self.given.iter().any(|given| given.parse() == Ok(address)) {
            return true;
        }
        if !self.address.is_unspecified() {
            return self.address.to_canonical() == address;
        }
        // Who listens on all addresses has every one of this machine, and only to those can a socket be bound. The
        // address that means all of them is none to open a page by.
        !address.is_unspecified() && UdpSocket::bind((address, 0)).is_ok()
    }
}

/// The same answers, to requests that are meant for this gateway.
pub(crate) fn checked(router: Router, names: Names) -> Router {
    let names = Arc::new(names);
    router.layer(middleware::from_fn(move |request, next| {
        answer(Arc::clone(&names), request, next)
    }))
}

async fn answer(names: Arc<Names>, request: Request, next: Next) -> Response {
    match names.check(request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(Misdirected::Unclear) => {
            let reason = "A request has to have one Host header.\n";
            (StatusCode::BAD_REQUEST, reason).into_response()
        }
        Err(Misdirected::Other) => {
            let reason = "This gateway does not have that name. Open it by the address that it printed, \
                          or start it with --host NAME.\n";
            (StatusCode::MISDIRECTED_REQUEST, reason).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, uri: &str, hosts: &[&str]) -> Result<(), Misdirected> {
        let given = ["onionskin.example.com", "192.0.2.7"].map(str::to_owned);
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, host.parse().unwrap());
        }
        let names = Names::new(given.into(), address.parse().unwrap());
        names.check(&uri.parse().unwrap(), &headers)
    }

    #[test]
    fn only_its_address_names_of_this_machine_and_those_given_are_the_gateway() {
        for (host, ours) in [
            ("127.0.0.1:8080", true),
            ("127.0.0.1", true),
            ("[::1]:8080", true),
            ("localhost:8080", true),
            ("LOCALHOST", true),
            ("a.localhost:8080", true),
            ("onionskin.example.com", true),
            ("Onionskin.Example.com:443", true),
            ("192.0.2.7:8080", true),
            ("evil.example.com:8080", false),
            ("127.0.0.1.evil.example.com", false),
            ("notlocalhost:8080", false),
            ("localhost:8080:1", false),
            ("localhost:x", false),
            ("localhost@evil.example.com", false),
            ("[::1]evil.example.com", false),
            ("10.0.0.1:8080", false),
            ("", false),
        ] {
            // On loopback and beyond, and where it listens on all addresses.
            for address in ["127.0.0.1", "203.0.113.9", "0.0.0.0", "::"] {
                let expected = if ours {
                    Ok(())
                } else {
                    Err(Misdirected::Other)
                };
                assert_eq!(check(address, "/", &[host]), expected, "{host} {address}");
            }
        }
        for (address, host, ours) in [
            ("203.0.113.9", "203.0.113.9:8080", true),
            ("203.0.113.9", "[::ffff:203.0.113.9]:8080", true),
            ("203.0.113.9", "203.0.113.8:8080", false),
            ("0.0.0.0", "203.0.113.9:8080", false),
            ("0.0.0.0", "0.0.0.0:8080", false),
            ("2001:db8::1", "[2001:db8::1]", true),
            ("2001:db8::1", "[2001:db8::2]", false),
        ] {
            assert_eq!(check(address, "/", &[host]).is_ok(), ours, "{host}");
        }
    }

    #[test]
    fn a_request_says_once_whom_it_is_for() {
        let check = |uri, hosts: &[&str]| check("127.0.0.1", uri, hosts);
        assert_eq!(check("/", &[]), Err(Misdirected::Unclear));
        let doubled = ["localhost", "localhost"];
        assert_eq!(check("/", &doubled), Err(Misdirected::Unclear));
        // A whole URL as the request's target stands beside it, and not in its place.
        assert_eq!(check("http://localhost/", &["localhost"]), Ok(()));
        assert_eq!(check("http://localhost/", &[]), Err(Misdirected::Unclear));
        let other = check("http://evil.example.com/", &["localhost"]);
        assert_eq!(other, Err(Misdirected::Other));
    }
}
