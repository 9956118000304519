//! Login tokens: JSON web tokens as jjwt writes and reads them (`console/login`,
//! `auth/token-places`).
//!
//! Signed with HMAC-SHA256 and the bytes behind the base64 of the configured key. A signature is
//! looked at before the time, so that a forged token is never called expired.

use crate::model::Millis;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde::Deserialize;
use sha2::Sha256;
use std::fmt::Write as _;

use super::text::json::push_text;

/// What jjwt writes in front.
const HEADER: &str = r#"{"alg":"HS256"}"#;

/// jjwt takes keys without padding and passes over the bits that make no byte.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Why a token does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenError {
    /// Its time is over.
    Expired,
    /// Anything else.
    Invalid,
}

/// Makes and reads tokens.
#[derive(Clone)]
pub struct Tokens {
    key: Hmac<Sha256>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

#[derive(Deserialize)]
struct Claims {
    sub: Option<String>,
    exp: Option<f64>,
}

impl Tokens {
    /// Tokens under a key as it is configured.
    pub fn new(key: &str) -> Self {
        let digit = |c: &char| c.is_ascii_alphanumeric() || *c == '+' || *c == '/';
        let mut digits: String = key.chars().filter(digit).collect();
        if digits.len() % 4 == 1 {
            digits.pop();
        }
        let bytes = LENIENT.decode(digits).expect("only digits of base64, and no lonely one");
        Self { key: Hmac::new_from_slice(&bytes).expect("HMAC takes keys of any length") }
    }

    /// A token for a user; 1.1.4 writes an empty `auth` into it.
    pub fn issue(&self, user: &str, expires: Millis, with_auth: bool) -> String {
        let mut claims = String::from("{\"sub\":");
        push_text(&mut claims, user);
        if with_auth {
            claims.push_str(",\"auth\":\"\"");
        }
        let seconds = expires.0 / 1_000;
        write!(claims, ",\"exp\":{seconds}}}").expect("writing to a string cannot fail");
        let mut token = BASE64_URL_SAFE_NO_PAD.encode(HEADER);
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = self.key.clone().chain_update(token.as_bytes()).finalize().into_bytes();
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        token
    }

    /// The user of a token, empty when it names none.
    ///
    /// # Errors
    /// The token is not ours or its time is over.
    pub fn read(&self, token: &str, now: Millis) -> Result<String, TokenError> {
        let claims = self.verified(token).ok_or(TokenError::Invalid)?;
        if claims.exp.is_some_and(|seconds| now.0 as f64 > seconds * 1_000.0) {
            return Err(TokenError::Expired);
        }
        Ok(claims.sub.unwrap_or_default())
    }

    fn verified(&self, token: &str) -> Option<Claims> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Header = json(header)?;
        if header.alg != "HS256" {
            return None;
        }
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        // Takes the same time wherever they differ.
        self.key.clone().chain_update(signed).verify_slice(&signature).ok()?;
        json(claims)
    }
}

fn json<T: for<'de> Deserialize<'de>>(part: &str) -> Option<T> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// A key stays out of logs.
impl std::fmt::Debug for Tokens {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("Tokens(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::auth::DEFAULT_TOKEN_KEY;

    const EXPIRES: Millis = Millis(1_795_373_365_000);
    /// As recorded in `console/login` on 1.2.1 and 2.0.2.
    const RECORDED: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJuYWNvcyIsImV4cCI6MTc5NTM3MzM2NX0.\
                            gcxQH-KFX8hpkyGiN3lokPCoslCgskpupsDMwn8qbec";

    #[test]
    fn a_token_is_made_byte_for_byte_as_the_real_servers_make_it() {
        let tokens = Tokens::new(DEFAULT_TOKEN_KEY);
        assert_eq!(tokens.issue("nacos", EXPIRES, false), RECORDED);
        let of_1_1_4 = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJuYWNvcyIsImF1dGgiOiIiLCJleHAiOjE3OTUzNTcx\
                        NjZ9.Sb2fgNbFNfl4KvJnprck2ljFcsv4cVqT5lS_MeQsR_U";
        assert_eq!(tokens.issue("nacos", Millis(1_795_357_166_000), true), of_1_1_4);
    }

    #[test]
    fn a_token_counts_until_its_time_is_over_and_under_its_key_only() {
        let tokens = Tokens::new(DEFAULT_TOKEN_KEY);
        assert_eq!(tokens.read(RECORDED, EXPIRES), Ok("nacos".to_owned()));
        assert_eq!(tokens.read(RECORDED, EXPIRES + 1), Err(TokenError::Expired));
        let other = Tokens::new("QnV0IGFub3RoZXIga2V5IHRoYXQgaXMgbG9uZyBlbm91Z2g=");
        assert_eq!(other.read(RECORDED, EXPIRES + 1), Err(TokenError::Invalid));
    }

    proptest::proptest! {
        #[test]
        fn a_name_comes_back_and_a_changed_token_does_not(name in "\\PC{1,40}", at in 0usize..200) {
            let tokens = Tokens::new(DEFAULT_TOKEN_KEY);
            let token = tokens.issue(&name, EXPIRES, false);
            proptest::prop_assert_eq!(tokens.read(&token, EXPIRES), Ok(name));
            let mut bytes = token.into_bytes();
            let at = at % bytes.len();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            proptest::prop_assert_eq!(tokens.read(&changed, EXPIRES), Err(TokenError::Invalid));
        }
    }

    #[test]
    fn what_is_forged_is_invalid_and_never_expired() {
        let tokens = Tokens::new(DEFAULT_TOKEN_KEY);
        let none = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let claims = RECORDED.split('.').nth(1).unwrap();
        let unsigned = format!("{none}.{claims}.");
        let cut = &RECORDED[..RECORDED.len() - 1];
        for forged in ["abc", "a.b.c", "..", "", &unsigned, cut] {
            assert_eq!(tokens.read(forged, EXPIRES + 1), Err(TokenError::Invalid), "{forged}");
        }
    }
}
