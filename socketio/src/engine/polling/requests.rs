//! A polling client's GET and POST, on the worker they came in on.

use std::sync::Weak;

use actix_web::web;
use futures_util::StreamExt;
use tokio::sync::oneshot;

use super::{Ask, Handle, answer::Answer};
use crate::{
    config::Config,
    connection::Connection,
    engine::{
        frames::Inbound,
        payload::{Broken, Splitter},
        request::{BAD_REQUEST, Refused, TOO_LARGE, UNKNOWN_SID},
    },
    meters::Meters,
};

/// Waits for something to say, or for the client to vanish.
pub(in crate::engine) async fn poll(
    handle: &Handle,
    connection: Weak<Connection>,
) -> Result<Answer, Refused> {
    if handle.has_moved() {
        return Err(BAD_REQUEST);
    }
    if handle.is_answering() {
        Meters::limited("unread_polls");
        return Err(BAD_REQUEST.with("the answer to the last GET has not been read"));
    }
    let payload = next(handle, connection.clone()).await?;
    Ok(Answer::new(payload, &handle.handed, connection.upgrade().as_deref()))
}

async fn next(handle: &Handle, connection: Weak<Connection>) -> Result<String, Refused> {
    let (answer, answered) = oneshot::channel();
    handle.ask(Ask::Poll(answer)).await.map_err(|_| UNKNOWN_SID)?;
    // actix notices that a client has gone only when it writes to it.
    let vanished = connection.upgrade().map(|connection| connection.vanished());
    let Some(Ok(vanished)) = vanished else { return answered.await.unwrap_or(Err(BAD_REQUEST)) };
    tokio::select! {
        biased;
        answer = answered => answer.unwrap_or(Err(BAD_REQUEST)),
        () = vanished => Err(BAD_REQUEST),
    }
}

/// Hands over what came, and waits until it has been taken: a client that sends faster than it is
/// handled is held back so.
pub(in crate::engine) async fn post(
    handle: &Handle,
    config: &Config,
    body: web::Payload,
) -> Result<(), Refused> {
    if handle.has_moved() {
        return Err(BAD_REQUEST);
    }
    let (answer, answered) = oneshot::channel();
    let ask = match handle.posting() {
        // Two at once could not be put in order.
        None => Ask::Broken(BAD_REQUEST.with("two POST requests at once"), answer),
        Some(_posting) => {
            let body = tokio::select! {
                body = read(config, body) => body?,
                // A body that never ends does not outlive the session.
                () = handle.ended() => return Err(UNKNOWN_SID),
            };
            let ask = match body {
                Ok(packets) => Ask::Post(packets, answer),
                Err(Broken::Invalid(sentence)) => Ask::Broken(BAD_REQUEST.with(sentence), answer),
                Err(Broken::TooLarge) => {
                    Meters::limited("max_payload");
                    Ask::Broken(TOO_LARGE, answer)
                }
            };
            return send(handle, ask, answered).await;
        }
    };
    send(handle, ask, answered).await
}

async fn send(
    handle: &Handle,
    ask: Ask,
    answered: oneshot::Receiver<Result<(), Refused>>,
) -> Result<(), Refused> {
    handle.ask(ask).await.map_err(|_| UNKNOWN_SID)?;
    answered.await.unwrap_or(Err(UNKNOWN_SID))
}

/// The body's packets.
async fn read(config: &Config, mut body: web::Payload) -> Result<Result<Vec<Inbound>, Broken>, Refused> {
    let mut splitter = Splitter::new(config.max_payload, config.max_packets);
    while let Some(chunk) = body.next().await {
        if let Err(broken) = splitter.push(&chunk.map_err(|_| BAD_REQUEST)?) {
            return Ok(Err(broken));
        }
    }
    Ok(splitter.finish())
}
