//! The address of a list of a registry: its repositories, or the tags of one of them.

use onionskin_core::link::{REFERENCE, VALUE};
use percent_encoding::percent_encode;

use super::{repository, shown, text, unknown_part};
use crate::worker::protocol::List;

/// A list of a registry: `#/repositories/registry.example.com`, `#/tags/nginx?find=1.27`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BrowseRoute {
    pub(crate) list: List,
    /// Only names that hold this; empty shows all.
    pub(crate) find: String,
    pub(crate) sort: TagSort,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TagSort {
    pub(crate) column: TagColumn,
    pub(crate) reversed: bool,
}

/// What tags are sorted by, and repositories as far as they have it.
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

    pub(super) fn parse(place: &str, query: &str, remarks: &mut Vec<String>) -> Option<Self> {
        let list = match place.strip_prefix('/')?.split_once('/') {
            None if place == "/repositories" => List::Repositories(None),
            Some(("repositories", host)) => List::Repositories(registry(host, remarks)),
            Some(("tags", name)) if !name.is_empty() => List::Tags(repository(name, remarks)),
            _ => return None,
        };
        let mut route = BrowseRoute::of(list);
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        for (key, value) in pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))) {
            match key {
                "find" => route.find = text(value),
                "sort" => match TagSort::read(value).filter(|sort| route.has(sort.column)) {
                    Some(sort) => route.sort = sort,
                    None => {
                        remarks.push(format!("There is no sort order called “{}”.", shown(value)))
                    }
                },
                _ => remarks.push(unknown_part(key)),
            }
        }
        Some(route)
    }

    /// Whether the list can be sorted so: of repositories only the names are known.
    fn has(&self, column: TagColumn) -> bool {
        matches!(self.list, List::Tags(_)) || column == TagColumn::Name
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

/// The registry of a list; none for that of the server. What follows a host is no part of it.
fn registry(value: &str, remarks: &mut Vec<String>) -> Option<String> {
    let named = text(value);
    let (host, rest) = named.split_once('/').unwrap_or((&named, ""));
    if !rest.is_empty() {
        let visible = crate::format::visible_text;
        remarks.push(format!(
            "“{}” is not a registry. The repositories of {} are shown.",
            visible(&named),
            match host {
                "" => "this server".to_owned(),
                host => visible(host),
            }
        ));
    }
    Some(host.to_owned()).filter(|host| !host.is_empty())
}
