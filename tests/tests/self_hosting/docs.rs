//! The blocks of docs/self-hosting.md.

/// The block of a language in which `marker` stands.
pub(crate) fn block(language: &str, marker: &str) -> &'static str {
    let text = include_str!("../../../docs/self-hosting.md");
    // Every second piece is within a fence.
    let blocks = text.split("\n```").skip(1).step_by(2);
    let of_language = blocks.filter_map(|block| block.split_once('\n'));
    let mut found = of_language.filter(|(name, block)| *name == language && block.contains(marker));
    found.next().unwrap_or_else(|| panic!("no block of {language} has {marker}")).1
}
