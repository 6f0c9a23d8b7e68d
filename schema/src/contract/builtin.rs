//! Events about sockets, whatever the collections; those of sign-in exist where there are users.

use schemars::JsonSchema;

use super::{Builder, Shape};
use crate::{Authored, Connected, Login, SetPassword, SignedIn, SignedOut, Withheld, batch};

type Events = Vec<(&'static str, Shape)>;

/// Events about a socket itself, for one type of user.
pub(super) struct BuiltinEvents {
    pub(super) events: fn() -> Events,
    pub(super) server_events: fn(&mut Builder),
}

impl BuiltinEvents {
    /// For a server without users.
    pub(super) fn without_users() -> Self {
        Self { events: || vec![refresh(), batch()], server_events: server_events::<()> }
    }

    /// For a server whose users are the rows `U` of a collection.
    pub(super) fn with_users<U: JsonSchema>() -> Self {
        Self { events: events::<U>, server_events: server_events::<U> }
    }
}

fn refresh() -> (&'static str, Shape) {
    let description = "Sends all collections again, to the caller alone.";
    ("refresh", Shape::without_payload::<()>().described(description))
}

fn batch() -> (&'static str, Shape) {
    let shape = Shape::of_schemas(Some(batch::payload()), batch::data());
    ("batch", shape.described("Carries out several writes in one transaction, all or none."))
}

fn events<U: JsonSchema>() -> Events {
    vec![
        refresh(),
        batch(),
        ("login", Shape::of::<Login, SignedIn<U>>().with_extra::<U>("user").described("Signs in.")),
        ("logout", Shape::without_payload::<()>().described("Signs out and makes the token invalid.")),
        ("me", Shape::without_payload::<Option<U>>().described("The signed-in user; null if there is none.")),
        (
            "set_password",
            Shape::of::<SetPassword, ()>()
                .described("Changes the caller's password and ends the user's other sign-ins."),
        ),
    ]
}

fn server_events<U: JsonSchema>(builder: &mut Builder) {
    builder.server_event::<Connected<U>>("connected", "info");
    builder.server_event::<Withheld>("withheld", "withheld");
    builder.server_event::<Authored>("authored", "authored");
    builder.server_event::<SignedOut>("signed_out", "signedOut");
}
