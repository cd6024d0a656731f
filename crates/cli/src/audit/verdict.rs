//! The verdict of an audit in a line, and those of several images as a table.

use std::fmt::{self, Write as _};

use anstyle::{AnsiColor, Style};
use onionskin_core::report::audit::Audit;
use onionskin_core::report::words::{partial, secrets, share, size};
use unicode_width::UnicodeWidthStr as _;

use super::formats::{Audited, Reported};
use crate::summary::{QUIET, STRONG};
use crate::terminal::{Visible, middle, wrapped};

pub(super) const PASS: Style = AnsiColor::Green.on_default().bold();
pub(super) const FAIL: Style = AnsiColor::Red.on_default().bold();
pub(super) const NOT_EVALUATED: Style = AnsiColor::Yellow.on_default().bold();

/// The word for a rule or all of them, and its colour.
pub(super) const fn word(passed: Option<bool>) -> (&'static str, Style) {
    match passed {
        Some(true) => ("PASS", PASS),
        Some(false) => ("FAIL", FAIL),
        None => ("NOT EVALUATED", NOT_EVALUATED),
    }
}

/// The outcome of all rules; None where there are none.
pub(super) fn of(audit: &Audit) -> Option<(&'static str, Style)> {
    (!audit.rules.is_empty()).then(|| word(audit.passed))
}

/// `FAIL: 89.5 % wasted (340.0 kB), no secrets found, 1 of 2 rules failed`.
pub(super) fn write(out: &mut String, audit: &Audit, columns: usize) -> fmt::Result {
    let read = match partial(&audit.layers) {
        Some(read) => format!(" in {read}"),
        None => String::new(),
    };
    let told = format!(
        "{}, {}{read}, {}",
        wasted(audit),
        secrets(audit),
        rules(audit)
    );
    let (line, style) = match of(audit) {
        Some((word, style)) => (format!("{word}: {told}"), style),
        None => {
            let mut told = told.chars();
            let first = told.next().map(|first| first.to_uppercase().to_string());
            let line = format!("{}{}", first.unwrap_or_default(), told.as_str());
            (line, STRONG)
        }
    };
    for line in wrapped(&line, columns) {
        writeln!(out, "{style}{line}{style:#}")?;
    }
    Ok(())
}

/// The wasted share of the file data.
fn wasted(audit: &Audit) -> String {
    let bytes = &audit.bytes;
    match bytes.wasted {
        0 => "nothing wasted".to_owned(),
        wasted => format!("{} wasted ({})", share(wasted, bytes.stored), size(wasted)),
    }
}

/// `1 of 2 rules failed`.
pub(super) fn rules(audit: &Audit) -> String {
    let of = |passed| {
        let rules = audit.rules.iter();
        rules.filter(|rule| rule.passed == passed).count()
    };
    let rules = match audit.rules.len() {
        0 => return "no rules set".to_owned(),
        many => format!("{many} rules"),
    };
    let unknown = match of(None) {
        0 => String::new(),
        unknown => format!("{unknown} of {rules} not evaluated"),
    };
    match (of(Some(false)), unknown.as_str()) {
        (0, "") if audit.rules.len() == 1 => "the rule passed".to_owned(),
        (0, _) if audit.rules.len() == 1 => "the rule was not evaluated".to_owned(),
        (1, _) if audit.rules.len() == 1 => "the rule failed".to_owned(),
        (0, "") => format!("all {rules} passed"),
        (0, _) => unknown,
        (failed, "") => format!("{failed} of {rules} failed"),
        (failed, _) => format!("{failed} failed, {unknown}"),
    }
}

/// A row for each image: its name, what is wasted, and the verdict.
pub(super) fn table(reported: &[Reported], columns: usize) -> String {
    const WASTED: usize = 9;
    const SHARE: usize = 14;
    let verdict = |one: &Reported| match one {
        Reported::Audited(audited) => match of(&audited.audit) {
            Some((word, style)) => (word, style),
            None => ("no rules", Style::new()),
        },
        Reported::Stopped { .. } => ("ERROR", FAIL),
    };
    let named = |one: &Reported| match one {
        Reported::Audited(audited) => audited.audit.image.reference.clone(),
        Reported::Stopped { reference, .. } => reference.clone(),
    };
    let verdicts = reported.iter().map(|one| verdict(one).0.len());
    let after = 2 + WASTED + 2 + SHARE + 2 + verdicts.max().unwrap_or(0);
    let room = columns.saturating_sub(after).max(12);
    let names: Vec<String> = reported
        .iter()
        .map(|one| middle(&named(one), room))
        .collect();
    let width = names.iter().map(|name| name.width());
    let width = width.chain(["image".len()]).max().unwrap_or(0);
    let mut out = format!(
        "{QUIET}{:width$}  {:>WASTED$}  {:SHARE$}  verdict{QUIET:#}\n",
        "image", "wasted", ""
    );
    for (one, name) in reported.iter().zip(names) {
        let gap = width - name.width();
        let (wasted, of) = match one {
            Reported::Audited(audited) => {
                let Audited { audit, .. } = &**audited;
                let bytes = &audit.bytes;
                let of = partial(&audit.layers);
                let of = of.unwrap_or_else(|| share(bytes.wasted, bytes.stored));
                (size(bytes.wasted), of)
            }
            Reported::Stopped { .. } => (String::new(), String::new()),
        };
        let (word, style) = verdict(one);
        out.push_str(&format!(
            "{STRONG}{}{STRONG:#}{:gap$}  {wasted:>WASTED$}  {of:SHARE$}  {style}{word}{style:#}\n",
            Visible(&name),
            ""
        ));
    }
    out
}
