import { Alert, Button, Code, Group, SimpleGrid, Text, ThemeIcon, Title } from "@mantine/core";
import { Link, useSearch } from "@tanstack/react-router";
import {
  IconArrowRight,
  IconBell,
  IconBolt,
  IconBrandDiscord,
  IconCheck,
  IconEye,
  IconListCheck,
  IconPlus,
  IconRepeatOff,
  IconShieldCheck,
} from "@tabler/icons-react";
import { useEffect, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { leave, paths } from "~/paths";
import { PublicFrame } from "~/shell/PublicFrame";
import { useSignedIn } from "~/shell/useSignedIn";
import { AnnouncementCard } from "./AnnouncementCard";
import classes from "./LandingPage.module.css";
import { LogExample } from "./LogExample";

/** What the product does, to whom it may concern; needs no API. */
export function LandingPage() {
  const { t } = useTranslation("landing");
  const { deleted } = useSearch({ from: "/" });
  const me = useSignedIn();
  useEffect(() => {
    document.title = `StreamMaxing · ${t("tagline")}`;
  }, [t]);
  return (
    <PublicFrame actions={me ? <OpenDashboard size="sm" /> : <SignIn size="sm" />}>
      {deleted && (
        <Alert role="status" color="green" icon={<IconCheck />} title={t("deleted.title")}>
          {t("deleted.text")}
        </Alert>
      )}
      <section className={classes.hero}>
        <div className={classes.words}>
          <Title order={1} className={classes.headline}>
            {t("headline")}
          </Title>
          <Text size="lg" c="dimmed" mt="md">
            {t("sentence")}
          </Text>
          <Group mt="xl" gap="sm">
            {me ? <OpenDashboard size="md" /> : <AddToDiscord />}
            {!me && <SignIn size="md" />}
          </Group>
          <Text size="sm" c="dimmed" mt="md">
            {t("free")}
          </Text>
        </div>
        <AnnouncementCard />
      </section>

      <Section title={t("why.title")} text={t("why.text")}>
        <SimpleGrid cols={{ base: 1, sm: 2, md: 3 }} spacing="md">
          <Feature icon={<IconListCheck size={20} />} name="log" />
          <Feature icon={<IconShieldCheck size={20} />} name="checks" />
          <Feature icon={<IconBolt size={20} />} name="fast" />
          <Feature icon={<IconRepeatOff size={20} />} name="once" />
          <Feature icon={<IconEye size={20} />} name="preview" />
          <Feature icon={<IconBell size={20} />} name="pings" />
        </SimpleGrid>
      </Section>

      <Section title={t("log.title")} text={t("log.text")}>
        <LogExample />
      </Section>

      <Section title={t("permissions.title")} text={t("permissions.text")}>
        <dl className={classes.permissions}>
          <Permission name="post" />
          <Permission name="embed" />
          <Permission name="see" />
          <Permission name="ask" />
        </dl>
        <Text size="sm" c="dimmed" mt="md">
          {t("permissions.signIn")}
        </Text>
      </Section>

      <Section title={t("host.title")} text={t("host.text")}>
        <Code block className={classes.code} aria-label={t("host.commands")} tabIndex={0}>
          {"make dev      # " + t("host.dev") + "\nmake test     # " + t("host.test")}
        </Code>
      </Section>
    </PublicFrame>
  );
}

function SignIn({ size }: { size: string }) {
  const { t } = useTranslation();
  return (
    <Button
      component="a"
      href={leave.login(paths.servers)}
      size={size}
      variant="default"
      leftSection={<IconBrandDiscord size={18} />}
    >
      {t("signIn")}
    </Button>
  );
}

function AddToDiscord() {
  const { t } = useTranslation("landing");
  return (
    <Button
      component="a"
      href={leave.login(paths.servers)}
      size="md"
      leftSection={<IconPlus size={18} />}
    >
      {t("add")}
    </Button>
  );
}

function OpenDashboard({ size }: { size: string }) {
  const { t } = useTranslation("landing");
  return (
    <Button
      component={Link}
      to={paths.servers}
      size={size}
      rightSection={<IconArrowRight size={18} />}
    >
      {t("open")}
    </Button>
  );
}

function Section({ title, text, children }: { title: string; text: string; children: ReactNode }) {
  return (
    <section className={classes.section} aria-label={title}>
      <Title order={2}>{title}</Title>
      <Text c="dimmed" mt={4} mb="lg" maw={680}>
        {text}
      </Text>
      {children}
    </section>
  );
}

type Name = "log" | "checks" | "fast" | "once" | "preview" | "pings";

function Feature({ icon, name }: { icon: ReactNode; name: Name }) {
  const { t } = useTranslation("landing");
  return (
    <div className={classes.feature}>
      <ThemeIcon variant="light" size={36} radius="md" aria-hidden>
        {icon}
      </ThemeIcon>
      <Title order={3} size="h5" mt="sm">
        {t(`features.${name}.title`)}
      </Title>
      <Text size="sm" c="dimmed" mt={4}>
        {t(`features.${name}.text`)}
      </Text>
    </div>
  );
}

function Permission({ name }: { name: "see" | "post" | "embed" | "ask" }) {
  const { t } = useTranslation("landing");
  return (
    <div className={classes.permission}>
      <dt>{t(`permissions.${name}.name`)}</dt>
      <dd>{t(`permissions.${name}.why`)}</dd>
    </div>
  );
}
