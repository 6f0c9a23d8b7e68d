//! Clients that write plans one after another and record the acks.
//!
//! A plan is several rows in the database, so a partial write shows.

use std::cell::{Cell, RefCell};

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::harness::{Client, fixtures, wire::Ack};

/// The acks that a group of clients received.
#[derive(Default)]
pub(crate) struct WriteLog {
    /// Acked rows.
    pub(crate) written: RefCell<Vec<Value>>,
    /// Names of plans whose ack says that nothing was written.
    pub(crate) refused: RefCell<Vec<String>>,
    /// Set to let the writers finish.
    pub(crate) finished: Cell<bool>,
    changed: Notify,
}

impl WriteLog {
    /// Writes plans of three moves until the connection ends or `finished` is set.
    pub(crate) async fn write(&self, client: &Client, writer: &str) {
        for round in 0.. {
            if self.finished.get() {
                return;
            }
            let name = format!("{writer} {round}");
            let plan = fixtures::workout_plan(&name, &[1, 2, 1]);
            let Some(ack) = client.request_while_open("new_workout_plan", plan).await else { return };
            self.record(name, ack);
        }
    }

    /// Asserts that a write succeeds.
    pub(crate) async fn assert_writable(&self, client: &Client) {
        client
            .request("new_workout_plan", fixtures::workout_plan("One more", &[1, 2, 1]))
            .await
            .unwrap_data();
    }

    fn record(&self, name: String, ack: Ack) {
        if ack.ok {
            self.written.borrow_mut().push(ack.data);
        } else if ack.error_keys() == ["$unavailable"] {
            self.refused.borrow_mut().push(name);
        } else {
            // The outcome of an interrupted commit may be unknown; no other key is correct then.
            assert_eq!(ack.error_keys(), ["$unknown_outcome"], "{ack:?}");
        }
        self.changed.notify_waiters();
    }

    /// Waits for a condition. The timeouts of the writers limit the wait.
    pub(crate) async fn until(&self, so: impl Fn(&Self) -> bool) {
        loop {
            let changed = self.changed.notified();
            if so(self) {
                return;
            }
            changed.await;
        }
    }

    pub(crate) fn written_count(&self) -> usize {
        self.written.borrow().len()
    }

    pub(crate) fn refused_count(&self) -> usize {
        self.refused.borrow().len()
    }

    /// Asserts that acked plans are there as acked, refused ones are not, and no plan is incomplete.
    pub(crate) async fn assert_matches_server(&self, client: &Client) {
        let plans = client.list_all("workout_plans").await;
        for row in self.written.borrow().iter() {
            assert!(plans.contains(row), "acked and lost: {row}");
        }
        for name in self.refused.borrow().iter() {
            assert!(plans.iter().all(|plan| plan["name"] != json!(name)), "refused and written: {name}");
        }
        for plan in &plans {
            let moves = plan["exercise_moves"].as_array().unwrap().iter().map(|shown| shown["id"].clone());
            assert_eq!(moves.collect::<Vec<_>>(), [1, 2, 1], "half of {plan}");
        }
        assert_eq!(client.latest("workout_plans"), plans, "live shows what is there");
    }
}

/// Creates the two moves that the plans refer to.
pub(crate) async fn create_moves(client: &Client) {
    for name in ["Squat", "Plank"] {
        client.request("new_exercise_move", fixtures::exercise_move(name)).await.unwrap_data();
    }
}
