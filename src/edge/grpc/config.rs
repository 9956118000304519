//! Configuration over gRPC as a server answers that holds none: frameworks ask for it at their
//! start (`grpc/config-minimal`). Nothing can be published yet.

use crate::model::Refusal;
use crate::wire::grpc::{Answer, ConfigRequest, RequestKind, changed_configs, no_config};

/// `ConfigQueryRequest`, `ConfigPublishRequest` and `ConfigRemoveRequest`.
pub fn one(kind: RequestKind, request: &ConfigRequest) -> Result<Answer, Refusal> {
    if request.data_id.is_none() || request.group.is_none() {
        return Err(Refusal::null_pointer());
    }
    match kind {
        RequestKind::ConfigQuery => Ok(no_config()),
        RequestKind::ConfigRemove => Ok(Answer::success(kind)),
        _ => Err(Refusal::nacos(500, "this server keeps no configuration")),
    }
}

/// `ConfigBatchListenRequest`: whoever thinks that it has something is told otherwise.
pub fn listen(wanted: &[ConfigRequest]) -> Answer {
    let has = |config: &&ConfigRequest| config.md5.as_deref().is_some_and(|md5| !md5.is_empty());
    changed_configs(wanted.iter().filter(has))
}
