//! A file in memory, with its type and its caching headers.

use std::path::Path;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, EntityTag, Header, IfNoneMatch},
    web::Bytes,
};
use sha2::{Digest, Sha256};

/// For files with a content hash in the name, which never change.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// For all other files: a new version is loaded with the next visit.
const REVALIDATE: &str = "no-cache";

/// A file in memory.
pub(super) struct Asset {
    content_type: String,
    cache_control: &'static str,
    body: Bytes,
    /// A hash of the body: some builds give the same time to all files.
    tag: EntityTag,
}

impl Asset {
    /// Creates an asset; the path determines its type and caching.
    pub(super) fn new(path: &Path, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let tag = EntityTag::new_strong(hex::encode(&Sha256::digest(&body)[..16]));
        Self { content_type: content_type(path), cache_control: cache_control(path), body, tag }
    }

    /// The response to a request.
    pub(super) fn respond(&self, request: &HttpRequest) -> HttpResponse {
        let is_known = matches_etag(request, &self.tag);
        let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response
            .insert_header((header::CONTENT_TYPE, self.content_type.as_str()))
            .insert_header((header::CACHE_CONTROL, self.cache_control))
            .insert_header(header::ETag(self.tag.clone()));
        if is_known { response.finish() } else { response.body(self.body.clone()) }
    }
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

/// The media type of a path's extension. Text is UTF-8.
pub(super) fn content_type(path: &Path) -> String {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let mime = actix_files::file_extension_to_mime(extension);
    let text = mime.type_() == "text" || matches!(mime.subtype().as_str(), "javascript" | "json");
    match mime.get_param("charset") {
        None if text => format!("{mime}; charset=utf-8"),
        _ => mime.to_string(),
    }
}

/// How long browsers keep the file of a path.
pub(super) fn cache_control(path: &Path) -> &'static str {
    if is_hashed(path) { IMMUTABLE } else { REVALIDATE }
}

/// Whether the name contains a content hash as Vite writes it: `assets/name-HASH.js`, eight characters of base64url.
/// To exclude words and dates, the hash must contain a letter and a character that is no lower-case letter.
pub(super) fn is_hashed(path: &Path) -> bool {
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
        for (name, expected) in [
            ("index.html", "text/html; charset=utf-8"),
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.mjs", "application/javascript; charset=utf-8"),
            ("a.css", "text/css; charset=utf-8"),
            ("a.json", "application/json; charset=utf-8"),
            ("a.webmanifest", "application/manifest+json"),
            ("a.svg", "image/svg+xml"),
            ("a.woff2", "font/woff2"),
            ("a.wasm", "application/wasm"),
            ("a.png", "image/png"),
            ("a.ico", "image/x-icon"),
            ("a", "application/octet-stream"),
        ] {
            assert_eq!(content_type(Path::new(name)), expected, "{name}");
        }
    }
}
