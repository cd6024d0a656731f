//! Where images and their layers come from: what is to be read of which, and why one could not be.

use onionskin_core::digest::Digest;
use onionskin_core::layer::{LayerError, Problem};
use onionskin_core::source::{Image, Layer, NotFetched, SourceError};
use serde::{Deserialize, Serialize};
use web_sys::Blob;

use super::protocol::UserError;
use super::registries::RegistryImage;
use crate::counts::number;

/// An image whose documents are read.
pub(crate) struct Opened {
    pub(super) image: Image,
    /// What the page calls it, with and without its tag.
    pub(super) reference: String,
    pub(super) name: String,
    pub(super) origin: Origin,
    /// The file that it is in.
    pub(super) file: Option<Blob>,
    /// What wrote the saved analysis that it is, as that says.
    pub(super) analysis: Option<String>,
    /// Names of the documents at the top of that file.
    pub(super) top_documents: Vec<String>,
}

/// Where the layers of the image come from.
#[derive(Clone)]
pub(crate) struct LayerSource {
    pub(crate) origin: Origin,
    /// The file that they are in, if they are in one.
    pub(crate) file: Option<Blob>,
}

/// A layer to decode.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) layer: Layer,
    pub(crate) origin: Origin,
    pub(crate) how: ReadMode,
}

/// How much of a layer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ReadMode {
    /// All of it.
    Whole,
    /// Its table of contents, where that is enough to list it.
    Table,
}

impl Job {
    /// The digest under which the layer's index is kept in the browser. Of a file that the visitor chose nothing is, and of
    /// what a log-in opened.
    pub(crate) fn kept_as(&self) -> Option<&Digest> {
        match &self.origin {
            Origin::Registry(place) if !place.has_login() => self.layer.kept_as(),
            Origin::Registry(_) | Origin::File(_) | Origin::Analysis => None,
        }
    }

    /// What an error of the layer's transfer means to the visitor.
    pub(crate) fn problem(&self, error: &SourceError) -> UserError {
        let problem = match &self.origin {
            Origin::Registry(place) => place.access().problem(error),
            Origin::File(_) | Origin::Analysis => None,
        };
        problem.unwrap_or_else(|| UserError::of_fetch(number(self.layer.number), error))
    }

    /// Whether it is in a file.
    pub(super) fn is_saved(&self) -> bool {
        matches!(self.origin, Origin::File(_) | Origin::Analysis)
    }

    /// Whether an index that is kept may stand in for the layer.
    pub(crate) fn may_be_kept(&self) -> bool {
        matches!(&self.origin, Origin::Registry(place) if !place.is_fresh())
    }
}

/// Where a layer comes from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Origin {
    Registry(RegistryImage),
    /// The file of this name, which goes to the decoder before the job does.
    File(String),
    /// A saved analysis, which goes to the decoder before the job does.
    Analysis,
}

/// Why a layer was not decoded.
pub(crate) enum Missing {
    NotFetched(NotFetched),
    Failed(UserError),
    /// It goes beyond a limit of its image.
    TooMuch(UserError),
}

impl Missing {
    pub(super) fn of_layer(layer: u32, error: &LayerError) -> Self {
        let problem = UserError::of_layer(layer, error);
        match error.problem() {
            Problem::UnpacksTooMuch { .. }
            | Problem::UnpacksTooFar { .. }
            | Problem::Memory { .. } => Missing::TooMuch(problem),
            _ => Missing::Failed(problem),
        }
    }
}

impl From<UserError> for Missing {
    fn from(problem: UserError) -> Self {
        Missing::Failed(problem)
    }
}
