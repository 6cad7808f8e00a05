import { Button, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { ReactNode } from "react";
import { currentLanguage, languages, setLanguage, type Language } from "~/i18n";
import { paths } from "~/paths";
import { Brand } from "./Brand";
import classes from "./PublicFrame.module.css";

/** Around the pages that need nobody signed in: name, an action, languages. */
export function PublicFrame({ actions, children }: { actions?: ReactNode; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <div className={classes.frame}>
      <a href="#main" className="skip-link">
        {t("skip")}
      </a>
      <header className={classes.bar}>
        <Brand to={paths.landing} />
        {actions}
      </header>
      <main id="main" tabIndex={-1} className={classes.main}>
        {children}
      </main>
      <footer className={classes.footer}>
        <Text size="sm" c="dimmed">
          {t("public.licence")}
        </Text>
        <Group gap={4}>
          <a href="/api/openapi.json" className={classes.link}>
            {t("public.api")}
          </a>
          <LanguageButtons />
        </Group>
      </footer>
    </div>
  );
}

function LanguageButtons() {
  const { t } = useTranslation();
  return (
    <Group gap={4} role="group" aria-label={t("palette.language")}>
      {(Object.keys(languages) as Language[]).map((language) => (
        <Button
          key={language}
          size="xs"
          variant={currentLanguage() === language ? "default" : "subtle"}
          color="gray"
          c="var(--mantine-color-text)"
          aria-pressed={currentLanguage() === language}
          onClick={() => void setLanguage(language)}
        >
          <span lang={language}>{languages[language]}</span>
        </Button>
      ))}
    </Group>
  );
}

/** A page of one column that says one thing. */
export function PublicCard({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.card}>
      <h1 className={classes.title}>{title}</h1>
      {children}
    </section>
  );
}
