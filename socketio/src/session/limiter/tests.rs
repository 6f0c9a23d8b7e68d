use super::*;

fn census(config: Config) -> Arc<Census> {
    Arc::new(Census::new(&config))
}

fn enter(census: &Arc<Census>, last: u8) -> Result<Place, Refusal> {
    census.enter(Some(IpAddr::from([127, 0, 0, last])))
}

fn joined(census: &Arc<Census>, last: u8) -> Place {
    let mut place = enter(census, last).unwrap();
    place.join().unwrap();
    place
}

fn is_sent_away(place: &mut Place) -> bool {
    place.poll_sent_away(&mut std::task::Context::from_waker(std::task::Waker::noop())).is_ready()
}

#[test]
fn each_address_and_all_together_have_a_limit_and_places_come_free() {
    let census = census(Config { max_sessions: 3, max_sessions_per_address: Some(2), ..Config::default() });
    let (one, _two) = (joined(&census, 1), joined(&census, 1));
    assert_eq!(enter(&census, 1).unwrap_err(), Refusal::Crowded);
    let _three = joined(&census, 2);
    assert_eq!(enter(&census, 3).unwrap_err(), Refusal::Full);
    drop(one);
    assert!(enter(&census, 1).is_ok());
    assert_eq!(census.open(), 2);
}

#[test]
fn who_has_not_joined_goes_first_and_the_oldest_of_them() {
    let census = census(Config { max_sessions: 3, ..Config::default() });
    let (_in, mut old, mut new) =
        (joined(&census, 1), enter(&census, 1).unwrap(), enter(&census, 1).unwrap());
    let another = joined(&census, 2);
    assert!(is_sent_away(&mut old) && !is_sent_away(&mut new));
    assert!(old.join().is_err(), "its place is another's");
    let mut last = enter(&census, 2).unwrap();
    assert!(is_sent_away(&mut new));
    last.join().unwrap();
    assert_eq!(enter(&census, 3).unwrap_err(), Refusal::Full);
    drop((old, new));
    assert_eq!(enter(&census, 3).unwrap_err(), Refusal::Full, "they had no place any more");
    assert_eq!(census.open(), 3);
    drop(another);
    assert!(enter(&census, 3).is_ok());
}

#[test]
fn who_has_an_owner_finds_a_place_that_strangers_cannot_take() {
    let census = census(Config { max_sessions: 3, reserved_sessions: 1, ..Config::default() });
    let (_one, mut two) = (joined(&census, 1), joined(&census, 2));
    let mut stranger = enter(&census, 3).unwrap();
    assert_eq!(stranger.join(), Err(Refusal::Full));
    let mut known = enter(&census, 4).unwrap();
    known.set_owner(Some("ada")).unwrap();
    known.join().unwrap();
    assert_eq!(stranger.join(), Err(Refusal::Full));
    drop(stranger);
    // One that gets an owner later leaves a stranger's place, and all are taken.
    two.set_owner(Some("bob")).unwrap();
    assert_eq!(enter(&census, 3).unwrap_err(), Refusal::Full);
    drop(known);
    joined(&census, 3);
    two.set_owner(None).unwrap();
    assert_eq!(enter(&census, 3).unwrap().join(), Err(Refusal::Full));
}

#[test]
fn an_owner_has_a_limit_wherever_its_sessions_are() {
    let config = Config { max_sessions_per_address: Some(2), ..Config::default() };
    let census = census(config);
    let mut places: Vec<_> = (1..=3).map(|last| joined(&census, last)).collect();
    places[0].set_owner(Some("ada")).unwrap();
    places[1].set_owner(Some("ada")).unwrap();
    places[1].set_owner(Some("ada")).unwrap();
    assert_eq!(places[2].set_owner(Some("ada")), Err(Refusal::Crowded));
    places[2].set_owner(Some("bob")).unwrap();
    places.remove(0);
    places[1].set_owner(Some("ada")).unwrap();
}

#[test]
fn handshakes_come_at_a_rate_and_those_of_others_beside_them() {
    let census = census(Config { max_handshakes_per_address: Some(5), ..Config::default() });
    let entered = (0..200).filter(|_| enter(&census, 1).is_ok()).count();
    assert!((50..60).contains(&entered), "{entered}");
    let Err(Refusal::Hasty(after)) = enter(&census, 1) else { panic!("there may be another") };
    assert!(after <= Duration::from_millis(200));
    assert!(enter(&census, 2).is_ok());
}

#[test]
fn events_and_bytes_are_counted_together_for_the_address_and_for_the_owner() {
    let config = Config {
        max_events_per_address: Some(100),
        max_bytes_per_address: Some(100_000),
        ..Config::default()
    };
    let census = census(config);
    let (mut one, mut two, other) = (joined(&census, 1), joined(&census, 2), joined(&census, 3));
    one.set_owner(Some("ada")).unwrap();
    two.set_owner(Some("ada")).unwrap();
    let taken = |place: &Place, bytes| (0..1000).filter(|_| place.charge(1, bytes).is_ok()).count();
    let both = taken(&one, 1000);
    assert!((100..120).contains(&both), "half of each is all: {both}");
    assert!(taken(&two, 0) < 20, "its owner has sent that much");
    assert!((200..240).contains(&taken(&other, 0)));
    let busy = other.charge(1, 0).unwrap_err();
    assert!(busy.after <= Duration::from_millis(10), "{busy:?}");
}

#[test]
fn addresses_that_come_and_go_are_forgotten() {
    let census = census(Config { max_handshakes_per_address: None, ..Config::default() });
    for n in 0..20_000_u32 {
        drop(census.enter(Some(IpAddr::from(n.to_be_bytes()))).unwrap());
    }
    assert!(census.state().sources.len() <= 4096);
}
