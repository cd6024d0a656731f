//! Pages that may show the embed view in a frame: those that the operator named (CSP 3, `frame-ancestors`).

use std::str::FromStr;

use crate::origins::{AllowedOrigin, AllowedOriginError};

/// A page that may show the embed view in a frame.
///
/// ```
/// use onionskin_gateway::FrameAncestor;
/// assert_eq!("self".parse(), Ok(FrameAncestor::Itself));
/// let origin: FrameAncestor = "https://Review.example.com:443/".parse()?;
/// assert_eq!(origin, FrameAncestor::Origin("https://review.example.com".parse()?));
/// # Ok::<(), onionskin_gateway::AllowedOriginError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrameAncestor {
    /// A page of the gateway's own origin.
    Itself,
    /// A page of this origin.
    Origin(AllowedOrigin),
}

impl FromStr for FrameAncestor {
    type Err = AllowedOriginError;

    fn from_str(text: &str) -> Result<Self, AllowedOriginError> {
        match text {
            "self" | "'self'" => Ok(Self::Itself),
            text => text.parse().map(Self::Origin),
        }
    }
}

/// The value of the directive that lets these pages frame a document.
pub(crate) fn directive(ancestors: &[FrameAncestor]) -> String {
    let named: Vec<&str> = ancestors
        .iter()
        .map(|ancestor| match ancestor {
            FrameAncestor::Itself => "'self'",
            FrameAncestor::Origin(origin) => origin.as_str(),
        })
        .collect();
    match named.is_empty() {
        true => "'none'".to_owned(),
        false => named.join(" "),
    }
}

/// Which document of the page is asked for, as the query of its address says. All are the same bytes under other headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// `?embed`: one view, which may be framed.
    pub(crate) embed: bool,
    /// `?handover`: a page that takes a file from the window that opened it.
    pub(crate) handover: bool,
}

impl Marks {
    /// Those of a query, without its question mark.
    pub(crate) fn of(query: Option<&str>) -> Self {
        let query = query.unwrap_or_default();
        let has = |mark: &str| {
            let mut keys = query.split('&').map(|part| part.split('=').next());
            keys.any(|key| key == Some(mark))
        };
        Self {
            embed: has("embed"),
            handover: has("handover"),
        }
    }
}
