//! `WWW-Authenticate`: how a registry says what it wants to see (RFC 9110, section 11).

use super::quoted::{self, BLANK};

/// One challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// A user and a password with each request.
    Basic,
    /// A token from elsewhere.
    Bearer {
        /// Who gives the token.
        realm: String,
        /// Whom the token is for.
        service: Option<String>,
    },
}

/// The challenges of one header that we know, in their order. Several may share a header, parameters come in any
/// order, and quoted values may hold commas.
#[must_use]
pub fn parse(header: &str) -> Vec<Challenge> {
    let mut found = Vec::new();
    let mut scheme = "";
    let mut parameters: Vec<(String, String)> = Vec::new();
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let end = rest.find([' ', '\t', ',', '=', '"']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.is_empty() {
            // Nothing left, or something that no header has, such as a stray quote.
            finish(scheme, &parameters, &mut found);
            return found;
        }
        match after.trim_start_matches(BLANK).strip_prefix('=') {
            Some(after) => {
                let (value, after) = quoted::value(after, &[' ', '\t', ',']);
                parameters.push((word.to_ascii_lowercase(), value));
                rest = after;
            }
            None => {
                finish(scheme, &parameters, &mut found);
                (scheme, rest) = (word, after);
                parameters.clear();
            }
        }
    }
}

fn finish(scheme: &str, parameters: &[(String, String)], found: &mut Vec<Challenge>) {
    let get = |name: &str| {
        let parameter = parameters.iter().find(|(key, _)| key == name);
        parameter.map(|(_, value)| value.clone())
    };
    if scheme.eq_ignore_ascii_case("basic") {
        found.push(Challenge::Basic);
    } else if scheme.eq_ignore_ascii_case("bearer")
        && let Some(realm) = get("realm")
    {
        found.push(Challenge::Bearer {
            realm,
            service: get("service"),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bearer(realm: &str, service: Option<&str>) -> Challenge {
        Challenge::Bearer {
            realm: realm.into(),
            service: service.map(Into::into),
        }
    }

    #[test]
    fn order_quotes_and_number_do_not_matter() {
        for (header, expected) in [
            (
                r#"Bearer realm="https://a/t",service="r",scope="repository:x:pull,push""#,
                vec![bearer("https://a/t", Some("r"))],
            ),
            (
                r#"bearer scope="a,b", service=r , realm="https://a/t""#,
                vec![bearer("https://a/t", Some("r"))],
            ),
            (
                r#"Basic realm="x, Bearer realm=\"evil\"""#,
                vec![Challenge::Basic],
            ),
            (
                r#"Negotiate, Basic realm="a", Bearer realm="b""#,
                vec![Challenge::Basic, bearer("b", None)],
            ),
            (
                r#"Bearer realm="b",Basic"#,
                vec![bearer("b", None), Challenge::Basic],
            ),
            ("NTLM abc==, Bearer realm = b", vec![bearer("b", None)]),
            ("Bearer service=x", vec![]),
            (r#"Bearer realm="unended"#, vec![bearer("unended", None)]),
            ("", vec![]),
            ("\"", vec![]),
        ] {
            assert_eq!(parse(header), expected, "{header}");
        }
    }

    proptest! {
        #[test]
        fn no_header_panics_or_hangs(header in "[Bbearsicl=\", \\\\é]{0,60}") {
            let _ = parse(&header);
        }
    }
}
