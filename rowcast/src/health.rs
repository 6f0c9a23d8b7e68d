//! The health check of a container: a query of `/readyz` at the address of the server's settings.
//!
//! The settings are read from the environment, which all programs of a container share, or from the server's command
//! line. So they need not be repeated, and the container needs no HTTP client.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    time::Duration,
};

use clap::Parser;

use crate::config::{Cli, Command, Endpoint};

/// The timeout of the server's response.
const TIMEOUT: Duration = Duration::from_secs(3);
/// The most bytes of the response that are read.
const MAX_RESPONSE: u64 = 4096;

/// Queries `/readyz`.
///
/// # Errors
/// The server's response if it is not ready, or the reason why it cannot be reached.
pub fn check(endpoint: &Endpoint) -> Result<(), String> {
    let address = endpoint.bind().reached_at();
    if address.port() == 0 {
        return Err("--bind: port 0 takes a free one, so nothing says where the server is".into());
    }
    let response = exchange(&format!("{}/readyz", endpoint.base_path), address)
        .map_err(|error| format!("no answer from {address}: {error}"))?;
    let (head, body) = response.split_once("\r\n\r\n").unwrap_or((&response, ""));
    match head.split(' ').nth(1) {
        Some("200") => Ok(()),
        _ => Err(format!("not ready: {}", body.trim())),
    }
}

fn exchange(path: &str, address: std::net::SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes())?;
    let mut response = Vec::new();
    stream.take(MAX_RESPONSE).read_to_end(&mut response)?;
    Ok(String::from_utf8_lossy(&response).into_owned())
}

/// The settings on the command line of a process that runs this program, directly or by a launcher.
///
/// # Errors
/// The reason why they cannot be read.
pub fn settings_of(process: u32, program: &str) -> Result<Endpoint, String> {
    let file = format!("/proc/{process}/cmdline");
    let line = fs::read(&file).map_err(|error| format!("--of: {file}: {error}"))?;
    let line = String::from_utf8_lossy(&line);
    let words = line.split_terminator('\0');
    // The first process of a container may be a launcher: `docker-init -- planner …`.
    let ours = words.skip_while(|word| Path::new(word).file_name().is_none_or(|name| name != program));
    let ours: Vec<_> = ours.collect();
    if ours.is_empty() {
        return Err(format!("--of: process {process} is no {program}"));
    }
    let cli = Cli::try_parse_from(ours).map_err(|_| format!("--of: process {process} does not serve"))?;
    match cli.command {
        None => Ok(cli.serve.endpoint),
        Some(Command::Serve(serve)) => Ok(serve.endpoint),
        Some(_) => Err(format!("--of: process {process} does not serve")),
    }
}
