//! The kinds of findings: what can be wrong with an image.

use serde::{Deserialize, Serialize};

use crate::stack::Cause;

/// What is wrong.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Wasted: hidden by a whiteout, or by something other than a folder in the place of a parent folder.
    Deleted,
    /// Wasted: the same path stored again with other content or as something else.
    Overwritten,
    /// Wasted: the same path stored again with the same content.
    MetadataOnly,
    /// Wasted: stored again by a later entry of the same layer.
    Repeated,
    /// Live: the same content as at another path.
    Duplicate,
    /// Live: a cache, a log, a build tree or the like, which no container needs.
    Leftover,
    /// Live: documentation, translations, compilers and the like, which most containers do not need.
    Optional,
    /// A layer that holds nothing, and is downloaded all the same.
    Empty,
    /// A key, token or password, in any layer or in the configuration.
    Secret,
    /// A program that runs with the permissions of its owner or group, regardless of who runs it.
    Setid,
    /// A file or folder that everybody may write to.
    Writable,
    /// A fact of the configuration.
    Config,
}

impl Kind {
    /// All kinds, in their order.
    pub const ALL: [Self; 12] = [
        Self::Deleted,
        Self::Overwritten,
        Self::MetadataOnly,
        Self::Repeated,
        Self::Duplicate,
        Self::Leftover,
        Self::Optional,
        Self::Empty,
        Self::Secret,
        Self::Setid,
        Self::Writable,
        Self::Config,
    ];

    /// The name used in JSON and on screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deleted => Cause::Deleted.name(),
            Self::Overwritten => Cause::Overwritten.name(),
            Self::MetadataOnly => Cause::MetadataOnly.name(),
            Self::Repeated => Cause::Repeated.name(),
            Self::Duplicate => "duplicate",
            Self::Leftover => "leftover",
            Self::Optional => "optional",
            Self::Empty => "empty",
            Self::Secret => "secret",
            Self::Setid => "setid",
            Self::Writable => "writable",
            Self::Config => "config",
        }
    }

    /// What is wrong, in a few words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Deleted => "deleted in a later layer",
            Self::Overwritten => "stored again with other content",
            Self::MetadataOnly => "stored again, only mode, owner or time changed",
            Self::Repeated => "stored more than once in one layer",
            Self::Duplicate => "the same content as at another path",
            Self::Leftover => "a cache, a log or another file that containers do not need",
            Self::Optional => {
                "documentation, compilers and other files that most containers do not need"
            }
            Self::Empty => "an empty layer, which is still downloaded",
            Self::Secret => {
                "looks like a key, a token or a password, which everyone who can pull can read"
            }
            Self::Setid => {
                "runs with the permissions of its owner or group, regardless of who runs it"
            }
            Self::Writable => "every user in the container can write to it",
            Self::Config => "a setting in the configuration",
        }
    }

    /// The cause of which the bytes are wasted; None for all that is not about wasted bytes.
    #[must_use]
    pub const fn cause(self) -> Option<Cause> {
        match self {
            Self::Deleted => Some(Cause::Deleted),
            Self::Overwritten => Some(Cause::Overwritten),
            Self::MetadataOnly => Some(Cause::MetadataOnly),
            Self::Repeated => Some(Cause::Repeated),
            _ => None,
        }
    }

    /// Whether all of its findings are in the image's documents, whatever the layers hold.
    #[must_use]
    pub const fn is_of_documents(self) -> bool {
        matches!(self, Self::Config)
    }

    /// Whether it is about what an image risks, rather than about bytes that it could do without.
    #[must_use]
    pub const fn is_risk(self) -> bool {
        matches!(
            self,
            Self::Secret | Self::Setid | Self::Writable | Self::Config
        )
    }
}

impl From<Cause> for Kind {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Deleted => Self::Deleted,
            Cause::Overwritten => Self::Overwritten,
            Cause::MetadataOnly => Self::MetadataOnly,
            Cause::Repeated => Self::Repeated,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_name_in_json_and_on_screen() {
        for (at, kind) in Kind::ALL.into_iter().enumerate() {
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("\"{}\"", kind.name()));
            assert_eq!(kind as usize, at);
        }
    }
}
