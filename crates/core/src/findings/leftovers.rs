//! Known leftovers: live files that a container does not need, by a table of places and names.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde::Deserialize;

use super::gather::{Group, MANY, MANY_TREES, gathered};
use super::live::Live;
use super::{Finding, Kind};
use crate::stack::{NodeId, Stack};

/// One row of the table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Leftover {
    /// What it is called in reports and rules; it stays.
    id: String,
    /// Whether it is only told, as some do need it.
    #[serde(default)]
    informational: bool,
    /// What it is.
    name: String,
    /// Where it is: from the root with a leading slash, else anywhere; `*` stands for any part of a name.
    paths: Vec<String>,
    /// Why a container does not need it.
    reason: String,
    /// What to change.
    pub(super) advice: String,
}

/// The table, and the way into it from a path's last name.
struct Table {
    rows: Vec<Leftover>,
    by_name: HashMap<Vec<u8>, Vec<Pattern>>,
    /// Those whose last name has a star.
    by_glob: Vec<Pattern>,
}

struct Pattern {
    row: usize,
    absolute: bool,
    /// The last name first.
    names: Vec<Name>,
}

/// A name, or what stands before and behind its star.
enum Name {
    Whole(Vec<u8>),
    Around(Vec<u8>, Vec<u8>),
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    Table::of(serde_json::from_str(include_str!("leftovers.json")).unwrap_or_default())
});

impl Name {
    fn of(text: &str) -> Self {
        match text.split_once('*') {
            Some((before, behind)) => Self::Around(before.into(), behind.into()),
            None => Self::Whole(text.into()),
        }
    }

    fn matches(&self, name: &[u8]) -> bool {
        match self {
            Self::Whole(whole) => name == whole,
            Self::Around(before, behind) => {
                name.len() > before.len() + behind.len()
                    && name.starts_with(before)
                    && name.ends_with(behind)
            }
        }
    }
}

impl Pattern {
    /// `names` leads from a path's last name to its first.
    fn matches<'n>(&self, mut names: impl Iterator<Item = &'n [u8]>) -> bool {
        let all = self
            .names
            .iter()
            .all(|pattern| names.next().is_some_and(|name| pattern.matches(name)));
        all && (!self.absolute || names.next().is_none())
    }
}

impl Table {
    fn of(rows: Vec<Leftover>) -> Self {
        let mut table = Self {
            rows: Vec::new(),
            by_name: HashMap::new(),
            by_glob: Vec::new(),
        };
        for (row, leftover) in rows.iter().enumerate() {
            for path in &leftover.paths {
                let pattern = Pattern {
                    row,
                    absolute: path.starts_with('/'),
                    names: path
                        .rsplit('/')
                        .filter(|name| !name.is_empty())
                        .map(Name::of)
                        .collect(),
                };
                match pattern.names.first() {
                    Some(Name::Whole(name)) => {
                        table.by_name.entry(name.clone()).or_default().push(pattern);
                    }
                    _ => table.by_glob.push(pattern),
                }
            }
        }
        table.rows = rows;
        table
    }

    /// The row of a path, given by its names from the last to the first.
    fn row<'n>(&self, names: impl Iterator<Item = &'n [u8]> + Clone) -> Option<usize> {
        let last = names.clone().next()?;
        let exact = self.by_name.get(last).into_iter().flatten();
        let mut patterns = exact.chain(&self.by_glob);
        patterns
            .find(|pattern| pattern.matches(names.clone()))
            .map(|pattern| pattern.row)
    }
}

/// The row of a path or of a folder above it.
pub(super) fn of_path(path: &[u8]) -> Option<&'static Leftover> {
    let names: Vec<&[u8]> = path
        .split(|byte| *byte == b'/')
        .filter(|name| !name.is_empty())
        .collect();
    let row = (1..=names.len()).find_map(|depth| {
        let names = names.get(..depth).unwrap_or_default();
        TABLE.row(names.iter().rev().copied())
    })?;
    TABLE.rows.get(row)
}

/// The names of a node's path, the last first.
#[derive(Clone)]
struct Names<'s>(&'s Stack, NodeId);

impl<'s> Iterator for Names<'s> {
    type Item = &'s [u8];

    fn next(&mut self) -> Option<&'s [u8]> {
        let Self(stack, node) = *self;
        if node == NodeId::ROOT {
            return None;
        }
        self.1 = stack.parent(node);
        Some(stack.name(node))
    }
}

/// Live files in places of the table, in no order. A file with a name elsewhere is none.
pub(super) fn of(stack: &Stack, live: &Live) -> Vec<Finding> {
    // For each node the row and the topmost path that is one of it; parents stand before children.
    let mut marks: Vec<Option<(usize, NodeId)>> = vec![None; stack.nodes()];
    for node in (1..stack.nodes() as u32).map(NodeId) {
        let parent = stack.parent(node).0 as usize;
        let mark = marks.get(parent).copied().flatten();
        let mark = mark.or_else(|| Some((TABLE.row(Names(stack, node))?, node)));
        if let Some(place) = marks.get_mut(node.0 as usize) {
            *place = mark;
        }
    }
    let mark = |node: NodeId| marks.get(node.0 as usize).copied().flatten();
    let mut rows: BTreeMap<usize, BTreeMap<NodeId, Group>> = BTreeMap::new();
    for file in &live.files {
        let Some((row, top)) = file.names.first().and_then(|node| mark(*node)) else {
            continue;
        };
        if file.names.iter().all(|node| mark(*node).is_some()) {
            let groups = rows.entry(row).or_default();
            let group = groups.entry(top).or_insert_with(|| Group::new(top));
            group.take(file.group(top));
        }
    }
    let mut findings = Vec::new();
    for (row, groups) in rows {
        for group in gathered(stack, groups.into_values(), (MANY, MANY_TREES)) {
            let mut finding = group.finding(stack, Kind::Leftover);
            if let Some(row) = TABLE.rows.get(row) {
                let Leftover {
                    name,
                    reason,
                    advice,
                    ..
                } = row;
                if row.informational {
                    finding.kind = Kind::Informational;
                }
                finding.rule = Some(row.id.clone());
                finding.advice = format!("{advice} ({name}: {reason})");
            }
            findings.push(finding);
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_table_can_be_read_and_says_something_in_every_row() {
        assert!(TABLE.rows.len() > 20);
        let ids: HashSet<&str> = TABLE.rows.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(ids.len(), TABLE.rows.len(), "an id stands twice");
        for row in &TABLE.rows {
            let texts = [&row.name, &row.reason, &row.advice];
            assert!(
                texts
                    .iter()
                    .all(|text| text.len() > 3 && !text.contains('\n')),
                "{row:?}"
            );
            assert!(!row.paths.is_empty(), "{row:?}");
            for path in &row.paths {
                assert!(
                    path.matches('*').count() < 2 && !path.ends_with('/'),
                    "{path}"
                );
            }
        }
    }

    #[test]
    fn places_are_known_and_their_neighbours_are_not() {
        let name = |path: &str| of_path(path.as_bytes()).map(|row| row.name.as_str());
        for path in [
            "/var/lib/apt/lists/deb.debian.org_InRelease",
            "/root/.cache/pip/http/a",
            "/home/app/.npm/_cacache",
            "/app/__pycache__/a.pyc",
            "/app/src/core.o",
            "/tmp/x",
            "/app/.git/HEAD",
        ] {
            assert!(name(path).is_some(), "{path}");
        }
        for path in [
            "/srv/var/lib/apt/lists/x",
            "/var/lib/apt/listsx",
            "/app/tmp/x",
            "/app/cache/pip",
            "/app/.o",
            "/app/x.so",
            "/app/.github/x",
            "/",
        ] {
            assert_eq!(name(path), None, "{path}");
        }
    }
}
