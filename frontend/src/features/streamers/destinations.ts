import type { Tagged } from "~/api/client";
import type { Schema } from "~/api/client";
import { complete, inUse } from "~/rules/rules";
import { bodyOf } from "./writes";

type Body = Schema["StreamerBody"];
type Destination = Schema["DestinationBody"];

/** What the API takes at most. */
export const MAX_DESTINATIONS = 10;

/** A new channel: everything as in the server's settings. */
export const NEW_DESTINATION: Destination = {
  channel_id: null,
  enabled: true,
  template_id: null,
  mention: null,
  game_filter: null,
  title_filter: null,
  cooldown_seconds: 0,
  rules: null,
  buttons: false,
};

/** What is edited of a streamer; their state changes without a new version. */
export function documentOf(tagged: Tagged<Schema["StreamerView"]>): Tagged<Body> {
  return { etag: tagged.etag, value: bodyOf(tagged.value) };
}

/** Another streamer's settings in place of one's own; a channel that stays keeps its history. */
export function takeOver(own: Destination[], others: Destination[]): Destination[] {
  const ids = new Map(own.map(({ channel_id: channel, id }) => [channel ?? null, id]));
  return others.map((other) => ({ ...other, id: ids.get(other.channel_id ?? null) }));
}

/** How many filters, pauses and rules of its own a destination has. */
export function narrowings(destination: Destination): number {
  const { title_filter: title, game_filter: games, cooldown_seconds: pause } = destination;
  const own = destination.rules ? inUse(complete(destination.rules)).length : 0;
  return own + [title != null, games != null, (pause ?? 0) > 0].filter(Boolean).length;
}
