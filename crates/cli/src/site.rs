//! The dashboard's built files, held in memory: those that this binary carries, or those of a folder.

use crate::output::Error;
use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderName, HeaderValue, header},
};
use ring::digest::{SHA256, digest};
use std::{
    collections::{BTreeMap, HashMap},
    io,
    path::Path,
};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

/// Where the build says which file a compressed twin was made of, as `{name: [hash, hash of the twin]}`.
const TWINS: &str = "twins.json";

/// The dashboard's files, by their path without a slash before it.
#[derive(Debug, Default)]
pub struct Site {
    files: HashMap<String, File>,
}

#[derive(Debug)]
pub(crate) struct File {
    pub(crate) bytes: Bytes,
    /// The same, compressed.
    pub(crate) brotli: Option<Bytes>,
    /// Of the content, in hexadecimal.
    pub(crate) hash: String,
    /// The MIME type.
    pub(crate) kind: &'static str,
}

impl Site {
    /// What was built into this binary; `None` for one that was built without.
    pub fn embedded() -> Option<Self> {
        let files = embedded::FILES.iter();
        let files = files.map(|(name, bytes)| ((*name).to_owned(), Bytes::from_static(bytes)));
        Some(Self::of(files.collect())).filter(|site| !site.files.is_empty())
    }

    /// The files of a folder as they are now: a release that is put in their place later comes with a restart.
    pub fn read(dir: &Path) -> Result<Self, Error> {
        let page = dir.join("index.html");
        if !page.is_file() {
            let page = page.display();
            return Err(format!(
                "the dashboard's page {page} is missing: `make dashboard` builds it in frontend/dist; \
                 --dashboard names its folder"
            )
            .into());
        }
        let mut files = BTreeMap::new();
        collect(dir, "", &mut files).map_err(|error| format!("{}: {error}", dir.display()))?;
        Ok(Self::of(files))
    }

    /// No files at all: every address beside the API's is not found.
    pub fn empty() -> Self {
        Self::default()
    }

    pub(crate) fn find(&self, name: &str) -> Option<&File> {
        self.files.get(name)
    }

    fn of(files: BTreeMap<String, Bytes>) -> Self {
        let twins = files.get(TWINS).and_then(|bytes| serde_json::from_slice(bytes).ok());
        let twins: HashMap<String, [String; 2]> = twins.unwrap_or_default();
        let plain = files.iter().filter(|(name, _)| *name != TWINS && !name.ends_with(".br"));
        let file = |(name, bytes): (&String, &Bytes)| {
            let hash = hash(bytes);
            let twin = files.get(&format!("{name}.br"));
            // One that was made of another file, or is not what was made then, is as good as missing.
            let fits = |twin: &&Bytes| {
                twins.get(name).is_some_and(|[of, own]| *of == hash && *own == self::hash(twin))
            };
            let brotli = twin.filter(fits).cloned();
            (name.clone(), File { bytes: bytes.clone(), brotli, hash, kind: kind(name) })
        };
        Self { files: plain.map(file).collect() }
    }
}

impl File {
    /// Names the content, and whether it is compressed.
    pub(crate) fn etag(&self, compressed: bool) -> HeaderValue {
        let coding = if compressed { "-br" } else { "" };
        let text = format!("\"{}{coding}\"", self.hash);
        HeaderValue::try_from(text).expect("hexadecimal digits are a header's value")
    }
}

/// Reads a folder with those below it; hidden ones are the build's own.
fn collect(dir: &Path, prefix: &str, into: &mut BTreeMap<String, Bytes>) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let (path, name) = (entry.path(), format!("{prefix}{name}"));
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if path.is_dir() {
            collect(&path, &format!("{name}/"), into)?;
        } else {
            into.insert(name, std::fs::read(path)?.into());
        }
    }
    Ok(())
}

fn hash(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml; charset=utf-8",
        Some("json") => "application/json; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        Some("woff2") => "font/woff2",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("webmanifest") => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

/// Whether a browser has this content already, in whatever coding; a proxy may have made the ETag weak or
/// added a suffix of its own.
pub(crate) fn is_among(headers: &HeaderMap, hash: &str) -> bool {
    texts(headers, header::IF_NONE_MATCH).any(|etag| {
        let quoted = etag.strip_prefix("W/").unwrap_or(etag);
        let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let rest = inner.and_then(|inner| inner.strip_prefix(hash));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', ';', ':']))
    })
}

pub(crate) fn accepts_brotli(headers: &HeaderMap) -> bool {
    texts(headers, header::ACCEPT_ENCODING).any(|coding| {
        let (name, rest) = coding.split_once(';').unwrap_or((coding, ""));
        let quality = rest.trim().strip_prefix("q=").map(str::parse::<f32>);
        name.trim().eq_ignore_ascii_case("br") && !matches!(quality, Some(Ok(0.0) | Err(_)))
    })
}

/// The parts of a header that lists.
fn texts(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(twins: &str) -> Site {
        let files = [("index.html", "page"), ("index.html.br", "small"), (TWINS, twins)];
        let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        Site::of(files.map(|(name, text)| (name.to_owned(), bytes(text))).into())
    }

    #[test]
    fn twin_is_handed_out_only_for_what_it_was_made_of() {
        let (page, small) = (hash(b"page"), hash(b"small"));
        let fitting = format!(r#"{{"index.html": ["{page}", "{small}"]}}"#);
        assert!(site(&fitting).find("index.html").unwrap().brotli.is_some());
        for stale in [
            fitting.replace(&page, &hash(b"older page")),
            fitting.replace(&small, &hash(b"other twin")),
            "{}".to_owned(),
            "no JSON".to_owned(),
        ] {
            assert!(site(&stale).find("index.html").unwrap().brotli.is_none(), "{stale}");
        }
        assert!(site(&fitting).find("index.html.br").is_none() && site("").find(TWINS).is_none());
    }

    #[test]
    fn brotli_is_sent_to_those_who_take_it() {
        let takes = |text: &'static str| {
            accepts_brotli(&HeaderMap::from_iter([(
                header::ACCEPT_ENCODING,
                HeaderValue::from_static(text),
            )]))
        };
        assert!(takes("gzip, br") && takes("br;q=0.5") && takes("BR"));
        assert!(!takes("gzip") && !takes("br;q=0") && !takes("bright") && !takes(""));
    }
}
