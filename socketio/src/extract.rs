//! Extraction of a handler's arguments from an event.

use std::{ops::Deref, rc::Rc};

use serde::de::DeserializeOwned;

use crate::{
    event::{AckHandle, AckSender, Event},
    rejection::{Rejection, sentence},
    socket::Socket,
    wire::args::Args,
};

/// Parts of an event, from which a handler's arguments are extracted.
#[derive(Debug)]
pub struct EventParts<'a, S> {
    socket: &'a Socket<S>,
    event: Option<Event>,
    next: usize,
    ack: Option<AckHandle>,
}

impl<'a, S> EventParts<'a, S> {
    pub(crate) fn new(socket: &'a Socket<S>, event: Event) -> Self {
        Self { socket, event: Some(event), next: 0, ack: None }
    }

    /// Marks the extraction as successful: from here on an extracted [`AckSender`] sends the ack. Before, the session
    /// sends the rejection.
    pub(crate) fn complete(&mut self) {
        if let Some(ack_handle) = self.ack.take() {
            ack_handle.defer();
        }
    }
}

/// A type that can be an argument of a handler, for sockets with state `S`.
///
/// A type of your own is built from existing ones:
///
/// ```
/// use socketio::{Data, EventParts, FromEvent, Rejection};
///
/// struct Positive(i64);
///
/// impl<S> FromEvent<S> for Positive {
///     fn from_event(parts: &mut EventParts<'_, S>) -> Result<Self, Rejection> {
///         let Data(n) = Data::from_event(parts)?;
///         if n > 0 { Ok(Self(n)) } else { Err(Rejection("not positive".to_owned())) }
///     }
/// }
/// ```
///
/// Provided are [`Socket`], [`State`], [`Data`], [`Args`], [`Event`] and [`AckSender`], in any order. Several types
/// that take event arguments do so from left to right.
pub trait FromEvent<S>: Sized {
    /// Extracts the value.
    ///
    /// # Errors
    /// A [`Rejection`] becomes the ack, and the handler is not called.
    fn from_event(parts: &mut EventParts<'_, S>) -> Result<Self, Rejection>;
}

/// The next argument of the event. A missing one is decoded as `null`, so `Data<Option<T>>` is optional.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Data<T>(pub T);

/// The state of the socket: the return value of the connect hook.
#[derive(Debug)]
pub struct State<S>(Rc<S>);

impl<S> Deref for State<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0
    }
}

impl<S> FromEvent<S> for Socket<S> {
    fn from_event(parts: &mut EventParts<'_, S>) -> Result<Self, Rejection> {
        Ok(parts.socket.clone())
    }
}

impl<S> FromEvent<S> for State<S> {
    fn from_event(parts: &mut EventParts<'_, S>) -> Result<Self, Rejection> {
        Ok(Self(parts.socket.shared_state()))
    }
}

impl<S, T: DeserializeOwned> FromEvent<S> for Data<T> {
    fn from_event(parts: &mut EventParts<'_, S>) -> Result<Self, Rejection> {
        let args = &parts.event.as_ref().ok_or_else(taken)?.args;
        let index = parts.next;
        parts.next = index.saturating_add(1);
        let value = args.get(index);
        value.map(Self).map_err(|error| {
            if index >= args.len() {
                return Rejection(format!("argument {} is missing", index.min(args.len()) + 1));
            }
            Rejection(format!("argument {}: {}", index + 1, sentence(&error)))
        })
    }
}

/// The remaining arguments.
impl<S> FromEvent<S> for Args {
    fn from_event(parts: &mut EventParts<'_, S>) -> Result<Self, Rejection> {
        let args = std::mem::take(&mut parts.event.as_mut().ok_or_else(taken)?.args);
        let next = std::mem::replace(&mut parts.next, usize::MAX);
        Ok(args.skip(next))
    }
}

/// The whole event; it must be the last extracted value.
impl<S> FromEvent<S> for Event {
    fn from_event(parts: &mut EventParts<'_, S>) -> Result<Self, Rejection> {
        parts.event.take().ok_or_else(taken)
    }
}

/// The ack, for the handler to send; its return value is then not sent.
impl<S> FromEvent<S> for AckSender {
    fn from_event(parts: &mut EventParts<'_, S>) -> Result<Self, Rejection> {
        let event = parts.event.as_mut().ok_or_else(taken)?;
        parts.ack = event.ack_handle.clone();
        Ok(event.borrow_ack())
    }
}

fn taken() -> Rejection {
    Rejection("the handler takes more than the event has".to_owned())
}
