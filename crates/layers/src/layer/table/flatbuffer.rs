//! FlatBuffers (flatbuffers.dev, "FlatBuffer Internals"), as far as they are read here: tables, texts and lists, each by the
//! number of its field in the schema.
//!
//! Libraries read them through code that is generated from a schema and is no safe Rust; this crate has none of that.

/// The bytes contradict themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Damaged;

/// A table of a buffer: fields by number, of which any may be left out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'b> {
    buffer: &'b [u8],
    /// Where it begins in the buffer.
    at: usize,
    /// Two bytes for each field: where it is, from the begin of the table; 0 where it is left out.
    fields: &'b [u8],
}

impl<'b> Table<'b> {
    /// The table that a buffer begins with.
    pub(super) fn root(buffer: &'b [u8]) -> Result<Self, Damaged> {
        Self::new(buffer, follow(buffer, 0)?)
    }

    fn new(buffer: &'b [u8], at: usize) -> Result<Self, Damaged> {
        let back = i32::from_le_bytes(bytes(buffer, at)?);
        let described = i64::try_from(at).map_err(|_| Damaged)? - i64::from(back);
        let described = usize::try_from(described).map_err(|_| Damaged)?;
        let length = usize::from(u16::from_le_bytes(bytes(buffer, described)?));
        let description = described.checked_add(length).ok_or(Damaged)?;
        let description = buffer.get(described..description).ok_or(Damaged)?;
        // Its own length and that of the table come first.
        let fields = description.get(4..).ok_or(Damaged)?;
        Ok(Self { buffer, at, fields })
    }

    /// Where a field is in the buffer.
    fn field(&self, number: usize) -> Result<Option<usize>, Damaged> {
        let offset = bytes(self.fields, 2 * number).map_or(0, u16::from_le_bytes);
        match offset {
            0 => Ok(None),
            offset => {
                let at = self.at.checked_add(offset.into());
                at.map(Some).ok_or(Damaged)
            }
        }
    }

    /// A number of 64 bits; 0 where it is left out.
    pub(super) fn long(&self, number: usize) -> Result<i64, Damaged> {
        match self.field(number)? {
            Some(at) => bytes(self.buffer, at).map(i64::from_le_bytes),
            None => Ok(0),
        }
    }

    /// A number of 32 bits without a sign; 0 where it is left out.
    pub(super) fn word(&self, number: usize) -> Result<u32, Damaged> {
        match self.field(number)? {
            Some(at) => bytes(self.buffer, at).map(u32::from_le_bytes),
            None => Ok(0),
        }
    }

    /// The bytes of a text, which need not be UTF-8; none where it is left out.
    pub(super) fn text(&self, number: usize) -> Result<&'b [u8], Damaged> {
        let Some(at) = self.field(number)? else {
            return Ok(&[]);
        };
        let (length, at) = counted(self.buffer, at)?;
        let end = at.checked_add(length).ok_or(Damaged)?;
        self.buffer.get(at..end).ok_or(Damaged)
    }

    /// A table inside.
    pub(super) fn table(&self, number: usize) -> Result<Option<Self>, Damaged> {
        let Some(at) = self.field(number)? else {
            return Ok(None);
        };
        Self::new(self.buffer, follow(self.buffer, at)?).map(Some)
    }

    /// A list of tables; empty where it is left out.
    pub(super) fn tables(
        &self,
        number: usize,
    ) -> Result<impl Iterator<Item = Result<Self, Damaged>> + use<'b>, Damaged> {
        let buffer = self.buffer;
        let (length, first) = match self.field(number)? {
            Some(at) => counted(buffer, at)?,
            None => (0, 0),
        };
        let end = length.checked_mul(4).and_then(|all| all.checked_add(first));
        if end.is_none_or(|end| end > buffer.len()) {
            return Err(Damaged);
        }
        let places = (0..length).map(move |at| first + 4 * at);
        Ok(places.map(move |at| Self::new(buffer, follow(buffer, at)?)))
    }
}

fn bytes<const N: usize>(buffer: &[u8], at: usize) -> Result<[u8; N], Damaged> {
    let end = at.checked_add(N).ok_or(Damaged)?;
    let bytes = buffer.get(at..end).ok_or(Damaged)?;
    bytes.try_into().map_err(|_| Damaged)
}

/// Where the offset at `at`, which counts from its own place, leads.
fn follow(buffer: &[u8], at: usize) -> Result<usize, Damaged> {
    let offset = u32::from_le_bytes(bytes(buffer, at)?);
    let offset = usize::try_from(offset).map_err(|_| Damaged)?;
    at.checked_add(offset).ok_or(Damaged)
}

/// How long the text or list is to which the offset at `at` leads, and where its first byte is.
fn counted(buffer: &[u8], at: usize) -> Result<(usize, usize), Damaged> {
    let at = follow(buffer, at)?;
    let length = u32::from_le_bytes(bytes(buffer, at)?);
    let length = usize::try_from(length).map_err(|_| Damaged)?;
    Ok((length, at.checked_add(4).ok_or(Damaged)?))
}
