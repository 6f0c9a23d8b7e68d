//! The events and collections of a product, built once at start.

mod erased;
mod operation;
mod route;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, OnceLock},
};

use rowcast_schema::{
    SchemaHashes,
    contract::{self, Contract},
};
use tokio::sync::watch;

pub use erased::{Encoded, ErasedCollection, Examples, StoredColumn};
pub use operation::{Completed, Operation};
pub use route::{Route, TransactionKind};

use crate::{
    collection::Collection,
    store::ReferencingCollection,
    users::{UserTable, Users},
};

/// Events by name, and collections in the order of their snapshots.
pub struct Registry {
    routes: HashMap<&'static str, Arc<Route>>,
    /// The names of events with the collection that declares each, in order of registration.
    order: Vec<(&'static str, Option<&'static str>)>,
    aliases: HashMap<&'static str, &'static str>,
    collections: Vec<Arc<dyn ErasedCollection>>,
    users: Option<Arc<UserTable>>,
    describe_users: Option<Arc<DescribeUsers>>,
    program: &'static str,
    /// Whether there are collections from the catalog of the database, at times.
    is_from_catalog: bool,
    /// The module that declares the types of JSON columns.
    types_module: Option<String>,
    hashes: OnceLock<Arc<SchemaHashes>>,
}

/// Adds the type of users to a contract.
type DescribeUsers = dyn Fn(&mut contract::Builder) + Send + Sync;

/// The registry as it is now: tables of a database may change while the server runs.
pub(crate) type CurrentRegistry = watch::Receiver<Arc<Registry>>;

impl Registry {
    /// An empty builder for a product of this name.
    #[must_use]
    pub fn builder(program: &'static str) -> Builder {
        Builder { program, ..Builder::default() }
    }

    /// The route of an event, with the event's canonical name.
    #[must_use]
    pub fn route(&self, event: &str) -> Option<(&'static str, &Route)> {
        let event = self.aliases.get(event).copied().unwrap_or(event);
        self.routes.get_key_value(event).map(|(name, route)| (*name, &**route))
    }

    /// All events, in no order.
    pub fn events(&self) -> impl Iterator<Item = &'static str> {
        self.routes.keys().copied()
    }

    /// All collections, in order of registration.
    #[must_use]
    pub fn collections(&self) -> &[Arc<dyn ErasedCollection>] {
        &self.collections
    }

    /// The collection with this name.
    #[must_use]
    pub fn collection(&self, name: &str) -> Option<&Arc<dyn ErasedCollection>> {
        self.collections.iter().find(|collection| collection.name() == name)
    }

    /// The table of users, if there is one.
    #[must_use]
    pub fn users(&self) -> Option<&Arc<UserTable>> {
        self.users.as_ref()
    }

    /// The collections whose rows embed rows of this one.
    #[must_use]
    pub fn referencing(&self, name: &str) -> Vec<ReferencingCollection> {
        referencing(&self.collections, name)
    }

    /// The same with further collections, which have no Rust types.
    ///
    /// # Errors
    /// A sentence, if a collection or an event exists twice.
    pub(crate) fn with_collections(
        &self,
        more: Vec<Arc<dyn ErasedCollection>>,
        types_module: Option<String>,
    ) -> Result<Self, String> {
        let (mut routes, mut order) = (self.routes.clone(), self.order.clone());
        let mut collections = self.collections.clone();
        for collection in more {
            let name = collection.name();
            if collections.iter().any(|other| other.name() == name) {
                return Err(format!("there are two collections called {name}"));
            }
            for (event, route) in collection.routes(Vec::new()) {
                order.push((event, Some(name)));
                if routes.insert(event, Arc::new(route)).is_some() {
                    return Err(format!("there are two events called {event}, and {name} has one of them"));
                }
            }
            collections.push(collection);
        }
        Ok(Self {
            routes,
            order,
            collections,
            aliases: self.aliases.clone(),
            users: self.users.clone(),
            describe_users: self.describe_users.clone(),
            program: self.program,
            is_from_catalog: true,
            types_module,
            hashes: OnceLock::new(),
        })
    }

    /// The same with users, of which `describe` adds the type to a contract.
    pub(crate) fn with_users(
        self,
        users: UserTable,
        describe: impl Fn(&mut contract::Builder) + Send + Sync + 'static,
    ) -> Self {
        Self { users: Some(Arc::new(users)), describe_users: Some(Arc::new(describe)), ..self }
    }

    /// The name of the command line program.
    pub(crate) fn program(&self) -> &'static str {
        self.program
    }

    /// The hashes of the schema.
    pub(crate) fn hashes(&self) -> Arc<SchemaHashes> {
        self.hashes.get_or_init(|| Arc::new(self.contract().hashes())).clone()
    }

    /// The schema of all messages.
    #[must_use]
    pub fn contract(&self) -> Contract {
        let mut contract = Contract::builder();
        if self.is_from_catalog {
            contract.from_data();
        }
        if let Some(module) = &self.types_module {
            contract.types_module(module);
        }
        if let Some(describe) = &self.describe_users {
            describe(&mut contract);
        }
        for collection in &self.collections {
            collection.describe(&mut contract);
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

/// Collects the collections and events of a product.
#[derive(Default)]
pub struct Builder {
    program: &'static str,
    collections: Vec<Arc<dyn ErasedCollection>>,
    users: Option<(&'static str, Arc<UserTable>)>,
    describe_users: Option<Arc<DescribeUsers>>,
    routes: Vec<(&'static str, Route)>,
    aliases: Vec<(&'static str, &'static str)>,
}

impl Builder {
    /// Adds a collection with its events.
    #[must_use]
    pub fn with<C: Collection>(mut self) -> Self {
        self.collections.push(erased::erase::<C>());
        self
    }

    /// Declares the rows of a collection as users.
    #[must_use]
    pub fn users<C: Users>(mut self) -> Self {
        self.users = Some((C::NAME, Arc::new(UserTable::of::<C>(self.program))));
        self.describe_users = Some(Arc::new(contract::Builder::users::<C::Row>));
        self
    }

    /// Adds an event.
    #[must_use]
    pub fn on(mut self, event: &'static str, route: Route) -> Self {
        self.routes.push((event, route));
        self
    }

    /// Adds a second name for an event.
    #[must_use]
    pub fn alias(mut self, alias: &'static str, event: &'static str) -> Self {
        self.aliases.push((alias, event));
        self
    }

    /// Builds the registry.
    ///
    /// # Panics
    /// As [`try_build`](Self::try_build) fails.
    #[must_use]
    pub fn build(self) -> Registry {
        self.try_build().unwrap_or_else(|mistake| panic!("{mistake}"))
    }

    /// Builds the registry.
    ///
    /// # Errors
    /// A sentence, if a collection or an event is registered twice, if a collection refers to one that is not registered,
    /// or if users are no collection.
    pub fn try_build(self) -> Result<Registry, String> {
        self.check()?;
        let (mut routes, mut order) = (HashMap::new(), Vec::new());
        let mut twice = None;
        let mut add = |event, route, collection| {
            order.push((event, collection));
            if routes.insert(event, Arc::new(route)).is_some() {
                twice = Some(event);
            }
        };
        for collection in &self.collections {
            collection
                .routes(referencing(&self.collections, collection.name()))
                .into_iter()
                .for_each(|(event, route)| add(event, route, Some(collection.name())));
        }
        self.routes.into_iter().for_each(|(event, route)| add(event, route, None));
        if let Some(event) = twice {
            return Err(format!("the event {event} is registered twice"));
        }
        let Self { collections, users, describe_users, program, .. } = self;
        let users = users.map(|(_, users)| users);
        let aliases = self.aliases.into_iter().collect();
        let (is_from_catalog, types_module, hashes) = (false, None, OnceLock::new());
        Ok(Registry {
            routes,
            order,
            aliases,
            collections,
            users,
            describe_users,
            program,
            is_from_catalog,
            types_module,
            hashes,
        })
    }

    /// Checks the collections against each other.
    fn check(&self) -> Result<(), String> {
        let mut names = BTreeSet::new();
        for collection in &self.collections {
            let name = collection.name();
            if !names.insert(name) {
                return Err(format!("the collection {name} is registered twice"));
            }
        }
        let referred = |collection: &Arc<dyn ErasedCollection>| {
            let missing = collection.embeds().iter().find(|embed| !names.contains(embed.collection))?;
            let (name, missing) = (collection.name(), missing.collection);
            Some(format!(
                "the collection {name} refers to {missing}, which is not registered: add its .collection::<…>() to the \
                 product"
            ))
        };
        if let Some(mistake) = self.collections.iter().find_map(referred) {
            return Err(mistake);
        }
        match &self.users {
            Some((name, _)) if !names.contains(name) => Err(format!(
                "the rows of {name} sign in, and {name} is not registered: add its .collection::<…>() to the product"
            )),
            _ => Ok(()),
        }
    }
}

fn referencing(collections: &[Arc<dyn ErasedCollection>], name: &str) -> Vec<ReferencingCollection> {
    let referencing = |other: &Arc<dyn ErasedCollection>| {
        let embeds = other.embeds().iter().filter(|embed| embed.collection == name);
        let (singular, name) = (other.singular(), other.name());
        embeds.map(|embed| ReferencingCollection { singular, name, embed: *embed }).collect::<Vec<_>>()
    };
    collections.iter().flat_map(referencing).collect()
}
