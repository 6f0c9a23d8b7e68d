//! What every server says, whatever its collections are.

use super::{Builder, Shape};
use crate::{Authored, Coach, Connected, Login, SetPassword, SignedIn, SignedOut, Withheld};

/// The events that are about a socket itself.
pub(super) fn events() -> [(&'static str, Shape); 5] {
    [
        ("refresh", Shape::bare::<()>().described("Sends all collections again, to the caller alone.")),
        ("login", Shape::of::<Login, SignedIn>().beside::<Coach>("user").described("Signs in.")),
        ("logout", Shape::bare::<()>().described("Signs out; the token is worth nothing from then on.")),
        ("me", Shape::bare::<Option<Coach>>().described("Who is signed in; null for nobody.")),
        (
            "set_password",
            Shape::of::<SetPassword, ()>()
                .described("Changes one's own password; one's other sign-ins end, this one goes on."),
        ),
    ]
}

/// What the server tells beside rows.
pub(super) fn notices(builder: &mut Builder) {
    builder.notice::<Connected>("connected", "greeting");
    builder.notice::<Withheld>("withheld", "what");
    builder.notice::<Authored>("authored", "change");
    builder.notice::<SignedOut>("signed_out", "why");
}
