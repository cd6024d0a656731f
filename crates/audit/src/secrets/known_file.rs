//! Files that hold credentials by their name: the table of places, and what such a file has to hold.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex_lite::Regex;
use serde::Deserialize;

use super::placeholder::{is_placeholder, is_reference};
use super::{SecretMatch, SecretRule, keystore, variable};

/// One row of `places.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// The rule's id.
    rule: String,
    /// What it is.
    name: String,
    /// The last names of its path; `*` stands for any part of a name.
    paths: Vec<String>,
    /// Last names that are none.
    #[serde(default, rename = "except")]
    except: Vec<String>,
    /// What the file has to hold.
    holds: Holds,
    /// The expression whose group is the secret, if that is what it has to hold.
    #[serde(default)]
    shape: Option<String>,
    /// Who says what the file is.
    #[cfg_attr(
        not(test),
        expect(
            dead_code,
            reason = "for readers of the table; a test sees that it is there"
        )
    )]
    source: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Holds {
    /// Anything at all.
    Anything,
    /// Variables with values.
    Values,
    /// Variables that are named as secrets, with values.
    Secrets,
    /// Something of the row's shape that is no placeholder.
    Shape,
    /// A private key in a keystore.
    Keystore,
}

struct Table {
    rows: &'static [Row],
    shapes: Vec<Option<Regex>>,
    /// The rows by the last names of their places: every file of an image is asked for.
    by_name: HashMap<&'static [u8], Vec<usize>>,
    /// Those whose last name has a star, with what stands before and behind it.
    by_part: Vec<(&'static str, &'static str, usize)>,
}

static ROWS: LazyLock<Vec<Row>> =
    LazyLock::new(|| serde_json::from_str(include_str!("places.json")).unwrap_or_default());

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let rows: &'static [Row] = &ROWS;
    let shape = |row: &Row| Regex::new(row.shape.as_deref()?).ok();
    let mut by_name: HashMap<&'static [u8], Vec<usize>> = HashMap::new();
    let mut by_part = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        for last in row.paths.iter().filter_map(|path| path.rsplit('/').next()) {
            match last.split_once('*') {
                Some((before, behind)) => by_part.push((before, behind, at)),
                None => by_name.entry(last.as_bytes()).or_default().push(at),
            }
        }
    }
    Table {
        rows,
        shapes: rows.iter().map(shape).collect(),
        by_name,
        by_part,
    }
});

/// A file that is known by its name.
#[derive(Clone, Copy)]
pub(super) struct SecretFile(usize);

impl SecretFile {
    /// What the file at a path (its names, the last one last) is known as.
    pub(super) fn of(path: &[&[u8]]) -> Option<Self> {
        let last = path.last()?;
        let fits = |row: &Row| {
            row.paths.iter().any(|place| ends_in(path, place))
                && !row.except.iter().any(|name| is_like(last, name))
        };
        let by_name = TABLE.by_name.get(last).into_iter().flatten();
        let by_part = TABLE.by_part.iter().filter(|(before, behind, _)| {
            last.starts_with(before.as_bytes()) && last.ends_with(behind.as_bytes())
        });
        let rows = by_name.chain(by_part.map(|(_, _, row)| row)).copied();
        let fitting = rows.filter(|row| TABLE.rows.get(*row).is_some_and(fits));
        fitting.min().map(Self)
    }

    fn row(self) -> Option<&'static Row> {
        TABLE.rows.get(self.0)
    }

    /// It is found whatever it holds, so its content need not be kept.
    pub(super) fn holds_anything(self) -> bool {
        self.row().is_some_and(|row| row.holds == Holds::Anything)
    }

    /// It may be no text.
    pub(super) fn is_binary(self) -> bool {
        self.row().is_some_and(|row| row.holds == Holds::Keystore)
    }

    /// The file as a whole, as a finding.
    pub(super) fn spot(self) -> Option<SecretMatch> {
        let row = self.row()?;
        Some(SecretMatch {
            rule: SecretRule(&row.rule),
            line: 0,
        })
    }

    /// What is found in its content; `packaged` is a file of a package, whose settings are nobody's.
    pub(super) fn look(self, content: &[u8], packaged: bool) -> Option<SecretMatch> {
        let row = self.row()?;
        let line = match row.holds {
            Holds::Anything => Some(0),
            Holds::Keystore => keystore::holds_key(content).then_some(0),
            Holds::Values => variable::first_value(content, packaged),
            Holds::Secrets => variable::first_value(content, true),
            Holds::Shape => {
                let text = String::from_utf8_lossy(content);
                let shape = TABLE.shapes.get(self.0)?.as_ref()?;
                let mut found = shape.captures_iter(&text);
                let secret = found.find_map(|found| {
                    let secret = found.iter().skip(1).flatten().next()?;
                    let real = !is_placeholder(secret.as_str()) && !is_reference(secret.as_str());
                    real.then_some(secret.start())
                })?;
                Some(super::line::line(text.as_bytes(), secret))
            }
        }?;
        Some(SecretMatch {
            rule: SecretRule(&row.rule),
            line,
        })
    }
}

/// The path's last names are those of the place.
fn ends_in(path: &[&[u8]], place: &str) -> bool {
    let mut names = path.iter().rev();
    place
        .rsplit('/')
        .all(|like| names.next().is_some_and(|name| is_like(name, like)))
}

/// The name is the pattern's, in which one `*` stands for any part.
fn is_like(name: &[u8], like: &str) -> bool {
    match like.split_once('*') {
        None => name == like.as_bytes(),
        Some((before, behind)) => {
            name.len() > before.len() + behind.len()
                && name.starts_with(before.as_bytes())
                && name.ends_with(behind.as_bytes())
        }
    }
}

/// The file belongs to a package that somebody else wrote, or to its tests and documentation.
pub(super) fn is_packaged(path: &[&[u8]]) -> bool {
    const FOLDERS: [&[u8]; 12] = [
        b"node_modules",
        b"site-packages",
        b"dist-packages",
        b"bower_components",
        b"gems",
        b".cargo",
        b".rustup",
        b".m2",
        b".gradle",
        b"vendor",
        b"Cellar",
        b"nix",
    ];
    const TREES: [&[&[u8]]; 12] = [
        &[b"usr", b"share"],
        &[b"usr", b"lib"],
        &[b"usr", b"lib64"],
        &[b"usr", b"include"],
        &[b"usr", b"src"],
        &[b"lib"],
        &[b"usr", b"local", b"lib"],
        &[b"usr", b"local", b"share"],
        &[b"usr", b"local", b"go"],
        &[b"usr", b"local", b"include"],
        &[b"opt", b"conda"],
        &[b"go", b"pkg"],
    ];
    let Some((_, folders)) = path.split_last() else {
        return false;
    };
    let below = |tree: &[&[u8]]| {
        folders.len() >= tree.len()
            && folders
                .iter()
                .zip(tree.iter())
                .all(|(name, tree)| name == tree)
    };
    folders.iter().any(|name| FOLDERS.contains(name)) || TREES.iter().any(|tree| below(tree))
}

/// The same of a whole path.
pub(crate) fn is_packaged_path(path: &[u8]) -> bool {
    let names = path.split(|byte| *byte == b'/');
    let names: Vec<&[u8]> = names.filter(|name| !name.is_empty()).collect();
    is_packaged(&names)
}

pub(super) fn rules() -> impl Iterator<Item = SecretRule> {
    TABLE.rows.iter().map(|row| SecretRule(row.rule.as_str()))
}

pub(super) fn name(id: &str) -> Option<&'static str> {
    let row = TABLE.rows.iter().find(|row| row.rule == id)?;
    Some(&row.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<&[u8]> {
        let names = text.split('/').filter(|name| !name.is_empty());
        names.map(str::as_bytes).collect()
    }

    fn rule(at: &str, content: &str) -> Option<&'static str> {
        let path = path(at);
        let spot = SecretFile::of(&path)?.look(content.as_bytes(), is_packaged(&path))?;
        Some(spot.rule.id())
    }

    #[test]
    fn every_row_can_be_used() {
        assert!(TABLE.rows.len() > 20);
        for (row, shape) in TABLE.rows.iter().zip(&TABLE.shapes) {
            assert_eq!(row.holds == Holds::Shape, shape.is_some(), "{row:?}");
            assert!(
                row.name.len() > 3 && row.source.len() > 3 && !row.paths.is_empty(),
                "{row:?}"
            );
        }
    }

    #[test]
    fn files_are_known_by_name_and_content() {
        for (at, content, expected) in [
            ("/app/.env", "A=1\nDB_PASSWORD=hunter2\n", "env-file"),
            (
                "/app/.env.production",
                "export API=https://x.internal\n",
                "env-file",
            ),
            ("/root/.bash_history", "ls\n", "shell-history"),
            (
                "/etc/x/prod.env",
                "MODE=x\nDB_PASSWORD=hunter2\n",
                "env-file",
            ),
            ("/root/.npmrc", "_auth=Xk29vLqp\n", "npm-auth"),
            ("/root/.netrc", "machine a login b password Xk29vL", "netrc"),
            (
                "/root/.pypirc",
                "[pypi]\nusername = a\npassword = Xk29vL\n",
                "pypirc",
            ),
            (
                "/root/.git-credentials",
                "https://a:Xk29vL@git.example\n",
                "git-credentials",
            ),
            ("/root/.pgpass", "db:5432:app:app:Xk29vL\n", "pgpass"),
            (
                "/root/.my.cnf",
                "[client]\npassword=\"Xk29vL\"\n",
                "mysql-login",
            ),
            (
                "/srv/.htpasswd",
                "a:$apr1$Xk29vLqp$abcdefghijklmnop\n",
                "htpasswd",
            ),
            (
                "/etc/shadow",
                "root:$6$saltsalt$abcdefghijk:1:::::\n",
                "shadow-password",
            ),
            (
                "/root/.kube/config",
                "users:\n- user:\n    token: Xk29vLqp\n",
                "kubeconfig-login",
            ),
            (
                "/root/.cargo/credentials.toml",
                "[registry]\ntoken = \"Xk29vLqp\"\n",
                "cargo-token",
            ),
            (
                "/root/.m2/settings.xml",
                "<password>Xk29vLqp</password>",
                "maven-password",
            ),
            (
                "/app/config/master.key",
                "0123456789abcdef0123456789abcdef",
                "rails-master-key",
            ),
        ] {
            assert_eq!(rule(at, content), Some(expected), "{at}");
        }
        for (at, content) in [
            ("/app/.env.example", "DB_PASSWORD=hunter2\n"),
            ("/app/.env", "DB_PASSWORD=\nTOKEN=${TOKEN}\n# A=1\n"),
            ("/app/node_modules/x/.env", "REDIS_HOST=127.0.0.1\n"),
            ("/etc/x/build.env", "MODE=chroot\n"),
            ("/root/.npmrc", "_auth=${NPM_AUTH}\n"),
            ("/root/.netrc", "machine a login b password ${PASSWORD}"),
            ("/root/.pypirc", "[pypi]\nusername = a\n"),
            ("/etc/shadow", "root:*:1:::::\napp:!:1:::::\n"),
            ("/srv/etc/passwd", "root:x:0:0::/root:/bin/sh\n"),
            (
                "/root/.m2/settings.xml",
                "<password>${env.PASSWORD}</password>",
            ),
            ("/root/bash_history", "ls\n"),
        ] {
            assert_eq!(rule(at, content), None, "{at}");
        }
    }

    #[test]
    fn packages_are_not_ones_own() {
        for at in [
            "/usr/share/doc/x/a.pem",
            "/app/node_modules/a/b",
            "/usr/local/lib/python3.12/test/k.pem",
        ] {
            assert!(is_packaged(&path(at)), "{at}");
        }
        for at in [
            "/app/a",
            "/root/.ssh/id",
            "/usr/bin/x",
            "/etc/ssl/private/a.key",
            "/vendor",
        ] {
            assert!(!is_packaged(&path(at)), "{at}");
        }
    }
}
