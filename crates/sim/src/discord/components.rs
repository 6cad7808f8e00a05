//! Buttons under messages, and what Discord demands of them.

use super::answers::Refusal;
use serde_json::Value;
use std::collections::HashSet;

const MAX_ROWS: usize = 5;
const MAX_IN_A_ROW: usize = 5;
const MAX_ID: usize = 100;
const MAX_LABEL: usize = 80;

/// Refuses a body whose buttons Discord would not take.
pub(super) fn check(body: &Value) -> Result<(), Refusal> {
    let rows = body["components"].as_array().map(Vec::as_slice).unwrap_or_default();
    if rows.len() > MAX_ROWS {
        return Err(Refusal::part("components"));
    }
    let mut ids = HashSet::new();
    for (row_at, row) in rows.iter().enumerate() {
        let buttons = row["components"].as_array().map(Vec::as_slice).unwrap_or_default();
        if row["type"] != 1 || buttons.is_empty() || buttons.len() > MAX_IN_A_ROW {
            return Err(Refusal::part(&format!("components.{row_at}.components")));
        }
        for (at, button) in buttons.iter().enumerate() {
            let text = |name: &str| button[name].as_str().unwrap_or_default();
            let is_link = button["style"] == 5;
            let target = if is_link { text("url") } else { text("custom_id") };
            let fits = button["type"] == 2
                && !target.is_empty()
                && (is_link || target.chars().count() <= MAX_ID && ids.insert(target.to_owned()))
                && (1..=MAX_LABEL).contains(&text("label").chars().count())
                && button["emoji"].is_null();
            if !fits {
                return Err(Refusal::part(&format!("components.{row_at}.components.{at}")));
            }
        }
    }
    Ok(())
}

/// The buttons that say something, by their labels.
pub(super) fn buttons(components: &Value) -> Vec<(String, String)> {
    let rows = components.as_array().into_iter().flatten();
    let buttons = rows.flat_map(|row| row["components"].as_array().into_iter().flatten());
    let named = |button: &Value| {
        let text = |name: &str| button[name].as_str().map(str::to_owned);
        text("label").zip(text("custom_id"))
    };
    buttons.filter_map(named).collect()
}
