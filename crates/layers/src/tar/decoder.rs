//! The tar decoder: bytes pushed in, events for a visitor out.

use super::content::{Content, padding, split};
use super::entry::{Entry, Extension, Extensions, TarKind};
use super::segment::Segment;
use super::sparse::{MapInData, OldGnuMap, SparseMap};
use super::{BLOCK, Error, Problem, Visitor, header};

/// Reads a tar as it comes.
pub struct Decoder {
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
        entry: Box<Entry>,
        map: OldGnuMap,
    },
    /// The map in front of a PAX 1.0 sparse file's data.
    MapInData {
        entry: Box<Entry>,
        real_size: u64,
        map: MapInData,
    },
    Content(Content),
    /// Data that is no content, and behind it padding.
    Skip {
        data: u64,
        padding: u64,
        /// An entry ends with it.
        ends_entry: bool,
    },
    End {
        garbage: bool,
    },
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            state: State::Header,
            block: Box::new([0; BLOCK]),
            have: 0,
            offset: 0,
            entry_start: None,
            header_start: 0,
            extensions: Extensions::default(),
        }
    }
}

impl Decoder {
    /// Reads a part of a tar, which begins with a header at this offset.
    pub(crate) fn starting_at(offset: u64) -> Self {
        Self {
            offset,
            ..Self::default()
        }
    }

    /// Bytes of the tar taken so far.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// The tar is at its end; what may follow is no part of it.
    #[must_use]
    pub const fn is_at_end(&self) -> bool {
        matches!(self.state, State::End { .. })
    }

    /// Bytes that complete the header or the extension records that come next; 0 where [`Self::pass_over`] is of use.
    #[must_use]
    pub const fn wanted(&self) -> u64 {
        match &self.state {
            State::Header | State::OldGnuMap { .. } | State::MapInData { .. } => {
                (BLOCK - self.have) as u64
            }
            State::Extension { left, .. } => *left,
            State::Content(_) | State::Skip { .. } | State::End { .. } => 0,
        }
    }

    /// Passes over content and padding up to the next header, without [`Visitor::content`]. Tells how many bytes of the tar
    /// need not be pushed.
    pub fn pass_over<V: Visitor>(&mut self, visitor: &mut V) -> u64 {
        let (bytes, of_entry) = match &self.state {
            State::Content(content) => {
                visitor.complete();
                (content.left + content.padding, true)
            }
            State::Skip {
                data,
                padding,
                ends_entry,
            } => (data + padding, *ends_entry),
            _ => return 0,
        };
        self.offset = self.offset.saturating_add(bytes);
        self.skip(0, 0, of_entry, visitor);
        bytes
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// The tar is damaged, or the visitor wants no more of it. The decoder is of no use afterwards.
    pub fn push<V: Visitor>(
        &mut self,
        mut data: &[u8],
        visitor: &mut V,
    ) -> Result<(), Error<V::Problem>> {
        while !data.is_empty() {
            data = self.step(data, visitor).map_err(|problem| Error {
                offset: self.entry_start.unwrap_or(self.header_start),
                problem,
            })?;
        }
        Ok(())
    }

    /// The tar ends here. Missing end blocks and missing padding are accepted, as by every reader; so are extension
    /// headers with no entry behind them. Missing content is not, nor a part of a header.
    ///
    /// # Errors
    /// The tar was cut.
    pub fn finish<V: Visitor>(self, visitor: &mut V) -> Result<(), Error> {
        let no_header = self.block.get(..self.have).unwrap_or_default();
        let whole = match self.state {
            State::Header => no_header.iter().all(|byte| *byte == 0),
            State::Skip {
                data, ends_entry, ..
            } => {
                if data == 0 && ends_entry {
                    visitor.end(self.offset);
                }
                data == 0
            }
            State::End { .. } => true,
            _ => false,
        };
        match whole {
            true => Ok(()),
            false => Err(Error {
                offset: self.offset,
                problem: Problem::Cut,
            }),
        }
    }

    /// Uses up some of `data`, at least one byte, and returns the rest.
    fn step<'d, V: Visitor>(
        &mut self,
        data: &'d [u8],
        visitor: &mut V,
    ) -> Result<&'d [u8], V::Problem> {
        match &mut self.state {
            State::Header | State::OldGnuMap { .. } | State::MapInData { .. } => {
                let (now, rest) = split(data, (BLOCK - self.have) as u64);
                let end = self.have + now.len();
                if let Some(room) = self.block.get_mut(self.have..end) {
                    room.copy_from_slice(now);
                }
                self.have = end;
                self.offset += now.len() as u64;
                if self.have == BLOCK {
                    self.have = 0;
                    self.block_complete(visitor)?;
                }
                Ok(rest)
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
                    self.extensions.add(kind, &body)?;
                    self.skip(0, padding, false, visitor);
                }
                Ok(rest)
            }
            State::Content(content) => {
                let (now, rest) = split(data, content.left);
                content.take(now, visitor);
                self.offset += now.len() as u64;
                if content.left == 0 {
                    self.content_complete(visitor);
                }
                Ok(rest)
            }
            State::Skip {
                data: content,
                padding,
                ends_entry,
            } => {
                let left = match *content {
                    0 => &mut *padding,
                    _ => &mut *content,
                };
                let (now, rest) = split(data, *left);
                *left -= now.len() as u64;
                self.offset += now.len() as u64;
                let (content, padding, ends_entry) = (*content, *padding, *ends_entry);
                self.skip(content, padding, ends_entry, visitor);
                Ok(rest)
            }
            State::End { garbage } => {
                let at = data.iter().position(|byte| *byte != 0);
                if let (false, Some(at)) = (*garbage, at) {
                    *garbage = true;
                    visitor.after_end(self.offset + at as u64);
                }
                self.offset += data.len() as u64;
                Ok(&[])
            }
        }
    }

    fn block_complete<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), V::Problem> {
        match std::mem::replace(&mut self.state, State::Header) {
            State::OldGnuMap { entry, mut map } => {
                if map.add_block(&self.block)? {
                    self.state = State::OldGnuMap { entry, map };
                    return Ok(());
                }
                self.sparse_file(entry, map.real_size, map.segments, visitor)
            }
            State::MapInData {
                mut entry,
                real_size,
                mut map,
            } => {
                let longer = Problem::BadEntry("its sparse map is longer than its data");
                entry.stored = entry.stored.checked_sub(BLOCK as u64).ok_or(longer)?;
                if map.add_block(&self.block[..])? {
                    return self.sparse_file(entry, real_size, map.segments(), visitor);
                }
                self.state = State::MapInData {
                    entry,
                    real_size,
                    map,
                };
                Ok(())
            }
            _ => self.header_complete(visitor),
        }
    }

    fn header_complete<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), V::Problem> {
        if self.block.iter().all(|byte| *byte == 0) {
            // One block of zeros is enough for an end, as for GNU tar and Python.
            self.entry_start = None;
            self.state = State::End { garbage: false };
            return Ok(());
        }
        let start = self.offset - BLOCK as u64;
        self.header_start = start;
        let fields = header::parse(&self.block)?;
        let Some(kind) = Extension::of(&fields)? else {
            let start = *self.entry_start.get_or_insert(start);
            let extensions = std::mem::take(&mut self.extensions);
            let (entry, sparse) = extensions.entry(fields, start, self.offset)?;
            return match entry.kind {
                TarKind::File => self.file(entry, sparse, visitor),
                kind => {
                    let data = if kind == TarKind::Unknown {
                        entry.size
                    } else {
                        0
                    };
                    visitor.entry(&entry)?;
                    self.skip(data, padding(data), true, visitor);
                    Ok(())
                }
            };
        };
        if kind.belongs_to_entry() {
            self.entry_start.get_or_insert(start);
        }
        if fields.size == 0 {
            self.extensions.add(kind, &[])?;
            return Ok(());
        }
        self.state = State::Extension {
            kind,
            body: Vec::new(),
            left: fields.size,
            padding: padding(fields.size),
        };
        Ok(())
    }

    /// A regular file's header is here; the rest of its map may still come.
    fn file<V: Visitor>(
        &mut self,
        entry: Entry,
        sparse: Option<super::pax::SparseForm>,
        visitor: &mut V,
    ) -> Result<(), V::Problem> {
        if entry.flag == b'S' {
            let (map, more) = OldGnuMap::from_header(&self.block)?;
            if more {
                let entry = Box::new(entry);
                self.state = State::OldGnuMap { entry, map };
                return Ok(());
            }
            return self.sparse_file(Box::new(entry), map.real_size, map.segments, visitor);
        }
        let Some(sparse) = sparse else {
            return self.begin(&entry, visitor);
        };
        let real_size = sparse.real_size.unwrap_or(entry.size);
        let entry = Box::new(entry);
        match sparse.segments {
            Some(segments) => self.sparse_file(entry, real_size, segments, visitor),
            None => {
                self.state = State::MapInData {
                    entry,
                    real_size,
                    map: MapInData::default(),
                };
                Ok(())
            }
        }
    }

    fn sparse_file<V: Visitor>(
        &mut self,
        mut entry: Box<Entry>,
        real_size: u64,
        segments: Vec<Segment>,
        visitor: &mut V,
    ) -> Result<(), V::Problem> {
        entry.content = self.offset;
        entry.sparse = Some(SparseMap::new(real_size, segments, entry.stored)?);
        self.begin(&entry, visitor)
    }

    fn begin<V: Visitor>(&mut self, entry: &Entry, visitor: &mut V) -> Result<(), V::Problem> {
        visitor.entry(entry)?;
        self.state = State::Content(Content::of(entry));
        if entry.stored == 0 {
            self.content_complete(visitor);
        }
        Ok(())
    }

    fn content_complete<V: Visitor>(&mut self, visitor: &mut V) {
        if let State::Content(content) = std::mem::replace(&mut self.state, State::Header) {
            let padding = content.padding;
            content.complete(visitor);
            self.skip(0, padding, true, visitor);
        }
    }

    /// Passes over so many bytes and then expects a header.
    fn skip<V: Visitor>(&mut self, data: u64, padding: u64, ends_entry: bool, visitor: &mut V) {
        if data > 0 || padding > 0 {
            self.state = State::Skip {
                data,
                padding,
                ends_entry,
            };
            return;
        }
        if ends_entry {
            visitor.end(self.offset);
            self.entry_start = None;
        }
        self.state = State::Header;
    }
}
