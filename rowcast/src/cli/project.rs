//! The command line of a project without Rust.

mod dev;

use std::path::{Component, Path};

use clap::{CommandFactory, FromArgMatches};

use super::{health_of, migrate, print_line, resync, serve, user};
use crate::{
    app::App,
    config::{
        Beside, ProjectCli, ProjectCommand, SchemaFormat, Serve, Storage, without_sample_data,
        without_secrets,
    },
    product::Product,
    project::{self, Project, Settings, lines},
    tables::{self, Attachment, ChosenNames},
    telemetry,
};

/// The folder of the pages, relative to that of the project.
const WEB: &str = "web";

/// Parses the command line with the settings of the project in the working directory, and runs the command.
pub(super) async fn run(product: &Product) -> Result<(), String> {
    let folder = Path::new("");
    let mut read = Project::read(folder);
    // `init` and `--help` work beside a file with mistakes.
    let mut cli = parse(&read.as_ref().map(|project| project.settings.clone()).unwrap_or_default(), product);
    if let (Some(ProjectCommand::Dev(_)), Err(_)) = (&cli.command, &read) {
        let Some(project) = dev::read_until_right(folder).await? else { return Ok(()) };
        cli = parse(&project.settings, product);
        read = Ok(project);
    }
    if let Some(ProjectCommand::Init { folder }) = &cli.command {
        return init(folder, product.name);
    }
    let project = read.map_err(|mistakes| lines(&mistakes))?;
    let settings = project.settings.clone();
    let web = product.web.or(Some(WEB));
    let product = Product { tables: Some(project), web, ..product.clone() };
    match cli.command {
        None => serve(cli.serve, &product).await,
        Some(ProjectCommand::Serve(settings)) => serve(settings, &product).await,
        Some(ProjectCommand::Dev(settings)) => dev::run(settings, &product).await,
        Some(ProjectCommand::Migrate(storage)) => migrate(&storage, &product).await,
        Some(ProjectCommand::Attach(beside)) => attach(beside, &settings).await,
        Some(ProjectCommand::Detach { url, dry_run }) => {
            let sql = tables::detach(&url, dry_run).await?;
            match dry_run {
                true if sql.is_empty() => print_line(format_args!("-- there is nothing of Rowcast in {url}")),
                true => print_line(format_args!("{sql}")),
                false if sql.is_empty() => {
                    print_line(format_args!("nothing was attached to {url}, so nothing was removed"));
                }
                false => print_line(format_args!("everything of Rowcast was removed from {url}")),
            }
            Ok(())
        }
        Some(ProjectCommand::Schema { language, storage }) => schema(language, &storage, &product).await,
        Some(ProjectCommand::User { command }) => user(command, &product).await,
        Some(ProjectCommand::Resync(storage)) => resync(&storage, &product).await,
        Some(ProjectCommand::Health { endpoint, of }) => health_of(endpoint, of, product.name),
        Some(ProjectCommand::Init { .. }) => Ok(()),
    }
}

/// Parses the command line. Settings of the project are defaults of its arguments.
fn parse(settings: &Settings, product: &Product) -> ProjectCli {
    let program = settings.as_defaults(ProjectCli::command().name(product.name).bin_name(product.name));
    let program = if product.seed.is_none() { without_sample_data(program) } else { program };
    let cli = program.try_get_matches().and_then(|matches| ProjectCli::from_arg_matches(&matches));
    cli.unwrap_or_else(|error| without_secrets(error).exit())
}

/// A sentence that says what is served, if the working directory has no files of a project.
pub(super) fn remark_without_files(settings: &Serve, product: &Product, app: &App) -> Option<String> {
    let project = product.tables.as_ref().filter(|project| !project.has_files())?;
    // A product with collections in Rust needs no files.
    if project.folder.is_none() || !product.registry.collections().is_empty() {
        return None;
    }
    let (url, program) = (&settings.storage.database_url, product.name);
    let served = match app.project()?.registry().borrow().collections().len() {
        0 => format!("{url} is served, which has no tables"),
        1 => format!("the only table of {url} is served"),
        many => format!("the {many} tables of {url} are served"),
    };
    Some(format!(
        "no rowcast.toml and no migrations are here: {served}. `{program} init .` makes a project here"
    ))
}

fn init(folder: &Path, program: &str) -> Result<(), String> {
    let files = project::init(folder)?;
    for file in files {
        print_line(format_args!("{}", file.display()));
    }
    if folder.components().all(|part| part == Component::CurDir) {
        print_line(format_args!("now: {program} dev"));
    } else {
        print_line(format_args!("now: cd {} && {program} dev", folder.display()));
    }
    Ok(())
}

async fn attach(beside: Beside, settings: &Settings) -> Result<(), String> {
    telemetry::init_command_logging();
    let Beside { url, schema: schemas, tables, dry_run } = beside;
    let names = ChosenNames { schemas, tables };
    let done = match dry_run {
        true => tables::preview(&url, settings, &names).await?,
        false => tables::attach(&url, settings, &names).await?,
    };
    let Attachment { sql, summary, remarks, missing_rights } = done;
    if dry_run && !sql.is_empty() && missing_rights.is_empty() {
        print_line(format_args!("-- Attaching {summary}."));
    }
    for remark in remarks {
        print_line(format_args!("-- {remark}"));
    }
    if !missing_rights.is_empty() {
        return Err(format!(
            "nothing was changed, because rights are missing:\n{}",
            missing_rights.join("\n")
        ));
    }
    match (dry_run, sql.is_empty()) {
        (true, false) => print_line(format_args!("{sql}")),
        (_, true) => print_line(format_args!("-- nothing is missing in {url}")),
        (false, false) => print_line(format_args!("attached to {url}: serve it by --database-url")),
    }
    Ok(())
}

/// Prints the schema of the tables as they are; changes nothing.
async fn schema(language: SchemaFormat, storage: &Storage, product: &Product) -> Result<(), String> {
    let settings = product.tables.as_ref().map(|project| project.settings.clone()).unwrap_or_default();
    let registry = tables::registry(&storage.database_url, &settings, &product.registry).await?;
    super::print_schema(language, &registry)
}
