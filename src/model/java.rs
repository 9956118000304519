//! Java arithmetic and orders that a client can see: string hashes, the order of hash sets and
//! maps, how doubles print and how texts become numbers and booleans.

/// `String.hashCode`: over UTF-16 units, wrapping.
pub fn string_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(unit.into()))
}

/// Where `HashMap` spreads a hash: `h ^ (h >>> 16)`.
pub fn spread(hash: i32) -> u32 {
    let hash = hash as u32;
    hash ^ (hash >> 16)
}

/// Number of buckets of a `HashMap` or `HashSet` that grew to hold `len` entries from the default
/// capacity.
pub fn grown_buckets(len: usize) -> u32 {
    let mut buckets = 16u32;
    while len as f64 > f64::from(buckets) * 0.75 {
        buckets *= 2;
    }
    buckets
}

/// Sorts as a default `HashMap` with `String` keys iterates: by bucket, insertion order inside one.
pub fn sort_by_hash_order<T>(items: &mut [T], key: impl Fn(&T) -> &str) {
    let mask = grown_buckets(items.len()) - 1;
    items.sort_by_key(|item| spread(string_hash(key(item))) & mask);
}
