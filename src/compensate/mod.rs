//! `facos compensate`: keeps the instances of a snapshot alive while nodes come and go.
//!
//! A beat is sent for each instance once a period, as its own client would, but to the member that
//! answers for it now, and to the one that will when a member goes or comes. Seven rules keep this
//! from harm; each has a test that fails without it.
//! 1. What an operator disabled gets no beat: a beat knows no `enabled` and would bring it back.
//! 2. A full beat carries weight, cluster and metadata: a missing weight would become 0.
//! 3. Persistent instances are left alone.
//! 4. So are those that a connection keeps: a beat would make a second publisher of them.
//! 5. The dead stay dead: an instance without a sign of life of its own is let go after a while,
//!    and at once when its client deregistered it. Nothing lasts longer than the run.
//! 6. Light beats where the server knows them; the full one on 20404, and where it does not.
//! 7. Beats are spread over the period, and aim at the responsible member.
//!
//! - `subject`: what is kept, and what is not. `request`, `response`: its beats as bytes.
//! - `views`: who is responsible in whose eyes. `life`: signs of life. `planner`: who beats when,
//!   and where. All pure.
//! - `worker`: one thread that sends it all. `watcher`: looks after the nodes meanwhile.
//! - `report`: what came of it.
mod life;
mod planner;
mod report;
mod request;
mod response;
mod run;
mod subject;
mod views;
mod watcher;
mod worker;

#[cfg(test)]
mod cluster_tests;

pub use planner::{Answer, Job, Planner, Settings};
pub use report::{InstanceReport, NodeReport, Report, State, instances};
pub use request::{Heads, write};
pub use response::Reader;
pub use run::{Options, Progress, RunError, run};
pub use subject::{Kept, Skipped, Subjects, subjects};
pub use views::{NodeView, Views};
