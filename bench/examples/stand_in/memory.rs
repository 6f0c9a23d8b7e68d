//! The planner's rows in memory, as far as the load generator uses them.

use std::sync::Arc;

use rowcast_bench::bare::{Bytes, Reply, Source, ack};
use rowcast_bench::live::{Auth, Live};
use rowcast_bench::planner::Collection;
use rowcast_bench::wire::server_frame;
use serde_json::{Value, json};

/// The promise that is broken.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// None is.
    None,
    /// A writer is acked before it has its own write.
    AckFirst,
    /// Only the writer receives a write.
    Deaf,
    /// An older state follows a newer one.
    Backwards,
    /// Versions are left out.
    Gaps,
    /// Every third write is sent to no client.
    Lossy,
    /// Changes leave out the rows that nest the one that was written.
    Half,
    /// Cursors are not remembered.
    Forgetful,
}

/// A server's rows.
pub(crate) struct Memory {
    fault: Fault,
    /// By place in [`Collection::ALL`]; ids count from 1.
    tables: [Vec<Row>; 4],
    /// Each change so far: the collection, and the row's id. A cursor is how many of them a client knows.
    log: Vec<(usize, usize)>,
    /// The refresh before the last.
    previous: Option<Bytes>,
}

struct Row {
    fields: Value,
    version: u32,
}

/// Places in [`Collection::ALL`], and the collections' names by it.
const COACHES: usize = 0;
const PLANS: usize = 2;
const SCHEDULES: usize = 3;
const NAMES: [&str; 4] = ["coaches", "exercise_moves", "workout_plans", "schedules"];

impl Memory {
    /// No rows, and a fault.
    pub(crate) fn new(fault: Fault) -> Self {
        Self { fault, tables: Default::default(), log: Vec::new(), previous: None }
    }

    /// Makes the rows that the scenarios for live data find in a database.
    pub(crate) fn fill(&mut self, coaches: u32, rows: u32) {
        for (place, collection) in Collection::ALL.into_iter().enumerate() {
            for i in 1..=if place == COACHES { coaches } else { rows } {
                let mut fields: Value =
                    serde_json::from_str(&collection.new_row(i, rows)).unwrap_or_default();
                match place {
                    COACHES => fields["name"] = format!("Coach no~{i:08}").into(),
                    SCHEDULES => fields["coach"]["id"] = (1 + (i - 1) * (coaches / rows)).into(),
                    _ => {}
                }
                self.insert(place, fields);
            }
        }
    }

    fn insert(&mut self, place: usize, fields: Value) -> usize {
        self.tables[place].push(Row { fields, version: 1 });
        let id = self.tables[place].len();
        self.log.push((place, id));
        id
    }

    /// Carries the event out; gives what the ack's `data` is.
    fn apply(&mut self, name: &str, payload: Value) -> Option<String> {
        if name == "update_coach" {
            let id = payload["id"].as_u64()? as usize;
            let coach = self.tables[COACHES].get_mut(id.checked_sub(1)?)?;
            coach.version += if self.fault == Fault::Gaps { 2 } else { 1 };
            coach.fields = payload;
            self.log.push((COACHES, id));
            if self.fault != Fault::Half {
                let schedules = self.tables[SCHEDULES].iter().zip(1..);
                let nesting = schedules.filter(|(row, _)| row.fields["coach"]["id"] == json!(id));
                self.log.extend(nesting.map(|(_, schedule)| (SCHEDULES, schedule)));
            }
            return Some(self.row(COACHES, id));
        }
        let place = Collection::ALL.iter().position(|collection| collection.create_event() == name)?;
        Some(format!(r#"{{"id":{}}}"#, self.insert(place, payload)))
    }

    fn row(&self, place: usize, id: usize) -> String {
        let Row { fields, version } = &self.tables[place][id - 1];
        let named = |place: usize, reference: &str| {
            let id = fields[reference]["id"].as_u64().unwrap_or(1) as usize;
            let name = self.tables[place].get(id - 1).map_or(&Value::Null, |row| &row.fields["name"]);
            format!(r#"{{"id":{id},"name":{name}}}"#)
        };
        match place {
            COACHES => format!(
                r#"{{"id":{id},"name":{},"age":{},"picture":{},"username":{},"version":{version}}}"#,
                fields["name"], fields["age"], fields["picture"], fields["username"]
            ),
            SCHEDULES => format!(
                r#"{{"id":{id},"day":"Monday","hour":"1000","coach":{},"workout_plan":{},"version":1}}"#,
                named(COACHES, "coach"),
                named(PLANS, "workout_plan")
            ),
            _ => fields.to_string(),
        }
    }

    fn snapshots(&self, of: &[usize]) -> Bytes {
        let mut frames = Vec::new();
        for place in of {
            let rows: Vec<String> = (1..=self.tables[*place].len()).map(|id| self.row(*place, id)).collect();
            let (name, rows, cursor) = (NAMES[*place], rows.join(","), self.log.len());
            let packet = format!(r#"42["{name}",[{rows}],{{"cursor":"{cursor}"}}]"#);
            server_frame(&mut frames, packet.as_bytes());
        }
        Arc::new(frames)
    }

    /// What happened after the first `known` changes.
    fn changes(&self, known: usize) -> Bytes {
        let mut packet = format!(r#"42["changes",{{"cursor":"{}""#, self.log.len());
        for (place, name) in NAMES.iter().enumerate() {
            let mut ids: Vec<usize> =
                self.log[known..].iter().filter(|(of, _)| *of == place).map(|(_, id)| *id).collect();
            ids.sort_unstable();
            ids.dedup();
            let rows: Vec<String> = ids.into_iter().map(|id| self.row(place, id)).collect();
            if !rows.is_empty() {
                packet += &format!(r#","{name}":{{"upserted":[{}],"deleted":[]}}"#, rows.join(","));
            }
        }
        let mut frames = Vec::new();
        server_frame(&mut frames, (packet + "}]").as_bytes());
        Arc::new(frames)
    }
}

impl Source for Memory {
    fn connect(&self, auth: &Auth) -> Bytes {
        let known = auth.since.as_ref().and_then(|cursor| cursor.parse().ok());
        match known.filter(|known| *known <= self.log.len() && self.fault != Fault::Forgetful) {
            Some(known) => self.changes(known),
            None => self.snapshots(&[0, 2, 1, 3]),
        }
    }

    fn event(&mut self, event: &[u8]) -> Vec<Reply> {
        let arguments = event.iter().position(|b| *b == b'[').unwrap_or(event.len());
        let (name, payload): (String, Value) =
            serde_json::from_slice(&event[arguments..]).unwrap_or_default();
        let known = self.log.len();
        let Some(data) = self.apply(&name, payload) else {
            return vec![ack(event, r#"{"ok":false,"data":null,"errors":{}}"#)];
        };
        let ack = ack(event, &format!(r#"{{"ok":true,"data":{data},"errors":{{}}}}"#));
        let refresh = self.snapshots(&[COACHES, SCHEDULES]);
        let changes = self.changes(known);
        let previous = self.previous.replace(refresh.clone()).unwrap_or(refresh.clone());
        let told =
            [Reply::Asking(Live::Changes, changes.clone()), Reply::Asking(Live::Snapshots, refresh.clone())];
        match self.fault {
            Fault::None | Fault::Gaps | Fault::Half | Fault::Forgetful => {
                told.into_iter().chain([ack]).collect()
            }
            Fault::AckFirst => [ack].into_iter().chain(told).collect(),
            Fault::Deaf => vec![Reply::Sender(refresh), Reply::Sender(changes), ack],
            Fault::Lossy if self.log.len().is_multiple_of(3) => vec![ack],
            Fault::Lossy => told.into_iter().chain([ack]).collect(),
            Fault::Backwards => {
                [refresh.clone(), previous, refresh].map(Reply::Everyone).into_iter().chain([ack]).collect()
            }
        }
    }
}
