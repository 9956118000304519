//! `facos ctl`: the admin API of a running server as commands.

mod args;
mod show;

pub use args::CtlArgs;

use std::env;
use std::io::{self, IsTerminal};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::exit::{Failure, NO, UNREACHABLE};
use super::output::{self, Format};
use super::settings::{self, SettingFlags, Settings};
use crate::client::http::address_of;
use crate::config::{Secret, Value};
use crate::ctl::{AdminAddress, CtlError, send};

/// The variable that names the admin API to talk to.
const ADMIN_VARIABLE: &str = "FACOS_ADMIN";

/// The variable of the setting `admin_token`, which a named admin API is told too.
const TOKEN_VARIABLE: &str = "FACOS_ADMIN_TOKEN";

/// The status of a caller who has to say who it is.
const UNAUTHORIZED: u16 = 401;

/// Runs the subcommand.
///
/// # Errors
/// The server is not there, says no, or the command line is wrong.
pub fn run(args: &CtlArgs) -> Result<ExitCode> {
    let to = address(args)?;
    let call = args.call();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let reply = runtime.block_on(send(&to, &call)).map_err(refuse)?;
    let text = match args.output {
        Format::Text => show::text(&reply),
        Format::Json => show::json(&reply, io::stdout().is_terminal()),
    };
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Where to: as the flag or the variable says, else where a server started here would listen.
fn address(args: &CtlArgs) -> Result<AdminAddress, Failure> {
    let given = args.token.as_deref().map(read_token).transpose()?;
    let named = args.admin.clone().or_else(|| variable(ADMIN_VARIABLE));
    let Some(url) = named else {
        let settings = settings::collect(&SettingFlags::of_file(args.config.clone()))?;
        let token = given.or_else(|| settings.admin_token.value.clone());
        return Ok(to(listens_at(&settings).to_string(), token.as_ref(), args.node));
    };
    let address = address_of(&url).ok_or_else(|| {
        let error = format!("{url} is not the address of an admin API");
        Failure::usage(error, "an address is host:port or http://host:port")
    })?;
    let token = match given {
        Some(token) => Some(token),
        None => variable(TOKEN_VARIABLE).as_deref().map(read_token).transpose()?,
    };
    Ok(to(address, token.as_ref(), args.node))
}

/// A token, which no message repeats.
fn read_token(text: &str) -> Result<Secret, Failure> {
    let refuse = || {
        let error = format!("the token can not be that; valid: {}", Secret::valid());
        Failure::usage(error, "give the token that the server was started with")
    };
    Secret::read(text).ok_or_else(refuse)
}

fn to(address: String, token: Option<&Secret>, node: Option<u8>) -> AdminAddress {
    AdminAddress { address, token: token.map(|token| token.reveal().to_owned()), node }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// A server that listens everywhere is reached at home.
fn listens_at(settings: &Settings) -> SocketAddr {
    let ip = match settings.admin_bind.value {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    (ip, settings.admin_port.value).into()
}

fn refuse(error: CtlError) -> Failure {
    let (code, hint) = match &error {
        CtlError::Unreachable { .. } => {
            (UNREACHABLE, "start the server first, or name its admin API with --admin")
        }
        CtlError::NotAdmin { .. } => {
            (UNREACHABLE, "the admin API has its own port, which the ready line of serve names")
        }
        CtlError::Refused { status: UNAUTHORIZED, .. } => {
            (NO, "give the token of the server with FACOS_ADMIN_TOKEN or --token")
        }
        CtlError::Refused { hint: Some(hint), .. } => (NO, hint.as_str()),
        CtlError::Refused { hint: None, .. } => {
            (NO, "facos ctl --help lists the calls and what they take")
        }
    };
    Failure { code, error: error.to_string(), hint: hint.to_owned() }
}
