//! The support desk's program.

use std::process::ExitCode;

#[actix_web::main]
async fn main() -> ExitCode {
    support_desk::rowcast().cli().await
}
