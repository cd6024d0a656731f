//! What is wrong with a part of an image, by where the image is read from.

use super::SourceError;

/// Where an image is read from, and so what can be done when a part of it is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// A registry, over the network.
    #[default]
    Registry,
    /// A saved file, a folder, or standard input.
    File,
    /// What an engine on this machine saves.
    Engine,
}

impl Origin {
    /// The error for a part of `what` that has other bytes than were `promised`.
    pub(in crate::source) fn mismatch(
        self,
        what: String,
        promised: String,
        got: String,
    ) -> SourceError {
        match self {
            Self::Registry => SourceError::Mismatch {
                what,
                promised,
                got,
            },
            Self::File | Self::Engine => SourceError::Damaged {
                what,
                promised,
                got,
                origin: self,
            },
        }
    }

    /// The error for a part of `what` that ends after `received` of its `size` bytes.
    pub(in crate::source) fn ended_early(
        self,
        what: String,
        received: u64,
        size: u64,
    ) -> SourceError {
        match self {
            Self::Registry => SourceError::Cut {
                what,
                received,
                size: Some(size),
                reason: "the connection ended early".to_owned(),
            },
            Self::File | Self::Engine => {
                self.mismatch(what, format!("{size} bytes"), format!("{received} bytes"))
            }
        }
    }

    /// What to do about a damaged or incomplete image.
    pub(super) const fn remedy(self) -> &'static str {
        match self {
            Self::Registry => "try again",
            Self::File => "save the image again, or copy the whole file again",
            Self::Engine => "pull or build the image again",
        }
    }
}
