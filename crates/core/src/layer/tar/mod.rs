//! The tar decoder: bytes pushed in, entries into the index; no I/O, any size of pieces.

mod header;
mod path;
mod pax;
mod sparse;

use header::{BLOCK, Fields};
use path::Meaning;
pub(super) use path::is_aside;
use pax::Records;
use sparse::{MapInData, OldGnuMap, Segment, SparseMap};

use super::content::{ContentHasher, ContentId};
use super::index::{EntryKind, IndexBuilder, NewEntry, Place, Unshown};
use super::memory::MemoryBudget;
use super::reader::Piece;
use super::remark::RemarkKind;
use super::{LayerError, Problem};
use crate::limits::{EXTENSION_BYTES, PATH_BYTES};
use crate::secrets::Look;

/// Sees the content of files while it is decoded, each with the offset of its first header in the tar.
pub(super) type Tap<'t> = &'t mut dyn FnMut(u64, Piece<'_>);

/// Reads a tar as it comes.
pub(super) struct TarDecoder {
    state: State,
    block: Box<[u8; BLOCK]>,
    /// Bytes of `block` that are here.
    have: usize,
    offset: u64,
    /// Where the entry under way began: at its first extension header, if it has one.
    entry_start: Option<u64>,
    /// Where the last header began, whatever it was.
    header_start: u64,
    extensions: Extensions,
    index: IndexBuilder,
    /// Looks for secrets in files; nobody does where the index is known already.
    look: Option<Look>,
}

/// What extension headers said about the entry that follows them.
#[derive(Default)]
struct Extensions {
    /// Of the last `x` header.
    pax: Option<Records>,
    long_name: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
}

#[derive(Clone, Copy)]
enum Extension {
    Pax,
    PaxGlobal,
    LongName,
    LongLink,
}

/// What the next bytes are.
enum State {
    Header,
    Extension {
        kind: Extension,
        body: Vec<u8>,
        left: u64,
        padding: u64,
    },
    /// Further blocks of an old GNU sparse map.
    OldGnuMap {
        entry: Headed,
        map: OldGnuMap,
    },
    /// Further blocks of such a map of something that is not shown as a file, and the bytes of data
    /// that follow them.
    UnshownMap {
        place: Option<Place>,
        data: u64,
    },
    /// The map in front of a PAX 1.0 sparse file's data.
    MapInData {
        entry: Headed,
        real_size: u64,
        map: MapInData,
    },
    Content(Content),
    /// Data of what is not shown, and behind it padding.
    Skip {
        data: u64,
        padding: u64,
        place: Option<Place>,
    },
    End {
        remarked: bool,
    },
}

/// An entry whose headers are read, but perhaps not yet its sparse map.
struct Headed {
    new: NewEntry,
    /// Under this path it is no part of the image, but hard links may name it.
    aside: Option<Vec<u8>>,
    /// Bytes of data that follow the header in the tar, a map among them.
    stored: u64,
}

/// A file's data on its way.
struct Content {
    place: Place,
    /// Where its first header is.
    start: u64,
    hasher: Box<ContentHasher>,
    left: u64,
    padding: u64,
    sparse: Option<Layout>,
}

/// Where in a sparse file the next byte goes.
struct Layout {
    segments: std::vec::IntoIter<Segment>,
    /// Bytes that the current segment still takes.
    room: u64,
    position: u64,
    real_size: u64,
}

impl TarDecoder {
    pub(super) fn new(memory: MemoryBudget) -> Self {
        Self {
            state: State::Header,
            block: Box::new([0; BLOCK]),
            have: 0,
            offset: 0,
            entry_start: None,
            header_start: 0,
            extensions: Extensions::default(),
            index: IndexBuilder::new(memory),
            look: None,
        }
    }

    /// A decoder that looks for secrets as well.
    pub(super) fn with_look(memory: MemoryBudget) -> Self {
        Self {
            look: Some(Look::default()),
            ..Self::new(memory)
        }
    }

    /// Bytes of the tar taken so far.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    pub(super) fn entries(&self) -> usize {
        self.index.len()
    }

    pub(super) fn push(&mut self, data: &[u8]) -> Result<(), LayerError> {
        self.push_with(data, &mut |_, _| {})
    }

    /// As [`Self::push`], and `tap` sees the content of files as it passes, but for holes at their ends.
    pub(super) fn push_with(&mut self, mut data: &[u8], tap: Tap<'_>) -> Result<(), LayerError> {
        while !data.is_empty() {
            data = self.step(data, tap).map_err(|problem| {
                LayerError::at_tar(self.entry_start.unwrap_or(self.header_start), problem)
            })?;
        }
        Ok(())
    }

    /// The tar ends here. Missing end blocks and missing padding are accepted, as by every reader; so are extension
    /// headers with no entry behind them. Missing content is not, nor a part of a header.
    pub(super) fn finish(mut self) -> Result<IndexBuilder, LayerError> {
        let no_header = self.block.get(..self.have).unwrap_or_default();
        let whole = match self.state {
            State::Header => no_header.iter().all(|byte| *byte == 0),
            State::Skip { data, place, .. } => {
                if let (0, Some(place)) = (data, place) {
                    self.index.set_end(place, self.offset);
                }
                data == 0
            }
            State::End { .. } => true,
            _ => false,
        };
        if whole {
            self.index.settle();
            return Ok(self.index);
        }
        Err(LayerError::at_tar(self.offset, Problem::TarCut))
    }

    /// Uses up some of `data`, at least one byte, and returns the rest.
    fn step<'d>(&mut self, data: &'d [u8], tap: Tap<'_>) -> Result<&'d [u8], Problem> {
        match &mut self.state {
            State::Header
            | State::OldGnuMap { .. }
            | State::UnshownMap { .. }
            | State::MapInData { .. } => {
                let room = (BLOCK - self.have).min(data.len());
                self.block[self.have..self.have + room].copy_from_slice(&data[..room]);
                self.have += room;
                self.offset += room as u64;
                if self.have == BLOCK {
                    self.have = 0;
                    self.block_complete()?;
                }
                Ok(&data[room..])
            }
            State::Extension {
                kind,
                body,
                left,
                padding,
            } => {
                let (now, rest) = split(data, *left);
                body.extend_from_slice(now);
                *left -= now.len() as u64;
                self.offset += now.len() as u64;
                if *left == 0 {
                    let (kind, body, padding) = (*kind, std::mem::take(body), *padding);
                    self.extension_complete(kind, &body)?;
                    self.skip(0, padding, None);
                }
                Ok(rest)
            }
            State::Content(content) => {
                let (now, rest) = split(data, content.left);
                content.update(now, tap);
                if let Some(look) = &mut self.look {
                    look.update(now);
                }
                self.offset += now.len() as u64;
                if content.left == 0 {
                    self.content_complete();
                }
                Ok(rest)
            }
            State::Skip {
                data: content,
                padding,
                place,
            } => {
                let left = if *content > 0 {
                    &mut *content
                } else {
                    &mut *padding
                };
                let (now, rest) = split(data, *left);
                *left -= now.len() as u64;
                self.offset += now.len() as u64;
                let (content, padding, place) = (*content, *padding, *place);
                self.skip(content, padding, place);
                Ok(rest)
            }
            State::End { remarked } => {
                let garbage = data.iter().position(|byte| *byte != 0);
                if let (false, Some(at)) = (*remarked, garbage) {
                    *remarked = true;
                    let offset = self.offset + at as u64;
                    self.index.remark(offset, RemarkKind::DataAfterEnd, &[]);
                }
                self.offset += data.len() as u64;
                Ok(&[])
            }
        }
    }

    fn block_complete(&mut self) -> Result<(), Problem> {
        match std::mem::replace(&mut self.state, State::Header) {
            State::OldGnuMap { entry, mut map } => {
                if map.segments.len() as u64 * 24 > EXTENSION_BYTES {
                    return Err(Problem::TooMuch {
                        what: "bytes in a sparse map",
                        limit: EXTENSION_BYTES,
                    });
                }
                if map.add_block(&self.block)? {
                    self.state = State::OldGnuMap { entry, map };
                    return Ok(());
                }
                self.sparse_file(entry, map.real_size, map.segments)
            }
            State::UnshownMap { place, data } => {
                if OldGnuMap::block_goes_on(&self.block) {
                    self.state = State::UnshownMap { place, data };
                } else {
                    self.skip(data, padding(data), place);
                }
                Ok(())
            }
            State::MapInData {
                mut entry,
                real_size,
                mut map,
            } => {
                entry.stored = entry
                    .stored
                    .checked_sub(BLOCK as u64)
                    .ok_or(Problem::BadEntry("its sparse map is longer than its data"))?;
                if map.add_block(&self.block[..])? {
                    return self.sparse_file(entry, real_size, map.segments());
                }
                self.state = State::MapInData {
                    entry,
                    real_size,
                    map,
                };
                Ok(())
            }
            _ => self.header_complete(),
        }
    }

    fn header_complete(&mut self) -> Result<(), Problem> {
        if self.block.iter().all(|byte| *byte == 0) {
            // One block of zeros is enough for an end, as for GNU tar and Python.
            self.entry_start = None;
            self.state = State::End { remarked: false };
            return Ok(());
        }
        let start = self.offset - BLOCK as u64;
        self.header_start = start;
        let fields = header::parse(&self.block)?;
        let extension = match fields.kind {
            b'x' => Some(Extension::Pax),
            b'g' => Some(Extension::PaxGlobal),
            b'L' => Some(Extension::LongName),
            b'K' => Some(Extension::LongLink),
            _ => None,
        };
        if let Some(kind) = extension {
            if fields.size > EXTENSION_BYTES {
                return Err(Problem::TooMuch {
                    what: "bytes of extension records",
                    limit: EXTENSION_BYTES,
                });
            }
            // A global header belongs to no entry.
            if !matches!(kind, Extension::PaxGlobal) {
                self.entry_start.get_or_insert(start);
            }
            self.state = State::Extension {
                kind,
                body: Vec::new(),
                left: fields.size,
                padding: padding(fields.size),
            };
            if fields.size == 0 {
                self.extension_complete(kind, &[])?;
                self.skip(0, 0, None);
            }
            return Ok(());
        }
        self.entry(start, fields)
    }

    fn extension_complete(&mut self, kind: Extension, body: &[u8]) -> Result<(), Problem> {
        match kind {
            Extension::Pax => {
                let mut records = Records::default();
                records.add(body)?;
                self.extensions.pax = Some(records);
            }
            Extension::PaxGlobal => pax::check_globals(body)?,
            // An empty long name takes nothing from the header's, as for Go.
            Extension::LongName => self.extensions.long_name = header::long_name(body),
            Extension::LongLink => self.extensions.long_link = header::long_name(body),
        }
        Ok(())
    }

    /// An entry's own header is here: files go on with their data, all else is complete.
    fn entry(&mut self, start: u64, mut fields: Fields) -> Result<(), Problem> {
        let start = *self.entry_start.get_or_insert(start);
        let Extensions {
            pax,
            long_name,
            long_link,
        } = std::mem::take(&mut self.extensions);
        let records = pax.unwrap_or_default();
        let sparse = records.sparse.form()?;
        // Go's order, which containers are unpacked by: PAX, over it GNU's long names, over them
        // the name of a sparse file.
        let name = sparse
            .as_ref()
            .and_then(|sparse| sparse.name.clone())
            .or(long_name)
            .or(records.path)
            .unwrap_or_else(|| std::mem::take(&mut fields.name));
        let link = long_link
            .or(records.link)
            .unwrap_or_else(|| std::mem::take(&mut fields.link));
        let size = records.size.unwrap_or(fields.size);
        for path in [&name, &link] {
            if path.len() > PATH_BYTES {
                return Err(Problem::TooMuch {
                    what: "bytes in a path",
                    limit: PATH_BYTES as u64,
                });
            }
        }
        let kind = match fields.kind {
            0 if name.ends_with(b"/") => EntryKind::Dir,
            0 | b'0' | b'7' | b'S' => EntryKind::File,
            b'1' => EntryKind::Hardlink,
            b'2' => EntryKind::Symlink,
            b'3' => EntryKind::Char,
            b'4' => EntryKind::Block,
            b'5' => EntryKind::Dir,
            b'6' => EntryKind::Fifo,
            _ => {
                let parts = path::parts(&name);
                self.index
                    .remark(start, RemarkKind::UnknownType(fields.kind), &parts);
                self.index.unshown(unshown(&fields, &parts, size))?;
                self.skip_unshown(None, size);
                return Ok(());
            }
        };
        let data = if kind == EntryKind::File { size } else { 0 };
        let parts = path::parts(&name);
        let mut aside = None;
        let (kind, parts) = match path::meaning(&parts) {
            Meaning::Path => (kind, parts),
            meaning @ (Meaning::Leftover | Meaning::BareWhiteout) => {
                if meaning == Meaning::BareWhiteout {
                    self.index.remark(start, RemarkKind::BareWhiteout, &parts);
                }
                self.index.unshown(unshown(&fields, &parts, size))?;
                if kind == EntryKind::Dir || !is_aside(&parts) {
                    self.skip_unshown(None, data);
                    return Ok(());
                }
                aside = Some(parts.join(&b'/'));
                (kind, parts)
            }
            Meaning::Opaque => (EntryKind::Opaque, parts[..parts.len() - 1].to_vec()),
            Meaning::Whiteout(hidden) => {
                let mut parts = parts.clone();
                parts.pop();
                parts.push(hidden);
                (EntryKind::Whiteout, parts)
            }
        };
        if records.has_libarchive_xattrs {
            self.index
                .remark(start, RemarkKind::LibarchiveXattrs, &path::parts(&name));
        }
        let hides = matches!(kind, EntryKind::Whiteout | EntryKind::Opaque);
        let new = NewEntry {
            kind,
            parts: parts.into_iter().map(<[u8]>::to_vec).collect(),
            start,
            size: 0,
            // What a whiteout stores is no part of the image.
            logical_size: (hides && data > 0).then_some(data),
            mode: fields.mode,
            uid: records.uid.unwrap_or(fields.uid),
            gid: records.gid.unwrap_or(fields.gid),
            mtime: records.mtime.unwrap_or((fields.mtime, 0)),
            link: match kind {
                EntryKind::Symlink => Some(link),
                EntryKind::Hardlink => Some(path::parts(&link).join(&b'/')),
                _ => None,
            },
            device: matches!(kind, EntryKind::Char | EntryKind::Block).then_some(fields.device),
            xattrs: records.xattrs.into_iter().collect(),
        };
        if kind != EntryKind::File {
            let place = self.index.push(new, aside)?;
            self.skip_unshown(Some(place), data);
            return Ok(());
        }
        let headed = Headed {
            new,
            aside,
            stored: size,
        };
        if fields.kind == b'S' {
            let (map, more) = OldGnuMap::from_header(&self.block)?;
            if more {
                self.state = State::OldGnuMap { entry: headed, map };
                return Ok(());
            }
            return self.sparse_file(headed, map.real_size, map.segments);
        }
        match sparse {
            None => self.file(headed, None),
            Some(sparse) => {
                let real_size = sparse.real_size.unwrap_or(size);
                match sparse.segments {
                    Some(segments) => self.sparse_file(headed, real_size, segments),
                    None => {
                        self.state = State::MapInData {
                            entry: headed,
                            real_size,
                            map: MapInData::default(),
                        };
                        Ok(())
                    }
                }
            }
        }
    }

    fn sparse_file(
        &mut self,
        entry: Headed,
        real_size: u64,
        segments: Vec<Segment>,
    ) -> Result<(), Problem> {
        let map = SparseMap::new(real_size, segments, entry.stored)?;
        self.file(entry, Some(map))
    }

    fn file(&mut self, entry: Headed, map: Option<SparseMap>) -> Result<(), Problem> {
        let Headed {
            mut new,
            aside,
            stored,
        } = entry;
        new.size = stored;
        new.logical_size = map.as_ref().map(|map| map.real_size);
        if let Some(look) = &mut self.look {
            look.begin(&new.parts, stored);
        }
        let start = new.start;
        let place = self.index.push(new, aside)?;
        self.state = State::Content(Content {
            place,
            start,
            hasher: Box::new(ContentHasher::new()),
            left: stored,
            padding: padding(stored),
            sparse: map.map(|map| Layout {
                segments: map.segments.into_iter(),
                room: 0,
                position: 0,
                real_size: map.real_size,
            }),
        });
        if stored == 0 {
            self.content_complete();
        }
        Ok(())
    }

    fn content_complete(&mut self) {
        if let State::Content(content) = std::mem::replace(&mut self.state, State::Header) {
            let (place, padding) = (content.place, content.padding);
            self.index.set_content(place, content.finish());
            if let Some(look) = &mut self.look {
                self.index.set_secrets(place, look.finish());
            }
            self.skip(0, padding, Some(place));
        }
    }

    /// Passes over the data of something that is not shown as a file, and its sparse map.
    fn skip_unshown(&mut self, place: Option<Place>, data: u64) {
        if place.is_none() {
            self.entry_start = None;
        }
        if self.block[header::KIND] == b'S' && OldGnuMap::header_goes_on(&self.block) {
            self.state = State::UnshownMap { place, data };
        } else {
            self.skip(data, padding(data), place);
        }
    }

    /// Passes over so many bytes and then expects a header; what stands at `place` is complete with them.
    fn skip(&mut self, data: u64, padding: u64, place: Option<Place>) {
        if data > 0 || padding > 0 {
            self.state = State::Skip {
                data,
                padding,
                place,
            };
            return;
        }
        if let Some(place) = place {
            self.index.set_end(place, self.offset);
            self.entry_start = None;
        }
        self.state = State::Header;
    }
}

/// What a tool that knows nothing of whiteouts sees of an entry that is no part of the image.
fn unshown(fields: &Fields, parts: &[&[u8]], size: u64) -> Unshown {
    Unshown {
        before: 0,
        path: parts.join(&b'/'),
        flag: fields.kind,
        size,
        mode: fields.mode,
        owner: (fields.uid, fields.gid),
    }
}

impl Content {
    fn update(&mut self, mut data: &[u8], tap: Tap<'_>) {
        self.left -= data.len() as u64;
        let Some(layout) = &mut self.sparse else {
            self.hasher.update(data);
            tap(self.start, Piece::Bytes(data));
            return;
        };
        while !data.is_empty() {
            while layout.room == 0 {
                // The map adds up to what is stored, so there is a segment for every byte.
                let Some(segment) = layout.segments.next() else {
                    return;
                };
                let hole = segment.offset - layout.position;
                self.hasher.hole(hole);
                tap(self.start, Piece::Hole(hole));
                layout.position = segment.offset;
                layout.room = segment.len;
            }
            let (now, rest) = split(data, layout.room);
            self.hasher.update(now);
            tap(self.start, Piece::Bytes(now));
            layout.room -= now.len() as u64;
            layout.position += now.len() as u64;
            data = rest;
        }
    }

    fn finish(mut self) -> ContentId {
        if let Some(layout) = &self.sparse {
            self.hasher.hole(layout.real_size - layout.position);
        }
        self.hasher.finish()
    }
}

/// Bytes from the end of `size` bytes of data to the next block.
fn padding(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK as u64
}

fn split(data: &[u8], at: u64) -> (&[u8], &[u8]) {
    data.split_at(usize::try_from(at).map_or(data.len(), |at| at.min(data.len())))
}
