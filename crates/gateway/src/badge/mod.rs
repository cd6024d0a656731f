//! Badges (`/badge/NAME:TAG`): one number of an image as a small picture, for pages of other sites.
//!
//! There are badges of what the gateway has itself, and of repositories that its operator named for this: to draw one, the
//! image is read, and anybody may see it. What was read is remembered, so that an image is read once.

mod address;
mod numbers;
mod reader;

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use onionskin_core::report::badge::badge_without;
use onionskin_core::source::registry::TagOrDigest;

use self::reader::Reader;
use crate::access::User;
use crate::client::Client;
use crate::error::Refused;
use crate::policy;
use crate::served::Served;

pub(crate) use self::address::Address;
pub use self::address::{BadgeRepository, BadgeRepositoryError};
pub(crate) use self::numbers::Badges;

/// Where badges are.
pub(crate) const PATH: &str = "/badge/";

/// How long a badge of a tag is good: the tag may move.
const OF_TAG: HeaderValue = HeaderValue::from_static("public, max-age=300");
/// How long one of a digest is good: its numbers stay, and another version of this program may draw them in another way.
const OF_DIGEST: HeaderValue = HeaderValue::from_static("public, max-age=86400");
const SVG: HeaderValue = HeaderValue::from_static("image/svg+xml");

/// Answers a request for a badge.
pub(crate) async fn badge(
    State((served, badges)): State<(Arc<Served>, Arc<Badges>)>,
    client: Option<Extension<Client>>,
    user: Option<Extension<Arc<User>>>,
    uri: Uri,
    asked: HeaderMap,
) -> Response {
    let address = match Address::parse(uri.path(), uri.query()) {
        Ok(address) => address,
        Err(refused) => return refused.into_response(),
    };
    let user = user.map(|Extension(user)| user);
    let client = client.map(|Extension(client)| client);
    match drawn(&served, &badges, &address, client, user.as_deref()).await {
        Ok(svg) => {
            let caching = match address.pointer {
                TagOrDigest::Tag(_) => OF_TAG,
                TagOrDigest::Digest(_) => OF_DIGEST,
            };
            picture(StatusCode::OK, svg, caching)
        }
        Err(refused) if wants_picture(&asked) => without_number(&address, refused),
        Err(refused) => refused.into_response(),
    }
}

async fn drawn(
    served: &Arc<Served>,
    badges: &Badges,
    address: &Address,
    client: Option<Client>,
    user: Option<&User>,
) -> Result<String, Refused> {
    let name = address.name.as_str();
    let first = name.split('/').next().unwrap_or_default();
    if let Some(user) = user
        && !served.sees(user, first)
    {
        return Err(Refused::not_for_user(first));
    }
    if !served.has(name) && !badges.are_of(name) {
        let message = match name.contains('/') {
            true => format!(
                "this gateway has no badges of {name}; its operator can allow them with --badges {name}"
            ),
            false => format!(
                "{name} was not found; names begin with the registry's host, as in docker.io/library/nginx"
            ),
        };
        return Err(Refused::name_unknown(message));
    }
    let reader = Reader {
        served: Arc::clone(served),
        name: name.to_owned(),
        client,
        user: user.map(|user| user.name.clone()),
    };
    let numbers = badges.numbers(reader, address).await?;
    Ok(numbers.badge(address.metric, address.label.as_deref()))
}

/// Whether a picture is asked for: what shows it shows no text in its place.
fn wants_picture(asked: &HeaderMap) -> bool {
    let accepted = asked.get_all(header::ACCEPT).iter();
    accepted
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("image/"))
}

/// The picture in place of a badge that cannot be drawn.
fn without_number(address: &Address, refused: Refused) -> Response {
    let why = match refused.status {
        StatusCode::NOT_FOUND => "not found",
        StatusCode::FORBIDDEN => "no access",
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => "not yet known",
        _ => "not available",
    };
    let svg = badge_without(address.metric, address.label.as_deref(), why);
    let mut response = picture(refused.status, svg, HeaderValue::from_static("no-store"));
    if let Some(after) = refused.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, after);
    }
    response
}

/// A badge, which pages of other sites may show.
fn picture(status: StatusCode, svg: String, caching: HeaderValue) -> Response {
    let headers = [
        (header::CONTENT_TYPE, SVG),
        (header::CACHE_CONTROL, caching),
        (policy::RESOURCE_POLICY, policy::ANY_PAGES),
    ];
    (status, headers, svg).into_response()
}
