//! The rows of one table of an SQLite database: as much of the file format as rpm's database needs.
//!
//! Source: SQLite's "Database File Format".

use std::borrow::Cow;

use crate::limits::SQLITE_DEPTH;

/// Bytes before the first page's own header.
const FILE_HEADER: usize = 100;

/// A database whose header fits.
struct Database<'d> {
    content: &'d [u8],
    page: usize,
    /// Bytes of a page that are used.
    usable: usize,
}

/// A row: what its columns hold, in their order.
type Columns<'d> = Vec<Value<'d>>;

enum Value<'d> {
    Null,
    Number(i64),
    Bytes(Cow<'d, [u8]>),
}

/// The blobs of rpm's table `Packages`; None where the file is damaged.
pub(super) fn blobs(content: &[u8]) -> Option<impl Iterator<Item = Cow<'_, [u8]>>> {
    let database = Database::of(content)?;
    let root = (database.rows(1)?.into_iter()).find_map(|columns| match columns.as_slice() {
        [
            Value::Bytes(kind),
            Value::Bytes(name),
            _,
            Value::Number(root),
            ..,
        ] => {
            let is_it = kind.as_ref() == b"table" && name.as_ref() == b"Packages";
            is_it.then_some(*root)
        }
        _ => None,
    })?;
    let rows = database.rows(usize::try_from(root).ok()?)?;
    let blobs = rows
        .into_iter()
        .filter_map(|columns| match columns.into_iter().nth(1) {
            Some(Value::Bytes(blob)) => Some(blob),
            _ => None,
        });
    Some(blobs)
}

fn number(bytes: &[u8], at: usize, length: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(length)?)?.iter();
    Some(bytes.fold(0, |number, byte| (number << 8) | usize::from(*byte)))
}

/// A number of one to nine bytes, of seven bits each but the ninth, and how many bytes it takes.
fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut number = 0u64;
    for (at, byte) in bytes.iter().take(9).enumerate() {
        if at == 8 {
            return Some(((number << 8) | u64::from(*byte), 9));
        }
        number = (number << 7) | u64::from(byte & 0x7f);
        if *byte < 0x80 {
            return Some((number, at + 1));
        }
    }
    None
}

impl<'d> Database<'d> {
    fn of(content: &'d [u8]) -> Option<Self> {
        content.strip_prefix(b"SQLite format 3\0")?;
        let page = match number(content, 16, 2)? {
            1 => 65_536,
            page => page,
        };
        let usable = page.checked_sub(number(content, 20, 1)?)?;
        let is_sound = page.is_power_of_two() && page >= 512 && usable >= 480;
        is_sound.then_some(Self {
            content,
            page,
            usable,
        })
    }

    /// A page, from 1.
    fn page(&self, number: usize) -> Option<&'d [u8]> {
        let start = number.checked_sub(1)?.checked_mul(self.page)?;
        self.content.get(start..start.checked_add(self.usable)?)
    }

    /// All rows of the table whose tree has this root.
    fn rows(&self, root: usize) -> Option<Vec<Columns<'d>>> {
        let mut rows = Vec::new();
        // Each page is in one place of one tree, and rows take no more bytes than the file has.
        let mut pages = self.content.len() / self.page;
        let mut bytes = self.content.len();
        let mut open = vec![(root, 0)];
        while let Some((number_of_page, depth)) = open.pop() {
            pages = pages.checked_sub(1)?;
            let page = self.page(number_of_page)?;
            let start = match number_of_page {
                1 => FILE_HEADER,
                _ => 0,
            };
            let cells = number(page, start + 3, 2)?;
            let (is_leaf, pointers) = match page.get(start)? {
                0x0d => (true, start + 8),
                0x05 => (false, start + 12),
                _ => return None,
            };
            if !is_leaf {
                if depth == SQLITE_DEPTH {
                    return None;
                }
                open.push((number(page, start + 8, 4)?, depth + 1));
            }
            let first = open.len();
            for at in 0..cells {
                let cell = page.get(number(page, pointers + 2 * at, 2)?..)?;
                match is_leaf {
                    true => rows.push(self.row(cell, &mut bytes)?),
                    false => open.push((number(cell, 0, 4)?, depth + 1)),
                }
            }
            // The leftmost comes first.
            if let Some(children) = open.get_mut(first..) {
                children.reverse();
            }
        }
        Some(rows)
    }

    /// The columns of a cell of a leaf.
    fn row(&self, cell: &'d [u8], left: &mut usize) -> Option<Columns<'d>> {
        let (length, skipped) = varint(cell)?;
        let cell = cell.get(skipped..)?;
        let (_, skipped) = varint(cell)?;
        let length = usize::try_from(length).ok()?;
        *left = left.checked_sub(length)?;
        match self.payload(cell.get(skipped..)?, length)? {
            Cow::Borrowed(payload) => columns(payload, Cow::Borrowed),
            Cow::Owned(payload) => columns(&payload, |bytes| Cow::Owned(bytes.to_vec())),
        }
    }

    /// A row's bytes: where they are too many for the page, the rest is in a chain of others.
    fn payload(&self, cell: &'d [u8], length: usize) -> Option<Cow<'d, [u8]>> {
        let (usable, most) = (self.usable, self.usable - 35);
        if length <= most {
            return cell.get(..length).map(Cow::Borrowed);
        }
        let least = (usable - 12) * 32 / 255 - 23;
        let fitting = least + (length - least) % (usable - 4);
        let local = match fitting <= most {
            true => fitting,
            false => least,
        };
        let mut payload = cell.get(..local)?.to_vec();
        let mut next = number(cell, local, 4)?;
        // It ends: each page adds bytes, and there are as many as `length` says.
        while payload.len() < length {
            let page = self.page(next)?;
            next = number(page, 0, 4)?;
            let wanted = (length - payload.len()).min(usable - 4);
            payload.extend_from_slice(page.get(4..4 + wanted)?);
        }
        Some(Cow::Owned(payload))
    }
}

/// The columns of a row's bytes: a header with the type of each, and behind it what they hold.
fn columns<'p, 'd>(
    payload: &'p [u8],
    keep: impl Fn(&'p [u8]) -> Cow<'d, [u8]>,
) -> Option<Columns<'d>> {
    let (header, skipped) = varint(payload)?;
    let (types, mut rest) = payload.split_at_checked(usize::try_from(header).ok()?)?;
    let mut types = types.get(skipped..)?;
    let mut columns = Vec::new();
    while !types.is_empty() {
        let (kind, skipped) = varint(types)?;
        types = types.get(skipped..)?;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind as usize,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            kind => usize::try_from((kind - 12) / 2).ok()?,
        };
        let (value, behind) = rest.split_at_checked(length)?;
        rest = behind;
        columns.push(match kind {
            1..=6 => Value::Number(number(value, 0, length)? as i64),
            8 => Value::Number(0),
            9 => Value::Number(1),
            12.. => Value::Bytes(keep(value)),
            _ => Value::Null,
        });
    }
    Some(columns)
}
