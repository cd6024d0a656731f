//! The transfer of a blob, which goes on where it broke off: on a slow line a large layer would else never come.
//!
//! Source: OCI distribution specification, Pulling Blobs (Range requests are optional; RFC 9110, section 14).

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use reqwest::Response;
use reqwest::header::{CONTENT_RANGE, HeaderValue};

use super::remote::{Remote, header};
use super::transport::{Ask, broken};
use crate::source::portable::BoxStream;
use crate::source::{BlobStream, SourceError};

/// Attempts in a row that bring nothing, after which it is given up.
const FRUITLESS: usize = 3;

struct Transfer {
    remote: Remote,
    ask: Ask,
    /// Bytes of the whole, where that is known.
    size: Option<u64>,
    received: u64,
    /// Bytes to pass over, where a registry begins anew.
    again: u64,
    fruitless: usize,
    body: Option<BoxStream<Result<Bytes, String>>>,
}

/// The bytes that `response` begins to bring, which answers `ask`.
pub(super) fn stream(
    remote: Remote,
    ask: Ask,
    response: Response,
    size: Option<u64>,
) -> BlobStream {
    let what = ask.what.clone();
    let transfer = Transfer {
        remote,
        ask,
        size,
        received: 0,
        again: 0,
        fruitless: 0,
        body: Some(body(response)),
    };
    let chunks = stream::unfold(Some(transfer), |transfer| async move {
        let mut transfer = transfer?;
        match transfer.next().await {
            Ok(chunk) => chunk.map(|chunk| (Ok(chunk), Some(transfer))),
            Err(error) => Some((Err(error), None)),
        }
    });
    BlobStream::new(what, size, chunks)
}

fn body(response: Response) -> BoxStream<Result<Bytes, String>> {
    Box::pin(response.bytes_stream().map(|chunk| chunk.map_err(broken)))
}

impl Transfer {
    /// The next bytes; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, SourceError> {
        loop {
            let chunk = match &mut self.body {
                Some(body) => body.next().await,
                None => None,
            };
            let broke = match chunk {
                Some(Ok(chunk)) => match self.news(chunk) {
                    Some(news) => return Ok(Some(news)),
                    None => continue,
                },
                Some(Err(reason)) => reason,
                None if self.size.is_none_or(|size| self.received >= size) => return Ok(None),
                None => "the connection ended early".to_owned(),
            };
            self.body = None;
            while self.body.is_none() {
                self.fruitless += 1;
                if self.fruitless > FRUITLESS {
                    return Err(SourceError::Cut {
                        what: self.ask.what.clone(),
                        received: self.received,
                        size: self.size,
                        reason: broke,
                    });
                }
                self.go_on().await;
            }
        }
    }

    /// What of a chunk was not there before.
    fn news(&mut self, mut chunk: Bytes) -> Option<Bytes> {
        let known = usize::try_from(self.again).map_or(chunk.len(), |again| again.min(chunk.len()));
        self.again -= known as u64;
        let news = chunk.split_off(known);
        if news.is_empty() {
            return None;
        }
        self.received += news.len() as u64;
        self.fruitless = 0;
        Some(news)
    }

    /// Asks for the rest, which is to be checked with the whole.
    async fn go_on(&mut self) {
        let start = format!("bytes={}-", self.received);
        self.ask.range = HeaderValue::from_str(&start).ok();
        let response = self
            .remote
            .send(&self.ask, |status| matches!(status, 200 | 206))
            .await;
        // What the registry says now is less than what it said when the transfer began.
        let Ok(response) = response else { return };
        let range = header(response.headers(), CONTENT_RANGE.as_str());
        let starts = format!("bytes {}-", self.received);
        self.again = match response.status().as_u16() {
            206 if range.is_some_and(|range| range.starts_with(&starts)) => 0,
            206 => return,
            _ => self.received,
        };
        self.body = Some(body(response));
    }
}
