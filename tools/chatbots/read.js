// What a line costs other bots that calls no command: their own way from the socket's text to a handler.
// Usage: node read.js LINES. Prints the name and microseconds of CPU per line, one library a line.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const tmi = require("tmi.js");
const { ChatClient } = require("@twurple/chat");
const lines = Number(process.argv[2] ?? 50_000);
const RAW =
  "@badge-info=;badges=premium/1;color=#8A2BE2;display-name=Bea;emotes=25:29-33;first-msg=0;flags=;" +
  "id=6f3c1d52-9a1f-4c0e-8a45-3f1a9c0de001;mod=0;returning-chatter=0;room-id=1000;subscriber=0;" +
  "tmi-sent-ts=1764500000000;turbo=0;user-id=2000;user-type= " +
  ":bea!bea@bea.tmi.twitch.tv PRIVMSG #ana :just talking about the game Kappa";
const commands = new Map([["hi", () => {}]]);

/** Finds a command as bots of both libraries do. */
function hear(text) {
  if (text.startsWith("!")) commands.get(text.slice(1).split(" ")[0].toLowerCase())?.();
}

function measure(name, take) {
  for (let n = 0; n < lines / 10; n += 1) take(RAW);
  const before = process.cpuUsage();
  for (let n = 0; n < lines; n += 1) take(RAW);
  const { user, system } = process.cpuUsage(before);
  console.log(`${name} ${((user + system) / lines).toFixed(1)}`);
}

let heard = 0;
const client = new tmi.Client({ channels: ["ana"] });
client.on("message", (channel, tags, text) => {
  heard += 1;
  hear(text);
});
measure("tmi.js", (raw) => client._onMessage({ data: raw }));

const chat = new ChatClient({ channels: ["ana"] });
chat.onMessage((channel, user, text) => {
  heard += 1;
  hear(text);
});
measure("twurple", (raw) => chat.irc.receiveLine(raw));
if (heard < 2 * lines) throw new Error(`${heard} lines were heard of ${2 * lines}`);
process.exit(0);
