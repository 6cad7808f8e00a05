import { describe, expect, it } from "vitest";
import { chatUrl, parentOf, playerUrl, twitchLink } from "./embed";

const at = (address: string) => parentOf(new URL(address));

describe("the page around Twitch's", () => {
  it("is named by its host alone", () => {
    expect(at("https://alerts.example:8443/live/ana?q=1")).toEqual({ parent: "alerts.example" });
    expect(at("https://WWW.Alerts.Example./")).toEqual({ parent: "www.alerts.example" });
    expect(at("http://localhost:8080/live")).toEqual({ parent: "localhost" });
    expect(at("https://d111abc.cloudfront.net/")).toEqual({ parent: "d111abc.cloudfront.net" });
  });

  it("cannot be an IP address, in whatever notation", () => {
    for (const host of [
      "127.0.0.1",
      "192.168.0.10:8080",
      "[::1]:8080",
      "[2001:db8::1]",
      "2130706433",
    ])
      expect(at(`https://${host}/`)).toEqual({ barrier: "address" });
  });

  it("has to come over TLS, unless it is this machine's own", () => {
    expect(at("http://alerts.example/")).toEqual({ barrier: "insecure" });
    expect(at("http://localhost.example/")).toEqual({ barrier: "insecure" });
  });
});

describe("addresses", () => {
  it("take a login and nothing else", () => {
    expect(playerUrl("ana", "alerts.example", true)).toBe(
      "https://player.twitch.tv/?channel=ana&parent=alerts.example&muted=true&autoplay=true",
    );
    expect(chatUrl("ana", "localhost", true)).toBe(
      "https://www.twitch.tv/embed/ana/chat?parent=localhost&darkpopout",
    );
    expect(chatUrl("ana", "localhost", false)).not.toContain("dark");
    for (const login of ["", "a/b", "ana&parent=evil.example", "../ana", "x".repeat(26)]) {
      expect(playerUrl(login, "localhost", false)).toBeNull();
      expect(chatUrl(login, "localhost", false)).toBeNull();
    }
  });

  it("of recordings lead to Twitch or nowhere", () => {
    expect(twitchLink("https://www.twitch.tv/videos/1")).toBe("https://www.twitch.tv/videos/1");
    for (const odd of [
      null,
      "",
      "javascript:alert(1)",
      "http://www.twitch.tv/1",
      "https://nottwitch.tv/",
    ])
      expect(twitchLink(odd)).toBeNull();
  });
});
