//! The dashboard's files: whoever has an old page gets the new one, whatever times and twins say.

use reqwest::header::HeaderMap;
use sm_tests::{
    process::{Process, streammaxing},
    scenario,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A folder that is gone after the test.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("sm-dashboard-{}", uuid::Uuid::new_v4()));
        fs::create_dir_all(path.join("assets")).unwrap();
        Self(path)
    }

    pub(super) fn argument(&self) -> [&str; 2] {
        ["--dashboard", self.0.to_str().unwrap()]
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A build: a page and a chunk, with twins that are told from what they were made of.
pub(super) fn build(dir: &Path, name: &str) {
    let (page, chunk) = (format!("<!doctype html>page {name}"), format!("assets/{name}.js"));
    fs::write(dir.join("index.html"), &page).unwrap();
    fs::write(dir.join("index.html.br"), format!("twin {name}")).unwrap();
    fs::write(dir.join(&chunk), format!("chunk {name}")).unwrap();
    let hash = |text: &str| {
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        digest.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let twins = serde_json::json!({ "index.html": [hash(&page), hash(&format!("twin {name}"))] });
    fs::write(dir.join("twins.json"), twins.to_string()).unwrap();
}

/// What a browser gets: status, headers, body.
pub(super) async fn get(
    address: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> (u16, HeaderMap, String) {
    let mut request = sm_aws::lazy_http().get(format!("http://{address}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    (status, headers, answer.text().await.unwrap())
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn content_alone_tells_whether_a_page_is_new() {
    scenario(async |t| {
        let folder = Folder::new();
        build(&folder.0, "one");
        let (address, server) = Process::serve_with(&t.settings, &folder.argument());
        let (status, headers, body) = get(&address, "/s/7", &[]).await;
        assert_eq!((status, body.as_str()), (200, "<!doctype html>page one"));
        assert_eq!(header(&headers, "cache-control"), "no-cache");
        assert_eq!(header(&headers, "vary"), "accept-encoding");
        assert!(headers.get("last-modified").is_none(), "a time tells nothing");
        let etag = header(&headers, "etag").to_owned();
        let quoted = etag.trim_matches('"');
        let later = "Fri, 01 Jan 2100 00:00:00 GMT";
        for same in [
            etag.clone(),
            format!("W/{etag}"),
            format!("\"{quoted}-gzip\""),
            format!("\"x\", {etag}"),
        ] {
            assert_eq!(get(&address, "/", &[("if-none-match", &same)]).await.0, 304, "{same}");
        }
        assert_eq!(get(&address, "/", &[("if-modified-since", later)]).await.0, 200);
        drop(server);
        // A release of the same time, as in an archive.
        let time = fs::metadata(folder.0.join("index.html")).unwrap().modified().unwrap();
        build(&folder.0, "two");
        let page = fs::File::options().write(true).open(folder.0.join("index.html")).unwrap();
        page.set_modified(time).unwrap();
        let (address, _server) = Process::serve_with(&t.settings, &folder.argument());
        let asked = [("if-none-match", etag.as_str()), ("if-modified-since", later)];
        let (status, _, body) = get(&address, "/", &asked).await;
        assert_eq!((status, body.as_str()), (200, "<!doctype html>page two"));
    })
    .await;
}

#[tokio::test]
async fn twin_of_another_build_is_never_handed_out() {
    scenario(async |t| {
        let folder = Folder::new();
        build(&folder.0, "one");
        let brotli = [("accept-encoding", "gzip, br")];
        {
            let (address, _server) = Process::serve_with(&t.settings, &folder.argument());
            let (_, headers, body) = get(&address, "/", &brotli).await;
            assert_eq!((header(&headers, "content-encoding"), body.as_str()), ("br", "twin one"));
            let plain = get(&address, "/", &[]).await.1;
            assert_ne!(header(&headers, "etag"), header(&plain, "etag"));
            for hidden in ["/index.html.br", "/twins.json", "/assets/one.js.br"] {
                let (_, _, body) = get(&address, hidden, &[]).await;
                assert!(!body.contains("twin"), "{hidden}");
            }
        }
        fs::write(folder.0.join("index.html"), "<!doctype html>page two").unwrap();
        let (address, _server) = Process::serve_with(&t.settings, &folder.argument());
        let (_, headers, body) = get(&address, "/", &brotli).await;
        assert_eq!(header(&headers, "content-encoding"), "");
        assert_eq!(body, "<!doctype html>page two");
    })
    .await;
}

#[tokio::test]
async fn chunk_is_kept_for_good_and_a_lost_one_is_no_page() {
    scenario(async |t| {
        let folder = Folder::new();
        build(&folder.0, "one");
        let (address, _server) = Process::serve_with(&t.settings, &folder.argument());
        let (status, headers, body) = get(&address, "/assets/one.js", &[]).await;
        assert_eq!((status, body.as_str()), (200, "chunk one"));
        assert!(header(&headers, "cache-control").contains("immutable"));
        assert_eq!(header(&headers, "content-type"), "text/javascript; charset=utf-8");
        let (status, headers, _) = get(&address, "/assets/old.js", &[]).await;
        assert_eq!((status, header(&headers, "cache-control")), (404, "no-store"));
        let (status, _, body) = get(&address, "/api/nowhere", &[]).await;
        assert!(status == 404 && body.contains("\"code\""), "{body}");
    })
    .await;
}

#[tokio::test]
async fn missing_dashboard_stops_the_start_with_the_remedy() {
    scenario(async |t| {
        let serve = ["serve", "--listen", "127.0.0.1:0"];
        let missing = [&serve[..], &["--dashboard", "/nowhere"]].concat();
        let ran = streammaxing(&missing, &t.settings).await;
        assert_ne!(ran.code, 0);
        for word in ["/nowhere/index.html", "make dashboard", "--dashboard"] {
            assert!(ran.stderr.contains(word), "{}", ran.stderr);
        }
    })
    .await;
}
