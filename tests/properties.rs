//! Properties of arbitrary payloads.
#![allow(clippy::unwrap_used, reason = "a test may")]

use planner::collections::{
    NewCoach, NewExerciseMove, NewSchedule, NewWorkoutPlan, UpdateCoach, UpdateExerciseMove, UpdateSchedule,
    UpdateWorkoutPlan,
};
use proptest::{collection::vec, option, prelude::*};
use rowcast_schema::{ById, ListRequest, Login, Payload, PayloadError, RequestOptions, decode};
use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};

/// Fragments of JSON, and some that are invalid.
const PIECES: [&str; 27] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "null",
    "true",
    "1",
    "-",
    "1e999",
    "9223372036854775808",
    "0.5",
    "\"id\"",
    "\"name\"",
    "\"age\"",
    "\"where\"",
    "\"in\"",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\"👩\"",
    " ",
    "\"exercise_moves\"",
    "\"coach\"",
    "\"\"",
];

const FIELDS: [&str; 20] = [
    "id",
    "version",
    "name",
    "age",
    "picture",
    "username",
    "focus",
    "description",
    "video_link",
    "difficulty",
    "exercise_moves",
    "day",
    "hour",
    "coach",
    "workout_plan",
    "where",
    "sort",
    "limit",
    "after",
    "$x",
];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0..3000_i64).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[ a-zA-Z0-9\n\t]{0,50}".prop_map(Value::from),
        "https?://[a-z.]{1,9}/?".prop_map(Value::from),
        prop_oneof![Just("Monday"), Just("0900"), Just("name,-age"), Just(" 2 ")].prop_map(Value::from),
    ]
}

fn anything() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 64, 8, |inner| {
        let field = prop_oneof![proptest::sample::select(&FIELDS).prop_map(String::from), any::<String>()];
        let object =
            vec((field, inner.clone()), 0..6).prop_map(|pairs| Value::Object(pairs.into_iter().collect()));
        prop_oneof![vec(inner, 0..6).prop_map(Value::from), object]
    })
}

/// An object with some known fields, each of any value.
fn form() -> impl Strategy<Value = String> {
    vec(option::of(anything()), FIELDS.len()).prop_map(|values| {
        let fields = FIELDS.iter().zip(values);
        let fields = fields.filter_map(|(name, value)| Some(((*name).to_owned(), value?)));
        Value::Object(fields.collect()).to_string()
    })
}

fn raw(json: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(json.to_owned()).ok()
}

/// Asserts that decoding ends, and that a refusal has a reason.
fn decodes_or_explains<P: Payload>(payload: &RawValue) {
    match decode::<P>(payload) {
        Err(PayloadError::Fields(errors)) => assert!(!errors.is_empty()),
        Err(PayloadError::Payload(sentence)) => assert!(!sentence.is_empty()),
        Ok(_) => {}
    }
}

fn all_decode_or_explain(payload: &RawValue) {
    decodes_or_explains::<NewCoach>(payload);
    decodes_or_explains::<UpdateCoach>(payload);
    decodes_or_explains::<NewExerciseMove>(payload);
    decodes_or_explains::<UpdateExerciseMove>(payload);
    decodes_or_explains::<NewWorkoutPlan>(payload);
    decodes_or_explains::<UpdateWorkoutPlan>(payload);
    decodes_or_explains::<NewSchedule>(payload);
    decodes_or_explains::<UpdateSchedule>(payload);
    decodes_or_explains::<ById>(payload);
    decodes_or_explains::<Login>(payload);
    decodes_or_explains::<ListRequest>(payload);
    decodes_or_explains::<RequestOptions>(payload);
}

/// Whether the payload is accepted; asserts that its decoded form decodes to the same.
fn is_stable<P: Payload + Serialize + PartialEq + std::fmt::Debug>(changes: &Map<String, Value>) -> bool {
    let mut form: Map<String, Value> = serde_json::from_str(P::EXAMPLE).unwrap();
    form.insert("id".into(), 1.into());
    // Only known fields: others would be refused.
    let known = form.clone();
    form.extend(
        changes.iter().filter(|(field, _)| known.contains_key(*field)).map(|(k, v)| (k.clone(), v.clone())),
    );
    let Ok(once) = decode::<P>(&raw(&Value::from(form).to_string()).unwrap()) else {
        return false;
    };
    let again = decode::<P>(&serde_json::value::to_raw_value(&once).unwrap());
    assert_eq!(again.as_ref(), Ok(&once));
    true
}

fn changes() -> impl Strategy<Value = Map<String, Value>> {
    vec((proptest::sample::select(&FIELDS), scalar()), 0..3)
        .prop_map(|pairs| pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

proptest! {
    #[test]
    fn arbitrary_form_is_decoded_or_refused(form in form()) {
        all_decode_or_explain(&raw(&form).unwrap());
    }

    #[test]
    fn arbitrary_json_is_decoded_or_refused(pieces in vec(proptest::sample::select(&PIECES), 0..40)) {
        if let Some(payload) = raw(&pieces.concat()) {
            all_decode_or_explain(&payload);
        }
    }

    #[test]
    fn decoded_payload_round_trips(changes in changes()) {
        is_stable::<NewCoach>(&changes);
        is_stable::<UpdateCoach>(&changes);
        is_stable::<NewExerciseMove>(&changes);
        is_stable::<UpdateExerciseMove>(&changes);
        is_stable::<NewWorkoutPlan>(&changes);
        is_stable::<UpdateWorkoutPlan>(&changes);
        is_stable::<NewSchedule>(&changes);
        is_stable::<UpdateSchedule>(&changes);
    }
}

/// Otherwise the property above could hold for no payload.
#[test]
fn unchanged_examples_are_decoded() {
    let unchanged = Map::new();
    assert!(is_stable::<NewCoach>(&unchanged) && is_stable::<UpdateWorkoutPlan>(&unchanged));
    assert!(is_stable::<NewSchedule>(&unchanged) && is_stable::<UpdateExerciseMove>(&unchanged));
}
