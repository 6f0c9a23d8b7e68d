//! Keys in an ack's `errors` for errors about the whole request. They never change.
//!
//! Only these keys start with `$`; names of fields do not.

/// The row does not exist.
pub const NOT_FOUND: &str = "$not_found";
/// Other rows still refer to the row; the sentence says which and how many.
pub const IN_USE: &str = "$in_use";
/// The row's version is not the `version` that was sent; `data` is the current row.
pub const CONFLICT: &str = "$conflict";
/// The event does not exist.
pub const UNKNOWN_EVENT: &str = "$unknown_event";
/// Not an object, a wrong number of arguments, too deep or too large.
pub const BAD_PAYLOAD: &str = "$bad_payload";
/// The ack would be too large; nothing was written.
pub const TOO_LARGE: &str = "$too_large";
/// Not signed in.
pub const UNAUTHORIZED: &str = "$unauthorized";
/// Signed in, but not allowed.
pub const FORBIDDEN: &str = "$forbidden";
/// Too many requests; the sentence says when to try again.
pub const RATE_LIMITED: &str = "$rate_limited";
/// The database could not be reached in time; nothing was written.
pub const UNAVAILABLE: &str = "$unavailable";
/// Another transaction locks the row; nothing was written.
pub const LOCKED: &str = "$locked";
/// A trigger or constraint of the database rejected the write; the sentence is the database's.
pub const REFUSED: &str = "$refused";
/// The outcome of the commit is unknown: a retry with the same `request_id` returns it.
pub const UNKNOWN_OUTCOME: &str = "$unknown_outcome";
/// There are more errors than are listed.
pub const MORE: &str = "$more";
/// A failure of the server. The sentence contains only an incident id, which the log has too.
pub const INTERNAL: &str = "$internal";
