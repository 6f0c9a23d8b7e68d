use proptest::prelude::*;

use super::*;

fn emitted(text: &str) -> EventPacket {
    match Packet::parse(text) {
        Ok(Packet::Event(event)) => event,
        other => panic!("{text} is no event: {other:?}"),
    }
}

fn args(event: &EventPacket) -> Vec<&str> {
    event.args.iter().map(|arg| arg.get()).collect()
}

proptest! {
    #[test]
    fn event_round_trips(
        name in "[^\u{0}]{0,20}",
        id in any::<Option<u64>>(),
        namespace in prop::option::of("/[a-z0-9-]{0,8}"),
        texts in prop::collection::vec(".{0,30}", 0..4),
        attachments in prop::option::of(0usize..20),
    ) {
        prop_assume!(!RESERVED.contains(&name.as_str()));
        let mut data = vec![serde_json::Value::from(name.as_str())];
        data.extend(texts.iter().map(|text| serde_json::Value::from(text.as_str())));
        let text = format!(
            "{}{}{}{}",
            attachments.map_or("2".to_owned(), |n| format!("5{n}-")),
            namespace.as_ref().map_or(String::new(), |namespace| format!("{namespace},")),
            id.map_or(String::new(), |id| id.to_string()),
            serde_json::Value::from(data.clone()),
        );

        let event = emitted(&text);

        prop_assert_eq!(&event.name, &name);
        prop_assert_eq!(event.ack, id);
        prop_assert_eq!(&*event.namespace, namespace.as_deref().unwrap_or("/"));
        prop_assert_eq!(event.attachments, attachments.unwrap_or(0));
        prop_assert_eq!(args(&event), data[1..].iter().map(ToString::to_string).collect::<Vec<_>>());
        let known = Packet::parse_event_prefix(&text).unwrap();
        prop_assert_eq!((known.name, known.ack, known.attachments), (event.name, event.ack, event.attachments));
    }

    #[test]
    fn arbitrary_text_never_panics(text in ".{0,200}") {
        let _ = (Packet::parse(&text), Packet::parse_event_prefix(&text));
    }

    #[test]
    fn nearly_valid_packet_never_panics(text in r#"[0-7](\d{0,22}-)?(/[a-z]{0,3},?)?\d{0,22}[\[{]?["a-z\\u\d,\[\]{}:]{0,20}"#) {
        let _ = (Packet::parse(&text), Packet::parse_event_prefix(&text));
    }
}

#[test]
fn connect_accepts_any_json_or_none() {
    assert!(matches!(Packet::parse("0"), Ok(Packet::Connect { auth: None, .. })));
    assert!(
        matches!(Packet::parse("0/,{}"), Ok(Packet::Connect { namespace, auth: Some(_) }) if &*namespace == "/")
    );
    assert!(matches!(Packet::parse("0/a"), Ok(Packet::Connect { namespace, .. }) if &*namespace == "/a"));
    for (text, json) in
        [("0[]", "[]"), ("0\"x\"", "\"x\""), ("0/a,null", "null"), ("07", "7"), ("0/a,1.5", "1.5")]
    {
        let Ok(Packet::Connect { auth: Some(auth), .. }) = Packet::parse(text) else { panic!("{text}") };
        assert_eq!(auth.get(), json);
    }
    for text in ["0{", "0x", "0\"x", "007", "0{}{}"] {
        assert!(Packet::parse(text).is_err(), "{text}");
    }
}

#[test]
fn packets_refused_by_official_parser_are_refused() {
    for text in [
        "",
        "7",
        "x",
        "é",
        "2",
        "2{}",
        "2[]",
        "2[{}]",
        "2[null]",
        "2\"x\"",
        r#"2["a""#,
        r#"2["a"]]"#,
        r#"2["connect"]"#,
        r#"2["disconnecting"]"#,
        r#"2["\u0063onnect"]"#,
        r#"299999999999999999999["a"]"#,
        "1{}",
        "1\"x\"",
        r#"5["a"]"#,
        r#"5x-["a"]"#,
        r#"5-["a"]"#,
        r#"5+1-["a"]"#,
        "3",
        "3[]",
        "31",
        "31{}",
        "6-1[]",
        r#"2/a["a"]"#,
    ] {
        assert!(Packet::parse(text).is_err(), "{text}");
    }
    assert!(matches!(Packet::parse("31[1]"), Ok(Packet::Ack { id: 1, attachments: 0, .. })));
    assert!(matches!(Packet::parse("1"), Ok(Packet::Disconnect { .. })));
    assert_eq!(emitted("2[7,1]").name, "7", "a number names an event, too");
}

#[test]
fn event_is_recognised_by_prefix() {
    let known = Packet::parse_event_prefix(r#"217["new_coach",{"name":"Ad"#).unwrap();
    assert_eq!((known.name.as_str(), known.ack, &*known.namespace), ("new_coach", Some(17), "/"));
    for prefix in [r#"2["new_coa"#, "2[", "217", r#"0{"a":"#, r#"2["connect","#, r#"2[7,"#, r#"3["a","#] {
        assert!(Packet::parse_event_prefix(prefix).is_none(), "{prefix}");
    }
}

#[test]
fn deep_json_uses_no_stack() {
    let deep = "[".repeat(900_000);
    assert!(Packet::parse(&format!("2{deep}")).is_err());
    let event = emitted(&format!(r#"2["a",{deep}{}]"#, "]".repeat(900_000)));
    assert_eq!(event.args[0].get().len(), 1_800_000);
}
