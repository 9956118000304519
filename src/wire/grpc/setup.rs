//! What clients send on their stream: the setup, and answers to what the server asked. Anything
//! that does not read is passed over (`grpc/stream-garbage`).

use crate::model::ClientAbilities;
use crate::wire::json::jackson::{Failure, Token, Tokens, bean, scalars};

/// `ConnectionSetupRequest`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SetupRequest {
    /// `clientVersion`.
    pub version: Option<Box<str>>,
    /// `tenant`.
    pub tenant: Option<Box<str>>,
    /// `labels`.
    pub labels: Option<Vec<(String, Option<String>)>>,
    /// `abilities`.
    pub abilities: Option<ClientAbilities>,
}

/// An answer of a client.
#[derive(Debug, PartialEq, Eq)]
pub struct ClientAnswer {
    /// The number of what it answers; `None` when it names none that a server gives.
    pub ask: Option<u64>,
    /// `resultCode` is 200.
    pub success: bool,
}

type Read<T> = Result<T, Failure>;

/// Reads a setup; `None` when it is none.
pub fn setup(text: &str) -> Option<SetupRequest> {
    let mut tokens = Tokens::new(text);
    match tokens.next() {
        Ok(Some(Token::StartObject)) => read_setup(&mut tokens).ok(),
        _ => None,
    }
}

fn read_setup(tokens: &mut Tokens) -> Read<SetupRequest> {
    let mut setup = SetupRequest::default();
    bean::object(tokens, "", |tokens, name| {
        match name {
            "clientVersion" => setup.version = scalars::text(tokens)?,
            "tenant" => setup.tenant = scalars::text(tokens)?,
            "labels" => {
                let labels = bean::map(tokens)?;
                setup.labels = labels.map(|labels| {
                    let owned = |(k, v): (&str, Option<&str>)| (k.to_owned(), v.map(str::to_owned));
                    labels.iter().map(owned).collect()
                });
            }
            "abilities" => setup.abilities = abilities(tokens)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(setup)
}

fn abilities(tokens: &mut Tokens) -> Read<Option<ClientAbilities>> {
    if tokens.current() == Some(Token::Null) {
        return Ok(None);
    }
    let mut known = ClientAbilities::default();
    bean::object(tokens, "", |tokens, name| {
        match name {
            "remoteAbility" => {
                known.remote_connection =
                    flags(tokens, ["supportRemoteConnection"])?.map(|[flag]| flag);
            }
            "configAbility" => {
                known.remote_metrics = flags(tokens, ["supportRemoteMetrics"])?.map(|[flag]| flag);
            }
            "namingAbility" => {
                let names = ["supportDeltaPush", "supportRemoteMetric"];
                known.naming = flags(tokens, names)?.map(|[delta, metric]| (delta, metric));
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Some(known))
}

fn flags<const N: usize>(tokens: &mut Tokens, names: [&str; N]) -> Read<Option<[bool; N]>> {
    if tokens.current() == Some(Token::Null) {
        return Ok(None);
    }
    let mut flags = [false; N];
    bean::object(tokens, "", |tokens, name| {
        let Some(at) = names.iter().position(|known| *known == name) else { return Ok(false) };
        flags[at] = scalars::boolean(tokens)?;
        Ok(true)
    })?;
    Ok(Some(flags))
}

/// Reads an answer; `None` when it is none.
pub fn client_answer(text: &str) -> Option<ClientAnswer> {
    let mut tokens = Tokens::new(text);
    let Ok(Some(Token::StartObject)) = tokens.next() else { return None };
    let (mut ask, mut code) = (None, 200);
    bean::object(&mut tokens, "", |tokens, name| {
        match name {
            "requestId" => ask = scalars::text(tokens)?,
            "resultCode" => code = scalars::int(tokens)?,
            "errorCode" => drop(scalars::int(tokens)?),
            "message" => drop(scalars::text(tokens)?),
            _ => return Ok(false),
        }
        Ok(true)
    })
    .ok()?;
    // `07` is a text that the server never sent.
    let ask = ask.filter(|text| !text.starts_with('0')).and_then(|text| text.parse().ok());
    Some(ClientAnswer { ask, success: code == 200 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_what_it_answers() {
        let of = |text| client_answer(text).map(|answer| (answer.ask, answer.success));
        assert_eq!(of(r#"{"resultCode":200,"requestId":"7"}"#), Some((Some(7), true)));
        assert_eq!(of(r#"{"resultCode":500,"requestId":7}"#), Some((Some(7), false)));
        assert_eq!(of("{}"), Some((None, true)));
        assert_eq!(of(r#"{"requestId":"x"}"#), Some((None, true)));
        assert_eq!(of("[]"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn a_setup_may_leave_everything_out() {
        assert_eq!(setup("{}"), Some(SetupRequest::default()));
        assert_eq!(setup("{bad"), None);
        let full = setup(
            r#"{"clientVersion":"v","labels":{"module":"naming"},"tenant":null,
                "abilities":{"namingAbility":{"supportDeltaPush":true},"configAbility":null}}"#,
        )
        .unwrap();
        assert_eq!(full.version.as_deref(), Some("v"));
        assert_eq!(full.labels, Some(vec![("module".to_owned(), Some("naming".to_owned()))]));
        let naming = full.abilities.and_then(|abilities| abilities.naming);
        assert_eq!(naming, Some((true, false)));
    }
}
