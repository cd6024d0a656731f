//! What a release risks, and what it need not have: set-id programs, what everybody may write to, empty layers, facts
//! of the configuration.

#![allow(clippy::unwrap_used)]

mod support;

use onionskin_audit::base::{Base, BaseEvidence};
use onionskin_audit::findings::{self, Finding, Kind, Leftovers, Subject};
use onionskin_fixtures::Layer;
use onionskin_layers::ledger::Ledger;
use onionskin_layers::stack::Stack;
use onionskin_oci::manifest::{Config, Healthcheck};

fn told(layers: &[Layer], config: &Config, base: Option<&Base>) -> Vec<Finding> {
    let stack = support::stack(layers);
    told_of(&stack, config, base)
}

fn told_of(stack: &Stack, config: &Config, base: Option<&Base>) -> Vec<Finding> {
    findings::of(&Subject {
        stack,
        ledger: &Ledger::of(stack),
        commands: &[],
        config,
        base,
        leftovers: Leftovers::standard(),
    })
}

/// `setuid /bin/su 5 1`, one for each of a kind.
fn lines(findings: &[Finding], kind: Kind) -> Vec<String> {
    let of_kind = findings.iter().filter(|finding| finding.kind == kind);
    of_kind
        .map(|finding| {
            let rule = finding.rule.as_deref().unwrap();
            let path = String::from_utf8_lossy(finding.path());
            let layers: Vec<String> = finding.added_by.iter().map(ToString::to_string).collect();
            format!("{rule} {path} {} {}", finding.bytes, layers.join(","))
        })
        .collect()
}

fn of(layers: &[Layer], kind: Kind, base: Option<usize>) -> Vec<String> {
    let base = base.map(|layers| Base {
        reference: None,
        digest: None,
        layers: Some(layers),
        by: BaseEvidence::Named,
    });
    lines(&told(layers, &Config::default(), base.as_ref()), kind)
}

#[test]
fn set_id_programs_are_told_once_each() {
    let layers = [Layer::new()
        .file("/bin/su", "12345")
        .mode(0o4755)
        .hardlink("/bin/su-too", "/bin/su")
        .file("/bin/wall", "123")
        .mode(0o2755)
        .file("/bin/both", "")
        .mode(0o6755)
        .file("/bin/plain", "1")
        .mode(0o755)
        .file("/var/no-program", "1")
        .mode(0o4644)
        .dir("/srv/shared")
        .mode(0o2775)];
    assert_eq!(
        of(&layers, Kind::Setid, None),
        [
            "setuid /bin/su 5 1",
            "setgid /bin/wall 3 1",
            "setuid /bin/both 0 1"
        ]
    );
    let gone = [
        layers[0].clone(),
        Layer::new().whiteout("/bin/su").whiteout("/bin/su-too"),
    ];
    assert_eq!(of(&gone, Kind::Setid, None).len(), 2);
}

#[test]
fn what_the_base_has_is_not_the_images_own() {
    let su = |mode: u32, content: &str| Layer::new().file("/bin/su", content).mode(mode);
    let own = Layer::new().file("/bin/sudo", "123").mode(0o4111);
    let layers = [su(0o4755, "12345"), own];
    assert_eq!(of(&layers, Kind::Setid, Some(1)), ["setuid /bin/sudo 3 2"]);
    assert_eq!(of(&layers, Kind::Setid, Some(2)), [""; 0]);
    assert_eq!(of(&layers, Kind::Setid, None).len(), 2);
    // A newer version of the base's program brings no new one; a bit that it did not have does.
    assert_eq!(
        of(&[su(0o4755, "1"), su(0o4755, "12")], Kind::Setid, Some(1)),
        [""; 0]
    );
    assert_eq!(
        of(&[su(0o755, "1"), su(0o4755, "1")], Kind::Setid, Some(1)),
        ["setuid /bin/su 1 2"]
    );
    // Another name of what the base has is the base's.
    let link = Layer::new().hardlink("/bin/sudo", "/bin/su");
    assert_eq!(of(&[su(0o4755, "1"), link], Kind::Setid, Some(1)), [""; 0]);
}

#[test]
fn a_tree_that_everybody_may_write_to_is_one_finding() {
    let layers = [Layer::new()
        .dir("/app")
        .mode(0o777)
        .file("/app/a", "12345")
        .mode(0o666)
        .dir("/app/lib")
        .mode(0o777)
        .file("/app/lib/b", "123")
        .mode(0o666)
        .file("/app/lib/c", "1")
        .mode(0o644)
        .dir("/tmp")
        .mode(0o1777)
        .file("/tmp/empty", "")
        .mode(0o666)
        .symlink("/link", "app")
        .mode(0o777)
        .char_device("/dev/null", 1, 3)
        .mode(0o666)
        .fifo("/run/fifo")
        .mode(0o666)];
    assert_eq!(
        of(&layers, Kind::Writable, None),
        ["world-writable /app 8 1", "world-writable /tmp/empty 0 1"]
    );
    let fixed = [layers[0].clone(), Layer::new().dir("/app").mode(0o755)];
    // The files are so still.
    assert_eq!(
        of(&fixed, Kind::Writable, None),
        [
            "world-writable /app/a 5 1",
            "world-writable /app/lib 3 1",
            "world-writable /tmp/empty 0 1"
        ]
    );
    assert_eq!(of(&fixed, Kind::Writable, Some(1)), [""; 0]);
}

#[test]
fn modes_mean_nothing_on_windows() {
    let layers = [Layer::new().file("/Files/a.exe", "1").mode(0o6777)];
    let config = |os: &str| Config {
        platform: Some(format!("{os}/amd64").parse().unwrap()),
        ..Config::default()
    };
    let risks = |os: &str| {
        let told = told(&layers, &config(os), None);
        lines(&told, Kind::Setid).len() + lines(&told, Kind::Writable).len()
    };
    assert_eq!((risks("windows"), risks("linux")), (0, 2));
}

#[test]
fn a_layer_that_holds_nothing_costs_its_blob() {
    let layers = [
        Layer::new().file("/a", "1"),
        Layer::new(),
        Layer::new().whiteout("/a"),
    ];
    let told = told(&layers, &Config::default(), None);
    assert_eq!(lines(&told, Kind::Empty), ["empty-layer / 0 2"]);
    let empty = told
        .iter()
        .find(|finding| finding.kind == Kind::Empty)
        .unwrap();
    assert_eq!(empty.compressed, layers[1].tar().len() as u64);
    let mut unread = Stack::new();
    unread
        .push_not_fetched(onionskin_oci::source::NotFetched::Foreign)
        .unwrap();
    assert_eq!(
        lines(&told_of(&unread, &Config::default(), None), Kind::Empty),
        [""; 0]
    );
}

#[test]
fn facts_of_the_configuration_are_told_where_somebody_should_have_decided() {
    let rules = |config: &Config, base: Option<&Base>| -> Vec<String> {
        let mut rules: Vec<String> = told(&[], config, base)
            .into_iter()
            .filter(|finding| finding.kind == Kind::Config)
            .map(|finding| {
                format!(
                    "{} {}",
                    finding.rule.as_deref().unwrap(),
                    String::from_utf8_lossy(finding.path())
                )
            })
            .collect();
        rules.sort();
        rules
    };
    let nothing = Config::default();
    assert_eq!(
        rules(&nothing, None),
        [
            "no-healthcheck config.healthcheck",
            "runs-as-root config.user"
        ]
    );
    let check = |test: &str| {
        Some(Healthcheck {
            test: vec![test.to_owned()],
            ..Healthcheck::default()
        })
    };
    let good = Config {
        user: Some("1000".to_owned()),
        healthcheck: check("CMD-SHELL"),
        ..Config::default()
    };
    assert_eq!(rules(&good, None), [""; 0]);
    let all = Config {
        user: Some("0:0".to_owned()),
        healthcheck: check("NONE"),
        exposed_ports: vec!["22/tcp".to_owned()],
        volumes: vec!["/data".to_owned()],
        ..Config::default()
    };
    let base = |name: &str| Base {
        reference: Some(name.to_owned()),
        digest: None,
        layers: None,
        by: BaseEvidence::Annotations,
    };
    assert_eq!(
        rules(&all, Some(&base("debian"))),
        [
            "exposed-ports config.exposedPorts",
            "latest-base base.reference",
            "no-healthcheck config.healthcheck",
            "runs-as-root config.user",
            "volumes config.volumes"
        ]
    );
    assert_eq!(rules(&good, Some(&base("debian:12"))), [""; 0]);
}
