//! The page on which a user authorises the application, and the way back from it.

use crate::application::{Application, SECRET};
use reqwest::Url;
use sm_sim::twitch::Options;

const REDIRECT_URI: &str = "http://localhost:5173/back";

/// A request that is right in every way.
const QUERY: [(&str, &str); 6] = [
    ("client_id", "client"),
    ("redirect_uri", REDIRECT_URI),
    ("response_type", "code"),
    ("scope", "user:read:email channel:bot"),
    ("state", "a&b <\"c\">"),
    ("force_verify", "true"),
];

/// A page's status and text, and where it leads.
struct Page {
    status: u16,
    location: Option<Url>,
    html: String,
}

impl Page {
    /// What the way back carries, in order.
    fn carries(&self) -> Vec<(String, String)> {
        self.location.as_ref().unwrap().query_pairs().into_owned().collect()
    }
}

async fn open(app: &Application, query: &[(&str, &str)]) -> Page {
    let url = format!("{}/authorize", app.twitch.auth_url());
    let url = Url::parse_with_params(&url, query).unwrap();
    let answer = app.http.get(url).send().await.unwrap();
    let status = answer.status().as_u16();
    let location = answer.headers().get("location");
    let location = location.map(|location| location.to_str().unwrap().parse().unwrap());
    Page { status, location, html: answer.text().await.unwrap() }
}

/// The right request, with some pairs instead of its own or beside them.
async fn open_with(app: &Application, changed: &[(&str, &str)]) -> Page {
    let is_kept = |(name, _): &&(&str, &str)| changed.iter().all(|(other, _)| other != name);
    let kept: Vec<_> = QUERY.iter().filter(is_kept).chain(changed).copied().collect();
    open(app, &kept).await
}

#[tokio::test]
async fn page_has_a_button_for_each_user_and_one_to_cancel() {
    let app = Application::start().await;
    let ana = app.twitch.add_user("ana", "Ana <b>");
    let gone = app.twitch.add_user("gone", "Gone");
    app.twitch.remove_user(&gone).await;
    let page = open(&app, &QUERY).await;
    assert_eq!((page.status, page.location.as_ref()), (200, None));
    let button = format!(r#"<button name="as" value="{ana}">Ana &lt;b&gt; (ana)</button>"#);
    let state = r#"name="state" value="a&amp;b &lt;&quot;c&quot;&gt;""#;
    let expected = [
        r#"<html lang="en">"#,
        "<h1>Authorise client</h1>",
        "<li><code>user:read:email</code></li>",
        &button,
        state,
        r#"<button name="deny" value="1">Cancel</button>"#,
    ];
    for part in expected {
        assert!(page.html.contains(part), "{part} in {}", page.html);
    }
    assert!(!page.html.contains("Gone"), "{}", page.html);
}

#[tokio::test]
async fn page_of_an_empty_world_and_of_no_scopes_says_so() {
    let app = Application::start().await;
    let page = open_with(&app, &[("scope", "")]).await;
    assert!(page.html.contains("There is no user yet."), "{}", page.html);
    assert!(page.html.contains("nothing but who you are"), "{}", page.html);
}

#[tokio::test]
async fn user_comes_back_with_code_scope_and_state() {
    let app = Application::start().await;
    let ana = app.twitch.add_user("ana", "Ana");
    for name in ["ana", ana.as_str()] {
        let page = open_with(&app, &[("as", name)]).await;
        assert_eq!(page.status, 302);
        assert!(page.location.as_ref().unwrap().as_str().starts_with(REDIRECT_URI));
        let pairs = page.carries();
        let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["code", "scope", "state"]);
        assert_eq!(pairs[1].1, "user:read:email channel:bot");
        assert_eq!(pairs[2].1, "a&b <\"c\">");
    }
    let page = open_with(&app, &[("as", "ana"), ("redirect_uri", "https://a.test/b?c=d")]).await;
    assert_eq!(page.carries()[0], ("c".to_owned(), "d".to_owned()));
}

#[tokio::test]
async fn user_who_cancels_comes_back_with_an_error() {
    let app = Application::start().await;
    app.twitch.add_user("ana", "Ana");
    let page = open_with(&app, &[("deny", "1")]).await;
    let expected = [
        ("error", "access_denied"),
        ("error_description", "The user denied you access"),
        ("state", "a&b <\"c\">"),
    ];
    assert_eq!(page.carries(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert!(app.twitch.deliveries().is_empty());
}

#[tokio::test]
async fn request_that_is_wrong_leads_nowhere() {
    let redirect_uris = vec![REDIRECT_URI.to_owned()];
    let local = Options::local("client", "client-secret");
    let app = Application::start_with(Options { redirect_uris, ..local }).await;
    app.twitch.add_user("ana", "Ana");
    let mismatch = "redirect_mismatch: Parameter redirect_uri does not match registered URI";
    let cases = [
        ("client_id", "x", "invalid client"),
        ("redirect_uri", "http://localhost:5173/back/", mismatch),
        ("redirect_uri", "", mismatch),
        ("response_type", "token", "response_type must be `code`"),
        ("scope", "user:read:email,channel:bot", "invalid scope requested"),
        ("as", "<nobody>", "there is no user `&lt;nobody&gt;`"),
    ];
    for (name, value, message) in cases {
        let page = open_with(&app, &[(name, value), ("as", "ana")]).await;
        assert_eq!((page.status, page.location.as_ref()), (400, None), "{name}={value}");
        assert!(page.html.contains(message), "{message} in {}", page.html);
    }
    assert_eq!(open_with(&app, &[("as", "ana")]).await.status, 302);
}

#[tokio::test]
async fn any_address_on_the_web_will_do_where_none_is_registered() {
    let app = Application::start().await;
    app.twitch.add_user("ana", "Ana");
    for (uri, status) in [("https://a.test/", 302), ("javascript:alert(1)", 400), ("/back", 400)] {
        let page = open_with(&app, &[("as", "ana"), ("redirect_uri", uri)]).await;
        assert_eq!(page.status, status, "{uri}");
    }
}

#[tokio::test]
async fn granting_a_scope_is_told_and_makes_subscriptions_free() {
    let app = Application::start().await;
    let ana = app.streamer(&["stream.online", "user.authorization.grant"]);
    let costs = || app.twitch.subscriptions().iter().map(|s| s.cost).sum::<u64>();
    open_with(&app, &[("as", "ana"), ("scope", "")]).await;
    assert_eq!(costs(), 2, "no scope, no discount");
    open_with(&app, &[("as", "ana")]).await;
    assert_eq!(costs(), 1, "only that about the application costs something");
    let seen = app.receiver.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen[1].is_signed_with(SECRET));
    assert_eq!(seen[1].header("Twitch-Eventsub-Subscription-Type"), "user.authorization.grant");
    assert_eq!(seen[1].json()["event"]["user_id"], ana.as_str());
    let made = app.create(&app.request("stream.offline", "1", &ana)).await;
    assert_eq!(made.body["data"][0]["cost"], 0);
}
