//! apk: `/lib/apk/db/installed` of Alpine and what comes from it.
//!
//! Source: apk-tools, `src/database.c` (`apk_db_fdb_read`) and `src/package.c`: one letter, a colon and a value in a line.

use super::fields::{license, lines, package, text};
use super::record::{Entries, Files, Package, Paths, Type};

/// What one paragraph of the database says so far.
#[derive(Default)]
struct Paragraph<'c> {
    name: Option<String>,
    version: Option<String>,
    arch: Option<String>,
    license: Option<String>,
    folder: &'c [u8],
    files: Paths,
    has_lines: bool,
}

/// The installed packages, with their files.
pub(super) fn installed(content: &[u8], most: usize) -> Option<Entries> {
    let mut entries = Entries::default();
    let mut paragraph = Paragraph::default();
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
            ..package(Type::Apk, self.name?, self.version)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTALLED: &[u8] = b"C:Q1/0nMnl8bCNeQZuTBVQyVMoVBi1s=
P:musl
V:1.2.5-r1
A:x86_64
L:MIT
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
        assert_eq!(installed(INSTALLED, 1), None);
        let damaged = installed(b"\nP\n:\nV:1\n", 10).unwrap();
        assert!(damaged.packages.is_empty() && damaged.is_damaged);
        assert!(!installed(INSTALLED, 10).unwrap().is_damaged);
    }
}
