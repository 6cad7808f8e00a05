//! Behind the real Caddy and nginx, by the very files of docs/self-hosting.md: `make proxies`.

use super::{docs, files::Folder};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use sm_tests::{Socket, World, process::Process, scenario};
use sm_types::{GuildId, UserId};
use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::Instant,
};

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A proxy that is stopped after the test.
struct Proxy(Child);

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "how tests are told where things are")]
fn caddy_binary() -> String {
    std::env::var("CADDY").unwrap_or_else(|_| "caddy".to_owned())
}

/// Starts Caddy with the document's file, without TLS, on these ports.
fn caddy(dir: &Path, port: u16, app: u16) -> Child {
    let file = docs::block("", "# Caddyfile");
    let file = file
        .replace("alerts.example {", &format!("http://127.0.0.1:{port} {{"))
        .replace("127.0.0.1:8080 127.0.0.1:8081", &format!("127.0.0.1:{app}"));
    assert!(file.contains(&port.to_string()) && file.contains(&app.to_string()), "{file}");
    let path = dir.join("Caddyfile");
    fs::write(&path, format!("{{\n  admin off\n}}\n{file}")).unwrap();
    Command::new(caddy_binary())
        .args(["run", "--adapter", "caddyfile", "--config"])
        .arg(path)
        .env("HOME", dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("caddy starts: apt-get install caddy")
}

/// Starts nginx with the document's file, without TLS, on these ports; it compresses JSON, as many do.
fn nginx(dir: &Path, port: u16, app: u16) -> Child {
    let file = docs::block("nginx", "upstream streammaxing");
    let lines = file.lines().map(|line| match line.trim() {
        line if line.starts_with("listen ") => format!("listen 127.0.0.1:{port};"),
        "server 127.0.0.1:8080;" => format!("server 127.0.0.1:{app};"),
        "server 127.0.0.1:8081;" => String::new(),
        line => line.to_owned(),
    });
    let file = lines.collect::<Vec<_>>().join("\n");
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("{kind}_temp_path {}/{kind};\n", dir.display()))
        .collect();
    let whole = format!(
        "daemon off; pid {dir}/pid; error_log {dir}/error.log;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}\
         gzip on; gzip_types application/json; gzip_min_length 20;\n{file}\n}}\n",
        dir = dir.display()
    );
    let path = dir.join("nginx.conf");
    fs::write(&path, whole).unwrap();
    Command::new("nginx")
        .arg("-p")
        .arg(dir)
        .arg("-c")
        .arg(path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("nginx starts: apt-get install nginx-light")
}

async fn listening(port: u16) {
    let until = Instant::now() + Duration::from_secs(60);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < until, "the proxy does not listen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A person at the proxy's address: cookies of ours and of a neighbour, answers compressed.
struct Visitor {
    origin: String,
    cookies: Vec<u8>,
}

impl Visitor {
    async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> (u16, HeaderMap, String) {
        let method = method.parse().unwrap();
        let mut request = sm_aws::lazy_http()
            .request(method, format!("{}{path}", self.origin))
            .header("origin", &self.origin)
            .header("cookie", reqwest::header::HeaderValue::from_bytes(&self.cookies).unwrap());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.expect("the proxy answers");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.bytes().await.unwrap();
        (status, headers, String::from_utf8_lossy(&bytes).into_owned())
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for set in headers.get_all("set-cookie") {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            self.cookies.extend(b"; ");
            self.cookies.extend(pair.as_bytes());
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// Signs in by way of Discord's page.
async fn sign_in(t: &World, origin: String) -> (Visitor, UserId) {
    t.discord.add_redirect_uri(&format!("{origin}/api/auth/discord/callback"));
    let ada = t.discord.add_user("ada", None);
    // A byte above 127, from another app on the host.
    let mut visitor = Visitor { origin, cookies: b"kampagne=Gr\xf6\xdfe".to_vec() };
    found_again(&visitor).await;
    let (_, headers, _) = visitor.send("GET", "/api/auth/discord/login", &[], None).await;
    visitor.keep(&headers);
    let consent = format!("{}&as={ada}", text(&headers, "location"));
    let answered = sm_aws::lazy_http().get(consent).send().await.unwrap();
    let callback = text(answered.headers(), "location").to_owned();
    let path = callback.strip_prefix(&visitor.origin).expect("it leads back to the proxy");
    let (status, headers, _) = visitor.send("GET", path, &[], None).await;
    assert_eq!((status, text(&headers, "location")), (303, "/servers"));
    visitor.keep(&headers);
    let (status, _, body) = visitor.send("GET", "/api/auth/me", &[], None).await;
    assert_eq!(status, 200, "{body}");
    (visitor, ada)
}

async fn behind(start: fn(&Path, u16, u16) -> Child) {
    scenario(async |t| {
        let (port, app) = (free_port(), free_port());
        let origin = format!("http://127.0.0.1:{port}");
        let mut settings = t.settings.clone();
        settings.retain(|(name, _)| *name != "PUBLIC_BASE_URL");
        settings.push(("PUBLIC_BASE_URL", origin.clone()));
        let dashboard = Folder::new();
        super::files::build(&dashboard.0, "one");
        let serve =
            || Process::listening(&format!("127.0.0.1:{app}"), &dashboard.argument(), &settings);
        let folder = Folder::new();
        let other = tokio::spawn(echo(app));
        let _proxy = Proxy(start(&folder.0, port, app));
        listening(port).await;
        web_socket_passes(port).await;
        other.abort();
        let _ = other.await;
        let server = serve();
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let (visitor, ada) = sign_in(t, origin).await;
        t.discord.set_owner(guild.id, ada);
        save_twice(&visitor, &format!("/api/guilds/{}/config", guild.id)).await;
        let (_, headers, body) = visitor.send("GET", "/s/7", &[], None).await;
        assert_eq!(body, "<!doctype html>page one");
        let mut socket = live_updates(&visitor, port, guild.id).await;
        drop(server);
        socket.ended().await;
        upgrade(&visitor, text(&headers, "etag"), &dashboard.0, serve).await;
    })
    .await;
}

/// What somebody says in a room comes back by their socket.
async fn live_updates(visitor: &Visitor, port: u16, guild: GuildId) -> Socket {
    let cookies = String::from_utf8_lossy(&visitor.cookies);
    let session = cookies.split("; ").find(|pair| pair.starts_with("__Host-session=")).unwrap();
    let headers = [("cookie", session), ("origin", visitor.origin.as_str())];
    let mut socket = Socket::open(&format!("127.0.0.1:{port}"), &headers).await.unwrap();
    socket.say(json!({ "type": "hello", "version": 1 })).await;
    socket.expect("welcome").await;
    let room = format!("room:{guild}");
    socket.subscribe(&room).await;
    for text in ["one", "two"] {
        let frame = json!({ "type": "shout", "room": room, "text": text,
            "client_id": uuid::Uuid::new_v4() });
        socket.say(frame).await;
        let told = socket.expect("events").await;
        assert_eq!(told["events"][0]["data"]["text"], text, "{told}");
    }
    socket
}

async fn save_twice(visitor: &Visitor, path: &str) {
    let gzip = [("accept-encoding", "gzip, br, zstd")];
    for seconds in [60, 120] {
        let (status, headers, _) = visitor.send("GET", path, &gzip, None).await;
        assert_eq!(status, 200);
        let (_, _, body) = visitor.send("GET", path, &[], None).await;
        let mut config: Value = serde_json::from_str(&body).unwrap();
        config["merge_window_seconds"] = json!(seconds);
        let from = [("if-match", text(&headers, "etag")), gzip[0]];
        let (status, _, body) = visitor.send("PUT", path, &from, Some(&config)).await;
        assert_eq!(status, 200, "{headers:?} {body}");
        let (status, ..) = visitor.send("PUT", path, &from, Some(&config)).await;
        assert_eq!(status, 412, "a revision that is over stays so");
    }
}

/// The page that a browser has kept is not taken for the new one.
async fn upgrade(visitor: &Visitor, etag: &str, dashboard: &Path, serve: impl Fn() -> Process) {
    super::files::build(dashboard, "two");
    let _server = serve();
    found_again(visitor).await;
    let kept = [("if-none-match", etag)];
    let (status, headers, body) = visitor.send("GET", "/s/7", &kept, None).await;
    assert_eq!(status, 200, "{body}");
    let kept = [("if-none-match", text(&headers, "etag"))];
    assert_eq!(visitor.send("GET", "/s/7", &kept, None).await.0, 304);
    assert_eq!(body, "<!doctype html>page two");
    let (status, headers, _) = visitor.send("GET", "/assets/lost.js", &[], None).await;
    assert_eq!((status, text(&headers, "cache-control")), (404, "no-store"));
}

/// A server that takes every upgrade and sends back what it gets.
async fn echo(port: u16) {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let Ok(byte) = stream.read_u8().await else { return };
                head.push(byte);
            }
            let head = String::from_utf8_lossy(&head).to_lowercase();
            let upgrades =
                head.contains("upgrade: websocket") && head.contains("connection: upgrade");
            let answer: &[u8] = if upgrades {
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
            } else {
                b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            };
            // Whoever asks for nothing more may be gone.
            let _ = stream.write_all(answer).await;
            let (mut from, mut to) = stream.split();
            let _ = tokio::io::copy(&mut from, &mut to).await;
        });
    }
}

/// An upgrade passes through, and what is said after it, both ways.
async fn web_socket_passes(port: u16) {
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let ask = format!(
        "GET /api/live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    let spoken = async {
        stream.write_all(ask.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        stream.write_all(b"hello").await.unwrap();
        let mut back = [0; 5];
        stream.read_exact(&mut back).await.unwrap();
        assert_eq!(&back, b"hello");
    };
    tokio::time::timeout(Duration::from_secs(30), spoken).await.expect("it is answered");
}

/// Waits until the proxy has found the server again.
async fn found_again(visitor: &Visitor) {
    let until = Instant::now() + Duration::from_secs(60);
    while !visitor.send("GET", "/readyz", &[], None).await.2.contains("\"database\":\"ok\"") {
        assert!(Instant::now() < until, "the proxy does not come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
#[ignore = "needs caddy: make proxies"]
async fn everything_works_behind_caddy() {
    behind(caddy).await;
}

#[tokio::test]
#[ignore = "needs nginx: make proxies"]
async fn everything_works_behind_nginx() {
    behind(nginx).await;
}
