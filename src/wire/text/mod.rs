//! Texts as Java writes them: JSON of Jackson and fastjson, and dates.

pub mod json;
pub mod time;
