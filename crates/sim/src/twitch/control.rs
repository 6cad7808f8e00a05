//! The control API; see the module's head for its routes.

use super::{
    EdgeCase, Fault, ListingLag, Shared, TwitchSim,
    model::{Subscription, User},
    pictures,
};
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sm_types::TwitchUserId;
use std::sync::Arc;

type Sim = State<Arc<Shared>>;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_sim/twitch/users", get(users).post(add_user))
        .route("/_sim/twitch/users/{login}/live", post(live))
        .route("/_sim/twitch/users/{login}/end", post(end))
        .route("/_sim/twitch/users/{login}/update", post(update))
        .route("/_sim/twitch/users/{login}/rename", post(rename))
        .route("/_sim/twitch/users/{login}/revoke", post(revoke))
        .route("/_sim/twitch/users/{login}/remove", post(remove))
        .route("/_sim/twitch/users/{login}/restore", post(restore))
        .route("/_sim/twitch/users/{login}/authorize", post(authorize))
        .route("/_sim/twitch/users/{login}/deauthorize", post(deauthorize))
        .route("/_sim/twitch/users/{login}/trigger/{case}", post(trigger))
        .route("/_sim/twitch/cases", get(cases))
        .route("/_sim/twitch/pictures/{name}", get(pictures::draw))
        .route("/_sim/twitch/subscriptions", get(subscriptions))
        .route("/_sim/twitch/subscriptions/{id}", delete(lose))
        .route("/_sim/twitch/subscriptions/{id}/status", post(set_status))
        .route("/_sim/twitch/deliveries", get(deliveries))
        .route("/_sim/twitch/requests", get(requests))
        .route("/_sim/twitch/listing-lag", post(listing_lag))
        .route("/_sim/twitch/catch-up", post(catch_up))
        .route("/_sim/twitch/expire-tokens", post(expire_tokens))
        .route("/_sim/twitch/expire-user-tokens", post(expire_user_tokens))
        .route("/_sim/twitch/expire-app-tokens", post(expire_app_tokens))
        .route("/_sim/twitch/faults", get(faults).post(add_fault).delete(clear_faults))
}

/// The simulator itself, for what its methods do.
fn sim(shared: Arc<Shared>) -> TwitchSim {
    TwitchSim { shared, server: None }
}

/// Finds a user by login or id and acts on it.
async fn act<A>(shared: Arc<Shared>, login: &str, act: A) -> Response
where
    A: AsyncFnOnce(TwitchSim, TwitchUserId) -> Response,
{
    let found = {
        let world = shared.world();
        world.named(login).map(|user| TwitchUserId(user.id.clone()))
    };
    match found {
        Some(user) => act(sim(shared), user).await,
        None => (StatusCode::NOT_FOUND, format!("there is no user `{login}`")).into_response(),
    }
}

async fn users(State(shared): Sim) -> Json<Value> {
    let user = |user: &User| {
        json!({ "id": user.id, "login": user.login, "name": user.name, "title": user.title,
                "game": user.game, "live": user.stream.is_some(), "viewers": user.viewers,
                "stream": user.stream.as_ref().map(|stream| &stream.id),
                "authorized": user.authorized, "scopes": user.scopes, "removed": user.removed })
    };
    Json(shared.world().users.iter().map(user).collect())
}

#[derive(Deserialize)]
struct Names {
    login: String,
    #[serde(alias = "display_name")]
    name: String,
}

async fn add_user(State(shared): Sim, Json(names): Json<Names>) -> Response {
    let id = sim(shared).add_user(&names.login, &names.name);
    (StatusCode::CREATED, Json(json!({ "id": id }))).into_response()
}

async fn play(shared: Arc<Shared>, login: &str, case: EdgeCase) -> Response {
    act(shared, login, async |sim, user| {
        let statuses = sim.trigger(&user, case).await;
        Json(json!({ "case": case.name(), "statuses": statuses })).into_response()
    })
    .await
}

async fn live(State(shared): Sim, Path(login): Path<String>) -> Response {
    play(shared, &login, EdgeCase::Online).await
}

async fn end(State(shared): Sim, Path(login): Path<String>) -> Response {
    play(shared, &login, EdgeCase::Offline).await
}

async fn trigger(State(shared): Sim, Path((login, case)): Path<(String, String)>) -> Response {
    match case.parse() {
        Ok(case) => play(shared, &login, case).await,
        Err(error) => (StatusCode::NOT_FOUND, error).into_response(),
    }
}

#[derive(Deserialize)]
struct Channel {
    title: String,
    game: String,
}

async fn update(
    State(shared): Sim,
    Path(login): Path<String>,
    Json(channel): Json<Channel>,
) -> Response {
    act(shared, &login, async |sim, user| {
        sim.update_channel(&user, &channel.title, &channel.game).await;
        StatusCode::NO_CONTENT.into_response()
    })
    .await
}

async fn rename(
    State(shared): Sim,
    Path(login): Path<String>,
    Json(names): Json<Names>,
) -> Response {
    act(shared, &login, async |sim, user| {
        sim.rename(&user, &names.login, &names.name).await;
        StatusCode::NO_CONTENT.into_response()
    })
    .await
}

/// The status of subscriptions.
#[derive(Deserialize)]
struct Status {
    status: String,
}

async fn revoke(State(shared): Sim, Path(login): Path<String>, Json(to): Json<Status>) -> Response {
    act(shared, &login, async |sim, user| {
        let statuses = sim.revoke(&user, &to.status).await;
        Json(json!({ "statuses": statuses })).into_response()
    })
    .await
}

async fn remove(State(shared): Sim, Path(login): Path<String>) -> Response {
    act(shared, &login, async |sim, user| {
        let statuses = sim.remove_user(&user).await;
        Json(json!({ "statuses": statuses })).into_response()
    })
    .await
}

async fn restore(State(shared): Sim, Path(login): Path<String>) -> Response {
    act(shared, &login, async |sim, user| {
        sim.restore_user(&user);
        StatusCode::NO_CONTENT.into_response()
    })
    .await
}

async fn authorize(State(shared): Sim, Path(login): Path<String>) -> Response {
    act(shared, &login, async |sim, user| {
        sim.authorize(&user).await;
        StatusCode::NO_CONTENT.into_response()
    })
    .await
}

async fn deauthorize(State(shared): Sim, Path(login): Path<String>) -> Response {
    act(shared, &login, async |sim, user| {
        sim.deauthorize(&user).await;
        StatusCode::NO_CONTENT.into_response()
    })
    .await
}

async fn cases() -> Json<Value> {
    let case = |case: &EdgeCase| json!({ "name": case.name(), "about": case.about() });
    Json(EdgeCase::ALL.iter().map(case).collect())
}

async fn subscriptions(State(shared): Sim) -> Json<Value> {
    Json(shared.world().subscriptions.iter().map(Subscription::json).collect())
}

fn found(found: bool) -> StatusCode {
    if found { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

async fn lose(State(shared): Sim, Path(id): Path<String>) -> StatusCode {
    found(sim(shared).remove_subscription(&id))
}

async fn set_status(
    State(shared): Sim,
    Path(id): Path<String>,
    Json(to): Json<Status>,
) -> StatusCode {
    found(sim(shared).set_subscription_status(&id, &to.status))
}

#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    since: usize,
}

impl Since {
    fn part_of(&self, name: &str, all: &[impl Serialize]) -> Json<Value> {
        let new = all.get(self.since..).unwrap_or_default();
        Json(json!({ name: new, "next": all.len() }))
    }
}

async fn deliveries(State(shared): Sim, Query(since): Query<Since>) -> Json<Value> {
    since.part_of("deliveries", &shared.world().deliveries)
}

async fn requests(State(shared): Sim, Query(since): Query<Since>) -> Json<Value> {
    since.part_of("requests", &shared.world().requests)
}

/// Seconds; `null` lasts until it is told otherwise.
#[derive(Deserialize)]
struct Lag {
    start: Option<u32>,
    end: Option<u32>,
}

async fn listing_lag(State(shared): Sim, Json(lag): Json<Lag>) -> StatusCode {
    let of = |seconds: Option<u32>| {
        seconds.map_or(ListingLag::UNTIL_TOLD, |s| time::Duration::seconds(s.into()))
    };
    sim(shared).set_listing_lag(ListingLag { start: of(lag.start), end: of(lag.end) });
    StatusCode::NO_CONTENT
}

async fn catch_up(State(shared): Sim) -> StatusCode {
    sim(shared).catch_up();
    StatusCode::NO_CONTENT
}

async fn expire_tokens(State(shared): Sim) -> StatusCode {
    sim(shared).expire_tokens();
    StatusCode::NO_CONTENT
}

async fn expire_user_tokens(State(shared): Sim) -> StatusCode {
    sim(shared).expire_user_tokens();
    StatusCode::NO_CONTENT
}

async fn expire_app_tokens(State(shared): Sim) -> StatusCode {
    sim(shared).expire_app_tokens();
    StatusCode::NO_CONTENT
}

async fn faults(State(shared): Sim) -> Json<Vec<Fault>> {
    Json(shared.world().faults.clone())
}

async fn add_fault(State(shared): Sim, Json(fault): Json<Fault>) -> StatusCode {
    sim(shared).fault(fault);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(shared): Sim) -> StatusCode {
    sim(shared).clear_faults();
    StatusCode::NO_CONTENT
}
