//! The files in which `docker login` and `podman login` keep credentials, or say which helper does.
//!
//! Both have one form. podman's keys may go on with the start of a repository's name, of which the longest wins
//! (containers-auth.json(5)); Docker's may be addresses (`https://index.docker.io/v1/`).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::Credentials;
use crate::json::Json;
use crate::reference::DOCKER_HUB;

/// Docker writes its padding, and other tools leave it out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The key of Docker Hub, in files and for helpers.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

/// One such file.
#[derive(Debug, Default)]
pub(super) struct Config {
    auths: BTreeMap<String, Json>,
    helpers: BTreeMap<String, Json>,
    store: Option<String>,
}

/// A helper program, and what it is to be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Helper {
    /// What follows `docker-credential-` in the program's name.
    pub(super) name: String,
    /// The registry's key.
    pub(super) key: String,
}

impl Config {
    /// Reads a file's content; `None` where it is not a JSON object.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let Ok(Json::Object(root)) = Json::parse(bytes) else {
            return None;
        };
        let object = |key: &str| match root.get(key) {
            Some(Json::Object(object)) => {
                let entries = object.entries();
                entries
                    .map(|(key, value)| (key.to_owned(), value.clone()))
                    .collect()
            }
            _ => BTreeMap::new(),
        };
        let (auths, helpers) = (object("auths"), object("credHelpers"));
        let store = root.get("credsStore").and_then(Json::as_str);
        Some(Self {
            auths,
            helpers,
            store: store.filter(|name| !name.is_empty()).map(str::to_owned),
        })
    }

    /// The helper that keeps the credentials of a registry.
    pub(super) fn helper(&self, registry: &str) -> Option<Helper> {
        let own = self
            .helpers
            .iter()
            .find(|(key, _)| registry_of(key) == registry)
            .and_then(|(_, name)| name.as_str())
            .filter(|name| !name.is_empty());
        let name = own.or(self.store.as_deref())?;
        let key = if registry == DOCKER_HUB {
            DOCKER_HUB_KEY
        } else {
            registry
        };
        Some(Helper {
            name: name.to_owned(),
            key: key.to_owned(),
        })
    }

    /// The credentials that the file itself holds for a repository. `Err` names the key whose entry is unreadable.
    pub(super) fn stored(
        &self,
        registry: &str,
        repository: &str,
    ) -> Result<Option<Credentials>, String> {
        let full = format!("{registry}/{repository}");
        let mut best: Option<(usize, &String, &Json)> = None;
        for (key, value) in &self.auths {
            let place = place_of(key);
            let fits = full
                .strip_prefix(&place)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            let longer = best.is_none_or(|(length, ..)| place.len() > length);
            // Where a store is in use, Docker leaves an empty entry behind.
            let empty = value
                .as_object()
                .is_none_or(|entry| entry.entries().next().is_none());
            if fits && longer && !empty {
                best = Some((place.len(), key, value));
            }
        }
        match best {
            Some((_, key, value)) => read(value).map(Some).ok_or_else(|| key.clone()),
            None => Ok(None),
        }
    }
}

/// What a key stands for: a registry, and perhaps the start of a repository's name.
fn place_of(key: &str) -> String {
    let bare = key.split_once("://").map_or(key, |(_, rest)| rest);
    let bare = bare.trim_end_matches('/');
    let bare = ["/v1", "/v2"]
        .iter()
        .find_map(|version| bare.strip_suffix(version))
        .unwrap_or(bare);
    let (host, rest) = match bare.split_once('/') {
        Some((host, rest)) => (host, format!("/{rest}")),
        None => (bare, String::new()),
    };
    match host.to_ascii_lowercase().as_str() {
        "index.docker.io" | "registry-1.docker.io" => format!("{DOCKER_HUB}{rest}"),
        host => format!("{host}{rest}"),
    }
}

fn registry_of(key: &str) -> String {
    let place = place_of(key);
    place.split('/').next().unwrap_or_default().to_owned()
}

fn read(entry: &Json) -> Option<Credentials> {
    let entry = entry.as_object()?;
    let text = |key: &str| entry.get(key)?.as_str().filter(|text| !text.is_empty());
    if let Some(token) = text("identitytoken") {
        return Some(Credentials::IdentityToken(token.to_owned()));
    }
    if let Some(token) = text("registrytoken") {
        return Some(Credentials::RegistryToken(token.to_owned()));
    }
    let Some(auth) = text("auth") else {
        return Some(Credentials::Password {
            user: text("username")?.to_owned(),
            password: text("password")?.to_owned(),
        });
    };
    let pair = String::from_utf8(BASE64.decode(auth.trim()).ok()?).ok()?;
    let (user, password) = pair.split_once(':')?;
    Some(of_pair(user, password.trim_end_matches('\0')))
}

/// A user and a password, or what helpers put in their place.
pub(super) fn of_pair(user: &str, secret: &str) -> Credentials {
    if user == "<token>" {
        return Credentials::IdentityToken(secret.to_owned());
    }
    Credentials::Password {
        user: user.to_owned(),
        password: secret.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn config(value: &Value) -> Config {
        Config::parse(value.to_string().as_bytes()).unwrap()
    }

    fn auth(pair: &str) -> Value {
        json!({"auth": BASE64.encode(pair)})
    }

    fn password(user: &str, password: &str) -> Result<Option<Credentials>, String> {
        Ok(Some(of_pair(user, password)))
    }

    #[test]
    fn keys_are_hosts_addresses_and_namespaces_of_which_the_longest_wins() {
        let file = config(&json!({"auths": {
            "https://index.docker.io/v1/": auth("hub:a:b:c"),
            "docker.io/team": auth("team:x"),
            "registry.example.com": auth("host:x"),
            "registry.example.com/team": auth("space:x"),
            "registry.example.com/team/app": auth("app:x"),
            "https://old.example.com/v2/": auth("old:x\0\0"),
            "Case.example.com:5000": auth("port:x"),
        }}));
        for (registry, repository, user, secret) in [
            ("docker.io", "library/nginx", "hub", "a:b:c"),
            ("docker.io", "team/app", "team", "x"),
            ("docker.io", "teams/app", "hub", "a:b:c"),
            ("registry.example.com", "other", "host", "x"),
            ("registry.example.com", "team/web", "space", "x"),
            ("registry.example.com", "team/app", "app", "x"),
            ("registry.example.com", "team/app/sub", "app", "x"),
            ("registry.example.com", "team/application", "space", "x"),
            ("old.example.com", "app", "old", "x"),
            ("case.example.com:5000", "app", "port", "x"),
        ] {
            let found = file.stored(registry, repository);
            assert_eq!(found, password(user, secret), "{registry}/{repository}");
        }
        for registry in [
            "example.com",
            "registry.example.com:5000",
            "case.example.com",
            "registry.example.com.evil.example",
        ] {
            assert_eq!(file.stored(registry, "app"), Ok(None), "{registry}");
        }
    }

    #[test]
    fn tokens_and_odd_entries_are_read() {
        let file = config(&json!({"auths": {
            "a": {"auth": BASE64.encode("u:"), "identitytoken": "refresh"},
            "b": {"registrytoken": "token"},
            "c": {"username": "u", "password": "p"},
            "d": {"auth": "dTpw"},
            "e": {"auth": "not base64!"},
            "f": {},
            "g": auth("<token>:refresh"),
            "h": {"auth": "dTpwcA"},
            // Go's tools read fields in any case.
            "i": {"Auth": "dTpw"},
        }}));
        let stored = |registry| file.stored(registry, "app");
        let token = || Ok(Some(Credentials::IdentityToken("refresh".to_owned())));
        assert_eq!(stored("a"), token());
        let registry = Credentials::RegistryToken("token".to_owned());
        assert_eq!(stored("b"), Ok(Some(registry)));
        assert_eq!(stored("c"), password("u", "p"));
        assert_eq!(stored("d"), password("u", "p"));
        assert_eq!(stored("e"), Err("e".to_owned()));
        assert_eq!(stored("f"), Ok(None));
        assert_eq!(stored("g"), token());
        assert_eq!(stored("h"), password("u", "pp"));
        assert_eq!(stored("i"), password("u", "p"));
    }

    #[test]
    fn helpers_are_those_of_the_registry_before_the_store() {
        let file = config(&json!({
            "credHelpers": {"gcr.io": "gcloud", "https://index.docker.io/v1/": "hub"},
            "credsStore": "desktop",
        }));
        let helper = |registry| {
            let helper = file.helper(registry).unwrap();
            (helper.name, helper.key)
        };
        let pair = |name: &str, key: &str| (name.to_owned(), key.to_owned());
        assert_eq!(helper("gcr.io"), pair("gcloud", "gcr.io"));
        assert_eq!(helper("docker.io"), pair("hub", DOCKER_HUB_KEY));
        assert_eq!(helper("quay.io"), pair("desktop", "quay.io"));
        assert_eq!(Config::default().helper("quay.io"), None);
        assert!(Config::parse(b"[]").is_none() && Config::parse(b"{").is_none());
    }
}
