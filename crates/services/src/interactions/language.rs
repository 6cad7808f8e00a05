//! The language of an answer: that of whoever asks.

/// The languages that the product speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    German,
}

impl Language {
    /// By Discord's locale, as in `de` or `en-GB`, or by our own code.
    pub(super) fn of(locale: &str) -> Self {
        if locale.starts_with("de") { Self::German } else { Self::English }
    }

    /// As it is stored.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// One of two texts.
    pub(super) fn pick<T>(self, english: T, german: T) -> T {
        match self {
            Self::English => english,
            Self::German => german,
        }
    }
}

/// A name without what Discord would take for markup or a mention.
pub(super) fn plain(name: &str) -> String {
    let mut plain = String::new();
    for character in name.chars() {
        if matches!(character, '*' | '_' | '~' | '`' | '|' | '>' | '<' | '[' | ']' | '\\' | '#') {
            plain.push('\\');
        }
        plain.push(character);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_locale_has_a_language() {
        for (locale, expected) in
            [("de", Language::German), ("en-GB", Language::English), ("", Language::English)]
        {
            assert_eq!(Language::of(locale), expected);
            assert_eq!(Language::of(expected.code()), expected);
        }
        assert_eq!(plain("bruno_plays"), r"bruno\_plays");
    }
}
