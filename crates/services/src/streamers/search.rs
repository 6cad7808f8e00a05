//! Finding a channel to watch: those that we know first, then Twitch's own search.

use super::{
    lookup::{self, Found, SearchError},
    pasted::login_of,
};
use crate::App;
use sm_db::streamers;
use std::cmp::Reverse;

/// Channels that a search finds at most.
const MAX_FOUND: usize = 20;
/// Typing errors that a name may have, if it is long enough for them.
const MAX_TYPOS: usize = 2;
/// A name as long as this may have one of them.
const LETTERS_PER_TYPO: usize = 4;
/// Known channels that are compared with what was typed.
const MAX_COMPARED: i64 = 1_000;

/// How a channel fits what was searched for; the better first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// Its name is what was typed.
    Exact,
    /// Its name begins so.
    Prefix,
    /// Its name is nearly so, or has it in it.
    Similar,
}

/// Searches by login, display name or address.
pub async fn search(app: &App, text: &str) -> Result<Vec<(Match, Found)>, SearchError> {
    let typed = login_of(text).unwrap_or_else(|_| text.trim().to_lowercase());
    let known = known(app, &typed).await?;
    let others = match lookup::search(app, text).await {
        Ok(others) => others,
        Err(SearchError::Twitch(error)) if !known.is_empty() => {
            tracing::warn!(%error, "Twitch's search did not answer");
            Vec::new()
        }
        Err(error) => return Err(error),
    };
    let mut found: Vec<_> = known.into_iter().map(|(fit, found)| (fit, true, found)).collect();
    for other in others {
        if found.iter().any(|(.., known)| known.id == other.id) {
            continue;
        }
        // Twitch has its reasons for what does not look like it.
        let fit = fit(&typed, &other).unwrap_or(Match::Similar);
        found.push((fit, false, other));
    }
    // Twitch's order stays where nothing else decides.
    found.sort_by_key(|(fit, known, found)| (*fit, Reverse(*known), length(found, *known)));
    found.truncate(MAX_FOUND);
    Ok(found.into_iter().map(|(fit, _, found)| (fit, found)).collect())
}

fn length(found: &Found, known: bool) -> usize {
    if known { found.login.len() } else { 0 }
}

/// Channels that we know and that fit, with those that are live.
async fn known(app: &App, typed: &str) -> sqlx::Result<Vec<(Match, Found)>> {
    let is_login = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if typed.len() < lookup::MIN_SEARCH || !typed.chars().all(is_login) {
        return Ok(Vec::new());
    }
    let rows = streamers::like(&app.pool, typed, MAX_COMPARED).await?;
    let rows = rows.into_iter().map(|row| Found {
        id: row.twitch_user_id,
        login: row.login,
        display_name: row.display_name,
        profile_image_url: row.profile_image_url,
        live: None,
    });
    let mut found: Vec<_> = rows.filter_map(|row| Some((fit(typed, &row)?, row))).collect();
    found.sort_by_key(|(fit, row)| (*fit, row.login.len()));
    found.truncate(MAX_FOUND);
    let ids: Vec<_> = found.iter().map(|(_, row)| row.id.clone()).collect();
    let live = streamers::live(&app.pool, &ids).await?;
    for (_, row) in &mut found {
        row.live = live.iter().find(|(id, _)| *id == row.id).and_then(|(_, live)| *live);
    }
    Ok(found)
}

/// How a channel fits what was typed, in small letters.
fn fit(typed: &str, found: &Found) -> Option<Match> {
    let names = [found.login.to_lowercase(), found.display_name.to_lowercase()];
    let any = |fits: &dyn Fn(&str) -> bool| names.iter().any(|name| fits(name));
    let typos = (typed.chars().count() / LETTERS_PER_TYPO).min(MAX_TYPOS);
    if any(&|name| name == typed) {
        Some(Match::Exact)
    } else if any(&|name| name.starts_with(typed)) {
        Some(Match::Prefix)
    } else if any(&|name| name.contains(typed) || is_near(name, typed, typos)) {
        Some(Match::Similar)
    } else {
        None
    }
}

/// Whether few letters are wrong, missing, too many or in the place of their neighbour.
fn is_near(one: &str, two: &str, typos: usize) -> bool {
    let (one, two): (Vec<char>, Vec<char>) = (one.chars().collect(), two.chars().collect());
    if typos == 0 || one.len().abs_diff(two.len()) > typos {
        return false;
    }
    // `table[i][j]`: what turns the first i letters of one into the first j of the other.
    let mut table = vec![(0..=two.len()).collect::<Vec<_>>()];
    for i in 1..=one.len() {
        let mut row = vec![i];
        for j in 1..=two.len() {
            let differs = usize::from(one[i - 1] != two[j - 1]);
            let mut least =
                (table[i - 1][j] + 1).min(row[j - 1] + 1).min(table[i - 1][j - 1] + differs);
            if i > 1 && j > 1 && one[i - 1] == two[j - 2] && one[i - 2] == two[j - 1] {
                least = least.min(table[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        table.push(row);
    }
    table[one.len()][two.len()] <= typos
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_typing_errors_are_forgiven_in_long_names() {
        for (typed, name, near) in [
            ("anna", "ana", true),
            ("nightbto", "nightbot", true),
            ("nigthbto", "nightbot", true),
            ("nightbot", "nightbot", true),
            ("nigthbtoo", "nightbot", false),
            ("bob", "bab", false),
            ("ana", "bruno", false),
        ] {
            let typos = (typed.chars().count() / LETTERS_PER_TYPO).min(MAX_TYPOS);
            assert_eq!(is_near(name, typed, typos), near, "{typed} {name}");
        }
    }
}
