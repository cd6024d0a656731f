//! rpm: its database in SQLite or in rpm's own `ndb`, whose rows are the headers of the installed packages.
//!
//! Berkeley DB, in which older releases kept it, is not read.

mod header;
mod ndb;
mod sqlite;

use super::record::Package;
use crate::limits::LAYER_PACKAGES;

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
    for blob in blobs.take(LAYER_PACKAGES) {
        packages.push(header::package_of(blob.as_ref())?);
    }
    Some(packages)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;
    use crate::packages::Files;

    /// Written by rpm 4.18 with `rpm -i` of fifteen packages: of `hello-pkg` the header goes over several pages.
    const SQLITE: &[u8] = include_bytes!("rpmdb.sqlite.gz");

    fn database() -> Vec<u8> {
        let mut content = Vec::new();
        GzDecoder::new(SQLITE).read_to_end(&mut content).unwrap();
        content
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
