//! What is asked for under `/v2/`: from what the gateway has itself, or from its registry.

use axum::extract::Query;
use axum::http::{StatusCode, Uri};
use axum::response::Response;

use crate::access::User;
use crate::error::Refused;
use crate::listing::{self, Paging};
use crate::policy;
use crate::relay::Visitor;
use crate::route::Route;
use crate::served::Served;

/// What is asked for, from what we have or from its registry.
pub(crate) async fn answered(
    served: &Served,
    visitor: &Visitor<'_>,
    user: Option<&User>,
    route: Route,
    uri: &Uri,
) -> Result<Response, Refused> {
    let asked = visitor.headers;
    let relayed = |mut response: Response| {
        if served.with_credentials {
            policy::only_for_the_asker(&mut response);
        }
        response
    };
    match route {
        Route::Catalog => {
            let first = |name: &str| name.split('/').next().unwrap_or_default().to_owned();
            let seen = |name: &&str| user.is_none_or(|user| user.sees(&first(name)));
            let names = served.repositories.names().filter(seen);
            Ok(listing::catalog(names, &paging(uri)?))
        }
        Route::CatalogOf(registry) => {
            let listed = served.relay().catalog(visitor, &registry, uri.query());
            listed.await
        }
        Route::Referrers(name, digest) => match served.repositories.get(&name) {
            Some(_) => Err(Refused::unsupported(
                "what this gateway has itself has no list of referrers",
            )),
            None => {
                let listed = served
                    .relay()
                    .referrers(visitor, &name, &digest, uri.query());
                listed.await
            }
        },
        Route::Tags(name) => match served.repositories.get(&name) {
            Some(repository) => Ok(repository.tags(&paging(uri)?)),
            None => served.relay().tags(visitor, &name, uri.query()).await,
        },
        Route::Manifest(name, pointer) => match served.repositories.get(&name) {
            Some(repository) => repository.manifest(&pointer, asked).await,
            None => served
                .relay()
                .manifest(visitor, &name, &pointer)
                .await
                .map(relayed),
        },
        Route::Blob(name, digest) => match served.repositories.get(&name) {
            Some(repository) => repository.blob(&digest, asked).await,
            None => served
                .relay()
                .blob(visitor, &name, &digest)
                .await
                .map(relayed),
        },
    }
}

fn paging(uri: &Uri) -> Result<Paging, Refused> {
    let paging = Query::try_from_uri(uri).map(|Query(paging)| paging);
    paging.map_err(|_| {
        let message = "n must be a whole number, and last the final name of the previous page";
        Refused::new(
            StatusCode::BAD_REQUEST,
            "PAGINATION_NUMBER_INVALID",
            message,
        )
    })
}
