//! Whom a postback over https trusts.
//!
//! In: the file of `postbacks.ca_file`, or the roots of the system. Out: one configuration of TLS
//! for all connections, which also keeps sessions, so that the next connection to a receiver is
//! cheap. Called once, at start.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// Why no receiver could be trusted.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file does not read.
    #[error("postbacks.ca_file {path}: {why}; allowed: a file of certificates in PEM")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// TLS can't be set up.
    #[error("TLS for postbacks: {0}")]
    Tls(#[from] rustls::Error),
}

/// What connections of postbacks use; trusts the certificates in `ca_file`, or else the system's.
///
/// # Errors
/// The file does not read or holds no certificate.
pub(super) fn client(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, TrustError> {
    let roots = match ca_file {
        Some(path) => of_file(path)?,
        None => of_system(),
    };
    let provider = Arc::new(ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn of_file(path: &Path) -> Result<RootCertStore, TrustError> {
    let fault = |why: String| TrustError::File {
        path: path.to_path_buf(),
        why,
    };
    let text = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| fault(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| fault(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(fault("holds no certificate".to_owned()));
    }
    Ok(roots)
}

/// The system's roots. A machine without any can still send to http destinations.
fn of_system() -> RootCertStore {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "roots of the system");
    }
    let mut roots = RootCertStore::empty();
    let (taken, _refused) = roots.add_parsable_certificates(found.certs);
    if taken == 0 {
        tracing::warn!("the system has no roots: postbacks over https fail until it has");
    }
    roots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let says = |text: &str| client(Some(&path)).unwrap_err().to_string().contains(text);
        assert!(says("ca.pem: No such file"));
        std::fs::write(&path, "nothing\n").unwrap();
        assert!(says("ca.pem: holds no certificate"));
        let begun = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        std::fs::write(&path, begun).unwrap();
        assert!(says("ca.pem: "));
    }
}
