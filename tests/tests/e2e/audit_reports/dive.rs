//! The export in the shape of dive's.

use onionskin_fixtures::write::oci_archive;
use onionskin_fixtures::{Image, Layer, layer, seeded};
use serde_json::{Value, json};

use super::ground::{ground, json_of};

/// The keys of a JSON object, which may have no others.
fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn dives_export_has_the_shape_that_dive_gives_it_and_its_numbers() {
    let ground = ground();
    let app = Image::new()
        .layer(
            layer("/bin/sh -c make")
                .dir("/app")
                .file("/app/a", seeded(1, 1_000))
                .mode(0o4755)
                .symlink("/app/link", "a")
                .hardlink("/app/other", "/app/a")
                .file("/implied/file", seeded(2, 10)),
        )
        .layer(
            layer("COPY a /app")
                .file("/app/a", seeded(3, 3_000))
                .opaque("/implied"),
        )
        .layer(Layer::new().whiteout("/app/link").whiteout("/app/a"))
        .pack();
    ground.write("app.tar", oci_archive(&[("app:1", &app)]));
    for image in ["app.tar", "oci:demo:demo/webapp:1.0"] {
        let export = json_of(&ground, &[image, "--format", "dive-json"]);
        let audit = json_of(&ground, &[image, "--format", "json"]);
        assert_eq!(keys(&export), ["layer", "image"]);
        let whole = &export["image"];
        assert_eq!(
            keys(whole),
            [
                "sizeBytes",
                "inefficientBytes",
                "efficiencyScore",
                "fileReference"
            ]
        );
        assert_eq!(whole["efficiencyScore"], audit["dive"]["efficiency"]);
        assert_eq!(whole["inefficientBytes"], audit["dive"]["wastedBytes"]);
        let references = whole["fileReference"].as_array().unwrap();
        for reference in references {
            assert_eq!(keys(reference), ["count", "sizeBytes", "file"]);
            assert!(reference["count"].as_u64() >= Some(2));
        }
        let bytes = |of: &[Value]| {
            of.iter()
                .map(|one| one["sizeBytes"].as_u64().unwrap())
                .collect::<Vec<_>>()
        };
        assert!(bytes(references).is_sorted_by(|a, b| a >= b));
        assert_eq!(
            bytes(references).iter().sum::<u64>(),
            whole["inefficientBytes"]
        );
        let layers = export["layer"].as_array().unwrap();
        assert_eq!(bytes(layers).iter().sum::<u64>(), whole["sizeBytes"]);
        for (at, layer) in layers.iter().enumerate() {
            assert_eq!(
                keys(layer),
                [
                    "index",
                    "id",
                    "digestId",
                    "sizeBytes",
                    "command",
                    "fileList"
                ]
            );
            assert_eq!(
                (&layer["index"], &layer["digestId"]),
                (&at.into(), &audit["layers"][at]["diffId"])
            );
            for file in layer["fileList"].as_array().unwrap() {
                assert_eq!(
                    keys(file),
                    [
                        "path", "typeFlag", "linkName", "size", "fileMode", "uid", "gid", "isDir"
                    ]
                );
            }
        }
    }
    let export = json_of(&ground, &["app.tar", "--format", "dive-json"]);
    let files = |layer: usize| -> Vec<(String, u64, u64)> {
        let files = export["layer"][layer]["fileList"]
            .as_array()
            .unwrap()
            .iter();
        let file = |file: &Value| {
            let number = |key: &str| file[key].as_u64().unwrap();
            (
                file["path"].as_str().unwrap().to_owned(),
                number("typeFlag"),
                number("size"),
            )
        };
        files.map(file).collect()
    };
    let listed = |of: &[(&str, u64, u64)]| -> Vec<(String, u64, u64)> {
        of.iter()
            .map(|(path, flag, size)| ((*path).to_owned(), *flag, *size))
            .collect()
    };
    // What is in a folder comes before it, and one that no entry announces has no header to tell of.
    let base = [
        ("app/a", 48, 1_000),
        ("app/link", 50, 0),
        ("app/other", 49, 0),
        ("app", 53, 0),
        ("implied/file", 48, 10),
        ("", 0, 0),
    ];
    assert_eq!(files(0), listed(&base));
    assert_eq!(
        files(2),
        listed(&[("app/.wh.a", 48, 0), ("app/.wh.link", 48, 0), ("", 0, 0)])
    );
    assert_eq!(export["layer"][0]["command"], "make");
    assert_eq!(export["layer"][2]["command"], "(missing)");
    let first = &export["layer"][0]["fileList"];
    assert_eq!(
        (&first[0]["fileMode"], &first[3]["fileMode"]),
        (&json!(0o755 | 1 << 23), &json!(0o755_u32 | 1 << 31))
    );
    assert_eq!(
        export["image"]["fileReference"],
        json!([
            { "count": 3, "sizeBytes": 4_000, "file": "/app/a" },
            { "count": 2, "sizeBytes": 0, "file": "/app/link" },
        ])
    );
}
