//! All that is planted in an image is found, and nothing in its clean twin.

#![allow(clippy::unwrap_used)]

mod support;

use std::io::Read as _;

use onionskin_audit::base::{Base, BaseEvidence};
use onionskin_audit::findings::{self, Finding, Kind, Leftovers, Subject};
use onionskin_fixtures::{Packed, planted};
use onionskin_layers::ledger::Ledger;
use onionskin_layers::stack::Stack;
use onionskin_oci::manifest::{Config, history};

fn audit(image: &Packed) -> Vec<Finding> {
    let mut stack = Stack::new();
    for tar in &image.tars {
        stack.push(support::decode(tar).unwrap()).unwrap();
    }
    let config = Config::parse(&image.config.bytes).unwrap();
    let steps = history::steps(&config.history, stack.depth());
    let commands: Vec<Option<&str>> = steps
        .into_iter()
        .map(|step| step.and_then(|step| step.created_by.as_deref()))
        .collect();
    let name = config.labels.get("org.opencontainers.image.base.name");
    let base = name.map(|name| Base {
        reference: Some(name.clone()),
        digest: None,
        layers: None,
        by: BaseEvidence::Annotations,
    });
    findings::of(&Subject {
        stack: &stack,
        ledger: &Ledger::of(&stack),
        commands: &commands,
        config: &config,
        base: base.as_ref(),
        leftovers: Leftovers::standard(),
    })
}

fn place(finding: &Finding) -> String {
    let rule = finding.rule.as_deref().unwrap_or_default();
    format!("{rule} {}", String::from_utf8_lossy(finding.path()))
}

#[test]
fn every_finding_has_a_rule_that_a_file_can_name() {
    let known: Vec<(Kind, &str)> = findings::rules(Leftovers::standard()).collect();
    for finding in audit(&planted::image()) {
        match finding.rule.as_deref() {
            Some(rule) => assert!(known.contains(&(finding.kind, rule)), "{}", place(&finding)),
            None => assert!(
                finding.kind.cause().is_some() || finding.kind == Kind::Duplicate,
                "{}",
                place(&finding)
            ),
        }
    }
}

/// Whoever adds a rule plants what it finds, so that it is tested in what images have.
#[test]
fn every_rule_finds_what_is_planted_for_it() {
    let images = [
        planted::image(),
        planted::leftovers(),
        planted::risks(),
        planted::build_packages(),
    ];
    let found: Vec<Finding> = images.iter().flat_map(audit).collect();
    let finds = |(kind, rule): &(Kind, &str)| {
        let mut found = found.iter();
        found.any(|finding| finding.kind == *kind && finding.rule.as_deref() == Some(*rule))
    };
    // The many forms of secrets have examples of their own, in secrets.rs.
    let missing: Vec<(Kind, &str)> = findings::rules(Leftovers::standard())
        .filter(|(kind, _)| *kind != Kind::Secret)
        .filter(|rule| !finds(rule))
        .collect();
    assert!(missing.is_empty(), "not planted: {missing:?}");
    for kind in Kind::ALL {
        let planted = found.iter().any(|finding| finding.kind == kind);
        // Only the release of an application has files that are replaced by others.
        assert!(planted || kind == Kind::Overwritten, "{kind:?}");
    }
}

#[test]
fn every_secret_is_found_at_its_place() {
    let findings = audit(&planted::image());
    let secrets = findings
        .iter()
        .filter(|finding| finding.kind == Kind::Secret);
    let found: Vec<String> = secrets.clone().map(place).collect();
    for plant in planted::secrets() {
        let expected = format!("{} {}", plant.rule, plant.path);
        let at = found
            .iter()
            .any(|found| found == &expected || found.starts_with(&format!("{expected}.")));
        assert!(at, "{expected} is not in {found:#?}");
    }
    assert_eq!(found.len(), planted::secrets().len(), "{found:#?}");
    let said = format!("{findings:?}");
    for plant in planted::secrets() {
        assert!(!said.contains(&plant.secret), "{}", plant.rule);
    }
    // What a later layer deleted is in every download all the same.
    let deploy: Vec<&Finding> = secrets
        .filter(|finding| finding.path().starts_with(b"/app/deploy/"))
        .collect();
    assert_eq!(deploy.len(), 3);
    for finding in deploy {
        assert_eq!(
            (finding.added_by.as_slice(), finding.hidden_by.as_slice()),
            (&[3][..], &[5][..])
        );
        assert!(
            finding.advice.contains("although a later layer deletes it"),
            "{}",
            finding.advice
        );
    }
}

#[test]
fn waste_of_every_sort_is_found() {
    let findings = audit(&planted::image());
    for (kind, path) in [
        (Kind::Deleted, "/app/testdata"),
        (Kind::MetadataOnly, "/app"),
        (Kind::Repeated, "/app/config.status"),
        (Kind::Duplicate, "/app/copies/logo.png"),
        (Kind::Leftover, "/var/lib/apt/lists"),
        (Kind::Leftover, "/root/.cache/pip"),
        (Kind::Leftover, "/app/__pycache__"),
        (Kind::Config, "config.user"),
    ] {
        let found = findings
            .iter()
            .any(|finding| finding.kind == kind && finding.path() == path.as_bytes());
        assert!(found, "{kind:?} {path}: {findings:#?}");
    }
}

#[test]
fn the_clean_twin_has_no_findings() {
    assert_eq!(audit(&planted::twin()), []);
}

/// The only finding of build packages in an image: its packages, bytes, path, layers, advice.
fn build_packages(image: &Packed) -> Finding {
    let mut found = audit(image);
    found.retain(|finding| finding.rule.as_deref() == Some("build-packages"));
    let [finding] = <[Finding; 1]>::try_from(found).unwrap();
    finding
}

#[test]
fn what_apt_installed_for_a_compiler_is_found_with_it() {
    let finding = build_packages(&planted::build_packages());
    assert_eq!(finding.packages, ["gcc-12", "libc6-dev", "libisl23", "gcc"]);
    assert_eq!(finding.bytes, 60_000 + 20_000 + 5_000 + 700);
    assert_eq!(finding.path(), b"/usr/lib");
    assert_eq!(finding.added_by, [2]);
    assert_eq!(
        finding.advice,
        "Build in an earlier stage and COPY --from only what is needed, or remove them in the RUN that installs them (apt-get purge -y --auto-remove gcc …): gcc-12, libc6-dev and gcc, and 1 package that only they need"
    );
}

#[test]
fn what_apk_installed_for_a_virtual_package_is_found() {
    let finding = build_packages(&planted::build_packages_of_alpine());
    assert_eq!(finding.packages, ["gcc", "make", ".build-deps"]);
    assert_eq!((finding.bytes, finding.path()), (53_000, &b"/usr/bin"[..]));
    assert!(
        finding.advice.contains("apk del .build-deps"),
        "{}",
        finding.advice
    );
}

/// A database that rpm wrote, of packages whose one file each is in the image.
fn of_rpm(states: (&str, &str), id: &str) -> Packed {
    let database = include_bytes!("../src/packages/rpm/relations.sqlite.gz");
    let mut content = Vec::new();
    flate2::read::GzDecoder::new(&database[..])
        .read_to_end(&mut content)
        .unwrap();
    let files = [
        ("/lib64/libc.so.6", 900),
        ("/usr/bin/bash", 800),
        ("/usr/bin/gcc", 7_000),
        ("/usr/bin/cpp", 600),
        ("/usr/bin/as", 500),
        ("/usr/bin/annocheck", 40),
        ("/usr/lib64/libmpc.so", 400),
        ("/usr/include/stdio.h", 300),
        ("/usr/lib64/libgomp.so", 200),
        ("/usr/lib64/libzstd.so", 100),
        ("/usr/bin/curl", 60),
        ("/usr/lib64/libssh.so", 50),
    ];
    let layer = onionskin_fixtures::layer("RUN /bin/sh -c dnf install -y gcc curl # buildkit")
        .file("/etc/os-release", format!("ID={id}\nVERSION_ID=1\n"))
        .file("/usr/lib/sysimage/rpm/rpmdb.sqlite", content)
        .file(states.0, states.1);
    let layer = (0..).zip(files).fold(layer, |layer, (seed, (path, size))| {
        layer.file(path, onionskin_fixtures::seeded(300 + seed, size))
    });
    onionskin_fixtures::Image::new().layer(layer).pack()
}

#[test]
fn what_dnf_and_zypper_installed_for_a_compiler_is_found_with_it() {
    let automatic = [
        "cpp",
        "binutils",
        "libmpc",
        "glibc-devel",
        "libgomp",
        "libzstd",
        "annobin",
    ];
    let dnf = automatic.map(|name| format!("\"{name}.noarch\" = {{reason = \"Dependency\"}}\n"));
    let dnf = format!(
        "version = \"1.0\"\n[packages]\n\"gcc.noarch\" = {{reason = \"User\"}}\n{}",
        dnf.concat()
    );
    // libzstd is of use to curl as well; /usr/bin/annocheck is needed by its path.
    let all: [&str; 7] = [
        "gcc",
        "cpp",
        "binutils",
        "libmpc",
        "glibc-devel",
        "libgomp",
        "annobin",
    ];
    let finding = build_packages(&of_rpm(
        ("/usr/lib/sysimage/libdnf5/packages.toml", &dnf),
        "fedora",
    ));
    assert_eq!(finding.packages, all);
    assert_eq!((finding.bytes, finding.path()), (9_040, &b"/usr"[..]));
    assert!(
        finding.advice.contains("(dnf remove -y gcc …)"),
        "{}",
        finding.advice
    );

    let zypper = format!("# libzypp\n{}\n", automatic.join("\n"));
    let finding = build_packages(&of_rpm(
        ("/var/lib/zypp/AutoInstalled", &zypper),
        "opensuse-leap",
    ));
    assert_eq!(finding.packages, all);
    assert!(
        finding
            .advice
            .contains("(zypper remove -y --clean-deps gcc …)"),
        "{}",
        finding.advice
    );

    // Nobody knows what was asked for.
    let finding = build_packages(&of_rpm(("/srv/none", ""), "rhel"));
    assert_eq!(finding.packages, ["gcc", "cpp", "binutils", "glibc-devel"]);
}
