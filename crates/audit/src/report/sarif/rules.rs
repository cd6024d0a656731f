//! What SARIF says of rules: their descriptions, levels and help.

use std::collections::HashMap;

use super::model::{Configuration, Descriptor, DescriptorProperties, Level};
use super::text;
use crate::audit::FindingFacts;
use crate::findings::Kind;
use crate::rules::Verdict;

/// The rules that the results of a run name, in the order in which they come.
#[derive(Default)]
pub(super) struct Rules {
    pub(super) descriptors: Vec<Descriptor>,
    places: HashMap<String, usize>,
}

impl Rules {
    pub(super) fn of_limit(&mut self, rule: &Verdict) -> usize {
        let name = rule.name.as_str();
        let what = match rule.rule.is_of_dive() {
            true => format!("dive's rule {name} failed"),
            false => format!("The rule {name} failed"),
        };
        let help =
            "A limit of the rules file or of the command line; the findings tell what to change.";
        self.place(name, Level::Error, &what, help, "rules", (&["image"], None))
    }

    pub(super) fn of_kind(&mut self, id: &str, facts: &FindingFacts) -> usize {
        let kind = facts.kind;
        let meaning = kind.meaning();
        let properties: (&[&str], _) = match kind {
            Kind::Secret => (&["image", "security"], Some("8.0")),
            Kind::Setid | Kind::Writable => (&["image", "security"], Some("4.0")),
            Kind::Config => (&["image"], None),
            _ => (&["image", "size"], None),
        };
        let what = format!("{id}: {meaning}");
        self.place(id, level(kind), &what, help(kind), "findings", properties)
    }

    fn place(
        &mut self,
        id: &str,
        level: Level,
        what: &str,
        help: &str,
        page: &str,
        (tags, security_severity): (&'static [&'static str], Option<&'static str>),
    ) -> usize {
        let next = self.descriptors.len();
        let place = *self.places.entry(id.to_owned()).or_insert(next);
        if place == next {
            self.descriptors.push(Descriptor {
                id: id.to_owned(),
                short_description: text(what),
                full_description: text(&format!("{what}.")),
                help_uri: format!("{}/blob/main/docs/{page}.md", env!("CARGO_PKG_REPOSITORY")),
                help: text(help),
                default_configuration: Configuration { level },
                properties: DescriptorProperties {
                    tags,
                    security_severity,
                },
            });
        }
        place
    }
}

/// How findings of a kind are fixed, whatever they are about.
const fn help(kind: Kind) -> &'static str {
    match kind {
        Kind::Deleted => {
            "Delete it in the RUN that makes it, do not copy it, or make it in an earlier stage of a multi-stage build."
        }
        Kind::Overwritten => "Write it once: join the steps, or copy only the final content.",
        Kind::MetadataOnly => {
            "Set owner and mode where the files come from: COPY --chown and --chmod, or in the same RUN."
        }
        Kind::Repeated => "Let the tool that writes the layer add each path once.",
        Kind::Duplicate => "Keep one copy, and link to it.",
        Kind::Leftover => {
            "Clean up in the RUN that makes it, or keep it out of the layer with RUN --mount=type=cache."
        }
        Kind::Optional => "Leave it out if no container needs it.",
        Kind::Empty => "Leave out the step that makes it, or join it with another.",
        Kind::Secret => {
            "Revoke it, and pass it to the build step with RUN --mount=type=secret. Deleting it in a later layer does not remove it from the image."
        }
        Kind::Setid => "Remove the bits with chmod u-s,g-s if the program does not need them.",
        Kind::Writable => {
            "Make the user that writes to it its owner, and remove write permission for everyone else."
        }
        Kind::Config => "Change the instruction of the Dockerfile that sets it.",
    }
}

pub(super) const fn level(kind: Kind) -> Level {
    match kind {
        Kind::Secret => Level::Error,
        Kind::Deleted | Kind::Overwritten | Kind::MetadataOnly | Kind::Repeated => Level::Warning,
        Kind::Setid | Kind::Writable => Level::Warning,
        Kind::Duplicate | Kind::Leftover | Kind::Optional | Kind::Empty | Kind::Config => {
            Level::Note
        }
    }
}
