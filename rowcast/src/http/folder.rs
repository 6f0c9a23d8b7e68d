//! A folder of built pages. Nothing of it is kept in memory, so a new build is served at once.

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use actix_files::NamedFile;
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ContentEncoding, HeaderValue, VARY},
    web,
};

use super::{
    asset::{Asset, cache_control, content_type, is_hashed},
    compressed::{Accepted, compressed},
};

/// The maximum size of a file that is read as a whole, so that its entity tag is a hash.
const MAX_IN_MEMORY: u64 = 1024 * 1024;
/// The maximum depth of a path below the app's base at which a page is served.
const MAX_DEPTH: usize = 16;

/// A folder that is served.
pub(super) struct Folder {
    root: PathBuf,
}

/// A file to be served.
pub(super) struct ServedFile {
    content: Content,
    encoding: ContentEncoding,
    /// Whether another client may be sent the file in another encoding.
    varies: bool,
}

enum Content {
    Small(Asset),
    /// A large one, or one that browsers request once, because its name changes with its content.
    Streamed {
        file: Box<NamedFile>,
        content_type: String,
        cache_control: &'static str,
    },
}

impl Folder {
    /// Opens a folder; symbolic links are resolved.
    ///
    /// # Errors
    /// Any I/O error.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        Ok(Self { root: folder.canonicalize()? })
    }

    /// The file at a path, if it exists and may be served, in the encoding that the client prefers. `depth` is the
    /// number of folders between the requested address and the app's base; relative addresses in a page are adjusted to
    /// it. Reads the disk on a blocking thread.
    pub(super) async fn find(
        self: &Arc<Self>,
        path: &str,
        depth: usize,
        request: &HttpRequest,
    ) -> Option<ServedFile> {
        if depth > MAX_DEPTH {
            return None;
        }
        let (folder, path, accepted) = (self.clone(), PathBuf::from(path), Accepted::by(request));
        let found = web::block(move || folder.load(&path, depth, &accepted)).await.ok()?;
        found.inspect_err(|error| tracing::debug!(%error, "no file to serve")).ok()
    }

    fn load(&self, path: &Path, depth: usize, accepted: &Accepted) -> io::Result<ServedFile> {
        if path.components().any(|part| !is_plain(part)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let file = self.root.join(path).canonicalize()?;
        let meta = file.metadata()?;
        // Resolves aliases to one name. A symbolic link may lead out of the folder or to a hidden file.
        let path = file.strip_prefix(&self.root).map_err(io::Error::other)?;
        if !meta.is_file() || path.components().any(|part| !is_plain(part)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        if depth > 0 {
            let page = Asset::new(path, from_below(fs::read_to_string(&file)?, depth));
            let content = Content::Small(page);
            return Ok(ServedFile { content, encoding: ContentEncoding::Identity, varies: false });
        }
        let forms = compressed(&file, &meta);
        let (encoding, chosen) = accepted.choose(&forms).unwrap_or((ContentEncoding::Identity, &file));
        let content = Content::open(path, chosen)?;
        Ok(ServedFile { content, encoding, varies: !forms.is_empty() })
    }
}

impl Content {
    /// Reads `file`, which is what is at `path` or a compressed form of it.
    fn open(path: &Path, file: &Path) -> io::Result<Self> {
        let content_type = content_type(path);
        // Media players request ranges.
        let played = content_type.starts_with("audio/") || content_type.starts_with("video/");
        if played || is_hashed(path) || file.metadata()?.len() > MAX_IN_MEMORY {
            let file = Box::new(NamedFile::open(file)?.disable_content_disposition());
            return Ok(Self::Streamed { file, content_type, cache_control: cache_control(path) });
        }
        Ok(Self::Small(Asset::new(path, fs::read(file)?)))
    }

    fn respond(self, request: &HttpRequest) -> HttpResponse {
        match self {
            Self::Small(asset) => asset.respond(request),
            Self::Streamed { file, content_type, cache_control } => {
                let mut response = file.into_response(request);
                let headers = response.headers_mut();
                headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
                if let Ok(content_type) = content_type.try_into() {
                    headers.insert(CONTENT_TYPE, content_type);
                }
                response
            }
        }
    }
}

impl ServedFile {
    /// The response to a request.
    pub(super) fn respond(self, request: &HttpRequest) -> HttpResponse {
        let mut response = self.content.respond(request);
        let headers = response.headers_mut();
        if self.varies {
            headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        }
        if self.encoding != ContentEncoding::Identity {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(self.encoding.as_str()));
        }
        response
    }
}

/// Adjusts a page's relative addresses to a depth. A `<base>` would do the same, but the content security policy
/// forbids it, and it would change links within the page.
fn from_below(page: String, depth: usize) -> String {
    let up = format!("=\"{}", "../".repeat(depth));
    page.replace("=\"./", &up)
}

/// A normal path component that does not begin with a dot: such files are often secret.
fn is_plain(part: Component<'_>) -> bool {
    matches!(part, Component::Normal(name) if !name.as_encoded_bytes().starts_with(b".") && !name.as_encoded_bytes().contains(&b'\\'))
}
