//! Clients that write plans one after another and remember what became of each.
//!
//! A plan is several rows in the database, so one that is only half there shows.

use std::cell::{Cell, RefCell};

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::harness::{Client, gym, wire::Ack};

/// What a group of clients was sent.
#[derive(Default)]
pub(crate) struct Ledger {
    /// Rows that were acked as written.
    pub(crate) written: RefCell<Vec<Value>>,
    /// Names of plans of which the ack said that nothing was written.
    pub(crate) refused: RefCell<Vec<String>>,
    /// Set to let the writers finish.
    pub(crate) enough: Cell<bool>,
    turned: Notify,
}

impl Ledger {
    /// Writes plans of three moves until the connection ends or it is enough.
    pub(crate) async fn write(&self, client: &Client, who: &str) {
        for round in 0.. {
            if self.enough.get() {
                return;
            }
            let name = format!("{who} {round}");
            let plan = gym::workout_plan(&name, &[1, 2, 1]);
            let Some(ack) = client.ask_while_open("new_workout_plan", plan).await else { return };
            self.note(name, ack);
        }
    }

    /// Whether a write succeeds.
    pub(crate) async fn write_one_more(&self, client: &Client) {
        client.ask("new_workout_plan", gym::workout_plan("One more", &[1, 2, 1])).await.done();
    }

    fn note(&self, name: String, ack: Ack) {
        if ack.ok {
            self.written.borrow_mut().push(ack.data);
        } else if ack.refused() == ["$unavailable"] {
            self.refused.borrow_mut().push(name);
        } else {
            // A commit that was cut off in the middle may be beyond anybody's knowledge; it must not claim otherwise.
            assert_eq!(ack.refused(), ["$unknown_outcome"], "{ack:?}");
        }
        self.turned.notify_waiters();
    }

    /// Waits until the ledger is so. Its writers' own deadlines bound the wait.
    pub(crate) async fn until(&self, so: impl Fn(&Self) -> bool) {
        loop {
            let turned = self.turned.notified();
            if so(self) {
                return;
            }
            turned.await;
        }
    }

    pub(crate) fn written(&self) -> usize {
        self.written.borrow().len()
    }

    pub(crate) fn refused(&self) -> usize {
        self.refused.borrow().len()
    }

    /// What was acked is there as it was acked, what was refused is not, and nothing is there by half.
    pub(crate) async fn holds(&self, client: &Client) {
        let plans = client.every("workout_plans").await;
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

/// The two moves that the plans are made of.
pub(crate) async fn prepare(client: &Client) {
    for name in ["Squat", "Plank"] {
        client.ask("new_exercise_move", gym::exercise_move(name)).await.done();
    }
}
