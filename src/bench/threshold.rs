//! Thresholds on what was measured: `beat.p99<50ms`, `errors<0.1%`, `lost=0`.
use super::document::{Check, Document, OperationReport, Percentiles};
use super::operation::Operation;
use super::units;

/// One threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// As it was given.
    pub expression: String,
    metric: Metric,
    relation: Relation,
    limit: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Less,
    AtMost,
    Greater,
    AtLeast,
    Equal,
}

#[derive(Clone, Debug, PartialEq)]
enum Metric {
    /// A latency of an operation, in microseconds.
    Latency(Operation, Span, Statistic),
    /// Good answers of an operation per second.
    Rate(Operation),
    /// Failed requests of an operation, in percent.
    Errors(Operation),
    /// Failed requests of all operations, in percent.
    AllErrors,
    /// A latency of pushes, in microseconds.
    Push(Statistic),
    /// A count of what went wrong.
    Count(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Span {
    Service,
    Response,
    Lateness,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Statistic {
    Mean,
    P50,
    P90,
    P99,
    P999,
    Max,
}

/// Counts that a threshold may name.
const COUNTS: [&str; 8] = [
    "false_expiries",
    "lost",
    "re_registrations",
    "short_lists",
    "stale_lists",
    "unsent",
    "push.lost",
    "push.late",
];

/// Reads thresholds that are separated by commas.
pub fn parse_all(text: &str) -> Result<Vec<Threshold>, String> {
    text.split(',').map(|one| parse(one.trim())).collect()
}

/// Reads one threshold.
pub fn parse(text: &str) -> Result<Threshold, String> {
    let wrong = || format!("`{text}` is no threshold; write beat.p99<50ms, errors<0.1% or lost=0");
    let at = text.find(['<', '>', '=']).ok_or_else(wrong)?;
    let (name, rest) = text.split_at(at);
    let (relation, limit) = if let Some(limit) = rest.strip_prefix("<=") {
        (Relation::AtMost, limit)
    } else if let Some(limit) = rest.strip_prefix(">=") {
        (Relation::AtLeast, limit)
    } else if let Some(limit) = rest.strip_prefix('<') {
        (Relation::Less, limit)
    } else if let Some(limit) = rest.strip_prefix('>') {
        (Relation::Greater, limit)
    } else {
        (Relation::Equal, rest.trim_start_matches('='))
    };
    let metric = metric(name.trim()).ok_or_else(|| {
        let operations = Operation::ALL.map(Operation::name).join(", ");
        format!(
            "`{}` is no measure; there are OPERATION.p50, p90, p99, p999, max, mean, rate, errors \
             (OPERATION is {operations}), OPERATION.service.p99, push.p99, errors, {}",
            name.trim(),
            COUNTS.join(", ")
        )
    })?;
    let limit = limit_of(&metric, limit.trim()).ok_or_else(wrong)?;
    Ok(Threshold { expression: text.to_owned(), metric, relation, limit })
}

fn metric(name: &str) -> Option<Metric> {
    if let Some(count) = COUNTS.iter().find(|count| **count == name) {
        return Some(Metric::Count(count));
    }
    if name == "errors" {
        return Some(Metric::AllErrors);
    }
    let (first, rest) = name.split_once('.')?;
    if first == "push" {
        return statistic(rest).map(Metric::Push);
    }
    let operation = Operation::named(first)?;
    match rest.split_once('.') {
        None if rest == "rate" => Some(Metric::Rate(operation)),
        None if rest == "errors" => Some(Metric::Errors(operation)),
        None => statistic(rest).map(|one| Metric::Latency(operation, Span::Response, one)),
        Some((span, one)) => {
            let span = match span {
                "service" => Span::Service,
                "response" => Span::Response,
                "lateness" => Span::Lateness,
                _ => return None,
            };
            statistic(one).map(|one| Metric::Latency(operation, span, one))
        }
    }
}

fn statistic(name: &str) -> Option<Statistic> {
    Some(match name {
        "mean" => Statistic::Mean,
        "p50" => Statistic::P50,
        "p90" => Statistic::P90,
        "p99" => Statistic::P99,
        "p999" => Statistic::P999,
        "max" => Statistic::Max,
        _ => return None,
    })
}

/// The limit in the metric's unit.
fn limit_of(metric: &Metric, text: &str) -> Option<f64> {
    match metric {
        Metric::Latency(..) | Metric::Push(_) => {
            units::duration(text).ok().map(|limit| limit.as_secs_f64() * 1e6)
        }
        Metric::Rate(_) => units::rate(text).ok().map(|rate| rate.0),
        Metric::Errors(_) | Metric::AllErrors => match text.strip_suffix('%') {
            Some(percent) => percent.trim().parse().ok(),
            None => text.parse::<f64>().ok().map(|share| share * 100.0),
        },
        Metric::Count(_) => text.parse().ok(),
    }
}

impl Threshold {
    /// Holds a run to the threshold. What was not measured does not pass.
    pub fn check(&self, document: &Document) -> Check {
        let value = self.value(document);
        let kept = |value: f64| match self.relation {
            Relation::Less => value < self.limit,
            Relation::AtMost => value <= self.limit,
            Relation::Greater => value > self.limit,
            Relation::AtLeast => value >= self.limit,
            Relation::Equal => (value - self.limit).abs() < f64::EPSILON,
        };
        let passed = value.is_some_and(kept);
        Check { expression: self.expression.clone(), value, passed }
    }

    fn value(&self, document: &Document) -> Option<f64> {
        let of = |operation: Operation| document.operations.get(operation.name());
        let push = document.push.as_ref();
        match self.metric {
            Metric::Latency(operation, span, one) => {
                of(operation).map(|report: &OperationReport| {
                    let percentiles = match span {
                        Span::Service => &report.service_us,
                        Span::Response => &report.response_us,
                        Span::Lateness => &report.lateness_us,
                    };
                    one.of(percentiles)
                })
            }
            Metric::Rate(operation) => of(operation).map(|report| report.rate_per_s),
            Metric::Errors(operation) => of(operation)
                .map(|report| report.errors as f64 / report.requests.max(1) as f64 * 100.0),
            Metric::AllErrors => Some(document.error_percent),
            Metric::Push(one) => push.map(|push| one.of(&push.latency_us)),
            Metric::Count("push.lost") => push.map(|push| push.lost as f64),
            Metric::Count("push.late") => push.map(|push| push.counts.late as f64),
            Metric::Count("lost" | "false_expiries") if !document.is_read_back() => None,
            Metric::Count(name) => {
                let tallies = document.correctness;
                let count = match name {
                    "false_expiries" => tallies.false_expiries,
                    "lost" => tallies.lost,
                    "re_registrations" => tallies.re_registrations,
                    "short_lists" => tallies.short_lists,
                    "stale_lists" => tallies.stale_lists,
                    _ => tallies.unsent,
                };
                Some(count as f64)
            }
        }
    }
}

impl Statistic {
    fn of(self, percentiles: &Percentiles) -> f64 {
        match self {
            Self::Mean => percentiles.mean,
            Self::P50 => percentiles.p50,
            Self::P90 => percentiles.p90,
            Self::P99 => percentiles.p99,
            Self::P999 => percentiles.p999,
            Self::Max => percentiles.max,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_carry_the_unit_of_their_measure() {
        let all = parse_all("beat.p99<50ms, errors<=0.1%,list.rate>=2k/s,lost=0").unwrap();
        let limits: Vec<f64> = all.iter().map(|threshold| threshold.limit).collect();
        assert_eq!(limits, [50_000.0, 0.1, 2000.0, 0.0]);
        let relations: Vec<Relation> = all.iter().map(|threshold| threshold.relation).collect();
        use Relation::{AtLeast, AtMost, Equal, Less};
        assert_eq!(relations, [Less, AtMost, AtLeast, Equal]);
        let span = parse("beat.service.max>0.5ms").unwrap();
        assert_eq!(span.metric, Metric::Latency(Operation::Beat, Span::Service, Statistic::Max));
    }

    #[test]
    fn a_wrong_threshold_says_what_is_possible() {
        for bad in ["beat.p99", "beat.p99<fast", "errors<x%", "lost=many"] {
            assert!(parse(bad).unwrap_err().contains("is no threshold"), "{bad}");
        }
        for bad in ["beat.p98<1ms", "fly.p99<1ms", "speed>1", "beat.x.p99<1s"] {
            assert!(parse(bad).unwrap_err().contains("is no measure; there are"), "{bad}");
        }
    }
}
