//! A file in memory, with its compressed forms and its caching headers.

use std::{io::Write, path::Path};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{
        self, AcceptEncoding, ContentEncoding, Encoding, EntityTag, Header, HeaderValue, IfNoneMatch,
    },
    web::{self, Bytes},
};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

/// Compressing less would save no network packet.
const MIN_COMPRESS_SIZE: usize = 1024;

/// For files with a content hash in the name, which never change.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// For all other files: a new version is loaded with the next visit.
const REVALIDATE: &str = "no-cache";

/// A file in memory.
pub(super) struct Asset {
    content_type: String,
    cache_control: &'static str,
    compressible: bool,
    plain: Encoded,
    brotli: OnceCell<Encoded>,
    gzip: OnceCell<Encoded>,
}

/// A body and its entity tag.
struct Encoded {
    body: Bytes,
    tag: EntityTag,
}

impl Encoded {
    fn new(body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let hash = hex::encode(&Sha256::digest(&body)[..16]);
        Self { body, tag: EntityTag::new_strong(hash) }
    }
}

impl Asset {
    /// Creates an asset; the path determines its type and caching.
    pub(super) fn new(path: &Path, body: impl Into<Bytes>) -> Self {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let mime = actix_files::file_extension_to_mime(extension);
        let text = mime.type_() == "text" || matches!(mime.subtype().as_str(), "javascript" | "json");
        let compressible = text || mime.suffix().is_some() || extension == "wasm";
        let content_type = match mime.get_param("charset") {
            None if text => format!("{mime}; charset=utf-8"),
            _ => mime.to_string(),
        };
        Self {
            content_type,
            cache_control: cache_control(path),
            compressible,
            plain: Encoded::new(body),
            brotli: OnceCell::new(),
            gzip: OnceCell::new(),
        }
    }

    /// Adds compressed forms that the build has produced.
    pub(super) fn precompressed(self, brotli: Option<Vec<u8>>, gzip: Option<Vec<u8>>) -> Self {
        let cell =
            |bytes: Option<Vec<u8>>| bytes.map(Encoded::new).map_or_else(OnceCell::new, OnceCell::from);
        Self { brotli: cell(brotli), gzip: cell(gzip), ..self }
    }

    /// The memory that the asset may use, including compressed forms that are still to be created.
    pub(super) fn memory(&self) -> usize {
        self.plain.body.len() * if self.compressible { 2 } else { 1 }
    }

    /// The response to a request.
    pub(super) async fn respond(&self, request: &HttpRequest) -> HttpResponse {
        let (encoding, encoded) = self.negotiate(request).await;
        let mut response = match matches_etag(request, &encoded.tag) {
            true => HttpResponse::NotModified(),
            false => HttpResponse::Ok(),
        };
        response
            .insert_header((header::CONTENT_TYPE, self.content_type.as_str()))
            .insert_header((header::CACHE_CONTROL, self.cache_control))
            .insert_header(header::ETag(encoded.tag.clone()));
        if self.is_compressed() {
            response.insert_header((header::VARY, "accept-encoding"));
        }
        if encoding != ContentEncoding::Identity {
            response.insert_header((header::CONTENT_ENCODING, HeaderValue::from_static(encoding.as_str())));
        }
        match matches_etag(request, &encoded.tag) {
            true => response.finish(),
            false => response.body(encoded.body.clone()),
        }
    }

    fn is_compressed(&self) -> bool {
        self.compressible && self.plain.body.len() >= MIN_COMPRESS_SIZE
    }

    /// Selects the encoding that the client prefers.
    async fn negotiate(&self, request: &HttpRequest) -> (ContentEncoding, &Encoded) {
        let plain = (ContentEncoding::Identity, &self.plain);
        if !self.is_compressed() || !request.headers().contains_key(header::ACCEPT_ENCODING) {
            return plain;
        }
        let Ok(accepted) = AcceptEncoding::parse(request) else { return plain };
        let ours = [Encoding::brotli(), Encoding::gzip(), Encoding::identity()];
        let compressed = match accepted.negotiate(ours.iter()) {
            Some(Encoding::Known(ContentEncoding::Brotli)) => {
                (ContentEncoding::Brotli, compress_once(&self.brotli, &self.plain, brotli).await)
            }
            Some(Encoding::Known(ContentEncoding::Gzip)) => {
                (ContentEncoding::Gzip, compress_once(&self.gzip, &self.plain, gzip).await)
            }
            _ => return plain,
        };
        let (encoding, Some(encoded)) = compressed else { return plain };
        (encoding, encoded)
    }
}

/// Compresses on a blocking thread, once; concurrent requests wait for the result.
async fn compress_once<'a>(
    cell: &'a OnceCell<Encoded>,
    plain: &Encoded,
    compress: fn(&[u8]) -> std::io::Result<Vec<u8>>,
) -> Option<&'a Encoded> {
    let compress = async || {
        let body = plain.body.clone();
        web::block(move || compress(&body).map(Encoded::new)).await.map_err(std::io::Error::other)?
    };
    cell.get_or_try_init(compress).await.ok()
}

fn brotli(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    // Quality 9 is nearly as small as the maximum, in a tenth of the time.
    let (mut compressed, mut plain) = (Vec::new(), plain);
    let params = brotli::enc::BrotliEncoderParams { quality: 9, ..Default::default() };
    brotli::BrotliCompress(&mut plain, &mut compressed, &params)?;
    Ok(compressed)
}

fn gzip(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain)?;
    encoder.finish()
}

/// Whether the client's cached version is current.
fn matches_etag(request: &HttpRequest, tag: &EntityTag) -> bool {
    if !request.headers().contains_key(header::IF_NONE_MATCH) {
        return false;
    }
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}

pub(super) fn cache_control(path: &Path) -> &'static str {
    if is_hashed(path) { IMMUTABLE } else { REVALIDATE }
}

/// Whether the name contains a content hash as Vite writes it: `assets/name-HASH.js`, eight characters of base64url.
/// To exclude words and dates, the hash must contain a letter and a character that is no lower-case letter.
fn is_hashed(path: &Path) -> bool {
    let within = path.parent().is_some_and(|folder| folder.ends_with("assets"));
    let stem = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.split('.').next());
    let Some((name, hash)) = stem.and_then(|stem| stem.split_at_checked(stem.len().checked_sub(8)?)) else {
        return false;
    };
    let all = hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let letter = hash.bytes().any(|byte| byte.is_ascii_alphabetic());
    let no_word = hash.bytes().any(|byte| !byte.is_ascii_lowercase());
    within && name.len() > 1 && name.ends_with('-') && all && letter && no_word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hashed_names_are_immutable() {
        for path in ["assets/index-B3xk9Z_1.js", "assets/a-b-DiwrgTda.css", "assets/index-DiwrgTda.js.map"] {
            assert_eq!(cache_control(Path::new(path)), IMMUTABLE, "{path}");
        }
        for path in [
            "index.html",
            "index-B3xk9Z_1.js",
            "assets/index.js",
            "assets/my-calendar.js",
            "assets/report-20261124.pdf",
            "assets/B3xk9Z_1.js",
            "assets/-B3xk9Z_1.js",
            "assets/ä-é3xk9Z_.js",
            "assets/x",
        ] {
            assert_eq!(cache_control(Path::new(path)), REVALIDATE, "{path}");
        }
    }

    #[test]
    fn content_type_matches_extension() {
        for (name, content_type, compressible) in [
            ("index.html", "text/html; charset=utf-8", true),
            ("a.js", "text/javascript; charset=utf-8", true),
            ("a.mjs", "application/javascript; charset=utf-8", true),
            ("a.css", "text/css; charset=utf-8", true),
            ("a.json", "application/json; charset=utf-8", true),
            ("a.webmanifest", "application/manifest+json", true),
            ("a.svg", "image/svg+xml", true),
            ("a.woff2", "font/woff2", false),
            ("a.wasm", "application/wasm", true),
            ("a.png", "image/png", false),
            ("a.ico", "image/x-icon", false),
            ("a", "application/octet-stream", false),
        ] {
            let asset = Asset::new(Path::new(name), "x");
            assert_eq!(
                (asset.content_type.as_str(), asset.compressible),
                (content_type, compressible),
                "{name}"
            );
        }
    }
}
