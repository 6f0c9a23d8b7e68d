//! A folder of built pages. Small files are cached in memory until they change on disk.

use std::{
    collections::HashMap,
    fs, io,
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use actix_files::NamedFile;
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, HeaderValue},
    web,
};

use super::asset::{Asset, cache_control};

/// Larger files are streamed from disk.
const MAX_CACHED_FILE: u64 = 4 * 1024 * 1024;
/// The maximum depth of a path below the app's base at which a page is served.
const MAX_DEPTH: usize = 16;
/// The size of the cache, including compressed forms; beyond it the cache is cleared.
const CACHE_BYTES: usize = 64 * 1024 * 1024;

/// A folder that is served.
pub(super) struct Folder {
    root: PathBuf,
    cache: Mutex<CachedAssets>,
}

#[derive(Default)]
struct CachedAssets {
    bytes: usize,
    /// By path and depth.
    assets: HashMap<(PathBuf, usize), (Fingerprint, Arc<Asset>)>,
}

/// A file's modification time and size.
type Fingerprint = (Option<SystemTime>, u64);

/// A file to be served.
pub(super) enum ServedFile {
    Small(Arc<Asset>),
    Large(Box<NamedFile>, &'static str),
}

impl Folder {
    /// Opens a folder; symbolic links are resolved.
    ///
    /// # Errors
    /// Any I/O error.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        Ok(Self { root: folder.canonicalize()?, cache: Mutex::default() })
    }

    /// The file at a path, if it exists and may be served. `depth` is the number of folders between the requested
    /// address and the app's base; relative addresses in a page are adjusted to it. Reads the disk on a blocking
    /// thread.
    pub(super) async fn find(self: &Arc<Self>, path: &str, depth: usize) -> Option<ServedFile> {
        if depth > MAX_DEPTH {
            return None;
        }
        let (folder, path) = (self.clone(), PathBuf::from(path));
        let found = web::block(move || folder.load(&path, depth)).await.ok()?;
        found.inspect_err(|error| tracing::debug!(%error, "no file to serve")).ok()
    }

    fn load(&self, path: &Path, depth: usize) -> io::Result<ServedFile> {
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
        let mime =
            actix_files::file_extension_to_mime(path.extension().and_then(|it| it.to_str()).unwrap_or(""));
        // Media players request ranges.
        let played = matches!(mime.type_().as_str(), "audio" | "video");
        if played || meta.len() > MAX_CACHED_FILE {
            return Ok(ServedFile::Large(Box::new(NamedFile::open(&file)?), cache_control(path)));
        }
        let fingerprint = (meta.modified().ok(), meta.len());
        if let Some((known, asset)) = self.cache().assets.get(&(path.to_owned(), depth))
            && *known == fingerprint
        {
            return Ok(ServedFile::Small(asset.clone()));
        }
        let beside = |extension: &str| precompressed(&file, extension, fingerprint.0);
        let asset = match depth {
            0 => Asset::new(path, fs::read(&file)?).precompressed(beside("br"), beside("gz")),
            depth => Asset::new(path, from_below(fs::read_to_string(&file)?, depth)),
        };
        Ok(ServedFile::Small(self.insert((path.to_owned(), depth), fingerprint, Arc::new(asset))))
    }

    fn insert(&self, at: (PathBuf, usize), fingerprint: Fingerprint, asset: Arc<Asset>) -> Arc<Asset> {
        let mut cache = self.cache();
        if cache.bytes + asset.memory() > CACHE_BYTES {
            *cache = CachedAssets::default();
        }
        cache.bytes += asset.memory();
        if let Some((_, old)) = cache.assets.insert(at, (fingerprint, asset.clone())) {
            cache.bytes -= old.memory();
        }
        asset
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, CachedAssets> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ServedFile {
    /// The response to a request.
    pub(super) async fn respond(self, request: &HttpRequest) -> HttpResponse {
        match self {
            Self::Small(asset) => asset.respond(request).await,
            Self::Large(file, cache_control) => {
                let file = file.prefer_utf8(true).disable_content_disposition();
                let mut response = file.into_response(request);
                response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
                response.map_into_boxed_body()
            }
        }
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

/// A compressed form that the build has produced, unless the file has changed since.
fn precompressed(file: &Path, extension: &str, changed: Option<SystemTime>) -> Option<Vec<u8>> {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    let modified = fs::symlink_metadata(&name).ok().filter(fs::Metadata::is_file)?.modified().ok()?;
    if changed.is_some_and(|changed| modified >= changed) { fs::read(name).ok() } else { None }
}
