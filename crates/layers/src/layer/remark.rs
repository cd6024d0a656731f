//! Remarks: what was odd in a layer and did not stop its decoding.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Something odd in a layer that did not stop its decoding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// Offset in the uncompressed tar.
    pub offset: u64,
    /// What is odd.
    pub kind: RemarkKind,
    /// The path in the image, with a leading slash.
    pub path: Vec<u8>,
}

/// What can be odd in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RemarkKind {
    /// A tar entry of this type is not shown.
    UnknownType(u8),
    /// A whiteout of nothing that can have a name.
    BareWhiteout,
    /// Something other than zeros follows the tar's end.
    DataAfterEnd,
    /// A hard link to a folder, which no file system allows.
    LinkToFolder,
    /// Extended attributes in libarchive's form (`LIBARCHIVE.xattr.*`), which engines do not set.
    LibarchiveXattrs,
}

impl fmt::Display for RemarkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownType(flag) => write!(
                f,
                "a tar entry of type {:?} is not part of a filesystem and is not shown",
                char::from(*flag)
            ),
            Self::BareWhiteout => f.write_str("a whiteout without a name hides nothing"),
            Self::DataAfterEnd => {
                f.write_str("data follows the end of the tar; no container sees it")
            }
            Self::LinkToFolder => {
                f.write_str("a hard link to a folder, which no file system allows, is left out")
            }
            Self::LibarchiveXattrs => f.write_str(
                "extended attributes in libarchive's form (LIBARCHIVE.xattr) are not shown; container engines do not set them",
            ),
        }
    }
}
