//! The members of a saved image's outer tar: where each lies, found without reading what they hold.

use std::collections::BTreeMap;

use tar::{EntryType, Header};

use super::ReadAt;
use crate::limits;
use crate::source::image::Span;

const BLOCK: u64 = 512;
/// Links followed from one member to the next.
const LINKS: usize = 16;

/// What the tar holds under each name; of several with one name the last.
#[derive(Debug, Default)]
pub(super) struct Members {
    by_name: BTreeMap<String, Member>,
}

#[derive(Debug)]
enum Member {
    File(Span),
    /// A symbolic or hard link, as the name that it leads to.
    Link(String),
}

/// What records before a header say about the member that follows.
#[derive(Default)]
struct Extension {
    name: Option<String>,
    link: Option<String>,
    size: Option<u64>,
}

impl Members {
    /// Walks the tar. Errors say what is wrong, at which byte.
    pub(super) async fn walk(source: &dyn ReadAt) -> Result<Self, String> {
        let mut members = Self::default();
        let mut extension = Extension::default();
        let mut at = 0;
        while at < source.size() {
            let block = read(source, at, BLOCK).await?;
            if block.iter().all(|byte| *byte == 0) {
                break;
            }
            let header = Header::from_byte_slice(&block);
            if !checksum_fits(header, &block) {
                return Err(format!(
                    "it is no tar, or a damaged one: there is no header at byte {at}"
                ));
            }
            let kind = header.entry_type();
            let stated = header
                .entry_size()
                .map_err(|error| format!("the header at byte {at} has no size: {error}"))?;
            let records = matches!(kind.as_byte(), b'x' | b'g' | b'L' | b'K');
            let size = match kind {
                // Links and folders hold nothing, whatever their headers say.
                EntryType::Link | EntryType::Symlink | EntryType::Directory => 0,
                _ if records => stated,
                _ => extension.size.unwrap_or(stated),
            };
            let start = at + BLOCK;
            let end = start.checked_add(size).filter(|end| *end <= source.size());
            let Some(end) = end else {
                return Err(format!(
                    "it is cut short: the member at byte {at} has {size} bytes, and the file ends before"
                ));
            };
            if records {
                if size > limits::EXTENSION_BYTES {
                    return Err(format!(
                        "the extension record at byte {at} has {size} bytes, more than is sensible"
                    ));
                }
                let body = read(source, start, size).await?;
                extension.read(kind, &body, at)?;
            } else {
                members.add(
                    header,
                    std::mem::take(&mut extension),
                    Span {
                        offset: start,
                        size,
                    },
                );
                if members.by_name.len() > limits::ARCHIVE_MEMBERS {
                    return Err(format!(
                        "it has more than {} members",
                        limits::ARCHIVE_MEMBERS
                    ));
                }
            }
            at = end.div_ceil(BLOCK) * BLOCK;
        }
        Ok(members)
    }

    fn add(&mut self, header: &Header, extension: Extension, span: Span) {
        let name = extension
            .name
            .unwrap_or_else(|| lossy(&header.path_bytes()));
        let Some(name) = clean(&name, "") else { return };
        let link = || {
            let link = header.link_name_bytes().map(|link| lossy(&link));
            extension.link.clone().or(link)
        };
        let member = match header.entry_type() {
            EntryType::Symlink => {
                let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
                link()
                    .and_then(|link| clean(&link, folder))
                    .map(Member::Link)
            }
            EntryType::Link => link().and_then(|link| clean(&link, "")).map(Member::Link),
            EntryType::Regular | EntryType::Continuous => Some(Member::File(span)),
            _ => None,
        };
        if let Some(member) = member {
            self.by_name.insert(name, member);
        }
    }

    /// Where the content of the member `name` lies, through links.
    pub(super) fn find(&self, name: &str) -> Option<Span> {
        let mut name = clean(name, "")?;
        for _ in 0..LINKS {
            match self.by_name.get(&name)? {
                Member::File(span) => return Some(*span),
                Member::Link(target) => name.clone_from(target),
            }
        }
        None
    }
}

impl Extension {
    fn read(&mut self, kind: EntryType, body: &[u8], at: u64) -> Result<(), String> {
        let text = || {
            Some(lossy(
                body.split(|byte| *byte == 0).next().unwrap_or_default(),
            ))
        };
        match kind.as_byte() {
            b'L' => self.name = text(),
            b'K' => self.link = text(),
            b'x' => {
                for (key, value) in
                    pax(body).ok_or_else(|| format!("the PAX record at byte {at} is malformed"))?
                {
                    match key {
                        b"path" => self.name = Some(lossy(value)),
                        b"linkpath" => self.link = Some(lossy(value)),
                        b"size" => {
                            let size = lossy(value).parse();
                            self.size = Some(size.map_err(|_| {
                                format!("the PAX record at byte {at} has no sensible size")
                            })?);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// PAX records: `LEN key=value\n`, where LEN counts the whole record.
fn pax(mut body: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut records = Vec::new();
    while !body.is_empty() {
        let space = body.iter().position(|byte| *byte == b' ')?;
        let length: usize = std::str::from_utf8(body.get(..space)?).ok()?.parse().ok()?;
        let record = body.get(space + 1..length)?.strip_suffix(b"\n")?;
        let equals = record.iter().position(|byte| *byte == b'=')?;
        records.push((record.get(..equals)?, record.get(equals + 1..)?));
        body = body.get(length..)?;
    }
    Some(records)
}

/// A name without `.`, `..` and doubled slashes, seen from `folder`; `None` for the root or what lies above it.
fn clean(name: &str, folder: &str) -> Option<String> {
    let folder = if name.starts_with('/') { "" } else { folder };
    let mut parts = Vec::new();
    for part in folder.split('/').chain(name.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

fn checksum_fits(header: &Header, block: &[u8]) -> bool {
    let field = 148..156;
    let sum: u32 = (0..)
        .zip(block)
        .map(|(at, byte)| {
            if field.contains(&at) {
                u32::from(b' ')
            } else {
                u32::from(*byte)
            }
        })
        .sum();
    header.cksum().is_ok_and(|stated| stated == sum)
}

/// Exactly `length` bytes.
pub(super) async fn read(
    source: &dyn ReadAt,
    offset: u64,
    length: u64,
) -> Result<bytes::Bytes, String> {
    let length = usize::try_from(length)
        .map_err(|_| format!("{length} bytes are more than fit into memory"))?;
    let bytes = source
        .read_at(offset, length)
        .await
        .map_err(|error| format!("it cannot be read: {error}"))?;
    if bytes.len() == length {
        Ok(bytes)
    } else {
        Err(format!(
            "it is cut short at byte {}",
            offset + bytes.len() as u64
        ))
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside_the_archive() {
        for (name, folder, expected) in [
            ("./a//b", "", Some("a/b")),
            ("../x/layer.tar", "y", Some("x/layer.tar")),
            ("../../x", "y", None),
            ("/a", "y", Some("a")),
            ("..", "", None),
            ("", "", None),
        ] {
            assert_eq!(
                clean(name, folder).as_deref(),
                expected,
                "{name} in {folder}"
            );
        }
    }

    #[test]
    fn pax_records_go_by_their_length() {
        let records = pax(b"19 path=with\nbreak\n9 size=7\n");
        assert_eq!(
            records,
            Some(vec![
                (&b"path"[..], &b"with\nbreak"[..]),
                (&b"size"[..], &b"7"[..])
            ])
        );
        for wrong in [
            &b"8 size=7\n"[..],
            b"99 size=7\n",
            b"x",
            b"0 a=b\n",
            b"5 a=b\n",
        ] {
            assert_eq!(pax(wrong), None, "{wrong:?}");
        }
    }
}
