//! The page that is there without a build: what the server holds, live, and how to talk to it.

use std::path::Path;

use super::asset::Asset;

/// Three files; the page may not bring scripts or styles within itself, as no page here may.
const FILES: [(&str, &str); 3] = [
    ("index.html", include_str!("page/index.html")),
    ("rowcast.js", include_str!("page/rowcast.js")),
    ("rowcast.css", include_str!("page/rowcast.css")),
];

/// The page's files, ready to be sent.
pub(super) struct Page(Vec<Asset>);

impl Page {
    pub(super) fn new() -> Self {
        Self(FILES.iter().map(|(name, text)| Asset::new(Path::new(name), *text)).collect())
    }

    pub(super) fn find(&self, path: &str) -> Option<&Asset> {
        let path = if path.is_empty() { "index.html" } else { path };
        let at = FILES.iter().position(|(name, _)| *name == path)?;
        self.0.get(at)
    }
}
