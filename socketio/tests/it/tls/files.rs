//! Certificate and key files, and errors of unusable ones.

use socketio::tls;

use super::secure::{Folder, certified};

#[test]
fn matching_files_are_accepted() {
    let (folder, certified) = (Folder::new(), certified());
    let key = folder.write("key.pem", &certified.signing_key.serialize_pem());
    let one = folder.write("cert.pem", &certified.cert.pem());
    let chain = folder.write("chain.pem", &format!("{0}\n{0}", certified.cert.pem()));
    for certificates in [one, chain] {
        let config = tls::server_config(&certificates, &key).unwrap();
        assert!(config.alpn_protocols.is_empty());
    }
}

#[test]
fn unusable_file_is_named_in_error() {
    let (folder, certified, other) = (Folder::new(), certified(), super::secure::certified());
    let key = folder.write("key.pem", &certified.signing_key.serialize_pem());
    let certificate = folder.write("cert.pem", &certified.cert.pem());
    let other_key = folder.write("other.pem", &other.signing_key.serialize_pem());
    let empty = folder.write("empty.pem", "");
    let broken = folder.write("broken.pem", "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n");
    let missing = folder.0.join("missing.pem");
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
