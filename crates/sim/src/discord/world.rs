//! The state of the simulated Discord.

use super::{
    faults::Fault,
    grants::Grants,
    limits::Limits,
    model::{
        APPLICATION_NAME, Channel, Guild, Open, Overwrite, Role, SeenRequest, SimMessage, User,
        is_thread,
    },
};
use serde_json::Value;
use sm_types::Clock;
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Duration,
};

const DISCORD_EPOCH_MS: i128 = 1_420_070_400_000;
/// Discord says "a few minutes".
const NONCE_MEMORY: Duration = Duration::from_secs(180);
/// What comes where the developer portal was used: both events of applications.
const EVENTS: [&str; 2] = ["APPLICATION_AUTHORIZED", "APPLICATION_DEAUTHORIZED"];
const KEPT_REQUESTS: usize = 10_000;
const KEPT_CHANGES: usize = 5_000;
/// View, send, embed, history, send in threads.
pub(super) const DEFAULT_BOT_PERMISSIONS: u64 = 274_877_991_936;
/// What `@everyone` may do in a new server, as far as it matters here.
const EVERYONE_PERMISSIONS: u64 = 1 << 10 | 1 << 11 | 1 << 14 | 1 << 15 | 1 << 16;

/// Everything there is.
#[derive(Debug)]
pub(crate) struct World {
    pub(super) bot: u64,
    /// Whether every request to the API is answered 503.
    pub(super) down: bool,
    pub(super) users: BTreeMap<u64, User>,
    pub(super) grants: Grants,
    pub(super) webhook_events_url: Option<String>,
    pub(super) webhook_events_types: Vec<String>,
    /// Where interactions go.
    pub(super) interactions_url: Option<String>,
    /// Those whose answers may still change, by their tokens.
    pub(super) interactions: HashMap<String, Open>,
    /// So many first follow-ups of each come too early for Discord.
    pub(super) follow_ups_too_early: u32,
    /// Commands for all guilds, as Discord shows them.
    pub(super) commands: Vec<Value>,
    /// What an address begins with, and what is taken instead.
    pub(super) detour: Option<(String, String)>,
    pub(super) guilds: HashMap<u64, Guild>,
    pub(super) channels: HashMap<u64, Channel>,
    /// When each nonce was used, in Unix milliseconds, and the channel and message it stands for.
    pub(super) nonces: HashMap<String, (u64, u64, u64)>,
    /// Whether lists of messages show nonces.
    pub(super) lists_nonces: bool,
    pub(super) nonce_memory: Duration,
    pub(super) faults: Vec<Fault>,
    pub(super) limits: Limits,
    pub(super) requests: VecDeque<SeenRequest>,
    pub(super) request_count: u64,
    pub(super) invalid_responses: u64,
    pub(super) violations: Vec<String>,
    /// Channel and message of each change, oldest first, and the cursor behind the last.
    pub(super) changes: VecDeque<(u64, u64)>,
    pub(super) cursor: u64,
    posted: usize,
    sequence: u64,
    clock: Clock,
}

impl World {
    pub(super) fn new(rate_limit: Option<usize>, clock: Clock) -> Self {
        let mut world = Self {
            bot: 0,
            down: false,
            users: BTreeMap::new(),
            grants: Grants::default(),
            webhook_events_url: None,
            webhook_events_types: EVENTS.map(str::to_owned).to_vec(),
            interactions_url: None,
            interactions: HashMap::new(),
            follow_ups_too_early: 0,
            commands: Vec::new(),
            detour: None,
            guilds: HashMap::new(),
            channels: HashMap::new(),
            nonces: HashMap::new(),
            lists_nonces: false,
            nonce_memory: NONCE_MEMORY,
            faults: Vec::new(),
            limits: Limits::new(rate_limit),
            requests: VecDeque::new(),
            request_count: 0,
            invalid_responses: 0,
            violations: Vec::new(),
            changes: VecDeque::new(),
            cursor: 0,
            posted: 0,
            sequence: 0,
            clock,
        };
        world.bot = world.snowflake();
        world
    }

    pub(super) fn now_ms(&self) -> u64 {
        let ms = self.clock.now().unix_timestamp_nanos() / 1_000_000;
        u64::try_from(ms).unwrap_or(0)
    }

    /// A new id that carries the time, as Discord's do.
    pub(super) fn snowflake(&mut self) -> u64 {
        self.sequence += 1;
        let ms = i128::from(self.now_ms()) - DISCORD_EPOCH_MS;
        (u64::try_from(ms).unwrap_or(0) << 22) | (self.sequence & 0x3f_ffff)
    }

    /// The guilds by id, oldest first.
    pub(super) fn sorted_guilds(&self) -> Vec<(u64, &Guild)> {
        let mut guilds: Vec<_> = self.guilds.iter().map(|(id, guild)| (*id, guild)).collect();
        guilds.sort_by_key(|(id, _)| *id);
        guilds
    }

    pub(super) fn add_guild(&mut self, name: &str) -> u64 {
        let (id, owner, bot_role) = (self.snowflake(), self.snowflake(), self.snowflake());
        let role = |id, name: &str, permissions, managed| Role {
            id,
            name: name.to_owned(),
            permissions,
            mentionable: false,
            managed,
        };
        let roles = vec![
            role(id, "@everyone", EVERYONE_PERMISSIONS, false),
            role(bot_role, APPLICATION_NAME, DEFAULT_BOT_PERMISSIONS, true),
        ];
        let guild = Guild {
            name: name.to_owned(),
            owner,
            roles,
            members: BTreeMap::new(),
            channels: Vec::new(),
            bot_role,
            bot_present: true,
            bot_timeout_ms: None,
        };
        self.guilds.insert(id, guild);
        id
    }

    pub(super) fn add_channel(&mut self, guild: u64, name: &str, kind: u8) -> u64 {
        let id = self.snowflake();
        let (name, overwrites, messages) = (name.to_owned(), Vec::new(), Vec::new());
        let parent = None;
        self.channels.insert(id, Channel { guild, name, kind, parent, overwrites, messages });
        if let Some(guild) = self.guilds.get_mut(&guild) {
            guild.channels.push(id);
        }
        id
    }

    pub(super) fn add_role(&mut self, guild: u64, name: &str, mentionable: bool) -> u64 {
        let id = self.snowflake();
        let role = Role { id, name: name.to_owned(), permissions: 0, mentionable, managed: false };
        if let Some(guild) = self.guilds.get_mut(&guild) {
            guild.roles.push(role);
        }
        id
    }

    /// Puts a channel in a category, whose overwrites it takes over, or a thread in a channel.
    pub(super) fn set_parent(&mut self, channel: u64, parent: u64) {
        let Some(overwrites) = self.channels.get(&parent).map(|found| found.overwrites.clone())
        else {
            return;
        };
        let Some(found) = self.channels.get_mut(&channel) else { return };
        found.parent = Some(parent);
        if !is_thread(found.kind) {
            found.overwrites = overwrites;
        }
    }

    /// Deletes a role and takes it from everybody; `false` when it is not there or may not be deleted.
    pub(super) fn delete_role(&mut self, guild: u64, role: u64) -> bool {
        let Some(found) = self.guilds.get_mut(&guild) else { return false };
        let before = found.roles.len();
        // Neither `@everyone` nor the role of a bot that is there.
        found.roles.retain(|known| known.id != role || known.managed || known.id == guild);
        for member in found.members.values_mut() {
            member.roles.retain(|held| *held != role);
        }
        for channel in self.channels.values_mut().filter(|channel| channel.guild == guild) {
            channel.overwrites.retain(|overwrite| overwrite.member || overwrite.id != role);
        }
        found.roles.len() < before
    }

    pub(super) fn set_bot_permissions(&mut self, guild: u64, permissions: u64) {
        let role = self.guilds.get(&guild).map_or(0, |guild| guild.bot_role);
        self.set_role_permissions(guild, role, permissions);
    }

    pub(super) fn set_everyone_overwrite(&mut self, channel: u64, allow: u64, deny: u64) {
        let everyone = self.channels.get(&channel).map_or(0, |channel| channel.guild);
        self.set_overwrite(channel, Overwrite { id: everyone, member: false, allow, deny });
    }

    pub(super) fn set_bot_overwrite(&mut self, channel: u64, allow: u64, deny: u64) {
        let overwrite = Overwrite { id: self.bot, member: true, allow, deny };
        self.set_overwrite(channel, overwrite);
    }

    fn set_overwrite(&mut self, channel: u64, overwrite: Overwrite) {
        let Some(channel) = self.channels.get_mut(&channel) else { return };
        channel.overwrites.retain(|o| (o.id, o.member) != (overwrite.id, overwrite.member));
        channel.overwrites.push(overwrite);
    }

    pub(super) fn set_bot_present(&mut self, guild: u64, present: bool) {
        if let Some(guild) = self.guilds.get_mut(&guild) {
            guild.bot_present = present;
        }
    }

    /// Deletes a channel with its messages; `false` when there is none.
    pub(super) fn delete_channel(&mut self, channel: u64) -> bool {
        let Some(gone) = self.channels.remove(&channel) else { return false };
        if let Some(guild) = self.guilds.get_mut(&gone.guild) {
            guild.channels.retain(|id| *id != channel);
        }
        true
    }

    pub(super) fn delete_message(&mut self, channel: u64, message: u64) -> bool {
        let Some(found) = self.message_mut(channel, message) else { return false };
        found.deleted = true;
        self.changed(channel, message);
        true
    }

    pub(super) fn message_mut(&mut self, channel: u64, message: u64) -> Option<&mut SimMessage> {
        let id = message.to_string();
        let messages = &mut self.channels.get_mut(&channel)?.messages;
        messages.iter_mut().rev().find(|m| m.id == id && !m.deleted)
    }

    pub(super) fn message(&self, channel: u64, message: u64) -> Option<&SimMessage> {
        let id = message.to_string();
        self.channels.get(&channel)?.messages.iter().rev().find(|m| m.id == id)
    }

    pub(super) fn messages(&self, channel: u64) -> Vec<SimMessage> {
        let messages = self.channels.get(&channel).map(|c| c.messages.as_slice());
        messages.unwrap_or_default().iter().filter(|m| !m.deleted).cloned().collect()
    }

    pub(super) fn message_count(&self) -> usize {
        self.posted
    }

    pub(super) fn channels_with_several(&self) -> Vec<u64> {
        self.channels.iter().filter(|(_, c)| c.messages.len() > 1).map(|(id, _)| *id).collect()
    }

    pub(super) fn post(&mut self, channel: u64, message: SimMessage) {
        let id = message.id.parse().unwrap_or(0);
        if let Some(channel) = self.channels.get_mut(&channel) {
            channel.messages.push(message);
            self.posted += 1;
        }
        self.changed(channel, id);
    }

    pub(super) fn changed(&mut self, channel: u64, message: u64) {
        self.cursor += 1;
        self.changes.push_back((channel, message));
        if self.changes.len() > KEPT_CHANGES {
            self.changes.pop_front();
        }
    }

    pub(super) fn seen(&mut self, method: &str, path: &str, status: u16) {
        self.request_count += 1;
        if matches!(status, 401 | 403 | 429) {
            self.invalid_responses += 1;
        }
        if self.requests.len() == KEPT_REQUESTS {
            self.requests.pop_front();
        }
        let (method, path) = (method.to_owned(), path.to_owned());
        self.requests.push_back(SeenRequest { method, path, status, at_ms: self.now_ms() });
    }
}
