//! The HTTP endpoint: dispatches each request.

use std::{
    rc::Rc,
    sync::{Arc, Weak},
};

use actix_http::body::MessageBody;
use actix_web::{HttpRequest, HttpResponse, http::header, web};
use tracing::debug;

use super::{
    body::Body,
    cors,
    endpoint::Endpoint,
    error::{
        BAD_REQUEST, CLOSED, FULL, HandshakeError, TOO_MANY_FROM_ADDRESS, TOO_MANY_HANDSHAKES, UNKNOWN_SID,
    },
    opening,
    pipe::{Pipe, PipeBody},
    polling::{self, PollingHandle, PollingTransport},
    reader::WebSocketReader,
    request::{self, RequestKind},
    task::{self, Input},
    upgrade::{self, Probe},
};
use crate::{
    config::{Config, Transport},
    id::Sid,
    metrics::Metrics,
    proxies::network_of,
    session::{
        connection::Connection,
        handle::SessionHandle,
        limiter::{LimitReached, SessionPermit},
        request::Request,
    },
    wire::frame::Frame,
    worker::Worker,
};

/// Serves a request.
pub(crate) async fn handle(
    endpoint: Arc<Endpoint>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let answer = match request::check(&endpoint.config, &request) {
        Ok(kind) => serve(&endpoint, &request, payload, kind).await,
        Err(error) => Err(error),
    };
    let mut response = answer.unwrap_or_else(|error| {
        if error.is_forbidden() {
            endpoint.refusals.log(&endpoint.config.origins, &request);
        }
        debug!(status = error.status.as_u16(), message = %error.message, peer = ?request.peer_addr(), "request refused");
        error.response()
    });
    cors::add_cors_headers(&endpoint.config, &request, response.headers_mut());
    response
}

async fn serve(
    endpoint: &Arc<Endpoint>,
    request: &HttpRequest,
    payload: web::Payload,
    kind: RequestKind,
) -> Result<HttpResponse, HandshakeError> {
    let find = |sid: &str| endpoint.polling_sessions.find(sid).ok_or(UNKNOWN_SID);
    match kind {
        RequestKind::Preflight => Ok(cors::preflight(request)),
        RequestKind::Open(Transport::WebSocket) => open_websocket(endpoint, request, payload),
        RequestKind::Open(Transport::Polling) => open_polling(endpoint, request),
        RequestKind::Poll(sid) => polling::poll(&find(&sid)?, connection(request)).await.map(text),
        RequestKind::Post(sid) => {
            polling::post(&find(&sid)?, &endpoint.config, connection(request), payload).await?;
            Ok(text("ok".to_owned()))
        }
        RequestKind::Upgrade(sid) => take_over(endpoint, request, payload, find(&sid)?),
    }
}

/// Starts an upgrade. A second WebSocket of the session is closed, without effect on the first.
fn take_over(
    endpoint: &Endpoint,
    request: &HttpRequest,
    payload: web::Payload,
    handle: PollingHandle,
) -> Result<HttpResponse, HandshakeError> {
    if !endpoint.config.allow_upgrades {
        return Err(BAD_REQUEST.with("this server does not upgrade sessions"));
    }
    let mut response = opening::answer(&endpoint.config, request)?;
    let pipe = Arc::new(Pipe::default());
    if handle.is_upgraded() || handle.set_probing(true) {
        pipe.push(Frame::close(1008, "the session has a WebSocket already").into_bytes());
        let reader =
            WebSocketReader::new(payload.into_inner(), endpoint.config.max_payload, handle.quota().clone());
        actix_web::rt::spawn(upgrade::close_websocket(
            reader,
            pipe.clone(),
            connection(request),
            endpoint.config.close_timeout,
        ));
    } else {
        let connection = connection(request);
        let config = Rc::new(endpoint.config.clone());
        let probe = Probe::new(handle, pipe.clone(), connection, payload.into_inner(), &config);
        actix_web::rt::spawn(probe.run(config));
    }
    Ok(response.message_body(PipeBody(pipe)).map_err(|_| BAD_REQUEST)?.map_into_boxed_body().into())
}

fn open_websocket(
    endpoint: &Arc<Endpoint>,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, HandshakeError> {
    let mut response = opening::answer(&endpoint.config, request)?;
    let (kept, permit) = acquire_permit(endpoint, request)?;
    let session = new_session(endpoint, request, Transport::WebSocket, permit);
    session.emit(Frame::text(&open_packet(&endpoint.config, &session, false)));
    let input = Input::WebSocket(WebSocketReader::new(
        payload.into_inner(),
        endpoint.config.max_payload,
        session.quota().clone(),
    ));
    task::spawn(endpoint.clone(), session.clone(), kept, input);
    Ok(response.message_body(Body::new(session)).map_err(|_| BAD_REQUEST)?.map_into_boxed_body().into())
}

fn open_polling(endpoint: &Arc<Endpoint>, request: &HttpRequest) -> Result<HttpResponse, HandshakeError> {
    let (kept, permit) = acquire_permit(endpoint, request)?;
    let session = new_session(endpoint, request, Transport::Polling, permit);
    let upgrade =
        endpoint.config.allow_upgrades && endpoint.config.transports.contains(&Transport::WebSocket);
    let answer = text(open_packet(&endpoint.config, &session, upgrade));
    let polling = PollingTransport::new(&endpoint.polling_sessions, &session);
    task::spawn(endpoint.clone(), session, kept, Input::Polling(polling));
    Ok(answer)
}

/// Copies the request, and acquires a permit for its session.
fn acquire_permit(
    endpoint: &Endpoint,
    request: &HttpRequest,
) -> Result<(Rc<Request>, SessionPermit), HandshakeError> {
    if endpoint.limiter.is_closed() {
        return Err(CLOSED);
    }
    endpoint.proxy_warning.check(&endpoint.config.trusted_proxies, request);
    let kept = Request::new(request, &endpoint.config.trusted_proxies);
    let permit = endpoint.limiter.acquire(kept.address.map(network_of)).map_err(|refusal| {
        let (limit, error) = match refusal {
            LimitReached::Full => ("max_sessions", FULL),
            LimitReached::TooManySessions => ("max_sessions_per_address", TOO_MANY_FROM_ADDRESS),
            LimitReached::TooManyHandshakes(after) => {
                ("max_handshakes_per_address", TOO_MANY_HANDSHAKES.after(after))
            }
        };
        Metrics::count_limit(limit);
        error
    })?;
    Ok((Rc::new(kept), permit))
}

fn new_session(
    endpoint: &Endpoint,
    request: &HttpRequest,
    transport: Transport,
    permit: SessionPermit,
) -> Rc<SessionHandle> {
    let connection = match transport {
        Transport::WebSocket => connection(request),
        Transport::Polling => Weak::new(),
    };
    let local = Worker::current(&endpoint.hub).sessions.clone();
    SessionHandle::new(Sid::random(), local, transport, connection, permit, &endpoint.config)
}

fn connection(request: &HttpRequest) -> Weak<Connection> {
    request.conn_data::<Arc<Connection>>().map(Arc::downgrade).unwrap_or_default()
}

fn open_packet(config: &Config, session: &SessionHandle, upgrade: bool) -> String {
    format!(
        r#"0{{"sid":"{}","upgrades":[{}],"pingInterval":{},"pingTimeout":{},"maxPayload":{}}}"#,
        session.sid.as_str(),
        if upgrade { r#""websocket""# } else { "" },
        config.ping_interval.as_millis(),
        config.ping_timeout.as_millis(),
        config.max_payload,
    )
}

fn text(payload: impl MessageBody + 'static) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=UTF-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(payload)
}
