//! Servers that speak TLS with a certificate of their own, which no system trusts.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::serve::Listener;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::server::TlsStream;

/// A running server.
pub struct Tls {
    /// `127.0.0.1:PORT`.
    pub address: String,
    /// Its certificate, as PEM.
    pub certificate: String,
}

impl Tls {
    /// Serves `router` on a free loopback port for as long as the test runs, for these names and addresses.
    pub async fn serve(names: &[&str], router: Router) -> Self {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap().to_string();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move { axum::serve(Acceptor { tcp, acceptor }, router).await });
        Self {
            address,
            certificate: cert.pem(),
        }
    }
}

/// Connections whose handshake is done.
struct Acceptor {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Acceptor {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.tcp.accept().await.unwrap();
            // Who does not trust us hangs up.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}
