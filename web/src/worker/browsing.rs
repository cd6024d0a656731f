//! What is asked of registries beside images: lists of repositories and tags, what refers to an image.

use onionskin_core::digest::Digest;
use onionskin_core::source::SourceError;
use onionskin_core::source::registry::Remote;

use super::facts;
use super::place::Gateway;
use super::protocol::{List, Request, Response, UserError};

/// The answer to what needs no image.
pub(crate) async fn answer(ask: Request) -> Response {
    let Some(gateway) = Gateway::here() else {
        return Response::Nothing;
    };
    let answer = match ask {
        Request::Catalog => Ok(Response::Catalog(gateway.catalog().await)),
        Request::List { list, query } => names(&gateway, list, query.as_deref()).await,
        Request::Referrers { reference, digest } => referrers(&gateway, &reference, &digest).await,
        _ => Ok(Response::Nothing),
    };
    answer.unwrap_or_else(Response::UserError)
}

async fn names(gateway: &Gateway, list: List, query: Option<&str>) -> Result<Response, UserError> {
    match list {
        List::Repositories(host) => {
            let host = host.unwrap_or_else(|| gateway.host());
            let page = gateway.registry(&host)?.repositories(query).await;
            let page = page.map_err(|error| UserError::of_list(&error))?;
            Ok(Response::Names {
                names: page.repositories,
                next: page.next,
            })
        }
        List::Tags(repository) => {
            let page = at_its_place(gateway, &repository, async |remote| {
                remote.tags(query).await
            });
            let page = page.await?;
            Ok(Response::Names {
                names: page.tags,
                next: page.next,
            })
        }
    }
}

async fn referrers(
    gateway: &Gateway,
    reference: &str,
    digest: &str,
) -> Result<Response, UserError> {
    let Ok(digest) = digest.parse::<Digest>() else {
        return Ok(Response::Nothing);
    };
    let found = at_its_place(gateway, reference, async |remote| {
        remote.referrers(&digest, None).await
    });
    let found = found.await?;
    Ok(Response::Referrers {
        referrers: found
            .referrers
            .into_iter()
            .map(facts::of_referrer)
            .collect(),
        cut: found.cut,
    })
}

/// Asks where the repository may be, the likeliest place first, as for an image.
async fn at_its_place<T>(
    gateway: &Gateway,
    reference: &str,
    ask: impl AsyncFn(Remote) -> Result<T, SourceError>,
) -> Result<T, UserError> {
    let mut places = gateway.places(reference, false)?.into_iter().peekable();
    while let Some(place) = places.next() {
        match ask(gateway.remote(&place)?).await {
            Ok(found) => return Ok(found),
            Err(SourceError::NotReached { .. }) if places.peek().is_some() => {}
            Err(error) => return Err(UserError::of_list(&error)),
        }
    }
    Err(UserError::of_worker(0))
}
