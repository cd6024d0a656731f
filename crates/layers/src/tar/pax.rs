//! PAX extension records: `LEN key=value\n`, and what they say about an entry.
//!
//! Sources: POSIX pax, "pax Extended Header"; GNU tar manual, "Storing Sparse Files";
//! star's vendor keys for extended attributes.

use std::collections::BTreeMap;

use super::Problem;
use super::header::wrap;
use super::segment::Segment;

/// Seconds and nanoseconds since 1970; nanoseconds count upwards also before it.
pub(super) type Time = (i64, u32);

/// What records say; None where they say nothing.
#[derive(Clone, Default)]
pub(super) struct Records {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u64>,
    pub(super) gid: Option<u64>,
    pub(super) mtime: Option<Time>,
    pub(super) xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
    /// There are attributes in libarchive's form, which no engine sets.
    pub(super) has_libarchive_xattrs: bool,
    pub(super) sparse: SparseRecords,
}

/// Checks the records of a global (`g`) header. Engines take nothing from them (moby and containerd unpack with Go's
/// `archive/tar`, which hands global records to its caller, and both pass them over), but refuse damaged ones.
pub(super) fn check_globals(data: &[u8]) -> Result<(), Problem> {
    Records::default().add(data)
}

/// The `GNU.sparse.*` records.
#[derive(Clone, Default)]
pub(super) struct SparseRecords {
    major: Vec<u8>,
    minor: Vec<u8>,
    name: Option<Vec<u8>>,
    size: Option<u64>,
    real_size: Option<u64>,
    segments: Option<Vec<Segment>>,
    /// Format 0.0: an offset that waits for its length.
    offset: Option<u64>,
}

/// How a sparse file is stored.
pub(super) struct SparseForm {
    pub(super) name: Option<Vec<u8>>,
    pub(super) real_size: Option<u64>,
    /// None where the map stands in front of the data (format 1.0).
    pub(super) segments: Option<Vec<Segment>>,
}

impl SparseRecords {
    /// What the records make of the entry; None if it is no sparse file of a form that exists.
    pub(super) fn form(self) -> Result<Option<SparseForm>, Problem> {
        let segments = match (self.major.as_slice(), self.minor.as_slice()) {
            (b"1", b"0") => None,
            (b"0", b"0" | b"1") => Some(self.segments.unwrap_or_default()),
            // The first two forms had no version at first.
            (b"", b"") if self.segments.is_some() => self.segments,
            _ => return Ok(None),
        };
        if self.offset.is_some() {
            return Err(Problem::BadEntry(
                "its sparse map gives an offset without a length",
            ));
        }
        Ok(Some(SparseForm {
            name: self.name,
            real_size: self.size.or(self.real_size),
            segments,
        }))
    }
}

const NO_NUMBER: Problem = Problem::BadEntry("a PAX record that must be a number is not one");

impl Records {
    /// Adds the records in `data`; later ones win, empty values take earlier ones back.
    pub(super) fn add(&mut self, mut data: &[u8]) -> Result<(), Problem> {
        while !data.is_empty() {
            let (record, rest) =
                split_record(data).ok_or(Problem::BadEntry("a PAX record's length is wrong"))?;
            let (key, value) = record;
            // As for Go, whose readers engines unpack with. As the name of an attribute it would be cut off.
            if key.contains(&0) {
                return Err(Problem::BadEntry(
                    "the name of a PAX record has a NUL in it",
                ));
            }
            self.set(key, value)?;
            data = rest;
        }
        Ok(())
    }

    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), Problem> {
        match key {
            b"path" => self.path = name(value)?,
            b"linkpath" => self.link = name(value)?,
            b"size" => self.size = optional(value, size)?,
            b"uid" => self.uid = optional(value, identity)?,
            b"gid" => self.gid = optional(value, identity)?,
            b"mtime" => self.mtime = optional(value, time)?,
            b"uname" | b"gname" => drop(name(value)?),
            // Access control lists as text (SCHILY.acl.*) and what Windows stores (MSWINDOWS.*) are
            // passed over as by every runtime: a container sees neither.
            _ => {
                if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
                    self.set_xattr(name.to_vec(), value.to_vec());
                } else if key.starts_with(b"LIBARCHIVE.xattr.") {
                    self.has_libarchive_xattrs = true;
                } else if let Some(name) = key.strip_prefix(b"GNU.sparse.") {
                    self.set_sparse(name, value)?;
                }
            }
        }
        Ok(())
    }

    fn set_xattr(&mut self, name: Vec<u8>, value: Vec<u8>) {
        if value.is_empty() {
            self.xattrs.remove(&name);
        } else {
            self.xattrs.insert(name, value);
        }
    }

    fn set_sparse(&mut self, key: &[u8], value: &[u8]) -> Result<(), Problem> {
        let sparse = &mut self.sparse;
        match key {
            b"major" => sparse.major = value.to_vec(),
            b"minor" => sparse.minor = value.to_vec(),
            b"name" => sparse.name = name(value)?,
            b"size" => sparse.size = optional(value, size)?,
            b"realsize" => sparse.real_size = optional(value, size)?,
            b"offset" => sparse.offset = optional(value, size)?,
            b"numbytes" => {
                let offset = sparse.offset.take().ok_or(Problem::BadEntry(
                    "its sparse map gives a length without an offset",
                ))?;
                let len = size(value)?;
                let segments = sparse.segments.get_or_insert_default();
                segments.push(Segment { offset, len });
            }
            b"map" => sparse.segments = optional(value, segments)?,
            _ => {}
        }
        Ok(())
    }
}

/// Offsets and lengths in turn, between commas.
fn segments(value: &[u8]) -> Result<Vec<Segment>, Problem> {
    let numbers = value
        .split(|byte| *byte == b',')
        .map(size)
        .collect::<Result<Vec<_>, _>>()?;
    let (pairs, []) = numbers.as_chunks::<2>() else {
        return Err(Problem::BadEntry(
            "its sparse map has an odd count of numbers",
        ));
    };
    let pair = |&[offset, len]: &[u64; 2]| Segment { offset, len };
    Ok(pairs.iter().map(pair).collect())
}

type Record<'d> = (&'d [u8], &'d [u8]);

/// The first record's key and value, and what follows it. Values may hold newlines, so only LEN counts.
fn split_record(data: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let digits = data.iter().position(|byte| *byte == b' ')?;
    let len = usize::try_from(decimal(data.get(..digits)?).ok()?).ok()?;
    let (record, rest) = data.split_at_checked(len)?;
    let body = record.get(digits + 1..)?.strip_suffix(b"\n")?;
    let equals = body.iter().position(|byte| *byte == b'=')?;
    let (key, value) = (body.get(..equals)?, body.get(equals + 1..)?);
    (!key.is_empty()).then_some(((key, value), rest))
}

/// A name from a record; one that holds a NUL would be cut differently by different readers.
fn name(value: &[u8]) -> Result<Option<Vec<u8>>, Problem> {
    if value.contains(&0) {
        return Err(Problem::BadEntry("a name in its PAX records holds a NUL"));
    }
    Ok((!value.is_empty()).then(|| value.to_vec()))
}

fn optional<T>(
    value: &[u8],
    parse: impl Fn(&[u8]) -> Result<T, Problem>,
) -> Result<Option<T>, Problem> {
    (!value.is_empty()).then(|| parse(value)).transpose()
}

/// A decimal number of bytes that a file can have.
pub(super) fn size(text: &[u8]) -> Result<u64, Problem> {
    decimal(text).and_then(|size| {
        if size < (i64::MAX - (1 << 32)) as u64 {
            Ok(size)
        } else {
            Err(NO_NUMBER)
        }
    })
}

fn decimal(text: &[u8]) -> Result<u64, Problem> {
    if text.is_empty() {
        return Err(NO_NUMBER);
    }
    text.iter()
        .try_fold(0u64, |value, byte| match byte {
            b'0'..=b'9' => value.checked_mul(10)?.checked_add(u64::from(byte - b'0')),
            _ => None,
        })
        .ok_or(NO_NUMBER)
}

/// A user or group; below zero it is what its 32 bits are.
fn identity(text: &[u8]) -> Result<u64, Problem> {
    match text.strip_prefix(b"-") {
        None => decimal(text.strip_prefix(b"+").unwrap_or(text)),
        Some(digits) => decimal(digits)
            .and_then(|number| i64::try_from(number).map_err(|_| NO_NUMBER))
            .map(|number| wrap(-number)),
    }
}

/// A time as `[+-]SECONDS[.FRACTION]`.
fn time(text: &[u8]) -> Result<Time, Problem> {
    let bad = || Problem::BadEntry("a time in its PAX records is not a number");
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix(b"+").unwrap_or(text)),
    };
    let mut parts = text.splitn(2, |byte| *byte == b'.');
    let whole = parts.next().unwrap_or_default();
    let seconds = decimal(whole)
        .ok()
        .and_then(|seconds| i64::try_from(seconds).ok())
        .ok_or_else(bad)?;
    let fraction = parts.next().unwrap_or_default();
    if !fraction.iter().all(u8::is_ascii_digit) {
        return Err(bad());
    }
    let nanos = (0..9).fold(0, |nanos, at| {
        nanos * 10 + u32::from(fraction.get(at).unwrap_or(&b'0') - b'0')
    });
    Ok(match (negative, nanos) {
        (false, nanos) => (seconds, nanos),
        (true, 0) => (-seconds, 0),
        (true, nanos) => (-seconds - 1, 1_000_000_000 - nanos),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(data: &[u8]) -> Result<Records, Problem> {
        let mut records = Records::default();
        records.add(data).map(|()| records)
    }

    #[test]
    fn a_record_is_as_long_as_it_says() {
        // The value of the attribute holds what looks like another record.
        let data = b"41 SCHILY.xattr.user.a=x\n10 path=evil\nyz\n13 path=good\n";
        let read = records(data).unwrap();
        assert_eq!(read.path.as_deref(), Some(&b"good"[..]));
        assert_eq!(read.xattrs[&b"user.a"[..]], b"x\n10 path=evil\nyz");
    }

    #[test]
    fn wrong_lengths_and_numbers_are_errors() {
        for bad in [
            &b"14 path=good\n"[..],
            b"12 path=good\n",
            b"13 path=good ",
            b"path=good\n",
            b"7 path\n",
            b"99999999999999999999 path=good\n",
            b"11 size=1k\n",
            b"11 size=-1\n",
            b"12 path=a\0b\n",
            b"13 uname=a\0b\n",
            b"26 SCHILY.xattr.user\0.a=x\n",
            b"8 k\0y=v\n",
        ] {
            assert!(records(bad).is_err(), "{:?}", String::from_utf8_lossy(bad));
        }
    }

    #[test]
    fn an_empty_value_takes_back() {
        let read = records(b"10 path=a\n8 path=\n").unwrap();
        assert_eq!(read.path, None);
    }

    #[test]
    fn what_no_runtime_applies_is_no_attribute() {
        let acl = b"34 SCHILY.acl.access=user::rw-,x=\n";
        let read = records(&[&acl[..], b"29 MSWINDOWS.fileattr=000032\n"].concat()).unwrap();
        assert!(read.xattrs.is_empty());
    }

    #[test]
    fn times_have_fractions_and_signs() {
        for (text, expected) in [
            (&b"1"[..], (1, 0)),
            (b"1.5", (1, 500_000_000)),
            (b"1.0000000019", (1, 1)),
            (b"-1", (-1, 0)),
            (b"-1.5", (-2, 500_000_000)),
            (b"-0.25", (-1, 750_000_000)),
            (b"0.", (0, 0)),
        ] {
            assert_eq!(time(text), Ok(expected));
        }
        for bad in [&b""[..], b"-", b"1.x", b"1e3", b"--1"] {
            assert!(time(bad).is_err());
        }
    }
}
