//! What authentication is configured with.

use std::fmt;

/// Nacos's published key of login tokens, which its properties ship.
pub const DEFAULT_TOKEN_KEY: &str =
    "SecretKey012345678901234567890123456789012345678901234567890123456789";
/// Life of a login token as Nacos's properties ship it, s.
pub const DEFAULT_TOKEN_SECONDS: u64 = 18_000;

/// How callers are known. Nothing of it is ever printed.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthSettings {
    /// `nacos.core.auth.enabled`: secured calls need credentials.
    pub enabled: bool,
    /// `nacos.core.auth.default.token.secret.key` as it is written: base64.
    pub token_key: String,
    /// `nacos.core.auth.default.token.expire.seconds`.
    pub token_seconds: u64,
    /// `nacos.core.auth.server.identity.key`: the header by which servers know each other.
    pub identity_header: String,
    /// `nacos.core.auth.server.identity.value`: what stands in it.
    pub identity_value: String,
}

impl AuthSettings {
    /// Whether tokens are signed with the key that everybody knows.
    pub fn has_known_key(&self) -> bool {
        self.token_key == DEFAULT_TOKEN_KEY
    }

    /// Header and value by which servers know each other, unless either is blank.
    pub fn identity(&self) -> Option<(&str, &str)> {
        let (header, value) = (self.identity_header.trim(), self.identity_value.as_str());
        (!header.is_empty() && !value.trim().is_empty()).then_some((header, value))
    }
}

impl Default for AuthSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            token_key: DEFAULT_TOKEN_KEY.to_owned(),
            token_seconds: DEFAULT_TOKEN_SECONDS,
            identity_header: "serverIdentity".to_owned(),
            identity_value: "security".to_owned(),
        }
    }
}

impl fmt::Debug for AuthSettings {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("AuthSettings").field("enabled", &self.enabled).finish_non_exhaustive()
    }
}
