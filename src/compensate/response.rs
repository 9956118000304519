//! What the answer to a job says. Pure.
use super::planner::{Answer, Job};
use crate::client::fast::BeatAnswer;
use crate::client::fleet::HostPage;

/// Reads answers.
#[derive(Debug, Default)]
pub struct Reader {
    /// The last answer to a beat as it was read: most are the same.
    known: (Vec<u8>, BeatAnswer),
}

impl Reader {
    /// Status and body as an answer to the job.
    pub fn answer(&mut self, job: &Job, status: u16, body: &[u8]) -> Answer {
        match job {
            Job::Beat { .. } => self.beat(status, body),
            Job::Look { .. } => look(status, body),
        }
    }

    fn beat(&mut self, status: u16, body: &[u8]) -> Answer {
        if status != 200 {
            return Answer::Refused(status);
        }
        if self.known.0 != body {
            let Ok(answer) = serde_json::from_slice(body) else { return Answer::Refused(status) };
            self.known = (body.to_vec(), answer);
        }
        Answer::Beat(self.known.1)
    }
}

fn look(status: u16, body: &[u8]) -> Answer {
    match serde_json::from_slice::<HostPage>(body) {
        Ok(page) if status == 200 => Answer::List(page.list),
        // Each version says it with another status; the words are the same.
        _ if String::from_utf8_lossy(body).contains("not found") => Answer::NoSuchService,
        _ => Answer::Refused(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEAT: Job = Job::Beat { kept: 0, node: 0, light: true, planned_ms: 0 };
    const LOOK: Job = Job::Look { slot: 0, node: 0, planned_ms: 0 };

    #[test]
    fn an_answer_is_read_anew_when_it_differs_from_the_last() {
        let mut reader = Reader::default();
        let known = br#"{"code":10200,"lightBeatEnabled":true,"clientBeatInterval":5000}"#;
        let unknown = br#"{"code":20404}"#;
        let mut code = |body: &[u8]| match reader.answer(&BEAT, 200, body) {
            Answer::Beat(said) => said.code,
            other => panic!("{other:?}"),
        };
        assert_eq!([code(known), code(known)], [Some(10200); 2]);
        assert_eq!([code(unknown), code(known)], [Some(20404), Some(10200)]);
    }

    #[test]
    fn what_is_no_answer_is_a_refusal() {
        let mut reader = Reader::default();
        assert_eq!(reader.answer(&BEAT, 400, b"{}"), Answer::Refused(400));
        assert_eq!(reader.answer(&BEAT, 200, b"ok"), Answer::Refused(200));
        assert_eq!(reader.answer(&LOOK, 500, b"{}"), Answer::Refused(500));
        let absent = b"caused: service:a not found;";
        assert_eq!(reader.answer(&LOOK, 400, absent), Answer::NoSuchService);
    }
}
