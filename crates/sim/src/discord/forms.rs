//! Queries and forms.

use reqwest::Url;

/// Name and value pairs of a query or of a form.
#[derive(Debug)]
pub(super) struct Pairs(Vec<(String, String)>);

impl Pairs {
    pub(super) fn parse(text: &str) -> Self {
        let Ok(mut url) = Url::parse("form:///") else { return Self(Vec::new()) };
        url.set_query(Some(text));
        Self(url.query_pairs().into_owned().collect())
    }

    /// The first value of a name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The first value of a name as a number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved_and_the_first_value_counts() {
        let pairs = Pairs::parse("a=b+c%26%C3%A4#d&a=2&empty&on=true");
        assert_eq!(pairs.get("a"), Some("b c&ä#d"));
        assert_eq!(pairs.get("empty"), Some(""));
        assert_eq!(pairs.get("missing"), None);
        assert!(pairs.is_true("on"));
    }
}
