//! The planner's program.

use std::process::ExitCode;

#[actix_web::main]
async fn main() -> ExitCode {
    planner::rowcast().cli().await
}
