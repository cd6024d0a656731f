//! The documents of a saved image as their bytes are: those that a digest names, and those at the top of the file, which
//! none does.

use bytes::Bytes;

use super::layout::{self, Layout};
use super::{Archive, Inside, directory};
use crate::digest::Digest;
use crate::manifest::ManifestError;
use crate::source::SourceError;

/// Bytes of the largest document that is shown: an SBOM has more than manifests and configurations, as in a registry.
const LARGEST: u64 = 64 << 20;

/// What stands at the top: of an OCI image layout, and of what `docker save` writes.
const TOP: [&str; 2] = ["index.json", "manifest.json"];

impl Archive {
    /// The documents at the top that are here, by their names. The one of a `dir:` is the image's own manifest or index, and
    /// has its digest.
    ///
    /// # Errors
    /// It cannot be read, or is no saved image.
    pub async fn top_documents(&self) -> Result<Vec<&'static str>, SourceError> {
        let files = self.files().await?;
        if self.inside(&files).await? == Inside::Directory {
            return Ok(Vec::new());
        }
        let mut names = Vec::new();
        for name in TOP {
            if self.find(&files, name)?.is_some() {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// One of these documents.
    ///
    /// # Errors
    /// It is not there, cannot be read, or is larger than documents may be.
    pub async fn top_document(&self, name: &str) -> Result<Bytes, SourceError> {
        let files = self.files().await?;
        let stored = match TOP.contains(&name) {
            true => self.find(&files, name)?,
            false => None,
        };
        let missing = || self.wrong(format!("has no document {name:?}"));
        self.document(&stored.ok_or_else(missing)?, name).await
    }

    /// The document with this digest: an index, a manifest, a configuration, or what one of these names. Its bytes have the
    /// digest.
    ///
    /// # Errors
    /// It is not there, cannot be read, has another digest, or is larger than documents may be.
    pub async fn document_by_digest(&self, digest: &Digest) -> Result<Bytes, SourceError> {
        let files = self.files().await?;
        let inside = self.inside(&files).await?;
        if inside == Inside::Directory {
            let manifest = directory::manifest(self, &files).await?;
            if Digest::of(digest.algorithm(), &manifest) == *digest {
                return Ok(manifest);
            }
        }
        let layout = Layout::new(self, &files, inside);
        let Some((name, stored)) = layout::find(self, &files, inside, digest)? else {
            // It says what is missing.
            return layout.checked(digest).await;
        };
        if stored.span.size > LARGEST {
            return Err(self.unusable(&name, ManifestError::TooLarge));
        }
        let bytes = self.read(&stored, 0, stored.span.size).await?;
        let got = Digest::of(digest.algorithm(), &bytes);
        if got == *digest {
            return Ok(bytes);
        }
        let what = format!("the file {name} of {}", self.path);
        let mismatch = self
            .origin
            .mismatch(what, digest.to_string(), got.to_string());
        Err(mismatch)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures::executor::block_on;
    use onionskin_fixtures::write::{Generation, docker_archive, oci_archive};
    use onionskin_fixtures::{Image, Layer, Packed, layer};

    use super::*;
    use crate::source::archive::Form;

    fn packed() -> Packed {
        Image::new()
            .layer(layer("COPY a /a").file("/a", "one"))
            .pack()
    }

    fn archive(bytes: Vec<u8>) -> Archive {
        let source = Arc::new(Bytes::from(bytes));
        Archive::new("a.tar".to_owned(), source, Form::Any, None)
    }

    fn by_digest(archive: &Archive, digest: &str) -> Result<Bytes, SourceError> {
        block_on(archive.document_by_digest(&digest.parse().unwrap()))
    }

    #[test]
    fn what_a_digest_names_and_what_stands_at_the_top_is_given_as_it_is() {
        let image = packed();
        let saved = [("app:1", &image)];
        let of_docker = |generation| docker_archive(generation, &saved);
        for (bytes, top, by_digest_too) in [
            (oci_archive(&saved), &["index.json"][..], true),
            (
                of_docker(Generation::Blobs),
                &["index.json", "manifest.json"][..],
                true,
            ),
            (of_docker(Generation::Skopeo), &["manifest.json"][..], false),
            (
                of_docker(Generation::Folders),
                &["manifest.json"][..],
                false,
            ),
        ] {
            let archive = archive(bytes);
            assert_eq!(block_on(archive.top_documents()).unwrap(), top);
            for name in top {
                let document = block_on(archive.top_document(name)).unwrap();
                let text = String::from_utf8(document.to_vec()).unwrap();
                assert!(text.contains("app:1"), "{name}: {text}");
            }
            if by_digest_too {
                for blob in [&image.manifest, &image.config] {
                    assert_eq!(by_digest(&archive, &blob.digest).unwrap(), blob.bytes);
                }
            }
        }
    }

    #[test]
    fn the_manifest_of_a_dir_is_found_by_its_digest() {
        let Packed {
            manifest, config, ..
        } = packed();
        let hex = config.digest.replace("sha256:", "");
        let saved = Layer::new()
            .file("manifest.json", manifest.bytes.clone())
            .file(hex, config.bytes.clone());
        let archive = archive(saved.tar());
        assert!(block_on(archive.top_documents()).unwrap().is_empty());
        for blob in [manifest, config] {
            assert_eq!(by_digest(&archive, &blob.digest).unwrap(), blob.bytes);
        }
    }

    #[test]
    fn other_bytes_and_other_files_are_not_given() {
        let manifest = packed().manifest;
        let place = format!("blobs/{}", manifest.digest.replace(':', "/"));
        let saved = Layer::new()
            .file("index.json", r#"{"schemaVersion":2,"manifests":[]}"#)
            .file("secret", "s")
            .file(&place, "{}");
        let archive = archive(saved.tar());
        let problem = by_digest(&archive, &manifest.digest).unwrap_err();
        assert!(problem.to_string().contains(&place), "{problem}");
        for name in ["secret", "manifest.json", place.as_str()] {
            let problem = block_on(archive.top_document(name)).unwrap_err();
            assert!(problem.to_string().contains(name), "{problem}");
        }
    }
}
