//! A polling client's GET and POST, on the worker they came in on.

use std::sync::Weak;

use actix_web::web;
use futures_util::StreamExt;
use tokio::sync::oneshot;

use super::{Ask, Handle, response::Answer};
use crate::{
    config::Config,
    engine::{
        frames::{EXHAUSTED, Inbound},
        payload::{Broken, Splitter},
        request::{BAD_REQUEST, FULL, Refused, TOO_LARGE, UNKNOWN_SID},
    },
    metrics::Meters,
    session::{
        connection::Connection,
        limiter::{Holding, Share},
    },
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
    tokio::select! {
        biased;
        answer = answered => answer.unwrap_or(Err(BAD_REQUEST)),
        () = vanished(connection) => Err(BAD_REQUEST),
    }
}

/// Ready once the client of a request has gone: actix notices that only when it writes to it.
async fn vanished(connection: Weak<Connection>) {
    let vanished = connection.upgrade().map(|connection| connection.vanished());
    match vanished {
        Some(Ok(vanished)) => vanished.await,
        _ => std::future::pending().await,
    }
}

/// Hands over what came, and waits until it has been taken: a client that sends faster than it is
/// handled is held back so.
pub(in crate::engine) async fn post(
    handle: &Handle,
    config: &Config,
    connection: Weak<Connection>,
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
            let mut holding = handle.share().holding();
            let body = tokio::select! {
                body = read(config, body, handle.share(), &mut holding) => body?,
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
                Err(Broken::Exhausted) => {
                    Meters::limited("max_memory_without_owner");
                    Ask::Broken(FULL.with(EXHAUSTED), answer)
                }
            };
            return send(handle, ask, answered, connection).await;
        }
    };
    send(handle, ask, answered, connection).await
}

async fn send(
    handle: &Handle,
    ask: Ask,
    answered: oneshot::Receiver<Result<(), Refused>>,
    connection: Weak<Connection>,
) -> Result<(), Refused> {
    let taken = async {
        handle.ask(ask).await.map_err(|_| UNKNOWN_SID)?;
        answered.await.unwrap_or(Err(UNKNOWN_SID))
    };
    tokio::select! {
        biased;
        taken = taken => taken,
        // The session sees that nobody waits for the answer.
        () = vanished(connection) => Err(BAD_REQUEST),
    }
}

/// The body's packets.
async fn read(
    config: &Config,
    mut body: web::Payload,
    share: &Share,
    holding: &mut Holding,
) -> Result<Result<Vec<Inbound>, Broken>, Refused> {
    let mut splitter = Splitter::of(share, config.max_payload, config.max_packets);
    while let Some(chunk) = body.next().await {
        if let Err(broken) = splitter.push(&chunk.map_err(|_| BAD_REQUEST)?) {
            return Ok(Err(broken));
        }
        if holding.set(splitter.held()).is_err() {
            return Ok(Err(Broken::Exhausted));
        }
    }
    Ok(splitter.finish())
}
