//! Registers the commands at Discord, where they are not registered so already.

use super::definitions::commands;
use crate::App;
use sm_discord::{Error, interaction::differences};

/// The names of commands that Discord does not have as it should; none when all is well.
pub async fn look(app: &App) -> Result<Vec<String>, Error> {
    Ok(differences(&app.discord.commands().await?, &commands()))
}

/// Brings Discord's list up to date, in one request; the names of what was different. A second time it sends nothing.
pub async fn register(app: &App) -> Result<Vec<String>, Error> {
    let registered = app.discord.commands().await?;
    let different = differences(&registered, &commands());
    if !different.is_empty() {
        app.discord.overwrite_commands(&commands(), &registered).await?;
    }
    Ok(different)
}

/// Takes our commands away; what the developer portal has made stays.
pub async fn unregister(app: &App) -> Result<(), Error> {
    let registered = app.discord.commands().await?;
    app.discord.overwrite_commands(&[], &registered).await
}
