import { Group, SegmentedControl, Switch, Text, useMantineColorScheme } from "@mantine/core";
import { IconDeviceDesktop, IconMoon, IconSun } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { languages, setLanguage, type Language } from "~/i18n";
import { useShortcutsSetting } from "~/shell/settings";
import { Card } from "~/ui/Card";
import { Page } from "~/ui/Page";
import classes from "./account.module.css";

const SCHEMES = [
  { value: "dark", icon: IconMoon },
  { value: "light", icon: IconSun },
  { value: "auto", icon: IconDeviceDesktop },
] as const;

/** How the dashboard looks in this browser; everything takes effect at once. */
export function AppearancePage() {
  const { t, i18n } = useTranslation("account");
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [shortcuts, setShortcuts] = useShortcutsSetting();
  return (
    <Page title={t("appearance.title")} text={t("appearance.text")}>
      <Card>
        <Setting name={t("appearance.scheme.name")} text={t("appearance.scheme.text")}>
          <SegmentedControl
            aria-label={t("appearance.scheme.name")}
            value={colorScheme}
            onChange={(value) => setColorScheme(value)}
            data={SCHEMES.map(({ value, icon: Icon }) => ({
              value,
              label: (
                <Group gap={6} wrap="nowrap" justify="center">
                  <Icon size={16} aria-hidden />
                  {t(`appearance.scheme.${value}`)}
                </Group>
              ),
            }))}
          />
        </Setting>
        <Setting name={t("appearance.language.name")} text={t("appearance.language.text")}>
          <SegmentedControl
            aria-label={t("appearance.language.name")}
            value={i18n.language}
            onChange={(value) => void setLanguage(value as Language)}
            data={Object.entries(languages).map(([value, name]) => ({
              value,
              label: <span lang={value}>{name}</span>,
            }))}
          />
        </Setting>
        <Setting name={t("appearance.shortcuts.name")} text={t("appearance.shortcuts.text")}>
          <Switch
            aria-label={t("appearance.shortcuts.name")}
            label={t(shortcuts ? "appearance.on" : "appearance.off")}
            size="md"
            checked={shortcuts}
            onChange={(event) => setShortcuts(event.currentTarget.checked)}
          />
        </Setting>
      </Card>
    </Page>
  );
}

function Setting({ name, text, children }: { name: string; text: string; children: ReactNode }) {
  return (
    <div className={classes.setting}>
      <div>
        <Text fw={600}>{name}</Text>
        <Text size="sm" c="dimmed">
          {text}
        </Text>
      </div>
      {children}
    </div>
  );
}
