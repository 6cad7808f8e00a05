//! The pages of `/oauth2/authorize`: plain forms, no script.

use super::{ask::Ask, forms::Pairs, model::APPLICATION_NAME, permissions, world::World};

/// What the forms set themselves.
const DECISIONS: &[&str] = &["as", "guild", "deny"];
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:2rem auto;\
padding:0 1rem;color-scheme:light dark}form{margin:1rem 0}button,select{font:inherit;padding:.4rem .8rem}";

/// The page on which a person picks the user to be, and for a bot the guild.
pub(super) fn consent(world: &World, ask: &Ask, query: &Pairs) -> String {
    let hidden: String = query
        .iter()
        .filter(|(name, _)| !DECISIONS.contains(name))
        .map(|(name, value)| hidden(name, value))
        .collect();
    let scopes: String =
        ask.scopes.iter().map(|scope| format!("<li>{}</li>", escape(scope))).collect();
    let users: String = world
        .users
        .iter()
        .filter(|(_, user)| !user.bot)
        .map(|(user, _)| form(&hidden, &choice(world, ask, *user)))
        .collect();
    let nobody = if users.is_empty() { "<p>There are no users yet.</p>" } else { "" };
    let cancel = form(&hidden, "<button name=\"deny\" value=\"1\">Cancel</button>");
    let title = format!("{APPLICATION_NAME} wants to access a Discord account");
    whole(&title, &format!("<p>It asks for:</p><ul>{scopes}</ul>{nobody}{users}{cancel}"))
}

/// The page of a request that goes nowhere.
pub(super) fn refused(why: &str) -> String {
    whole("This cannot be authorized", &format!("<p>{}</p>", escape(why)))
}

/// A user's button, and before it the guilds to choose from.
fn choice(world: &World, ask: &Ask, user: u64) -> String {
    let name = world.users.get(&user).map_or("", |user| user.shown_name());
    let button = format!("name=\"as\" value=\"{user}\">Continue as {}</button>", escape(name));
    if !ask.has_bot() {
        return format!("<button {button}");
    }
    let options = options(world, ask, user);
    if options.is_empty() {
        return format!("<button disabled {button} <span>may add bots to no such server</span>");
    }
    // What is disabled is not sent, and a locked guild needs not be.
    let disabled = if ask.locked { " disabled" } else { "" };
    let id = format!("guild-of-{user}");
    let label = format!("<label for=\"{id}\">Server for {}</label>", escape(name));
    format!(
        "{label} <select id=\"{id}\" name=\"guild\"{disabled}>{options}</select> <button {button}"
    )
}

fn options(world: &World, ask: &Ask, user: u64) -> String {
    let offered = world.sorted_guilds().into_iter().filter(|(id, guild)| {
        permissions::may_manage(guild, user) && (!ask.locked || ask.guild == Some(*id))
    });
    let option = |(id, name): (u64, &str)| {
        let selected = if ask.guild == Some(id) { " selected" } else { "" };
        format!("<option value=\"{id}\"{selected}>{}</option>", escape(name))
    };
    offered.map(|(id, guild)| option((id, &guild.name))).collect()
}

fn form(hidden: &str, inside: &str) -> String {
    format!("<form method=\"get\" action=\"/oauth2/authorize\">{hidden}{inside}</form>")
}

fn hidden(name: &str, value: &str) -> String {
    let (name, value) = (escape(name), escape(value));
    format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
}

fn whole(title: &str, inside: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><main><h1>{title}</h1>{inside}\
         <p>This is a simulated Discord.</p></main></body></html>"
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}
