//! Verdicts as text, as JSON lines, and as JUnit XML.
use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;

use super::play::{Difference, Verdict};

/// Writes a verdict as lines of text: `ok` or `FAIL`, then each difference.
pub fn write_text(out: &mut impl Write, verdict: &Verdict) -> io::Result<()> {
    writeln!(out, "{} {}", if verdict.passed() { "ok  " } else { "FAIL" }, verdict.name)?;
    for Difference { step, text, .. } in &verdict.differences {
        writeln!(out, "       {step}: {text}")?;
    }
    Ok(())
}

/// One line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    version: &'a str,
    pass: bool,
    differences: Vec<(&'a str, &'a str)>,
}

/// Writes a verdict as one line of JSON, with each difference as a pair of step and text.
pub fn write_json(out: &mut impl Write, verdict: &Verdict) -> io::Result<()> {
    let line = Line {
        name: &verdict.name,
        version: &verdict.version,
        pass: verdict.passed(),
        differences: verdict
            .differences
            .iter()
            .map(|difference| (difference.step.as_str(), difference.text.as_str()))
            .collect(),
    };
    serde_json::to_writer(&mut *out, &line)?;
    writeln!(out)
}

/// Writes all verdicts as JUnit XML, one suite per folder of transcripts.
pub fn write_junit(
    out: &mut impl Write,
    verdicts: &[Verdict],
) -> Result<(), quick_junit::SerializeError> {
    let mut report = Report::new("facos verify");
    let mut suites: Vec<TestSuite> = Vec::new();
    for verdict in verdicts {
        let folder = verdict.name.split_once('/').map_or("transcripts", |(folder, _)| folder);
        let known = suites.iter().position(|suite| suite.name.as_str() == folder);
        let index = known.unwrap_or_else(|| {
            suites.push(TestSuite::new(folder));
            suites.len() - 1
        });
        suites[index].add_test_case(test_case(verdict, folder));
    }
    report.add_test_suites(suites);
    report.serialize(out)
}

fn test_case(verdict: &Verdict, folder: &str) -> TestCase {
    let status = match verdict.differences.first() {
        None => TestCaseStatus::success(),
        Some(first) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(format!("{}: {}", first.step, first.text));
            status.set_type("difference");
            status.set_description(describe(verdict));
            status
        }
    };
    let mut case = TestCase::new(format!("{} on {}", verdict.name, verdict.version), status);
    case.set_classname(folder);
    case
}

/// Every difference, and under the last one of each step what the step sent and received.
pub fn describe(verdict: &Verdict) -> String {
    let mut text = String::new();
    for (index, difference) in verdict.differences.iter().enumerate() {
        text.push_str(&format!("{}: {}\n", difference.step, difference.text));
        let next = verdict.differences.get(index + 1);
        let ends_step = next.is_none_or(|next| next.step != difference.step);
        if let Some(traffic) = difference.traffic.as_ref().filter(|_| ends_step) {
            text.push_str(&format!("--- sent\n{}\n", traffic.sent.trim_end()));
            text.push_str(&format!("--- received\n{}\n---\n", traffic.received.trim_end()));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::play::Traffic;
    use super::*;

    fn failed() -> Verdict {
        let traffic = Traffic { sent: "GET /\r\n\r\n".to_owned(), received: "no".to_owned() };
        let difference = |text: &str| Difference {
            step: "list".to_owned(),
            text: text.to_owned(),
            traffic: Some(traffic.clone()),
        };
        Verdict {
            name: "instance/list".to_owned(),
            version: "1.2.1".to_owned(),
            differences: vec![difference("body: recorded a, got b"), difference("again")],
        }
    }

    fn passed() -> Verdict {
        Verdict { differences: Vec::new(), ..failed() }
    }

    fn written(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut bytes = Vec::new();
        write(&mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn text_names_each_difference() {
        assert_eq!(written(|out| write_text(out, &passed()).unwrap()), "ok   instance/list\n");
        assert_eq!(
            written(|out| write_text(out, &failed()).unwrap()),
            "FAIL instance/list\n       list: body: recorded a, got b\n       list: again\n"
        );
    }

    #[test]
    fn json_is_one_line_per_transcript() {
        assert_eq!(
            written(|out| write_json(out, &failed()).unwrap()),
            "{\"name\":\"instance/list\",\"version\":\"1.2.1\",\"pass\":false,\"differences\":\
             [[\"list\",\"body: recorded a, got b\"],[\"list\",\"again\"]]}\n"
        );
    }

    #[test]
    fn junit_has_a_suite_per_folder_and_a_case_per_transcript() {
        let xml = written(|out| write_junit(out, &[passed(), failed()]).unwrap());
        assert!(xml.contains(r#"<testsuite name="instance" tests="2""#), "{xml}");
        assert!(xml.contains(r#"failures="1""#), "{xml}");
        assert!(xml.contains(r#"message="list: body: recorded a, got b""#), "{xml}");
    }

    #[test]
    fn a_description_shows_the_traffic_of_a_step_once() {
        assert_eq!(
            describe(&failed()),
            "list: body: recorded a, got b\nlist: again\n\
             --- sent\nGET /\n--- received\nno\n---\n"
        );
    }
}
