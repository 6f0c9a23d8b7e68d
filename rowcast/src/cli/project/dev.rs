//! `dev`: a server that follows the files of the project.

mod files;

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{
    app::App,
    config::Dev,
    product::Product,
    project::{self, Confirmed, Project, Settings, lines},
    registry::CurrentRegistry,
    start_error::StartError,
    tables::ProjectHandle,
    telemetry,
};

use super::{
    super::{announce, print_line},
    remark_without_files,
};
use files::Files;

/// The time between two attempts to start.
const RETRY_DELAY: Duration = Duration::from_secs(2);

/// Reads the project, and again whenever its files change, until its settings have no mistakes. None if the program is to end.
pub(super) async fn read_until_right(folder: &Path) -> Result<Option<Project>, String> {
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut files = Files::of(folder);
    loop {
        match Project::read(folder) {
            Ok(project) => return Ok(Some(project)),
            Err(mistakes) => print_mistakes(&lines(&mistakes)),
        }
        tokio::select! {
            () = files.change(folder) => {}
            () = stop(&mut terminate) => return Ok(None),
        }
    }
}

/// Serves, and applies the files again whenever one has changed. Mistakes are printed, and the server goes on as before.
pub(super) async fn run(settings: Dev, product: &Product) -> Result<(), String> {
    let _log = telemetry::init_logging(&settings.serve)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    if settings.reset {
        project::reset(&settings.serve.storage.database_url, Confirmed).await?;
        print_line(format_args!("all data was deleted"));
    }
    let project = product.tables.clone().unwrap_or_default();
    let folder = project.folder.unwrap_or_default();
    let started = project.settings;
    let mut files = Files::of(&folder);
    let Some(app) = start(&settings, product, &folder, &started, &mut files, &mut terminate).await else {
        return Ok(());
    };
    print_line(format_args!("{} is listening on {}", product.name, app.url()));
    announce(app.announcement());
    announce(remark_without_files(&settings.serve, product, &app));
    let Some(handle) = app.project().cloned() else { return Err("no tables are served".into()) };
    let output = settings.types.clone().or_else(|| started.types_output.clone());
    if let Some(output) = output {
        print_line(format_args!("types are written to {}", output.display()));
        actix_web::rt::spawn(write_types(handle.registry(), output));
    }
    actix_web::rt::spawn(follow(handle, folder, started, files));
    let stop = async move { stop(&mut terminate).await };
    app.run(stop).await.map_err(|error| error.to_string())
}

/// Starts the server; after a mistake, again when a file has changed, and after any other failure also by itself. None if
/// the program is to end.
async fn start(
    settings: &Dev,
    product: &Product,
    folder: &Path,
    started: &Settings,
    files: &mut Files,
    terminate: &mut Signal,
) -> Option<App> {
    let mut project = read(folder, started);
    let mut shown = None;
    loop {
        let app = tokio::select! {
            app = build(settings, product, &project) => app,
            () = stop(terminate) => return None,
        };
        let failure = match app {
            Ok(app) => return Some(app),
            Err(failure) => failure,
        };
        // An attempt that fails as the one before says nothing new.
        if shown.as_ref() != Some(&failure) {
            print_failure(&failure);
        }
        let is_retried = matches!(failure, StartError::Other(_));
        shown = Some(failure);
        tokio::select! {
            () = files.change(folder) => {
                project = read(folder, started);
                shown = None;
            }
            () = tokio::time::sleep(RETRY_DELAY), if is_retried => {}
            () = stop(terminate) => return None,
        }
    }
}

async fn build(
    settings: &Dev,
    product: &Product,
    project: &Result<Project, String>,
) -> Result<App, StartError> {
    let project = project.clone().map_err(StartError::Files)?;
    // Before the database is opened: an attempt that cannot succeed changes nothing, and logs nothing.
    settings.serve.endpoint.bind().check().map_err(|reason| format!("--bind: {reason}"))?;
    let product = Product { tables: Some(project), ..product.clone() };
    App::build(&settings.serve, &product).await
}

/// Waits for a signal that ends the program.
async fn stop(terminate: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// Applies the files whenever they change.
async fn follow(handle: ProjectHandle, folder: PathBuf, started: Settings, mut files: Files) {
    loop {
        files.change(&folder).await;
        let applied = match read(&folder, &started) {
            Ok(project) => handle.apply(project).await,
            Err(mistakes) => Err(mistakes),
        };
        match applied {
            Ok(()) => print_line(format_args!("the files were applied")),
            Err(mistakes) => print_mistakes(&mistakes),
        }
    }
}

/// Reads the files. Says if there are settings that only a start reads.
fn read(folder: &Path, started: &Settings) -> Result<Project, String> {
    let project = Project::read(folder).map_err(|mistakes| lines(&mistakes))?;
    if project.settings.need_restart(started) {
        let stale = "[server], [accounts], `url` of [database] and `output` of [types]";
        print_line(format_args!("{stale} stay as they were at the start: start `dev` again to change them"));
    }
    Ok(project)
}

fn print_failure(failure: &StartError) {
    match failure {
        StartError::Files(mistakes) => print_mistakes(mistakes),
        StartError::Other(reason) => {
            print_line(format_args!("{reason}"));
            print_line(format_args!("trying again every {} seconds", RETRY_DELAY.as_secs()));
        }
    }
}

fn print_mistakes(mistakes: &str) {
    print_line(format_args!("{mistakes}"));
    if mistakes.contains("after it was applied") {
        print_line(format_args!("`dev --reset` deletes all data and applies the migrations anew"));
    }
    print_line(format_args!("waiting for a change"));
}

/// Writes the types now, and whenever the tables have changed.
async fn write_types(mut registry: CurrentRegistry, output: PathBuf) {
    loop {
        let types = registry.borrow_and_update().contract().typescript();
        if let Err(error) = write(&output, &types) {
            print_line(format_args!("{} cannot be written: {error}", output.display()));
        }
        if registry.changed().await.is_err() {
            return;
        }
    }
}

/// Replaces the file at once, if it differs: programs that watch it see no half of it.
fn write(output: &Path, types: &str) -> io::Result<()> {
    if fs::read_to_string(output).is_ok_and(|before| before == types) {
        return Ok(());
    }
    if let Some(folder) = output.parent() {
        fs::create_dir_all(folder)?;
    }
    let new = output.with_extension("ts.new");
    fs::write(&new, types)?;
    fs::rename(new, output)
}
