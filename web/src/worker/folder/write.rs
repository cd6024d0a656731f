//! A tar written as its contents come: headers in the POSIX pax format, so that names, owners and times of any image fit.

use std::io::{self, Write};

use onionskin_core::layer::EntryKind;
use tar::{Builder, EntryType, Header};

/// Bytes of a header, and what contents are padded to.
const BLOCK: u64 = 512;
/// Bytes of the name in a header; longer ones go before it.
const NAME: usize = 100;
/// The largest number in a header's field for a user, a group or a device.
const LARGEST: u64 = 0o7_777_777;

/// What the tar has of a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) name: Vec<u8>,
    /// The text of a symbolic link, the name that a hard link leads to.
    pub(super) link: Vec<u8>,
    pub(super) size: u64,
    pub(super) mode: u32,
    pub(super) owner: (u64, u64),
    /// Seconds since 1970, and nanoseconds.
    pub(super) mtime: (i64, u32),
    pub(super) device: (u32, u32),
    pub(super) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Writes a tar.
pub(super) struct TarWriter<W: Write> {
    builder: Builder<W>,
    /// Bytes of the content that is under way.
    written: u64,
}

impl<W: Write> TarWriter<W> {
    pub(super) fn new(to: W) -> Self {
        TarWriter {
            builder: Builder::new(to),
            written: 0,
        }
    }

    /// Begins an entry; its content follows by [`Self::content`], and ends where the next entry begins.
    pub(super) fn begin(&mut self, kind: EntryKind, head: &Head) -> io::Result<()> {
        self.end()?;
        let mut records: Vec<(String, Vec<u8>)> = Vec::new();
        let mut record = |key: &str, value: Vec<u8>| records.push((key.to_owned(), value));
        let number = |value: u64| value.to_string().into_bytes();
        if head.name.len() > NAME {
            record("path", head.name.clone());
        }
        if head.link.len() > NAME {
            record("linkpath", head.link.clone());
        }
        let (seconds, nanoseconds) = head.mtime;
        if seconds < 0 || nanoseconds > 0 {
            let time = format!("{seconds}.{nanoseconds:09}");
            record("mtime", time.into_bytes());
        }
        for (key, value) in [("uid", head.owner.0), ("gid", head.owner.1)] {
            if value > LARGEST {
                record(key, number(value));
            }
        }
        for (name, value) in &head.xattrs {
            // Keys are text, by the format; what is none cannot be written.
            if let Ok(name) = std::str::from_utf8(name) {
                record(&format!("SCHILY.xattr.{name}"), value.clone());
            }
        }
        let records = records
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_slice()));
        self.builder.append_pax_extensions(records)?;
        let mut header = Header::new_ustar();
        put(&mut header.as_old_mut().name, &head.name);
        put(&mut header.as_old_mut().linkname, &head.link);
        header.set_entry_type(match kind {
            EntryKind::Dir => EntryType::Directory,
            EntryKind::Symlink => EntryType::Symlink,
            EntryKind::Hardlink => EntryType::Link,
            EntryKind::Char => EntryType::Char,
            EntryKind::Block => EntryType::Block,
            EntryKind::Fifo => EntryType::Fifo,
            _ => EntryType::Regular,
        });
        header.set_size(head.size);
        header.set_mode(head.mode);
        header.set_uid(head.owner.0.min(LARGEST));
        header.set_gid(head.owner.1.min(LARGEST));
        header.set_mtime(u64::try_from(seconds).unwrap_or(0));
        if matches!(kind, EntryKind::Char | EntryKind::Block) {
            header.set_device_major(head.device.0)?;
            header.set_device_minor(head.device.1)?;
        }
        header.set_cksum();
        self.builder.get_mut().write_all(header.as_bytes())
    }

    /// Pads the content that is under way.
    fn end(&mut self) -> io::Result<()> {
        let rest = self.written.next_multiple_of(BLOCK) - self.written;
        self.written = 0;
        let zeros = [0; BLOCK as usize];
        let padding = zeros.get(..rest as usize).unwrap_or_default();
        self.builder.get_mut().write_all(padding)
    }

    /// Ends the tar.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.end()?;
        self.builder.into_inner()
    }
}

/// The content of the entry that began last.
impl<W: Write> Write for TarWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.builder.get_mut().write(bytes)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.builder.get_mut().flush()
    }
}

/// Puts as much of a text into a field as fits.
fn put(field: &mut [u8], text: &[u8]) {
    for (to, from) in field.iter_mut().zip(text) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let long = [b"lib/".to_vec(), vec![b'n'; 150], vec![0xff]].concat();
        let heads = [
            (
                EntryKind::Dir,
                Head {
                    name: b"lib/".to_vec(),
                    mode: 0o2755,
                    ..Head::default()
                },
            ),
            (
                EntryKind::File,
                Head {
                    name: long.clone(),
                    size: 5,
                    mode: 0o4755,
                    owner: (1_000, 4_000_000_000),
                    mtime: (-5, 250_000_000),
                    xattrs: vec![(b"user.a".to_vec(), b"\0b".to_vec())],
                    ..Head::default()
                },
            ),
            (
                EntryKind::Hardlink,
                Head {
                    name: b"lib/second".to_vec(),
                    link: long.clone(),
                    ..Head::default()
                },
            ),
        ];
        let mut writer = TarWriter::new(Vec::new());
        for (kind, head) in &heads {
            writer.begin(*kind, head).unwrap();
            if head.size > 0 {
                writer.write_all(b"he").unwrap();
                writer.write_all(b"llo").unwrap();
            }
        }
        let tar = writer.finish().unwrap();
        assert_eq!(tar.len() % 512, 0);
        let mut archive = tar::Archive::new(tar.as_slice());
        let mut seen = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let pax: Vec<(String, Vec<u8>)> = entry
                .pax_extensions()
                .unwrap()
                .into_iter()
                .flatten()
                .map(|record| {
                    let record = record.unwrap();
                    (
                        record.key().unwrap().to_owned(),
                        record.value_bytes().to_vec(),
                    )
                })
                .collect();
            let mut content = String::new();
            entry.read_to_string(&mut content).unwrap();
            seen.push((
                entry.path_bytes().into_owned(),
                entry.header().mode().unwrap(),
                entry.link_name_bytes().map(|link| link.into_owned()),
                content,
                pax,
            ));
        }
        assert_eq!(seen.len(), 3);
        assert_eq!((&seen[0].0, seen[0].1), (&b"lib/".to_vec(), 0o2755));
        assert_eq!((&seen[1].0, seen[1].1), (&long, 0o4755));
        assert_eq!(seen[1].3, "hello");
        for (key, value) in [
            ("gid", &b"4000000000"[..]),
            ("mtime", b"-5.250000000"),
            ("SCHILY.xattr.user.a", b"\0b"),
        ] {
            let found = seen[1].4.iter().find(|(name, _)| name == key);
            assert_eq!(
                found.map(|(_, value)| value.as_slice()),
                Some(value),
                "{key}"
            );
        }
        assert_eq!(seen[2].2.as_deref(), Some(long.as_slice()));
    }
}
