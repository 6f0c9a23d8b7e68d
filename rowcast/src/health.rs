//! What a container asks: whether the server within it is ready, wherever its settings have put it.
//!
//! The settings of a running server are in its environment, which all programs of a container share, and on its command
//! line, which the system shows. So nothing has to be said twice, and no client of HTTP has to be installed.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    time::Duration,
};

use clap::Parser;

use crate::config::{Cli, Command, Place};

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of an answer that are read.
const MOST: u64 = 4096;

/// Asks for `/readyz`.
///
/// # Errors
/// What the server says if it is not ready, or why it cannot be asked.
pub fn ask(place: &Place) -> Result<(), String> {
    let address = place.bind().reached_at();
    if address.port() == 0 {
        return Err("--bind: port 0 takes a free one, so nothing says where the server is".into());
    }
    let answer = exchange(&format!("{}/readyz", place.base_path), address)
        .map_err(|error| format!("no answer from {address}: {error}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.split(' ').nth(1) {
        Some("200") => Ok(()),
        _ => Err(format!("not ready: {}", body.trim())),
    }
}

fn exchange(path: &str, address: std::net::SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.take(MOST).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// The settings of a server of this name that runs as this process, or as one that it was started by.
///
/// # Errors
/// Why they cannot be read.
pub fn settings_of(process: u32, program: &str) -> Result<Place, String> {
    let file = format!("/proc/{process}/cmdline");
    let line = fs::read(&file).map_err(|error| format!("--of: {file}: {error}"))?;
    let line = String::from_utf8_lossy(&line);
    let words = line.split_terminator('\0');
    // The first process of a container may be one that only starts the server: `docker-init -- planner …`.
    let ours = words.skip_while(|word| Path::new(word).file_name().is_none_or(|name| name != program));
    let ours: Vec<_> = ours.collect();
    if ours.is_empty() {
        return Err(format!("--of: process {process} is no {program}"));
    }
    let cli = Cli::try_parse_from(ours).map_err(|_| format!("--of: process {process} does not serve"))?;
    match cli.command {
        None => Ok(cli.serve.place),
        Some(Command::Serve(serve)) => Ok(serve.place),
        Some(_) => Err(format!("--of: process {process} does not serve")),
    }
}
