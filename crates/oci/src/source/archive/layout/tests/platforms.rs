//! Layouts with images for several platforms, all of them saved or not.

use super::*;

#[test]
fn platforms_are_chosen_from_nested_indexes_and_from_the_layout_itself() {
    let arm = fixtures::Image::new().platform("linux/arm64").pack();
    let images = [packed("one"), arm];
    let index = fixtures::index(Family::Oci, &images);
    let outer = json!({"schemaVersion": 2, "manifests":
        [descriptor(&index.media_type, &index.bytes, &json!({}))]})
    .to_string();
    let oci_index = "application/vnd.oci.image.index.v1+json";
    let mut all = blobs(&images);
    all.extend([index.bytes.as_slice(), outer.as_bytes()]);
    let nested = layout(
        &[descriptor(oci_index, outer.as_bytes(), &name("app:1"))],
        &all,
    );
    let beside = |image: &Packed, architecture: &str| {
        let mut one = manifest(image, &name("app:1"));
        one["platform"] = json!({"os": "linux", "architecture": architecture});
        one
    };
    let flat = layout(
        &[beside(&images[0], "amd64"), beside(&images[1], "arm64")],
        &blobs(&images),
    );
    for bytes in [nested, flat] {
        for (platform, is) in [
            (None, 0),
            (Some("linux/amd64"), 0),
            (Some("linux/arm64"), 1),
        ] {
            let image = open_for(bytes.clone(), None, platform).unwrap();
            let digest = image.digest.unwrap().to_string();
            assert_eq!(digest, images[is].manifest.digest, "{platform:?}");
            assert_eq!(image.reference, "docker.io/library/app:1");
        }
        let error = open_for(bytes, None, Some("linux/s390x")).unwrap_err();
        assert!(matches!(error, SourceError::NoPlatform { .. }), "{error}");
    }
}

/// A layout with one index of these images, of which `kept` says what was saved: each by its place, and the part.
fn partly_saved(images: &[Packed], kept: impl Fn(usize, &str) -> bool) -> Bytes {
    let index = fixtures::index(Family::Oci, images);
    let mut saved = vec![index.bytes.as_slice()];
    for (place, image) in images.iter().enumerate() {
        let parts = [("manifest", &image.manifest), ("config", &image.config)];
        let layers = image.layers.iter().map(|layer| ("layer", layer));
        let parts = parts.into_iter().chain(layers);
        saved.extend(
            parts
                .filter(|(part, _)| kept(place, part))
                .map(|(_, blob)| blob.bytes.as_slice()),
        );
    }
    saved.sort_unstable();
    saved.dedup();
    layout(
        &[descriptor(&index.media_type, &index.bytes, &name("app:1"))],
        &saved,
    )
}

#[test]
fn the_only_platform_that_was_saved_is_the_default() {
    let images = PLATFORMS.map(built_for);
    // What engines keep of the others: nothing, manifests, or configurations too.
    for others in [&[][..], &["manifest"], &["manifest", "config"]] {
        let bytes = partly_saved(&images, |place, part| place == 1 || others.contains(&part));
        let image = open(bytes.clone(), None).unwrap();
        assert_eq!(image.platform.unwrap().to_string(), "linux/arm64");
        open_for(bytes.clone(), None, Some("linux/arm64")).unwrap();
        for wanted in ["linux/amd64", "linux/s390x"] {
            let error = open_for(bytes.clone(), None, Some(wanted)).unwrap_err();
            let SourceError::NotSaved { available, .. } = &error else {
                panic!("{others:?}: {error}");
            };
            assert_eq!(available.len(), 1);
            let text = error.to_string();
            assert!(
                text.contains(wanted) && text.contains("it has linux/arm64"),
                "{text}"
            );
        }
        let error = open_for(bytes, None, Some("linux/ppc64le")).unwrap_err();
        assert!(matches!(error, SourceError::NoPlatform { .. }), "{error}");
    }
}

#[test]
fn of_several_saved_platforms_the_usual_one_is_the_default() {
    let images = PLATFORMS.map(built_for);
    let without = |gone: usize| {
        let bytes = partly_saved(&images, |place, _| place != gone);
        open(bytes, None).unwrap().platform.unwrap().to_string()
    };
    assert_eq!(without(0), "linux/arm64");
    assert_eq!(without(1), "linux/amd64");
    assert_eq!(without(2), "linux/amd64");
}

/// A layer that is gone is no sign that a platform was not saved: its other ones are there.
#[test]
fn a_damaged_platform_is_not_passed_over() {
    let arm = built_for("linux/arm64");
    let damaged = fixtures::Image::new()
        .layer(layer("COPY a /a").file("/a", "own"))
        .layer(layer("COPY b /b").file("/b", "gone"))
        .pack();
    let gone = damaged.layers[1].bytes.clone();
    let index = fixtures::index(Family::Oci, &[damaged.clone(), arm.clone()]);
    let mut saved = vec![index.bytes.as_slice()];
    let all = [&damaged, &arm];
    saved.extend(
        all.iter()
            .flat_map(|image| std::iter::once(&image.manifest).chain(image.blobs()))
            .map(|blob| blob.bytes.as_slice())
            .filter(|bytes| *bytes != gone.as_slice()),
    );
    let listed = [descriptor(&index.media_type, &index.bytes, &name("app:1"))];
    let image = open(layout(&listed, &saved), None).unwrap();
    assert_eq!(image.platform.unwrap().to_string(), "linux/amd64");
    assert!(image.layers[1].span.is_none());
}

#[test]
fn where_nothing_was_saved_the_missing_file_is_told() {
    let images = PLATFORMS.map(built_for);
    let text = problem(partly_saved(&images, |_, _| false), None);
    assert!(text.contains("is missing"), "{text}");
}

/// The platforms that an image says that there are, and its own.
fn said(image: &Image) -> (Vec<String>, String) {
    let all = image.platforms.iter().map(Platform::to_string).collect();
    let own = image.platform.as_ref().map(Platform::to_string);
    (all, own.unwrap_or_default())
}

/// `platform` is optional in an index (OCI image specification, image-index.md).
#[test]
fn platforms_that_the_index_does_not_name_are_those_of_the_configurations() {
    let images = ["linux/arm64", "linux/amd64"].map(built_for);
    let open_for = |images: &[Packed], wanted| {
        let listed: Vec<Value> = images.iter().map(|one| manifest(one, &json!({}))).collect();
        let index = json!({"schemaVersion": 2, "manifests": listed}).to_string();
        let oci_index = "application/vnd.oci.image.index.v1+json";
        let top = descriptor(oci_index, index.as_bytes(), &name("app:1"));
        let mut saved = blobs(images);
        saved.push(index.as_bytes());
        open_for(layout(&[top], &saved), None, wanted)
    };
    let all = ["linux/arm64", "linux/amd64"].map(str::to_owned).to_vec();
    for (wanted, is) in [
        (None, "linux/amd64"),
        (Some("linux/amd64"), "linux/amd64"),
        (Some("linux/arm64"), "linux/arm64"),
    ] {
        let image = open_for(&images, wanted).unwrap();
        assert_eq!(said(&image), (all.clone(), is.to_owned()), "{wanted:?}");
    }
    // The only one is for another platform than was asked for.
    let error = open_for(&images[..1], Some("linux/amd64")).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("has no image for linux/amd64; it has linux/arm64"),
        "{text}"
    );
}

/// What `index.json` says of an index, and what an index says of one inside it, is said of the images in there.
#[test]
fn an_index_that_is_listed_for_a_platform_lists_images_for_it() {
    // Their configurations do not tell.
    let unknown = |content: &str| {
        fixtures::Image::new()
            .layer(layer("COPY a /a").file("/a", content))
            .edit_config(|config| config["os"] = "".into())
            .pack()
    };
    let images = ["one", "two"].map(unknown);
    let oci_index = "application/vnd.oci.image.index.v1+json";
    let index = |listed: &Value| json!({"schemaVersion": 2, "manifests": [listed]}).to_string();
    let inner = images
        .each_ref()
        .map(|image| index(&manifest(image, &json!({}))));
    let listed = |index: &str, architecture: &str| {
        let mut one = descriptor(oci_index, index.as_bytes(), &name("app:1"));
        one["platform"] = json!({"os": "linux", "architecture": architecture});
        one
    };
    let tops = [listed(&inner[0], "arm64"), listed(&inner[1], "amd64")];
    let mut saved = blobs(&images);
    saved.extend(inner.iter().map(String::as_bytes));
    let both = layout(&tops, &saved);
    for (wanted, is) in [
        (None, 1),
        (Some("linux/arm64"), 0),
        (Some("linux/amd64"), 1),
    ] {
        let image = open_for(both.clone(), None, wanted).unwrap();
        let digest = image.digest.as_ref().map(Digest::to_string);
        assert_eq!(digest.as_ref(), Some(&images[is].manifest.digest));
        assert_eq!(image.platforms.len(), 2);
    }
    let alone = layout(&tops[..1], &saved);
    let image = open_for(alone.clone(), None, Some("linux/arm64")).unwrap();
    assert_eq!(said(&image).1, "linux/arm64");
    let error = open_for(alone, None, Some("linux/amd64")).unwrap_err();
    assert!(matches!(error, SourceError::NoPlatform { .. }), "{error}");
}
