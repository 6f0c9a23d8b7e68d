//! A write that is sent again is known as one: after the server's death, on another node, for a day.

use serde_json::json;

use super::once::{ask, id};
use crate::harness::{
    Client, Database, Engine, Node, from_both_databases, gym, http, program::Program, tell, wire::Heard,
};

from_both_databases! {
    stored_ack_survives_restart_and_crash,
    retries_across_crashes_write_once,
    stored_ack_is_pruned_after_retention,
}

async fn stored_ack_survives_restart_and_crash(database: &Database) {
    let url = database.url();
    let mut program = Program::serve(&url, &[]);
    let client = Client::connect(program.address).await;
    let (id, refused) = (id(), self::id());
    let (grace, late) = (gym::coach("Grace"), json!({ "id": 2, "age": 50 }));
    let first = ask(&client, &id, "new_coach", &grace).await;
    let refusal = ask(&client, &refused, "update_coach", &late).await;
    assert_eq!((&first.ok, refusal.refused()), (&true, vec!["$not_found"]));
    client.ask("new_coach", gym::coach("Ada")).await.done();
    for orderly in [true, false, true] {
        match orderly {
            true => program.terminate(),
            false => program.kill(),
        }
        assert_eq!(program.ended().await.success(), orderly);
        program = Program::serve(&url, &[]);
        let client = Client::connect(program.address).await;
        assert_eq!(ask(&client, &id, "new_coach", &grace).await, first);
        assert_eq!(ask(&client, &refused, "update_coach", &late).await, refusal);
        assert_eq!(client.latest("coaches").len(), 2);
        client.agrees().await;
    }
}

/// The server dies again and again while the client has not been acked.
async fn retries_across_crashes_write_once(database: &Database) {
    let url = database.url();
    let mut sent = 0;
    for _ in 0..6 {
        let mut program = Program::serve(&url, &[]);
        let client = Client::connect(program.address).await;
        let ids: Vec<String> = (0..20).map(|_| id()).collect();
        for (at, id) in ids.iter().enumerate() {
            let options = json!({ "request_id": id });
            client.emit("new_coach", &[gym::coach(&format!("Coach {at}")), options]);
        }
        let acked = client.until("an ack", |heard| match heard.last() {
            Some(Heard::Ack(..)) => Some(()),
            _ => None,
        });
        acked.await;
        program.kill();
        sent += ids.len();

        let program = Program::serve(&url, &[]);
        let client = Client::connect(program.address).await;
        for (at, id) in ids.iter().enumerate() {
            ask(&client, id, "new_coach", &gym::coach(&format!("Coach {at}"))).await.done();
        }
        assert_eq!(client.latest("coaches").len(), sent);
        client.agrees().await;
    }
}

async fn stored_ack_is_pruned_after_retention(database: &Database) {
    let url = database.url();
    let mut program = Program::serve(&url, &[]);
    let client = Client::connect(program.address).await;
    let ids = [id(), id()];
    for id in &ids {
        ask(&client, id, "new_coach", &gym::coach("Ada")).await.done();
    }
    program.kill();
    // The clock may be fast by an hour and a half a day, while it follows one that was set.
    for (id, hours) in ids.iter().zip([25, 27]) {
        let seconds = hours * 60 * 60;
        database.execute(&format!("update requests set at = at - {seconds} where id = '{id}'")).await;
    }
    let program = Program::serve(&url, &[]);
    http::until_metric(program.address, "rowcast_change_log_entries", |left| left > 0.0).await;
    let client = Client::connect(program.address).await;
    ask(&client, &ids[0], "new_coach", &gym::coach("Ada")).await.done();
    assert_eq!(client.latest("coaches").len(), 2, "a day may not have passed");
    ask(&client, &ids[1], "new_coach", &gym::coach("Ada")).await.done();
    assert_eq!(client.latest("coaches").len(), 3);
}

#[actix_web::test]
async fn stored_ack_is_returned_by_another_node() {
    tell(Engine::Postgres, async |app| {
        let beside = Node::start(&app.database.url(), &[]).await;
        let (one, two) = (app.follow().await, Client::follow(beside.address).await);
        for round in 0..30 {
            let (id, coach) = (id(), gym::coach(&format!("Coach {round}")));
            let at_once = round % 2 == 0;
            let first = async { ask(&one, &id, "new_coach", &coach).await };
            let second = async {
                let ack = ask(&two, &id, "new_coach", &coach).await;
                assert!(two.copy().has("coaches", &ack.clone().done()), "shown before its ack");
                ack
            };
            let (first, second) = match at_once {
                true => tokio::join!(first, second),
                false => (first.await, second.await),
            };
            assert_eq!(first, second, "round {round}");
            assert_eq!(two.copy().rows("coaches").len(), round + 1);
        }
        one.agrees().await;
        beside.stop().await;
    })
    .await;
}
