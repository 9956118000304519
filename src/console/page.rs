//! Pages of rows, as `PaginationHelper` cuts them.

use crate::model::{Page, Refusal};

/// Cuts a page out of all rows.
///
/// # Errors
/// A page or a size is not positive.
pub(super) fn cut<T: Clone>(rows: &[T], number: i32, size: i32) -> Result<Page<T>, Refusal> {
    let (Ok(page @ 1..), Ok(size @ 1..)) = (usize::try_from(number), usize::try_from(size)) else {
        return Err(Refusal::illegal("pageNo and pageSize must be greater than zero"));
    };
    let items = rows.chunks(size).nth(page - 1).unwrap_or_default().to_vec();
    Ok(Page { total: rows.len(), number, available: rows.len().div_ceil(size), items })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_cut_out_and_one_behind_the_last_is_empty() {
        let page = |number, size| cut(&[1, 2, 3], number, size).unwrap();
        assert_eq!(page(1, 2), Page { total: 3, number: 1, available: 2, items: vec![1, 2] });
        assert_eq!(page(2, 2).items, [3]);
        assert_eq!(page(3, 2), Page { total: 3, number: 3, available: 2, items: vec![] });
        assert_eq!(page(1, i32::MAX).available, 1);
        for (number, size) in [(0, 1), (1, 0), (-1, 5)] {
            assert!(cut(&[1], number, size).is_err());
        }
    }
}
