//! Event handlers: async functions with typed arguments.

use futures_util::future::LocalBoxFuture;

use crate::{
    extract::{EventParts, FromEvent},
    rejection::Rejection,
    reply::{IntoReply, Reply},
};

/// An async function with up to six arguments, each a [`FromEvent`], that returns an [`IntoReply`]. `A` is the tuple of
/// the argument types, which the compiler infers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no handler for sockets with state `{S}`",
    note = "a handler is an async function of up to six of Socket<{S}>, State<{S}>, Data<T>, Args, Event and Ack",
    note = "and returns (), a Result, a Reply or Args"
)]
pub trait Handler<S, A>: Send + Sync + 'static {
    /// Extracts the arguments and calls the function.
    ///
    /// # Errors
    /// The event has no such argument, or the argument has another type.
    fn call(&self, parts: &mut EventParts<'_, S>) -> Result<LocalBoxFuture<'static, Reply>, Rejection>;
}

macro_rules! handler {
    ($($arg:ident)*) => {
        impl<S, F, Fut, $($arg,)*> Handler<S, ($($arg,)*)> for F
        where
            F: Fn($($arg),*) -> Fut + Send + Sync + 'static,
            Fut: Future<Output: IntoReply> + 'static,
            $($arg: FromEvent<S>,)*
        {
            #[allow(unused_variables, non_snake_case, reason = "one of these takes nothing")]
            fn call(&self, parts: &mut EventParts<'_, S>) -> Result<LocalBoxFuture<'static, Reply>, Rejection> {
                $(let $arg = $arg::from_event(parts)?;)*
                parts.complete();
                let future = self($($arg),*);
                Ok(Box::pin(async move { future.await.into_reply() }))
            }
        }
    };
}

handler!();
handler!(A);
handler!(A B);
handler!(A B C);
handler!(A B C D);
handler!(A B C D E);
handler!(A B C D E G);
