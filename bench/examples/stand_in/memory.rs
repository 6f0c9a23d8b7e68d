//! The planner's rows in memory, as far as the load generator uses them.

use std::sync::Arc;

use rowcast_bench::bare::{Bytes, Reply, Source, ack};
use rowcast_bench::wire::server_frame;
use serde_json::Value;

/// The promise that is broken.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// None is.
    None,
    /// A writer is acked before it has its own write.
    AckFirst,
    /// Only the writer hears of a write.
    Deaf,
    /// An older state follows a newer one.
    Backwards,
    /// Versions are left out.
    Gaps,
}

/// A server's rows.
pub(crate) struct Memory {
    fault: Fault,
    coaches: Vec<Coach>,
    moves: Vec<Value>,
    plans: Vec<Value>,
    schedules: usize,
    /// The refresh before the last.
    previous: Option<Bytes>,
}

struct Coach {
    fields: Value,
    version: u32,
}

impl Memory {
    /// No rows, and a fault.
    pub(crate) fn new(fault: Fault) -> Self {
        Self {
            fault,
            coaches: Vec::new(),
            moves: Vec::new(),
            plans: Vec::new(),
            schedules: 0,
            previous: None,
        }
    }

    /// Carries the event out; gives what the ack's `data` is.
    fn apply(&mut self, name: &str, payload: Value) -> Option<String> {
        match name {
            "update_coach" => {
                let id = payload["id"].as_u64()? as usize;
                let coach = self.coaches.get_mut(id - 1)?;
                coach.version += if self.fault == Fault::Gaps { 2 } else { 1 };
                coach.fields = payload;
                return Some(self.coach(id));
            }
            "new_coach" => self.coaches.push(Coach { fields: payload, version: 1 }),
            "new_exercise_move" => self.moves.push(payload),
            "new_workout_plan" => self.plans.push(payload),
            "new_schedule" => self.schedules += 1,
            _ => return None,
        }
        let id = match name {
            "new_coach" => self.coaches.len(),
            "new_exercise_move" => self.moves.len(),
            "new_workout_plan" => self.plans.len(),
            _ => self.schedules,
        };
        Some(format!(r#"{{"id":{id}}}"#))
    }

    fn coach(&self, id: usize) -> String {
        let Coach { fields, version } = &self.coaches[id - 1];
        format!(
            r#"{{"id":{id},"name":{},"age":{},"picture":{},"username":{},"version":{version}}}"#,
            fields["name"], fields["age"], fields["picture"], fields["username"]
        )
    }

    fn schedule(&self, id: usize) -> String {
        let coach = &self.coaches[id - 1].fields["name"];
        format!(
            r#"{{"id":{id},"day":"Monday","hour":"1000","coach":{{"id":{id},"name":{coach}}},"workout_plan":{{"id":{id},"name":{},"difficulty":"Medium"}},"version":1}}"#,
            self.plans[id - 1]["name"]
        )
    }

    fn frames(&self, of: &[&str]) -> Bytes {
        let mut frames = Vec::new();
        for name in of {
            let rows: Vec<String> = match *name {
                "coaches" => (1..=self.coaches.len()).map(|id| self.coach(id)).collect(),
                "exercise_moves" => self.moves.iter().map(Value::to_string).collect(),
                "workout_plans" => self.plans.iter().map(Value::to_string).collect(),
                _ => (1..=self.schedules).map(|id| self.schedule(id)).collect(),
            };
            let packet = format!(r#"42["{name}",[{}],{{"cursor":"1"}}]"#, rows.join(","));
            server_frame(&mut frames, packet.as_bytes());
        }
        Arc::new(frames)
    }
}

impl Source for Memory {
    fn snapshots(&self) -> Bytes {
        self.frames(&["coaches", "workout_plans", "exercise_moves", "schedules"])
    }

    fn event(&mut self, event: &[u8]) -> Vec<Reply> {
        let arguments = event.iter().position(|b| *b == b'[').unwrap_or(event.len());
        let (name, payload): (String, Value) =
            serde_json::from_slice(&event[arguments..]).unwrap_or_default();
        let Some(data) = self.apply(&name, payload) else {
            return vec![ack(event, r#"{"ok":false,"data":null,"errors":{}}"#)];
        };
        let ack = ack(event, &format!(r#"{{"ok":true,"data":{data},"errors":{{}}}}"#));
        let refresh = self.frames(&["coaches", "schedules"]);
        let previous = self.previous.replace(refresh.clone()).unwrap_or(refresh.clone());
        match self.fault {
            Fault::None | Fault::Gaps => vec![Reply::Everyone(refresh), ack],
            Fault::AckFirst => vec![ack, Reply::Everyone(refresh)],
            Fault::Deaf => vec![Reply::Sender(refresh), ack],
            Fault::Backwards => {
                [refresh.clone(), previous, refresh].map(Reply::Everyone).into_iter().chain([ack]).collect()
            }
        }
    }
}
