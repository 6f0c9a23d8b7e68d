//! A product: what is made with the engine, in one expression.

use std::{process::ExitCode, sync::Arc};

use crate::migration::{List, Migrations};
use rowcast_schema::Payload;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    cli,
    collection::Collection,
    context::Context,
    error::Error,
    registry::{self, Access, Registry, Route},
    seed::{Seed, Seeding},
    users::Users,
};

/// Puts a product together.
pub struct Rowcast {
    name: &'static str,
    registry: registry::Builder,
    migrations: Vec<fn() -> List>,
    seed: Option<Seed>,
    web: Option<&'static str>,
}

/// A product that has been put together.
#[derive(Clone)]
pub struct Product {
    /// What its program is called.
    pub name: &'static str,
    /// Its collections and events.
    pub registry: Arc<Registry>,
    /// What brings its database up to date.
    pub migrations: Migrations,
    /// What an empty database is filled with.
    pub seed: Option<Seed>,
    /// The folder of its pages, from where the program is started.
    pub web: Option<&'static str>,
}

impl Rowcast {
    /// A product of this name, by which its program goes.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { name, registry: Registry::builder(name), migrations: Vec::new(), seed: None, web: None }
    }

    /// Migrations of its tables. They are applied together with the engine's own, in the order of their names.
    #[must_use]
    pub fn migrations(mut self, list: fn() -> List) -> Self {
        self.migrations.push(list);
        self
    }

    /// A collection, with the events that come with it. Clients that connect are sent collections in the order in which they are
    /// named here.
    #[must_use]
    pub fn collection<C: Collection>(mut self) -> Self {
        self.registry = self.registry.with::<C>();
        self
    }

    /// Says that the rows of this collection sign in.
    #[must_use]
    pub fn users<C: Users>(mut self) -> Self {
        self.registry = self.registry.users::<C>();
        self
    }

    /// An event of its own: what it needs of the database, and an async function of a payload.
    #[must_use]
    pub fn event<P, T, H>(self, event: &'static str, access: Access, handler: H) -> Self
    where
        P: Payload + Serialize + JsonSchema + Clone + Send + Sync + 'static,
        T: Serialize + JsonSchema + 'static,
        H: AsyncFn(&Context<'_>, P) -> Result<T, Error> + Clone + Send + Sync + 'static,
    {
        self.route(event, Route::new(access, handler))
    }

    /// An event of its own, with all that can be said of it.
    #[must_use]
    pub fn route(mut self, event: &'static str, route: Route) -> Self {
        self.registry = self.registry.on(event, route);
        self
    }

    /// A second name for an event.
    #[must_use]
    pub fn alias(mut self, alias: &'static str, event: &'static str) -> Self {
        self.registry = self.registry.alias(alias, event);
        self
    }

    /// Sample data: the usernames of those in it that sign in; and what writes it, which is to write nothing and give `false` if
    /// the database is not empty.
    #[must_use]
    pub fn seed<F>(mut self, usernames: &'static [&'static str], fill: F) -> Self
    where
        F: AsyncFn(&Seeding<'_>) -> Result<bool, Error> + Clone + Send + Sync + 'static,
    {
        self.seed = Some(Seed::new(fill, usernames, self.name));
        self
    }

    /// A folder of built pages to serve, unless `--web` names another.
    #[must_use]
    pub fn web(mut self, folder: &'static str) -> Self {
        self.web = Some(folder);
        self
    }

    /// The product.
    ///
    /// # Panics
    /// If an event or a migration is there twice, or users are no collection: mistakes in the program, found by its first start.
    #[must_use]
    pub fn build(self) -> Product {
        let Self { name, registry, migrations, seed, web } = self;
        let (registry, migrations) = (Arc::new(registry.build()), Migrations::with(&migrations));
        Product { name, registry, migrations, seed, web }
    }

    /// Does what the command line says: to serve, or one of the other commands.
    pub async fn cli(self) -> ExitCode {
        cli::run(&self.build()).await
    }
}
