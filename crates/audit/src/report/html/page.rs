//! The frame of a report that is one HTML file: its head, how it looks, and its end.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// What the file may do: show itself, and fetch nothing.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
/// How it looks, light and dark.
const STYLE: &str = include_str!("style.css");

/// The whole file. `style` is what it has beside the style of all; `same` says what gives the same file.
pub(in crate::report) fn page(title: &str, style: &str, body: &Markup, same: &str) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(STYLE)) (PreEscaped(style)) }
            }
            body {
                (body)
                footer.quiet {
                    "Onionskin " (env!("CARGO_PKG_VERSION")) ". Sizes are bytes of file content, 1 kB is 1000 B. " (same)
                }
            }
        }
    };
    page.into_string()
}
