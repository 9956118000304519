//! The result as JUnit XML: what a build server shows without knowing anything of load.
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::super::document::Document;

/// One test for each threshold, and one each for the generator, the instances and the errors.
pub fn junit(document: &Document) -> Result<String, quick_junit::SerializeError> {
    let mut report = Report::new("facos bench");
    let setting = &document.setting;
    let mut suite = TestSuite::new(format!("{} on {}", setting.workload, setting.target));
    suite.set_time(Duration::from_secs_f64(document.duration_s));
    for check in &document.thresholds {
        let value = check
            .value
            .map_or("nothing was measured".to_owned(), |value| format!("measured {value:.3}"));
        suite.add_test_case(case(&check.expression, (!check.passed).then_some(value)));
    }
    let tallies = &document.correctness;
    let gone = tallies.lost + tallies.false_expiries;
    suite.add_test_case(case(
        "every instance stays",
        (gone > 0)
            .then(|| format!("{} lost, {} false expiries", tallies.lost, tallies.false_expiries)),
    ));
    suite
        .add_test_case(case("the generator keeps its plan", document.generator.bottleneck.clone()));
    report.add_test_suite(suite);
    report.to_string()
}

fn case(name: &str, failure: Option<String>) -> TestCase {
    let status = match failure {
        None => TestCaseStatus::success(),
        Some(message) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(message);
            status
        }
    };
    TestCase::new(name, status)
}
