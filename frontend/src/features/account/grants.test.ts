import { expect, test } from "vitest";
import { standingOf, wantedWith } from "./grants";

const CHANNEL = {
  streamer_id: "1",
  login: "ana",
  display_name: "Ana",
  granted: ["cheers"],
  grant_again: ["subscriptions"],
};

test("each grant stands as Twitch has it", () => {
  expect(standingOf(CHANNEL, "cheers")).toBe("granted");
  expect(standingOf(CHANNEL, "subscriptions")).toBe("again");
  expect(standingOf(CHANNEL, "follows")).toBe("none");
});

test("asking for one keeps the others, and brings back what was lost", () => {
  expect(wantedWith(CHANNEL, "follows")).toEqual(["cheers", "follows", "subscriptions"]);
  expect(wantedWith(CHANNEL, "subscriptions")).toEqual(["cheers", "subscriptions"]);
});
