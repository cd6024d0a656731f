//! The table of leftovers: places and names, each with a reason and an advice; and a user's changes to it.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::{self, Deserializer};

use super::fix::Fix;
use crate::findings::Kind;

/// Bytes of an id, and characters of a wrong text that a message shows; ids of the table have a dozen or two.
const ID_BYTES: usize = 64;

/// One row of the table.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leftover {
    /// What it is called in reports and rules; one of the table's own replaces that row.
    #[cfg_attr(test, schemars(extend("type" = ["string", "number", "boolean"], "pattern" = "^[A-Za-z0-9._-]{1,64}$")))]
    pub id: String,
    /// What it is, in words; without it the id.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("type" = ["string", "number", "boolean"])))]
    pub name: String,
    /// Where it is: from the root with a leading slash, else anywhere; `*` stands for any part of a name.
    #[cfg_attr(test, schemars(with = "Vec<String>", extend("minItems" = 1, "items" = place())))]
    pub paths: Vec<PathPattern>,
    /// Paths below these that are not leftovers.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "Vec<String>", extend("items" = place())))]
    pub except: Vec<PathPattern>,
    /// Why a container does not need it.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("type" = ["string", "number", "boolean"])))]
    pub reason: String,
    /// What to change; `{fix}` stands for the fix.
    #[cfg_attr(test, schemars(extend("type" = ["string", "number", "boolean"], "pattern" = r"\S")))]
    pub advice: String,
    /// The change of the step that leaves it, where there is one that fits every Dockerfile: reports show the changed lines.
    #[serde(default)]
    pub fix: Option<Fix>,
    /// Whether it is optional: some images do need it.
    #[serde(default)]
    pub optional: bool,
}

/// How a [`PathPattern`] is written: names without empty ones, dots alone or double stars, and no stars only.
#[cfg(test)]
fn place() -> serde_json::Value {
    let name = r"(?!(\.{1,2}|\*\*)(/|$))[^/]+";
    serde_json::json!({
        "type": "string",
        "pattern": format!(r"^(?![*/]*$)/?{name}(/{name})*$")
    })
}

/// A path, or the end of one, with stars in its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    absolute: bool,
    /// The last name first.
    names: Vec<Name>,
}

/// A name, or the parts between its stars.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    Whole(Vec<u8>),
    Starred(Vec<Vec<u8>>),
}

/// The rows that are looked for, and the way into them from a path's last name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leftovers {
    rows: Vec<Leftover>,
    by_name: HashMap<Vec<u8>, Vec<PatternId>, Unkeyed>,
    /// Those whose last name has a star.
    by_star: Vec<Starred>,
}

/// The table is ours or of the rules file, so nobody else chooses what is in it.
type Unkeyed = foldhash::fast::FixedState;

/// A way into the table by a name with a star. Most names are not the one, and the bytes at their ends tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Starred {
    first: Option<u8>,
    last: Option<u8>,
    way: PatternId,
}

impl Starred {
    fn of(name: Option<&Name>, way: PatternId) -> Self {
        let parts = match name {
            Some(Name::Starred(parts)) => parts.as_slice(),
            _ => &[],
        };
        Self {
            first: parts.first().and_then(|part| part.first().copied()),
            last: parts.last().and_then(|part| part.last().copied()),
            way,
        }
    }

    fn may_match(&self, name: &[u8]) -> bool {
        let fits = |byte: Option<u8>, of: Option<&u8>| byte.is_none() || byte.as_ref() == of;
        fits(self.first, name.first()) && fits(self.last, name.last())
    }
}

/// A row, and which of its paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PatternId {
    row: usize,
    path: usize,
}

/// Why a row cannot be added to the table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeftoverError {
    /// Reports and rules could not call it by its name.
    #[error(
        "{0:?} is not a valid leftover id; use letters, digits and hyphens, as in model-checkpoints"
    )]
    Id(String),
    /// It would be nowhere.
    #[error(
        "the leftover {0:?} has no `paths`; name one at least, as /var/cache/apt, .cache/pip or *.o"
    )]
    Paths(String),
    /// Nobody would know what to do.
    #[error("the `advice` of the leftover {0:?} is empty; say what to change")]
    Advice(String),
}

static STANDARD: LazyLock<Leftovers> = LazyLock::new(|| {
    Leftovers::new(serde_json::from_str(include_str!("../leftovers.json")).unwrap_or_default())
});

impl Name {
    fn of(text: &str) -> Self {
        if text.contains('*') {
            Self::Starred(text.split('*').map(Into::into).collect())
        } else {
            Self::Whole(text.into())
        }
    }

    /// A star stands for at least one byte, so that `*.o` is no `.o`.
    fn matches(&self, name: &[u8]) -> bool {
        let parts = match self {
            Self::Whole(whole) => return name == whole,
            Self::Starred(parts) => parts,
        };
        let [first, middle @ .., last] = parts.as_slice() else {
            return false;
        };
        let Some(mut rest) = name.strip_prefix(first.as_slice()) else {
            return false;
        };
        for part in middle {
            // The first place is as good as any later one.
            let place = (1..=rest.len().saturating_sub(part.len()))
                .find(|at| rest.get(*at..).is_some_and(|rest| rest.starts_with(part)));
            let Some(behind) = place.and_then(|at| rest.get(at + part.len()..)) else {
                return false;
            };
            rest = behind;
        }
        rest.len() > last.len() && rest.ends_with(last)
    }
}

impl std::str::FromStr for PathPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shown = || text.chars().take(ID_BYTES).collect::<String>();
        let names = text.split('/').skip(usize::from(text.starts_with('/')));
        let names: Vec<&str> = names.collect();
        let odd = |name: &&str| matches!(*name, "" | "." | ".." | "**");
        if names.iter().any(odd) {
            return Err(format!(
                "{:?} is not a valid leftover path; write names with single stars, as in /var/cache/apt, .cache/pip or *.o",
                shown()
            ));
        }
        let anything = |name: &&str| name.bytes().all(|byte| byte == b'*');
        if names.iter().all(anything) {
            return Err(format!(
                "{:?} would take everything for a leftover; name a folder or a part of a name, as /var/cache/apt or *.o",
                shown()
            ));
        }
        Ok(Self {
            absolute: text.starts_with('/'),
            names: names.into_iter().rev().map(Name::of).collect(),
        })
    }
}

impl<'de> Deserialize<'de> for PathPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl PathPattern {
    /// `names` leads from a path's last name to its first.
    fn matches<'n>(&self, mut names: impl Iterator<Item = &'n [u8]>) -> bool {
        let all = self
            .names
            .iter()
            .all(|pattern| names.next().is_some_and(|name| pattern.matches(name)));
        all && (!self.absolute || names.next().is_none())
    }
}

impl Leftover {
    /// Whether a path, given by its names from the last to the first, or a folder above it is excepted.
    pub(in crate::findings) fn excepts<'n>(
        &self,
        mut names: impl Iterator<Item = &'n [u8]> + Clone,
    ) -> bool {
        while !self.except.is_empty() {
            if self
                .except
                .iter()
                .any(|except| except.matches(names.clone()))
            {
                return true;
            }
            if names.next().is_none() {
                break;
            }
        }
        false
    }

    /// The kind of what it finds.
    pub(super) const fn kind(&self) -> Kind {
        match self.optional {
            true => Kind::Optional,
            false => Kind::Leftover,
        }
    }

    /// The same, as somebody wrote it into a rules file: its texts made one line each.
    ///
    /// # Errors
    /// It has no id that can be used, no paths or no advice.
    pub fn checked(mut self) -> Result<Self, LeftoverError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if self.id.is_empty() || self.id.len() > ID_BYTES || !self.id.chars().all(fits) {
            return Err(LeftoverError::Id(self.id.chars().take(ID_BYTES).collect()));
        }
        if self.paths.is_empty() {
            return Err(LeftoverError::Paths(self.id));
        }
        for text in [&mut self.name, &mut self.reason, &mut self.advice] {
            *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        if self.advice.is_empty() {
            return Err(LeftoverError::Advice(self.id));
        }
        self.fix = self.fix.map(Fix::on_one_line);
        Ok(self)
    }

    /// What to change, in words.
    pub(in crate::findings) fn advice(&self) -> String {
        match &self.fix {
            Some(fix) => self.advice.replace("{fix}", &fix.to_string()),
            None => self.advice.clone(),
        }
    }

    /// What is told of it, in one line.
    pub(super) fn told(&self) -> String {
        let Self {
            id, name, reason, ..
        } = self;
        let advice = self.advice();
        let name = if name.is_empty() { id } else { name };
        match reason.as_str() {
            "" => format!("{advice} ({name})"),
            reason => format!("{advice} ({name}: {reason})"),
        }
    }
}

impl Leftovers {
    /// What is looked for where nobody says anything else.
    #[must_use]
    pub fn standard() -> &'static Self {
        &STANDARD
    }

    /// The standard table with more rows, and without some of its own.
    #[must_use]
    pub fn changed(add: Vec<Leftover>, silence: &[String]) -> Self {
        let overwritten: Vec<&str> = add.iter().map(|row| row.id.as_str()).collect();
        let kept = STANDARD
            .rows
            .iter()
            .filter(|row| !silence.contains(&row.id) && !overwritten.contains(&row.id.as_str()));
        let kept: Vec<Leftover> = kept.cloned().collect();
        // Of two rows for one place the first is told.
        Self::new(add.into_iter().chain(kept).collect())
    }

    fn new(rows: Vec<Leftover>) -> Self {
        let mut table = Self::default();
        for (row, leftover) in rows.iter().enumerate() {
            for (path, pattern) in leftover.paths.iter().enumerate() {
                let way = PatternId { row, path };
                match pattern.names.first() {
                    Some(Name::Whole(name)) => {
                        table.by_name.entry(name.clone()).or_default().push(way);
                    }
                    name => table.by_star.push(Starred::of(name, way)),
                }
            }
        }
        table.rows = rows;
        table
    }

    /// The ids of all rows, each with the kind of what it finds.
    pub fn ids(&self) -> impl Iterator<Item = (Kind, &str)> {
        self.rows.iter().map(|row| (row.kind(), row.id.as_str()))
    }

    /// The number of the row of a path, given by its names from the last to the first.
    pub(in crate::findings) fn find<'n>(
        &self,
        names: impl Iterator<Item = &'n [u8]> + Clone,
    ) -> Option<usize> {
        let last = names.clone().next()?;
        let exact = self.by_name.get(last).into_iter().flatten();
        let starred = self
            .by_star
            .iter()
            .filter(|starred| starred.may_match(last));
        let mut ways = exact.chain(starred.map(|starred| &starred.way));
        let fits = |way: &&PatternId| {
            let pattern = self.rows.get(way.row)?.paths.get(way.path)?;
            Some(pattern.matches(names.clone()))
        };
        ways.find(|way| fits(way) == Some(true)).map(|way| way.row)
    }

    pub(in crate::findings) fn row(&self, row: usize) -> Option<&Leftover> {
        self.rows.get(row)
    }

    /// The row of this id.
    pub(in crate::findings) fn of_id(&self, id: &str) -> Option<&Leftover> {
        self.rows.iter().find(|row| row.id == id)
    }

    /// The row of a path or of a folder above it.
    pub(in crate::findings) fn of_path(&self, path: &[u8]) -> Option<&Leftover> {
        let names: Vec<&[u8]> = path
            .split(|byte| *byte == b'/')
            .filter(|name| !name.is_empty())
            .collect();
        let row = (1..=names.len()).find_map(|depth| {
            let names = names.get(..depth).unwrap_or_default();
            self.find(names.iter().rev().copied())
        })?;
        let row = self.row(row)?;
        (!row.excepts(names.iter().rev().copied())).then_some(row)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn id(table: &Leftovers, path: &str) -> Option<String> {
        table.of_path(path.as_bytes()).map(|row| row.id.clone())
    }

    #[test]
    fn the_table_can_be_read_and_says_something_in_every_row() {
        let rows = &STANDARD.rows;
        assert!(rows.len() > 40);
        let ids: HashSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(ids.len(), rows.len(), "an id stands twice");
        for row in rows {
            let texts = [&row.id, &row.name, &row.reason, &row.advice];
            assert!(
                texts
                    .iter()
                    .all(|text| text.len() > 3 && !text.contains('\n')),
                "{row:?}"
            );
            assert!(!row.paths.is_empty(), "{row:?}");
            // An advice names its fix, and no other text of it has braces.
            let named = row.advice.matches("{fix}").count();
            assert_eq!(named, usize::from(row.fix.is_some()), "{row:?}");
            assert!(!row.told().contains(['{', '}']), "{row:?}");
        }
    }

    #[test]
    fn an_advice_is_written_from_its_fix() {
        let told = |id: &str| STANDARD.of_id(id).unwrap().advice();
        assert!(told("apt-lists").contains("creates them (rm -rf /var/lib/apt/lists/*), or"));
        assert!(told("apt-cache").starts_with("Run apt-get clean in the same RUN, or"));
        assert_eq!(told("apk-cache"), "Install with apk add --no-cache");
        let mounted = "with RUN --mount=type=cache,target=/root/.cache/pip pip install …";
        assert!(told("pip-cache").ends_with(mounted));
        assert_eq!(told("logs"), "Delete them in the RUN that writes them");
    }

    #[test]
    fn places_are_known_and_their_neighbours_are_not() {
        for (path, is) in [
            ("/var/lib/apt/lists/deb.debian.org_InRelease", "apt-lists"),
            ("/var/cache/apk/APKINDEX.tar.gz", "apk-cache"),
            ("/var/cache/dnf/x", "dnf-cache"),
            ("/root/.cache/pip/http/a", "pip-cache"),
            ("/opt/conda/pkgs/a.conda", "conda-packages"),
            ("/home/app/.npm/_cacache", "npm-cache"),
            ("/usr/local/share/.cache/yarn/v6/a", "yarn-cache"),
            ("/root/.local/share/pnpm/store/v3/a", "pnpm-store"),
            ("/usr/local/cargo/registry/cache/a", "cargo-registry"),
            ("/root/.cache/go-build/00/a", "go-build-cache"),
            ("/go/pkg/mod/a", "go-module-cache"),
            ("/root/.m2/repository/a", "maven-repository"),
            ("/root/.gradle/caches/a", "gradle-cache"),
            ("/app/__pycache__/a.pyc", "python-bytecode"),
            ("/app/src/core.o", "object-files"),
            ("/tmp/x", "temporary-files"),
            ("/var/log/dpkg.log", "logs"),
            ("/app/.git/HEAD", "version-control"),
            ("/app/.idea/a.xml", "editor-files"),
            ("/app/node_modules/.cache/x", "node-build-caches"),
            ("/usr/share/man/man1/ls.1.gz", "man-pages"),
            ("/usr/share/locale/de/LC_MESSAGES/a.mo", "locales"),
            ("/usr/share/doc/bash/README", "docs"),
        ] {
            assert_eq!(id(&STANDARD, path).as_deref(), Some(is), "{path}");
        }
        for path in [
            "/srv/var/lib/apt/lists/x",
            "/var/lib/apt/listsx",
            "/app/tmp/x",
            "/app/cache/pip",
            "/app/.o",
            "/app/x.so",
            "/app/.github/x",
            "/usr/lib/x86_64-linux-gnu/crt1.o",
            "/usr/share/doc/bash/copyright",
            "/app/.yarn/cache/a.zip",
            "/app/node_modules/a/package.json",
            "/usr/share/zoneinfo/UTC",
            "/",
        ] {
            assert_eq!(id(&STANDARD, path), None, "{path}");
        }
    }

    #[test]
    fn a_star_is_some_part_of_one_name() {
        for (pattern, name, is) in [
            ("*.o", "a.o", true),
            ("*.o", ".o", false),
            ("a*", "ab", true),
            ("a*", "a", false),
            ("hs_err_pid*.log", "hs_err_pid1.log", true),
            ("*a*b*", "xaxbx", true),
            ("*a*b*", "xabx", false),
            ("a*b*b", "a1b2b", true),
            ("*", "x", true),
        ] {
            assert_eq!(
                Name::of(pattern).matches(name.as_bytes()),
                is,
                "{pattern} {name}"
            );
        }
    }

    #[test]
    fn a_row_that_could_not_be_told_or_found_is_refused() {
        let row = || Leftover {
            id: "a".to_owned(),
            name: String::new(),
            paths: vec!["*.a".parse().unwrap()],
            except: Vec::new(),
            reason: " it is\n  long ".to_owned(),
            advice: "Leave\nit out\n".to_owned(),
            fix: None,
            optional: false,
        };
        let checked = row().checked().unwrap();
        assert_eq!(checked.told(), "Leave it out (a: it is long)");
        for id in ["", " ", "a b", "a\n", "\u{1b}[2J", &"a".repeat(100)] {
            let id = id.to_owned();
            let error = Leftover { id, ..row() }.checked().unwrap_err();
            assert!(matches!(error, LeftoverError::Id(_)), "{error}");
        }
        let paths = Vec::new();
        let error = Leftover { paths, ..row() }.checked().unwrap_err();
        assert!(matches!(error, LeftoverError::Paths(_)), "{error}");
        let advice = " \n".to_owned();
        let error = Leftover { advice, ..row() }.checked().unwrap_err();
        assert!(matches!(error, LeftoverError::Advice(_)), "{error}");
    }

    #[test]
    fn a_user_adds_replaces_and_silences() {
        let row = |id: &str, path: &str| Leftover {
            id: id.to_owned(),
            name: String::new(),
            paths: vec![path.parse().unwrap()],
            except: Vec::new(),
            reason: String::new(),
            advice: "Leave it out".to_owned(),
            fix: None,
            optional: false,
        };
        let table = Leftovers::changed(
            vec![row("checkpoints", "*.ckpt"), row("apt-lists", "/mine")],
            &["logs".to_owned()],
        );
        assert_eq!(id(&table, "/srv/a.ckpt").as_deref(), Some("checkpoints"));
        assert_eq!(id(&table, "/mine/a").as_deref(), Some("apt-lists"));
        assert_eq!(id(&table, "/var/lib/apt/lists/a"), None);
        assert_eq!(id(&table, "/var/log/a"), None);
        assert_eq!(id(&table, "/tmp/a").as_deref(), Some("temporary-files"));
        assert_eq!(table.row(0).unwrap().told(), "Leave it out (checkpoints)");
        for wrong in [
            "", "/", "a//b", "../a", "**/a", "/a/", "*", "/*", "/**", "*/*",
        ] {
            assert!(wrong.parse::<PathPattern>().is_err(), "{wrong}");
        }
    }
}
