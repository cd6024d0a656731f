//! Reports about images whose every text is hostile: what is written can be read, acts on nothing, and commands nobody.

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt as _;
use futures::executor::block_on;
use onionskin_core::audit::{Audit, AuditOptions};
use onionskin_core::layer::Expected;
use onionskin_core::ledger::Ledger;
use onionskin_core::report::console::{self, Screen};
use onionskin_core::report::map::Map;
use onionskin_core::report::outcome::Outcome;
use onionskin_core::report::{comment, html, json, junit, sarif};
use onionskin_core::rules::Rules;
use onionskin_core::source::Image as Read;
use onionskin_core::source::archive::{Archive, Form};
use onionskin_core::stack::Stack;
use onionskin_core::visitors;
use onionskin_fixtures::write::oci_archive;
use onionskin_fixtures::{Image, bytes, layer};

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
    block_on(async {
        // A name may be one that no archive has, or too long for its header.
        if let Ok(image) = archive.image(None).await
            && let Some(stack) = stacked(&archive, &image).await
        {
            reported(&image, &stack, &texts);
        }
    });
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
    let screen = Screen {
        columns: 80,
        ascii: false,
    };
    let options = console::audit::Options {
        screen,
        all: true,
        summary: false,
        rules_file: None,
    };
    obeyed(&console::audit::report(&audit, &[], options));
    let json = json::pretty(&audit).expect("JSON can be written");
    let sarif = sarif::report(&outcomes).expect("SARIF can be written");
    for text in [&json, &sarif] {
        serde_json::from_str::<serde_json::Value>(text).expect("JSON that can be read");
        obeyed(text);
        shown(text);
    }
    for text in [
        comment::report(&outcomes),
        html::report(&outcomes),
        junit::report(&outcomes).expect("JUnit can be written"),
    ] {
        obeyed(&text);
        shown(&text);
    }
}

/// No pipeline obeys anything of it.
fn obeyed(text: &str) {
    for mark in ["##vso[", "##[", "##teamcity["] {
        assert!(!text.contains(mark), "{mark} in {text:?}");
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
