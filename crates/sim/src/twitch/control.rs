//! The control API; see the module's head for its routes.

use super::{EdgeCase, Fault, Shared, TwitchSim};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use sm_types::TwitchUserId;
use std::{net::SocketAddr, sync::Arc};

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_sim/twitch/users", get(users))
        .route("/_sim/twitch/users/{login}/live", post(live))
        .route("/_sim/twitch/users/{login}/end", post(end))
        .route("/_sim/twitch/users/{login}/update", post(update))
        .route("/_sim/twitch/users/{login}/trigger/{case}", post(trigger))
        .route("/_sim/twitch/cases", get(cases))
        .route("/_sim/twitch/faults", post(add_fault).delete(clear_faults))
}

/// The simulator itself, for what its methods do.
fn sim(shared: Arc<Shared>) -> TwitchSim {
    let server = tokio::spawn(std::future::ready(())).abort_handle();
    TwitchSim { addr: SocketAddr::from(([127, 0, 0, 1], 0)), shared, server }
}

async fn users(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let world = shared.world();
    let user = |user: &super::world::User| {
        json!({ "id": user.id, "login": user.login, "name": user.name, "title": user.title,
                "game": user.game, "live": user.stream.is_some() })
    };
    Json(world.users.iter().map(user).collect())
}

fn find(shared: &Shared, login: &str) -> Option<TwitchUserId> {
    let world = shared.world();
    world.users.iter().find(|u| u.login == login).map(|u| TwitchUserId(u.id.clone()))
}

fn unknown(login: &str) -> Response {
    (StatusCode::NOT_FOUND, format!("there is no user `{login}`")).into_response()
}

async fn play(shared: Arc<Shared>, login: &str, case: EdgeCase) -> Response {
    let Some(user) = find(&shared, login) else { return unknown(login) };
    let statuses = sim(shared).trigger(&user, case).await;
    Json(json!({ "case": case.name(), "statuses": statuses })).into_response()
}

async fn live(State(shared): State<Arc<Shared>>, Path(login): Path<String>) -> Response {
    play(shared, &login, EdgeCase::Online).await
}

async fn end(State(shared): State<Arc<Shared>>, Path(login): Path<String>) -> Response {
    play(shared, &login, EdgeCase::Offline).await
}

#[derive(Deserialize)]
struct Channel {
    title: String,
    game: String,
}

async fn update(
    State(shared): State<Arc<Shared>>,
    Path(login): Path<String>,
    Json(channel): Json<Channel>,
) -> Response {
    let Some(user) = find(&shared, &login) else { return unknown(&login) };
    sim(shared).update_channel(&user, &channel.title, &channel.game).await;
    StatusCode::NO_CONTENT.into_response()
}

async fn trigger(
    State(shared): State<Arc<Shared>>,
    Path((login, case)): Path<(String, String)>,
) -> Response {
    match case.parse() {
        Ok(case) => play(shared, &login, case).await,
        Err(error) => (StatusCode::NOT_FOUND, error).into_response(),
    }
}

async fn cases() -> Json<Value> {
    let case = |case: &EdgeCase| json!({ "name": case.name(), "about": case.about() });
    Json(EdgeCase::ALL.iter().map(case).collect())
}

async fn add_fault(State(shared): State<Arc<Shared>>, Json(fault): Json<Fault>) -> StatusCode {
    shared.world().faults.push(fault);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.world().faults.clear();
    StatusCode::NO_CONTENT
}
