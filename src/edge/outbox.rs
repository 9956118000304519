//! What the registry only says, done with sockets: pushes and their acks over UDP, and probes of
//! persistent instances.

use crate::edge::probe;
use crate::node::{Node, Outbox};
use crate::registry::{Datagram, ProbeOrder};
use crate::wire::push;
use std::future::Future;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use tokio::runtime::Handle;
use tokio::sync::Notify;

/// The largest datagram there is, bytes.
const DATAGRAM_BYTES: usize = 65_536;

/// The sockets of one node's background work.
pub struct SocketOutbox {
    node: Weak<Node>,
    runtime: Handle,
    sockets: Vec<Arc<UdpSocket>>,
    probes: Arc<Probing>,
}

/// How many probes are under way.
#[derive(Default)]
struct Probing {
    running: AtomicUsize,
    ended: Notify,
}

impl SocketOutbox {
    /// Opens a socket on a free port of each family that the machine has, as the real server opens
    /// one on a wildcard address, and listens there for acks on `runtime`.
    pub fn open(node: &Arc<Node>, runtime: &Handle) -> std::io::Result<Self> {
        let mut sockets = vec![Arc::new(bind(Ipv4Addr::UNSPECIFIED.into())?)];
        // A machine without IPv6 has no subscribers there.
        sockets.extend(bind(Ipv6Addr::UNSPECIFIED.into()).ok().map(Arc::new));
        for socket in &sockets {
            let (node, socket) = (Arc::downgrade(node), socket.try_clone()?);
            let _entered = runtime.enter();
            let socket = tokio::net::UdpSocket::from_std(socket)?;
            runtime.spawn(receive(node, socket));
        }
        let (node, probes) = (Arc::downgrade(node), Arc::default());
        Ok(Self { node, runtime: runtime.clone(), sockets, probes })
    }

    /// Takes the acks that have arrived but were not read yet.
    fn take_acks(&self) {
        let Some(node) = self.node.upgrade() else { return };
        let mut room = [0; 2048];
        for socket in &self.sockets {
            while let Ok((length, from)) = socket.recv_from(&mut room) {
                take(&node, from, &room[..length]);
            }
        }
    }
}

fn bind(ip: IpAddr) -> std::io::Result<UdpSocket> {
    let address = SocketAddr::new(ip, 0);
    let domain = socket2::Domain::for_address(address);
    let socket = socket2::Socket::new(domain, socket2::Type::DGRAM, None)?;
    if ip.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

async fn receive(node: Weak<Node>, socket: tokio::net::UdpSocket) {
    let mut room = vec![0; DATAGRAM_BYTES];
    loop {
        let received = socket.recv_from(&mut room).await;
        let Some(node) = node.upgrade() else { return };
        match received {
            Ok((length, from)) => take(&node, from, &room[..length]),
            // A subscriber that is gone answers with an ICMP error, which the next read reports.
            Err(error) => tracing::debug!(%error, "no ack could be read"),
        }
    }
}

fn take(node: &Node, from: SocketAddr, datagram: &[u8]) {
    node.acked(from, push::ack(datagram));
}

impl Outbox for SocketOutbox {
    fn send(&self, datagram: &Datagram) {
        let family = |socket: &&Arc<UdpSocket>| {
            socket.local_addr().is_ok_and(|local| local.is_ipv4() == datagram.to.is_ipv4())
        };
        let Some(socket) = self.sockets.iter().find(family) else { return };
        let mut sent = socket.send_to(&datagram.bytes, datagram.to);
        if sent.as_ref().is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused) {
            // The error belongs to an earlier datagram; this one was not sent.
            sent = socket.send_to(&datagram.bytes, datagram.to);
        }
        if let Err(error) = sent {
            tracing::warn!(%error, to = %datagram.to, bytes = datagram.bytes.len(), "push not sent");
        }
    }

    fn probe(&self, order: ProbeOrder) {
        self.probes.running.fetch_add(1, Ordering::SeqCst);
        let (node, probes) = (self.node.clone(), self.probes.clone());
        self.runtime.spawn(async move {
            let (outcome, rt_ms) = probe::probe(&order).await;
            if let Some(node) = node.upgrade() {
                node.probed(order.id, outcome, rt_ms);
            }
            probes.running.fetch_sub(1, Ordering::SeqCst);
            probes.ended.notify_waiters();
        });
    }

    fn settled(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.take_acks();
        Box::pin(async {
            loop {
                let ended = self.probes.ended.notified();
                tokio::pin!(ended);
                ended.as_mut().enable();
                if self.probes.running.load(Ordering::SeqCst) == 0 {
                    return;
                }
                ended.await;
            }
        })
    }
}
