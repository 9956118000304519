//! Texts as Java has them: in UTF-16 units, which its parsers count.

/// Units as a string; half a surrogate pair becomes the question mark that Java writes for it.
pub(super) fn utf16(units: &[u16]) -> String {
    char::decode_utf16(units.iter().copied()).map(|unit| unit.unwrap_or('?')).collect()
}

/// A unit as ASCII.
pub(super) fn ascii(unit: u16) -> Option<u8> {
    u8::try_from(unit).ok().filter(u8::is_ascii)
}

/// An ASCII digit.
pub(super) fn is_digit(unit: u16) -> bool {
    (48..58).contains(&unit)
}

/// The value of a hexadecimal digit.
pub(super) fn hex_digit(unit: u16) -> Option<u16> {
    char::from_u32(unit.into()).and_then(|c| c.to_digit(16)).map(|digit| digit as u16)
}
