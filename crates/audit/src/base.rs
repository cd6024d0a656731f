//! The base image: which of an image's layers came with it, and how that is known.
//!
//! Sources: OCI image specification, annotations.md (`org.opencontainers.image.base.*`); the histories that Docker,
//! BuildKit and Buildah write.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::manifest::history::Step;
use crate::reference::Reference;
use crate::source::{Image, Layer};

/// The annotation, or label, that names the base.
pub const NAME: &str = "org.opencontainers.image.base.name";
/// The one that has its digest.
pub const DIGEST: &str = "org.opencontainers.image.base.digest";

/// What an image was built from.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Base {
    /// Its name; None where only its layers are known.
    pub reference: Option<String>,
    /// Its digest, that of an index or a manifest.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub digest: Option<Digest>,
    /// So many leading layers are the base's; None where only its name is known.
    pub layers: Option<usize>,
    /// How this is known.
    pub by: BaseEvidence,
}

/// How a base is known.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BaseEvidence {
    /// Somebody named it, and its diff IDs are those of the leading layers.
    Named,
    /// Annotations or labels name it; where its layers are known, its diff IDs were compared too.
    Annotations,
    /// The history shows where the steps of the base end, at least.
    History,
}

/// Why an image is not the base of another one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseError {
    /// A layer differs.
    #[error(
        "{base} is not a base of {image}: layer {layer} differs; give --base the image, by digest, that it was built from"
    )]
    Differs {
        /// What was said to be the base.
        base: String,
        /// What was to be built on it.
        image: String,
        /// The first layer that differs, from 1.
        layer: usize,
    },
    /// It has more layers.
    #[error(
        "{base} is not a base of {image}: it has {its} layers, more than the {own} of the image"
    )]
    Longer {
        /// What was said to be the base.
        base: String,
        /// What was to be built on it.
        image: String,
        /// Layers of the base.
        its: usize,
        /// Layers of the image.
        own: usize,
    },
}

impl Base {
    /// `base`, whose leading layers `image` has to have.
    ///
    /// # Errors
    /// It has others.
    pub fn of(image: &Image, base: &Image, by: BaseEvidence) -> Result<Self, BaseError> {
        let (own, its) = (image.layers.len(), base.layers.len());
        let named = |base: &Image| base.reference.clone();
        if its > own {
            return Err(BaseError::Longer {
                base: named(base),
                image: image.reference.clone(),
                its,
                own,
            });
        }
        let mut pairs = image.layers.iter().zip(&base.layers);
        if let Some(at) = pairs.position(|(own, its)| !same(own, its)) {
            return Err(BaseError::Differs {
                base: named(base),
                image: image.reference.clone(),
                layer: at + 1,
            });
        }
        Ok(Self {
            reference: Some(named(base)),
            digest: base.digest.clone(),
            layers: Some(its),
            by,
        })
    }

    /// What the image's own documents tell of its base.
    #[must_use]
    pub fn told(image: &Image) -> Option<Self> {
        let (reference, digest) = noted(image);
        let from_history = of_history(&image.config.history, image.layers.len());
        let (layers, from) = from_history.unzip();
        if reference.is_none() && digest.is_none() && layers.is_none() {
            return None;
        }
        Some(Self {
            reference: reference.or(from.flatten()),
            digest,
            layers,
            by: if layers.is_some() {
                BaseEvidence::History
            } else {
                BaseEvidence::Annotations
            },
        })
    }
}

/// What annotations or labels say, as a reference that can be asked for: by digest where there is one.
#[must_use]
pub fn reference(image: &Image) -> Option<Reference> {
    let (name, digest) = noted(image);
    let name: Reference = name?.parse().ok()?;
    match digest {
        Some(digest) => format!("{}@{digest}", name.name()).parse().ok(),
        None => Some(name),
    }
}

/// Name and digest by annotations of the manifest, which are its own; else by labels, which may have come with the
/// base.
fn noted(image: &Image) -> (Option<String>, Option<Digest>) {
    let from = |notes: &BTreeMap<String, String>| {
        let name = notes.get(NAME).filter(|name| !name.trim().is_empty());
        let digest = notes.get(DIGEST).and_then(|digest| digest.parse().ok());
        (name.is_some() || digest.is_some()).then(|| (name.cloned(), digest))
    };
    from(&image.annotations)
        .or_else(|| from(&image.config.labels))
        .unwrap_or_default()
}

/// Whether two layers are one: the same tar, or the same blob of it.
fn same(a: &Layer, b: &Layer) -> bool {
    match (&a.diff_id, &b.diff_id) {
        (Some(a), Some(b)) => a == b,
        _ => a.digest.is_some() && a.digest == b.digest,
    }
}

/// How many of `depth` layers a history shows to be the base's, and its name where it says so. The base may have
/// more.
fn of_history(steps: &[Step], depth: usize) -> Option<(usize, Option<String>)> {
    let made = |steps: &[Step]| steps.iter().filter(|step| !step.empty_layer).count();
    // Commands that stand at the wrong layers tell nothing.
    if made(steps) != depth {
        return None;
    }
    // Of what is seen, all is true: the base has at least the most of it.
    let (below, name) = match said(steps) {
        Some(said) => said,
        None => (ended(steps).max(marked(steps))?, None),
    };
    let layers = made(steps.get(..below)?);
    (layers > 0).then_some((layers, name))
}

/// Buildah writes `FROM name` beside the first step that is not the base's, or the ID of an image that it had made.
fn said(steps: &[Step]) -> Option<(usize, Option<String>)> {
    let from = |step: &Step| {
        let name = step.comment.as_deref()?.strip_prefix("FROM ")?.trim();
        let is_id = name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let names: Option<Reference> = name.parse().ok();
        (!is_id && names.is_some()).then(|| name.to_owned())
    };
    let mut steps = steps.iter().enumerate().rev();
    steps.find_map(|(at, step)| Some((at, Some(from(step)?))))
}

/// An image ends with the command that it starts. Where layers follow one, it was the base's: nobody sets a command
/// and goes on to install.
fn ended(steps: &[Step]) -> Option<usize> {
    let last = steps.iter().rposition(|step| !step.empty_layer)?;
    let is_command = |step: &Step| {
        let command = step.command().unwrap_or_default();
        step.empty_layer && command.starts_with("CMD ")
    };
    let command = steps.get(..last)?.iter().rposition(is_command)?;
    let time = |step: &Step| step.created.as_ref()?.parse::<Timestamp>().ok();
    let own = steps.get(command + 1..)?;
    let first = own.iter().find(|step| !step.empty_layer)?;
    // In one build with one time for all, a command in the middle is what it looks like.
    match (time(steps.get(command)?), time(first)) {
        (Some(base), Some(own)) if own <= base => None,
        _ => Some(command + 1),
    }
}

/// BuildKit marks each step of a Dockerfile. What stands below all that it marked was made by another builder, as the
/// bases of distributions are.
fn marked(steps: &[Step]) -> Option<usize> {
    const MARK: &str = "buildkit.dockerfile.v0";
    let is_marked = |step: &Step| step.comment.as_deref() == Some(MARK);
    let last = steps.iter().rposition(|step| !is_marked(step))?;
    (last + 1 < steps.len()).then_some(last + 1)
}

/// For a base of so many layers whether a layer, from 1, is on top of it.
#[must_use]
pub fn is_own(base: Option<&Base>, layer: usize) -> bool {
    base.and_then(|base| base.layers)
        .is_none_or(|layers| layer > layers)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Seconds, comment, command; a command in brackets made no layer.
    fn steps(of: &[(i64, &str, &str)]) -> Vec<Step> {
        let step = |(second, comment, command): &(i64, &str, &str)| Step {
            created: Some(Timestamp::from_second(*second).unwrap().to_string()),
            created_by: Some(command.trim_matches(['(', ')']).to_owned()),
            comment: Some((*comment).to_owned()),
            empty_layer: command.starts_with('('),
            ..Step::default()
        };
        of.iter().map(step).collect()
    }

    fn image(reference: &str, layers: &[&str]) -> Image {
        let layer = |(number, content): (usize, &&str)| {
            json!({ "number": number, "digest": null, "mediaType": null, "compressedSize": null,
                "diffId": Digest::sha256(content.as_bytes()), "urls": [], "createdBy": null, "span": null, "runs": [] })
        };
        let layers: Vec<_> = (1..).zip(layers).map(layer).collect();
        serde_json::from_value(json!({
            "reference": reference, "namesRegistry": true, "digest": null, "indexDigest": null, "mediaType": null, "platform": null,
            "platforms": [], "annotations": {}, "config": {}, "rawConfig": "",
            "configDigest": Digest::sha256(b""), "layers": layers, "remarks": [], "attestations": [],
        }))
        .unwrap()
    }

    #[test]
    fn a_base_is_what_the_leading_layers_are() {
        let app = image("app", &["a", "b", "c"]);
        let base = Base::of(&app, &image("debian", &["a", "b"]), BaseEvidence::Named).unwrap();
        assert_eq!((base.layers, base.by), (Some(2), BaseEvidence::Named));
        assert_eq!(base.reference.as_deref(), Some("debian"));
        assert!(!is_own(Some(&base), 2) && is_own(Some(&base), 3) && is_own(None, 1));
        let other = Base::of(&app, &image("other", &["a", "x"]), BaseEvidence::Named).unwrap_err();
        assert!(
            matches!(other, BaseError::Differs { layer: 2, .. }),
            "{other}"
        );
        let longer = image("longer", &["a", "b", "c", "d"]);
        assert!(matches!(
            Base::of(&app, &longer, BaseEvidence::Named),
            Err(BaseError::Longer { .. })
        ));
        // Nothing is known of these layers, so nothing is equal.
        let mut unknown = app.clone();
        unknown
            .layers
            .iter_mut()
            .for_each(|layer| layer.diff_id = None);
        assert!(Base::of(&unknown, &unknown, BaseEvidence::Named).is_err());
    }

    #[test]
    fn annotations_go_before_labels_and_name_what_can_be_fetched() {
        let mut app = image("app", &["a"]);
        assert_eq!((Base::told(&app), reference(&app)), (None, None));
        app.config
            .labels
            .insert(NAME.to_owned(), "debian:12".to_owned());
        let base = Base::told(&app).unwrap();
        assert_eq!(
            (base.reference.as_deref(), base.layers),
            (Some("debian:12"), None)
        );
        assert_eq!(base.by, BaseEvidence::Annotations);
        assert_eq!(
            reference(&app).unwrap().to_string(),
            "docker.io/library/debian:12"
        );
        let digest = Digest::sha256(b"x");
        app.annotations
            .insert(NAME.to_owned(), "example.com/node:20".to_owned());
        app.annotations
            .insert(DIGEST.to_owned(), digest.to_string());
        let base = Base::told(&app).unwrap();
        assert_eq!(base.reference.as_deref(), Some("example.com/node:20"));
        assert_eq!(base.digest.as_ref(), Some(&digest));
        let expected = format!("example.com/node@{digest}");
        assert_eq!(reference(&app).unwrap().to_string(), expected);
        app.annotations
            .insert(NAME.to_owned(), "no reference".to_owned());
        assert_eq!(reference(&app), None);
    }

    #[test]
    fn a_history_shows_where_the_base_ends() {
        let docker = "buildkit.dockerfile.v0";
        let node = [
            (1, "debuerreotype", "# debian.sh"),
            (5, docker, "RUN useradd node"),
            (5, docker, "(CMD [\"node\"])"),
            (9, docker, "COPY . /app"),
            (9, docker, "(CMD [\"node\" \"app\"])"),
        ];
        assert_eq!(of_history(&steps(&node), 3), Some((2, None)));
        // The command at the end is the image's own, and BuildKit marks what it made.
        assert_eq!(of_history(&steps(&node[..3]), 2), Some((1, None)));
        assert_eq!(of_history(&steps(&node[1..3]), 1), None);
        // What was done by other means to an image of BuildKit is no base.
        let commit = [(1, docker, "COPY . /app"), (9, "", "make")];
        assert_eq!(of_history(&steps(&commit), 2), None);
        // Classic builds.
        let classic = [
            (1, "", "/bin/sh -c #(nop) ADD file:1 in /"),
            (1, "", "(/bin/sh -c #(nop)  CMD [\"bash\"])"),
            (9, "", "/bin/sh -c make"),
        ];
        assert_eq!(of_history(&steps(&classic), 2), Some((1, None)));
        // A build whose every step has one time has no step of another build.
        let one_time = [
            (7, docker, "COPY a /"),
            (7, docker, "(CMD [\"a\"])"),
            (7, docker, "COPY b /"),
        ];
        assert_eq!(of_history(&steps(&one_time), 2), None);
        // Which layer a step made is not known.
        assert_eq!(of_history(&steps(&node), 4), None);
        assert_eq!(of_history(&[], 0), None);
    }

    #[test]
    fn buildah_names_the_base_in_the_history() {
        let buildah = [
            (1, "", "/bin/sh -c #(nop) ADD file:1 in /"),
            (1, "FROM docker.io/library/alpine:3", "RUN apk add x"),
            (2, "FROM 0123456789abcdef", "COPY . /app"),
        ];
        let expected = Some((1, Some("docker.io/library/alpine:3".to_owned())));
        assert_eq!(of_history(&steps(&buildah), 3), expected);
        let scratch = [(1, "FROM docker.io/library/alpine:3", "RUN apk add x")];
        assert_eq!(of_history(&steps(&scratch), 1), None);
    }
}
