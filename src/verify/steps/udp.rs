//! A UDP step: a subscriber's socket is bound, waits for a push, acknowledges one, or is emptied.
//!
//! Under a manual clock the server has sent all that is due when an advance returns, so a datagram
//! that is to come is found by advancing in small steps and looking after each.
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::super::clock::Clock;
use super::super::compare::{Answer, kind};
use super::super::play::Traffic;
use super::super::session::{Session, Socket};
use super::super::transcript::UdpStep;
use super::Outcome;
use crate::client::udp::{Datagram, Subscriber};

/// How far a manual clock goes between two looks at the socket.
const ADVANCE_STEP: Duration = Duration::from_millis(50);
/// How long, really, to look for what was sent before this step.
const FIRST_LOOK: Duration = Duration::from_millis(5);
/// How long, really, to look after an advance: loopback needs less.
const LOOK: Duration = Duration::from_millis(2);
/// How long, really, an acknowledgement may take to be heard before a manual clock goes on.
const ACK_SETTLES: Duration = Duration::from_millis(5);

pub(super) async fn run(session: &mut Session, spec: &UdpStep) -> Result<Outcome> {
    match spec {
        UdpStep::Bind { socket } => bind(session, socket).await,
        UdpStep::Expect { socket, within_ms, ack } => {
            let (socket, clock) = socket_and_clock(session, socket)?;
            expect(socket, clock, Duration::from_millis(*within_ms), *ack).await
        }
        UdpStep::Ack { socket, body } => {
            let body = body.as_ref().map(|body| session.fill_object(body));
            let (socket, clock) = socket_and_clock(session, socket)?;
            acknowledge(socket, clock, body.filter(|body| !body.is_empty())).await?;
            Ok(Outcome::default())
        }
        UdpStep::Drain { socket, for_ms, ack } => {
            let (socket, clock) = socket_and_clock(session, socket)?;
            drain(socket, clock, Duration::from_millis(*for_ms), *ack).await?;
            Ok(Outcome::default())
        }
    }
}

async fn bind(session: &mut Session, name: &str) -> Result<Outcome> {
    let subscriber = Subscriber::bind().await.context("cannot bind a UDP socket")?;
    session.set(format!("udp.{name}"), subscriber.port());
    session.sockets.insert(name.to_owned(), Socket { subscriber, last: None });
    Ok(Outcome::default())
}

fn socket_and_clock<'a>(
    session: &'a mut Session,
    name: &str,
) -> Result<(&'a mut Socket, &'a mut Clock)> {
    let socket = session.sockets.get_mut(name);
    Ok((socket.with_context(|| format!("no socket {name} is bound"))?, &mut session.clock))
}

async fn expect(
    socket: &mut Socket,
    clock: &mut Clock,
    within: Duration,
    ack: bool,
) -> Result<Outcome> {
    let sent = format!("(a subscriber on UDP port {})", socket.subscriber.port());
    let due = clock.now() + within;
    let mut look = FIRST_LOOK;
    let received = loop {
        match receive(&socket.subscriber, clock, due, look).await? {
            None if clock.now() < due => look = LOOK,
            received => break received,
        }
    };
    let Some(datagram) = received else {
        let seen = Answer::from_iter([("silent".to_owned(), Value::from(true))]);
        let received = format!("(nothing within {} ms)", within.as_millis());
        return Ok(Outcome { seen, traffic: Traffic { sent, received } });
    };
    let traffic = Traffic { sent, received: datagram.packet.to_string() };
    let seen = answer(&datagram)?;
    socket.last = Some(datagram);
    if ack {
        acknowledge(socket, clock, None).await?;
    }
    Ok(Outcome { seen, traffic })
}

async fn drain(socket: &mut Socket, clock: &mut Clock, lasting: Duration, ack: bool) -> Result<()> {
    let due = clock.now() + lasting;
    let mut look = FIRST_LOOK;
    while clock.now() < due {
        while let Some(datagram) = receive(&socket.subscriber, clock, due, look).await? {
            socket.last = Some(datagram);
            if ack {
                acknowledge(socket, clock, None).await?;
            }
        }
        look = LOOK;
    }
    Ok(())
}

/// Takes a datagram if there is one: with the real clock, waits for it until `due`; with a manual
/// one, looks, and advances by one step if there was none.
async fn receive(
    subscriber: &Subscriber,
    clock: &mut Clock,
    due: Duration,
    look: Duration,
) -> Result<Option<Datagram>> {
    let left = due.saturating_sub(clock.now());
    if !clock.is_manual() {
        return Ok(subscriber.receive(left).await?);
    }
    let received = subscriber.receive(look).await?;
    if received.is_some() || left.is_zero() {
        return Ok(received);
    }
    clock.pass(left.min(ADVANCE_STEP)).await?;
    Ok(subscriber.receive(LOOK).await?)
}

async fn acknowledge(
    socket: &Socket,
    clock: &Clock,
    body: Option<Map<String, Value>>,
) -> Result<()> {
    let datagram = socket.last.as_ref().context("no datagram came that could be acknowledged")?;
    match body {
        Some(body) => {
            socket.subscriber.reply(datagram, Value::from(body).to_string().as_bytes()).await?;
        }
        None => socket.subscriber.ack(datagram).await?,
    }
    if clock.is_manual() {
        tokio::time::sleep(ACK_SETTLES).await;
    }
    Ok(())
}

/// The datagram in the words of transcripts, with `data` shown parsed.
fn answer(datagram: &Datagram) -> Result<Answer> {
    let mut packet = datagram.packet.clone();
    let inner = packet.get("data").cloned().unwrap_or_default();
    if let Some(text) = inner.as_str().filter(|text| text.starts_with(['{', '['])) {
        packet["data"] = serde_json::from_str(text).context("the data of a datagram")?;
    }
    let seen = json!({"gzip": datagram.gzip, "data_is": kind(&inner), "packet": packet});
    Ok(seen.as_object().cloned().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_of_a_datagram_is_shown_parsed_with_its_type_on_the_wire() {
        let packet = json!({"type": "dom", "data": "{\"hosts\":[]}", "lastRefTime": 1});
        let from = ([127, 0, 0, 1], 1).into();
        let seen = answer(&Datagram { gzip: false, packet, from }).unwrap();
        let want = json!({
            "gzip": false, "data_is": "str",
            "packet": {"type": "dom", "data": {"hosts": []}, "lastRefTime": 1}
        });
        assert_eq!(Value::from(seen), want);
    }
}
