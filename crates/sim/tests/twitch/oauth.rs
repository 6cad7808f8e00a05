//! Tokens of users: from the code to their end.

use crate::application::{Answer, Application};
use reqwest::Url;
use serde_json::{Value, json};
use sm_sim::twitch::Options;
use sm_types::Clock;

const CLIENT: [(&str, &str); 2] = [("client_id", "client"), ("client_secret", "client-secret")];
const REDIRECT_URI: &str = "http://localhost/back";

/// Has `ana` authorise the application and returns the code.
async fn code(app: &Application, scope: &str) -> String {
    let query = [
        ("client_id", "client"),
        ("redirect_uri", REDIRECT_URI),
        ("response_type", "code"),
        ("scope", scope),
        ("as", "ana"),
    ];
    let url = format!("{}/authorize", app.twitch.auth_url());
    let url = Url::parse_with_params(&url, query).unwrap();
    let answer = app.http.get(url).send().await.unwrap();
    let location: Url = answer.headers()["location"].to_str().unwrap().parse().unwrap();
    let found = location.query_pairs().find(|(name, _)| name == "code").unwrap();
    found.1.into_owned()
}

async fn ask(app: &Application, pairs: &[(&str, &str)]) -> Answer {
    let all = CLIENT.iter().chain(pairs);
    let form = Url::parse_with_params("http://form", all).unwrap();
    app.ask_for_token(form.query().unwrap()).await
}

async fn exchange(app: &Application, code: &str, redirect_uri: &str) -> Answer {
    let grant = ("grant_type", "authorization_code");
    ask(app, &[grant, ("code", code), ("redirect_uri", redirect_uri)]).await
}

async fn refresh(app: &Application, token: &Value) -> Answer {
    let token = token.as_str().unwrap();
    ask(app, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

/// The tokens of a user `ana`, who is there already.
async fn tokens(app: &Application, scope: &str) -> Value {
    let code = code(app, scope).await;
    exchange(app, &code, REDIRECT_URI).await.body
}

async fn with_ana(options: Options) -> Application {
    let app = Application::start_with(options).await;
    app.twitch.add_user("ana", "Ana");
    app
}

fn local() -> Options {
    Options::local("client", "client-secret")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn code_gives_tokens_once() {
    let app = with_ana(local()).await;
    let code = code(&app, "user:read:email channel:bot").await;
    let given = exchange(&app, &code, REDIRECT_URI).await;
    assert_eq!((given.status, &given.body["token_type"]), (200, &"bearer".into()));
    assert_eq!(given.body["scope"], json!(["user:read:email", "channel:bot"]));
    assert!((14_000..15_000).contains(&given.body["expires_in"].as_i64().unwrap()));
    let valid = app.validate(text(&given.body["access_token"])).await.body;
    assert_eq!((&valid["client_id"], &valid["login"]), (&"client".into(), &"ana".into()));
    assert_eq!(valid["scopes"], json!(["user:read:email", "channel:bot"]));
    assert_eq!(app.get("users?login=ana").await.body["data"][0]["id"], valid["user_id"]);
    let again = exchange(&app, &code, REDIRECT_URI).await;
    let refusal = json!({ "status": 400, "message": "Invalid authorization code" });
    assert_eq!((again.status, again.body), (400, refusal));
}

#[tokio::test]
async fn code_is_good_for_its_own_address_and_a_short_time() {
    let clock = Clock::shiftable();
    let app = with_ana(Options { clock: clock.clone(), ..local() }).await;
    let first = code(&app, "").await;
    let other = exchange(&app, &first, "http://localhost/other").await;
    let message = "Parameter redirect_uri does not match registered URI";
    assert_eq!((other.status, &other.body["message"]), (400, &message.into()));
    assert_eq!(exchange(&app, &first, REDIRECT_URI).await.status, 200);
    let late = code(&app, "").await;
    clock.advance(time::Duration::minutes(11));
    let refused = exchange(&app, &late, REDIRECT_URI).await;
    assert_eq!(refused.body["message"], "Invalid authorization code");
    assert_eq!(ask(&app, &[("grant_type", "authorization_code")]).await.status, 400);
}

#[tokio::test]
async fn refresh_token_gives_another_access_token_and_stays() {
    let app = with_ana(local()).await;
    let first = tokens(&app, "channel:bot").await;
    let second = refresh(&app, &first["refresh_token"]).await;
    assert_eq!((second.status, &second.body["scope"]), (200, &json!(["channel:bot"])));
    assert_eq!(second.body["refresh_token"], first["refresh_token"]);
    assert_ne!(second.body["access_token"], first["access_token"]);
    assert_eq!(app.validate(text(&second.body["access_token"])).await.body["login"], "ana");
    let unescaped = format!(
        "client_id=client&client_secret=client-secret&grant_type=refresh_token&refresh_token={}",
        text(&first["refresh_token"])
    );
    assert_eq!(app.ask_for_token(&unescaped).await.status, 400, "it needs escaping");
}

#[tokio::test]
async fn refresh_token_that_rotates_is_good_once() {
    let app = with_ana(Options { rotate_refresh_tokens: true, ..local() }).await;
    let first = tokens(&app, "channel:bot").await;
    let second = refresh(&app, &first["refresh_token"]).await.body;
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    let again = refresh(&app, &first["refresh_token"]).await;
    assert_eq!(again.body, json!({ "status": 400, "message": "Invalid refresh token" }));
    assert_eq!(refresh(&app, &second["refresh_token"]).await.status, 200);
}

#[tokio::test]
async fn disconnecting_and_removal_end_all_that_a_user_has_given() {
    let app = with_ana(local()).await;
    for removed in [false, true] {
        let given = tokens(&app, "channel:bot").await;
        let code = code(&app, "channel:bot").await;
        let access = text(&given["access_token"]);
        let id = text(&app.validate(access).await.body["user_id"]).to_owned();
        let path = if removed { "users/ana/remove" } else { "users/ana/deauthorize" };
        app.control("POST", path, &Value::Null).await;
        assert_eq!(app.validate(access).await.status, 401);
        let refused = refresh(&app, &given["refresh_token"]).await;
        assert_eq!(refused.body["message"], "Invalid refresh token");
        assert_eq!(exchange(&app, &code, REDIRECT_URI).await.status, 400);
        let left = app.get(&format!("authorization/users?user_id={id}")).await.body;
        let expected = if removed { &Value::Null } else { &json!([]) };
        assert_eq!(&left["data"][0]["scopes"], expected);
    }
}

#[tokio::test]
async fn revoked_token_is_not_valid_any_more() {
    let app = with_ana(local()).await;
    let given = tokens(&app, "channel:bot").await;
    let access = text(&given["access_token"]);
    let revoke = async |form: String| app.oauth("revoke", &form).await;
    let cases = [
        (format!("token={access}"), 400, json!("missing client id")),
        (format!("client_id=x&token={access}"), 404, json!("client does not exist")),
        ("client_id=client&token=x".to_owned(), 400, json!("Invalid token")),
        ("client_id=client".to_owned(), 400, json!("Invalid token")),
        (format!("client_id=client&token={access}"), 200, Value::Null),
        (format!("client_id=client&token={access}"), 400, json!("Invalid token")),
        (format!("client_id=client&token={}", app.token), 200, Value::Null),
    ];
    for (form, status, message) in cases {
        let answer = revoke(form.clone()).await;
        assert_eq!((answer.status, &answer.body["message"]), (status, &message), "{form}");
    }
    assert_eq!(app.validate(access).await.status, 401);
    assert_eq!(app.get("users?login=ana").await.status, 401);
}

#[tokio::test]
async fn tokens_of_users_and_of_the_application_expire_apart() {
    let app = with_ana(local()).await;
    let given = tokens(&app, "channel:bot").await;
    let access = text(&given["access_token"]).to_owned();
    let statuses =
        async |user: &str| [app.validate(user).await.status, app.validate(&app.token).await.status];
    assert_eq!(statuses(&access).await, [200, 200]);
    app.twitch.expire_user_tokens();
    assert_eq!(statuses(&access).await, [401, 200]);
    let next = refresh(&app, &given["refresh_token"]).await.body;
    app.twitch.expire_app_tokens();
    assert_eq!(statuses(text(&next["access_token"])).await, [200, 401]);
    app.twitch.expire_tokens();
    assert_eq!(statuses(text(&next["access_token"])).await, [401, 401]);
}

#[tokio::test]
async fn access_tokens_live_as_long_as_they_say() {
    let clock = Clock::shiftable();
    let app = with_ana(Options { clock: clock.clone(), ..local() }).await;
    let given = tokens(&app, "channel:bot").await;
    let access = text(&given["access_token"]);
    let lifetime = given["expires_in"].as_i64().unwrap();
    clock.advance(time::Duration::seconds(lifetime - 60));
    let left = app.validate(access).await.body["expires_in"].as_i64().unwrap();
    assert!((50..=60).contains(&left), "{left}");
    clock.advance(time::Duration::seconds(61));
    assert_eq!(app.validate(access).await.body["message"], "invalid access token");
    assert_eq!(app.validate(&app.token).await.status, 200);
    clock.advance(time::Duration::days(60));
    assert_eq!(app.validate(&app.token).await.status, 401);
    assert_eq!(refresh(&app, &given["refresh_token"]).await.status, 200);
}

#[tokio::test]
async fn mail_address_is_told_to_its_owner_who_allowed_that() {
    let mut app = with_ana(local()).await;
    app.twitch.add_user("bob", "Bob");
    app.token = text(&tokens(&app, "channel:bot").await["access_token"]).to_owned();
    let own = app.get("users").await.body["data"][0].clone();
    assert_eq!((&own["login"], own.get("email")), (&"ana".into(), None));
    app.token = text(&tokens(&app, "user:read:email").await["access_token"]).to_owned();
    assert_eq!(app.get("users").await.body["data"][0]["email"], "ana@example.test");
    let both = app.get("users?login=ana&login=bob").await.body["data"].clone();
    assert_eq!(both[0]["email"], "ana@example.test");
    assert_eq!(both[1].get("email"), None);
}

#[tokio::test]
async fn authorisations_are_told_to_the_application() {
    let mut app = with_ana(local()).await;
    let bob = app.twitch.add_user("bob", "Bob");
    tokens(&app, "channel:bot").await;
    let given = tokens(&app, "channel:bot user:read:email").await;
    let ana = text(&app.validate(text(&given["access_token"])).await.body["user_id"]).to_owned();
    let path = format!("authorization/users?user_id={bob}&user_id=1&user_id={ana}");
    let expected = json!([
        { "user_id": bob, "user_login": "bob", "user_name": "Bob", "scopes": [],
          "has_authorized": false },
        { "user_id": ana, "user_login": "ana", "user_name": "Ana",
          "scopes": ["channel:bot", "user:read:email"], "has_authorized": true },
    ]);
    assert_eq!(app.get(&path).await.body["data"], expected);
    assert_eq!(app.get("authorization/users").await.status, 400);
    let many: String = (0..11).map(|n| format!("&user_id={n}")).collect();
    assert_eq!(app.get(&format!("authorization/users?{many}")).await.status, 400);
    app.token = text(&given["access_token"]).to_owned();
    assert_eq!(app.get(&path).await.status, 401);
}
