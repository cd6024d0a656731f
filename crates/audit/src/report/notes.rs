//! Notes of an audit beside its numbers and findings, a sentence each: the base, what is ignored, what is not covered.

use super::format::{not_available, size};
use crate::audit::Audit;
use crate::base::BaseEvidence;

/// All notes, the image's own remarks at their end.
pub fn notes<'a>(audit: &'a Audit, remarks: &'a [String]) -> impl Iterator<Item = String> + 'a {
    let ignored = ignored(audit).into_iter();
    let covered = not_available(&audit.layers);
    let notes = base(audit).into_iter().chain(covered).chain(ignored);
    notes.chain(remarks.iter().cloned())
}

/// What the image was built from, and what its own layers hold.
#[must_use]
pub fn base(audit: &Audit) -> Option<String> {
    let base = audit.base.as_ref()?;
    let name = match &base.reference {
        Some(name) => format!(" {name}"),
        None => String::new(),
    };
    let by = match base.by {
        BaseEvidence::Named => "given with --base",
        BaseEvidence::Annotations => "from its annotations",
        BaseEvidence::History => "from its history",
    };
    Some(match (base.layers, &audit.own) {
        (Some(layers), Some(own)) => {
            let layers = match layers {
                1 => "layer 1".to_owned(),
                layers => format!("layers 1 to {layers}"),
            };
            format!(
                "base image{name}: {layers} ({by}); the image's own layers store {}, of which {} is wasted, and hide {} of the base",
                size(own.stored),
                size(own.wasted),
                size(own.base_wasted)
            )
        }
        _ => format!("base image{name} ({by}); which layers belong to it is not known"),
    })
}

/// What the rules file ignores, and what it does no more.
#[must_use]
pub fn ignored(audit: &Audit) -> Vec<String> {
    let told = audit.ignore.iter().map(|ignore| {
        let reason = &ignore.reason;
        let until = match &ignore.until {
            Some(until) => format!(" until {until}"),
            None => String::new(),
        };
        if ignore.expired {
            return format!("ignored{until}, now counted again: {reason}");
        }
        let findings = match ignore.findings {
            // It may be fixed, or misspelt.
            0 => return format!("an entry of `ignore`{until} matches no finding: {reason}"),
            1 => "1 finding".to_owned(),
            findings => format!("{findings} findings"),
        };
        format!(
            "ignored{until}: {findings} of {}: {reason}",
            size(ignore.bytes)
        )
    });
    told.collect()
}
