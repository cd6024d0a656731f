//! Waiting: registries that ask for it (`Retry-After`), and who is told of that.

use std::time::SystemTime;

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};

use super::endpoint::host_of;
use super::one_line::plain;
use crate::limits;
use crate::source::RetryAfter;
use crate::source::portable::{MaybeSend, MaybeSync};

/// Who is told of what happens on the way to an answer.
pub trait Notices: MaybeSend + MaybeSync {
    /// Something is wrong that does not stop the request, such as a credential helper that is not installed.
    fn warning(&self, text: &str);

    /// A host (`host`, `host:port`) answered that it has too much to do, and asks to come back in so many seconds, which
    /// are [`limits::WAIT_SECONDS`] at most. True: that time is waited for, once, and the request is sent again.
    fn wait(&self, host: &str, status: u16, seconds: u64) -> bool;
}

/// When the registry wants to be asked again, where it says so in one of the two forms that there are: seconds, or a date
/// (RFC 9110, section 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap) -> Option<RetryAfter> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return value.parse().ok().map(RetryAfter::Seconds);
    }
    at(value).map(|_| RetryAfter::At(plain(value)))
}

/// The time that a header tells (RFC 9110, section 5.6.7).
fn at(date: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(date.trim()).ok()
}

/// The seconds to wait before the request is sent again, where they are few.
///
/// A date is counted from that of the answer, so that no clock is asked.
fn seconds(response: &Response) -> Option<u64> {
    if !matches!(
        response.status(),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    ) {
        return None;
    }
    let headers = response.headers();
    let seconds = match retry_after(headers)? {
        RetryAfter::Seconds(seconds) => seconds,
        RetryAfter::At(date) => {
            let now = headers.get(DATE)?.to_str().ok()?;
            let wait = at(&date)?.duration_since(at(now)?);
            wait.map_or(0, |wait| wait.as_secs())
        }
    };
    (seconds <= limits::WAIT_SECONDS).then_some(seconds)
}

/// Waits where the answer asks for a short time and the user is told; says whether it did.
pub(super) async fn waited(response: &Response, notices: &dyn Notices) -> bool {
    let Some(seconds) = seconds(response) else {
        return false;
    };
    let host = host_of(response.url());
    if !notices.wait(&host, response.status().as_u16(), seconds) {
        return false;
    }
    sleep(seconds).await;
    true
}

#[cfg(not(target_arch = "wasm32"))]
async fn sleep(seconds: u64) {
    tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
}

#[cfg(target_arch = "wasm32")]
async fn sleep(seconds: u64) {
    let milliseconds = u32::try_from(seconds.saturating_mul(1_000)).unwrap_or(u32::MAX);
    gloo_timers::future::TimeoutFuture::new(milliseconds).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_neither_seconds_nor_a_date_is_not_told() {
        const DATE: &str = "Wed, 25 Nov 2026 07:28:00 GMT";
        for (value, expected) in [
            ("30", Some(RetryAfter::Seconds(30))),
            (" 0 ", Some(RetryAfter::Seconds(0))),
            (DATE, Some(RetryAfter::At(DATE.to_owned()))),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1.5", None),
            ("99999999999999999999", None),
            ("soon", None),
            ("Wed, 45 Nov 2026 07:28:00 GMT", None),
            ("2026-11-25T07:28:00Z", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            assert_eq!(retry_after(&headers), expected, "{value}");
        }
    }
}
