//! Texts as Java writes them: JSON of Jackson and fastjson, and dates; and its patterns.

pub mod json;
pub mod pattern;
pub mod table;
pub mod time;
