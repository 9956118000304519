//! The `facos` binary: hands the command line to the library and turns its answer into an exit
//! code.
fn main() -> std::process::ExitCode {
    facos::cli::main()
}
