//! One instance: its beats before and after our answer, and what follows from them.

use super::names::Names;
use serde::Serialize;
use std::net::Ipv4Addr;

/// Whether a beat has its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// It has none.
    Light,
    /// It has.
    Full,
}

/// How an instance stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// Its last beat was light, and no full one came after our answer.
    Light,
    /// It was free, and then sent a light beat again.
    Relapsed,
    /// It is expected, and no beat of it was seen.
    Unseen,
    /// It sent full beats, but none after our answer yet.
    Full,
    /// A full beat came after our answer.
    Rescued,
    /// It was deregistered.
    Left,
}

impl State {
    /// Every state, in the order of urgency.
    pub const ALL: [Self; 6] =
        [Self::Light, Self::Relapsed, Self::Unseen, Self::Full, Self::Rescued, Self::Left];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Relapsed => "light again",
            Self::Unseen => "not seen",
            Self::Full => "full",
            Self::Rescued => "rescued",
            Self::Left => "left",
        }
    }
}

/// An address: four bytes where it is one of IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ip {
    /// IPv4.
    Four(Ipv4Addr),
    /// A text by its number.
    Text(u32),
}

impl Ip {
    /// The address of a text, which is kept if it is no IPv4 address.
    pub fn kept(text: &str, names: &mut Names) -> Self {
        match text.parse() {
            Ok(address) => Self::Four(address),
            Err(_) => Self::Text(names.number(text)),
        }
    }

    /// Whether this is the address of that text.
    pub fn is(self, text: &str, parsed: Option<Ipv4Addr>, names: &Names) -> bool {
        match self {
            Self::Four(address) => parsed == Some(address),
            Self::Text(number) => parsed.is_none() && names.text(number) == text,
        }
    }

    /// As it was written.
    pub fn text(self, names: &Names) -> String {
        match self {
            Self::Four(address) => address.to_string(),
            Self::Text(number) => names.text(number).to_owned(),
        }
    }
}

/// Where an instance is, in numbers of its shard.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Its service.
    pub service: u32,
    /// Its cluster's name.
    pub cluster: u32,
    /// Its address.
    pub ip: Ip,
    /// Its port.
    pub port: i32,
}

/// An instance that beats, as one agent keeps it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where it is.
    pub place: Place,
    /// The name of its agent.
    pub agent: u32,
    /// Light beats before our first answer.
    pub light_before: u32,
    /// Full beats before it.
    pub full_before: u32,
    /// Light beats after it.
    pub light_after: u32,
    /// Full beats after it.
    pub full_after: u32,
    /// We answered so that the flag is taken back.
    pub answered: bool,
    /// The last beat was light.
    pub last_light: bool,
    /// It was deregistered after its last beat.
    pub left: bool,
}

impl Entry {
    /// An instance without a beat.
    pub fn new(place: Place, agent: u32) -> Self {
        Self {
            place,
            agent,
            light_before: 0,
            full_before: 0,
            light_after: 0,
            full_after: 0,
            answered: false,
            last_light: false,
            left: false,
        }
    }

    /// Counts a beat.
    pub fn beat(&mut self, shape: Shape) {
        let count = match (shape, self.answered) {
            (Shape::Light, false) => &mut self.light_before,
            (Shape::Full, false) => &mut self.full_before,
            (Shape::Light, true) => &mut self.light_after,
            (Shape::Full, true) => &mut self.full_after,
        };
        *count = count.saturating_add(1);
        self.last_light = shape == Shape::Light;
        self.left = false;
    }

    /// What follows from its beats.
    pub fn state(&self) -> State {
        match (self.left, self.full_after > 0, self.last_light) {
            (true, _, _) => State::Left,
            (false, true, false) => State::Rescued,
            (false, true, true) => State::Relapsed,
            (false, false, true) => State::Light,
            (false, false, false) => State::Full,
        }
    }
}
