//! Servers that speak TLS with a certificate of their own, which no system trusts.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::serve::Listener;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;

/// A running server.
pub struct Tls {
    /// `127.0.0.1:PORT`.
    pub address: String,
    /// Its certificate, as PEM.
    pub certificate: String,
    /// Certificate and key of whom it lets in, as PEM, where that is not everybody.
    pub visitor: Option<(String, String)>,
}

impl Tls {
    /// Serves `router` on a free loopback port for as long as the test runs, for these names and addresses.
    pub async fn serve(names: &[&str], router: Router) -> Self {
        Self::serve_whom(names, router, None).await
    }

    /// The same, for nobody but who has the certificate of [`Tls::visitor`].
    pub async fn serve_visitor(names: &[&str], router: Router) -> Self {
        let visitor = generate_simple_self_signed(["visitor".to_owned()]).unwrap();
        Self::serve_whom(names, router, Some(visitor)).await
    }

    async fn serve_whom(
        names: &[&str],
        router: Router,
        visitor: Option<CertifiedKey<KeyPair>>,
    ) -> Self {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let config = match &visitor {
            None => ServerConfig::builder().with_no_client_auth(),
            Some(visitor) => {
                let mut known = RootCertStore::empty();
                known.add(visitor.cert.der().clone()).unwrap();
                let verifier = WebPkiClientVerifier::builder(Arc::new(known));
                ServerConfig::builder().with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let config = config
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap().to_string();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move { axum::serve(Acceptor { tcp, acceptor }, router).await });
        Self {
            address,
            certificate: cert.pem(),
            visitor: visitor.map(|known| (known.cert.pem(), known.signing_key.serialize_pem())),
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
