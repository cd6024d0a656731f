//! One connection of a client: what it is doing, how fast it reads, and how it is cut.

use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::client::Client;
use crate::limits::Limits;

/// How long it takes until the buffers between a registry and a client are full.
const FILLED: Duration = Duration::from_millis(500);
/// How many times longer a client that reads may stall than one that was never seen to.
const SLOW: u32 = 20;

/// What is known of a client's connection, shared by all who serve it.
#[derive(Debug)]
pub(crate) struct Connection {
    client: IpAddr,
    meter: Mutex<Meter>,
    cut: Notify,
}

#[derive(Debug)]
struct Meter {
    /// Since when nothing is asked; `None` while a request is answered.
    idle: Option<Instant>,
    /// Since when the head of a request has been coming.
    head: Option<Instant>,
    /// Since when a request is answered.
    busy: Option<Instant>,
    /// Since when the client has taken none of the bytes that wait for it.
    blocked: Option<Instant>,
    /// After what the system's buffers hold, the client took more: somebody reads.
    reads: bool,
    /// Bytes that the client took.
    written: u64,
    /// When the pace was last measured, and the bytes taken until then.
    measured: (Instant, u64),
}

/// Why a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overdue {
    /// The head of a request took too long.
    Head,
    /// Nothing was asked for too long.
    Idle,
    /// The client reads too slowly.
    Slow,
}

impl Overdue {
    /// What took too long, for metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Idle => "idle",
            Self::Slow => "slow",
        }
    }
}

impl Connection {
    pub(crate) fn new(client: IpAddr) -> Arc<Self> {
        let now = Instant::now();
        Arc::new(Self {
            client: client.to_canonical(),
            meter: Mutex::new(Meter {
                idle: Some(now),
                head: None,
                busy: None,
                blocked: None,
                reads: false,
                written: 0,
                measured: (now, 0),
            }),
            cut: Notify::new(),
        })
    }

    /// What clients are told apart by; `None` for this machine.
    pub(crate) fn client(&self) -> Option<IpAddr> {
        let address = self.client;
        let proxied = false;
        Client {
            address,
            proxied,
            private: false,
        }
        .group()
    }

    fn meter(&self) -> MutexGuard<'_, Meter> {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that a request is being answered, until what is returned is dropped.
    pub(crate) fn busy(self: &Arc<Self>) -> Busy {
        let mut meter = self.meter();
        meter.idle = None;
        meter.head = None;
        meter.busy = Some(Instant::now());
        meter.reads = false;
        Busy(Arc::clone(self))
    }

    /// Since when nothing has been asked, if so.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        self.meter().idle
    }

    /// How long the client has read nothing of what waits for it, if that is so long that it may have to make room:
    /// longer than `stall`, and a good while for one that was seen to read.
    pub(crate) fn stalled_for(&self, stall: Duration, now: Instant) -> Option<Duration> {
        let meter = self.meter();
        let stalled = now.saturating_duration_since(meter.blocked?);
        let most = if meter.reads { stall * SLOW } else { stall };
        (stalled >= most).then_some(stalled)
    }

    /// Whether the connection is kept too long for what comes of it. To be asked again and again.
    pub(crate) fn overdue(&self, limits: &Limits, now: Instant) -> Option<Overdue> {
        let mut meter = self.meter();
        let longer = |since: Option<Instant>, most: Duration| {
            since.is_some_and(|since| now.saturating_duration_since(since) > most)
        };
        if longer(meter.head, limits.headers) {
            return Some(Overdue::Head);
        }
        if meter.blocked.is_none() {
            // Nothing waits for the client.
            meter.measured = (now, meter.written);
            return longer(meter.idle, limits.idle).then_some(Overdue::Idle);
        }
        let (since, before) = meter.measured;
        if now.saturating_duration_since(since) < limits.pace {
            return None;
        }
        meter.measured = (now, meter.written);
        (meter.written - before < limits.slowest).then_some(Overdue::Slow)
    }

    /// Ends the connection; what was half sent stays so.
    pub(crate) fn cut(&self) {
        self.cut.notify_one();
    }

    /// Waits until the connection is to end.
    pub(crate) async fn is_cut(&self) {
        self.cut.notified().await;
    }
}

/// A request of a connection that is being answered.
pub(crate) struct Busy(Arc<Connection>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.meter().idle = Some(Instant::now());
    }
}

/// The bytes of a connection, counted as they pass.
pub(crate) struct Metered {
    pub(crate) stream: TcpStream,
    pub(crate) connection: Arc<Connection>,
}

impl Metered {
    fn wrote(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let mut meter = self.connection.meter();
        match &written {
            Poll::Pending => {
                meter.blocked.get_or_insert_with(Instant::now);
            }
            Poll::Ready(Ok(bytes)) => {
                // What fits into buffers goes at once.
                let since = meter.blocked.take().and(meter.busy);
                meter.reads |= since.is_some_and(|since| since.elapsed() > FILLED);
                meter.written += *bytes as u64;
            }
            Poll::Ready(Err(_)) => {}
        }
        written
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            let mut meter = self.connection.meter();
            if meter.idle.is_some() {
                meter.head.get_or_insert_with(Instant::now);
            }
        }
        read
    }
}

impl AsyncWrite for Metered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits::default()
    }

    #[test]
    fn idle_connections_are_overdue_and_busy_ones_are_not() {
        let connection = Connection::new([192, 0, 2, 7].into());
        let later = Instant::now() + limits().idle + Duration::from_secs(1);
        assert_eq!(connection.overdue(&limits(), later), Some(Overdue::Idle));
        let busy = connection.busy();
        assert_eq!(connection.overdue(&limits(), later), None);
        drop(busy);
        assert!(connection.idle_since().is_some());
    }

    #[test]
    fn only_a_client_that_is_waited_for_can_be_too_slow() {
        let connection = Connection::new([192, 0, 2, 7].into());
        let _busy = connection.busy();
        let start = Instant::now();
        let after = |paces: u32| start + limits().pace * paces + Duration::from_secs(1);
        // The registry is what is slow.
        assert_eq!(connection.overdue(&limits(), after(1)), None);
        connection.meter().blocked = Some(after(1));
        assert_eq!(connection.overdue(&limits(), after(1)), None);
        connection.meter().written += limits().slowest;
        assert_eq!(connection.overdue(&limits(), after(2)), None);
        assert_eq!(connection.overdue(&limits(), after(3)), Some(Overdue::Slow));
    }
}
