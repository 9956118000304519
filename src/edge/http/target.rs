//! Request lines and targets: which of them Tomcat's connector takes
//! (`instance/raw-query-characters`, `instance/unknown-paths`).

/// What a request line is.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// It has no end yet.
    Partial,
    /// A method, a target and a version, parted by spaces.
    Taken,
    /// Tomcat answers this status.
    Refused(u16),
}

/// Looks at the first line of a request. Tomcat refuses a bad target without reading further, and
/// takes more than one space between the parts.
pub fn check_line(head: &[u8]) -> Line {
    let Some(end) = head.iter().position(|byte| *byte == b'\n') else { return Line::Partial };
    let line = head[..end].strip_suffix(b"\r").unwrap_or(&head[..end]);
    let mut parts = line.split(|byte| *byte == b' ').filter(|part| !part.is_empty());
    let (Some(method), Some(target), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Line::Refused(400);
    };
    let in_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    if line.starts_with(b" ") || line.ends_with(b" ") || !method.iter().all(in_token) {
        return Line::Refused(400);
    }
    if !target.iter().all(|byte| TARGET[usize::from(*byte)]) {
        return Line::Refused(400);
    }
    match version {
        b"HTTP/1.1" | b"HTTP/1.0" => Line::Taken,
        other if other.iter().all(|byte| b"HTP/.0123456789".contains(byte)) => Line::Refused(505),
        _ => Line::Refused(400),
    }
}

/// The characters that Tomcat takes unescaped in a path or a query.
static TARGET: [bool; 256] = {
    let mut taken = [false; 256];
    let mut byte = 0x21;
    while byte < 0x7f {
        taken[byte] = !matches!(
            byte as u8,
            b'"' | b'#' | b'<' | b'>' | b'[' | b'\\' | b']' | b'^' | b'`' | b'{' | b'|' | b'}'
        );
        byte += 1;
    }
    taken
};

/// A target without scheme and host.
#[derive(Debug, PartialEq, Eq)]
pub struct Origin<'a> {
    /// Path and query, or `*`.
    pub target: &'a str,
    /// The host that stood in the target, if any.
    pub host: Option<&'a str>,
}

/// Takes `/a?b`, `http://host/a?b` and `*` apart; `None` is a bad request.
pub fn origin(target: &str) -> Option<Origin<'_>> {
    let origin = if target.starts_with('/') || target == "*" {
        Origin { target, host: None }
    } else {
        let scheme = target.find("://")?;
        let known = ["http", "https"].iter().any(|s| target[..scheme].eq_ignore_ascii_case(s));
        let rest = &target[scheme + 3..];
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let host = rest[..end].rsplit('@').next().unwrap_or_default();
        let target = if rest[end..].starts_with('/') { &rest[end..] } else { "/" };
        known.then_some(Origin { target, host: Some(host) })?
    };
    let path = origin.target.split('?').next().unwrap_or_default();
    is_path(path).then_some(origin)
}

/// Whether Tomcat can decode and normalise the path. Escapes must be whole and must not hide a
/// slash, a backslash or a zero, and `..` must not climb above the root.
fn is_path(path: &str) -> bool {
    if !path.contains(['%', '.']) {
        return true;
    }
    let Some(path) = decode(path.as_bytes()) else { return false };
    let mut depth = 0_i32;
    for segment in path.split(|byte| *byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => depth -= 1,
            _ => depth += 1,
        }
        if depth < 0 {
            return false;
        }
    }
    true
}

/// The path's bytes without path parameters.
fn decode(path: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b';' => {
                let end = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
                rest = &rest[end..];
            }
            b'%' => {
                let [high, low, after @ ..] = rest else { return None };
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                let byte = (digit(high)? << 4 | digit(low)?) as u8;
                if matches!(byte, b'/' | b'\\' | 0) {
                    return None;
                }
                decoded.push(byte);
                rest = after;
            }
            byte => decoded.push(*byte),
        }
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_with_any_token_and_more_than_one_space() {
        for line in ["GET / HTTP/1.1\r\n", "frob /a?b=%zz HTTP/1.0\n", "GET  /?a   HTTP/1.1\r\n"] {
            assert_eq!(check_line(line.as_bytes()), Line::Taken, "{line}");
        }
        assert_eq!(check_line(b"GET / HTTP/1.1\r"), Line::Partial);
        assert_eq!(check_line(b" GET / HTTP/1.2\r\n"), Line::Refused(400));
        assert_eq!(check_line(b"GET / HTTP/1.2 \r\n"), Line::Refused(400));
        assert_eq!(check_line(b"G<T / HTTP/1.2\r\n"), Line::Refused(400));
    }

    #[test]
    fn every_character_outside_the_standard_is_refused_in_a_target() {
        for byte in (0..=255_u8).filter(|byte| !b"\n".contains(byte)) {
            let line = [b"GET /x?a=", &[byte][..], b"b HTTP/1.1\r\n"].concat();
            let taken = byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:@/?".contains(&byte);
            let expected = if taken { Line::Taken } else { Line::Refused(400) };
            assert_eq!(check_line(&line), expected, "{byte:#x}");
        }
    }

    #[test]
    fn only_the_two_versions_are_served() {
        for version in ["HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "HTTP/11.1"] {
            let line = format!("GET / {version}\r\n");
            assert_eq!(check_line(line.as_bytes()), Line::Refused(505), "{version}");
        }
        for rest in ["", " http/1.1", " x HTTP/1.1", " HTTP/1.1 x", " ICY/1.1"] {
            let line = format!("GET /{rest}\r\n");
            assert_eq!(check_line(line.as_bytes()), Line::Refused(400), "{rest}");
        }
    }

    #[test]
    fn a_target_loses_scheme_and_host() {
        let taken = |target| origin(target).map(|origin| (origin.target, origin.host));
        assert_eq!(taken("/a?b"), Some(("/a?b", None)));
        assert_eq!(taken("*"), Some(("*", None)));
        assert_eq!(taken("HTTP://h:1/a?b"), Some(("/a?b", Some("h:1"))));
        assert_eq!(taken("https://u:p@h"), Some(("/", Some("h"))));
        for bad in ["a", "ftp://h/a", "h:80", "://h/"] {
            assert_eq!(taken(bad), None, "{bad}");
        }
    }

    #[test]
    fn paths_that_can_not_be_decoded_or_climb_above_the_root_are_refused() {
        for path in ["/a%2Fb", "/a%5cb", "/%00", "/%zz", "/%4", "/%", "/..", "/a/../../b", "/%2e."]
        {
            assert_eq!(origin(path), None, "{path}");
        }
        for path in
            ["/a/../b", "/a/..", "//a", "/lis%74", "/%e4%bd%a0", "/%ff", "/a;%zz/b", "/a..b"]
        {
            assert!(origin(path).is_some(), "{path}");
        }
    }
}
