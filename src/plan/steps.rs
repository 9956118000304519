//! The order in which members are added and removed without a gap, as measured on real clusters
//! (`cluster/timelines/shrink-and-expand-*`).
//!
//! - 1.x, growing: the lists first. A newcomer that runs before the others list it is healthy to
//!   itself alone, owns whatever it is sent, and its lists are missing what it never saw.
//! - 2.x, growing: the newcomer first. A listed member that does not run yet has no version; all
//!   others fall back to 1.x within a second, and every list is empty until the next beats.
//! - Shrinking, both: the process first. A member that still runs when the others have dropped it
//!   gets no more beats, and 2.x takes its deletions over.
use super::Change;
use crate::client::fleet::Sharding;

/// What to do, one sentence a step.
pub fn steps(change: Change, sharding: Sharding, who: &[String], stay: &[String]) -> Vec<String> {
    let (who, stay) = (who.join(", "), stay.join(", "));
    let compensate = "keep instances alive meanwhile: facos compensate, with every member as a \
                      --node";
    let same = "check that all hold the same: facos diff";
    let steps = match (change, sharding) {
        (Change::Expand, Sharding::Service) => vec![
            compensate.to_owned(),
            format!("write the whole new member list on {who} and on {stay}"),
            format!(
                "wait until operator/servers of {stay} shows {who}: up to 5 s after the file changed"
            ),
            format!("start {who}"),
            format!("wait until operator/servers?healthy=true shows {who} on every member"),
            same.to_owned(),
            format!("give {who} to the clients"),
        ],
        (Change::Expand, Sharding::Client) => vec![
            format!("write the whole new member list on {who} alone"),
            format!("start {who} and wait until it answers"),
            format!(
                "write the whole new member list on {stay}: listing a member that does not run \
                 makes all of them fall back to 1.x"
            ),
            format!("wait until core/cluster/nodes of every member shows {who} as UP"),
            same.to_owned(),
            format!("give {who} to the clients"),
        ],
        (Change::Shrink, Sharding::Service) => vec![
            format!("take {who} from the clients"),
            compensate.to_owned(),
            format!("stop {who}"),
            format!("wait until operator/servers?healthy=true of {stay} dropped {who}: 9 to 12 s"),
            format!("write the new member list on {stay}"),
            same.to_owned(),
        ],
        (Change::Shrink, Sharding::Client) => vec![
            format!("take {who} from the clients"),
            format!("stop {who}: its clients register with another member"),
            format!("wait until core/cluster/nodes of {stay} shows {who} as DOWN: 4 to 10 s"),
            format!("write the new member list on {stay}"),
            same.to_owned(),
        ],
    };
    steps.into_iter().enumerate().map(|(number, step)| format!("{}. {step}", number + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(steps: &[String], word: &str) -> usize {
        let found = steps.iter().position(|step| step.contains(word));
        found.unwrap_or_else(|| panic!("no step says {word:?}: {steps:#?}"))
    }

    fn told(change: Change, sharding: Sharding) -> Vec<String> {
        steps(change, sharding, &["c:1".to_owned()], &["a:1".to_owned(), "b:1".to_owned()])
    }

    #[test]
    fn growing_edits_the_lists_first_on_1_x_and_starts_the_newcomer_first_on_2_x() {
        let old = told(Change::Expand, Sharding::Service);
        assert!(place(&old, "on c:1 and on a:1, b:1") < place(&old, "start c:1"));
        let new = told(Change::Expand, Sharding::Client);
        assert!(place(&new, "start c:1") < place(&new, "list on a:1, b:1"));
    }

    #[test]
    fn shrinking_stops_waits_and_edits_last() {
        for sharding in [Sharding::Service, Sharding::Client] {
            let steps = told(Change::Shrink, sharding);
            assert!(place(&steps, "stop c:1") < place(&steps, "wait until"));
            assert!(place(&steps, "wait until") < place(&steps, "write the new member list"));
        }
    }
}
