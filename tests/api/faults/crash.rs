//! The server is killed while clients write. Acked writes are there afterwards.

use super::write_log::{WriteLog, create_moves};
use crate::harness::{Client, Database, Engine, process::ServerProcess};

#[actix_web::test]
async fn acked_writes_survive_server_crash_on_sqlite() {
    acked_writes_survive_server_crash(Engine::Sqlite).await;
}

#[actix_web::test]
async fn acked_writes_survive_server_crash_on_postgres() {
    acked_writes_survive_server_crash(Engine::Postgres).await;
}

async fn acked_writes_survive_server_crash(engine: Engine) {
    let database = Database::new(engine).await;
    let url = database.url();
    for round in 0..3 {
        let mut program = ServerProcess::serve(&url, &[]);
        let clients = [
            Client::connect(program.address).await,
            Client::connect(program.address).await,
            Client::connect(program.address).await,
        ];
        if round == 0 {
            create_moves(&clients[0]).await;
        }
        let write_log = WriteLog::default();
        let names = [0, 1, 2].map(|at| format!("Round {round} client {at}"));
        let kill = async {
            write_log.until(|write_log| write_log.written_count() >= 60 + 20 * round).await;
            program.kill();
        };
        tokio::join!(
            write_log.write(&clients[0], &names[0]),
            write_log.write(&clients[1], &names[1]),
            write_log.write(&clients[2], &names[2]),
            kill,
        );

        let program = ServerProcess::serve(&url, &[]);
        let client = Client::connect(program.address).await;
        write_log.assert_matches_server(&client).await;
        write_log.assert_writable(&client).await;
    }
}
