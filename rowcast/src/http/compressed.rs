//! Compressed forms of a file: `name.br` and `name.gz` beside it, written by the build.

use std::{
    fs::{self, Metadata},
    path::{Path, PathBuf},
};

use actix_web::{
    HttpRequest,
    http::header::{self, AcceptEncoding, ContentEncoding, Encoding, Header},
};

/// Encodings and their extensions, the smallest form first.
const ENCODINGS: [(ContentEncoding, &str); 2] =
    [(ContentEncoding::Brotli, "br"), (ContentEncoding::Gzip, "gz")];

/// The compressed forms of a file. One that is older than the file is left out, because it may have other content.
pub(super) fn compressed(file: &Path, meta: &Metadata) -> Vec<(ContentEncoding, PathBuf)> {
    let is_current = |path: &PathBuf| {
        let form = fs::symlink_metadata(path).ok().filter(Metadata::is_file);
        let written = form.and_then(|form| form.modified().ok());
        written.zip(meta.modified().ok()).is_some_and(|(form, file)| form >= file)
    };
    let beside = |(encoding, extension)| {
        let mut path = file.as_os_str().to_owned();
        path.push(".");
        path.push(extension);
        (encoding, PathBuf::from(path))
    };
    ENCODINGS.map(beside).into_iter().filter(|(_, path)| is_current(path)).collect()
}

/// The encodings that a client accepts; none but identity if it names none, or requests a range.
pub(super) struct Accepted(Option<AcceptEncoding>);

impl Accepted {
    pub(super) fn by(request: &HttpRequest) -> Self {
        let headers = request.headers();
        let named = headers.contains_key(header::ACCEPT_ENCODING) && !headers.contains_key(header::RANGE);
        Self(if named { AcceptEncoding::parse(request).ok() } else { None })
    }

    /// The form that the client prefers, unless it prefers the file as it is.
    pub(super) fn choose<'a>(
        &self,
        forms: &'a [(ContentEncoding, PathBuf)],
    ) -> Option<(ContentEncoding, &'a Path)> {
        let ours = forms.iter().map(|(encoding, _)| Encoding::Known(*encoding));
        let ours: Vec<_> = ours.chain([Encoding::identity()]).collect();
        let chosen = self.0.as_ref()?.negotiate(ours.iter())?;
        let (encoding, path) = forms.iter().find(|(encoding, _)| chosen == Encoding::Known(*encoding))?;
        Some((*encoding, path))
    }
}
