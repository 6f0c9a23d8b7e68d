//! Name of the admin page's namespace, whose own events are not observed.

pub(super) const NAMESPACE: &str = "/admin";
