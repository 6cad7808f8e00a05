//! Who may open a socket: decided before the connection is upgraded, since a browser is told nothing of why not.

use crate::{
    ApiError, Edge,
    cookies::Cookie,
    extract::Ready,
    middleware::{self, same_origin},
};
use axum::{
    Router,
    extract::{FromRef, FromRequestParts},
    handler::Handler,
    middleware as layers,
    routing::any,
};
use http::{HeaderMap, header, request::Parts};
use sm_services::{
    App, LazyApp, SecurityEvent,
    accounts::sign_in::session_of,
    live::{rooms::Speaker, tickets},
};
use sm_types::live::PROTOCOL;
use std::sync::Arc;

/// How a ticket is handed over among the subprotocols.
const TICKET: &str = "ticket.";

/// Somebody who may open a socket.
#[derive(Debug)]
pub struct SocketCaller {
    pub app: App,
    pub speaker: Speaker,
}

impl<S> FromRequestParts<S> for SocketCaller
where
    LazyApp: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Ready(app) = Ready::from_request_parts(parts, state).await?;
        let headers = &parts.headers;
        // No preflight protects a socket: any page could open one with a visitor's cookie.
        let foreign = !same_origin(headers, &app.settings.public_base_url);
        if headers.contains_key(header::ORIGIN) && foreign {
            SecurityEvent::CrossSite.record(None, "a socket from another site was refused");
            return Err(ApiError::CrossSite);
        }
        let holder = if let Some(ticket) = ticket(headers) {
            tickets::take(&app, ticket).await?
        } else {
            let bearer = bearer(headers);
            // A cookie comes along by itself, so that the page has to show where it is.
            if bearer.is_none() && foreign {
                return Err(ApiError::CrossSite);
            }
            let token = bearer.or_else(|| Cookie::Session.read(headers));
            let session = token.and_then(|token| session_of(&app, token));
            match session {
                Some(session) => {
                    sm_db::live::connections::holder(&app.pool, session, app.clock.now()).await?
                }
                None => None,
            }
        };
        let Some(holder) = holder else {
            SecurityEvent::AuthFailure.record(None, "a socket came without a valid session");
            return Err(ApiError::Unauthenticated);
        };
        Ok(Self { speaker: Speaker { user: holder.user_id, session: holder.session_id }, app })
    }
}

fn ticket(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let offered = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    offered.filter_map(|name| name.trim().strip_prefix(TICKET)).next()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The subprotocol that is answered: its name alone, never the ticket beside it.
pub const SUBPROTOCOL: &str = PROTOCOL;

/// The address of the socket, with the frame and the limits of every other route; what it does is `open`'s.
pub fn socket_router<H, T>(edge: Edge, app: impl Into<LazyApp>, open: H) -> Router
where
    H: Handler<T, LazyApp>,
    T: 'static,
{
    let (app, edge) = (app.into(), Arc::new(edge));
    let guard = layers::from_fn_with_state((app.clone(), edge.clone()), middleware::guard);
    Router::new()
        // Over HTTP/2 it comes as CONNECT.
        .route("/ws", any(open))
        .route_layer(guard)
        .layer(layers::from_fn_with_state(edge, middleware::frame))
        .with_state(app)
}
