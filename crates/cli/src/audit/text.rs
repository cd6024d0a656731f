//! The text of `onionskin audit`: the bytes, what to mend, the verdict.

use std::fmt::{self, Write as _};

use anstyle::{AnsiColor, Style};
use onionskin_core::findings::Kind;
use onionskin_core::manifest::history;
use onionskin_core::report::audit::{Audit, DiveFacts, FindingFacts};
use onionskin_core::report::notes;
use onionskin_core::report::words::{self, size};

use crate::summary::{self, QUIET, STRONG, told};
use crate::terminal::{Visible, fit};
use onionskin_core::stack::Cause;

/// Findings of wasted bytes that are told, and as many of live ones; the rest is summed up.
const SHOWN: usize = 15;
/// Paths that are told of a forbidden glob.
const SHOWN_PATHS: usize = 5;
/// Columns before what belongs to a finding.
const INDENT: usize = 11;

/// The whole text, for a terminal of so many columns.
pub(super) fn report(audit: &Audit, remarks: &[String], columns: Option<usize>) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, audit, remarks, columns);
    out
}

fn write(
    out: &mut String,
    audit: &Audit,
    remarks: &[String],
    columns: Option<usize>,
) -> fmt::Result {
    summary::write(out, &audit.image, &audit.bytes, &audit.layers)?;
    dive(out, &audit.dive)?;
    base(out, audit)?;
    findings(out, audit, columns)?;
    for remark in remarks {
        writeln!(out, "\nnote: {}", Visible(remark))?;
    }
    rules(out, audit)
}

fn dive(out: &mut String, dive: &DiveFacts) -> fmt::Result {
    let of_user = match dive.user_wasted_percent {
        Some(share) => format!(
            " ({:.1} % of what the layers above the first hold)",
            share * 100.0
        ),
        None => String::new(),
    };
    writeln!(
        out,
        "\n{QUIET}dive counts: efficiency {:.4}, {} wasted{of_user}{QUIET:#}",
        dive.efficiency,
        size(dive.wasted_bytes)
    )
}

/// What it was built from, and what the layers on top of that come to.
fn base(out: &mut String, audit: &Audit) -> fmt::Result {
    match notes::base(audit) {
        Some(text) => writeln!(out, "{QUIET}{}{QUIET:#}", Visible(&text)),
        None => Ok(()),
    }
}

/// What the rules file ignores, and what it does no more.
fn ignored(out: &mut String, audit: &Audit) -> fmt::Result {
    for (ignore, text) in audit.ignore.iter().zip(notes::ignored(audit)) {
        let text = Visible(&text);
        match ignore.expired {
            true => writeln!(out, "\nnote: {text}")?,
            false => writeln!(out, "\n{QUIET}{text}{QUIET:#}")?,
        }
    }
    Ok(())
}

fn findings(out: &mut String, audit: &Audit, columns: Option<usize>) -> fmt::Result {
    let (risks, waste): (Vec<_>, Vec<_>) = audit
        .findings
        .iter()
        .filter(|finding| finding.ignored.is_none())
        .partition(|finding| finding.kind.is_risk());
    let (wasted, live): (Vec<_>, Vec<_>) = waste
        .into_iter()
        .partition(|finding| finding.kind.cause().is_some());
    some(out, &wasted, audit, columns)?;
    if !live.is_empty() {
        let live = "a container sees the following, and yet it can be avoided";
        writeln!(out, "\n{QUIET}{live}{QUIET:#}")?;
    }
    some(out, &live, audit, columns)?;
    if !risks.is_empty() {
        writeln!(
            out,
            "\n{QUIET}look at the following before you release{QUIET:#}"
        )?;
    }
    // By kind, as small ones may be the worst.
    for kind in Kind::ALL {
        let of_kind = risks.iter().filter(|finding| finding.kind == kind);
        let of_kind: Vec<_> = of_kind.copied().collect();
        if kind == Kind::Secret && !of_kind.is_empty() {
            let look = "secrets, by names and forms: a first look, no full scanner";
            writeln!(out, "\n{QUIET}{look}{QUIET:#}")?;
        }
        some(out, &of_kind, audit, columns)?;
    }
    ignored(out, audit)
}

/// The largest of these findings, and what the rest comes to.
fn some(
    out: &mut String,
    findings: &[&FindingFacts],
    audit: &Audit,
    columns: Option<usize>,
) -> fmt::Result {
    for finding in findings.iter().take(SHOWN) {
        writeln!(out)?;
        one(out, finding, audit, columns)?;
    }
    let rest = findings.get(SHOWN..).unwrap_or_default();
    if !rest.is_empty() {
        let bytes = match rest.iter().map(|finding| finding.bytes).sum() {
            0 => String::new(),
            bytes => format!(" of {} in all", size(bytes)),
        };
        writeln!(
            out,
            "\n{QUIET}and {} more findings{bytes}; --format json tells each{QUIET:#}",
            rest.len()
        )?;
    }
    Ok(())
}

fn one(
    out: &mut String,
    finding: &FindingFacts,
    audit: &Audit,
    columns: Option<usize>,
) -> fmt::Result {
    let name = words::kind(finding);
    let style = match finding.kind.cause() {
        Some(cause) => told(cause).1,
        None => Style::new(),
    };
    // What is not about bytes has none.
    let bytes = match finding.bytes {
        0 => String::new(),
        bytes => size(bytes),
    };
    let cost = match words::cost(finding) {
        Some(cost) => format!("  {QUIET}{cost} of the download{QUIET:#}"),
        None => String::new(),
    };
    writeln!(
        out,
        "{bytes:>9}  {style}{name}{style:#}  {STRONG}{}{STRONG:#}{cost}",
        Visible(&finding.path)
    )?;
    let mut layers: Vec<(usize, &str)> = Vec::new();
    let hides = finding.kind.cause().map_or("hides", Cause::name);
    for (numbers, does) in [(&finding.added_by, "ships"), (&finding.hidden_by, hides)] {
        for layer in numbers.iter().copied() {
            match layers.iter_mut().find(|(number, _)| *number == layer) {
                // A layer that replaces what another shipped, and is overwritten itself, is told once.
                Some(told) => told.1 = hides,
                None => layers.push((layer, does)),
            }
        }
    }
    layers.sort_unstable();
    let room = columns.map(|columns| columns.saturating_sub(INDENT));
    for (layer, does) in layers {
        let command = audit.layers.iter().find(|facts| facts.layer == layer);
        let command = command.and_then(|facts| facts.created_by.as_deref());
        let command = command.map(history::clean).unwrap_or_default();
        let line = format!("layer {layer} {does}: {command}");
        let line = fit(line.trim_end_matches(": "), room);
        writeln!(out, "{:INDENT$}{QUIET}{line}{QUIET:#}", "")?;
    }
    for line in wrapped(&Visible(&finding.advice).to_string(), room) {
        writeln!(out, "{:INDENT$}{line}", "")?;
    }
    if let Some(link) = &finding.link {
        writeln!(out, "{:INDENT$}{}", "", Visible(link))?;
    }
    Ok(())
}

/// Lines of at most so many characters, broken between words.
fn wrapped(text: &str, columns: Option<usize>) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let room = |line: &String| {
            columns.is_none_or(|columns| {
                line.chars().count() + 1 + word.chars().count() <= columns.max(1)
            })
        };
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if room(line) => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn rules(out: &mut String, audit: &Audit) -> fmt::Result {
    const KEPT: Style = AnsiColor::Green.on_default();
    const BROKEN: Style = AnsiColor::Red.on_default().bold();
    const UNKNOWN: Style = AnsiColor::Yellow.on_default();
    if audit.rules.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    let width = audit.rules.iter().map(|rule| rule.name.chars().count());
    let width = width.max().unwrap_or(0);
    for rule in &audit.rules {
        let (word, style) = match rule.passed {
            Some(true) => ("kept", KEPT),
            Some(false) => ("FAILED", BROKEN),
            None => ("unknown", UNKNOWN),
        };
        writeln!(
            out,
            "{style}{word:7}{style:#}  {:width$}  {}",
            Visible(&rule.name).to_string(),
            words::verdict(rule)
        )?;
        for path in rule.met.iter().take(SHOWN_PATHS) {
            writeln!(out, "{:9}{}", "", Visible(path))?;
        }
        if rule.met.len() > SHOWN_PATHS {
            writeln!(out, "{:9}…", "")?;
        }
    }
    let failed = audit
        .rules
        .iter()
        .filter(|rule| rule.passed == Some(false))
        .count();
    match audit.passed {
        Some(true) => writeln!(out, "{KEPT}all rules are kept{KEPT:#}"),
        Some(false) if audit.rules.len() == 1 => writeln!(out, "{BROKEN}the rule failed{BROKEN:#}"),
        Some(false) => writeln!(
            out,
            "{BROKEN}{failed} of {} rules failed{BROKEN:#}",
            audit.rules.len()
        ),
        None => writeln!(out, "{UNKNOWN}not all rules can be judged{UNKNOWN:#}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_broken_between_words() {
        assert_eq!(wrapped("one two three", Some(7)), ["one two", "three"]);
        assert_eq!(wrapped("one two three", None), ["one two three"]);
        assert_eq!(wrapped("longer than", Some(3)), ["longer", "than"]);
    }
}
