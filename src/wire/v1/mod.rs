//! The HTTP API of version 1 paths: calls as they are read, answers as they are written.

pub mod answers;
pub mod beat;
pub mod hosts;
pub mod instance;
pub mod render;
pub mod service_name;
pub mod switch_batch;
pub mod switches;
