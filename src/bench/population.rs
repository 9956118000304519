//! The virtual clients of one worker: who they are, and the services they belong to.
//!
//! Services are dealt out to machines and workers whole, so that one worker knows everything that
//! happens to a service and can say what a list of it must hold.
use std::net::Ipv4Addr;

use super::template::ServiceNames;
use super::units::Nanos;
use super::workload::{Arrive, Workload};

/// What a client does with its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An instance that beats on its own period.
    Beater,
    /// An instance that streams beat for, or nobody.
    Kept,
    /// An instance that comes and goes.
    Churner,
    /// An instance whose metadata changes.
    Editor,
    /// Polls a service and holds a UDP port.
    Subscriber,
}

/// One virtual client. A hundred thousand of them are usual, so that it is small.
#[derive(Clone, Debug)]
pub struct Client {
    /// What it does.
    pub role: Role,
    /// The index of its service among the worker's.
    pub service: u32,
    /// The number that its address is made of; unique in the whole run.
    pub number: u32,
    /// The port for pushes, 0 for none.
    pub udp: u16,
    /// The worker's connection on which a client of 2.x sits.
    pub seat: u16,
    /// How often the request at hand was tried.
    pub attempt: u8,
    /// Whether the server knows the instance, as far as its answers say.
    pub accepted: bool,
    /// Whether the server may know it: to be deregistered at the end.
    pub touched: bool,
    /// Whether the next beat leaves the body out.
    pub light: bool,
    /// Whether an odd answer has ended its beats for ever.
    pub stopped: bool,
    /// Whether a registration is planned or under way.
    pub registering: bool,
    /// The number of the last change of its metadata, or the last one seen by a subscriber.
    pub change: u32,
    /// When the server last accepted a registration or beat.
    pub accepted_at: Nanos,
}

/// One service and what is known of it.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its names, encoded.
    pub names: ServiceNames,
    /// Its instances that the server accepted and that have not left.
    pub accepted: u32,
    /// Registrations and deregistrations under way.
    pub changing: u32,
    /// When its set of instances last changed.
    pub changed_at: Nanos,
    /// Whether a failed request has left open what the server knows.
    pub uncertain: bool,
    /// The largest `lastRefTime` that was seen.
    pub ref_time: u64,
    /// When it was seen: a list that was asked for earlier may rightly be older.
    pub ref_time_at: Nanos,
    /// Subscribers with a port for pushes.
    pub subscribers: u32,
    /// The number of the last change that an editor began.
    pub change: u32,
}

/// Which part of a workload's services and clients one worker has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// This machine's number among those of the run, from 0.
    pub machine: u32,
    /// How many machines take part.
    pub machines: u32,
    /// The worker's number on this machine, from 0.
    pub worker: u32,
    /// How many workers this machine has.
    pub workers: u32,
}

impl Part {
    /// Whether the service with this number is here.
    fn has(&self, service: u32) -> bool {
        service % self.machines == self.machine
            && (service / self.machines) % self.workers == self.worker
    }

    /// How many of the services are on this machine.
    pub fn machine_services(machine: u32, machines: u32, services: u32) -> u32 {
        services / machines + u32::from(machine < services % machines)
    }
}

/// The services and clients of one worker. Instances of the workload come first, service by
/// service; streams take their targets from them.
#[derive(Debug)]
pub struct Population {
    /// The services.
    pub services: Vec<Service>,
    /// The clients.
    pub clients: Vec<Client>,
    /// How many of the clients, from the front, are instances that streams may use.
    pub instances: usize,
    part: Part,
}

impl Population {
    /// The part of a workload that falls to one worker. The names depend on the seed, so that a
    /// run does not meet what an earlier one has left.
    pub fn new(workload: &Workload, part: Part, seed: u64) -> Self {
        let own: Vec<u32> = (0..workload.services).filter(|service| part.has(*service)).collect();
        let services = own.iter().map(|number| service(workload, *number, seed)).collect();
        let role = if workload.beating && workload.arrive != Arrive::Never {
            Role::Beater
        } else {
            Role::Kept
        };
        let mut clients = Vec::new();
        for (index, number) in own.iter().enumerate() {
            for k in 0..workload.instances {
                clients.push(client(role, index, number * workload.instances + k));
            }
        }
        let instances = clients.len();
        let mut first = workload.services * workload.instances;
        let others = [
            (Role::Churner, workload.churners),
            (Role::Editor, workload.editors),
            (Role::Subscriber, workload.subscribers),
        ];
        for (role, count) in others {
            for k in 0..count {
                if let Ok(index) = own.binary_search(&(k % workload.services)) {
                    clients.push(client(role, index, first + k));
                }
            }
            first += count;
        }
        for client in &mut clients {
            client.light = workload.light_from_start;
        }
        Self { services, clients, instances, part }
    }

    /// The index of the service with this name, without its group.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        let number: u32 = name.rsplit_once('.')?.1.parse().ok()?;
        let index = (number / self.part.machines / self.part.workers) as usize;
        (self.services.get(index)?.names.json_name == name).then_some(index)
    }
}

fn service(workload: &Workload, number: u32, seed: u64) -> Service {
    let pick = |names: &[String]| names[number as usize % names.len()].clone();
    let name = format!("facos.bench.{seed:08x}.{number:04}");
    Service {
        names: ServiceNames::new(&pick(&workload.namespaces), &pick(&workload.groups), &name),
        accepted: 0,
        changing: 0,
        changed_at: 0,
        uncertain: false,
        ref_time: 0,
        ref_time_at: 0,
        subscribers: 0,
        change: 0,
    }
}

fn client(role: Role, service: usize, number: u32) -> Client {
    Client {
        role,
        service: service as u32,
        number,
        udp: 0,
        seat: 0,
        attempt: 0,
        accepted: false,
        touched: false,
        light: false,
        stopped: false,
        registering: false,
        change: 0,
        accepted_at: 0,
    }
}

impl Client {
    /// The address that the client registers: 16 million of them on each port.
    pub fn address(&self) -> (Ipv4Addr, u16) {
        let [high, b, c, d] = self.number.to_be_bytes();
        (Ipv4Addr::new(10, b, c, d), 20_000 + u16::from(high))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn workload() -> Workload {
        Workload {
            services: 7,
            instances: 3,
            beating: true,
            churners: 4,
            editors: 2,
            subscribers: 9,
            ..Workload::default()
        }
    }

    #[test]
    fn the_parts_of_all_workers_and_machines_are_the_whole() {
        let mut names = HashSet::new();
        let mut numbers = HashSet::new();
        for machine in 0..2 {
            for worker in 0..3 {
                let part = Part { machine, machines: 2, worker, workers: 3 };
                let population = Population::new(&workload(), part, 1);
                for (index, service) in population.services.iter().enumerate() {
                    assert_eq!(population.index_of(&service.names.json_name), Some(index));
                    assert!(names.insert(service.names.plain.clone()), "{service:?}");
                }
                for client in &population.clients {
                    assert!(numbers.insert(client.number), "{client:?}");
                    assert!((client.service as usize) < population.services.len());
                }
            }
        }
        assert_eq!((names.len(), numbers.len()), (7, 7 * 3 + 4 + 2 + 9));
        let of_machines: u32 = (0..2).map(|m| Part::machine_services(m, 2, 7)).sum();
        assert_eq!(of_machines, 7);
    }

    #[test]
    fn streams_find_the_instances_in_front() {
        let part = Part { machine: 0, machines: 1, worker: 0, workers: 1 };
        let population = Population::new(&workload(), part, 1);
        assert_eq!(population.instances, 21);
        assert!(population.clients[..21].iter().all(|client| client.role == Role::Beater));
        assert!(population.clients[21..].iter().all(|client| client.role != Role::Beater));
    }

    #[test]
    fn addresses_are_different_beyond_one_port() {
        let at = |number| client(Role::Kept, 0, number).address();
        assert_eq!(at(258), (Ipv4Addr::new(10, 0, 1, 2), 20_000));
        assert_eq!(at(0x0100_0102), (Ipv4Addr::new(10, 0, 1, 2), 20_001));
    }
}
