import { Anchor, AppShell, Box, Burger, Center, Group, Loader, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Outlet, useLocation, useMatchRoute, useParams } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "~/api/problem";
import { meQuery } from "~/api/session";
import { paths } from "~/paths";
import { ProblemCard } from "~/ui/ProblemCard";
import { Brand } from "./Brand";
import { GuildNav } from "./GuildNav";
import { SearchButton } from "./SearchButton";
import { ServerSwitcher } from "./ServerSwitcher";
import { SignedOutPage } from "./SignedOutPage";
import { useIsMember } from "./useIsMember";
import { WatchLink } from "./WatchLink";
import { noteSignIn } from "./useSignedIn";

const HereNow = lazy(() => import("~/presence/HereNow"));
const LiveStatus = lazy(() => import("./LiveStatus"));
const Overlays = lazy(() => import("./Overlays"));
const UserMenu = lazy(() => import("./UserMenu"));

/** Who else is in the server, on the pages that one comes in by. */
function Present({ guildId }: { guildId: string | undefined }) {
  const isMember = useIsMember(guildId);
  const match = useMatchRoute();
  const shown = match({ to: paths.server }) !== false || match({ to: paths.team }) !== false;
  return guildId && isMember && shown && <HereNow key={guildId} guildId={guildId} />;
}

/** Around every page that needs somebody signed in: header, navigation, palette. */
export function SignedIn() {
  const { t } = useTranslation();
  const me = useQuery(meQuery);
  const { guildId } = useParams({ strict: false });
  const { pathname } = useLocation();
  const [navOpened, nav] = useDisclosure();
  const main = useRef<HTMLElement>(null);
  const closeNav = nav.close;
  useEffect(closeNav, [closeNav, pathname]);
  const known = me.data !== undefined;
  useEffect(() => {
    if (known) noteSignIn(true);
  }, [known]);

  if (!me.data) {
    if (me.error instanceof Problem && me.error.status === 401) return <SignedOutPage />;
    if (me.error) {
      return (
        <Center component="main" mih="100vh" p="md">
          <Stack w="100%" maw={560}>
            <Brand />
            <ProblemCard error={me.error} onRetry={() => void me.refetch()} />
          </Stack>
        </Center>
      );
    }
    return <Loader aria-label={t("loading")} m="xl" />;
  }
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{
        width: 232,
        breakpoint: "sm",
        collapsed: { desktop: !guildId, mobile: !navOpened || !guildId },
      }}
      padding="md"
    >
      <AppShell.Header>
        <Group h="100%" px="md" gap="sm" wrap="nowrap" justify="space-between">
          <Group gap="sm" wrap="nowrap" miw={0}>
            <Anchor href="#main" className="skip-link" onClick={() => main.current?.focus()}>
              {t("skip")}
            </Anchor>
            {guildId && (
              <Burger
                opened={navOpened}
                onClick={nav.toggle}
                hiddenFrom="sm"
                size="sm"
                aria-label={t(navOpened ? "nav.close" : "nav.open")}
                aria-expanded={navOpened}
              />
            )}
            <Brand />
            <ServerSwitcher guildId={guildId} />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <Suspense>
              <Present guildId={guildId} />
              <LiveStatus
                key={me.data.id}
                me={me.data.id}
                guildId={guildId}
                confirmedAt={me.dataUpdatedAt}
              />
            </Suspense>
            <WatchLink />
            <SearchButton />
            {/* As wide as the picture that comes there. */}
            <Suspense fallback={<Box w={34} />}>
              <UserMenu me={me.data} />
            </Suspense>
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm">{guildId && <GuildNav guildId={guildId} />}</AppShell.Navbar>
      <AppShell.Main id="main" ref={main} tabIndex={-1}>
        <div className="content">
          <Outlet />
        </div>
      </AppShell.Main>
      <Suspense>
        <Overlays guildId={guildId} />
      </Suspense>
    </AppShell>
  );
}
