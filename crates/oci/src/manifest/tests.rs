//! Manifests and indexes, of all families, and what is refused.

use super::media_type::*;
use super::*;

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn descriptor(media_type: &str) -> String {
    format!(r#"{{"mediaType":"{media_type}","digest":"{DIGEST}","size":0}}"#)
}

fn manifest(own: &str, config: &str, layer: &str) -> String {
    let (config, layer) = (descriptor(config), descriptor(layer));
    format!(r#"{{"schemaVersion":2,"mediaType":"{own}","config":{config},"layers":[{layer}]}}"#)
}

/// A gateway sends a document on as what it is, whatever it came as.
#[test]
fn a_document_is_sent_on_as_what_it_is() {
    let text = manifest(DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER);
    let index = format!(r#"{{"manifests":[{}]}}"#, descriptor(OCI_MANIFEST));
    let bare = format!(r#" {{"config":{},"layers":[]}}"#, descriptor(OCI_CONFIG));
    let html = r#"{"mediaType":"text/html","layers":[]}"#;
    for (text, sent_as, expected) in [
        (text.as_str(), None, DOCKER_MANIFEST),
        (&text, Some("text/plain"), DOCKER_MANIFEST),
        (&text, Some("application/octet-stream"), DOCKER_MANIFEST),
        (
            &text,
            Some("application/json; charset=utf-8"),
            DOCKER_MANIFEST,
        ),
        (
            &text,
            Some(&DOCKER_MANIFEST.to_ascii_uppercase()),
            DOCKER_MANIFEST,
        ),
        // Wrong, and refused by whoever reads it.
        (&text, Some(OCI_INDEX), OCI_INDEX),
        (&index, Some("text/html"), OCI_INDEX),
        (&bare, None, OCI_MANIFEST),
        (&bare, Some(DOCKER_MANIFEST), DOCKER_MANIFEST),
        (r#"{"schemaVersion":1}"#, None, DOCKER_SCHEMA_1),
        (html, None, JSON),
        ("{}", Some("image/svg+xml"), JSON),
    ] {
        let found = Document::type_of(text.as_bytes(), sent_as);
        assert_eq!(found.as_deref(), Ok(expected), "{text} {sent_as:?}");
        assert!(is_document(expected), "{expected}");
    }
    for text in ["log in", "[]", "", "{"] {
        assert!(Document::type_of(text.as_bytes(), None).is_err(), "{text}");
        let sent = Document::type_of(text.as_bytes(), Some(OCI_MANIFEST));
        assert_eq!(sent.is_ok(), text == "{", "{text}");
    }
    for other in [
        "text/html",
        "image/svg+xml",
        "application/vnd.x",
        "application/vnd.x\n+json",
        "",
    ] {
        assert!(!is_document(other), "{other}");
    }
}

fn error(text: &str, sent_as: Option<&str>) -> ManifestError {
    Document::parse(text.as_bytes(), sent_as).unwrap_err()
}

#[test]
fn both_families_are_read() {
    for (own, config, layer) in [
        (
            OCI_MANIFEST,
            OCI_CONFIG,
            "application/vnd.oci.image.layer.v1.tar+gzip",
        ),
        (DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER),
    ] {
        let text = manifest(own, config, layer);
        for sent_as in [None, Some(own), Some("application/json; charset=utf-8")] {
            let Ok(Document::Manifest(manifest)) = Document::parse(text.as_bytes(), sent_as) else {
                panic!("{text} {sent_as:?}");
            };
            assert_eq!(manifest.layers.len(), 1);
            assert_eq!(manifest.check_image(), Ok(()));
        }
    }
    for own in [OCI_INDEX, DOCKER_LIST] {
        let text = format!(
            r#"{{"schemaVersion":2,"mediaType":"{own}","manifests":[{}]}}"#,
            descriptor(OCI_MANIFEST)
        );
        assert!(matches!(
            Document::parse(text.as_bytes(), Some(own)),
            Ok(Document::Index(_))
        ));
    }
    // OCI 1.0 required no mediaType; then what it was sent as, or its shape, decides.
    let bare = format!(
        r#"{{"schemaVersion":2,"config":{},"layers":null}}"#,
        descriptor(OCI_CONFIG)
    );
    assert_eq!(
        Document::parse(bare.as_bytes(), None).unwrap().media_type(),
        OCI_MANIFEST
    );
    assert_eq!(
        Document::parse(bare.as_bytes(), Some(DOCKER_MANIFEST))
            .unwrap()
            .media_type(),
        DOCKER_MANIFEST
    );
}

#[test]
fn a_document_that_could_be_two_things_is_refused() {
    let both = format!(
        r#"{{"schemaVersion":2,"manifests":[],"layers":[],"config":{}}}"#,
        descriptor(OCI_CONFIG)
    );
    for sent_as in [None, Some(OCI_INDEX), Some(OCI_MANIFEST)] {
        assert_eq!(error(&both, sent_as), ManifestError::Ambiguous);
    }
    let good = manifest(OCI_MANIFEST, OCI_CONFIG, OCI_LAYER);
    assert!(matches!(
        error(&good, Some(OCI_INDEX)),
        ManifestError::TypeMismatch { .. }
    ));
    assert!(matches!(
        error(&good, Some(DOCKER_MANIFEST)),
        ManifestError::TypeMismatch { .. }
    ));
    let posing = manifest(OCI_INDEX, OCI_CONFIG, OCI_LAYER);
    assert_eq!(
        error(&posing, Some(OCI_INDEX)),
        ManifestError::WrongShape(OCI_INDEX.into())
    );
    for cased in [
        r#"{"schemaVersion":2,"manifests":[],"Layers":[]}"#,
        r#"{"schemaVersion":2,"Manifests":[],"manifests":null,"LAYERS":[],"config":{}}"#,
    ] {
        assert_eq!(error(cased, None), ManifestError::Ambiguous, "{cased}");
    }
}

/// Go's tools read fields in any case, and of two the last.
#[test]
fn fields_in_any_case_are_those_of_the_specification() {
    let other = descriptor("x/other");
    let text = format!(
        r#"{{"SCHEMAVERSION":2,"MediaType":"{OCI_MANIFEST}","Config":{},
        "layers":[{other},{other}],"Layers":[{{"MEDIATYPE":"{OCI_LAYER}","Digest":"{DIGEST}","SIZE":0,
        "Annotations":{{"Key":"a","key":"b"}}}}]}}"#,
        descriptor(OCI_CONFIG)
    );
    let Ok(Document::Manifest(manifest)) = Document::parse(text.as_bytes(), None) else {
        panic!("{text}");
    };
    assert_eq!(manifest.layers.len(), 1);
    assert_eq!(manifest.layers[0].media_type, OCI_LAYER);
    let annotations = &manifest.layers[0].annotations;
    assert_eq!((&*annotations["Key"], &*annotations["key"]), ("a", "b"));
    assert_eq!(
        error(r#"{"SchemaVersion":1}"#, None),
        ManifestError::Schema1
    );
}

#[test]
fn an_index_of_nothing_is_an_index() {
    for text in [
        r#"{"schemaVersion":2,"manifests":null}"#,
        r#"{"schemaVersion":2,"manifests":[]}"#,
        r#"{"schemaVersion":2,"Manifests":null}"#,
    ] {
        let Ok(Document::Index(index)) = Document::parse(text.as_bytes(), None) else {
            panic!("{text}");
        };
        assert!(index.manifests.is_empty());
    }
}

#[test]
fn what_is_no_image_is_named() {
    let schema1 = r#"{"schemaVersion":1,"name":"x","fsLayers":[]}"#;
    assert_eq!(error(schema1, None), ManifestError::Schema1);
    let jws = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    assert_eq!(error("{}", Some(jws)), ManifestError::Schema1);
    assert!(matches!(
        error("<html>", Some("text/html")),
        ManifestError::NotJson(_)
    ));
    assert_eq!(error("{}", None), ManifestError::NoType);
    for (config, layer, named) in [
        (
            "application/vnd.cncf.helm.config.v1+json",
            "x/y",
            "application/vnd.cncf.helm.config.v1+json",
        ),
        (
            OCI_CONFIG,
            "application/vnd.in-toto+json",
            "application/vnd.in-toto+json",
        ),
        (OCI_EMPTY, OCI_EMPTY, OCI_EMPTY),
    ] {
        let text = manifest(OCI_MANIFEST, config, layer);
        let Ok(Document::Manifest(manifest)) = Document::parse(text.as_bytes(), None) else {
            panic!("{text}");
        };
        assert_eq!(
            manifest.check_image(),
            Err(ManifestError::Artifact(named.into()))
        );
    }
}

#[test]
fn sizes_and_embedded_data_have_to_be_true() {
    let with = |fields: &str| {
        format!(r#"{{"schemaVersion":2,"config":{{"digest":"{DIGEST}",{fields}}},"layers":[]}}"#)
    };
    for size in ["-1", "1.5", "9223372036854775808", "\"7\"", "null", "1e3"] {
        let text = with(&format!(r#""size":{size}"#));
        assert!(
            matches!(error(&text, None), ManifestError::Field { place, .. } if place == "config.size"),
            "{size}"
        );
    }
    assert!(Document::parse(with(r#""size":0,"data":"""#).as_bytes(), None).is_ok());
    for (size, data) in [(1, "YQ=="), (1, ""), (0, "*")] {
        let text = with(&format!(r#""size":{size},"data":"{data}""#));
        assert!(
            matches!(error(&text, None), ManifestError::Field { place, .. } if place == "config.data")
        );
    }
    let bad = r#"{"schemaVersion":2,"config":{"digest":"sha256:../../x","size":1},"layers":[]}"#;
    assert!(
        matches!(error(bad, None), ManifestError::Field { place, .. } if place == "config.digest")
    );
}

#[test]
fn size_and_depth_are_bounded() {
    let large = vec![b' '; limits::DOCUMENT_BYTES + 1];
    assert_eq!(Document::parse(&large, None), Err(ManifestError::TooLarge));
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(
        error(&format!(r#"{{"a":{deep}}}"#), None),
        ManifestError::NotJson(_)
    ));
    // Of what nobody asks for too: each takes memory before that is known.
    let values = vec!["[[]]"; limits::DOCUMENT_VALUES / 2].join(",");
    let many = format!(r#"{{"config":{},"x":[{values}]}}"#, descriptor(OCI_CONFIG));
    assert_eq!(error(&many, None), ManifestError::TooManyValues);
    let layers = vec![descriptor(OCI_LAYER); limits::IMAGE_LAYERS + 1].join(",");
    let many = format!(
        r#"{{"config":{},"layers":[{layers}]}}"#,
        descriptor(OCI_CONFIG)
    );
    assert_eq!(
        error(&many, None),
        ManifestError::TooMany(limits::IMAGE_LAYERS + 1, "layers")
    );
}
