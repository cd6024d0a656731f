//! What is given out of the store: to each visitor what the registry says it may have.

use std::sync::Arc;

use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use object_store::ObjectMeta;
use onionskin_core::digest::Digest;
use onionskin_core::manifest::media_type;
use onionskin_core::report::Visible;
use onionskin_core::source::SourceError;
use onionskin_core::source::registry::{Fetched, Remote, TagOrDigest};

use super::{Relay, Visitor};
use crate::error::Refused;
use crate::policy;
use crate::range::{SentRange, Wanted};
use crate::repository::CONTENT_DIGEST;
use crate::store::{Flights, Right, Rights, Store};
use crate::transfer::{self, BlobRequest, Cut, Source, Upstream, insert};

/// What came of an attempt to serve a blob by the store.
pub(super) enum Attempt {
    Answered(Response),
    /// The registry answers, and this is to be passed on as it comes.
    Pass(Upstream),
    /// The registry is to be asked.
    Ask,
}

/// What a registry says of a visitor's right.
pub(super) enum Answer<T> {
    /// It gives what is asked for.
    Given(T),
    Refused(Refused),
    /// It cannot be asked for now.
    Down(Refused),
}

/// Why there is no common fetch.
enum Alone {
    Refused(Refused),
    Pass(Upstream),
}

impl Relay {
    /// A blob or a part of it from the store, or from a fetch that is shared.
    pub(super) async fn stored_blob(
        &self,
        store: &Store,
        visitor: &Visitor<'_>,
        remote: &Remote,
        wish: &BlobRequest<'_>,
        source: &Source<'_>,
    ) -> Result<Attempt, Refused> {
        let right = right(visitor, wish.name, &wish.digest.to_string());
        let registry = self.origin(wish.name);
        let found = store.objects.find_through(registry, wish.digest).await;
        if let Some(found) = found {
            let rights = Some((&store.rights, right.clone()));
            let is_down = self.check_blob(rights, remote, wish).await?;
            if store.objects.is_sound(wish.digest, &found).await
                && let Some(response) = from_store(store, wish, source, &found).await?
            {
                self.metrics.stored(if is_down { "stale" } else { "hit" });
                return Ok(Attempt::Answered(response));
            }
        }
        self.metrics.stored("miss");
        let rights = Some((&store.rights, right));
        self.shared_blob(&store.flights, rights, remote, wish, source)
            .await
    }

    /// A blob from a fetch that all share who ask for it at once; the registry is asked for each of them.
    pub(super) async fn shared_blob(
        &self,
        flights: &Flights,
        rights: Option<(&Rights, Right)>,
        remote: &Remote,
        wish: &BlobRequest<'_>,
        source: &Source<'_>,
    ) -> Result<Attempt, Refused> {
        if wish.range.is_some() {
            return Ok(Attempt::Ask);
        }
        let place = flights.place(wish.name, wish.digest);
        let mut is_first = false;
        let start = async || {
            let upstream = self.ask_for_blob(remote, &Method::GET, wish).await;
            let upstream = upstream.map_err(Alone::Refused)?;
            let Some(length) = transfer::length_of_whole(&upstream, source) else {
                return Err(Alone::Pass(upstream));
            };
            // Without room each one is served by itself.
            let Some(room) = flights.room(length) else {
                return Err(Alone::Pass(upstream));
            };
            is_first = true;
            let checked = transfer::checked(wish, source, upstream, length, &self.limits);
            let registry = self.origin(wish.name);
            Ok(flights.start(&place, registry, wish.digest, room, checked))
        };
        let flight = match place.flight.get_or_try_init(start).await {
            Ok(flight) => Arc::clone(flight),
            Err(Alone::Refused(refused)) => return Err(refused),
            Err(Alone::Pass(upstream)) => return Ok(Attempt::Pass(upstream)),
        };
        match is_first {
            true => {
                if let Some((rights, right)) = rights {
                    rights.given(right, wish.digest);
                }
            }
            false => {
                self.check_blob(rights, remote, wish).await?;
                self.metrics.stored("shared");
            }
        }
        let chunks = place.read(&flight);
        let response = transfer::whole(wish, source.what, flight.length, chunks).await?;
        Ok(Attempt::Answered(response))
    }

    /// Asks the registry whether the visitor may have a blob; says whether an earlier answer, which only a store has, had to
    /// do.
    async fn check_blob(
        &self,
        rights: Option<(&Rights, Right)>,
        remote: &Remote,
        wish: &BlobRequest<'_>,
    ) -> Result<bool, Refused> {
        let asked = async {
            match remote.blob_response(Method::HEAD, wish.digest, None).await {
                // Some know no HEAD, or redirect to addresses that are signed for GET alone.
                Err(error) if !is_down(&error) => {
                    let first = remote.blob_response(Method::GET, wish.digest, Some("bytes=0-0"));
                    first.await
                }
                answer => answer,
            }
        };
        let asked = self.document(wish.name, asked).await;
        let answer = answer(asked.map(|answer| answer.map(drop)), Refused::unknown_blob);
        match (answer, rights) {
            (Answer::Given(()), rights) => {
                if let Some((rights, right)) = rights {
                    rights.given(right, wish.digest);
                }
                Ok(false)
            }
            (Answer::Down(refused), Some((rights, right))) if rights.recent(&right).is_some() => {
                from_memory(wish.name, &refused);
                Ok(true)
            }
            (Answer::Down(refused), _) => Err(refused),
            (Answer::Refused(refused), rights) => {
                if let Some((rights, right)) = rights {
                    rights.refused(&right);
                }
                Err(refused)
            }
        }
    }

    /// A manifest that the registry says it has, out of the store; `None` where it has to be fetched.
    pub(super) async fn stored_manifest(
        &self,
        store: &Store,
        visitor: &Visitor<'_>,
        remote: &Remote,
        name: &str,
        wanted: &TagOrDigest,
    ) -> Result<Option<Fetched>, Refused> {
        let registry = self.origin(name);
        if let TagOrDigest::Digest(digest) = wanted
            && store.objects.find_through(registry, digest).await.is_none()
        {
            self.metrics.stored("miss");
            return Ok(None);
        }
        let right = right(visitor, name, &wanted.to_string());
        let asked = self.document(name, manifest_digest(remote, wanted)).await;
        let (digest, kind) = match answer(asked, Refused::unknown_manifest) {
            // It does not say which one it has.
            Answer::Given(None) => return Ok(None),
            Answer::Given(Some(digest)) => {
                store.rights.given(right, &digest);
                (digest, "hit")
            }
            Answer::Down(refused) => match store.rights.recent(&right) {
                Some(digest) => {
                    from_memory(name, &refused);
                    (digest, "stale")
                }
                None => return Err(refused),
            },
            // What is asked for in earnest gets an answer that says why.
            Answer::Refused(_) => {
                store.rights.refused(&right);
                return Ok(None);
            }
        };
        let found = store.objects.document_through(registry, &digest).await;
        self.metrics
            .stored(if found.is_some() { kind } else { "miss" });
        Ok(found.map(|bytes| Fetched {
            bytes,
            content_type: None,
            digest,
        }))
    }

    /// A stored manifest for a visitor who was allowed it lately; else `down`, which says why the registry cannot be asked.
    pub(super) async fn remembered_manifest(
        &self,
        visitor: &Visitor<'_>,
        name: &str,
        wanted: &TagOrDigest,
        down: Refused,
    ) -> Result<Fetched, Refused> {
        let right = right(visitor, name, &wanted.to_string());
        let Some(store) = &self.store else {
            return Err(down);
        };
        let Some(digest) = store.rights.recent(&right) else {
            return Err(down);
        };
        let registry = self.origin(name);
        let Some(bytes) = store.objects.document_through(registry, &digest).await else {
            return Err(down);
        };
        from_memory(name, &down);
        self.metrics.stored("stale");
        Ok(Fetched {
            bytes,
            content_type: None,
            digest,
        })
    }

    /// The answer to HEAD for a stored blob, for a visitor who was allowed it lately; else `down`, as above.
    pub(super) async fn remembered_head(
        &self,
        visitor: &Visitor<'_>,
        wish: &BlobRequest<'_>,
        down: Refused,
    ) -> Result<Response, Refused> {
        let right = right(visitor, wish.name, &wish.digest.to_string());
        let Some(store) = &self.store else {
            return Err(down);
        };
        if store.rights.recent(&right).is_none() {
            return Err(down);
        }
        let registry = self.origin(wish.name);
        let Some(found) = store.objects.find_through(registry, wish.digest).await else {
            return Err(down);
        };
        if !store.objects.is_sound(wish.digest, &found).await {
            return Err(down);
        }
        from_memory(wish.name, &down);
        self.metrics.stored("stale");
        Ok(transfer::stored_head(wish.digest, found.size))
    }

    /// The registry refuses a manifest to this visitor.
    pub(super) fn forget_manifest(&self, visitor: &Visitor<'_>, name: &str, wanted: &TagOrDigest) {
        if let Some(store) = &self.store {
            let right = right(visitor, name, &wanted.to_string());
            store.rights.refused(&right);
        }
    }

    /// Keeps a manifest that the registry gave to this visitor.
    pub(super) async fn keep_manifest(
        &self,
        store: &Store,
        visitor: &Visitor<'_>,
        name: &str,
        wanted: &TagOrDigest,
        fetched: &Fetched,
    ) {
        let right = right(visitor, name, &wanted.to_string());
        store.rights.given(right, &fetched.digest);
        let (objects, digest) = (&store.objects, &fetched.digest);
        objects.mark(self.origin(name), digest).await;
        objects.keep(digest, fetched.bytes.clone()).await;
    }
}

fn right(visitor: &Visitor<'_>, name: &str, wanted: &str) -> Right {
    Right {
        user: visitor.user.map(str::to_owned),
        login: match &visitor.login {
            Some(login) => Some(login.key.clone()),
            // What the operator may have is not what everybody may.
            None => visitor.as_nobody.then(|| Digest::sha256(b"nobody")),
        },
        name: name.to_owned(),
        wanted: wanted.to_owned(),
    }
}

/// What an answer, or none in time, says.
pub(super) fn answer<T>(
    asked: Result<Result<T, SourceError>, Refused>,
    refused: fn(SourceError) -> Refused,
) -> Answer<T> {
    match asked {
        Ok(Ok(given)) => Answer::Given(given),
        Ok(Err(error)) => match is_down(&error) {
            true => Answer::Down(refused(error)),
            false => Answer::Refused(refused(error)),
        },
        Err(refused) => Answer::Down(refused),
    }
}

/// The registry cannot be asked, and allowed it before.
fn from_memory(name: &str, refused: &Refused) {
    let why = Visible(&refused.message);
    tracing::info!("{name} is served from the store, because the registry cannot be asked: {why}");
}

/// Whether the registry says nothing of rights: it is overloaded, or failed.
const fn is_down(error: &SourceError) -> bool {
    matches!(
        error,
        SourceError::TooManyRequests { .. }
            | SourceError::Unavailable { .. }
            | SourceError::Unreachable { .. }
            | SourceError::Answer { status: 500.., .. }
    )
}

/// The digest of the manifest that the registry has under a tag or digest, where it says so in answer to HEAD, which is not
/// counted where pulls are.
async fn manifest_digest(
    remote: &Remote,
    wanted: &TagOrDigest,
) -> Result<Option<Digest>, SourceError> {
    let answer = remote.manifest_response(Method::HEAD, wanted, media_type::ACCEPT);
    let response = answer.await?;
    let said = response.headers().get(CONTENT_DIGEST);
    let said = said.and_then(|said| said.to_str().ok()?.parse::<Digest>().ok());
    Ok(match wanted {
        TagOrDigest::Tag(_) => said,
        TagOrDigest::Digest(digest) => {
            Some(digest.clone()).filter(|_| said.is_none_or(|said| said == *digest))
        }
    })
}

/// The answer with a stored blob, or the part of it that is asked for; `None` where it went meanwhile.
async fn from_store(
    store: &Store,
    wish: &BlobRequest<'_>,
    source: &Source<'_>,
    found: &ObjectMeta,
) -> Result<Option<Response>, Refused> {
    let length = found.size;
    let part = match Wanted::of(wish.range, usize::try_from(length).unwrap_or(usize::MAX)) {
        Wanted::Whole => None,
        Wanted::Part(part) => Some(part.start as u64..part.end as u64),
        Wanted::Nothing => return Ok(Some(transfer::no_such_part_of(length))),
    };
    let Some(chunks) = store.objects.read(wish.digest, part.clone()).await else {
        return Ok(None);
    };
    let chunks = chunks.map(|chunk| chunk.map_err(|error| Cut::Store(error.to_string())));
    let Some(part) = part else {
        let (objects, digest) = (Arc::clone(&store.objects), wish.digest.clone());
        let checked = transfer::checked_again(wish, Box::pin(chunks), length);
        let checked = checked.inspect(move |chunk| {
            if chunk.is_err() {
                objects.distrust(&digest);
            }
        });
        let response = transfer::whole(wish, source.what, length, Box::pin(checked)).await;
        return response.map(Some);
    };
    let mut headers = HeaderMap::new();
    let given = SentRange {
        first: part.start,
        last: part.end - 1,
        total: Some(length),
    };
    headers.insert(header::CACHE_CONTROL, policy::UNVERIFIED);
    insert(&mut headers, header::CONTENT_RANGE, &given.to_string());
    headers.insert(header::CONTENT_LENGTH, given.len().into());
    let body = axum::body::Body::from_stream(chunks);
    let headers = (transfer::headers(wish.digest), headers);
    Ok(Some(
        (StatusCode::PARTIAL_CONTENT, headers.0, headers.1, body).into_response(),
    ))
}
