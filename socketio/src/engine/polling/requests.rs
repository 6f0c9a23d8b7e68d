//! A polling client's GET and POST, on the worker they came in on.

use std::sync::Weak;

use actix_web::web;
use futures_util::StreamExt;
use tokio::sync::oneshot;

use super::{Ask, Handle};
use crate::{
    config::Config,
    connection::Connection,
    engine::{
        frames::{HARD, Inbound, PREFIX},
        payload,
        request::{BAD_REQUEST, Refused, TOO_LARGE, UNKNOWN_SID},
    },
};

/// Waits for something to say, or for the client to vanish.
pub(in crate::engine) async fn poll(
    handle: &Handle,
    connection: Weak<Connection>,
) -> Result<String, Refused> {
    if handle.has_moved() {
        return Err(BAD_REQUEST);
    }
    let (answer, answered) = oneshot::channel();
    handle.ask(Ask::Poll(answer)).await.map_err(|_| UNKNOWN_SID)?;
    // actix notices that a client has gone only when it writes to it.
    let vanished = connection.upgrade().map(|connection| connection.vanished());
    let Some(Ok(vanished)) = vanished else { return answered.await.map_err(|_| BAD_REQUEST) };
    tokio::select! {
        biased;
        answer = answered => answer.map_err(|_| BAD_REQUEST),
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
        None => Ask::Broken("two POST requests at once", answer),
        Some(_posting) => {
            let ask = match read(config, body).await? {
                Ok(packets) => Ask::Post(packets, answer),
                Err(broken) => Ask::Broken(broken, answer),
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

/// The body's packets. Of one that is over the limit only the beginning is kept, enough to answer an event.
async fn read(
    config: &Config,
    mut body: web::Payload,
) -> Result<Result<Vec<Inbound>, &'static str>, Refused> {
    let (mut bytes, mut total) = (Vec::new(), 0);
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| BAD_REQUEST)?;
        total += chunk.len() as u64;
        if total > HARD * config.max_payload as u64 {
            return Err(TOO_LARGE);
        }
        if total > config.max_payload as u64 {
            bytes.extend_from_slice(&chunk[..chunk.len().min(PREFIX.saturating_sub(bytes.len()))]);
            bytes.truncate(PREFIX);
        } else {
            bytes.extend_from_slice(&chunk);
        }
    }
    if total > config.max_payload as u64 {
        return Ok(Ok(vec![Inbound::TooLarge { prefix: bytes, bytes: total }]));
    }
    let Ok(body) = String::from_utf8(bytes) else { return Ok(Err("a payload is not UTF-8")) };
    Ok(payload::parse(&body, config.max_packets))
}
