//! What a beat is answered. Only the full answer frees every client; the others are there to see,
//! in an experiment, what they do (measured with the real clients: `timelines/light-beat-*`).

/// What a beat is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Recipe {
    /// Interval, code and the flag: what a server from 1.2 on answers, with the flag taken back.
    #[default]
    Full,
    /// The interval alone, as 1.1.4 answers.
    Interval,
    /// `code` 20404: the client registers again with every beat.
    NotFound,
    /// The flag alone, as the first rescue of the field answered.
    FlagOnly,
    /// An object with nothing in it.
    EmptyObject,
    /// `ok` as a text.
    Text,
}

impl Recipe {
    /// Every recipe.
    pub const ALL: [Self; 6] =
        [Self::Full, Self::Interval, Self::NotFound, Self::FlagOnly, Self::EmptyObject, Self::Text];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Interval => "interval",
            Self::NotFound => "not-found",
            Self::FlagOnly => "flag-only",
            Self::EmptyObject => "empty-object",
            Self::Text => "text",
        }
    }

    /// The body, with the interval after which the client beats again, ms, and the flag where the
    /// recipe has it.
    pub fn body(self, interval_ms: u64, light: bool) -> String {
        match self {
            Self::Full => {
                format!(
                    "{{\"clientBeatInterval\":{interval_ms},\"code\":10200,\
                     \"lightBeatEnabled\":{light}}}"
                )
            }
            Self::Interval => format!("{{\"clientBeatInterval\":{interval_ms}}}"),
            Self::NotFound => format!("{{\"clientBeatInterval\":{interval_ms},\"code\":20404}}"),
            Self::FlagOnly => format!("{{\"lightBeatEnabled\":{light}}}"),
            Self::EmptyObject => "{}".to_owned(),
            Self::Text => "ok".to_owned(),
        }
    }

    /// The type of the body.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => crate::wire::media::TEXT_TYPE,
            _ => crate::wire::reply::JSON_TYPE,
        }
    }

    /// What it does to clients that they do not recover from without a restart.
    pub fn harm(self) -> Option<&'static str> {
        match self {
            Self::Full | Self::Interval | Self::NotFound => None,
            Self::FlagOnly | Self::EmptyObject => Some(
                "ends the beats of Java 1.3.0 to 1.4.1 for good and frees nobody from 1.4.2 on",
            ),
            Self::Text => Some("ends the beats of Java 1.2.0 to 1.4.1 for good"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_answer_is_that_of_the_field_story() {
        assert_eq!(
            Recipe::Full.body(5000, false),
            r#"{"clientBeatInterval":5000,"code":10200,"lightBeatEnabled":false}"#
        );
    }

    #[test]
    fn everything_but_the_text_is_json_and_what_harms_says_so() {
        for recipe in Recipe::ALL {
            let body = recipe.body(5000, false);
            let json = serde_json::from_str::<serde_json::Value>(&body).is_ok();
            assert_eq!(json, recipe != Recipe::Text, "{body}");
            assert_eq!(recipe.harm().is_none(), body.contains("clientBeatInterval"), "{body}");
        }
    }
}
