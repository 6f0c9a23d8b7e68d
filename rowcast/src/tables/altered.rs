//! Requests during a change of the schema.
//!
//! A change is noticed within a second. Until then, statements may name what is gone; nothing was written then, and a
//! repetition succeeds or says what is wrong.

use crate::{database::classify, error::Error};

/// The result of a request, in which an error of an altered table is that the database is not available.
pub(super) async fn unless_altered<T>(request: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match request.await {
        Err(Error::Database(error)) if classify::is_altered_table(&error) => {
            Err(Error::Unavailable(format!("the table is being altered: {error}")))
        }
        result => result,
    }
}
