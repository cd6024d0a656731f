//! `Link` headers, by which one page of a list says where the next one is (RFC 8288).

use percent_encoding::percent_decode_str;
use reqwest::Url;
use reqwest::header::{HeaderMap, LINK};

mod parse;

use self::parse::parse;

/// Bytes of the address of a next page; real ones have a few hundred.
const NEXT_BYTES: usize = 8 << 10;
/// Bytes of one field; as many as the longest address takes, and as much again for other links.
const FIELD_BYTES: usize = 2 * NEXT_BYTES;

/// What asks for the next page: the query of the same list, or a path and a query where the registry gives the list
/// another path. `Err` says why a link to a next page cannot be followed.
///
/// Only path and query of the link count, and the registry that gave it is asked: behind a proxy that ends TLS, a
/// registry does not know the scheme, the host and the port by which it is reached. `from` is the address that
/// answered, `list` the address of the list by the specification.
pub fn next(headers: &HeaderMap, from: &Url, list: &Url) -> Result<Option<String>, String> {
    let mut problem = None;
    for field in headers.get_all(LINK) {
        if field.len() > FIELD_BYTES {
            let length = format!("its Link header has {} bytes", field.len());
            problem = problem.or(Some(length));
            continue;
        }
        for link in parse(&escaped(field.as_bytes())) {
            if !link.is_next(from) {
                if let Some(text) = link.unreadable() {
                    problem = problem.or(Some(format!("its Link header cannot be read: {text}")));
                }
                continue;
            }
            match resolve(&link.target, from, list) {
                Ok(next) => return Ok(Some(next)),
                Err(reason) => problem = problem.or(Some(reason)),
            }
        }
    }
    problem.map_or(Ok(None), Err)
}

/// Where a page is asked for, and, where the registry gave the list another path, the list's own address, which is asked
/// if nothing comes from there: some paths only lead somewhere inside the registry's network.
#[must_use]
pub fn addresses(list: &Url, next: Option<&str>) -> (Url, Option<Url>) {
    let at = |path: Option<&str>, query: Option<&str>| {
        let mut url = list.clone();
        if let Some(path) = path {
            url.set_path(path);
        }
        url.set_query(query);
        url
    };
    match next {
        Some(next) if next.starts_with('/') => {
            let (path, query) = next.split_once('?').unwrap_or((next, ""));
            let theirs = at(Some(path), Some(query));
            let own = at(None, Some(query));
            match is_same_list(theirs.path(), list.path()) {
                true => (theirs, Some(own)),
                false => (own, None),
            }
        }
        query => (at(None, query), None),
    }
}

fn resolve(target: &str, from: &Url, list: &Url) -> Result<String, String> {
    let leads = |to: &str| {
        let to: String = to.chars().take(200).flat_map(char::escape_debug).collect();
        format!("its link to the next page leads to {to}")
    };
    // An address with a host or a port that is none still has a path.
    let joined = from.join(target).ok().or_else(|| {
        let (_, rest) = target.split_once("://")?;
        from.join(rest.get(rest.find('/')?..)?).ok()
    });
    let next = joined.ok_or_else(|| leads(target))?;
    if !matches!(next.scheme(), "http" | "https") {
        return Err(leads(target));
    }
    let (path, query) = (next.path(), next.query().unwrap_or_default());
    let own = decoded(list.path());
    let theirs = decoded(path);
    // What reaches the registry under a path of its own, such as a page's gateway, is not known to the registry.
    let next = if own.ends_with(&theirs) {
        query.to_owned()
    } else if is_same_list(path, list.path()) {
        format!("{path}?{query}")
    } else if theirs.ends_with(kind(&own)) {
        // The registry writes the repository's name in another way (`nginx`, `library/nginx`).
        query.to_owned()
    } else {
        return Err(leads(path));
    };
    match next.len() {
        ..=NEXT_BYTES => Ok(next),
        length => Err(format!("its link to the next page has {length} bytes")),
    }
}

/// Whether `path` is that of the list with another prefix, as Artifactory and Nexus write it.
fn is_same_list(path: &str, list: &str) -> bool {
    let list = decoded(list);
    let start = list.find("/v2/").unwrap_or(0);
    list.get(start..)
        .is_some_and(|list| decoded(path).ends_with(list))
}

/// The end of a path that says which kind of list it is: `/_catalog`, `/tags/list`, `/referrers/sha256:…`.
fn kind(list: &str) -> &str {
    let last = list.rfind('/').unwrap_or(0);
    let start = match list.get(last..) {
        Some("/_catalog") => last,
        _ => list
            .get(..last)
            .and_then(|list| list.rfind('/'))
            .unwrap_or(0),
    };
    list.get(start..).unwrap_or_default()
}

fn decoded(path: &str) -> String {
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// A header as text; what is no ASCII is percent-encoded as it would be in an address.
fn escaped(field: &[u8]) -> String {
    let mut text = String::with_capacity(field.len());
    for &byte in field {
        match byte {
            0x80.. => text.push_str(&format!("%{byte:02X}")),
            byte => text.push(char::from(byte)),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "https://r.example:8443/v2/team/app/tags/list";

    fn next_of(fields: &[&str]) -> Result<Option<String>, String> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(LINK, field.parse().unwrap());
        }
        let list = Url::parse(LIST).unwrap();
        let mut from = list.clone();
        from.set_query(Some("n=2"));
        next(&headers, &from, &list)
    }

    #[test]
    fn the_next_page_is_found_in_every_form_of_the_header() {
        for fields in [
            &["</v2/team/app/tags/list?last=b>; rel=\"next\""][..],
            &["</v2/team/app/tags/list?last=b>;rel=next"],
            &["</v2/team/app/tags/list?last=b> ; REL = \"NEXT\""],
            &["</v2/team/app/tags/list?last=b>; rel=\"last next\""],
            &["</v2/team/app/tags/list?last=b>; rel=\tNext ; title=x"],
            &["</v2/team/app/tags/list?last=b>; rel='next'"],
            &["</v2/team/app/tags/list?last=b>; rel='prev next'; title=x"],
            &["<?last=b>; rel=next"],
            &["<list?last=b>; rel=next"],
            &["<https://r.example:8443/v2/team/app/tags/list?last=b>; rel=next"],
            &["<http://10.0.0.7:5000/v2/team/app/tags/list?last=b>; rel=next"],
            &["<//other.example/v2/team/app/tags/list?last=b>; rel=next"],
            &["<http://host:99999/v2/team/app/tags/list?last=b>; rel=next"],
            &[
                "</v2/team/app/tags/list?last=a>; rel=prev, </v2/team/app/tags/list?last=b>; rel=next",
            ],
            &[
                "</x>; rel=first; title=\"a, <b>; rel=\\\"next\\\"\", <?last=b>; title=\"c;d\"; rel=next",
            ],
            &["</x>; rel=\"prev\"", "<?last=b>; rel=\"next\""],
            &["<?last=a>; rel=next; anchor=\"/v2/other\", <?last=b>; rel=next"],
            &["/v2/team/app/tags/list?last=b>; rel=\"next\""],
            &["</v2/team%2Fapp/tags/list?last=b>; rel=next"],
            &["</v2/library/team/app/other/tags/list?last=b>; rel=next"],
            // Without a bracket, or with one elsewhere.
            &["</v2/team/app/tags/list?last=b; rel=\"next\""],
            &["</v2/team/app/tags/list?last=b; rel=\"next\">"],
            &["</v2/team/app/tags/list?last=b; rel=next>"],
            &["</v2/team/app/tags/list?last=b rel=next"],
            &["</v2/team/app/tags/list?last=b; rel=\"next\", </x>; rel=\"prev\""],
            &["/v2/team/app/tags/list?last=b>; rel=\"next\""],
            &["/v2/team/app/tags/list?last=b rel=\"next\""],
            // Without what separates parameters, or links.
            &["</v2/team/app/tags/list?last=b> rel=\"next\""],
            &["</v2/team/app/tags/list?last=b>rel=next"],
            &["<?last=b>; title=\"x\" rel=\"next\""],
            &["<?last=b>; title=x rel = next"],
            &["<?last=b>; title=x y rel=\"next\" type=z"],
            &["<?last=b>; rel=next title=x"],
            &["</x>; rel=prev <?last=b>; rel=next"],
            &["</x>; rel=\"prev\" <?last=b>; rel=\"next\""],
            // Without the end of a quote.
            &["<?last=b>; rel=\"next"],
            &["<?last=b>; rel=\"next, </x>; rel=\"prev\""],
            &["<?last=b>;; rel=next;"],
            &["<?last=b>; =; rel=next"],
            &["<?last=b>; rel==next"],
        ] {
            assert_eq!(next_of(fields), Ok(Some("last=b".to_owned())), "{fields:?}");
        }
        for fields in [
            &[][..],
            &["</v2/team/app/tags/list?last=b>; rel=\"prev\""],
            &["</v2/team/app/tags/list?last=b>; rel=\"nextpage\""],
            // Of several relations of one link only the first counts.
            &["</v2/team/app/tags/list?last=b>; rel=prev; rel=next"],
            &["</v2/team/app/tags/list?last=b>; title=\"rel=next\""],
            // A bracket is missing, and yet it is another page.
            &["</v2/team/app/tags/list?last=next; rel=prev"],
            &["</v2/team/app/tags/list?last=next> rel=\"prev\""],
            &["nonsense", ";", ",,", "<"],
        ] {
            assert_eq!(next_of(fields), Ok(None), "{fields:?}");
        }
    }

    #[test]
    fn a_prefix_of_the_registrys_own_is_asked_first_and_the_list_itself_after() {
        let link =
            "<http://inner:80/artifactory/api/docker/x/v2/team/app/tags/list?last=b>; rel=next";
        let next = next_of(&[link]).unwrap().unwrap();
        assert_eq!(
            next,
            "/artifactory/api/docker/x/v2/team/app/tags/list?last=b"
        );
        let list = Url::parse(LIST).unwrap();
        let url = |text: String| Url::parse(&text).unwrap();
        assert_eq!(
            addresses(&list, Some(&next)),
            (
                url(format!("https://r.example:8443{next}")),
                Some(url(format!("{LIST}?last=b")))
            )
        );
        // A client that sends such a path, from elsewhere, gets no further by it.
        for path in ["/secrets?x", "/v2/other/tags/list?x", "//evil.example/x?x"] {
            let asked = addresses(&list, Some(path));
            assert_eq!(asked, (url(format!("{LIST}?x")), None), "{path}");
        }
        let (up, _) = addresses(&list, Some("/a/../../v2/team/app/tags/list?x"));
        assert_eq!(up.path(), list.path());
    }

    #[test]
    fn a_page_under_a_path_that_its_gateway_does_not_know_goes_on() {
        let list = Url::parse("https://page.example/sub/v2/docker.io/a/b/tags/list").unwrap();
        let mut headers = HeaderMap::new();
        let link = "</v2/docker.io/a/b/tags/list?last=b>; rel=\"next\"";
        headers.append(LINK, link.parse().unwrap());
        assert_eq!(next(&headers, &list, &list), Ok(Some("last=b".to_owned())));
    }

    #[test]
    fn a_link_to_something_else_is_no_end_of_the_list() {
        for link in [
            "</v2/team/app/blobs/x?last=b>; rel=next",
            "</login>; rel=next",
            "<ftp://r.example/v2/team/app/tags/list?last=b>; rel=next",
            "<mailto:x@example.com>; rel=next",
        ] {
            assert!(next_of(&[link]).is_err(), "{link}");
        }
        let long = format!("<?last={}>; rel=next", "x".repeat(NEXT_BYTES));
        assert!(next_of(&[&long]).is_err());
        // Nor is a field that nobody reads to its end, whatever it would come to.
        let reason = next_of(&[&"<,".repeat(FIELD_BYTES)]).unwrap_err();
        assert!(reason.contains("bytes"), "{reason}");
    }

    #[test]
    fn what_may_be_a_next_page_and_cannot_be_read_is_no_end_of_the_list() {
        for link in [
            "rel=\"next\"",
            "<?last=b>; \"next\"",
            "<?last=b>; rel:next",
            "<?last=b> next",
            "?last=b; next",
            "</x>; rel=\"prev, <?last=b>; rel=\"next\"",
        ] {
            let reason = next_of(&[link]).unwrap_err();
            assert!(reason.contains("cannot be read: "), "{link}: {reason}");
        }
        let good = "<?last=b>; rel=next";
        let found = next_of(&["<?last=a>; rel:next", good]);
        assert_eq!(found, Ok(Some("last=b".to_owned())));
    }

    #[test]
    fn bytes_beyond_ascii_stay_what_they_are() {
        let list = Url::parse(LIST).unwrap();
        let mut headers = HeaderMap::new();
        let link = reqwest::header::HeaderValue::from_bytes(b"<?last=\xe9>; rel=next").unwrap();
        headers.append(LINK, link);
        assert_eq!(
            next(&headers, &list, &list),
            Ok(Some("last=%E9".to_owned()))
        );
    }
}
