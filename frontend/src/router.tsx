import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  parseSearchWith,
  stringifySearchWith,
} from "@tanstack/react-router";
import { deliverySearch } from "./features/deliveries/search";
import { LandingPage } from "./features/landing/LandingPage";
import { loadAppTexts, loadBotTexts, loadSetupTexts } from "./i18n";
import { paths } from "./paths";
import { Frame } from "./shell/Frame";
import { NotFoundPage } from "./shell/NotFoundPage";
import { RouteProblem } from "./shell/RouteProblem";

interface Context {
  client: QueryClient;
}

/** A text of the address; the router reads short numbers, and true and false, as such. */
const text = (value: unknown) =>
  ["string", "number", "boolean"].includes(typeof value) ? String(value) : undefined;

/** The texts of an address that a page knows. */
const texts =
  <K extends string>(...keys: K[]) =>
  (search: Record<string, unknown>): { [key in K]?: string } => {
    const known: { [key in K]?: string } = {};
    for (const key of keys) known[key] = text(search[key]);
    return known;
  };

const root = createRootRouteWithContext<Context>()({
  component: Frame,
  notFoundComponent: NotFoundPage,
  errorComponent: RouteProblem,
});

const landing = createRoute({
  getParentRoute: () => root,
  path: paths.landing,
  validateSearch: texts("deleted"),
  component: LandingPage,
});

const login = createRoute({
  getParentRoute: () => root,
  path: paths.login,
  validateSearch: texts("error", "return_to"),
  component: lazyRouteComponent(() => import("./features/landing/LoginPage"), "LoginPage"),
});

const signedIn = createRoute({
  getParentRoute: () => root,
  path: paths.signedIn,
  component: lazyRouteComponent(() => import("./features/account/SignedInPage"), "SignedInPage"),
});

const invite = createRoute({
  getParentRoute: () => root,
  path: paths.invite,
  validateSearch: texts("error", "linked"),
  component: lazyRouteComponent(() => import("./features/invite/InvitePage"), "InvitePage"),
});

/** Everything that needs somebody signed in. */
const signed = createRoute({
  getParentRoute: () => root,
  id: "app",
  loader: loadAppTexts,
  staleTime: Infinity,
  component: lazyRouteComponent(() => import("./shell/SignedIn"), "SignedIn"),
});

const servers = createRoute({
  getParentRoute: () => signed,
  path: paths.servers,
  validateSearch: texts("error", "q"),
  component: lazyRouteComponent(() => import("./features/servers/ServersPage"), "ServersPage"),
});

const live = createRoute({
  getParentRoute: () => signed,
  path: paths.live,
  validateSearch: texts("q"),
  component: lazyRouteComponent(() => import("./features/watch/WatchPage"), "WatchPage"),
});

const channel = createRoute({
  getParentRoute: () => signed,
  path: paths.channel,
  component: lazyRouteComponent(() => import("./features/watch/ChannelPage"), "ChannelPage"),
});

const account = createRoute({
  getParentRoute: () => signed,
  path: paths.me,
  component: lazyRouteComponent(() => import("./features/account/AccountFrame"), "AccountFrame"),
});

const preferences = createRoute({
  getParentRoute: () => account,
  path: "/",
  validateSearch: texts("server"),
  component: lazyRouteComponent(
    () => import("./features/account/PreferencesPage"),
    "PreferencesPage",
  ),
});

const sessions = createRoute({
  getParentRoute: () => account,
  path: "/sessions",
  component: lazyRouteComponent(() => import("./features/account/SessionsPage"), "SessionsPage"),
});

const ownChannel = createRoute({
  getParentRoute: () => account,
  path: "/channel",
  validateSearch: texts("error", "linked"),
  component: lazyRouteComponent(() => import("./features/account/ChannelPage"), "ChannelPage"),
});

const bot = createRoute({
  getParentRoute: () => account,
  path: "/bot",
  loader: loadBotTexts,
  staleTime: Infinity,
});

const botChannels = createRoute({
  getParentRoute: () => bot,
  path: "/",
  validateSearch: texts("error"),
  component: lazyRouteComponent(() => import("./features/bot/ChannelsPage"), "ChannelsPage"),
});

const botChannel = createRoute({
  getParentRoute: () => bot,
  path: "/$channelId",
  component: lazyRouteComponent(() => import("./features/bot/BotFrame"), "BotFrame"),
});

const botState = createRoute({
  getParentRoute: () => botChannel,
  path: "/",
  validateSearch: texts("linked"),
  component: lazyRouteComponent(() => import("./features/bot/StatePage"), "StatePage"),
});

const botCommands = createRoute({
  getParentRoute: () => botChannel,
  path: "/commands",
  validateSearch: texts("q", "category"),
  component: lazyRouteComponent(() => import("./features/bot/CommandsPage"), "CommandsPage"),
});

const botCommand = createRoute({
  getParentRoute: () => botChannel,
  path: "/commands/$commandId",
  component: lazyRouteComponent(() => import("./features/bot/CommandPage"), "CommandPage"),
});

const botTimers = createRoute({
  getParentRoute: () => botChannel,
  path: "/timers",
  component: lazyRouteComponent(() => import("./features/bot/TimersPage"), "TimersPage"),
});

const botLog = createRoute({
  getParentRoute: () => botChannel,
  path: "/log",
  component: lazyRouteComponent(() => import("./features/bot/LogPage"), "LogPage"),
});

const botSettings = createRoute({
  getParentRoute: () => botChannel,
  path: "/settings",
  component: lazyRouteComponent(() => import("./features/bot/SettingsPage"), "SettingsPage"),
});

const privacy = createRoute({
  getParentRoute: () => account,
  path: "/privacy",
  component: lazyRouteComponent(() => import("./features/account/PrivacyPage"), "PrivacyPage"),
});

const appearance = createRoute({
  getParentRoute: () => account,
  path: "/appearance",
  component: lazyRouteComponent(
    () => import("./features/account/AppearancePage"),
    "AppearancePage",
  ),
});

const room = createRoute({
  getParentRoute: () => signed,
  path: paths.room,
  component: lazyRouteComponent(() => import("./features/team/PublicRoomPage"), "PublicRoomPage"),
});

const guild = createRoute({
  getParentRoute: () => signed,
  path: paths.server,
  loader: loadSetupTexts,
  component: lazyRouteComponent(() => import("./shell/GuildFrame"), "GuildFrame"),
});

const overview = createRoute({
  getParentRoute: () => guild,
  path: "/",
  validateSearch: texts("installed"),
  component: lazyRouteComponent(() => import("./features/overview/OverviewPage"), "OverviewPage"),
});

const streamers = createRoute({
  getParentRoute: () => guild,
  path: "/streamers",
  validateSearch: texts("error", "linked", "q", "state", "add"),
  component: lazyRouteComponent(
    () => import("./features/streamers/StreamersPage"),
    "StreamersPage",
  ),
});

const streamer = createRoute({
  getParentRoute: () => guild,
  path: "/streamers/$streamerId",
  component: lazyRouteComponent(() => import("./features/streamers/StreamerPage"), "StreamerPage"),
});

const notifications = createRoute({
  getParentRoute: () => guild,
  path: "/notifications",
  component: lazyRouteComponent(
    () => import("./features/notifications/NotificationsPage"),
    "NotificationsPage",
  ),
});

const templates = createRoute({
  getParentRoute: () => guild,
  path: "/templates",
  component: lazyRouteComponent(
    () => import("./features/templates/TemplatesPage"),
    "TemplatesPage",
  ),
});

const template = createRoute({
  getParentRoute: () => guild,
  path: "/templates/$templateId",
  component: lazyRouteComponent(() => import("./features/templates/TemplatePage"), "TemplatePage"),
});

const deliveries = createRoute({
  getParentRoute: () => guild,
  path: "/deliveries",
  validateSearch: deliverySearch,
  component: lazyRouteComponent(
    () => import("./features/deliveries/DeliveriesPage"),
    "DeliveriesPage",
  ),
});

const delivery = createRoute({
  getParentRoute: () => guild,
  path: "/deliveries/$deliveryId",
  component: lazyRouteComponent(() => import("./features/deliveries/DeliveryPage"), "DeliveryPage"),
});

const team = createRoute({
  getParentRoute: () => guild,
  path: "/team",
  component: lazyRouteComponent(() => import("./features/team/TeamPage"), "TeamPage"),
});

const audit = createRoute({
  getParentRoute: () => guild,
  path: "/audit",
  component: lazyRouteComponent(() => import("./features/audit/AuditPage"), "AuditPage"),
});

const routeTree = root.addChildren([
  landing,
  login,
  signedIn,
  invite,
  signed.addChildren([
    servers,
    live,
    channel,
    room,
    account.addChildren([
      preferences,
      sessions,
      ownChannel,
      bot.addChildren([
        botChannels,
        botChannel.addChildren([botState, botCommands, botCommand, botTimers, botLog, botSettings]),
      ]),
      privacy,
      appearance,
    ]),
    guild.addChildren([
      overview,
      streamers,
      streamer,
      notifications,
      templates,
      template,
      deliveries,
      delivery,
      team,
      audit,
    ]),
  ]),
]);

/** The pages, by address. */
export function createAppRouter(client: QueryClient) {
  return createRouter({
    routeTree,
    context: { client },
    // Texts stay texts: read as a number, an id of Discord's would lose its last digits.
    parseSearch: parseSearchWith((value) => value),
    stringifySearch: stringifySearchWith(JSON.stringify),
    defaultPreload: "intent",
    scrollRestoration: true,
    defaultErrorComponent: RouteProblem,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
