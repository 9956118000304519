//! Which server we are: quirks as data, one file per version, inherited and strictly parsed.
//!
//! A profile is a TOML file. 1.1.4 is complete; each later one inherits and states only what
//! changed, each line with its evidence. A user's own file inherits from a built-in one. No other
//! module knows a server's version.

mod error;
mod load;
mod quirks;
mod values;

pub use error::ProfileError;
pub use load::{BUILT_IN, Origin, Profile};
pub use quirks::*;
pub use values::QuirkValue;
