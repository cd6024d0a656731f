//! The address of a repository's images over time: `#/history/REPOSITORY?tags=1.*&limit=50&at=1.10`.

use onionskin_core::limits::HISTORY_TAGS;
use onionskin_core::link::{REFERENCE, VALUE};
use percent_encoding::percent_encode;

use super::{repository, shown, text, unknown_part};

/// Images that are read where the address does not say how many.
pub(crate) const LIMIT: u32 = 20;
/// Images that may be read: each has a tag.
pub(crate) const MOST: u32 = HISTORY_TAGS as u32;

/// Images of a repository over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HistoryRoute {
    pub(crate) repository: String,
    /// Only tags that match this glob. Without one, the visitor is asked where there are many tags.
    pub(crate) tags: Option<String>,
    /// Only so many of the newest images.
    pub(crate) limit: u32,
    pub(crate) platform: Option<String>,
    /// The selected image, by one of its tags.
    pub(crate) at: Option<String>,
}

impl HistoryRoute {
    /// All of a repository.
    pub(crate) fn of(repository: impl Into<String>) -> Self {
        HistoryRoute {
            repository: repository.into(),
            tags: None,
            limit: LIMIT,
            platform: None,
            at: None,
        }
    }

    /// The same images, none of which is selected.
    pub(crate) fn images(&self) -> Self {
        HistoryRoute {
            at: None,
            ..self.clone()
        }
    }

    pub(super) fn parse(place: &str, query: &str, remarks: &mut Vec<String>) -> Self {
        let mut route = HistoryRoute::of(repository(place, remarks));
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        for (key, value) in pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))) {
            let named = Some(text(value)).filter(|text| !text.is_empty());
            match key {
                "tags" => route.tags = named,
                "limit" => match text(value).parse() {
                    Ok(limit) if (1..=MOST).contains(&limit) => route.limit = limit,
                    _ => remarks.push(format!(
                        "“{}” is not a number of images from 1 to {MOST}.",
                        shown(value)
                    )),
                },
                "platform" => route.platform = named,
                "at" => route.at = named,
                _ => remarks.push(unknown_part(key)),
            }
        }
        route
    }

    pub(super) fn to_fragment(&self) -> String {
        let limit = (self.limit != LIMIT).then(|| self.limit.to_string());
        let pairs = [
            ("tags", self.tags.as_deref()),
            ("limit", limit.as_deref()),
            ("platform", self.platform.as_deref()),
            ("at", self.at.as_deref()),
        ];
        let repository = percent_encode(self.repository.as_bytes(), REFERENCE);
        let mut fragment = format!("#/history/{repository}");
        let mut separator = '?';
        for (key, value) in pairs {
            if let Some(value) = value {
                let value = percent_encode(value.as_bytes(), VALUE);
                fragment.push_str(&format!("{separator}{key}={value}"));
                separator = '&';
            }
        }
        fragment
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::Route;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_history_survives_the_address() {
        for fragment in [
            "#/history/demo/webapp",
            "#/history/registry.example.com:5000/team/app?tags=v{1,2}.*&limit=50&platform=linux/arm64&at=v1.10",
            "#/history/nginx?tags=1.2?",
        ] {
            let (route, remarks) = Route::parse(fragment);
            assert!(remarks.is_empty(), "{remarks:?}");
            assert!(matches!(route, Route::History(_)), "{route:?}");
            assert_eq!(route.to_fragment(), fragment);
        }
        let (route, remarks) = Route::parse("#/history/nginx?limit=0&colour=red&at=a%26b");
        assert_eq!(remarks.len(), 2, "{remarks:?}");
        assert_eq!(
            route,
            Route::History(HistoryRoute {
                at: Some("a&b".to_owned()),
                ..HistoryRoute::of("nginx")
            })
        );
    }
}
