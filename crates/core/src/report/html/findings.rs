//! The findings of the HTML report: what to mend, in the order of its weight.

use maud::{Markup, html};

use crate::manifest::history;
use crate::report::Visible;
use crate::report::audit::{Audit, FindingFacts};
use crate::report::words::{cost, kind, size};

/// Findings that are told; a file that no browser opens tells nothing.
const SHOWN: usize = 1_000;

/// All findings: what is a risk, wasted bytes, then what is live and can be avoided.
pub(super) fn findings(audit: &Audit) -> Markup {
    let of = |wanted: &dyn Fn(&FindingFacts) -> bool| -> Vec<&FindingFacts> {
        let findings = audit.findings.iter();
        let counted = findings.filter(|finding| finding.ignored.is_none());
        counted.filter(|finding| wanted(finding)).collect()
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
            h2 { "What a release should not carry" }
            (list(&risks, audit))
        }
        h2 { "What no container ever sees" }
        @if audit.bytes.wasted == 0 { p { "Nothing: every byte that the layers store is reached." } }
        (list(&wasted, audit))
        @if !live.is_empty() {
            h2 { "What a container sees, and can do without" }
            (list(&live, audit))
        }
        @if !ignored.is_empty() {
            h2 { "What the rules file ignores" }
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
                @for (layer, does) in layers(finding) {
                    li {
                        "layer " (layer) " " (does)
                        @if let Some(command) = command(audit, layer) { ": " code { (Visible(&command)) } }
                    }
                }
            }
            @if let Some(reason) = &finding.ignored { p.quiet { "ignored: " (Visible(reason)) } }
            @if !finding.advice.is_empty() { p.advice { (Visible(&finding.advice)) } }
        }
    }
}

/// Only what leads to a page is a link, whatever `--link-base` says.
fn is_address(link: &str) -> bool {
    link.starts_with("https://") || link.starts_with("http://")
}

/// The layers of a finding in their order, and what each did.
fn layers(finding: &FindingFacts) -> Vec<(usize, &'static str)> {
    let ships = if finding.kind.cause().is_some() {
        "ships it"
    } else {
        "has it"
    };
    let hides = match finding.kind.cause() {
        Some(cause) => cause.name(),
        None => "hides it",
    };
    let added = finding.added_by.iter().map(|layer| (*layer, ships));
    let hidden = finding.hidden_by.iter().map(|layer| (*layer, hides));
    // A layer that replaces what another shipped, and is overwritten itself, is told once.
    let once: std::collections::BTreeMap<_, _> = added.chain(hidden).collect();
    once.into_iter().collect()
}

fn command(audit: &Audit, layer: usize) -> Option<String> {
    let layer = audit.layers.iter().find(|facts| facts.layer == layer)?;
    let command = layer.created_by.as_deref()?;
    Some(history::clean(command).into_owned())
}
