//! Globs of paths, and the paths of an image that they meet.

use std::collections::{BTreeSet, HashSet};
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer};

use super::linked::{Linked, Start};
use super::matcher::Matcher;
use super::quantity::shown;
use crate::layer::{DirId, EntryKind};
use crate::limits::GLOB_BYTES;
use crate::stack::{NodeId, Stack};

/// A glob: from the root with a leading slash, else at any depth. `*`, `?` and `[…]` stay within one name, the last two
/// take one byte; `**` between two slashes goes across folders, `{a,b}` is either, `\` takes a character as it is. Names may be
/// given as they are printed (`\xNN`, `\n`).
#[derive(Clone, Debug)]
pub struct PathGlob {
    text: String,
    matcher: Matcher,
    /// How it begins, where that may lead through symbolic links.
    start: Option<Start>,
}

/// A text that is no glob.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{glob:?} is not a valid glob: {problem}")]
pub struct GlobError {
    /// The text.
    glob: String,
    /// What is wrong with it.
    problem: String,
}

impl FromStr for PathGlob {
    type Err = GlobError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |problem: String| GlobError {
            glob: shown(text),
            problem,
        };
        let glob = text.strip_suffix('/').unwrap_or(text);
        if glob.trim().is_empty() {
            return Err(error("it is empty".to_owned()));
        }
        if glob.len() > GLOB_BYTES {
            return Err(error(format!("it is longer than {GLOB_BYTES} bytes")));
        }
        if let Some(problem) = never(glob) {
            return Err(error(problem.to_owned()));
        }
        // Paths are matched without their leading slash: the name before it would be an empty one that `*` takes.
        let whole = match glob.strip_prefix('/') {
            Some(rooted) => rooted.to_owned(),
            None => format!("**/{glob}"),
        };
        Ok(Self {
            matcher: Matcher::new(&whole).map_err(|problem| error(problem.kind().to_string()))?,
            start: Start::of(text.strip_suffix('/').unwrap_or(text)),
            text: text.to_owned(),
        })
    }
}

/// Why a glob would meet nothing, or less than it says: a gate must not stand open for want of a slash.
fn never(glob: &str) -> Option<&'static str> {
    let names = glob.strip_prefix('/').unwrap_or(glob).split('/');
    if names.clone().any(|name| matches!(name, "" | "." | "..")) {
        return Some("paths have no empty names and no . or .. in them");
    }
    let (mut before, mut characters) = (None, glob.chars().peekable());
    let mut class = false;
    while let Some(character) = characters.next() {
        let after = characters.peek().copied();
        match character {
            '\\' => drop(characters.next()),
            '[' => class = true,
            ']' => class = false,
            _ if class && !character.is_ascii() => {
                return Some("`[…]` matches single bytes; write other characters as {ä,ö}");
            }
            _ if class => {}
            '/' if matches!(before, Some('{' | ',')) => {
                return Some("an alternative cannot begin with a slash; write /{a,b}");
            }
            '*' if after == Some('*') => {
                characters.next();
                let alone = matches!(before, None | Some('/' | '{' | ','))
                    && matches!(characters.peek(), None | Some('/' | '}' | ','));
                if !alone {
                    return Some("`**` must stand alone between slashes, as in /app/**/*.map");
                }
            }
            _ => {}
        }
        before = Some(character);
    }
    None
}

impl<'de> Deserialize<'de> for PathGlob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl PartialEq for PathGlob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for PathGlob {}

impl PathGlob {
    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it meets a path, with a leading slash.
    #[must_use]
    pub fn meets(&self, path: &[u8]) -> bool {
        let path = path.strip_prefix(b"/").unwrap_or(path);
        // The root has no name that a glob could meet.
        !path.is_empty() && self.matcher.is_match(path)
    }

    /// Whether it meets a path, or all that is below it: `/app/**` means `/app`.
    pub(super) fn covers(&self, path: &[u8]) -> bool {
        self.meets(path) || self.text.ends_with("/**") && self.meets(&[path, b"/."].concat())
    }

    /// As [`Self::meets`], and the glob's first names are followed through the symbolic links of the stack at `layer`.
    pub(crate) fn meets_in(&self, stack: &Stack, layer: usize, path: &[u8]) -> bool {
        self.meets(path) || Linked::new(self.start.as_ref(), stack, layer).meets(path)
    }

    /// As [`Self::covers`], and the glob's first names are followed through the symbolic links of the final stack.
    pub(super) fn covers_in(&self, stack: &Stack, path: &[u8]) -> bool {
        let all_below = self.text.ends_with("/**");
        self.covers(path) || {
            let linked = Linked::new(self.start.as_ref(), stack, stack.depth());
            linked.meets(path) || all_below && linked.meets(&[path, b"/."].concat())
        }
    }

    /// The paths of the final stack that it meets, of layers above `base`, in byte order. Its first names are followed
    /// through symbolic links.
    pub(super) fn in_stack(&self, stack: &Stack, base: usize) -> BTreeSet<Vec<u8>> {
        let linked = Linked::new(self.start.as_ref(), stack, stack.depth());
        let nodes = (1..stack.nodes() as u32).map(NodeId);
        let there = nodes.filter(|node| {
            let version = stack.at(*node, stack.depth());
            version.is_some_and(|version| version.layer > base)
        });
        let paths = there.map(|node| stack.path(node));
        paths
            .filter(|path| self.meets(path) || linked.meets(path))
            .collect()
    }

    /// Bytes of the files of the final stack that it meets, or that are in a folder that it meets; an inode once. A path
    /// without wildcards may be a link to the folder.
    pub(super) fn bytes(&self, stack: &Stack) -> u64 {
        let depth = stack.depth();
        let linked = Linked::new(self.start.as_ref(), stack, depth);
        let is_path = self.text.starts_with('/') && !self.text.contains(['*', '?', '[', '{', '\\']);
        let folder = Some(self.text.as_bytes()).filter(|_| is_path);
        let folder = folder.and_then(|path| stack.folder(path, depth));
        let mut within = vec![false; stack.nodes()];
        let mut counted = HashSet::new();
        let mut bytes = 0;
        // What is in a folder has higher numbers than it.
        for node in (1..stack.nodes() as u32).map(NodeId) {
            let above = within.get(stack.parent(node).0 as usize) == Some(&true);
            let is_within = above || folder == Some(node) || {
                let path = stack.path(node);
                self.meets(&path) || linked.meets(&path)
            };
            if !is_within {
                continue;
            }
            if let Some(place) = within.get_mut(node.0 as usize) {
                *place = true;
            }
            let stored = stack
                .at(node, depth)
                .and_then(|version| stack.stored_by(version));
            let Some((layer, entry)) = stored else {
                continue;
            };
            let Some(index) = stack.layer(layer) else {
                continue;
            };
            if index.kind(entry) == EntryKind::File && counted.insert((layer, entry)) {
                bytes += index.size(entry);
            }
        }
        bytes
    }

    /// The paths that any layer above `base` stores and it meets, those that are deleted later too; folders that only
    /// what is below them implies are among them. Its first names are followed through the symbolic links of the stack at
    /// that layer and of the final one.
    pub(super) fn in_layers(&self, stack: &Stack, base: usize) -> BTreeSet<Vec<u8>> {
        let linked = |layer| Linked::new(self.start.as_ref(), stack, layer);
        let at_last = linked(stack.depth());
        let mut met = BTreeSet::new();
        for (layer, index) in (1..).zip(stack.layers()).skip(base) {
            let then = linked(layer);
            let meets = |path: &[u8]| self.meets(path) || then.meets(path) || at_last.meets(path);
            let mut folders = HashSet::new();
            for entry in index.entries().filter(|entry| !index.kind(*entry).hides()) {
                let path = index.path(entry);
                let (mut folder, mut above) = (index.dir(entry), path.as_slice());
                while folder != DirId::ROOT && folders.insert(folder) {
                    let slash = above.iter().rposition(|byte| *byte == b'/');
                    above = slash
                        .and_then(|slash| above.get(..slash))
                        .unwrap_or_default();
                    if meets(above) {
                        met.insert(above.to_vec());
                    }
                    folder = index.dir_parent(folder);
                }
                if meets(&path) {
                    met.insert(path);
                }
            }
        }
        met
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_meets_what_its_documentation_says() {
        for (glob, path, meets) in [
            ("/etc/shadow", "/etc/shadow", true),
            ("/etc/shadow", "/app/etc/shadow", false),
            ("/etc/", "/etc", true),
            (".env", "/app/.env", true),
            (".env", "/.env", true),
            (".env", "/app/x.env", false),
            ("*.pem", "/etc/ssl/a.pem", true),
            ("/etc/*.pem", "/etc/ssl/a.pem", false),
            ("/etc/**/*.pem", "/etc/ssl/a.pem", true),
            ("/etc/**/*.pem", "/etc/a.pem", true),
            ("/usr/{bin,sbin}/gcc", "/usr/sbin/gcc", true),
            ("/a?", "/ab", true),
            ("/a?", "/a/", false),
            ("config.user", "config.user", true),
            ("/a\\*", "/a*", true),
            ("/a\\*", "/ab", false),
            ("/app/**", "/app/a/b", true),
            ("/app/**", "/apps", false),
            ("/app/**", "/app", false),
            ("*/bin", "/bin", false),
            ("*/bin", "/usr/bin", true),
            ("*", "/", false),
            ("**", "/", false),
            ("/*", "/a", true),
            ("/*", "/a/b", false),
            ("/{etc/**,srv}", "/etc/a/b", true),
            ("[*]", "/*", true),
            ("/A", "/a", false),
            ("/a?", "/a\u{fc}", false),
            ("/a??", "/a\u{fc}", true),
        ] {
            let glob: PathGlob = glob.parse().unwrap();
            assert_eq!(glob.meets(path.as_bytes()), meets, "{} {path}", glob.text());
        }
        let glob: PathGlob = "/app/**".parse().unwrap();
        assert!(glob.covers(b"/app") && glob.covers(b"/app/x") && !glob.covers(b"/apps"));
        let glob: PathGlob = "*.\u{fc}".parse().unwrap();
        assert!(glob.meets("/a.\u{fc}".as_bytes()) && !glob.meets(b"/a.\xfc"));
        let glob: PathGlob = "a*".parse().unwrap();
        assert!(glob.meets(b"/a\xff\n"));
    }

    #[test]
    fn what_is_no_glob_is_an_error_and_never_meets_nothing_in_silence() {
        for wrong in [
            "",
            "/",
            " ",
            "[a",
            "{a",
            "a\\",
            "./a",
            "/a/../b",
            "a//b",
            "//a",
            "a//",
            "**.pem",
            "/app/**.map",
            "/a**",
            "***",
            "/a/**b/c",
            "{/etc/a,/etc/b}",
            "/a[\u{fc}]",
        ] {
            assert!(wrong.parse::<PathGlob>().is_err(), "{wrong}");
        }
        let deep = "{".repeat(500) + "a" + &"}".repeat(500);
        for hostile in [deep, "[a-z]*".repeat(100_000), "{a,".repeat(300)] {
            let error = hostile.parse::<PathGlob>().map(|_| ()).unwrap_err();
            assert!(error.to_string().len() < 300, "{error}");
        }
        // What is large and means something works.
        let wide = format!(
            "{{{}}}",
            (0..150)
                .map(|n| format!("a{n}"))
                .collect::<Vec<_>>()
                .join(",")
        );
        assert!(wide.parse::<PathGlob>().unwrap().meets(b"/x/a149"));
    }
}
