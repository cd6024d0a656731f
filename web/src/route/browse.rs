//! The address of a list of a registry: its repositories, or the tags of one of them.

use onionskin_core::link::{REFERENCE, VALUE};
use percent_encoding::percent_encode;

use super::text;
use crate::worker::protocol::List;

/// A list of a registry: `#/repositories/registry.example.com`, `#/tags/nginx?find=1.27`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BrowseRoute {
    pub(crate) list: List,
    /// Only names that hold this; empty shows all.
    pub(crate) find: String,
}

impl BrowseRoute {
    /// All of a list.
    pub(crate) fn of(list: List) -> Self {
        BrowseRoute {
            list,
            find: String::new(),
        }
    }

    pub(super) fn parse(place: &str, query: &str) -> Option<Self> {
        let named = |rest: &str| Some(text(rest)).filter(|name| !name.is_empty());
        let list = match place.strip_prefix('/')?.split_once('/') {
            None if place == "/repositories" => List::Repositories(None),
            Some(("repositories", host)) => List::Repositories(named(host)),
            Some(("tags", name)) => List::Tags(named(name)?),
            _ => return None,
        };
        let find = query.split('&').find_map(|pair| pair.strip_prefix("find="));
        Some(BrowseRoute {
            list,
            find: find.map(text).unwrap_or_default(),
        })
    }

    pub(super) fn to_fragment(&self) -> String {
        let encoded = |name: &str| percent_encode(name.as_bytes(), REFERENCE).to_string();
        let mut fragment = match &self.list {
            List::Repositories(None) => "#/repositories".to_owned(),
            List::Repositories(Some(host)) => format!("#/repositories/{}", encoded(host)),
            List::Tags(name) => format!("#/tags/{}", encoded(name)),
        };
        if !self.find.is_empty() {
            fragment.push_str("?find=");
            fragment.extend(percent_encode(self.find.as_bytes(), VALUE));
        }
        fragment
    }
}
