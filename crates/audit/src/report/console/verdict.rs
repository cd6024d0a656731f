//! The verdict of an audit in a line, and those of several images as a table.

use std::fmt::{self, Write as _};

use crate::audit::Audit;
use crate::report::format::{partial, secrets, share, size};
use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr as _;

use super::summary::{QUIET, STRONG};
use super::{Screen, wrapped};
use crate::report::Visible;
use crate::report::outcome::Outcome;

const PASS: Style = AnsiColor::Green.on_default().bold();
const FAIL: Style = AnsiColor::Red.on_default().bold();
const NOT_EVALUATED: Style = AnsiColor::Yellow.on_default().bold();

/// The word for a rule or all of them, and its colour.
pub const fn word(passed: Option<bool>) -> (&'static str, Style) {
    match passed {
        Some(true) => ("PASS", PASS),
        Some(false) => ("FAIL", FAIL),
        None => ("NOT EVALUATED", NOT_EVALUATED),
    }
}

/// The outcome of all rules; None where there are none.
pub fn of(audit: &Audit) -> Option<(&'static str, Style)> {
    (!audit.rules.is_empty()).then(|| word(audit.passed))
}

/// `FAIL: 89.5 % wasted (340.0 kB), no secrets found, 1 of 2 rules failed`.
pub fn write(out: &mut String, audit: &Audit, columns: usize) -> fmt::Result {
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
pub fn rules(audit: &Audit) -> String {
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
pub fn table(outcomes: &[Outcome<'_>], screen: Screen) -> String {
    const WASTED: usize = 9;
    const SHARE: usize = 14;
    // Where nothing is cut, a longer name moves only what is behind it in its own row.
    const NAME: usize = 80;
    let verdict = |one: &Outcome<'_>| match one {
        Outcome::Audited { audit, .. } => match of(audit) {
            Some((word, style)) => (word, style),
            None => ("no rules", Style::new()),
        },
        Outcome::Stopped { .. } => ("ERROR", FAIL),
    };
    let verdicts = outcomes.iter().map(|one| verdict(one).0.len());
    let after = 2 + WASTED + 2 + SHARE + 2 + verdicts.max().unwrap_or(0);
    let room = screen.columns.saturating_sub(after).max(12);
    let names: Vec<String> = outcomes
        .iter()
        .map(|one| screen.middle(one.reference(), room))
        .collect();
    let width = names.iter().map(|name| name.width());
    let widest = match screen == Screen::NONE {
        true => NAME,
        false => room,
    };
    let width = width.chain(["image".len()]).max().unwrap_or(0).min(widest);
    let mut out = format!(
        "{QUIET}{:width$}  {:>WASTED$}  {:SHARE$}  verdict{QUIET:#}\n",
        "image", "wasted", ""
    );
    for (one, name) in outcomes.iter().zip(names) {
        let gap = width.saturating_sub(name.width());
        let (wasted, of) = match one {
            Outcome::Audited { audit, .. } => {
                let bytes = &audit.bytes;
                let of = partial(&audit.layers);
                let of = of.unwrap_or_else(|| share(bytes.wasted, bytes.stored));
                (size(bytes.wasted), of)
            }
            Outcome::Stopped { .. } => (String::new(), String::new()),
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
