//! Lists that come in pages: the names in one, and where the next one is.

use reqwest::header::LINK;
use reqwest::{Response, Url};
use serde_json::Value;

use super::answer;
use super::remote::header;
use super::transport::Ask;
use crate::limits;
use crate::source::SourceError;

/// The names that stand under `key`, and the query that asks for the next ones.
pub(super) async fn page(
    response: Response,
    ask: &Ask,
    key: &str,
) -> Result<(Vec<String>, Option<String>), SourceError> {
    let next = next(&response, &ask.url);
    let body = answer::body(response, limits::DOCUMENT_BYTES, &ask.what).await?;
    let names = match serde_json::from_slice(&body) {
        Ok(Value::Object(mut root)) => root.remove(key),
        _ => None,
    };
    let names = match names {
        Some(Value::Array(names)) => names,
        // Registries say null where there are none.
        Some(Value::Null) => Vec::new(),
        _ => {
            return Err(SourceError::Mismatch {
                what: ask.what.clone(),
                promised: format!("a list of {key}"),
                got: "something else".to_owned(),
            });
        }
    };
    let names = names
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    Ok((names, next))
}

/// The query that the answer to a request at `from` gives for the next page.
pub(super) fn next(response: &Response, from: &Url) -> Option<String> {
    next_page(&header(response.headers(), LINK.as_str())?, from)
}

/// The query of `<…>; rel="next"`, if it leads to the same list of the same host.
fn next_page(link: &str, from: &Url) -> Option<String> {
    let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
    let is_next = |parameter: &str| matches!(parameter.trim(), r#"rel="next""# | "rel=next");
    if !parameters.split(';').any(is_next) {
        return None;
    }
    let next = from.join(target).ok()?;
    if next.origin() != from.origin() || next.path() != from.path() {
        return None;
    }
    next.query().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_on_the_same_host() {
        let from = Url::parse("https://r.example/v2/team/app/tags/list?n=2").unwrap();
        for (link, expected) in [
            (
                "</v2/team/app/tags/list?last=b&n=2>; rel=\"next\"",
                Some("last=b&n=2"),
            ),
            (
                "<https://r.example/v2/team/app/tags/list?last=b>; rel=next",
                Some("last=b"),
            ),
            ("<?last=b>;rel=\"next\"", Some("last=b")),
            (
                "<https://evil.example/v2/team/app/tags/list?last=b>; rel=\"next\"",
                None,
            ),
            (
                "<http://r.example/v2/team/app/tags/list?last=b>; rel=\"next\"",
                None,
            ),
            ("</v2/other/tags/list?last=b>; rel=\"next\"", None),
            ("</v2/team/app/tags/list?last=b>; rel=\"prev\"", None),
            ("nonsense", None),
        ] {
            assert_eq!(next_page(link, &from).as_deref(), expected, "{link}");
        }
    }
}
