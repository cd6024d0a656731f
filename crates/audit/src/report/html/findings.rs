//! The findings of the HTML report, in the order of their weight.

use maud::{Markup, html};

use crate::audit::{Audit, FindingFacts};
use crate::findings::LineChange;
use crate::manifest::history;
use crate::report::Visible;
use crate::report::changed_lines::diff;
use crate::report::format::{cost, kind, layers, partial, size};
use crate::report::outcome::weightiest;

/// Findings that are told; a file that no browser opens tells nothing.
const SHOWN: usize = 1_000;

/// All findings: what is a risk, wasted bytes, then what is live and can be avoided.
pub(super) fn findings(audit: &Audit) -> Markup {
    let of = |wanted: &dyn Fn(&FindingFacts) -> bool| -> Vec<&FindingFacts> {
        let findings = weightiest(audit).into_iter();
        findings.filter(|finding| wanted(finding)).collect()
    };
    let risks = of(&|finding| finding.kind.is_risk());
    let wasted = of(&|finding| finding.kind.cause().is_some());
    let live = of(&|finding| !finding.kind.is_risk() && finding.kind.cause().is_none());
    let ignored = audit.findings.iter();
    let ignored: Vec<_> = ignored
        .filter(|finding| finding.ignored.is_some())
        .collect();
    html! {
        @if !risks.is_empty() {
            h2 { "Security and configuration" }
            (list(&risks, audit))
        }
        h2 { "Wasted" }
        @if audit.bytes.wasted == 0 {
            @match partial(&audit.layers) {
                Some(read) => p { "Nothing is wasted in " (read) "." },
                None => p { "Nothing is wasted." },
            }
        }
        (list(&wasted, audit))
        @if !live.is_empty() {
            h2 { "Avoidable files" }
            (list(&live, audit))
        }
        @if !ignored.is_empty() {
            h2 { "Ignored by the rules file" }
            (list(&ignored, audit))
        }
    }
}

fn list(findings: &[&FindingFacts], audit: &Audit) -> Markup {
    let rest = findings.get(SHOWN..).unwrap_or_default();
    let bytes = rest
        .iter()
        .fold(0, |sum: u64, finding| sum.saturating_add(finding.bytes));
    html! {
        ol.findings { @for finding in findings.iter().take(SHOWN) { (one(finding, audit)) } }
        @if !rest.is_empty() {
            p.quiet { "and " (rest.len()) " smaller ones of " (size(bytes)) " in all" }
        }
    }
}

fn one(finding: &FindingFacts, audit: &Audit) -> Markup {
    let sign = finding.kind.cause().map_or("other", |cause| cause.name());
    let path = html! { span.path { (Visible(&finding.path)) } };
    html! {
        li {
            div.head {
                div {
                    i.sign.(sign) {}
                    @match finding.link.as_deref().filter(|link| is_address(link)) {
                        Some(link) => a href=(link) rel="noreferrer" { (path) },
                        None => (path),
                    }
                    div.quiet {
                        (kind(finding)) ": " (finding.kind.meaning())
                    }
                }
                div.bytes {
                    // What is not about bytes has none.
                    @if finding.bytes > 0 { span.number { (size(finding.bytes)) } }
                    @if let Some(cost) = cost(finding) {
                        div.quiet { (cost) " of the download" }
                    }
                }
            }
            ul.quiet {
                @for (layer, did) in layers(finding) {
                    li {
                        (did)
                        @if let Some(command) = layer.and_then(|layer| command(audit, layer)) { ": " code { (Visible(&command)) } }
                    }
                }
            }
            @if let Some(reason) = &finding.ignored { p.quiet { "ignored: " (Visible(reason)) } }
            @if !finding.advice.is_empty() { p.advice { (Visible(&finding.advice)) } }
            (changes(&finding.changes))
        }
    }
}

/// What changes, line by line; nothing where the advice has to do.
fn changes(changes: &[LineChange]) -> Markup {
    let lines = diff(changes);
    html! {
        @if !lines.is_empty() {
            pre.changes aria-label="Changed lines" {
                @for (sign, line) in &lines {
                    @match sign {
                        '-' => del { "- " (line) },
                        '+' => ins { "+ " (line) },
                        _ => span.quiet { "  " (line) },
                    }
                    "\n"
                }
            }
        }
    }
}

/// Only what leads to a page is a link, whatever `--link-base` says.
pub(in crate::report) fn is_address(link: &str) -> bool {
    link.starts_with("https://") || link.starts_with("http://")
}

fn command(audit: &Audit, layer: usize) -> Option<String> {
    let layer = audit.layers.iter().find(|facts| facts.layer == layer)?;
    let command = layer.created_by.as_deref()?;
    Some(history::clean(command).into_owned())
}
