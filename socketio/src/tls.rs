//! TLS from files, for [`HttpServer::bind_rustls_0_23`](actix_web::HttpServer::bind_rustls_0_23).
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let tls = socketio::tls::server_config("cert.pem".as_ref(), "key.pem".as_ref())?;
//! # let _ = actix_web::HttpServer::new(actix_web::App::new).bind_rustls_0_23(("0.0.0.0", 443), tls)?;
//! # Ok(())
//! # }
//! ```

use std::{fmt, path::Path, sync::Arc};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

/// The error of a TLS file, as a sentence that names the file.
#[derive(Debug)]
pub struct TlsError(String);

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TlsError {}

/// A TLS 1.2 and 1.3 configuration from two PEM files, the certificate chain and the private key, without client
/// certificates.
///
/// # Errors
/// A file cannot be read, has no such content, or does not match the other.
pub fn server_config(certificates: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let problem = |file: &Path, error: &dyn fmt::Display| TlsError(format!("{}: {error}", file.display()));
    let chain = CertificateDer::pem_file_iter(certificates).map_err(|error| problem(certificates, &error))?;
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(|error| problem(certificates, &error))?;
    if chain.is_empty() {
        return Err(problem(certificates, &"no certificate in this file"));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| problem(key, &error))?;
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|tls| tls.with_no_client_auth().with_single_cert(chain, private))
        .map_err(|error| problem(key, &error))
}
