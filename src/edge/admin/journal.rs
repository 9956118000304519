//! Queries of the journal.

use super::handler::{Given, number};
use super::problem::Problem;
use crate::node::{Filter, Node, Operation, Place, Record};
use crate::wire::Params;
use serde_json::{Value, json};
use std::sync::Arc;

/// Records shown unless the caller says how many.
const DEFAULT_LIMIT: usize = 1_000;

/// Records that the caller asks for, oldest first.
pub fn query(node: &Arc<Node>, params: &Params<'_>) -> Given {
    let filter = filter(params)?;
    let records: Vec<Value> = node.journal.query(&filter).iter().map(view).collect();
    Ok(json!({ "records": records, "dropped": node.journal.dropped() }))
}

/// How many there are.
pub fn count(node: &Arc<Node>, params: &Params<'_>) -> Given {
    let filter = Filter { limit: None, ..filter(params)? };
    Ok(json!({ "count": node.journal.count(&filter), "dropped": node.journal.dropped() }))
}

fn filter(params: &Params<'_>) -> Result<Filter, Problem> {
    let text = |name| params.optional(name).map(std::borrow::Cow::into_owned);
    let operation = text("op").map(|name| {
        Operation::named(&name).ok_or_else(|| {
            let known: Vec<&str> = Operation::ALL.iter().map(|known| known.name()).collect();
            Problem::bad(format!("there is no operation {name}"))
                .hint(format!("operations are {}", known.join(", ")))
        })
    });
    let beat = text("beat").map(|name| {
        Place::named(&name).ok_or_else(|| {
            Problem::bad(format!("a beat does not stand in {name}"))
                .hint("it stands in query, body, absent or undecodable")
        })
    });
    let small = |name| match number(params, name)? {
        Some(value) => u16::try_from(value)
            .map(Some)
            .map_err(|_| Problem::bad(format!("{name} is too large: {value}"))),
        None => Ok(None),
    };
    let limit = number(params, "limit")?.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(Filter {
        operation: operation.transpose()?,
        namespace: text("namespace"),
        service: text("service"),
        ip: text("ip"),
        port: small("port")?.map(i32::from),
        agent: text("agent"),
        beat: beat.transpose()?,
        status: small("status")?,
        since: number(params, "since")?,
        from_ms: number(params, "from_ms")?,
        limit: Some(limit.unwrap_or(DEFAULT_LIMIT)),
    })
}

fn view(record: &Record) -> Value {
    let mut view = json!({
        "seq": record.seq,
        "time": record.time.0,
        "operation": record.operation.name(),
    });
    let texts = [
        ("namespace", &record.namespace),
        ("service", &record.service),
        ("ip", &record.ip),
        ("agent", &record.agent),
    ];
    for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        view[name] = Value::from(text.as_str());
    }
    if record.port != 0 {
        view["port"] = Value::from(record.port);
    }
    if let Some(beat) = record.beat {
        view["beat"] = Value::from(beat.name());
    }
    if record.status != 0 {
        view["status"] = Value::from(record.status);
    }
    view
}
