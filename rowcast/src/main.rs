//! The program `rowcast`: every table of a database is a live collection.

use std::process::ExitCode;

use rowcast::{Rowcast, project::Settings};

#[actix_web::main]
async fn main() -> ExitCode {
    Rowcast::new("rowcast").tables(Settings::default()).cli().await
}
