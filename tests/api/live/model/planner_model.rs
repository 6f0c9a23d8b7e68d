//! The planner as a few maps: the effects of requests and of external writes.

use std::collections::BTreeMap;

use rand::{RngExt, rngs::StdRng};
use serde_json::{Value, json};

/// The expected ack.
pub(super) enum Expected {
    Succeeds(Value),
    Refused(Vec<String>),
}

/// Rows as stored, by id; references are ids.
#[derive(Default)]
pub(super) struct PlannerModel {
    tables: BTreeMap<&'static str, BTreeMap<i64, Value>>,
    next: BTreeMap<&'static str, i64>,
}

const KINDS: [(&str, &str); 4] = [
    ("coach", "coaches"),
    ("exercise_move", "exercise_moves"),
    ("workout_plan", "workout_plans"),
    ("schedule", "schedules"),
];

impl PlannerModel {
    /// The rows as clients see them.
    pub(super) fn rows(&self, collection: &str) -> Vec<Value> {
        self.table(collection).values().map(|row| self.shown(collection, row)).collect()
    }

    /// A random request, which may be invalid.
    pub(super) fn request(&self, rng: &mut StdRng) -> (String, Value) {
        let (name, collection) = KINDS[rng.random_range(0..KINDS.len())];
        let new = self.table(collection).len() < 4 || rng.random_range(0..3) == 0;
        let (verb, mut payload) = match rng.random_range(0..5) {
            _ if new => ("new", self.row(collection, rng)),
            0 => ("delete", json!({})),
            _ => ("update", self.row(collection, rng)),
        };
        if verb != "new" {
            payload["id"] = json!(self.random_id(collection, rng));
        }
        if verb == "update" && rng.random_range(0..4) == 0 {
            payload["version"] = json!(rng.random_range(1..4));
        }
        (format!("{verb}_{name}"), payload)
    }

    /// Executes a request; returns the expected ack.
    pub(super) fn execute(&mut self, event: &str, payload: &Value) -> Expected {
        let (verb, name) = event.split_once('_').unwrap();
        let (_, collection) = KINDS.into_iter().find(|(known, _)| *known == name).unwrap();
        let id = payload["id"].as_i64().unwrap_or_default();
        let refused = match (verb, self.table(collection).get(&id)) {
            ("new", _) => self.missing(payload),
            (_, None) => vec!["$not_found".into()],
            ("delete", _) if self.is_used(collection, id) => vec!["$in_use".into()],
            ("delete", _) => vec![],
            (_, Some(row)) if payload["version"].is_i64() && payload["version"] != row["version"] => {
                vec!["$conflict".into()]
            }
            _ => self.missing(payload),
        };
        if !refused.is_empty() {
            return Expected::Refused(refused);
        }
        if verb == "delete" {
            self.table_mut(collection).remove(&id);
            return Expected::Succeeds(json!({ "id": id }));
        }
        Expected::Succeeds(self.write(collection, id, payload))
    }

    /// A random external statement, also executed on the model; none if no row exists.
    pub(super) fn external_statement(&mut self, rng: &mut StdRng) -> Option<String> {
        match rng.random_range(0..4) {
            0 => {
                let id = self.existing_id("coaches", rng)?;
                let name = format!("Other {}", rng.random_range(0..1000));
                let row = self.table_mut("coaches").get_mut(&id)?;
                if row["name"] != name {
                    // The trigger increments the version, not the statement.
                    row["name"] = json!(name);
                    row["version"] = json!(row["version"].as_i64().unwrap() + 1);
                }
                Some(format!("update coaches set name = '{name}' where id = {id}"))
            }
            1 => {
                let name = format!("Moved {}", rng.random_range(0..1000));
                let grow = |row: &mut Value| {
                    row["name"] = json!(name);
                    row["version"] = json!(row["version"].as_i64().unwrap() + 1);
                };
                self.table_mut("exercise_moves").values_mut().for_each(grow);
                Some(format!("update exercise_moves set name = '{name}', version = version + 1"))
            }
            2 => {
                let id = self.existing_id("schedules", rng)?;
                self.table_mut("schedules").remove(&id);
                Some(format!("delete from schedules where id = {id}"))
            }
            _ => {
                let id = self.existing_id("workout_plans", rng)?;
                self.table_mut("schedules").retain(|_, row| row["workout_plan"] != id);
                self.table_mut("workout_plans").remove(&id);
                Some(format!(
                    "delete from schedules where workout_plan_id = {id}; delete from workout_plans where id = {id}"
                ))
            }
        }
    }

    fn write(&mut self, collection: &'static str, id: i64, payload: &Value) -> Value {
        let new = id == 0;
        let next = self.next.entry(collection).or_insert(1);
        let id = if new { std::mem::replace(next, *next + 1) } else { id };
        let row = self.table_mut(collection).entry(id).or_insert_with(|| json!({ "id": id, "version": 0 }));
        let version = row["version"].as_i64().unwrap() + 1;
        for (field, value) in payload.as_object().unwrap() {
            row[field] = value.clone();
        }
        row["version"] = json!(version);
        if collection == "coaches" {
            row["username"] = Value::Null;
        }
        let row = row.clone();
        self.shown(collection, &row)
    }

    /// The fields of a random row; references may be dangling.
    fn row(&self, collection: &str, rng: &mut StdRng) -> Value {
        let name = format!("Name {}", rng.random_range(0..1000));
        match collection {
            "coaches" => json!({ "name": name, "age": rng.random_range(18..100), "picture": "https://x.y" }),
            "exercise_moves" => json!({
                "name": name, "focus": "Legs", "description": "As often as it takes.", "video_link": "https://x.y",
            }),
            "workout_plans" => {
                let count = rng.random_range(1..5);
                let moves: Vec<i64> = (0..count).map(|_| self.random_id("exercise_moves", rng)).collect();
                json!({ "name": name, "difficulty": "Easy", "description": "A quiet start.", "exercise_moves": moves })
            }
            _ => json!({
                "day": if rng.random() { "Monday" } else { "Sunday" },
                "hour": format!("{}00", rng.random_range(1..24)),
                "coach": self.random_id("coaches", rng),
                "workout_plan": self.random_id("workout_plans", rng),
            }),
        }
    }

    fn shown(&self, collection: &str, row: &Value) -> Value {
        let mut row = row.clone();
        let of = |collection: &str, id: &Value| &self.table(collection)[&id.as_i64().unwrap()];
        if collection == "workout_plans" {
            let moves = row["exercise_moves"].as_array().unwrap().iter();
            row["exercise_moves"] = moves.map(|id| of("exercise_moves", id).clone()).collect();
        }
        if collection == "schedules" {
            let (coach, plan) = (of("coaches", &row["coach"]), of("workout_plans", &row["workout_plan"]));
            let (coach, plan) = (
                json!({ "id": coach["id"], "name": coach["name"] }),
                json!({ "id": plan["id"], "name": plan["name"], "difficulty": plan["difficulty"] }),
            );
            (row["coach"], row["workout_plan"]) = (coach, plan);
        }
        row
    }

    fn is_used(&self, collection: &str, id: i64) -> bool {
        let shows = |row: &Value| match collection {
            "coaches" => row["coach"] == id,
            "workout_plans" => row["workout_plan"] == id,
            _ => row["exercise_moves"].as_array().is_some_and(|moves| moves.iter().any(|shown| *shown == id)),
        };
        collection != "schedules"
            && ["workout_plans", "schedules"].into_iter().any(|table| self.table(table).values().any(shows))
    }

    /// The keys of dangling references.
    fn missing(&self, payload: &Value) -> Vec<String> {
        let moves = payload["exercise_moves"].as_array().into_iter().flatten().enumerate();
        let moves = moves.map(|(at, id)| (format!("exercise_moves.{at}.id"), "exercise_moves", id));
        let others = [("coach", "coaches"), ("workout_plan", "workout_plans")];
        let others = others.map(|(field, table)| (format!("{field}.id"), table, &payload[field]));
        let absent = |(_, table, id): &(String, &str, &Value)| {
            id.as_i64().is_some_and(|id| !self.table(table).contains_key(&id))
        };
        others.into_iter().chain(moves).filter(absent).map(|(field, ..)| field).collect()
    }

    /// The id of a row, or sometimes of none.
    fn random_id(&self, collection: &str, rng: &mut StdRng) -> i64 {
        match self.existing_id(collection, rng) {
            Some(id) if rng.random_range(0..15) > 0 => id,
            _ => 99_999,
        }
    }

    fn existing_id(&self, collection: &str, rng: &mut StdRng) -> Option<i64> {
        let table = self.table(collection);
        (!table.is_empty()).then(|| *table.keys().nth(rng.random_range(0..table.len())).unwrap())
    }

    fn table(&self, collection: &str) -> &BTreeMap<i64, Value> {
        static EMPTY: BTreeMap<i64, Value> = BTreeMap::new();
        self.tables.get(collection).unwrap_or(&EMPTY)
    }

    fn table_mut(&mut self, collection: &'static str) -> &mut BTreeMap<i64, Value> {
        self.tables.entry(collection).or_default()
    }
}
