//! Findings about the configuration: user, health check, version of the base image, ports, volumes.

use super::{Finding, Kind, Subject};
use crate::reference::Reference;

/// Ports or folders that are listed; the rest is counted.
const LISTED: usize = 8;

pub(super) const ROOT: &str = "runs-as-root";
const HEALTHCHECK: &str = "no-healthcheck";
const LATEST: &str = "latest-base";
const PORTS: &str = "exposed-ports";
const VOLUMES: &str = "volumes";
/// All that is looked for.
pub(super) const RULES: [&str; 5] = [ROOT, HEALTHCHECK, LATEST, PORTS, VOLUMES];

/// In no order. The path of each is where `inspect --format json` has it.
pub(super) fn of(subject: &Subject<'_>) -> Vec<Finding> {
    let config = subject.config;
    let mut findings = Vec::new();
    let mut tell = |rule: &str, path: &str, advice: String| {
        findings.push(Finding::of_config(Kind::Config, rule, path, advice));
    };
    let platform = config.platform.as_ref();
    let windows = platform.is_some_and(|platform| platform.os == "windows");
    if is_root(config.user.as_deref(), windows) {
        tell(
            ROOT,
            "config.user",
            "Runs as root: create a user and set it with USER, by number if the orchestrator checks it (runAsNonRoot)".to_owned(),
        );
    }
    let check = config.healthcheck.as_ref();
    let checks = check.is_some_and(|check| {
        let first = check.test.first();
        first.is_some_and(|first| first != "NONE")
    });
    if !checks {
        tell(
            HEALTHCHECK,
            "config.healthcheck",
            "No HEALTHCHECK: add one, unless an orchestrator has its own probes (Kubernetes ignores HEALTHCHECK)".to_owned(),
        );
    }
    if let Some(base) = subject.base.and_then(|base| base.reference.as_deref())
        && is_latest(base)
    {
        tell(
            LATEST,
            "base.reference",
            "The base image is named without a version, so each build may use another one: write a version and a digest in FROM".to_owned(),
        );
    }
    if !config.exposed_ports.is_empty() {
        tell(
            PORTS,
            "config.exposedPorts",
            format!(
                "Exposes {} {}: expose only what is meant to be reached, and no debugging ports",
                if config.exposed_ports.len() == 1 {
                    "port"
                } else {
                    "ports"
                },
                listed(&config.exposed_ports)
            ),
        );
    }
    if !config.volumes.is_empty() {
        tell(
            VOLUMES,
            "config.volumes",
            format!(
                "Each container gets a volume for {}, which stays when the container is removed: remove VOLUME unless data must be kept; users can mount a volume when they run the image",
                listed(&config.volumes)
            ),
        );
    }
    findings
}

/// Who runs it where a configuration says this.
fn is_root(user: Option<&str>, windows: bool) -> bool {
    let user = user.unwrap_or_default();
    let (user, _) = user.split_once(':').unwrap_or((user, ""));
    let user = user.trim();
    if windows {
        // Without a user it depends on the base.
        return user.eq_ignore_ascii_case("ContainerAdministrator");
    }
    user.is_empty() || user == "root" || user.parse() == Ok(0_u32)
}

/// Whether a name says `latest`, or nothing, which means the same.
fn is_latest(base: &str) -> bool {
    let reference: Result<Reference, _> = base.parse();
    reference.is_ok_and(|reference| {
        // A digest is one image, whatever stands before it.
        !base.contains('@') && reference.tag().is_none_or(|tag| tag == "latest")
    })
}

fn listed(names: &[String]) -> String {
    let few: Vec<&str> = names.iter().take(LISTED).map(String::as_str).collect();
    match names.len().saturating_sub(LISTED) {
        0 => few.join(", "),
        more => format!("{} and {more} more", few.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_has_many_names() {
        for user in [
            None,
            Some(""),
            Some("0"),
            Some("root"),
            Some("0:1000"),
            Some("root:app"),
            Some("00"),
        ] {
            assert!(is_root(user, false), "{user:?}");
        }
        for user in ["1000", "app", "1000:0", "rooty", "10"] {
            assert!(!is_root(Some(user), false), "{user}");
        }
        assert!(is_root(Some("containeradministrator"), true));
        assert!(!is_root(None, true) && !is_root(Some("ContainerUser"), true));
    }

    #[test]
    fn latest_is_said_or_meant() {
        for base in ["debian", "debian:latest", "example.com:5000/a/b"] {
            assert!(is_latest(base), "{base}");
        }
        let digest = crate::digest::Digest::sha256(b"x");
        let pinned = [
            format!("debian@{digest}"),
            format!("debian:latest@{digest}"),
        ];
        for base in ["debian:12", "scratch image", ""] {
            assert!(!is_latest(base), "{base}");
        }
        assert!(!pinned.iter().any(|base| is_latest(base)));
    }

    #[test]
    fn a_list_is_bounded() {
        let names: Vec<String> = (0..10).map(|n| format!("{n}/tcp")).collect();
        assert_eq!(listed(&names[..2]), "0/tcp, 1/tcp");
        assert!(listed(&names).ends_with("7/tcp and 2 more"));
    }
}
