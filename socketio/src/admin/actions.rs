//! What a page may do to sockets: send them events, let them into rooms and out, put them out.
//!
//! A filter is a room or a socket's id; without one, all sockets of the namespace are meant. The admins' own namespace is
//! left alone. Each action is logged, without what an event carries.

use tracing::info;

use super::{NAMESPACE, auth::AdminSession};
use crate::{broadcast::Broadcast, extract::Data, namespace::Namespace, socket::Socket, wire::args::Args};

/// Names that mean something else to the client's emitter.
const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

type Admin = Socket<AdminSession>;
/// A room or a socket's id; empty is the same as none.
type Filter = Data<Option<String>>;
type ActionResult = Result<(), &'static str>;

pub(super) fn add_to(namespace: Namespace<AdminSession>) -> Namespace<AdminSession> {
    namespace.on("emit", emit).on("join", join).on("leave", leave).on("_disconnect", disconnect)
}

async fn emit(
    admin: Admin,
    Data(namespace): Data<String>,
    filter: Filter,
    Data(name): Data<String>,
    args: Args,
) -> ActionResult {
    if RESERVED.contains(&name.as_str()) {
        return Err("a reserved event name");
    }
    recipients(&admin, "emit", namespace, filter)?.emit_args(&name, &args);
    Ok(())
}

async fn join(
    admin: Admin,
    Data(namespace): Data<String>,
    Data(room): Data<String>,
    filter: Filter,
) -> ActionResult {
    recipients(&admin, "join", namespace, filter)?.join([room]);
    Ok(())
}

async fn leave(
    admin: Admin,
    Data(namespace): Data<String>,
    Data(room): Data<String>,
    filter: Filter,
) -> ActionResult {
    recipients(&admin, "leave", namespace, filter)?.leave([room]);
    Ok(())
}

async fn disconnect(
    admin: Admin,
    Data(namespace): Data<String>,
    Data(close): Data<Option<bool>>,
    filter: Filter,
) -> ActionResult {
    recipients(&admin, "disconnect", namespace, filter)?.disconnect(close.unwrap_or_default());
    Ok(())
}

/// The sockets that are meant.
fn recipients(
    admin: &Admin,
    action: &str,
    namespace: String,
    Data(filter): Filter,
) -> Result<Broadcast, &'static str> {
    if namespace == NAMESPACE {
        return Err("not in this namespace");
    }
    let filter = filter.filter(|filter| !filter.is_empty());
    info!(admin = %admin.id(), action, namespace, filter, "an admin acts");
    let all = admin.hub().of(namespace);
    Ok(match filter {
        Some(filter) => all.to(filter),
        None => all,
    })
}
