//! Properties of the decoders of queries, forms and the calls in them.

use facos::Profile;
use facos::profile::Quirks;
use facos::wire::v1::beat::{self, Beat};
use facos::wire::v1::instance::{self, NamedInstance, Withdrawal};
use facos::wire::{BodyForm, Params};
use proptest::prelude::*;
use std::sync::Arc;

fn every_version() -> Vec<Arc<Quirks>> {
    ["1.1.4", "1.2.1", "2.0.2"].map(|name| Profile::nacos(name).unwrap().quirks).into()
}

/// Every byte but the unreserved ones as an escape, as a careful client writes it.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02x}"),
        })
        .collect()
}

/// Pieces of which requests are made, whole and broken.
const PIECES: &[&[u8]] = &[
    b"serviceName=",
    b"ip=1.1.1.1",
    b"port=",
    b"80",
    b"beat={\"ip\":\"1.1.1.1\",\"port\":80",
    b"metadata=a%3D1,b",
    b"weight=NaN",
    b"encoding=GBK",
    b"key=a%23%23b@@c",
    b"instances=[{\"ip\":",
    b"&",
    b"=",
    b"%",
    b"+",
    b"%zz",
    b"\xff",
    b"}",
    b"--x\r\nContent-Disposition: form-data; name=\"ip\"\r\n\r\n",
];

fn soup() -> impl Strategy<Value = Vec<u8>> {
    let piece = proptest::sample::select(PIECES.to_vec());
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_is_escaped_is_read_as_it_was(
        pairs in proptest::collection::vec(("[a-z]{1,8}", ".{0,12}"), 1..12),
        in_body in any::<bool>(),
    ) {
        let text = pairs
            .iter()
            .map(|(key, value)| format!("{key}={}", escaped(value)))
            .collect::<Vec<_>>()
            .join("&");
        for quirks in every_version() {
            let nothing = &b""[..];
            let (query, body) =
                if in_body { (None, text.as_bytes()) } else { (Some(&*text), nothing) };
            let params = Params::read(query, body, BodyForm::Tomcat, &quirks).unwrap();
            let owned = |(key, value): (&str, Option<&str>)| {
                (key.to_owned(), value.unwrap_or_default().to_owned())
            };
            let read: Vec<_> = params.iter().map(owned).collect();
            prop_assert_eq!(&read, &pairs);
        }
    }

    #[test]
    fn nothing_that_is_sent_makes_a_decoder_panic(
        query in soup(),
        body in soup(),
        kind in 0..4_usize,
    ) {
        let query = String::from_utf8_lossy(&query);
        let form = [
            BodyForm::None,
            BodyForm::Tomcat,
            BodyForm::Spring("GBK"),
            BodyForm::Multipart("x"),
        ][kind];
        for quirks in every_version() {
            let Ok(mut params) = Params::read(Some(&query), &body, form, &quirks) else { continue };
            beat::restrict_source(&mut params, &quirks);
            let mut stood = beat::stood(&params);
            if let Ok(mut beat) = Beat::read(&params, &quirks, &mut stood) {
                beat.call();
            }
            let _ = instance::registration(&params, &quirks, true);
            let _ = Withdrawal::read(&params, &quirks, true).map(|asked| asked.call().port);
            if let Ok(named) = NamedInstance::read_patched(&params, &quirks) {
                let _ = named.patch(&params, &quirks, None);
            }
        }
    }

    #[test]
    fn taking_a_parameter_from_one_place_leaves_the_other(
        query in "(beat=q|a=1|beat=r|b=2)(&(beat=q|a=1|c=3)){0,4}",
        body in "(beat=f|a=9|d=4)(&(beat=f|e=5)){0,4}",
    ) {
        use facos::wire::params::Source;
        let quirks = &every_version()[0];
        let body = body.as_bytes();
        let read = || Params::read(Some(&query), body, BodyForm::Tomcat, quirks).unwrap();
        for (from, stays) in [(Source::Query, Source::Body), (Source::Body, Source::Query)] {
            let (whole, mut part) = (read(), read());
            part.drop_from("beat", from);
            prop_assert!(!part.has_in("beat", from));
            prop_assert_eq!(part.has_in("beat", stays), whole.has_in("beat", stays));
            for name in ["a", "b", "c", "d", "e"] {
                prop_assert_eq!(part.first(name), whole.first(name));
                prop_assert_eq!(part.source(name), whole.source(name));
            }
        }
    }
}
