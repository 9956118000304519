//! Parses each request and answers the constant of its type: what a unary call costs before any
//! registry has looked at it. Streams stay open and say nothing. Two workers. Prints its port.

use grpc_perf::bi_request_stream_server::{BiRequestStream, BiRequestStreamServer};
use grpc_perf::request_server::{Request as Unary, RequestServer};
use grpc_perf::{Payload, payload};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, Streaming};

/// The answer of each type of request that clients send. A list holds nobody.
struct Constants {
    check: Payload,
    instance: Payload,
    query: Payload,
    subscribe: Payload,
    health: Payload,
}

impl Constants {
    fn new() -> Self {
        let success = json!({"resultCode": 200, "errorCode": 0, "success": true});
        let list = json!({
            "resultCode": 200, "errorCode": 0, "success": true,
            "serviceInfo": {
                "name": "constant", "groupName": "DEFAULT_GROUP", "clusters": "",
                "cacheMillis": 10000, "hosts": [], "lastRefTime": 1, "checksum": "",
                "allIPs": false, "reachProtectionThreshold": false, "valid": true,
            },
        });
        let instance = json!({"resultCode": 200, "errorCode": 0, "type": "registerInstance"});
        Self {
            check: payload("ServerCheckResponse", &success),
            instance: payload("InstanceResponse", &instance),
            query: payload("QueryServiceResponse", &list),
            subscribe: payload("SubscribeServiceResponse", &list),
            health: payload("HealthCheckResponse", &success),
        }
    }

    fn answer(&self, kind: &str) -> Option<&Payload> {
        Some(match kind {
            "ServerCheckRequest" => &self.check,
            "InstanceRequest" => &self.instance,
            "ServiceQueryRequest" => &self.query,
            "SubscribeServiceRequest" => &self.subscribe,
            "HealthCheckRequest" => &self.health,
            _ => return None,
        })
    }
}

#[tonic::async_trait]
impl Unary for Constants {
    async fn request(&self, request: Request<Payload>) -> Result<Response<Payload>, Status> {
        let Payload { metadata, body } = request.into_inner();
        let parsed: Value = serde_json::from_slice(&body.unwrap_or_default().value)
            .map_err(|error| Status::invalid_argument(error.to_string()))?;
        std::hint::black_box(parsed);
        let kind = metadata.unwrap_or_default().r#type;
        let answer = self.answer(&kind).ok_or_else(|| Status::unimplemented(kind))?;
        Ok(Response::new(answer.clone()))
    }
}

/// The streams.
struct Silence;

#[tonic::async_trait]
impl BiRequestStream for Silence {
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
    // Without it an answer of several writes waits 40 ms for the client's delayed ack; tonic sets
    // it only on sockets that it accepts itself.
    let incoming = TcpListenerStream::new(listener)
        .map(|accepted| accepted.and_then(|socket| socket.set_nodelay(true).map(|()| socket)));
    tonic::transport::Server::builder()
        .add_service(RequestServer::new(Constants::new()))
        .add_service(BiRequestStreamServer::new(Silence))
        .serve_with_incoming(incoming)
        .await?;
    Ok(())
}
