//! The ports of commands that stand where clients look for the registry, and how they are told to
//! end.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::{Failure, UNREACHABLE};
use super::output::{self, Format};
use super::settings::profile_hint;
use crate::client::http;
use crate::edge::http::ListenError;
use crate::model::Span;
use crate::profile::Profile;
use crate::serve::DEFAULT_PORT;

/// Flags of where to listen.
#[derive(Debug, Args)]
pub struct PortFlags {
    /// Port to answer on; repeat for several [default: 8848]
    #[arg(long = "port", value_name = "PORT", conflicts_with = "listen")]
    ports: Vec<u16>,
    /// Address of the ports
    #[arg(long, value_name = "IP", default_value_t = IpAddr::V4(Ipv4Addr::UNSPECIFIED))]
    bind: IpAddr,
    /// Address and port to answer on, in place of --bind and --port; repeat for several
    #[arg(long, value_name = "IP:PORT")]
    listen: Vec<SocketAddr>,
    /// How long to wait for a port that is still taken
    #[arg(long, value_name = "DURATION", default_value = "2s")]
    pub wait: Span,
}

impl PortFlags {
    /// Every address once.
    ///
    /// # Errors
    /// One is given twice.
    pub fn addresses(&self) -> Result<Vec<SocketAddr>, Failure> {
        let mut addresses = self.listen.clone();
        addresses.extend(self.ports.iter().map(|port| SocketAddr::new(self.bind, *port)));
        if addresses.is_empty() {
            addresses.push(SocketAddr::new(self.bind, DEFAULT_PORT));
        }
        for (at, address) in addresses.iter().enumerate() {
            if address.port() != 0 && addresses[..at].contains(address) {
                let error = format!("{address} is given twice");
                return Err(Failure::usage(error, "name each port once"));
            }
        }
        Ok(addresses)
    }
}

/// A port that can not be had.
pub fn refuse_port(error: &ListenError) -> Failure {
    let hint = if error.is_taken() {
        "stop what listens there, or wait longer for its end: --wait 60s"
    } else {
        "take another --port or --bind"
    };
    Failure { code: UNREACHABLE, error: error.to_string(), hint: hint.to_owned() }
}

/// The `host:port` of a flag's URLs, each once.
///
/// # Errors
/// One is no address, or is given twice.
pub fn addresses_of(flag: &str, urls: &[String]) -> Result<Vec<String>, Failure> {
    let mut addresses: Vec<String> = Vec::new();
    for url in urls {
        let address = http::address_of(url).ok_or_else(|| {
            let error = format!("{flag}: {url} is not the address of a server");
            Failure::usage(error, "an address is host:port or http://host:port")
        })?;
        if addresses.contains(&address) {
            let error = format!("{flag}: {address} is given twice");
            return Err(Failure::usage(error, "name each server once"));
        }
        addresses.push(address);
    }
    Ok(addresses)
}

/// The profile of a flag.
///
/// # Errors
/// There is none of that name.
pub fn profile_of(flag: &str, name: &str) -> Result<Profile, Failure> {
    Profile::load(name)
        .map_err(|error| Failure::usage(format!("{flag}: {error}"), profile_hint(&error)))
}

/// SIGTERM and Ctrl-C.
pub struct Signals {
    terminated: Signal,
    interrupted: Signal,
}

impl Signals {
    /// Takes them from here on.
    ///
    /// # Errors
    /// The system refuses it.
    pub fn take() -> Result<Self> {
        Ok(Self {
            terminated: signal(SignalKind::terminate()).context("cannot await SIGTERM")?,
            interrupted: signal(SignalKind::interrupt()).context("cannot await Ctrl-C")?,
        })
    }

    /// Waits for the first of them.
    pub async fn first(&mut self) {
        tokio::select! {
            _ = self.terminated.recv() => {}
            _ = self.interrupted.recv() => {}
        }
    }
}

/// Says where it answers: for programs as the first line of the result, for people as progress.
///
/// # Errors
/// The result can not be written.
pub fn announce(what: &str, addresses: &[SocketAddr], took_ms: f64, format: Format) -> Result<()> {
    let urls: Vec<String> = addresses.iter().map(|address| format!("http://{address}")).collect();
    match format {
        Format::Json => print_line(&json!({ "listening": urls, "afterMs": took_ms })),
        Format::Text => {
            eprintln!("{what} on {} after {took_ms:.1} ms", urls.join(", "));
            Ok(())
        }
    }
}

/// Writes one line of JSON to stdout.
///
/// # Errors
/// It can not be written.
pub fn print_line(value: &impl serde::Serialize) -> Result<()> {
    let mut line = serde_json::to_string(value).context("cannot write JSON")?;
    line.push('\n');
    output::print(&line)
}

/// Whether a flag names a file, and not an address.
pub fn is_file(text: &str) -> bool {
    !text.starts_with("http://") && (Path::new(text).exists() || http::address_of(text).is_none())
}
