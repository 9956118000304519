//! A rollback from 1.2.1 to 1.1.4 on one port, with each answer that somebody might give meanwhile:
//! the table of the field story, cell by cell.

use crate::java::{Java, PERIOD_MS};
use crate::{LIST, get, known, options, rescue, serve};
use facos::rescue::{Options, Recipe};
use facos::serve::Running;
use std::net::SocketAddr;
use std::time::Duration;

/// Periods of each phase.
const TAUGHT: u64 = 3;
const REFUSED: u64 = 2;
const RESCUED: u64 = 3;
const BACK: u64 = 8;

/// Lets clients and server live through so many periods together.
async fn live(clients: &mut [Java], to: SocketAddr, server: Option<&Running>, periods: u64) {
    for _ in 0..periods {
        for client in &mut *clients {
            client.pass(PERIOD_MS, to);
        }
        if let Some(server) = server {
            server.process().advance(PERIOD_MS).await.unwrap();
        }
    }
}

/// What the four clients send after a rescue that gave this answer, by version: full beats, all
/// beats, and whether the server lists the instance in the end; and whether the rescue says so.
async fn rollback(recipe: Recipe) -> Vec<(&'static str, (usize, usize, bool))> {
    let mut clients = Java::all();
    let (old, address) = serve("1.2.1", 0);
    for client in &mut clients {
        assert_eq!(client.register(address), Some(200));
    }
    live(&mut clients, address, Some(&old), TAUGHT).await;
    let taught: Vec<String> = clients.iter_mut().map(Java::look).collect();
    assert_eq!(taught, ["RFLL"; 4], "the flag is learnt from the first answer");
    old.stop();

    let (rolled_back, _) = serve("1.1.4", address.port());
    live(&mut clients, address, Some(&rolled_back), REFUSED).await;
    let refused: Vec<String> = clients.iter_mut().map(Java::look).collect();
    assert_eq!(refused, ["LLLLLLLL", "LLLLLLLL", "LLLLLL", "LLLLLL"], "one beat is three or four");
    assert!(get(address, LIST).body.contains("\"hosts\":[]"));
    rolled_back.stop();

    let (standing_in, _) = rescue(Options { recipe, ..options(address.port()) });
    live(&mut clients, address, None, RESCUED).await;
    let says_so = standing_in.report().rescued;
    standing_in.stop();
    let during: Vec<String> = clients.iter_mut().map(Java::look).collect();

    let (back, _) = serve("1.1.4", address.port());
    live(&mut clients, address, Some(&back), BACK).await;
    let listed = get(address, LIST).body;
    let cell = |client: &mut Java| {
        let sent = client.look();
        let full = sent.matches('F').count();
        let is_listed = listed.contains(&format!("\"port\":{}", client.port()));
        (client.version(), (full, sent.len(), is_listed))
    };
    let cells: Vec<_> = clients.iter_mut().map(cell).collect();
    let all_back = cells.iter().all(|(_, (full, all, listed))| *full == *all && *listed);
    assert_eq!(says_so, all_back, "{recipe:?}: the rescue says what is so; it saw {during:?}");
    cells
}

const FREE: (usize, usize, bool) = (8, 8, true);
const DEAD: (usize, usize, bool) = (0, 0, false);
const STUCK: (usize, usize, bool) = (0, 24, false);

#[tokio::test]
async fn the_full_answer_frees_every_client() {
    let free = ["1.2.1", "1.3.2", "1.4.1", "1.4.2"].map(|version| (version, FREE));
    assert_eq!(rollback(Recipe::Full).await, free);
}

#[tokio::test]
async fn the_interval_alone_frees_every_client() {
    let free = ["1.2.1", "1.3.2", "1.4.1", "1.4.2"].map(|version| (version, FREE));
    assert_eq!(rollback(Recipe::Interval).await, free);
}

#[tokio::test]
async fn not_found_frees_every_client_though_each_beat_brings_a_registration() {
    let cells = rollback(Recipe::NotFound).await;
    assert!(cells.iter().all(|(_, cell)| *cell == FREE), "{cells:?}");
}

#[tokio::test]
async fn the_first_recipe_of_the_field_ends_the_beats_of_two_clients_and_leaves_one_stuck() {
    assert_eq!(
        rollback(Recipe::FlagOnly).await,
        [("1.2.1", FREE), ("1.3.2", DEAD), ("1.4.1", DEAD), ("1.4.2", STUCK)]
    );
}

#[tokio::test]
async fn an_empty_object_does_the_same() {
    assert_eq!(
        rollback(Recipe::EmptyObject).await,
        [("1.2.1", FREE), ("1.3.2", DEAD), ("1.4.1", DEAD), ("1.4.2", STUCK)]
    );
}

#[tokio::test]
async fn a_text_ends_the_beats_of_all_but_the_last() {
    assert_eq!(
        rollback(Recipe::Text).await,
        [("1.2.1", DEAD), ("1.3.2", DEAD), ("1.4.1", DEAD), ("1.4.2", STUCK)]
    );
}

#[tokio::test]
async fn without_a_rescue_nobody_ever_comes_back() {
    let mut clients = Java::all();
    let (old, address) = serve("1.2.1", 0);
    for client in &mut clients {
        client.register(address);
    }
    live(&mut clients, address, Some(&old), TAUGHT).await;
    old.stop();
    let (rolled_back, _) = serve("1.1.4", address.port());
    live(&mut clients, address, Some(&rolled_back), 60).await;
    assert!(get(address, LIST).body.contains("\"hosts\":[]"));
    for client in &mut clients {
        assert!(!client.look()[4..].contains(['F', 'R']), "{}", client.version());
    }
}

#[tokio::test]
async fn a_rescue_is_over_when_everybody_who_is_expected_is_free() {
    let mut clients = Java::all();
    let (old, address) = serve("1.2.1", 0);
    for client in &mut clients {
        client.register(address);
    }
    live(&mut clients, address, Some(&old), TAUGHT).await;
    old.stop();
    let expected = clients.iter().map(|client| known(client.port())).collect();
    let (standing_in, _) = rescue(Options { expected, ..options(address.port()) });
    assert!(standing_in.took() < Duration::from_millis(100), "{:?}", standing_in.took());
    live(&mut clients[..3], address, None, 2).await;
    let report = standing_in.report();
    assert_eq!((report.rescued, report.expected_rescued, report.expected), (false, 3, 4));
    assert_eq!(report.not_rescued[0].port, clients[3].port(), "who is missing is named");
    live(&mut clients[3..], address, None, 2).await;
    let mut nobody = Nobody;
    let limit = Duration::from_secs(60);
    let ended =
        facos::rescue::watch(&standing_in, limit, false, std::future::pending(), &mut nobody).await;
    assert_eq!(ended, facos::rescue::Ended::Done);
    assert!(standing_in.report().rescued);
}

#[tokio::test]
async fn when_the_time_is_over_a_rescue_says_who_is_missing() {
    let (standing_in, _) = rescue(Options { expected: vec![known(7)], ..options(0) });
    let never = std::future::pending();
    let ended = facos::rescue::watch(&standing_in, Duration::ZERO, false, never, &mut Nobody).await;
    assert_eq!(ended, facos::rescue::Ended::TimeOver);
    let report = standing_in.report();
    assert!(!report.rescued);
    let text = report.text();
    assert!(text.contains("not seen") && text.contains("127.0.0.1:7"), "{text}");
    assert!(text.contains("NOT rescued: 0 of 1 expected"), "{text}");
}

/// Watches nothing.
struct Nobody;

impl facos::rescue::Observer for Nobody {
    fn progress(
        &mut self,
        _: &facos::rescue::book::Book,
        _: &facos::rescue::book::Totals,
        _: Duration,
    ) {
    }
}
