import {
  Anchor,
  Button,
  Group,
  Loader,
  Stack,
  Text,
  Title,
  useComputedColorScheme,
} from "@mantine/core";
import { useElementSize, useReducedMotion } from "@mantine/hooks";
import { IconExternalLink, IconPlayerPlay, IconRefresh } from "@tabler/icons-react";
import { useEffect, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { channelUrl, chatPageUrl, chatUrl, LEAST_WIDTH_PX, parentOf, playerUrl } from "./embed";
import { useEmbeds } from "./useEmbeds";
import classes from "./Watch.module.css";

/** How long Twitch may take until its page is given up. */
const PATIENCE_MS = 15_000;

interface Shown {
  login: string;
  name: string;
}

/** Twitch's player, where it may be shown; what to do instead, where it may not. */
export function Player({ login, name }: Shown) {
  const { t } = useTranslation("watch");
  const { allowed } = useEmbeds();
  const still = useReducedMotion(false, { getInitialValueInEffect: false });
  const { ref, width } = useElementSize();
  const place = parentOf(location);
  const narrow = width > 0 && width < LEAST_WIDTH_PX;
  const src = "parent" in place ? playerUrl(login, place.parent, !still) : null;
  const content = () => {
    if ("barrier" in place) return <Instead text={t(`player.${place.barrier}`)} login={login} />;
    if (narrow) return <Instead text={t("player.narrow")} login={login} />;
    if (!allowed) return <Consent login={login} name={name} />;
    // How wide it will be decides whether it is loaded at all.
    if (width === 0 || src === null) return null;
    return (
      <Frame
        key={src}
        src={src}
        title={t("player.title", { name })}
        allow="autoplay; fullscreen; encrypted-media; picture-in-picture"
        instead={<Instead text={t("player.failed")} login={login} />}
      />
    );
  };
  return (
    <div ref={ref} className={classes.player} data-narrow={narrow || undefined}>
      {content()}
    </div>
  );
}

/** Twitch's chat beside it. */
export function Chat({ login, name }: Shown) {
  const { t } = useTranslation("watch");
  const { allowed } = useEmbeds();
  const dark = useComputedColorScheme() === "dark";
  const place = parentOf(location);
  const [src] = useState(() => ("parent" in place ? chatUrl(login, place.parent, dark) : null));
  const address = chatPageUrl(login);
  if (src === null) {
    return <Instead text={t("chat.impossible")} login={login} address={address} />;
  }
  if (!allowed) return <Consent login={login} name={name} address={address} />;
  return (
    <Frame
      src={src}
      title={t("chat.title", { name })}
      // All that Twitch's own page names: with one less it does not work.
      sandbox="allow-storage-access-by-user-activation allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-modals"
      instead={<Instead text={t("chat.failed")} login={login} address={address} />}
    />
  );
}

/** Before anything is asked of Twitch. */
function Consent({ login, name, address }: Shown & { address?: string }) {
  const { t } = useTranslation("watch");
  const { setAllowed } = useEmbeds();
  return (
    <Stack className={classes.instead} gap="sm">
      <Title order={2} size="h4">
        {t("consent.title", { name })}
      </Title>
      <Text size="sm" c="dimmed" maw={480}>
        {t("consent.text")}
      </Text>
      <Group gap="sm" justify="center">
        <Button leftSection={<IconPlayerPlay size={16} />} onClick={() => setAllowed(true)}>
          {t("consent.allow")}
        </Button>
        <OnTwitch address={address ?? channelUrl(login)} />
      </Group>
    </Stack>
  );
}

/** A link in the place of what cannot be shown here. */
function Instead({ text, login, address }: { text: string; login: string; address?: string }) {
  return (
    <Stack className={classes.instead} gap="sm">
      <Text maw={480}>{text}</Text>
      <OnTwitch address={address ?? channelUrl(login)} />
    </Stack>
  );
}

/** Leads to Twitch, in a tab of its own. */
export function OnTwitch({ address }: { address: string }) {
  const { t } = useTranslation("watch");
  return (
    <Button
      component="a"
      href={address}
      target="_blank"
      rel="noreferrer"
      variant="default"
      leftSection={<IconExternalLink size={16} />}
    >
      {t("onTwitch")}
    </Button>
  );
}

/** A page of Twitch's, given up when it does not come. */
function Frame({
  src,
  title,
  instead,
  allow,
  sandbox,
}: {
  src: string;
  title: string;
  instead: ReactNode;
  allow?: string;
  sandbox?: string;
}) {
  const { t } = useTranslation();
  const [state, setState] = useState<"loading" | "loaded" | "failed">("loading");
  useEffect(() => {
    if (state !== "loading") return;
    const timer = setTimeout(() => setState("failed"), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [state]);
  if (state === "failed") {
    return (
      <div className={classes.failed} role="status">
        {instead}
        <Button
          variant="subtle"
          size="xs"
          leftSection={<IconRefresh size={14} />}
          onClick={() => setState("loading")}
        >
          {t("problem.retry")}
        </Button>
      </div>
    );
  }
  return (
    <>
      {state === "loading" && <Loader className={classes.loader} aria-label={t("loading")} />}
      <iframe
        className={classes.frame}
        src={src}
        title={title}
        allow={allow}
        allowFullScreen={allow !== undefined}
        sandbox={sandbox}
        // Twitch compares where it is shown with what it was told; it needs no more than that.
        referrerPolicy="strict-origin-when-cross-origin"
        onLoad={() => setState("loaded")}
      />
    </>
  );
}

/** What was allowed, and how to take it back. */
export function EmbedNote({ login }: { login: string }) {
  const { t } = useTranslation("watch");
  const { allowed, setAllowed } = useEmbeds();
  return (
    <Group gap="md" className={classes.note}>
      <Anchor
        size="sm"
        href={channelUrl(login)}
        target="_blank"
        rel="noreferrer"
        underline="always"
      >
        {t("nothingSeen")}
      </Anchor>
      {allowed && (
        <Button size="compact-sm" variant="subtle" color="gray" onClick={() => setAllowed(false)}>
          {t("consent.revoke")}
        </Button>
      )}
    </Group>
  );
}
