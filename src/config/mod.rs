//! Where settings come from: who states which value where, in layers that each lie over the one
//! before. Defaults, then `facos.toml`, then `FACOS_*`, then flags.
//!
//! A layer is a list of statements, still text, each with its source. Which settings there are and
//! of which type is for the subcommand to say that has them; here stand the sources, the reading of
//! values, and the errors, which always name the place that has to be mended.

pub mod environment;
mod error;
pub mod file;
mod source;
mod value;

pub use error::ConfigError;
pub use source::{Source, Stated, Statement};
pub use value::{LogFilter, Secret, Value};
