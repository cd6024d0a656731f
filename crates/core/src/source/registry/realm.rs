//! Which token server a registry may send us to, and which of them credentials go to.
//!
//! A registry names its token server freely. Taken at its word, a hostile or hijacked one would collect the
//! credentials of another, or have us ask hosts that only we can reach.

use std::net::IpAddr;

use reqwest::Url;

use super::endpoint::is_loopback;

/// The realm as an address, if one may be asked at all.
pub(super) fn allowed(realm: &str, registry: &Url) -> Result<Url, String> {
    let realm = Url::parse(realm)
        .map_err(|_| "the registry names a token server that is no address".to_owned())?;
    let host = realm.host_str().unwrap_or_default();
    let same = registry.host_str() == Some(host)
        || (is_loopback(host) && is_loopback(registry.host_str().unwrap_or_default()));
    let plain = realm.scheme() == "http" && registry.scheme() == "http";
    if realm.scheme() != "https" && !plain {
        return Err(
            "the registry is reached over https, but names a token server that is not".to_owned(),
        );
    }
    if !realm.username().is_empty() || realm.password().is_some() {
        return Err("the registry names a token server with a user in its address".to_owned());
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if !same && (bare.parse::<IpAddr>().is_ok() || is_loopback(host)) {
        return Err(
            "the registry names a token server by a bare address that is not its own".to_owned(),
        );
    }
    Ok(realm)
}

/// Whether credentials for `registry` may be shown to `realm`: it has to be the same host, or one of the same owner.
pub(super) fn trusted(realm: &Url, registry: &Url) -> bool {
    let (Some(realm_host), Some(registry_host)) = (realm.host_str(), registry.host_str()) else {
        return false;
    };
    if is_loopback(realm_host) && is_loopback(registry_host) {
        return true;
    }
    if realm_host == registry_host {
        // Another plain port of the host may be another person's.
        return realm.scheme() == "https"
            || realm.port_or_known_default() == registry.port_or_known_default();
    }
    match owner(registry_host) {
        Some(owner) => {
            realm_host == owner
                || realm_host
                    .strip_suffix(owner)
                    .is_some_and(|rest| rest.ends_with('.'))
        }
        None => false,
    }
}

/// The domain that a registry's host stands in (`gitlab.com` of `registry.gitlab.com`), if it is certainly one
/// owner's: not `io`, nor `co.uk`.
fn owner(host: &str) -> Option<&str> {
    if host.parse::<IpAddr>().is_ok() || host.starts_with('[') {
        return None;
    }
    let (_, parent) = host.split_once('.')?;
    let (name, top) = parent.rsplit_once('.')?;
    let second = name.rsplit('.').next().unwrap_or(name);
    // Two short parts (`co.uk`, `com.au`) are where anybody may have a name. Hosts with one more part are safe.
    let shared = !name.contains('.') && top.len() == 2 && second.len() <= 3;
    // So are the domains in which clouds give every customer a host.
    let clouds = [
        "azurecr.io",
        "github.io",
        "gitlab.io",
        "amazonaws.com",
        "run.app",
        "pkg.dev",
    ];
    let cloud = clouds.iter().any(|cloud| {
        parent == *cloud
            || parent
                .strip_suffix(cloud)
                .is_some_and(|rest| rest.ends_with('.'))
    });
    (!shared && !cloud).then_some(parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn token_servers_are_asked_over_https_and_by_name() {
        for (realm, registry, expected) in [
            (
                "https://auth.docker.io/token",
                "https://registry-1.docker.io",
                true,
            ),
            (
                "https://elsewhere.example/token",
                "https://registry.example.com",
                true,
            ),
            (
                "http://auth.example.com/token",
                "https://registry.example.com",
                false,
            ),
            (
                "http://auth.example.com/token",
                "http://registry.example.com",
                true,
            ),
            (
                "https://169.254.169.254/latest",
                "https://registry.example.com",
                false,
            ),
            (
                "http://169.254.169.254/latest",
                "http://registry.example.com",
                false,
            ),
            ("https://[fd00::1]/t", "https://registry.example.com", false),
            ("https://localhost/t", "https://registry.example.com", false),
            ("http://127.0.0.1:5001/t", "http://localhost:5000", true),
            ("https://10.0.0.5:5001/t", "https://10.0.0.5:5000", true),
            (
                "https://u:p@auth.example.com/t",
                "https://registry.example.com",
                false,
            ),
            ("file:///etc/passwd", "https://registry.example.com", false),
            ("/token", "https://registry.example.com", false),
        ] {
            assert_eq!(
                allowed(realm, &url(registry)).is_ok(),
                expected,
                "{realm} {registry}"
            );
        }
    }

    #[test]
    fn credentials_stay_with_their_owner() {
        for (realm, registry, expected) in [
            (
                "https://auth.docker.io/token",
                "https://registry-1.docker.io",
                true,
            ),
            (
                "https://gitlab.com/jwt/auth",
                "https://registry.gitlab.com",
                true,
            ),
            ("https://ghcr.io/token", "https://ghcr.io", true),
            ("https://evil.io/token", "https://ghcr.io", false),
            (
                "https://evil.example/token",
                "https://registry.example.com",
                false,
            ),
            (
                "https://notgitlab.com/token",
                "https://registry.gitlab.com",
                false,
            ),
            ("https://evil.co.uk/token", "https://registry.co.uk", false),
            (
                "https://auth.firm.co.uk/token",
                "https://registry.firm.co.uk",
                true,
            ),
            (
                "https://evil.azurecr.io/token",
                "https://good.azurecr.io",
                false,
            ),
            (
                "https://x.amazonaws.com/token",
                "https://1.dkr.ecr.us-east-1.amazonaws.com",
                false,
            ),
            (
                "http://registry.example.com:81/token",
                "http://registry.example.com",
                false,
            ),
            ("http://127.0.0.1:5001/t", "http://127.0.0.1:5000", true),
        ] {
            assert_eq!(
                trusted(&url(realm), &url(registry)),
                expected,
                "{realm} {registry}"
            );
        }
    }
}
