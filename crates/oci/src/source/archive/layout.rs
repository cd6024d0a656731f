//! The OCI image layout, as a folder or in a tar: `index.json` names images, `blobs/` holds everything by digest.
//!
//! Names are the annotation `org.opencontainers.image.ref.name` (OCI image specification, annotations.md), which
//! is often a tag only, and containerd's `io.containerd.image.name`, which is whole.

mod choice;

use bytes::Bytes;

use self::choice::{choose, full_name, names, whole_name};
use super::files::{Files, StoredFile};
use super::{Archive, Inside};
use crate::digest::Digest;
use crate::limits::SEARCHED_MANIFESTS;
use crate::manifest::media_type::DocumentKind;
use crate::manifest::{Descriptor, Document, ManifestError};
use crate::platform::Platform;
use crate::reference;
use crate::source::documents::{self, Documents};
use crate::source::fetched::Fetched;
use crate::source::image::{Image, Layer};
use crate::source::open;
#[cfg(not(target_arch = "wasm32"))]
use crate::source::saved;
use crate::source::{Origin, SourceError};

/// The file of a layout that holds a blob.
fn blob(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())
}

/// The names that the file of this digest may have in a `dir:` of skopeo.
fn names_in_directory(digest: &Digest) -> Vec<String> {
    let hex = digest.hex();
    vec![
        hex.to_owned(),
        format!("{}-{hex}", digest.algorithm().name()),
        format!("{hex}.manifest.json"),
    ]
}

/// The file that holds a blob, and its name.
pub(super) fn find(
    archive: &Archive,
    files: &Files,
    inside: Inside,
    digest: &Digest,
) -> Result<Option<(String, StoredFile)>, SourceError> {
    let names = match inside {
        Inside::Directory => names_in_directory(digest),
        Inside::Docker | Inside::Layout => vec![blob(digest)],
    };
    for name in names {
        if let Some(stored) = archive.find(files, &name)? {
            return Ok(Some((name, stored)));
        }
    }
    Ok(None)
}

/// Reads the image that the archive's reference names, else the only one.
pub(super) async fn image(
    archive: &Archive,
    files: &Files,
    platform: Option<&Platform>,
) -> Result<Image, SourceError> {
    let layout = Layout::new(archive, files, Inside::Layout);
    let listed = layout.index().await?;
    let chosen = choose(&layout, &listed).await?;
    let mut image = match chosen.as_slice() {
        [only] => {
            let top = documents::promised(&layout, only).await?;
            open::image(&layout, top, Some(only), platform).await?
        }
        several => open::of_index(&layout, None, several.to_vec(), platform).await?,
    };
    let digest = image.index_digest.as_ref().or(image.digest.as_ref());
    image.reference = called(&chosen, digest);
    let name = chosen.first().and_then(whole_name);
    image.names_registry = name.is_some_and(reference::names_registry);
    layout.place(&mut image.layers);
    Ok(image)
}

/// The images that `index.json` lists. Those of one name, and those without one that are for different platforms, are
/// platforms of one image.
pub(super) async fn list(
    archive: &Archive,
    files: &Files,
) -> Result<Vec<super::ListedImage>, SourceError> {
    let layout = Layout::new(archive, files, Inside::Layout);
    let listed = layout.index().await?;
    let found = choice::images(&layout, &listed).await;
    let unnamed = found.iter().filter(|(_, one)| names(one).is_empty());
    let unnamed: Vec<&Descriptor> = unnamed.map(|(_, one)| *one).collect();
    let is_one = choice::by_platform(&layout, &unnamed).await.is_some();
    let mut images: Vec<(&Digest, super::ListedImage)> = Vec::new();
    for (place, one) in found {
        let names: Vec<String> = names(one).into_iter().map(str::to_owned).collect();
        let again = images.iter_mut().find(|(digest, image)| {
            **digest == one.digest
                || image.names.iter().any(|name| names.contains(name))
                || is_one && image.names.is_empty() && names.is_empty()
        });
        match again {
            Some((_, image)) => {
                let other = |name: &String| !image.names.contains(name);
                let others: Vec<String> = names.into_iter().filter(other).collect();
                image.names.extend(others);
            }
            None => {
                let reference = names.first().cloned();
                let reference = reference.unwrap_or_else(|| format!("@{place}"));
                images.push((&one.digest, super::ListedImage { reference, names }));
            }
        }
    }
    Ok(images.into_iter().map(|(_, image)| image).collect())
}

/// The name of what was chosen, else its digest.
fn called(chosen: &[Descriptor], digest: Option<&Digest>) -> String {
    let name = chosen.first().and_then(full_name);
    name.unwrap_or_else(|| digest.map_or_else(String::new, Digest::to_string))
}

/// What a registry would give for the image's name.
#[cfg(not(target_arch = "wasm32"))]
pub(super) struct Top {
    pub(super) reference: String,
    pub(super) digest: Digest,
    /// An index of the platforms that the layout itself lists, where it has none, or of those that were saved, where its
    /// index lists others too.
    pub(super) made: Option<(String, Bytes)>,
}

/// The manifest or index that the archive's reference names, else the only one.
#[cfg(not(target_arch = "wasm32"))]
pub(super) async fn top(archive: &Archive, files: &Files) -> Result<Top, SourceError> {
    let layout = Layout::new(archive, files, Inside::Layout);
    let listed = layout.index().await?;
    let chosen = choose(&layout, &listed).await?;
    let made = |several: &[Descriptor]| {
        let index = crate::manifest::index_of(several);
        let media_type = crate::manifest::media_type::OCI_INDEX.to_owned();
        (Digest::sha256(&index), Some((media_type, index)))
    };
    let (digest, made) = match chosen.as_slice() {
        [only] => match layout.saved_of(only).await? {
            Some(saved) => match saved.as_slice() {
                [one] => (one.digest.clone(), None),
                several => made(several),
            },
            None => (only.digest.clone(), None),
        },
        several => made(several),
    };
    Ok(Top {
        reference: called(&chosen, Some(&digest)),
        digest,
        made,
    })
}

/// The manifest or index of this digest, with its media type; `None` where there is none.
#[cfg(not(target_arch = "wasm32"))]
pub(super) async fn document(
    archive: &Archive,
    files: &Files,
    inside: Inside,
    digest: &Digest,
) -> Result<Option<(String, Bytes)>, SourceError> {
    let Some((_, stored)) = find(archive, files, inside, digest)? else {
        return Ok(None);
    };
    if stored.span.size > crate::limits::DOCUMENT_BYTES as u64 {
        return Ok(None);
    }
    let bytes = Layout::new(archive, files, inside).checked(digest).await?;
    // What is a blob and no document is not handed out as one.
    let document = Document::parse(&bytes, None).ok();
    Ok(document.map(|document| (document.media_type().to_owned(), bytes)))
}

/// The manifest of a layout that has this configuration: its bytes, and what the layout lists for them.
pub(super) async fn manifest_of(
    archive: &Archive,
    files: &Files,
    config: &Digest,
) -> Result<Option<(Digest, crate::manifest::Manifest)>, SourceError> {
    let layout = Layout::new(archive, files, Inside::Layout);
    let mut waiting = layout.index().await?;
    for _ in 0..SEARCHED_MANIFESTS {
        let Some(next) = waiting.pop() else { break };
        if DocumentKind::of(&next.media_type).is_none() {
            continue;
        }
        // An archive of one platform lists the others too, without holding them.
        let Ok(fetched) = documents::promised(&layout, &next).await else {
            continue;
        };
        match documents::parse(&layout, &fetched, Some(&next))? {
            Document::Index(inner) => waiting.extend(inner.manifests),
            Document::Manifest(manifest) if manifest.config.digest == *config => {
                return Ok(Some((fetched.digest, *manifest)));
            }
            Document::Manifest(_) => {}
        }
    }
    Ok(None)
}

/// Documents and blobs by digest, in an archive or a folder.
pub(super) struct Layout<'a> {
    archive: &'a Archive,
    files: &'a Files,
    inside: Inside,
}

impl<'a> Layout<'a> {
    pub(super) const fn new(archive: &'a Archive, files: &'a Files, inside: Inside) -> Self {
        Self {
            archive,
            files,
            inside,
        }
    }

    /// Notes where in the archive the layers lie.
    pub(super) fn place(&self, layers: &mut [Layer]) {
        for layer in layers {
            let digest = layer.digest.as_ref();
            let find = |digest| find(self.archive, self.files, self.inside, digest).ok()?;
            let found = digest.and_then(find);
            if let Some(place) = found.and_then(|(name, _)| self.files.place(&name)) {
                layer.span = Some(place.span);
                layer.runs.clone_from(&place.runs);
            }
        }
    }

    /// What `index.json` lists.
    async fn index(&self) -> Result<Vec<Descriptor>, SourceError> {
        let archive = self.archive;
        let Some(stored) = archive.find(self.files, "index.json")? else {
            return Err(archive.wrong("not an OCI layout: it has no index.json; an archive of `docker save` is docker-archive:PATH".to_owned()));
        };
        let bytes = archive.document(&stored, "index.json").await?;
        match Document::parse(&bytes, None) {
            Ok(Document::Index(index)) => Ok(index.manifests),
            // It is an index by its name; Go's tools leave out or write as null what is empty.
            Err(ManifestError::NoType) => Ok(Vec::new()),
            Ok(_) => Err(archive.wrong("its index.json is not an index of images".to_owned())),
            Err(problem) => Err(archive.unusable("index.json", problem)),
        }
    }

    /// The platforms that are there of an index that lists others too; `None` where all are there, and for a manifest.
    #[cfg(not(target_arch = "wasm32"))]
    async fn saved_of(&self, top: &Descriptor) -> Result<Option<Vec<Descriptor>>, SourceError> {
        let fetched = documents::promised(self, top).await?;
        let Document::Index(index) = documents::parse(self, &fetched, Some(top))? else {
            return Ok(None);
        };
        let missing = |listed: &Descriptor| {
            let kind = DocumentKind::of(&listed.media_type);
            kind == Some(DocumentKind::Index) && !self.may_have(&listed.digest)
        };
        let listed = index.manifests.iter().any(missing);
        let manifests = open::inherited(index.manifests, top.platform.as_ref());
        let (offered, _) = open::offered(self, manifests).await?;
        let held = saved::held(self, &offered).await;
        let all = held.len() == offered.len() && !listed;
        Ok((!all && !held.is_empty()).then(|| held.into_iter().cloned().collect()))
    }

    pub(super) async fn checked(&self, digest: &Digest) -> Result<Bytes, SourceError> {
        let (name, stored) = self.stored(digest)?;
        let bytes = self.archive.document(&stored, &digest.to_string()).await?;
        let got = Digest::of(digest.algorithm(), &bytes);
        if got == *digest {
            return Ok(bytes);
        }
        Err(self.archive.origin.mismatch(
            format!("the file {name} of {}", self.archive.path),
            digest.to_string(),
            got.to_string(),
        ))
    }

    fn stored(&self, digest: &Digest) -> Result<(String, StoredFile), SourceError> {
        let found = find(self.archive, self.files, self.inside, digest)?;
        found.ok_or_else(|| {
            let name = match self.inside {
                Inside::Directory => digest.hex().to_owned(),
                Inside::Docker | Inside::Layout => blob(digest),
            };
            self.archive.wrong(format!(
                "its file {name} is missing; save the image again, with this platform"
            ))
        })
    }
}

impl Documents for Layout<'_> {
    fn what(&self) -> String {
        self.archive.path.clone()
    }

    fn origin(&self) -> Origin {
        self.archive.origin
    }

    async fn manifest(&self, digest: &Digest) -> Result<Fetched, SourceError> {
        Ok(Fetched {
            bytes: self.checked(digest).await?,
            content_type: None,
            digest: digest.clone(),
        })
    }

    async fn blob(&self, digest: &Digest, size: u64) -> Result<Bytes, SourceError> {
        let bytes = self.checked(digest).await?;
        if bytes.len() as u64 == size {
            return Ok(bytes);
        }
        Err(self.archive.origin.mismatch(
            format!("{digest} of {}", self.archive.path),
            format!("{size} bytes"),
            format!("{} bytes", bytes.len()),
        ))
    }

    fn is_saved(&self) -> bool {
        true
    }

    fn may_have(&self, digest: &Digest) -> bool {
        // What cannot be looked at is told where it is read.
        !matches!(
            find(self.archive, self.files, self.inside, digest),
            Ok(None)
        )
    }
}

#[cfg(test)]
mod tests;
