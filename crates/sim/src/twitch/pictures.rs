//! Avatars and previews: small drawings of the simulator's own, so that nothing is asked of a CDN.

use super::Shared;
use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use std::{net::SocketAddr, sync::Arc};

/// The address of a user's avatar.
pub(super) fn avatar(origin: SocketAddr, login: &str) -> String {
    format!("http://{origin}/_sim/twitch/pictures/avatar-{login}.svg")
}

/// The address of a stream's preview, with Twitch's placeholders for its size.
pub(super) fn preview(origin: SocketAddr, login: &str) -> String {
    format!("http://{origin}/_sim/twitch/pictures/preview-{login}-{{width}}x{{height}}.svg")
}

/// Draws a picture: always the same for the same name.
pub(super) async fn draw(State(_): State<Arc<Shared>>, Path(name): Path<String>) -> Response {
    let known = name.strip_suffix(".svg").and_then(|name| name.split_once('-'));
    let (shape, login) = match known {
        Some(("avatar", login)) => ("128 128", login),
        Some(("preview", rest)) => ("320 180", rest.rsplit_once('-').map_or(rest, |(l, _)| l)),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let hue = login.bytes().fold(7_u32, |sum, b| sum.wrapping_mul(31).wrapping_add(b.into())) % 360;
    // Logins have letters, digits and underscores: there is nothing to escape.
    let initial =
        login.chars().find(char::is_ascii_alphanumeric).unwrap_or('?').to_ascii_uppercase();
    let svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {shape}"><rect width="100%" height="100%" fill="hsl({hue} 45% 38%)"/><text x="50%" y="50%" dy=".35em" text-anchor="middle" font-family="sans-serif" font-size="64" fill="white">{initial}</text></svg>"#
    );
    ([(header::CONTENT_TYPE, "image/svg+xml")], svg).into_response()
}
