//! What every server says, whatever its collections are.

use schemars::JsonSchema;

use super::{Builder, Shape};
use crate::{Authored, Connected, Login, SetPassword, SignedIn, SignedOut, Withheld};

type Events = Vec<(&'static str, Shape)>;

/// What is said about a socket itself, by what a user is.
pub(super) struct Own {
    pub(super) events: fn() -> Events,
    pub(super) notices: fn(&mut Builder),
}

impl Own {
    /// Where nobody signs in.
    pub(super) fn without_users() -> Self {
        Self { events: || vec![refresh()], notices: notices::<()> }
    }

    /// Where the rows `U` of a collection sign in.
    pub(super) fn with_users<U: JsonSchema>() -> Self {
        Self { events: events::<U>, notices: notices::<U> }
    }
}

fn refresh() -> (&'static str, Shape) {
    ("refresh", Shape::bare::<()>().described("Sends all collections again, to the caller alone."))
}

fn events<U: JsonSchema>() -> Events {
    vec![
        refresh(),
        ("login", Shape::of::<Login, SignedIn<U>>().beside::<U>("user").described("Signs in.")),
        ("logout", Shape::bare::<()>().described("Signs out; the token is worth nothing from then on.")),
        ("me", Shape::bare::<Option<U>>().described("Who is signed in; null for nobody.")),
        (
            "set_password",
            Shape::of::<SetPassword, ()>()
                .described("Changes one's own password; one's other sign-ins end, this one goes on."),
        ),
    ]
}

/// What the server tells beside rows.
fn notices<U: JsonSchema>(builder: &mut Builder) {
    builder.notice::<Connected<U>>("connected", "greeting");
    builder.notice::<Withheld>("withheld", "what");
    builder.notice::<Authored>("authored", "change");
    builder.notice::<SignedOut>("signed_out", "why");
}
