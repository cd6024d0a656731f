//! JUnit XML is what its readers take.

use std::process::Command;

use onionskin_fixtures::write::{Generation, docker_archive, oci_archive};

use super::RULES;
use super::ground::{data, ground, hostile};

#[test]
fn junit_is_what_the_schema_of_its_readers_allows() {
    let ground = ground();
    ground.write("hostile.tar", oci_archive(&[("a:1", &hostile())]));
    let saved = docker_archive(Generation::Folders, &[("a:1", &hostile())]);
    ground.write("saved.tar", saved);
    let read = |file: &str, of: &str| {
        let output = Command::new("xmllint")
            .args(["--xpath", of, file])
            .current_dir(ground.path())
            .output();
        String::from_utf8(output.unwrap().stdout)
            .unwrap()
            .trim()
            .to_owned()
    };
    let several = [
        "oci:demo:demo/webapp:1.0",
        "./missing.tar",
        "hostile.tar",
        "--max-wasted-bytes",
        "1MB",
        "--max-layers",
        "2",
    ];
    for (arguments, [tests, failures, errors]) in [
        (&["oci:demo:demo/hello:latest"][..], ["1", "0", "0"]),
        (
            &[&["oci:demo:demo/webapp:1.0"], &RULES[..]].concat(),
            ["4", "2", "0"],
        ),
        (
            &["saved.tar", "--max-compressed-size", "1GB"],
            ["2", "0", "1"],
        ),
        (&["./missing.tar"], ["1", "0", "1"]),
        (&several, ["7", "3", "1"]),
    ] {
        ground.run(&[arguments, &["--format", "junit", "-o", "junit.xml"]].concat());
        let valid = Command::new("xmllint")
            .args(["--noout", "--schema"])
            .arg(data("junit-10.xsd"))
            .arg(ground.path().join("junit.xml"))
            .output()
            .unwrap();
        assert!(
            valid.status.success(),
            "{}",
            String::from_utf8_lossy(&valid.stderr)
        );
        let told = ["tests", "failures", "errors"]
            .map(|key| read("junit.xml", &format!("string(/testsuites/@{key})")));
        assert_eq!(told, [tests, failures, errors], "{arguments:?}");
        let counted = ["testcase", "failure", "error"]
            .map(|name| read("junit.xml", &format!("count(//{name})")));
        assert_eq!(counted, told, "{arguments:?}");
    }
    let failure = read(
        "junit.xml",
        "string(//testcase[@name='maxWastedBytes']/failure)",
    );
    assert!(
        failure.contains("deleted /app/node_modules: Delete it"),
        "{failure}"
    );
    let output = read("junit.xml", "string(//testsuite[3]/system-out)");
    assert!(
        output.contains("<img src=x onerror=document.title='hit'>\"'&]]>`@team"),
        "{output}"
    );
}
