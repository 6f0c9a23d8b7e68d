//! The limits of events.

use std::fmt;

use crate::session::limiter::RateExceeded;

/// A limit that an event exceeds. The event is handled without its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitExceeded {
    /// The message with its attachments exceeds [`Config::max_payload`](crate::Config::max_payload).
    TooLarge {
        /// Bytes of the message.
        bytes: u64,
        /// Allowed bytes.
        limit: usize,
    },
    /// The arguments exceed [`Config::max_depth`](crate::Config::max_depth).
    TooDeep {
        /// Allowed levels.
        limit: usize,
    },
    /// The client's address or owner exceeds [`Config::max_events_per_address`](crate::Config::max_events_per_address)
    /// or the limit of bytes, or the session exceeds one of [`Config::event_limits`](crate::Config::event_limits).
    Busy {
        /// Name of the limit in metric labels.
        limit: &'static str,
        /// Seconds after which to try again.
        seconds: u64,
    },
    /// The session exceeds [`Config::max_events`](crate::Config::max_events).
    TooMany {
        /// Allowed events per second.
        limit: u32,
    },
}

impl LimitExceeded {
    /// Name of the limit in metric labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "max_payload",
            Self::TooDeep { .. } => "max_depth",
            Self::TooMany { .. } => "max_events",
            Self::Busy { limit, .. } => limit,
        }
    }
}

impl From<RateExceeded> for LimitExceeded {
    fn from(RateExceeded { limit, after }: RateExceeded) -> Self {
        Self::Busy { limit, seconds: after.as_secs() + 1 }
    }
}

/// A sentence for the client.
impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { bytes, limit } => {
                write!(f, "the message has {bytes} bytes, and at most {limit} are taken: send less at once")
            }
            Self::TooDeep { limit } => write!(f, "the data is nested deeper than {limit} levels"),
            Self::Busy { seconds, .. } => write!(f, "too much at once: try again in {seconds} s"),
            Self::TooMany { limit } => write!(f, "at most {limit} events a second are taken: slow down"),
        }
    }
}
