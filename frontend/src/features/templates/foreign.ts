/** Other bots' placeholders in our language: MEE6, Streamcord, YAGPDB, Carl-bot, twir and the like. */

/** A text in our language, and what is worth knowing of it. */
export interface Translated {
  text: string;
  /** Placeholders that we do not have; they stand in the text as they were. */
  unknown: string[];
  /** Whom the text pings: that is a setting here. */
  mentions: string[];
}

/** What others call our variables; names are compared without case, `_`, `.` and spaces. */
const NAMES: Record<string, readonly string[]> = {
  streamer: [
    "name",
    "user",
    "username",
    "channel",
    "channelname",
    "displayname",
    "userdisplayname",
    "usertwitchname",
    "broadcaster",
    "broadcastername",
    "streamername",
    "twitchname",
  ],
  login: ["userlogin", "slug", "broadcasterlogin", "streamerlogin"],
  url: ["link", "streamurl", "usertwitchurl", "twitchurl", "channelurl", "streamlink", "userurl"],
  title: ["streamtitle", "status", "streamstatus", "channeltitle"],
  game: ["category", "gamename", "streamgame", "streamcategory", "categoryname", "playing"],
  viewers: ["streamviewers", "viewercount", "viewerscount", "streamviewercount"],
  preview_url: ["thumbnail", "thumbnailurl", "preview", "streampreview", "streamthumbnail"],
  avatar_url: ["avatar", "profileimage", "profilepicture", "profileimageurl", "useravatar", "icon"],
  started: ["timestamp", "startedat", "starttime", "streamstarted", "streamstartedat"],
  uptime: ["streamuptime"],
  duration: ["streamduration"],
  vod_url: ["vod", "vodlink"],
  server: ["guild", "guildname", "servername"],
  mention: ["role", "roles", "rolemention", "ping", "mentions"],
  platform: ["service", "site"],
  everyone: [],
  here: [],
};

const plain = (name: string) => name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");

const OURS = new Map(
  Object.entries(NAMES).flatMap(([ours, theirs]) =>
    [plain(ours), ...theirs].map((name) => [name, ours] as const),
  ),
);

/** `{{.Name}}`, `${name}`, `$(name)`, `{name}`, `%name%`, `$name$`; a mention written out. */
const PLACEHOLDER =
  /\{\{\s*\.?(\.?[\w.]+(?:\s+[\w.]+)*)\s*\}\}|\$\{\s*(\.?[\w.]+(?:\s+[\w.]+)*)\s*\}|\$\(\s*(\.?[\w.]+(?:\s+[\w.]+)*)\s*\)|\{\s*(\.?[\w.]+(?:\s+[\w.]+)*)\s*\}|%([a-z][\w.]*)%|\$([a-z][\w.]*)\$|(@everyone|@here|<@&\d+>)/gi;

/** Our braces mean something. */
const literal = (text: string) => text.replaceAll("{", "{{").replaceAll("}", "}}");

/** Translates another bot's text. */
export function translated(text: string): Translated {
  const done: Translated = { text: "", unknown: [], mentions: [] };
  let from = 0;
  for (const found of text.matchAll(PLACEHOLDER)) {
    const whole = found[0];
    const mention = found[7];
    const name = found.slice(1, 7).find((group) => group !== undefined);
    done.text += literal(text.slice(from, found.index));
    from = found.index + whole.length;
    if (mention !== undefined) {
      done.text += mention.startsWith("@") ? `{${mention.slice(1).toLowerCase()}}` : "{role}";
      note(done.mentions, mention);
      continue;
    }
    const ours = OURS.get(plain(name ?? ""));
    if (ours === undefined) {
      done.text += literal(whole);
      note(done.unknown, whole);
      continue;
    }
    done.text += `{${ours}}`;
    if (["everyone", "here", "mention"].includes(ours)) note(done.mentions, whole);
  }
  done.text += literal(text.slice(from));
  return done;
}

function note(list: string[], text: string) {
  if (!list.includes(text)) list.push(text);
}
