//! Which events there are, and which collections: built once, from what a product names.

mod kind;
mod route;

use std::{collections::HashMap, sync::Arc};

use rowcast_schema::contract::{self, Contract};

pub use kind::{Encoded, Examples, Kind};
pub use route::{Access, Route, Work};

use crate::{
    collection::{Collection, Nested},
    store::Referrer,
    users::{UserTable, Users},
};

/// Events by name, collections in the order their snapshots are sent.
pub struct Registry {
    routes: HashMap<&'static str, Route>,
    /// The names of the routes with the collection that they came with, in the order of registration.
    order: Vec<(&'static str, Option<&'static str>)>,
    aliases: HashMap<&'static str, &'static str>,
    kinds: Vec<Arc<dyn Kind>>,
    users: Option<Arc<UserTable>>,
    describe_users: Option<fn(&mut contract::Builder)>,
}

impl Registry {
    /// Nothing yet, for a product of this name; see [`Builder::with`].
    #[must_use]
    pub fn builder(program: &'static str) -> Builder {
        Builder { program, ..Builder::default() }
    }

    /// Who handles an event.
    #[must_use]
    pub fn route(&self, event: &str) -> Option<(&'static str, &Route)> {
        let event = self.aliases.get(event).copied().unwrap_or(event);
        self.routes.get_key_value(event).map(|(name, route)| (*name, route))
    }

    /// All events, in no order.
    pub fn events(&self) -> impl Iterator<Item = &'static str> {
        self.routes.keys().copied()
    }

    /// All collections, in the order they were registered.
    #[must_use]
    pub fn kinds(&self) -> &[Arc<dyn Kind>] {
        &self.kinds
    }

    /// The users, if any rows sign in.
    #[must_use]
    pub fn users(&self) -> Option<&Arc<UserTable>> {
        self.users.as_ref()
    }

    /// The collections whose rows show rows of this one.
    #[must_use]
    pub fn referrers(&self, plural: &str) -> Vec<Referrer> {
        referrers(&self.kinds, plural)
    }

    /// All that clients and this server say to each other.
    #[must_use]
    pub fn contract(&self) -> Contract {
        let mut contract = Contract::builder();
        if let Some(describe) = self.describe_users {
            describe(&mut contract);
        }
        for kind in &self.kinds {
            kind.describe(&mut contract);
        }
        for (event, collection) in &self.order {
            contract.event(event, self.routes[event].shape(), *collection);
        }
        let mut aliases: Vec<_> = self.aliases.iter().collect();
        aliases.sort_unstable();
        for (alias, event) in aliases {
            contract.alias(alias, event);
        }
        contract.build()
    }
}

/// Collects what a product registers.
#[derive(Default)]
pub struct Builder {
    program: &'static str,
    kinds: Vec<Arc<dyn Kind>>,
    users: Option<(&'static str, Arc<UserTable>)>,
    describe_users: Option<fn(&mut contract::Builder)>,
    routes: Vec<(&'static str, Route)>,
    aliases: Vec<(&'static str, &'static str)>,
}

impl Builder {
    /// A collection, with all that comes with it.
    #[must_use]
    pub fn with<C: Collection>(mut self) -> Self {
        self.kinds.push(kind::of::<C>());
        self
    }

    /// Says that the rows of a collection sign in.
    #[must_use]
    pub fn users<C: Users>(mut self) -> Self {
        self.users = Some((C::PLURAL, Arc::new(UserTable::of::<C>(self.program))));
        self.describe_users = Some(contract::Builder::users::<C::Row>);
        self
    }

    /// An event beyond the usual ones.
    #[must_use]
    pub fn on(mut self, event: &'static str, route: Route) -> Self {
        self.routes.push((event, route));
        self
    }

    /// A second name for an event.
    #[must_use]
    pub fn alias(mut self, alias: &'static str, event: &'static str) -> Self {
        self.aliases.push((alias, event));
        self
    }

    /// Puts it together.
    ///
    /// # Panics
    /// If an event is registered twice, or users are no collection: mistakes in the program, found by its first start.
    #[must_use]
    pub fn build(self) -> Registry {
        let (mut routes, mut order) = (HashMap::new(), Vec::new());
        let mut add = |event, route, collection| {
            order.push((event, collection));
            let before = routes.insert(event, route);
            assert!(before.is_none(), "the event {event} is registered twice");
        };
        for kind in &self.kinds {
            kind.routes(referrers(&self.kinds, kind.plural()))
                .into_iter()
                .for_each(|(event, route)| add(event, route, Some(kind.plural())));
        }
        self.routes.into_iter().for_each(|(event, route)| add(event, route, None));
        let Self { kinds, users, describe_users, .. } = self;
        let is_there = |plural| kinds.iter().any(|kind| kind.plural() == plural);
        let users = users.map(|(plural, users)| {
            assert!(is_there(plural), "{plural} sign in, and are no collection");
            users
        });
        let aliases = self.aliases.into_iter().collect();
        Registry { routes, order, aliases, kinds, users, describe_users }
    }
}

fn referrers(kinds: &[Arc<dyn Kind>], plural: &str) -> Vec<Referrer> {
    let shows = |other: &Arc<dyn Kind>| {
        let nests = other.nests().iter().filter(|nested| nested.collection == plural);
        let referrer =
            |nested: &Nested| Referrer { name: other.name(), plural: other.plural(), nested: *nested };
        nests.map(referrer).collect::<Vec<_>>()
    };
    kinds.iter().flat_map(shows).collect()
}
