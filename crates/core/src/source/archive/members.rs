//! The members of a saved image's outer tar: where each lies, found without reading what they hold.

use std::collections::BTreeMap;

use tar::{EntryType, Header};

use super::sparse::{Map, MapInContent};
use super::{ReadAt, kind};
use crate::layer::unsupported;
use crate::limits;
use crate::source::image::{Run, Span};

const BLOCK: u64 = 512;

/// What the tar holds under each name; of several with one name the last.
#[derive(Debug, Default)]
pub(super) struct Members {
    by_name: BTreeMap<String, Member>,
    /// Parts of all sparse members.
    runs: usize,
}

#[derive(Debug)]
enum Member {
    File(Place),
    /// A symbolic or hard link, as the name that it leads to.
    Link(String),
}

/// Where a member's content lies.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Where it begins, and how large the file is.
    pub(super) span: Span,
    /// Its parts, if it is sparse; else none.
    pub(super) runs: Vec<Run>,
}

/// What records before a header say about the member that follows.
#[derive(Default)]
struct Extension {
    name: Option<String>,
    link: Option<String>,
    size: Option<u64>,
    sparse: SparseRecords,
}

/// PAX records of a sparse member, of the formats 0.0, 0.1 and 1.0 (GNU tar manual, "PAX Format").
#[derive(Default)]
struct SparseRecords {
    name: Option<String>,
    size: Option<u64>,
    /// The map of format 0.1.
    list: Option<Vec<u8>>,
    /// Places and lengths of format 0.0.
    numbers: Vec<u64>,
    /// The map lies in front of the content, as in format 1.0.
    in_content: bool,
}

/// A member's header, and where it stands.
struct Entry<'h> {
    header: &'h Header,
    at: u64,
    name: String,
}

impl Entry<'_> {
    fn wrong(&self, problem: &str) -> String {
        format!("its member {:?}, at byte {}, {problem}", self.name, self.at)
    }
}

impl Members {
    /// Walks the tar. Errors say what is wrong, at which byte.
    pub(super) async fn walk(source: &dyn ReadAt) -> Result<Self, String> {
        let mut members = Self::default();
        let mut extension = Extension::default();
        let mut at = 0;
        while at < source.size() {
            let block = match at {
                0 => first(source).await?,
                _ => read(source, at, BLOCK).await?,
            };
            if block.iter().all(|byte| *byte == 0) {
                break;
            }
            let header = Header::from_byte_slice(&block);
            if !checksum_fits(header, &block) {
                return Err(format!(
                    "not a tar, or a damaged one: no header at byte {at}"
                ));
            }
            let kind = header.entry_type();
            let records = matches!(kind.as_byte(), b'x' | b'g' | b'L' | b'K');
            let known = if records {
                Extension::default()
            } else {
                std::mem::take(&mut extension)
            };
            let path = || lossy(&header.path_bytes());
            let name = known.sparse.name.clone().or(known.name.clone());
            let entry = Entry {
                header,
                at,
                name: name.unwrap_or_else(path),
            };
            let size = match kind {
                // Links and folders hold nothing, whatever their headers say.
                EntryType::Link | EntryType::Symlink | EntryType::Directory => 0,
                _ => match known.size {
                    Some(size) => size,
                    None => header
                        .entry_size()
                        .map_err(|_| entry.wrong("has no readable size"))?,
                },
            };
            let mut start = at + BLOCK;
            let mut map = None;
            if kind == EntryType::GNUSparse {
                let (read, blocks) = map_of_header(source, &entry).await?;
                start += blocks * BLOCK;
                map = Some(read);
            }
            let end = start.checked_add(size).filter(|end| *end <= source.size());
            let end = end.ok_or_else(|| {
                let problem = format!("has {size} bytes, and the file ends before");
                format!("it is cut short: {}", entry.wrong(&problem))
            })?;
            if records {
                if size > limits::EXTENSION_BYTES {
                    return Err(format!(
                        "the extension record at byte {at} has {size} bytes, more than is sensible"
                    ));
                }
                let body = read(source, start, size).await?;
                extension.read(kind, &body, at)?;
            } else {
                let content = Span {
                    offset: start,
                    size,
                };
                let place = match map {
                    Some(map) => Place::sparse(map, content),
                    None => known.sparse.place(source, content).await?,
                };
                let place = place.ok_or_else(|| {
                    entry.wrong("is a sparse file whose map does not fit what is stored of it")
                })?;
                members.add(&entry, known.link, place)?;
            }
            at = end.div_ceil(BLOCK) * BLOCK;
        }
        Ok(members)
    }

    fn add(&mut self, entry: &Entry<'_>, link: Option<String>, place: Place) -> Result<(), String> {
        let header = entry.header;
        let Some(name) = clean(&entry.name, "") else {
            return Ok(());
        };
        let link = || link.or_else(|| header.link_name_bytes().map(|link| lossy(&link)));
        let member = match header.entry_type() {
            EntryType::Symlink => {
                let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
                link()
                    .and_then(|link| clean(&link, folder))
                    .map(Member::Link)
            }
            EntryType::Link => link().and_then(|link| clean(&link, "")).map(Member::Link),
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                self.runs += place.runs.len();
                Some(Member::File(place))
            }
            _ => None,
        };
        if let Some(member) = member {
            self.by_name.insert(name, member);
        }
        if self.by_name.len() > limits::ARCHIVE_MEMBERS {
            return Err(format!(
                "it has more than {} members",
                limits::ARCHIVE_MEMBERS
            ));
        }
        if self.runs > limits::SPARSE_RUNS {
            return Err(format!(
                "its sparse members have more than {} parts",
                limits::SPARSE_RUNS
            ));
        }
        Ok(())
    }

    /// Where the content of the member `name` lies, through links.
    pub(super) fn find(&self, name: &str) -> Option<&Place> {
        let mut name = clean(name, "")?;
        for _ in 0..=limits::LINKS {
            match self.by_name.get(&name)? {
                Member::File(place) => return Some(place),
                Member::Link(target) => name.clone_from(target),
            }
        }
        None
    }
}

impl Place {
    const fn whole(span: Span) -> Self {
        Self {
            span,
            runs: Vec::new(),
        }
    }

    /// A sparse file of which `stored` is there.
    fn sparse(map: Map, stored: Span) -> Option<Self> {
        let (size, mut runs) = map.runs(stored.offset, stored.size)?;
        if runs.is_empty() && size > 0 {
            // Nothing but a hole is sparse all the same.
            runs.push(Run {
                at: 0,
                offset: stored.offset,
                size: 0,
            });
        }
        let span = Span {
            offset: stored.offset,
            size,
        };
        Some(Self { span, runs })
    }
}

/// The first block. What is shorter, or not a tar, is named where that is known.
async fn first(source: &dyn ReadAt) -> Result<bytes::Bytes, String> {
    let size = source.size().min(BLOCK);
    let block = read(source, 0, size).await?;
    if size == BLOCK && checksum_fits(Header::from_byte_slice(&block), &block) {
        return Ok(block);
    }
    if let Some(name) = unsupported::compression(&block) {
        return Err(kind::not_supported(name));
    }
    match kind::named(&block) {
        Some(kind) => Err(format!("not a tar: {kind}")),
        None if size < BLOCK => Err(format!("not a tar: only {size} bytes")),
        None => Ok(block),
    }
}

/// The map of a sparse member in the old GNU format, and the number of blocks that it has beside the header.
async fn map_of_header(source: &dyn ReadAt, entry: &Entry<'_>) -> Result<(Map, u64), String> {
    let wrong = || entry.wrong("is a sparse file whose map cannot be read");
    let (mut map, mut more) = Map::of_header(entry.header).ok_or_else(wrong)?;
    let mut blocks = 0;
    while more {
        blocks += 1;
        let block = read(source, entry.at + blocks * BLOCK, BLOCK).await?;
        more = map.add_block(&block).ok_or_else(wrong)?;
    }
    Ok((map, blocks))
}

impl SparseRecords {
    fn read(&mut self, key: &[u8], value: &[u8]) -> Result<(), std::num::ParseIntError> {
        match key {
            b"name" => self.name = Some(lossy(value)),
            b"realsize" | b"size" => self.size = Some(lossy(value).parse()?),
            b"map" => self.list = Some(value.to_vec()),
            b"offset" | b"numbytes" => self.numbers.push(lossy(value).parse()?),
            b"major" => self.in_content = lossy(value).parse::<u64>()? == 1,
            _ => {}
        }
        Ok(())
    }

    /// Where the content of a member with these records lies; `None` where they do not fit it.
    async fn place(self, source: &dyn ReadAt, content: Span) -> Result<Option<Place>, String> {
        let Some(size) = self.size else {
            return Ok(Some(Place::whole(content)));
        };
        if !self.in_content {
            let map = match &self.list {
                Some(list) => Map::of_list(size, list),
                None => Map::of_numbers(size, &self.numbers),
            };
            return Ok(map.and_then(|map| Place::sparse(map, content)));
        }
        let mut map = MapInContent::default();
        let mut read_so_far = 0;
        loop {
            if read_so_far + BLOCK > content.size {
                return Ok(None);
            }
            let block = read(source, content.offset + read_so_far, BLOCK).await?;
            read_so_far += BLOCK;
            match map.add_block(&block) {
                Some(false) => {}
                Some(true) => break,
                None => return Ok(None),
            }
        }
        let stored = Span {
            offset: content.offset + read_so_far,
            size: content.size - read_so_far,
        };
        Ok(map.map(size).and_then(|map| Place::sparse(map, stored)))
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
                let no_number = |_| format!("the PAX record at byte {at} has no sensible size");
                for (key, value) in
                    pax(body).ok_or_else(|| format!("the PAX record at byte {at} is malformed"))?
                {
                    match key {
                        b"path" => self.name = Some(lossy(value)),
                        b"linkpath" => self.link = Some(lossy(value)),
                        b"size" => self.size = Some(lossy(value).parse().map_err(no_number)?),
                        key => {
                            if let Some(key) = key.strip_prefix(b"GNU.sparse.") {
                                self.sparse.read(key, value).map_err(no_number)?;
                            }
                        }
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
