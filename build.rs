//! Compiles the protocol buffers of Nacos 2.x. protox reads the files, so that nobody needs protoc.
//!
//! Only the messages are generated: the two methods are served on HTTP/2 itself, because what real
//! servers do with streams (reset at a length prefix, a status without a text) is below what a
//! generated service can say.

use std::path::Path;

const FILES: [&str; 1] = ["proto/nacos_grpc_service.proto"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for file in FILES {
        println!("cargo::rerun-if-changed={file}");
    }
    let descriptors = protox::compile(FILES, [Path::new("proto")])?;
    let mut config = prost_build::Config::new();
    // Bodies are shared with the buffer they came in.
    config.bytes(["."]).compile_well_known_types().btree_map(["."]).include_file("messages.rs");
    config.compile_fds(descriptors)?;
    Ok(())
}
