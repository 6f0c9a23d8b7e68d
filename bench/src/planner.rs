//! The planner as the generator sees it: its collections, and rows of constant size.

use crate::marker;

/// A collection, by its place in [`Collection::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collection(usize);

impl Collection {
    /// In the order in which their rows can be created: each refers to earlier ones only.
    pub const ALL: [Collection; 4] = [Collection(0), Collection(1), Collection(2), Collection(3)];
    /// What an update of a coach changes, its own collection and the one that nests it.
    pub const TOUCHED: [Collection; 2] = [Collection(0), Collection(3)];
    const NAMES: [&str; 4] = ["coaches", "exercise_moves", "workout_plans", "schedules"];
    const SECTIONS: [&str; 4] =
        [r#""coaches":{"#, r#""exercise_moves":{"#, r#""workout_plans":{"#, r#""schedules":{"#];
    const CREATE: [&str; 4] = ["new_coach", "new_exercise_move", "new_workout_plan", "new_schedule"];

    /// The collection that the event `name` carries.
    pub fn named(name: &[u8]) -> Option<Collection> {
        Self::NAMES.iter().position(|known| known.as_bytes() == name).map(Collection)
    }

    /// Its place in [`Collection::ALL`].
    pub fn index(self) -> usize {
        self.0
    }

    /// Its place in [`Collection::TOUCHED`].
    pub fn touched(self) -> Option<usize> {
        Self::TOUCHED.iter().position(|touched| *touched == self)
    }

    /// What its part of a `changes` packet begins with: a plan's own `exercise_moves` are an array.
    pub fn section(self) -> &'static [u8] {
        Self::SECTIONS[self.0].as_bytes()
    }

    /// The event that creates one of its rows.
    pub fn create_event(self) -> &'static str {
        Self::CREATE[self.0]
    }

    /// The payload of [`Self::create_event`] for row `i` of `rows`. Plan `i` holds moves `i` and
    /// `i % rows + 1`, schedule `i` refers to coach `i` and plan `i`.
    pub fn new_row(self, i: u32, rows: u32) -> String {
        match self.0 {
            0 => coach(i, 0, ""),
            1 => format!(
                r#"{{"name":"Move {i}","focus":"Strength","description":"Move number {i}: keep the back straight and breathe.","video_link":"https://example.com/videos/{i}"}}"#
            ),
            2 => format!(
                r#"{{"name":"Plan {i}","difficulty":"Medium","description":"Plan number {i} for the whole body.","exercise_moves":[{{"id":{i}}},{{"id":{}}}]}}"#,
                i % rows + 1
            ),
            _ => format!(
                r#"{{"day":"Monday","hour":"1000","coach":{{"id":{i}}},"workout_plan":{{"id":{i}}}}}"#
            ),
        }
    }
}

/// The payload of an `update_coach` that gives coach `id` the marker: the whole row, as a form
/// sends it.
pub fn update_coach(id: u32, number: u32) -> String {
    coach(id, number, &format!(r#""id":{id},"#))
}

/// The payload of a `new_coach` that carries the marker, and no username.
pub fn new_coach(number: u32) -> String {
    let name = marker::text(number);
    format!(
        r#"{{"name":"Coach {name}","age":30,"picture":"https://example.com/pictures/coach-{number}.jpg"}}"#
    )
}

fn coach(i: u32, number: u32, id: &str) -> String {
    let (name, age) = (marker::text(number), 18 + i % 60);
    format!(
        r#"{{{id}"name":"Coach {name}","age":{age},"picture":"https://example.com/pictures/coach-{i}.jpg","username":"coach{i}"}}"#
    )
}

/// What stands before the marker of coach `id`, both in `coaches` and where `schedules` nests it.
pub fn coach_prefix(id: u32) -> String {
    format!(r#"{{"id":{id},"name":"Coach mk~"#)
}

/// The number after `"field":` in a packet.
pub fn integer(packet: &[u8], field: &str) -> Option<u32> {
    let key = format!("\"{field}\":");
    let at = memchr::memmem::find(packet, key.as_bytes())? + key.len();
    let digits = packet[at..].iter().take_while(|b| b.is_ascii_digit()).count();
    std::str::from_utf8(&packet[at..at + digits]).ok()?.parse().ok()
}
