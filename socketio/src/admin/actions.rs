//! Operations of a page on sockets: emit, join, leave, disconnect.
//!
//! A filter is a room or a socket's id; without one, all sockets of the namespace are selected. The namespace `/admin`
//! is excluded. Each operation is logged, without the arguments of an event.

use tracing::info;

use super::{auth::AdminSession, name::NAMESPACE};
use crate::{broadcast::Broadcast, extract::Data, namespace::Namespace, socket::Socket, wire::args::Args};

/// Reserved event names, which have another meaning on an emitter.
const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

type Admin = Socket<AdminSession>;
/// A room or a socket's id; an empty one selects all.
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

/// The selected sockets.
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
    info!(admin = %admin.id(), action, namespace, filter, "an admin page performs an operation");
    let all = admin.hub().of(namespace);
    Ok(match filter {
        Some(filter) => all.to(filter),
        None => all,
    })
}
