//! The endpoint: each HTTP request, to where it belongs.

use std::{
    rc::Rc,
    sync::{Arc, Weak},
};

use actix_http::body::MessageBody;
use actix_web::{HttpRequest, HttpResponse, http::header, web};
use tracing::debug;

use super::{
    body::Body,
    layer::Upper,
    opening,
    pipe::{Pipe, PipeBody},
    polling::{self, Directory, Handle},
    reader::Inflow,
    refusals::{Overlooked, Refusals},
    request::{self, BAD_REQUEST, CLOSED, CROWDED, FULL, HASTY, Refused, Request, UNKNOWN_SID, Wanted},
    task::{self, Input},
    upgrade::{self, Probe},
};
use crate::{
    config::{Config, Transport},
    hub::Hub,
    id::Sid,
    metrics::Meters,
    proxies::network_of,
    session::{
        connection::Connection,
        handle::Link,
        limiter::{Census, Place, Refusal},
    },
    wire::frame::Frame,
    worker::Shard,
};

/// Makes the upper layer of a session.
pub(crate) type Open = Box<dyn Fn(&Rc<Link>, &Rc<Request>) -> Box<dyn Upper> + Send + Sync>;

/// What all sessions of a server share.
pub(crate) struct Endpoint {
    pub(crate) config: Config,
    pub(crate) hub: Hub,
    pub(crate) census: Arc<Census>,
    pub(super) open: Open,
    polled: Arc<Directory>,
    refusals: Refusals,
    overlooked: Overlooked,
}

impl Endpoint {
    pub(crate) fn new(config: Config, hub: Hub, open: Open) -> Self {
        let census = Arc::new(Census::new(&config));
        Self {
            config,
            hub,
            census,
            open,
            polled: Arc::default(),
            refusals: Refusals::default(),
            overlooked: Overlooked::default(),
        }
    }
}

/// Serves a request.
pub(crate) async fn handle(
    endpoint: Arc<Endpoint>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let answer = match request::check(&endpoint.config, &request) {
        Ok(wanted) => serve(&endpoint, &request, payload, wanted).await,
        Err(refused) => Err(refused),
    };
    let mut response = answer.unwrap_or_else(|refused| {
        if refused.is_forbidden() {
            endpoint.refusals.log(&endpoint.config.origins, &request);
        }
        debug!(status = refused.status.as_u16(), message = %refused.message, peer = ?request.peer_addr(), "refused");
        refused.response()
    });
    request::share(&endpoint.config, &request, response.headers_mut());
    response
}

async fn serve(
    endpoint: &Arc<Endpoint>,
    request: &HttpRequest,
    payload: web::Payload,
    wanted: Wanted,
) -> Result<HttpResponse, Refused> {
    let find = |sid: &str| endpoint.polled.find(sid).ok_or(UNKNOWN_SID);
    match wanted {
        Wanted::Preflight => Ok(request::preflight(request)),
        Wanted::Open(Transport::WebSocket) => open_websocket(endpoint, request, payload),
        Wanted::Open(Transport::Polling) => open_polling(endpoint, request),
        Wanted::Poll(sid) => polling::poll(&find(&sid)?, connection(request)).await.map(text),
        Wanted::Post(sid) => {
            polling::post(&find(&sid)?, &endpoint.config, connection(request), payload).await?;
            Ok(text("ok".to_owned()))
        }
        Wanted::Upgrade(sid) => take_over(endpoint, request, payload, find(&sid)?),
    }
}

/// Lets a WebSocket take a session over. One that comes second is closed, and disturbs nothing.
fn take_over(
    endpoint: &Endpoint,
    request: &HttpRequest,
    payload: web::Payload,
    handle: Handle,
) -> Result<HttpResponse, Refused> {
    if !endpoint.config.allow_upgrades {
        return Err(BAD_REQUEST.with("this server does not upgrade sessions"));
    }
    let mut response = opening::answer(&endpoint.config, request)?;
    let pipe = Arc::new(Pipe::default());
    if handle.has_moved() || handle.probing(true) {
        pipe.push(Frame::close(1008, "the session has a WebSocket already").into_bytes());
        let inflow = Inflow::new(payload.into_inner(), endpoint.config.max_payload, handle.share().clone());
        actix_web::rt::spawn(upgrade::let_go(
            inflow,
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
) -> Result<HttpResponse, Refused> {
    let mut response = opening::answer(&endpoint.config, request)?;
    let (kept, place) = enter(endpoint, request)?;
    let link = new_link(endpoint, request, Transport::WebSocket, place);
    link.emit(Frame::text(&open_packet(&endpoint.config, &link, false)));
    let input =
        Input::Socket(Inflow::new(payload.into_inner(), endpoint.config.max_payload, link.share().clone()));
    task::spawn(endpoint.clone(), link.clone(), kept, input);
    Ok(response.message_body(Body::new(link)).map_err(|_| BAD_REQUEST)?.map_into_boxed_body().into())
}

fn open_polling(endpoint: &Arc<Endpoint>, request: &HttpRequest) -> Result<HttpResponse, Refused> {
    let (kept, place) = enter(endpoint, request)?;
    let link = new_link(endpoint, request, Transport::Polling, place);
    let upgrade =
        endpoint.config.allow_upgrades && endpoint.config.transports.contains(&Transport::WebSocket);
    let answer = text(open_packet(&endpoint.config, &link, upgrade));
    let desk = endpoint.polled.open(&link);
    task::spawn(endpoint.clone(), link, kept, Input::Desk(desk));
    Ok(answer)
}

/// What is kept of the request, and a place for its session.
fn enter(endpoint: &Endpoint, request: &HttpRequest) -> Result<(Rc<Request>, Place), Refused> {
    if endpoint.census.is_closed() {
        return Err(CLOSED);
    }
    endpoint.overlooked.look(&endpoint.config.trusted_proxies, request);
    let kept = Request::new(request, &endpoint.config.trusted_proxies);
    let place = endpoint.census.enter(kept.address.map(network_of)).map_err(|refusal| {
        let (limit, refused) = match refusal {
            Refusal::Full => ("max_sessions", FULL),
            Refusal::Crowded => ("max_sessions_per_address", CROWDED),
            Refusal::Hasty(after) => ("max_handshakes_per_address", HASTY.after(after)),
        };
        Meters::limited(limit);
        refused
    })?;
    Ok((Rc::new(kept), place))
}

fn new_link(endpoint: &Endpoint, request: &HttpRequest, transport: Transport, place: Place) -> Rc<Link> {
    let connection = match transport {
        Transport::WebSocket => connection(request),
        Transport::Polling => Weak::new(),
    };
    let shard = Shard::here(&endpoint.hub);
    Link::new(Sid::random(), shard, transport, connection, place, &endpoint.config)
}

fn connection(request: &HttpRequest) -> Weak<Connection> {
    request.conn_data::<Arc<Connection>>().map(Arc::downgrade).unwrap_or_default()
}

fn open_packet(config: &Config, link: &Link, upgrade: bool) -> String {
    format!(
        r#"0{{"sid":"{}","upgrades":[{}],"pingInterval":{},"pingTimeout":{},"maxPayload":{}}}"#,
        link.sid.as_str(),
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
