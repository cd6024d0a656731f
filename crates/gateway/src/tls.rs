//! TLS for the gateway's own clients, from files that may change while it runs.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

use crate::followed::Followed;

/// A certificate chain and its key, in PEM files.
#[derive(Debug)]
pub struct TlsFiles(Followed<CertifiedKey, 2>);

/// Why files are no certificate and key.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or is no PEM.
    #[error("cannot read {}: {problem}", .path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        problem: pem::Error,
    },
    /// There is no certificate in the file.
    #[error("{}: no certificate in PEM form in it", .0.display())]
    NoCertificate(PathBuf),
    /// The key is of a kind that is not supported, or does not belong to the certificate.
    #[error("the key in {} cannot be used with the certificate in {}: {problem}", .key.display(), .certificates.display())]
    Key {
        /// The file of the certificate.
        certificates: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// Why.
        #[source]
        problem: rustls::Error,
    },
}

impl TlsFiles {
    /// Reads a certificate, with those that it was signed by behind it, and its key.
    ///
    /// # Errors
    /// When the files cannot be read, or do not belong together.
    pub fn load(certificates: PathBuf, key: PathBuf) -> Result<Arc<Self>, TlsError> {
        Ok(Arc::new(Self(Followed::load([certificates, key], read)?)))
    }

    /// Reads the files again. While they cannot be used, what was read before is.
    ///
    /// # Errors
    /// As [`TlsFiles::load`].
    pub fn reload(&self) -> Result<(), TlsError> {
        self.0.reload(read)
    }

    /// Reads the files again if they have changed. To be called again and again.
    pub(crate) fn follow(&self) {
        self.0.follow("the certificate", read);
    }

    /// What makes the connections of clients secure.
    pub(crate) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth();
        let mut config = config.with_cert_resolver(Arc::clone(self) as _);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config).into())
    }
}

impl ResolvesServerCert for TlsFiles {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.current())
    }
}

fn read([certificates, key]: &[PathBuf; 2]) -> Result<CertifiedKey, TlsError> {
    let unusable = |path: &Path, problem| TlsError::File {
        path: path.to_owned(),
        problem,
    };
    let chain = CertificateDer::pem_file_iter(certificates).and_then(Iterator::collect);
    let chain: Vec<_> = chain.map_err(|problem| unusable(certificates, problem))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(certificates.clone()));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|problem| unusable(key, problem))?;
    CertifiedKey::from_der(chain, secret, &aws_lc_rs::default_provider()).map_err(|problem| {
        TlsError::Key {
            certificates: certificates.clone(),
            key: key.clone(),
            problem,
        }
    })
}

/// An error of a configuration as one of a listener.
pub(crate) fn io_error(error: rustls::Error) -> io::Error {
    io::Error::other(error)
}
