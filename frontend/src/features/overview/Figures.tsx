import { SimpleGrid, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { paths } from "~/paths";
import { TextLink } from "~/ui/links";
import { Card } from "~/ui/Card";
import { span } from "~/ui/time";
import classes from "./Overview.module.css";

const COUNTED = ["sent", "failed", "skipped", "expired"] as const;

/** Who is live, and the last day in numbers; each number leads to what it counts. */
export function Figures({ guildId, overview }: { guildId: string; overview: Schema["Overview"] }) {
  const { t } = useTranslation("overview");
  const { figures, live, streamers } = overview;
  return (
    <div className={classes.figures}>
      <Card title={t("live.title")}>
        <Text className={classes.number} data-live={live > 0 || undefined}>
          {live}
        </Text>
        <Text size="sm" c="dimmed">
          {t("live.of", { count: streamers })}{" "}
          <TextLink to={paths.streamers} params={{ guildId }}>
            {t("live.view")}
          </TextLink>
        </Text>
      </Card>
      <Card title={t("figures.title")}>
        <SimpleGrid cols={{ base: 2, xs: 4 }} spacing="sm">
          {COUNTED.map((status) => (
            <TextLink
              key={status}

              to={paths.deliveries}
              params={{ guildId }}
              search={{ status, kind: "online", range: "24h" }}
              className={classes.figure}
              underline="never"
            >
              <span className={classes.number} data-bad={isBad(status, figures) || undefined}>
                {figures[status]}
              </span>
              <span className={classes.caption}>{t(`figures.${status}`)}</span>
            </TextLink>
          ))}
        </SimpleGrid>
        <Speed figures={figures} />
      </Card>
    </div>
  );
}

function isBad(status: (typeof COUNTED)[number], figures: Schema["FiguresView"]): boolean {
  return status === "failed" && figures.failed > 0;
}

function Speed({ figures: { p50_ms: p50, p95_ms: p95 } }: { figures: Schema["FiguresView"] }) {
  const { t, i18n } = useTranslation("overview");
  const known = p50 != null && p95 != null;
  const values = known ? { p50: span(p50, i18n.language), p95: span(p95, i18n.language) } : {};
  return (
    <Text size="sm" c="dimmed" mt="sm">
      {known ? t("figures.speed", values) : t("figures.noSpeed")}
    </Text>
  );
}
