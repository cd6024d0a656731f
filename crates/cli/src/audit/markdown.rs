//! The audit as Markdown, fit for a comment in a review: short on top, the details folded.

use std::fmt::{self, Write as _};

use onionskin_core::report::audit::{Audit, FindingFacts};
use onionskin_core::report::words::{self, not_covered, share, size};

use crate::terminal::Visible;

/// Findings in the table; the rest is summed up.
const SHOWN: usize = 50;

/// The whole report.
pub(super) fn report(audit: &Audit) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, audit);
    out
}

fn write(out: &mut String, audit: &Audit) -> fmt::Result {
    let (image, bytes) = (&audit.image, &audit.bytes);
    writeln!(out, "### Onionskin: {}\n", code(&image.reference))?;
    let dead = match bytes.dead {
        0 => "No dead bytes".to_owned(),
        dead => format!(
            "**{} of {} ({}) no container ever sees**",
            size(dead),
            size(bytes.retained),
            share(dead, bytes.retained)
        ),
    };
    let cost = match (bytes.dead_compressed, image.compressed_size) {
        (Some(dead), Some(all)) if dead > 0 => {
            format!("; {} of the {} of a download", size(dead), size(all))
        }
        _ => String::new(),
    };
    let failed = audit
        .rules
        .iter()
        .filter(|rule| rule.passed == Some(false))
        .count();
    let verdict = match audit.passed {
        _ if audit.rules.is_empty() => String::new(),
        Some(true) => " All rules are kept.".to_owned(),
        Some(false) => format!(" **{failed} of {} rules failed.**", audit.rules.len()),
        None => " **Not all rules can be judged.**".to_owned(),
    };
    writeln!(out, "{dead}{cost}.{verdict}")?;
    for line in not_covered(&audit.layers) {
        writeln!(out, "\n{}", escaped(&line))?;
    }
    rules(out, audit)?;
    findings(out, audit)
}

fn rules(out: &mut String, audit: &Audit) -> fmt::Result {
    if audit.rules.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n| | rule | actual | limit |\n|---|---|---|---|")?;
    for rule in &audit.rules {
        let word = match rule.passed {
            Some(true) => "kept",
            Some(false) => "**failed**",
            None => "**unknown**",
        };
        writeln!(
            out,
            "| {word} | {} | {} | {} |",
            code(&rule.name),
            words::actual(rule),
            words::limit(rule)
        )?;
    }
    Ok(())
}

fn findings(out: &mut String, audit: &Audit) -> fmt::Result {
    let count = audit.findings.len();
    if count == 0 {
        return Ok(());
    }
    let findings = if count == 1 { "finding" } else { "findings" };
    writeln!(
        out,
        "\n<details>\n<summary>{count} {findings}</summary>\n\n| bytes | kind | path | layers | what to change |\n|---:|---|---|---|---|"
    )?;
    for finding in audit.findings.iter().take(SHOWN) {
        let path = code(&finding.path);
        let path = match &finding.link {
            Some(link) => format!("[{path}](<{}>)", link.replace('|', "%7C")),
            None => path,
        };
        writeln!(
            out,
            "| {} | {} | {path} | {} | {} |",
            size(finding.bytes),
            finding.kind.name(),
            layers(finding),
            escaped(&finding.advice)
        )?;
    }
    let rest = audit.findings.get(SHOWN..).unwrap_or_default();
    if !rest.is_empty() {
        let bytes = rest.iter().map(|finding| finding.bytes).sum();
        writeln!(
            out,
            "\nand {} smaller ones of {} in all",
            rest.len(),
            size(bytes)
        )?;
    }
    writeln!(out, "\n</details>")
}

/// `1, 2 → 3`.
fn layers(finding: &FindingFacts) -> String {
    let list = |layers: &[usize]| {
        let words: Vec<String> = layers.iter().map(ToString::to_string).collect();
        words.join(", ")
    };
    match finding.killed_by.as_slice() {
        [] => list(&finding.added_by),
        killers => format!("{} → {}", list(&finding.added_by), list(killers)),
    }
}

/// Text from an image as a code span, which nothing in it can end.
fn code(text: &str) -> String {
    let text = Visible(text).to_string();
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let gap = if longest > 0 { " " } else { "" };
    // A table ends its cells before it looks for code.
    format!("{fence}{gap}{}{gap}{fence}", text.replace('|', "\\|"))
}

/// Text in which nothing is markup, a mention or HTML.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in Visible(text).to_string().chars() {
        match c {
            '@' => out.push_str("&#64;"),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '!' | '|' | '~' | '>' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_an_image_is_markup() {
        assert_eq!(code("/a`b``c"), "``` /a`b``c ```");
        assert_eq!(code("/a|b\n"), "`/a\\|b\\n`");
        assert_eq!(
            escaped("at <b>/@team [x](y)|`z`"),
            "at &lt;b\\>/&#64;team \\[x\\](y)\\|\\`z\\`"
        );
    }
}
