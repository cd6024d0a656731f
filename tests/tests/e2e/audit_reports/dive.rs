//! The export in the shape of dive's.

use onionskin_fixtures::{Image, Layer, Packed, layer, seeded};
use onionskin_tests::Ground;
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

/// An image with entries of most types, and two files that are stored more than once.
fn app() -> Packed {
    Image::new()
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
        .pack()
}

fn assert_shape(export: &Value) {
    assert_eq!(keys(export), ["layer", "image"]);
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
    for reference in whole["fileReference"].as_array().unwrap() {
        assert_eq!(keys(reference), ["count", "sizeBytes", "file"]);
    }
    for layer in export["layer"].as_array().unwrap() {
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

/// Sums come to what they are of, and to what the audit of the same image says.
fn assert_numbers(export: &Value, audit: &Value) {
    let whole = &export["image"];
    assert_eq!(whole["efficiencyScore"], audit["dive"]["efficiency"]);
    assert_eq!(whole["inefficientBytes"], audit["dive"]["wastedBytes"]);
    let bytes = |of: &[Value]| {
        of.iter()
            .map(|one| one["sizeBytes"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    let references = whole["fileReference"].as_array().unwrap();
    for reference in references {
        assert!(reference["count"].as_u64() >= Some(2));
    }
    assert!(bytes(references).is_sorted_by(|a, b| a >= b));
    assert_eq!(
        bytes(references).iter().sum::<u64>(),
        whole["inefficientBytes"]
    );
    let layers = export["layer"].as_array().unwrap();
    assert_eq!(bytes(layers).iter().sum::<u64>(), whole["sizeBytes"]);
    for (at, layer) in layers.iter().enumerate() {
        assert_eq!(
            (&layer["index"], &layer["digestId"]),
            (&at.into(), &audit["layers"][at]["diffId"])
        );
    }
}

#[test]
fn dives_export_has_the_shape_that_dive_gives_it_and_its_numbers() {
    let ground = ground();
    ground.save("app.tar", "app:1", &app());
    for image in ["app.tar", "oci:demo:demo/webapp:1.0"] {
        let export = json_of(&ground, &[image, "--format", "dive-json"]);
        assert_shape(&export);
        let audit = json_of(&ground, &[image, "--format", "json"]);
        assert_numbers(&export, &audit);
    }
}

#[test]
fn files_and_commands_of_layers_are_listed_as_dive_lists_them() {
    let ground = Ground::default();
    ground.save("app.tar", "app:1", &app());
    let export = json_of(&ground, &["app.tar", "--format", "dive-json"]);
    let files = |layer: usize| -> Vec<(&str, u64, u64)> {
        let files = export["layer"][layer]["fileList"]
            .as_array()
            .unwrap()
            .iter();
        files
            .map(|file| {
                let number = |key: &str| file[key].as_u64().unwrap();
                let path = file["path"].as_str().unwrap();
                (path, number("typeFlag"), number("size"))
            })
            .collect()
    };
    // What is in a folder comes before it, and one that no entry announces has no header to tell of.
    assert_eq!(
        files(0),
        [
            ("app/a", 48, 1_000),
            ("app/link", 50, 0),
            ("app/other", 49, 0),
            ("app", 53, 0),
            ("implied/file", 48, 10),
            ("", 0, 0),
        ]
    );
    assert_eq!(
        files(2),
        [("app/.wh.a", 48, 0), ("app/.wh.link", 48, 0), ("", 0, 0)]
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
