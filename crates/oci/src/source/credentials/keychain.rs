//! All credentials that the user of this machine has, in the files of Docker and podman and behind helpers.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::{env, fs, io};

use super::Credentials;
use super::config::Config;
use super::helper::HelperError;
use super::helpers::Helpers;

/// Where credentials are looked for. Files are read, and helpers asked, when a registry first wants to know who asks.
pub struct Keychain {
    /// The content of [`VARIABLE`], which comes before all files.
    variable: Option<String>,
    files: Vec<PathBuf>,
    helpers: Helpers,
    /// The warnings that were given; there is at most one for each helper of a file.
    warned: Mutex<Vec<KeychainError>>,
}

/// The environment variable whose value is such a file's content: GitLab's runners and Docker from version 28 on read it.
const VARIABLE: &str = "DOCKER_AUTH_CONFIG";

/// What is known of a registry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundCredentials {
    /// The credentials for it.
    pub credentials: Option<Credentials>,
    /// What was passed over on the way, such as a helper that is not installed. Each is said once.
    pub warnings: Vec<KeychainError>,
}

/// Why credentials could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct KeychainError {
    /// The file that says where they are.
    pub file: String,
    /// What is wrong.
    pub problem: String,
}

impl Keychain {
    /// What `$DOCKER_AUTH_CONFIG` holds, the files of Docker (`$DOCKER_CONFIG`, `~/.docker`), then of podman (`$REGISTRY_AUTH_FILE`,
    /// `$XDG_RUNTIME_DIR/containers`, `~/.config/containers`). The first that knows a registry is believed.
    #[must_use]
    pub fn of_user() -> Arc<Self> {
        let folder = |variable: &str| {
            let value = env::var_os(variable).filter(|value| !value.is_empty());
            value.map(PathBuf::from)
        };
        let home = folder("HOME").or_else(|| folder("USERPROFILE"));
        let at_home = |path: &str| home.as_ref().map(|home| home.join(path));
        let docker = folder("DOCKER_CONFIG").or_else(|| at_home(".docker"));
        let config = folder("XDG_CONFIG_HOME").or_else(|| at_home(".config"));
        let podman = |folder: Option<PathBuf>| folder.map(|at| at.join("containers/auth.json"));
        let files = [
            docker.map(|folder| folder.join("config.json")),
            folder("REGISTRY_AUTH_FILE"),
            podman(folder("XDG_RUNTIME_DIR")),
            podman(config),
        ];
        let variable = env::var(VARIABLE).ok();
        Self::new(
            variable.filter(|value| !value.trim().is_empty()),
            files.into_iter().flatten().collect(),
        )
    }

    /// These files and no others.
    #[must_use]
    pub fn of_files(files: Vec<PathBuf>) -> Arc<Self> {
        Self::new(None, files)
    }

    fn new(variable: Option<String>, files: Vec<PathBuf>) -> Arc<Self> {
        Arc::new(Self {
            variable,
            files,
            helpers: Helpers::default(),
            warned: Mutex::default(),
        })
    }

    /// The credentials for a repository; `registry` is a host with its port, Docker Hub is `docker.io`.
    ///
    /// # Errors
    /// A file is there and cannot be read, or a helper does not do its work.
    pub async fn find(
        &self,
        registry: &str,
        repository: &str,
    ) -> Result<FoundCredentials, KeychainError> {
        let mut found = FoundCredentials::default();
        if let Some(content) = &self.variable {
            let config = Config::parse(content.as_bytes()).ok_or_else(|| KeychainError {
                file: VARIABLE.to_owned(),
                problem: NO_OBJECT.to_owned(),
            })?;
            self.look_in(&config, VARIABLE, registry, repository, &mut found)
                .await?;
        }
        for file in &self.files {
            if found.credentials.is_some() {
                break;
            }
            let name = file.display().to_string();
            let config = read(file).map_err(|problem| KeychainError {
                file: name.clone(),
                problem,
            })?;
            if let Some(config) = config {
                self.look_in(&config, &name, registry, repository, &mut found)
                    .await?;
            }
        }
        Ok(found)
    }

    /// Looks into one file.
    async fn look_in(
        &self,
        config: &Config,
        file: &str,
        registry: &str,
        repository: &str,
        found: &mut FoundCredentials,
    ) -> Result<(), KeychainError> {
        let wrong = |problem: String| KeychainError {
            file: file.to_owned(),
            problem,
        };
        if let Some(helper) = config.helper(registry) {
            match self.helpers.ask(helper).await {
                Ok(credentials) => found.credentials = credentials,
                Err(error @ HelperError::NotInstalled(_)) => {
                    self.warn(wrong(error.to_string()), found);
                }
                Err(error) => return Err(wrong(error.to_string())),
            }
        }
        if found.credentials.is_none() {
            let stored = config.stored(registry, repository).map_err(|key| {
                wrong(format!(
                    "the entry {key:?} is damaged; log in to it again with `docker login` or `podman login`"
                ))
            });
            found.credentials = stored?;
        }
        Ok(())
    }

    /// Adds a warning, unless it was given before.
    fn warn(&self, warning: KeychainError, found: &mut FoundCredentials) {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if !warned.contains(&warning) {
            warned.push(warning.clone());
            found.warnings.push(warning);
        }
    }
}

const NO_OBJECT: &str = "it is not a JSON object";

/// The file's content; `None` where there is no file.
fn read(file: &Path) -> Result<Option<Config>, String> {
    match fs::read(file) {
        Ok(bytes) => match Config::parse(&bytes) {
            Some(config) => Ok(Some(config)),
            None => Err(NO_OBJECT.to_owned()),
        },
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(format!("it cannot be read: {error}")),
    }
}

impl std::fmt::Debug for Keychain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Keychain").field(&self.files).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Duration;

    use super::super::helper;
    use super::*;

    #[tokio::test]
    async fn a_helper_that_hangs_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("docker-credential-hangs");
        fs::write(&program, "#!/bin/sh\nexec sleep 600\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let helper = super::super::config::Helper {
            name: "hangs".to_owned(),
            key: "registry.example.com".to_owned(),
        };
        let program = program.to_str().unwrap();
        let asked = helper::answer_of(program, &helper, Duration::from_millis(200)).await;
        let error = asked.unwrap_err();
        assert!(matches!(error, HelperError::Failed(_)), "{error:?}");
    }

    /// Each of an image's requests may look for credentials.
    #[tokio::test]
    async fn a_helper_that_is_not_installed_is_warned_of_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        fs::write(&path, r#"{"credsStore":"not-there"}"#).unwrap();
        let keychain = Keychain::of_files(vec![path]);
        for (repository, warnings) in [("x", 1), ("x", 0), ("y", 0)] {
            let found = keychain.find("a.example", repository).await.unwrap();
            assert_eq!(found.credentials, None);
            assert_eq!(found.warnings.len(), warnings, "{repository}");
        }
    }

    #[tokio::test]
    async fn files_are_asked_in_their_order_and_missing_ones_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &str| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            path
        };
        let first = file("a", r#"{"auths":{"a.example":{"auth":"dTpw"}}}"#);
        let second = file(
            "b",
            r#"{"auths":{"a.example":{"auth":"eDp5"},"b.example":{"auth":"eDp5"}}}"#,
        );
        let missing = folder.path().join("none/such");
        let keychain = Keychain::of_files(vec![missing, first, second]);
        let of = |user: &str, password: &str| Some(super::super::config::of_pair(user, password));
        let find = async |registry| keychain.find(registry, "x").await.unwrap().credentials;
        assert_eq!(find("a.example").await, of("u", "p"));
        assert_eq!(find("b.example").await, of("x", "y"));
        assert_eq!(find("c.example").await, None);
        let broken = file("c", "auths: {}");
        let error = Keychain::of_files(vec![broken]).find("a", "x").await;
        assert!(error.unwrap_err().to_string().contains("not a JSON object"));
    }
}
