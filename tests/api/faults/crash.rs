//! The server is killed while clients write. What was acked is there afterwards.

use super::writers::{Ledger, prepare};
use crate::harness::{Client, Database, Engine, program::Program};

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
        let mut program = Program::serve(&url, &[]);
        let clients = [
            Client::connect(program.address).await,
            Client::connect(program.address).await,
            Client::connect(program.address).await,
        ];
        if round == 0 {
            prepare(&clients[0]).await;
        }
        let ledger = Ledger::default();
        let names = [0, 1, 2].map(|at| format!("Round {round} client {at}"));
        let kill = async {
            ledger.until(|ledger| ledger.written() >= 60 + 20 * round).await;
            program.kill();
        };
        tokio::join!(
            ledger.write(&clients[0], &names[0]),
            ledger.write(&clients[1], &names[1]),
            ledger.write(&clients[2], &names[2]),
            kill,
        );

        let program = Program::serve(&url, &[]);
        let client = Client::connect(program.address).await;
        ledger.holds(&client).await;
        ledger.write_one_more(&client).await;
    }
}
