//! Where a glob begins: its names before the first wildcard, followed through symbolic links as a container would.
//!
//! `/bin/sh` is a file that a container sees, though it is stored at `/usr/bin/sh` where `/bin` is a link.

use super::matcher::Matcher;
use crate::names;
use crate::stack::{NodeId, Stack};

/// How a glob from the root begins.
#[derive(Clone, Debug)]
pub(super) struct Start {
    /// The path of the names before the first wildcard; without one, of all but the last name.
    folder: Vec<u8>,
    rest: Rest,
}

/// What follows that.
#[derive(Clone, Debug)]
enum Rest {
    /// The last name, which is no wildcard.
    Name(Vec<u8>),
    /// Names of which the first has a wildcard.
    Glob(Matcher),
}

impl Start {
    /// None for a glob of any depth, or one that begins with a wildcard or is a single name: such lead through no link.
    pub(super) fn of(glob: &str) -> Option<Self> {
        let mut left = glob.strip_prefix('/')?;
        let mut folder = Vec::new();
        loop {
            let (name, behind) = match left.split_once('/') {
                Some((name, behind)) => (name, Some(behind)),
                None => (left, None),
            };
            let rest = match (literal(name), behind) {
                (Some(name), Some(behind)) => {
                    folder.push(b'/');
                    folder.extend(name);
                    left = behind;
                    continue;
                }
                (Some(name), None) => Rest::Name(name),
                (None, _) if folder.is_empty() => return None,
                (None, _) => Rest::Glob(Matcher::new(left).ok()?),
            };
            return Some(Self { folder, rest });
        }
    }
}

/// A name without wildcards, its escapes undone: those of the printed form, else those of the glob.
fn literal(name: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut left = name.as_bytes();
    while let Some((letter, behind)) = left.split_first() {
        left = match letter {
            // What closes or separates something is a letter where nothing was opened.
            b'*' | b'?' | b'[' | b'{' => return None,
            b'\\' => match names::escape(behind) {
                Some((escaped, behind)) => {
                    bytes.extend(escaped);
                    behind
                }
                None => {
                    let (letter, behind) = behind.split_first()?;
                    bytes.push(*letter);
                    behind
                }
            },
            letter => {
                bytes.push(*letter);
                behind
            }
        };
    }
    Some(bytes)
}

/// What a glob meets in one stack beyond the paths that it spells out.
pub(super) struct Linked<'g> {
    /// Paths that it meets.
    paths: Vec<Vec<u8>>,
    /// A folder, and what it meets below that.
    below: Option<(Vec<u8>, &'g Matcher)>,
}

impl<'g> Linked<'g> {
    pub(super) fn new(start: Option<&'g Start>, stack: &Stack, layer: usize) -> Self {
        let mut linked = Self {
            paths: Vec::new(),
            below: None,
        };
        let Some(Start { folder, rest }) = start else {
            return linked;
        };
        let Ok(real) = stack.resolve(folder, layer) else {
            return linked;
        };
        let path = match real {
            NodeId::ROOT => Vec::new(),
            node => stack.path(node),
        };
        match rest {
            Rest::Glob(_) if path == *folder => {}
            Rest::Glob(glob) => linked.below = Some((path, glob)),
            Rest::Name(name) => {
                let path = [&path, &b"/"[..], name].concat();
                // The last name is followed too where it leads to a folder.
                if let Ok(end) = stack.look_up(&path, layer) {
                    linked.paths.push(stack.path(end));
                }
                linked.paths.push(path);
            }
        }
        linked
    }

    pub(super) fn meets(&self, path: &[u8]) -> bool {
        self.paths.iter().any(|one| one == path)
            || self.below.as_ref().is_some_and(|(folder, glob)| {
                let rest = path.strip_prefix(folder.as_slice());
                let rest = rest.and_then(|rest| rest.strip_prefix(b"/"));
                rest.is_some_and(|rest| !rest.is_empty() && glob.is_match(rest))
            })
    }
}

#[cfg(test)]
mod tests {
    use onionskin_fixtures::{Layer, layer};

    use super::super::paths::PathGlob;
    use crate::layer::{Expected, LayerDecoder};
    use crate::stack::Stack;

    fn stack(layers: &[Layer]) -> Stack {
        let mut stack = Stack::new();
        for layer in layers {
            let mut decoder = LayerDecoder::new(Expected::default());
            decoder.push(&layer.tar()).unwrap();
            stack.push(decoder.finish().unwrap()).unwrap();
        }
        stack
    }

    fn merged_usr() -> Stack {
        stack(&[
            layer("x")
                .symlink("/bin", "usr/bin")
                .symlink("/var/run", "/run")
                .symlink("/a,b]", "/run/app")
                .file("/run/app/pid", "1")
                .file("/usr/bin/sh", "1")
                .symlink("/usr/bin/ash", "sh")
                .file("/usr/bin/old", "1")
                .file("/run/app/a*b.pid", "1"),
            layer("x")
                .whiteout("/usr/bin/old")
                .file("/usr/bin/new", "1"),
        ])
    }

    #[test]
    fn globs_begin_through_links_as_paths_do() {
        let stack = merged_usr();
        for (glob, in_stack) in [
            ("/bin/sh", &["/usr/bin/sh"][..]),
            ("/bin/ash", &["/usr/bin/ash"]),
            ("/bin/*sh", &["/usr/bin/ash", "/usr/bin/sh"]),
            ("/bin/{sh,new}", &["/usr/bin/new", "/usr/bin/sh"]),
            ("/bin/n?w", &["/usr/bin/new"]),
            ("/bin/[a-n]*", &["/usr/bin/ash", "/usr/bin/new"]),
            ("/bin/**", &["/usr/bin/ash", "/usr/bin/new", "/usr/bin/sh"]),
            ("/var/run/app/*.pid", &["/run/app/a*b.pid"]),
            (r"/var/run/app/a\*b.pid", &["/run/app/a*b.pid"]),
            ("/var/run/**/*.pid", &["/run/app/a*b.pid"]),
            // The link itself, and the folder that it leads to.
            ("/bin", &["/bin", "/usr/bin"]),
            ("/a,b]/pid", &["/run/app/pid"]),
            ("/a,b]/p*", &["/run/app/pid"]),
            // Behind a wildcard, and at any depth, paths are meant as they are stored.
            ("/b*/sh", &[]),
            ("bin/sh", &["/usr/bin/sh"]),
            ("/bin/old", &[]),
            ("/none/sh", &[]),
            ("/bin/sh/x", &[]),
        ] {
            let parsed: PathGlob = glob.parse().unwrap();
            let met = parsed.in_stack(&stack, 0).into_iter();
            let met: Vec<_> = met.map(|path| String::from_utf8(path).unwrap()).collect();
            assert_eq!(met, in_stack, "{glob}");
        }
    }

    #[test]
    fn what_layers_store_is_met_through_the_links_of_their_time() {
        let in_layers = |stack: &Stack, glob: &str, base| {
            let met = glob.parse::<PathGlob>().unwrap().in_layers(stack, base);
            let met = met.into_iter().map(|path| String::from_utf8(path).unwrap());
            met.collect::<Vec<_>>()
        };
        assert_eq!(in_layers(&merged_usr(), "/bin/old", 0), ["/usr/bin/old"]);
        assert_eq!(in_layers(&merged_usr(), "/bin/*", 1), ["/usr/bin/new"]);
        // The link came later, and is gone at last.
        let later = stack(&[
            layer("x").file("/usr/bin/sh", "1"),
            layer("x").symlink("/bin", "usr/bin"),
        ]);
        assert_eq!(in_layers(&later, "/bin/sh", 0), ["/usr/bin/sh"]);
        let gone = stack(&[
            layer("x")
                .file("/usr/bin/sh", "1")
                .symlink("/bin", "usr/bin"),
            layer("x").whiteout("/bin"),
        ]);
        assert_eq!(in_layers(&gone, "/bin/sh", 0), ["/usr/bin/sh"]);
        // Folders without an entry of their own, which nothing is in at last; whiteouts imply none.
        let implied = stack(&[
            layer("x")
                .file("/app/.git/objects/a", "1")
                .file("/app/.git/objects/b", "1")
                .whiteout("/srv/.git/x"),
            layer("x").whiteout("/app"),
        ]);
        assert_eq!(in_layers(&implied, ".git", 0), ["/app/.git"]);
        assert_eq!(in_layers(&implied, "/app", 0), ["/app"]);
        assert_eq!(
            in_layers(&implied, "/app/**", 0),
            [
                "/app/.git",
                "/app/.git/objects",
                "/app/.git/objects/a",
                "/app/.git/objects/b"
            ]
        );
        assert!(in_layers(&implied, ".git", 1).is_empty());
    }

    #[test]
    fn what_is_ignored_is_named_through_links_too() {
        let stack = merged_usr();
        for (glob, path, covers) in [
            ("/bin/sh", "/usr/bin/sh", true),
            ("/bin/old", "/usr/bin/old", true),
            ("/bin/**", "/usr/bin", true),
            ("/bin/**", "/usr/bin/x/y", true),
            ("/var/run/*", "/run/app", true),
            ("/bin/sh", "/sbin/sh", false),
            ("/bin/**", "/usr/binary", false),
            ("/bin/*", "config.user", false),
        ] {
            let parsed: PathGlob = glob.parse().unwrap();
            assert_eq!(
                parsed.covers_in(&stack, path.as_bytes()),
                covers,
                "{glob} {path}"
            );
        }
    }
}
