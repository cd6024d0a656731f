//! Reports about images whose every text is hostile: what is written can be read, acts on nothing, and commands nobody.

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt as _;
use futures::executor::block_on;
use onionskin_core::audit::{Audit, AuditOptions};
use onionskin_core::compare::reproducible::reasons;
use onionskin_core::compare::{self, Comparison};
use onionskin_core::inspection::Inspection;
use onionskin_core::layer::Expected;
use onionskin_core::ledger::Ledger;
use onionskin_core::link::Links;
use onionskin_core::ownership::{self, Packages};
use onionskin_core::report::badge::{Metric, badge_without};
use onionskin_core::report::comparison::reproducible::ReproducibilityReport;
use onionskin_core::report::comparison::{self, Compared, ComparisonReport, Side};
use onionskin_core::report::console::{self, Screen};
use onionskin_core::report::history::{HistoryReport, Series, UnreadTag};
use onionskin_core::report::map::Map;
use onionskin_core::report::outcome::Outcome;
use onionskin_core::report::packages::PackagesReport;
use onionskin_core::report::{comment, html, json, junit, listing, sarif};
use onionskin_core::rules::Rules;
use onionskin_core::source::Image as Read;
use onionskin_core::source::archive::{Archive, Form};
use onionskin_core::stack::Stack;
use onionskin_core::visitors;
use onionskin_fixtures::write::oci_archive;
use onionskin_fixtures::{Image, bytes, layer};

/// A terminal, and none.
const SCREENS: [Screen; 2] = [
    Screen {
        columns: 80,
        ascii: false,
    },
    Screen::NONE,
];

/// Texts of an input at most, so that one does not take all the time.
const TEXTS: usize = 8;

/// The texts, which zero bytes part, are names of files, commands, labels and variables of an image.
pub(crate) fn report(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let texts: Vec<&str> = text.split('\0').take(TEXTS).collect();
    let first = texts.first().copied().unwrap_or_default();
    let mut image = Image::new();
    let (mut copied, mut deleted) = (layer(first), layer(texts.last().copied().unwrap_or(first)));
    for (at, text) in texts.iter().enumerate() {
        let name = format!("/{at}{}", text.replace('/', "_"));
        copied = copied.file(&name, bytes(9_000));
        deleted = match at % 2 {
            0 => deleted.whiteout(&name),
            _ => deleted.file(&name, bytes(9_000)),
        };
        image = image.label(text, text).annotation(text, text);
        image = image.env(&format!("A={text}"));
    }
    let packed = image.layer(copied).layer(deleted).pack();
    let saved = Bytes::from(oci_archive(&[("app:1", &packed)]));
    let archive = Archive::new(first.into(), Arc::new(saved), Form::Any, None);
    let manifest = format!(
        r#"{{"name":{},"version":{}}}"#,
        quoted(first),
        quoted(&text)
    );
    let old = Image::new()
        .layer(layer(first).file("/node_modules/a/package.json", manifest))
        .label("a", first)
        .pack();
    let saved = Bytes::from(oci_archive(&[("app:0", &old)]));
    let old = Archive::new(first.into(), Arc::new(saved), Form::Any, None);
    block_on(async {
        // A name may be one that no archive has, or too long for its header.
        if let Some(new) = read(&archive).await
            && let Some(old) = read(&old).await
        {
            reported(&new.0, &new.1, &texts);
            for (old, new) in [(&old, &new), (&new, &old), (&new, &new)] {
                compared(old, new);
            }
            for image in [&old, &new] {
                listed(image);
            }
            of_series([old, new], &texts);
        }
    });
    for why in &texts {
        let badge = badge_without(Metric::Wasted, Some(first), why);
        harmless(&badge);
        assert!(!badge.contains("<script"), "{badge}");
    }
}

/// As a JSON string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

async fn read(archive: &Archive) -> Option<(Read, Stack)> {
    let image = archive.image(None).await.ok()?;
    let stack = stacked(archive, &image).await?;
    Some((image, stack))
}

fn side<'a>((image, stack): &'a (Read, Stack), packages: &'a Packages) -> compare::Side<'a> {
    compare::Side {
        image,
        stack,
        layer: stack.depth(),
        packages,
    }
}

/// Comparisons in every form.
fn compared(old: &(Read, Stack), new: &(Read, Stack)) {
    let ledgers = [old, new].map(|(_, stack)| Ledger::of(stack));
    let of = |(_, stack): &(Read, Stack), ledger| Packages::of(stack, stack.depth(), ledger);
    let packages = [of(old, &ledgers[0]), of(new, &ledgers[1])];
    let sides = [side(old, &packages[0]), side(new, &packages[1])];
    let inspections = [
        Inspection::new(&old.0, &old.1, &ledgers[0]),
        Inspection::new(&new.0, &new.1, &ledgers[1]),
    ];
    let comparison = Comparison::of(sides[0], sides[1], &compare::Options::default());
    let update = comparison.update.clone();
    let wasted = compare::wasted_packages((&old.1, &ledgers[0]), (&new.1, &ledgers[1]));
    let sums = [(old, &ledgers[0]), (new, &ledgers[1])]
        .map(|((_, stack), ledger)| compare::Sums::of(stack, ledger, true));
    let folders = compare::folders(&sums[0], &sums[1]);
    let report = ComparisonReport::new(
        &inspections[0],
        &inspections[1],
        comparison,
        wasted,
        folders,
    );
    readable(&report);
    let [old_links, new_links] =
        [old, new].map(|(image, _)| Links::of("https://page.example/", image, None));
    let compared = Compared {
        report: &report,
        link: None,
        update: &update,
        old: Side::new(&inspections[0].layers, &old.0.config, old_links.as_ref()),
        new: Side::new(&inspections[1].layers, &new.0.config, new_links.as_ref()),
    };
    let depths = (old.1.depth(), new.1.depth());
    for screen in SCREENS {
        let text = console::comparison::report(&compared, depths, true, screen);
        harmless(&plain(&text));
    }
    harmless(&comparison::markdown::report(&compared));
    let html = comparison::html::report(&compared);
    harmless(&html);
    assert!(!html.contains("<script"), "{html}");
    let reasons = reasons(sides[0], sides[1]);
    let report = ReproducibilityReport::new(&inspections[0].image, &inspections[1].image, reasons);
    readable(&report);
    harmless(&plain(&console::reproducible::report(&report)));
}

/// Packages and paths of an image.
fn listed((image, stack): &(Read, Stack)) {
    let ledger = Ledger::of(stack);
    let packages = Packages::of(stack, stack.depth(), &ledger);
    let inspection = Inspection::new(image, stack, &ledger);
    let wasted = ownership::wasted(stack, &ledger);
    let report = PackagesReport::new(inspection, &packages, &wasted);
    readable(&report);
    for screen in SCREENS {
        let shown = console::packages::Shown {
            place: "the final filesystem",
            limit: None,
            columns: screen.columns,
        };
        harmless(&plain(&console::packages::report(
            &report, &packages, shown,
        )));
    }
    harmless(&report.csv().expect("CSV can be written"));
    let lines = listing::of_stack(stack, stack.depth(), b"/").expect("there is a root");
    readable(&lines);
}

/// A repository whose tags and errors are hostile too.
fn of_series(images: [(Read, Stack); 2], texts: &[&str]) {
    let tag = || texts.iter().map(|text| (*text).to_owned());
    let mut series = Series::of(images.iter().map(|(image, _)| image));
    let told = images.map(|(image, stack)| series.add(tag().collect(), image, stack));
    let not_read = tag().map(|tag| UnreadTag {
        error: tag.clone(),
        tag,
    });
    let repository = tag().next().unwrap_or_default();
    let report = HistoryReport::new(repository, 2, told.to_vec(), not_read.collect());
    readable(&report);
    for screen in SCREENS {
        harmless(&plain(&console::history::report(&report, screen)));
    }
}

/// JSON is read back, and harms nobody.
fn readable(document: &impl serde::Serialize) {
    let json = json::pretty(document).expect("JSON can be written");
    serde_json::from_str::<serde_json::Value>(&json).expect("JSON that can be read");
    harmless(&json);
}

fn harmless(text: &str) {
    obeyed(text);
    shown(text);
}

/// Text without its styles, as pipelines log it.
fn plain(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default();
    let styled = parts.map(|part| {
        let (style, text) = part.split_once('m').expect("a style ends with m");
        let is_style = |c: char| c.is_ascii_digit() || c == '[' || c == ';';
        assert!(style.chars().all(is_style), "{style:?}");
        text
    });
    std::iter::once(first).chain(styled).collect()
}

async fn stacked(archive: &Archive, image: &Read) -> Option<Stack> {
    let mut stack = Stack::new();
    for layer in &image.layers {
        let mut decoder = visitors::decoder(Expected {
            layer: layer.number,
            digest: layer.digest.clone(),
            size: layer.compressed_size,
            diff_id: layer.diff_id.clone(),
        });
        let mut chunks = archive.layer(layer).ok()?;
        while let Some(chunk) = chunks.next().await {
            decoder.push(&chunk.ok()?).ok()?;
        }
        stack.push(decoder.finish().ok()?).ok()?;
    }
    Some(stack)
}

fn reported(image: &Read, stack: &Stack, texts: &[&str]) {
    let ledger = Ledger::of(stack);
    let rules = Rules::default();
    let options = AuditOptions {
        rules: &rules,
        base: None,
        against: None,
        today: "2026-01-01".parse().expect("a day"),
        links: None,
    };
    let audit = Audit::new(image, stack, &ledger, &options);
    let remarks: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    let map = Map::of(stack);
    let outcomes = [
        Outcome::Audited {
            audit: &audit,
            remarks: &remarks,
            map: Some(&map),
            built_with: None,
        },
        Outcome::Stopped {
            reference: texts.first().copied().unwrap_or_default(),
            error: texts.last().copied().unwrap_or_default(),
        },
    ];
    for screen in SCREENS {
        let options = console::audit::Options {
            screen,
            all: true,
            summary: false,
            rules_file: None,
        };
        harmless(&plain(&console::audit::report(&audit, &remarks, options)));
    }
    let json = json::pretty(&audit).expect("JSON can be written");
    let sarif = sarif::report(&outcomes).expect("SARIF can be written");
    for text in [&json, &sarif] {
        serde_json::from_str::<serde_json::Value>(text).expect("JSON that can be read");
        harmless(text);
    }
    for text in [
        comment::report(&outcomes),
        html::report(&outcomes),
        junit::report(&outcomes).expect("JUnit can be written"),
    ] {
        harmless(&text);
    }
}

/// No pipeline obeys anything of it.
fn obeyed(text: &str) {
    for mark in ["##vso[", "##[", "##teamcity["] {
        assert!(!text.contains(mark), "{mark} in {text:?}");
    }
    // `::command::` is obeyed at the start of a line, behind blanks.
    for line in text.lines() {
        let Some(command) = line.trim_start().strip_prefix("::") else {
            continue;
        };
        let is_named = command.starts_with(|c: char| c.is_ascii_alphanumeric());
        assert!(!is_named || !command.contains("::"), "{line:?} in {text:?}");
    }
}

/// Nothing of it acts on a terminal, or turns the direction of writing.
fn shown(text: &str) {
    let acts = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.contains(acts), "{text:?}");
}
