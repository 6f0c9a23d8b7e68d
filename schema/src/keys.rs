//! Keys in an ack's `errors` for what is wrong with a request as a whole. They never change.
//!
//! Fields have names of their own; only these keys start with `$`.

/// No such row.
pub const NOT_FOUND: &str = "$not_found";
/// Other rows still refer to the row; the sentence says which and how many.
pub const IN_USE: &str = "$in_use";
/// `version` was sent and the row has moved on; `data` is the row as it stands.
pub const CONFLICT: &str = "$conflict";
/// Nobody handles this event.
pub const UNKNOWN_EVENT: &str = "$unknown_event";
/// Not an object, a wrong number of arguments, too deep or too large.
pub const BAD_PAYLOAD: &str = "$bad_payload";
/// The answer would be larger than acks may be; of a write, nothing was written.
pub const TOO_LARGE: &str = "$too_large";
/// Not signed in.
pub const UNAUTHORIZED: &str = "$unauthorized";
/// Signed in, but not allowed.
pub const FORBIDDEN: &str = "$forbidden";
/// Too many requests; the sentence says when to try again.
pub const RATE_LIMITED: &str = "$rate_limited";
/// The database could not be reached in time; nothing was written.
pub const UNAVAILABLE: &str = "$unavailable";
/// Another transaction holds the row; nothing was written, and writes to other rows go on.
pub const LOCKED: &str = "$locked";
/// The database refuses it for a reason of its own, a trigger's or a constraint's; the sentence is the database's.
pub const REFUSED: &str = "$refused";
/// It is not known whether it was written: a repeat with the same `request_id` is answered with what became of it.
pub const UNKNOWN_OUTCOME: &str = "$unknown_outcome";
/// More is wrong than is listed.
pub const MORE: &str = "$more";
/// Our fault; the sentence carries an incident id that is also in the log, and nothing else.
pub const INTERNAL: &str = "$internal";
