//! ZIP archives: their central directory alone, one entry after the other, so that what they claim costs no memory.

use std::io::{Read, Seek};

use zip::DateTime;
use zip::unstable::read::ZipIterable;

use super::{ContentsError, Member, MemberKind, Members};
use crate::limits::LISTED_ZIP_ENTRIES;

/// Lists the members of a ZIP archive. Of its contents nothing is read.
///
/// # Errors
/// It has no central directory, or a damaged one.
pub fn zip<R: Read + Seek>(archive: R) -> Result<Members, ContentsError> {
    let failed = |error: zip::result::ZipError| ContentsError::Zip(error.to_string());
    let mut archive =
        ZipIterable::try_new(archive, zip::read::Config::default()).map_err(failed)?;
    let mut members = Members::default();
    for file in archive.files().map_err(failed)? {
        let file = match file {
            Ok(file) => file,
            Err(error) => {
                members.ended = Some(error.to_string());
                break;
            }
        };
        if members.count >= LISTED_ZIP_ENTRIES {
            members.ended = Some(format!("more than {LISTED_ZIP_ENTRIES} members"));
            break;
        }
        members.add(Member {
            name: file.name_raw().to_vec(),
            kind: match (file.is_dir(), file.is_symlink()) {
                (true, _) => MemberKind::Dir,
                (_, true) => MemberKind::Symlink,
                _ => MemberKind::File,
            },
            size: file.size(),
            compressed: Some(file.compressed_size()),
            modified: file.last_modified().map(written),
            link: None,
        });
    }
    Ok(members)
}

fn written(time: DateTime) -> String {
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        time.year(),
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive() -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let time = DateTime::from_date_and_time(2024, 2, 3, 4, 5, 6).unwrap();
        let options = SimpleFileOptions::default().last_modified_time(time);
        writer.add_directory("META-INF/", options).unwrap();
        writer.start_file("META-INF/MANIFEST.MF", options).unwrap();
        writer
            .write_all(&b"Manifest-Version: 1.0\n".repeat(100))
            .unwrap();
        writer.add_symlink("link", "META-INF", options).unwrap();
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn members_are_told_with_both_sizes() {
        let members = zip(Cursor::new(archive())).unwrap();
        let told: Vec<_> = members
            .members
            .iter()
            .map(|member| {
                (
                    String::from_utf8_lossy(&member.name),
                    member.kind,
                    member.size,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("META-INF/".into(), MemberKind::Dir, 0),
                ("META-INF/MANIFEST.MF".into(), MemberKind::File, 2_200),
                ("link".into(), MemberKind::Symlink, 8)
            ]
        );
        assert!(members.members[1].compressed < Some(200));
        assert_eq!(
            members.members[1].modified.as_deref(),
            Some("2024-02-03 04:05:06")
        );
        assert_eq!((members.count, members.ended), (3, None));
    }

    proptest! {
        #[test]
        fn damaged_archives_are_told_or_refused(
            cut in 0usize..2_000, at in 0usize..2_000, byte: u8, random in prop::collection::vec(any::<u8>(), 0..300)
        ) {
            let whole = archive();
            let mut damaged = whole.get(..cut).unwrap_or(&whole).to_vec();
            if let Some(place) = damaged.get_mut(at) {
                *place = byte;
            }
            let _ = zip(Cursor::new(damaged));
            let mut flipped = whole;
            let at = at % flipped.len();
            flipped[at] = byte;
            let _ = zip(Cursor::new(flipped));
            let _ = zip(Cursor::new(random));
        }
    }
}
