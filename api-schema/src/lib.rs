//! What crosses the wire: rows, payloads, their rules and acks.
//!
//! ```text
//! payload ─▶ Form ─▶ NewCoach ─▶ its rules ─▶ the server
//!              └─▶ FieldErrors ◀───┘
//! ack ◀─ Ack ◀─ Coach | FieldErrors
//! ```
//!
//! Forms are read leniently ([`Form`]) and judged strictly (`validator`), and whoever sent one is told all that is
//! wrong with it at once ([`decode`]). One file holds all there is to know here about a collection. Nothing in this
//! crate knows of sockets or of a database.

mod ack;
mod by_id;
mod coach;
pub mod contract;
mod exercise_move;
mod field_errors;
mod form;
mod json;
pub mod keys;
mod list_request;
mod login;
mod nearest;
mod number;
mod options;
mod payload;
mod reference;
pub mod rules;
mod scalar;
mod schedule;
mod set_password;
mod told;
pub mod username;
mod visible;
mod workout_plan;

pub use ack::Ack;
pub use by_id::ById;
pub use coach::{Coach, NewCoach, UpdateCoach};
pub use exercise_move::{ExerciseMove, NewExerciseMove, UpdateExerciseMove};
pub use field_errors::{FieldErrors, shortened};
pub use form::Form;
pub use list_request::{Condition, ListRequest, Op, Sort};
pub use login::{Login, SignedIn};
pub use nearest::nearest;
pub use number::{MAX_SAFE_INTEGER, is_safe_integer};
pub use options::Options;
pub use payload::{Invalid, MAX_DEPTH, Payload, decode, read};
pub use reference::Ref;
pub use scalar::Scalar;
pub use schedule::{CoachRef, NewSchedule, Schedule, UpdateSchedule, WorkoutPlanRef};
pub use set_password::SetPassword;
pub use told::{Access, Auth, Author, Authored, Connected, Position, Schemas, SignedOut, Withheld};
pub use workout_plan::{NewWorkoutPlan, UpdateWorkoutPlan, WorkoutPlan};
