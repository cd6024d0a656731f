//! One row of a table, as JSON has it (containerd/stargz-snapshotter, docs/estargz.md, TOCEntry).
//!
//! Runtimes read tables with Go, to which the names of fields are the same in upper and lower case, and the last of several
//! counts. A table that uses this is refused: no writer does, and readers could take it for different things.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

/// What a row says.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) size: u64,
    pub(super) modtime: String,
    pub(super) link: String,
    pub(super) mode: i64,
    pub(super) uid: i64,
    pub(super) gid: i64,
    pub(super) device: (u32, u32),
    /// Values in base64.
    pub(super) xattrs: BTreeMap<String, String>,
    pub(super) digest: String,
    pub(super) offset: u64,
    pub(super) end_offset: u64,
    pub(super) inner_offset: u64,
    pub(super) chunk_offset: u64,
    pub(super) chunk_size: u64,
    pub(super) chunk_digest: String,
}

/// A field's name.
pub(super) struct Key(String);

impl Key {
    /// Which of `known` it is; None where it is another. It must not be one of them in a way that Go takes for it.
    pub(super) fn among<E: Error>(self, known: &[&'static str]) -> Result<Option<usize>, E> {
        let at = known.iter().position(|name| *name == self.0);
        let resembles = |name: &&str| name.eq_ignore_ascii_case(&self.0);
        if at.is_none() && (!self.0.is_ascii() || known.iter().any(resembles)) {
            return Err(E::custom("a field's name is not written as it should be"));
        }
        Ok(at)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

/// The fields, each once.
#[derive(Default)]
pub(super) struct Seen(u32);

impl Seen {
    pub(super) fn first<E: Error>(&mut self, field: usize) -> Result<(), E> {
        let bit = 1 << field;
        if self.0 & bit != 0 {
            return Err(E::custom("a field comes twice"));
        }
        self.0 |= bit;
        Ok(())
    }
}

const FIELDS: [&str; 18] = [
    "name",
    "type",
    "size",
    "modtime",
    "linkName",
    "mode",
    "uid",
    "gid",
    "devMajor",
    "devMinor",
    "xattrs",
    "digest",
    "offset",
    "endOffset",
    "innerOffset",
    "chunkOffset",
    "chunkSize",
    "chunkDigest",
];

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reading)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Row;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row of a table of contents")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
        let (mut row, mut seen) = (Row::default(), Seen::default());
        while let Some(key) = map.next_key::<Key>()? {
            let Some(field) = key.among(&FIELDS)? else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            seen.first(field)?;
            match FIELDS.get(field).copied().unwrap_or_default() {
                "name" => row.name = value(&mut map)?,
                "type" => row.kind = value(&mut map)?,
                "size" => row.size = value(&mut map)?,
                "modtime" => row.modtime = value(&mut map)?,
                "linkName" => row.link = value(&mut map)?,
                "mode" => row.mode = value(&mut map)?,
                "uid" => row.uid = value(&mut map)?,
                "gid" => row.gid = value(&mut map)?,
                "devMajor" => row.device.0 = value(&mut map)?,
                "devMinor" => row.device.1 = value(&mut map)?,
                "xattrs" => row.xattrs = value(&mut map)?,
                "digest" => row.digest = value(&mut map)?,
                "offset" => row.offset = value(&mut map)?,
                "endOffset" => row.end_offset = value(&mut map)?,
                "innerOffset" => row.inner_offset = value(&mut map)?,
                "chunkOffset" => row.chunk_offset = value(&mut map)?,
                "chunkSize" => row.chunk_size = value(&mut map)?,
                _ => row.chunk_digest = value(&mut map)?,
            }
        }
        Ok(row)
    }
}

/// The next value; to Go, null is as if the field were not there.
fn value<'de, T: Deserialize<'de> + Default, A: MapAccess<'de>>(
    map: &mut A,
) -> Result<T, A::Error> {
    Ok(map.next_value::<Option<T>>()?.unwrap_or_default())
}
