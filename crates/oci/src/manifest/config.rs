//! Image configurations: what a container of the image runs and how it was built.
//!
//! Real configurations have fields that are null, absent or of odd types; none of that fails the image.

use std::collections::BTreeMap;

use super::history::Step;
use super::{ManifestError, descriptor, lenient, read_object};
use crate::digest::Digest;
use crate::json::{Json, Object};
use crate::platform::Platform;
use serde::{Deserialize, Serialize};

/// What a configuration says (OCI image specification, config.md), as far as it could be understood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Config {
    /// Environment variables, `NAME=value`, in their order.
    pub env: Vec<String>,
    /// The program that starts.
    pub entrypoint: Option<Vec<String>>,
    /// Its arguments, or the program where there is no entrypoint.
    pub cmd: Option<Vec<String>>,
    /// Who runs it: `user`, `user:group`, names or numbers.
    pub user: Option<String>,
    /// Where it starts.
    pub working_dir: Option<String>,
    /// Folders that are mounted, sorted.
    pub volumes: Vec<String>,
    /// Ports it listens on (`80/tcp`), sorted.
    pub exposed_ports: Vec<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// How the engine checks the container's health.
    pub healthcheck: Option<Healthcheck>,
    /// The signal that stops it.
    pub stop_signal: Option<String>,
    /// Seconds after which it is killed if it has not stopped; -1 for never.
    pub stop_timeout: Option<i64>,
    /// What runs the commands of steps that are no lists of words.
    pub shell: Option<Vec<String>>,
    /// Steps of images that are built on it.
    pub on_build: Vec<String>,
    /// Whether its command is escaped for Windows already.
    pub args_escaped: bool,
    /// When the image was made, as the configuration has it: RFC 3339, unless its builder wrote something else.
    pub created: Option<String>,
    /// Who made it.
    pub author: Option<String>,
    /// What it runs on.
    pub platform: Option<Platform>,
    /// For each layer the digest of its uncompressed tar; `None` where the text is no digest.
    pub diff_ids: Vec<Option<Digest>>,
    /// The steps that made it, first to last.
    pub history: Vec<Step>,
}

/// A health check of Docker's.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Healthcheck {
    /// `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", "…"]`.
    pub test: Vec<String>,
    /// Nanoseconds between two checks.
    pub interval: Option<u64>,
    /// Nanoseconds that one check may take.
    pub timeout: Option<u64>,
    /// Nanoseconds after the start in which failures do not count.
    pub start_period: Option<u64>,
    /// Failures in a row that make it unhealthy.
    pub retries: Option<u64>,
}

impl Config {
    /// Reads a configuration. Fields of another type than the specification says are left out.
    ///
    /// # Errors
    /// It is no JSON object, or too large.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let root = read_object(bytes)?;
        let empty = Object::default();
        let run = lenient::object(&root, "config").unwrap_or(&empty);
        let diff_ids = lenient::object(&root, "rootfs")
            .map_or(&[][..], |rootfs| lenient::array(rootfs, "diff_ids"));
        Ok(Self {
            env: lenient::texts(run, "Env").unwrap_or_default(),
            entrypoint: lenient::texts(run, "Entrypoint"),
            cmd: lenient::texts(run, "Cmd"),
            user: lenient::text(run, "User"),
            working_dir: lenient::text(run, "WorkingDir"),
            volumes: lenient::names(run, "Volumes"),
            exposed_ports: lenient::names(run, "ExposedPorts"),
            labels: lenient::text_map(run, "Labels"),
            healthcheck: lenient::object(run, "Healthcheck").map(Healthcheck::read),
            stop_signal: lenient::text(run, "StopSignal"),
            stop_timeout: lenient::number(run, "StopTimeout"),
            shell: lenient::texts(run, "Shell"),
            on_build: lenient::texts(run, "OnBuild").unwrap_or_default(),
            args_escaped: lenient::is_true(run, "ArgsEscaped"),
            created: lenient::text(&root, "created"),
            author: lenient::text(&root, "author"),
            platform: descriptor::platform(&root),
            diff_ids: diff_ids
                .iter()
                .map(|id| id.as_str().and_then(|id| id.parse().ok()))
                .collect(),
            history: lenient::array(&root, "history")
                .iter()
                .map(Step::read)
                .collect(),
        })
    }
}

impl Healthcheck {
    fn read(object: &Object) -> Self {
        let number = |key: &str| object.get(key).and_then(Json::as_u64);
        Self {
            test: lenient::texts(object, "Test").unwrap_or_default(),
            interval: number("Interval"),
            timeout: number("Timeout"),
            start_period: number("StartPeriod"),
            retries: number("Retries"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::history;

    #[test]
    fn a_usual_config_is_read_whole() {
        let config = Config::parse(
            br#"{"architecture":"arm64","variant":"v8","os":"linux","created":"2024-01-02T03:04:05Z","author":"me",
            "config":{"Env":["PATH=/bin","odd"],"Entrypoint":["/run"],"Cmd":["-x"],"User":"1000:1000","WorkingDir":"/srv",
            "Volumes":{"/data":{},"/b":{}},"ExposedPorts":{"80/tcp":{}},"Labels":{"a":"b"},"StopSignal":"SIGTERM",
            "Healthcheck":{"Test":["CMD","true"],"Interval":30000000000,"Retries":3}},
            "rootfs":{"type":"layers","diff_ids":["sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]},
            "history":[{"created_by":"/bin/sh -c #(nop)  CMD [\"sh\"]","empty_layer":true},{"created_by":"RUN x"}]}"#,
        )
        .unwrap();
        assert_eq!(config.env, ["PATH=/bin", "odd"]);
        assert_eq!(config.entrypoint.as_deref(), Some(&["/run".to_owned()][..]));
        assert_eq!(config.user.as_deref(), Some("1000:1000"));
        assert_eq!(config.volumes, ["/b", "/data"]);
        assert_eq!(config.exposed_ports, ["80/tcp"]);
        assert_eq!(config.platform.unwrap().to_string(), "linux/arm64");
        assert_eq!(config.diff_ids, [Some(Digest::sha256(b""))]);
        assert_eq!(config.healthcheck.unwrap().interval, Some(30_000_000_000));
        assert_eq!(history::layers(&config.history, 1), [None, Some(1)]);
    }

    #[test]
    fn fields_that_only_docker_has_are_read() {
        let config = Config::parse(
            br#"{"config":{"StopTimeout":-1,"Shell":["/bin/bash","-c"],"OnBuild":["RUN make"],"ArgsEscaped":true}}"#,
        )
        .unwrap();
        assert_eq!(config.stop_timeout, Some(-1));
        assert_eq!(
            config.shell,
            Some(vec!["/bin/bash".to_owned(), "-c".to_owned()])
        );
        assert_eq!(config.on_build, ["RUN make"]);
        assert!(config.args_escaped);
        for odd in [
            r#"{"config":{}}"#,
            r#"{"config":{"StopTimeout":null,"Shell":null,"OnBuild":null,"ArgsEscaped":false}}"#,
            r#"{"config":{"StopTimeout":"x","OnBuild":[],"ArgsEscaped":"true"}}"#,
        ] {
            let config = Config::parse(odd.as_bytes()).unwrap();
            assert_eq!((config.stop_timeout, config.shell), (None, None), "{odd}");
            assert!(config.on_build.is_empty() && !config.args_escaped, "{odd}");
        }
    }

    #[test]
    fn null_absent_and_odd_fields_never_fail_the_image() {
        for odd in [
            "{}",
            r#"{"config":null,"rootfs":null,"history":null,"os":null,"created":0}"#,
            r#"{"config":[],"rootfs":"x","history":{"a":1},"os":["linux"],"author":{}}"#,
            r#"{"config":{"Env":null,"Cmd":null,"Labels":null,"Volumes":null,"Healthcheck":[]},"history":[null,1,{}]}"#,
            r#"{"rootfs":{"diff_ids":[null,"sha256:../..",7]}}"#,
        ] {
            Config::parse(odd.as_bytes()).unwrap_or_else(|error| panic!("{odd}: {error}"));
        }
        let odd = Config::parse(
            br#"{"config":{"Env":{"A":"b"},"Cmd":"sh -c x","Volumes":["/v"],"ExposedPorts":8080,"Labels":["k=v","w"],"User":1000,
            "Healthcheck":{"Test":"true","Interval":-1}}}"#,
        )
        .unwrap();
        assert_eq!(odd.env, ["A=b"]);
        assert_eq!(odd.cmd, Some(vec!["sh -c x".to_owned()]));
        assert_eq!(odd.volumes, ["/v"]);
        assert_eq!(odd.exposed_ports, ["8080"]);
        assert_eq!(odd.labels.get("k").map(String::as_str), Some("v"));
        assert_eq!(odd.user.as_deref(), Some("1000"));
        assert_eq!(
            odd.healthcheck.map(|h| (h.test, h.interval)),
            Some((vec!["true".to_owned()], None))
        );
    }

    #[test]
    fn what_is_no_object_is_refused() {
        assert!(matches!(
            Config::parse(b"[]"),
            Err(ManifestError::NotAnObject)
        ));
        assert!(matches!(
            Config::parse(b"<html>"),
            Err(ManifestError::NotJson(_))
        ));
    }
}
