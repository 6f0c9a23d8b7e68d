//! GET and POST requests of a polling client, on the worker that received them.

use std::sync::Weak;

use actix_web::web;
use futures_util::StreamExt;
use tokio::sync::oneshot;

use super::{
    handle::{PollingHandle, PollingRequest},
    response::PollResponse,
};
use crate::{
    config::Config,
    engine::{
        error::{BAD_REQUEST, FULL, HandshakeError, TOO_LARGE, UNKNOWN_SID},
        frames::Inbound,
        payload::{PayloadError, Splitter},
        violation::EXHAUSTED,
    },
    metrics::Metrics,
    session::{
        connection::Connection,
        limiter::{MemoryQuota, MemoryReservation},
    },
};

/// Waits for something to send, or for the client to disconnect.
pub(in crate::engine) async fn poll(
    handle: &PollingHandle,
    connection: Weak<Connection>,
) -> Result<PollResponse, HandshakeError> {
    if handle.is_upgraded() {
        return Err(BAD_REQUEST);
    }
    if handle.poll_progress().is_answering() {
        Metrics::count_limit("unread_polls");
        return Err(BAD_REQUEST.with("the answer to the last GET has not been read"));
    }
    let payload = next(handle, connection.clone()).await?;
    Ok(PollResponse::new(payload, handle.poll_progress(), connection.upgrade().as_deref()))
}

async fn next(handle: &PollingHandle, connection: Weak<Connection>) -> Result<String, HandshakeError> {
    let (answer, answered) = oneshot::channel();
    handle.send(PollingRequest::Poll(answer)).await.map_err(|_| UNKNOWN_SID)?;
    tokio::select! {
        biased;
        answer = answered => answer.unwrap_or(Err(BAD_REQUEST)),
        () = wait_for_peer_close(connection) => Err(BAD_REQUEST),
    }
}

/// Waits until the peer of a request has disconnected, which actix notices only on a write.
async fn wait_for_peer_close(connection: Weak<Connection>) {
    let wait_for_peer_close = connection.upgrade().map(|connection| connection.wait_for_peer_close());
    match wait_for_peer_close {
        Some(Ok(wait_for_peer_close)) => wait_for_peer_close.await,
        _ => std::future::pending().await,
    }
}

/// Passes a body to the session and waits until it has been accepted, which slows down a client that sends too fast.
pub(in crate::engine) async fn post(
    handle: &PollingHandle,
    config: &Config,
    connection: Weak<Connection>,
    body: web::Payload,
) -> Result<(), HandshakeError> {
    if handle.is_upgraded() {
        return Err(BAD_REQUEST);
    }
    let (answer, answered) = oneshot::channel();
    let request = match handle.post_guard() {
        // Two concurrent requests have no order.
        None => PollingRequest::InvalidPost(BAD_REQUEST.with("two POST requests at once"), answer),
        Some(_posting) => {
            let mut reservation = handle.quota().reservation();
            let body = tokio::select! {
                body = read(config, body, handle.quota(), &mut reservation) => body?,
                // An endless body must not outlive the session.
                () = handle.ended() => return Err(UNKNOWN_SID),
            };
            let request = match body {
                Ok(packets) => PollingRequest::Post(packets, answer),
                Err(PayloadError::Invalid(sentence)) => {
                    PollingRequest::InvalidPost(BAD_REQUEST.with(sentence), answer)
                }
                Err(PayloadError::TooLarge) => {
                    Metrics::count_limit("max_payload");
                    PollingRequest::InvalidPost(TOO_LARGE, answer)
                }
                Err(PayloadError::Exhausted) => {
                    Metrics::count_limit("max_memory_without_owner");
                    PollingRequest::InvalidPost(FULL.with(EXHAUSTED), answer)
                }
            };
            return send(handle, request, answered, connection).await;
        }
    };
    send(handle, request, answered, connection).await
}

async fn send(
    handle: &PollingHandle,
    request: PollingRequest,
    answered: oneshot::Receiver<Result<(), HandshakeError>>,
    connection: Weak<Connection>,
) -> Result<(), HandshakeError> {
    let taken = async {
        handle.send(request).await.map_err(|_| UNKNOWN_SID)?;
        answered.await.unwrap_or(Err(UNKNOWN_SID))
    };
    tokio::select! {
        biased;
        taken = taken => taken,
        // The session notices that the answer's receiver is dropped.
        () = wait_for_peer_close(connection) => Err(BAD_REQUEST),
    }
}

/// The packets of the body.
async fn read(
    config: &Config,
    mut body: web::Payload,
    quota: &MemoryQuota,
    reservation: &mut MemoryReservation,
) -> Result<Result<Vec<Inbound>, PayloadError>, HandshakeError> {
    let mut splitter = Splitter::of(quota, config.max_payload, config.max_packets);
    while let Some(chunk) = body.next().await {
        if let Err(error) = splitter.push(&chunk.map_err(|_| BAD_REQUEST)?) {
            return Ok(Err(error));
        }
        if reservation.set(splitter.held()).is_err() {
            return Ok(Err(PayloadError::Exhausted));
        }
    }
    Ok(splitter.finish())
}
