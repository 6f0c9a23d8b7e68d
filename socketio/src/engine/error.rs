//! Error responses of the endpoint.

use std::{borrow::Cow, time::Duration};

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use serde_json::json;

/// An error response: status, and Engine.IO's code and message.
#[derive(Debug, Clone)]
pub(super) struct HandshakeError {
    pub(super) status: StatusCode,
    code: u8,
    pub(super) message: Cow<'static, str>,
    /// Seconds after which to try again.
    retry_after: Option<u64>,
}

const fn error(status: StatusCode, code: u8, message: &'static str) -> HandshakeError {
    HandshakeError { status, code, message: Cow::Borrowed(message), retry_after: None }
}

/// An error that allows a retry.
const fn busy(status: StatusCode, message: &'static str) -> HandshakeError {
    // The protocol defines no code for these; the status is relevant.
    HandshakeError { status, code: 3, message: Cow::Borrowed(message), retry_after: Some(5) }
}

pub(super) const UNKNOWN_TRANSPORT: HandshakeError = error(StatusCode::BAD_REQUEST, 0, "Transport unknown");
pub(super) const UNKNOWN_SID: HandshakeError = error(StatusCode::BAD_REQUEST, 1, "Session ID unknown");
pub(super) const BAD_METHOD: HandshakeError = error(StatusCode::BAD_REQUEST, 2, "Bad handshake method");
pub(super) const BAD_REQUEST: HandshakeError = error(StatusCode::BAD_REQUEST, 3, "Bad request");
pub(super) const FORBIDDEN: HandshakeError = error(StatusCode::FORBIDDEN, 4, "Forbidden");
pub(super) const OLD_PROTOCOL: HandshakeError =
    error(StatusCode::BAD_REQUEST, 5, "Unsupported protocol version");
pub(super) const FULL: HandshakeError = busy(StatusCode::SERVICE_UNAVAILABLE, "Too many sessions");
pub(super) const TOO_MANY_FROM_ADDRESS: HandshakeError =
    busy(StatusCode::TOO_MANY_REQUESTS, "Too many sessions from this address");
pub(super) const TOO_MANY_HANDSHAKES: HandshakeError =
    busy(StatusCode::TOO_MANY_REQUESTS, "Too many handshakes from this address");
pub(super) const CLOSED: HandshakeError = busy(StatusCode::SERVICE_UNAVAILABLE, "Server is going away");
pub(super) const ENDED: HandshakeError = error(StatusCode::SERVICE_UNAVAILABLE, 3, "The session has ended");
pub(super) const TOO_LARGE: HandshakeError = error(StatusCode::PAYLOAD_TOO_LARGE, 3, "Payload too large");

impl HandshakeError {
    /// Adds a sentence to the message.
    pub(super) fn with(&self, sentence: &str) -> Self {
        Self { message: Cow::Owned(format!("{}: {sentence}", self.message)), ..self.clone() }
    }

    /// Sets the time after which to try again.
    pub(super) fn after(&self, time: Duration) -> Self {
        Self { retry_after: Some(time.as_secs() + 1), ..self.clone() }
    }

    /// Whether the origin is refused.
    pub(super) fn is_forbidden(&self) -> bool {
        self.code == FORBIDDEN.code
    }

    pub(super) fn response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        response.json(json!({ "code": self.code, "message": self.message }))
    }
}
