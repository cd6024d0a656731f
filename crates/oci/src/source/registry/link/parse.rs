//! The links of a `Link` header (RFC 8288, appendix B), and what of the mistakes of registries and proxies is understood.

use reqwest::Url;

use crate::source::registry::quoted::{self, BLANK};

/// One link of a header.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) target: String,
    parameters: Vec<(String, String)>,
    /// What stands there, where it is not as it should be.
    unclear: Option<String>,
}

impl Link {
    /// Whether it leads from the page at `from` to the next one.
    pub(super) fn is_next(&self, from: &Url) -> bool {
        let get = |name: &str| {
            let found = self.parameters.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.as_str())
        };
        // With an anchor it is a link of something else.
        let of_this = get("anchor").is_none_or(|anchor| {
            from.join(anchor)
                .is_ok_and(|anchor| anchor.path() == from.path())
        });
        // Some write `rel='next'`, whose quotes are part of the value; others lose a quote or misplace a bracket.
        let odd = ['\'', '"', '>', ',', ';', '='];
        let mut relations = get("rel").unwrap_or_default().split_ascii_whitespace();
        let is_next = |relation: &str| relation.trim_matches(odd).eq_ignore_ascii_case("next");
        of_this && relations.any(is_next)
    }

    /// What stands there, shortened, where that may mean a next page and nobody can tell.
    pub(super) fn unreadable(&self) -> Option<String> {
        let text = self.unclear.as_deref()?;
        let mut relations = self.parameters.iter().filter(|(name, _)| name == "rel");
        let is_other = |(_, value): &(String, String)| !value.contains(['<', '=', ',', ';']);
        if relations.next().is_some_and(is_other) || !text.to_ascii_lowercase().contains("next") {
            return None;
        }
        Some(
            text.chars()
                .take(200)
                .flat_map(char::escape_debug)
                .collect(),
        )
    }
}

/// The links of one field, in their order (RFC 8288, appendix B).
///
/// Where the meaning is plain all the same, what registries and proxies get wrong is taken: a target without one or both
/// of its brackets, parameters without the `;` before them, links without the `,` between them.
pub(super) fn parse(field: &str) -> Vec<Link> {
    let mut links = Vec::new();
    let mut rest = field;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return links;
        }
        let start = rest;
        let (target, after, sound) = target(rest);
        let (parameters, after, all_sound) = parameters(after);
        rest = after;
        let text = start.get(..start.len() - rest.len()).unwrap_or(start);
        links.push(Link {
            target: target.trim_matches(BLANK).to_owned(),
            parameters,
            unclear: (!(sound && all_sound)).then(|| text.to_owned()),
        });
    }
}

/// The target that a link begins with, what follows it, and whether it is written as it should be.
fn target(link: &str) -> (&str, &str, bool) {
    let Some(inner) = link.strip_prefix('<') else {
        let (target, after) = link.split_at(link.find([';', ',', ' ', '\t']).unwrap_or(link.len()));
        return (target.trim_end_matches('>'), after, false);
    };
    // It ends where the next link begins, so that no link is looked through for those after it.
    let end = inner.find(['>', '<', '"']);
    if let Some((target, after)) = end.and_then(|end| inner.split_at_checked(end))
        && let Some(after) = after.strip_prefix('>')
        && !target.split(';').skip(1).any(begins_with_rel)
    {
        return (target, after, true);
    }
    // The bracket that was found, if any, belongs to something else.
    let (target, after) = inner.split_at(inner.find([';', ',', ' ', '\t']).unwrap_or(inner.len()));
    (target.trim_end_matches('>'), after, false)
}

/// Whether this, behind a `;`, is the parameter `rel`.
fn begins_with_rel(parameter: &str) -> bool {
    let (name, _) = parameter.split_once('=').unwrap_or_default();
    name.trim_matches(BLANK).eq_ignore_ascii_case("rel")
}

/// The parameters behind a target, what follows the link, and whether they are written as they should be.
fn parameters(mut rest: &str) -> (Vec<(String, String)>, &str, bool) {
    let mut found = Vec::new();
    let mut sound = true;
    loop {
        rest = rest.trim_start_matches(BLANK);
        let parameter = match rest.strip_prefix(';') {
            Some(after) => after.trim_start_matches(BLANK),
            // The next link, or the end.
            None if rest.is_empty() || rest.starts_with([',', '<']) => return (found, rest, sound),
            None => {
                sound = false;
                rest
            }
        };
        let end = parameter.find(['=', ';', ',', '<']);
        let (name, after) = parameter.split_at(end.unwrap_or(parameter.len()));
        let (value, after) = match after.strip_prefix('=') {
            Some(after) if after.trim_start_matches(BLANK).starts_with('"') => {
                quoted::value(after, &[])
            }
            Some(after) => bare(after),
            None => (String::new(), after),
        };
        let name = name.trim_matches(BLANK).to_ascii_lowercase();
        sound &= name.bytes().all(is_token);
        if !name.is_empty() {
            found.push((name, value));
        }
        rest = after;
    }
}

/// The value without quotes that `text` begins with, and what follows it. It may have blanks, as some write several
/// relations so, and ends before what is the next parameter.
fn bare(text: &str) -> (String, &str) {
    let text = text.trim_start_matches(BLANK);
    let mut end = text.find([';', ',', '<']).unwrap_or(text.len());
    let next = text.match_indices('=').map(|(at, _)| at);
    // Before the first blank there is no name behind one, however many signs there are.
    let first = text.find(BLANK).unwrap_or(text.len());
    for equals in next.take_while(|at| *at < end) {
        let name = text.get(..equals).unwrap_or_default();
        let name = name.trim_end_matches(BLANK);
        if name.len() > first {
            end = name.rfind(BLANK).unwrap_or(end);
            break;
        }
    }
    let (value, rest) = text.split_at(end);
    (value.trim_end_matches(BLANK).to_owned(), rest)
}

/// Whether it may stand in a parameter's name (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_header_panics_or_hangs(field in "[<>;,= \"\\\\relnxtv2/?é]{0,60}") {
            parse(&field);
        }
    }
}
