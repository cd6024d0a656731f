//! Lists in pages, as the distribution specification has them: `?n=` and `?last=`, the next page in `Link`.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use onionskin_core::manifest::media_type::OCI_INDEX;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::error::Refused;
use crate::limits::LIST_BYTES;
use crate::policy;

/// The most names of one page, and what a request without `n` gets.
const PAGE: usize = 1000;

/// Which of the filters that were asked for the registry applied (distribution specification, Listing Referrers).
const FILTERS: HeaderName = HeaderName::from_static("oci-filters-applied");

/// Which part of a list is wanted.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Paging {
    /// How many names.
    pub(crate) n: Option<usize>,
    /// The name that the page before ended with.
    pub(crate) last: Option<String>,
}

#[derive(Serialize)]
struct Tags<'a, T: Serialize> {
    name: &'a str,
    tags: &'a [T],
}

#[derive(Serialize)]
struct Catalog<'a, T: Serialize> {
    repositories: &'a [T],
}

/// A page of the tags of repository `name`; `tags` are in order.
pub(crate) fn tags<'a>(
    name: &'a str,
    tags: impl Iterator<Item = &'a str>,
    paging: &Paging,
) -> Response {
    let (tags, next) = page(tags, paging);
    let next = next.map(|next| format!("/v2/{name}/tags/list?{next}"));
    let tags = &tags;
    answer(Json(Tags { name, tags }), next)
}

/// Writes a page of tags that a registry gave, under the name that the repository has here.
pub(crate) fn tags_written(
    name: &str,
) -> impl Fn(Vec<String>) -> Result<Bytes, Refused> + Clone + Send + 'static + use<> {
    let name = name.to_owned();
    move |tags: Vec<String>| {
        let (name, tags) = (&name, &tags);
        written(&Tags { name, tags })
    }
}

/// Writes a page of the repositories of the registry that is `name` here, under the names that they have here.
pub(crate) fn catalog_written(
    name: &str,
) -> impl Fn(Vec<String>) -> Result<Bytes, Refused> + Clone + Send + 'static + use<> {
    let name = name.to_owned();
    move |repositories: Vec<String>| {
        let names = repositories.iter().map(String::len).sum::<usize>();
        if names + repositories.len() * (name.len() + 1) > LIST_BYTES {
            let message = format!(
                "the list of repositories of {name} is too long; ask for a part of it, as in ?n=1000"
            );
            return Err(Refused::unreachable(StatusCode::BAD_GATEWAY, message));
        }
        let here = repositories
            .iter()
            .map(|repository| format!("{name}/{repository}"));
        let repositories = &here.collect::<Vec<_>>();
        written(&Catalog { repositories })
    }
}

fn written(list: &impl Serialize) -> Result<Bytes, Refused> {
    let written = serde_json::to_vec(list).map_err(|error| {
        tracing::error!("a list could not be written: {error}");
        let message = "this gateway could not write the list; its log says why";
        Refused::unreachable(StatusCode::INTERNAL_SERVER_ERROR, message)
    });
    written.map(Bytes::from)
}

/// A page of a registry's list as it was written; the next one is at `next`.
pub(crate) fn relayed(list: Bytes, next: Option<String>) -> Response {
    let json = [(header::CONTENT_TYPE, "application/json")];
    answer((json, list), next)
}

/// A page of what refers to a manifest, as the registry gave it; the next one is at `next`.
pub(crate) fn relayed_referrers(bytes: Bytes, filtered: bool, next: Option<String>) -> Response {
    let index = [(header::CONTENT_TYPE, OCI_INDEX)];
    let mut response = answer((index, bytes), next);
    if filtered {
        let filter = HeaderValue::from_static("artifactType");
        response.headers_mut().insert(FILTERS, filter);
    }
    response
}

/// A page of the repositories that this gateway has of its own; `names` are in order.
pub(crate) fn catalog<'a>(names: impl Iterator<Item = &'a str>, paging: &Paging) -> Response {
    let (repositories, next) = page(names, paging);
    let next = next.map(|next| format!("/v2/_catalog?{next}"));
    let repositories = &repositories;
    answer(Json(Catalog { repositories }), next)
}

/// The names of the page, and the query that gets the next one.
fn page<'a>(
    names: impl Iterator<Item = &'a str>,
    paging: &Paging,
) -> (Vec<&'a str>, Option<String>) {
    let n = paging.n.unwrap_or(PAGE).min(PAGE);
    let after = |name: &&str| paging.last.as_deref().is_none_or(|last| *name > last);
    let mut rest = names.filter(after);
    let names: Vec<_> = rest.by_ref().take(n).collect();
    let next = names.last().filter(|_| rest.next().is_some());
    let next =
        next.map(|last| format!("n={n}&last={}", utf8_percent_encode(last, NON_ALPHANUMERIC)));
    (names, next)
}

fn answer(document: impl IntoResponse, next: Option<String>) -> Response {
    let mut response = document.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, policy::ASK_AGAIN);
    if let Some(next) = next
        && let Ok(link) = HeaderValue::try_from(format!("<{next}>; rel=\"next\""))
    {
        headers.insert(header::LINK, link);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paging(n: usize, last: Option<&str>) -> Paging {
        Paging {
            n: Some(n),
            last: last.map(str::to_owned),
        }
    }

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let names = ["1.0", "1.1", "a+b", "z"];
        let get = |paging| page(names.into_iter(), &paging);
        assert_eq!(
            get(paging(3, None)),
            (vec!["1.0", "1.1", "a+b"], Some("n=3&last=a%2Bb".to_owned()))
        );
        assert_eq!(get(paging(3, Some("a+b"))), (vec!["z"], None));
        assert_eq!(get(paging(4, None)).1, None);
        assert_eq!(get(paging(0, None)), (vec![], None));
        assert_eq!(get(Paging::default()).0.len(), 4);
    }

    /// A registry may have a million names of one letter, and any name here.
    #[test]
    fn a_list_that_names_make_too_long_is_refused() {
        let written = catalog_written(&"r".repeat(100));
        let refused = written(vec!["a".to_owned(); 100_000]).unwrap_err();
        assert_eq!(refused.status, StatusCode::BAD_GATEWAY);
        let list = catalog_written("r")(vec!["a".to_owned(); 2]).unwrap();
        assert_eq!(&list[..], br#"{"repositories":["r/a","r/a"]}"#);
    }
}
