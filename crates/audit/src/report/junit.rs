//! The audit as JUnit XML, for pipelines that show tests: a suite for each image, a case for each rule.
//!
//! There is no one standard; what is written is what the schema of Jenkins' xUnit plugin (`junit-10.xsd`)
//! allows and GitLab reads. A rule that failed is a failure; one that cannot be judged, or an image that
//! could not be read, is an error.

use std::io;

use quick_xml::events::{BytesDecl, BytesText, Event};
use quick_xml::writer::Writer;

use super::Visible;
use super::format::{self, cost, size};
use super::notes::notes;
use super::outcome::{Outcome, weightiest};
use crate::audit::{Audit, FindingFacts};
use crate::rules::Verdict;

/// Findings that a suite tells, the weightiest first.
const SHOWN: usize = 100;
/// Findings that a failure tells.
const FEW: usize = 10;
/// The case that says whether the image could be read, so that no suite is without one.
const READ: &str = "image can be read";

type Xml = Writer<Vec<u8>>;

/// The whole report.
///
/// # Errors
/// None that any content causes: it is written into memory.
pub fn report(outcomes: &[Outcome<'_>]) -> io::Result<String> {
    let all = outcomes.iter().fold((0, 0, 0), |sum, outcome| {
        let one = counts(outcome);
        (sum.0 + one.0, sum.1 + one.1, sum.2 + one.2)
    });
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("testsuites")
        .with_attribute(("name", "onionskin audit"))
        .with_attributes(
            numbers(all)
                .each_ref()
                .map(|(key, value)| (*key, value.as_str())),
        )
        .write_inner_content(|xml| outcomes.iter().try_for_each(|outcome| suite(xml, outcome)))?;
    let mut text = String::from_utf8(xml.into_inner()).map_err(io::Error::other)?;
    text.push('\n');
    Ok(text)
}

/// Cases, failures and errors.
fn counts(outcome: &Outcome<'_>) -> (usize, usize, usize) {
    match outcome {
        Outcome::Audited { audit, .. } => {
            let of = |passed| {
                audit
                    .rules
                    .iter()
                    .filter(|rule| rule.passed == passed)
                    .count()
            };
            (1 + audit.rules.len(), of(Some(false)), of(None))
        }
        Outcome::Stopped { .. } => (1, 0, 1),
    }
}

fn numbers((tests, failures, errors): (usize, usize, usize)) -> [(&'static str, String); 3] {
    [
        ("tests", tests.to_string()),
        ("failures", failures.to_string()),
        ("errors", errors.to_string()),
    ]
}

fn suite(xml: &mut Xml, outcome: &Outcome<'_>) -> io::Result<()> {
    let name = Visible(outcome.reference()).to_string();
    xml.create_element("testsuite")
        .with_attribute(("name", name.as_str()))
        .with_attributes(
            numbers(counts(outcome))
                .each_ref()
                .map(|(key, value)| (*key, value.as_str())),
        )
        .write_inner_content(|xml| match *outcome {
            Outcome::Audited { audit, remarks, .. } => audited(xml, &name, audit, remarks),
            Outcome::Stopped { error, .. } => {
                let lines = [error.to_owned()];
                case(xml, &name, READ, Some(("error", error, &lines)))
            }
        })?;
    Ok(())
}

fn audited(xml: &mut Xml, image: &str, audit: &Audit, remarks: &[String]) -> io::Result<()> {
    properties(xml, audit)?;
    case(xml, image, READ, None)?;
    for rule in &audit.rules {
        let message = format::verdict(rule);
        match rule.passed {
            Some(true) => case(xml, image, &rule.name, None)?,
            Some(false) => {
                let text = failure(rule, &message, audit);
                case(xml, image, &rule.name, Some(("failure", &message, &text)))?;
            }
            None => case(
                xml,
                image,
                &rule.name,
                Some(("error", &message, std::slice::from_ref(&message))),
            )?,
        }
    }
    let mut lines: Vec<String> = notes(audit, remarks).collect();
    lines.extend(findings(weightiest(audit), SHOWN));
    if lines.is_empty() {
        return Ok(());
    }
    xml.create_element("system-out")
        .write_text_content(BytesText::new(&lined(&lines)))?;
    Ok(())
}

fn properties(xml: &mut Xml, audit: &Audit) -> io::Result<()> {
    let bytes = &audit.bytes;
    let digest = audit.image.digest.as_ref().map(ToString::to_string);
    let all = [
        ("digest", digest),
        ("platform", audit.image.platform.clone()),
        ("bytes.stored", Some(bytes.stored.to_string())),
        ("bytes.live", Some(bytes.live.to_string())),
        ("bytes.wasted", Some(bytes.wasted.to_string())),
        (
            "bytes.wastedCompressed",
            bytes.wasted_compressed.map(|bytes| bytes.to_string()),
        ),
        ("efficiency", Some(audit.efficiency.to_string())),
    ];
    xml.create_element("properties")
        .write_inner_content(|xml| {
            for (name, value) in &all {
                if let Some(value) = value {
                    xml.create_element("property")
                        .with_attribute(("name", *name))
                        .with_attribute(("value", Visible(value).to_string().as_str()))
                        .write_empty()?;
                }
            }
            Ok(())
        })?;
    Ok(())
}

/// A case, and what went wrong in it: the element, its message, and all that is said of it.
fn case(
    xml: &mut Xml,
    image: &str,
    name: &str,
    problem: Option<(&str, &str, &[String])>,
) -> io::Result<()> {
    let name = Visible(name).to_string();
    let case = xml
        .create_element("testcase")
        .with_attribute(("name", name.as_str()))
        // GitLab shows it as the suite.
        .with_attribute(("classname", image))
        // Some readers want it; a measured one would differ from run to run.
        .with_attribute(("time", "0"));
    let Some((element, message, lines)) = problem else {
        case.write_empty()?;
        return Ok(());
    };
    case.write_inner_content(|xml| {
        xml.create_element(element)
            .with_attribute(("message", Visible(message).to_string().as_str()))
            .with_attribute(("type", name.as_str()))
            .write_text_content(BytesText::new(&lined(lines)))?;
        Ok(())
    })?;
    Ok(())
}

/// What a rule measured, and what to fix so that it passes.
fn failure(rule: &Verdict, message: &str, audit: &Audit) -> Vec<String> {
    let mut lines = vec![message.to_owned()];
    if rule.rule.is_about_waste() {
        let mut wasted = weightiest(audit);
        wasted.retain(|finding| finding.kind.cause().is_some());
        lines.extend(findings(wasted, FEW));
    }
    lines.extend(rule.met.iter().cloned());
    lines
}

/// A line for each of these findings, and one for what is left.
fn findings(all: Vec<&FindingFacts>, shown: usize) -> Vec<String> {
    let rest = all.get(shown..).unwrap_or_default();
    let bytes = rest
        .iter()
        .fold(0, |sum: u64, finding| sum.saturating_add(finding.bytes));
    let rest = (!rest.is_empty())
        .then(|| format!("and {} smaller ones of {} in all", rest.len(), size(bytes)));
    let line = |finding: &&FindingFacts| {
        let cost = match cost(finding) {
            Some(cost) => format!(", {cost} of the download,"),
            None => String::new(),
        };
        format!(
            "{}{cost} {} {}: {}",
            size(finding.bytes),
            format::kind(finding),
            Visible(&finding.path),
            Visible(&finding.advice)
        )
    };
    all.iter().take(shown).map(line).chain(rest).collect()
}

/// These lines, in which nothing acts and nothing ends a line.
fn lined(lines: &[impl AsRef<str>]) -> String {
    let lines: Vec<String> = (lines.iter())
        .map(|line| Visible(line.as_ref()).to_string())
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use roxmltree::Document;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_well_formed_and_comes_back(reference in any::<String>(), error in any::<String>()) {
            let outcome = Outcome::Stopped { reference: &reference, error: &error };
            let xml = report(&[outcome, outcome]).unwrap();
            let read = Document::parse(&xml).unwrap();
            let of = |name: &str| read.descendants().find(|node| node.has_tag_name(name)).unwrap();
            let name = Visible(&reference).to_string();
            prop_assert_eq!(of("testsuite").attribute("name"), Some(name.as_str()));
            let message = Visible(&error).to_string();
            prop_assert_eq!(of("error").attribute("message"), Some(message.as_str()));
            prop_assert_eq!(of("testsuites").attribute("errors"), Some("2"));
        }
    }

    #[test]
    fn nothing_ends_a_text_before_its_time() {
        let hostile = "]]></error><testcase name=\"x\"/>&amp;<!--\u{0}\u{b}\u{1b}[2J\u{ffff}";
        let outcome = Outcome::Stopped {
            reference: hostile,
            error: hostile,
        };
        let xml = report(&[outcome]).unwrap();
        let read = Document::parse(&xml).unwrap();
        let cases = read
            .descendants()
            .filter(|node| node.has_tag_name("testcase"));
        assert_eq!(cases.count(), 1);
        let error = read
            .descendants()
            .find(|node| node.has_tag_name("error"))
            .unwrap();
        assert_eq!(error.text(), Some(&*Visible(hostile).to_string()));
    }
}
