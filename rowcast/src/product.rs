//! Products: programs built with the engine.

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
    project::Project,
    registry::{self, Registry, Route, TransactionKind},
    seed::{Seed, Seeding},
    users::Users,
};

/// The builder of a product.
pub struct Rowcast {
    name: &'static str,
    registry: registry::Builder,
    migrations: Vec<fn() -> List>,
    seed: Option<Seed>,
    web: Option<&'static str>,
    tables: Option<Project>,
}

/// A product: its collections, events, migrations and pages.
#[derive(Clone)]
pub struct Product {
    /// The name of the program.
    pub name: &'static str,
    /// The collections and events.
    pub registry: Arc<Registry>,
    /// The migrations of its database.
    pub migrations: Migrations,
    /// The sample data.
    pub seed: Option<Seed>,
    /// The folder of its pages, relative to the working directory.
    pub web: Option<&'static str>,
    /// The tables of the database that are collections without Rust types.
    pub tables: Option<Project>,
}

impl Rowcast {
    /// A product whose program has this name.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            registry: Registry::builder(name),
            migrations: Vec::new(),
            seed: None,
            web: None,
            tables: None,
        }
    }

    /// Adds migrations. They are merged with the engine's by name.
    #[must_use]
    pub fn migrations(mut self, list: fn() -> List) -> Self {
        self.migrations.push(list);
        self
    }

    /// Adds a collection with its events. Snapshots are sent in the order of these calls.
    #[must_use]
    pub fn collection<C: Collection>(mut self) -> Self {
        self.registry = self.registry.with::<C>();
        self
    }

    /// Declares the rows of this collection as users.
    #[must_use]
    pub fn users<C: Users>(mut self) -> Self {
        self.registry = self.registry.users::<C>();
        self
    }

    /// Adds an event: the kind of transaction that it needs, and an async function of a payload.
    #[must_use]
    pub fn event<P, T, H>(self, event: &'static str, kind: TransactionKind, handler: H) -> Self
    where
        P: Payload + Serialize + JsonSchema + Clone + Send + Sync + 'static,
        T: Serialize + JsonSchema + 'static,
        H: AsyncFn(&Context<'_>, P) -> Result<T, Error> + Clone + Send + Sync + 'static,
    {
        self.route(event, Route::new(kind, handler))
    }

    /// Adds an event with a [`Route`].
    #[must_use]
    pub fn route(mut self, event: &'static str, route: Route) -> Self {
        self.registry = self.registry.on(event, route);
        self
    }

    /// Adds a second name for an event.
    #[must_use]
    pub fn alias(mut self, alias: &'static str, event: &'static str) -> Self {
        self.registry = self.registry.alias(alias, event);
        self
    }

    /// Sets the sample data: the usernames of its users, and a function that writes it. The function must write nothing
    /// and return `false` if the database is not empty.
    #[must_use]
    pub fn seed<F>(mut self, usernames: &'static [&'static str], fill: F) -> Self
    where
        F: AsyncFn(&Seeding<'_>) -> Result<bool, Error> + Clone + Send + Sync + 'static,
    {
        self.seed = Some(Seed::new(fill, usernames, self.name));
        self
    }

    /// Sets the default of `--web`: a folder of built pages to serve.
    #[must_use]
    pub fn web(mut self, folder: &'static str) -> Self {
        self.web = Some(folder);
        self
    }

    /// Serves the tables of the database as collections. The program has the commands of a project, and reads
    /// `rowcast.toml` in its working directory instead of these settings.
    #[must_use]
    pub fn tables(mut self, project: impl Into<Project>) -> Self {
        self.tables = Some(project.into());
        self
    }

    /// Builds the product.
    ///
    /// # Panics
    /// As [`try_build`](Self::try_build) fails.
    #[must_use]
    pub fn build(self) -> Product {
        self.try_build().unwrap_or_else(|mistake| panic!("{mistake}"))
    }

    /// Builds the product.
    ///
    /// # Errors
    /// A sentence, if a collection, an event or a migration is registered twice, if a collection refers to one that is not
    /// registered, or if users are no collection.
    pub fn try_build(self) -> Result<Product, String> {
        let Self { name, registry, migrations, seed, web, tables } = self;
        let (registry, migrations) = (Arc::new(registry.try_build()?), Migrations::try_with(&migrations)?);
        let migrations = if tables.is_some() { migrations.beside_others() } else { migrations };
        Ok(Product { name, registry, migrations, seed, web, tables })
    }

    /// Runs the command line: serves, or runs another command.
    pub async fn cli(self) -> ExitCode {
        let name = self.name;
        match self.try_build() {
            Ok(product) => cli::run(&product).await,
            Err(mistake) => cli::fail(name, &mistake),
        }
    }
}
