//! Registries that the page asks itself, beside the gateway: those that the operator named (CSP 3, `connect-src`).

use std::str::FromStr;

use onionskin_core::reference::Reference;
use onionskin_core::source::registry::is_loopback;

/// A host that the page of a gateway may connect to.
///
/// ```
/// use onionskin_gateway::DirectHost;
/// let host: DirectHost = "registry.example.com:5000".parse()?;
/// assert_eq!(host.as_str(), "registry.example.com:5000");
/// # Ok::<(), onionskin_gateway::DirectHostError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectHost(String);

/// Why a text is no such host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DirectHostError {
    /// It is something else.
    #[error("a host is written as registry.example.com or registry.example.com:5000")]
    Other,
    /// No page can read what it answers.
    #[error("Docker Hub allows no page to read its answers; the gateway asks it")]
    DockerHub,
}

impl DirectHost {
    /// As references have it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the policy of the page calls it. Registries on this machine are asked without TLS, as the page does it.
    fn source(&self) -> String {
        let host = self.0.split(':').next().unwrap_or_default();
        let scheme = if is_loopback(host) { "http" } else { "https" };
        format!("{scheme}://{}", self.0)
    }
}

impl FromStr for DirectHost {
    type Err = DirectHostError;

    fn from_str(text: &str) -> Result<Self, DirectHostError> {
        // In a policy, other characters would be other directives; it knows no IPv6 addresses.
        let is_plain =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | ':');
        let host = text.to_ascii_lowercase();
        let reference = format!("{host}/x").parse::<Reference>();
        let reference = reference.map_err(|_| DirectHostError::Other)?;
        if reference.domain() == "docker.io" && host.contains("docker.io") {
            return Err(DirectHostError::DockerHub);
        }
        match reference.domain() == host && host.chars().all(is_plain) {
            true => Ok(Self(host)),
            false => Err(DirectHostError::Other),
        }
    }
}

/// The directive that lets the page connect to its own origin and to these.
pub(crate) fn directive(hosts: &[DirectHost]) -> String {
    let sources = hosts.iter().map(|host| format!(" {}", host.source()));
    format!("connect-src 'self'{}", sources.collect::<String>())
}

/// The file that tells the page of them, in the form of the one that a static host has.
pub(crate) fn config(hosts: &[DirectHost]) -> String {
    let hosts: Vec<&str> = hosts.iter().map(DirectHost::as_str).collect();
    format!("{:#}\n", serde_json::json!({ "direct": hosts }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_one_that_references_have_and_nothing_else_of_a_policy() {
        for (text, source) in [
            ("registry.example.com", "https://registry.example.com"),
            (
                "Registry.example.com:5000",
                "https://registry.example.com:5000",
            ),
            ("localhost:5000", "http://localhost:5000"),
            ("127.0.0.1:5000", "http://127.0.0.1:5000"),
            ("192.0.2.7:5000", "https://192.0.2.7:5000"),
        ] {
            let host: DirectHost = text.parse().unwrap();
            assert_eq!(directive(&[host]), format!("connect-src 'self' {source}"));
        }
        for wrong in [
            "",
            "*",
            "*.example.com",
            "https://registry.example.com",
            "registry.example.com/team",
            "registry.example.com; script-src *",
            "registry.example.com *",
            "registry.example.com:",
            "user@registry.example.com",
            "registry",
            "[::1]:5000",
            "'unsafe-inline'",
            "data:",
        ] {
            assert_eq!(
                wrong.parse::<DirectHost>(),
                Err(DirectHostError::Other),
                "{wrong}"
            );
        }
        for hub in ["docker.io", "index.docker.io"] {
            assert_eq!(hub.parse::<DirectHost>(), Err(DirectHostError::DockerHub));
        }
        assert_eq!(directive(&[]), "connect-src 'self'");
    }
}
