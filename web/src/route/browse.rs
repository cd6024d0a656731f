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
    /// The order of tags.
    pub(crate) sort: TagSort,
}

/// The order of a list of tags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TagSort {
    pub(crate) column: TagColumn,
    pub(crate) reversed: bool,
}

/// What tags are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TagColumn {
    /// As people count versions.
    #[default]
    Name,
    /// The newest first.
    Created,
    /// The largest first.
    Size,
}

impl TagSort {
    const NAMED: [(TagColumn, &'static str); 3] = [
        (TagColumn::Name, "name"),
        (TagColumn::Created, "created"),
        (TagColumn::Size, "size"),
    ];

    fn read(value: &str) -> Option<Self> {
        let (name, reversed) = match value.strip_prefix('-') {
            Some(name) => (name, true),
            None => (value, false),
        };
        let (column, _) = Self::NAMED.iter().find(|(_, known)| *known == name)?;
        Some(TagSort {
            column: *column,
            reversed,
        })
    }

    fn written(self) -> String {
        let named = Self::NAMED
            .iter()
            .find(|(column, _)| *column == self.column);
        let name = named.map_or("", |(_, name)| name);
        format!("{}{name}", if self.reversed { "-" } else { "" })
    }
}

impl BrowseRoute {
    /// All of a list.
    pub(crate) fn of(list: List) -> Self {
        BrowseRoute {
            list,
            find: String::new(),
            sort: TagSort::default(),
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
        let value = |key: &str| query.split('&').find_map(|pair| pair.strip_prefix(key));
        let find = value("find=");
        let sort = value("sort=").and_then(TagSort::read);
        Some(BrowseRoute {
            list,
            find: find.map(text).unwrap_or_default(),
            sort: sort.unwrap_or_default(),
        })
    }

    pub(super) fn to_fragment(&self) -> String {
        let encoded = |name: &str| percent_encode(name.as_bytes(), REFERENCE).to_string();
        let mut fragment = match &self.list {
            List::Repositories(None) => "#/repositories".to_owned(),
            List::Repositories(Some(host)) => format!("#/repositories/{}", encoded(host)),
            List::Tags(name) => format!("#/tags/{}", encoded(name)),
        };
        let mut separator = '?';
        let mut push = |key: &str, value: &str| {
            fragment.push(separator);
            fragment.push_str(key);
            fragment.extend(percent_encode(value.as_bytes(), VALUE));
            separator = '&';
        };
        if !self.find.is_empty() {
            push("find=", &self.find);
        }
        if self.sort != TagSort::default() {
            push("sort=", &self.sort.written());
        }
        fragment
    }
}
