//! Which token server a registry may send us to, and which of them credentials go to.
//!
//! A registry names its token server freely. Taken at its word, a hostile or hijacked one would collect the
//! credentials of another, or have us ask hosts that only we can reach.
//!
//! Sources: distribution 3.1, registry/proxy/proxyauth.go (CVE-2026-33540); GHSA-xf85-363p-868w (CVE-2026-48978).

use reqwest::Url;

use super::endpoint::{is_link_local, is_loopback, literal};

/// The realm as an address, if one may be asked at all; `is_named` says of which the user named the host.
///
/// On addresses and on this machine, another port may be another person's: there the realm is the registry's own host
/// and port.
pub fn allowed(
    realm: &str,
    registry: &Url,
    is_named: impl Fn(&Url) -> bool,
) -> Result<Url, String> {
    let realm = Url::parse(realm)
        .map_err(|_| "the registry names a token server that is not a URL".to_owned())?;
    let plain = realm.scheme() == "http" && registry.scheme() == "http";
    if realm.scheme() != "https" && !plain {
        return Err(
            "the registry is reached over https, but names a token server that is not".to_owned(),
        );
    }
    if !realm.username().is_empty() || realm.password().is_some() {
        return Err("the registry names a token server with a user name in its URL".to_owned());
    }
    let any_local = is_local(&realm) || is_local(registry);
    if any_local && !is_same_place(&realm, registry) && !is_named(&realm) {
        let rule = "token servers on IP addresses and on this machine are asked at the registry's own host and port only";
        return Err(match is_link_local(realm.host_str().unwrap_or_default()) {
            true => rule.to_owned(),
            false => format!(
                "{rule}; if the registry uses this one, allow it with --allow-host {}",
                realm.origin().ascii_serialization()
            ),
        });
    }
    Ok(realm)
}

/// Whether credentials for `registry` may be sent to `realm`: the same host, or one of the same owner over https.
#[must_use]
pub fn trusted(realm: &Url, registry: &Url) -> bool {
    if is_same_place(realm, registry) {
        return true;
    }
    // Another plain port of the host may be another person's.
    if realm.scheme() != "https" || is_local(realm) || is_local(registry) {
        return false;
    }
    let (Some(realm), Some(registry)) = (realm.host_str(), registry.host_str()) else {
        return false;
    };
    realm == registry || owner(registry).is_some_and(|known| owner(realm) == Some(known))
}

fn is_same_place(one: &Url, other: &Url) -> bool {
    one.host_str() == other.host_str()
        && one.port_or_known_default() == other.port_or_known_default()
}

/// Whether the host is an IP address or this machine's name.
fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    is_loopback(host) || host.ends_with(".localhost") || literal(host).is_some()
}

/// Domains in which each customer of a cloud has a host, and which the public suffix list does not have.
#[cfg(not(target_arch = "wasm32"))]
const SHARED: &[&str] = &[
    "amazonaws.com",
    "amazonaws.com.cn",
    "azurecr.cn",
    "azurecr.io",
    "azurecr.us",
    "cloudapp.azure.com",
    "container-registry.com",
    "container-registry.ovh.net",
    "cr.aliyuncs.com",
    // `NAME.cr.REGION.ionos.com`.
    "ionos.com",
    "jfrog.io",
    "myhuaweicloud.com",
    "on.aws",
    "pkg.coding.net",
    "pkg.dev",
    "run.app",
    "sonatype.app",
    "tencentcloudcr.com",
];

/// The domain that somebody registered, in which a host is (`gitlab.com` of `registry.gitlab.com`). None where
/// anybody may have a host: `co.uk`, `github.io`, `jfrog.io`.
#[cfg(not(target_arch = "wasm32"))]
fn owner(host: &str) -> Option<&str> {
    // A dot at the end names the same host.
    let host = host.trim_end_matches('.');
    let shared = |domain: &&str| {
        host.strip_suffix(*domain)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if SHARED.iter().any(shared) {
        return None;
    }
    psl::domain_str(host)
}

/// The public suffix list is too large for a page, which has no credentials for other hosts.
#[cfg(target_arch = "wasm32")]
fn owner(_: &str) -> Option<&str> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    /// CVE-2026-48978: a realm on an IP literal or a metadata address, or http after https.
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
            (
                "https://auth.local:5001/t",
                "https://registry.local:5000",
                true,
            ),
            (
                "https://u:p@auth.example.com/t",
                "https://registry.example.com",
                false,
            ),
            ("file:///etc/passwd", "https://registry.example.com", false),
            ("/token", "https://registry.example.com", false),
        ] {
            assert_eq!(
                allowed(realm, &url(registry), |_| false).is_ok(),
                expected,
                "{realm} {registry}"
            );
        }
    }

    /// CVE-2026-48978: a realm on an address, or on another port of this machine.
    #[test]
    fn registries_on_addresses_give_tokens_at_their_own_port() {
        for (realm, registry, expected) in [
            ("http://127.0.0.1:5000/t", "http://127.0.0.1:5000", true),
            ("http://localhost:5000/t", "http://localhost:5000", true),
            ("https://10.0.0.5/t", "https://10.0.0.5:443", true),
            ("https://[fd00::1]:5000/t", "https://[fd00::1]:5000", true),
            ("http://127.0.0.1:5001/t", "http://127.0.0.1:5000", false),
            ("http://127.0.0.1/t", "http://127.0.0.1:5000", false),
            ("http://127.0.0.2:5000/t", "http://127.0.0.1:5000", false),
            ("http://localhost:5000/t", "http://127.0.0.1:5000", false),
            ("http://[::1]:5000/t", "http://127.0.0.1:5000", false),
            ("http://2130706433:5001/t", "http://127.0.0.1:5000", false),
            (
                "http://[::ffff:127.0.0.1]:5000/t",
                "http://127.0.0.1:5000",
                false,
            ),
            ("https://10.0.0.5:5001/t", "https://10.0.0.5:5000", false),
            ("https://10.0.0.6:5000/t", "https://10.0.0.5:5000", false),
            ("https://auth.example.com/t", "https://10.0.0.5:5000", false),
            ("https://8.8.8.8/t", "https://registry.example.com", false),
            (
                "https://a.localhost/t",
                "https://registry.example.com",
                false,
            ),
        ] {
            let (from, to) = (url(registry), allowed(realm, &url(registry), |_| false));
            assert_eq!(to.is_ok(), expected, "{realm} {registry}");
            assert_eq!(trusted(&url(realm), &from), expected, "{realm} {registry}");
            // A host that the user named may be asked.
            assert!(allowed(realm, &from, |_| true).is_ok());
        }
    }

    /// A realm, a registry, and whether the first is of the second's owner.
    const OWNERS: &[(&str, &str, bool)] = &[
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
        (
            "http://auth.example.com/token",
            "http://registry.example.com",
            false,
        ),
        // Customers of a registry's maker, in and beside the public suffix list.
        (
            "https://evil.jfrog.io/token",
            "https://acme.jfrog.io",
            false,
        ),
        ("https://jfrog.io/token", "https://acme.jfrog.io", false),
        (
            "https://evil.jfrog.io./token",
            "https://acme.jfrog.io.",
            false,
        ),
        ("https://acme.jfrog.io/token", "https://acme.jfrog.io", true),
        (
            "https://evil.github.io/token",
            "https://good.github.io",
            false,
        ),
        (
            "https://2.dkr.ecr.us-east-1.amazonaws.com/token",
            "https://1.dkr.ecr.us-east-1.amazonaws.com",
            false,
        ),
        (
            "https://evil.eastus.cloudapp.azure.com/token",
            "https://good.eastus.cloudapp.azure.com",
            false,
        ),
        (
            "https://evil.cr.de-fra.ionos.com/token",
            "https://good.cr.de-fra.ionos.com",
            false,
        ),
        (
            "https://evil.swr-pro.myhuaweicloud.com/token",
            "https://good.swr-pro.myhuaweicloud.com",
            false,
        ),
        (
            "https://evil-docker.pkg.coding.net/token",
            "https://good-docker.pkg.coding.net",
            false,
        ),
        (
            "https://evil.com.au/token",
            "https://registry.com.au",
            false,
        ),
        (
            "https://gitlab.freedesktop.org/jwt",
            "https://registry.freedesktop.org",
            false,
        ),
        // Owners of one domain, however deep.
        ("https://icr.io/oauth/token", "https://de.icr.io", true),
        (
            "https://dockerauth.cn-hangzhou.aliyuncs.com/auth",
            "https://registry.cn-hangzhou.aliyuncs.com",
            true,
        ),
        (
            "https://auth.firm.internal/token",
            "https://a.b.firm.internal",
            true,
        ),
        ("https://auth/token", "https://registry", false),
    ];

    /// CVE-2020-15157, CVE-2026-33540: the credentials of one registry for another owner's host.
    #[test]
    fn credentials_stay_with_their_owner() {
        for (realm, registry, expected) in OWNERS {
            assert_eq!(
                trusted(&url(realm), &url(registry)),
                *expected,
                "{realm} {registry}"
            );
        }
    }
}
