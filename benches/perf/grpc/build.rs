//! Messages and service from the same file that facos reads.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = "../../../proto";
    println!("cargo::rerun-if-changed={folder}");
    let descriptors = protox::compile(["nacos_grpc_service.proto"], [folder])?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
