//! What beats prove, in the order in which they come.

use super::*;

const AGENT: &str = "Nacos-Java-Client:v1.2.1";

fn key(port: i32) -> Key<'static> {
    Key {
        namespace: "public",
        service: "DEFAULT_GROUP@@orders",
        cluster: "DEFAULT",
        ip: "10.0.0.1",
        port,
        agent: AGENT,
    }
}

fn known(port: i32) -> Known {
    Known::beating("public", "DEFAULT_GROUP@@orders", "10.0.0.1", port)
}

fn state(book: &Book, port: i32) -> Option<State> {
    let rows = book.rows(usize::MAX, |_| true);
    rows.into_iter().find(|row| row.port == port).map(|row| row.state)
}

#[test]
fn rescued_is_who_sends_a_full_beat_after_our_answer() {
    let book = Book::default();
    book.beat(Some(&key(1)), Shape::Light, true);
    assert_eq!(state(&book, 1), Some(State::Light), "an answer alone proves nothing");
    book.beat(Some(&key(1)), Shape::Light, true);
    assert_eq!(state(&book, 1), Some(State::Light), "it is still light");
    book.beat(Some(&key(1)), Shape::Full, true);
    assert_eq!(state(&book, 1), Some(State::Rescued));
    let rows = book.rows(usize::MAX, |_| true);
    let counts = |row: &Row| (row.light_before, row.full_before, row.light_after, row.full_after);
    assert_eq!(rows.iter().map(counts).collect::<Vec<_>>(), [(1, 0, 1, 1)]);
}

#[test]
fn a_full_beat_before_our_answer_proves_nothing_of_the_next_one() {
    let book = Book::default();
    book.beat(Some(&key(1)), Shape::Full, true);
    assert_eq!(state(&book, 1), Some(State::Full));
    assert!(!book.totals().is_done());
    book.beat(Some(&key(1)), Shape::Full, true);
    assert_eq!(state(&book, 1), Some(State::Rescued));
    assert!(book.totals().is_done());
}

#[test]
fn an_answer_that_does_not_take_the_flag_back_frees_nobody() {
    let book = Book::default();
    for _ in 0..3 {
        book.beat(Some(&key(1)), Shape::Full, false);
    }
    assert_eq!(state(&book, 1), Some(State::Full));
    let ticket = book.beat(Some(&key(1)), Shape::Full, false).unwrap();
    book.answered(ticket);
    book.beat(Some(&key(1)), Shape::Full, false);
    assert_eq!(state(&book, 1), Some(State::Rescued));
}

#[test]
fn who_sends_a_light_beat_again_is_not_free_any_more() {
    let book = Book::default();
    for shape in [Shape::Light, Shape::Full, Shape::Light] {
        book.beat(Some(&key(1)), shape, true);
    }
    assert_eq!(state(&book, 1), Some(State::Relapsed));
    assert!(!book.totals().is_done());
}

#[test]
fn expected_is_who_must_be_seen_whoever_else_comes() {
    let book = Book::default();
    book.expect(&[known(1), known(2), Known { beats: false, ..known(3) }, known(2)]);
    for port in [1, 7] {
        book.beat(Some(&key(port)), Shape::Light, true);
        book.beat(Some(&key(port)), Shape::Full, true);
    }
    let totals = book.totals();
    assert_eq!((totals.expected, totals.expected_done, totals.is_done()), (2, 1, false));
    assert_eq!(totals.of(State::Rescued), 2);
    let missing: Vec<(i32, State)> =
        book.missing(9).iter().map(|row| (row.port, row.state)).collect();
    assert_eq!(missing, [(2, State::Unseen)]);
    book.beat(Some(&key(2)), Shape::Light, true);
    assert_eq!(book.missing(9)[0].state, State::Light);
    book.beat(Some(&key(2)), Shape::Full, true);
    assert!(book.totals().is_done() && book.missing(9).is_empty());
}

#[test]
fn who_deregisters_is_waited_for_no_longer() {
    let book = Book::default();
    book.expect(&[known(1), known(2)]);
    book.beat(Some(&key(1)), Shape::Light, true);
    book.left(&Key { agent: "another", ..key(1) });
    book.left(&key(2));
    assert_eq!(state(&book, 1), Some(State::Left));
    assert!(book.totals().is_done());
    book.beat(Some(&key(1)), Shape::Light, true);
    assert_eq!(state(&book, 1), Some(State::Light), "it is back");
}

#[test]
fn every_part_of_the_key_tells_instances_apart() {
    let book = Book::default();
    let one = key(1);
    for key in [
        one,
        Key { namespace: "team-a", ..one },
        Key { service: "DEFAULT_GROUP@@stock", ..one },
        Key { cluster: "east", ..one },
        Key { ip: "10.0.0.2", ..one },
        Key { ip: "orders-1.example", ..one },
        Key { ip: "::1", ..one },
        Key { port: -1, ..one },
        Key { agent: "nacos-go-sdk:v1.0.1", ..one },
    ] {
        book.beat(Some(&key), Shape::Light, true);
        book.beat(Some(&key), Shape::Light, true);
    }
    let totals = book.totals();
    assert_eq!((totals.seen(), totals.beats(), totals.services), (9, 18, 3));
    let ips: Vec<String> = book.rows(99, |_| true).into_iter().map(|row| row.ip).collect();
    assert!(ips.contains(&"orders-1.example".to_owned()) && ips.contains(&"::1".to_owned()));
}

#[test]
fn the_room_is_bounded_and_what_is_not_kept_is_counted() {
    let book = Book::with_room(2);
    for port in 0..5 {
        book.beat(Some(&key(port)), Shape::Light, true);
    }
    let long = "x".repeat(5000);
    book.beat(Some(&Key { service: &long, ..key(1) }), Shape::Full, true);
    book.beat(None, Shape::Light, true);
    let totals = book.totals();
    assert_eq!((totals.seen(), totals.not_kept, totals.beats()), (2, 5, 7));
}

#[test]
fn services_have_their_counts() {
    let book = Book::default();
    book.beat(Some(&key(1)), Shape::Light, true);
    book.beat(Some(&key(2)), Shape::Light, true);
    book.beat(Some(&key(2)), Shape::Full, true);
    let services = book.services();
    assert_eq!(services.len(), 1);
    assert_eq!((services[0].of(State::Light), services[0].of(State::Rescued)), (1, 1));
}
