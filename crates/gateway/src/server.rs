//! Connections of clients: how many there are, how long each may take, and how they end.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use crate::client::{Client, TrustedProxy};
use crate::connection::{Connection, Metered, Overdue};
use crate::held::holding;
use crate::limits::{HEAD_BYTES, Limits, UNSENT_BYTES};
use crate::metrics::Metrics;
use crate::served::Served;
use crate::tls::{self, TlsFiles};

/// How often connections are looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How often it is looked whether the certificate or the access file has changed.
const FOLLOW: Duration = Duration::from_secs(2);
/// How often those are forgotten who asked long ago.
const FORGET: Duration = Duration::from_secs(10);
/// How long is waited when the system gives no connection.
const PAUSE: Duration = Duration::from_millis(100);
/// How often it is logged that it gives none.
const LOGGED: Duration = Duration::from_secs(10);

/// What a client is told for whom there is no room.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// How connections are served.
pub(crate) struct Setup {
    pub(crate) router: Router,
    pub(crate) limits: Limits,
    pub(crate) proxies: Vec<TrustedProxy>,
    pub(crate) tls: Option<Arc<TlsFiles>>,
    /// What has slots, rates and metrics, if it has.
    pub(crate) served: Option<Arc<Served>>,
}

/// The connections that there are.
struct Connections {
    open: Mutex<HashMap<u64, Arc<Connection>>>,
    served: Option<Arc<Served>>,
}

/// Answers on `listener` until `stop` is done, then finishes what is under way and does not take too long.
pub(crate) async fn serve(
    listener: TcpListener,
    setup: Setup,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let connections = Arc::new(Connections {
        open: Mutex::default(),
        served: setup.served.clone(),
    });
    let limits = setup.limits.clone();
    let watch = watch_over(Arc::clone(&connections), limits.clone(), setup.tls.clone());
    let acceptor = setup.tls.as_ref().map(TlsFiles::acceptor).transpose();
    let acceptor = acceptor.map_err(tls::io_error)?;
    let (stopping, _) = watch::channel(());
    let setup = Arc::new(setup);
    let accepted = accept(
        &listener,
        &setup,
        acceptor.as_ref(),
        &connections,
        &stopping,
    );
    tokio::pin!(watch);
    tokio::select! {
        () = stop => {}
        () = accepted => {}
        () = &mut watch => {}
    }
    drop(listener);
    // Tells all connections, and waits until each has ended.
    stopping.send_replace(());
    tokio::select! {
        () = stopping.closed() => {}
        () = &mut watch => {}
        () = tokio::time::sleep(limits.stop) => {
            let open = connections.open().len();
            tracing::warn!("{open} connections were closed because their responses did not finish in time");
            connections.open().values().for_each(|connection| connection.cut());
        }
    }
    Ok(())
}

/// Takes connections for ever.
async fn accept(
    listener: &TcpListener,
    setup: &Arc<Setup>,
    acceptor: Option<&TlsAcceptor>,
    connections: &Arc<Connections>,
    stopping: &watch::Sender<()>,
) {
    let limits = &setup.limits;
    let mut next = 0;
    let mut logged: Option<Instant> = None;
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                if connections.open().len() >= limits.connections
                    && !connections.make_room(limits.stall)
                {
                    refuse(&stream);
                    connections.count(Metrics::turned_away);
                    continue;
                }
                let connection = Connection::new(address.ip());
                connections.open().insert(next, Arc::clone(&connection));
                connections.count_open();
                let listed = OpenConnection {
                    connections: Arc::clone(connections),
                    id: next,
                };
                next += 1;
                prepare(&stream);
                let metered = Metered {
                    stream,
                    connection: Arc::clone(&connection),
                };
                let (setup, stopping) = (Arc::clone(setup), stopping.subscribe());
                let acceptor = acceptor.cloned();
                tokio::spawn(async move {
                    let _listed = listed;
                    let Some(acceptor) = acceptor else {
                        return answer(metered, (address, false), connection, setup, stopping)
                            .await;
                    };
                    let secure = tokio::select! {
                        secure = acceptor.accept(metered) => secure,
                        () = connection.is_cut() => return,
                    };
                    match secure {
                        Ok(secure) => {
                            answer(secure, (address, true), connection, setup, stopping).await
                        }
                        Err(error) => tracing::debug!("{address}: {error}"),
                    }
                });
            }
            // These are the client's, not ours.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
                ) => {}
            Err(error) => {
                if logged.is_none_or(|at| at.elapsed() > LOGGED) {
                    tracing::error!("cannot take a connection: {error}; trying again");
                    logged = Some(Instant::now());
                }
                connections.make_room(limits.stall);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Says that there is no room, to a client that may not listen.
fn refuse(stream: &TcpStream) {
    tracing::warn!("all connections are in use; a client was turned away");
    // A new connection has room for so few bytes, and nothing is waited for.
    let _ = stream.try_write(FULL);
}

/// Answers all requests of a connection, of which it is known from where it comes and whether by TLS.
async fn answer(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send,
    (address, tls): (SocketAddr, bool),
    connection: Arc<Connection>,
    setup: Arc<Setup>,
    mut stopping: watch::Receiver<()>,
) {
    let service = {
        let connection = Arc::clone(&connection);
        service_fn(move |request: hyper::Request<Incoming>| {
            let busy = connection.busy();
            let mut request: Request = request.map(Body::new);
            let client = Client::of(address.ip(), tls, request.headers(), &setup.proxies);
            let extensions = request.extensions_mut();
            extensions.insert(Arc::clone(&connection));
            extensions.insert(client);
            let answer = setup.router.clone().oneshot(request);
            async move {
                Ok::<_, Infallible>(holding(
                    answer.await.unwrap_or_else(|never| match never {}),
                    busy,
                ))
            }
        })
    };
    let io = TokioIo::new(stream);
    let mut http = http1::Builder::new();
    http.max_buf_size(HEAD_BYTES).header_read_timeout(None);
    let served = http.serve_connection(io, service);
    tokio::pin!(served);
    loop {
        tokio::select! {
            ended = served.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!("{address}: {error}");
                }
                return;
            }
            () = connection.is_cut() => return,
            Ok(()) = stopping.changed() => served.as_mut().graceful_shutdown(),
        }
    }
}

/// Has the system hold little that the client has not read; it works without.
fn prepare(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_BYTES);
}

/// Ends connections that take too long, and has stalled ones make room, for ever.
async fn watch_over(connections: Arc<Connections>, limits: Limits, tls: Option<Arc<TlsFiles>>) {
    let mut look = tokio::time::interval(LOOK);
    let (mut forgot, mut followed) = (Instant::now(), Instant::now());
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        let now = Instant::now();
        for connection in connections.open().values() {
            if let Some(overdue) = connection.overdue(&limits, now) {
                if overdue == Overdue::Slow {
                    tracing::info!("a client that reads too slowly was cut off");
                }
                connections.count(|metrics| metrics.cut(overdue.name()));
                connection.cut();
            }
        }
        if now.saturating_duration_since(followed) > FOLLOW {
            if let Some(tls) = &tls {
                tls.follow();
            }
            if let Some(access) = connections
                .served
                .as_ref()
                .and_then(|served| served.access())
            {
                access.follow();
            }
            followed = now;
        }
        if let Some(served) = &connections.served {
            served.relay().slots().relieve(now);
            if now.saturating_duration_since(forgot) > FORGET {
                served.rates().forget();
                forgot = now;
            }
        }
    }
}

impl Connections {
    fn count(&self, what: impl FnOnce(&Metrics)) {
        if let Some(served) = &self.served {
            what(served.metrics());
        }
    }

    fn count_open(&self) {
        let open = self.open().len();
        self.count(|metrics| metrics.connections(open));
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, Arc<Connection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the connection that is idle for longest, of the client that has the most of them, else one that has
    /// read nothing for longer than `stall`; `false` if all are in use.
    fn make_room(&self, stall: Duration) -> bool {
        let mut open = self.open();
        let mut of_client: HashMap<_, usize> = HashMap::new();
        for connection in open.values() {
            *of_client.entry(connection.client()).or_default() += 1;
        }
        let now = Instant::now();
        let idle = open.iter().filter_map(|(id, connection)| {
            let since = connection.idle_since()?;
            let count = of_client.get(&connection.client()).copied();
            Some(((count, now.saturating_duration_since(since)), *id))
        });
        let stalled = || {
            let stalled = open
                .iter()
                .filter_map(|(id, connection)| Some((connection.stalled_for(stall, now)?, *id)));
            stalled.max().map(|(_, id)| id)
        };
        let victim = idle.max().map(|(_, id)| id).or_else(stalled);
        // It is not to be found again while it ends.
        match victim.and_then(|id| open.remove(&id)) {
            Some(connection) => {
                connection.cut();
                true
            }
            None => false,
        }
    }
}

/// A connection's entry.
struct OpenConnection {
    connections: Arc<Connections>,
    id: u64,
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.connections.open().remove(&self.id);
        self.connections.count_open();
    }
}
