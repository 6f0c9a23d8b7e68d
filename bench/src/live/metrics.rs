//! What a server says of itself at `/metrics`, in Prometheus' text format.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::Fallible;

/// How long the answer may take.
const WITHIN: Duration = Duration::from_secs(10);

/// Asks the server at `addr`.
///
/// # Errors
/// When it does not answer with 200.
pub fn read(addr: SocketAddr) -> Fallible<String> {
    get(addr, "/metrics")
}

/// What the server at `addr` answers to a request of `path`.
///
/// # Errors
/// When it does not answer with 200.
pub fn get(addr: SocketAddr, path: &str) -> Fallible<String> {
    let mut stream = TcpStream::connect(addr)?;
    stream.set_read_timeout(Some(WITHIN))?;
    // HTTP/1.0: the answer comes whole, and ends with the connection
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {addr}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no HTTP")?;
    match head.split(' ').nth(1) {
        Some("200") => Ok(body.to_owned()),
        _ => Err(format!("{path} was refused: {head}").into()),
    }
}

/// The value of the metric `name` that has `label`, as `key="value"`.
pub fn value(text: &str, name: &str, label: &str) -> Option<f64> {
    text.lines().find_map(|line| {
        let (labels, value) = line.strip_prefix(name)?.strip_prefix('{')?.rsplit_once("} ")?;
        labels.split(',').any(|own| own == label).then(|| value.trim().parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_is_selected_by_name_and_label() {
        let text = "# TYPE rowcast_collection_rows gauge\n\
            rowcast_collection_rows_max{collection=\"coaches\"} 9\n\
            rowcast_collection_rows{collection=\"schedules\"} 1\n\
            rowcast_collection_rows{node=\"a\",collection=\"coaches\"} 100000\n";
        let rows = |label| value(text, "rowcast_collection_rows", label);
        assert_eq!(rows("collection=\"coaches\""), Some(100_000.0));
        assert_eq!(rows("collection=\"plans\""), None);
    }
}
