//! The registries that the gateway may reach, and the names it serves them under.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use reqwest::Url;

use crate::saved::SAVED;

/// Registries whose public images anybody may pull, served unless the operator gives the name to another.
const PUBLIC: &[&str] = &[
    DOCKER_HUB,
    "cgr.dev",
    "docker.elastic.co",
    "gcr.io",
    "ghcr.io",
    "icr.io",
    "lscr.io",
    "mcr.microsoft.com",
    "nvcr.io",
    "public.ecr.aws",
    "quay.io",
    "registry.access.redhat.com",
    "registry.fedoraproject.org",
    "registry.gitlab.com",
    "registry.k8s.io",
    "registry.opensuse.org",
    "registry.suse.com",
    "us-docker.pkg.dev",
    "xpkg.upbound.io",
];

const DOCKER_HUB: &str = "docker.io";
const DOCKER_HUB_API: &str = "https://registry-1.docker.io";
const DOCKER_HUB_HOSTS: [&str; 3] = [DOCKER_HUB, "index.docker.io", "registry-1.docker.io"];

/// The first part of the names of the demo images, which no registry can take.
pub(crate) const DEMO: &str = "demo";

/// A registry that the operator named: `HOST[:PORT]`, `http://HOST[:PORT]`, `NAME=HOST[:PORT]` or `NAME=URL`.
///
/// ```
/// use onionskin_gateway::NamedRegistry;
/// let team: NamedRegistry = "team=https://registry.example.com:5000".parse()?;
/// assert_eq!(team.name(), "team");
/// # Ok::<(), onionskin_gateway::NamedRegistryError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedRegistry {
    name: String,
    authority: String,
    base: Url,
}

/// Why a text names no registry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NamedRegistryError {
    /// The name before `=` cannot be a part of a repository's name.
    #[error(
        "{0:?} cannot be part of an image's name; use lower-case letters, digits and single `.`, `_` or `-` between them, as in team=https://registry.example.com:5000"
    )]
    Name(String),
    /// The name is kept for images of our own.
    #[error(
        "the name {DEMO:?} is that of the demo images, and {SAVED:?} that of saved ones; choose another one"
    )]
    Taken,
    /// The part that should be a host is none.
    #[error("{0:?} is not a registry: {1}")]
    Host(String, &'static str),
    /// Two registries under one name.
    #[error("the name {0:?} is given to both {1} and {2}; choose another name for one of them")]
    Twice(String, String, String),
}

impl NamedRegistry {
    /// The first part of its repositories' names here, beside its own host and port.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is as `name`, one of its two names. A mirror that takes Docker Hub's has its short names too.
    fn upstream(&self, name: &str) -> Upstream {
        let domain = if name == DOCKER_HUB {
            name
        } else {
            &self.authority
        };
        Upstream {
            domain: domain.to_owned(),
            base: self.base.clone(),
        }
    }
}

impl FromStr for NamedRegistry {
    type Err = NamedRegistryError;

    fn from_str(text: &str) -> Result<Self, NamedRegistryError> {
        let (name, address) = match text.split_once('=') {
            Some((name, address)) => (Some(name), address),
            None => (None, text),
        };
        // What stands before an @ is a secret, which no message repeats.
        let shown = address.rsplit('@').next().unwrap_or_default();
        let no = |why| NamedRegistryError::Host(beginning(shown), why);
        let (written, base) = match address.split_once("://") {
            Some((_, written)) => (written, Url::parse(address)),
            None => (address, Url::parse(&format!("https://{address}"))),
        };
        let base = base
            .map_err(|_| no("a host looks like registry.example.com or http://127.0.0.1:5000"))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(no("only http:// and https:// are supported"));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(no("a user and password do not belong here"));
        }
        if base.path() != "/" || base.query().is_some() || base.fragment().is_some() {
            return Err(no("give its host and port alone, without a path"));
        }
        // Otherwise 0177.0.0.1 or 2130706433 would quietly open a loopback address.
        let host = base.host_str().unwrap_or_default();
        if !written.to_ascii_lowercase().starts_with(host) {
            return Err(no("write its host in the usual form"));
        }
        let (authority, base) = match base.port() {
            Some(port) => (format!("{host}:{port}"), base),
            // Without its port such a host would read as the first part of a name on Docker Hub.
            None if !host.contains('.') && host != "localhost" => {
                let port = base.port_or_known_default().unwrap_or_default();
                (format!("{host}:{port}"), base)
            }
            None if DOCKER_HUB_HOSTS.contains(&host) => {
                let api = Url::parse(DOCKER_HUB_API).unwrap_or(base);
                (DOCKER_HUB.to_owned(), api)
            }
            None => (host.to_owned(), base),
        };
        let name = match name {
            None => authority.clone(),
            Some(DEMO | SAVED) => return Err(NamedRegistryError::Taken),
            Some(name) if is_path_part(name) => name.to_owned(),
            Some(name) => return Err(NamedRegistryError::Name(beginning(name))),
        };
        Ok(Self {
            name,
            authority,
            base,
        })
    }
}

/// As much of what somebody typed as a message has room for.
fn beginning(text: &str) -> String {
    text.chars().take(200).collect()
}

/// Whether `text` can be one part of a repository's name (letters and digits, joined by `.`, `_`, `__` or dashes).
fn is_path_part(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(alphanumeric)
        && text.ends_with(alphanumeric)
        && text.len() <= 128
        && text
            .split(alphanumeric)
            .all(|joint| matches!(joint, "" | "." | "_" | "__") || joint.bytes().all(|b| b == b'-'))
}

/// One registry that the gateway may reach.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Upstream {
    /// What references to its images begin with.
    pub(crate) domain: String,
    /// Scheme, host and port of its API.
    pub(crate) base: Url,
}

/// All registries that the gateway may reach, by name.
#[derive(Debug)]
pub(crate) struct Upstreams {
    by_name: BTreeMap<String, Arc<Upstream>>,
    named: Vec<Url>,
}

impl Upstreams {
    /// The public list, and `registries` beside it or in place of names on it.
    ///
    /// # Errors
    /// When two of `registries` want one name.
    pub(crate) fn new(registries: &[NamedRegistry]) -> Result<Self, NamedRegistryError> {
        let mut by_name: BTreeMap<String, Arc<Upstream>> = BTreeMap::new();
        for registry in registries {
            for name in [&registry.name, &registry.authority] {
                let upstream = registry.upstream(name);
                match by_name.get(name) {
                    Some(other) if **other != upstream => {
                        return Err(NamedRegistryError::Twice(
                            name.clone(),
                            other.base.to_string(),
                            upstream.base.to_string(),
                        ));
                    }
                    _ => by_name.insert(name.clone(), Arc::new(upstream)),
                };
            }
        }
        for name in PUBLIC {
            let registry: NamedRegistry = name.parse()?;
            by_name
                .entry(registry.name.clone())
                .or_insert_with(|| Arc::new(registry.upstream(name)));
        }
        Ok(Self {
            by_name,
            named: registries.iter().map(|r| r.base.clone()).collect(),
        })
    }

    /// The registry whose repositories' names begin with `name`.
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Upstream>> {
        let name = name.to_ascii_lowercase();
        if DOCKER_HUB_HOSTS.contains(&name.as_str()) {
            self.by_name.get(DOCKER_HUB)
        } else {
            self.by_name.get(&name)
        }
    }

    /// The addresses that the operator gave.
    pub(crate) fn named(&self) -> &[Url] {
        &self.named
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstreams(registries: &[&str]) -> Result<Upstreams, NamedRegistryError> {
        let registries: Result<Vec<_>, _> = registries.iter().map(|r| r.parse()).collect();
        Upstreams::new(&registries?)
    }

    fn base(upstreams: &Upstreams, name: &str) -> Option<String> {
        upstreams.get(name).map(|u| u.base.to_string())
    }

    #[test]
    fn docker_hub_is_one_registry_under_three_hosts() {
        let upstreams = upstreams(&[]).unwrap();
        for name in ["docker.io", "index.docker.io", "registry-1.docker.io"] {
            let hub = upstreams.get(name).unwrap();
            assert_eq!(hub.base.as_str(), "https://registry-1.docker.io/");
            assert_eq!(hub.domain, "docker.io");
        }
        assert_eq!(
            base(&upstreams, "QUAY.io").as_deref(),
            Some("https://quay.io/")
        );
    }

    #[test]
    fn a_registry_answers_to_its_name_and_to_its_address() {
        let upstreams = upstreams(&[
            "team=https://registry.example.com:5000",
            "http://127.0.0.1:5001",
        ])
        .unwrap();
        let team = Some("https://registry.example.com:5000/".to_owned());
        assert_eq!(base(&upstreams, "team"), team);
        assert_eq!(base(&upstreams, "registry.example.com:5000"), team);
        assert_eq!(
            base(&upstreams, "127.0.0.1:5001").as_deref(),
            Some("http://127.0.0.1:5001/")
        );
        assert_eq!(base(&upstreams, "registry.example.com"), None);
        assert_eq!(base(&upstreams, "127.0.0.1"), None);
    }

    #[test]
    fn a_host_of_one_word_keeps_its_port() {
        let upstreams = upstreams(&["http://registry", "http://localhost"]).unwrap();
        assert_eq!(upstreams.get("registry:80").unwrap().domain, "registry:80");
        assert!(upstreams.get("registry").is_none());
        assert!(upstreams.get("localhost").is_some());
    }

    #[test]
    fn a_mirror_can_take_a_public_name() {
        let upstreams = upstreams(&["docker.io=https://mirror.example.com"]).unwrap();
        assert_eq!(
            base(&upstreams, "docker.io").as_deref(),
            Some("https://mirror.example.com/")
        );
        assert_eq!(upstreams.get("docker.io").unwrap().domain, "docker.io");
        assert_eq!(
            upstreams.get("mirror.example.com").unwrap().domain,
            "mirror.example.com"
        );
    }

    #[test]
    fn what_is_no_registry_is_refused_with_the_reason() {
        for (text, why) in [
            ("", "a host looks like"),
            ("https://", "a host looks like"),
            ("ftp://example.com", "only http:// and https://"),
            ("https://me:secret@example.com", "do not belong"),
            ("example.com/team", "without a path"),
            ("http://2130706433:5000", "usual form"),
            ("0x7f.0.0.1", "usual form"),
            ("http://127.1:5000", "usual form"),
            ("Team=example.com", "cannot be part of an image's name"),
            ("a..b=example.com", "cannot be part of an image's name"),
            ("te/am=example.com", "cannot be part of an image's name"),
            ("demo=example.com", "demo images"),
        ] {
            let error = upstreams(&[text]).unwrap_err().to_string();
            assert!(
                error.contains(why) && !error.contains("secret"),
                "{text}: {error}"
            );
        }
        let twice = upstreams(&["team=a.example.com", "team=b.example.com"]).unwrap_err();
        assert!(matches!(twice, NamedRegistryError::Twice(..)));
    }
}
