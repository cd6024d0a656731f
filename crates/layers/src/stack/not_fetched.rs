//! Why a layer is not available, although its image is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a layer is not available. The image is shown without it, and what it holds is not known.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NotFetched {
    /// The source has no copy of it, as its licence may forbid one (OCI image specification, layer.md,
    /// Non-Distributable Layers).
    Foreign,
    /// It is encrypted (ocicrypt): its media type ends in `+encrypted`.
    Encrypted,
    /// Not a tar, but squashfs, nydus, EROFS or something else.
    NotTar,
}

impl NotFetched {
    /// The name used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Foreign => "foreign",
            Self::Encrypted => "encrypted",
            Self::NotTar => "notTar",
        }
    }

    /// The same in a few words, for lists.
    #[must_use]
    pub const fn short(self) -> &'static str {
        match self {
            Self::Foreign => "foreign",
            Self::Encrypted => "encrypted",
            Self::NotTar => "not a tar",
        }
    }
}

impl fmt::Display for NotFetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => {
                "foreign: the registry has no copy, because its licence may forbid distribution"
            }
            Self::Encrypted => "encrypted: it cannot be read without its key",
            Self::NotTar => "not a tar, and only tars are read",
        })
    }
}
