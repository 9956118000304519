//! The manifest under `deploy/`: it is YAML, its numbers agree with each other, and the command
//! line in it is one that this binary takes.

use std::path::Path;
use std::process::{Command, Output};

use yaml_rust2::{Yaml, YamlLoader};

const MANIFEST: &str = include_str!("../../deploy/bench-job.yaml");

/// The manifest after what its head says to replace.
fn job(start_at: &str, target: &str, host: &str) -> Yaml {
    let text = MANIFEST
        .replace("START_AT\"", &format!("{start_at}\""))
        .replace("TARGET", target)
        .replace("--allow-remote HOST", &format!("--allow-remote {host}"));
    let mut documents = YamlLoader::load_from_str(&text).unwrap();
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

fn container(job: &Yaml) -> &Yaml {
    let containers = &job["spec"]["template"]["spec"]["containers"];
    assert_eq!(containers.as_vec().map(Vec::len), Some(1));
    &containers[0]
}

/// What the container runs, with the variables that the cluster and the manifest set, in a folder
/// where `facos` is this binary; and what it wrote as its progress.
fn run(job: &Yaml, index: &str) -> (Output, String) {
    let place = tempfile::tempdir().unwrap();
    let binary = assert_cmd::cargo::cargo_bin("facos");
    std::os::unix::fs::symlink(binary, place.path().join("facos")).unwrap();
    let container = container(job);
    let words = |list: &Yaml| -> Vec<String> {
        list.as_vec().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let command = words(&container["command"]);
    assert_eq!(command, ["/bin/sh", "-c"]);
    let progress = place.path().join("progress");
    let script = words(&container["args"]).join(" ");
    assert!(script.contains(" 2> /tmp/progress"), "{script}");
    let script = script.replace("/tmp/progress", progress.to_str().unwrap());
    let mut shell = Command::new(&command[0]);
    shell.arg(&command[1]).arg(script).env_clear().env("PATH", place.path());
    for variable in container["env"].as_vec().unwrap() {
        shell.env(variable["name"].as_str().unwrap(), variable["value"].as_str().unwrap());
    }
    let output = shell.env("JOB_COMPLETION_INDEX", index).output().unwrap();
    (output, read(&progress))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_job_is_indexed_and_its_numbers_agree() {
    let job = job("0", "nacos.test:8848", "nacos.test");
    assert_eq!(job["kind"].as_str(), Some("Job"));
    assert_eq!(job["apiVersion"].as_str(), Some("batch/v1"));
    let spec = &job["spec"];
    assert_eq!(spec["completionMode"].as_str(), Some("Indexed"));
    assert_eq!(spec["backoffLimit"].as_i64(), Some(0));
    let pods = spec["completions"].as_i64().unwrap();
    assert_eq!(spec["parallelism"].as_i64(), Some(pods), "all pods run at once");
    let environment = container(&job)["env"].as_vec().unwrap();
    let machines =
        environment.iter().find(|one| one["name"].as_str() == Some("FACOS_BENCH_MACHINES"));
    assert_eq!(machines.unwrap()["value"].as_str(), Some(pods.to_string().as_str()));
    assert_eq!(spec["template"]["spec"]["restartPolicy"].as_str(), Some("Never"));
}

#[test]
fn the_command_line_of_the_job_is_taken_and_asks_its_target() {
    let (output, progress) = run(&job("1700000000", "127.0.0.1:1", "127.0.0.1"), "0");
    assert_eq!(output.status.code(), Some(69), "{progress}");
    assert!(progress.starts_with("error: ") && progress.contains("127.0.0.1:1"), "{progress}");
    assert!(output.stdout.is_empty(), "stdout is kept for the result");
}

#[test]
fn each_pod_takes_its_number_from_the_job() {
    let (output, progress) = run(&job("1700000000", "127.0.0.1:1", "127.0.0.1"), "4");
    assert_eq!(output.status.code(), Some(2), "{progress}");
    assert!(progress.starts_with("error: machine 4 of 4\n"), "{progress}");
}
