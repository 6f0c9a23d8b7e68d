//! A chat with kept messages.

use std::process::ExitCode;

#[actix_web::main]
async fn main() -> ExitCode {
    chat::rowcast().cli().await
}
