//! The dashboard inside the binary, as a release has it: every file that was built, and nothing beside it.

use super::files::{get, header};
use sm_tests::{process::Process, scenario};
use std::{fs, path::Path};

/// Where the build left the files.
fn dist() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../frontend/dist"))
}

/// Every built file by its address, hidden ones, twins and their list left out.
fn built() -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![dist().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("`make dashboard` has built it") {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(dist()).unwrap().to_str().unwrap().to_owned();
            let own = name.ends_with(".br") || name == "twins.json" || name.starts_with('.');
            if !own {
                found.push(name);
            }
        }
    }
    found
}

#[tokio::test]
#[ignore = "needs the dashboard inside the binary: make test-dashboard"]
async fn binary_hands_out_the_dashboard_that_it_carries() {
    scenario(async |t| {
        let (address, _server) = Process::serve_embedded(&t.settings);
        let files = built();
        assert!(files.iter().any(|name| name.starts_with("assets/")), "{files:?}");
        for name in &files {
            let bytes = fs::read(dist().join(name)).unwrap();
            let path = format!("/{name}");
            let (status, headers, body) = get(&address, &path, &[]).await;
            assert_eq!(
                (status, body),
                (200, String::from_utf8_lossy(&bytes).into_owned()),
                "{name}"
            );
            let immutable = header(&headers, "cache-control").contains("immutable");
            assert_eq!(immutable, name.starts_with("assets/"), "{name}");
            let etag = header(&headers, "etag").to_owned();
            let (status, ..) = get(&address, &path, &[("if-none-match", &etag)]).await;
            assert_eq!(status, 304, "{name}");
            let twin = fs::read(dist().join(format!("{name}.br"))).ok();
            assert_eq!(header(&headers, "vary") == "accept-encoding", twin.is_some(), "{name}");
            let Some(twin) = twin else { continue };
            let brotli = [("accept-encoding", "gzip, br")];
            let (_, headers, body) = get(&address, &path, &brotli).await;
            assert_eq!(header(&headers, "content-encoding"), "br", "{name}");
            assert_eq!(body, String::from_utf8_lossy(&twin), "{name}");
            assert_ne!(header(&headers, "etag"), etag, "{name}");
            let (_, headers, _) = get(&address, &path, &[("accept-encoding", "gzip")]).await;
            assert_eq!(header(&headers, "content-encoding"), "", "{name}");
        }
        let page = fs::read_to_string(dist().join("index.html")).unwrap();
        for deep in ["/", "/s/7/streamers?q=a", "/index.html.br", "/twins.json"] {
            let (status, headers, body) = get(&address, deep, &[]).await;
            assert_eq!((status, body.as_str()), (200, page.as_str()), "{deep}");
            assert_eq!(header(&headers, "cache-control"), "no-cache");
        }
        let (status, headers, _) = get(&address, "/assets/of-another-release.js", &[]).await;
        assert_eq!((status, header(&headers, "cache-control")), (404, "no-store"));
        assert_eq!(get(&address, "/api/config", &[]).await.0, 200);
    })
    .await;
}
