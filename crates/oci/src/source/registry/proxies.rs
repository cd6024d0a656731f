//! Proxies that the environment names, as curl and Go's tools read it: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and
//! `NO_PROXY`, each in upper or lower case.

use std::env;

use reqwest::{ClientBuilder, NoProxy, Proxy, Url};

/// No proxy leads to this machine itself, whatever `NO_PROXY` says (as in Go's net/http).
const THIS_MACHINE: &str = "localhost,127.0.0.0/8,::1";

const SCHEMES: [&str; 6] = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];

/// A variable that names no proxy. What it holds is not repeated, as a password may be in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is not a proxy URL; write it as http://proxy.example.com:3128, with http://, https:// or socks5://"
)]
pub struct ProxyError(pub String);

/// Lets `client` go through the proxies that the environment names.
///
/// # Errors
/// A variable names no proxy.
pub fn through_proxies(client: ClientBuilder) -> Result<ClientBuilder, ProxyError> {
    through(client, |name| env::var(name).ok())
}

/// The variables that name a proxy, of those that are set.
#[must_use]
pub fn proxy_variables() -> Vec<String> {
    let lookup = |name: &str| env::var(name).ok();
    let found = [http(&lookup), https(&lookup), all(&lookup)];
    found.into_iter().flatten().map(|(name, _)| name).collect()
}

/// The hosts of the proxies that the environment names, as a URL writes them.
#[must_use]
pub fn proxy_hosts() -> Vec<String> {
    hosts(&|name: &str| env::var(name).ok())
}

fn hosts(lookup: &impl Fn(&str) -> Option<String>) -> Vec<String> {
    let found = [http(lookup), https(lookup), all(lookup)];
    let urls = found.into_iter().flatten();
    urls.filter_map(|(_, address)| Some(named_proxy(&address)?.host_str()?.to_owned()))
        .collect()
}

type Named = (String, String);

fn through(
    client: ClientBuilder,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<ClientBuilder, ProxyError> {
    let except = either("NO_PROXY", &lookup).map_or_else(String::new, |(_, list)| list);
    let except = NoProxy::from_string(&format!("{THIS_MACHINE},{except}"));
    // Without this the library would read the environment for itself.
    let mut client = client.no_proxy();
    let all = all(&lookup);
    type Kind = fn(String) -> reqwest::Result<Proxy>;
    for (named, proxy) in [
        (http(&lookup), Proxy::http::<String> as Kind),
        (https(&lookup), Proxy::https::<String> as Kind),
    ] {
        if let Some((name, address)) = named.or_else(|| all.clone()) {
            let proxy = named_proxy(&address).and_then(|url| proxy(url.into()).ok());
            let proxy = proxy.ok_or(ProxyError(name))?;
            client = client.proxy(proxy.no_proxy(except.clone()));
        }
    }
    Ok(client)
}

/// The address that a variable holds, http where it does not say. The library takes any other for none.
fn named_proxy(address: &str) -> Option<Url> {
    let url = match address.contains("://") {
        true => Url::parse(address),
        false => Url::parse(&format!("http://{address}")),
    };
    url.ok()
        .filter(|url| SCHEMES.contains(&url.scheme()) && url.has_host())
}

fn http(lookup: &impl Fn(&str) -> Option<String>) -> Option<Named> {
    // Where a web server runs this, HTTP_PROXY is what a visitor sent as the header `Proxy` (CVE-2016-5385).
    match lookup("REQUEST_METHOD") {
        Some(_) => set("http_proxy", lookup),
        None => either("HTTP_PROXY", lookup),
    }
}

fn https(lookup: &impl Fn(&str) -> Option<String>) -> Option<Named> {
    either("HTTPS_PROXY", lookup)
}

fn all(lookup: &impl Fn(&str) -> Option<String>) -> Option<Named> {
    either("ALL_PROXY", lookup)
}

fn either(name: &str, lookup: &impl Fn(&str) -> Option<String>) -> Option<Named> {
    set(name, lookup).or_else(|| set(&name.to_ascii_lowercase(), lookup))
}

fn set(name: &str, lookup: &impl Fn(&str) -> Option<String>) -> Option<Named> {
    let value = lookup(name).map(|value| value.trim().to_owned());
    let value = value.filter(|value| !value.is_empty())?;
    Some((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(set: &[(&str, &str)]) -> Result<(), ProxyError> {
        let lookup = |name: &str| {
            let found = set.iter().find(|(set, _)| *set == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        through(reqwest::Client::builder(), lookup).map(drop)
    }

    #[test]
    fn what_is_no_proxy_is_named_without_its_secrets() {
        for good in [
            "http://proxy:3128",
            "proxy.example.com:3128",
            "socks5h://127.0.0.1:1080",
            "https://me:pass@proxy",
            "",
        ] {
            assert_eq!(built(&[("HTTPS_PROXY", good)]), Ok(()), "{good}");
        }
        for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"] {
            let error = built(&[(name, "ftp://me:secret@proxy")]).unwrap_err();
            assert_eq!(error, ProxyError(name.to_owned()));
            assert!(!error.to_string().contains("secret"));
        }
    }

    #[test]
    fn the_hosts_of_proxies_are_known() {
        let set = |name: &str| match name {
            "HTTPS_PROXY" => Some("Proxy.example.com:3128".to_owned()),
            "all_proxy" => Some("socks5://me:pass@10.0.0.1:1080".to_owned()),
            _ => None,
        };
        assert_eq!(hosts(&set), ["proxy.example.com", "10.0.0.1"]);
    }

    #[test]
    fn a_visitor_of_a_web_server_names_no_proxy() {
        let visitor = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "ftp://x")];
        assert_eq!(built(&visitor), Ok(()));
    }
}
