use super::*;

fn shown(rooms: &[&str], polling: bool) -> Shown {
    let id = SocketId::random();
    let rooms = rooms.iter().map(|room| Room::from(*room)).collect();
    Shown { id, namespace: "/x".into(), rooms, polling, json: format!(r#"{{"id":"{id}"}}"#).into() }
}

fn here() -> ThreadId {
    std::thread::current().id()
}

fn elsewhere() -> ThreadId {
    std::thread::spawn(here).join().unwrap()
}

fn told(mirror: &mut Mirror, on: ThreadId, what: &What) -> Vec<String> {
    let mut told = Vec::new();
    mirror.tell(on, what, |frame| told.push(String::from_utf8(frame.packet().to_vec()).unwrap()));
    told
}

fn joined(socket: &Shown, room: &str) -> What {
    let (namespace, room) = (socket.namespace.clone(), room.into());
    What::Joined { namespace, room, id: socket.id, at: "now".into() }
}

fn gone(socket: &Shown) -> What {
    let (namespace, reason) = (socket.namespace.clone(), "ping timeout");
    What::Disconnected { namespace, id: socket.id, reason, at: "now".into() }
}

#[test]
fn who_goes_leaves_all_rooms() {
    let (mut mirror, socket) = (Mirror::default(), shown(&["a"], false));
    mirror.list(&[(here(), socket.clone())], 1000);
    assert_eq!(told(&mut mirror, here(), &joined(&socket, "b")).len(), 1);
    let id = socket.id;
    let farewell = told(&mut mirror, here(), &gone(&socket));
    assert_eq!(farewell[0], format!(r#"42/admin,["socket_disconnected","/x","{id}","ping timeout","now"]"#));
    for (at, room) in ["a", "b", id.as_str()].into_iter().enumerate() {
        assert_eq!(farewell[at + 1], format!(r#"42/admin,["room_left","/x","{room}","{id}","now"]"#));
    }
    assert!(told(&mut mirror, here(), &gone(&socket)).is_empty());
}

#[test]
fn a_room_that_is_known_is_not_joined_twice_and_one_of_nobody_not_at_all() {
    let (mut mirror, socket) = (Mirror::default(), shown(&["a"], false));
    mirror.list(&[(here(), socket.clone())], 1000);
    assert!(told(&mut mirror, here(), &joined(&socket, "a")).is_empty());
    assert!(told(&mut mirror, here(), &joined(&shown(&[], false), "a")).is_empty());
}

#[test]
fn of_two_with_one_id_the_later_is_there() {
    let (mut mirror, socket, other) = (Mirror::default(), shown(&[], false), elsewhere());
    let (frame, all) = mirror.list(&[(here(), socket.clone()), (other, socket.clone())], 1000);
    let list = format!(r#"42/admin,["all_sockets",[{}]]"#, socket.json);
    assert_eq!((frame.packet(), all), (list.as_bytes(), true));
    assert!(told(&mut mirror, here(), &gone(&socket)).is_empty(), "the earlier has gone");
    assert!(!told(&mut mirror, other, &gone(&socket)).is_empty());
}

#[test]
fn a_list_has_a_limit() {
    let (mut mirror, one, two) = (Mirror::default(), shown(&[], false), shown(&[], false));
    let (frame, all) = mirror.list(&[(here(), one), (here(), two.clone())], 40);
    assert_eq!(frame.packet(), format!(r#"42/admin,["all_sockets",[{}]]"#, two.json).as_bytes());
    assert!(!all);
}

#[test]
fn a_session_that_moved_is_told_once() {
    let (mut mirror, socket, other) = (Mirror::default(), shown(&[], true), shown(&[], true));
    mirror.list(&[(here(), socket.clone()), (here(), other.clone())], 1000);
    let mut moved = Vec::new();
    for _ in 0..2 {
        mirror.polling(&HashSet::from([other.id]), |frame| moved.push(frame));
    }
    let id = socket.id;
    let packet = format!(r#"42/admin,["socket_updated",{{"id":"{id}","nsp":"/x","transport":"websocket"}}]"#);
    assert_eq!(moved.len(), 1);
    assert_eq!(moved[0].packet(), packet.as_bytes());
}
