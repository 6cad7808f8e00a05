//! The cipher with data keys of KMS.

use super::{
    aws,
    door::{Door, Mode},
    settings,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sm_aws::{Cipher, CipherError, lazy_http};
use sm_lambda::{Config, build_app};
use sm_services::{App, jobs::worker};
use sm_tests::{World, scenario};
use sm_types::{Clock, Secret};
use std::time::Duration;
use time::Duration as Time;
use tokio::time::Instant;

const PURPOSE: &str = "users/1/twitch_token";

fn new_key() -> String {
    let (_, key) = aws().call("TrentService.CreateKey", &json!({})).unwrap();
    key["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned()
}

fn change(action: &str, key: &str) {
    let done = aws().call(&format!("TrentService.{action}"), &json!({ "KeyId": key })).unwrap();
    assert_eq!(done.0, 200, "{}", done.1);
}

fn cipher(door: &Door, key: &str, clock: &Clock) -> Cipher {
    Cipher::kms(settings(&door.url), lazy_http(), key.to_owned(), clock.clone())
}

async fn seal(cipher: &Cipher, text: &str) -> Result<Vec<u8>, CipherError> {
    cipher.encrypt(PURPOSE, &Secret::new(text)).await
}

async fn open(cipher: &Cipher, sealed: &[u8]) -> Result<String, CipherError> {
    cipher.decrypt(PURPOSE, sealed).await.map(|plain| plain.expose().to_owned())
}

/// A cipher behind a door, with a key of its own.
async fn start() -> (Door, String, Clock, Cipher) {
    let (door, key, clock) = (Door::open().await, new_key(), Clock::shiftable());
    let cipher = cipher(&door, &key, &clock);
    (door, key, clock, cipher)
}

#[tokio::test]
async fn text_is_read_by_another_process_and_only_for_its_purpose() {
    let (door, key, clock, writer) = start().await;
    let sealed = seal(&writer, "token").await.unwrap();
    assert!(!sealed.windows(5).any(|part| part == b"token"));
    let reader = cipher(&door, &key, &clock);
    assert_eq!(open(&reader, &sealed).await.as_deref(), Ok("token"));
    let elsewhere = reader.decrypt("users/2/twitch_token", &sealed).await;
    assert_eq!(elsewhere.unwrap_err(), CipherError::Mismatch);
    assert_eq!((door.count("GenerateDataKey"), door.count("Decrypt")), (1, 1));
}

#[tokio::test]
async fn one_data_key_serves_many_texts_for_five_minutes() {
    let (door, _, clock, cipher) = start().await;
    let mut all = tokio::task::JoinSet::new();
    for n in 0..200 {
        let cipher = cipher.clone();
        all.spawn(async move { seal(&cipher, &n.to_string()).await.unwrap() });
    }
    let sealed = all.join_all().await;
    assert_eq!(door.count("GenerateDataKey"), 1);
    for sealed in &sealed {
        open(&cipher, sealed).await.unwrap();
    }
    assert_eq!(door.count("Decrypt"), 0, "our own key is known");
    clock.advance(Time::seconds(299));
    seal(&cipher, "later").await.unwrap();
    assert_eq!(door.count("GenerateDataKey"), 1);
    clock.advance(Time::seconds(2));
    seal(&cipher, "too late").await.unwrap();
    assert_eq!(door.count("GenerateDataKey"), 2);
}

#[tokio::test]
async fn data_key_is_replaced_after_ten_thousand_texts() {
    let (door, _, _, cipher) = start().await;
    for _ in 0..10_000 {
        seal(&cipher, "").await.unwrap();
    }
    assert_eq!(door.count("GenerateDataKey"), 1);
    seal(&cipher, "").await.unwrap();
    assert_eq!(door.count("GenerateDataKey"), 2);
}

#[tokio::test]
async fn unwrapped_keys_are_kept_for_five_minutes_and_no_more_than_64() {
    let (door, key, clock, reader) = start().await;
    let mut sealed = Vec::new();
    for _ in 0..65 {
        sealed.push(seal(&cipher(&door, &key, &clock), "token").await.unwrap());
    }
    let at_once = (0..50).map(|_| open(&reader, &sealed[0]));
    let mut all = tokio::task::JoinSet::new();
    for reading in at_once.map(|_| (reader.clone(), sealed[0].clone())) {
        all.spawn(async move { open(&reading.0, &reading.1).await.unwrap() });
    }
    all.join_all().await;
    assert_eq!(door.count("Decrypt"), 1, "one request serves all who wait");
    for text in &sealed[1..] {
        open(&reader, text).await.unwrap();
    }
    assert_eq!(door.count("Decrypt"), 65);
    open(&reader, &sealed[64]).await.unwrap();
    assert_eq!(door.count("Decrypt"), 65);
    open(&reader, &sealed[0]).await.unwrap();
    assert_eq!(door.count("Decrypt"), 66, "the oldest had to go");
    clock.advance(Time::minutes(5));
    open(&reader, &sealed[64]).await.unwrap();
    assert_eq!(door.count("Decrypt"), 67);
}

#[tokio::test]
async fn key_of_another_context_or_another_key_is_a_mismatch() {
    let (door, key, clock, writer) = start().await;
    let sealed = seal(&writer, "token").await.unwrap();
    let request =
        json!({ "KeyId": key, "KeySpec": "AES_256", "EncryptionContext": { "product": "other" } });
    let (_, other) = aws().call("TrentService.GenerateDataKey", &request).unwrap();
    let wrapped = STANDARD.decode(other["CiphertextBlob"].as_str().unwrap()).unwrap();
    let length = u16::try_from(wrapped.len()).unwrap().to_be_bytes();
    let forged = [&[2][..], &length, &wrapped, &sealed[sealed.len() - 33..]].concat();
    assert_eq!(open(&writer, &forged).await, Err(CipherError::Mismatch));
    assert!(door.answers().last().unwrap().contains("InvalidCiphertextException"));

    let length = usize::from(u16::from_be_bytes([sealed[1], sealed[2]]));
    let ours = STANDARD.encode(&sealed[3..3 + length]);
    for (context, status) in [(json!({ "product": "streammaxing" }), 200), (json!({}), 400)] {
        let request = json!({ "CiphertextBlob": ours, "EncryptionContext": context });
        assert_eq!(aws().call("TrentService.Decrypt", &request).unwrap().0, status, "{context}");
    }

    let stranger = cipher(&door, &new_key(), &clock);
    assert_eq!(open(&stranger, &sealed).await, Err(CipherError::Mismatch));
}

#[tokio::test]
async fn changed_or_short_text_is_a_mismatch() {
    let (_door, _, _, cipher) = start().await;
    let sealed = seal(&cipher, "token").await.unwrap();
    // Version, length, wrapped key, nonce, text and tag.
    for place in [0, 1, 2, 40, sealed.len() - 33, sealed.len() - 20, sealed.len() - 1] {
        let mut changed = sealed.clone();
        changed[place] ^= 0x40;
        assert_eq!(open(&cipher, &changed).await, Err(CipherError::Mismatch), "{place}");
    }
    for length in [0, 1, 2, 3, 10, sealed.len() - 1] {
        let short = &sealed[..length];
        assert_eq!(open(&cipher, short).await, Err(CipherError::Mismatch), "{length}");
    }
}

#[tokio::test]
async fn text_of_a_local_key_names_what_is_missing_and_asks_nobody() {
    let (door, _, _, kms) = start().await;
    let local = Cipher::local(&Secret::new(STANDARD.encode([7; 32]))).unwrap();
    let refused = open(&kms, &seal(&local, "token").await.unwrap()).await.unwrap_err();
    assert!(refused.to_string().contains("LOCAL_ENCRYPTION_KEY"), "{refused}");
    assert_eq!(door.answers().len(), 0);
    let refused = open(&local, &seal(&kms, "token").await.unwrap()).await.unwrap_err();
    assert!(refused.to_string().contains("KMS_KEY_ID"), "{refused}");
}

#[tokio::test]
async fn disabled_key_fails_at_once_and_works_again_when_enabled() {
    let (door, key, clock, writer) = start().await;
    let sealed = seal(&writer, "token").await.unwrap();
    change("DisableKey", &key);
    assert_eq!(open(&writer, &sealed).await.as_deref(), Ok("token"), "what is in memory stays");
    clock.advance(Time::minutes(5));
    let asked = door.answers().len();
    for refused in
        [seal(&writer, "x").await.map(drop).unwrap_err(), open(&writer, &sealed).await.unwrap_err()]
    {
        assert!(matches!(refused, CipherError::Unavailable { retry: false, .. }), "{refused:?}");
        assert!(refused.to_string().contains("DisabledException"), "{refused}");
    }
    assert_eq!(door.answers().len(), asked + 2, "asking again would change nothing");
    change("EnableKey", &key);
    assert_eq!(open(&writer, &sealed).await.as_deref(), Ok("token"));
    seal(&writer, "x").await.unwrap();
}

#[tokio::test]
async fn throttling_is_outwaited_once_and_reported_when_it_lasts() {
    let (door, _, _, cipher) = start().await;
    door.set(Mode::Throttled, 1);
    let sealed = seal(&cipher, "token").await.unwrap();
    assert_eq!(door.count("GenerateDataKey"), 2);

    let (door, _, _, cipher) = start().await;
    for mode in [Mode::Throttled, Mode::Broken] {
        door.set(mode, 100);
        let asked = door.answers().len();
        for refused in [
            seal(&cipher, "x").await.map(drop).unwrap_err(),
            open(&cipher, &sealed).await.unwrap_err(),
        ] {
            assert!(matches!(refused, CipherError::Unavailable { retry: true, .. }), "{refused:?}");
        }
        let asked = door.answers().len() - asked;
        assert!((2..=6).contains(&asked), "a few tries: {asked}");
    }
    door.set(Mode::Open, 0);
    seal(&cipher, "x").await.unwrap();
}

#[tokio::test]
async fn kms_that_is_away_or_silent_does_not_hold_callers_for_long() {
    let unreachable = settings("http://127.0.0.1:9");
    let cipher = Cipher::kms(unreachable, lazy_http(), "k".into(), Clock::system());
    let refused = seal(&cipher, "x").await.unwrap_err();
    assert!(matches!(refused, CipherError::Unavailable { retry: true, .. }), "{refused:?}");

    let (door, _, _, cipher) = start().await;
    door.set(Mode::Silent, 1000);
    let (began, mut all) = (Instant::now(), tokio::task::JoinSet::new());
    for _ in 0..20 {
        let cipher = cipher.clone();
        all.spawn(async move { seal(&cipher, "x").await.unwrap_err() });
    }
    for refused in all.join_all().await {
        assert!(matches!(refused, CipherError::Unavailable { retry: true, .. }), "{refused:?}");
    }
    // All of them together, not one after the other.
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    door.set(Mode::Open, 0);
    seal(&cipher, "x").await.unwrap();
}

#[tokio::test]
async fn nothing_secret_is_written_anywhere() {
    let (door, _, clock, cipher) = start().await;
    let lines = Lines::default();
    let written = {
        let _here = tracing::subscriber::set_default(lines.subscriber());
        let sealed = seal(&cipher, "very-secret-token").await.unwrap();
        clock.advance(Time::minutes(5));
        open(&cipher, &sealed).await.unwrap();
        door.set(Mode::Throttled, 3);
        let refused = seal(&cipher, "very-secret-token").await.unwrap_err();
        tracing::info!("seen");
        format!("{cipher:?} {refused} {refused:?} {}", lines.text())
    };
    let keys: Vec<String> = door.answers().iter().filter_map(|answer| plaintext(answer)).collect();
    assert_eq!(keys.len(), 2);
    assert!(written.contains("seen") && !written.contains("very-secret-token"), "{written}");
    for key in keys {
        let bytes = format!("{:?}", STANDARD.decode(&key).unwrap());
        assert!(!written.contains(&key) && !written.contains(&bytes), "{written}");
    }
}

fn plaintext(answer: &str) -> Option<String> {
    let answer: Value = serde_json::from_str(answer).ok()?;
    Some(answer.get("Plaintext")?.as_str()?.to_owned())
}

/// Log lines as production filters them, at its most talkative.
#[derive(Clone, Default)]
struct Lines(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl Lines {
    fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + use<> {
        use tracing_subscriber::layer::SubscriberExt;
        let lines = self.clone();
        let layer = tracing_subscriber::fmt::layer().with_writer(move || lines.clone());
        let targets = sm_lambda::logging::targets(tracing_subscriber::filter::LevelFilter::TRACE);
        let targets = targets.with_target("integration", tracing::Level::TRACE);
        tracing_subscriber::registry().with(targets).with(layer)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The world's app with KMS in place of its local key.
fn app_with_kms(t: &World, url: &str, key: &str) -> App {
    let aws = [
        ("AWS_REGION", sm_sim::aws::REGION),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL", url),
        ("KMS_KEY_ID", key),
    ];
    let lookup = |name: &str| {
        let given = t.settings.iter().filter(|(name, _)| *name != "LOCAL_ENCRYPTION_KEY");
        let mut all = given.map(|(n, v)| (*n, v.as_str())).chain(aws);
        all.find(|(n, _)| *n == name).map(|(_, value)| value.to_owned())
    };
    build_app(&Config::from_lookup(lookup).unwrap(), t.clock.clone()).unwrap()
}

async fn announce(t: &World, app: &App, login: &str) {
    let streamer = t.streamer(login).await;
    let guild = t.guild_following(&streamer).await;
    t.twitch.go_live(&streamer).await;
    worker::run(app, Instant::now() + Duration::from_secs(60)).await.unwrap();
    assert_eq!(t.messages(guild).len(), 1);
}

#[tokio::test]
async fn instances_share_twitchs_token_under_kms() {
    scenario(async |t| {
        let (door, key) = (Door::open().await, new_key());
        announce(t, &app_with_kms(t, &door.url, &key), "ana").await;
        announce(t, &app_with_kms(t, &door.url, &key), "bob").await;
        assert_eq!(t.twitch.tokens_issued(), 1);
        assert_eq!((door.count("GenerateDataKey"), door.count("Decrypt")), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn silent_kms_does_not_hold_an_announcement_back() {
    scenario(async |t| {
        let (door, key) = (Door::open().await, new_key());
        announce(t, &app_with_kms(t, &door.url, &key), "ana").await;
        door.set(Mode::Silent, 1000);
        let began = Instant::now();
        announce(t, &app_with_kms(t, &door.url, &key), "bob").await;
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    })
    .await;
}
