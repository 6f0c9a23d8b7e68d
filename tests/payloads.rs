//! Payloads as forms send them, decoded or refused.
#![allow(clippy::unwrap_used, reason = "a test may")]

use planner::collections::{
    NewCoach, NewExerciseMove, NewSchedule, NewWorkoutPlan, UpdateCoach, UpdateExerciseMove, UpdateSchedule,
    UpdateWorkoutPlan,
};
use rowcast_schema::{ById, ListRequest, Login, Payload, PayloadError, RequestOptions};
use serde_json::{Value, json, value::RawValue};

fn decode<P: Payload>(payload: &str) -> Result<P, PayloadError> {
    rowcast_schema::decode(&RawValue::from_string(payload.to_owned()).unwrap())
}

/// The example with some fields replaced; null takes a field out.
fn example<P: Payload>(changes: Value) -> String {
    let mut form: Value = serde_json::from_str(P::EXAMPLE).unwrap();
    for (field, value) in changes.as_object().unwrap() {
        form[field] = value.clone();
    }
    form.to_string()
}

fn accepted<P: Payload>(changes: Value) -> P {
    let form = example::<P>(changes);
    decode(&form).unwrap_or_else(|invalid| panic!("{form}: {invalid:?}"))
}

fn refused<P: Payload>(payload: &str) -> Value {
    match decode::<P>(payload) {
        Err(PayloadError::Fields(errors)) => serde_json::to_value(errors).unwrap(),
        Err(PayloadError::Payload(sentence)) => panic!("{payload}: {sentence}"),
        Ok(_) => panic!("{payload} was accepted"),
    }
}

#[test]
fn every_example_is_valid() {
    accepted::<NewCoach>(json!({}));
    accepted::<NewExerciseMove>(json!({}));
    accepted::<NewWorkoutPlan>(json!({}));
    accepted::<NewSchedule>(json!({}));
    accepted::<UpdateCoach>(json!({ "id": 1 }));
    accepted::<UpdateExerciseMove>(json!({ "id": 1 }));
    accepted::<UpdateWorkoutPlan>(json!({ "id": 1 }));
    accepted::<UpdateSchedule>(json!({ "id": 1 }));
    accepted::<ById>(json!({}));
    accepted::<Login>(json!({}));
    accepted::<RequestOptions>(json!({}));
    accepted::<ListRequest>(json!({}));
}

#[test]
fn numbers_text_and_references_are_converted() {
    let coach: NewCoach = accepted(json!({ "id": "", "age": " 44 ", "name": 42, "username": "" }));
    assert_eq!((coach.age, &*coach.name, coach.username), (44, "42", None));

    let schedule: NewSchedule = accepted(json!({
        "id": null, "hour": 800, "coach": { "id": "2", "name": "stale" }, "workout_plan": "3",
    }));
    assert_eq!((&*schedule.hour, schedule.coach, schedule.workout_plan), ("800", 2, 3));

    let moves = json!([{ "id": "2" }, 1, { "id": 2, "name": "stale", "version": {} }]);
    let plan: NewWorkoutPlan = accepted(json!({ "exercise_moves": moves }));
    assert_eq!(plan.exercise_moves, [2, 1, 2]);
}

#[test]
fn whole_row_is_accepted_as_payload() {
    let row = json!({
        "id": 7, "day": "Monday", "hour": "900", "coach": { "id": 4, "name": "Ada" },
        "workout_plan": { "id": 1, "name": "Early bird", "difficulty": "easy" }, "version": 3,
    });
    let update: UpdateSchedule = decode(&row.to_string()).unwrap();
    assert_eq!((update.id, update.version, update.coach), (7, Some(3), Some(4)));
    assert_eq!(decode::<ById>(&row.to_string()), Ok(ById { id: 7 }));
    accepted::<NewSchedule>(row);
}

#[test]
fn all_errors_are_reported_together() {
    let form = r#"{ "name": " A ", "age": "abc", "picture": "x", "username": "a b", "agee": 1 }"#;
    let expected = json!({
        "name": "must be 2 to 40 characters long",
        "age": "must be a whole number",
        "picture": "must be an http or https address",
        "username": "must not contain spaces",
        "agee": "is not a field of a coach; did you mean age?",
    });
    assert_eq!(refused::<NewCoach>(form), expected);

    let expected = json!({ "name": "is required", "age": "is required", "picture": "is required" });
    assert_eq!(refused::<NewCoach>("{}"), expected);
    assert_eq!(refused::<NewCoach>(r#"{ "name": "", "age": null, "picture": " " }"#), expected);
}

#[test]
fn each_rule_has_its_message() {
    let one = |payload: Value, field: &str| payload[field].as_str().unwrap_or_default().to_owned();
    let coach = |field: &str, value: Value| {
        one(refused::<NewCoach>(&example::<NewCoach>(json!({ field: value }))), field)
    };
    let schedule = |field: &str, value: Value| {
        one(refused::<NewSchedule>(&example::<NewSchedule>(json!({ field: value }))), field)
    };
    let plan = |value: Value| {
        let form = example::<NewWorkoutPlan>(json!({ "exercise_moves": value }));
        one(refused::<NewWorkoutPlan>(&form), "exercise_moves")
    };
    let time = "must be a time from 0 to 2359, like 900 or 1330";
    let day = "must be a day from Monday to Sunday";

    assert_eq!(coach("age", json!(17)), "must be at least 18");
    assert_eq!(coach("age", json!(121)), "must be at most 120");
    assert_eq!(coach("age", json!(u64::MAX)), "must be at most 9007199254740991");
    assert_eq!(coach("name", json!("é".repeat(41))), "must be 2 to 40 characters long");
    assert_eq!(coach("name", json!("A\u{0}da")), "must not contain control characters");
    assert_eq!(coach("name", json!(["Ada"])), "must be text");
    let long = format!("https://example.com/{}", "a".repeat(1_981));
    assert_eq!(coach("picture", json!(long)), "must be at most 2000 characters long");
    assert_eq!(schedule("day", json!("monday")), day);
    assert_eq!(schedule("hour", json!(2400)), time);
    assert_eq!(schedule("hour", json!("960")), time);
    assert_eq!(schedule("hour", json!("9:00")), time);
    assert_eq!(schedule("hour", json!("-900")), time);
    assert_eq!(schedule("hour", json!("+900")), time);
    assert_eq!(plan(json!([])), "must name at least one move");
    assert_eq!(plan(json!(vec![1; 101])), "must name at most 100 moves");
    assert_eq!(plan(json!(vec![1; 1001])), "has more than 1000 entries");
    assert_eq!(plan(json!({ "id": 1 })), "must be a list");
    assert_eq!(plan(json!(null)), "is required");
}

#[test]
fn hour_is_decoded_in_canonical_form() {
    for (sent, kept) in [("900.0", "900"), ("9e2", "900"), ("-0", "0")] {
        let form =
            example::<NewSchedule>(json!({ "hour": 1 })).replace("\"hour\":1", &format!("\"hour\":{sent}"));
        assert_eq!(decode::<NewSchedule>(&form).unwrap().hour, kept, "{form}");
    }
    for (sent, kept) in [("900", "900"), ("0900", "900"), ("0000", "0"), ("0", "0"), ("2359", "2359")] {
        assert_eq!(accepted::<NewSchedule>(json!({ "hour": sent })).hour, kept);
    }
}

#[test]
fn number_as_text_uses_its_value() {
    assert_eq!(accepted::<NewCoach>(json!({ "name": 55.0 })).name, "55");
    let short = refused::<NewCoach>(&example::<NewCoach>(json!({ "name": 5.0 })));
    assert_eq!(short, json!({ "name": "must be 2 to 40 characters long" }), "it is 5");
    assert_eq!(accepted::<NewCoach>(json!({ "name": 1.50 })).name, "1.5");
}

#[test]
fn integers_beyond_2_to_53_are_refused() {
    let too_large = "must be at most 9007199254740991";
    let form = example::<UpdateSchedule>(json!({
        "id": 9_007_199_254_740_993_i64, "version": "9007199254740992", "coach": { "id": 1e16 },
        "workout_plan": -9_007_199_254_740_992_i64,
    }));
    let expected = json!({
        "id": too_large, "version": too_large, "coach.id": too_large,
        "workout_plan": "must be at least -9007199254740991",
    });
    assert_eq!(refused::<UpdateSchedule>(&form), expected);
    let moves =
        example::<NewWorkoutPlan>(json!({ "exercise_moves": [1, { "id": 9_007_199_254_740_992_i64 }] }));
    assert_eq!(refused::<NewWorkoutPlan>(&moves), json!({ "exercise_moves.1.id": too_large }));
    let list = r#"{ "limit": 9007199254740992 }"#;
    assert_eq!(refused::<ListRequest>(list), json!({ "limit": too_large }));
}

#[test]
fn invalid_reference_names_its_path() {
    let form = example::<NewSchedule>(json!({ "coach": { "id": 1e30 }, "workout_plan": {} }));
    let expected =
        json!({ "coach.id": "must be at most 9007199254740991", "workout_plan.id": "is required" });
    assert_eq!(refused::<NewSchedule>(&form), expected);

    let moves = json!([{ "id": 1 }, null, { "id": "x" }, "y"]);
    let form = example::<NewWorkoutPlan>(json!({ "exercise_moves": moves }));
    let expected = json!({
        "exercise_moves.1": "is required",
        "exercise_moves.2.id": "must be a whole number",
        "exercise_moves.3": "must be an id, or an object with one",
    });
    assert_eq!(refused::<NewWorkoutPlan>(&form), expected);
    let none_readable = example::<NewWorkoutPlan>(json!({ "exercise_moves": [{}] }));
    let expected = json!({ "exercise_moves.0.id": "is required" });
    assert_eq!(refused::<NewWorkoutPlan>(&none_readable), expected);
}

#[test]
fn update_distinguishes_absent_cleared_and_blank() {
    let username = |json: &str| decode::<UpdateCoach>(json).unwrap().username;
    assert_eq!(username(r#"{ "id": 1 }"#), None);
    assert_eq!(username(r#"{ "id": 1, "username": null }"#), Some(None));
    assert_eq!(username(r#"{ "id": 1, "username": " " }"#), Some(None));
    assert_eq!(username(r#"{ "id": 1, "username": "ada" }"#), Some(Some("ada".into())));

    let expected = json!({ "name": "is required", "age": "is required" });
    assert_eq!(refused::<UpdateCoach>(r#"{ "id": 1, "name": "", "age": null }"#), expected);
    let expected = json!({ "id": "is required", "username": "must be 2 to 40 characters long" });
    assert_eq!(refused::<UpdateCoach>(r#"{ "id": "", "username": "a" }"#), expected);
    let expected = json!({ "id": "must be at most 9007199254740991", "version": "must be a whole number" });
    let form = r#"{ "id": 9223372036854775808, "version": "new" }"#;
    assert_eq!(refused::<UpdateCoach>(form), expected);
    assert_eq!(decode::<UpdateCoach>(r#"{ "id": 1, "version": "" }"#).unwrap().version, None);
}

#[test]
fn non_object_payload_is_refused() {
    let deep = format!(r#"{{ "name": {}1{} }}"#, "[".repeat(32), "]".repeat(32));
    for payload in ["null", "7", r#""Ada""#, "[]", "true", &deep, r#"{ "\ud800": 1 }"#] {
        assert!(matches!(decode::<NewCoach>(payload), Err(PayloadError::Payload(_))), "{payload}");
    }
    let shallow = format!(r#"{{ "id": 1, "x": {}1{} }}"#, "[".repeat(31), "]".repeat(31));
    assert_eq!(decode::<ById>(&shallow), Ok(ById { id: 1 }));
}

#[test]
fn reserved_keys_are_refused() {
    let form = example::<NewCoach>(json!({ "$internal": 1 }));
    let expected = json!({ "$bad_payload": "$internal is not a field of a coach" });
    assert_eq!(refused::<NewCoach>(&form), expected);
}

#[test]
fn unknown_field_errors_are_limited() {
    let mut form: Value = serde_json::from_str(NewCoach::EXAMPLE).unwrap();
    for n in 0..1_000 {
        form[format!("field {n}")] = n.into();
    }
    assert_eq!(refused::<NewCoach>(&form.to_string()).as_object().unwrap().len(), 20);
}

#[test]
fn login_names_blank_fields_and_keeps_password_as_typed() {
    let blank = json!({ "username": "is required", "password": "is required" });
    assert_eq!(refused::<Login>(r#"{ "username": " ", "password": "" }"#), blank);
    let login: Login = accepted(json!({ "username": " ada ", "password": " s p\t" }));
    assert_eq!((&*login.username, &*login.password), ("ada", " s p\t"));
    let long = refused::<Login>(&example::<Login>(json!({ "password": "x".repeat(201) })));
    assert_eq!(long, json!({ "password": "must be at most 200 characters long" }));
}

#[test]
fn invalid_options_are_refused() {
    assert_eq!(decode::<RequestOptions>("null"), Ok(RequestOptions::default()));
    let expected = json!({ "request_id": "must be a UUID, as crypto.randomUUID() makes them" });
    assert_eq!(refused::<RequestOptions>(r#"{ "request_id": "4fd1" }"#), expected);
    let expected = json!({ "request_id": "must be text" });
    assert_eq!(refused::<RequestOptions>(r#"{ "request_id": {} }"#), expected);
    let expected = json!({ "retry": "is not a field of an event's options" });
    assert_eq!(refused::<RequestOptions>(r#"{ "retry": 3 }"#), expected);
    assert!(matches!(decode::<RequestOptions>("[]"), Err(PayloadError::Payload(_))));
}
