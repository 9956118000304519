//! The engine against a scripted registry: every list of effects is compared whole.

use super::*;

const START: Millis = Millis(1_600_000_000_000);

/// Knows some clients, all of them its own.
struct Known(Vec<&'static str>);

impl Clients for Known {
    fn own(&mut self) -> Vec<ClientId> {
        self.0.iter().map(|id| ClientId::new(id)).collect()
    }
    fn data(&mut self, id: &ClientId) -> Option<ClientData> {
        self.0.contains(&id.as_str()).then(|| data(id.as_str()))
    }
}

fn data(id: &str) -> ClientData {
    ClientData { id: ClientId::new(id), published: Vec::new() }
}

fn members(up: &[(&str, bool)]) -> Vec<Neighbour> {
    up.iter().map(|(id, reachable)| Neighbour { id: (*id).into(), reachable: *reachable }).collect()
}

fn call(to: &str, number: u64, call: ClientCall) -> Effect {
    let token = Token { engine: Engine::Clients, number };
    Effect::Call { to: to.into(), call: PeerCall::Client(call), token }
}

fn changed(id: &str) -> ClientCall {
    ClientCall::Changed(Arc::new(data(id)))
}

fn verify(id: &str) -> ClientCall {
    ClientCall::Verify(ClientId::new(id))
}

fn refused() -> Result<PeerAnswer, PeerFailure> {
    Err(PeerFailure::Refused)
}

/// An engine that has loaded what there was: nothing.
fn loaded(members: &[Neighbour]) -> ClientSync {
    let mut engine = ClientSync::new(START, Beginning::AtOnce);
    let effects = engine.tick(START, &mut Known(Vec::new()), members);
    let Some(Effect::Call { to, token, .. }) = effects.first() else { return engine };
    assert_eq!(effects, [call(to, token.number, ClientCall::Snapshot)]);
    let taken = engine.answered(START, token.number, Ok(PeerAnswer::Clients(Vec::new())));
    assert_eq!(taken, [Effect::TakeClients(Vec::new())]);
    engine
}

#[test]
fn a_change_is_told_to_every_member_two_seconds_later_and_once() {
    let members = members(&[("b:1", true), ("c:1", true)]);
    let mut engine = loaded(&members);
    let mut known = Known(vec!["x"]);
    let news = ClientNews::Changed(ClientId::new("x"));
    engine.on_news(START + 1_000, &news, &members);
    engine.on_news(START + 2_900, &news, &members);
    assert_eq!(engine.next_deadline(), Some(START + 3_000));
    assert_eq!(engine.tick(START + 2_999, &mut known, &members), []);
    let told = engine.tick(START + 3_000, &mut known, &members);
    assert_eq!(told, [call("b:1", 2, changed("x")), call("c:1", 3, changed("x"))]);
    for number in [2, 3] {
        assert_eq!(engine.answered(START + 3_001, number, Ok(PeerAnswer::Done)), []);
    }
    assert_eq!(engine.waiting(), 0);
    assert_eq!(engine.next_deadline(), Some(START + 5_000));
}

#[test]
fn what_came_to_nothing_is_told_again_five_seconds_later() {
    let members = members(&[("b:1", true)]);
    let mut engine = loaded(&members);
    let mut known = Known(vec!["x"]);
    engine.on_news(START, &ClientNews::Changed(ClientId::new("x")), &members);
    let told = engine.tick(START + 2_000, &mut known, &members);
    assert_eq!(told, [call("b:1", 2, changed("x"))]);
    assert_eq!(engine.answered(START + 2_050, 2, refused()), []);
    engine.verify_due = START + 60_000;
    assert_eq!(engine.next_deadline(), Some(START + 7_100));
    let again = engine.tick(START + 7_100, &mut known, &members);
    assert_eq!(again, [call("b:1", 3, changed("x"))]);
    assert_eq!(engine.answered(START + 7_200, 3, Ok(PeerAnswer::Done)), []);
    assert_eq!(engine.waiting(), 0);
}

#[test]
fn the_end_of_a_client_takes_the_place_of_its_change_and_outlives_its_failure() {
    let members = members(&[("b:1", true)]);
    let mut engine = loaded(&members);
    let mut known = Known(vec!["x"]);
    engine.on_news(START, &ClientNews::Changed(ClientId::new("x")), &members);
    let told = engine.tick(START + 2_000, &mut known, &members);
    assert_eq!(told, [call("b:1", 2, changed("x"))]);
    known.0.clear();
    engine.on_news(START + 2_100, &ClientNews::Gone(ClientId::new("x")), &members);
    assert_eq!(engine.answered(START + 2_200, 2, refused()), []);
    let told = engine.tick(START + 4_100, &mut known, &members);
    assert_eq!(told, [call("b:1", 3, ClientCall::Gone(ClientId::new("x")))]);
}

#[test]
fn a_client_that_is_gone_by_then_and_a_member_that_left_are_not_told() {
    let two = members(&[("b:1", true), ("c:1", true)]);
    let mut engine = loaded(&two);
    engine.on_news(START, &ClientNews::Changed(ClientId::new("x")), &two);
    engine.on_news(START, &ClientNews::Changed(ClientId::new("y")), &two);
    let one = members(&[("b:1", true)]);
    let told = engine.tick(START + 2_000, &mut Known(vec!["y"]), &one);
    assert_eq!(told, [call("b:1", 2, changed("y"))]);
    assert_eq!(engine.waiting(), 0);
}

#[test]
fn a_member_that_is_down_costs_no_call_and_is_told_when_it_is_back() {
    let down = members(&[("b:1", false)]);
    let mut engine = ClientSync::new(START, Beginning::LikeReal);
    let mut known = Known(vec!["x"]);
    engine.on_news(START, &ClientNews::Changed(ClientId::new("x")), &down);
    assert_eq!(engine.tick(START + 2_000, &mut known, &down), []);
    assert_eq!(engine.waiting(), 1);
    let up = members(&[("b:1", true)]);
    assert_eq!(engine.tick(START + 7_000, &mut known, &up), [call("b:1", 1, changed("x"))]);
}

#[test]
fn own_clients_are_verified_each_five_seconds_and_told_where_they_are_not_known() {
    let members = members(&[("b:1", true), ("c:1", true)]);
    let mut engine = loaded(&members);
    let mut known = Known(vec!["x", "y"]);
    let told = engine.tick(START + 5_000, &mut known, &members);
    let calls = [("b:1", 2, "x"), ("b:1", 3, "y"), ("c:1", 4, "x"), ("c:1", 5, "y")];
    assert_eq!(told, calls.map(|(to, number, id)| call(to, number, verify(id))));
    assert_eq!(engine.answered(START + 5_010, 2, Ok(PeerAnswer::Done)), []);
    assert_eq!(engine.answered(START + 5_010, 3, Ok(PeerAnswer::Unverified)), []);
    assert_eq!(engine.answered(START + 5_010, 4, refused()), []);
    assert_eq!(engine.next_deadline(), Some(START + 5_100));
    let told = engine.tick(START + 5_100, &mut known, &members);
    assert_eq!(told, [call("b:1", 6, changed("y"))]);
    assert_eq!(engine.tick(START + 9_999, &mut known, &members), []);
    assert_eq!(engine.tick(START + 10_000, &mut known, &members).len(), 4);
}

#[test]
fn a_node_that_starts_like_a_real_one_asks_after_a_minute_and_verifies_nothing_before() {
    let members = members(&[("b:1", true), ("c:1", true)]);
    let mut engine = ClientSync::new(START, Beginning::LikeReal);
    let mut known = Known(vec!["x"]);
    for second in 1..60 {
        assert_eq!(engine.tick(START + second * 1_000, &mut known, &members), [], "{second}");
    }
    let asked = engine.tick(START + 60_000, &mut known, &members);
    assert_eq!(asked, [call("b:1", 1, ClientCall::Snapshot)]);
    let next = engine.answered(START + 60_010, 1, refused());
    assert_eq!(next, [call("c:1", 2, ClientCall::Snapshot)]);
    let taken = engine.answered(START + 60_020, 2, Ok(PeerAnswer::Clients(vec![data("z")])));
    assert_eq!(taken, [Effect::TakeClients(vec![data("z")])]);
    let told = engine.tick(START + 65_000, &mut known, &members);
    assert_eq!(told, [call("b:1", 3, verify("x")), call("c:1", 4, verify("x"))]);
}

#[test]
fn a_node_whom_nobody_answers_asks_again_for_ever() {
    let members = members(&[("b:1", true)]);
    let mut engine = ClientSync::new(START, Beginning::AtOnce);
    let mut known = Known(Vec::new());
    for number in 1..=5 {
        let now = START + (number - 1) * 1_000;
        let asked = engine.tick(now, &mut known, &members);
        assert_eq!(asked, [call("b:1", number, ClientCall::Snapshot)]);
        assert_eq!(engine.answered(now, number, refused()), []);
    }
    // An answer that comes twice, or that nobody waits for, changes nothing.
    assert_eq!(engine.answered(START, 1, Ok(PeerAnswer::Clients(Vec::new()))), []);
}

#[test]
fn a_node_among_others_that_start_with_it_has_nothing_to_ask() {
    let members = members(&[("b:1", true)]);
    let mut engine = ClientSync::new(START, Beginning::Settled);
    let mut known = Known(vec!["x"]);
    assert_eq!(engine.tick(START, &mut known, &members), []);
    assert_eq!(engine.tick(START + 5_000, &mut known, &members), [call("b:1", 1, verify("x"))]);
}
