//! rpm: its database in SQLite or in rpm's own `ndb`, whose rows are the headers of the installed packages; and what dnf and
//! zypper installed for others.
//!
//! Berkeley DB, in which older releases kept it, is not read.
//!
//! Sources: rpm's documentation, "Boolean dependencies"; dnf5-system-state(7), and the file that dnf 5 writes; libzypp's
//! `SolvIdentFile`.

mod header;
mod ndb;
mod sqlite;

use super::fields::{lines, text};
use super::record::Package;
use crate::limits::{LAYER_PACKAGES, PACKAGE_RELATIONS};

/// The packages of `rpmdb.sqlite`; None where it is damaged.
pub(super) fn sqlite(content: &[u8]) -> Option<Vec<Package>> {
    of(sqlite::blobs(content)?)
}

/// The packages of `Packages.db`; None where it is damaged.
pub(super) fn ndb(content: &[u8]) -> Option<Vec<Package>> {
    of(ndb::blobs(content)?)
}

fn of<B: AsRef<[u8]>>(blobs: impl Iterator<Item = B>) -> Option<Vec<Package>> {
    let mut packages = Vec::new();
    let mut room = PACKAGE_RELATIONS;
    for blob in blobs.take(LAYER_PACKAGES) {
        packages.push(header::package_of(blob.as_ref(), &mut room)?);
    }
    Some(packages)
}

/// The packages of dnf 5's `packages.toml` that it installed because others need them: `"gcc.x86_64" = {reason = "Dependency"}`.
pub(super) fn dnf_automatic(content: &[u8]) -> Vec<String> {
    let automatic = lines(content).filter_map(|line| {
        let (key, value) = std::str::from_utf8(line).ok()?.split_once('=')?;
        let (_, reason) = value.split_once("reason")?;
        let reason = reason.split('"').nth(1)?;
        let (name, _architecture) = key.trim().trim_matches('"').rsplit_once('.')?;
        let is_automatic = matches!(reason, "Dependency" | "Weak Dependency");
        is_automatic.then(|| text(name.as_bytes())).flatten()
    });
    automatic.take(LAYER_PACKAGES).collect()
}

/// The packages of zypper's `AutoInstalled`, a name in each line, which it installed because others need them.
pub(super) fn zypper_automatic(content: &[u8]) -> Vec<String> {
    let names = lines(content).map(<[u8]>::trim_ascii);
    let names = names
        .filter(|line| !line.starts_with(b"#"))
        .filter_map(text);
    names.take(LAYER_PACKAGES).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;
    use crate::packages::Files;

    /// Written by rpm 4.18 with `rpm -i` of fifteen packages: of `hello-pkg` the header goes over several pages.
    const SQLITE: &[u8] = include_bytes!("rpmdb.sqlite.gz");

    /// Written by rpm 4.18 with packages that need files, libraries, each other, and one of two.
    const RELATIONS: &[u8] = include_bytes!("relations.sqlite.gz");

    fn database() -> Vec<u8> {
        unpacked(SQLITE)
    }

    fn unpacked(database: &[u8]) -> Vec<u8> {
        let mut content = Vec::new();
        GzDecoder::new(database).read_to_end(&mut content).unwrap();
        content
    }

    #[test]
    fn what_packages_need_is_read_as_rpm_tells_it() {
        let packages = sqlite(&unpacked(RELATIONS)).unwrap();
        let of = |name: &str| {
            let package = packages.iter().find(|package| package.name == name);
            package.unwrap().relations.clone()
        };
        // `rpm -q --requires gcc`, `--recommends`, `--provides`.
        let mut needs = of("gcc").needs.concat();
        needs.sort_unstable();
        let expected = [
            "/bin/sh",
            "/usr/bin/annocheck",
            "/usr/bin/as",
            "cpp",
            "glibc",
            "glibc-devel",
            "if",
            "libgomp",
            "libmpc",
        ];
        assert_eq!(needs, expected);
        assert_eq!(of("gcc").provides, ["gcc"]);
        assert_eq!(of("bash").provides, ["/bin/sh", "bash"]);
        assert!(of("curl").needs.contains(&vec![
            "libssh".to_owned(),
            "or".to_owned(),
            "libssh2".to_owned()
        ]));
        let blobs = sqlite::blobs(&unpacked(RELATIONS))
            .unwrap()
            .map(std::borrow::Cow::into_owned)
            .collect::<Vec<_>>();
        let mut room = 5;
        let few: Vec<Package> = blobs
            .iter()
            .filter_map(|blob| header::package_of(blob, &mut room))
            .collect();
        assert_eq!((few.len(), room), (packages.len(), 0));
    }

    #[test]
    fn what_was_installed_for_others_is_known() {
        let state = b"version = \"1.0\"\n[packages]\n\"cpp.x86_64\" = {reason = \"Dependency\"}\n\"gcc.x86_64\" = {reason = \"User\"}\n\"libgomp.x86_64\" = {reason=\"Weak Dependency\"}\nx = \n\"a\" = {reason = \"Dependency\"}\n";
        assert_eq!(dnf_automatic(state), ["cpp", "libgomp"]);
        assert_eq!(
            zypper_automatic(b"# libzypp\n\ncpp\n libgomp \n"),
            ["cpp", "libgomp"]
        );
    }

    fn files(package: &Package) -> Vec<Vec<u8>> {
        match &package.files {
            Files::Listed(paths) => paths.iter(b"/x").collect(),
            other => panic!("{other:?}"),
        }
    }

    /// The same headers as rpm's ndb keeps them.
    fn as_ndb(blobs: &[Vec<u8>]) -> Vec<u8> {
        let mut content = vec![0; 4096];
        content[..4].copy_from_slice(b"RpmP");
        content[12] = 1;
        for (at, blob) in blobs.iter().enumerate() {
            let slot = 32 + 16 * at;
            let block = (content.len() / 16) as u32;
            content[slot..slot + 4].copy_from_slice(b"Slot");
            content[slot + 4] = at as u8 + 1;
            content[slot + 8..slot + 12].copy_from_slice(&block.to_le_bytes());
            content.extend_from_slice(b"BlbS");
            content.extend_from_slice(&[at as u8 + 1, 0, 0, 0, 0, 0, 0, 0]);
            content.extend_from_slice(&(blob.len() as u32).to_le_bytes());
            content.extend_from_slice(blob);
            content.extend_from_slice(&[0; 12]);
            content.resize(content.len().next_multiple_of(16), 0);
        }
        content
    }

    #[test]
    fn a_real_database_is_read_as_rpm_reads_it() {
        let mut packages = sqlite(&database()).unwrap();
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        assert_eq!(packages.len(), 15);
        let hello = &packages[0];
        assert_eq!(
            (hello.name.as_str(), hello.version.as_str()),
            ("hello-pkg", "2:1.5-3")
        );
        assert_eq!(hello.license.as_deref(), Some("MIT AND Zlib"));
        assert_eq!(
            hello.qualifiers,
            [("arch", "noarch"), ("epoch", "2")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
        );
        // `rpm -qal` counts 136: the folder /usr/share/hello is one of them.
        let all: Vec<Vec<u8>> = packages.iter().flat_map(files).collect();
        assert_eq!(all.len(), 136);
        assert!(all.contains(&b"/usr/share/hello/file-with-a-long-name-120".to_vec()));
        assert!(all.contains(&b"/usr/lib/p14/a".to_vec()));
    }

    #[test]
    fn both_formats_tell_the_same() {
        let database = database();
        let blobs: Vec<Vec<u8>> = (sqlite::blobs(&database).unwrap())
            .map(std::borrow::Cow::into_owned)
            .collect();
        assert_eq!(ndb(&as_ndb(&blobs)), sqlite(&database));
    }

    /// Every byte of pages and headers that says where something is may say anything.
    #[test]
    fn damaged_databases_come_to_an_end() {
        let whole = database();
        let blobs: Vec<Vec<u8>> = (sqlite::blobs(&whole).unwrap())
            .map(std::borrow::Cow::into_owned)
            .collect();
        let ndb_file = as_ndb(&blobs);
        let read = |content: &[u8]| drop((sqlite(content), ndb(content)));
        for content in [&whole, &ndb_file] {
            for end in (0..content.len()).step_by(4_001) {
                read(&content[..end]);
            }
            for at in (0..content.len()).step_by(1_009).chain(0..150) {
                for value in [0, 1, 0x7f, 0xff] {
                    let mut damaged = content.clone();
                    damaged[at] = value;
                    read(&damaged);
                }
            }
        }
    }
}
