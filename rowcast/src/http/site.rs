//! The site at `/`: the built web app, or the built-in page.

use std::{path::Path, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web,
};
use percent_encoding::percent_decode_str;

use super::{folder::Folder, page::Page, text};
use crate::base_path::BasePath;

/// The site below a base path.
pub struct Site {
    base: BasePath,
    source: Source,
}

enum Source {
    /// A folder of built pages.
    Built(Arc<Folder>),
    /// The built-in page.
    Page(Page),
}

impl Site {
    /// Opens the site of this folder, or the built-in page.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn open(folder: Option<&Path>, base: &BasePath) -> std::io::Result<Self> {
        let source = match folder {
            Some(folder) => Source::Built(Arc::new(Folder::open(folder)?)),
            None => Source::Page(Page::new()),
        };
        Ok(Self { base: base.clone(), source })
    }
}

/// Handles every path without another handler.
pub(super) async fn serve(site: web::Data<Site>, request: HttpRequest) -> HttpResponse {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, "GET, HEAD")).finish();
    }
    let Some(below) = site.base.below(request.path()) else {
        return redirect_to_base(&site.base, request.path());
    };
    let Some(path) = percent_decode(below) else { return not_found() };
    let path = path.trim_start_matches('/');
    // The number of folders between this address and the app's base.
    let depth = below.matches('/').count() - 1;
    let found = match &site.source {
        Source::Built(folder) => serve_built(folder, path, depth, &request).await,
        Source::Page(page) => page.find(path).map(|asset| asset.respond(&request)),
    };
    found.unwrap_or_else(not_found)
}

/// Redirects `/` and the base path without its slash to the base path. Other paths outside are not found.
fn redirect_to_base(base: &BasePath, path: &str) -> HttpResponse {
    if path != "/" && path != base.as_str() {
        return not_found();
    }
    HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, format!("{base}/"))).finish()
}

/// A file; or, for a path that only the app's router knows, such as `/members/2`, the app's page.
async fn serve_built(
    folder: &Arc<Folder>,
    path: &str,
    depth: usize,
    request: &HttpRequest,
) -> Option<HttpResponse> {
    let found = match path {
        "" => None,
        path => folder.find(path, 0, request).await,
    };
    let found = match found {
        Some(found) => found,
        None if path.is_empty() || is_view(path, request) => {
            folder.find("index.html", depth, request).await?
        }
        None => return None,
    };
    Some(found.respond(request))
}

/// Whether a request is a navigation to a page of the app: a path without an extension, for HTML. A missing
/// subresource must stay missing.
fn is_view(path: &str, request: &HttpRequest) -> bool {
    let hidden = path.split('/').any(|part| part.starts_with('.'));
    let file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    !hidden && !file && accept.is_some_and(|accept| accept.contains("text/html"))
}

/// Decodes percent escapes once; none if the result is not text.
fn percent_decode(path: &str) -> Option<String> {
    let path = percent_decode_str(path).decode_utf8().ok()?.into_owned();
    (!path.contains('\0')).then_some(path)
}

fn not_found() -> HttpResponse {
    text(HttpResponse::NotFound(), "there is nothing here")
}
