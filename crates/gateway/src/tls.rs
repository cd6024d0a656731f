//! TLS for the gateway's own clients, from files that may change while it runs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

/// What is seen of a file without reading it.
type Seen = Option<(SystemTime, u64)>;

/// A certificate chain and its key, in PEM files.
#[derive(Debug)]
pub struct TlsFiles {
    certificates: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
    /// The files as they were when they were last read.
    seen: Mutex<[Seen; 2]>,
}

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
        let seen = [seen(&certificates), seen(&key)];
        let current = read(&certificates, &key)?;
        Ok(Arc::new(Self {
            certificates,
            key,
            current: RwLock::new(Arc::new(current)),
            seen: Mutex::new(seen),
        }))
    }

    /// Reads the files again. While they cannot be used, what was read before is.
    ///
    /// # Errors
    /// As [`TlsFiles::load`].
    pub fn reload(&self) -> Result<(), TlsError> {
        let mut known = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *known = self.seen_now();
        let read = Arc::new(read(&self.certificates, &self.key)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }

    /// Reads the files again if they have changed. To be called again and again.
    pub(crate) fn follow(&self) {
        let known = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if known == self.seen_now() {
            return;
        }
        match self.reload() {
            Ok(()) => tracing::info!("the certificate was read again"),
            Err(error) => tracing::error!(
                "the certificate was not reloaded, the previous one is still used: {error}"
            ),
        }
    }

    fn seen_now(&self) -> [Seen; 2] {
        [seen(&self.certificates), seen(&self.key)]
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
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&current))
    }
}

fn seen(path: &Path) -> Seen {
    let about = fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.len()))
}

fn read(certificates: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let unusable = |path: &Path, problem| TlsError::File {
        path: path.to_owned(),
        problem,
    };
    let chain = CertificateDer::pem_file_iter(certificates).and_then(Iterator::collect);
    let chain: Vec<_> = chain.map_err(|problem| unusable(certificates, problem))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(certificates.to_owned()));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|problem| unusable(key, problem))?;
    CertifiedKey::from_der(chain, secret, &aws_lc_rs::default_provider()).map_err(|problem| {
        TlsError::Key {
            certificates: certificates.to_owned(),
            key: key.to_owned(),
            problem,
        }
    })
}

/// An error of a configuration as one of a listener.
pub(crate) fn io_error(error: rustls::Error) -> io::Error {
    io::Error::other(error)
}
