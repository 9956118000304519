//! One running server: the registry behind its lock, the clock, timers, effects, journal and store.

pub mod store;
