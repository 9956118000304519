//! JSON bodies that Spring reads for a controller (`@RequestBody`).

use crate::model::{JavaException, Refusal};
use serde::Deserialize;

/// Reads a body; `method` is for Spring's words about a missing one.
///
/// # Errors
/// There is none, or it is no such JSON.
pub fn read<'b, T: Deserialize<'b>>(body: &'b [u8], method: &str) -> Result<T, Refusal> {
    let message = if body.is_empty() {
        format!("Required request body is missing: {method}")
    } else {
        match serde_json::from_slice(body) {
            Ok(value) => return Ok(value),
            Err(error) => format!("JSON parse error: {error}"),
        }
    };
    Err(Refusal::new(JavaException::NotReadable, message))
}
