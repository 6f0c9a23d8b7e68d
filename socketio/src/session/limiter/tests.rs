use super::*;

fn limiter(config: Config) -> Arc<SessionLimiter> {
    Arc::new(SessionLimiter::new(&config))
}

fn acquire(limiter: &Arc<SessionLimiter>, last: u8) -> Result<SessionPermit, LimitReached> {
    limiter.acquire(Some(IpAddr::from([127, 0, 0, last])))
}

fn joined(limiter: &Arc<SessionLimiter>, last: u8) -> SessionPermit {
    let mut permit = acquire(limiter, last).unwrap();
    permit.join().unwrap();
    permit
}

fn is_sent_away(permit: &mut SessionPermit) -> bool {
    permit.poll_evicted(&mut std::task::Context::from_waker(std::task::Waker::noop())).is_ready()
}

#[test]
fn sessions_are_limited_per_address_and_in_total() {
    let limiter = limiter(Config { max_sessions: 3, max_sessions_per_address: Some(2), ..Config::default() });
    let (one, _two) = (joined(&limiter, 1), joined(&limiter, 1));
    assert_eq!(acquire(&limiter, 1).unwrap_err(), LimitReached::TooManySessions);
    let _three = joined(&limiter, 2);
    assert_eq!(acquire(&limiter, 3).unwrap_err(), LimitReached::Full);
    drop(one);
    assert!(acquire(&limiter, 1).is_ok());
    assert_eq!(limiter.open(), 2);
}

#[test]
fn oldest_unjoined_session_is_evicted_first() {
    let limiter = limiter(Config { max_sessions: 3, ..Config::default() });
    let (_in, mut old, mut new) =
        (joined(&limiter, 1), acquire(&limiter, 1).unwrap(), acquire(&limiter, 1).unwrap());
    let another = joined(&limiter, 2);
    assert!(is_sent_away(&mut old) && !is_sent_away(&mut new));
    assert!(old.join().is_err(), "its place is another's");
    let mut last = acquire(&limiter, 2).unwrap();
    assert!(is_sent_away(&mut new));
    last.join().unwrap();
    assert_eq!(acquire(&limiter, 3).unwrap_err(), LimitReached::Full);
    drop((old, new));
    assert_eq!(acquire(&limiter, 3).unwrap_err(), LimitReached::Full, "they had no place any more");
    assert_eq!(limiter.open(), 3);
    drop(another);
    assert!(acquire(&limiter, 3).is_ok());
}

#[test]
fn owned_session_can_use_reserve() {
    let limiter = limiter(Config { max_sessions: 3, reserved_sessions: 1, ..Config::default() });
    let (_one, mut two) = (joined(&limiter, 1), joined(&limiter, 2));
    let mut unowned = acquire(&limiter, 3).unwrap();
    assert_eq!(unowned.join(), Err(LimitReached::Full));
    let mut known = acquire(&limiter, 4).unwrap();
    known.set_owner(Some("ada")).unwrap();
    known.join().unwrap();
    assert_eq!(unowned.join(), Err(LimitReached::Full));
    drop(unowned);
    // One that gets an owner later leaves a stranger's place, and all are taken.
    two.set_owner(Some("bob")).unwrap();
    assert_eq!(acquire(&limiter, 3).unwrap_err(), LimitReached::Full);
    drop(known);
    joined(&limiter, 3);
    two.set_owner(None).unwrap();
    assert_eq!(acquire(&limiter, 3).unwrap().join(), Err(LimitReached::Full));
}

#[test]
fn owner_limit_applies_across_addresses() {
    let config = Config { max_sessions_per_address: Some(2), ..Config::default() };
    let limiter = limiter(config);
    let mut places: Vec<_> = (1..=3).map(|last| joined(&limiter, last)).collect();
    places[0].set_owner(Some("ada")).unwrap();
    places[1].set_owner(Some("ada")).unwrap();
    places[1].set_owner(Some("ada")).unwrap();
    assert_eq!(places[2].set_owner(Some("ada")), Err(LimitReached::TooManySessions));
    places[2].set_owner(Some("bob")).unwrap();
    places.remove(0);
    places[1].set_owner(Some("ada")).unwrap();
}

#[test]
fn handshake_rate_is_limited_per_address() {
    let limiter = limiter(Config { max_handshakes_per_address: Some(5), ..Config::default() });
    let entered = (0..200).filter(|_| acquire(&limiter, 1).is_ok()).count();
    assert!((50..60).contains(&entered), "{entered}");
    let Err(LimitReached::TooManyHandshakes(after)) = acquire(&limiter, 1) else {
        panic!("there may be another")
    };
    assert!(after <= Duration::from_millis(200));
    assert!(acquire(&limiter, 2).is_ok());
}

#[test]
fn traffic_is_charged_to_address_and_owner() {
    let config = Config {
        max_events_per_address: Some(100),
        max_bytes_per_address: Some(100_000),
        ..Config::default()
    };
    let limiter = limiter(config);
    let (mut one, mut two, other) = (joined(&limiter, 1), joined(&limiter, 2), joined(&limiter, 3));
    one.set_owner(Some("ada")).unwrap();
    two.set_owner(Some("ada")).unwrap();
    let taken = |permit: &SessionPermit, bytes| (0..1000).filter(|_| permit.charge(1, bytes).is_ok()).count();
    let both = taken(&one, 1000);
    assert!((100..120).contains(&both), "half of each is all: {both}");
    assert!(taken(&two, 0) < 20, "its owner has sent that much");
    assert!((200..240).contains(&taken(&other, 0)));
    let busy = other.charge(1, 0).unwrap_err();
    assert!(busy.after <= Duration::from_millis(10), "{busy:?}");
}

#[test]
fn unused_sources_are_swept() {
    let limiter = limiter(Config { max_handshakes_per_address: None, ..Config::default() });
    for n in 0..20_000_u32 {
        drop(limiter.acquire(Some(IpAddr::from(n.to_be_bytes()))).unwrap());
    }
    assert!(limiter.state().sources.len() <= 4096);
}
