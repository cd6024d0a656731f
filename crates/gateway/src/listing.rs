//! Lists in pages, as the distribution specification has them: `?n=` and `?last=`, the next page in `Link`.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use onionskin_core::digest::Digest;
use onionskin_core::manifest::media_type::OCI_INDEX;
use onionskin_core::source::registry::{ReferrersPage, RepositoriesPage, TagsPage};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::policy;

/// The most names of one page, and what a request without `n` gets.
const PAGE: usize = 1000;

/// Which of the filters that were asked for the registry applied (distribution specification, Listing Referrers).
const FILTERS: HeaderName = HeaderName::from_static("oci-filters-applied");

/// The parameter that holds a registry's path and query for its next page, where that has a path of its own.
const NEXT: &str = "onionskin-next=";

/// What a registry is asked for, of the query that one of our links may have brought.
pub(crate) fn asked(query: Option<&str>) -> Option<Cow<'_, str>> {
    let query = query?;
    Some(match query.strip_prefix(NEXT) {
        Some(next) => percent_decode_str(next).decode_utf8_lossy(),
        None => Cow::Borrowed(query),
    })
}

/// Which part of a list is wanted.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Paging {
    /// How many names.
    pub(crate) n: Option<usize>,
    /// The name that the page before ended with.
    pub(crate) last: Option<String>,
}

#[derive(Serialize)]
struct Tags<'a> {
    name: &'a str,
    tags: Vec<&'a str>,
}

#[derive(Serialize)]
struct Catalog<'a> {
    repositories: Vec<&'a str>,
}

/// A page of the tags of repository `name`; `tags` are in order.
pub(crate) fn tags<'a>(
    name: &'a str,
    tags: impl Iterator<Item = &'a str>,
    paging: &Paging,
) -> Response {
    let (tags, next) = page(tags, paging);
    answer(
        Json(Tags { name, tags }),
        &format!("/v2/{name}/tags/list"),
        next,
    )
}

/// A page of tags that a registry gave, under the name that the repository has here.
pub(crate) fn relayed_tags(name: &str, page: &TagsPage) -> Response {
    let tags = page.tags.iter().map(String::as_str).collect();
    let next = page.next.clone();
    answer(
        Json(Tags { name, tags }),
        &format!("/v2/{name}/tags/list"),
        next,
    )
}

/// A page of the repositories of the registry that is `name` here.
pub(crate) fn relayed_catalog(name: &str, page: &RepositoriesPage) -> Response {
    let here: Vec<String> = page
        .repositories
        .iter()
        .map(|repository| format!("{name}/{repository}"))
        .collect();
    let repositories = here.iter().map(String::as_str).collect();
    let path = format!("/v2/{name}/_catalog");
    answer(Json(Catalog { repositories }), &path, page.next.clone())
}

/// A page of what refers to a manifest of repository `name`, as the registry gave it.
pub(crate) fn relayed_referrers(name: &str, digest: &Digest, page: ReferrersPage) -> Response {
    let index = [(header::CONTENT_TYPE, OCI_INDEX)];
    let path = format!("/v2/{name}/referrers/{digest}");
    let mut response = answer((index, page.bytes), &path, page.next);
    if page.filtered {
        let filter = HeaderValue::from_static("artifactType");
        response.headers_mut().insert(FILTERS, filter);
    }
    response
}

/// A page of the repositories that this gateway has of its own; `names` are in order.
pub(crate) fn catalog<'a>(names: impl Iterator<Item = &'a str>, paging: &Paging) -> Response {
    let (repositories, next) = page(names, paging);
    answer(Json(Catalog { repositories }), "/v2/_catalog", next)
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

fn answer(document: impl IntoResponse, path: &str, next: Option<String>) -> Response {
    let mut response = document.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, policy::ASK_AGAIN);
    let next = next.map(|next| match next.starts_with('/') {
        true => format!("{NEXT}{}", utf8_percent_encode(&next, NON_ALPHANUMERIC)),
        false => next,
    });
    if let Some(next) = next
        && let Ok(link) = HeaderValue::try_from(format!("<{path}?{next}>; rel=\"next\""))
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
    fn a_path_of_the_registrys_own_comes_back_as_it_was() {
        let path = "/prefix/v2/app/tags/list?last=b&n=2";
        let response = answer((), "/v2/team/app/tags/list", Some(path.to_owned()));
        let link = response.headers()[header::LINK]
            .to_str()
            .unwrap()
            .to_owned();
        let query = link.split(['?', '>']).nth(1).unwrap();
        assert_eq!(asked(Some(query)).as_deref(), Some(path));
        assert_eq!(asked(Some("last=b&n=2")).as_deref(), Some("last=b&n=2"));
        assert_eq!(asked(None), None);
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
}
