//! `onionskin serve`: the page and the gateway.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use onionskin_core::rules::Bytes;
use onionskin_core::source::registry::AllowedHost;
use onionskin_core::source::registry::reqwest::header::HeaderName;
use onionskin_core::source::{Keychain, Locator};
use onionskin_gateway::{
    Access, AllowedOrigin, BadgeRepository, DirectHost, FrameAncestor, Gateway, GatewayOptions,
    Limits, NamedRegistry, SavedImage, StoreOptions, StorePlace, TlsFiles, TrustedProxy,
};
use tokio::net::TcpListener;
use tracing_subscriber::filter::LevelFilter as Level;

use crate::image::{self, with_login};
use crate::limits::TemporaryArguments;
use crate::output::{self, print};
use crate::registry::certificates_in;
use crate::terminal::Visible;

/// Serve the web page, and fetch images for it
///
/// Open the address that is printed. Images are fetched by this process, only from well-known public registries and from
/// those that you name. It uses the credentials of `docker login` and `podman login` for everyone who can reach the
/// address that it listens on.
#[derive(clap::Args)]
#[command(after_help = with_login!("Examples:
  onionskin serve
  onionskin serve app.tar oci:layout:1.0                # saved images, as saved/app:1.0 on the page
  onionskin serve --listen 127.0.0.1:0                  # a free port
  onionskin serve --registry registry.example.com       # one more registry, over https
  onionskin serve --registry http://127.0.0.1:5000      # a local one without TLS
  onionskin serve --registry team=https://10.0.0.7:5000 # as team/app:1.0 on the page"))]
pub(crate) struct Arguments {
    /// Saved images to show in addition to the demo images: a file, oci:FOLDER, docker-daemon:NAME, - …
    #[arg(value_name = "IMAGE")]
    images: Vec<String>,

    /// The address to listen on; port 0 selects a free port
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: String,

    /// A registry to allow in addition to the public ones; can be repeated
    #[arg(long = "registry", value_name = "[NAME=]HOST[:PORT]|URL")]
    registries: Vec<NamedRegistry>,

    /// A private host that registries may use for tokens and blobs; can be repeated
    ///
    /// A registry given with --registry may have a private address. Its token server and its redirects must be the
    /// registry itself (the same host and port) or have public addresses, unless their hosts are given here.
    #[arg(long = "allow-host", value_name = "HOST[:PORT]|URL")]
    allowed_hosts: Vec<AllowedHost>,

    /// A name that requests may use for this server; can be repeated
    ///
    /// Requests for any other name are refused, except for the address that it listens on and the names of this
    /// machine, so that no other site can pose as this one.
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,

    /// An origin whose pages may use this server too, such as https://pages.example.com; can be repeated
    ///
    /// For a page that `onionskin export` wrote and that is published there. Registries are asked for it without the
    /// credentials of this machine; the saved images that are served here are shown to it.
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    allowed_origins: Vec<AllowedOrigin>,

    /// Use the credentials of this machine also for the pages of --allow-origin
    ///
    /// Everyone who can open such a page and reach this server can then read what these credentials can read.
    #[arg(long, requires = "allowed_origins", conflicts_with = "no_credentials")]
    credentials_for_origins: bool,

    /// Serve badges of this repository's images, such as ghcr.io/team/app, or ghcr.io/team/* for all below; can be repeated
    ///
    /// /badge/NAME:TAG is an SVG with one number of the image (see onionskin badge). Everyone who can reach this server can see
    /// it, also on pages of other sites, even if only the credentials of this machine can read the image. The saved images and
    /// demo images that are served here always have badges.
    #[arg(long = "badges", value_name = "REPOSITORY")]
    badges: Vec<BadgeRepository>,

    /// Pages that may show the embed view (?embed) in a frame: an origin such as https://review.example.com, or self; can be
    /// repeated
    ///
    /// Without it no page may. All other views can never be framed.
    #[arg(long = "frame-ancestors", value_name = "ORIGIN|self")]
    frame_ancestors: Vec<FrameAncestor>,

    /// A registry that the page asks itself instead of through this server; can be repeated
    ///
    /// The registry must send CORS headers for the page. The page asks it over HTTPS, and without TLS if it is on this machine.
    /// Give the hosts of its token server and of its redirects too: the page can connect to no other hosts than these.
    #[arg(long = "direct", value_name = "HOST[:PORT]")]
    direct: Vec<DirectHost>,

    /// A file of users who may use this server; without it, everyone who can reach the server can use it
    ///
    /// Each line has a name, the digest of a token, and registries, as in: ci sha256:9f86d08… docker.io team. - means no
    /// token, * all registries. Clients send the token as a bearer token or as the password of a log-in. The file is read
    /// again when it changes, and on SIGHUP.
    #[arg(long, value_name = "FILE")]
    access_file: Option<PathBuf>,

    /// The header in which a trusted proxy names the user, who must be in the access file
    #[arg(
        long,
        value_name = "NAME",
        requires = "access_file",
        requires = "trusted_proxies"
    )]
    identity_header: Option<HeaderName>,

    /// The TLS certificate chain (PEM), the server's certificate first
    ///
    /// The files are read again when they change, and on SIGHUP.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The private key (PEM) of the certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Certificates (PEM) to trust in addition to the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// Reach registries through the proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY
    ///
    /// A proxy resolves host names itself, so it is the proxy that must refuse names of private addresses.
    #[arg(long)]
    proxy: bool,

    /// Do not use the credentials of this machine
    #[arg(long)]
    no_credentials: bool,

    /// Keep blobs and manifests of registries in this folder, in memory, or in a bucket: s3://BUCKET/PREFIX, gs://…, az://…
    ///
    /// The registry is still asked for each request whether the image may be read, but sends no bytes again. Several servers
    /// can share a folder or a bucket. Credentials of buckets come from the environment (AWS_ACCESS_KEY_ID, AWS_ENDPOINT,
    /// GOOGLE_SERVICE_ACCOUNT, AZURE_STORAGE_ACCOUNT_NAME …).
    #[arg(long, value_name = "FOLDER|memory|URL")]
    store: Option<StorePlace>,

    /// Maximum size of the store; the objects that were not used for longest are deleted
    #[arg(
        long,
        value_name = "BYTES",
        default_value = "10GiB",
        requires = "store"
    )]
    store_limit: Bytes,

    /// How long stored content is served after a registry has allowed it, while the registry answers 429 or 5xx or does not
    /// answer; 0 means never
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 3600,
        requires = "store"
    )]
    store_grace: u64,

    #[command(flatten)]
    temporary: TemporaryArguments,

    /// Connections of clients at once [default: up to 4096, below half the limit of open files]
    ///
    /// A further connection replaces the one that has been idle for longest.
    #[arg(long, value_name = "COUNT", value_parser = at_least_one())]
    connection_limit: Option<u64>,

    /// Blobs that come from registries at once [default: up to 512, below a sixth of the limit of open files]
    ///
    /// Each takes about 1 MiB of memory. One registry can use half of them; requests for manifests and lists have a limit
    /// of their own, half as high. A further request waits, and replaces one whose client does not read. Images that this
    /// server has itself are not counted.
    #[arg(long, value_name = "COUNT", value_parser = at_least_one())]
    blob_limit: Option<u64>,

    /// Requests to registries at once for one client address [default: up to 64]
    ///
    /// Raise it if a proxy on another machine sends the requests of many clients. Loopback addresses are not limited.
    #[arg(long, value_name = "COUNT", value_parser = at_least_one())]
    client_limit: Option<u64>,

    /// Maximum requests per second from one client address; 0 means no limit
    ///
    /// Bursts of ten times as many are allowed. Loopback addresses are not limited.
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().rate)]
    rate_limit: u32,

    /// A proxy or network of proxies whose X-Forwarded-For header is trusted; can be repeated
    ///
    /// The limits for one client address then apply to the clients of the proxy. X-Request-Id is trusted too.
    #[arg(long = "trusted-proxy", value_name = "ADDRESS[/BITS]")]
    trusted_proxies: Vec<TrustedProxy>,

    /// Serve /metrics (Prometheus), /healthz and /readyz on this address
    ///
    /// Metrics contain the names of registries: do not make this address public.
    #[arg(long, value_name = "ADDRESS:PORT")]
    metrics_listen: Option<String>,

    /// Time to finish running responses when the server is stopped; a second signal stops it at once
    #[arg(long, value_name = "SECONDS", default_value_t = 8)]
    stop_timeout: u64,

    /// Log each request to standard error
    #[arg(short, long)]
    verbose: bool,

    /// Format of the log; each line has the ID in the X-Request-Id header of the response
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    log_format: LogFormat,
}

/// How the log is written.
#[derive(Clone, Copy, Default, clap::ValueEnum)]
enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    fn begin(self, verbose: bool) {
        let log = tracing_subscriber::fmt()
            .with_writer(std::io::stderr)
            .with_target(false)
            .with_max_level(if verbose { Level::INFO } else { Level::WARN });
        match self {
            Self::Text => log.init(),
            Self::Json => log.json().flatten_event(true).with_span_list(false).init(),
        }
    }
}

fn at_least_one() -> clap::builder::RangedU64ValueParser<u64> {
    clap::value_parser!(u64).range(1..)
}

impl Arguments {
    fn limits(&self) -> Limits {
        let size = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let mut limits = Limits::default();
        if let Some(connections) = self.connection_limit {
            limits = limits.with_connections(size(connections));
        }
        if let Some(blobs) = self.blob_limit {
            limits = limits.with_blobs(size(blobs));
        }
        if let Some(requests) = self.client_limit {
            limits.per_client = size(requests);
        }
        limits.rate = self.rate_limit;
        limits.stop = Duration::from_secs(self.stop_timeout);
        limits
    }
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    arguments.log_format.begin(arguments.verbose);
    arguments.temporary.apply();
    let images = saved(&arguments.images).await?;
    let names: Vec<String> = images.iter().map(SavedImage::name).collect();
    let access = match &arguments.access_file {
        Some(path) => {
            let access = Access::load(path, arguments.identity_header.clone())?;
            Some(Arc::new(access))
        }
        None => None,
    };
    let tls = match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(certificates), Some(key)) => Some(TlsFiles::load(certificates.clone(), key.clone())?),
        _ => None,
    };
    let options = GatewayOptions {
        limits: arguments.limits(),
        registries: arguments.registries,
        allowed_hosts: arguments.allowed_hosts,
        keychain: (!arguments.no_credentials).then(Keychain::of_user),
        hosts: arguments.hosts,
        allowed_origins: arguments.allowed_origins,
        credentials_for_origins: arguments.credentials_for_origins,
        badges: arguments.badges,
        frame_ancestors: arguments.frame_ancestors,
        direct: arguments.direct,
        access: access.clone(),
        tls: tls.clone(),
        trusted_proxies: arguments.trusted_proxies,
        certificates: match &arguments.ca_file {
            Some(path) => certificates_in(path)?,
            None => Vec::new(),
        },
        proxies: arguments.proxy,
        store: arguments.store.map(|place| StoreOptions {
            place,
            limit: arguments.store_limit.0,
            grace: Duration::from_secs(arguments.store_grace),
        }),
    };
    let gateway = Gateway::with_images(&options, images)?;
    let listen = &arguments.listen;
    let listener = TcpListener::bind(listen).await.with_context(|| {
        format!("cannot listen on {listen}; choose another address, such as --listen 127.0.0.1:0 for a free port")
    })?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    if tls.is_none() && !listener.local_addr()?.ip().is_loopback() {
        output::note(format_args!(
            "warning: {listen} uses plain HTTP, which others on the network can read and change; set --tls-cert and --tls-key, or use a proxy with TLS on this machine"
        ));
    }
    let address = open_at(scheme, listener.local_addr()?);
    let mut text = format!("Onionskin is at {address} (press Ctrl+C to stop)\n");
    let metrics = match &arguments.metrics_listen {
        Some(listen) => {
            let listener = TcpListener::bind(listen).await;
            let listener = listener.with_context(|| format!("cannot listen on {listen}"))?;
            let address = open_at("http", listener.local_addr()?);
            text.push_str(&format!("Metrics are at {address}metrics\n"));
            Some(listener)
        }
        None => None,
    };
    for name in names {
        text.push_str(&format!(
            "{} is at {address}#/image/{name}\n",
            Visible(&name)
        ));
    }
    print(&text)?;

    if let Some(listener) = metrics {
        // It ends with this process, so that the last that it says is that the server stops.
        tokio::spawn(gateway.metrics().serve(listener, std::future::pending()));
    }
    if tls.is_some() || access.is_some() {
        tokio::spawn(reloaded(tls, access));
    }
    tokio::select! {
        done = gateway.serve(listener, stopped()) => Ok(done?),
        () = async { stopped().await; stopped().await } => Ok(()),
    }
}

/// Opens the images that are to be shown.
async fn saved(images: &[String]) -> anyhow::Result<Vec<SavedImage>> {
    let mut saved = Vec::new();
    for image in images {
        let locator: Locator = image.parse()?;
        if let Locator::Registry(reference) = &locator {
            bail!(
                "{image} is not a saved image: there is no such file or folder. Images in registries are opened in the page: type {} there",
                reference.familiar()
            );
        }
        let source = image::saved(&locator)?;
        // Reading it as an image once tells what is wrong now and not when somebody looks.
        source.image(None).await?;
        let held = source.repository().await?;
        let held = held.with_context(|| format!("{image} is not a saved image"))?;
        let file = match &locator {
            Locator::Archive { path, .. }
            | Locator::Layout { path, .. }
            | Locator::Directory { path } => path.display().to_string(),
            _ => String::new(),
        };
        saved.push(SavedImage::new(held, &file));
    }
    Ok(saved)
}

/// Reads the certificate and the access file again on SIGHUP, as often as it comes.
#[cfg(unix)]
async fn reloaded(tls: Option<Arc<TlsFiles>>, access: Option<Arc<Access>>) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut hangup) = signal(SignalKind::hangup()) else {
        return;
    };
    let warn = |what: &str, error: &dyn std::error::Error| {
        output::note(format_args!(
            "warning: {what} was not reloaded, the previous one is still used: {error}"
        ));
    };
    while hangup.recv().await.is_some() {
        if let Some(Err(error)) = tls.as_ref().map(|tls| tls.reload()) {
            warn("the certificate", &error);
        }
        if let Some(Err(error)) = access.as_ref().map(|access| access.reload()) {
            warn("the access file", &error);
        }
    }
}

/// There is no such signal.
#[cfg(not(unix))]
async fn reloaded(_: Option<Arc<TlsFiles>>, _: Option<Arc<Access>>) {}

/// Waits until somebody asks this process to end: Ctrl+C, or what service managers send.
async fn stopped() {
    let interrupted = async {
        // Where the signal cannot be had, the system's own handling of it ends the process.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    };
    #[cfg(unix)]
    let terminated = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}

/// The URL to open: a wildcard address is one to listen on, not one to go to.
fn open_at(scheme: &str, address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("{scheme}://localhost:{}/", address.port())
    } else {
        format!("{scheme}://{address}/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_address_can_be_opened() {
        for (listening, url) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("0.0.0.0:80", "http://localhost:80/"),
            ("[::]:8080", "http://localhost:8080/"),
            ("[::1]:8080", "http://[::1]:8080/"),
        ] {
            assert_eq!(open_at("http", listening.parse().unwrap()), url);
        }
    }
}
