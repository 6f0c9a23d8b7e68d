//! A folder of built pages on the disk. What is small is cache in memory, as it was when its file last changed.

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

/// A larger file is read from the disk each time, in parts.
const MAX_CACHED_FILE: u64 = 4 * 1024 * 1024;
/// Folders below the app's own address at which it still is.
const MAX_DEPTH: usize = 16;
/// Bytes that are cache in memory, compressed forms included; past that it is begun anew.
const CACHE_BYTES: usize = 64 * 1024 * 1024;

/// A folder that is served.
pub(super) struct Folder {
    root: PathBuf,
    cache: Mutex<CachedAssets>,
}

#[derive(Default)]
struct CachedAssets {
    bytes: usize,
    /// By path, and by how far below it was asked for.
    assets: HashMap<(PathBuf, usize), (Fingerprint, Arc<Asset>)>,
}

/// By which it is seen that a file has changed.
type Fingerprint = (Option<SystemTime>, u64);

/// A file as it is to be sent.
pub(super) enum ServedFile {
    Small(Arc<Asset>),
    Large(Box<NamedFile>, &'static str),
}

impl Folder {
    /// The folder, wherever links lead.
    ///
    /// # Errors
    /// What the system says if it cannot be read.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        Ok(Self { root: folder.canonicalize()?, cache: Mutex::default() })
    }

    /// The file at a path within, if there is one that may be shown, for an address that is so many folders below the one where the app
    /// is at home: what a page names by `./` is found from there, too. Reads the disk elsewhere than on the sockets' threads.
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
        // One name for each file, however it was asked for. A link may lead out of the folder, or to what is hidden in it.
        let path = file.strip_prefix(&self.root).map_err(io::Error::other)?;
        if !meta.is_file() || path.components().any(|part| !is_plain(part)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let mime =
            actix_files::file_extension_to_mime(path.extension().and_then(|it| it.to_str()).unwrap_or(""));
        // Players ask for parts of what they play.
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
    /// What a request for it is answered with.
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

/// A page whose relative addresses lead so many folders up. A `<base>` would do the same, but our policy forbids it, and it
/// would bend links within the page, too.
fn from_below(page: String, depth: usize) -> String {
    let up = format!("=\"{}", "../".repeat(depth));
    page.replace("=\"./", &up)
}

/// A name, and none that is hidden: what begins with a dot is somebody's secret.
fn is_plain(part: Component<'_>) -> bool {
    matches!(part, Component::Normal(name) if !name.as_encoded_bytes().starts_with(b".") && !name.as_encoded_bytes().contains(&b'\\'))
}

/// What the build has compressed, unless the file has changed since.
fn precompressed(file: &Path, extension: &str, changed: Option<SystemTime>) -> Option<Vec<u8>> {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    let modified = fs::symlink_metadata(&name).ok().filter(fs::Metadata::is_file)?.modified().ok()?;
    if changed.is_some_and(|changed| modified >= changed) { fs::read(name).ok() } else { None }
}
