//! apk: `/lib/apk/db/installed` of Alpine and what comes from it.
//!
//! Source: apk-tools, `src/database.c` (`apk_db_fdb_read`) and `src/package.c`: one letter, a colon and a value in a line.

use super::fields::{license, lines, package, text};
use super::record::{Entries, Files, Package, Paths, Relations, Type};
use crate::limits::{LAYER_PACKAGES, PACKAGE_RELATIONS};

/// What one paragraph of the database says so far.
#[derive(Default)]
struct Paragraph<'c> {
    name: Option<String>,
    version: Option<String>,
    arch: Option<String>,
    license: Option<String>,
    folder: &'c [u8],
    files: Paths,
    relations: Relations,
    has_lines: bool,
}

/// The installed packages, with their files.
pub(super) fn installed(content: &[u8], most: usize) -> Option<Entries> {
    let mut entries = Entries::default();
    let mut paragraph = Paragraph::default();
    let mut room = PACKAGE_RELATIONS;
    for line in lines(content).chain([&b""[..]]) {
        if line.is_empty() {
            let paragraph = std::mem::take(&mut paragraph);
            if paragraph.has_lines {
                entries.push(paragraph.package());
            }
            if entries.packages.len() > most {
                return None;
            }
            continue;
        }
        paragraph.has_lines = true;
        let Some((key, value)) = line.split_first_chunk::<2>() else {
            continue;
        };
        match key {
            b"P:" => paragraph.name = text(value),
            b"V:" => paragraph.version = text(value),
            b"A:" => paragraph.arch = text(value),
            b"L:" => paragraph.license = license(value),
            b"D:" => {
                let needs = names(value).take(room).map(|name| vec![name]);
                paragraph.relations.needs.extend(needs);
                room = room.saturating_sub(paragraph.relations.needs.len());
            }
            b"p:" => {
                let provides = names(value).take(room);
                paragraph.relations.provides.extend(provides);
                room = room.saturating_sub(paragraph.relations.provides.len());
            }
            // A folder, and below it the files that follow.
            b"F:" => paragraph.folder = value,
            b"R:" => paragraph.files.push_parts(paragraph.folder, value),
            _ => {}
        }
    }
    Some(entries)
}

impl Paragraph<'_> {
    fn package(self) -> Option<Package> {
        let arch = self.arch.map(|arch| ("arch".to_owned(), arch));
        Some(Package {
            license: self.license,
            qualifiers: arch.into_iter().collect(),
            files: Files::Listed(self.files),
            relations: self.relations,
            ..package(Type::Apk, self.name?, self.version)
        })
    }
}

/// Names without their versions and repositories, as `gcc so:libc.so=1 musl-dev~1.2 go@edge`. What may not be installed has
/// an exclamation mark before it.
fn names(value: &[u8]) -> impl Iterator<Item = String> {
    let all = value.split(|byte| byte.is_ascii_whitespace());
    let wanted = all.filter(|name| !name.starts_with(b"!"));
    wanted.filter_map(|name| {
        let end = name.iter().position(|byte| b"<>=~@".contains(byte));
        text(name.get(..end.unwrap_or(name.len()))?)
    })
}

/// The packages of `/etc/apk/world`: those that were asked for.
pub(super) fn world(content: &[u8]) -> Vec<String> {
    names(content).take(LAYER_PACKAGES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTALLED: &[u8] = b"C:Q1/0nMnl8bCNeQZuTBVQyVMoVBi1s=
P:musl
V:1.2.5-r1
A:x86_64
L:MIT
D:so:libc.musl-x86_64.so.1 gcc=13 !glibc /bin/sh
p:cmd:ldd=1.2.5-r1
T:the musl c library (libc) implementation
o:musl
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1g7XHgnNJXDPLJmDzmTaYaLcX2OA=
R:libc.musl-x86_64.so.1

P:base
V:1
F:
R:top
M:0:0:1777
F:etc/apk
";

    #[test]
    fn packages_are_told_with_their_files() {
        let packages = installed(INSTALLED, 10).unwrap().packages;
        let [musl, base] = packages.as_slice() else {
            panic!("{packages:?}")
        };
        assert_eq!(
            (musl.name.as_str(), musl.version.as_str()),
            ("musl", "1.2.5-r1")
        );
        assert_eq!(musl.license.as_deref(), Some("MIT"));
        let of = |package: &Package| match &package.files {
            Files::Listed(paths) => paths.iter(b"/x").collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            of(musl),
            [
                &b"/lib/ld-musl-x86_64.so.1"[..],
                b"/lib/libc.musl-x86_64.so.1"
            ]
        );
        assert_eq!(of(base), [b"/top"]);
        assert_eq!(
            musl.relations.needs,
            [["so:libc.musl-x86_64.so.1"], ["gcc"], ["/bin/sh"]]
        );
        assert_eq!(musl.relations.provides, ["cmd:ldd"]);
        assert_eq!(world(b"a>1\nb~2 c@edge !d\n"), ["a", "b", "c"]);
        assert_eq!(installed(INSTALLED, 1), None);
        let damaged = installed(b"\nP\n:\nV:1\n", 10).unwrap();
        assert!(damaged.packages.is_empty() && damaged.is_damaged);
        assert!(!installed(INSTALLED, 10).unwrap().is_damaged);
    }
}
