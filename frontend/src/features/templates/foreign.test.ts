import { expect, test } from "vitest";
import { findProblems } from "~/template-language";
import { translated } from "./foreign";

test.each([
  [
    "Hey @everyone, {streamer} is now live on {link}!",
    "Hey {everyone}, {streamer} is now live on {url}!",
  ],
  ["{user.twitch_name}: {stream.title} ({stream.viewers})", "{streamer}: {title} ({viewers})"],
  ["{{.User}} plays {{ .Game }} {{.URL}}", "{streamer} plays {game} {url}"],
  ["${name} ${url} $(title) %game% $link$", "{streamer} {url} {title} {game} {url}"],
  ["<@&812345678901234567> {userName}", "{role} {streamer}"],
  ["{{ Display_Name }} costs 100% of $5", "{streamer} costs 100% of $5"],
])("%s", (theirs, ours) => {
  const done = translated(theirs);
  expect(done.text).toBe(ours);
  expect(done.unknown).toEqual([]);
});

test("what we do not have stays, is told, and breaks nothing", () => {
  const done = translated("{random:a} {if .IsLive} {tags} {{.Banner}} { } {tags} {{");
  expect(done.unknown).toEqual(["{if .IsLive}", "{tags}", "{{.Banner}}"]);
  expect(done.text).toBe(
    "{{random:a}} {{if .IsLive}} {{tags}} {{{{.Banner}}}} {{ }} {{tags}} {{{{",
  );
  expect(findProblems(done.text)).toEqual([]);
});

test("mentions are settings here", () => {
  expect(translated("@here @everyone {role} @HERE").mentions).toEqual([
    "@here",
    "@everyone",
    "{role}",
    "@HERE",
  ]);
});
