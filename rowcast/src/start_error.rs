//! Why a server does not start.

/// Why a server did not start. Its `Display` is a sentence with the reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// Mistakes in the files of the project, a line for each.
    #[error("{0}")]
    Files(String),
    /// Any other reason, which may be mended without a change of the files: the database, the address, a setting.
    #[error("{0}")]
    Other(String),
}

impl From<String> for StartError {
    fn from(reason: String) -> Self {
        Self::Other(reason)
    }
}
