//! The `Host` header as Tomcat checks it: a name that is no domain name is a bad request, among
//! them names with an underscore, as people give them to containers.

use std::net::Ipv6Addr;

/// Whether Tomcat takes this value of `Host`. Nothing at all is taken.
pub fn is_valid(value: &[u8]) -> bool {
    let (name, port) = match value {
        [] => return true,
        [b'[', rest @ ..] => {
            let Some(end) = rest.iter().position(|byte| *byte == b']') else { return false };
            if !is_ipv6(&rest[..end]) {
                return false;
            }
            (None, &rest[end + 1..])
        }
        name => {
            let end = name.iter().position(|byte| *byte == b':').unwrap_or(name.len());
            (Some(&name[..end]), &name[end..])
        }
    };
    name.is_none_or(is_domain)
        && match port {
            [] => true,
            [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
            _ => false,
        }
}

/// Letters and digits, parted by single dots and by hyphens that do not stand at an edge of a part;
/// a dot may end it. Addresses of four numbers have that form, too.
fn is_domain(name: &[u8]) -> bool {
    let mut before = b'.';
    for byte in name {
        let taken = match byte {
            b'.' => before.is_ascii_alphanumeric(),
            b'-' => before.is_ascii_alphanumeric() || before == b'-',
            byte => byte.is_ascii_alphanumeric(),
        };
        if !taken {
            return false;
        }
        before = *byte;
    }
    !name.is_empty() && before != b'-'
}

fn is_ipv6(name: &[u8]) -> bool {
    let name = std::str::from_utf8(name).unwrap_or_default();
    name.parse::<Ipv6Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_taken_with_and_without_a_port() {
        for host in [
            "",
            "x",
            "localhost:8848",
            "10.60.1.1:8848",
            "nacos-0.nacos.svc:8848",
            "a--b.c",
            "a.",
            "1.2.3",
            "999.1.1.1",
            "[::1]",
            "[::1]:8848",
            "[::ffff:1.2.3.4]",
            "x:",
        ] {
            assert!(is_valid(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn what_is_no_domain_name_is_refused() {
        for host in [
            "nacos_server:8848",
            "-a",
            "a-",
            "a.-b",
            "a..b",
            ".a",
            ":80",
            "a:b",
            "a:80:80",
            "[::1",
            "[::1]x",
            "[1.2.3.4]",
            "[]",
            "a b",
            "你",
            "a/b",
            "a-:80",
        ] {
            assert!(!is_valid(host.as_bytes()), "{host}");
        }
    }
}
