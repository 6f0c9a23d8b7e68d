//! Certificate and key files, and errors of unusable ones.

use socketio::tls;
use tempfile::tempdir;

use super::secure::{certified, write};

#[test]
fn matching_files_are_accepted() {
    let (folder, certified) = (tempdir().unwrap(), certified());
    let key = write(&folder, "key.pem", &certified.signing_key.serialize_pem());
    let one = write(&folder, "cert.pem", &certified.cert.pem());
    let chain = write(&folder, "chain.pem", &format!("{0}\n{0}", certified.cert.pem()));
    for certificates in [one, chain] {
        let config = tls::server_config(&certificates, &key).unwrap();
        assert!(config.alpn_protocols.is_empty());
    }
}

#[test]
fn unusable_file_is_named_in_error() {
    let (folder, certified, other) = (tempdir().unwrap(), certified(), super::secure::certified());
    let key = write(&folder, "key.pem", &certified.signing_key.serialize_pem());
    let certificate = write(&folder, "cert.pem", &certified.cert.pem());
    let other_key = write(&folder, "other.pem", &other.signing_key.serialize_pem());
    let empty = write(&folder, "empty.pem", "");
    let broken = write(&folder, "broken.pem", "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n");
    let missing = folder.path().join("missing.pem");
    for (certificates, private, named) in [
        (&missing, &key, &missing),
        (&empty, &key, &empty),
        (&broken, &key, &broken),
        (&key, &key, &key),
        (&certificate, &missing, &missing),
        (&certificate, &empty, &empty),
        (&certificate, &certificate, &certificate),
        (&certificate, &other_key, &other_key),
    ] {
        let error = tls::server_config(certificates, private).unwrap_err().to_string();
        let name = format!("{}: ", named.display());
        assert!(error.starts_with(&name) && error.len() > name.len(), "{error}");
    }
}
