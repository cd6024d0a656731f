//! Layouts of which something is missing or damaged.

use super::*;

#[test]
fn what_is_missing_or_damaged_is_named() {
    let images = [packed("one")];
    let listed = [manifest(&images[0], &name("app:1"))];
    let all = blobs(&images);
    let text = problem(layout(&listed, &[]), None);
    assert!(text.contains("is missing"), "{text}");
    let text = problem(layout(&listed, &all[..1]), None);
    assert!(text.contains(images[0].config.hex()), "{text}");

    let damaged = fixtures::Layer::new()
        .file(
            "index.json",
            json!({"schemaVersion": 2, "manifests": listed}).to_string(),
        )
        .file(format!("blobs/sha256/{}", images[0].manifest.hex()), "{}");
    let text = problem(damaged.tar().into(), None);
    assert!(text.contains("is damaged"), "{text}");

    // A layer that was not saved with the image is missed when it is read.
    let without = layout(&listed, &all[..2]);
    let archive = Archive::new("a.tar".to_owned(), Arc::new(without), Form::Oci, None);
    let image = block_on(archive.image(None)).unwrap();
    let error = archive.layer(&image.layers[0]).unwrap_err().to_string();
    assert!(error.contains("layer 1 of a.tar"), "{error}");

    assert!(problem(layout(&[], &[]), None).contains("has no images"));
}

/// Messages about a file speak of the file, not of a registry or a connection.
#[test]
fn damage_is_told_as_that_of_a_file() {
    let images = [packed("one")];
    let image = &images[0];
    let listed = [manifest(image, &name("app:1"))];
    let all = blobs(&images);
    let layer_error = |bytes: Bytes| {
        let archive = Archive::new("a.tar".to_owned(), Arc::new(bytes), Form::Oci, None);
        let image = block_on(archive.image(None)).unwrap();
        archive.layer(&image.layers[0]).unwrap_err()
    };
    let with_layer = |layer: &[u8]| -> Bytes {
        let index = json!({"schemaVersion": 2, "manifests": listed}).to_string();
        let at = |digest: &str| format!("blobs/{}", digest.replace(':', "/"));
        fixtures::Layer::new()
            .file("index.json", index)
            .file(at(&image.manifest.digest), image.manifest.bytes.clone())
            .file(at(&image.config.digest), image.config.bytes.clone())
            .file(at(&image.layers[0].digest), layer)
            .tar()
            .into()
    };
    let layer = &image.layers[0].bytes;
    let mut errors = vec![
        layer_error(layout(&listed, &all[..2])),
        layer_error(with_layer(&layer[..layer.len() - 1])),
        layer_error(with_layer(&[layer.as_slice(), b"x"].concat())),
    ];
    assert!(
        matches!(errors[0], SourceError::Missing { .. }),
        "{}",
        errors[0]
    );
    assert!(
        matches!(errors[1], SourceError::Damaged { .. }),
        "{}",
        errors[1]
    );
    // An index that promises another size or another type than the manifest has.
    for (key, value) in [
        ("size", json!(1)),
        (
            "mediaType",
            json!("application/vnd.oci.image.index.v1+json"),
        ),
    ] {
        let mut other = listed[0].clone();
        other[key] = value;
        errors.push(open(layout(&[other], &all), None).unwrap_err());
    }
    for error in errors {
        let text = error.to_string();
        for wrong in [
            "connection",
            "try again",
            "registry",
            "sent as",
            "check the name",
        ] {
            assert!(!text.contains(wrong), "{text}");
        }
    }
}

#[test]
fn an_index_without_images_is_empty() {
    for index in [
        json!({"schemaVersion": 2, "manifests": null}),
        json!({"schemaVersion": 2, "manifests": []}),
        json!({"schemaVersion": 2}),
        json!({}),
        json!({"SchemaVersion": 2, "Manifests": null}),
    ] {
        let tar = fixtures::Layer::new().file("index.json", index.to_string());
        let text = problem(tar.tar().into(), None);
        assert!(text.contains("a.tar: has no images"), "{text}");
    }
    let oci_index = "application/vnd.oci.image.index.v1+json";
    let empty = json!({"schemaVersion": 2, "mediaType": oci_index, "manifests": null}).to_string();
    let listed = [descriptor(oci_index, empty.as_bytes(), &name("app:1"))];
    let text = problem(layout(&listed, &[empty.as_bytes()]), None);
    assert!(text.contains("its index is empty"), "{text}");
}
