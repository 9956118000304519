//! Chooses transcripts and plays many of them: side by side where they share a server well, else
//! alone.
use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Time;
use super::play::{PlayOptions, Verdict, play};
use super::transcript::Transcript;

/// Which transcripts are played.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Only those recorded on this version.
    pub version: String,
    /// Only those recorded on this deployment.
    pub deployment: String,
    /// Also those that need a server started with their settings.
    pub started: bool,
}

impl Choice {
    /// The deployment that so many nodes make.
    pub fn deployment_of(nodes: usize) -> String {
        if nodes == 1 { "standalone".to_owned() } else { format!("cluster-{nodes}") }
    }

    /// Whether a transcript is to be played.
    pub fn includes(&self, transcript: &Transcript) -> bool {
        transcript.deployment == self.deployment
            && transcript.versions.contains(&self.version)
            && (self.started || !transcript.needs_start())
    }
}

/// Plays transcripts, at most `jobs` at a time and the exclusive ones alone at the end, and hands
/// on each verdict in that order. A manual clock is shared by all who use the server, so with one
/// they follow each other.
pub async fn run_all(
    transcripts: Vec<Transcript>,
    options: PlayOptions,
    jobs: usize,
    mut done: impl FnMut(Verdict),
) {
    let (alone, shared): (Vec<_>, Vec<_>) =
        transcripts.into_iter().partition(|transcript| transcript.exclusive);
    let options = Arc::new(options);
    let jobs = if options.time == Time::Real { jobs.max(1) } else { 1 };
    side_by_side(shared, &options, jobs, &mut done).await;
    for transcript in &alone {
        done(play(transcript, &options).await);
    }
}

async fn side_by_side(
    transcripts: Vec<Transcript>,
    options: &Arc<PlayOptions>,
    jobs: usize,
    done: &mut impl FnMut(Verdict),
) {
    let seats = Arc::new(Semaphore::new(jobs));
    let mut playing = JoinSet::new();
    for (index, transcript) in transcripts.into_iter().enumerate() {
        let (seats, options) = (Arc::clone(&seats), Arc::clone(options));
        playing.spawn(async move {
            // The semaphore is fair, so transcripts begin in their order.
            let _seat = seats.acquire_owned().await;
            (index, play(&transcript, &options).await)
        });
    }
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    while let Some(played) = playing.join_next().await {
        let (index, verdict) = played.expect("a player neither panics nor is cancelled");
        waiting.insert(index, verdict);
        while let Some(verdict) = waiting.remove(&next) {
            done(verdict);
            next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transcript(extra: &str) -> Transcript {
        let text = format!(r#"{{"name": "a", "versions": ["1.2.1"], "steps": []{extra}}}"#);
        serde_json::from_str(&text).unwrap()
    }

    fn choice(deployment: &str, started: bool) -> Choice {
        Choice { version: "1.2.1".to_owned(), deployment: deployment.to_owned(), started }
    }

    #[test]
    fn version_deployment_and_start_decide_what_is_played() {
        assert!(choice("standalone", false).includes(&transcript("")));
        assert!(!choice("cluster-2", false).includes(&transcript("")));
        assert!(choice("cluster-2", false).includes(&transcript(r#","deployment":"cluster-2""#)));
        assert!(choice("standalone", false).includes(&transcript(r#","start":{}"#)));
        assert!(!choice("standalone", false).includes(&transcript(r#","start":{"a":"b"}"#)));
        assert!(choice("standalone", true).includes(&transcript(r#","start":{"a":"b"}"#)));
        let other = Choice { version: "2.0.2".to_owned(), ..choice("standalone", false) };
        assert!(!other.includes(&transcript("")));
    }

    #[tokio::test]
    async fn verdicts_come_in_order_and_the_exclusive_ones_last() {
        let named = |name: &str, exclusive| Transcript {
            name: name.to_owned(),
            exclusive,
            ..transcript("")
        };
        let transcripts = vec![named("x", true), named("a", false), named("b", false)];
        let options = PlayOptions {
            nodes: vec!["127.0.0.1:1".to_owned()],
            version: "1.2.1".to_owned(),
            time: Time::Real,
        };
        let mut names = Vec::new();
        run_all(transcripts, options, 8, |verdict| names.push(verdict.name)).await;
        assert_eq!(names, ["a", "b", "x"]);
    }
}
