//! Which connection each client of 2.x has.
//!
//! A client of 2.x holds one instance of a service at most: a second registration over its
//! connection replaces the first. So the instances of a service sit on different connections, and
//! so do its subscribers.
use super::super::population::{Population, Role};
use super::super::workload::Workload;

/// The connections of one worker, and who sits on each.
#[derive(Debug)]
pub(super) struct Seats {
    /// The clients of each connection.
    pub by_seat: Vec<Vec<u32>>,
    /// How many closed requests each connection has sent, to go on from.
    pub rounds: Vec<u32>,
    instances: usize,
    /// The subscribers of each service, in the order of their seats from the service's first one.
    subscribers: Vec<Vec<u32>>,
}

impl Seats {
    /// Gives every client its seat.
    pub fn new(population: &mut Population, workload: &Workload, count: usize) -> Self {
        let instances = workload.instances as usize;
        let mut by_seat = vec![Vec::new(); count];
        let services = population.services.len();
        let (mut registering, mut subscribers) = (vec![0; services], vec![Vec::new(); services]);
        for (index, client) in population.clients.iter_mut().enumerate() {
            let service = client.service as usize;
            let place = if client.role == Role::Subscriber {
                population.services[service].subscribers += 1;
                subscribers[service].push(index as u32);
                subscribers[service].len() - 1
            } else {
                registering[service] += 1;
                registering[service] - 1
            };
            let seat = (service * instances + place) % count;
            // No run has more connections than that.
            client.seat = u16::try_from(seat).unwrap_or(u16::MAX);
            by_seat[seat].push(index as u32);
        }
        Self { by_seat, rounds: vec![0; count], instances, subscribers }
    }

    /// The subscriber of a service on a connection.
    pub fn subscriber(&self, seat: usize, service: usize) -> Option<u32> {
        let count = self.by_seat.len();
        let first = service * self.instances % count;
        self.subscribers.get(service)?.get((seat + count - first) % count).copied()
    }

    /// The next of the first `instances` clients that a closed stream takes on a connection.
    pub fn next_instance(&mut self, seat: usize, instances: usize) -> Option<u32> {
        let count = self.by_seat.len();
        let own = instances.saturating_sub(seat).div_ceil(count);
        let round = self.rounds.get_mut(seat).filter(|_| own > 0)?;
        *round = (*round + 1) % own as u32;
        Some((seat + *round as usize * count) as u32)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::super::population::Part;
    use super::*;

    #[test]
    fn nobody_shares_a_connection_with_another_of_the_same_service() {
        let text = "services = 5\ninstances = 3\nbeating = true\nchurners = 7\neditors = 5\n\
                    subscribers = 29";
        let workload = super::super::super::workload::parse(text).unwrap();
        let part = Part { machine: 0, machines: 1, worker: 1, workers: 2 };
        let mut population = Population::new(&workload, part, 7);
        let count = workload.seats() as usize;
        assert_eq!(count, 6);
        let mut seats = Seats::new(&mut population, &workload, count);
        let mut taken = HashSet::new();
        for (index, client) in population.clients.iter().enumerate() {
            let subscriber = client.role == Role::Subscriber;
            assert!(taken.insert((client.service, client.seat, subscriber)), "{client:?}");
            if subscriber {
                let found = seats.subscriber(client.seat.into(), client.service as usize);
                assert_eq!(found, Some(index as u32));
            }
        }
        // Two services of three instances: each connection has one of them.
        let next = seats.next_instance(4, population.instances).unwrap();
        assert_eq!((next, population.clients[4].seat), (4, 4));
        assert_eq!(seats.next_instance(4, 4), None);
    }
}
