//! `RsInfo` and `Instance` from tokens (`BeanDeserializer`): unknown fields are passed over, the
//! last of equal names wins, null gives a number or boolean its zero.

use super::super::unsaid;
use super::scalars::{self, no_creator, unexpected};
use super::source::Failure;
use super::tokens::{Token, Tokens};
use crate::model::calls::BatchTarget;
use crate::model::{FullBeat, java};

const BEAT: &str = "com.alibaba.nacos.naming.healthcheck.RsInfo";
const INSTANCE: &str = "com.alibaba.nacos.api.naming.pojo.Instance";

/// A beat at the current token.
pub(super) fn beat(tokens: &mut Tokens) -> Result<FullBeat, Failure> {
    let mut beat = unsaid();
    object(tokens, BEAT, |tokens, name| {
        match name {
            "ip" => beat.ip = scalars::text(tokens)?,
            "cluster" => beat.cluster = scalars::text(tokens)?,
            "serviceName" => beat.service_name = scalars::text(tokens)?,
            "port" => beat.port = scalars::int(tokens)?,
            "weight" => beat.weight = scalars::double(tokens)?,
            "ephemeral" => beat.ephemeral = scalars::boolean(tokens)?,
            "metadata" => beat.metadata = map(tokens)?,
            "ak" => drop(scalars::text(tokens)?),
            "load" | "cpu" | "rt" | "qps" | "mem" => drop(scalars::double(tokens)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(beat)
}

/// The instances of a list whose bracket is read.
pub(super) fn instances(tokens: &mut Tokens) -> Result<Vec<BatchTarget>, Failure> {
    let mut list = Vec::new();
    loop {
        match tokens.next()? {
            Some(Token::EndArray) | None => return Ok(list),
            _ => list.push(instance(tokens)?),
        }
    }
}

fn instance(tokens: &mut Tokens) -> Result<BatchTarget, Failure> {
    let mut target = BatchTarget { ip: "".into(), port: 0, cluster: "".into(), ephemeral: true };
    object(tokens, INSTANCE, |tokens, name| {
        match name {
            "ip" => target.ip = scalars::text(tokens)?.unwrap_or_default(),
            "port" => target.port = scalars::int(tokens)?,
            "clusterName" => target.cluster = scalars::text(tokens)?.unwrap_or_default(),
            "ephemeral" => target.ephemeral = scalars::boolean(tokens)?,
            "healthy" | "enabled" => drop(scalars::boolean(tokens)?),
            "weight" => drop(scalars::double(tokens)?),
            "instanceId" | "serviceName" => drop(scalars::text(tokens)?),
            "metadata" => drop(map(tokens)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if java::is_blank(&target.cluster) {
        target.cluster = "DEFAULT".into();
    }
    Ok(target)
}

/// A map field; `None` is null.
pub(in crate::wire) fn map(tokens: &mut Tokens) -> Result<Option<crate::model::Metadata>, Failure> {
    match tokens.current() {
        Some(Token::Null) => Ok(None),
        _ => scalars::metadata(tokens, scalars::MAP).map(Some),
    }
}

/// Reads the fields of an object; `set` says whether it knows a name.
pub(in crate::wire) fn object(
    tokens: &mut Tokens,
    class: &str,
    mut set: impl FnMut(&mut Tokens, &str) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    if tokens.current() != Some(Token::StartObject) {
        return Err(no_object(tokens, class));
    }
    let mut named = tokens.next()? == Some(Token::FieldName);
    while named {
        let name = tokens.name().to_owned();
        tokens.next()?;
        if !set(tokens, &name).map_err(|failure| failure.through(class, &name))? {
            tokens.skip_children()?;
        }
        named = tokens.next_name()?;
    }
    Ok(())
}

fn no_object(tokens: &mut Tokens, class: &str) -> Failure {
    let argument =
        |kind: &str| format!("{kind}-argument constructor/factory method to deserialize from ");
    match tokens.current() {
        Some(Token::Text) => scalars::from_text(tokens, class, &format!("`{class}` value")),
        Some(Token::Int) => {
            let text = tokens.number_text();
            let (kind, value) = match text.parse::<i64>() {
                Ok(value) if i32::try_from(value).is_ok() => ("int/Int", value.to_string()),
                Ok(value) => ("long/Long", value.to_string()),
                Err(_) => ("BigInteger", text),
            };
            no_creator(tokens, class, &(argument(kind) + &format!("Number value ({value})")))
        }
        Some(Token::Float) => {
            let value = tokens.number_text().parse().unwrap_or(f64::NAN);
            let value = java::double_text(value);
            let from = argument("double/Double") + &format!("Number value ({value})");
            no_creator(tokens, class, &from)
        }
        Some(token @ (Token::True | Token::False)) => {
            let value = token == Token::True;
            let from = argument("boolean/Boolean") + &format!("boolean value ({value})");
            no_creator(tokens, class, &from)
        }
        _ => unexpected(tokens, class),
    }
}
