//! Description of a socket for other threads.

use std::sync::Arc;

use serde::Serialize;

use crate::id::SocketId;

/// A socket at the time of the query.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SocketInfo {
    /// Id of the socket.
    pub id: SocketId,
    /// Rooms of the socket.
    pub rooms: Vec<Arc<str>>,
    /// Transport of its session.
    pub transport: &'static str,
}
