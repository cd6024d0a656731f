//! Text in Markdown that people read on GitHub, GitLab and Forgejo: nothing from an image is markup, a mention, a reference
//! or a link there.

use super::Visible;

/// Characters of a text from an image; what is longer is cut.
const LONGEST: usize = 300;
/// Bytes of a link; what is longer is left out.
const LONGEST_LINK: usize = 2_000;

/// As much of a text as a table's cell has room for.
#[must_use]
pub fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Text from an image as a code span, which nothing in it can end. In code, no mention, reference, emoji or address is
/// looked for.
#[must_use]
pub fn code(text: &str) -> String {
    let text = Visible(text).to_string();
    // A span of nothing, or of blanks only, is none.
    if text.trim().is_empty() {
        return format!("`\"{text}\"`");
    }
    let longest = longest_fence(&text);
    let fence = "`".repeat(longest + 1);
    // Of a span that begins and ends with a space Markdown takes one away at each end.
    let spaced = text.starts_with(' ') && text.ends_with(' ');
    let gap = if longest > 0 || spaced { " " } else { "" };
    format!("{fence}{gap}{text}{gap}{fence}")
}

/// How many backticks follow each other in a text at most.
fn longest_fence(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Lines that are [visible](Visible) already, as a block of code in a language, which nothing in them can end.
#[must_use]
pub fn fenced(language: &str, lines: &str) -> String {
    let fence = "`".repeat(longest_fence(lines).max(2) + 1);
    format!("{fence}{language}\n{lines}\n{fence}\n")
}

/// The same in a table, which ends its cells before it looks for code.
#[must_use]
pub fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// Text in which nothing is markup, a mention, a reference to an issue, a link or HTML.
///
/// Mentions and references are looked for after entities are decoded, so a character that is not drawn parts their signs
/// from what follows, as Renovate and Dependabot do it.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::new();
    let text = Visible(text).to_string();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '@' => out.push_str("@&#8203;"),
            '#' => out.push_str("&#35;&#8203;"),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            // Addresses become links by themselves, and `:tada:` a picture. What is written in commands, as in
            // `--chown=node:node`, can still be copied.
            ':' if rest.as_str().starts_with("//") => out.push_str("&#58;&#8203;"),
            ':' if rest
                .as_str()
                .starts_with(|next: char| !next.is_whitespace()) =>
            {
                out.push_str("&#58;");
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '!' | '|' | '~' | '>' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.replace("www.", "www.&#8203;")
        .replace("GH-", "GH-&#8203;")
}

/// `text`, which is Markdown already, as a link; alone where the link is none, or would not stay one. It may stand in a
/// table.
#[must_use]
pub fn linked(text: &str, link: Option<&str>) -> String {
    match link.filter(|link| fits(link)) {
        Some(link) => format!("[{text}](<{}>)", link.replace('|', "%7C")),
        None => text.to_owned(),
    }
}

fn fits(link: &str) -> bool {
    link.len() <= LONGEST_LINK && !link.contains(['<', '>', '\n', '\r', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_an_image_is_markup() {
        assert_eq!(code("/a`b``c"), "``` /a`b``c ```");
        assert_eq!(code("/a|b\n"), "`/a|b\\n`");
        assert_eq!(cell("/a|b"), "`/a\\|b`");
        assert_eq!(fenced("diff", "+ a\n- ```"), "````diff\n+ a\n- ```\n````\n");
        assert_eq!(fenced("diff", "+ a"), "```diff\n+ a\n```\n");
        assert_eq!(code(" a "), "`  a  `");
        assert_eq!(code(""), "`\"\"`");
        assert_eq!(code("  "), "`\"  \"`");
        assert_eq!(
            escaped("at <b>/@team [x](y)|`z`"),
            "at &lt;b\\>/@&#8203;team \\[x\\](y)\\|\\`z\\`"
        );
        assert_eq!(
            escaped("owner/repo#1 GH-2 https://x www.y :tada: so: no"),
            "owner/repo&#35;&#8203;1 GH-&#8203;2 https&#58;&#8203;//x www.&#8203;y &#58;tada: so: no"
        );
    }

    #[test]
    fn what_is_long_is_cut_between_characters() {
        let cut = cut(&"ü".repeat(LONGEST + 1));
        assert_eq!(cut.chars().count(), LONGEST + 1);
        assert!(cut.ends_with('…'));
    }

    #[test]
    fn only_a_link_that_stays_one_is_written() {
        assert_eq!(linked("x", Some("https://a/|b")), "[x](<https://a/%7Cb>)");
        for link in ["https://a/>", "https://a/\n", "https://a/\\"] {
            assert_eq!(linked("x", Some(link)), "x");
        }
        assert_eq!(linked("x", Some(&"a".repeat(LONGEST_LINK + 1))), "x");
        assert_eq!(linked("x", None), "x");
    }
}
