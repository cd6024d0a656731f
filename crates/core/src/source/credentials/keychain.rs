//! All credentials that the user of this machine has, in the files of Docker and podman and behind helpers.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, io};

use futures::lock::Mutex;

use super::config::Config;
use super::{Credentials, helper};
use crate::limits;

/// How long a helper may take; some ask a cloud, some ask a person.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where credentials are looked for. Files are read, and helpers asked, when a registry first wants to know who asks.
pub struct Keychain {
    files: Vec<PathBuf>,
    patience: Duration,
    found: Mutex<HashMap<(String, String), Option<Credentials>>>,
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
    /// The files of Docker (`$DOCKER_CONFIG`, `~/.docker`), then of podman (`$REGISTRY_AUTH_FILE`,
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
        Self::of_files(files.into_iter().flatten().collect())
    }

    /// These files and no others.
    #[must_use]
    pub fn of_files(files: Vec<PathBuf>) -> Arc<Self> {
        Arc::new(Self {
            files,
            patience: PATIENCE,
            found: Mutex::default(),
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
    ) -> Result<Option<Credentials>, KeychainError> {
        let key = (registry.to_owned(), repository.to_owned());
        let mut found = self.found.lock().await;
        if let Some(known) = found.get(&key) {
            return Ok(known.clone());
        }
        let credentials = self.look(registry, repository).await?;
        // A server sees ever new names; what is forgotten is looked up again.
        if found.len() >= limits::REMEMBERED_REPOSITORIES {
            found.clear();
        }
        found.insert(key, credentials.clone());
        Ok(credentials)
    }

    async fn look(
        &self,
        registry: &str,
        repository: &str,
    ) -> Result<Option<Credentials>, KeychainError> {
        for file in &self.files {
            let wrong = |problem: String| KeychainError {
                file: file.display().to_string(),
                problem,
            };
            let Some(config) = read(file).map_err(wrong)? else {
                continue;
            };
            if let Some(helper) = config.helper(registry) {
                let answer = helper::ask(&helper, self.patience).await;
                if let Some(credentials) = answer.map_err(wrong)? {
                    return Ok(Some(credentials));
                }
            }
            let stored = config.stored(registry, repository).map_err(|key| {
                wrong(format!(
                    "the entry {key:?} is damaged; log in to it again with `docker login` or `podman login`"
                ))
            });
            if let Some(credentials) = stored? {
                return Ok(Some(credentials));
            }
        }
        Ok(None)
    }
}

/// The file's content; `None` where there is no file.
fn read(file: &Path) -> Result<Option<Config>, String> {
    match fs::read(file) {
        Ok(bytes) => match Config::parse(&bytes) {
            Some(config) => Ok(Some(config)),
            None => Err("it is no JSON object, and so no file of credentials".to_owned()),
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
        assert!(asked.unwrap_err().contains("did not answer"));
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
        assert_eq!(keychain.find("a.example", "x").await, Ok(of("u", "p")));
        assert_eq!(keychain.find("b.example", "x").await, Ok(of("x", "y")));
        assert_eq!(keychain.find("c.example", "x").await, Ok(None));
        let broken = file("c", "auths: {}");
        let error = Keychain::of_files(vec![broken]).find("a", "x").await;
        assert!(error.unwrap_err().to_string().contains("no JSON object"));
    }
}
