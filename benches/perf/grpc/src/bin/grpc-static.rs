//! Parses each request and answers a constant: what a unary call costs before any registry has
//! looked at it. Two workers. Prints its port.

use grpc_perf::bi_request_stream_server::{BiRequestStream, BiRequestStreamServer};
use grpc_perf::request_server::{Request as Unary, RequestServer};
use grpc_perf::{Payload, payload};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, Streaming};

struct Constant {
    answer: Payload,
}

#[tonic::async_trait]
impl Unary for Constant {
    async fn request(&self, request: Request<Payload>) -> Result<Response<Payload>, Status> {
        let body = request.into_inner().body.unwrap_or_default();
        let parsed: Value = serde_json::from_slice(&body.value)
            .map_err(|error| Status::invalid_argument(error.to_string()))?;
        std::hint::black_box(parsed);
        Ok(Response::new(self.answer.clone()))
    }
}

#[tonic::async_trait]
impl BiRequestStream for Constant {
    type requestBiStreamStream = tokio_stream::Pending<Result<Payload, Status>>;

    async fn request_bi_stream(
        &self,
        _introduction: Request<Streaming<Payload>>,
    ) -> Result<Response<Self::requestBiStreamStream>, Status> {
        Ok(Response::new(tokio_stream::pending()))
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    let body = json!({"resultCode": 200, "errorCode": 0, "type": "registerInstance"});
    let constant = || Constant { answer: payload("InstanceResponse", &body) };
    tonic::transport::Server::builder()
        .tcp_nodelay(true)
        .add_service(RequestServer::new(constant()))
        .add_service(BiRequestStreamServer::new(constant()))
        .serve_with_incoming(TcpListenerStream::new(listener))
        .await?;
    Ok(())
}
