//! Which of the images that a layout lists is meant: one by its name, the only one, or one for each platform.
//!
//! Signatures, attestations and other referrers beside an image are no choice. Sources: OCI image specification, manifest.md
//! (`subject`, `artifactType`); OCI distribution specification, "Referrers Tag Schema"; sigstore/cosign,
//! specs/SIGNATURE_SPEC.md.

use std::collections::HashSet;

use super::Layout;
use crate::digest::Digest;
use crate::manifest::media_type::{self, DocumentKind};
use crate::manifest::{Descriptor, Document, Manifest};
use crate::platform::Platform;
use crate::reference::Reference;
use crate::source::SourceError;
use crate::source::{documents, platforms};

pub(super) const REF_NAME: &str = "org.opencontainers.image.ref.name";
pub(super) const CONTAINERD_NAME: &str = "io.containerd.image.name";

/// A descriptor, and its place in the index.
type Placed<'d> = (usize, &'d Descriptor);

/// The descriptors that are meant: one, or several of which each is for another platform.
pub(super) async fn choose(
    layout: &Layout<'_>,
    listed: &[Descriptor],
) -> Result<Vec<Descriptor>, SourceError> {
    let archive = layout.archive;
    let Some(wanted) = &archive.reference else {
        return the_only(layout, listed).await;
    };
    let found: Vec<&Descriptor> = match archive.place_asked() {
        Some(place) => {
            let place = place.and_then(|place| listed.get(place));
            place.into_iter().collect()
        }
        None => {
            let mut found: Vec<&Descriptor> = Vec::new();
            for one in listed {
                let known =
                    |other: &&Descriptor| other.digest == one.digest && names(other) == names(one);
                if !one.is_attestation() && is_named(one, wanted) && !found.iter().any(known) {
                    found.push(one);
                }
            }
            found
        }
    };
    match found.as_slice() {
        [] => Err(archive.wrong(format!(
            "has no image {wanted:?}; it has {}",
            said(listed.iter().enumerate())
        ))),
        [only] => Ok(vec![(*only).clone()]),
        [first, rest @ ..] if rest.iter().any(|other| names(other) != names(first)) => {
            let places = listed.iter().enumerate();
            let found = places.filter(|(_, one)| found.iter().any(|found| found == one));
            Err(several(layout, &found.collect::<Vec<_>>()))
        }
        several => Ok(with_platforms(layout, several).await),
    }
}

/// What is meant where no name is given.
async fn the_only(
    layout: &Layout<'_>,
    listed: &[Descriptor],
) -> Result<Vec<Descriptor>, SourceError> {
    let mut found: Vec<Placed<'_>> = Vec::new();
    for one in images(layout, listed).await {
        // An image of several names is listed once a name.
        if !found.iter().any(|(_, other)| other.digest == one.1.digest) {
            found.push(one);
        }
    }
    let [(_, first), rest @ ..] = found.as_slice() else {
        return Err(layout.archive.wrong("has no images".to_owned()));
    };
    if rest.is_empty() {
        return Ok(vec![(*first).clone()]);
    }
    if rest.iter().any(|(_, other)| names(other) != names(first)) {
        return Err(several(layout, &found));
    }
    let all: Vec<&Descriptor> = found.iter().map(|(_, one)| *one).collect();
    match by_platform(layout, &all).await {
        Some(platforms) => Ok(platforms),
        None if names(first).is_empty() => Err(several(layout, &found)),
        None => Ok(with_platforms(layout, &all).await),
    }
}

/// The images of a layout, without artifacts and what an index beside them lists; where there is nothing else, those too,
/// so that it is told what they are.
pub(super) async fn images<'d>(layout: &Layout<'_>, listed: &'d [Descriptor]) -> Vec<Placed<'d>> {
    let all = listed.iter().enumerate();
    let all: Vec<Placed<'d>> = all.filter(|(_, one)| !one.is_attestation()).collect();
    let mut digests = all.iter().map(|(_, one)| &one.digest);
    let first = digests.next();
    if digests.all(|digest| Some(digest) == first) {
        return all;
    }
    let mut found = Vec::new();
    let mut inside: HashSet<Digest> = HashSet::new();
    for (place, one) in &all {
        if says_artifact(one) {
            continue;
        }
        match document(layout, one).await {
            Some(Document::Manifest(manifest)) if is_artifact(one, &manifest) => continue,
            Some(Document::Index(index)) => {
                inside.extend(index.manifests.into_iter().map(|inner| inner.digest));
            }
            _ => {}
        }
        found.push((*place, *one));
    }
    found.retain(|(_, one)| !names(one).is_empty() || !inside.contains(&one.digest));
    if found.is_empty() { all } else { found }
}

/// Whether a descriptor says that it is of no image.
fn says_artifact(listed: &Descriptor) -> bool {
    listed.platform.as_ref().is_some_and(Platform::is_unknown)
        || listed.is_artifact()
        || names(listed).into_iter().any(is_about_a_digest)
}

/// Whether a name is a tag that tools make of the digest of what they put it beside: `sha256-….sig`, or without an ending.
fn is_about_a_digest(name: &str) -> bool {
    let tag = name.rsplit(':').next().unwrap_or(name);
    let tag = tag.split('.').next().unwrap_or(tag);
    let digest = tag
        .split_once('-')
        .map(|(algorithm, hex)| format!("{algorithm}:{hex}"));
    digest.is_some_and(|digest| digest.parse::<Digest>().is_ok())
}

fn is_artifact(listed: &Descriptor, manifest: &Manifest) -> bool {
    let artifact_type = manifest.artifact_type.as_deref();
    // What is an image and has a name of its own may be about another one all the same.
    manifest.subject.is_some() && names(listed).is_empty()
        || artifact_type.is_some_and(|kind| !media_type::is_image_config(kind))
        || manifest.check_image().is_err()
}

/// The document of a descriptor; what is wrong with it is told where it is chosen.
async fn document(layout: &Layout<'_>, listed: &Descriptor) -> Option<Document> {
    if !listed.media_type.is_empty() {
        DocumentKind::of(&listed.media_type)?;
    }
    let fetched = documents::promised(layout, listed).await.ok()?;
    documents::parse(layout, &fetched, Some(listed)).ok()
}

/// These with their platforms, if each is for another one.
pub(super) async fn by_platform(
    layout: &Layout<'_>,
    images: &[&Descriptor],
) -> Option<Vec<Descriptor>> {
    let images = with_platforms(layout, images).await;
    let mut known = HashSet::new();
    let differ = |image: &Descriptor| {
        let platform = image.platform.as_ref();
        platform.is_some_and(|platform| known.insert(platform.clone()))
    };
    images.iter().all(differ).then_some(images)
}

/// These, each with the platform that its configuration names where its descriptor names none.
async fn with_platforms(layout: &Layout<'_>, images: &[&Descriptor]) -> Vec<Descriptor> {
    let mut known = platforms::Known::default();
    let mut all = Vec::with_capacity(images.len());
    for image in images {
        let mut image = (*image).clone();
        if image.platform.is_none() {
            // What cannot be read is told where it is chosen.
            let own = platforms::of_config(layout, &image, &mut known).await;
            image.platform = own.ok().flatten();
        }
        all.push(image);
    }
    all
}

/// The error for several images of which none is named.
fn several(layout: &Layout<'_>, found: &[Placed<'_>]) -> SourceError {
    layout.archive.wrong(format!(
        "has {} images; name one with :NAME after the path (docker-archive:-:NAME for standard input): {}",
        found.len(),
        said(found.iter().copied())
    ))
}

/// Images of a layout, for people to choose from.
fn said<'d>(listed: impl Iterator<Item = Placed<'d>>) -> String {
    let one = |(place, image): Placed<'d>| match names(image).first() {
        Some(name) => name.escape_debug().to_string(),
        None => format!("@{place} (without a name)"),
    };
    let said: Vec<String> = listed.map(one).collect();
    if said.is_empty() {
        return "none".to_owned();
    }
    said.join(", ")
}

pub(super) fn names(image: &Descriptor) -> Vec<&str> {
    [CONTAINERD_NAME, REF_NAME]
        .iter()
        .filter_map(|key| image.annotations.get(*key))
        .map(String::as_str)
        .filter(|name| !name.is_empty())
        .collect()
}

fn is_named(image: &Descriptor, wanted: &str) -> bool {
    let full = |text: &str| text.parse::<Reference>();
    image.digest.to_string() == wanted
        || names(image).iter().any(|name| {
            *name == wanted
                || matches!((full(name), full(wanted)), (Ok(name), Ok(wanted)) if name == wanted)
        })
}

/// The name that is a reference, else the tag that it has.
pub(super) fn full_name(image: &Descriptor) -> Option<String> {
    let whole = whole_name(image).and_then(|name| name.parse::<Reference>().ok());
    let whole = whole.map(|reference| reference.to_string());
    whole.or_else(|| names(image).first().map(|name| (*name).to_owned()))
}

/// The name that is a reference and no tag.
pub(super) fn whole_name(image: &Descriptor) -> Option<&str> {
    let is_whole = |name: &&str| name.contains(['/', ':']) && name.parse::<Reference>().is_ok();
    names(image).into_iter().find(is_whole)
}
