use super::*;

fn shown(rooms: &[&str], polling: bool) -> SocketDetails {
    let id = SocketId::random();
    let rooms = rooms.iter().map(|room| Room::from(*room)).collect();
    SocketDetails { id, namespace: "/x".into(), rooms, polling, json: format!(r#"{{"id":"{id}"}}"#).into() }
}

fn here() -> ThreadId {
    std::thread::current().id()
}

fn elsewhere() -> ThreadId {
    std::thread::spawn(here).join().unwrap()
}

fn applied(state: &mut PageState, on: ThreadId, what: &ServerEvent) -> Vec<String> {
    let mut applied = Vec::new();
    state.apply(on, what, |frame| applied.push(String::from_utf8(frame.packet().to_vec()).unwrap()));
    applied
}

fn joined(socket: &SocketDetails, room: &str) -> ServerEvent {
    let (namespace, room) = (socket.namespace.clone(), room.into());
    ServerEvent::Joined { namespace, room, id: socket.id, at: "now".into() }
}

fn gone(socket: &SocketDetails) -> ServerEvent {
    let (namespace, reason) = (socket.namespace.clone(), "ping timeout");
    ServerEvent::Disconnected { namespace, id: socket.id, reason, at: "now".into() }
}

#[test]
fn disconnect_leaves_all_rooms() {
    let (mut state, socket) = (PageState::default(), shown(&["a"], false));
    state.list(&[(here(), socket.clone())], 1000);
    assert_eq!(applied(&mut state, here(), &joined(&socket, "b")).len(), 1);
    let id = socket.id;
    let events = applied(&mut state, here(), &gone(&socket));
    assert_eq!(events[0], format!(r#"42/admin,["socket_disconnected","/x","{id}","ping timeout","now"]"#));
    for (at, room) in ["a", "b", id.as_str()].into_iter().enumerate() {
        assert_eq!(events[at + 1], format!(r#"42/admin,["room_left","/x","{room}","{id}","now"]"#));
    }
    assert!(applied(&mut state, here(), &gone(&socket)).is_empty());
}

#[test]
fn join_of_known_room_or_unknown_socket_is_ignored() {
    let (mut state, socket) = (PageState::default(), shown(&["a"], false));
    state.list(&[(here(), socket.clone())], 1000);
    assert!(applied(&mut state, here(), &joined(&socket, "a")).is_empty());
    assert!(applied(&mut state, here(), &joined(&shown(&[], false), "a")).is_empty());
}

#[test]
fn later_socket_with_same_id_wins() {
    let (mut state, socket, other) = (PageState::default(), shown(&[], false), elsewhere());
    let (frame, all) = state.list(&[(here(), socket.clone()), (other, socket.clone())], 1000);
    let list = format!(r#"42/admin,["all_sockets",[{}]]"#, socket.json);
    assert_eq!((frame.packet(), all), (list.as_bytes(), true));
    assert!(applied(&mut state, here(), &gone(&socket)).is_empty(), "the earlier has gone");
    assert!(!applied(&mut state, other, &gone(&socket)).is_empty());
}

#[test]
fn list_is_limited_in_bytes() {
    let (mut state, one, two) = (PageState::default(), shown(&[], false), shown(&[], false));
    let (frame, all) = state.list(&[(here(), one), (here(), two.clone())], 40);
    assert_eq!(frame.packet(), format!(r#"42/admin,["all_sockets",[{}]]"#, two.json).as_bytes());
    assert!(!all);
}

#[test]
fn upgrade_is_reported_once() {
    let (mut state, socket, other) = (PageState::default(), shown(&[], true), shown(&[], true));
    state.list(&[(here(), socket.clone()), (here(), other.clone())], 1000);
    let mut updated = Vec::new();
    for _ in 0..2 {
        state.polling(&HashSet::from([other.id]), |frame| updated.push(frame));
    }
    let id = socket.id;
    let packet = format!(r#"42/admin,["socket_updated",{{"id":"{id}","nsp":"/x","transport":"websocket"}}]"#);
    assert_eq!(updated.len(), 1);
    assert_eq!(updated[0].packet(), packet.as_bytes());
}
