//! How many requests a client may send.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::client::Client;
use crate::error::Refused;
use crate::metrics::Metrics;
use crate::route::is_health;

/// Seconds of requests that may come at once: who opens an image asks for its layers together.
const BURST_SECONDS: u32 = 10;

/// The rates of all clients. Those on this machine have none, as a proxy may be there.
pub(crate) struct Rates {
    limiter: Option<RateLimiter<IpAddr, HashMapStateStore<IpAddr>, DefaultClock>>,
}

impl Rates {
    /// So many requests a second for each client; 0 is no limit.
    pub(crate) fn new(per_second: u32) -> Self {
        let rate = NonZeroU32::new(per_second);
        let limiter = rate.map(|rate| {
            let burst = rate.saturating_mul(NonZeroU32::new(BURST_SECONDS).unwrap_or(rate));
            RateLimiter::hashmap(Quota::per_second(rate).allow_burst(burst))
        });
        Self { limiter }
    }

    /// How long a client has to wait before its next request is answered, if it has to.
    fn wait(&self, client: Client) -> Option<Duration> {
        let (limiter, group) = (self.limiter.as_ref()?, client.group()?);
        let until = limiter.check_key(&group).err()?;
        Some(until.wait_time_from(limiter.clock().now()))
    }

    /// Forgets those who have not asked for long. To be called again and again.
    pub(crate) fn forget(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
        }
    }
}

/// Answers 429 to a client that asks too often.
pub(crate) async fn limited(
    State((rates, metrics)): State<(Arc<Rates>, Arc<Metrics>)>,
    client: Option<Extension<Client>>,
    request: Request,
    next: Next,
) -> Response {
    let client = client.filter(|_| !is_health(request.uri().path()));
    if let Some(wait) = client.and_then(|Extension(client)| rates.wait(client)) {
        metrics.rate_limited();
        return Refused::too_often(wait).into_response();
    }
    next.run(request).await
}
