//! The text of `onionskin audit`: the verdict first, then what costs most.

use std::fmt::{self, Write as _};

use crate::audit::{Audit, DiveFacts, FindingFacts};
use crate::findings::Kind;
use crate::manifest::history;
use crate::report::format::{self, percent, size};
use crate::report::notes;
use crate::report::outcome::weightiest;
use anstyle::Style;

use super::summary::{self, QUIET, STRONG, described};
use super::{Screen, verdict, wrapped};
use crate::report::Visible;

/// Findings that are shown without `--all`.
const SHOWN: usize = 5;
/// Secrets that are named without `--all`, and pairs of layers of a finding.
const NAMED: usize = 5;
/// Paths that are shown of a forbidden glob.
const SHOWN_PATHS: usize = 5;
/// Columns before what belongs to a finding.
const INDENT: usize = 11;

/// What is shown, and where.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// Its columns and characters.
    pub screen: Screen,
    /// All findings, and not only the largest.
    pub all: bool,
    /// Only the verdict, and the rules that did not pass.
    pub summary: bool,
    /// The rules file in use.
    pub rules_file: Option<&'a str>,
}

/// The whole text.
pub fn report(audit: &Audit, remarks: &[String], options: Options<'_>) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, audit, remarks, options);
    out
}

fn write(out: &mut String, audit: &Audit, remarks: &[String], options: Options<'_>) -> fmt::Result {
    verdict::write(out, audit, options.screen.columns)?;
    summary::image(out, &audit.image, options.screen.columns)?;
    if options.summary {
        for line in format::not_available(&audit.layers) {
            lines(out, &line, options)?;
        }
        return rules(out, audit, options);
    }
    findings(out, audit, options)?;
    writeln!(out, "\n{QUIET}Size{QUIET:#}")?;
    let columns = options.screen.columns;
    summary::bytes(out, &audit.image, &audit.bytes, &audit.layers, columns)?;
    lines(out, &dive(&audit.dive), options)?;
    if let Some(base) = notes::base(audit) {
        lines(out, &base, options)?;
    }
    for (ignore, text) in audit.ignore.iter().zip(notes::ignored(audit)) {
        match ignore.expired {
            true => lines(out, &format!("note: {text}"), options)?,
            false => lines(out, &text, options)?,
        }
    }
    for remark in remarks {
        lines(out, &format!("note: {remark}"), options)?;
    }
    rules(out, audit, options)
}

/// A paragraph of its own.
fn lines(out: &mut String, text: &str, options: Options<'_>) -> fmt::Result {
    writeln!(out)?;
    for line in wrapped(&Visible(text).to_string(), options.screen.columns) {
        writeln!(out, "{QUIET}{line}{QUIET:#}")?;
    }
    Ok(())
}

fn dive(dive: &DiveFacts) -> String {
    let of_user = match dive.user_wasted_percent {
        Some(share) => format!(" ({} of the layers above the first)", percent(share)),
        None => String::new(),
    };
    format!(
        "dive's numbers: efficiency {:.4}, {} wasted{of_user}",
        dive.efficiency,
        size(dive.wasted_bytes)
    )
}

/// Bytes that can be saved, the largest first, whether they are wasted or avoidable; then risks, by kind, as small ones
/// may be the worst; then secrets in the files of packages.
fn ordered(audit: &Audit) -> Vec<&FindingFacts> {
    let mut findings: Vec<&FindingFacts> = audit
        .findings
        .iter()
        .filter(|finding| finding.ignored.is_none())
        .collect();
    findings.sort_by_key(|finding| match finding.kind {
        _ if finding.packaged => (2, None),
        kind if kind.is_risk() => (1, Some(kind)),
        _ => (0, None),
    });
    findings
}

fn findings(out: &mut String, audit: &Audit, options: Options<'_>) -> fmt::Result {
    let all = ordered(audit);
    if all.is_empty() {
        return Ok(());
    }
    if options.all {
        return sections(out, &all, audit, options);
    }
    let (shown, rest) = all.split_at(all.len().min(SHOWN));
    let title = match rest.len() {
        0 => "Findings",
        _ => "Largest findings",
    };
    section(out, title, shown, audit, options)?;
    let hidden = |finding: &&FindingFacts| rest.iter().any(|one| std::ptr::eq(*one, *finding));
    let secrets: Vec<&FindingFacts> = weightiest(audit)
        .into_iter()
        .filter(|finding| finding.kind == Kind::Secret && !finding.packaged)
        .filter(hidden)
        .collect();
    if !secrets.is_empty() {
        writeln!(out, "\n{QUIET}Possible secrets{QUIET:#}\n")?;
    }
    for secret in secrets.iter().take(NAMED) {
        let rule = secret.rule.as_deref().unwrap_or_default();
        let line = match secret.line {
            Some(line) => format!(", line {line}"),
            None => String::new(),
        };
        let what = format!("({rule}{line})");
        let room = options
            .screen
            .columns
            .saturating_sub(INDENT + 1 + what.len());
        let path = options.screen.middle(&secret.path, room.max(20));
        writeln!(out, "{:INDENT$}{STRONG}{path}{STRONG:#} {what}", "")?;
    }
    if secrets.len() > NAMED {
        writeln!(out, "{:INDENT$}and {} more", "", secrets.len() - NAMED)?;
    }
    if !rest.is_empty() {
        let findings = match rest.len() {
            1 => "1 more finding".to_owned(),
            many => format!("{many} more findings"),
        };
        let text = format!(
            "{findings} ({}); --all shows them with what to change",
            kinds(rest)
        );
        lines(out, &text, options)?;
    }
    Ok(())
}

/// `3 secret, 1 config`.
fn kinds(findings: &[&FindingFacts]) -> String {
    let count = |kind| findings.iter().filter(|one| one.kind == kind).count();
    let counts = Kind::ALL.into_iter().map(|kind| (count(kind), kind.name()));
    let counts = counts.filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    counts.join(", ")
}

fn sections(
    out: &mut String,
    all: &[&FindingFacts],
    audit: &Audit,
    options: Options<'_>,
) -> fmt::Result {
    let is_secret = |finding: &FindingFacts| finding.kind == Kind::Secret;
    type Fits<'a> = &'a dyn Fn(&FindingFacts) -> bool;
    let sections: [(&str, Fits<'_>); 5] = [
        ("Wasted", &|finding| finding.kind.cause().is_some()),
        ("Avoidable files", &|finding| {
            finding.kind.cause().is_none() && !finding.kind.is_risk()
        }),
        (
            "Possible secrets, by names and forms; not a full scan",
            &|finding| is_secret(finding) && !finding.packaged,
        ),
        ("Security and configuration", &|finding| {
            finding.kind.is_risk() && !is_secret(finding)
        }),
        (
            "Possible secrets in package files, mostly test keys",
            &|finding| finding.packaged,
        ),
    ];
    for (title, fits) in sections {
        let findings: Vec<&FindingFacts> = all.iter().copied().filter(|one| fits(one)).collect();
        if !findings.is_empty() {
            section(out, title, &findings, audit, options)?;
        }
    }
    Ok(())
}

fn section(
    out: &mut String,
    title: &str,
    findings: &[&FindingFacts],
    audit: &Audit,
    options: Options<'_>,
) -> fmt::Result {
    writeln!(out, "\n{QUIET}{title}{QUIET:#}")?;
    for finding in findings {
        writeln!(out)?;
        one(out, finding, audit, options)?;
    }
    Ok(())
}

fn one(
    out: &mut String,
    finding: &FindingFacts,
    audit: &Audit,
    options: Options<'_>,
) -> fmt::Result {
    let name = format::kind(finding);
    let style = match finding.kind.cause() {
        Some(cause) => described(cause).1,
        None => Style::new(),
    };
    // What is not about bytes has none.
    let bytes = match finding.bytes {
        0 => String::new(),
        bytes => size(bytes),
    };
    let room = options.screen.columns.saturating_sub(INDENT).max(20);
    let path = Visible(&finding.path).to_string();
    let beside = room.saturating_sub(name.len() + 2);
    let line = |out: &mut String, text: &str| writeln!(out, "{:INDENT$}{text}", "");
    write!(out, "{bytes:>9}  {style}{name}{style:#}")?;
    if path.chars().count() <= beside {
        writeln!(out, "  {STRONG}{path}{STRONG:#}")?;
    } else {
        writeln!(out)?;
        let path = options.screen.middle(&finding.path, room);
        line(out, &format!("{STRONG}{path}{STRONG:#}"))?;
    }
    if let Some(cost) = format::cost(finding) {
        line(out, &format!("{QUIET}{cost} of the download{QUIET:#}"))?;
    }
    layers(out, finding, audit, options, room)?;
    for text in wrapped(&Visible(&finding.advice).to_string(), room) {
        line(out, &text)?;
    }
    if let Some(link) = &finding.link {
        line(out, &Visible(link).to_string())?;
    }
    Ok(())
}

/// What the layers did, each with its command; where layers replace each other, the pairs first.
fn layers(
    out: &mut String,
    finding: &FindingFacts,
    audit: &Audit,
    options: Options<'_>,
    room: usize,
) -> fmt::Result {
    let shown = if options.all { usize::MAX } else { NAMED };
    let line = |out: &mut String, text: &str| {
        let text = options.screen.fit(text.trim_end_matches(": "), room);
        writeln!(out, "{:INDENT$}{QUIET}{text}{QUIET:#}", "")
    };
    let told = format::layers(finding);
    // The last layer is the one that hides most.
    let left_out = told.len().saturating_sub(shown);
    let kept = |(at, _): &(usize, _)| left_out == 0 || *at < shown - 1 || at + 1 == told.len();
    for (at, (layer, text)) in told.iter().enumerate().filter(kept) {
        if left_out > 0 && at + 1 == told.len() {
            line(out, &format!("and {left_out} more"))?;
        }
        match layer {
            Some(layer) => line(out, &format!("{text}: {}", command(audit, *layer)))?,
            None => wrapped(text, room)
                .iter()
                .try_for_each(|text| line(out, text))?,
        }
    }
    if finding.pairs.is_empty() {
        return Ok(());
    }
    let numbers = finding.added_by.iter().chain(&finding.hidden_by);
    let numbers: std::collections::BTreeSet<usize> = numbers.copied().collect();
    for layer in numbers.iter().take(shown) {
        let command = command(audit, *layer);
        if !command.is_empty() {
            line(out, &format!("layer {layer}: {command}"))?;
        }
    }
    Ok(())
}

/// The command that made a layer, where it is known.
fn command(audit: &Audit, layer: usize) -> String {
    let facts = audit.layers.iter().find(|facts| facts.layer == layer);
    let command = facts.and_then(|facts| facts.created_by.as_deref());
    let command = command.map(history::clean).unwrap_or_default();
    command.into_owned()
}

fn rules(out: &mut String, audit: &Audit, options: Options<'_>) -> fmt::Result {
    let rules = audit
        .rules
        .iter()
        .filter(|rule| !options.summary || rule.passed != Some(true));
    let rules: Vec<_> = rules.collect();
    if !rules.is_empty() {
        let file = match options.rules_file {
            Some(file) => format!(" ({})", Visible(file)),
            None => String::new(),
        };
        writeln!(out, "\n{QUIET}Rules{file}{QUIET:#}")?;
    } else if let Some(file) = options.rules_file {
        writeln!(out, "\n{QUIET}Rules file: {}{QUIET:#}", Visible(file))?;
    }
    let words = rules.iter().map(|rule| verdict::word(rule.passed).0.len());
    let words = words.max().unwrap_or(0);
    let names = rules.iter().map(|rule| rule.name.chars().count());
    let names = names.max().unwrap_or(0).min(40);
    for rule in &rules {
        let (word, style) = verdict::word(rule.passed);
        let gap = words - word.len();
        let indent = words + 2;
        let name = Visible(&rule.name).to_string();
        let text = Visible(&format::verdict(rule)).to_string();
        // What is too long for a line goes on below the name.
        let room = options.screen.columns.saturating_sub(indent + names + 2);
        let room = match room < 30 {
            true => options.screen.columns.saturating_sub(indent),
            false => room,
        };
        let mut told = wrapped(&text, room.max(20)).into_iter();
        let first = told.next().unwrap_or_default();
        writeln!(
            out,
            "{style}{word}{style:#}{:gap$}  {name:names$}  {first}",
            ""
        )?;
        for rest in told {
            writeln!(out, "{:1$}{rest}", "", indent + names + 2)?;
        }
        for path in rule.met.iter().take(SHOWN_PATHS) {
            let path = options
                .screen
                .middle(path, options.screen.columns.saturating_sub(indent).max(20));
            writeln!(out, "{:indent$}{path}", "")?;
        }
        if rule.met.len() > SHOWN_PATHS {
            writeln!(out, "{:indent$}…", "")?;
        }
    }
    if let (Some((word, style)), false) = (verdict::of(audit), options.summary) {
        writeln!(out, "{style}{word}{style:#}: {}", verdict::rules(audit))?;
    }
    Ok(())
}
