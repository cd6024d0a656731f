//! Where an engine listens, as its own command finds it: a variable, Docker's context, the usual sockets.
//!
//! Sources: Docker's documentation, "Docker contexts" and "Protect the Docker daemon socket"; podman-system-service(1).

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use reqwest::{Certificate, ClientBuilder, Identity, Url};

use super::EngineKind;
use crate::digest::Digest;
use crate::json::{Json, Object};

/// Bytes of a context's description or of a certificate's file.
const FILE_BYTES: u64 = 1 << 20;

/// Where an engine listens.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DaemonAddress {
    /// A socket on this machine.
    Socket(PathBuf),
    /// A host, over TLS where there are certificates.
    Tcp(Url, Option<Certificates>),
}

/// What an engine and its user know each other by.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Certificates {
    /// Holds `ca.pem`, `cert.pem` and `key.pem`, as far as there are any.
    folder: PathBuf,
    /// The engine has to be who it says it is.
    verify: bool,
}

/// What the user's environment says.
pub(super) struct Surroundings<'a>(pub(super) &'a dyn Fn(&str) -> Option<String>);

impl Surroundings<'_> {
    fn text(&self, variable: &str) -> Option<String> {
        (self.0)(variable).filter(|value| !value.is_empty())
    }

    fn below(&self, variable: &str, path: &str) -> Option<PathBuf> {
        self.text(variable).map(|root| Path::new(&root).join(path))
    }

    /// The folder of Docker's own files.
    fn docker(&self) -> Option<PathBuf> {
        self.below("DOCKER_CONFIG", "")
            .or_else(|| self.below("HOME", ".docker"))
    }

    /// The name of the context that Docker uses, where it is not the one that has no name.
    fn context(&self) -> Option<String> {
        let current = || {
            let config = read(&self.docker()?.join("config.json")).ok()?;
            let config = Json::parse(&config).ok()?;
            let current = config.as_object()?.get("currentContext")?;
            current.as_str().map(str::to_owned)
        };
        let name = self.text("DOCKER_CONTEXT").or_else(current);
        name.filter(|name| !name.is_empty() && name != "default")
    }
}

impl EngineKind {
    /// Where it is by its variable, else by Docker's context, else the first usual socket that is there, else the
    /// usual one. `image` is what is wanted there, for advice.
    pub(super) fn place(
        self,
        user: &Surroundings<'_>,
        image: &str,
    ) -> Result<DaemonAddress, String> {
        let variable = self.variable();
        if let Some(address) = user.text(variable) {
            let secure = user.text("DOCKER_TLS_VERIFY").is_some() && self == Self::Docker;
            let certificates = secure.then(|| Certificates {
                folder: user
                    .below("DOCKER_CERT_PATH", "")
                    .or_else(|| user.docker())
                    .unwrap_or_default(),
                verify: true,
            });
            return named(&address, certificates).ok_or_else(|| {
                self.unsupported(&format!("{variable}={address}"), &address, image)
            });
        }
        match user.context() {
            Some(name) if self == Self::Docker => self.of_context(&name, user, image),
            _ => Ok(self.usual(user)),
        }
    }

    fn usual(self, user: &Surroundings<'_>) -> DaemonAddress {
        let usual = match self {
            Self::Docker => vec![
                Some(PathBuf::from("/var/run/docker.sock")),
                user.below("XDG_RUNTIME_DIR", "docker.sock"),
                user.below("HOME", ".docker/run/docker.sock"),
            ],
            Self::Podman => vec![
                user.below("XDG_RUNTIME_DIR", "podman/podman.sock"),
                Some(PathBuf::from("/run/podman/podman.sock")),
            ],
        };
        let usual: Vec<PathBuf> = usual.into_iter().flatten().collect();
        let there = usual.iter().find(|path| path.exists());
        DaemonAddress::Socket(there.or(usual.first()).cloned().unwrap_or_default())
    }

    /// Where a context of Docker's leads. Its files lie under the hash of its name.
    fn of_context(
        self,
        name: &str,
        user: &Surroundings<'_>,
        image: &str,
    ) -> Result<DaemonAddress, String> {
        let root = user.docker().unwrap_or_default().join("contexts");
        let hash = Digest::sha256(name.as_bytes());
        let meta = root.join("meta").join(hash.hex()).join("meta.json");
        let unknown = |problem: &str| {
            format!(
                "Docker's context {name:?} {problem} ({}); `docker context ls` lists those that there are, and DOCKER_HOST goes before them",
                meta.display()
            )
        };
        let meta_json =
            read(&meta).map_err(|error| unknown(&format!("cannot be read: {error}")))?;
        let described = Json::parse(&meta_json).unwrap_or(Json::Null);
        let endpoint = endpoint(&described);
        let host = endpoint.and_then(|endpoint| endpoint.get("Host")?.as_str());
        let host = host.ok_or_else(|| unknown("names no host"))?;
        let skips = endpoint.and_then(|endpoint| endpoint.get("SkipTLSVerify")?.as_bool());
        let folder = root.join("tls").join(hash.hex()).join("docker");
        let verify = skips != Some(true);
        let certificates = (folder.is_dir() || !verify).then_some(Certificates { folder, verify });
        named(host, certificates).ok_or_else(|| {
            self.unsupported(
                &format!("Docker's context {name:?} is at {host}"),
                host,
                image,
            )
        })
    }

    /// The sentence about an address that nothing here can reach; `said` is who names it.
    fn unsupported(self, said: &str, address: &str, image: &str) -> String {
        let program = match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        };
        match address.strip_prefix("ssh://") {
            Some(host) => {
                // A path is podman's socket there, which its command finds by itself.
                let host = host.split('/').next().unwrap_or_default();
                let (host, port) = match host.rsplit_once(':') {
                    Some((host, port)) => (host, format!("-p {port} ")),
                    None => (host, String::new()),
                };
                format!(
                    "{said}, but ssh:// is not supported; use `ssh {port}{host} {program} save {image} | onionskin inspect -`"
                )
            }
            None => format!(
                "{said}, but only unix://, tcp://, http:// and https:// addresses are supported; {}",
                self.instead()
            ),
        }
    }
}

/// Docker's own endpoint in the description of a context.
fn endpoint(described: &Json) -> Option<&Object> {
    let endpoints = described.as_object()?.get("Endpoints")?.as_object()?;
    endpoints.get("docker")?.as_object()
}

/// The place that an address stands for, if it is one of the kinds that are supported.
fn named(address: &str, certificates: Option<Certificates>) -> Option<DaemonAddress> {
    if let Some(path) = address.strip_prefix("unix://") {
        return Some(DaemonAddress::Socket(PathBuf::from(path)));
    }
    let (scheme, rest) = address.split_once("://")?;
    let secure = certificates.is_some() || scheme == "https";
    if !matches!(scheme, "tcp" | "http" | "https") {
        return None;
    }
    let (own, usual) = if secure {
        ("https", 2376)
    } else {
        ("http", 2375)
    };
    let mut url = Url::parse(&format!("{own}://{rest}")).ok()?;
    url.host_str()?;
    // A URL forgets the port that its scheme has anyway, which is not the engine's.
    let host_and_port = rest.split('/').next().unwrap_or_default();
    let has_port = host_and_port.rsplit_once(':').is_some_and(|(_, port)| {
        !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
    });
    if !has_port {
        url.set_port(Some(usual)).ok()?;
    }
    let certificates = certificates.or_else(|| {
        secure.then(|| Certificates {
            folder: PathBuf::new(),
            verify: true,
        })
    });
    Some(DaemonAddress::Tcp(url, certificates))
}

impl Certificates {
    /// A client that is who its certificate says, and takes no other engine than the one that is meant.
    pub(super) fn apply(&self, client: ClientBuilder) -> Result<ClientBuilder, String> {
        let mut client = client.tls_danger_accept_invalid_certs(!self.verify);
        if let Some(ca) = self.file("ca.pem")? {
            let trusted = Certificate::from_pem_bundle(&ca).unwrap_or_default();
            if trusted.is_empty() {
                return Err(self.unusable("ca.pem", "it has no certificate in PEM format"));
            }
            client = client.tls_certs_only(trusted);
        }
        if let (Some(mut pem), Some(key)) = (self.file("cert.pem")?, self.file("key.pem")?) {
            pem.push(b'\n');
            pem.extend(key);
            let identity = Identity::from_pem(&pem).map_err(|_| {
                self.unusable(
                    "cert.pem",
                    "it and key.pem are not a certificate and its private key in PEM format",
                )
            })?;
            client = client.identity(identity);
        }
        Ok(client)
    }

    /// A file of the folder; `None` where it is not there.
    fn file(&self, name: &str) -> Result<Option<Vec<u8>>, String> {
        let path = self.folder.join(name);
        if self.folder.as_os_str().is_empty() || !path.exists() {
            return Ok(None);
        }
        read(&path)
            .map(Some)
            .map_err(|error| self.unusable(name, &format!("it cannot be read: {error}")))
    }

    fn unusable(&self, name: &str, problem: &str) -> String {
        format!(
            "the certificate {} cannot be used: {problem}",
            self.folder.join(name).display()
        )
    }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    // What is no file could go on without an end.
    if !fs::metadata(path)?.is_file() {
        return Err(std::io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(kind: EngineKind, set: &[(&str, &str)]) -> Result<DaemonAddress, String> {
        let lookup = |name: &str| {
            let found = set.iter().find(|(set, _)| *set == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        kind.place(&Surroundings(&lookup), "app:1")
    }

    fn tcp(url: &str) -> Result<DaemonAddress, String> {
        Ok(DaemonAddress::Tcp(Url::parse(url).unwrap(), None))
    }

    #[test]
    fn a_variable_names_a_socket_or_a_host() {
        let docker = |host| place(EngineKind::Docker, &[("DOCKER_HOST", host)]);
        let socket = DaemonAddress::Socket("/run/x.sock".into());
        assert_eq!(docker("unix:///run/x.sock"), Ok(socket));
        assert_eq!(
            docker("tcp://127.0.0.1:2375"),
            tcp("http://127.0.0.1:2375/")
        );
        assert_eq!(docker("tcp://host"), tcp("http://host:2375/"));
        assert_eq!(docker("tcp://host:80"), tcp("http://host:80/"));
        assert_eq!(docker("tcp://[::1]"), tcp("http://[::1]:2375/"));
        let podman = [("CONTAINER_HOST", "tcp://host:8080")];
        assert_eq!(place(EngineKind::Podman, &podman), tcp("http://host:8080/"));
        for address in ["npipe:////./pipe/x", "nonsense", "tcp://", "fd://"] {
            let error = docker(address).unwrap_err();
            assert!(
                error.contains("DOCKER_HOST=") && error.contains("docker save"),
                "{error}"
            );
        }
    }

    #[test]
    fn over_ssh_the_engines_own_command_does_it() {
        for (kind, variable, address, says) in [
            (
                EngineKind::Docker,
                "DOCKER_HOST",
                "ssh://me@host",
                "`ssh me@host docker save app:1 | onionskin inspect -`",
            ),
            (
                EngineKind::Podman,
                "CONTAINER_HOST",
                "ssh://me@host:22/run/podman.sock",
                "`ssh -p 22 me@host podman save app:1 | onionskin inspect -`",
            ),
        ] {
            let error = place(kind, &[(variable, address)]).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn tls_is_asked_for_by_its_variable() {
        let set = [
            ("DOCKER_HOST", "tcp://host"),
            ("DOCKER_TLS_VERIFY", "1"),
            ("DOCKER_CERT_PATH", "/certs"),
        ];
        let certificates = Certificates {
            folder: "/certs".into(),
            verify: true,
        };
        let url = Url::parse("https://host:2376/").unwrap();
        assert_eq!(
            place(EngineKind::Docker, &set),
            Ok(DaemonAddress::Tcp(url, Some(certificates)))
        );
        assert_eq!(
            place(EngineKind::Docker, &set[..1]),
            tcp("http://host:2375/")
        );
    }

    #[test]
    fn contexts_lead_where_they_say() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        let write = |path: &str, content: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        };
        let add = |name: &str, endpoint: &str| {
            let hash = Digest::sha256(name.as_bytes());
            let meta = format!(r#"{{"Name":"{name}","Endpoints":{{"docker":{endpoint}}}}}"#);
            write(&format!("contexts/meta/{}/meta.json", hash.hex()), &meta);
        };
        add("colima", r#"{"Host":"unix:///c.sock"}"#);
        add("far", r#"{"Host":"ssh://me@far"}"#);
        add("blind", r#"{"Host":"tcp://blind","SkipTLSVerify":true}"#);
        add("empty", "{}");
        write("config.json", r#"{"currentContext":"colima"}"#);
        let with = |set: &[(&str, &str)]| {
            let set = [&[("DOCKER_CONFIG", home)], set].concat();
            place(EngineKind::Docker, &set)
        };
        assert_eq!(with(&[]), Ok(DaemonAddress::Socket("/c.sock".into())));
        let over = [("DOCKER_HOST", "unix:///own.sock")];
        assert_eq!(with(&over), Ok(DaemonAddress::Socket("/own.sock".into())));
        let named = |name| with(&[("DOCKER_CONTEXT", name)]);
        assert_ne!(
            named("default"),
            Ok(DaemonAddress::Socket("/c.sock".into()))
        );
        let far = named("far").unwrap_err();
        assert!(
            far.contains("\"far\"") && far.contains("ssh me@far docker save"),
            "{far}"
        );
        let Ok(DaemonAddress::Tcp(url, Some(certificates))) = named("blind") else {
            panic!("{:?}", named("blind"))
        };
        assert_eq!(url.as_str(), "https://blind:2376/");
        assert!(!certificates.verify);
        for name in ["empty", "none", "../config"] {
            let error = named(name).unwrap_err();
            assert!(error.contains("docker context ls"), "{error}");
        }
        // podman has no part in it.
        let podman = place(EngineKind::Podman, &[("DOCKER_CONFIG", home)]);
        assert_ne!(podman, Ok(DaemonAddress::Socket("/c.sock".into())));
    }
}
