//! What is at `/` and below: the built web app, or a page of our own where there is none.

use std::{path::Path, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web,
};

use super::{folder::Folder, page::Page, text};

/// What is shown to browsers.
pub struct Site(Shown);

enum Shown {
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
    pub fn open(folder: Option<&Path>) -> std::io::Result<Self> {
        match folder {
            Some(folder) => Ok(Self(Shown::Built(Arc::new(Folder::open(folder)?)))),
            None => Ok(Self(Shown::Page(Page::new()))),
        }
    }
}

/// Answers every path that nothing else is at.
pub(super) async fn serve(site: web::Data<Site>, request: HttpRequest) -> HttpResponse {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, "GET, HEAD")).finish();
    }
    let Some(path) = decoded(request.path()) else { return nothing() };
    let path = path.trim_start_matches('/');
    let found = match &site.0 {
        Shown::Built(folder) => built(folder, path, &request).await,
        Shown::Page(page) => match page.find(path) {
            Some(asset) => Some(asset.respond(&request).await),
            None => None,
        },
    };
    found.unwrap_or_else(nothing)
}

/// A file, or, for what only the app knows, such as `/coaches/2`, the app.
async fn built(folder: &Arc<Folder>, path: &str, request: &HttpRequest) -> Option<HttpResponse> {
    let found = match path {
        "" => None,
        path => folder.find(path).await,
    };
    let found = match found {
        Some(found) => found,
        None if path.is_empty() || is_view(path, request) => folder.find("index.html").await?,
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

fn nothing() -> HttpResponse {
    text(HttpResponse::NotFound(), "there is nothing here")
}
