//! The audit as Markdown, fit for a comment in a review: short on top, the details folded.

use std::fmt::{self, Write as _};

use crate::audit::{Audit, FindingFacts};
use crate::findings::{Kind, LineChange};
use crate::report::changed_lines::diff;
use crate::report::format::{self, share, size};
use crate::report::markdown::{cell, code, cut, escaped, fenced, linked};
use crate::report::notes::notes;
use crate::report::outcome::{Outcome, weightiest};

/// Findings in the table of one image; the rest is summed up.
const SHOWN: usize = 50;
/// Sets of changed lines that are told.
const CHANGES: usize = 12;
/// Bytes of the report, below the 65,536 characters that GitHub takes, with room for its last line and what a pipeline adds.
const ROOM: usize = 58_000;
/// Bytes that the end of a list of findings takes at most.
const END: usize = 100;

/// The whole report, as much of it as fits into a comment: what is on top of each image first, then findings.
pub fn report(outcomes: &[Outcome<'_>]) -> String {
    let mut left = ROOM;
    let heads: Vec<String> = outcomes
        .iter()
        .map_while(|outcome| {
            let mut top = String::new();
            // Writing to a String cannot fail.
            let _ = head(&mut top, outcome);
            left = left.checked_sub(top.len() + 1)?;
            Some(top)
        })
        .collect();
    let mut out = String::new();
    for (at, (top, outcome)) in heads.iter().zip(outcomes).enumerate() {
        if at > 0 {
            out.push('\n');
        }
        out.push_str(top);
        if let Outcome::Audited { audit, .. } = outcome {
            let before = out.len();
            // What an image leaves is for those after it.
            let _ = findings(&mut out, audit, left / (heads.len() - at));
            left = left.saturating_sub(out.len() - before);
        }
    }
    let rest = outcomes.len() - heads.len();
    if rest > 0 {
        let plural = if rest == 1 { "" } else { "s" };
        let _ = writeln!(
            out,
            "\nand {rest} more image{plural}, left out because a comment has no room"
        );
    }
    out
}

fn head(out: &mut String, outcome: &Outcome<'_>) -> fmt::Result {
    writeln!(out, "### Onionskin: {}\n", code(outcome.reference()))?;
    match outcome {
        Outcome::Audited { audit, .. } => {
            summary(out, audit)?;
            rules(out, audit)
        }
        Outcome::Stopped { error, .. } => {
            writeln!(out, "**Could not be read:** {}", escaped(&cut(error)))
        }
    }
}

fn summary(out: &mut String, audit: &Audit) -> fmt::Result {
    let (image, bytes) = (&audit.image, &audit.bytes);
    let wasted = match bytes.wasted {
        0 => match format::partial(&audit.layers) {
            Some(read) => format!("No wasted bytes in {read}"),
            None => "No wasted bytes".to_owned(),
        },
        wasted => format!(
            "**{} of {} ({}) is wasted**",
            size(wasted),
            size(bytes.stored),
            share(wasted, bytes.stored)
        ),
    };
    let cost = match (bytes.wasted_compressed, image.compressed_size) {
        (Some(wasted), Some(all)) if wasted > 0 => {
            format!("; {} of each {} pull", size(wasted), size(all))
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
        Some(true) => "**PASS**: ".to_owned(),
        Some(false) => format!("**FAIL**: {failed} of {} rules failed. ", audit.rules.len()),
        None => "**NOT EVALUATED**: not all rules can be evaluated. ".to_owned(),
    };
    writeln!(out, "{verdict}{wasted}{cost}.")?;
    let findings = weightiest(audit).into_iter();
    let secrets = findings.filter(|finding| finding.kind == Kind::Secret && !finding.packaged);
    let secrets = secrets.count();
    if secrets > 0 {
        let plural = if secrets == 1 { "" } else { "s" };
        writeln!(out, "\n**{secrets} possible secret{plural}.**")?;
    }
    for line in notes(audit, &[]) {
        writeln!(out, "\n{}", escaped(&cut(&line)))?;
    }
    Ok(())
}

fn rules(out: &mut String, audit: &Audit) -> fmt::Result {
    if audit.rules.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n| | rule | actual | limit |\n|---|---|---|---|")?;
    for rule in &audit.rules {
        let word = match rule.passed {
            Some(true) => "PASS",
            Some(false) => "**FAIL**",
            None => "**NOT EVALUATED**",
        };
        writeln!(
            out,
            "| {word} | {} | {} | {} |",
            cell(&rule.name),
            format::actual(rule),
            escaped(&cut(&format::limit(rule)))
        )?;
    }
    Ok(())
}

/// The weightiest findings, as many as fit into so many bytes.
fn findings(out: &mut String, audit: &Audit, room: usize) -> fmt::Result {
    let all = weightiest(audit);
    let count = all.len();
    if count == 0 {
        return Ok(());
    }
    let findings = if count == 1 { "finding" } else { "findings" };
    let mut folded = format!(
        "\n<details>\n<summary>{count} {findings}</summary>\n\n| bytes | download | kind | path | layers | what to change |\n|---:|---:|---|---|---|---|\n"
    );
    if folded.len() + END > room {
        return Ok(());
    }
    let mut shown = 0;
    for finding in all.iter().take(SHOWN) {
        let line = row(finding);
        // Below the table there have to be its rest and its end.
        if folded.len() + line.len() + END > room {
            break;
        }
        folded.push_str(&line);
        shown += 1;
    }
    let rest = all.get(shown..).unwrap_or_default();
    if !rest.is_empty() {
        let bytes = rest
            .iter()
            .fold(0, |sum: u64, finding| sum.saturating_add(finding.bytes));
        writeln!(
            folded,
            "\nand {} more of {} in all",
            rest.len(),
            size(bytes)
        )?;
    }
    let told = all.get(..shown).unwrap_or_default();
    let left = room.saturating_sub(folded.len() + END);
    folded.push_str(&changes(told, left));
    writeln!(folded, "\n</details>")?;
    out.push_str(&folded);
    Ok(())
}

/// The changed lines of these findings, each set of them once, as many as fit into so many bytes.
fn changes(findings: &[&FindingFacts], room: usize) -> String {
    let mut out = String::new();
    let mut told: Vec<&[LineChange]> = Vec::new();
    for finding in findings
        .iter()
        .filter(|finding| !finding.changes.is_empty())
    {
        if told.len() >= CHANGES || told.contains(&finding.changes.as_slice()) {
            continue;
        }
        let path = linked(&code(&cut(&finding.path)), finding.link.as_deref());
        let lines = diff(&finding.changes).into_iter();
        let lines: Vec<String> = lines
            .map(|(sign, line)| format!("{sign} {}", cut(&line)))
            .collect();
        let block = format!("\n{path}:\n\n{}", fenced("diff", &lines.join("\n")));
        let heading = match told.is_empty() {
            true => "\n**Changed lines**\n",
            false => "",
        };
        if out.len() + heading.len() + block.len() > room {
            break;
        }
        out.push_str(heading);
        out.push_str(&block);
        told.push(&finding.changes);
    }
    out
}

fn row(finding: &FindingFacts) -> String {
    // What is not about bytes has none.
    let bytes = match finding.bytes {
        0 => String::new(),
        bytes => size(bytes),
    };
    let path = cell(&cut(&finding.path));
    let path = linked(&path, finding.link.as_deref());
    format!(
        "| {bytes} | {} | {} | {path} | {} | {} |\n",
        format::cost(finding).unwrap_or_default(),
        escaped(&format::kind(finding)),
        layers(finding),
        escaped(&cut(&finding.advice))
    )
}

/// `1, 2 → 3`.
fn layers(finding: &FindingFacts) -> String {
    let list = |layers: &[usize]| {
        let shown = layers.iter().take(8).map(ToString::to_string);
        let more = (layers.len() > 8).then(|| "…".to_owned());
        shown.chain(more).collect::<Vec<_>>().join(", ")
    };
    if !finding.pairs.is_empty() {
        let pairs = finding.pairs.iter().take(8);
        let pairs = pairs.map(|pair| format!("{} → {}", pair.added_by, pair.hidden_by));
        let more = (finding.pairs.len() > 8).then(|| "…".to_owned());
        return pairs.chain(more).collect::<Vec<_>>().join(", ");
    }
    match finding.hidden_by.as_slice() {
        [] => list(&finding.added_by),
        hiders => format!("{} → {}", list(&finding.added_by), list(hiders)),
    }
}
