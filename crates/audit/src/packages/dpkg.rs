//! dpkg: `/var/lib/dpkg` of Debian, Ubuntu and what comes from them, and `status.d` of distroless images; and what APT
//! installed for others.
//!
//! Sources: deb822(5), deb-control(5), dpkg-divert(1), dpkg's `lib/dpkg/fsys.h` and `db-fsys-load.c`; apt-mark(8).

use super::fields::{field, lines, package, text};
use super::record::{Entries, Files, Package, Paths, Relations, Type};
use crate::limits::{LAYER_PACKAGES, PACKAGE_RELATIONS};

/// What one stanza of a status file says so far.
#[derive(Default)]
struct Stanza {
    name: Option<String>,
    version: Option<String>,
    architecture: Option<String>,
    relations: Relations,
    /// It is not on disk, or only its configuration is.
    is_gone: bool,
    has_lines: bool,
}

/// The installed packages of a status file. Their files are in lists of their own.
pub(super) fn status(content: &[u8], most: usize) -> Option<Entries> {
    let mut entries = Entries::default();
    let mut stanza = Stanza::default();
    let mut room = PACKAGE_RELATIONS;
    for line in lines(content).chain([&b""[..]]) {
        if line.is_empty() {
            let stanza = std::mem::take(&mut stanza);
            if stanza.has_lines && !stanza.is_gone {
                entries.push(stanza.package());
            }
            if entries.packages.len() > most {
                return None;
            }
            continue;
        }
        stanza.has_lines = true;
        let Some((key, value)) = field(line) else {
            continue;
        };
        match key.to_ascii_lowercase().as_slice() {
            b"package" => stanza.name = text(value),
            b"version" => stanza.version = text(value),
            b"architecture" => stanza.architecture = text(value),
            // What is recommended is installed and kept like what is needed.
            b"depends" | b"pre-depends" | b"recommends" => {
                stanza.relations.needs.extend(needs(value, &mut room));
            }
            b"provides" => {
                let provides = needs(value, &mut room).flatten();
                stanza.relations.provides.extend(provides);
            }
            b"essential" => stanza.relations.is_essential |= value == b"yes",
            b"priority" => stanza.relations.is_essential |= value == b"required",
            b"status" => {
                let state = value.rsplit(|byte| *byte == b' ').next();
                stanza.is_gone = matches!(state, Some(b"not-installed" | b"config-files"));
            }
            _ => {}
        }
    }
    Some(entries)
}

impl Stanza {
    fn package(self) -> Option<Package> {
        let name = self.name?;
        let arch = self.architecture.map(|arch| ("arch".to_owned(), arch));
        Some(Package {
            qualifiers: arch.into_iter().collect(),
            files: Files::Elsewhere,
            relations: self.relations,
            ..package(Type::Deb, name, self.version)
        })
    }
}

/// The packages of a field as `Depends`: `libc6 (>= 2.34), awk:any | mawk`, each with its alternatives. No more names are
/// read than there is room for.
fn needs(value: &[u8], room: &mut usize) -> impl Iterator<Item = Vec<String>> {
    let all = value.split(|byte| *byte == b',');
    all.map_while(|one| {
        let alternatives = one.split(|byte| *byte == b'|');
        let names: Vec<String> = alternatives.filter_map(name).take(*room).collect();
        *room -= names.len();
        (*room > 0).then_some(names)
    })
}

/// The name of a package, without its version and architecture.
fn name(package: &[u8]) -> Option<String> {
    let package = package.trim_ascii_start();
    let end = package.iter().position(|byte| b" \t(:[<".contains(byte));
    text(package.get(..end.unwrap_or(package.len()))?)
}

/// The packages of `/var/lib/apt/extended_states` that APT installed because others need them.
pub(super) fn automatic(content: &[u8]) -> Vec<String> {
    let mut automatic = Vec::new();
    let mut package = None;
    for line in lines(content) {
        match field(line) {
            Some((b"Package", value)) => package = text(value),
            Some((b"Auto-Installed", b"1")) => automatic.extend(package.take()),
            Some(_) => {}
            None => package = None,
        }
        if automatic.len() >= LAYER_PACKAGES {
            break;
        }
    }
    automatic
}

/// The files of `info/NAME.list`: a path in each line, folders too.
pub(super) fn list(content: &[u8]) -> Paths {
    let mut paths = Paths::default();
    for line in lines(content).filter(|line| *line != b"/.") {
        paths.push(line);
    }
    paths
}

/// The files of `status.d/NAME.md5sums`: a sum and a path from the root in each line.
pub(super) fn sums(content: &[u8]) -> Paths {
    let mut paths = Paths::default();
    for line in lines(content) {
        // The sum is hexadecimal; behind it are two spaces, or a space and a star.
        if let Some(space) = line.iter().position(|byte| *byte == b' ') {
            paths.push(line.get(space + 2..).unwrap_or_default());
        }
    }
    paths
}

/// The file `diversions`: three lines for each path.
pub(super) fn diversions(content: &[u8]) -> Paths {
    let mut paths = Paths::default();
    let mut lines = lines(content);
    while let (Some(from), Some(to), Some(by)) = (lines.next(), lines.next(), lines.next()) {
        if [from, to, by]
            .iter()
            .all(|part| !part.is_empty() && !part.contains(&0))
        {
            paths.push(from);
            paths.push(to);
            paths.push(by);
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &[u8] = b"Package: libc6
Status: install ok installed
Multi-Arch: same
Architecture: amd64
Version: 2.36-9+deb12u14
Description: GNU C Library
 Package: not-a-field
Conffiles:
 /etc/ld.so.conf.d/x86_64-linux-gnu.conf d4e7

Package: gone
Status: deinstall ok config-files
Version: 1

package: odd
Status: install reinstreq half-configured
version: 0~1

Package: never
Status: purge ok not-installed
";

    #[test]
    fn installed_packages_are_told_and_no_others() {
        let entries = status(STATUS, 10).unwrap();
        assert!(!entries.is_damaged);
        let packages = entries.packages;
        let told: Vec<_> = packages
            .iter()
            .map(|package| (package.name.as_str(), package.version.as_str()))
            .collect();
        assert_eq!(told, [("libc6", "2.36-9+deb12u14"), ("odd", "0~1")]);
        assert_eq!(
            packages[0].qualifiers,
            [("arch".to_owned(), "amd64".to_owned())]
        );
        assert_eq!(packages[0].files, Files::Elsewhere);
        assert_eq!(status(STATUS, 1), None);
    }

    #[test]
    fn a_stanza_without_a_name_is_damage_and_hides_no_other() {
        let damaged = [STATUS, b"\nVersion: 1\nStatus: install ok installed\n"].concat();
        let entries = status(&damaged, 10).unwrap();
        assert_eq!((entries.packages.len(), entries.is_damaged), (2, true));
        assert!(status(b"\x00\x01", 10).unwrap().is_damaged);
        assert_eq!(status(b"\n\n", 10), Some(Entries::default()));
    }

    #[test]
    fn what_packages_need_is_read_without_versions_and_architectures() {
        let stanza = b"Package: a
Status: install ok installed
Pre-Depends: dpkg (>= 1.17), libc6:any|musl
Recommends: b <!nocheck>
Provides: editor, a-abi (= 3)
Priority: required
";
        let relations = &status(stanza, 10).unwrap().packages[0].relations;
        assert_eq!(
            relations.needs,
            [vec!["dpkg"], vec!["libc6", "musl"], vec!["b"]]
        );
        assert_eq!(relations.provides, ["editor", "a-abi"]);
        assert!(relations.is_essential);
        assert_eq!(needs(b"a, b | c, d", &mut 2).count(), 1);
        let states = b"Package: a\nAuto-Installed: 1\n\nPackage: b\nAuto-Installed: 0\n\nAuto-Installed: 1\n";
        assert_eq!(automatic(states), ["a"]);
    }

    #[test]
    fn lists_and_sums_are_paths() {
        let of = |paths: &Paths| -> Vec<Vec<u8>> { paths.iter(b"/x").collect() };
        assert_eq!(
            of(&list(b"/.\n/usr/bin/a\n/usr/share/a b\n")),
            [&b"/usr/bin/a"[..], b"/usr/share/a b"]
        );
        assert_eq!(
            of(&sums(b"d41d8cd98f00b204e9800998ecf8427e  usr/lib/a b\nx\n")),
            [b"/usr/lib/a b"]
        );
        assert_eq!(
            of(&diversions(b"/bin/sh\n/bin/sh.distrib\ndash\n/half\n")).len(),
            3
        );
    }

    /// This machine's own database, where it has one: as many packages as dpkg-query counts.
    #[cfg(all(not(target_arch = "wasm32"), target_os = "linux"))]
    #[test]
    fn a_real_database_is_read_as_dpkg_reads_it() {
        let Ok(content) = std::fs::read("/var/lib/dpkg/status") else {
            return;
        };
        let asked = std::process::Command::new("dpkg-query")
            .args([
                "-W",
                "-f",
                "${db:Status-Status} ${Package} ${Version} ${Architecture}\n",
            ])
            .output()
            .unwrap();
        let asked = String::from_utf8(asked.stdout).unwrap();
        let gone = ["not-installed ", "config-files "];
        let mut expected: Vec<&str> = asked
            .lines()
            .filter(|line| !gone.iter().any(|state| line.starts_with(state)))
            .map(|line| line.split_once(' ').unwrap().1)
            .collect();
        expected.sort_unstable();
        let mut told: Vec<String> = status(&content, usize::MAX)
            .unwrap()
            .packages
            .into_iter()
            .map(|package| {
                let arch = &package.qualifiers[0].1;
                format!("{} {} {arch}", package.name, package.version)
            })
            .collect();
        told.sort_unstable();
        assert_eq!(told, expected);
    }
}
