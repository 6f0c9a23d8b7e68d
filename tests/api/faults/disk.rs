//! The disk is full.

use serde_json::json;

use crate::harness::{Client, Database, Engine, gym, http, program::Program};

#[actix_web::test]
async fn on_a_full_disk_writes_are_refused_reads_go_on_and_nothing_acked_is_lost() {
    let database = Database::new(Engine::Sqlite).await;
    let mut program = Program::serve_with_files_up_to(1500, &database.url());
    let (client, other) = (Client::connect(program.address).await, Client::connect(program.address).await);
    let picture = format!("https://example.com/{}", "x".repeat(1900));
    let mut written = Vec::new();
    let refused = loop {
        let name = format!("Coach {}", written.len());
        let coach = gym::with(gym::coach(&name), json!({ "picture": picture }));
        let ack = client.ask("new_coach", coach).await;
        if !ack.ok {
            break ack;
        }
        written.push(ack.data);
        assert!(written.len() < 3000, "the disk is never full");
    };
    assert_eq!(refused.refused(), ["$unavailable"]);

    for _ in 0..5 {
        let ack = other.ask("new_exercise_move", gym::exercise_move("Squat")).await;
        assert!(ack.ok || ack.refused() == ["$unavailable"], "{ack:?}");
        assert_eq!(other.ask("get_coach", json!({ "id": 1 })).await.done(), written[0]);
    }
    assert_eq!(http::get(program.address, "/healthz").await.0, 200);
    assert_eq!(Client::connect(program.address).await.latest("coaches"), written);
    assert!(program.lives(), "{}", program.log());
    program.kill();

    // There is room again.
    let program = Program::serve(&database.url(), &[]);
    let client = Client::connect(program.address).await;
    assert_eq!(client.latest("coaches"), written);
    client.ask("new_coach", gym::coach("Ada")).await.done();
}
