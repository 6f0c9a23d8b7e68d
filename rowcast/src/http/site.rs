//! What is at `/` and below: the built web app, or a page of our own where there is none.

use std::{path::Path, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web,
};

use super::{folder::Folder, page::Page, text};
use crate::base_path::BasePath;

/// What is shown to browsers, below a base path.
pub struct Site {
    base: BasePath,
    source: Source,
}

enum Source {
    /// A folder of pages.
    Built(Arc<Folder>),
    /// One page that needs no build.
    Page(Page),
}

impl Site {
    /// The pages of this folder, or our own.
    ///
    /// # Errors
    /// What the system says if the folder cannot be read.
    pub fn open(folder: Option<&Path>, base: &BasePath) -> std::io::Result<Self> {
        let source = match folder {
            Some(folder) => Source::Built(Arc::new(Folder::open(folder)?)),
            None => Source::Page(Page::new()),
        };
        Ok(Self { base: base.clone(), source })
    }
}

/// Answers every path that not_found else is at.
pub(super) async fn serve(site: web::Data<Site>, request: HttpRequest) -> HttpResponse {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, "GET, HEAD")).finish();
    }
    let Some(below) = site.base.below(request.path()) else {
        return redirect_to_base(&site.base, request.path());
    };
    let Some(path) = decoded(below) else { return not_found() };
    let path = path.trim_start_matches('/');
    // What is written relative to the app's own address is so many folders up from here.
    let depth = below.matches('/').count() - 1;
    let found = match &site.source {
        Source::Built(folder) => built(folder, path, depth, &request).await,
        Source::Page(page) => match page.find(path) {
            Some(asset) => Some(asset.respond(&request).await),
            None => None,
        },
    };
    found.unwrap_or_else(not_found)
}

/// The way to the base path, for those that leave out its slash or all of it. No file is anywhere else.
fn redirect_to_base(base: &BasePath, path: &str) -> HttpResponse {
    if path != "/" && path != base.as_str() {
        return not_found();
    }
    HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, format!("{base}/"))).finish()
}

/// A file, or, for what only the app knows, such as `/members/2`, the app.
async fn built(
    folder: &Arc<Folder>,
    path: &str,
    depth: usize,
    request: &HttpRequest,
) -> Option<HttpResponse> {
    let found = match path {
        "" => None,
        path => folder.find(path, 0).await,
    };
    let found = match found {
        Some(found) => found,
        None if path.is_empty() || is_view(path, request) => folder.find("index.html", depth).await?,
        None => return None,
    };
    Some(found.respond(request).await)
}

/// Whether a browser goes there: an address without an extension, and it wants a page. What a page loads is not there if it is not.
fn is_view(path: &str, request: &HttpRequest) -> bool {
    let hidden = path.split('/').any(|part| part.starts_with('.'));
    let file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    !hidden && !file && accept.is_some_and(|accept| accept.contains("text/html"))
}

/// The path with its escapes undone, once; none if that is not text.
fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).ok().filter(|path| !path.contains('\0'))
}

fn not_found() -> HttpResponse {
    text(HttpResponse::NotFound(), "there is nothing here")
}
