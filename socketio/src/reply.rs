//! Return values of handlers, which become acks.

use serde::Serialize;

use crate::wire::{
    args::Args,
    frame::Frame,
    frame_writer::{FrameWriter, Head},
};

/// The arguments of an ack.
#[derive(Debug, Clone, Default)]
pub struct Reply(Content);

#[derive(Debug, Clone)]
enum Content {
    Args(Args),
    Json(String),
}

impl Default for Content {
    fn default() -> Self {
        Self::Args(Args::default())
    }
}

impl Reply {
    /// An ack with one argument.
    pub fn new<T: Serialize + ?Sized>(value: &T) -> Self {
        Args::new().with(value).into()
    }

    /// An ack with one argument that is JSON already, and not validated.
    pub fn json(json: String) -> Self {
        Self(Content::Json(json))
    }

    /// `{"error": …}`, as for an `Err` that a handler returns.
    pub fn error<E: Serialize + ?Sized>(error: &E) -> Self {
        #[derive(Serialize)]
        struct Failed<'a, E: ?Sized> {
            error: &'a E,
        }
        Self::new(&Failed { error })
    }

    pub(crate) fn frame(&self, namespace: &str, id: u64) -> Frame {
        let head = Head::Ack { namespace, id };
        match &self.0 {
            Content::Args(args) => Frame::encode(head, args, None),
            Content::Json(json) => {
                let mut writer = FrameWriter::begin(head, 0, json.len());
                writer.arg().extend_from_slice(json.as_bytes());
                writer.seal()
            }
        }
    }
}

impl From<Args> for Reply {
    fn from(args: Args) -> Self {
        Self(Content::Args(args))
    }
}

/// A return type of handlers: `()`, a `Result` of serializable types, [`Args`] for several arguments, or a [`Reply`]. A
/// plain value does not qualify, because `Result` is serializable too: return `Ok::<_, ()>(value)`, or
/// `Reply::new(&value)`.
#[diagnostic::on_unimplemented(
    message = "a handler cannot return `{Self}`",
    note = "return (), a Result whose both sides serialise, Args, or Reply::new(&value)"
)]
pub trait IntoReply {
    /// Converts the value into the ack's arguments.
    fn into_reply(self) -> Reply;
}

/// An empty ack.
impl IntoReply for () {
    fn into_reply(self) -> Reply {
        Reply::default()
    }
}

impl IntoReply for Reply {
    fn into_reply(self) -> Reply {
        self
    }
}

impl IntoReply for Args {
    fn into_reply(self) -> Reply {
        self.into()
    }
}

/// `Ok` is the ack's only argument; `Err` is `{"error": …}`.
impl<T: Serialize, E: Serialize> IntoReply for Result<T, E> {
    fn into_reply(self) -> Reply {
        match self {
            Ok(value) => Reply::new(&value),
            Err(error) => Reply::error(&error),
        }
    }
}
