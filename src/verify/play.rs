//! Plays one transcript: step after step, each answer against the one recorded.
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::clock::Time;
use super::compare::{Answer, Rules};
use super::session::Session;
use super::steps::{self, Outcome};
use super::transcript::{Step, Transcript};

/// How long to wait before an eventual answer is asked for again.
const RETRY: Duration = Duration::from_millis(100);

/// Against what a transcript is played.
#[derive(Clone, Debug)]
pub struct PlayOptions {
    /// The nodes' `ip:port`, by ascending port.
    pub nodes: Vec<String>,
    /// The server version whose recorded answers count.
    pub version: String,
    /// The clock that the nodes run on.
    pub time: Time,
}

/// What came of playing one transcript.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The transcript's name.
    pub name: String,
    /// The version it was played for.
    pub version: String,
    /// Every difference, in the order of the steps; none is a pass.
    pub differences: Vec<Difference>,
}

impl Verdict {
    /// Whether every answer was as recorded.
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }
}

/// One difference between what was recorded and what was seen.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The step's id; `-` when the transcript could not be played on.
    pub step: String,
    /// The difference in words.
    pub text: String,
    /// What the step sent and received, where it did.
    pub traffic: Option<Traffic>,
}

/// What a step sent and received, to be read by people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// The request, or whose datagram was waited for.
    pub sent: String,
    /// The response or datagram, or why there was none.
    pub received: String,
}

/// Plays a transcript. What stops the player is reported as a difference of its own.
pub async fn play(transcript: &Transcript, options: &PlayOptions) -> Verdict {
    let mut differences = Vec::new();
    if let Err(error) = play_steps(transcript, options, &mut differences).await {
        let text = format!("player error: {error:#}");
        differences.push(Difference { step: "-".to_owned(), text, traffic: None });
    }
    Verdict { name: transcript.name.clone(), version: options.version.clone(), differences }
}

async fn play_steps(
    transcript: &Transcript,
    options: &PlayOptions,
    found: &mut Vec<Difference>,
) -> Result<()> {
    let mut session = Session::new(&options.nodes, options.time.clone())?;
    for step in transcript.steps.iter().filter(|step| step.applies_to(&options.version)) {
        let played = play_step(&mut session, step, &options.version).await;
        let (outcome, texts) = played.with_context(|| format!("step {}", step.id))?;
        session.note_end(step);
        let note = |text| Difference {
            step: step.id.clone(),
            text,
            traffic: (outcome.traffic != Traffic::default()).then(|| outcome.traffic.clone()),
        };
        found.extend(texts.into_iter().map(note));
        if let Err(unsaved) = remember(&mut session, step, &outcome.seen) {
            found.push(note(unsaved));
            break;
        }
    }
    Ok(())
}

/// Runs a step, again and again if its answer is eventual, and compares.
async fn play_step(
    session: &mut Session,
    step: &Step,
    version: &str,
) -> Result<(Outcome, Vec<String>)> {
    session.pause_before(step).await?;
    let want = step.response.get(version).cloned().flatten();
    let want = want.map(|want| session.fill_object(&want));
    let rules = Rules::new(step, version)?;
    let deadline = session.clock.now() + Duration::from_millis(step.within_ms);
    loop {
        let outcome = steps::run(session, step).await?;
        let differences = match &want {
            Some(want) => rules.differences(want, &outcome.seen)?,
            None => Vec::new(),
        };
        if differences.is_empty() || session.clock.now() >= deadline {
            return Ok((outcome, differences));
        }
        session.clock.pass(RETRY).await?;
    }
}

/// Keeps parts of the answer as variables; the error is the difference to report.
fn remember(session: &mut Session, step: &Step, seen: &Answer) -> Result<(), String> {
    for (name, path) in &step.save {
        let Some(value) = pick(seen, path) else {
            let wanted: Vec<_> =
                step.save.iter().map(|(name, path)| format!("'{name}': '{path}'")).collect();
            let wanted = wanted.join(", ");
            return Err(format!("cannot save {{{wanted}}} from the reply; the rest is skipped"));
        };
        session.set(name, value.clone());
    }
    Ok(())
}

fn pick<'a>(seen: &'a Answer, path: &str) -> Option<&'a Value> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(a, b)| (a, Some(b)));
    let Some(rest) = rest else { return seen.get(first) };
    rest.split('.').try_fold(seen.get(first)?, |value, part| match value {
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        other => other.get(part),
    })
}

#[cfg(test)]
#[path = "play_tests.rs"]
mod tests;
