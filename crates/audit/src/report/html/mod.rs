//! The audit as one HTML file that needs nothing else: numbers, a bar for each layer, the map, findings, rules.
//!
//! It has no scripts, and its policy lets a browser fetch nothing. What comes from an image is text.

mod findings;
mod page;
mod treemap;

use maud::{Markup, html};

use self::findings::findings;
pub(super) use self::findings::is_address;
pub(super) use self::page::page;
use self::treemap::treemap;
use super::Visible;
use super::format::{self, share, size};
use super::map::Map;
use super::notes::notes;
use super::outcome::Outcome;
use crate::audit::Audit;
use crate::inspection::LayerFacts;
use crate::ledger::Causes;
use crate::manifest::history;
use crate::stack::Cause;

/// The whole file.
#[must_use]
pub fn report(outcomes: &[Outcome<'_>]) -> String {
    let title = match outcomes {
        [one] => one.reference().to_owned(),
        all => format!("{} images", all.len()),
    };
    let body = html! {
        @if outcomes.len() > 1 { (contents(outcomes)) }
        @for (number, outcome) in (1..).zip(outcomes) {
            section.image id={ "image-" (number) } { (image(outcome)) }
        }
    };
    let title = format!("Onionskin audit: {}", Visible(&title));
    page(&title, "", &body, "The same digest gives the same file.")
}

/// What of several images there is, each in a line.
fn contents(outcomes: &[Outcome<'_>]) -> Markup {
    html! {
        table {
            thead { tr { th { "image" } th.right { "wasted" } th.right { "rules" } } }
            tbody {
                @for (number, outcome) in (1..).zip(outcomes) {
                    tr {
                        td { a href={ "#image-" (number) } { code { (Visible(outcome.reference())) } } }
                        @match outcome {
                            Outcome::Audited { audit, .. } => {
                                td.right { (size(audit.bytes.wasted)) " " span.quiet { (share(audit.bytes.wasted, audit.bytes.stored)) } }
                                td.right { @if audit.rules.is_empty() { "none" } @else { (verdict(audit)) } }
                            }
                            Outcome::Stopped { .. } => {
                                td.right { "not known" }
                                td.right { span.failed { "could not be read" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn image(outcome: &Outcome<'_>) -> Markup {
    match *outcome {
        Outcome::Audited {
            audit,
            remarks,
            map,
            ..
        } => audited(audit, remarks, map),
        Outcome::Stopped { reference, error } => html! {
            h1 { (Visible(reference)) }
            p.error { "Could not be read: " (Visible(error)) }
        },
    }
}

fn audited(audit: &Audit, remarks: &[String], map: Option<&Map>) -> Markup {
    let image = &audit.image;
    html! {
        h1 { (Visible(&image.reference)) }
        p.quiet.digest {
            @if let Some(platform) = &image.platform { (Visible(platform)) " " }
            @if let Some(digest) = &image.digest { code { (digest) } }
        }
        @if !audit.rules.is_empty() { p.verdict.(class(audit.passed)) { (verdict(audit)) } }
        (figures(audit))
        (bar(&audit.bytes.causes, audit.bytes.live, audit.bytes.stored))
        (legend(audit))
        div.notes {
            @for text in notes(audit, remarks) {
                p.quiet { (Visible(&text)) }
            }
        }
        (rules(audit))
        @if let Some(map) = map.filter(|map| map.bytes.total() > 0) {
            h2 { "Map of used and wasted bytes" }
            (treemap(map))
            ul.legend { (signs()) }
        }
        (findings(audit))
        (layers(&audit.layers))
        (dive(audit))
    }
}

const fn class(passed: Option<bool>) -> &'static str {
    match passed {
        Some(true) => "passed",
        Some(false) => "failed",
        None => "unknown",
    }
}

/// What all rules come to.
fn verdict(audit: &Audit) -> Markup {
    let failed = audit.rules.iter().filter(|rule| rule.passed == Some(false));
    html! {
        @match audit.passed {
            Some(true) => "✓ PASS: all rules passed",
            Some(false) => { "✕ FAIL: " (failed.count()) " of " (audit.rules.len()) " rules failed" }
            None => "? NOT EVALUATED: not all rules can be evaluated",
        }
    }
}

fn figures(audit: &Audit) -> Markup {
    let (image, bytes) = (&audit.image, &audit.bytes);
    html! {
        dl.figures {
            @if let Some(download) = image.compressed_size {
                div { dt { "Download" } dd { (size(download)) } }
            }
            div { dt { "Stored in layers" } dd { (size(bytes.stored)) " " small { (count(audit.layers.len())) } } }
            div { dt { "Final filesystem" } dd { (size(bytes.live)) } }
            div {
                dt { "Wasted" }
                dd { (size(bytes.wasted)) " " small { (share(bytes.wasted, bytes.stored)) } }
            }
            @if let Some(wasted) = bytes.wasted_compressed {
                div { dt { "Wasted download" } dd { (size(wasted)) } }
            }
        }
    }
}

/// Used and wasted bytes beside each other, of a bar that is `whole` long.
fn bar(causes: &Causes, live: u64, whole: u64) -> Markup {
    let of = |bytes: u64| format!("width:{:.3}%", bytes as f64 * 100.0 / whole.max(1) as f64);
    html! {
        div.bar {
            @if live > 0 { i.live style=(of(live)) {} }
            @for cause in Cause::ALL {
                @if causes[cause] > 0 { i.(cause.name()) style=(of(causes[cause])) {} }
            }
        }
    }
}

fn legend(audit: &Audit) -> Markup {
    let bytes = &audit.bytes;
    html! {
        ul.legend {
            li { i.sign.live {} "used " b { (size(bytes.live)) } }
            @for cause in Cause::ALL {
                @if bytes.causes[cause] > 0 {
                    li { i.sign.(cause.name()) {} (cause.name()) " " b { (size(bytes.causes[cause])) } ", " (crate::findings::Kind::from(cause).meaning()) }
                }
            }
        }
    }
}

/// What the colours mean.
fn signs() -> Markup {
    html! {
        li { i.sign.live {} "used" }
        @for cause in Cause::ALL { li { i.sign.(cause.name()) {} (cause.name()) } }
    }
}

fn rules(audit: &Audit) -> Markup {
    html! {
        @if !audit.rules.is_empty() {
            h2 { "Rules" }
            table.rules {
                tbody {
                    @for rule in &audit.rules {
                        tr {
                            td class=(class(rule.passed)) {
                                @match rule.passed {
                                    Some(true) => "✓ PASS",
                                    Some(false) => "✕ FAIL",
                                    None => "? NOT EVALUATED",
                                }
                            }
                            td { code { (Visible(&rule.name)) } }
                            td {
                                (Visible(&format::verdict(rule)))
                                @if !rule.met.is_empty() {
                                    ul { @for path in &rule.met { li { code { (Visible(path)) } } } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn layers(layers: &[LayerFacts]) -> Markup {
    let largest = layers.iter().filter_map(|layer| layer.stored).max();
    html! {
        h2 { "Layers" }
        table.layers {
            thead {
                tr { th { "" } th { "made by" } th.right.wide { "download" } th.right { "files" } th.right { "wasted" } }
            }
            tbody {
                @for layer in layers {
                    tr {
                        td { (layer.layer) }
                        td {
                            code.command {
                                @match &layer.created_by {
                                    Some(command) => (Visible(&history::clean(command))),
                                    None => "unknown",
                                }
                            }
                            @if let (Some(stored), Some(wasted), Some(causes)) = (layer.stored, layer.wasted, &layer.causes) {
                                (bar(causes, stored.saturating_sub(wasted), largest.unwrap_or(0)))
                            }
                            @if let Some(reason) = layer.not_fetched { span.quiet { "not available: " (reason.short()) } }
                        }
                        td.right.wide { (known(layer.compressed_size)) }
                        td.right { (known(layer.stored)) }
                        td.right { (known(layer.wasted)) }
                    }
                }
            }
        }
    }
}

/// `1 layer`, `3 layers`.
fn count(layers: usize) -> String {
    match layers {
        1 => "1 layer".to_owned(),
        many => format!("{many} layers"),
    }
}

fn known(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "–".to_owned(), size)
}

fn dive(audit: &Audit) -> Markup {
    let dive = &audit.dive;
    html! {
        h2 { "As dive counts" }
        p.quiet {
            "Efficiency " (format!("{:.4}", dive.efficiency)) ", " (size(dive.wasted_bytes)) " wasted"
            @if let Some(share) = dive.user_wasted_percent {
                " (" (format!("{:.1}", share * 100.0)) " % of what the layers above the first hold)"
            }
            ". Its definition misses folders deleted whole and counts live copies as waste; the numbers above are exact."
        }
    }
}
