//! Copies of clients for which other members answer (`DistroClientDataProcessor`,
//! `EphemeralIpPortClientManager`, `ConnectionBasedClientManager`): written whole, kept alive by
//! verification, dropped when their member says so or has said nothing for 30 s. A copy is a client
//! like any other, so lists, pushes and counts know no difference; only the beat check passes it
//! over until this node answers for it.

mod data;
mod sync;
#[cfg(test)]
mod tests;
mod verify;
