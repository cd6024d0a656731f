//! Credentials for registries. Never printed.

#[cfg(not(target_arch = "wasm32"))]
mod config;
#[cfg(not(target_arch = "wasm32"))]
mod helper;
#[cfg(not(target_arch = "wasm32"))]
mod helpers;
#[cfg(not(target_arch = "wasm32"))]
mod keychain;

#[cfg(not(target_arch = "wasm32"))]
pub use keychain::{FoundCredentials, Keychain, KeychainError};

/// What a file of credentials has for a repository: for the fuzz targets. The error is the key of an entry that cannot be
/// read.
#[cfg(not(target_arch = "wasm32"))]
#[doc(hidden)]
pub fn stored_in(
    file: &[u8],
    registry: &str,
    repository: &str,
) -> Result<Option<Credentials>, String> {
    config::Config::parse(file).map_or(Ok(None), |config| config.stored(registry, repository))
}

use std::fmt;

/// The credentials for one registry.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A user and a password, or a personal access token in its place.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// A token that the registry's token server exchanges for short-lived ones.
    IdentityToken(String),
    /// A token for the registry itself.
    RegistryToken(String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password { .. } => "Password(…)",
            Self::IdentityToken(_) => "IdentityToken(…)",
            Self::RegistryToken(_) => "RegistryToken(…)",
        })
    }
}
