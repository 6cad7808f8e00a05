//! Tokens, resources, limits and faults.

use crate::application::{Application, answer};
use serde_json::Value;
use sm_sim::{
    twitch::{Fault, ListingLag, Options},
    unkind::Unkind,
};
use sm_types::Clock;
use std::time::{Duration, Instant};

#[tokio::test]
async fn token_is_given_for_the_right_secret_only() {
    let app = Application::start().await;
    let refused = [
        (
            "client_id=client&client_secret=x&grant_type=client_credentials",
            403,
            "invalid client secret",
        ),
        (
            "client_id=x&client_secret=client-secret&grant_type=client_credentials",
            400,
            "invalid client",
        ),
        ("client_id=client&client_secret=client-secret&grant_type=x", 400, "Invalid grant type"),
        ("", 400, "invalid client"),
    ];
    for (form, status, message) in refused {
        let answer = app.ask_for_token(form).await;
        assert_eq!((answer.status, answer.body["message"].as_str()), (status, Some(message)));
    }
    assert_eq!(app.twitch.tokens_issued(), 1);
}

#[tokio::test]
async fn validation_tells_apps_and_users_apart() {
    let app = Application::start().await;
    let ana = app.twitch.add_user("ana", "Ana");
    let valid = app.validate(&app.token).await;
    assert_eq!((valid.status, &valid.body["client_id"]), (200, &"client".into()));
    assert_eq!(valid.body["user_id"], Value::Null);
    let valid = app.validate(&app.twitch.user_token(&ana)).await;
    assert_eq!(valid.body["login"], "ana");
    app.twitch.expire_tokens();
    let expired = app.validate(&app.token).await;
    assert_eq!((expired.status, &expired.body["message"]), (401, &"invalid access token".into()));
}

#[tokio::test]
async fn helix_needs_a_token_and_the_client_it_belongs_to() {
    let app = Application::start().await;
    let url = format!("{}/users?login=ana", app.twitch.api_url());
    let bearer = format!("Bearer {}", app.token);
    let requests = [
        (app.http.get(&url), "OAuth token is missing"),
        (app.http.get(&url).header("authorization", "Bearer x"), "Invalid OAuth token"),
        (app.http.get(&url).header("authorization", &bearer), "Client ID is missing"),
        (
            app.http.get(&url).header("authorization", &bearer).header("client-id", "x"),
            "Client ID and OAuth token do not match",
        ),
    ];
    for (request, message) in requests {
        let answer = answer(request).await;
        assert_eq!((answer.status, answer.body["message"].as_str()), (401, Some(message)));
        assert_eq!(answer.body["error"], "Unauthorized");
    }
    app.twitch.expire_tokens();
    assert_eq!(app.get("users?login=ana").await.status, 401);
}

#[tokio::test]
async fn users_are_found_by_id_and_login_and_unknown_ones_are_left_out() {
    let app = Application::start().await;
    let ana = app.twitch.add_user("ana", "Ana");
    app.twitch.add_user("bob", "Bob");
    let gone = app.twitch.add_user("gone", "Gone");
    app.twitch.remove_user(&gone).await;
    let found = app.get(&format!("users?id={ana}&id=1&login=BOB&login=gone&login=nobody")).await;
    let logins: Vec<_> =
        found.body["data"].as_array().unwrap().iter().map(|u| &u["login"]).collect();
    assert_eq!(logins, ["ana", "bob"]);
    assert_eq!(app.get("users").await.status, 400);
    let many: String = (0..101).map(|n| format!("&id={n}")).collect();
    assert_eq!(app.get(&format!("users?{many}")).await.status, 400);
}

#[tokio::test]
async fn channels_tell_title_and_category_of_who_is_offline() {
    let app = Application::start().await;
    let ana = app.twitch.add_user("ana", "Ana");
    app.twitch.set_channel(&ana, "Any% runs", "Celeste");
    let answer = app.get(&format!("channels?broadcaster_id={ana}")).await;
    let channel = &answer.body["data"][0];
    assert_eq!(
        (&channel["title"], &channel["game_name"]),
        (&"Any% runs".into(), &"Celeste".into())
    );
    assert_ne!(channel["game_id"], "");
    assert_eq!(app.get("channels").await.status, 400);
}

#[tokio::test]
async fn streams_have_twenty_on_a_page_unless_more_are_asked_for() {
    let app = Application::start().await;
    let mut ids = String::new();
    for n in 0..25 {
        let user = app.twitch.add_user(&format!("user_{n}"), "User");
        app.twitch.start_stream(&user, "live");
        ids.push_str(&format!("&user_id={user}"));
    }
    let count = |body: &Value| body["data"].as_array().unwrap().len();
    let first = app.get(&format!("streams?{ids}")).await.body;
    assert_eq!(count(&first), 20);
    let cursor = first["pagination"]["cursor"].as_str().unwrap();
    let second = app.get(&format!("streams?{ids}&after={cursor}")).await.body;
    assert_eq!((count(&second), &second["pagination"]), (5, &serde_json::json!({})));
    assert_eq!(count(&app.get(&format!("streams?{ids}&first=100")).await.body), 25);
    assert_eq!(app.get("streams?first=101").await.status, 400);
}

#[tokio::test]
async fn get_streams_learns_late_of_a_beginning_and_of_an_end() {
    let clock = Clock::shiftable();
    let options = Options { clock: clock.clone(), ..Options::local("client", "client-secret") };
    let app = Application::start_with(options).await;
    let ana = app.twitch.add_user("ana", "Ana");
    let path = format!("streams?user_id={ana}");
    let listed = async || {
        let body = app.get(&path).await.body;
        body["data"][0]["id"].as_str().map(str::to_owned)
    };
    let first = app.twitch.go_live(&ana).await.to_string();
    assert_eq!(listed().await, None);
    clock.advance(time::Duration::seconds(61));
    assert_eq!(listed().await.as_ref(), Some(&first));
    app.twitch.end_stream(&ana).await;
    clock.advance(time::Duration::seconds(120));
    let second = app.twitch.go_live(&ana).await.to_string();
    assert_eq!(listed().await, Some(first), "the old one, while the new one is not known");
    clock.advance(time::Duration::seconds(31));
    assert_eq!(listed().await, None);
    clock.advance(time::Duration::seconds(30));
    assert_eq!(listed().await, Some(second));
}

#[tokio::test]
async fn lag_may_last_until_it_is_told_otherwise() {
    let clock = Clock::shiftable();
    let lag = ListingLag { start: ListingLag::UNTIL_TOLD, end: ListingLag::UNTIL_TOLD };
    let local = Options::local("client", "client-secret");
    let options = Options { clock: clock.clone(), listing_lag: lag, ..local };
    let app = Application::start_with(options).await;
    let ana = app.twitch.add_user("ana", "Ana");
    let path = format!("streams?user_id={ana}");
    let count = async || app.get(&path).await.body["data"].as_array().unwrap().len();
    app.twitch.start_stream(&ana, "live");
    clock.advance(time::Duration::days(1));
    assert_eq!(count().await, 0);
    app.twitch.catch_up();
    assert_eq!(count().await, 1);
    app.twitch.stop_stream(&ana);
    clock.advance(time::Duration::days(1));
    assert_eq!(count().await, 1);
    app.twitch.catch_up();
    assert_eq!(count().await, 0);
}

#[tokio::test]
async fn search_takes_the_beginning_of_a_login() {
    let app = Application::start().await;
    app.twitch.add_user("ana_plays", "Ana");
    let live = app.twitch.add_user("anabel", "Anabel");
    app.twitch.add_user("not_ana", "No");
    app.twitch.start_stream(&live, "live");
    let logins = async |query: &str| {
        let body = app.get(&format!("search/channels?query={query}")).await.body;
        let all = body["data"].as_array().unwrap().clone();
        all.iter().map(|c| c["broadcaster_login"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(logins("ANA").await, ["ana_plays", "anabel"]);
    assert_eq!(logins("ana%20pl").await, ["ana_plays"]);
    assert_eq!(logins("ana&live_only=true").await, ["anabel"]);
    let offline = app.get("search/channels?query=ana_").await.body;
    assert_eq!(offline["data"][0]["started_at"], "");
    assert_eq!(app.get("search/channels").await.status, 400);
}

#[tokio::test]
async fn search_for_who_is_live_takes_name_and_category_too() {
    let app = Application::start().await;
    let ana = app.twitch.add_user("ana_plays", "Queen Ana");
    app.twitch.set_channel(&ana, "T", "Science & Technology");
    let found = async |query: &str| {
        let found = app.get(&format!("search/channels?query={query}")).await.body;
        found["data"].as_array().unwrap().len()
    };
    assert_eq!(found("queen&live_only=true").await, 0);
    app.twitch.go_live(&ana).await;
    for (query, count) in [("queen", 0), ("queen%20a", 1), ("SCIENCE%20", 1), ("plays", 0)] {
        let live = if count == 0 { "" } else { "&live_only=true" };
        assert_eq!(found(&format!("{query}{live}")).await, count, "{query}");
    }
    let live = app.get("search/channels?query=ana").await.body["data"][0].clone();
    assert_eq!(live["is_live"], true);
    assert_ne!(live["started_at"], "");
}

#[tokio::test]
async fn recording_names_its_stream() {
    let app = Application::start().await;
    let ana = app.twitch.add_user("ana", "Ana");
    let first = app.twitch.go_live(&ana).await;
    app.twitch.end_stream(&ana).await;
    let second = app.twitch.go_live(&ana).await;
    let videos = app.get(&format!("videos?user_id={ana}&type=archive&first=5")).await.body;
    let streams: Vec<_> =
        videos["data"].as_array().unwrap().iter().map(|v| &v["stream_id"]).collect();
    assert_eq!(streams, [second.as_str(), first.as_str()]);
    let id = videos["data"][1]["id"].as_str().unwrap();
    assert_eq!(
        app.get(&format!("videos?id={id}")).await.body["data"][0]["stream_id"],
        first.as_str()
    );
    assert_eq!(app.get("videos?id=1").await.status, 404);
    assert_eq!(app.get("videos").await.status, 400);
}

#[tokio::test]
async fn empty_bucket_refuses_until_it_fills() {
    let clock = Clock::shiftable();
    let local = Options::local("client", "client-secret");
    let options = Options { clock: clock.clone(), points_per_minute: Some(3), ..local };
    let app = Application::start_with(options).await;
    for left in ["2", "1", "0"] {
        let answer = app.get("users?login=ana").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["ratelimit-limit"], "3");
        assert_eq!(answer.headers["ratelimit-remaining"], left);
    }
    let refused = app.get("users?login=ana").await;
    assert_eq!((refused.status, &refused.body["error"]), (429, &"Too Many Requests".into()));
    let reset: i64 = refused.headers["ratelimit-reset"].to_str().unwrap().parse().unwrap();
    let wait = reset - clock.now().unix_timestamp();
    assert!((55..=61).contains(&wait), "{wait}");
    clock.advance(time::Duration::seconds(wait));
    assert_eq!(app.get("users?login=ana").await.headers["ratelimit-remaining"], "2");
}

#[tokio::test]
async fn faults_hit_their_path_as_often_as_they_say() {
    let app = Application::start().await;
    let fault = |path: &str, status, times| Fault::refusing(path, status, times);
    app.twitch.fault(fault("streams", 503, 2));
    let mut statuses = Vec::new();
    for path in ["users?login=a", "streams", "streams", "streams"] {
        statuses.push(app.get(path).await.status);
    }
    assert_eq!(statuses, [200, 503, 503, 200]);
    app.twitch.fault(fault("", 429, 1));
    let limited = app.get("streams").await;
    assert_eq!(
        (limited.status, &limited.headers["ratelimit-remaining"]),
        (429, &"0".parse().unwrap())
    );
    app.twitch.fault(fault("", 401, 5));
    assert_eq!(app.get("streams").await.body["message"], "Invalid OAuth token");
    app.twitch.clear_faults();
    assert_eq!(app.get("streams").await.status, 200);
    app.twitch.fault(Fault::of("", Unkind::slow(50), Some(1)));
    let asked = Instant::now();
    assert_eq!(app.get("streams").await.status, 200);
    assert!(asked.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn pictures_are_the_simulators_own() {
    let app = Application::start().await;
    let ana = app.twitch.add_user("ana", "Ana");
    app.twitch.go_live(&ana).await;
    let user = app.get(&format!("users?id={ana}")).await.body;
    let stream = app.get(&format!("streams?user_id={ana}")).await.body;
    let avatar = user["data"][0]["profile_image_url"].as_str().unwrap().to_owned();
    let preview = stream["data"][0]["thumbnail_url"].as_str().unwrap();
    let preview = preview.replace("{width}", "440").replace("{height}", "248");
    for url in [avatar, preview] {
        assert!(url.starts_with(&app.twitch.origin()), "{url}");
        let answer = app.http.get(&url).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (200, &"image/svg+xml".parse().unwrap())
        );
        assert!(answer.text().await.unwrap().starts_with("<svg"));
    }
}
