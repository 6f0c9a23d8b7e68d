//! The program `rowcast`: the engine with no product. It serves no collection.

use std::process::ExitCode;

use rowcast::Rowcast;

#[actix_web::main]
async fn main() -> ExitCode {
    Rowcast::new("rowcast").cli().await
}
