//! Locators as people write them.

use super::*;

fn archive(path: &str, reference: Option<&str>) -> Result<Locator, LocatorError> {
    archive_of(Form::Docker, path, reference)
}

fn archive_of(form: Form, path: &str, reference: Option<&str>) -> Result<Locator, LocatorError> {
    Ok(Locator::Archive {
        path: path.into(),
        form,
        reference: reference.map(str::to_owned),
    })
}

#[test]
fn prefixes_say_where_an_image_is() {
    let nginx: Reference = "nginx".parse().unwrap();
    assert_eq!("nginx".parse(), Ok(Locator::Registry(nginx.clone())));
    assert_eq!("docker://nginx".parse(), Ok(Locator::Registry(nginx)));
    assert_eq!("docker-archive:a.tar".parse(), archive("a.tar", None));
    assert_eq!(
        "docker-archive:/x/a.tar:app:1.0".parse(),
        archive("/x/a.tar", Some("app:1.0"))
    );
    assert_eq!(
        r"docker-archive:C:\a.tar:app".parse(),
        archive(r"C:\a.tar", Some("app"))
    );
    assert_eq!(
        "oci-archive:a.tar:1.0".parse(),
        archive_of(Form::Oci, "a.tar", Some("1.0"))
    );
    assert_eq!(
        "oci:no/layout:app:1.0".parse(),
        Ok(Locator::Layout {
            path: "no/layout".into(),
            reference: Some("app:1.0".to_owned())
        })
    );
    let input = |form, reference: Option<&str>| {
        let reference = reference.map(str::to_owned);
        Ok(Locator::Input { form, reference })
    };
    assert_eq!("-".parse(), input(Form::Any, None));
    assert_eq!(
        "docker-archive:-:app:2".parse(),
        input(Form::Docker, Some("app:2"))
    );
    assert_eq!("oci-archive:-".parse(), input(Form::Oci, None));
    assert_eq!(
        "docker-archive:".parse::<Locator>(),
        Err(LocatorError::NoPath("docker-archive:"))
    );
    assert_eq!(
        "docker-archive::x".parse::<Locator>(),
        Err(LocatorError::NoPath("docker-archive:"))
    );
}

#[test]
fn a_bare_path_to_a_file_is_an_archive_and_other_text_a_reference() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    assert_eq!(file.parse(), archive_of(Form::Any, file, None));
    assert_eq!(
        format!("{file}:app:1").parse(),
        archive_of(Form::Any, file, Some("app:1"))
    );
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    assert_eq!(
        folder.parse::<Locator>(),
        Err(LocatorError::NoLayout(folder.to_owned()))
    );
    assert!(matches!(
        "./no/such.tar".parse::<Locator>(),
        Err(LocatorError::NoFile(_))
    ));
    assert!(matches!(
        "app.tar".parse::<Locator>(),
        Err(LocatorError::NoArchive(_))
    ));
    for registry in [
        "docker://app.tar",
        "app.tar:1",
        "example.com/app",
        "registry:2",
        "docker:24-dind",
        "docker:5000/app",
        "app:1.0",
    ] {
        let parsed = registry.parse::<Locator>();
        assert!(matches!(parsed, Ok(Locator::Registry(_))), "{registry}");
    }
    assert!(matches!(
        "Not an image".parse::<Locator>(),
        Err(LocatorError::Reference { .. })
    ));
}

/// Whatever there is under a name is meant by it, and no registry is asked.
#[test]
fn what_is_there_is_never_taken_for_a_reference() {
    let ground = tempfile::tempdir().unwrap();
    let at = |name: &str| ground.path().join(name).display().to_string();
    let make = |name: &str, files: &[&str]| {
        for file in files {
            let path = ground.path().join(name).join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "{}").unwrap();
        }
    };
    std::fs::write(at("app"), "x").unwrap();
    assert_eq!(at("app").parse(), archive_of(Form::Any, &at("app"), None));
    std::os::unix::fs::symlink("nowhere", at("dangling")).unwrap();
    let dangling = archive_of(Form::Any, &at("dangling"), None);
    assert_eq!(at("dangling").parse(), dangling);
    make("layout", &["oci-layout", "index.json"]);
    let named = Locator::Layout {
        path: at("layout").into(),
        reference: Some("app:1".to_owned()),
    };
    assert_eq!(format!("{}:app:1", at("layout")).parse(), Ok(named));
    make("dir", &["manifest.json", "version"]);
    let path = at("dir").into();
    assert_eq!(at("dir").parse(), Ok(Locator::Directory { path }));
    make("no-marker", &["index.json", "blobs/sha256/0"]);
    make("blobs-only", &["blobs/sha256/0"]);
    make("no-index", &["oci-layout", "blobs/sha256/0"]);
    make("other", &["README"]);
    for (name, says) in [
        ("no-marker", Some(MissingPart::Marker)),
        ("blobs-only", Some(MissingPart::MarkerAndIndex)),
        ("no-index", Some(MissingPart::Index)),
        ("other", None),
    ] {
        let expected = match says {
            Some(missing) => LocatorError::PartOfLayout {
                folder: at(name),
                missing,
            },
            None => LocatorError::NoLayout(at(name)),
        };
        assert_eq!(at(name).parse::<Locator>(), Err(expected));
    }
}

#[test]
fn a_registry_is_proposed_only_for_what_can_be_a_reference() {
    for (error, says) in [
        (
            LocatorError::NoLayout("redis".to_owned()),
            Some("docker://redis"),
        ),
        (
            LocatorError::NoArchive("app.tar".to_owned()),
            Some("docker://app.tar"),
        ),
        (LocatorError::NoLayout("/tmp".to_owned()), None),
        (LocatorError::NoLayout("./redis".to_owned()), None),
        (LocatorError::NoLayout("Redis".to_owned()), None),
        (LocatorError::NoArchive("My App.tar".to_owned()), None),
    ] {
        let text = error.to_string();
        let proposed = text
            .split_whitespace()
            .find(|word| word.starts_with("docker:"));
        assert_eq!(proposed, says, "{text}");
        if let Some(proposed) = proposed {
            proposed.parse::<Locator>().unwrap();
        }
    }
}

#[test]
fn prefixes_of_other_tools_are_named_and_never_asked_of_a_registry() {
    for (text, expected) in [
        ("containers-storage:app:1", ForeignPrefix::ContainersStorage),
        (
            "containers-storage:[overlay@/x]app",
            ForeignPrefix::ContainersStorage,
        ),
        ("oci://registry.example.com/app:1", ForeignPrefix::OciUrl),
        ("ostree:app@/repo", ForeignPrefix::Other),
        ("sif:app.sif", ForeignPrefix::Other),
        ("docker-storage:app", ForeignPrefix::Other),
        ("tarball:app.tar", ForeignPrefix::Other),
        ("oci-dir:layout", ForeignPrefix::OciLayout),
        ("file:app.tar", ForeignPrefix::File),
        ("registry:team/app:1", ForeignPrefix::Registry),
        ("docker:team/app:1", ForeignPrefix::Registry),
        ("nosuch:/tmp/app", ForeignPrefix::Other),
    ] {
        let parsed = text.parse::<Locator>();
        assert!(
            matches!(&parsed, Err(LocatorError::Unsupported { kind, .. }) if *kind == expected),
            "{text}: {parsed:?}"
        );
    }
    for (text, local) in [
        ("oci:layout:1", Some("oci:")),
        ("docker-daemon:app", Some("docker-daemon:")),
        ("nginx:1.27", None),
        ("docker://nginx", None),
        ("127.0.0.1:5000/app", None),
    ] {
        let expected = local.map(LocatorError::NotInRegistry);
        assert_eq!(not_in_registry(text), expected, "{text}");
    }
    let folder = Locator::Directory {
        path: "no/folder:1".into(),
    };
    assert_eq!("dir:no/folder:1".parse(), Ok(folder));
    assert_eq!(
        "dir:".parse::<Locator>(),
        Err(LocatorError::NoFolder("dir:"))
    );
}

#[test]
fn engines_are_asked_for_names_and_ids() {
    let id = format!("sha256:{}", "ab".repeat(32));
    for (prefix, kind) in [
        ("docker-daemon:", EngineKind::Docker),
        ("podman:", EngineKind::Podman),
    ] {
        for image in ["nginx", "localhost/app:1", "0123456789ab", &id] {
            let image = image.to_owned();
            let text = format!("{prefix}{image}");
            assert_eq!(text.parse(), Ok(Locator::Engine { kind, image }));
        }
        for image in ["", "Not an image", "a/../b", "a?b", "a%2e"] {
            let text = format!("{prefix}{image}");
            assert!(text.parse::<Locator>().is_err(), "{text}");
        }
    }
}

#[test]
fn a_registry_alone_is_no_image_of_docker_hub() {
    for text in [
        "localhost:5000",
        "localhost",
        "127.0.0.1:5000",
        "127.0.0.1",
        "registry.example.com:5000",
    ] {
        let error = text.parse::<Locator>().unwrap_err();
        assert!(
            matches!(&error, LocatorError::OnlyRegistry(host) if host == text),
            "{error}"
        );
        assert!(
            format!("docker://{text}").parse::<Locator>().is_err(),
            "{text}"
        );
    }
    for text in [
        "nginx:1.27",
        "app:5000",
        "localhost:5000/app",
        "127.0.0.1:5000/app:1",
        "team/app.v2:5",
    ] {
        assert!(matches!(text.parse(), Ok(Locator::Registry(_))), "{text}");
    }
}
