//! The page that somebody looks at, as others are told of it.

use super::text::is_override;
use crate::template::shows_nothing;
use serde::Serialize;

/// Characters of a path at most.
pub const MAX_PATH: usize = 300;
/// Characters of a title; what is longer is cut.
pub const MAX_TITLE: usize = 200;

/// A page of ours, by its address and its title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page {
    /// Begins with a slash; without query and fragment, which may hold what is nobody's business.
    pub path: String,
    pub title: String,
}

/// A text that is no path of a page of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Give the page's path: it begins with one slash and has {MAX_PATH} characters at most.")]
pub struct InvalidPath;

impl Page {
    /// The page as it is stored: others may click on it, so that it leads nowhere else.
    pub fn clean(path: &str, title: &str) -> Result<Self, InvalidPath> {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let elsewhere = !path.starts_with('/') || path.starts_with("//");
        let odd = |c: char| c == '\\' || c.is_control() || c.is_whitespace() || is_override(c);
        if elsewhere || path.contains(odd) || path.chars().count() > MAX_PATH || climbs(path) {
            return Err(InvalidPath);
        }
        // Far more than is kept is not looked at.
        let title =
            title.chars().take(10 * MAX_TITLE).map(|c| if c.is_whitespace() { ' ' } else { c });
        let title: String = title.filter(|c| !c.is_control() && !is_override(*c)).collect();
        let title: String = title.trim().chars().take(MAX_TITLE).collect();
        let title = if shows_nothing(&title) { String::new() } else { title.trim_end().to_owned() };
        Ok(Self { path: path.to_owned(), title })
    }
}

/// Whether a browser would open another page than the path seems to name.
fn climbs(path: &str) -> bool {
    let plain = path.to_ascii_lowercase().replace("%2e", ".");
    plain.split('/').any(|part| part == "." || part == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_is_cleaned() {
        for (path, title, cleaned) in [
            ("/s/1", "Overview", ("/s/1", "Overview")),
            ("/invite/x?code=secret#part", " Hi\n\u{7}there \u{202E}", ("/invite/x", "Hi there")),
            ("/", "\u{200B}", ("/", "")),
        ] {
            let page = Page::clean(path, title).unwrap();
            assert_eq!((page.path.as_str(), page.title.as_str()), cleaned);
        }
        let long = Page::clean("/", &"ä".repeat(1_000)).unwrap();
        assert_eq!(long.title.chars().count(), MAX_TITLE);
    }

    #[test]
    fn path_that_leads_elsewhere_is_refused() {
        for path in [
            "",
            "s/1",
            "?x",
            "//evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "/s/1/../2",
            "/s/1/%2E%2e/2",
            "/a b",
            "/a\u{0}",
            "/\u{202E}",
        ] {
            assert_eq!(Page::clean(path, ""), Err(InvalidPath), "{path:?}");
        }
        assert!(Page::clean(&format!("/{}", "ä".repeat(299)), "").is_ok());
        assert!(Page::clean(&format!("/{}", "ä".repeat(300)), "").is_err());
    }
}
