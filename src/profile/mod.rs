//! Which server we are: quirks as data, one file per version, inherited and strictly parsed.
//!
//! A profile is a TOML file. 1.1.4 is complete; each later one inherits and states only what
//! changed, each line with its evidence. A user's own file inherits from a built-in one. No other
//! module knows a server's version.

mod choices;
mod choices_among;
mod declare;
mod error;
mod file;
mod generation;
mod info;
mod load;
mod quirks;
#[cfg(test)]
mod tests;
mod values;

pub use choices::*;
pub use choices_among::*;
pub use error::{ProfileError, suggestion};
pub use generation::Generation;
pub use info::{QuirkInfo, Reason};
pub use load::{BUILT_IN, DEFAULT_PROFILE, Origin, Profile, ProfileLine, Setting};
pub use quirks::*;
pub use values::{Choice, Kind, QuirkValue};
