//! Secrets: what in a file, a configuration or a command looks like a credential.
//!
//! Two tables in data say what is looked for: [`tokens.json`](https://github.com/onionskin/onionskin/blob/main/crates/audit/src/secrets/tokens.json)
//! has forms of tokens as their makers publish them, `places.json` files that hold credentials by
//! their name. Keys, keystores, URLs and variables are told by code. It is a first look and no full
//! scanner: binary files, large files and archives in the layer are not looked into, and a password
//! that looks like nothing is found in places that are known only.
//!
//! Nothing here keeps a secret: what is found is a [`SecretRule`] and a line, and [`Mask`] takes secrets out
//! of texts that are shown.

mod checksum;
mod command;
mod found;
mod key;
mod keystore;
mod known_file;
mod line;
mod mask;
mod placeholder;
mod scan;
mod scanner;
mod table;
mod url;
mod variable;
mod web_token;
mod word;

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) use known_file::is_packaged_path as is_packaged;
pub use mask::{ConfigSecret, Mask, SecretSource, in_config};
pub use scanner::SecretScanner;

/// What sort of secret: a stable id, such as `github-token`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretRule(&'static str);

impl SecretRule {
    const PRIVATE_KEY: Self = Self("private-key");
    const SERVICE_ACCOUNT: Self = Self("gcp-service-account");
    /// What a shell remembers.
    pub(crate) const SHELL_HISTORY: Self = Self("shell-history");
    const KEYSTORE: Self = Self("keystore");
    const URL: Self = Self("url-password");
    const WEB_TOKEN: Self = Self("json-web-token");
    const VARIABLE: Self = Self("secret-variable");
    const ARGUMENT: Self = Self("secret-argument");
    const LABEL: Self = Self("secret-label");
    const COMMAND: Self = Self("secret-in-command");

    /// Those that code tells, with their names.
    const BY_CODE: [(Self, &'static str); 9] = [
        (Self::PRIVATE_KEY, "private key"),
        (
            Self::SERVICE_ACCOUNT,
            "key of a Google Cloud service account",
        ),
        (Self::KEYSTORE, "keystore with a private key"),
        (Self::URL, "password in a URL"),
        (Self::WEB_TOKEN, "JSON web token"),
        (Self::VARIABLE, "variable that is named as a secret"),
        (Self::ARGUMENT, "build argument that is named as a secret"),
        (Self::LABEL, "label that is named as a secret"),
        (Self::COMMAND, "secret in a command"),
    ];

    /// A private key, which takes many lines.
    fn is_key(self) -> bool {
        self == Self::PRIVATE_KEY || self == Self::SERVICE_ACCOUNT
    }

    /// The id, as in JSON and in a rules file.
    #[must_use]
    pub const fn id(self) -> &'static str {
        self.0
    }

    /// What it is, in a few words.
    #[must_use]
    pub fn name(self) -> &'static str {
        let by_code = Self::BY_CODE.iter().find(|(rule, _)| *rule == self);
        by_code
            .map(|(_, name)| *name)
            .or_else(|| table::name(self.0))
            .or_else(|| known_file::name(self.0))
            .unwrap_or("secret")
    }

    /// All rules, sorted by id.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let by_code = Self::BY_CODE.iter().map(|(rule, _)| *rule);
        let mut all: Vec<Self> = by_code
            .chain(table::rules())
            .chain(known_file::rules())
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl fmt::Debug for SecretRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for SecretRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

/// An id that another version wrote and this one does not know is an error.
impl<'de> Deserialize<'de> for SecretRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        static ALL: LazyLock<Vec<SecretRule>> = LazyLock::new(SecretRule::all);
        let id = String::deserialize(deserializer)?;
        let known = ALL.binary_search_by_key(&id.as_str(), |rule| rule.0).ok();
        known
            .and_then(|at| ALL.get(at).copied())
            .ok_or_else(|| serde::de::Error::custom("no rule has this id"))
    }
}

/// A secret in a file: what sort, and on which line. Not the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SecretMatch {
    /// What sort of secret.
    pub rule: SecretRule,
    /// The line, from 1; 0 where it is the file as a whole.
    pub line: u32,
}
