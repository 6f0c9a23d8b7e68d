//! The HTTP side: which requests become a session, and what the others are told.

use std::{net::SocketAddr, rc::Rc, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, StatusCode, header},
    web,
};
use serde_json::json;
use tracing::debug;

use super::{body::Body, session};
use crate::{
    connection::Connection, frame::Frame, id::Sid, link::Link, server::Server, service::Service, shard::Shard,
};

/// What is kept of the request that opened a session: copied, because actix's headers are slices
/// of a read buffer that they would keep alive.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) query: Box<str>,
    pub(crate) peer: Option<SocketAddr>,
    headers: Box<str>,
}

impl Request {
    fn new(request: &HttpRequest) -> Self {
        let mut headers = String::new();
        for (name, value) in request.headers() {
            if let Ok(value) = value.to_str() {
                headers.extend([name.as_str(), ":", value, "\n"]);
            }
        }
        Self { query: request.query_string().into(), peer: request.peer_addr(), headers: headers.into() }
    }

    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.lines().filter_map(|line| line.split_once(':'))
    }
}

/// Why a request does not become a session: status, and Engine.IO's code and words.
type Refused = (StatusCode, u16, &'static str);

const UNKNOWN_TRANSPORT: Refused = (StatusCode::BAD_REQUEST, 0, "Transport unknown");
const UNKNOWN_SID: Refused = (StatusCode::BAD_REQUEST, 1, "Session ID unknown");
const BAD_METHOD: Refused = (StatusCode::BAD_REQUEST, 2, "Bad handshake method");
const BAD_REQUEST: Refused = (StatusCode::BAD_REQUEST, 3, "Bad request");
const FORBIDDEN: Refused = (StatusCode::FORBIDDEN, 4, "Forbidden");
const OLD_PROTOCOL: Refused = (StatusCode::BAD_REQUEST, 5, "Unsupported protocol version");
// The protocol has no code for these: the status is what counts.
const FULL: Refused = (StatusCode::SERVICE_UNAVAILABLE, 3, "Too many sessions");
const CLOSED: Refused = (StatusCode::SERVICE_UNAVAILABLE, 3, "Server is going away");

/// Opens a session, or says why not.
pub(crate) fn open<S: Service>(
    server: &Arc<Server<S>>,
    request: &HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    match admit(server, request, payload) {
        Ok(response) => response,
        Err((status, code, message)) => {
            debug!(status = status.as_u16(), message, peer = ?request.peer_addr(), "handshake refused");
            HttpResponse::build(status).json(json!({ "code": code, "message": message }))
        }
    }
}

fn admit<S: Service>(
    server: &Arc<Server<S>>,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Refused> {
    check(server, request)?;
    let mut response = actix_http::ws::handshake(request.head()).map_err(|_| BAD_REQUEST)?;
    if server.census.is_closed() {
        return Err(CLOSED);
    }
    let place = server.census.enter(server.config.max_sessions).ok_or(FULL)?;

    let config = &server.config;
    let connection = request.conn_data::<Rc<Connection>>().map(Rc::downgrade).unwrap_or_default();
    let link = Rc::new(Link::new(Sid::random(), Shard::here(&server.hub), connection, config.max_outbox));
    link.emit(Frame::text(&format!(
        r#"0{{"sid":"{}","upgrades":[],"pingInterval":{},"pingTimeout":{},"maxPayload":{}}}"#,
        link.sid,
        config.ping_interval.as_millis(),
        config.ping_timeout.as_millis(),
        config.max_payload,
    )));
    session::spawn(server.clone(), place, link.clone(), payload.into_inner(), Rc::new(Request::new(request)));
    Ok(response.message_body(Body::new(link)).map_err(|_| BAD_REQUEST)?.map_into_boxed_body().into())
}

/// The checks of the official server, in its order.
fn check<S: Service>(server: &Server<S>, request: &HttpRequest) -> Result<(), Refused> {
    let query = request.query_string();
    if parameter(query, "transport") != Some("websocket") {
        return Err(UNKNOWN_TRANSPORT);
    }
    if parameter(query, "sid").is_some() {
        return Err(UNKNOWN_SID);
    }
    if request.method() != Method::GET {
        return Err(BAD_METHOD);
    }
    if !request.headers().contains_key(header::UPGRADE) {
        return Err(BAD_REQUEST);
    }
    // A value that is not text is no origin anyone could have allowed.
    let text = |name| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    if !server.config.origins.admit(text(header::ORIGIN), text(header::HOST)) {
        return Err(FORBIDDEN);
    }
    if parameter(query, "EIO") != Some("4") {
        return Err(OLD_PROTOCOL);
    }
    Ok(())
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}
