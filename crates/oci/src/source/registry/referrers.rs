//! What a registry keeps about an image beside it: signatures, SBOMs, attestations, and whatever else names it as
//! its subject.
//!
//! Sources: OCI distribution specification 1.1, Listing Referrers; Referrers Tag Schema, for registries without.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use reqwest::Url;
use reqwest::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};

use super::answer;
use super::endpoint::TagOrDigest;
use super::link;
use super::listing::{self, Pages};
use super::remote::Remote;
use super::request::{Purpose, RegistryRequest};
use crate::digest::Digest;
use crate::limits;
use crate::manifest::{Descriptor, Document, ManifestError, media_type};
use crate::platform::Platform;
use crate::source::fetched::Fetched;
use crate::source::portable::off_thread;
use crate::source::{Attestation, SourceError};

/// A manifest whose subject is the image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referrer {
    /// The manifest's digest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// What kind of artifact it is; `None` where its list does not say.
    pub artifact_type: Option<String>,
    /// Bytes of the manifest.
    pub size: u64,
    /// Its annotations, as its list has them.
    pub annotations: BTreeMap<String, String>,
    /// The tag by which cosign finds it; no list has it then.
    pub tag: Option<String>,
}

/// All that a registry tells of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referrers {
    /// In the registry's order, and after them what only cosign's tags lead to.
    pub referrers: Vec<Referrer>,
    /// The registry has no such list; they are those of the tag that stands in for it.
    pub by_tag: bool,
    /// There are more than [`limits::REFERRERS`], which are left out.
    pub cut: bool,
}

/// One answer of the referrers API, an index.
#[derive(Clone, Debug)]
pub struct ReferrersPage {
    /// The index as it came.
    pub bytes: Bytes,
    /// What it lists.
    pub referrers: Vec<Referrer>,
    /// The registry has left out what is of another type than was asked for.
    pub filtered: bool,
    /// What asks for the next page; `None` at the end.
    pub next: Option<String>,
}

impl Remote {
    /// What the reference names, as others would refer to it: the index or manifest itself, or with `platform` the
    /// manifest for it; and the attestations that the index has about it.
    pub async fn subject(
        &self,
        platform: Option<&Platform>,
    ) -> Result<(Digest, Vec<Attestation>), SourceError> {
        let top = self.manifest(&TagOrDigest::of(self.reference())).await?;
        let unusable = |problem| SourceError::Document {
            what: self.called(),
            problem,
        };
        let document = Document::parse(&top.bytes, top.content_type.as_deref());
        let (digest, attestations) = match (document.map_err(unusable)?, platform) {
            (Document::Index(_), Some(platform)) => {
                let image = self.image(Some(platform)).await?;
                (image.digest.unwrap_or(top.digest), image.attestations)
            }
            (Document::Index(index), None) => {
                let attestations = index.manifests.iter().filter(|one| one.is_attestation());
                let attestations = attestations.map(Attestation::of).collect();
                return Ok((top.digest, attestations));
            }
            (Document::Manifest(_), _) => (top.digest, Vec::new()),
        };
        let about = |one: &Attestation| one.subject.as_ref() == Some(&digest);
        let attestations = attestations.into_iter().filter(about).collect();
        Ok((digest, attestations))
    }

    /// Lists what refers to a manifest of this repository, only what is of `artifact_type` where one is given.
    pub async fn referrers(
        &self,
        digest: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Referrers, SourceError> {
        let mut found = Referrers::default();
        let mut query = artifact_type.map(type_query);
        let what = self.referrers_of(digest);
        let mut pages = Pages::default();
        let mut known = BTreeSet::new();
        let mut first = true;
        loop {
            let page = match self.referrers_page(digest, query.as_deref()).await {
                Err(SourceError::NotFound { .. }) if first => {
                    found.by_tag = true;
                    found.referrers = self.tagged_referrers(digest).await?;
                    break;
                }
                page => page?,
            };
            first = false;
            // Pages overlap where something is pushed meanwhile.
            let is_new = |one: &Referrer| known.insert(one.digest.clone());
            let new = page.referrers.into_iter().filter(is_new);
            found.referrers.extend(new);
            found.cut = found.referrers.len() > limits::REFERRERS;
            if found.cut {
                break;
            }
            match pages.follow(&what, page.next)? {
                Some(next) => query = Some(next),
                None => break,
            }
        }
        found.cut |= found.referrers.len() > limits::REFERRERS;
        found.referrers.truncate(limits::REFERRERS);
        for one in self.cosigned(digest).await? {
            if !found
                .referrers
                .iter()
                .any(|known| known.digest == one.digest)
            {
                found.referrers.push(one);
            }
        }
        if let Some(wanted) = artifact_type {
            let is_wanted = |one: &Referrer| one.artifact_type.as_deref() == Some(wanted);
            found.referrers.retain(is_wanted);
        }
        Ok(found)
    }

    /// One page of the referrers API: the first, or the one that `query` ([`ReferrersPage::next`] of a page before, or
    /// `artifactType=…`) asks for. A registry without the API is [`SourceError::NotFound`], however it says so.
    pub async fn referrers_page(
        &self,
        digest: &Digest,
        query: Option<&str>,
    ) -> Result<ReferrersPage, SourceError> {
        let list = self.url(&format!("referrers/{digest}"));
        let what = self.referrers_of(digest);
        let (url, own) = link::addresses(&list, query);
        let ask = |url| RegistryRequest {
            // GHCR sends whoever asks to a web page.
            stays: true,
            ..RegistryRequest::get(url, Purpose::Registry, what.clone())
        };
        let page = self.referrers_at(&ask(url), &list).await;
        match own {
            Some(own) if page.is_err() => self.referrers_at(&ask(own), &list).await,
            _ => page,
        }
    }

    async fn referrers_at(
        &self,
        ask: &RegistryRequest,
        list: &Url,
    ) -> Result<ReferrersPage, SourceError> {
        let none = |reason: &str| SourceError::NotFound {
            what: ask.what.clone(),
            place: self.registry(),
            reason: reason.to_owned(),
        };
        let response = match self.send(ask, |_| true).await {
            // It leads to where nothing may be asked. What is refused for a token is refused for the tag too.
            Err(SourceError::Forbidden { what, .. }) if what == ask.what => {
                return Err(none("the registry has no list of referrers"));
            }
            response => response?,
        };
        let own = response.url().origin() == ask.url.origin();
        match response.status().as_u16() {
            200 => {}
            204 | 303 | 400 | 404 | 405 | 406 | 410 | 501 => {
                return Err(match self.refused(ask, response).await {
                    error @ SourceError::NotReached { .. } => error,
                    _ => none("the registry has no list of referrers"),
                });
            }
            // What another host says of a page of its own is no word of the registry.
            _ if !own => return Err(none("the registry has no list of referrers")),
            _ => return Err(self.refused(ask, response).await),
        }
        let next = listing::next(&response, list, &ask.what)?;
        let filters = answer::header(response.headers(), "oci-filters-applied").unwrap_or_default();
        let content_type = answer::header(response.headers(), CONTENT_TYPE.as_str());
        let bytes = match answer::body(response, limits::DOCUMENT_BYTES, &ask.what).await {
            Err(SourceError::WebPage { .. }) => {
                return Err(none("its list of referrers is a web page"));
            }
            bytes => bytes?,
        };
        // As servers answer that take any address for one of theirs.
        if bytes.trim_ascii().is_empty() {
            return Err(none("its list of referrers is empty"));
        }
        let filtered = filters
            .split(',')
            .any(|filter| filter.trim().eq_ignore_ascii_case("artifactType"));
        Ok(ReferrersPage {
            referrers: listed_off_thread(ask.what.clone(), bytes.clone(), content_type).await?,
            bytes,
            filtered,
            next,
        })
    }

    fn referrers_of(&self, digest: &Digest) -> String {
        format!("the list of referrers of {}@{digest}", self.repository())
    }

    /// What the tag lists that stands in for the API.
    async fn tagged_referrers(&self, digest: &Digest) -> Result<Vec<Referrer>, SourceError> {
        let tag = TagOrDigest::Tag(tag_of(digest));
        match self.manifest(&tag).await {
            Ok(Fetched {
                bytes,
                content_type,
                ..
            }) => listed_off_thread(self.one(&tag), bytes, content_type).await,
            Err(SourceError::NotFound { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

async fn listed_off_thread(
    what: String,
    bytes: Bytes,
    content_type: Option<String>,
) -> Result<Vec<Referrer>, SourceError> {
    off_thread(bytes.len(), move || {
        listed(&what, &bytes, content_type.as_deref())
    })
    .await
}

fn listed(
    what: &str,
    bytes: &[u8],
    content_type: Option<&str>,
) -> Result<Vec<Referrer>, SourceError> {
    let unusable = |problem| SourceError::Document {
        what: what.to_owned(),
        problem,
    };
    match Document::parse(bytes, content_type).map_err(unusable)? {
        Document::Index(index) => Ok(index.manifests.into_iter().map(Referrer::of).collect()),
        Document::Manifest(_) => Err(unusable(ManifestError::WrongShape(
            media_type::OCI_INDEX.to_owned(),
        ))),
    }
}

impl Referrer {
    fn of(descriptor: Descriptor) -> Self {
        Self {
            digest: descriptor.digest,
            media_type: descriptor.media_type,
            artifact_type: descriptor.artifact_type,
            size: descriptor.size,
            annotations: descriptor.annotations,
            tag: None,
        }
    }
}

/// `artifactType=…`, encoded.
fn type_query(artifact_type: &str) -> String {
    let encoded =
        percent_encoding::utf8_percent_encode(artifact_type, percent_encoding::NON_ALPHANUMERIC);
    format!("artifactType={encoded}")
}

/// The tag that lists the referrers of a digest: `sha256-…`, each part cut so that the whole is a tag.
fn tag_of(digest: &Digest) -> String {
    let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    let (algorithm, hex) = (digest.algorithm().name(), digest.hex());
    format!("{}-{}", cut(algorithm, 32), cut(hex, 64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Algorithm;

    #[test]
    fn the_tag_of_every_digest_is_a_tag() {
        let short = tag_of(&Digest::sha256(b""));
        assert_eq!(
            short,
            "sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        let long = tag_of(&Digest::of(Algorithm::Sha512, b""));
        assert_eq!(long.len(), "sha512-".len() + 64);
        assert!(matches!(long.parse(), Ok(TagOrDigest::Tag(_))));
    }

    #[test]
    fn an_artifact_type_cannot_bring_parameters_of_its_own() {
        assert_eq!(
            type_query("application/vnd.x+json&n=1#"),
            "artifactType=application%2Fvnd%2Ex%2Bjson%26n%3D1%23"
        );
    }
}
