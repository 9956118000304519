//! Tables of text: columns as wide as their widest cell, two blanks apart, nothing at line ends.

/// A header and rows of as many cells.
pub fn table<C: AsRef<str>>(header: &[&str], rows: impl IntoIterator<Item = Vec<C>>) -> String {
    let rows: Vec<Vec<C>> = rows.into_iter().collect();
    let rows: Vec<Vec<&str>> =
        rows.iter().map(|row| row.iter().map(AsRef::as_ref).collect()).collect();
    let mut widths: Vec<usize> = header.iter().map(|cell| cell.chars().count()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in std::iter::once(header).chain(rows.iter().map(Vec::as_slice)) {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [vec!["a", "é", "last"], vec!["bcd", "", ""]];
        assert_eq!(table(&["X", "YY", "Z"], rows), "X    YY  Z\na    é   last\nbcd\n");
    }
}
