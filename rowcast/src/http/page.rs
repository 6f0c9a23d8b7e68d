//! The built-in page, for servers without a built app: shows the rows live, and how to use the API.

use std::path::Path;

use super::asset::Asset;

/// Three files, because the content security policy forbids inline scripts and styles.
const FILES: [(&str, &str); 3] = [
    ("index.html", include_str!("page/index.html")),
    ("rowcast.js", include_str!("page/rowcast.js")),
    ("rowcast.css", include_str!("page/rowcast.css")),
];

/// The page's files.
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
