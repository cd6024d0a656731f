//! What is known of the image that growth is measured against.

use onionskin_core::rules::Against;

/// What is known of the other image.
#[derive(Default)]
pub(crate) enum OtherImage {
    /// No rule asked for it.
    #[default]
    Unasked,
    /// It is being read.
    Coming,
    Read(Against),
    /// It is not to be had, for this reason.
    Missing(String),
}

impl OtherImage {
    /// The image, once it is read.
    pub(crate) fn read(&self) -> Option<&Against> {
        match self {
            OtherImage::Read(against) => Some(against),
            _ => None,
        }
    }

    /// Why rules of growth cannot be judged, where more can be said than that it was not opened.
    pub(crate) fn missing(&self) -> Option<&str> {
        match self {
            OtherImage::Missing(reason) => Some(reason),
            OtherImage::Coming => Some("the image to compare with is being read"),
            OtherImage::Unasked | OtherImage::Read(_) => None,
        }
    }
}
