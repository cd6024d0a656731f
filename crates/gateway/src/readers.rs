//! What the addresses of requests are read as, for who tries any bytes on it.

use crate::badge::Address;
use crate::relay::reference;
use crate::route::Route;

/// What an address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The path that asks for the same, in the form that was read.
    pub path: String,
    /// The name of a repository or registry, as it came.
    pub name: Option<String>,
    /// A tag or a digest.
    pub pointer: Option<String>,
    /// The repository that a registry of the gateway is asked for.
    pub repository: Option<String>,
}

impl Asked {
    fn new(path: String, name: Option<&str>, pointer: Option<String>) -> Self {
        let repository = name.and_then(|name| name.split_once('/'));
        let repository = repository.and_then(|(_, name)| reference("registry.example", name).ok());
        Self {
            path,
            name: name.map(str::to_owned),
            pointer,
            repository: repository.map(|reference| reference.path().to_owned()),
        }
    }
}

/// Reads a path below `/v2/`. None if it is refused.
#[must_use]
pub fn route(path: &str) -> Option<Asked> {
    let route = Route::parse(path).ok()?;
    let pointer = match &route {
        Route::Manifest(_, pointer) => Some(pointer.to_string()),
        Route::Blob(_, digest) | Route::Referrers(_, digest) => Some(digest.to_string()),
        Route::Catalog | Route::CatalogOf(_) | Route::Tags(_) => None,
    };
    Some(Asked::new(route.path(), route.name(), pointer))
}

/// Reads the path, which begins with `/badge/`, and the query of a badge's address. None if it is refused.
#[must_use]
pub fn badge(path: &str, query: Option<&str>) -> Option<Asked> {
    let address = Address::parse(path, query).ok()?;
    Some(Asked::new(
        address.path(),
        Some(&address.name),
        Some(address.pointer.to_string()),
    ))
}
