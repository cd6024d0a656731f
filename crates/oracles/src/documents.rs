//! Texts and documents: references, manifests, configurations, rules files.

use onionskin_core::digest::Digest;
use onionskin_core::inspection;
use onionskin_core::manifest::media_type::{DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};
use onionskin_core::manifest::{Config, Document, history};
use onionskin_core::platform::Platform;
use onionskin_core::reference::Reference;
use onionskin_core::rules::Rules;
use serde_json::Value;

/// What is written out is read back as the same.
pub(crate) fn reference(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match text.parse::<Reference>() {
        Ok(reference) => {
            assert_eq!(reference.to_string().parse().as_ref(), Ok(&reference));
            let familiar = reference.familiar();
            assert_eq!(
                familiar.parse::<Reference>().map(|read| read.to_string()),
                Ok(reference.to_string()),
                "{familiar}"
            );
            let part = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
            assert!(part(reference.domain()) && part(reference.path()));
            assert!(
                !reference
                    .path()
                    .split('/')
                    .any(|name| matches!(name, "" | "." | ".."))
            );
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    if let Ok(digest) = text.parse::<Digest>() {
        assert_eq!(digest.to_string(), text, "a digest has one spelling");
        assert!(digest.hex().bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
    if let Ok(platform) = text.parse::<Platform>() {
        assert_eq!(platform.to_string().parse().as_ref(), Ok(&platform));
    }
}

/// One document is one thing: no bytes are a manifest to one caller and an index to another (CVE-2021-41190).
pub(crate) fn manifest(data: &[u8]) {
    let alone = Document::parse(data, None);
    for sent_as in [
        OCI_MANIFEST,
        OCI_INDEX,
        DOCKER_MANIFEST,
        DOCKER_LIST,
        "application/json",
    ] {
        let sent = Document::parse(data, Some(sent_as));
        if let (Ok(alone), Ok(sent)) = (&alone, &sent) {
            let shape = |document: &Document| matches!(document, Document::Manifest(_));
            assert_eq!(shape(alone), shape(sent), "sent as {sent_as}");
        }
        if let Err(error) = sent {
            assert!(error.to_string().len() < 1000, "{error}");
        }
    }
    let Ok(document) = alone else { return };
    let value: Value = serde_json::from_slice(data).expect("a document is JSON");
    let lists = |key: &str| value.get(key).is_some_and(Value::is_array);
    match document {
        Document::Manifest(manifest) => {
            assert!(!lists("manifests"));
            let _ = manifest.check_image();
            for layer in &manifest.layers {
                assert!(i64::try_from(layer.size).is_ok());
                if let Some(data) = &layer.data {
                    assert_eq!(Digest::of(layer.digest.algorithm(), data), layer.digest);
                }
            }
        }
        Document::Index(_) => assert!(!lists("layers")),
    }
}

/// Anything that is a JSON object is a configuration, and history fits every number of layers.
pub(crate) fn config(data: &[u8]) {
    let Ok(config) = Config::parse(data) else {
        return;
    };
    for depth in [0, 1, config.diff_ids.len(), 200] {
        assert_eq!(history::steps(&config.history, depth).len(), depth);
        assert_eq!(
            inspection::steps(&config, depth).len(),
            config.history.len()
        );
    }
    for step in &config.history {
        let _ = step.command();
        let _ = step.created_by.as_deref().map(history::clean);
    }
    let facts = inspection::ConfigFacts::of(&config);
    serde_json::to_vec(&facts).expect("facts can be written");
}

/// Files that anybody may have written are read or refused in words.
pub(crate) fn rules(data: &[u8]) {
    // A carriage return alone ends a line too (YAML 1.2.2, 5.4).
    let lines = data.split(|byte| b"\r\n".contains(byte)).count() as u64;
    for read in [
        Rules::from_yaml(data).map(drop),
        Rules::from_dive_ci(data).map(drop),
    ] {
        if let Err(error) = read {
            assert!(!error.problem.is_empty());
            assert!((1..=lines).contains(&error.line), "{error}");
        }
    }
}
