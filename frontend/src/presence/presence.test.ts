import { expect, test } from "vitest";
import type { Schema } from "~/api/client";
import type { TopicEvent } from "~/api/live";
import { placeOf } from "./page-name";
import { after } from "./usePresence";

const LIST: Schema["PresenceList"] = {
  people: [
    { user: { user_id: "1", name: "Ada", avatar: null }, page: null },
    { user: { user_id: "3", name: "Cleo", avatar: null }, page: null },
  ],
  online: 2,
  place: { position: 4, tag: "t" },
};

const told = (id: string, name: string, online: boolean, path?: string): TopicEvent => ({
  position: 5,
  kind: "presence",
  data: {
    user: { user_id: id, name, avatar: null },
    online,
    page: path === undefined ? null : { path, title: "T" },
  },
});

const names = (list: Schema["PresenceList"]) => list.people.map(({ user }) => user.name);

test("people come in the order of their names, turn to pages and go", () => {
  const three = after(LIST, [told("2", "Ben", true)]);
  expect([names(three), three.online]).toEqual([["Ada", "Ben", "Cleo"], 3]);
  const turned = after(three, [told("2", "Ben", true, "/s/1/team")]);
  expect([turned.people[1]?.page?.path, turned.online]).toEqual(["/s/1/team", 3]);
  const gone = after(turned, [told("1", "Ada", false), told("1", "Ada", false)]);
  expect([names(gone), gone.online]).toEqual([["Ben", "Cleo"], 2]);
});

test("one whose account is deleted goes without a name", () => {
  expect(names(after(LIST, [told("1", "", false)]))).toEqual(["Cleo"]);
});

test("of a list that shows not all, those who are not shown still count", () => {
  const many = { ...LIST, online: 1200 };
  expect(after(many, [told("2", "Ben", true)]).online).toBe(1201);
  expect(after(many, [told("1", "Ada", false)]).online).toBe(1199);
});

const place = (path: string, title = "") => placeOf("1", { path, title });

test("a page is named by its section, and by its title where it is within one", () => {
  expect(place("/s/1")?.section).toBe("nav.overview");
  expect(place("/s/1/team", "Team")).toEqual({
    section: "nav.team",
    detail: null,
    path: "/s/1/team",
  });
  expect(place("/s/1/templates/9", "Going live")?.detail).toBe("Going live");
  expect(place("/s/1/templates/9")?.detail).toBeNull();
});

test.each(["/", "/s/12", "/s/12/team", "/me", "/s/1/toString", "/s/1/x/y", "/live/ana"])(
  "%s is no page of the server",
  (path) => expect(place(path, "x")).toBeNull(),
);

test("who looks at nothing that is told is on no page", () => {
  expect(placeOf("1", null)).toBeNull();
});
