//! Whose request it is: the address of its connection, or the one that a trusted proxy names.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// A proxy in front of the gateway, or a network of them, whose `X-Forwarded-For` is believed.
///
/// ```
/// use onionskin_gateway::TrustedProxy;
/// let network: TrustedProxy = "10.0.0.0/8".parse()?;
/// assert_eq!(network.to_string(), "10.0.0.0/8");
/// # Ok::<(), onionskin_gateway::TrustedProxyError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustedProxy(IpNet);

/// Why a text names no proxy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an IP address nor a network; write it as in 10.0.0.7 or 10.0.0.0/8")]
pub struct TrustedProxyError(String);

impl TrustedProxy {
    fn has(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl FromStr for TrustedProxy {
    type Err = TrustedProxyError;

    fn from_str(text: &str) -> Result<Self, TrustedProxyError> {
        let address = text.parse::<IpAddr>().map(|address| address.to_canonical());
        let network = text.parse().or_else(|_| address.map(IpNet::from));
        let wrong = |_| TrustedProxyError(text.chars().take(100).collect());
        network.map(Self).map_err(wrong)
    }
}

impl fmt::Display for TrustedProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who made a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) address: IpAddr,
    /// A trusted proxy sent the request.
    pub(crate) proxied: bool,
    /// Nobody on the network could read the request: it came by TLS, or from this machine.
    pub(crate) private: bool,
}

impl Client {
    /// The client of a request that came from `peer`. Each proxy appends whom it got the request from, so the last
    /// address that is no trusted proxy's is the client; what stands before it anybody may have written.
    pub(crate) fn of(
        peer: IpAddr,
        tls: bool,
        headers: &HeaderMap,
        trusted: &[TrustedProxy],
    ) -> Self {
        let is_trusted = |address: IpAddr| trusted.iter().any(|proxy| proxy.has(address));
        let mut address = peer.to_canonical();
        let proxied = is_trusted(address);
        let fields: Vec<_> = headers.get_all(FORWARDED_FOR).iter().collect();
        let named = fields.iter().rev().flat_map(|field| {
            let text = field.to_str().unwrap_or("?");
            text.rsplit(',')
        });
        for named in named {
            if !is_trusted(address) {
                break;
            }
            match parsed(named.trim()) {
                Some(before) => address = before,
                None => break,
            }
        }
        Self {
            address,
            proxied,
            private: is_private(peer.to_canonical().is_loopback(), tls, proxied, headers),
        }
    }

    /// What clients are told apart by; `None` for this machine, which may be a proxy for all of them.
    pub(crate) fn group(self) -> Option<IpAddr> {
        let group = match self.address {
            v4 @ IpAddr::V4(_) => v4,
            // One customer of a provider has at least a /64.
            IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & (u128::MAX << 64)).into()),
        };
        (!self.address.is_loopback()).then_some(group)
    }
}

/// Whether nobody on the network could read a request. A proxy in front says how it got it; one on this machine may not be
/// named, and then shows by its headers, or by the name that its clients use.
fn is_private(from_here: bool, tls: bool, proxied: bool, headers: &HeaderMap) -> bool {
    let mut schemes = headers
        .get_all(FORWARDED_PROTO)
        .iter()
        .flat_map(|field| field.to_str().unwrap_or("?").split(','))
        .peekable();
    let is_said = schemes.peek().is_some();
    let by_tls = is_said && schemes.all(|scheme| scheme.trim().eq_ignore_ascii_case("https"));
    if proxied {
        return by_tls;
    }
    if tls || !from_here {
        return tls;
    }
    let passed_on = is_said
        || [FORWARDED_FOR, header::FORWARDED, header::VIA]
            .iter()
            .any(|name| headers.contains_key(name));
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    by_tls || (!passed_on && host.is_some_and(is_this_machine))
}

/// Whether a host, perhaps with a port, is a name of this machine alone.
fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    };
    let name = name.to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name
            .parse()
            .is_ok_and(|ip: IpAddr| ip.to_canonical().is_loopback())
}

/// An address, perhaps with a port.
fn parsed(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse().ok();
    let address = address.or_else(|| text.parse::<SocketAddr>().ok().map(|place| place.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, fields: &[&str], trusted: &[&str]) -> Client {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(FORWARDED_FOR, field.parse().unwrap());
        }
        let trusted: Vec<_> = trusted.iter().map(|proxy| proxy.parse().unwrap()).collect();
        Client::of(peer.parse().unwrap(), false, &headers, &trusted)
    }

    #[test]
    fn only_a_trusted_proxy_says_whose_request_it_is() {
        let proxies = &["10.0.0.0/8", "::1", "127.0.0.1"];
        for (peer, fields, address) in [
            ("192.0.2.7", &[][..], "192.0.2.7"),
            ("192.0.2.7", &["203.0.113.9"], "192.0.2.7"),
            ("10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("::ffff:10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            // What the client itself wrote stands before.
            ("10.0.0.1", &["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
            (
                "10.0.0.1",
                &["203.0.113.9, 10.0.0.2, 10.0.0.3"],
                "203.0.113.9",
            ),
            ("127.0.0.1", &["203.0.113.9:4711"], "203.0.113.9"),
            ("::1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("::1", &["2001:db8::7"], "2001:db8::7"),
            // Nothing that can be read: it is the proxy's.
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9, unknown"], "10.0.0.1"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.2"], "10.0.0.2"),
        ] {
            let found = client(peer, fields, proxies);
            assert_eq!(found.address.to_string(), address, "{peer} {fields:?}");
        }
        assert!(client("10.0.0.1", &[], proxies).proxied);
        assert!(!client("192.0.2.7", &["10.0.0.1"], proxies).proxied);
        for wrong in ["", "proxy.example.com", "10.0.0.0/33", "10.0.0.1:80"] {
            assert!(wrong.parse::<TrustedProxy>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_request_is_private_by_tls_and_on_this_machine() {
        let private = |peer: &str, tls: bool, headers: &[(HeaderName, &str)]| {
            let headers = headers.iter().cloned();
            let headers = headers.map(|(name, value)| (name, value.parse().unwrap()));
            let headers = HeaderMap::from_iter(headers);
            let proxies = ["10.0.0.1".parse().unwrap()];
            Client::of(peer.parse().unwrap(), tls, &headers, &proxies).private
        };
        let host = |name: &'static str| (header::HOST, name);
        let proto = |scheme: &'static str| (FORWARDED_PROTO, scheme);
        for name in ["localhost:8080", "127.0.0.1", "[::1]:8080", "a.localhost"] {
            assert!(private("127.0.0.1", false, &[host(name)]), "{name}");
            assert!(!private("192.0.2.7", false, &[host(name)]), "{name}");
        }
        let public = host("onionskin.example.com");
        assert!(private("192.0.2.7", true, std::slice::from_ref(&public)));
        assert!(!private("192.0.2.7", false, &[proto("https")]));
        // A proxy on this machine, which nobody named.
        for (headers, is_private) in [
            (vec![public.clone()], false),
            (vec![public.clone(), proto("https")], true),
            (vec![public.clone(), proto("http")], false),
            (vec![host("localhost"), proto("https, http")], false),
            (vec![host("localhost"), (FORWARDED_FOR, "192.0.2.7")], false),
            (vec![host("localhost"), (header::VIA, "1.1 proxy")], false),
            (vec![], false),
        ] {
            let found = private("127.0.0.1", false, &headers);
            assert_eq!(found, is_private, "{headers:?}");
        }
        // One that was named says it for all its requests.
        assert!(private("10.0.0.1", false, &[proto("https")]));
        assert!(!private("10.0.0.1", true, &[proto("http")]));
        assert!(!private("10.0.0.1", true, &[]));
    }

    #[test]
    fn clients_are_told_apart_by_address_and_network() {
        let group = |peer: &str| client(peer, &[], &[]).group();
        assert_eq!(group("192.0.2.7"), group("::ffff:192.0.2.7"));
        assert_ne!(group("192.0.2.7"), group("192.0.2.8"));
        assert_eq!(group("2001:db8::1"), group("2001:db8::2:3"));
        assert_ne!(group("2001:db8::1"), group("2001:db8:0:1::1"));
        for this_machine in ["127.0.0.1", "127.9.0.1", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(group(this_machine), None, "{this_machine}");
        }
    }
}
