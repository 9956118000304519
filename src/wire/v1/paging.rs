//! Which items are on a page, in the arithmetic of Java ints, which wraps around
//! (`service/list-paging`, `service/subscribers`, `catalog/instances-paging`).

use crate::model::{Refusal, java};
use crate::profile::{ListShape, Quirks};
use std::ops::Range;

/// A page of `/service/list`: 2.x gives nothing behind the last page, 1.x refuses it.
///
/// # Errors
/// 1.x has no such page; nobody has one of a negative size.
pub fn names(page: i32, size: i32, count: usize, quirks: &Quirks) -> Result<Range<usize>, Refusal> {
    let start = page.wrapping_sub(1).wrapping_mul(size);
    let first = start.max(0);
    if quirks.list.shape == ListShape::Dom {
        return java::sub_list(first, capped(start.wrapping_add(size), count), count);
    }
    if is_past_end(page, size, count) {
        return Ok(0..0);
    }
    java::sub_list(first, capped(first.wrapping_add(size), count), count)
}

/// Whether nothing is left for a page of services.
pub fn is_past_end(page: i32, size: i32, count: usize) -> bool {
    let first = page.wrapping_sub(1).wrapping_mul(size).max(0);
    usize::try_from(first).is_ok_and(|first| first >= count)
}

/// A page of `/service/subscribers`.
///
/// # Errors
/// There is no such page.
pub fn subscribers(
    page: i32,
    size: i32,
    count: usize,
    quirks: &Quirks,
) -> Result<Range<usize>, Refusal> {
    let start = page.wrapping_sub(1).wrapping_mul(size);
    let first = start.max(0);
    let from = if quirks.list.shape == ListShape::Dom { start } else { first };
    java::sub_list(first, capped(from.wrapping_add(size), count), count)
}

/// A page of `/catalog/instances`.
///
/// # Errors
/// Its size is negative.
pub fn instances(page: i32, size: i32, count: usize) -> Result<Range<usize>, Refusal> {
    let (start, end) = (page.wrapping_sub(1).wrapping_mul(size), page.wrapping_mul(size));
    java::sub_list(capped(start.max(0), count), capped(end, count), count)
}

/// No more than there are.
fn capped(index: i32, count: usize) -> i32 {
    index.min(i32::try_from(count).unwrap_or(i32::MAX))
}
